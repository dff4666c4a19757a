//! Unpacking an archive into a CA folder that is built complete under another name, then renamed.
//!
//! Nothing in the archive is trusted: names stay inside, modes are ours, links and devices are refused.

use std::collections::HashSet;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use fs_err as fs;
use time::OffsetDateTime;

use super::{count_rows, is_passing, record_text};
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::pki::serial::Serial;
use crate::store::atomic::{folder_of, sync_folder};
use crate::store::ca::CaFolder;
use crate::store::create::{self, Draft};
use crate::store::doctor::moved;
use crate::store::index::Index;
use crate::store::{input, layout};

/// What a tar archive ends in (POSIX pax, "ustar Interchange Format"): two blocks of zeros.
const END: usize = 1024;

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// The CA's certificate.
    pub certificate: Certificate,
    /// How many files.
    pub files: usize,
    /// Whether the key has a passphrase, and so was not compared with the certificate.
    pub key_is_encrypted: bool,
}

/// More lists than are made between two backups.
const CRL_NUMBER_GAP: u32 = 1 << 16;

/// Restores the CA of an archive at `target`, where nothing may be. openssl goes on with
/// `next_serial`: those that it gave out since the backup are not known. The archive is noted as the last
/// backup, of the day of its file.
pub fn restore(
    archive: &Path,
    target: &Path,
    next_serial: &Serial,
    now: OffsetDateTime,
) -> Result<Restored> {
    create::check_vacant(target)?;
    let metadata = fs::metadata(archive)?;
    if !metadata.is_file() {
        return Err(Error::refused(format!("{} is not a file", archive.display())));
    }
    let mut file = fs::File::open(archive)?;
    check_end(&mut file).map_err(|error| error.at(archive.display()))?;
    let draft = Draft::begin(target)?;
    for folder in layout::CA_FOLDERS {
        create::make_folder(&draft.path().join(folder))?;
    }
    let final_path =
        fs::canonicalize(folder_of(target))?.join(target.file_name().unwrap_or_default());
    let files = unpack(&file, draft.path(), &final_path, next_serial, now)
        .map_err(|error| error.at(archive.display()))?;
    let (certificate, key_is_encrypted) =
        check(draft.path()).map_err(|error| error.at(archive.display()))?;
    let made =
        OffsetDateTime::from_unix_timestamp(metadata.mtime()).map_or(now, |made| made.min(now));
    let rows = count_rows(&Index::of(draft.path()))?;
    let record = record_text(made, rows, &certificate.serial)?;
    let kind = layout::BACKUP_RECORD;
    create::write(&draft.path().join(kind.name), record.as_bytes(), kind.mode)?;
    let kind = layout::RESTORED;
    let note = "This CA was restored from a backup; `mailca doctor --fix` looks for what was revoked since.\n";
    create::write(&draft.path().join(kind.name), note.as_bytes(), kind.mode)?;
    let handle = fs::File::open(draft.path())?;
    // One wait for all files and names, however many there are.
    rustix::fs::syncfs(&handle).map_err(|error| {
        Error::refused("the files cannot be brought to the disk")
            .caused_by(std::io::Error::from(error))
    })?;
    draft.publish(target)?;
    sync_folder(folder_of(target))?;
    Ok(Restored { certificate, files, key_is_encrypted })
}

/// An archive that was cut between two entries looks whole, but for its end.
fn check_end(file: &mut fs::File) -> Result<()> {
    let length = file.metadata()?.len();
    let torn = || Error::refused("it is not a whole tar archive: its end is missing");
    if length < END as u64 || length % 512 != 0 {
        return Err(torn());
    }
    file.seek(SeekFrom::End(-1024))?;
    let mut end = [0; END];
    file.read_exact(&mut end)?;
    file.seek(SeekFrom::Start(0))?;
    if end.iter().any(|byte| *byte != 0) { Err(torn()) } else { Ok(()) }
}

