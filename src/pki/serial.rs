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
    fn what_is_no_number_is_refused() {
        for text in ["", "-1", "xyz", "0x", "12 34"] {
            assert!(Serial::parse(text).is_err(), "{text}");
        }
    }
}
