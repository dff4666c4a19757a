//! Files that are complete or absent.
//!
//! A file is written as `.NAME.mailca-tmp` beside its final place, created with `O_CREAT|O_EXCL` and
//! its final mode, fsynced, and renamed without replacing. The temporary name is fixed and the file
//! locked while it is written, so that a leftover of a killed process is recognised (nobody holds
//! its lock) and removed by the next writer, and two writers cannot meet.

use fs_err::os::unix::fs::OpenOptionsExt;
use std::ffi::{OsStr, OsString};
use std::fs::TryLockError;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use fs_err as fs;
use rustix::fs::{CWD, Gid, RenameFlags, Uid};

use crate::error::{Error, Result};
use crate::store::owner::Owner;
use crate::store::way;

/// A file that is written and durable but does not have its name yet. Dropped, it is gone.
#[derive(Debug)]
pub struct Staged {
    temporary: PathBuf,
    target: PathBuf,
    file: fs::File,
    published: bool,
}

impl Staged {
    /// Writes `content` for `target`, with `mode` from the first moment, and waits for the disk.
    pub fn new(target: &Path, content: &[u8], mode: u32) -> Result<Self> {
        let staged = Self::begin(target, content, mode)?;
        staged.sync()?;
        Ok(staged)
    }

    /// The same without waiting, for several files whose disk writes may go on side by side:
    /// [`Staged::sync`] waits, and must come before the file gets its name.
    pub fn begin(target: &Path, content: &[u8], mode: u32) -> Result<Self> {
        let mut staged = Self::open(target, mode)?;
        staged.write(content)?;
        start_writing(&staged.file);
        Ok(staged)
    }

    /// The same with nothing in it yet, for what is put together piece by piece.
    pub fn open(target: &Path, mode: u32) -> Result<Self> {
        let temporary = temporary_name(target)?;
        let file = create_exclusively(&temporary, mode)?;
        Ok(Self { temporary, target: target.to_owned(), file, published: false })
    }

    /// Writes the next piece.
    pub fn write(&mut self, content: &[u8]) -> Result<()> {
        Ok(self.file.write_all(content)?)
    }

    /// Gives it the owner and group of the file whose place it will take.
    pub fn take_owner(&self, from: &Path) -> Result<()> {
        take_owner(&self.file, from)
    }

    /// Gives it away. Only root can do that.
    pub fn give(&self, owner: Owner) -> Result<()> {
        owner.take(&self.file)
    }

    /// The file, to be given away before it has its name.
    pub fn file(&self) -> &fs::File {
        &self.file
    }

    /// Waits until the file is on the disk.
    pub fn sync(&self) -> Result<()> {
        Ok(self.file.sync_all()?)
    }

    /// The file, to be read from its beginning.
    pub fn read_back(&self) -> Result<fs::File> {
        Ok(fs::File::open(&self.temporary)?)
    }

    /// Gives the file its name. Something that is there already is an error and stays.
    pub fn publish(mut self) -> Result<()> {
        rename_without_replacing(&self.temporary, &self.target)?;
        self.published = true;
        Ok(())
    }

