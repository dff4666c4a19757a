//! A folder that OpenSSL searches for lists by `HASH.rN`, and for CA certificates by `HASH.N`, HASH being
//! that of the CA's name. Several
//! CAs may share such a folder, and several of them a name.
//!
//! The list is a plain file there, with a name that no other key's has, and a link leads to it: so
//! `openssl rehash`, which makes such links anew for every file, finds what it expects.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::key_tag;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::store::atomic;

/// More lists of one name than any folder has.
const MOST: usize = 1000;

/// The name of the file with the list that this CA's key signed.
pub(super) fn file_name(issuer: &Certificate) -> Result<String> {
    Ok(format!("mailca-crl-{}.pem", key_tag(issuer)?))
}

/// What stands under the name of a link.
enum There {
    /// A link to the file.
    Ours,
    /// Nothing, or a link that leads nowhere, at which OpenSSL would end its search.
    Free { dangling: bool },
    /// The list of somebody else.
    Taken,
}

fn look(link: &Path, file: &Path) -> There {
    let Ok(metadata) = fs::symlink_metadata(link) else { return There::Free { dangling: false } };
    match fs::canonicalize(link) {
        Ok(target) if fs::canonicalize(file).is_ok_and(|file| file == target) => There::Ours,
        Err(_) if metadata.is_symlink() => There::Free { dangling: true },
        _ => There::Taken,
    }
}

/// What is found by a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The certificate of a CA, by `HASH.0`.
    Authority,
    /// A revocation list, by `HASH.r0`.
    List,
}

fn links<'f>(file: &'f Path, hash: &'f str, kind: Kind) -> impl Iterator<Item = PathBuf> + 'f {
    let mark = if kind == Kind::List { "r" } else { "" };
    (0..MOST).map(move |number| file.with_file_name(format!("{hash}.{mark}{number}")))
}

/// Whether OpenSSL finds the file by this hash.
pub fn has_link(file: &Path, hash: &str, kind: Kind) -> bool {
    let mut found = links(file, hash, kind).map(|link| look(&link, file));
    matches!(found.find(|there| !matches!(there, There::Taken)), Some(There::Ours))
}

/// Sees that OpenSSL finds the file by this hash: the first link that is free or leads to it. Returns the
/// link, where it was not there before.
pub fn link(file: &Path, hash: &str, kind: Kind) -> Result<Option<PathBuf>> {
    let name = Path::new(file.file_name().unwrap_or_default());
    for link in links(file, hash, kind) {
        match look(&link, file) {
            There::Ours => return Ok(None),
            There::Taken => {}
            There::Free { dangling: true } => {
                return atomic::symlink_replacing(name, &link).map(|()| Some(link));
            }
            There::Free { dangling: false } => match fs::os::unix::fs::symlink(name, &link) {
                // Another CA was quicker.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => {
                    made?;
                    return Ok(Some(link));
                }
            },
        }
    }
    Err(Error::refused(format!("{hash} is taken a thousand times beside {}", file.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_free_link_is_taken_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let symlink = |target: &str, link: &str| {
            std::os::unix::fs::symlink(target, at(link)).unwrap();
        };
        let leads = |link: &str| fs::read_link(at(link)).unwrap();
        for name in ["ours.pem", "other.pem"] {
            atomic::create(&at(name), b"list", 0o644).unwrap();
        }
        symlink("other.pem", "abc.r0");
        assert!(!has_link(&at("ours.pem"), "abc", Kind::List));
        for _ in 0..2 {
            link(&at("ours.pem"), "abc", Kind::List).unwrap();
            assert!(has_link(&at("ours.pem"), "abc", Kind::List));
            assert_eq!(leads("abc.r1"), Path::new("ours.pem"));
            assert!(fs::symlink_metadata(at("abc.r2")).is_err());
        }
        assert_eq!(leads("abc.r0"), Path::new("other.pem"));
        // A link that leads nowhere ends OpenSSL's search before ours.
        fs::remove_file(at("other.pem")).unwrap();
        assert!(!has_link(&at("ours.pem"), "abc", Kind::List));
        link(&at("ours.pem"), "abc", Kind::List).unwrap();
        assert_eq!(leads("abc.r0"), Path::new("ours.pem"));
    }
}
