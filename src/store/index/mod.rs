//! `index.txt`, the database of `openssl ca`: one line a certificate, six fields between tabs.
//!
//! Status (V, R, E, S), the last moment of validity, when and why it was revoked, the serial in
//! hexadecimal, `unknown`, and the subject on one line.

mod end;
mod newest;
pub mod reasons;
mod row;
mod scan;

use fs_err::os::unix::fs::OpenOptionsExt;
use std::collections::HashSet;
use std::io::Write;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;

use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::revocation::{Reason, Revocation};
use crate::pki::serial::Serial;
use crate::store::atomic::{self, Staged};
use crate::store::layout;

pub use row::{Row, State, line, read_revocation};
pub use scan::{Line, lines_of};

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

    /// An index under another name: one of the former ones.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), torn: path.with_extension("torn") }
    }

    /// Appends the lines of valid certificates and makes them durable, all at once. The caller holds the
    /// lock.
    ///
    /// `say` is told what was mended on the way.
    pub fn append(&self, certificates: &[&Certificate], say: &mut dyn FnMut(String)) -> Result<()> {
        let serials: Vec<_> = certificates.iter().map(|one| &one.serial).collect();
        let lines: String = certificates.iter().map(|one| line(one)).collect::<Result<_>>()?;
        // openssl may replace the file while we write; then the line is written to the new one.
        for _ in 0..5 {
            let mut file = self.open_to_append()?;
            self.mend_end(&mut file, &serials, say)?;
            file.write_all(lines.as_bytes())?;
            file.sync_data()?;
            let written = file.metadata()?.ino();
            match fs::metadata(&self.path) {
                Ok(current) if current.ino() == written => return Ok(()),
                _ => {
                    // All or none: they were written with one call.
                    if self.without(certificates)?.is_empty() {
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

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is no such file. openssl renames it away before it renames the new one into its place.
    pub fn is_missing(&self) -> bool {
        for _ in 0..10 {
            if self.path.symlink_metadata().is_ok() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        true
    }

    /// Whether a line with this serial is there. Reads the whole file.
    pub fn contains(&self, serial: &Serial) -> Result<bool> {
        Ok(self.find(serial, |_| ())?.is_some())
    }

    /// Those of the certificates that have no line yet. Reads the whole file, once.
    pub fn without<'c>(&self, certificates: &[&'c Certificate]) -> Result<Vec<&'c Certificate>> {
        let mut there = HashSet::new();
        let wanted: HashSet<_> = certificates.iter().map(|one| &one.serial).collect();
        self.rows(|row| {
            there.extend(row.serial().filter(|serial| wanted.contains(serial)));
            Ok(ControlFlow::Continue(()))
        })?;
        let lacking = certificates.iter().filter(|one| !there.contains(&one.serial));
        Ok(lacking.copied().collect())
    }

    /// When the certificate with this serial was revoked, and why, for a person. A spoiled line that may
    /// be that of a revoked one counts. Reads the whole file.
    pub fn revocation(&self, serial: &Serial) -> Result<Option<String>> {
        let wanted = serial.to_string();
        let mut found = None;
        self.lines(|line| {
            match Row::parse(line.bytes) {
                Some(row) if row.status == b'R' && is_serial(row.serial, &wanted) => {
                    found = Some(match row.revocation() {
                        Some(revocation) => revocation.to_string(),
                        None => "at an unreadable date".to_owned(),
                    });
                    return Ok(ControlFlow::Break(()));
                }
                None if line.may_revoke() && line.names(&wanted) => {
                    found = Some("in a line of index.txt that cannot be read".to_owned());
                }
                _ => {}
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    /// Whether what it says of a certificate can be relied on: there is a line for it, or every line is a good one.
    pub fn vouches_for(&self, serial: &Serial) -> Result<bool> {
        if self.contains(serial)? {
            return Ok(true);
        }
        let mut rows = 0;
        let spoiled = self.rows_where(
            |_, _| true,
            |_| {
                rows += 1;
                Ok(ControlFlow::Continue(()))
            },
        )?;
        Ok(spoiled == 0 && rows > 0 && self.check_end().is_ok())
    }

    /// The row with this serial, as far as `take` wants it. Reads the file up to there.
    pub fn find<T>(&self, serial: &Serial, take: impl FnOnce(&Row<'_>) -> T) -> Result<Option<T>> {
        let wanted = serial.to_string();
        let mut take = Some(take);
        let mut found = None;
        self.rows(|row| {
            if is_serial(row.serial, &wanted) {
                found = take.take().map(|take| take(row));
                return Ok(ControlFlow::Break(()));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    /// Calls `visit` with every row, in the order in which they were written, until it breaks. Comments,
    /// lines that are no rows, and an unterminated last line that revokes nothing are passed over. Where
    /// there is no file, there are no rows.
    pub fn rows(&self, mut visit: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>>) -> Result<()> {
        self.lines(|line| match line.row() {
            Some(row) => visit(&row),
            None => Ok(ControlFlow::Continue(())),
        })
    }

    /// The same for the rows whose status and last moment of validity `wanted` lets through: the others
    /// are not taken apart, which halves the time for a million of them. Returns how many lines are neither
    /// rows nor comments nor blank.
    pub fn rows_where(
        &self,
        wanted: impl Fn(u8, &[u8]) -> bool,
        mut visit: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<usize> {
        let mut spoiled = 0;
        self.lines(|line| {
            if Row::head(line.bytes).is_some_and(|(status, end)| !wanted(status, end)) {
                return Ok(ControlFlow::Continue(()));
            }
            match line.row() {
                Some(row) if wanted(row.status, row.not_after) => visit(&row),
                None if line.is_spoiled() => {
                    spoiled += 1;
                    Ok(ControlFlow::Continue(()))
                }
                _ => Ok(ControlFlow::Continue(())),
            }
        })?;
        Ok(spoiled)
    }

    /// Calls `visit` with every line as it stands there, until it breaks.
    pub fn lines(&self, visit: impl FnMut(Line<'_>) -> Result<ControlFlow<()>>) -> Result<()> {
        scan::lines(&self.path, visit)
    }

    /// The same for a file that must be there: where its absence would be taken for an empty one, nobody
    /// would be revoked any more.
    pub fn existing_lines(
        &self,
        visit: impl FnMut(Line<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        scan::check_plain(&self.path)?;
        scan::lines_of(self.open_existing(fs::OpenOptions::new().read(true))?, visit)
    }

    /// Marks the row with this serial as revoked. The caller holds the lock, and has seen that the row
    /// is there and not revoked.
    pub fn revoke(&self, serial: &Serial, revocation: &Revocation) -> Result<()> {
        self.revoke_all(&[(serial, revocation)])
    }

    /// The same for several, all at one moment.
    pub fn revoke_all(&self, revocations: &[(&Serial, &Revocation)]) -> Result<()> {
        let folder = atomic::folder_of(&self.path);
        for (serial, revocation) in revocations {
            // A reason that is noted there, from a command that was struck before it came to the row, must
            // not become that of another revocation.
            let noted = || Ok::<_, Error>(reasons::read(folder)?.contains_key(serial));
            if !revocation.reason.is_known_to_openssl()
                || (revocation.reason == Reason::Unspecified && noted()?)
            {
                reasons::add(folder, serial, revocation.reason)?;
            }
        }
        let wanted: Vec<_> = revocations
            .iter()
            .map(|(serial, revocation)| (serial.to_string(), revocation))
            .collect();
        self.rewrite(|line, new| {
            let row = Row::parse(line.bytes).and_then(|row| {
                let its = wanted.iter().find(|(serial, _)| is_serial(row.serial, serial));
                Some((row, its?.1))
            });
            match row {
                Some((row, revocation)) => new.extend_from_slice(&row.revoked_line(revocation)?),
                None => new.extend_from_slice(line.bytes),
            }
            Ok(())
        })
    }

    /// Writes the file anew: for every line `edit` appends what shall stand in its place. The old file
    /// is kept as index.txt.old, as openssl keeps it. The caller holds the lock.
    pub fn rewrite(
        &self,
        mut edit: impl FnMut(Line<'_>, &mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        let mode = fs::metadata(&self.path).map_or(layout::INDEX.mode, |m| m.mode() & 0o777);
        let mut staged = Staged::open(&self.path, mode)?;
        let mut new = Vec::with_capacity(WRITTEN_AT_ONCE + 4096);
        self.lines(|line| {
            edit(line, &mut new)?;
            if new.len() >= WRITTEN_AT_ONCE {
                staged.write(&new)?;
                new.clear();
            }
            Ok(ControlFlow::Continue(()))
        })?;
        staged.write(&new)?;
        staged.take_owner(&self.path)?;
        staged.sync()?;
        if self.path.exists() {
            // The name of the old one is made first, so that there is no moment without index.txt.
            let old = self.path.with_extension("txt.old");
            atomic::link_replacing(&self.path, &old)?;
        }
        staged.replace()?;
        atomic::sync_folder(atomic::folder_of(&self.path))
    }

    fn open_to_append(&self) -> Result<fs::File> {
        let mut options = fs::OpenOptions::new();
        self.open_existing(
            options
                .read(true)
                .append(true)
                .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed()),
        )
    }

    /// openssl renames index.txt away before it renames the new one into its place.
    fn open_existing(&self, options: &fs::OpenOptions) -> Result<fs::File> {
        let mut attempts = 0;
        loop {
            match options.open(&self.path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && attempts < 20 => {
                    attempts += 1;
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    return Err(Error::refused(format!("{} is missing", self.path.display()))
                        .hint("`mailca doctor --fix` makes it anew from newcerts and crl.pem"));
                }
                other => return Ok(other?),
            }
        }
    }
}

/// How much of a new index is put together before it is written, in bytes.
const WRITTEN_AT_ONCE: usize = 1 << 18;

/// Whether the field of a row is this serial, which is upper-case hexadecimal of even length. Fields of
/// other programs may differ in case and in leading zeros.
fn is_serial(field: &[u8], wanted: &str) -> bool {
    fn trimmed(digits: &[u8]) -> &[u8] {
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        &digits[zeros..]
    }
    let (field, wanted) = (trimmed(field), trimmed(wanted.as_bytes()));
    field.len() == wanted.len() && field.eq_ignore_ascii_case(wanted)
}

#[cfg(test)]
mod tests;
