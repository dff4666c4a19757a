//! A new certificate for an intermediate CA, which the CA above it has signed: it is brought in.

use std::path::PathBuf;

use serde_json::json;

use super::same_key::check_serials;
use super::{agree, issued, replace_certificate, report};
use crate::cli::{Global, RekeyCa};
use crate::commands::sign::begin;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::bundle::Bundle;
use crate::pki::certificate::Certificate;
use crate::pki::verify::{self, Options};
use crate::store::ca::CaFolder;
use crate::store::{input, layout};

/// Puts the certificate in the place of the CA's own.
pub(super) fn run(args: &RekeyCa, ca: &CaFolder, global: &Global, env: &mut Env) -> Result<()> {
    let now = env.now()?;
    let mut given = certificates(&args.cert)?;
    let of_key = |one: &Certificate| one.public_key == ca.certificate().public_key;
    let position = given.iter().position(of_key).ok_or_else(|| {
        Error::refused("none of the certificates given to --cert is for the CA's key")
            .hint("have the CA's own request signed: careq.pem, or the req.pem that it came from")
    })?;
    let own = given.remove(position);
    check(&own, ca, env)?;
    check_serials(args, ca, env)?;
    given.insert(0, own.clone());
    // Those above it may be the same as before, and may have been left out.
    given.extend(ca.bundle().all().skip(1).cloned());
    let bundle = Bundle::new(given).ok_or_else(|| Error::bug("a CA without a certificate"))?;
    check_chain(&bundle, env)?;
    issued::check_verifies(ca, &bundle, now)
        .or_else(|error| if args.force { Ok(()) } else { Err(error) })?;
    let line = format!(
        "{} has a certificate valid until {}; the new one, signed by {}, is valid until {}",
        own.title(),
        ca.certificate().not_after.date(),
        own.issuer,
        own.not_after.date()
    );
    agree(args, &[line], "Take it?", env)?;
    let _transaction = begin(ca, env)?;
    replace_certificate(ca, &bundle, env)?;
    env.say(&format!(
        "the CA {} is valid until {}; what it signed goes on verifying",
        own.title(),
        own.not_after.date()
    ));
    if global.json {
        env.print_json(&report(ca, &own, "signed-above", json!({})))?;
    }
    Ok(())
}

/// The certificates in the files; of a folder, cert.pem and those above it.
fn certificates(paths: &[PathBuf]) -> Result<Vec<Certificate>> {
    let mut found = Vec::new();
    for path in paths {
        let files = if path.is_dir() {
            let above = path.join(layout::CHAIN.name);
            let mut files = vec![path.join(layout::CERTIFICATE.name)];
            files.extend(above.exists().then_some(above));
            files
        } else {
            vec![path.clone()]
        };
        for file in files {
            found.extend(
                Certificate::from_file_content(&input::read(&file)?)
                    .map_err(|error| error.at(file.display()))?,
            );
        }
    }
    Ok(found)
}

fn check(own: &Certificate, ca: &CaFolder, env: &Env) -> Result<()> {
    let old = ca.certificate();
    let now = env.now()?;
    if own.as_der() == old.as_der() {
        return Err(Error::refused("it is the certificate that the CA has already"));
    }
    if !own.subject.same_as(&old.subject) {
        return Err(Error::refused(format!(
            "it is for {}, and the CA is {}: what it signed names it so",
            own.subject, old.subject
        )));
    }
    if own.key_id != old.key_id {
        return Err(Error::refused(
            "its subject key identifier is another one than before, and what the CA signed names that",
        ));
    }
    if !own.is_ca || !own.may_sign {
        return Err(Error::refused("it is not the certificate of a CA")
            .hint("it is signed with `mailca sign --profile ca`"));
    }
    if own.not_after < now || own.not_before > now {
        return Err(Error::refused(format!(
            "it is valid from {} to {}, and today is {}",
            own.not_before.date(),
            own.not_after.date(),
            now.date()
        )));
    }
    Ok(())
}

/// It must verify up to its root, where that is known.
fn check_chain(bundle: &Bundle, env: &mut Env) -> Result<()> {
    let Some(root) = bundle.chain().last().filter(|last| last.is_self_signed()) else {
        env.warn("the certificates up to the root are not all there: name them with --cert too");
        return Ok(());
    };
    let options = Options {
        roots: &[root.as_der().to_vec()],
        intermediates: &bundle.all().map(|one| one.as_der().to_vec()).collect::<Vec<_>>(),
        crls: &[],
        at: env.now()?,
        purpose: None,
        identity: None,
    };
    verify::verify(bundle.own().as_der(), &options)
        .map(|_| ())
        .map_err(|error| error.as_refused().at("it does not verify"))
}
