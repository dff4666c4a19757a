//! Several files that change together: after a crash at any moment, all of them are read as the old
//! ones, or all of them as the new ones.
//!
//! A rename changes one name. So the files are led through one symbolic link while they change:
//!
//! 1. The new files are written to `.mailca-new/`, and the old ones get second names in `.mailca-old/`.
//! 2. `.mailca-live` is made, a link to `.mailca-old`; then each file gives way to a link
//!    `.mailca-live/FILE`. What is read is the same as before.
//! 3. `.mailca-live` is renamed over by a link to `.mailca-new`: the one moment of change.
//! 4. Each file is put in the place of its link, and the three names are removed.
//!
//! Where `.mailca-live` is found, a process died in between. Whoever writes next in that folder calls
//! [`recover`], which puts those files in the place of the links that `.mailca-live` leads to: the old
//! ones before step 3, the new ones after it.

use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt;

use crate::error::{Error, Result};
use crate::store::atomic::{self, folder_of, sync_folder};
use crate::store::owner::Owner;
use crate::store::{layout, lock};

const LIVE: &str = ".mailca-live";
const OLD: &str = ".mailca-old";
const NEW: &str = ".mailca-new";

/// A file that is to take its place together with others.
#[derive(Debug)]
pub struct NewFile<'a> {
    /// Its path under the folder: `key.pem`, `private/cakey.pem`.
    pub name: &'a Path,
    /// Its mode.
    pub mode: u32,
    /// Whom it belongs to; `None` stands for the owner of the one whose place it takes.
    pub owner: Option<Owner>,
    /// What is in it.
    pub content: &'a [u8],
}

/// The exclusive right to change files of a folder together, until it is dropped.
#[derive(Debug)]
pub struct Lock {
    base: PathBuf,
    _folder: fs::File,
}

impl Lock {
    /// Waits for it, and finishes what a process that died left there.
    pub fn of(base: &Path) -> Result<Self> {
        let folder = fs::File::open(base)?;
        lock::exclusive(&folder, base)?;
        recover_locked(base)?;
        Ok(Self { base: base.to_owned(), _folder: folder })
    }

    /// The same, and gives up after so long, unless another limit was set: others may enter that folder.
    pub fn within(base: &Path, most: Duration) -> Result<Self> {
        let folder = fs::File::open(base)?;
        lock::within(&folder, base, Some(most))?;
        recover_locked(base)?;
        Ok(Self { base: base.to_owned(), _folder: folder })
    }

