//! The CA's folder as one archive, and the way back.
//!
//! The archive is a plain tar file with one folder in it, so that every other program can read it too.
//! It holds the CA's key: its mode is 0400 from the first moment.

mod restore;

use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use fs_err as fs;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::{Error, Result};
use crate::pki::serial::Serial;
use crate::store::atomic::{self, Staged, sync_folder};
use crate::store::ca::CaFolder;
use crate::store::folder::Existing;
use crate::store::index::Index;
use crate::store::{input, layout};

pub use restore::{Restored, restore};

/// What is in an archive that was written.
#[derive(Debug)]
pub struct Archive {
    /// How many files.
    pub files: usize,
    /// How many bytes they have together.
    pub bytes: u64,
    /// How many rows index.txt has.
    pub rows: usize,
    /// What is no plain file, and was left out.
    pub left_out: Vec<PathBuf>,
    /// Where an older archive was kept.
    pub kept: Option<PathBuf>,
}

/// When the last backup was made, and of how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When.
    pub time: OffsetDateTime,
    /// How many rows index.txt had.
    pub rows: usize,
    /// The serial number of the CA's certificate.
    pub ca: Serial,
}

/// Reads the record of the last backup of the CA in `folder`; `None` where none was made, or the record
/// cannot be read.
pub fn record(folder: &Path) -> Option<Record> {
    let content = input::read_if_there(&folder.join(layout::BACKUP_RECORD.name)).ok()??;
    let text = std::str::from_utf8(&content).ok()?;
    let mut words = text.split_whitespace();
    let time = OffsetDateTime::parse(words.next()?, &Rfc3339).ok()?;
    let rows = words.next()?.parse().ok()?;
    let ca = Serial::parse(words.next()?).ok()?;
    Some(Record { time, rows, ca })
}

/// Writes the archive, under the CA's lock, and then the record of it.
pub fn write(
    ca: &CaFolder,
    file: &Path,
    existing: &Existing,
    now: OffsetDateTime,
) -> Result<Archive> {
    let _lock = ca.lock()?;
    let mut archive = Archive { files: 0, bytes: 0, rows: 0, left_out: Vec::new(), kept: None };
    let mut names = Vec::new();
    collect(ca.path(), Path::new(""), &mut names, &mut archive.left_out)?;
    for needed in [layout::CA_CERTIFICATE, layout::CA_KEY] {
        if !names.iter().any(|name| name == Path::new(needed.name)) {
            return Err(Error::refused(format!(
                "{} is not a plain file there: a backup without it would be none",
                ca.path().join(needed.name).display()
            )));
        }
    }
    // What was issued and revoked is as needed as the key; a link would be left out.
    for needed in [layout::INDEX.name, layout::NEW_CERTIFICATES] {
        let path = ca.path().join(needed);
        if path.symlink_metadata().is_ok_and(|there| there.is_symlink()) {
            return Err(Error::refused(format!(
                "{} is a symbolic link: a backup would not hold what it leads to",
                path.display()
            ))
            .hint("put what it leads to in its place"));
        }
    }
    let mut staged = Staged::open(file, layout::SECRET_MODE)?;
    let written = pack(ca, &names, &mut staged)?;
    staged.sync()?;
    check(ca, staged.read_back()?, &written)?;
    archive.rows = count_rows(&Index::of(ca.path()))?;
    archive.files = written.len();
    archive.bytes = written.iter().map(|(_, size)| size).sum();
    if matches!(existing, Existing::Refuse) && file.symlink_metadata().is_ok() {
        // A run that was killed before the record was written.
        if !is_same(file, staged.read_back()?)? {
            return Err(atomic::already_there(file)
                .hint("name another file, for example with the date in it")
                .hint("--force keeps the old one beside it and writes the new one"));
        }
    } else {
        archive.kept = existing.put(staged, file)?;
    }
    sync_folder(atomic::folder_of(file))?;
    write_record(ca, &archive, now)?;
    Ok(archive)
}

fn write_record(ca: &CaFolder, archive: &Archive, now: OffsetDateTime) -> Result<()> {
    let text = record_text(now, archive.rows, &ca.certificate().serial)?;
    let path = ca.path().join(layout::BACKUP_RECORD.name);
    Staged::new(&path, text.as_bytes(), layout::BACKUP_RECORD.mode)?.replace()?;
    sync_folder(ca.path())
}

fn record_text(time: OffsetDateTime, rows: usize, ca: &Serial) -> Result<String> {
    let time = time.format(&Rfc3339).map_err(|error| Error::bug("no date").caused_by(error))?;
    Ok(format!("{time} {rows} {ca}\n"))
}