fn unpack(
    file: &fs::File,
    draft: &Path,
    place: &Path,
    next_serial: &Serial,
    now: OffsetDateTime,
) -> Result<usize> {
    let mut archive = tar::Archive::new(std::io::BufReader::with_capacity(1 << 16, file));
    let mut folders: HashSet<PathBuf> = layout::CA_FOLDERS.iter().map(PathBuf::from).collect();
    // The key passes through it. One for all: it takes longer to wipe than to fill.
    let mut buffer = zeroize::Zeroizing::new(vec![0; 1 << 16]);
    let mut files = 0;
    let mut top: Option<PathBuf> = None;
    for entry in archive.entries()? {
        let mut entry = entry.map_err(malformed)?;
        let shown = crate::pki::printable::printable_bytes(&entry.path_bytes());
        let name = harmless(&entry.path().map_err(malformed)?, &mut top)
            .ok_or_else(|| Error::refused(format!("{shown} is no name of a file in a backup")))?;
        match entry.header().entry_type() {
            tar::EntryType::Directory => {
                make_folders(draft, &name, &mut folders)?;
                continue;
            }
            tar::EntryType::Regular | tar::EntryType::Continuous => {}
            _ => {
                return Err(Error::refused(format!(
                    "{shown} is neither a file nor a folder; a backup has no others"
                )));
            }
        }
        let size = entry.size();
        if size > input::LARGEST {
            return Err(Error::refused(format!("{shown} is too large, over 256 MB")));
        }
        if name.as_os_str().is_empty() || is_passing(&name) {
            continue;
        }
        make_folders(draft, folder_of(&name), &mut folders)?;
        let path = draft.join(&name);
        if name == Path::new(layout::OPENSSL_CONFIGURATION.name) {
            let old = input::read_all(&mut entry, size)?;
            let text = moved(&String::from_utf8_lossy(&old), place);
            create::write(&path, text.as_bytes(), mode_of(&name))?;
        } else if name == Path::new(layout::SERIAL.name) {
            create::write(&path, format!("{next_serial}\n").as_bytes(), mode_of(&name))?;
        } else if name == Path::new(layout::CRL_NUMBER.name) {
            let old = input::read_all(&mut entry, size)?;
            create::write(&path, beyond(&old, now).as_bytes(), mode_of(&name))?;
        } else {
            copy(&mut entry, &path, size, mode_of(&name), &mut buffer)?;
        }
        files += 1;
    }
    Ok(files)
}

/// The number of the next CRL, beyond those that were made since the backup and are not known: a number
/// that is used twice makes clients keep the older list. It is the time in milliseconds: no lists are made faster, and
/// whoever restores the same backup again comes beyond what was made in between.
fn beyond(crl_number: &[u8], now: OffsetDateTime) -> String {
    let text = std::str::from_utf8(crl_number).unwrap_or_default().trim();
    match Serial::parse(text) {
        Ok(number) => {
            let time = now.unix_timestamp_nanos().max(0) / 1_000_000;
            let next = number.plus(CRL_NUMBER_GAP);
            let time = Serial::parse(&format!("{time:016X}")).unwrap_or_else(|_| next.clone());
            format!("{}\n", time.max(next))
        }
        // `doctor` writes it anew.
        Err(_) => format!("{text}\n"),
    }
}

fn copy(entry: &mut impl Read, path: &Path, size: u64, mode: u32, buffer: &mut [u8]) -> Result<()> {
    let mut out = create::new_file(path, mode)?;
    let mut written = 0;
    loop {
        let count = entry.read(buffer).map_err(malformed)?;
        if count == 0 {
            break;
        }
        out.write_all(&buffer[..count])?;
        written += count as u64;
    }
    if written == size {
        return Ok(());
    }
    Err(Error::refused("it is not a whole tar archive: a file in it is cut off"))
}