    /// Gives the file its name in place of what is there.
    pub fn replace(mut self) -> Result<()> {
        fs::rename(&self.temporary, &self.target)?;
        self.published = true;
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.published {
            // The next writer removes what cannot be removed now.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Writes one new file and makes its name durable.
pub fn create(target: &Path, content: &[u8], mode: u32) -> Result<()> {
    Staged::new(target, content, mode)?.publish()?;
    sync_folder(folder_of(target))
}

/// Gives an open file the owner and group of the one whose place it takes, so that the servers that read
/// that one can read this one. Only root can give files away; for anybody else the file stays theirs.
pub fn take_owner(file: &fs::File, from: &Path) -> Result<()> {
    let (Ok(old), new) = (fs::symlink_metadata(from), file.metadata()?) else { return Ok(()) };
    if (old.uid(), old.gid()) != (new.uid(), new.gid()) && rustix::process::geteuid().is_root() {
        let (uid, gid) = (Uid::from_raw(old.uid()), Gid::from_raw(old.gid()));
        rustix::fs::fchown(file.file(), Some(uid), Some(gid))
            .map_err(|error| io_error("give the owner of", from, error.into()))?;
    }
    Ok(())
}

/// Asks the kernel to begin writing a file to the disk: it drops pages that are clean, and cleans
/// those that are not. Only a hint; what is durable is said by fsync.
pub fn start_writing(file: &fs::File) {
    let _ = rustix::fs::fadvise(file.file(), 0, None, rustix::fs::Advice::DontNeed);
}

/// Makes the names in a folder durable.
pub fn sync_folder(folder: &Path) -> Result<()> {
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}

/// Refuses where no file can be made in a folder, as far as that can be told beforehand, or where others decide
/// what becomes of it.
pub fn check_writable(folder: &Path) -> Result<()> {
    check_can_write(folder, way::check)
}

/// The same for what everybody may read.
pub fn check_writable_in_public(folder: &Path) -> Result<()> {
    check_can_write(folder, way::check_links)
}

fn check_can_write(folder: &Path, check_way: impl Fn(&Path) -> Result<()>) -> Result<()> {
    if !folder.is_dir() {
        return Err(Error::refused(format!("the folder {} does not exist", folder.display())));
    }
    check_way(folder)?;
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK)
        .map_err(|error| io_error("write in", folder, error.into()))
}

/// Makes everything durable that was written to the file system of a folder: one wait for thousands of files.
/// Linux tells from 5.8 on when something could not be written.
pub fn sync_file_system(folder: &Path) -> Result<()> {
    rustix::fs::syncfs(fs::File::open(folder)?.file())
        .map_err(|error| io_error("write the file system of", folder, error.into()))
}

/// The folder that a path is in; `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Moves what is at `path` aside under a new name with the date, and returns that name. The old name
/// stays as well, until it is replaced, so that there is no moment without the file.
pub fn keep_aside(path: &Path, stamp: &str) -> Result<PathBuf> {
    for attempt in 1..1000 {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{stamp}"));
        if attempt > 1 {
            name.push(format!("-{attempt}"));
        }
        let aside = PathBuf::from(name);
        match rustix::fs::linkat(CWD, path, CWD, &aside, rustix::fs::AtFlags::empty()) {
            Ok(()) => return Ok(aside),
            Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(io_error("keep", path, error.into())),
        }
    }
    Err(Error::refused(format!("{}: too many old copies are beside it", path.display())))
}

/// Gives a file a second name, in place of what is there.
pub fn link_replacing(from: &Path, to: &Path) -> Result<()> {
    let temporary = temporary_name(to)?;
    remove_if_there(&temporary)?;
    rustix::fs::linkat(CWD, from, CWD, &temporary, rustix::fs::AtFlags::empty())
        .map_err(|error| io_error("link", from, error.into()))?;
    fs::rename(&temporary, to)?;
    // Where both names are one file already, a rename does nothing and leaves its own name.
    remove_if_there(&temporary)
}

/// Makes a symbolic link, in place of what is there.
pub fn symlink_replacing(target: &Path, link: &Path) -> Result<()> {
    let temporary = temporary_name(link)?;
    remove_if_there(&temporary)?;
    fs::os::unix::fs::symlink(target, &temporary)?;
    Ok(fs::rename(&temporary, link)?)
}

/// Removes a file that may be missing.
pub fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Renames without replacing what is at `to`, which is then an error of the kind `AlreadyExists`
/// told in words.
pub fn rename_without_replacing(from: &Path, to: &Path) -> Result<()> {
    let renamed = match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems (NFS, old overlays) know no such flag; a link never replaces either.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            rustix::fs::linkat(CWD, from, CWD, to, rustix::fs::AtFlags::empty())
                .and_then(|()| rustix::fs::unlinkat(CWD, from, rustix::fs::AtFlags::empty()))
        }
        other => other,
    };
    renamed.map_err(|error| match error {
        rustix::io::Errno::EXIST => already_there(to),
        _ => io_error("create", to, error.into()),
    })
}

