//! A kit as one zip file: stored, in a fixed order, below one folder.

use std::io::{Cursor, Read, Write};

use time::OffsetDateTime;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::File;
use crate::error::{Error, Result};

/// More than any file of a kit, in bytes.
const LARGEST: u64 = 1 << 20;

/// The archive. Nothing is compressed: keys and certificates cannot be, and what is stored can be found.
///
/// Unpacked, the files belong to whoever got the kit, who may delete them.
pub fn write(folder: &str, files: &[File], at: OffsetDateTime) -> Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(moment(at)?);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.add_directory(folder, options.unix_permissions(0o700)).map_err(failed)?;
    for file in files {
        let name = format!("{folder}/{}", file.name);
        archive.start_file(name, options.unix_permissions(0o600)).map_err(failed)?;
        archive.write_all(&file.content)?;
    }
    Ok(archive.finish().map_err(failed)?.into_inner())
}

/// A file in such an archive; `None` where it is none, or has no such file.
pub fn read(archive: &[u8], folder: &str, name: &str) -> Option<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).ok()?;
    let file = archive.by_name(&format!("{folder}/{name}")).ok()?;
    let mut content = Vec::new();
    file.take(LARGEST).read_to_end(&mut content).ok()?;
    Some(content)
}

/// In the format's own terms: from 1980 to 2107, in steps of two seconds.
fn moment(at: OffsetDateTime) -> Result<DateTime> {
    let year = u16::try_from(at.year()).unwrap_or_default();
    DateTime::from_date_and_time(
        year,
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
    )
    .map_err(|error| Error::refused("a zip file cannot have today's date").caused_by(error))
}

fn failed(error: zip::result::ZipError) -> Error {
    Error::bug("a zip file cannot be written").caused_by(error)
}
