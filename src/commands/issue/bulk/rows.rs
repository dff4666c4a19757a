//! Reading the list: CSV, or a JSON object a line.
//!
//! What is wrong with the list as a whole (its columns, its encoding) is an error; what is wrong with one row
//! stays with that row.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::pki::printable::printable;

/// The columns, in the order in which they are told.
pub const COLUMNS: [&str; 12] = [
    "login",
    "name",
    "email",
    "org",
    "ou",
    "locality",
    "state",
    "country",
    "key_type",
    "days",
    "san",
    "friendly_name",
];
/// Those that every list must have.
const NEEDED: [&str; 2] = ["login", "email"];
/// Other spellings that people and their programs use.
const ALSO: [(&str, &str); 3] = [("e-mail", "email"), ("mail", "email"), ("user", "login")];

/// What one row says; nothing is empty.
#[derive(Debug)]
pub struct Row {
    /// Where the row begins in the list.
    pub line: u64,
    values: Result<BTreeMap<&'static str, String>>,
}

impl Row {
    /// The value of a column.
    pub fn get(&self, column: &str) -> Option<&str> {
        self.values.as_ref().ok()?.get(column).map(String::as_str)
    }

    /// What is wrong with its form, which is asked for once.
    pub fn take_fault(&mut self) -> Option<Error> {
        std::mem::replace(&mut self.values, Ok(BTreeMap::new())).map_or_else(Some, |values| {
            self.values = Ok(values);
            None
        })
    }
}

/// Reads a list.
pub fn read(content: &[u8]) -> Result<Vec<Row>> {
    let text = text(content)?;
    let rows = if text.trim_start().starts_with(['{', '[']) { json(text)? } else { csv(text)? };
    if rows.is_empty() {
        return Err(Error::refused("there is nobody in the list"));
    }
    Ok(rows)
}

/// The text without a byte order mark.
fn text(content: &[u8]) -> Result<&str> {
    let content = content.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(content);
    if content.starts_with(b"\xFF\xFE") || content.starts_with(b"\xFE\xFF") {
        return Err(Error::refused("the list is UTF-16, not UTF-8")
            .hint("convert it: iconv -f UTF-16 -t UTF-8 users.csv > users-utf8.csv"));
    }
    std::str::from_utf8(content).map_err(|error| {
        let before = &content[..error.valid_up_to()];
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        Error::refused(format!("line {line}: the list is not UTF-8")).hint(
            "convert it, for example: iconv -f WINDOWS-1252 -t UTF-8 users.csv > users-utf8.csv",
        )
    })
}

fn csv(text: &str) -> Result<Vec<Row>> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(text))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let malformed = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        Error::refused(format!("the list cannot be read beyond line {line}"))
            .hint("save it again as CSV, in UTF-8")
    };
    let header = reader.headers().map_err(malformed)?.clone();
    let mut columns = Vec::new();
    for name in &header {
        let column = column(name)?;
        if columns.contains(&column) {
            return Err(Error::refused(format!("the list has the column {column} twice")));
        }
        columns.push(column);
    }
    if let Some(lacking) = NEEDED.iter().find(|needed| !columns.contains(needed)) {
        return Err(Error::refused(format!("the list has no column {lacking}"))
            .hint("its first line names the columns, as in: login,name,email"));
    }
    let mut rows = Vec::new();
    let mut lines = Lines { text: text.as_bytes(), at: 0, line: 1 };
    for record in reader.records() {
        let record = record.map_err(malformed)?;
        let line = lines.of(record.position().map_or(0, csv::Position::byte));
        if record.iter().all(str::is_empty) {
            continue;
        }
        let values = if record.iter().any(|value| value.contains(['\n', '\r'])) {
            Err(Error::refused("a value goes on in the next line")
                .hint("a double quote was not closed: the rows up to the next one are part of it"))
        } else if record.len() == columns.len() {
            let pairs = columns.iter().copied().zip(&record);
            Ok(pairs
                .filter(|(_, value)| !value.is_empty())
                .map(|(column, value)| (column, value.to_owned()))
                .collect())
        } else {
            Err(Error::refused(format!(
                "the row has {} fields, and the header {}",
                record.len(),
                columns.len()
            ))
            .hint("a value with the separator in it stands between double quotes"))
        };
        rows.push(Row { line, values });
    }
    Ok(rows)
}

/// The number of the line that a row begins in. The reader's own begins where the last row ended, before line
/// ends and blank lines.
struct Lines<'t> {
    text: &'t [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the row after this byte; asked for in their order.
    fn of(&mut self, byte: u64) -> u64 {
        let from = usize::try_from(byte).unwrap_or(self.at).clamp(self.at, self.text.len());
        let blank = self.text[from..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let begin = from + blank.count();
        self.line += memchr::memchr_iter(b'\n', &self.text[self.at..begin]).count() as u64;
        self.at = begin;
        self.line
    }
}

/// What separates the fields of the header: spreadsheets write what their country uses.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |wanted: u8| header.bytes().filter(|byte| *byte == wanted).count();
    // Of equal ones the last is taken: the comma, where there is none at all.
    [b'\t', b';', b','].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

