//! Many certificates that are recorded with one intent and one wait for the disk a step.
//!
//! The intent is `pending/DIGEST.group`: every certificate, each under a line that names the request it is
//! for. It stays until all of them are where they belong. A command that dies before leaves it, and the next
//! one that takes the lock finishes the recording and makes an ordinary `pending/DIGEST.pem` of each.

use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt;
use rustix::fs::{AtFlags, CWD};

use super::{GROUP, Occasion, Transaction, UNDELIVERED};
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::serial::Serial;
use crate::store::atomic::{self, rename_without_replacing, sync_folder};
use crate::store::ca::CaFolder;
use crate::store::index::Index;
use crate::store::layout;

/// How files begin that have no name yet, beside the intent of a single certificate.
const STAGED: &str = "tmp-";
/// What stands before the digest of a request in the file of a group.
const REQUEST: &str = "request ";

/// A certificate that was signed, and what for.
#[derive(Debug)]
pub struct Member {
    /// The signing of its request.
    pub occasion: Occasion,
    /// The certificate.
    pub certificate: Certificate,
}

/// Certificates that are recorded together and not noted as delivered.
#[derive(Debug)]
#[must_use = "what was delivered has to be noted"]
pub struct Group {
    path: PathBuf,
    occasions: Vec<Occasion>,
}

impl Group {
    /// Notes that all of them are where they belong, durably. Another command may have made notes for each
    /// of them in the meantime, as for those of a dead process: under the lock none comes after this.
    pub fn delivered(self, ca: &CaFolder) -> Result<()> {
        let _lock = ca.lock()?;
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            other => return Ok(other?),
        }
        self.occasions.iter().try_for_each(|occasion| super::delivered(ca, occasion))
    }
}

impl Transaction<'_> {
    /// Whether another certificate has the serial number of this one.
    pub fn is_taken(&self, certificate: &Certificate) -> bool {
        self.ca.issued_path(&certificate.serial).symlink_metadata().is_ok()
    }

    /// Records certificates whose serial numbers nobody has. When this returns, all of them are durably in
    /// newcerts/ and in index.txt. What the caller wrote to the same file system before is durable before
    /// the intent is.
    pub fn record_group(&mut self, members: &[Member]) -> Result<Group> {
        let first = members.first().ok_or_else(|| Error::bug("a group without a certificate"))?;
        self.allow_same_subject()?;
        self.make_folders()?;
        let staged = self.pending.join(format!("{STAGED}{GROUP}"));
        let path = first.occasion.path(self.ca, GROUP);
        let written = self
            .stage(members, &staged)
            .and_then(|()| atomic::sync_file_system(&self.pending))
            .and_then(|()| Ok(fs::rename(&staged, &path)?));
        if let Err(error) = written {
            self.unstage(members.len(), &staged);
            return Err(error);
        }
        // Nothing is in newcerts/ that would not be found by its intent.
        sync_folder(&self.pending)?;
        for (position, member) in members.iter().enumerate() {
            let kept = self.ca.issued_path(&member.certificate.serial);
            rename_without_replacing(&self.staged(position), &kept)?;
        }
        self.sync_names()?;
        let certificates: Vec<_> = members.iter().map(|member| &member.certificate).collect();
        let remarks = &mut self.remarks;
        Index::of(self.ca.path()).append(&certificates, &mut |remark| remarks.push(remark))?;
        let occasions = members.iter().map(|member| member.occasion.clone()).collect();
        Ok(Group { path, occasions })
    }

    /// Finishes what a dead process began, and notes for each certificate that it was not delivered.
    pub(super) fn recover_group(&mut self, path: &Path) -> Result<()> {
        let members = read(path)?;
        for member in &members {
            let certificate = &member.certificate;
            if !self.is_kept(certificate)? {
                let staged = self.pending.join(format!("{STAGED}again"));
                atomic::remove_if_there(&staged)?;
                write_new(&staged, certificate.to_pem()?.as_bytes())?.sync_all()?;
                rename_without_replacing(&staged, &self.ca.issued_path(&certificate.serial))?;
            }
        }
        self.sync_names()?;
        let index = Index::of(self.ca.path());
        let all: Vec<_> = members.iter().map(|member| &member.certificate).collect();
        let lacking = index.without(&all)?;
        if !lacking.is_empty() {
            let remarks = &mut self.remarks;
            index.append(&lacking, &mut |remark| remarks.push(remark))?;
        }
        for member in &members {
            let kept = self.ca.issued_path(&member.certificate.serial);
            let note = member.occasion.path(self.ca, UNDELIVERED);
            match rustix::fs::linkat(CWD, &kept, CWD, &note, AtFlags::empty()) {
                Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                Err(error) => {
                    return Err(Error::refused(format!("failed to create {}", note.display()))
                        .caused_by(std::io::Error::from(error)));
                }
            }
        }
        sync_folder(&self.pending)?;
        fs::remove_file(path)?;
        self.remarks.push(format!(
            "finished recording {} certificates, which an interrupted command had begun",
            members.len()
        ));
        Ok(())
    }

    fn stage(&self, members: &[Member], staged: &Path) -> Result<()> {
        let mut all = String::new();
        for (position, member) in members.iter().enumerate() {
            let pem = member.certificate.to_pem()?;
            write_new(&self.staged(position), pem.as_bytes())?;
            // Nothing is lost of what is written to a string.
            let _ = write!(all, "{REQUEST}{}\n{pem}", member.occasion.0);
        }
        write_new(staged, all.as_bytes())?;
        Ok(())
    }

    fn unstage(&self, count: usize, staged: &Path) {
        // The next writer removes what cannot be removed now.
        let _ = fs::remove_file(staged);
        for position in 0..count {
            let _ = fs::remove_file(self.staged(position));
        }
    }

    fn staged(&self, position: usize) -> PathBuf {
        self.pending.join(format!("{STAGED}{position}"))
    }

    fn sync_names(&self) -> Result<()> {
        sync_folder(&self.pending)?;
        sync_folder(&self.ca.path().join(layout::NEW_CERTIFICATES))
    }
}

/// Whether a file of pending/ was being written by a process that is dead by now: the lock is held.
pub(super) fn is_staged(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(STAGED))
}

fn write_new(path: &Path, content: &[u8]) -> Result<fs::File> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(layout::NEW_CERTIFICATE_MODE)
        .open(path)?;
    file.write_all(content)?;
    Ok(file)
}

/// The serial numbers of a group's certificates; none of a file that cannot be read.
pub(super) fn serials(path: &Path) -> Vec<Serial> {
    let members = read(path).unwrap_or_default();
    members.into_iter().map(|member| member.certificate.serial).collect()
}

/// Reads the file of a group.
fn read(path: &Path) -> Result<Vec<Member>> {
    let malformed = || {
        Error::refused(format!("{} is not what mailca wrote there", path.display())).hint(
            "take the CA's folder from a backup, or ask `mailca doctor` what is lacking without it",
        )
    };
    let text = fs::read_to_string(path)?;
    let mut members = Vec::new();
    for part in text.split(REQUEST).skip(1) {
        let (digest, pem) = part.split_once('\n').ok_or_else(malformed)?;
        // It becomes the name of a file.
        if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(malformed());
        }
        let found = Certificate::from_file_content(pem.as_bytes())
            .map_err(|error| error.at(path.display()))?;
        let certificate = found.into_iter().next().ok_or_else(malformed)?;
        members.push(Member { occasion: Occasion(digest.to_owned()), certificate });
    }
    if members.is_empty() {
        return Err(malformed());
    }
    Ok(members)
}
