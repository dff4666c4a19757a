//! The bundle of a person: whether the one that is there will do, and a new one where it is lacking.

use std::path::Path;
use std::sync::atomic::Ordering;

use zeroize::Zeroizing;

use super::found::own_key;
use super::make::{Made, Work};
use super::person::Person;
use crate::commands::export_p12::{GENERATED_ITERATIONS, generate};
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::digest::sha1;
use crate::pki::key::PrivateKey;
use crate::pki::pkcs12::{self, Bundle};
use crate::store::input;

impl Work<'_> {
    /// Makes the bundle, where one is wanted and lacking.
    pub(super) fn bundle(
        &self,
        person: &Person,
        key: Option<PrivateKey>,
        certificate: &Certificate,
        made: &mut Made,
    ) -> Result<()> {
        let Some(form) = self.form else { return Ok(()) };
        let path = bundle_path(&person.login);
        let mut stored = self.stored.find(&person.login, self.force)?;
        if path.symlink_metadata().is_ok() {
            // Bundles get their name after the certificate: this one is of another certificate.
            if made.new.is_some() && !self.force {
                return Err(Error::refused(format!(
                    "{} is there already, and is not overwritten",
                    path.display()
                ))
                .hint("--force keeps it aside"));
            }
            let fits = match &made.new {
                Some(_) => false,
                None => match check_bundle(&path, certificate, stored.as_ref().map(|it| &***it)) {
                    Err(error) if !self.force || path.is_dir() => return Err(error),
                    outcome => outcome.is_ok(),
                },
            };
            if fits {
                if stored.is_none() {
                    self.without_password.fetch_add(1, Ordering::Relaxed);
                }
                return Ok(());
            }
            // Who can open the old bundle is not to open the new one.
            stored = stored.filter(|password| !opens(&path, password));
        }
        let password = if let Some(password) = stored {
            password
        } else {
            let password = generate()?;
            made.password = Some(password.clone());
            password
        };
        let key = key.map_or_else(|| own_key(person), Ok)?;
        let chain: Vec<_> = self.chain.iter().map(Vec::as_slice).collect();
        let bundle = Bundle {
            ca_certificates: &chain,
            certificate: certificate.as_der(),
            private_key: key.as_pkcs8(),
            friendly_name: &person.friendly_name,
        };
        let content = pkcs12::write(&bundle, &password, form, GENERATED_ITERATIONS)?;
        made.bundle = Some(Zeroizing::new(content));
        Ok(())
    }
}

/// Where the bundle of a person is.
pub fn bundle_path(login: &str) -> std::path::PathBuf {
    std::path::PathBuf::from(format!("{login}.p12"))
}

/// Whether the bundle that is there is that of this certificate, and opens with the password that is stored
/// for it. Where none is stored, nobody can say.
fn check_bundle(path: &Path, certificate: &Certificate, password: Option<&str>) -> Result<()> {
    let refused = |what: &str| {
        Error::refused(format!("{} {what}", path.display()))
            .hint("--force keeps it aside, and makes the bundle anew")
    };
    if !path.symlink_metadata().is_ok_and(|there| there.is_file()) {
        return Err(refused("is there already, and is not a plain file"));
    }
    let content = input::read(path)?;
    let ids =
        pkcs12::key_ids(&content).map_err(|_| refused("is there already, and is no bundle"))?;
    if !ids.contains(&sha1(certificate.as_der())) {
        return Err(refused("is there already, and is that of another certificate"));
    }
    match password {
        Some(password) if !opens(path, password) => {
            Err(refused("does not open with the password that is stored for it"))
        }
        _ => Ok(()),
    }
}

fn opens(path: &Path, password: &str) -> bool {
    input::read(path)
        .is_ok_and(|content| matches!(pkcs12::is_password(&content, password), Ok(true)))
}
