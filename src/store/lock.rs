//! Waiting for a lock that another process holds.
//!
//! All locks are `flock`s: they end with their process, so that none is ever stale and nothing has to be removed.
//! Who waits says so after a moment, with the process that is waited for as far as the kernel tells it, and gives up
//! after the time that was set.

use std::fs::TryLockError;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt;
use rustix::fs::OFlags;

use crate::error::{Error, Result};

/// How all waiting of this process is done. It is the same for every lock, however deep in the store.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// When to give up; `None` is never.
    pub limit: Option<Duration>,
    /// Says what is waited for.
    pub tell: fn(&str),
}

impl Default for Waiting {
    fn default() -> Self {
        Self { limit: None, tell: |_| {} }
    }
}

static WAITING: OnceLock<Waiting> = OnceLock::new();

/// How long nothing is said: most commands hold a lock for a few milliseconds.
const SILENCE: Duration = Duration::from_secs(1);

/// Sets how to wait, once, at the beginning. Without it one waits for ever and in silence.
pub fn set_waiting(waiting: Waiting) {
    // A second call would be another run in the same process, with the first one's wishes.
    let _ = WAITING.set(waiting);
}

/// Opens a file that is there to be locked, and makes it where it is missing. A pipe in its place, which would be
/// waited for, and a link are refused.
pub fn open(path: &Path, mode: u32) -> Result<fs::File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(mode)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    let is_plain = fs::symlink_metadata(path).is_ok_and(|there| there.is_file());
    match opened {
        Ok(file) if file.metadata()?.is_file() => Ok(file),
        Err(error) if is_plain || error.kind() == ErrorKind::NotFound => Err(error.into()),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(error.into()),
        _ => Err(Error::refused(format!("{} is not a plain file", path.display()))
            .hint("move it away: mailca makes the file that it locks")),
    }
}

/// Takes the exclusive lock of an open file or folder. It ends when the file is closed.
pub fn exclusive(file: &fs::File, path: &Path) -> Result<()> {
    within(file, path, None)
}

/// The same where nobody waits longer than `most`, unless that was set: somebody else's program may hold the lock.
pub fn within(file: &fs::File, path: &Path, most: Option<Duration>) -> Result<()> {
    match file.file().try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => wait(file, path, most),
        Err(TryLockError::Error(error)) => Err(not_locked(path, error)),
    }
}

/// Whether a living process has the exclusive lock of an open file or folder. Where it has not, it cannot take it as
/// long as the file is open here.
pub fn is_held(file: &fs::File) -> bool {
    matches!(file.file().try_lock_shared(), Err(TryLockError::WouldBlock))
}

fn not_locked(path: &Path, error: std::io::Error) -> Error {
    Error::refused(format!("failed to lock {}", path.display())).caused_by(error)
}

fn wait(file: &fs::File, path: &Path, most: Option<Duration>) -> Result<()> {
    let Waiting { limit, tell } = WAITING.get().copied().unwrap_or_default();
    let limit = limit.or(most);
    if limit == Some(Duration::ZERO) {
        return Err(given_up(file, path, Duration::ZERO));
    }
    // The kernel queues those who wait in its call, and knows no limit there: a thread waits. A copy of the
    // descriptor stands for the same lock.
    let twin = file.file().try_clone().map_err(|error| not_locked(path, error))?;
    let (done, outcome) = mpsc::channel();
    std::thread::Builder::new()
        .spawn(move || {
            let locked = loop {
                match twin.lock() {
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    other => break other,
                }
            };
            // Where nobody waits for it any more, the lock ends with the copy.
            let _ = done.send(locked);
        })
        .map_err(|error| not_locked(path, error))?;
    let silence = limit.map_or(SILENCE, |limit| limit.min(SILENCE));
    let locked = outcome.recv_timeout(silence).or_else(|_| {
        tell(&format!("waiting for {}, which has locked {}", holder(file), path.display()));
        match limit {
            Some(limit) => outcome.recv_timeout(limit.saturating_sub(silence)),
            None => outcome.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    });
    match locked {
        Ok(locked) => locked.map_err(|error| not_locked(path, error)),
        Err(RecvTimeoutError::Timeout) => Err(given_up(file, path, limit.unwrap_or_default())),
        Err(RecvTimeoutError::Disconnected) => Err(Error::bug("the thread that waits is gone")),
    }
}

fn given_up(file: &fs::File, path: &Path, limit: Duration) -> Error {
    let after = match limit.as_secs() {
        0 => String::new(),
        1 => "; given up after 1 second".to_owned(),
        seconds => format!("; given up after {seconds} seconds"),
    };
    Error::refused(format!("{} is locked by {}{after}", path.display(), holder(file)))
        .hint("run the command again when that one has ended, or wait longer with --lock-timeout")
        .hint("the lock ends with its process: there is no file to remove")
}

/// Names who holds the lock of a file, for a person.
pub fn holder_of(file: &fs::File) -> String {
    holder(file)
}

/// The process that holds the lock, as far as the kernel tells: not across namespaces, and not over NFS.
fn holder(file: &fs::File) -> String {
    let unknown = "another process".to_owned();
    let Ok(there) = file.metadata() else { return unknown };
    // Where locks come and go between its pieces, the kernel's list leaves some out.
    let found = (0..5).find_map(|_| holder_of_inode(there.ino()));
    let Some(process) = found else { return unknown };
    match fs::read_to_string(format!("/proc/{process}/comm")) {
        Ok(name) => {
            format!("process {process} ({})", crate::pki::printable::printable(name.trim_end()))
        }
        Err(_) => format!("process {process}"),
    }
}

fn holder_of_inode(inode: u64) -> Option<u32> {
    let locks = fs::read_to_string("/proc/locks").ok()?;
    // `1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF`; those who wait have `->` before FLOCK.
    locks.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let is_held = words.next() == Some("FLOCK");
        let process: u32 = words.nth(2)?.parse().ok()?;
        let of: u64 = words.next()?.rsplit(':').next()?.parse().ok()?;
        (is_held && of == inode && process != 0).then_some(process)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_named_and_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let open = || fs::OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let (first, second) = (open().unwrap(), open().unwrap());
        exclusive(&first, &path).unwrap();
        let named = holder(&second);
        assert!(named.contains(&std::process::id().to_string()), "{named}");
        let waiting = std::thread::spawn({
            let path = path.clone();
            move || exclusive(&second, &path)
        });
        drop(first);
        waiting.join().unwrap().unwrap();
    }
}
