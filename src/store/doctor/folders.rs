//! The certificate folders in and right below the current folder.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::store::doctor::issuers::Issuers;
use crate::store::doctor::{Finding, Scene};
use crate::store::{input, layout};

/// The folders to look into: the one around, and those in it that are no links and not the CA's.
pub(super) fn around(scene: &Scene<'_>) -> Vec<PathBuf> {
    let ca = fs::canonicalize(scene.ca.path()).ok();
    let mut folders = vec![scene.around.to_owned()];
    if let Ok(entries) = fs::read_dir(scene.around) {
        let below = entries.filter_map(|entry| {
            let entry = entry.ok()?;
            let is_folder = entry.file_type().ok()?.is_dir();
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            (is_folder && !hidden).then(|| entry.path())
        });
        folders.extend(below.filter(|path| fs::canonicalize(path).ok() != ca));
    }
    folders.sort();
    folders
}

/// The certificates there that this CA issued: its signature on them verifies.
pub(super) fn issued_certificates(scene: &Scene<'_>, issuers: &Issuers) -> Vec<Certificate> {
    let mut found: Vec<Certificate> = Vec::new();
    for folder in around(scene) {
        for path in certificate_files(&folder) {
            let Ok(content) = input::read_plain(&path) else { continue };
            let Ok(read) = Certificate::from_file_content(&content) else { continue };
            let Some(first) = read.into_iter().next() else { continue };
            if !found.iter().any(|known| known.serial == first.serial) && issuers.issued(&first) {
                found.push(first);
            }
        }
    }
    found.sort_by(|one, other| one.serial.cmp(&other.serial));
    found
}

/// Those in the files that were named. One in which there is none is an error.
pub(super) fn named_certificates(scene: &Scene<'_>, issuers: &Issuers) -> Result<Vec<Certificate>> {
    let mut found: Vec<Certificate> = Vec::new();
    for path in scene.certificates {
        let mut read = Certificate::from_file_content(&input::read(path)?)
            .map_err(|error| error.at(path.display()))?;
        // The chain that may follow is the CA's own.
        read.retain(|one| {
            issuers.issued(one)
                && issuers.certificates().iter().all(|own| own.as_der() != one.as_der())
        });
        if read.is_empty() {
            return Err(Error::refused(format!(
                "{} holds no certificate that {} issued",
                path.display(),
                scene.ca.certificate().title()
            )));
        }
        found.extend(read);
    }
    Ok(found)
}

/// cert.pem, those that were kept aside, and those beside foreign requests.
fn certificate_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<_> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let wanted = name == layout::CERTIFICATE.name
                || name.starts_with("cert.pem.")
                || (name.ends_with(".cert.pem") && !name.starts_with('.'));
            (wanted && entry.metadata().ok()?.is_file()).then(|| entry.path())
        })
        .collect();
    found.sort();
    found
}

/// Keys that others may read, and keys that are not those of the certificates beside them.
pub(super) fn examine(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for folder in around(scene) {
        for kind in [layout::KEY, layout::NEXT_KEY] {
            examine_mode(&folder, kind, findings);
        }
        let (key, certificate) =
            (folder.join(layout::KEY.name), folder.join(layout::CERTIFICATE.name));
        let (Ok(key_content), Ok(content)) =
            (input::read_plain(&key), input::read_plain(&certificate))
        else {
            continue;
        };
        let Ok(read) = Certificate::from_file_content(&content) else { continue };
        let encrypted = || Err(Error::refused("it is encrypted"));
        let Ok(own) = PrivateKey::from_file_content(&key_content, encrypted) else { continue };
        let of_this_ca = |one: &&Certificate| one.issuer.same_as(&scene.ca.certificate().subject);
        if let Some(first) = read.first().filter(of_this_ca)
            && first.public_key != own.public_key()
        {
            let what = format!("{} is not the key of {}", key.display(), certificate.display());
            let mend = "put the pair back from the copies beside them, or sign a request of that key \
                        with `mailca newreq` and `mailca sign --force`";
            findings.push(Finding::problem("key-not-of-certificate", what, mend));
        }
    }
}

/// A mail server's group may be meant to read a key; everybody is not.
fn examine_mode(folder: &Path, kind: layout::FileKind, findings: &mut Vec<Finding>) {
    let path = folder.join(kind.name);
    let Ok(there) = fs::metadata(&path) else { return };
    let mode = there.mode() & 0o777;
    let shielded = fs::metadata(folder).is_ok_and(|folder| folder.mode() & 0o011 == 0);
    let (group, others) = (mode & 0o070, mode & 0o007);
    if !there.is_file() || (group | others) == 0 || shielded {
        return;
    }
    let path = path.display();
    let what = format!("{path} has the mode {mode:04o}: others than its owner may know the key");
    if group == 0o040 && others == 0 {
        let mend = "if no group is meant to read it: chmod 0400";
        findings.push(Finding::advice("key-for-a-group", what, format!("{mend} {path}")));
    } else {
        let mend =
            format!("chmod 0400 {path}; if in doubt, make a new key: `mailca renew --new-key`");
        findings.push(Finding::problem("key-open", what, mend));
    }
}
