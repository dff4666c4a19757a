//! The entries of a list, from the revoked rows of index.txt in one pass.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use crate::error::{Error, Result};
use crate::pki::crl::Entries;
use crate::pki::printable::printable;
use crate::pki::revocation::Reason;
use crate::pki::serial::Serial;
use crate::store::index::{Index, Row, reasons};

/// The reasons that index.txt cannot hold, by the serial as it stands there.
type OtherReasons = HashMap<String, Reason>;

pub(super) fn entries(folder: &Path) -> Result<Entries> {
    let other: OtherReasons = reasons::read(folder)?
        .into_iter()
        .map(|(serial, reason)| (serial.to_string(), reason))
        .collect();
    let index = Index::of(folder);
    let mut entries = Entries::new();
    index.existing_lines(|line| {
        // A last line without its newline counts as well: a row that is revoked has been there whole.
        if line.may_revoke() || line.contradicts_itself() {
            let row = Row::parse(line.bytes);
            let added = row.as_ref().map(|row| add(&mut entries, row, &other));
            if !matches!(added, Some(Ok(true))) {
                return Err(unreadable(&index, line.offset, row, added.and_then(Result::err)));
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(entries)
}

/// Adds the entry of a revoked row; `false` where it is unreadable.
fn add(entries: &mut Entries, row: &Row<'_>, other: &OtherReasons) -> Result<bool> {
    let (date, reason) = match memchr::memchr(b',', row.revocation) {
        None => (row.revocation, Some(other_reason(row, other))),
        Some(comma) => {
            let name = std::str::from_utf8(&row.revocation[comma + 1..]);
            (&row.revocation[..comma], name.ok().and_then(|name| name.parse().ok()))
        }
    };
    if let Some(reason) = reason {
        return Ok(entries.push_text(row.serial, date, reason).is_some());
    }
    // The forms with an argument.
    match (row.serial(), row.revocation()) {
        (Some(serial), Some(revocation)) => entries.push(&serial, &revocation).map(|()| true),
        _ => Ok(false),
    }
}

fn other_reason(row: &Row<'_>, other: &OtherReasons) -> Reason {
    if other.is_empty() {
        return Reason::Unspecified;
    }
    let canonical = |digit: &u8| matches!(digit, b'0'..=b'9' | b'A'..=b'F');
    let plain = row.serial.len().is_multiple_of(2)
        && !row.serial.starts_with(b"00")
        && row.serial.iter().all(canonical);
    let found = if plain {
        std::str::from_utf8(row.serial).ok().and_then(|serial| other.get(serial))
    } else {
        row.serial().and_then(|serial: Serial| other.get(&serial.to_string()))
    };
    found.copied().unwrap_or(Reason::Unspecified)
}

fn unreadable(index: &Index, offset: u64, row: Option<Row<'_>>, cause: Option<Error>) -> Error {
    let which = match row {
        Some(row) => format!("serial {}", printable(&String::from_utf8_lossy(row.serial))),
        None => format!("byte {offset}"),
    };
    let error = Error::refused(format!(
        "{}: the row of {which} may be that of a revoked certificate and cannot be read; it must not be left \
         out",
        index.path().display()
    ));
    let error = match cause {
        Some(cause) => error.caused_by(cause),
        None => error,
    };
    error.hint("`mailca doctor` says what is wrong with it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::atomic;

    fn made(index: &str) -> Result<Entries> {
        let folder = tempfile::tempdir().unwrap();
        atomic::create(&folder.path().join("index.txt"), index.as_bytes(), 0o644).unwrap();
        let serial = Serial::parse("0B").unwrap();
        reasons::add(folder.path(), &serial, Reason::PrivilegeWithdrawn).unwrap();
        entries(folder.path())
    }

    fn row(revocation: &str, serial: &str) -> String {
        format!("R\t270101000000Z\t{revocation}\t{serial}\tunknown\t/CN=a\n")
    }

    #[test]
    fn every_form_of_a_revoked_row_is_taken_and_no_other_row() {
        let rows = [
            "V\t270101000000Z\t\t01\tunknown\t/CN=a\n".into(),
            "# R\t\n\n".into(),
            row("261122132859Z", "0A"),
            row("261122132859Z", "000b"),
            row("261122132859Z,superseded", "0C"),
            row("261122132859Z,keyTime,20260101000000Z", "0D"),
            row("261122132859Z,holdInstruction,holdInstructionReject", "0E"),
            row("261122132859Z", "10").replace('R', "V"),
            row("261122132859Z", "11").replace('R', "E"),
            row("261122132859Z", "0F").trim_end().to_owned(),
        ];
        assert_eq!(made(&rows.concat()).unwrap().count(), 8);
    }

    #[test]
    fn a_revoked_row_that_is_unreadable_is_named() {
        for (bad, word) in [
            (row("", "0A1B"), "0A1B"),
            (row("yesterday", "0A1B"), "0A1B"),
            (row("261122132859Z,whim", "0A1B"), "0A1B"),
            (row("261122132859Z,holdInstruction,x", "0A1B"), "0A1B"),
            (row("261122132859Z", "zz"), "zz"),
            ("R\t270101000000Z\t261122132859Z\n".into(), "byte 0"),
            (row("261122132859Z", "0A").replace('\t', " "), "byte 0"),
            (format!(" {}", row("261122132859Z", "0A")), "byte 0"),
            (format!("\u{feff}{}", row("261122132859Z", "0A")), "byte 0"),
            (row("261122132859Z", "0A").replace('R', "X"), "byte 0"),
            (row("261122132859Z", "0A").replace('R', "r"), "byte 0"),
            (row("26112213285", "0A").replace('R', "V"), "serial 0A"),
        ] {
            let error = made(&bad).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        let folder = tempfile::tempdir().unwrap();
        assert!(entries(folder.path()).is_err(), "no index is no empty one");
    }
}
