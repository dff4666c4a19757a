//! The folder that a mail server reads its certificate from.

use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use zeroize::Zeroizing;

use super::path::resolve;
use crate::error::{Error, Result};
use crate::store::atomic::{self, Staged, sync_folder};
use crate::store::crl::hash_dir;
use crate::store::input;
use crate::store::owner::Owner;
use crate::store::together::{Lock, NewFile};

/// How long another installation into the same folder is waited for.
const WAIT: Duration = Duration::from_secs(300);

/// A file as it shall be there.
#[derive(Clone)]
pub struct Wanted {
    /// Its name in the folder.
    pub name: String,
    /// Its mode.
    pub mode: u32,
    /// What is in it.
    pub content: Zeroizing<Vec<u8>>,
}

/// What a change takes the place of.
#[derive(Default)]
pub struct Before(Vec<(String, Option<(Wanted, Owner)>)>);

impl Before {
    /// Whether every file is there already as it shall be.
    pub fn is_same(&self) -> bool {
        self.0.is_empty()
    }

    /// The old files that give way: their names and contents.
    pub fn old(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let old = self.0.iter().filter_map(|(name, old)| Some((name, old.as_ref()?)));
        old.map(|(name, (old, _))| (name.as_str(), old.content.as_slice()))
    }
}

/// What is asked of a folder.
pub struct Demands {
    /// The mode of a new one. One that is there must let the owner's group in where that mode does.
    pub mode: u32,
    /// Whom it and its files belong to.
    pub owner: Owner,
    /// Users that the folders above may belong to besides root.
    pub trusted: Vec<u32>,
    /// Whether the folder above is made too where it is missing.
    pub makes_parent: bool,
    /// Whether its files are taken up by a server as they change: then they change at one moment, and
    /// nobody else changes them meanwhile. Not where everybody can enter, who could hold the lock for ever.
    pub together: bool,
}

/// A server's folder, found safe.
#[derive(Debug)]
pub struct ServerFolder {
    path: PathBuf,
    owner: Owner,
    lock: Option<Lock>,
    is_new: bool,
}

impl ServerFolder {
    /// The folder at an absolute path, made where it is missing.
    ///
    /// Refuses where somebody else could put files into it, or take it away: Sendmail would not use it, and
    /// others should not.
    pub fn open(path: &Path, demands: &Demands) -> Result<Self> {
        let path: PathBuf = path.components().collect();
        let owner = demands.owner;
        let mut trusted = demands.trusted.clone();
        trusted.push(owner.uid);
        let is_new = path.symlink_metadata().is_err();
        if is_new {
            let parent = atomic::folder_of(&path);
            if demands.makes_parent && !parent.exists() && atomic::folder_of(parent).is_dir() {
                resolve(atomic::folder_of(parent), &trusted)?;
                make(parent, 0o755, Owner { uid: 0, gid: 0 })?;
            }
            if !parent.is_dir() {
                return Err(Error::refused(format!(
                    "the folder {} is not there",
                    parent.display()
                ))
                .hint("is the mail server installed here? --to names another folder, in one that is there"));
            }
            resolve(parent, &trusted)?;
            make(&path, demands.mode, owner)?;
        }
        let path = resolve(&path, &trusted)?;
        check_lets_in(&path, demands)?;
        let mut opened = Self { path, owner, lock: None, is_new };
        if demands.together {
            opened.lock = Some(Lock::within(&opened.path, WAIT).map_err(|error| {
                error.hint("is another `mailca install` waiting for a server?")
            })?);
        }
        Ok(opened)
    }

    /// Where it is, without links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What these files would take the place of. Refuses what cannot give way.
    pub fn compare(&self, files: &[Wanted]) -> Result<Before> {
        let mut before = Vec::new();
        for file in files {
            let there = there(&self.path.join(&file.name))?;
            let same = there.as_ref().is_some_and(|(old, owner)| {
                *old.content == *file.content && old.mode == file.mode && *owner == self.owner
            });
            if !same {
                before.push((file.name.clone(), there));
            }
        }
        Ok(Before(before))
    }