fn malformed(error: std::io::Error) -> Error {
    let kind = error.kind();
    let error = Error::refused("it is not a sound tar archive").caused_by(error);
    if kind == ErrorKind::Other || kind == ErrorKind::InvalidData {
        error.hint("name the file that `mailca backup` wrote, unpacked if it was compressed")
    } else {
        error
    }
}

/// The name inside the one folder of the archive.
fn harmless(path: &Path, top: &mut Option<PathBuf>) -> Option<PathBuf> {
    let mut parts = path.components().filter(|part| *part != Component::CurDir);
    let Component::Normal(first) = parts.next()? else { return None };
    let top = top.get_or_insert_with(|| PathBuf::from(first));
    if top.as_os_str() != first {
        return None;
    }
    let mut name = PathBuf::new();
    for part in parts {
        let Component::Normal(part) = part else { return None };
        if part.to_string_lossy().contains(|c: char| c.is_control()) {
            return None;
        }
        name.push(part);
    }
    (name.components().count() <= 8).then_some(name)
}

fn make_folders(draft: &Path, name: &Path, known: &mut HashSet<PathBuf>) -> Result<()> {
    let mut path = PathBuf::new();
    for part in name.components().filter(|part| *part != Component::CurDir) {
        path.push(part);
        if known.insert(path.clone()) {
            create::make_folder(&draft.join(&path))?;
        }
    }
    Ok(())
}

/// The mode of a file, whatever the archive says.
fn mode_of(name: &Path) -> u32 {
    const KNOWN: [layout::FileKind; 9] = [
        layout::CA_CERTIFICATE,
        layout::CA_REQUEST,
        layout::INDEX,
        layout::INDEX_ATTRIBUTES,
        layout::SERIAL,
        layout::CRL_NUMBER,
        layout::CRL,
        layout::OPENSSL_CONFIGURATION,
        layout::CONFIGURATION,
    ];
    if let Some(kind) = KNOWN.iter().find(|kind| Path::new(kind.name) == name) {
        return kind.mode;
    }
    let below = |folder: &str| name.starts_with(folder);
    if below("private") || name.to_string_lossy().contains("key") {
        layout::SECRET_MODE
    } else if below(layout::NEW_CERTIFICATES) || below(layout::PENDING) {
        layout::NEW_CERTIFICATE_MODE
    } else {
        layout::RECORD_MODE
    }
}

/// It is a CA, and its key is the certificate's as far as that can be told.
fn check(draft: &Path) -> Result<(Certificate, bool)> {
    let has = |kind: layout::FileKind| draft.join(kind.name).is_file();
    if !has(layout::CA_CERTIFICATE) || !has(layout::CA_KEY) {
        return Err(Error::refused(
            "it is no backup of a CA: cacert.pem or private/cakey.pem is not in it",
        ));
    }
    let read = Certificate::from_file_content(&input::read_plain(
        &draft.join(layout::CA_CERTIFICATE.name),
    )?)
    .map_err(|error| error.at(layout::CA_CERTIFICATE.name))?;
    let certificate =
        read.into_iter().next().ok_or_else(|| Error::refused("cacert.pem is empty"))?;
    let content = input::read_plain(&draft.join(layout::CA_KEY.name))?;
    let mut is_encrypted = crate::pki::pem::has_legacy_encryption(&content);
    if is_encrypted {
        return Ok((certificate, true));
    }
    let key = PrivateKey::from_file_content(&content, || {
        is_encrypted = true;
        Err(Error::refused("it is encrypted"))
    });
    match key {
        _ if is_encrypted => Ok((certificate, true)),
        Err(error) => Err(error.at(layout::CA_KEY.name)),
        Ok(key) if key.public_key() != certificate.public_key => {
            Err(Error::refused("private/cakey.pem in it is not the key of cacert.pem"))
        }
        Ok(_) => {
            // Opened once as every command opens it.
            CaFolder::open(draft)?;
            Ok((certificate, false))
        }
    }
}
