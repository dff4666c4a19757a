//! The pair that is exported: found, and checked so that what goes out works and is meant.

use std::path::Path;

use crate::cli::{ExportP12, Global};
use crate::commands::{certificate_folders, nearest_folder, renew};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::pki::profile::Profile;
use crate::pki::verify::{self, Options};
use crate::store::ca::CaFolder;
use crate::store::folder::{CertificateFolder, FolderName};
use crate::store::layout;

/// A certificate, its key, and the CA certificates above it.
pub struct Pair {
    /// The user's certificate.
    pub certificate: Certificate,
    /// Issuer first, root last.
    pub chain: Vec<Certificate>,
    /// The key of the certificate.
    pub key: PrivateKey,
}

/// Finds the pair for NAME and checks it.
pub fn pair(args: &ExportP12, name: &FolderName, global: &Global, env: &mut Env) -> Result<Pair> {
    let (folder, fallback) = find(args, name, global)?;
    if !folder.has(layout::CERTIFICATE) {
        return Err(Error::refused(format!(
            "there is no certificate: {} is missing",
            folder.path_of(layout::CERTIFICATE).display()
        ))
        .hint(format!("sign the request first, with `mailca sign{}`", folder.argument())));
    }
    let certificate = folder
        .certificates(layout::CERTIFICATE)?
        .into_iter()
        .next()
        .ok_or_else(|| Error::bug("a certificate file without a certificate"))?;
    let chain = folder.certificates(layout::CHAIN)?;
    let key = folder.key(|path| {
        Err(Error::refused(format!("{} is encrypted", path.display()))
            .hint("decrypt it first: (umask 077; openssl pkey -in OLD.pem -out key.pem)"))
    })?;
    if key.public_key() != certificate.public_key {
        return Err(Error::refused(format!(
            "{} is not the key of {}",
            folder.path_of(layout::KEY).display(),
            folder.path_of(layout::CERTIFICATE).display()
        ))
        .hint("sign the request that was made with this key"));
    }
    check_validity(&certificate, &chain, &folder, env)?;
    check_revocation(&certificate, global)?;
    if fallback {
        announce(&certificate, name, env);
    }
    Ok(Pair { certificate, chain, key })
}

/// `NAME/`, or the folder given with --from, or the current folder, where nothing speaks against it.
fn find(args: &ExportP12, name: &FolderName, global: &Global) -> Result<(CertificateFolder, bool)> {
    if let Some(from) = &args.from {
        let folder = CertificateFolder::at(from, &global.ca_dir)?;
        return Ok((folder, false));
    }
    if Path::new(name.as_str()).is_dir() {
        return Ok((CertificateFolder::of(Some(name), &global.ca_dir)?, false));
    }
    let beside = certificate_folders()?;
    if !beside.is_empty() {
        let error = Error::refused(format!(
            "there is no certificate folder {}, but there are others: {}",
            name.as_str(),
            shortened(&beside)
        ));
        let error = match nearest_folder(&beside, name.as_str()) {
            Some(near) => error.hint(format!("is {near} meant?")),
            None => error,
        };
        return Err(error.hint("--from . exports the pair in the current folder"));
    }
    let folder = CertificateFolder::of(None, &global.ca_dir)?;
    if !folder.has(layout::KEY) {
        return Err(Error::refused(format!(
            "there is neither a certificate folder {} nor a key.pem here",
            name.as_str()
        ))
        .hint(format!(
            "make them with `mailca newreq --user LOGIN --email ADDRESS {name}` and `mailca sign {name}`",
            name = name.as_str()
        )));
    }
    Ok((folder, true))
}

fn shortened(names: &[String]) -> String {
    let shown: Vec<_> =
        names.iter().take(5).map(|name| crate::pki::printable::printable(name)).collect();
    match names.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Says whose certificate goes out when NAME did not say it.
fn announce(certificate: &Certificate, name: &FolderName, env: &mut Env) {
    env.warn(&format!(
        "there is no folder {}; exporting the pair in the current folder: {}",
        name.as_str(),
        certificate.subject
    ));
    if Profile::of(certificate) == Some(Profile::Server) {
        env.warn(&format!(
            "this is the certificate and key of a server, {}: whoever has the file and its password \
             can pose as that server",
            certificate.title()
        ));
    }
}

/// Where the CA is at hand, its index says what it revoked.
pub fn check_revocation(certificate: &Certificate, global: &Global) -> Result<()> {
    let Ok(ca) = CaFolder::open(&global.ca_dir) else { return Ok(()) };
    match ca.revocation(certificate)? {
        Some(when) => Err(Error::refused(format!(
            "the certificate of {} was revoked: {when}",
            certificate.title()
        ))),
        None => Ok(()),
    }
}

/// Refuses a certificate that has ended, or that does not verify with this chain.
pub fn check_validity(
    certificate: &Certificate,
    chain: &[Certificate],
    folder: &CertificateFolder,
    env: &Env,
) -> Result<()> {
    let now = env.now()?;
    if certificate.not_after < now {
        return Err(Error::refused(format!(
            "the certificate of {} expired on {}, and today is {}",
            certificate.title(),
            certificate.not_after.date(),
            now.date()
        ))
        .hint(format!("renew it with `{}`", renew::command(certificate, &folder.argument()))));
    }
    // Its roots are those that are self-signed: several, while the CA's key is rolled over.
    let roots: Vec<_> = chain.iter().map(|ca| ca.as_der().to_vec()).collect();
    let options = Options {
        roots: &roots,
        intermediates: &[],
        crls: &[],
        at: now,
        purpose: None,
        identity: None,
    };
    verify::verify(certificate.as_der(), &options)
        .map(|_| ())
        .map_err(|error| error.as_refused().at("the chain in cacert.pem does not verify"))
}
