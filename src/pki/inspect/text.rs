//! Octets and moments as text.

use std::fmt::Write as _;

use time::OffsetDateTime;

use crate::pki::digest::colon_hex;

/// Octets on one line of a dump.
pub const DUMP_WIDTH: usize = 16;

/// Octets as a fingerprint is written, on as many lines as they need.
pub fn dump(octets: &[u8]) -> Vec<String> {
    octets.chunks(DUMP_WIDTH).map(colon_hex).collect()
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
        assert_eq!(dump(&[1; 17]).len(), 2);
        let moment = time::macros::datetime!(2026-12-04 10:00:59 UTC);
        assert_eq!(minute(moment), "2026-12-04 10:00 UTC");
        assert_eq!(second(moment), "2026-12-04 10:00:59 UTC");
        assert_eq!(minute(time::macros::datetime!(0050-01-01 0:00 UTC)), "0050-01-01 00:00 UTC");
    }
}
