//! `index.txt`, the database of `openssl ca`: one line a certificate, six fields between tabs.
//!
//! Status (V, R, E, S), the last moment of validity, when and why it was revoked, the serial in
//! hexadecimal, `unknown`, and the subject on one line.

use fs_err::os::unix::fs::OpenOptionsExt;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::printable::printable;
use crate::pki::serial::Serial;
use crate::store::layout;

/// The index of a CA folder.
#[derive(Debug)]
pub struct Index {
    path: PathBuf,
    torn: PathBuf,
}

impl Index {
    /// The index of the CA in `folder`.
    pub fn of(folder: &Path) -> Self {
        Self { path: folder.join(layout::INDEX.name), torn: folder.join(layout::TORN_INDEX.name) }
    }

    /// Appends the line of a valid certificate and makes it durable. The caller holds the lock.
    ///
    /// `say` is told what was mended on the way.
    pub fn append(&self, certificate: &Certificate, say: &mut dyn FnMut(String)) -> Result<()> {
        let line = line(certificate)?;
        // openssl may replace the file while we write; then the line is written to the new one.
        for _ in 0..5 {
            let mut file = self.open_to_append()?;
            self.mend_end(&mut file, &certificate.serial, say)?;
            file.write_all(line.as_bytes())?;
            file.sync_data()?;
            let written = file.metadata()?.ino();
            match fs::metadata(&self.path) {
                Ok(current) if current.ino() == written => return Ok(()),
                _ => {
                    if self.contains(&certificate.serial)? {
                        return Ok(());
                    }
                }
            }
        }
        Err(Error::refused(format!(
            "{} is being replaced again and again by another program",
            self.path.display()
        ))
        .hint("let `openssl ca` end, then run the command again"))
    }

    /// Whether a line with this serial is there. Reads the whole file.
    pub fn contains(&self, serial: &Serial) -> Result<bool> {
        Ok(self.find(serial)?.is_some())
    }

    /// When the certificate with this serial was revoked, and why: the third field of its line, for
    /// a person. Reads the whole file.
    pub fn revocation(&self, serial: &Serial) -> Result<Option<String>> {
        let line = self.find(serial)?.filter(|line| line.first() == Some(&b'R'));
        Ok(line.map(|line| {
            let field = line.split(|byte| *byte == b'\t').nth(2).unwrap_or_default();
            revocation_words(&String::from_utf8_lossy(field))
        }))
    }

