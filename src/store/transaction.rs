//! Recording an issued certificate, and finishing what was interrupted.
//!
//! The order of the steps, and what each crash leaves, is told in [`crate::store`].

use fs_err::os::unix::fs::OpenOptionsExt;
use std::collections::HashSet;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use fs_err as fs;
use rustix::fs::{AtFlags, CWD};

use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::digest::{hex, sha256};
use crate::pki::request::Request;
use crate::pki::serial::Serial;
use crate::store::atomic::{self, sync_folder};
use crate::store::ca::{CaFolder, Lock};
use crate::store::index::Index;
use crate::store::layout;

mod group;

pub use group::{Group, Member};

/// Recorded by a killed command as far as the intent.
const INTENT: &str = "new";
/// Recorded, and perhaps not delivered.
const UNDELIVERED: &str = "pem";
/// The same as an intent for many certificates at once, and as long as they are being delivered.
const GROUP: &str = "group";

/// The right to record certificates: the lock is held, and nothing is left unfinished.
pub struct Transaction<'a> {
    ca: &'a CaFolder,
    pending: PathBuf,
    remarks: Vec<String>,
    _lock: Lock,
}

impl<'a> Transaction<'a> {
    /// Takes the lock and finishes what a killed command left.
    pub fn begin(ca: &'a CaFolder) -> Result<Self> {
        let lock = ca.lock()?;
        let pending = ca.path().join(layout::PENDING);
        let mut transaction = Self { ca, pending, remarks: Vec::new(), _lock: lock };
        // Before anything is signed that could not be recorded.
        Index::of(ca.path()).check_end()?;
        transaction.recover()?;
        Ok(transaction)
    }

    /// What was mended on the way, for the administrator.
    pub fn take_remarks(&mut self) -> Vec<String> {
        std::mem::take(&mut self.remarks)
    }

    /// The certificate that was issued on this occasion and not delivered.
    pub fn undelivered(&self, occasion: &Occasion) -> Result<Option<Certificate>> {
        read_certificate(&occasion.path(self.ca, UNDELIVERED))
    }

    /// Records a certificate with a serial number that no other has, and returns it.
    ///
    /// `issue` makes the certificate with the serial number that it is given. When this returns, the
    /// certificate is durably in newcerts/ and in index.txt, and pending for [`delivered`].
    pub fn record(
        &mut self,
        occasion: &Occasion,
        mut draw: impl FnMut() -> Result<Serial>,
        issue: impl Fn(&Serial) -> Result<Certificate>,
    ) -> Result<Certificate> {
        self.allow_same_subject()?;
        let intent = occasion.path(self.ca, INTENT);
        for _ in 0..8 {
            let certificate = issue(&draw()?)?;
            if self.ca.issued_path(&certificate.serial).exists() {
                continue;
            }
            self.write_intent(&intent, &certificate)?;
            self.finish(&intent, &certificate, false)?;
            return Ok(certificate);
        }
        Err(Error::bug("eight random serial numbers were all taken"))
    }

    fn recover(&mut self) -> Result<()> {
        let entries = match fs::read_dir(&self.pending) {
            Ok(entries) => entries,
            // A folder of CA.pl's.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        for entry in entries {
            let path = entry?.path();
            if group::is_staged(&path) {
                atomic::remove_if_there(&path)?;
                continue;
            }
            if path.extension().is_some_and(|extension| extension == GROUP) {
                self.recover_group(&path)?;
                continue;
            }
            if path.extension().is_none_or(|extension| extension != INTENT) {
                continue;
            }
            let certificate = read_certificate(&path)?
                .ok_or_else(|| Error::refused(format!("{} disappeared", path.display())))?;
            self.finish(&path, &certificate, true)?;
            self.remarks.push(format!(
                "finished recording serial {} ({}), which an interrupted command had begun",
                certificate.serial,
                certificate.title()
            ));
        }
        Ok(())
    }

    /// The folders that are written into, which CA.pl's CAs lack.
    fn make_folders(&self) -> Result<()> {
        make_folder(&self.pending)?;
        make_folder(&self.ca.path().join(layout::NEW_CERTIFICATES))
    }

