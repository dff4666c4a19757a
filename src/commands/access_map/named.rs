//! The certificates that are named one by one. Unlike elsewhere they may be of another CA, and no CA need be
//! here: a map is made on the mail host, too.

use std::path::Path;

use crate::cli::Global;
use crate::commands::{certificate_folders, nearest_folder, target};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::printable::printable;
use crate::pki::serial::Serial;
use crate::store::ca::CaFolder;
use crate::store::{input, layout};

/// Finds a certificate: a folder, else a file, else a serial number.
pub(super) fn find(text: &str, global: &Global) -> Result<Certificate> {
    let path = Path::new(text);
    let is_there = path.symlink_metadata().is_ok();
    let ca = CaFolder::open(&global.ca_dir);
    if let Ok(ca) = &ca {
        target::check_unambiguous(text, path, ca)?;
    }
    if is_there {
        let file =
            if path.is_dir() { path.join(layout::CERTIFICATE.name) } else { path.to_owned() };
        let content = input::read_if_there(&file)?.ok_or_else(|| {
            Error::refused(format!("{} is not there", printable(&file.display().to_string())))
                .hint("name a folder, a serial number or a certificate file")
        })?;
        let found = Certificate::from_file_content(&content)
            .map_err(|error| error.at(printable(&file.display().to_string())))?;
        return found
            .into_iter()
            .next()
            .ok_or_else(|| Error::bug("a certificate file without a certificate"));
    }
    let unknown = || {
        let error = Error::refused(format!(
            "{} is neither a certificate folder, a file, nor a serial number of this CA",
            printable(text)
        ));
        match certificate_folders().ok().as_deref().and_then(|all| nearest_folder(all, text)) {
            Some(near) => error.hint(format!("is {near} meant?")),
            None => error.hint("`mailca list` shows all certificates with their serial numbers"),
        }
    };
    let serial = Serial::parse(text).map_err(|_| unknown())?;
    ca?.issued(&serial)?.ok_or_else(unknown)
}

/// Refuses a certificate that nobody should be let in with: one that has ended, or that the CA here has
/// revoked.
pub(super) fn check_good(
    certificate: &Certificate,
    text: &str,
    global: &Global,
    env: &Env,
) -> Result<()> {
    if certificate.not_after < env.now()? {
        return Err(Error::refused(format!(
            "the certificate of {} ended on {}",
            certificate.title(),
            certificate.not_after.date()
        ))
        .at(printable(text)));
    }
    let Ok(ca) = CaFolder::open(&global.ca_dir) else { return Ok(()) };
    // A folder may have lost its copy; its row still counts.
    let is_own =
        ca.issued(&certificate.serial)?.is_none_or(|own| own.as_der() == certificate.as_der());
    match ca.revocation(certificate)?.filter(|_| is_own) {
        Some(when) => Err(Error::refused(format!(
            "the certificate of {} was revoked {when}",
            certificate.title()
        ))
        .at(printable(text))),
        None => Ok(()),
    }
}
