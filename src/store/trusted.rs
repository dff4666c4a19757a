//! Reading what decides what is written or run, as the templates of an administrator: only where nobody else could have
//! put it there.
//!
//! Another user's link would have root copy a key into what everybody reads, and another user's text may end in a
//! script that root runs. So the folder, the file, and every folder and link on the way to them belong to root or to
//! whoever runs this, and nobody else may write there. A sticky folder on the way, as /tmp, is no harm: nobody can take
//! away there what belongs to another.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt;
use rustix::fs::OFlags;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::store::{input, way};

/// Reads a file of a folder, where there is one; what is `wanted` there is for the errors.
pub fn read_if_there(
    folder: &Path,
    name: &str,
    wanted: &str,
) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let folder = std::path::absolute(folder)?;
    let look = |step: &way::Step<'_>| check(step.path, step.metadata, step.on_the_way, wanted);
    let folder = way::walk(&folder, look)?;
    // It may be where a link leads to, or the last part was a `..`.
    check(&folder, &fs::symlink_metadata(&folder)?, false, wanted)?;
    let path = folder.join(name);
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let path = way::walk_to_file(&path, look)?;
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let not_plain = || Error::refused(format!("{} is not a plain file", path.display()));
    if !fs::symlink_metadata(&path)?.is_file() {
        return Err(not_plain());
    }
    let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(&path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(not_plain());
    }
    check(&path, &metadata, false, wanted)?;
    let content = input::read_all(file, metadata.len());
    content.map(Some).map_err(|error| error.at(path.display()))
}

fn check(path: &Path, metadata: &std::fs::Metadata, on_the_way: bool, wanted: &str) -> Result<()> {
    let (uid, mode, shown) = (metadata.uid(), metadata.mode(), path.display());
    let elsewhere =
        format!("have the {wanted} in a folder of your own, where nobody else may write");
    if !way::is_ours(uid) {
        let (is, hint) = if metadata.is_symlink() {
            let hint = "name what is meant itself, or make the link yourself in its place";
            ("is a symbolic link of", hint.to_owned())
        } else if metadata.is_file() {
            let command = format!("chown {} {shown} && chmod go-w {shown}", way::me());
            ("belongs to", format!("look what is in it, then: {command}"))
        } else {
            ("belongs to", elsewhere)
        };
        return Err(Error::refused(format!(
            "{shown} {is} another user, uid {uid}, who would decide what is in the {wanted}"
        ))
        .hint(hint));
    }
    let is_sticky = metadata.is_dir() && mode & 0o1000 != 0;
    if metadata.is_symlink() || !way::others_may_write(metadata) || (is_sticky && on_the_way) {
        return Ok(());
    }
    let hint = if is_sticky || on_the_way {
        elsewhere
    } else {
        format!("look what is in it, then: chmod go-w {shown}")
    };
    Err(Error::refused(format!(
        "{shown}, of uid {uid}, has the mode {:04o}: another user may write it, who would decide what is in the \
         {wanted}",
        mode & 0o7777
    ))
    .hint(hint))
}
