//! The folder to work in, with a fresh one for every round.

use std::cell::Cell;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// A new folder; dropped, it is removed with everything in it.
pub struct Place {
    path: PathBuf,
    folders: Cell<usize>,
}

impl Place {
    /// Makes the folder in `MAILCA_BENCH_DIR`, or in cargo's folder for temporary files.
    pub fn make() -> io::Result<Self> {
        let parent = std::env::var_os("MAILCA_BENCH_DIR")
            .filter(|value| !value.is_empty())
            .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
        let path = parent.canonicalize()?.join(format!("mailca-bench-{}", std::process::id()));
        fs::create_dir(&path)?;
        Ok(Self { path, folders: Cell::new(0) })
    }

    /// A folder that nothing was in yet.
    pub fn folder(&self) -> io::Result<PathBuf> {
        self.folders.set(self.folders.get() + 1);
        let path = self.path.join(self.folders.get().to_string());
        fs::create_dir(&path)?;
        Ok(path)
    }

    /// Where it is, and on what kind of file system.
    pub fn description(&self) -> String {
        let kind = file_system(&self.path).unwrap_or_else(|| "an unknown file system".to_owned());
        format!("{} on {kind}", self.path.display())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What cannot be removed is seen in the folder that somebody chose.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// The type of the file system that a path is on, as Linux lists it.
fn file_system(path: &Path) -> Option<String> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            Some((unescape(fields.next()?), fields.next()?))
        })
        .filter(|(mounted_at, _)| path.starts_with(mounted_at))
        // Of two at the same place the later one is seen.
        .max_by_key(|(mounted_at, _)| mounted_at.as_os_str().len())
        .map(|(_, kind)| kind.to_owned())
}

/// In that list a space is `\040`, and so on.
fn unescape(field: &str) -> PathBuf {
    let mut octets = Vec::new();
    let mut rest = field.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = after
            .get(..3)
            .filter(|_| *first == b'\\')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        octets.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &after[3..] } else { after };
    }
    OsString::from_vec(octets).into()
}