fn count_rows(index: &Index) -> Result<usize> {
    let mut rows = 0;
    index.rows(|_| {
        rows += 1;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(rows)
}

/// The plain files under the folder, in their order; folders themselves are made anew from their names.
fn collect(
    base: &Path,
    under: &Path,
    names: &mut Vec<PathBuf>,
    left_out: &mut Vec<PathBuf>,
) -> Result<()> {
    let mut entries: Vec<_> = fs::read_dir(base.join(under))?.collect::<std::io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = under.join(entry.file_name());
        let kind = entry.file_type()?;
        if is_passing(&name) {
            continue;
        }
        if kind.is_dir() {
            collect(base, &name, names, left_out)?;
        } else if kind.is_file() {
            names.push(name);
        } else {
            left_out.push(name);
        }
    }
    Ok(())
}

/// What belongs to a running process, or to this very folder.
fn is_passing(name: &Path) -> bool {
    let text = name.to_string_lossy();
    let last = name.file_name().unwrap_or_default().to_string_lossy();
    let passing = [
        layout::LOCK,
        layout::ACCESS_MAP_LOCK,
        layout::LIST_LOCK,
        layout::BACKUP_RECORD,
        layout::RESTORED,
    ];
    let staged = text.strip_prefix(layout::PENDING).and_then(|rest| rest.strip_prefix("/tmp"));
    passing.iter().any(|kind| kind.name == text)
        || staged.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        || (last.starts_with('.')
            && (last.ends_with(".mailca-tmp") || last.starts_with(".mailca-")))
}

/// Writes the entries one after the other, and returns their names and sizes.
fn pack(ca: &CaFolder, names: &[PathBuf], staged: &mut Staged) -> Result<Vec<(PathBuf, u64)>> {
    let canonical = fs::canonicalize(ca.path())?;
    let top = PathBuf::from(canonical.file_name().unwrap_or("demoCA".as_ref()));
    let failed = |error: std::io::Error| Error::refused("the archive").caused_by(error);
    let mut builder = tar::Builder::new(std::io::BufWriter::with_capacity(1 << 16, Out(staged)));
    let mut written = Vec::with_capacity(names.len());
    for name in names {
        let path = ca.path().join(name);
        let file = fs::File::open(&path)?;
        let metadata = file.metadata()?;
        let size = metadata.len();
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(size);
        header.set_mode(metadata.mode() & 0o777);
        header.set_mtime(u64::try_from(metadata.mtime()).unwrap_or_default());
        header.set_uid(0);
        header.set_gid(0);
        let entry = top.join(name);
        let mut content = Exactly { left: size, file: &file };
        builder.append_data(&mut header, &entry, &mut content).map_err(failed)?;
        written.push((entry, size));
    }
    let out = builder.into_inner().map_err(failed)?;
    out.into_inner().map_err(|error| failed(error.into_error()))?;
    Ok(written)
}

/// Reads the archive again: the entries that were written are there, and the key is the key.
fn check(ca: &CaFolder, file: fs::File, written: &[(PathBuf, u64)]) -> Result<()> {
    let wrong = || Error::refused("the archive, read back, is not what was written");
    let mut archive = tar::Archive::new(std::io::BufReader::with_capacity(1 << 16, file));
    let key = input::read_plain(&ca.path().join(layout::CA_KEY.name))?;
    let mut expected = written.iter();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let (name, size) = expected.next().ok_or_else(wrong)?;
        if *entry.path()? != **name || entry.size() != *size {
            return Err(wrong());
        }
        if name.ends_with(layout::CA_KEY.name) {
            let read = input::read_all(&mut entry, *size)?;
            if *read != *key {
                return Err(wrong());
            }
        }
    }
    if expected.next().is_some() { Err(wrong()) } else { Ok(()) }
}

/// Whether a file that is there is private, and has the same bytes.
fn is_same(there: &Path, mut new: fs::File) -> Result<bool> {
    let metadata = fs::symlink_metadata(there)?;
    if !metadata.is_file()
        || metadata.mode() & 0o077 != 0
        || metadata.len() != new.metadata()?.len()
    {
        return Ok(false);
    }
    let mut old = fs::File::open(there)?;
    let mut buffers = zeroize::Zeroizing::new([[0; 8192]; 2]);
    loop {
        let [one, other] = &mut *buffers;
        let count = old.read(one)?;
        if count == 0 {
            return Ok(true);
        }
        new.read_exact(&mut other[..count])?;
        if one[..count] != other[..count] {
            return Ok(false);
        }
    }
}

struct Out<'a>(&'a mut Staged);

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A file of which exactly so much is read: a header with its size stands before it already.
struct Exactly<'a> {
    left: u64,
    file: &'a fs::File,
}

impl Read for Exactly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.file.read(&mut buffer[..most])?;
        if count == 0 && self.left > 0 && most > 0 {
            let what = format!("{} became shorter meanwhile", self.file.path().display());
            return Err(std::io::Error::other(what));
        }
        self.left -= count as u64;
        Ok(count)
    }
}
