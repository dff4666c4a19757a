//! `CA.pl -pkcs12`.

use zeroize::Zeroizing;

use super::extras::Extra;
use super::files::{self, Here};
use super::{open, passphrase};
use crate::cli::Global;
use crate::commands::export_p12::{self, CHOSEN_ITERATIONS, Pair};
use crate::commands::settings;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::key::PrivateKey;
use crate::pki::pkcs12::Form;

/// Bundles newcert.pem, newkey.pem and the CA's certificate in newcert.p12.
pub(super) fn run(name: &str, extra: &Extra, global: &Global, env: &mut Env) -> Result<()> {
    let settings = settings(global, env)?;
    let here = Here::new(&settings, global, env)?;
    here.check(&[files::BUNDLE])?;
    let pair = pair(&here, extra, global, env)?;
    let password = match &extra.passout {
        Some(file) => env.password_file(file)?,
        None => env.prompter.password("Enter Export Password")?,
    };
    if password.is_empty() {
        return Err(Error::refused(
            "the password is empty: whoever has the file would have the key",
        )
        .hint("`mailca export-p12 --allow-empty-password` writes such a file where it is meant"));
    }
    if extra.passout.is_none() {
        let again = env.prompter.password("Verifying - Enter Export Password")?;
        if *password != *again {
            return Err(Error::refused("the two passwords differ; nothing was written"));
        }
    }
    if !password.is_ascii() {
        env.warn("the password is not ASCII: Java does not read such a file");
    }
    let content =
        Zeroizing::new(export_p12::write(&pair, name, &password, Form::Modern, CHOSEN_ITERATIONS)?);
    here.put(&[(files::BUNDLE, files::BUNDLE.mode, &content)], env)?;
    env.print(&format!("PKCS#12 file is in {}", files::BUNDLE.name))
}

/// The pair in the current folder: one that belongs together, is valid, and is this CA's.
fn pair(here: &Here, extra: &Extra, global: &Global, env: &mut Env) -> Result<Pair> {
    let ca = open(global)?;
    let certificate = here
        .certificate()?
        .ok_or_else(|| Error::bug("a certificate file without a certificate"))?;
    // With those of older keys, one of which may have signed it.
    let chain: Vec<_> = ca.bundle().beside_certificates().into_iter().cloned().collect();
    export_p12::check_validity(&certificate, &chain, &here.folder, env).map_err(|error| {
        Error::refused(error.to_string()).hint("sign its request again, with `CA.pl -sign`")
    })?;
    export_p12::check_revocation(&certificate, global)?;
    let path = here.folder.path_of(files::PROTECTED_KEY);
    let content = here.folder.read(files::PROTECTED_KEY)?;
    let key = PrivateKey::from_file_content(&content, || {
        passphrase::of_key(&path, extra.passin.as_ref(), env)
    })
    .map_err(|error| error.at(path.display()))?;
    if key.public_key() != certificate.public_key {
        return Err(Error::refused(format!(
            "{} is not the key of {}",
            path.display(),
            here.folder.path_of(files::CERTIFICATE).display()
        ))
        .hint("sign the request that was made with this key, with `CA.pl -sign`"));
    }
    Ok(Pair { certificate, chain, key })
}
