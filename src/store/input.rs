//! Reading what an administrator names: no file is read without end.

use std::io::{ErrorKind, Read};
use std::path::Path;

use fs_err as fs;
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// More than any file of these kinds, in bytes; a CRL of a million entries has 40 MB.
pub const LARGEST: u64 = 256 << 20;

/// Reads a file, or a pipe, to its end.
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let file = fs::File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(Error::refused(format!("{} is a folder, not a file", path.display())));
    }
    read_all(file, metadata.len()).map_err(|error| error.at(path.display()))
}

/// Reads a plain file, or what a link to one leads to. A pipe in the place of a file of a folder would be
/// waited for without end.
pub fn read_plain(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let metadata = fs::metadata(path)?;
    if metadata.is_file() || metadata.is_dir() {
        return read(path);
    }
    Err(Error::refused(format!("{} is not a plain file", path.display())))
}

/// The same for a file that may be missing.
pub fn read_if_there(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
    match fs::symlink_metadata(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        _ => read_plain(path).map(Some),
    }
}

/// Reads a stream to its end; `expected` is its length as far as that is known.
pub fn read_all(stream: impl Read, expected: u64) -> Result<Zeroizing<Vec<u8>>> {
    // One more than expected, so that the buffer need not grow and leave a copy behind.
    let room = usize::try_from(expected.min(LARGEST)).unwrap_or_default() + 1;
    let mut content = Zeroizing::new(Vec::with_capacity(room));
    stream.take(LARGEST + 1).read_to_end(&mut content)?;
    if content.len() as u64 > LARGEST {
        return Err(Error::refused(format!("it is too large, over {} MB", LARGEST >> 20)));
    }
    Ok(content)
}
