//! The databases that Sendmail and Postfix make of their maps, with programs of theirs.

use std::ffi::OsString;
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fs_err as fs;

use crate::env::Env;
use crate::error::{Error, Result};
use crate::mail::server::Server;
use crate::pki::printable::printable_bytes;
use crate::store::{atomic, input};

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
pub(super) fn if_needed(server: Server, map: &Path, changed: bool, env: &Env) -> Result<bool> {
    let Some(name) = program(server) else { return Ok(false) };
    if !changed && is_current(map) {
        return Ok(false);
    }
    run(name, map, env)?;
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

/// Makes it under another name and renames it. So there is no moment without a database, whatever ends the
/// program; and Postfix, which sees the age of an open one in whole seconds only, sees that it is gone.
fn run(name: &str, map: &Path, env: &Env) -> Result<()> {
    let found = find(name, env).ok_or_else(|| {
        let shown = map.display();
        Error::refused(format!("{name} is not installed here: no database is made of {shown}"))
            .hint("install the mail server, or make the map on its host")
    })?;
    for kind in DATABASES {
        let path = database(map, kind);
        if path.symlink_metadata().is_ok_and(|there| !there.is_file()) {
            return Err(Error::refused(format!("{} is not a plain file", path.display()))
                .hint("move it away; mailca does not write through links"));
        }
    }
    let mode = fs::metadata(map)?.mode() & 0o777;
    let copy = copy_of(map)?;
    let leftover = Leftover(&copy);
    atomic::remove_if_there(&copy)?;
    atomic::create(&copy, &input::read(map)?, mode)?;
    let mut command = Command::new(&found);
    if name == "makemap" {
        command.arg("hash").arg(&copy).stdin(fs::File::open(&copy)?.into_parts().0);
    } else {
        command.arg(&copy).stdin(Stdio::null());
    }
    let output = command.output().map_err(|error| {
        Error::refused(format!("{} cannot be run", found.display())).caused_by(error)
    })?;
    if !output.status.success() {
        let said = printable_bytes(output.stderr.trim_ascii());
        return Err(Error::refused(format!("{name} failed on {}: {said}", map.display())));
    }
    publish(map, &copy)?;
    drop(leftover);
    Ok(())
}

/// Gives the database of the copy the name of the map's, and the owner and mode of the one whose place it
/// takes.
fn publish(map: &Path, copy: &Path) -> Result<()> {
    for kind in DATABASES {
        let (new, old) = (database(copy, kind), database(map, kind));
        if !new.exists() {
            continue;
        }
        let file = fs::File::open(&new)?;
        if let Ok(there) = fs::symlink_metadata(&old) {
            atomic::take_owner(&file, &old)?;
            file.file().set_permissions(Permissions::from_mode(there.mode() & 0o755 & !0o111))?;
        }
        file.sync_all()?;
        fs::rename(&new, &old)?;
        return atomic::sync_folder(atomic::folder_of(map));
    }
    Err(Error::refused(format!("no database of {} was made", map.display()))
        .hint("default_database_type in main.cf has to be hash, lmdb, cdb or dbm"))
}

/// What goes away in the end, whatever happens.
struct Leftover<'a>(&'a Path);

impl Drop for Leftover<'_> {
    fn drop(&mut self) {
        // What cannot be removed now is written over the next time.
        let _ = atomic::remove_if_there(self.0);
        for kind in DATABASES {
            let _ = atomic::remove_if_there(&database(self.0, kind));
        }
    }
}

/// The name of the copy that the program works on.
fn copy_of(map: &Path) -> Result<PathBuf> {
    let name = map.file_name().ok_or_else(|| Error::bug("a map without a file name"))?;
    let mut hidden = OsString::from(".mailca-build-");
    hidden.push(name);
    Ok(map.with_file_name(hidden))
}

/// The program in PATH, else where administrators have theirs.
fn find(name: &str, env: &Env) -> Option<PathBuf> {
    let path = (env.variable)("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    folders
        .chain(FOLDERS.iter().map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}