fn column(name: &str) -> Result<&'static str> {
    let plain = name.trim().to_lowercase().replace([' ', '-'], "_");
    let other = ALSO.iter().find(|(other, _)| other.replace('-', "_") == plain);
    let plain = other.map_or(plain.as_str(), |(_, column)| column);
    if let Some(known) = COLUMNS.into_iter().find(|known| *known == plain) {
        return Ok(known);
    }
    let nearest = COLUMNS
        .into_iter()
        .map(|known| (strsim::jaro_winkler(plain, known), known))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|one, other| one.0.total_cmp(&other.0));
    let error = Error::refused(format!("the column {:?} is unknown", printable(name)));
    Err(match nearest {
        Some((_, near)) => error.hint(format!("is {near} meant?")),
        None => error.hint(format!("the columns are {}", COLUMNS.join(", "))),
    })
}

fn json(text: &str) -> Result<Vec<Row>> {
    if text.trim_start().starts_with('[') {
        return Err(Error::refused("the list is one JSON document, not an object a line")
            .hint("convert it: jq -c '.[]' users.json > users.jsonl"));
    }
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    Ok(lines.map(|(text, line)| Row { line, values: object(text) }).collect())
}

/// What is in a JSON object, as it stands there: of two members with one name a map keeps the last in silence.
struct Members(Vec<(String, Value)>);

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        from.deserialize_map(Visitor)
    }
}

fn object(line: &str) -> Result<BTreeMap<&'static str, String>> {
    let Members(object) = serde_json::from_str(line).map_err(|error| {
        let at = error.column();
        Error::refused(format!("this is not a JSON object on one line: see character {at}"))
            .hint("for example {\"login\": \"joe\", \"email\": \"joe@example.com\"}")
    })?;
    let mut values = BTreeMap::new();
    let mut seen = Vec::new();
    for (key, value) in &object {
        let column = column(key)?;
        if seen.contains(&column) {
            return Err(Error::refused(format!("{column} is given twice")));
        }
        seen.push(column);
        let value = match value {
            Value::Null => continue,
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Array(items) if column == "san" => {
                let items = items.iter().map(Value::as_str).collect::<Option<Vec<_>>>();
                items.ok_or_else(|| wrong_kind(column))?.join(" ").trim().to_owned()
            }
            _ => return Err(wrong_kind(column)),
        };
        if !value.is_empty() {
            values.insert(column, value);
        }
    }
    Ok(values)
}

fn wrong_kind(column: &str) -> Error {
    Error::refused(format!("{column} is not a string"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(content: &str) -> Vec<(u64, Option<String>, Option<String>)> {
        let rows = read(content.as_bytes()).unwrap();
        let value = |row: &Row, column| row.get(column).map(str::to_owned);
        rows.iter().map(|row| (row.line, value(row, "login"), value(row, "name"))).collect()
    }

    fn one(line: u64, login: &str, name: &str) -> (u64, Option<String>, Option<String>) {
        (line, Some(login.into()), Some(name.into()))
    }

    #[test]
    fn every_dialect_is_read() {
        for text in [
            "login,name,email\njoe,\"User, Joe\",joe@example.com\n",
            "\u{feff}Login;Name;E-Mail\r\njoe;User, Joe;joe@example.com\r\n",
            "email\tlogin\tname\njoe@example.com\tjoe\tUser, Joe",
            "login ; name ; email\n joe ; User, Joe ; joe@example.com \n",
        ] {
            assert_eq!(values(text), [one(2, "joe", "User, Joe")], "{text:?}");
        }
        let json = "{\"login\":\"joe\",\"name\":\"User, Joe\",\"email\":\"j@example.com\"}\n";
        assert_eq!(values(json), [one(1, "joe", "User, Joe")]);
    }

    #[test]
    fn lines_are_counted_where_a_row_begins() {
        let text = "login,name,email\n\njoe,\"two\nlines\",j@e.org\n,,\nann,Ann,a@e.org\n";
        let mut rows = read(text.as_bytes()).unwrap();
        let lines: Vec<_> =
            rows.iter_mut().map(|row| (row.line, row.take_fault().is_some())).collect();
        assert_eq!(lines, [(3, true), (6, false)]);
    }

    #[test]
    fn one_bad_row_is_the_fault_of_that_row() {
        let mut rows = read(b"login,email\njoe\nann,a@e.org\nx,y,z\n").unwrap();
        let faults: Vec<_> = rows.iter_mut().map(|row| row.take_fault().is_some()).collect();
        assert_eq!(faults, [true, false, true]);
        assert_eq!(rows[1].get("login"), Some("ann"));
        let mut rows =
            read(b"{\"login\":\"a\"}\n{\"login\":\n{\"logn\":\"b\"}\n{\"days\":[1]}\n").unwrap();
        let faults: Vec<_> = rows.iter_mut().map(|row| row.take_fault().is_some()).collect();
        assert_eq!(faults, [false, true, true, true]);
    }

    #[test]
    fn what_is_wrong_with_the_list_is_said() {
        for (content, words) in [
            (&b""[..], "no column"),
            (b"login,email\n", "nobody"),
            (b"login,emial\n", "emial"),
            (b"login,name\n", "no column email"),
            (b"login,email,login\n", "twice"),
            (b"login,email\nj\xf6e,x\n", "line 2"),
            (b"\xff\xfel\0o\0", "UTF-16"),
            (b"[{\"login\":1}]", "jq"),
        ] {
            let error = read(content).unwrap_err();
            let told = format!("{error} {}", error.hints().join(" "));
            assert!(told.contains(words), "{told}");
        }
    }
}
