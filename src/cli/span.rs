//! Spans of time on the command line: `30d`, `2w`, `12h`.

use std::str::FromStr;

use time::Duration;

/// A span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    /// A whole number and a unit: `h`, `d` or `w`.
    fn from_str(text: &str) -> Result<Self, String> {
        let unit = text.char_indices().next_back();
        let (hours, number) = match unit {
            Some((at, 'h')) => (1, &text[..at]),
            Some((at, 'd')) => (24, &text[..at]),
            Some((at, 'w')) => (24 * 7, &text[..at]),
            _ => (0, text),
        };
        let number = number.parse::<u32>().ok().filter(|number| hours != 0 && *number <= 100_000);
        match number {
            Some(number) => Ok(Self(Duration::hours(i64::from(number) * hours))),
            None => Err("a number and h, d or w are needed: 30d is thirty days".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        for (text, hours) in [("30d", 720), ("2w", 336), ("12h", 12), ("0d", 0)] {
            assert_eq!(text.parse(), Ok(Span(Duration::hours(hours))), "{text}");
        }
        for text in ["", "d", "30", "-1d", "1.5d", "30 d", "30m", "999999999d", "3ü"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
