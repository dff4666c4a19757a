//! Going through index.txt once, in pieces: a mapping would die where another program truncates it.

use std::io::{ErrorKind, Read};
use std::ops::ControlFlow;
use std::path::Path;

use fs_err as fs;

use crate::error::{Error, Result};
use crate::store::index::Row;

/// How much is read at once, in bytes.
const PIECE: usize = 1 << 18;

/// A line of the file, with its newline where it has one.
#[derive(Clone, Copy, Debug)]
pub struct Line<'l> {
    /// Where it begins in the file, in bytes.
    pub offset: u64,
    /// What is in it.
    pub bytes: &'l [u8],
}

impl<'l> Line<'l> {
    /// Whether it ends in a newline; the last one may not, where a crash tore it.
    pub fn is_whole(&self) -> bool {
        self.bytes.ends_with(b"\n")
    }

    /// The row that it is. One without its newline may have been half written, unless it is that of a
    /// revoked certificate: that has been there whole before it was revoked.
    pub fn row(&self) -> Option<Row<'l>> {
        Row::parse(self.bytes).filter(|row| self.counts(row))
    }

    /// The same where [`Row::parse`] has taken it apart already.
    pub fn counts(&self, row: &Row<'_>) -> bool {
        self.is_whole() || row.status == b'R' && row.serial().is_some()
    }

    /// Whether it is whole, and neither a row nor a comment nor blank: somebody damaged it.
    pub fn is_spoiled(&self) -> bool {
        self.is_whole()
            && self.bytes.first() != Some(&b'#')
            && !self.bytes.trim_ascii().is_empty()
            && Row::parse(self.bytes).is_none()
    }

    /// Whether it is the row of a revoked certificate, or may have been one before it was damaged: only what
    /// still begins as another row does is known to be none.
    pub fn may_revoke(&self) -> bool {
        match self.bytes {
            [b'R', ..] => true,
            [b'V' | b'E' | b'S', b'\t', ..] | [b'#', ..] => false,
            bytes => {
                let Some(at) = bytes.iter().position(u8::is_ascii_alphanumeric) else {
                    return false;
                };
                let is_letter_alone =
                    bytes.get(at + 1).is_none_or(|next| !next.is_ascii_alphanumeric());
                !(matches!(bytes[at], b'V' | b'v' | b'E' | b'e') && is_letter_alone)
            }
        }
    }

    /// Whether it calls a certificate valid, expired or suspended, and says when it was revoked. [`Row::parse`]
    /// takes it for revoked.
    pub fn contradicts_itself(&self) -> bool {
        match self.bytes {
            // The usual form, without taking it apart.
            [b'V' | b'E' | b'S', b'\t', rest @ ..]
                if memchr::memchr(b'\t', rest) == Some(13) && rest.get(14) == Some(&b'\t') =>
            {
                false
            }
            [b'V' | b'E' | b'S', b'\t', ..] => {
                Row::parse(self.bytes).is_some_and(|row| !row.revocation.is_empty())
            }
            _ => false,
        }
    }

    /// Whether a serial number, in upper case, is somewhere in it.
    pub fn names(&self, serial: &str) -> bool {
        memchr::memmem::find(&self.bytes.to_ascii_uppercase(), serial.as_bytes()).is_some()
    }
}

/// Calls `visit` with every line until it breaks. A file that is not there has no lines.
pub fn lines(path: &Path, visit: impl FnMut(Line<'_>) -> Result<ControlFlow<()>>) -> Result<()> {
    check_plain(path)?;
    match fs::File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        opened => lines_of(opened?, visit),
    }
}

/// Refuses what is no file: a pipe would be waited for, and a device read without end.
pub fn check_plain(path: &Path) -> Result<()> {
    match fs::metadata(path) {
        Ok(there) if !there.is_file() => {
            Err(Error::refused(format!("{} is not a plain file", path.display())))
        }
        _ => Ok(()),
    }
}

/// The same for what is open already, from where it stands.
pub fn lines_of(
    mut file: impl Read,
    mut visit: impl FnMut(Line<'_>) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let mut buffer = vec![0; PIECE];
    let (mut filled, mut offset) = (0, 0);
    loop {
        if filled == buffer.len() {
            // A line longer than a piece.
            buffer.resize(buffer.len() * 2, 0);
        }
        let count = file.read(&mut buffer[filled..])?;
        if count == 0 {
            break;
        }
        filled += count;
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', &buffer[..filled]) {
            let line = Line { offset: offset + start as u64, bytes: &buffer[start..=end] };
            if visit(line)?.is_break() {
                return Ok(());
            }
            start = end + 1;
        }
        buffer.copy_within(start..filled, 0);
        filled -= start;
        offset += start as u64;
    }
    if filled > 0 {
        let _ = visit(Line { offset, bytes: &buffer[..filled] })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(content: &[u8]) -> Vec<(u64, usize, bool)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.txt");
        crate::store::atomic::create(&path, content, 0o644).unwrap();
        let mut found = Vec::new();
        lines(&path, |line| {
            found.push((line.offset, line.bytes.len(), line.is_whole()));
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
        found
    }

    #[test]
    fn lines_come_whole_whatever_their_length() {
        assert_eq!(all(b""), []);
        assert_eq!(all(b"a\n\nbc"), [(0, 2, true), (2, 1, true), (3, 2, false)]);
        let long = [vec![b'x'; 3 * PIECE], b"\n".to_vec(), vec![b'y'; PIECE], b"\n".to_vec()];
        let first = 3 * PIECE + 1;
        assert_eq!(all(&long.concat()), [(0, first, true), (first as u64, PIECE + 1, true)]);
    }

    #[test]
    fn whoever_says_when_it_was_revoked_contradicts_every_other_letter() {
        for (text, wanted) in [
            ("V\t270101000000Z\t260101000000Z\t0A\tunknown\t/CN=a\n", true),
            ("E\t20500101000000Z\t260101000000Z\t0A\tunknown\t/CN=a\n", true),
            ("S\t270101000000Z\t260101000000Z\t0A\tunknown\t/CN=a\n", true),
            ("S\t20500101000000Z\t260101000000Z\t0A\tunknown\t/CN=a\n", true),
            ("R\t270101000000Z\t260101000000Z\t0A\tunknown\t/CN=a\n", false),
            ("S\t270101000000Z\t\t0A\tunknown\t/CN=a\n", false),
            // A date of which something is gone, so that tabs stand where they usually do.
            ("E\t?\t1231235959Z\t\t0A\tunknown\t/CN=a\n", true),
        ] {
            let line = Line { offset: 0, bytes: text.as_bytes() };
            assert_eq!(line.contradicts_itself(), wanted, "{text}");
        }
    }

    #[test]
    fn a_missing_file_has_no_lines() {
        lines(Path::new("/nonexistent/index.txt"), |_| panic!("a line")).unwrap();
    }
}
