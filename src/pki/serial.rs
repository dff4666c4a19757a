//! Certificate serial numbers (RFC 5280 4.1.2.2).

use std::fmt;

use crate::error::{Error, Result};
use crate::pki::digest::hex;

/// A serial number: its bytes, big-endian, without leading zeros (zero itself is one zero byte).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Serial(Vec<u8>);

impl Serial {
    /// Makes a serial of 16 random octets. The top bit is cleared, which leaves 127 random bits and
    /// a positive number.
    pub fn from_random(mut octets: [u8; 16]) -> Self {
        octets[0] &= 0x7F;
        Self::from_bytes(&octets)
    }

    /// Takes big-endian bytes, as a certificate holds them.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
        let magnitude = &bytes[start..];
        Self(if magnitude.is_empty() { vec![0] } else { magnitude.to_vec() })
    }

    /// Reads hexadecimal digits, in either case, with or without colons and leading zeros.
    pub fn parse(text: &str) -> Result<Self> {
        let digits: String = text.chars().filter(|c| *c != ':').collect();
        let digits = digits.strip_prefix("0x").unwrap_or(&digits);
        if digits.is_empty() || digits.len() > 80 || !digits.bytes().all(|b| b.is_ascii_hexdigit())
        {
            return Err(Error::refused(format!(
                "{} is not a serial number: hexadecimal digits were expected",
                crate::pki::printable::printable(text)
            )));
        }
        let even = if digits.len() % 2 == 1 { format!("0{digits}") } else { digits.to_owned() };
        let bytes: Vec<u8> = even
            .as_bytes()
            .chunks(2)
            .map(|pair| (nibble(pair[0]) << 4) | nibble(pair[1]))
            .collect();
        Ok(Self::from_bytes(&bytes))
    }

    /// The number after this one.
    #[must_use]
    pub fn successor(&self) -> Self {
        let mut bytes = self.0.clone();
        for byte in bytes.iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                return Self(bytes);
            }
        }
        bytes.insert(0, 1);
        Self(bytes)
    }

    /// The decimal digits, as the numbers of revocation lists are shown.
    pub fn to_decimal(&self) -> String {
        let mut bytes = self.0.clone();
        let mut digits = Vec::new();
        while bytes.iter().any(|byte| *byte != 0) {
            let mut remainder = 0;
            for byte in &mut bytes {
                let value = remainder * 256 + u16::from(*byte);
                // The remainder is below 10, so the quotient fits.
                *byte = u8::try_from(value / 10).unwrap_or_default();
                remainder = value % 10;
            }
            digits.push(char::from_digit(remainder.into(), 10).unwrap_or_default());
        }
        if digits.is_empty() { "0".into() } else { digits.into_iter().rev().collect() }
    }

    /// The number that is so much greater.
    #[must_use]
    pub fn plus(&self, more: u32) -> Self {
        let mut bytes = self.0.clone();
        let mut carry = u64::from(more);
        for byte in bytes.iter_mut().rev() {
            carry += u64::from(*byte);
            *byte = carry.to_be_bytes()[7];
            carry >>= 8;
        }
        let mut all = carry.to_be_bytes().to_vec();
        all.append(&mut bytes);
        Self::from_bytes(&all)
    }

    /// The big-endian bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10),
    }
}

impl Ord for Serial {
    /// As numbers: without leading zeros, the longer one is the greater.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0.len(), &self.0).cmp(&(other.0.len(), &other.0))
    }
}

impl PartialOrd for Serial {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Serial {
    /// Upper-case hexadecimal of even length, as index.txt and the file names in newcerts/ have it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_serial_is_positive_and_keeps_its_other_bits() {
        assert_eq!(Serial::from_random([0xFF; 16]).to_string(), format!("7F{}", "FF".repeat(15)));
    }

    #[test]
    fn text_and_bytes_agree_whatever_the_leading_zeros() {
        for (text, shown) in
            [("0", "00"), ("000", "00"), ("1", "01"), ("00ab", "AB"), ("AB:cd", "ABCD")]
        {
            assert_eq!(Serial::parse(text).unwrap().to_string(), shown);
        }
        assert_eq!(Serial::from_bytes(&[0, 0x80]), Serial::parse("80").unwrap());
    }

    #[test]
    fn the_next_number_and_the_order_are_those_of_numbers() {
        let serial = |text| Serial::parse(text).unwrap();
        for (one, next) in [("00", "01"), ("FF", "0100"), ("01FF", "0200")] {
            assert_eq!(serial(one).successor(), serial(next));
            assert_eq!(serial(one).plus(1), serial(next));
            assert!(serial(one) < serial(next));
        }
        assert!(serial("FF") < serial("0100"));
        assert_eq!(serial("FFFF05").plus(1 << 16), serial("0100FF05"));
    }

    #[test]
    fn decimal_digits_are_those_of_the_number() {
        for (text, decimal) in [
            ("00", "0"),
            ("0A", "10"),
            ("FF", "255"),
            ("0100", "256"),
            ("FFFFFFFFFFFFFFFFFFFF", "1208925819614629174706175"),
        ] {
            assert_eq!(Serial::parse(text).unwrap().to_decimal(), decimal);
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-1", "xyz", "0x", "12 34"] {
            assert!(Serial::parse(text).is_err(), "{text}");
        }
    }
}
