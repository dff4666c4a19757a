//! Making groups of what was made durable, with one wait for the disk a step: keys, requests and passwords;
//! then, under the CA's lock, the certificates in its folder; then the certificates and bundles in their
//! places. The order is that of [`crate::store`].

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::bundle::bundle_path;
use super::make::Made;
use super::passwords::Passwords;
use super::person::Person;
use crate::commands::recorder::{begin, say_all};
use crate::commands::say_kept;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::store::atomic::{self, Staged};
use crate::store::ca::CaFolder;
use crate::store::folder::Existing;
use crate::store::layout::{self, FileKind};
use crate::store::transaction::{self, Group, Member, Occasion};

/// What was made for somebody.
pub struct Item<'a> {
    /// Who.
    pub person: &'a Person,
    /// What.
    pub made: Made,
}

/// What became of somebody.
pub struct Written<'a> {
    /// Who.
    pub person: &'a Person,
    /// Whether a certificate was issued, and a bundle made.
    pub outcome: Result<Done>,
}

/// What was done for somebody.
#[derive(Clone, Copy, Default)]
pub struct Done {
    /// A certificate was issued.
    pub issued: bool,
    /// A bundle was made.
    pub bundle: bool,
}

/// The one who writes.
pub struct Writer<'a> {
    ca: &'a CaFolder,
    chain_pem: String,
    mode: u32,
    existing: Existing,
    passwords: Passwords,
    /// One folder of each file system that is written to, that of the CA left out.
    elsewhere: Vec<PathBuf>,
    /// Recorded and delivered, but not durably yet.
    groups: Vec<Group>,
    notes: Vec<Occasion>,
}

impl<'a> Writer<'a> {
    /// A writer for this CA.
    pub fn new(
        ca: &'a CaFolder,
        mode: u32,
        existing: Existing,
        passwords: Passwords,
    ) -> Result<Self> {
        let device = |path: &Path| Ok::<_, Error>(fs_err::metadata(path)?.dev());
        let mut known = vec![device(ca.path())?];
        let mut elsewhere = Vec::new();
        for folder in [Some(Path::new(".")), passwords.folder()].into_iter().flatten() {
            let device = device(folder)?;
            if !known.contains(&device) {
                known.push(device);
                elsewhere.push(folder.to_owned());
            }
        }
        let (groups, notes) = (Vec::new(), Vec::new());
        let chain_pem = ca.chain_pem()?;
        Ok(Self { ca, chain_pem, mode, existing, passwords, elsewhere, groups, notes })
    }

