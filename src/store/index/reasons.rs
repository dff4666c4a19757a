//! reasons.txt: the reasons that `openssl ca` does not know and would stop at in index.txt. Each line
//! is a serial, a space and a reason. Most CA folders never have this file.
//!
//! It is appended to. What a crash leaves of a line has no end: readers pass over it, and the next writer takes it
//! off. It belongs to a row that was not revoked, since the row follows when the line is durable.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::Path;

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt;

use crate::error::{Error, Result};
use crate::pki::revocation::Reason;
use crate::pki::serial::Serial;
use crate::store::{atomic, input, layout};

/// Reads the file of the CA in `folder`.
pub fn read(folder: &Path) -> Result<HashMap<Serial, Reason>> {
    let path = folder.join(layout::REASONS.name);
    let Some(content) = input::read_if_there(&path)? else { return Ok(HashMap::new()) };
    let text = String::from_utf8_lossy(&content[..whole(&content)]);
    let mut reasons = HashMap::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let read = line
            .split_once(' ')
            .and_then(|(serial, reason)| Some((Serial::parse(serial).ok()?, reason.parse().ok()?)));
        let (serial, reason) = read.ok_or_else(|| {
            Error::refused(format!(
                "{}: not a serial number and a reason: {}",
                path.display(),
                crate::pki::printable::printable(line)
            ))
        })?;
        reasons.insert(serial, reason);
    }
    Ok(reasons)
}

/// Adds a reason and makes it durable. The caller holds the lock.
pub fn add(folder: &Path, serial: &Serial, reason: Reason) -> Result<()> {
    let path = folder.join(layout::REASONS.name);
    let mut file = fs::OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(layout::REASONS.mode)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(&path)?;
    let mut there = Vec::new();
    file.read_to_end(&mut there)?;
    let end = whole(&there);
    if end < there.len() {
        file.set_len(end as u64)?;
    }
    let written =
        file.write_all(format!("{serial} {reason}\n").as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // Best effort: readers pass over half a line.
        let _ = file.set_len(end as u64);
        return Err(error.into());
    }
    atomic::sync_folder(folder)
}

/// How much of it is whole lines.
fn whole(content: &[u8]) -> usize {
    memchr::memrchr(b'\n', content).map_or(0, |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_is_read() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap().is_empty());
        let serial = Serial::parse("0A").unwrap();
        add(folder.path(), &serial, Reason::AaCompromise).unwrap();
        add(folder.path(), &Serial::parse("0B").unwrap(), Reason::PrivilegeWithdrawn).unwrap();
        let found = read(folder.path()).unwrap();
        assert_eq!((found.len(), found[&serial]), (2, Reason::AaCompromise));
    }

    #[test]
    fn half_a_line_is_passed_over_and_taken_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(layout::REASONS.name);
        let [first, second] = ["0A", "0B"].map(|serial| Serial::parse(serial).unwrap());
        add(folder.path(), &first, Reason::AaCompromise).unwrap();
        let whole = fs::read(&path).unwrap();
        // As a crash, or a disk that is full, may leave it.
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"0C privil").unwrap();
        assert_eq!(read(folder.path()).unwrap().len(), 1);
        add(folder.path(), &second, Reason::PrivilegeWithdrawn).unwrap();
        let now = fs::read(&path).unwrap();
        assert_eq!(now, [&whole[..], b"0B privilegeWithdrawn\n"].concat());
        assert_eq!(read(folder.path()).unwrap().len(), 2);
    }
}
