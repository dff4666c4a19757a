//! Passphrases, asked for in openssl's words.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::cli::CaPassphrase;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::key::PrivateKey;

/// What openssl asks of a passphrase for a private key, in bytes.
const SHORTEST: usize = 4;

/// Where the passphrase of the CA's key is, if it is in a file: the one of `-passin`, else that of the
/// environment.
pub(super) fn source(passin: Option<&PathBuf>, env: &Env) -> CaPassphrase {
    let variable = || {
        let path = (env.variable)("MAILCA_CA_PASSPHRASE_FILE");
        path.filter(|path| !path.is_empty()).map(Into::into)
    };
    CaPassphrase { ca_passphrase_file: passin.cloned().or_else(variable) }
}

/// Asks for a new passphrase, twice, and once only: a third line would be another question's answer.
fn new(env: &mut Env) -> Result<Zeroizing<String>> {
    let passphrase = env.prompter.password("Enter PEM pass phrase")?;
    check(&passphrase)?;
    let again = env.prompter.password("Verifying - Enter PEM pass phrase")?;
    if *passphrase != *again {
        return Err(Error::refused("the two passphrases differ; nothing was written"));
    }
    Ok(passphrase)
}

/// A new passphrase: from its file, else asked for.
pub(super) fn new_from(file: Option<&PathBuf>, env: &mut Env) -> Result<Zeroizing<String>> {
    match file {
        Some(file) => {
            let passphrase = env.passphrase_file(file)?;
            check(&passphrase).map_err(|error| error.at(file.display()))?;
            Ok(passphrase)
        }
        None => new(env),
    }
}

/// The passphrase of a key that is there: from its file, else asked for.
pub(super) fn of_key(
    path: &Path,
    file: Option<&PathBuf>,
    env: &mut Env,
) -> Result<Zeroizing<String>> {
    match file {
        Some(file) => env.password_file(file),
        None => env.prompter.passphrase(path),
    }
}

/// The key under its passphrase.
pub(super) fn protect(key: &PrivateKey, passphrase: &str, env: &Env) -> Result<Zeroizing<String>> {
    key.to_encrypted_pem(passphrase, env.random()?, env.random()?)
}

fn check(passphrase: &str) -> Result<()> {
    if passphrase.len() >= SHORTEST {
        return Ok(());
    }
    Err(Error::refused(format!("the passphrase is shorter than {SHORTEST} characters")))
}
