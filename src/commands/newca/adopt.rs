//! `mailca newca --from`: an existing CA's certificate and key, from PEM or PKCS#12 files; and from the
//! folders that [`from_folder`] knows.

use std::cell::RefCell;

use zeroize::Zeroizing;

use super::{Made, from_folder, intermediate, new_passphrase, passphrase_of, protect};
use crate::cli::Newca;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::bundle::Bundle;
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::pki::name::Parts;
use crate::pki::{pem, pkcs12};
use crate::store::config::Settings;
use crate::store::input;

/// Finds the certificate and its key in the files, checks that they are a CA's, and puts the chain
/// in order.
pub(super) fn adopt(args: &Newca, settings: &Settings, env: &mut Env) -> Result<Made> {
    let mut certificates: Vec<Certificate> = Vec::new();
    let mut found: Option<(PrivateKey, Option<Zeroizing<String>>)> = None;
    let sources = from_folder::expand(&args.from)?;
    for path in &sources.files {
        let content = input::read(path)?;
        let read = if pkcs12::describe(&content).is_ok() {
            from_pkcs12(&content, args, env)
        } else {
            from_pem_or_der(&content, path, args, env)
        };
        let (more, key) = read.map_err(|error| error.at(path.display()))?;
        certificates.extend(more);
        if key.is_some() && found.is_some() {
            return Err(Error::refused(
                "more than one private key is in the files given to --from",
            ));
        }
        found = found.or(key);
    }
    let (key, kept_pem) = found.ok_or_else(|| {
        Error::refused("no private key is in the files given to --from")
            .hint("name the CA's key as well: --from cacert.pem cakey.pem")
    })?;
    let bundle = bundle(certificates, &key)?;
    let chain = bundle.chain();
    check(&chain[0], env)?;
    if let Some(last) = chain.last().filter(|last| !last.is_self_signed()) {
        env.warn(&format!(
            "the certificate of {}, which signed {}, is not in the files; clients need the chain up to \
             its root: name those certificates with --from too",
            last.issuer,
            last.title()
        ));
    }
    let passphrase = new_passphrase(args, env)?;
    let key_pem = match (kept_pem, &passphrase) {
        (Some(encrypted), None) => encrypted,
        _ => protect(&key, passphrase.as_ref(), env)?,
    };
    let subject = &chain[0].subject;
    let first = |name: &str| subject.values(name).into_iter().next();
    let defaults = Parts {
        country: first("C"),
        state: first("ST"),
        locality: first("L"),
        organization: first("O"),
        ..Parts::default()
    };
    let configuration = settings.to_toml(&defaults)?;
    let history = sources.history(bundle.own())?;
    let chain = bundle.all().cloned().collect();
    let request_pem = intermediate::request(&args.from, &key);
    Ok(Made { chain, request_pem, key_pem, configuration, history })
}

/// Certificates, and a key with the encrypted PEM that it came in, if it did.
type Found = (Vec<Certificate>, Option<(PrivateKey, Option<Zeroizing<String>>)>);

fn from_pkcs12(content: &[u8], args: &Newca, env: &mut Env) -> Result<Found> {
    let password = if let Some(file) = &args.from_password_file {
        env.password_file(file)?
    } else if env.prompter.is_interactive() {
        env.prompter.password("Password of the PKCS#12 file")?
    } else {
        return Err(Error::usage(
            "the PKCS#12 file has a password, and nobody is there to be asked",
        )
        .hint("name a file that holds it with --from-password-file"));
    };
    let contents = pkcs12::read(content, &password)?;
    let certificates = contents
        .certificates
        .iter()
        .map(|entry| Certificate::from_der(&entry.der))
        .collect::<Result<_>>()?;
    let key = contents
        .private_keys
        .first()
        .map(|entry| PrivateKey::from_pkcs8(&entry.der))
        .transpose()?;
    if key.is_some() && !args.encrypt_key {
        env.warn("the CA's key is kept without a passphrase; --encrypt-key gives it one");
    }
    Ok((certificates, key.map(|key| (key, None))))
}

fn from_pem_or_der(
    content: &[u8],
    path: &std::path::Path,
    args: &Newca,
    env: &mut Env,
) -> Result<Found> {
    if !pem::is_pem(content)
        && let Ok(certificate) = Certificate::from_der(content)
    {
        return Ok((vec![certificate], None));
    }
    let blocks = pem::blocks(content)?;
    let has = |ending: &str| blocks.iter().any(|block| block.label.ends_with(ending));
    let certificates =
        if has("CERTIFICATE") { Certificate::from_file_content(content)? } else { Vec::new() };
    if !has("PRIVATE KEY") && !certificates.is_empty() {
        return Ok((certificates, None));
    }
    let asked = RefCell::new(false);
    let key = PrivateKey::from_file_content(content, || {
        *asked.borrow_mut() = true;
        passphrase_of(path, &args.passphrase, env)
    })?;
    let kept = blocks
        .iter()
        .find(|block| *asked.borrow() && block.label == "ENCRYPTED PRIVATE KEY")
        .map(|block| pem::encode(&block.label, &block.der))
        .transpose()?;
    Ok((certificates, Some((key, kept))))
}

/// The certificate of the key, followed by the one that signed it, and so on.
fn bundle(mut certificates: Vec<Certificate>, key: &PrivateKey) -> Result<Bundle> {
    let of_key = |certificate: &Certificate| certificate.public_key == key.public_key();
    // A root that was rolled over has cross certificates for the same key beside it.
    let position = certificates
        .iter()
        .position(|certificate| of_key(certificate) && certificate.is_self_signed())
        .or_else(|| certificates.iter().position(of_key))
        .ok_or_else(|| {
            Error::refused("none of the certificates given to --from belongs to the private key")
        })?;
    let own = certificates.remove(position);
    certificates.insert(0, own);
    Bundle::new(certificates).ok_or_else(|| Error::bug("a CA without a certificate"))
}

fn check(certificate: &Certificate, env: &mut Env) -> Result<()> {
    if !certificate.is_ca || !certificate.may_sign {
        return Err(Error::refused(format!(
            "the certificate of {} is not a CA's: it lacks {}",
            certificate.title(),
            if certificate.is_ca { "the key usage keyCertSign" } else { "CA:TRUE" }
        )));
    }
    let now = env.now()?;
    if certificate.not_after < now {
        return Err(Error::refused(format!(
            "the CA {} expired on {}",
            certificate.title(),
            certificate.not_after.date()
        )));
    }
    if !certificate.may_sign_crls {
        env.warn(
            "the key usages of this CA lack cRLSign: CRLs that it signs are not accepted; \
             `mailca rekey-ca --same-key` makes a certificate that has it",
        );
    }
    Ok(())
}
