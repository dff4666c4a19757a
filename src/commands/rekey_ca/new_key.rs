//! A new key for the CA, under the name that it has: a roll-over.
//!
//! In this order, each step durable before the next, so that a crash leaves the old CA or the new one,
//! and no key is lost:
//!
//! 1. The new key is written to `private/next-cakey.pem`. A later run goes on with it.
//! 2. Its root and the cross certificates are recorded, as every certificate is.
//! 3. The old root and key are copied to `previous/`.
//! 4. cacert.pem and private/cakey.pem give way to the new ones, at one moment.
//! 5. What was pending is noted as delivered.
//! 6. Where there is a revocation list, both keys sign one.
//! 7. `private/next-cakey.pem` is removed.

use std::path::PathBuf;

use serde_json::json;
use zeroize::Zeroizing;

use super::{agree, issued, report};
use crate::cli::{Global, RekeyCa};
use crate::commands::crl::Maker;
use crate::commands::install;
use crate::commands::sign::{begin, say_all};
use crate::commands::{OpenedKey, open_ca_key, settings};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::assemble;
use crate::pki::bundle::{self, Bundle};
use crate::pki::certificate::Certificate;
use crate::pki::key::{KeyType, PrivateKey};
use crate::pki::rollover;
use crate::pki::signature::KeyAlgorithm;
use crate::render::certificate::summary;
use crate::store::ca::CaFolder;
use crate::store::previous::{self, Previous};
use crate::store::together::{self, NewFile};
use crate::store::transaction;
use crate::store::{atomic, input, layout};

mod certificates;

use certificates::{Made, make};

/// Gives the CA a new key.
pub(super) fn run(args: &RekeyCa, ca: &CaFolder, global: &Global, env: &mut Env) -> Result<()> {
    let now = env.now()?;
    let old = ca.certificate();
    check_plain_files(ca)?;
    check_told_apart(args, ca, env)?;
    let opened = open_ca_key(ca, &args.passphrase, env)?;
    let next = next_key(args, ca, &opened, env)?;
    // Whether it can be done at all is seen before anything is written.
    let draft = rollover::new_root(old, &next.key, &env.serial()?, args.days, now)?;
    let lines = [
        format!("{} gets a new key: {}", old.title(), KeyAlgorithm::of(next.key.public_key())?),
        format!("its certificate is valid until {}", draft.not_after.date()),
        "clients need that certificate before the old one ends; until then both are bridged".into(),
    ];
    agree(args, &lines, "Make it?", env)?;
    let mut transaction = begin(ca, env)?;
    write_next(ca, &next)?;
    let made = make(ca, &mut transaction, &opened.key, &next.key, args.days, env)?;
    say_all(&mut transaction, env);
    let bundle = bundle(ca, &made, now)?;
    if made.old_with_new.is_some() {
        issued::check_verifies(ca, &bundle, now)?;
    }
    // The cross certificate is one of the old key's too, and a server that checks the lists of the whole
    // chain asks for the old key's for as long as a client comes by way of it.
    let until = old.not_after;
    let key_file = input::read(&ca.path().join(layout::CA_KEY.name))?;
    let kept = previous::keep(ca, old, &key_file, until, &env.stamp()?)?;
    for one in Previous::all(ca)?.iter().chain([&kept]) {
        if let Some(chain) = bundle.beside_older(&one.certificate.public_key) {
            previous::write_chain(one, &bundle::to_pem(chain)?)?;
        }
    }
    switch(ca, &bundle, &next, env)?;
    all_delivered(ca, &bundle)?;
    drop(transaction);
    let own = OpenedKey { key: next.key, passphrase: opened.passphrase };
    done(ca, &made, &kept, global, env)?;
    make_lists(args, Some(own), global, env)?;
    remove_next(ca)
}

/// Where there was a revocation list, both keys sign one now: servers would refuse the certificates of a
/// key that has none.
fn make_lists(
    args: &RekeyCa,
    own: Option<OpenedKey>,
    global: &Global,
    env: &mut Env,
) -> Result<()> {
    let ca = CaFolder::open(&global.ca_dir)?;
    if !ca.path().join(layout::CRL.name).exists() {
        return Ok(());
    }
    let make = || {
        let maker = Maker::new(&ca, &settings(global, env)?, env)?.beside(global);
        maker.check()?;
        let keys = match own {
            Some(own) => maker.open_others(own, &args.passphrase, env)?,
            None => maker.open_keys(&args.passphrase, env)?,
        };
        let _transaction = begin(&ca, env)?;
        let report = maker.make(&keys, env)?;
        report.say(env);
        maker.say_where_older(env);
        report.outcome()
    };
    let lists = make();
    // The lock is free by now.
    let lists = lists.and_then(|()| install::after_crl(global, env));
    lists.map_err(|error| {
        error
            .at("the CA has its new key, and its revocation lists could not be made")
            .hint("when this is mended, run the same command again: it makes no other key")
    })
}

