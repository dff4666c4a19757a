//! The newest lines that fit, read from the end: what was issued last is what one looks for first.

use std::io::{Read, Seek, SeekFrom};

use fs_err as fs;

use super::{Index, Row, scan};

/// How much is read at once, in bytes: the lines of some thousand certificates.
const PIECE: u64 = 1 << 18;
/// How much is read at most: an index of two million certificates. It takes a tenth of a second.
const MOST: u64 = 1 << 28;

impl Index {
    /// Serial numbers that begin with these hexadecimal digits, in whatever case, each with the title of its
    /// certificate; the newest first, and at most `limit`. `wanted` is asked about the status of a row.
    ///
    /// It is for suggestions: what cannot be read is left out.
    pub fn newest(
        &self,
        begin: &str,
        limit: usize,
        wanted: impl Fn(u8) -> bool,
    ) -> Vec<(String, String)> {
        let digits = begin.as_bytes();
        let mut found = Vec::new();
        // What was read so far fits, though the file may have been cut in between.
        let _ = self.backwards(|line| {
            if let Some(row) = Row::parse(line)
                && row.serial.get(..digits.len()).is_some_and(|s| s.eq_ignore_ascii_case(digits))
                && wanted(row.status)
                && row.serial().is_some()
            {
                found.push((String::from_utf8_lossy(row.serial).into_owned(), row.title()));
            }
            found.len() < limit
        });
        found
    }

    /// Calls `visit` with every whole line, the last one first, until it says no.
    fn backwards(&self, mut visit: impl FnMut(&[u8]) -> bool) -> crate::error::Result<()> {
        scan::check_plain(self.path())?;
        let mut file = fs::File::open(self.path())?;
        let mut end = file.metadata()?.len();
        let stop = end.saturating_sub(MOST);
        // The end of a line whose beginning is in the piece before.
        let mut tail: Vec<u8> = Vec::new();
        let mut is_last = true;
        while end > stop {
            let start = end.saturating_sub(PIECE).max(stop);
            file.seek(SeekFrom::Start(start))?;
            let mut piece = Vec::new();
            file.by_ref().take(end - start).read_to_end(&mut piece)?;
            piece.append(&mut tail);
            let mut to = piece.len();
            for at in memchr::memrchr_iter(b'\n', &piece) {
                // After the last newline is nothing, or half a line.
                if !is_last && !visit(&piece[at + 1..to]) {
                    return Ok(());
                }
                is_last = false;
                to = at;
            }
            piece.truncate(to);
            // No line is so long.
            if piece.len() as u64 > 2 * PIECE {
                return Ok(());
            }
            tail = piece;
            end = start;
        }
        if !is_last && stop == 0 {
            visit(&tail);
        }
        Ok(())
    }
}
