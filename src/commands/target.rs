//! What NAME, SERIAL or FILE stands for: a certificate that this CA issued.

use std::path::{Path, PathBuf};

use crate::cli::Global;
use crate::commands::{certificate_folders, nearest_folder};
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::printable::printable;
use crate::pki::serial::Serial;
use crate::store::ca::CaFolder;
use crate::store::folder::CertificateFolder;
use crate::store::{input, layout};

/// How a certificate was named.
#[derive(Debug)]
pub(super) enum Place {
    /// By the folder that it is in.
    Folder(CertificateFolder),
    /// By a file of its own.
    File(PathBuf),
    /// By its serial number: it is in the CA's folder only, as far as is known here.
    Serial,
}

/// A certificate of this CA.
#[derive(Debug)]
pub(super) struct Target {
    /// The certificate.
    pub(super) certificate: Certificate,
    /// Where it was found.
    pub(super) place: Place,
    /// The certificates after it in its file.
    pub(super) others: Vec<Certificate>,
}

/// Finds the certificate: a folder, else a file, else a serial number. One that this CA has not issued
/// is refused.
pub(super) fn find(target: &str, ca: &CaFolder, global: &Global) -> Result<Target> {
    let path = Path::new(target);
    check_unambiguous(target, path, ca)?;
    if path.is_dir() {
        return in_folder(path, ca, global);
    }
    if path.symlink_metadata().is_ok() {
        let found = Certificate::from_file_content(&input::read(path)?)
            .map_err(|error| error.at(printable(target)))?;
        let (certificate, others) = first(found)?;
        check_issued(&certificate, ca).map_err(|error| error.at(printable(target)))?;
        return Ok(Target { certificate, place: Place::File(path.to_owned()), others });
    }
    let unknown = || {
        let error = Error::refused(format!(
            "{} is neither a certificate folder, a file, nor a serial number of this CA",
            printable(target)
        ));
        match certificate_folders().ok().as_deref().and_then(|all| nearest_folder(all, target)) {
            Some(near) => error.hint(format!("is {near} meant?")),
            None => error.hint("`mailca list` shows all certificates with their serial numbers"),
        }
    };
    let serial = Serial::parse(target).map_err(|_| unknown())?;
    let certificate = ca.issued(&serial)?.ok_or_else(unknown)?;
    check_not_the_ca(&certificate, ca)?;
    Ok(Target { certificate, place: Place::Serial, others: Vec::new() })
}

/// Refuses a name that is a folder or file here and the serial number of another certificate as well: a
/// wrong guess cannot be taken back.
pub(super) fn check_unambiguous(target: &str, path: &Path, ca: &CaFolder) -> Result<()> {
    let Ok(serial) = Serial::parse(target) else { return Ok(()) };
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let file = if path.is_dir() { path.join(layout::CERTIFICATE.name) } else { path.to_owned() };
    let named = input::read_if_there(&file)
        .ok()
        .flatten()
        .and_then(|content| Certificate::from_file_content(&content).ok())
        .and_then(|found| found.into_iter().next());
    match ca.issued(&serial)? {
        Some(kept) if named.is_none_or(|named| named.as_der() != kept.as_der()) => {
            Err(Error::refused(format!(
                "{target} is here, and is the serial number of {} as well",
                kept.title()
            ))
            .hint(format!("./{target} is what is here; 0x{target} is the serial number")))
        }
        _ => Ok(()),
    }
}

/// The certificate in a certificate folder.
pub(super) fn in_folder(path: &Path, ca: &CaFolder, global: &Global) -> Result<Target> {
    let path = if path == Path::new(".") { Path::new("") } else { path };
    let folder = CertificateFolder::at(path, &global.ca_dir)?;
    if !folder.has(layout::CERTIFICATE) {
        return Err(Error::refused(format!(
            "{} is not there",
            folder.path_of(layout::CERTIFICATE).display()
        ))
        .hint("name a folder, a serial number or a certificate file"));
    }
    let (certificate, others) = first(folder.certificates(layout::CERTIFICATE)?)?;
    check_issued(&certificate, ca)
        .map_err(|error| error.at(folder.path_of(layout::CERTIFICATE).display()))?;
    Ok(Target { certificate, place: Place::Folder(folder), others })
}

/// The first, and those after it.
fn first(certificates: Vec<Certificate>) -> Result<(Certificate, Vec<Certificate>)> {
    let mut all = certificates.into_iter();
    let found = all.next();
    let found = found.ok_or_else(|| Error::bug("a certificate file without a certificate"))?;
    Ok((found, all.collect()))
}

fn check_issued(certificate: &Certificate, ca: &CaFolder) -> Result<()> {
    check_not_the_ca(certificate, ca)?;
    let here = certificate.issuer.same_as(&ca.certificate().subject);
    let kept = ca.issued(&certificate.serial)?;
    match kept {
        Some(kept) if here && kept.as_der() == certificate.as_der() => Ok(()),
        // A folder of other programs may have lost its copy; index.txt is asked later.
        None if here => Ok(()),
        _ => Err(Error::refused(format!(
            "the certificate of {} was issued by {}, not by the CA in {}",
            certificate.title(),
            certificate.issuer,
            ca.path().display()
        ))
        .hint("name the folder of its CA with --ca-dir")),
    }
}

fn check_not_the_ca(certificate: &Certificate, ca: &CaFolder) -> Result<()> {
    if certificate.subject.same_as(&ca.certificate().subject) {
        return Err(Error::refused(format!(
            "serial {} is the certificate of the CA itself",
            certificate.serial
        ))
        .hint("the CA's own certificate is made anew with `mailca rekey-ca`"));
    }
    Ok(())
}