/// A run that was interrupted after the new key had taken its place.
pub(super) fn finish_interrupted(
    args: &RekeyCa,
    ca: &CaFolder,
    global: &Global,
    env: &mut Env,
) -> Result<bool> {
    let [next, own] = [layout::NEXT_CA_KEY, layout::CA_KEY]
        .map(|kind| input::read_if_there(&ca.path().join(kind.name)));
    match (next?, own?) {
        (Some(next), Some(own)) if next == own => {}
        _ => return Ok(false),
    }
    let transaction = begin(ca, env)?;
    all_delivered(ca, ca.bundle())?;
    drop(transaction);
    make_lists(args, None, global, env)?;
    remove_next(ca)?;
    env.say("an interrupted rekey-ca had given the CA its new key; what it left undone is done");
    if global.json {
        env.print_json(&report(ca, ca.certificate(), "new-key", json!({})))?;
    }
    Ok(true)
}

/// The files that change together must be files of their own.
fn check_plain_files(ca: &CaFolder) -> Result<()> {
    for kind in [layout::CA_CERTIFICATE, layout::CA_KEY] {
        let path = ca.path().join(kind.name);
        // While an interrupted change is not mended, they are links of mailca's own.
        let own_link = fs_err::read_link(&path)
            .is_ok_and(|target| target.components().any(|part| part.as_os_str() == ".mailca-live"));
        if !own_link && !fs_err::symlink_metadata(&path)?.is_file() {
            return Err(Error::refused(format!("{} is not a plain file", path.display()))
                .hint("put a plain file in its place; mailca does not write through links"));
        }
    }
    Ok(())
}

/// Clients that have both roots find the right one by its key identifier.
fn check_told_apart(args: &RekeyCa, ca: &CaFolder, env: &mut Env) -> Result<()> {
    let now = env.now()?;
    if ca.certificate().key_id.is_none() && !args.force {
        return Err(Error::refused(
            "the CA's certificate has no subject key identifier: clients that have it cannot tell its \
             key from a new one",
        )
        .hint("make a new CA under another name, with `mailca newca --ca-dir`")
        .hint("--force goes on all the same"));
    }
    let nameless = issued::those(ca, now, |certificate| {
        certificate.authority_key_id.is_none() && certificate.authority_serial.is_none()
    })?;
    issued::unless_forced(
        &nameless,
        args.force,
        &format!(
            "{} valid certificates have no authority key identifier: clients with both CA certificates \
             cannot tell which of them signed these",
            nameless.count()
        ),
    )
    .map_err(|error| {
        error.hint("sign them anew first (`mailca renew`)").hint("--force goes on all the same")
    })?;
    let naming = issued::naming_serial(ca, now)?;
    if naming.count() > 0 {
        env.warn(&format!(
            "{} valid certificates name the CA's certificate by its serial number; clients that have only \
             the new one will refuse them until they are renewed: {}",
            naming.count(),
            naming.names()
        ));
    }
    Ok(())
}

/// The key that is to be the CA's.
struct Next {
    key: PrivateKey,
    pem: Zeroizing<Vec<u8>>,
    is_there: bool,
}

/// The key that an interrupted run has left, else a new one, protected as the old one is.
fn next_key(args: &RekeyCa, ca: &CaFolder, opened: &OpenedKey, env: &mut Env) -> Result<Next> {
    let wanted = args.key_type.as_deref().map(str::parse::<KeyType>).transpose()?;
    let path = ca.path().join(layout::NEXT_CA_KEY.name);
    if let Some(pem) = input::read_if_there(&path)? {
        let passphrase = || {
            opened.passphrase.clone().ok_or_else(|| {
                Error::refused("it is encrypted, and the CA's key is not")
                    .hint("move it away, and a new one is made")
            })
        };
        let key = PrivateKey::from_file_content(&pem, passphrase)
            .map_err(|error| error.at(path.display()))?;
        let there = KeyAlgorithm::of(key.public_key())?;
        if wanted.is_some_and(|wanted| wanted.algorithm() != there) {
            return Err(Error::refused(format!(
                "an interrupted rekey-ca has left a key of another type, {there}, in {}",
                path.display()
            ))
            .hint("leave --key-type out to go on with it, or move it away"));
        }
        env.say(&format!("going on with {}", path.display()));
        return Ok(Next { key, pem, is_there: true });
    }
    let old = KeyAlgorithm::of(&ca.certificate().public_key)?;
    let same = KeyType::ALL.into_iter().find(|kind| kind.algorithm() == old);
    let kind = wanted.or(same).ok_or_else(|| {
        Error::usage(format!("mailca makes no keys of the CA's kind, {old}"))
            .hint("name another one with --key-type")
    })?;
    if let Some(limits) = kind.limits() {
        env.warn(limits);
    }
    let key = PrivateKey::generate(kind)?;
    let pem = match &opened.passphrase {
        Some(passphrase) => key.to_encrypted_pem(passphrase, env.random()?, env.random()?)?,
        None => key.to_pem()?,
    };
    Ok(Next { key, pem: Zeroizing::new(pem.as_bytes().to_vec()), is_there: false })
}