    /// Step 1: the certificate is durable under the name of the request.
    fn write_intent(&self, intent: &Path, certificate: &Certificate) -> Result<()> {
        self.make_folders()?;
        let temporary = self.pending.join("tmp");
        atomic::remove_if_there(&temporary)?;
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(layout::NEW_CERTIFICATE_MODE)
            .open(&temporary)?;
        let written = file
            .write_all(certificate.to_pem()?.as_bytes())
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&temporary, intent));
        if let Err(error) = written {
            let _ = fs::remove_file(&temporary);
            return Err(error.into());
        }
        Ok(())
    }

    /// The rest of step 1, and steps 2 and 3. `again` says that it may have been done before.
    fn finish(&mut self, intent: &Path, certificate: &Certificate, again: bool) -> Result<()> {
        let kept = self.ca.issued_path(&certificate.serial);
        // Nothing is in newcerts/ that would not be found by its intent.
        sync_folder(&self.pending)?;
        match rustix::fs::linkat(CWD, intent, CWD, &kept, AtFlags::empty()) {
            Ok(()) => {}
            Err(rustix::io::Errno::EXIST) if self.is_kept(certificate)? => {}
            Err(error) => {
                return Err(Error::refused(format!("failed to create {}", kept.display()))
                    .caused_by(std::io::Error::from(error)));
            }
        }
        sync_folder(atomic::folder_of(&kept))?;
        let index = Index::of(self.ca.path());
        if !again || !index.contains(&certificate.serial)? {
            let remarks = &mut self.remarks;
            index.append(&[certificate], &mut |remark| remarks.push(remark))?;
        }
        fs::rename(intent, intent.with_extension(UNDELIVERED))?;
        Ok(())
    }

    fn is_kept(&self, certificate: &Certificate) -> Result<bool> {
        let kept = self.ca.issued(&certificate.serial)?;
        Ok(kept.is_some_and(|kept| kept.as_der() == certificate.as_der()))
    }

    /// `openssl ca` refuses to open a folder in which two valid certificates share a subject, unless
    /// it is told that this is meant. CA.pl's folders say the opposite.
    fn allow_same_subject(&mut self) -> Result<()> {
        let path = self.ca.path().join(layout::INDEX_ATTRIBUTES.name);
        let old = match fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        let allowed = old.as_deref().is_some_and(|text| {
            text.lines()
                .filter_map(|line| line.split_once('='))
                .any(|(key, value)| key.trim() == "unique_subject" && value.trim() == "no")
        });
        if allowed {
            return Ok(());
        }
        if old.is_some() {
            let kept = path.with_extension("attr.old");
            atomic::Staged::new(&kept, old.unwrap_or_default().as_bytes(), 0o644)?.replace()?;
        }
        atomic::Staged::new(&path, b"unique_subject = no\n", layout::INDEX_ATTRIBUTES.mode)?
            .replace()?;
        sync_folder(self.ca.path())?;
        self.remarks.push(format!(
            "{} now says unique_subject = no, so that openssl accepts renewed certificates",
            path.display()
        ));
        Ok(())
    }
}

/// What a certificate is issued for: a request that is signed, or a certificate that is renewed. While
/// the new certificate has not arrived, it is found by this.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Occasion(String);

impl Occasion {
    /// The signing of this request.
    pub fn of_request(request: &Request) -> Self {
        Self(hex(&sha256(request.as_der())))
    }

    /// The renewal of this certificate.
    pub fn of_renewal(old: &Certificate) -> Self {
        Self(hex(&sha256(old.as_der())))
    }

    /// A new certificate of the CA itself, made in place of `old` for this public key.
    pub fn of_rekey(old: &Certificate, issuer_key: &[u8], public_key: &[u8]) -> Self {
        let parts = [sha256(old.as_der()), sha256(issuer_key), sha256(public_key)];
        Self(hex(&sha256(&parts.concat())))
    }

    fn path(&self, ca: &CaFolder, extension: &str) -> PathBuf {
        ca.path().join(layout::PENDING).join(format!("{}.{extension}", self.0))
    }
}

/// Notes that the certificate of this occasion is where it belongs.
pub fn delivered(ca: &CaFolder, occasion: &Occasion) -> Result<()> {
    atomic::remove_if_there(&occasion.path(ca, UNDELIVERED))
}

/// The occasion on which this certificate was issued, where it is noted that it has not arrived. No lock
/// is needed to look.
pub fn occasion_of(ca: &CaFolder, certificate: &Certificate) -> Result<Option<Occasion>> {
    for (path, found) in undelivered_files(ca)? {
        if found.as_der() == certificate.as_der() {
            let digest = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            return Ok(digest.map(Occasion));
        }
    }
    Ok(None)
}