    /// What [`replace`] does, under this lock.
    pub fn replace(&self, files: &[NewFile<'_>]) -> Result<()> {
        self.recover()?;
        replace_locked(&self.base, files)
    }

    /// Finishes what failed under this lock.
    pub fn recover(&self) -> Result<()> {
        recover_locked(&self.base)
    }
}

/// Puts all of the files in their places under `base`, in place of those that are there. The caller has kept
/// the old ones aside where they are still wanted.
pub fn replace(base: &Path, files: &[NewFile<'_>]) -> Result<()> {
    // Held until the end: two of these would get into each other's way.
    Lock::of(base)?.replace(files)
}

fn replace_locked(base: &Path, files: &[NewFile<'_>]) -> Result<()> {
    for file in files {
        let path = base.join(file.name);
        let there = fs::symlink_metadata(&path);
        if there.is_ok_and(|metadata| !metadata.is_file()) {
            return Err(Error::refused(format!("{} is not a plain file", path.display()))
                .hint("put a plain file in its place; mailca does not write through links"));
        }
    }
    let prepared = prepare(base, files);
    if prepared.is_err() {
        // Nothing is led through the link yet.
        let _ = remove_tree(&base.join(NEW));
        let _ = remove_tree(&base.join(OLD));
        return prepared;
    }
    atomic::symlink_replacing(Path::new(OLD), &base.join(LIVE))?;
    // A link that leads through it may be durable before it otherwise, in a folder of its own.
    sync_folder(base)?;
    for file in files {
        let path = base.join(file.name);
        atomic::symlink_replacing(&link_target(file.name), &path)?;
    }
    sync_folders(base, files.iter().map(|file| file.name))?;
    atomic::symlink_replacing(Path::new(NEW), &base.join(LIVE))?;
    sync_folder(base)?;
    recover_locked(base)
}

/// Whether a process is in [`replace`], or died there.
pub fn is_interrupted(base: &Path) -> bool {
    [LIVE, NEW, OLD].iter().any(|name| base.join(name).symlink_metadata().is_ok())
}

/// Whether a living process has the right to change files there together, at this moment.
pub fn is_locked(base: &Path) -> bool {
    fs::File::open(base).is_ok_and(|folder| lock::is_held(&folder))
}

/// Finishes what a process that died in [`replace`] left; costs one look where there is nothing.
/// Returns whether there was something.
pub fn recover(base: &Path) -> Result<bool> {
    let left = is_interrupted(base);
    if left {
        drop(Lock::of(base)?);
    }
    Ok(left)
}

fn recover_locked(base: &Path) -> Result<()> {
    let live = base.join(LIVE);
    match fs::read_link(&live) {
        Ok(target) if target == Path::new(OLD) || target == Path::new(NEW) => {
            settle(base, &base.join(target))?;
            fs::remove_file(&live)?;
        }
        Ok(_) => {
            return Err(Error::refused(format!("{} is not a link of mailca's", live.display())));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    if !is_interrupted(base) {
        return atomic::remove_if_there(&atomic::temporary_name(&live)?);
    }
    atomic::remove_if_there(&atomic::temporary_name(&live)?)?;
    remove_tree(&base.join(NEW))?;
    remove_tree(&base.join(OLD))?;
    // Nobody would look for them later.
    sync_folder(base)
}

/// Puts the files of `from` in the place of the links that lead to them.
fn settle(base: &Path, from: &Path) -> Result<()> {
    let mut names = Vec::new();
    for folder in [OLD, NEW] {
        names_in(&base.join(folder), Path::new(""), &mut names)?;
    }
    for name in &names {
        let path = base.join(name);
        if fs::read_link(&path).is_ok_and(|target| target == link_target(name)) {
            let content = from.join(name);
            if content.exists() {
                atomic::link_replacing(&content, &path)?;
            } else {
                fs::remove_file(&path)?;
            }
        }
        // A link that did not come to take the place of the file.
        let temporary = atomic::temporary_name(&path)?;
        if fs::read_link(&temporary).is_ok_and(|target| target == link_target(name)) {
            fs::remove_file(&temporary)?;
        }
    }
    sync_folders(base, names.iter().map(PathBuf::as_path))
}

fn prepare(base: &Path, files: &[NewFile<'_>]) -> Result<()> {
    for folder in [NEW, OLD] {
        make_folder(&base.join(folder), base)?;
    }
    for file in files {
        for folder in [NEW, OLD] {
            let under = folder_of(file.name);
            if under != Path::new(".") {
                make_folder(&base.join(folder).join(under), &base.join(under))?;
            }
        }
        let mut new = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(file.mode)
            .open(base.join(NEW).join(file.name))?;
        match file.owner {
            Some(owner) => owner.take(&new)?,
            None => atomic::take_owner(&new, &base.join(file.name))?,
        }
        new.write_all(file.content)?;
        new.sync_all()?;
        let there = base.join(file.name);
        if there.symlink_metadata().is_ok() {
            atomic::link_replacing(&there, &base.join(OLD).join(file.name))?;
        }
    }
    for folder in [NEW, OLD] {
        sync_folders(&base.join(folder), files.iter().map(|file| file.name))?;
    }
    sync_folder(base)
}

/// Where the link that takes the place of a file leads, seen from the folder that it is in.
fn link_target(name: &Path) -> PathBuf {
    let ups = name.components().filter(|part| matches!(part, Component::Normal(_))).count() - 1;
    let mut target: PathBuf = std::iter::repeat_n("..", ups).collect();
    target.push(LIVE);
    target.push(name);
    target
}

/// Makes a folder that lets in whom `like` lets in: a server that is another user reads its files through
/// this one for a moment, and until the recovery after a crash.
fn make_folder(path: &Path, like: &Path) -> Result<()> {
    match std::fs::DirBuilder::new().mode(layout::FOLDER_MODE).create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => {
            return Err(
                Error::refused(format!("failed to create {}", path.display())).caused_by(error)
            );
        }
        Ok(()) => {}
    }
    let mode = fs::metadata(like)?.mode() & 0o755;
    let opened = fs::File::open(path)?;
    atomic::take_owner(&opened, like)?;
    // A folder may have inherited its group and the bit that does so.
    if mode != layout::FOLDER_MODE {
        opened.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))?;
    }
    Ok(())
}

fn names_in(folder: &Path, under: &Path, names: &mut Vec<PathBuf>) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = under.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            names_in(&entry.path(), &name, names)?;
        } else if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(())
}

fn sync_folders<'n>(base: &Path, names: impl Iterator<Item = &'n Path>) -> Result<()> {
    let mut folders: Vec<_> = names.map(|name| folder_of(name).to_owned()).collect();
    folders.push(PathBuf::from("."));
    folders.sort();
    folders.dedup();
    folders.iter().try_for_each(|folder| sync_folder(&base.join(folder)))
}

