//! The file that a map is kept in.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use fs_err as fs;
use zeroize::Zeroizing;

use crate::cli::Global;
use crate::commands::check_guarded;
use crate::error::{Error, Result};
use crate::mail::access_map::MARK;
use crate::mail::server::Server;
use crate::store::atomic::{self, Staged};
use crate::store::ca::CaFolder;
use crate::store::folder::Existing;
use crate::store::{input, layout, lock};

/// The mode of a new map. It holds names and fingerprints; some servers read it as a user of their own, and
/// none takes one that others may write. Later it keeps the mode and the owner that it was given.
const MODE: u32 = 0o644;

/// Where a server's map usually is.
pub(super) fn usual_place(server: Server) -> &'static str {
    match server {
        Server::Sendmail => "/etc/mail/mailca.access",
        Server::Postfix => "/etc/postfix/relay_clientcerts",
        Server::Exim => "/etc/exim4/relay_clientcerts",
        Server::Dovecot => "/etc/dovecot/cert-users",
        Server::Opensmtpd => "/etc/opensmtpd",
    }
}

/// The exclusive right to write the maps of a CA. Whoever has it reads the index under it, so that an older
/// map never takes the place of a newer one. Nobody who holds it waits for the CA's own lock.
pub(super) fn lock(ca: &CaFolder) -> Result<fs::File> {
    let path = ca.path().join(layout::ACCESS_MAP_LOCK.name);
    let file = lock::open(&path, layout::ACCESS_MAP_LOCK.mode)?;
    lock::exclusive(&file, &path)?;
    Ok(file)
}

/// What was done to a file.
pub(super) struct Written {
    /// Whether there is another text in it now.
    pub(super) changed: bool,
    /// Where the former one is, if it was somebody else's.
    pub(super) kept: Option<PathBuf>,
}

/// Refuses where a map cannot be put into a file, or would take the place of something else: only a map of
/// mailca's for the same server gives way to another one. What is there now.
pub(super) fn check(
    path: &Path,
    server: Server,
    existing: &Existing,
    global: &Global,
) -> Result<Now> {
    check_guarded(path, global)?;
    if server == Server::Postfix && path.to_string_lossy().contains(':') {
        return Err(Error::usage(format!(
            "Postfix takes what is before the colon in {} for a type of database",
            path.display()
        ))
        .hint("name a file without a colon"));
    }
    let metadata = fs::symlink_metadata(path).ok();
    if metadata.as_ref().is_some_and(|there| !there.is_file()) {
        return Err(Error::refused(format!("{} is not a plain file", path.display()))
            .hint("name the file itself: a map takes the place of no link and no device"));
    }
    atomic::check_writable(atomic::folder_of(path))?;
    let content = input::read_if_there(path)?;
    let mark = format!("{MARK} for {}.", server.title());
    let is_ours =
        content.as_ref().is_none_or(|now| now.is_empty() || now.starts_with(mark.as_bytes()));
    if !is_ours && matches!(existing, Existing::Refuse) {
        return Err(Error::refused(format!(
            "{} is there, and is not an access map that mailca wrote for {}",
            path.display(),
            server.title()
        ))
        .hint("name another file: what somebody wrote by hand is not written over")
        .hint("--force keeps it aside and writes the new one"));
    }
    Ok(Now { metadata, content, is_ours })
}

/// What is in the place of a map.
pub(super) struct Now {
    metadata: Option<std::fs::Metadata>,
    content: Option<Zeroizing<Vec<u8>>>,
    is_ours: bool,
}

/// Puts a map into its file, unless it is there already.
pub(super) fn put(
    path: &Path,
    text: &str,
    server: Server,
    existing: &Existing,
    global: &Global,
) -> Result<Written> {
    let now = check(path, server, existing, global)?;
    if now.content.is_some_and(|content| **content == *text.as_bytes()) {
        return Ok(Written { changed: false, kept: None });
    }
    let kept = match existing {
        Existing::KeepAside(stamp) if !now.is_ours => Some(atomic::keep_aside(path, stamp)?),
        _ => None,
    };
    let mode = now.metadata.as_ref().map_or(MODE, |there| there.mode() & 0o777);
    let staged = Staged::new(path, text.as_bytes(), mode)?;
    if now.metadata.is_some() {
        staged.take_owner(path)?;
    }
    staged.replace()?;
    atomic::sync_folder(atomic::folder_of(path))?;
    Ok(Written { changed: true, kept })
}
