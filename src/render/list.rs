//! A list of certificates as an aligned table, line by line: a list of a million is not held in memory.

use serde::Serialize;

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

/// Rows that become lines of the same columns.
#[derive(Debug)]
pub struct Table {
    waiting: Vec<[String; 4]>,
    widths: Option<[usize; 4]>,
}

impl Default for Table {
    fn default() -> Self {
        let heading = ["STATE", "UNTIL", "SERIAL", "SUBJECT"].map(str::to_owned);
        Self { waiting: vec![heading], widths: None }
    }
}

impl Table {
    /// Adds a row. The lines that can be printed now are appended to `out`.
    pub fn push(&mut self, entry: &Entry, out: &mut String) {
        let columns = entry.columns();
        if let Some(widths) = self.widths {
            push_line(out, &columns, widths);
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
            push_line(out, row, widths);
        }
        self.widths = Some(widths);
    }
}

fn push_line(out: &mut String, columns: &[String; 4], widths: [usize; 4]) {
    for (index, (column, width)) in columns.iter().zip(widths).enumerate() {
        if index > 0 {
            out.push_str("  ");
        }
        out.push_str(column);
        let used = column.chars().count();
        out.extend(std::iter::repeat_n(' ', width.saturating_sub(used)));
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
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
        let mut table = Table::default();
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
    fn a_long_list_comes_as_it_grows() {
        let mut table = Table::default();
        let mut out = String::new();
        for number in 0..2 * DECIDING {
            table.push(&entry("0A"), &mut out);
            assert_eq!(out.is_empty(), number + 2 <= DECIDING, "{number}");
        }
        table.finish(&mut out);
        assert_eq!(out.lines().count(), 2 * DECIDING + 1);
    }
}
