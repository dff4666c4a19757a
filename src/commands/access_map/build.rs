//! The databases that Sendmail and Postfix make of their maps, with programs of theirs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fs_err as fs;

use crate::error::{Error, Result};
use crate::mail::server::Server;
use crate::pki::printable::printable_bytes;

/// Where programs of administrators are, besides PATH: cron's and an ordinary user's lack them.
const FOLDERS: [&str; 4] = ["/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/libexec/sendmail"];
/// What Postfix may call a database, by its type.
const DATABASES: [&str; 4] = ["db", "lmdb", "cdb", "dbm"];

/// The program that makes a database of a server's map, where it wants one.
pub(super) fn program(server: Server) -> Option<&'static str> {
    match server {
        Server::Sendmail => Some("makemap"),
        Server::Postfix => Some("postmap"),
        Server::Exim | Server::Dovecot | Server::Opensmtpd => None,
    }
}

/// Makes the database where the map has changed, or is newer than it. Whether it was made.
pub(super) fn if_needed(server: Server, map: &Path, changed: bool) -> Result<bool> {
    let Some(name) = program(server) else { return Ok(false) };
    if !changed && is_current(map) {
        return Ok(false);
    }
    run(name, map)?;
    Ok(true)
}

/// Whether there is a database that is newer than its map. One of a run that was struck is not.
pub(super) fn is_current(map: &Path) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|it| it.modified()).ok();
    let Some(written) = time(map) else { return false };
    DATABASES.iter().any(|kind| time(&database(map, kind)).is_some_and(|made| made > written))
}

fn database(map: &Path, kind: &str) -> PathBuf {
    let mut name = map.as_os_str().to_owned();
    name.push(".");
    name.push(kind);
    PathBuf::from(name)
}

fn run(name: &str, map: &Path) -> Result<()> {
    let found = find(name).ok_or_else(|| {
        Error::refused(format!(
            "{name} is not installed here: no database is made of {}",
            map.display()
        ))
        .hint("install the mail server, or make the map on its host")
    })?;
    let mut command = Command::new(&found);
    if name == "makemap" {
        command.arg("hash").arg(map).stdin(fs::File::open(map)?.into_parts().0);
    } else {
        command.arg(map).stdin(Stdio::null());
    }
    let output = command.output().map_err(|error| {
        Error::refused(format!("{} cannot be run", found.display())).caused_by(error)
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = printable_bytes(output.stderr.trim_ascii());
    Err(Error::refused(format!("{name} failed on {}: {said}", map.display())))
}

/// The program in PATH, else where administrators have theirs.
fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    folders
        .chain(FOLDERS.iter().map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}
