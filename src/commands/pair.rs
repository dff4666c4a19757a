//! A certificate with its key and chain, read from a certificate folder and checked so that what goes out works.

use crate::cli::Global;
use crate::commands::renew;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::pki::verify::{self, Options};
use crate::store::ca::CaFolder;
use crate::store::folder::CertificateFolder;
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

impl Pair {
    /// Reads it. Refuses a key that is not the certificate's, a certificate that has ended or was revoked, and
    /// a chain that does not verify.
    pub fn read(folder: &CertificateFolder, global: &Global, env: &Env) -> Result<Self> {
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
        check_validity(&certificate, &chain, folder, env)?;
        check_revocation(&certificate, global)?;
        Ok(Self { certificate, chain, key })
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