    /// The line with this serial; none where there is no index.
    fn find(&self, serial: &Serial) -> Result<Option<Vec<u8>>> {
        let file = match fs::File::open(&self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let mut line = Vec::new();
        loop {
            line.clear();
            reader.read_until(b'\n', &mut line)?;
            if line.last() != Some(&b'\n') {
                return Ok(None);
            }
            if serial_of(&line).is_some_and(|found| found == *serial) {
                return Ok(Some(line));
            }
        }
    }

    /// openssl renames index.txt away before it renames the new one into its place.
    fn open_to_append(&self) -> Result<fs::File> {
        let mut attempts = 0;
        loop {
            let opened = fs::OpenOptions::new()
                .read(true)
                .append(true)
                .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
                .open(&self.path);
            match opened {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && attempts < 20 => {
                    attempts += 1;
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    return Err(Error::refused(format!("{} is missing", self.path.display()))
                        .hint("restore it from a backup, or from index.txt.old beside it"));
                }
                other => return Ok(other?),
            }
        }
    }

    /// Sees that the file ends in a newline. A last line without one was torn by a crash, or typed
    /// by somebody: a whole row gets its newline, except the row that is about to be written; any
    /// other is taken off and kept in index.txt.torn.
    fn mend_end(
        &self,
        file: &mut fs::File,
        about_to_write: &Serial,
        say: &mut dyn FnMut(String),
    ) -> Result<()> {
        let length = file.metadata()?.len();
        if length == 0 || last_byte(file, length)? == b'\n' {
            return Ok(());
        }
        let (start, tail) = last_line(file, length)?;
        let whole = tail.split(|byte| *byte == b'\t').count() == 6;
        if whole && serial_of(&tail).is_some_and(|serial| serial != *about_to_write) {
            file.write_all(b"\n")?;
            say(format!("{}: the last line had no end and was completed", self.path.display()));
            return Ok(());
        }
        let mut torn = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .mode(layout::TORN_INDEX.mode)
            .open(&self.torn)?;
        torn.write_all(&tail)?;
        torn.write_all(b"\n")?;
        torn.sync_all()?;
        file.set_len(start)?;
        file.sync_data()?;
        say(format!(
            "{}: a half line at the end was moved to {}",
            self.path.display(),
            self.torn.display()
        ));
        Ok(())
    }
}

/// `261122132859Z,keyCompromise` as `on 2026-11-22, keyCompromise`.
fn revocation_words(field: &str) -> String {
    let (moment, reason) = field.split_once(',').map_or((field, None), |(m, r)| (m, Some(r)));
    let century = if moment.len() == 13 { "20" } else { "" };
    let digits = format!("{century}{moment}");
    let day = match (digits.get(..4), digits.get(4..6), digits.get(6..8)) {
        (Some(year), Some(month), Some(day)) => format!("on {year}-{month}-{day}"),
        _ => "at an unreadable date".to_owned(),
    };
    match reason {
        Some(reason) => format!("{day}, {}", printable(reason)),
        None => day,
    }
}

fn last_byte(file: &mut fs::File, length: u64) -> Result<u8> {
    let mut byte = [0];
    file.seek(SeekFrom::Start(length - 1))?;
    file.read_exact(&mut byte)?;
    Ok(byte[0])
}

/// The bytes after the last newline, and where they begin.
fn last_line(file: &mut fs::File, length: u64) -> Result<(u64, Vec<u8>)> {
    let mut start = length;
    let mut tail = Vec::new();
    while start > 0 {
        let step = start.min(4096);
        let mut chunk = vec![0; usize::try_from(step).unwrap_or(4096)];
        file.seek(SeekFrom::Start(start - step))?;
        file.read_exact(&mut chunk)?;
        if let Some(newline) = chunk.iter().rposition(|byte| *byte == b'\n') {
            let rest = chunk.split_off(newline + 1);
            start -= rest.len() as u64;
            tail.splice(0..0, rest);
            break;
        }
        start -= step;
        tail.splice(0..0, chunk);
    }
    Ok((start, tail))
}

/// The serial in the fourth field.
fn serial_of(line: &[u8]) -> Option<Serial> {
    let field = line.split(|byte| *byte == b'\t').nth(3)?;
    Serial::parse(std::str::from_utf8(field).ok()?).ok()
}

/// The line of a valid certificate, with its newline.
pub fn line(certificate: &Certificate) -> Result<String> {
    let subject = if certificate.subject.is_empty() {
        certificate.serial.to_string()
    } else {
        certificate.subject.oneline()
    };
    Ok(format!(
        "V\t{}\t\t{}\tunknown\t{}\n",
        asn1_time(certificate.not_after)?,
        certificate.serial,
        subject
    ))
}

/// `YYMMDDHHMMSSZ`, from 2050 on `YYYYMMDDHHMMSSZ` (RFC 5280 4.1.2.5).
fn asn1_time(moment: OffsetDateTime) -> Result<String> {
    let short = format_description!("[year repr:last_two][month][day][hour][minute][second]Z");
    let long = format_description!("[year][month][day][hour][minute][second]Z");
    let text = if moment.year() < 2050 { moment.format(&short) } else { moment.format(&long) };
    text.map_err(|error| Error::bug("a date cannot be written").caused_by(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn index(content: &str) -> (tempfile::TempDir, Index) {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::of(folder.path());
        let mut file = fs::File::create_new(&index.path).unwrap();
        file.write_all(content.as_bytes()).unwrap();
        (folder, index)
    }

    const ROW: &str = "V\t270101000000Z\t\t0A\tunknown\t/CN=a\n";

    fn mended(content: &str, about_to_write: &str) -> (String, Vec<String>, tempfile::TempDir) {
        let (folder, index) = index(content);
        let mut said = Vec::new();
        let mut file = index.open_to_append().unwrap();
        let serial = Serial::parse(about_to_write).unwrap();
        index.mend_end(&mut file, &serial, &mut |text| said.push(text)).unwrap();
        (fs::read_to_string(&index.path).unwrap(), said, folder)
    }

    #[test]
    fn dates_take_two_digits_until_2049() {
        assert_eq!(asn1_time(datetime!(2049-12-31 23:59:59 UTC)).unwrap(), "491231235959Z");
        assert_eq!(asn1_time(datetime!(2050-01-01 00:00:00 UTC)).unwrap(), "20500101000000Z");
    }

    #[test]
    fn serials_compare_without_leading_zeros_and_half_lines_do_not_count() {
        let (_folder, index) = index(&format!("{ROW}V\t270101000000Z\t\t0B\tunknown\t/CN=b"));
        assert!(index.contains(&Serial::parse("000A").unwrap()).unwrap());
        assert!(!index.contains(&Serial::parse("0B").unwrap()).unwrap());
    }

    #[test]
    fn a_revocation_is_found_with_its_reason() {
        let (_folder, index) = index(&format!(
            "{ROW}R\t270101000000Z\t261122132859Z,keyCompromise\t0B\tunknown\t/CN=b\n"
        ));
        let revocation = |serial| index.revocation(&Serial::parse(serial).unwrap()).unwrap();
        assert_eq!(revocation("0B").as_deref(), Some("on 2026-11-22, keyCompromise"));
        assert_eq!(revocation("0A"), None);
        assert_eq!(revocation("0C"), None);
    }

    #[test]
    fn a_half_line_is_taken_off_and_kept() {
        let (content, said, folder) = mended(&format!("{ROW}V\t2701"), "0C");
        assert_eq!(content, ROW);
        assert_eq!(said.len(), 1);
        assert_eq!(fs::read_to_string(folder.path().join("index.txt.torn")).unwrap(), "V\t2701\n");
    }

    #[test]
    fn a_whole_row_without_a_newline_is_completed_unless_it_is_our_own() {
        let row = ROW.trim_end();
        assert_eq!(mended(row, "0C").0, ROW);
        assert_eq!(mended(row, "0A").0, "");
    }

    #[test]
    fn a_sound_file_is_left_alone() {
        assert_eq!(mended(ROW, "0C").0, ROW);
        assert!(mended("", "0C").1.is_empty());
    }
}