    /// Writes a group. What goes wrong with one person is in what is returned; what goes wrong with all of
    /// them, as a full disk, is an error.
    pub fn write<'p>(&mut self, items: Vec<Item<'p>>, env: &mut Env) -> Result<Vec<Written<'p>>> {
        let mut written = Vec::with_capacity(items.len());
        let items = self.put_keys(items, &mut written, env)?;
        let items = self.record(items, &mut written, env)?;
        self.deliver(items, &mut written, env)?;
        Ok(written)
    }

    /// Makes durable what was delivered last.
    pub fn finish(&mut self) -> Result<()> {
        if self.groups.is_empty() && self.notes.is_empty() {
            return self.sync();
        }
        let (groups, notes) = (std::mem::take(&mut self.groups), std::mem::take(&mut self.notes));
        self.sync()?;
        self.settle(groups, &notes)
    }

    fn settle(&self, groups: Vec<Group>, notes: &[Occasion]) -> Result<()> {
        for group in groups {
            group.delivered(self.ca)?;
        }
        notes.iter().try_for_each(|note| transaction::delivered(self.ca, note))
    }

    fn sync(&self) -> Result<()> {
        atomic::sync_file_system(self.ca.path())?;
        self.sync_elsewhere()
    }

    fn sync_elsewhere(&self) -> Result<()> {
        self.elsewhere.iter().try_for_each(|folder| atomic::sync_file_system(folder))
    }

    /// Keys, requests and passwords: without them a certificate is of no use.
    fn put_keys<'p>(
        &mut self,
        items: Vec<Item<'p>>,
        written: &mut Vec<Written<'p>>,
        env: &mut Env,
    ) -> Result<Vec<Item<'p>>> {
        let mut staged = Vec::with_capacity(items.len());
        for item in items {
            match self.stage_keys(&item, env) {
                Ok(files) => staged.push((item, files)),
                Err(error) => written.push(row_failed(item.person, error)?),
            }
        }
        let new: Vec<_> = staged
            .iter()
            .filter_map(|(item, _)| Some((&*item.person.login, item.made.password.as_ref()?)))
            .map(|(login, password)| (login, password.as_str()))
            .collect();
        let passwords = self.passwords.stage(&new)?;
        if passwords.is_some() || staged.iter().any(|(_, files)| !files.is_empty()) {
            // What was delivered before has its names durably now.
            self.finish()?;
        }
        if let Some(passwords) = passwords {
            say_kept(self.passwords.publish(passwords, &self.existing)?.as_slice(), env);
        }
        let mut left = Vec::with_capacity(staged.len());
        for (item, files) in staged {
            match self.publish(files, env) {
                Ok(()) => left.push(item),
                Err(error) => written.push(row_failed(item.person, error)?),
            }
        }
        Ok(left)
    }

    /// The password first: a bundle is never without it.
    fn stage_keys(&self, item: &Item<'_>, env: &mut Env) -> Result<Vec<(Staged, PathBuf)>> {
        let Item { person, made } = item;
        let folder = &person.folder;
        if made.aside
            && let Existing::KeepAside(stamp) = &self.existing
        {
            // A server must not find an old certificate beside a new key.
            for kind in [layout::CERTIFICATE, layout::REQUEST, layout::KEY, layout::CHAIN] {
                say_kept(folder.move_aside(kind, stamp)?.as_slice(), env);
            }
        }
        folder.make_without_waiting()?;
        let mut files = Vec::new();
        if let Some(password) = &made.password {
            files.extend(self.passwords.stage_own(&person.login, password)?);
        }
        if let Some(key) = &made.key {
            let path = folder.path_of(layout::KEY);
            files.push((stage(&path, key.as_bytes(), layout::KEY.mode)?, path));
        }
        if let Some(request) = &made.request {
            let path = folder.path_of(layout::REQUEST);
            files.push((stage(&path, request.as_bytes(), self.mode)?, path));
        }
        Ok(files)
    }

    fn publish(&self, files: Vec<(Staged, PathBuf)>, env: &mut Env) -> Result<()> {
        for (file, path) in files {
            say_kept(self.existing.put(file, &path)?.as_slice(), env);
        }
        Ok(())
    }

    /// Records the certificates of the group, under the lock.
    fn record<'p>(
        &mut self,
        items: Vec<Item<'p>>,
        written: &mut Vec<Written<'p>>,
        env: &mut Env,
    ) -> Result<Vec<Item<'p>>> {
        if items.iter().all(|item| item.made.new.is_none()) {
            return Ok(items);
        }
        // The names of the keys are durable before the intent is; in the CA's file system the recording sees
        // to that.
        self.sync_elsewhere()?;
        // A group that is not settled would be taken for that of a dead process.
        if !self.groups.is_empty() {
            self.finish()?;
        }
        let mut transaction = begin(self.ca, env)?;
        let mut members = Vec::new();
        let mut left = Vec::with_capacity(items.len());
        for mut item in items {
            if let Some((occasion, certificate)) = item.made.new.take() {
                let path = item.person.folder.path_of(layout::CERTIFICATE);
                if transaction.is_taken(&certificate)
                    || transaction.undelivered(&occasion)?.is_some()
                    || path.symlink_metadata().is_ok()
                {
                    let outcome = Err(Error::refused(
                        "another command issued a certificate for it in the meantime",
                    )
                    .hint("run the same command again"));
                    written.push(Written { person: item.person, outcome });
                    continue;
                }
                item.made.recorded = Some(certificate.clone());
                item.made.issued = true;
                members.push(Member { occasion, certificate });
            }
            left.push(item);
        }
        let recorded = if members.is_empty() {
            Ok(None)
        } else {
            transaction.record_group(&members).map(Some)
        };
        say_all(&mut transaction, env);
        self.groups.extend(recorded?);
        Ok(left)
    }

    /// Certificates, chains and bundles, each complete before it has its name; the bundle last.
    fn deliver<'p>(
        &mut self,
        items: Vec<Item<'p>>,
        written: &mut Vec<Written<'p>>,
        env: &mut Env,
    ) -> Result<()> {
        let later = |item: &Item<'_>, error: Error| {
            if item.made.recorded.is_none() {
                return error;
            }
            error.hint(
                "the certificate was issued; when this is mended, the same command delivers it",
            )
        };
        let mut staged = Vec::with_capacity(items.len());
        for item in items {
            match self.stage_delivery(&item) {
                Ok(files) => staged.push((item, files)),
                Err(error) => written.push(row_failed(item.person, later(&item, error))?),
            }
        }
        self.sync()?;
        for (item, files) in staged {
            let outcome = match self.publish(files, env) {
                Ok(()) => Ok(Done { issued: item.made.issued, bundle: item.made.bundle.is_some() }),
                Err(error) => Err(later(&item, error)),
            };
            if outcome.is_ok() {
                self.notes.extend(item.made.note);
            }
            written.push(Written { person: item.person, outcome });
        }
        Ok(())
    }

    fn stage_delivery(&self, item: &Item<'_>) -> Result<Vec<(Staged, PathBuf)>> {
        let folder = &item.person.folder;
        let mut files = Vec::new();
        let mut add = |kind: FileKind, content: &str| {
            let path = folder.path_of(kind);
            let is_there = fs_err::read(&path).is_ok_and(|there| there == content.as_bytes());
            if !is_there {
                files.push((stage(&path, content.as_bytes(), self.mode)?, path));
            }
            Ok::<_, Error>(())
        };
        if item.made.recorded.is_some() || !folder.has(layout::CHAIN) {
            add(layout::CHAIN, &self.chain_pem)?;
        }
        if let Some(certificate) = &item.made.recorded {
            add(layout::CERTIFICATE, &Certificate::to_pem(certificate)?)?;
        }
        if let Some(bundle) = &item.made.bundle {
            let path = bundle_path(&item.person.login);
            files.push((stage(&path, bundle, layout::SECRET_MODE)?, path));
        }
        Ok(files)
    }
}

/// What went wrong with one person; a disk that is full or broken is everybody's, and ends the run.
fn row_failed(person: &Person, error: Error) -> Result<Written<'_>> {
    use std::io::ErrorKind;
    let mut cause = std::error::Error::source(&error);
    while let Some(source) = cause {
        let everybodys = source.downcast_ref::<std::io::Error>().is_some_and(|error| {
            matches!(
                error.kind(),
                ErrorKind::StorageFull
                    | ErrorKind::QuotaExceeded
                    | ErrorKind::ReadOnlyFilesystem
                    | ErrorKind::OutOfMemory
            ) || error.raw_os_error().is_some_and(|number| {
                [Errno::IO, Errno::MFILE, Errno::NFILE].map(Errno::raw_os_error).contains(&number)
            })
        });
        if everybodys {
            return Err(error);
        }
        cause = source.source();
    }
    Ok(Written { person, outcome: Err(error) })
}

/// Writes a file that gets its name later, when it is durable with all others.
fn stage(path: &Path, content: &[u8], mode: u32) -> Result<Staged> {
    let mut staged = Staged::open(path, mode)?;
    staged.write(content)?;
    Ok(staged)
}
