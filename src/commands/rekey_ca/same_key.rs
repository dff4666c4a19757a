//! New dates for the CA, with the key that it has.

use serde_json::json;

use super::{agree, issued, replace_certificate, report};
use crate::cli::{Global, RekeyCa};
use crate::commands::ca_key;
use crate::commands::sign::{begin, say_all};
use crate::env::Env;
use crate::error::Result;
use crate::pki::bundle::Bundle;
use crate::pki::certificate::Certificate;
use crate::pki::rollover;
use crate::store::ca::CaFolder;
use crate::store::transaction::{self, Occasion};

/// Makes the CA's certificate anew.
pub(super) fn run(args: &RekeyCa, ca: &CaFolder, global: &Global, env: &mut Env) -> Result<()> {
    let now = env.now()?;
    let old = ca.certificate();
    let naming = check_serials(args, ca, env)?;
    let key = ca_key(ca, &args.passphrase, env)?;
    // Whether it can be done at all is seen before anything is written.
    let draft = rollover::same_key(old, &key, &env.serial()?, args.days, now)?;
    issued::check_verifies(ca, &renewed(ca, &draft)?, now).or_else(|error| {
        // With --force the administrator has agreed to that.
        if naming && args.force { Ok(()) } else { Err(error) }
    })?;
    let line = format!(
        "{} has the certificate {}, valid until {}; the new one, for the same key, is valid until {}",
        old.title(),
        old.serial,
        old.not_after.date(),
        draft.not_after.date()
    );
    agree(args, &[line], "Make it?", env)?;
    let mut transaction = begin(ca, env)?;
    let occasion = Occasion::of_rekey(old, &old.public_key, &old.public_key);
    let validity = draft.not_after - draft.not_before;
    let made = match transaction.undelivered(&occasion)? {
        Some(made) if made.not_after - made.not_before == validity && made.not_after > now => made,
        _ => transaction.record(
            &occasion,
            || env.serial(),
            |serial| rollover::same_key(old, &key, serial, args.days, now),
        )?,
    };
    say_all(&mut transaction, env);
    let bundle = renewed(ca, &made)?;
    replace_certificate(ca, &bundle, env)?;
    settle(ca, &made)?;
    done(ca, &made, global, env)
}

/// The bundle of the CA with another certificate in the place of its own.
pub(super) fn renewed(ca: &CaFolder, made: &Certificate) -> Result<Bundle> {
    let others = ca.bundle().all().skip(1).cloned();
    Bundle::new(std::iter::once(made.clone()).chain(others).collect())
        .ok_or_else(|| crate::error::Error::bug("a CA without a certificate"))
}

/// Refuses where valid certificates name the serial number of the CA's certificate. Returns whether
/// there are any.
pub(super) fn check_serials(args: &RekeyCa, ca: &CaFolder, env: &mut Env) -> Result<bool> {
    let naming = issued::naming_serial(ca, env.now()?)?;
    issued::unless_forced(
        &naming,
        args.force,
        &format!(
            "{} valid certificates name the CA's certificate by its serial number, {}, and would not \
             verify with the new one",
            naming.count(),
            ca.certificate().serial
        ),
    )
    .map_err(|error| {
        error
            .hint("sign them anew first (`mailca renew`): mailca's certificates name the key only")
            .hint("--force goes on all the same")
    })?;
    if naming.count() > 0 {
        env.warn(&format!("these will not verify any more: {}", naming.names()));
    }
    if naming.unseen > 0 {
        env.warn(&format!(
            "{} valid certificates are in index.txt and not in newcerts/, and were not looked at",
            naming.unseen
        ));
    }
    Ok(naming.count() > 0)
}

/// A run that was interrupted after it had put the certificate in its place.
pub(super) fn finish_interrupted(ca: &CaFolder, global: &Global, env: &mut Env) -> Result<bool> {
    let own = ca.certificate();
    let mut pending = transaction::all_undelivered(ca)?.into_iter();
    if !pending.any(|certificate| certificate.as_der() == own.as_der()) {
        return Ok(false);
    }
    let _transaction = begin(ca, env)?;
    settle(ca, own)?;
    env.say("an interrupted rekey-ca had done its work; there was nothing left to do");
    done(ca, own, global, env)?;
    Ok(true)
}

fn settle(ca: &CaFolder, made: &Certificate) -> Result<()> {
    transaction::all_delivered(ca, |pending| pending.as_der() == made.as_der()).map(|_| ())
}

fn done(ca: &CaFolder, made: &Certificate, global: &Global, env: &mut Env) -> Result<()> {
    let path = ca.path().join(crate::store::layout::CA_CERTIFICATE.name);
    env.say(&format!(
        "{} is valid until {}, serial {}; what the CA signed goes on verifying with it",
        path.display(),
        made.not_after.date(),
        made.serial
    ));
    env.say(
        "next: give it to clients, and to servers as their cacert.pem, before the old one ends",
    );
    if global.json {
        env.print_json(&report(ca, made, "same-key", json!({})))?;
    }
    Ok(())
}
