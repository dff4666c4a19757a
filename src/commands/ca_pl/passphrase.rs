//! Passphrases, asked for in openssl's words.

use zeroize::Zeroizing;

use crate::cli::CaPassphrase;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::key::PrivateKey;

/// What openssl asks of a passphrase for a private key, in bytes.
const SHORTEST: usize = 4;

/// Where the passphrase of the CA's key is, if it is in a file.
pub(super) fn of_environment(env: &Env) -> CaPassphrase {
    CaPassphrase {
        ca_passphrase_file: (env.variable)("MAILCA_CA_PASSPHRASE_FILE")
            .filter(|path| !path.is_empty())
            .map(Into::into),
    }
}

/// Asks for a new passphrase, twice, and once only: a third line would be another question's answer.
pub(super) fn new(env: &mut Env) -> Result<Zeroizing<String>> {
    let passphrase = env.prompter.password("Enter PEM pass phrase")?;
    check(&passphrase)?;
    let again = env.prompter.password("Verifying - Enter PEM pass phrase")?;
    if *passphrase != *again {
        return Err(Error::refused("the two passphrases differ; nothing was written"));
    }
    Ok(passphrase)
}

/// The passphrase of a new CA key: from its file, else asked for.
pub(super) fn new_of_ca(source: &CaPassphrase, env: &mut Env) -> Result<Zeroizing<String>> {
    match &source.ca_passphrase_file {
        Some(file) => {
            let passphrase = env.password_file(file)?;
            check(&passphrase).map_err(|error| error.at(file.display()))?;
            Ok(passphrase)
        }
        None => new(env),
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