/// The error for a file that would be overwritten.
pub fn already_there(path: &Path) -> Error {
    Error::refused(format!("{} is there already, and is not overwritten", path.display()))
}

fn io_error(verb: &str, path: &Path, error: io::Error) -> Error {
    Error::refused(format!("failed to {verb} {}", path.display())).caused_by(error)
}

/// The name under which a file is written before it gets its own.
pub(super) fn temporary_name(target: &Path) -> Result<PathBuf> {
    let name = target
        .file_name()
        .ok_or_else(|| Error::refused(format!("{} is not a file name", target.display())))?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(OsStr::new(".mailca-tmp"));
    Ok(folder_of(target).join(hidden))
}

fn create_exclusively(temporary: &Path, mode: u32) -> Result<fs::File> {
    for _ in 0..3 {
        let created =
            fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(temporary);
        match created {
            Ok(file) => {
                // Nobody else holds it, unless it was just taken for a leftover, for a moment; then it is gone.
                let _ = file.file().lock();
                if fs::symlink_metadata(temporary)
                    .is_ok_and(|there| file.metadata().is_ok_and(|own| own.ino() == there.ino()))
                {
                    return Ok(file);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                remove_leftover(temporary)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(busy(temporary))
}

fn busy(temporary: &Path) -> Error {
    Error::refused(format!("another mailca is writing {}", temporary.display()))
        .hint("wait for it to end, then run the command again")
}

/// Removes a temporary file whose writer is gone: its lock can be had. The lock is held while it is
/// removed, and the name is looked at again under it, so that nobody's new file is taken.
fn remove_leftover(temporary: &Path) -> Result<()> {
    let metadata = fs::symlink_metadata(temporary)?;
    if !metadata.is_file() {
        return Err(Error::refused(format!(
            "{} is in the way, and is not a file that mailca made",
            temporary.display()
        )));
    }
    let file = match fs::OpenOptions::new().read(true).open(temporary) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    match file.file().try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(busy(temporary)),
        Err(TryLockError::Error(error)) => return Err(io_error("lock", temporary, error)),
    }
    match fs::symlink_metadata(temporary) {
        Ok(now) if now.ino() == file.metadata()?.ino() => Ok(fs::remove_file(temporary)?),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_new_file_has_its_mode_and_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        create(&path, b"one", 0o400).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o400);
        assert!(create(&path, b"two", 0o400).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a temporary file is left");
    }

    #[test]
    fn a_leftover_of_a_dead_process_is_no_obstacle_and_a_living_one_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        let leftover = temporary_name(&path).unwrap();
        fs::File::create_new(&leftover).unwrap();
        let living = Staged::new(&path, b"one", 0o400).unwrap();
        assert!(Staged::new(&path, b"two", 0o400).is_err());
        living.publish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one");
    }

    #[test]
    fn a_symbolic_link_is_neither_followed_nor_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        fs::File::create_new(&victim).unwrap();
        let path = folder.path().join("key.pem");
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        assert!(create(&path, b"key", 0o400).is_err());
        std::os::unix::fs::symlink(&victim, temporary_name(&folder.path().join("b")).unwrap())
            .unwrap();
        assert!(create(&folder.path().join("b"), b"key", 0o400).is_err());
        assert_eq!(fs::read(&victim).unwrap(), b"");
    }

    #[test]
    fn what_is_kept_aside_never_replaces_an_older_copy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cert.pem");
        create(&path, b"one", 0o400).unwrap();
        let first = keep_aside(&path, "2026").unwrap();
        let second = keep_aside(&path, "2026").unwrap();
        assert_ne!(first, second);
        assert_eq!(fs::read(&second).unwrap(), b"one");
    }
}
