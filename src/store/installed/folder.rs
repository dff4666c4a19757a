//! The folder that a mail server reads its certificate from.

use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use fs_err as fs;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::store::atomic::{self, sync_folder};
use crate::store::input;
use crate::store::owner::Owner;
use crate::store::together::{self, NewFile};

/// A file as it shall be there.
pub struct Wanted {
    /// Its name in the folder.
    pub name: String,
    /// Its mode.
    pub mode: u32,
    /// What is in it.
    pub content: Zeroizing<Vec<u8>>,
}

/// What a change took the place of; `None` stands for nothing.
pub struct Before(Vec<(String, Option<Wanted>, Option<Owner>)>);

/// A server's folder, found safe.
#[derive(Debug)]
pub struct ServerFolder {
    path: PathBuf,
    owner: Owner,
}

impl ServerFolder {
    /// The folder at an absolute path, made where it is missing. `mode` is that of a new one; one that is there
    /// must let the owner's group in where that mode does.
    ///
    /// Refuses where somebody else could put files into it, or take it away: Sendmail would not use it, and
    /// others should not.
    pub fn open(path: &Path, mode: u32, owner: Owner) -> Result<Self> {
        let path: PathBuf = path.components().collect();
        if path.symlink_metadata().is_err() {
            let parent = atomic::folder_of(&path);
            if !parent.is_dir() {
                return Err(Error::refused(format!(
                    "the folder {} is not there",
                    parent.display()
                ))
                .hint("is the mail server installed here? --to names another folder, in one that is there"));
            }
            check_safe(parent, owner)?;
            make(&path, mode, owner)?;
        }
        let metadata = fs::metadata(&path)?;
        if !metadata.is_dir() {
            return Err(Error::refused(format!("{} is not a folder", path.display())));
        }
        check_safe(&path, owner)?;
        let lets_in = metadata.mode() & 0o001 != 0
            || (metadata.mode() & 0o010 != 0 && metadata.gid() == owner.gid)
            || (metadata.mode() & 0o100 != 0 && metadata.uid() == owner.uid && mode & 0o070 == 0);
        if !lets_in {
            return Err(Error::refused(format!(
                "the mail server could not enter {}, which has the mode {:04o}",
                path.display(),
                metadata.mode() & 0o7777
            ))
            .hint(format!(
                "let it in: chown {}:{} {path} && chmod {mode:04o} {path}",
                owner.uid,
                owner.gid,
                path = path.display()
            )));
        }
        Ok(Self { path, owner })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the files into the place of those that are there, all at one moment. Those that are the same stay.
    /// Old ones are kept aside under names that end in `stamp`, where one is given. Returns what was there
    /// before; `None` where nothing had to be changed.
    pub fn put(&self, files: &[Wanted], stamp: Option<&str>) -> Result<Option<Before>> {
        together::recover(&self.path)?;
        let mut before = Vec::new();
        let mut changed = Vec::new();
        for file in files {
            let path = self.path.join(&file.name);
            let there = there(&path)?;
            if let Some((old, owner)) = &there
                && *old.content == *file.content
                && old.mode == file.mode
                && *owner == self.owner
            {
                continue;
            }
            let (old, owner) = there.unzip();
            before.push((file.name.clone(), old, owner));
            changed.push(file);
        }
        if changed.is_empty() {
            return Ok(None);
        }
        if let Some(stamp) = stamp {
            for (name, old, _) in before.iter().filter(|(_, old, _)| old.is_some()) {
                // What is the same but for its mode is no loss.
                let new = files.iter().find(|file| file.name == *name);
                if old.as_ref().map(|old| &old.content) != new.map(|new| &new.content) {
                    atomic::keep_aside(&self.path.join(name), stamp)?;
                }
            }
        }
        self.replace(changed.into_iter().map(|file| (file, self.owner)))?;
        Ok(Some(Before(before)))
    }

    /// Puts back what was there before.
    pub fn put_back(&self, before: &Before) -> Result<()> {
        let old = before.0.iter().filter_map(|(_, old, owner)| old.as_ref().zip(*owner));
        self.replace(old)?;
        for (name, _, _) in before.0.iter().filter(|(_, old, _)| old.is_none()) {
            atomic::remove_if_there(&self.path.join(name))?;
        }
        sync_folder(&self.path)
    }

    /// Makes a link in the folder to one of its files, where it is not there yet. One that leads elsewhere is
    /// replaced, another file is not.
    pub fn link(&self, name: &str, to: &str) -> Result<()> {
        let link = self.path.join(name);
        match fs::symlink_metadata(&link) {
            Ok(there) if !there.is_symlink() => {
                return Err(Error::refused(format!("{} is no link", link.display()))
                    .hint("OpenSSL looks for a link of this name; move the file away"));
            }
            Ok(_) if fs::read_link(&link)? == Path::new(to) => return Ok(()),
            _ => {}
        }
        atomic::symlink_replacing(Path::new(to), &link)?;
        sync_folder(&self.path)
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
        if files.is_empty() { Ok(()) } else { together::replace(&self.path, &files) }
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

fn make(path: &Path, mode: u32, owner: Owner) -> Result<()> {
    // Nobody but its maker, until it has its owner.
    std::fs::DirBuilder::new().mode(0o700).create(path).map_err(|error| {
        Error::refused(format!("failed to create the folder {}", path.display())).caused_by(error)
    })?;
    let made = fs::File::open(path)?;
    let given = owner.take(&made).and_then(|()| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        Ok(made.set_permissions(mode)?)
    });
    if given.is_err() {
        // It is empty.
        let _ = fs::remove_dir(path);
        return given;
    }
    sync_folder(atomic::folder_of(path))
}

/// Every folder on the way belongs to root, to whoever runs this, or to the server's user, and nobody else
/// may write in it.
fn check_safe(path: &Path, owner: Owner) -> Result<()> {
    let real = fs::canonicalize(path)?;
    let me = rustix::process::geteuid().as_raw();
    for folder in real.ancestors() {
        let metadata = fs::metadata(folder)?;
        let mode = metadata.mode();
        let refused = |what: String, hint: String| {
            Err(Error::refused(format!("{} {what}", folder.display())).hint(hint))
        };
        if ![0, me, owner.uid].contains(&metadata.uid()) {
            return refused(
                format!(
                    "belongs to another user, uid {}, who could exchange the key",
                    metadata.uid()
                ),
                "name a folder that is root's with --to".to_owned(),
            );
        }
        // In a sticky folder nobody can take away what belongs to another.
        let sticky = mode & 0o1000 != 0 && folder != real;
        let by_group = mode & 0o020 != 0 && metadata.gid() != 0;
        if (by_group || mode & 0o002 != 0) && !sticky {
            return refused(
                format!(
                    "has the mode {:04o}: others may write in it, and could exchange the key",
                    mode & 0o7777
                ),
                format!("chmod go-w {}", folder.display()),
            );
        }
    }
    Ok(())
}
