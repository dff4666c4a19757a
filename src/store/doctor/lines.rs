//! What index.txt itself tells: the form of its lines, and what holds among its rows.

use crate::error::Result;
use crate::pki::asn1_time;
use crate::store::ca::CaFolder;
use crate::store::doctor::{Finding, Scene, configuration, counted};
use crate::store::index::{Line, Row};
use crate::store::layout;

/// The checks of index.txt for one pass over its lines, which may serve others too. A million rows take
/// eight megabytes, twice that where openssl insists on different subjects.
#[derive(Debug)]
pub struct LineChecks {
    lines: u64,
    rows: usize,
    blank: Vec<u64>,
    foreign: Vec<u64>,
    odd_serials: usize,
    carriage_returns: usize,
    torn: Option<Torn>,
    /// All serial numbers; none where duplicates are left out.
    serials: Option<Vec<u64>>,
    /// The subjects of valid rows, where two of them must not be the same.
    subjects: Option<Vec<u64>>,
    /// The CA's own serial number and subject, which are no leaf's.
    own: (u64, Vec<u8>),
    latest: u64,
    outliving: usize,
    ca_end: u64,
}

#[derive(Clone, Copy, Debug)]
enum Torn {
    WholeRow,
    HalfRow,
}

impl LineChecks {
    /// The checks for the index of this CA.
    pub fn of(ca: &CaFolder) -> Result<Self> {
        let certificate = ca.certificate();
        let own = (
            key_of_serial(certificate.serial.to_string().as_bytes()),
            certificate.subject.oneline().into_bytes(),
        );
        Ok(Self {
            lines: 0,
            rows: 0,
            blank: Vec::new(),
            foreign: Vec::new(),
            odd_serials: 0,
            carriage_returns: 0,
            torn: None,
            serials: Some(Vec::new()),
            subjects: configuration::subjects_are_unique(ca.path())?.then(Vec::new),
            own,
            latest: 0,
            outliving: 0,
            ca_end: asn1_time::ordinal_of(certificate.not_after),
        })
    }

    /// The same without a look for serial numbers that are there twice, which takes as long as all the
    /// rest.
    pub fn without_duplicates(ca: &CaFolder) -> Result<Self> {
        Ok(Self { serials: None, ..Self::of(ca)? })
    }

    /// Looks at the next line; `row` is what [`Row::parse`] made of it.
    pub fn visit(&mut self, line: Line<'_>, row: Option<&Row<'_>>) {
        self.lines += 1;
        if !line.is_whole() {
            let whole = row.is_some_and(|row| row.serial().is_some());
            self.torn = Some(if whole { Torn::WholeRow } else { Torn::HalfRow });
            if !whole {
                return;
            }
        }
        let Some(row) = row else {
            match kind(line.bytes) {
                Kind::Blank => self.blank.push(self.lines),
                Kind::Comment => {}
                Kind::Foreign => self.foreign.push(self.lines),
            }
            return;
        };
        self.rows += 1;
        self.carriage_returns += usize::from(line.bytes.ends_with(b"\r\n"));
        if let Some(serials) = &mut self.serials {
            serials.push(key_of_serial(row.serial));
        }
        self.odd_serials += usize::from(row.serial.len() % 2 == 1 && row.serial().is_some());
        if row.status != b'V' {
            return;
        }
        if let Some(subjects) = &mut self.subjects {
            subjects.push(key(row.subject));
        }
        if let Some(end) = row.not_after_ordinal()
            && end > self.ca_end.min(self.latest)
            && key_of_serial(row.serial) != self.own.0
            && row.subject != self.own.1
        {
            self.latest = self.latest.max(end);
            self.outliving += usize::from(end > self.ca_end);
        }
    }

    /// The rows that were seen.
    pub fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn finish(mut self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        let path = scene.ca.path().join(layout::INDEX.name);
        let path = path.display().to_string();
        self.tell_of_lines(&path, findings);
        self.tell_of_rows(&path, findings);
        if self.outliving > 0 {
            let what = format!(
                "{} valid for longer than the CA, which ends on {}",
                counted(self.outliving, "certificate"),
                scene.ca.certificate().not_after.date()
            );
            let mend = "`mailca rekey-ca --same-key` gives the CA new dates";
            findings.push(Finding::advice("certificates-outlive-ca", what, mend));
        }
    }