fn remove_tree(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "private/key.pem";

    fn files(contents: [&[u8]; 2]) -> [NewFile<'_>; 2] {
        [
            NewFile { name: Path::new("cert.pem"), mode: 0o400, owner: None, content: contents[0] },
            NewFile { name: Path::new(KEY), mode: 0o400, owner: None, content: contents[1] },
        ]
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("private")).unwrap();
        folder
    }

    fn both(base: &Path) -> (Vec<u8>, Vec<u8>) {
        (fs::read(base.join("cert.pem")).unwrap(), fs::read(base.join(KEY)).unwrap())
    }

    fn is_clean(base: &Path) {
        assert!([LIVE, OLD, NEW].iter().all(|name| base.join(name).symlink_metadata().is_err()));
        for name in ["cert.pem", KEY] {
            assert!(fs::symlink_metadata(base.join(name)).is_ok_and(|there| there.is_file()));
        }
    }

    #[test]
    fn files_appear_and_change_together() {
        let folder = folder();
        let base = folder.path();
        replace(base, &files([b"cert 1", b"key 1"])).unwrap();
        assert_eq!(both(base), (b"cert 1".into(), b"key 1".into()));
        replace(base, &files([b"cert 2", b"key 2"])).unwrap();
        assert_eq!(both(base), (b"cert 2".into(), b"key 2".into()));
        is_clean(base);
        assert!(!recover(base).unwrap());
    }

    #[test]
    fn a_crash_before_and_after_the_one_moment_is_mended() {
        for (live, expected) in [(OLD, "1"), (NEW, "2")] {
            for led in 0..=2 {
                let folder = folder();
                let base = folder.path();
                replace(base, &files([b"cert 1", b"key 1"])).unwrap();
                let new = files([b"cert 2", b"key 2"]);
                prepare(base, &new).unwrap();
                atomic::symlink_replacing(Path::new(OLD), &base.join(LIVE)).unwrap();
                // Once the link leads to the new ones, every file is led through it.
                let led = if live == NEW { 2 } else { led };
                for file in &new[..led] {
                    atomic::symlink_replacing(&link_target(file.name), &base.join(file.name))
                        .unwrap();
                }
                atomic::symlink_replacing(Path::new(live), &base.join(LIVE)).unwrap();
                let pair = (format!("cert {expected}").into(), format!("key {expected}").into());
                assert_eq!(both(base), pair, "before the recovery: {live}, {led} links");
                assert!(recover(base).unwrap());
                assert_eq!(both(base), pair, "{live}, {led} links");
                is_clean(base);
            }
        }
    }

    #[test]
    fn a_link_of_somebody_else_is_not_replaced() {
        let folder = folder();
        let base = folder.path();
        std::os::unix::fs::symlink("/etc/hostname", base.join("cert.pem")).unwrap();
        assert!(replace(base, &files([b"cert", b"key"])).is_err());
        assert!(base.join(KEY).symlink_metadata().is_err());
    }
}
