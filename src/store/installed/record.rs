//! install.toml in a certificate folder: where its files were installed, and how the server is told.
//!
//! It holds a command that is run as whoever renews, so nobody else may write it.

use std::fmt::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::store::atomic::{self, Staged};
use crate::store::folder::CertificateFolder;
use crate::store::input;
use crate::store::together::Lock;

/// The name of the file.
pub const FILE: &str = "install.toml";
/// Its mode.
const MODE: u32 = 0o600;
const HEAD: &str =
    "# Where `mailca install` has put these files. `mailca renew` and `mailca crl` do it again.\n";

/// One place.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The server, by its name on the command line.
    pub server: String,
    /// The folder, an absolute path.
    pub to: PathBuf,
    /// Who it belongs to, where that is not the server's usual user.
    pub owner: Option<String>,
    /// Whether key and certificate are in one file.
    #[serde(default)]
    pub combined: bool,
    /// Where the public certificates are, for other users.
    pub public: Option<PathBuf>,
    /// The command that has the server take up new files.
    pub reload: Option<String>,
    /// The server that has to present the new certificate then, as `HOST:PORT`.
    pub check: Option<String>,
    /// Files with revocation lists of CAs that are not here.
    #[serde(default)]
    pub crl: Vec<PathBuf>,
    /// How long each of the two may take, in seconds.
    pub timeout: u64,
    /// Whether an installation began that was not seen to its end.
    #[serde(default)]
    pub unfinished: bool,
    /// Whether one did come to its end: from then on the files there are mailca's.
    #[serde(default)]
    pub done: bool,
}

impl Record {
    /// Whether another one asks for the same, whatever became of it.
    pub fn asks_the_same(&self, other: &Self) -> bool {
        let (unfinished, done) = (self.unfinished, self.done);
        *self == Self { unfinished, done, ..other.clone() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    target: Vec<Record>,
}

/// Reads what is remembered of a certificate folder; nothing where it was never installed.
pub fn load(folder: &CertificateFolder) -> Result<Vec<Record>> {
    let path = folder.path().join(FILE);
    if path.symlink_metadata().is_err() {
        return Ok(Vec::new());
    }
    check_nobody_else_writes(&path)?;
    let content = input::read_plain(&path)?;
    let text = std::str::from_utf8(&content)
        .map_err(|_| Error::refused("it is not UTF-8").at(path.display()))?;
    let file: File = toml::from_str(text).map_err(|error: toml::de::Error| {
        Error::refused(error.message().to_owned())
            .at(path.display())
            .hint("`mailca install` writes it; delete it to have it forgotten")
    })?;
    Ok(file.target)
}

/// Changes what is remembered of a certificate folder. Nobody else does meanwhile.
pub fn update(folder: &CertificateFolder, change: impl FnOnce(&mut Vec<Record>)) -> Result<()> {
    let _lock = Lock::of(folder.path())?;
    let mut records = load(folder)?;
    let before = records.clone();
    change(&mut records);
    if records == before {
        return Ok(());
    }
    // One that others can write would not be read again.
    check_place(folder.path())?;
    save(folder, &records)
}

fn save(folder: &CertificateFolder, records: &[Record]) -> Result<()> {
    let path = folder.path().join(FILE);
    if records.is_empty() {
        atomic::remove_if_there(&path)?;
        return atomic::sync_folder(folder.path());
    }
    let mut text = HEAD.to_owned();
    for record in records {
        text.push_str(&entry(record)?);
    }
    Staged::new(&path, text.as_bytes(), MODE)?.replace()?;
    atomic::sync_folder(folder.path())
}

fn entry(record: &Record) -> Result<String> {
    let Record { server, to, owner, combined, public, reload, check, .. } = record;
    let Record { crl, timeout, unfinished, done, .. } = record;
    let mut text = format!("\n[[target]]\nserver = {}\nto = {}\n", quoted(server)?, quoted(to)?);
    let optional = [
        ("owner", owner.as_ref().map(quoted).transpose()?),
        ("public", public.as_ref().map(quoted).transpose()?),
        ("reload", reload.as_ref().map(quoted).transpose()?),
        ("check", check.as_ref().map(quoted).transpose()?),
        ("crl", if crl.is_empty() { None } else { Some(quoted(crl)?) }),
        ("combined", combined.then(|| "true".to_owned())),
        ("unfinished", unfinished.then(|| "true".to_owned())),
        ("done", done.then(|| "true".to_owned())),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            let _ = writeln!(text, "{key} = {value}");
        }
    }
    let _ = writeln!(text, "timeout = {timeout}");
    Ok(text)
}

/// A string in TOML, which quotes as JSON does.
fn quoted(value: &(impl serde::Serialize + ?Sized)) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Error::refused("a path is not UTF-8").caused_by(error))
}

fn check_nobody_else_writes(path: &Path) -> Result<()> {
    // The folder first: where nobody else writes in it, what is in it stays what it is.
    check_place(atomic::folder_of(path))?;
    check_place(path)
}

fn check_place(place: &Path) -> Result<()> {
    let me = rustix::process::geteuid().as_raw();
    let metadata = fs::metadata(place)?;
    let others = metadata.mode() & 0o022 != 0;
    if others || ![0, me].contains(&metadata.uid()) {
        return Err(Error::refused(format!(
            "{} can be written by others, and {FILE} holds a command to be run",
            place.display()
        ))
        .hint(format!(
            "look what is in it, then: chmod go-w {0} (and chown root {0})",
            place.display()
        )));
    }
    Ok(())
}
