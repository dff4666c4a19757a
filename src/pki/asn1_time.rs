//! Moments as X.509 and index.txt write them: `YYMMDDHHMMSSZ` until 2049, `YYYYMMDDHHMMSSZ` from 2050
//! on (RFC 5280 4.1.2.5).

use time::{Date, Month, OffsetDateTime, Time};

use crate::error::{Error, Result};

/// A moment, UTC, as text.
pub fn text(moment: OffsetDateTime) -> Result<String> {
    let year = moment.year();
    if !(1950..=9999).contains(&year) {
        return Err(Error::refused(format!("the year {year} has no place in a certificate")));
    }
    let (year, width) = if year < 2050 { (year % 100, 2) } else { (year, 4) };
    Ok(format!(
        "{year:0width$}{:02}{:02}{:02}{:02}{:02}Z",
        u8::from(moment.month()),
        moment.day(),
        moment.hour(),
        moment.minute(),
        moment.second()
    ))
}

/// The moment that a text of either form stands for; `None` where it is no date.
pub fn parse(text: &[u8]) -> Option<OffsetDateTime> {
    let ordinal = ordinal(text)?;
    let part = |divisor: u64, modulus: u64| u8::try_from(ordinal / divisor % modulus).ok();
    let year = i32::try_from(ordinal / 10_000_000_000).ok()?;
    let month = Month::try_from(part(100_000_000, 100)?).ok()?;
    let day = Date::from_calendar_date(year, month, part(1_000_000, 100)?).ok()?;
    let time = Time::from_hms(part(10_000, 100)?, part(100, 100)?, part(1, 100)?).ok()?;
    Some(day.with_time(time).assume_utc())
}

/// A text of either form as the decimal number `YYYYMMDDHHMMSS`, so that two can be compared without
/// making dates of them. Whether there is such a day is not looked at.
pub fn ordinal(text: &[u8]) -> Option<u64> {
    let (digits, end) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if end != b"Z" || !matches!(digits.len(), 12 | 14) {
        return None;
    }
    // An index of a million lines has a million of these, which are looked at more than once.
    let (head, tail) = digits.split_first_chunk()?;
    let mut number = eight_digits(*head)?;
    for digit in tail {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number * 10 + u64::from(digit - b'0');
    }
    if digits.len() == 14 {
        return Some(number);
    }
    // A year of two digits is one from 1950 to 2049.
    let century = if number < 500_000_000_000 { 20 } else { 19 };
    Some(number + century * 1_000_000_000_000)
}

/// Eight decimal digits at once: neighbours are joined to pairs, pairs to fours, and fours to the number.
fn eight_digits(digits: [u8; 8]) -> Option<u64> {
    const HIGH: u64 = 0xF0F0_F0F0_F0F0_F0F0;
    let word = u64::from_le_bytes(digits);
    // Only 0x30 to 0x39 have a 3 in their upper half, and still have it when 6 is added.
    let upper = (word & HIGH) | (word.wrapping_add(0x0606_0606_0606_0606) & HIGH) >> 4;
    if upper != 0x3333_3333_3333_3333 {
        return None;
    }
    let ones = word & 0x0F0F_0F0F_0F0F_0F0F;
    let pairs = (ones * 10 + (ones >> 8)) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
    Some((fours & 0xFFFF) * 10_000 + (fours >> 32))
}

/// The number that [`ordinal`] gives for the text of a moment.
pub fn ordinal_of(moment: OffsetDateTime) -> u64 {
    let parts = [
        u64::from(u8::from(moment.month())),
        u64::from(moment.day()),
        u64::from(moment.hour()),
        u64::from(moment.minute()),
        u64::from(moment.second()),
    ];
    let year = u64::try_from(moment.year()).unwrap_or_default();
    parts.into_iter().fold(year, |number, part| number * 100 + part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn eight_digits_are_the_number_and_nothing_else_is_one() {
        for number in (0..100_000_000_u64).step_by(98_765).chain([99_999_999, 10_203_040]) {
            let text = format!("{number:08}");
            let digits = *text.as_bytes().first_chunk().unwrap();
            assert_eq!(eight_digits(digits), Some(number));
        }
        for at in 0..8 {
            for octet in (0..=255_u8).filter(|octet| !octet.is_ascii_digit()) {
                let mut digits = *b"12345678";
                digits[at] = octet;
                assert_eq!(eight_digits(digits), None, "{digits:?}");
            }
        }
    }

    #[test]
    fn both_forms_go_there_and_back() {
        for (moment, written) in [
            (datetime!(2049-12-31 23:59:59 UTC), "491231235959Z"),
            (datetime!(2050-01-01 00:00:00 UTC), "20500101000000Z"),
            (datetime!(1999-02-28 01:02:03 UTC), "990228010203Z"),
        ] {
            assert_eq!(text(moment).unwrap(), written);
            assert_eq!(parse(written.as_bytes()), Some(moment));
            assert_eq!(ordinal(written.as_bytes()), Some(ordinal_of(moment)));
        }
        assert_eq!(ordinal(b"20490101000000Z"), ordinal(b"490101000000Z"));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in ["", "Z", "261122", "2611221328590", "26112213285xZ", "261322132859Z"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert!(text(datetime!(1949-12-31 00:00 UTC)).is_err());
    }
}
