//! Whether a key that is found in a server's folder is one that mailca put there.

use fs_err as fs;

use crate::error::{Error, Result};
use crate::pki::key::PrivateKey;
use crate::store::folder::CertificateFolder;
use crate::store::{input, layout};

/// Whether a certificate folder holds this key too, be it an old one that was kept aside: nothing is lost
/// where the copy gives way.
pub(super) fn is_known(content: &[u8], folder: &CertificateFolder) -> Result<bool> {
    let key = read(content);
    let entries = fs::read_dir(folder.path())?.filter_map(std::result::Result::ok);
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    // The present one first.
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_key = [layout::KEY, layout::NEXT_KEY].iter().any(|kind| name.starts_with(kind.name));
        if !is_key || !path.is_file() {
            continue;
        }
        let Ok(known) = input::read_plain(&path) else { continue };
        let is_same = match (&key, read(&known)) {
            (Some(one), Some(other)) => one.public_key() == other.public_key(),
            _ => *known == *content,
        };
        if is_same {
            return Ok(true);
        }
    }
    Ok(false)
}

fn read(content: &[u8]) -> Option<PrivateKey> {
    PrivateKey::from_file_content(content, || Err(Error::refused("encrypted"))).ok()
}
