//! `mailca rekey-ca`: give the CA new dates or a new key.

use serde_json::{Value, json};

use crate::cli::{Global, RekeyCa};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::bundle::{self, Bundle};
use crate::pki::certificate::Certificate;
use crate::render::certificate::summary;
use crate::store::ca::CaFolder;
use crate::store::{atomic, layout};

mod issued;
mod new_key;
mod same_key;
mod signed_above;

/// Gives the CA new dates, a new key, or a certificate that a CA above it signed.
pub fn run(args: &RekeyCa, global: &Global, env: &mut Env) -> Result<()> {
    let ca = CaFolder::open(&global.ca_dir)?;
    if !args.cert.is_empty() {
        return signed_above::run(args, &ca, global, env);
    }
    if new_key::finish_interrupted(args, &ca, global, env)?
        || same_key::finish_interrupted(&ca, global, env)?
    {
        return Ok(());
    }
    check_is_root(ca.certificate())?;
    if args.same_key {
        same_key::run(args, &ca, global, env)
    } else {
        new_key::run(args, &ca, global, env)
    }
}

/// Only a root signs itself.
fn check_is_root(certificate: &Certificate) -> Result<()> {
    if certificate.is_self_signed() {
        return Ok(());
    }
    Err(Error::refused(format!(
        "{} is an intermediate CA: its certificate is signed by {}",
        certificate.title(),
        certificate.issuer
    ))
    .hint(
        "there, have its request (careq.pem, or the req.pem that it came from) signed again, with \
         --profile ca; or renew its certificate",
    )
    .hint(
        "then bring that certificate in with `mailca rekey-ca --cert FILE`; `newca --from` in another \
         folder would know nothing of what this CA issued",
    ))
}

/// Says what is going to be done, and asks where somebody is there; else the command line must say
/// that it is meant.
fn agree(args: &RekeyCa, lines: &[String], question: &str, env: &mut Env) -> Result<()> {
    if args.yes {
        for line in lines {
            env.say(line);
        }
        return Ok(());
    }
    if !env.prompter.is_interactive() {
        return Err(Error::usage("nobody is there to be asked whether this is meant")
            .hint("add --yes where it is"));
    }
    for line in lines {
        env.ask_about(line);
    }
    if env.prompter.confirm(question)? {
        return Ok(());
    }
    Err(Error::refused("not done; nothing was written"))
}

/// Puts a new cacert.pem in the place of the old one, which is kept. The caller holds the lock.
fn replace_certificate(ca: &CaFolder, bundle: &Bundle, env: &mut Env) -> Result<()> {
    let path = ca.path().join(layout::CA_CERTIFICATE.name);
    let pem = bundle::to_pem(bundle.all())?;
    let staged = atomic::Staged::new(&path, pem.as_bytes(), layout::CA_CERTIFICATE.mode)?;
    let kept = atomic::keep_aside(&path, &env.stamp()?)?;
    staged.replace()?;
    atomic::sync_folder(ca.path())?;
    env.say(&format!("the old {} is kept as {}", path.display(), kept.display()));
    Ok(())
}

fn report(ca: &CaFolder, certificate: &Certificate, what: &str, more: Value) -> Value {
    let mut report = json!({
        "ca_dir": ca.path(),
        "action": what,
        "certificate": summary(certificate),
    });
    if let (Some(report), Value::Object(more)) = (report.as_object_mut(), more) {
        report.extend(more);
    }
    report
}
