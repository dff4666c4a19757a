//! reasons.txt: the reasons that `openssl ca` does not know and would stop at in index.txt. Each line
//! is a serial, a space and a reason. Most CA folders never have this file.

use std::collections::HashMap;
use std::io::Write;
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
    let text = String::from_utf8_lossy(&content);
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
        .append(true)
        .create(true)
        .mode(layout::REASONS.mode)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(&path)?;
    // A half line of a crash must not swallow this one.
    file.write_all(format!("\n{serial} {reason}\n").as_bytes())?;
    file.sync_all()?;
    atomic::sync_folder(folder)
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
}
