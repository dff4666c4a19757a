//! `mailca newreq --next-key`: the key that takes the place of key.pem at the next renewal.
//!
//! It is made ahead of time, so that its TLSA record is known everywhere before a server uses it.

use std::path::Path;

use serde_json::json;

use super::{encrypted, folder};
use crate::cli::{Global, Newreq};
use crate::commands::renew;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::digest::{lower_hex, sha256};
use crate::pki::key::{KeyType, PrivateKey};
use crate::store::folder::{CertificateFolder, Existing};
use crate::store::layout;

/// Writes next-key.pem beside key.pem.
pub(super) fn run(args: &Newreq, global: &Global, env: &mut Env) -> Result<()> {
    let folder = folder(args.name.as_deref(), global)?;
    let path = folder.path_of(layout::NEXT_KEY);
    let argument = folder.argument();
    if !folder.has(layout::KEY) {
        return Err(Error::refused(format!(
            "there is no key that could be followed by another: {} is missing",
            folder.path_of(layout::KEY).display()
        ))
        .hint(format!("make the first one with `mailca newreq --cn HOST{argument}`")));
    }
    if folder.has(layout::NEXT_KEY) {
        return Err(Error::refused(format!(
            "{} is there already, and is not overwritten",
            path.display()
        ))
        .hint(format!("`mailca renew{argument}` takes it up"))
        .hint("to make another one, move it elsewhere first"));
    }
    folder.check_writable()?;
    let kind = match &args.identity.key_type {
        Some(name) => name.parse()?,
        None => type_of_current(&folder)?,
    };
    if let Some(limits) = kind.limits() {
        env.warn(limits);
    }
    let key = PrivateKey::generate(kind)?;
    let pem = key.to_pem()?;
    let file = (layout::NEXT_KEY, layout::NEXT_KEY.mode, pem.as_bytes());
    folder.write(&[file], &Existing::Refuse)?;
    let tlsa = lower_hex(&sha256(key.public_key()));
    if global.json {
        env.print_json(&json!({
            "next_key": path,
            "key_type": kind.name(),
            "tlsa_3_1_1": tlsa,
        }))?;
    }
    env.say(&format!("{} is the next private key ({kind}), TLSA 3 1 1 {tlsa}", path.display()));
    env.say(&format!(
        "next: publish its record, which `mailca tlsa` prints; `mailca renew{argument}` takes the key up"
    ));
    Ok(())
}

fn type_of_current(folder: &CertificateFolder) -> Result<KeyType> {
    let key = folder.key(|path: &Path| {
        Err(encrypted(path).hint("or name the type of the next one with --key-type"))
    })?;
    renew::same_type(key.public_key())
}
