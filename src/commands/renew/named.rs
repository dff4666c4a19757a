//! Which certificate is meant by a name, a serial number or a file.

use std::path::Path;

use crate::cli::Global;
use crate::commands::renew::folders;
use crate::commands::target::{self, Place, Target};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::printable::printable;
use crate::store::atomic;
use crate::store::ca::CaFolder;
use crate::store::folder::CertificateFolder;
use crate::store::layout;
use crate::store::transaction::{self, Occasion};

/// What the names of files that were kept aside have in them.
const KEPT: &str = ".old-";

/// The certificate that is named. What an interrupted command left in its folder is finished first.
pub(super) fn find(
    name: &str,
    output: Option<&Path>,
    ca: &CaFolder,
    global: &Global,
    env: &mut Env,
) -> Result<Target> {
    let path = Path::new(name);
    check_not_kept_aside(path)?;
    let path = if is_in_folder(path) { atomic::folder_of(path) } else { path };
    if path.is_dir() {
        CertificateFolder::at(path, &global.ca_dir)?.recover()?;
        return target::in_folder(path, ca, global);
    }
    let target = target::find(name, ca, global)?;
    if !matches!(target.place, Place::Serial) {
        return Ok(target);
    }
    let Some(folder) = folder_here(&target.certificate, output.is_some(), ca, global)? else {
        return Ok(target);
    };
    folder.recover()?;
    let found = target::in_folder(folder.path(), ca, global)?;
    if output.is_none() {
        env.say(&format!(
            "the certificate with the serial {} is in {}, and is renewed there",
            target.certificate.serial,
            folder.path().display()
        ));
    }
    Ok(found)
}

/// Whether a path is cert.pem in a folder with its key: then the folder is meant.
fn is_in_folder(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == layout::CERTIFICATE.name)
        && atomic::folder_of(path).join(layout::KEY.name).exists()
}

/// A copy that an earlier command kept is what nobody uses any more.
fn check_not_kept_aside(path: &Path) -> Result<()> {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let Some((original, _)) = name.split_once(KEPT).filter(|_| path.is_file()) else {
        return Ok(());
    };
    let meant = path.with_file_name(original);
    let meant = if original == layout::CERTIFICATE.name { atomic::folder_of(path) } else { &meant };
    let meant = printable(&meant.to_string_lossy());
    Err(Error::refused(format!(
        "{} is an old copy that was kept aside",
        printable(&path.to_string_lossy())
    ))
    .hint(format!("name what is in use: `mailca renew {meant}`")))
}

/// The folder here that a certificate is in, or is to be brought to. An old one that another took the
/// place of there is refused, unless the new one is wanted in a file of its own.
fn folder_here(
    wanted: &Certificate,
    to_file: bool,
    ca: &CaFolder,
    global: &Global,
) -> Result<Option<CertificateFolder>> {
    let mut folders = folders(global)?;
    folders.retain(|(_, here)| here.issuer.same_as(&ca.certificate().subject));
    let occasion = transaction::occasion_of(ca, wanted)?;
    let is_meant = |here: &Certificate| {
        here.as_der() == wanted.as_der()
            || occasion.as_ref().is_some_and(|occasion| Occasion::of_renewal(here) == *occasion)
    };
    let mut meant = folders.iter().filter(|(_, here)| is_meant(here)).map(|(folder, _)| folder);
    match (meant.next(), meant.next()) {
        (Some(one), Some(other)) => Err(Error::refused(format!(
            "it is in {} and in {}",
            one.path().display(),
            other.path().display()
        ))
        .hint("name the folder that is in use, and move the copy elsewhere")
        .at(format!("serial {}", wanted.serial))),
        (Some(folder), None) => Ok(Some(folder.clone())),
        (None, _) if to_file => Ok(None),
        (None, _) => {
            let is_newer = |here: &Certificate| {
                here.public_key == wanted.public_key
                    && here.subject.same_as(&wanted.subject)
                    && here.not_before >= wanted.not_before
            };
            let Some((folder, here)) = folders.iter().find(|(_, here)| is_newer(here)) else {
                return Ok(None);
            };
            Err(Error::refused(format!(
                "serial {} is an old certificate: in {} is a newer one for its key, serial {}",
                wanted.serial,
                folder.path().display(),
                here.serial
            ))
            .hint(format!("to renew the newer one: `mailca renew{}`", folder.argument()))
            .hint("to renew the old one all the same, write the certificate to a file with -o"))
        }
    }
}