/// Step 1. Two runs that wait for each other would have a key each: the later one gives up.
fn write_next(ca: &CaFolder, next: &Next) -> Result<()> {
    if next.is_there {
        return Ok(());
    }
    let path = ca.path().join(layout::NEXT_CA_KEY.name);
    atomic::create(&path, &next.pem, layout::NEXT_CA_KEY.mode)
        .map_err(|error| error.hint("run the command again to go on with that key"))
}

/// The new cacert.pem, its newest root first; what has ended is left out.
fn bundle(ca: &CaFolder, made: &Made, now: time::OffsetDateTime) -> Result<Bundle> {
    let mut older: Vec<_> = ca.bundle().all().cloned().collect();
    let old_root = older.remove(0);
    let new = [Some(made.root.clone()), made.new_with_old.clone()];
    let old = [Some(old_root), made.old_with_new.clone()];
    let mut all: Vec<_> = new.into_iter().chain(old).flatten().chain(older).collect();
    all.retain(|certificate| certificate.not_after > now);
    Bundle::new(all).ok_or_else(|| Error::bug("a CA without a certificate"))
}

/// Step 4.
fn switch(ca: &CaFolder, bundle: &Bundle, next: &Next, env: &mut Env) -> Result<()> {
    let certificates = bundle::to_pem(bundle.all())?;
    let request = assemble::request(&ca.certificate().subject, &[], true, &next.key)?;
    let request = crate::pki::pem::encode("CERTIFICATE REQUEST", &request)?;
    let mut files = vec![
        (layout::CA_CERTIFICATE, certificates.as_bytes()),
        (layout::CA_KEY, next.pem.as_slice()),
    ];
    let path = ca.path().join(layout::CA_REQUEST.name);
    if fs_err::symlink_metadata(path).is_ok_and(|there| there.is_file()) {
        files.push((layout::CA_REQUEST, request.as_bytes()));
    }
    let kept = atomic::keep_aside(&ca.path().join(layout::CA_CERTIFICATE.name), &env.stamp()?)?;
    let files: Vec<_> = files
        .iter()
        .map(|(kind, content)| NewFile {
            name: kind.name.as_ref(),
            mode: kind.mode,
            owner: None,
            content,
        })
        .collect();
    together::replace(ca.path(), &files)?;
    env.say(&format!("the old cacert.pem is kept as {}", kept.display()));
    Ok(())
}

/// Step 5.
fn all_delivered(ca: &CaFolder, bundle: &Bundle) -> Result<()> {
    let is_there = |pending: &Certificate| bundle.all().any(|one| one.as_der() == pending.as_der());
    transaction::all_delivered(ca, is_there).map(|_| ())
}

/// Step 7. While the key is there, the steps after the fourth are done again; so nothing is waited for
/// here, and nothing that can fail comes after it.
fn remove_next(ca: &CaFolder) -> Result<()> {
    atomic::remove_if_there(&ca.path().join(layout::NEXT_CA_KEY.name))
}

fn done(ca: &CaFolder, made: &Made, kept: &Previous, global: &Global, env: &mut Env) -> Result<()> {
    let path = |name: &str| -> PathBuf { ca.path().join(name) };
    env.say(&format!(
        "the CA {} has a new key; its certificate is valid until {}",
        made.root.title(),
        made.root.not_after.date()
    ));
    env.say(&format!(
        "{} is the old key, which signs revocation lists beside the new one until {}",
        kept.key_path().display(),
        kept.until.date()
    ));
    env.say(&format!(
        "next: give {} to the clients; renew the certificates one by one",
        path(layout::CA_CERTIFICATE.name).display()
    ));
    env.say(&format!(
        "beside a certificate of the old key, {} as cacert.pem bridges to clients that have the new CA \
         certificate only",
        kept.chain_path().display()
    ));
    if made.root.path_length.is_some() {
        env.say(
            "GnuTLS counts a cross certificate against the CA's path length and refuses it: such \
             clients need the new CA certificate before their server changes",
        );
    }
    if global.json {
        let more = json!({
            "new_with_old": made.new_with_old.as_ref().map(summary),
            "old_with_new": made.old_with_new.as_ref().map(summary),
            "previous_key": kept.key_path(),
            "previous_chain": kept.chain_path(),
            "previous_signs_until": crate::render::certificate::rfc3339(kept.until),
        });
        env.print_json(&report(ca, &made.root, "new-key", more))?;
    }
    Ok(())
}
