//! The end of the file, where a crash or an editor may have left half a line.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt;

use super::{Index, Line, Row, layout, scan};
use crate::error::{Error, Result};
use crate::pki::serial::Serial;

impl Index {
    /// Refuses where the last line is half of the row of a revoked certificate: taken off, its certificate would
    /// be valid again. Reads the end of the file only.
    pub fn check_end(&self) -> Result<()> {
        scan::check_plain(&self.path)?;
        let Ok(mut file) = fs::File::open(&self.path) else { return Ok(()) };
        let length = file.metadata()?.len();
        if length == 0 || last_byte(&mut file, length)? == b'\n' {
            return Ok(());
        }
        let (_, tail) = last_line(&mut file, length)?;
        match Row::parse(&tail).and_then(|row| row.serial()) {
            Some(_) => Ok(()),
            None => check_half_line(&self.path, &tail),
        }
    }

    /// Sees that the file ends in a newline. A last line without one was torn by a crash, or typed
    /// by somebody: a whole row gets its newline, except a row that is about to be written; any
    /// other is taken off and kept in index.txt.torn.
    pub(super) fn mend_end(
        &self,
        file: &mut fs::File,
        about_to_write: &[&Serial],
        say: &mut dyn FnMut(String),
    ) -> Result<()> {
        let length = file.metadata()?.len();
        if length == 0 || last_byte(file, length)? == b'\n' {
            return Ok(());
        }
        let (start, tail) = last_line(file, length)?;
        let row = Row::parse(&tail).and_then(|row| row.serial());
        if row.is_some_and(|serial| !about_to_write.contains(&&serial)) {
            file.write_all(b"\n")?;
            say(format!("{}: the last line had no end and was completed", self.path.display()));
            return Ok(());
        }
        check_half_line(&self.path, &tail)?;
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

fn check_half_line(path: &Path, tail: &[u8]) -> Result<()> {
    if !(Line { offset: 0, bytes: tail }).may_revoke() {
        return Ok(());
    }
    Err(Error::refused(format!(
        "the last line of {} is half of the row of a revoked certificate, which must not be left out",
        path.display()
    ))
    .hint("`mailca doctor --fix` completes it from newcerts/"))
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