    /// Keeps a file aside under a name that ends in `stamp`, unless such a copy is there.
    pub fn keep(&self, name: &str, content: &[u8], stamp: &str) -> Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let is_copy = entry.file_name().to_string_lossy().starts_with(&format!("{name}."));
            if is_copy
                && entry.file_type()?.is_file()
                && input::read_plain(&entry.path()).is_ok_and(|copy| **copy == *content)
            {
                return Ok(());
            }
        }
        atomic::keep_aside(&self.path.join(name), stamp).map(|_| ())
    }

    /// Puts the files that differ into the place of those that are there.
    pub fn put(&self, files: &[Wanted], before: &Before) -> Result<()> {
        let differs = |file: &&Wanted| before.0.iter().any(|(name, _)| *name == file.name);
        self.replace(files.iter().filter(differs).map(|file| (file, self.owner)))
    }

    /// Puts back what was there before.
    pub fn put_back(&self, before: &Before) -> Result<()> {
        if let Some(lock) = &self.lock {
            lock.recover()?;
        }
        let mut changed = Vec::new();
        for (name, old) in &before.0 {
            let Some((old, owner)) = old else { continue };
            let is_there = there(&self.path.join(name))?.is_some_and(|(now, its)| {
                *now.content == *old.content && now.mode == old.mode && its == *owner
            });
            if !is_there {
                changed.push((old, *owner));
            }
        }
        self.replace(changed.into_iter())?;
        for (name, _) in before.0.iter().filter(|(_, old)| old.is_none()) {
            atomic::remove_if_there(&self.path.join(name))?;
        }
        sync_folder(&self.path)
    }

    /// Whether OpenSSL finds one of the files by this hash.
    pub fn has_link(&self, name: &str, hash: &str, kind: hash_dir::Kind) -> bool {
        hash_dir::has_link(&self.path.join(name), hash, kind)
    }

    /// Sees that it does. Returns the link, where it was not there.
    pub fn link(&self, name: &str, hash: &str, kind: hash_dir::Kind) -> Result<Option<PathBuf>> {
        let made = hash_dir::link(&self.path.join(name), hash, kind)?;
        sync_folder(&self.path)?;
        Ok(made)
    }

    fn replace<'w>(&self, files: impl Iterator<Item = (&'w Wanted, Owner)>) -> Result<()> {
        let files: Vec<_> = files
            .map(|(file, owner)| NewFile {
                name: Path::new(&file.name),
                mode: file.mode,
                owner: Some(owner),
                content: &file.content,
            })
            .collect();
        match &self.lock {
            _ if files.is_empty() => Ok(()),
            Some(lock) => lock.replace(&files),
            None => self.one_by_one(&files),
        }
    }

    fn one_by_one(&self, files: &[NewFile<'_>]) -> Result<()> {
        for file in files {
            let path = self.path.join(file.name);
            let mut staged = Staged::open(&path, file.mode)?;
            if let Some(owner) = file.owner {
                staged.give(owner)?;
            }
            staged.write(file.content)?;
            staged.sync()?;
            staged.replace()?;
        }
        sync_folder(&self.path)
    }
}

impl Drop for ServerFolder {
    /// One that was made for nothing is not left behind.
    fn drop(&mut self) {
        if self.is_new {
            // Does nothing where there is something in it.
            let _ = std::fs::remove_dir(&self.path);
        }
    }
}

fn there(path: &Path) -> Result<Option<(Wanted, Owner)>> {
    let Ok(metadata) = fs::symlink_metadata(path) else { return Ok(None) };
    if !metadata.is_file() {
        return Err(Error::refused(format!("{} is not a plain file", path.display()))
            .hint("move it away; mailca does not write through links"));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let owner = Owner { uid: metadata.uid(), gid: metadata.gid() };
    let content = input::read_plain(path)?;
    Ok(Some((Wanted { name, mode: metadata.mode() & 0o7777, content }, owner)))
}

fn check_lets_in(path: &Path, demands: &Demands) -> Result<()> {
    let Demands { mode, owner, .. } = demands;
    let metadata = fs::metadata(path)?;
    let there = metadata.mode();
    let lets_in = there & 0o001 != 0
        || (there & 0o010 != 0 && metadata.gid() == owner.gid)
        || (there & 0o100 != 0 && metadata.uid() == owner.uid && mode & 0o070 == 0);
    if lets_in {
        return Ok(());
    }
    let shown = path.display();
    Err(Error::refused(format!(
        "the mail server could not enter {shown}, which has the mode {:04o}",
        there & 0o7777
    ))
    .hint(format!(
        "let it in: chown {}:{} {shown} && chmod {mode:04o} {shown}",
        owner.uid, owner.gid
    )))
}

/// Makes a folder, which gets its name when it is as it shall be.
fn make(path: &Path, mode: u32, owner: Owner) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.mailca-tmp"));
    // One that a killed process left is empty.
    let _ = std::fs::remove_dir(&temporary);
    std::fs::DirBuilder::new().mode(0o700).create(&temporary).map_err(|error| {
        Error::refused(format!("failed to create the folder {}", path.display())).caused_by(error)
    })?;
    let opened = fs::File::open(&temporary)?;
    let given = owner
        .take(&opened)
        .and_then(|()| {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
            Ok(opened.set_permissions(mode)?)
        })
        .and_then(|()| atomic::rename_without_replacing(&temporary, path));
    if given.is_err() {
        let _ = fs::remove_dir(&temporary);
        return given;
    }
    sync_folder(atomic::folder_of(path))
}
