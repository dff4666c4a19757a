//! The client certificate that is shown to the servers.

use std::path::Path;

use super::given;
use crate::cli::{Check, Global};
use crate::commands::passphrase_of;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::store::folder::{CertificateFolder, FolderName};
use crate::store::layout;

/// A certificate, what is sent along, and its key.
pub(super) struct Client {
    pub(super) chain: Vec<Certificate>,
    pub(super) key: PrivateKey,
}

/// The one that the options name. One that has ended or was revoked is shown all the same: what the server
/// says to it may be the question.
pub(super) fn load(args: &Check, global: &Global, env: &mut Env) -> Result<Option<Client>> {
    if let Some(name) = &args.client {
        let folder = folder(name, global)?;
        let mut chain = folder.certificates(layout::CERTIFICATE)?;
        if folder.has(layout::CHAIN) {
            for above in folder.certificates(layout::CHAIN)? {
                let is_known = chain.iter().any(|one| one.as_der() == above.as_der());
                // Whoever trusts a root has it.
                if !is_known && !above.is_self_signed() {
                    chain.push(above);
                }
            }
        }
        let key = folder.key(|path| passphrase_of(path, &args.passphrase, env))?;
        return checked(chain, key, &folder.path_of(layout::KEY)).map(Some);
    }
    let (Some(certificate), Some(key_path)) = (&args.cert, &args.key) else { return Ok(None) };
    let chain = Certificate::from_file_content(&given::read(certificate, env)?)
        .map_err(|error| error.at(certificate.display()))?;
    let content = given::read(key_path, env)?;
    let key =
        PrivateKey::from_file_content(&content, || passphrase_of(key_path, &args.passphrase, env))
            .map_err(|error| error.at(key_path.display()))?;
    checked(chain, key, key_path).map(Some)
}

fn folder(name: &str, global: &Global) -> Result<CertificateFolder> {
    let folder = match name {
        "." => CertificateFolder::of(None, &global.ca_dir)?,
        name => CertificateFolder::of(Some(&FolderName::parse(name)?), &global.ca_dir)?,
    };
    if folder.has(layout::CERTIFICATE) {
        return Ok(folder);
    }
    Err(Error::refused(format!(
        "there is no certificate: {} is missing",
        folder.path_of(layout::CERTIFICATE).display()
    ))
    .hint("name a folder with a certificate, or files with --cert and --key"))
}

fn checked(chain: Vec<Certificate>, key: PrivateKey, path: &Path) -> Result<Client> {
    match chain.first() {
        Some(own) if own.public_key == key.public_key() => Ok(Client { chain, key }),
        _ => Err(Error::refused(format!(
            "{} is not the key of the client certificate",
            path.display()
        ))),
    }
}
