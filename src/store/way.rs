//! The way to a folder, looked at step by step before something is written there: nobody else decides where it leads.
//!
//! The rule for every place that is written into: a symbolic link on the way is root's or that of whoever runs this.
//! Their own links are an administrator's own business (/etc/mail -> /srv/mail); another user's would have root write
//! where that user likes. For keys, passwords and certificate folders a folder must be theirs too where it is in a
//! folder in which everybody may write, as /tmp: anybody may have put it there. Elsewhere only root and the owner of
//! the folder above can have put it there, and root may work in a user's home as in a user's CA. What is public, as a
//! revocation list, may go into anybody's folder: its owner can only exchange what is everybody's to read.
//!
//! Limits: the way is looked at before it is gone. Where everybody may write and the folder is not sticky, it can be
//! changed in between.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use fs_err as fs;

use crate::error::{Error, Result};

/// As many links as Linux follows.
const MOST_LINKS: u32 = 40;

/// One part of a way, as it is met.
pub(super) struct Step<'a> {
    /// Where it is, without links.
    pub(super) path: &'a Path,
    /// What it is: a link or a folder, or the file at the end.
    pub(super) metadata: &'a std::fs::Metadata,
    /// Whether another part comes after it.
    pub(super) on_the_way: bool,
}

/// Follows an absolute path to the folder that it leads to, without links, and shows every link and folder on the
/// way to `look`, but for the root itself.
pub(super) fn walk(path: &Path, look: impl FnMut(&Step<'_>) -> Result<()>) -> Result<PathBuf> {
    walk_to(path, false, look)
}

/// The same to what need be no folder at the end. Nothing is opened.
pub(super) fn walk_to_file(
    path: &Path,
    look: impl FnMut(&Step<'_>) -> Result<()>,
) -> Result<PathBuf> {
    walk_to(path, true, look)
}

fn walk_to(
    path: &Path,
    is_file: bool,
    mut look: impl FnMut(&Step<'_>) -> Result<()>,
) -> Result<PathBuf> {
    let mut done = PathBuf::from("/");
    let mut rest = Vec::new();
    push(&mut rest, path);
    let mut links = 0;
    while let Some(part) = rest.pop() {
        if part == ".." {
            done.pop();
            continue;
        }
        let next = done.join(&part);
        let metadata = fs::symlink_metadata(&next)?;
        let is_end = !metadata.is_symlink() && !metadata.is_dir();
        if is_end && !(is_file && rest.is_empty()) {
            return Err(Error::refused(format!("{} is not a folder", next.display())));
        }
        look(&Step { path: &next, metadata: &metadata, on_the_way: !rest.is_empty() })?;
        if is_end {
            return Ok(next);
        }
        if metadata.is_dir() {
            done = next;
            continue;
        }
        links += 1;
        if links > MOST_LINKS {
            return Err(Error::refused(format!("{} leads in a circle", path.display())));
        }
        let target = fs::read_link(&next)?;
        if target.is_absolute() {
            done = PathBuf::from("/");
        }
        push(&mut rest, &target);
    }
    Ok(done)
}

/// The parts of a path, the first on top.
fn push(rest: &mut Vec<OsString>, path: &Path) {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    });
    rest.extend(parts.collect::<Vec<_>>().into_iter().rev());
}

/// Refuses a folder for what only its owner shall have or change: others do not decide where the way leads.
pub fn check(folder: &Path) -> Result<()> {
    check_with(folder, true)
}

/// The same for what everybody may read: only the links count.
pub fn check_links(folder: &Path) -> Result<()> {
    check_with(folder, false)
}

fn check_with(folder: &Path, is_private: bool) -> Result<()> {
    // Where the current folder is gone, nothing can be written in it either.
    let here = if folder.is_absolute() {
        PathBuf::new()
    } else {
        std::env::current_dir().unwrap_or_default()
    };
    let mut fault = None;
    let way = here.join(folder);
    let walked = walk(&way, |step| {
        let uid = step.metadata.uid();
        if is_ours(uid) {
            return Ok(());
        }
        let shown = step.path.strip_prefix(&here).unwrap_or(step.path);
        let shown = if shown.as_os_str().is_empty() { step.path } else { shown }.display();
        if step.metadata.is_symlink() {
            fault = Some(
                Error::refused(format!(
                    "{shown} is a symbolic link of another user, uid {uid}, who decides where it leads"
                ))
                .hint("name the folder that is meant, or make the link yourself in its place"),
            );
        } else if is_private && is_open_to_all(step.path.parent())? {
            fault = Some(
                Error::refused(format!(
                    "{shown} belongs to another user, uid {uid}, in a folder where everybody may write"
                ))
                .hint("name a folder of your own, or work as that user"),
            );
        }
        if fault.is_some() { Err(Error::refused("")) } else { Ok(()) }
    });
    match (fault, walked) {
        (Some(fault), _) => Err(fault),
        // Who may not look there writes nothing there but by way of the current folder, in which they are already.
        (None, Err(_))
            if fs::canonicalize(&way)
                .is_err_and(|error| error.kind() == ErrorKind::PermissionDenied) =>
        {
            Ok(())
        }
        (None, walked) => walked.map(|_| ()),
    }
}

/// Refuses to read a file through another user's link that leads out of `folder`: whose key is read there would
/// sign for that user. One that stays in the folder is what a change that was interrupted leaves there.
///
/// Limits: it is looked at before it is read. A link to nothing, or to where nobody may look, is let through: nothing
/// is read there.
pub fn check_read(path: &Path, folder: &Path) -> Result<()> {
    let Ok(there) = path.symlink_metadata() else { return Ok(()) };
    if !there.is_symlink() || is_ours(there.uid()) {
        return Ok(());
    }
    let (Ok(target), Ok(folder)) = (path.canonicalize(), folder.canonicalize()) else {
        return Ok(());
    };
    if target.starts_with(folder) {
        return Ok(());
    }
    Err(Error::refused(format!(
        "{} is a symbolic link of another user, uid {}, who decides where it leads",
        path.display(),
        there.uid()
    ))
    .hint("work as that user, or put the file itself there"))
}

/// Whether somebody is root or whoever runs this.
pub(super) fn is_ours(uid: u32) -> bool {
    uid == 0 || uid == rustix::process::geteuid().as_raw()
}

/// Whether somebody else may write. A group of one's own, which many systems give everybody, is nobody else, but for
/// root.
pub(super) fn others_may_write(metadata: &std::fs::Metadata) -> bool {
    let own_group = !rustix::process::geteuid().is_root()
        && metadata.gid() == rustix::process::getegid().as_raw();
    metadata.mode() & if own_group { 0o002 } else { 0o022 } != 0
}

/// For `chown`: the one who runs this.
pub(super) fn me() -> String {
    let me = rustix::process::geteuid();
    if me.is_root() { "root".to_owned() } else { me.as_raw().to_string() }
}

fn is_open_to_all(folder: Option<&Path>) -> Result<bool> {
    let folder = folder.unwrap_or(Path::new("/"));
    Ok(fs::symlink_metadata(folder)?.mode() & 0o002 != 0)
}
