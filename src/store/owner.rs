//! Whom a file belongs to, for the daemons that do not read their files as root.

use fs_err as fs;
use nix::unistd::{Group, User};
use rustix::fs::{Gid, Uid};

use crate::error::{Error, Result};
use crate::pki::printable::printable;

/// A user and a group, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
}

impl Owner {
    /// Reads `USER` or `USER:GROUP`, names or numbers, as chown takes them. Without a group it is the
    /// user's own.
    pub fn parse(text: &str) -> Result<Self> {
        let (user, group) = match text.split_once(':') {
            Some((user, group)) => (user, Some(group)),
            None => (text, None),
        };
        let unknown = |kind: &str, name: &str| {
            Error::refused(format!("there is no {kind} {} on this machine", printable(name)))
                .hint("is the mail server installed here? --owner USER:GROUP names another one")
        };
        let found = User::from_name(user).ok().flatten();
        let (uid, own_group) = match (found, user.parse()) {
            (Some(user), _) => (user.uid.as_raw(), Some(user.gid.as_raw())),
            (None, Ok(number)) => (number, None),
            (None, Err(_)) => return Err(unknown("user", user)),
        };
        let gid = match (group, own_group) {
            (None, Some(gid)) => gid,
            (None, None) => {
                return Err(Error::usage(format!("the user {uid} has no name, and so no group"))
                    .hint("name the group too: USER:GROUP"));
            }
            (Some(group), _) => match (Group::from_name(group).ok().flatten(), group.parse()) {
                (Some(group), _) => group.gid.as_raw(),
                (None, Ok(number)) => number,
                (None, Err(_)) => return Err(unknown("group", group)),
            },
        };
        Ok(Self { uid, gid })
    }

    /// Gives an open file away. Only root can do that.
    pub fn take(self, file: &fs::File) -> Result<()> {
        use std::os::unix::fs::MetadataExt;
        let there = file.metadata()?;
        if (there.uid(), there.gid()) == (self.uid, self.gid) {
            return Ok(());
        }
        let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        rustix::fs::fchown(file.file(), Some(uid), Some(gid)).map_err(|error| {
            Error::refused(format!(
                "failed to give {} to uid {} and gid {}",
                file.path().display(),
                self.uid,
                self.gid
            ))
            .caused_by(std::io::Error::from(error))
            .hint("only root can do that")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_names_or_numbers() {
        assert_eq!(Owner::parse("root").unwrap(), Owner { uid: 0, gid: 0 });
        assert_eq!(Owner::parse("0:0").unwrap(), Owner { uid: 0, gid: 0 });
        assert_eq!(Owner::parse("12345:54321").unwrap(), Owner { uid: 12345, gid: 54321 });
        for bad in ["", "no-such-user", "root:no-such-group", "12345", ":", "root:", "a b"] {
            assert!(Owner::parse(bad).is_err(), "{bad:?}");
        }
    }
}
