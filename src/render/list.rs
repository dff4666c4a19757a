//! A list of certificates as an aligned table, line by line: a list of a million is not held in memory.

use serde::Serialize;

use crate::render::page::broken;

/// What is known of a listed certificate.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// `valid`, `expired` or `revoked`.
    pub state: &'static str,
    /// The serial in hexadecimal.
    pub serial: String,
    /// The subject, decoded.
    pub subject: String,
    /// The last moment of validity, RFC 3339.
    pub not_after: Option<String>,
    /// When it was revoked, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
    /// Why it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// Whether it is a certificate of this CA itself.
    pub is_ca_itself: bool,
    /// What it is for, where that was looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<&'static str>,
    /// Its subjectAltName, where that was looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Entry {
    fn columns(&self) -> [String; 4] {
        let day = |moment: &Option<String>| {
            moment.as_deref().and_then(|text| text.get(..10)).unwrap_or("unknown").to_owned()
        };
        let mut subject = self.subject.clone();
        if self.is_ca_itself {
            subject.push_str(" (this CA)");
        }
        if self.revoked_at.is_some() {
            subject.push_str(" (revoked ");
            subject.push_str(&day(&self.revoked_at));
            if let Some(reason) = self.reason {
                subject.push_str(", ");
                subject.push_str(reason);
            }
            subject.push(')');
        }
        [self.state.to_owned(), day(&self.not_after), self.serial.clone(), subject]
    }
}

/// How many rows decide how wide the columns are. A later row that needs more room is set out of line.
const DECIDING: usize = 500;

/// How narrow the column of the subjects may become, before they go to lines of their own.
const NARROWEST: usize = 24;

/// Rows that become lines of the same columns.
#[derive(Debug)]
pub struct Table {
    waiting: Vec<[String; 4]>,
    widths: Option<[usize; 4]>,
    /// That of the terminal. Without one every row is one line, for grep and the like.
    room: Option<usize>,
}

impl Table {
    /// A table for a terminal so wide, or for a file.
    pub fn new(room: Option<usize>) -> Self {
        let heading = ["STATE", "UNTIL", "SERIAL", "SUBJECT"].map(str::to_owned);
        Self { waiting: vec![heading], widths: None, room }
    }

    /// Adds a row. The lines that can be printed now are appended to `out`.
    pub fn push(&mut self, entry: &Entry, out: &mut String) {
        let columns = entry.columns();
        if let Some(widths) = self.widths {
            push_line(out, &columns, widths, self.room);
            return;
        }
        self.waiting.push(columns);
        if self.waiting.len() > DECIDING {
            self.finish(out);
        }
    }

    /// Appends the lines that have waited.
    pub fn finish(&mut self, out: &mut String) {
        let waiting = std::mem::take(&mut self.waiting);
        let width = |column: usize| {
            waiting.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
        };
        let widths = self.widths.unwrap_or([width(0), width(1), width(2), 0]);
        for row in &waiting {
            push_line(out, row, widths, self.room);
        }
        self.widths = Some(widths);
    }
}

fn push_line(out: &mut String, columns: &[String; 4], widths: [usize; 4], room: Option<usize>) {
    let [state, until, serial, subject] = columns;
    for (column, width) in [state, until, serial].into_iter().zip(widths) {
        out.push_str(column);
        push_spaces(out, width.saturating_sub(column.chars().count()) + 2);
    }
    let begin: usize = widths[..3].iter().map(|width| width + 2).sum();
    let (indent, room) = match room {
        None => (begin, usize::MAX),
        Some(room) if room >= begin + NARROWEST => (begin, room - begin),
        Some(room) => {
            next_line(out, 2);
            (2, room.saturating_sub(2).max(1))
        }
    };
    for (index, line) in broken(subject, room, " ").into_iter().enumerate() {
        if index > 0 {
            next_line(out, indent);
        }
        out.push_str(line);
    }
    next_line(out, 0);
}

/// Ends a line, which has no spaces at its end, and begins the next.
fn next_line(out: &mut String, indent: usize) {
    out.truncate(out.trim_end_matches(' ').len());
    out.push('\n');
    push_spaces(out, indent);
}

fn push_spaces(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(serial: &str) -> Entry {
        Entry {
            state: "valid",
            serial: serial.into(),
            subject: "CN=a".into(),
            not_after: Some("2027-01-01T00:00:00Z".into()),
            revoked_at: None,
            reason: None,
            is_ca_itself: false,
            profile: None,
            names: None,
        }
    }

    #[test]
    fn columns_are_aligned_and_the_rest_is_said_behind_the_subject() {
        let mut table = Table::new(None);
        let mut out = String::new();
        table.push(&entry("0A"), &mut out);
        let revoked = Entry {
            state: "revoked",
            revoked_at: Some("2026-11-01T00:00:00Z".into()),
            reason: Some("superseded"),
            ..entry("0B0B0B0B")
        };
        table.push(&revoked, &mut out);
        assert_eq!(out, "");
        table.finish(&mut out);
        let expected = "STATE    UNTIL       SERIAL    SUBJECT\n\
                        valid    2027-01-01  0A        CN=a\n\
                        revoked  2027-01-01  0B0B0B0B  CN=a (revoked 2026-11-01, superseded)\n";
        assert_eq!(out, expected);
    }

    #[test]
    fn a_subject_is_broken_where_the_terminal_ends() {
        let long =
            Entry { subject: "O=Example Incorporated, OU=Mail, CN=joe".into(), ..entry("0A") };
        let told = |room| {
            let (mut table, mut out) = (Table::new(Some(room)), String::new());
            table.push(&long, &mut out);
            table.finish(&mut out);
            out
        };
        let expected = "STATE  UNTIL       SERIAL  SUBJECT\n\
                        valid  2027-01-01  0A      O=Example Incorporated,\n\
                        \x20                          OU=Mail, CN=joe\n";
        assert_eq!(told(51), expected);
        let expected = "STATE  UNTIL       SERIAL\n  SUBJECT\n\
                        valid  2027-01-01  0A\n  O=Example Incorporated,\n  OU=Mail, CN=joe\n";
        assert_eq!(told(30), expected);
        assert_eq!(told(200).lines().count(), 2);
    }

    #[test]
    fn a_long_list_comes_as_it_grows() {
        let mut table = Table::new(None);
        let mut out = String::new();
        for number in 0..2 * DECIDING {
            table.push(&entry("0A"), &mut out);
            assert_eq!(out.is_empty(), number + 2 <= DECIDING, "{number}");
        }
        table.finish(&mut out);
        assert_eq!(out.lines().count(), 2 * DECIDING + 1);
    }
}
