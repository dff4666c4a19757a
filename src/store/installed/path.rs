//! The way to a folder, looked at step by step: nobody who is not trusted can exchange a part of it.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::error::{Error, Result};
use crate::store::way;

/// Follows an absolute path to the folder that it leads to, without links. Every folder on the way, and every
/// link, belongs to root, to whoever runs this, or to one of these users, and nobody else may write there.
pub(super) fn resolve(path: &Path, trusted: &[u32]) -> Result<PathBuf> {
    check(Path::new("/"), trusted, false)?;
    let done = way::walk(path, |step| {
        if step.metadata.is_symlink() {
            // In a sticky folder anybody can make one.
            check_owner(step.path, step.metadata.uid(), trusted)
        } else {
            check(step.path, trusted, step.on_the_way)
        }
    })?;
    // The last part may have been a `..`.
    check(&done, trusted, false)?;
    Ok(done)
}

fn check_owner(path: &Path, uid: u32, trusted: &[u32]) -> Result<()> {
    if way::is_ours(uid) || trusted.contains(&uid) {
        return Ok(());
    }
    Err(Error::refused(format!(
        "{} belongs to another user, uid {uid}, who could exchange the key",
        path.display()
    ))
    .hint("name a folder that is root's with --to"))
}

/// `on_the_way` is for a folder in which only one other is of interest: where it is sticky, nobody can take
/// away what belongs to another.
fn check(folder: &Path, trusted: &[u32], on_the_way: bool) -> Result<()> {
    let metadata = fs::symlink_metadata(folder)?;
    check_owner(folder, metadata.uid(), trusted)?;
    let mode = metadata.mode();
    let by_others = mode & 0o002 != 0 || (mode & 0o020 != 0 && metadata.gid() != 0);
    if by_others && !(on_the_way && mode & 0o1000 != 0) {
        let error = Error::refused(format!(
            "{} has the mode {:04o}: others may write in it, and could exchange the key",
            folder.display(),
            mode & 0o7777
        ));
        return Err(if mode & 0o1000 == 0 {
            error.hint(format!("chmod go-w {}", folder.display()))
        } else {
            error.hint("name a folder that is root's with --to")
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn links_are_followed_to_the_folder_itself() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(root.join("a/b")).unwrap();
        symlink("a/b", root.join("relative")).unwrap();
        symlink(root.join("relative/.."), root.join("up")).unwrap();
        symlink("circle", root.join("circle")).unwrap();
        for (path, real) in [("a/b", "a/b"), ("relative", "a/b"), ("up", "a"), ("up/b/../b", "a/b")]
        {
            assert_eq!(resolve(&root.join(path), &[]).unwrap(), root.join(real), "{path}");
        }
        assert!(resolve(&root.join("circle"), &[]).is_err());
        assert!(resolve(&root.join("missing"), &[]).is_err());
    }

    #[test]
    fn a_folder_that_others_write_in_is_refused_wherever_it_is_on_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(root.join("open/a")).unwrap();
        fs::create_dir_all(root.join("b")).unwrap();
        symlink(root.join("b"), root.join("open/link")).unwrap();
        symlink(root.join("open/link"), root.join("twice")).unwrap();
        let set = |mode| {
            let path = root.join("open");
            fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        for path in ["open/a", "open/link", "twice", "open/../b"] {
            set(0o757);
            assert!(resolve(&root.join(path), &[]).is_err(), "{path}");
            set(0o755);
            assert!(resolve(&root.join(path), &[]).is_ok(), "{path}");
        }
        set(0o1777);
        assert!(resolve(&root.join("open/a"), &[]).is_ok());
        assert!(resolve(&root.join("open"), &[]).is_err());
    }
}