    fn tell_of_lines(&self, path: &str, findings: &mut Vec<Finding>) {
        if let Some(torn) = self.torn {
            let (what, mend) = match torn {
                Torn::WholeRow => ("its last line has no end", "completes it"),
                Torn::HalfRow => {
                    ("its last line is half a line", "moves that half to index.txt.torn")
                }
            };
            findings.push(
                Finding::problem("torn-last-line", format!("{path}: {what}"), mend).fixable(),
            );
        }
        if !self.blank.is_empty() {
            let what =
                format!("{path}: {}, at which openssl stops", numbered(&self.blank, "blank line"));
            findings.push(Finding::problem("blank-lines", what, "leaves them out").fixable());
        }
        if !self.foreign.is_empty() {
            let what =
                format!("{path}: {} that openssl cannot read", numbered(&self.foreign, "line"));
            let mend = "makes comments of them, which every program passes over";
            findings.push(Finding::problem("unreadable-lines", what, mend).fixable());
        }
        if self.carriage_returns > 0 {
            let what = format!(
                "{path}: {} with the line end of Windows, which openssl takes for a part of the subject",
                counted(self.carriage_returns, "row")
            );
            findings.push(Finding::advice("line-ends", what, "takes that away").fixable());
        }
        if self.odd_serials > 0 {
            let what = format!(
                "{path}: {} with an odd number of digits in the serial number, at which openssl stops",
                counted(self.odd_serials, "row")
            );
            findings
                .push(Finding::problem("serial-spelling", what, "writes them in full").fixable());
        }
    }

    fn tell_of_rows(&mut self, path: &str, findings: &mut Vec<Finding>) {
        let twice = self.serials.as_deref_mut().map_or(0, repeated);
        if twice > 0 {
            let what = format!(
                "{path}: {} more than once, at which openssl stops",
                counted(twice, "serial number")
            );
            let mend = "makes comments of all rows but one of each; a revoked one stays revoked";
            findings.push(Finding::problem("duplicate-serials", what, mend).fixable());
        }
        if let Some(mut subjects) = self.subjects.take()
            && repeated(&mut subjects) > 0
        {
            let what = format!(
                "valid certificates share a subject, and {path}.attr does not allow it: openssl \
                 refuses to open the folder"
            );
            findings.push(
                Finding::problem("shared-subjects", what, "writes unique_subject = no there")
                    .fixable(),
            );
        }
    }
}

/// What a line is that is no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Blank,
    Comment,
    Foreign,
}

pub(super) fn kind(line: &[u8]) -> Kind {
    match line.first() {
        Some(b'#') => Kind::Comment,
        _ if line.trim_ascii().is_empty() => Kind::Blank,
        _ => Kind::Foreign,
    }
}

/// A serial number as a field has it, in 64 bits: without regard to case and leading zeros. That two
/// different ones of a million share a key is as likely as 1 in 30 million.
pub(super) fn key_of_serial(field: &[u8]) -> u64 {
    let zeros = field.iter().take_while(|digit| **digit == b'0').count();
    let mut digits = [0; 64];
    match digits.get_mut(..field.len() - zeros) {
        Some(place) => {
            place.copy_from_slice(&field[zeros..]);
            place.make_ascii_uppercase();
            key(place)
        }
        None => key(&field[zeros..]),
    }
}

/// Some bytes in 64 bits.
pub(super) fn key(bytes: &[u8]) -> u64 {
    let mut state = 0xCBF2_9CE4_8422_2325_u64 ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        state = (state ^ u64::from_le_bytes(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        state ^= state >> 29;
    }
    state
}

/// How many values are there more than once.
fn repeated(values: &mut [u64]) -> usize {
    values.sort_unstable();
    values.chunk_by(|one, other| one == other).filter(|same| same.len() > 1).count()
}

fn numbered(lines: &[u64], what: &str) -> String {
    let first = lines.first().copied().unwrap_or_default();
    match lines.len() {
        1 => format!("1 {what} (line {first})"),
        count => format!("{count} {what}s (the first is line {first})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_have_the_same_key_in_every_spelling() {
        assert_eq!(key_of_serial(b"00ab"), key_of_serial(b"AB"));
        assert_ne!(key_of_serial(b"AB"), key_of_serial(b"AB00"));
        assert_ne!(key_of_serial(b"0123456789ABCDEF01"), key_of_serial(b"0123456789ABCDEF02"));
        assert_eq!(key_of_serial(&[b'0'; 100]), key_of_serial(b""));
    }

    #[test]
    fn what_is_there_twice_or_thrice_is_counted_once() {
        assert_eq!(repeated(&mut [1, 2, 3]), 0);
        assert_eq!(repeated(&mut [3, 1, 3, 2, 1, 3]), 2);
        assert_eq!(repeated(&mut []), 0);
    }

    #[test]
    fn lines_that_are_no_rows_are_told_apart() {
        assert_eq!(kind(b"\n"), Kind::Blank);
        assert_eq!(kind(b" \t\r\n"), Kind::Blank);
        assert_eq!(kind(b"# V\n"), Kind::Comment);
        assert_eq!(kind(b"nonsense\n"), Kind::Foreign);
    }
}