/// Notes that those of the recorded certificates are where they belong for which `is_there` says so.
/// Returns whether there were any.
pub fn all_delivered(ca: &CaFolder, is_there: impl Fn(&Certificate) -> bool) -> Result<bool> {
    let mut any = false;
    for (path, certificate) in undelivered_files(ca)? {
        if is_there(&certificate) {
            atomic::remove_if_there(&path)?;
            any = true;
        }
    }
    if any {
        // Where nobody asks for one of them again, nobody would remove the note.
        sync_folder(&ca.path().join(layout::PENDING))?;
    }
    Ok(any)
}

/// The certificates that were recorded and have not arrived, as far as is known. No lock is needed to
/// look.
pub fn all_undelivered(ca: &CaFolder) -> Result<Vec<Certificate>> {
    Ok(undelivered_files(ca)?.into_iter().map(|(_, certificate)| certificate).collect())
}

/// Whether there is any certificate that was not recorded to the end, or has not arrived. No lock is needed
/// to look.
pub fn is_any_unfinished(ca: &CaFolder) -> Result<bool> {
    is_any_pending(ca, &[INTENT, UNDELIVERED, GROUP])
}

/// Whether there is any certificate that was not recorded to the end, as far as can be told without the lock:
/// many at once are noted so as long as a living command delivers them.
pub fn is_any_unrecorded(ca: &CaFolder) -> Result<bool> {
    is_any_pending(ca, &[INTENT, GROUP])
}

/// The serial numbers of the certificates that were not recorded to the end. No lock is needed to look.
pub fn unrecorded_serials(ca: &CaFolder) -> Result<HashSet<Serial>> {
    let mut found = HashSet::new();
    if !is_any_unrecorded(ca)? {
        return Ok(found);
    }
    for entry in fs::read_dir(ca.path().join(layout::PENDING))? {
        let path = entry?.path();
        let extension = path.extension().unwrap_or_default();
        if extension == INTENT {
            // One that cannot be read tells nothing.
            let read = read_certificate(&path).unwrap_or_default();
            found.extend(read.map(|certificate| certificate.serial));
        } else if extension == GROUP {
            found.extend(group::serials(&path));
        }
    }
    Ok(found)
}

fn is_any_pending(ca: &CaFolder, extensions: &[&str]) -> Result<bool> {
    let entries = match fs::read_dir(ca.path().join(layout::PENDING)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|it| extensions.iter().any(|extension| it == *extension)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The occasions whose certificates have not arrived, as far as that is noted one by one. No lock is needed
/// to look.
pub fn undelivered_occasions(ca: &CaFolder) -> Result<HashSet<Occasion>> {
    let entries = match fs::read_dir(ca.path().join(layout::PENDING)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(HashSet::new()),
        Err(error) => return Err(error.into()),
    };
    let mut found = HashSet::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == UNDELIVERED)
            && let Some(digest) = path.file_stem()
        {
            found.insert(Occasion(digest.to_string_lossy().into_owned()));
        }
    }
    Ok(found)
}

fn undelivered_files(ca: &CaFolder) -> Result<Vec<(PathBuf, Certificate)>> {
    let entries = match fs::read_dir(ca.path().join(layout::PENDING)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == UNDELIVERED)
            && let Some(certificate) = read_certificate(&path)?
        {
            found.push((path, certificate));
        }
    }
    Ok(found)
}

fn read_certificate(path: &Path) -> Result<Option<Certificate>> {
    match fs::read(path) {
        Ok(content) => Ok(Certificate::from_file_content(&content)
            .map_err(|error| error.at(path.display()))?
            .into_iter()
            .next()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn make_folder(path: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    match std::fs::DirBuilder::new().mode(layout::FOLDER_MODE).create(path) {
        Ok(()) => sync_folder(atomic::folder_of(path)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => {
            Err(Error::refused(format!("failed to create {}", path.display())).caused_by(error))
        }
    }
}

/// The certificate that was recorded on this occasion, at least as far as the intent, and not noted as
/// delivered. No lock is needed to look.
pub fn pending(ca: &CaFolder, occasion: &Occasion) -> Result<Option<Certificate>> {
    for extension in [INTENT, UNDELIVERED] {
        if let Some(certificate) = read_certificate(&occasion.path(ca, extension))? {
            return Ok(Some(certificate));
        }
    }
    Ok(None)
}
