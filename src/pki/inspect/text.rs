//! Octets and moments as text.

use std::fmt::Write as _;

use time::OffsetDateTime;

/// Octets on one line of a dump.
pub const DUMP_WIDTH: usize = 16;

/// Lower-case hexadecimal without separators, as TLSA records have it.
pub fn hex(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len() * 2);
    for octet in octets {
        push(&mut text, *octet, b"0123456789abcdef");
    }
    text
}

/// Upper-case hexadecimal with colons between the octets, as fingerprints have it.
pub fn colon_hex(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len() * 3);
    for octet in octets {
        if !text.is_empty() {
            text.push(':');
        }
        push(&mut text, *octet, b"0123456789ABCDEF");
    }
    text
}

/// The same on as many lines as it needs.
pub fn dump(octets: &[u8]) -> Vec<String> {
    octets.chunks(DUMP_WIDTH).map(colon_hex).collect()
}

fn push(text: &mut String, octet: u8, digits: &[u8; 16]) {
    text.push(char::from(digits[usize::from(octet >> 4)]));
    text.push(char::from(digits[usize::from(octet & 15)]));
}

/// `2026-12-04 10:00 UTC`: what a person wants to know of a moment.
pub fn minute(moment: OffsetDateTime) -> String {
    let mut text = date_and_minute(moment);
    text.push_str(" UTC");
    text
}

/// `2026-12-04 10:00:59 UTC`.
pub fn second(moment: OffsetDateTime) -> String {
    format!("{}:{:02} UTC", date_and_minute(moment), moment.second())
}

fn date_and_minute(moment: OffsetDateTime) -> String {
    let mut text = String::with_capacity(24);
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "{:04}-{:02}-{:02} {:02}:{:02}",
        moment.year(),
        u8::from(moment.month()),
        moment.day(),
        moment.hour(),
        moment.minute()
    );
    text
}

/// `1 bag`, `2 bags`.
pub fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_and_moments() {
        assert_eq!(hex(&[0, 0xAB, 0x7F]), "00ab7f");
        assert_eq!(colon_hex(&[0, 0xAB, 0x7F]), "00:AB:7F");
        assert_eq!(dump(&[1; 17]).len(), 2);
        let moment = time::macros::datetime!(2026-12-04 10:00:59 UTC);
        assert_eq!(minute(moment), "2026-12-04 10:00 UTC");
        assert_eq!(second(moment), "2026-12-04 10:00:59 UTC");
        assert_eq!(minute(time::macros::datetime!(0050-01-01 0:00 UTC)), "0050-01-01 00:00 UTC");
    }
}
