//! The entries of a list that is being made, encoded one after the other.

use super::Crl;
use crate::error::{Error, Result};
use crate::pki::asn1_time;
use crate::pki::revocation::{Reason, Revocation};
use crate::pki::serial::Serial;
use time::OffsetDateTime;

use super::{GENERALIZED_TIME, INTEGER, SEQUENCE, UTC_TIME};

const OCTET_STRING: u8 = 0x04;
/// The object identifiers of the entry extensions, encoded.
const REASON_CODE: [u8; 5] = [0x06, 3, 0x55, 0x1D, 21];
const HOLD_INSTRUCTION: [u8; 5] = [0x06, 3, 0x55, 0x1D, 23];
const INVALIDITY_DATE: [u8; 5] = [0x06, 3, 0x55, 0x1D, 24];
/// The longest serial number that is taken, in octets: twice what RFC 5280 4.1.2.2 allows. An entry of
/// the quick kind is then so short that one octet holds its length.
const LONGEST_SERIAL: usize = 40;

/// The entries of a list that is being made.
#[derive(Debug, Default)]
pub struct Entries {
    der: Vec<u8>,
    count: usize,
    // Kept between entries, so that a million of them allocate nothing.
    entry: Vec<u8>,
    extensions: Vec<u8>,
}

impl Entries {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a revoked certificate.
    pub fn push(&mut self, serial: &Serial, revocation: &Revocation) -> Result<()> {
        self.entry.clear();
        push_integer(&mut self.entry, serial.as_bytes());
        push_time(&mut self.entry, revocation.date)?;
        self.extensions.clear();
        // RFC 5280 5.3.1: "unspecified" is said by saying nothing.
        if revocation.reason != Reason::Unspecified {
            let code = [0x0A, 1, revocation.reason.code()];
            push_extension(&mut self.extensions, &REASON_CODE, &code);
        }
        if let Some(oid) = &revocation.hold_instruction {
            let oid: der::asn1::ObjectIdentifier = oid
                .parse()
                .map_err(|_| Error::refused(format!("{oid:?} is no hold instruction")))?;
            let mut value = Vec::new();
            push_element(&mut value, 0x06, oid.as_bytes());
            push_extension(&mut self.extensions, &HOLD_INSTRUCTION, &value);
        }
        if let Some(moment) = revocation.invalidity {
            // RFC 5280 5.3.2: always GeneralizedTime.
            let text = format!("{:014}Z", asn1_time::ordinal_of(moment));
            let mut value = Vec::new();
            push_element(&mut value, GENERALIZED_TIME, text.as_bytes());
            push_extension(&mut self.extensions, &INVALIDITY_DATE, &value);
        }
        if !self.extensions.is_empty() {
            push_element(&mut self.entry, SEQUENCE, &self.extensions);
        }
        push_element(&mut self.der, SEQUENCE, &self.entry);
        self.count += 1;
        Ok(())
    }

    /// Adds a revoked certificate from the texts that index.txt has of it: the serial in hexadecimal and
    /// the date ([`asn1_time`]). `None` where one of them is unreadable; nothing is added then.
    ///
    /// The same as [`Entries::push`], without making values of the texts: lists have a million entries.
    pub fn push_text(&mut self, serial: &[u8], date: &[u8], reason: Reason) -> Option<()> {
        let start = self.der.len();
        let added = self.try_push_text(serial, date, reason);
        if added.is_none() {
            self.der.truncate(start);
        }
        added
    }

    fn try_push_text(&mut self, serial: &[u8], date: &[u8], reason: Reason) -> Option<()> {
        asn1_time::parse(date)?;
        let zeros = serial.iter().take_while(|digit| **digit == b'0').count();
        let (significant, digits) = (&serial[zeros..], serial.len());
        if digits == 0 || significant.len() > 2 * LONGEST_SERIAL {
            return None;
        }
        self.der.extend_from_slice(&[SEQUENCE, 0]);
        let start = self.der.len();
        self.der.extend_from_slice(&[INTEGER, 0]);
        if significant.is_empty() || (significant.len() % 2 == 0 && significant[0] >= b'8') {
            // Zero itself, or a top bit that would make the number negative.
            self.der.push(0);
        }
        let (odd, pairs) = significant.split_at(significant.len() % 2);
        if let [digit] = odd {
            self.der.push(nibble(*digit)?);
        }
        for pair in pairs.chunks_exact(2) {
            self.der.push((nibble(pair[0])? << 4) | nibble(pair[1])?);
        }
        self.der[start + 1] = u8::try_from(self.der.len() - start - 2).ok()?;
        // RFC 5280 5.1.2.6: UTCTime through 2049, whichever form the text has.
        let (tag, date) = match date.len() {
            15 if (b"1950".as_slice()..b"2050".as_slice()).contains(&&date[..4]) => {
                (UTC_TIME, &date[2..])
            }
            15 => (GENERALIZED_TIME, date),
            _ => (UTC_TIME, date),
        };
        push_element(&mut self.der, tag, date);
        if reason != Reason::Unspecified {
            self.der.extend_from_slice(&[SEQUENCE, 12, SEQUENCE, 10]);
            self.der.extend_from_slice(&REASON_CODE);
            self.der.extend_from_slice(&[OCTET_STRING, 3, 0x0A, 1, reason.code()]);
        }
        self.der[start - 1] = u8::try_from(self.der.len() - start).ok()?;
        self.count += 1;
        Some(())
    }

    /// The serial numbers of a list that these entries lack: certificates that would be accepted again.
    /// A list of a million entries is compared by 64 bits of each serial number.
    pub fn lacking(&self, list: &Crl) -> Result<Vec<Serial>> {
        let mut present = serial_keys(&self.der)?;
        present.sort_unstable();
        let is_missing = |key: &u64| present.binary_search(key).is_err();
        let listed = serial_keys(list.entries_content()?)?;
        if !listed.iter().any(is_missing) {
            return Ok(Vec::new());
        }
        let entries = list.entries()?.into_iter().map(|(serial, _)| serial);
        Ok(entries.filter(|serial| is_missing(&key_of(serial.as_bytes()))).collect())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The entries as the element of a `TBSCertList`; none where there are none (RFC 5280 5.1.2.6).
    pub(in crate::pki) fn to_element(&self) -> Option<Vec<u8>> {
        if self.count == 0 {
            return None;
        }
        let mut element = Vec::with_capacity(self.der.len() + 6);
        push_element(&mut element, SEQUENCE, &self.der);
        Some(element)
    }
}

fn push_extension(target: &mut Vec<u8>, oid: &[u8], value: &[u8]) {
    let mut parts = oid.to_vec();
    push_element(&mut parts, OCTET_STRING, value);
    push_element(target, SEQUENCE, &parts);
}

fn push_time(target: &mut Vec<u8>, moment: OffsetDateTime) -> Result<()> {
    let text = asn1_time::text(moment)?;
    let tag = if text.len() == 13 { UTC_TIME } else { GENERALIZED_TIME };
    push_element(target, tag, text.as_bytes());
    Ok(())
}

/// A positive INTEGER: a leading zero where the top bit is set.
fn push_integer(target: &mut Vec<u8>, magnitude: &[u8]) {
    if magnitude.first().is_some_and(|first| first & 0x80 != 0) {
        target.push(INTEGER);
        push_length(target, magnitude.len() + 1);
        target.push(0);
        target.extend_from_slice(magnitude);
    } else {
        push_element(target, INTEGER, magnitude);
    }
}

fn push_element(target: &mut Vec<u8>, tag: u8, content: &[u8]) {
    target.push(tag);
    push_length(target, content.len());
    target.extend_from_slice(content);
}

fn push_length(target: &mut Vec<u8>, length: usize) {
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => target.push(short),
        _ => {
            let octets = length.to_be_bytes();
            let start = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len() - 1);
            let octets = &octets[start..];
            // At most eight octets follow.
            target.push(0x80 | u8::try_from(octets.len()).unwrap_or(8));
            target.extend_from_slice(octets);
        }
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// 64 bits of each serial number in encoded entries.
fn serial_keys(mut encoded: &[u8]) -> Result<Vec<u64>> {
    let malformed = || Error::refused("malformed revocation list: an entry is unreadable");
    let mut keys = Vec::new();
    while !encoded.is_empty() {
        let (entry, rest) = content(encoded, SEQUENCE).ok_or_else(malformed)?;
        let (serial, _) = content(entry, INTEGER).ok_or_else(malformed)?;
        keys.push(key_of(serial));
        encoded = rest;
    }
    Ok(keys)
}

/// FNV-1a over the octets without leading zeros.
fn key_of(serial: &[u8]) -> u64 {
    let significant = serial.iter().skip_while(|octet| **octet == 0);
    significant.fold(0xCBF2_9CE4_8422_2325, |state, octet| {
        (state ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// The content of the element at the beginning, and what follows it.
pub(super) fn content(encoded: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = encoded.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7F => (usize::from(length), rest),
        0x81..=0x84 => {
            let (octets, rest) = rest.split_at_checked(usize::from(length & 0x7F))?;
            (octets.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet)), rest)
        }
        _ => return None,
    };
    if first != tag {
        return None;
    }
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn lengths_take_as_many_octets_as_they_need() {
        for (length, encoded) in [
            (0x7F, vec![0x7F]),
            (0x80, vec![0x81, 0x80]),
            (0x100, vec![0x82, 1, 0]),
            (0x1_0000, vec![0x83, 1, 0, 0]),
        ] {
            let mut target = Vec::new();
            push_length(&mut target, length);
            assert_eq!(target, encoded);
        }
    }

    #[test]
    fn texts_and_values_are_encoded_alike() {
        let date = datetime!(2026-11-22 13:28:59 UTC);
        let late = datetime!(2051-01-01 0:00 UTC);
        for serial in
            ["00", "01", "0F", "7F", "80", "FF00", "0080", "abc", "8bc", "7FFFFFFFFFFFFFFF"]
        {
            for reason in Reason::ALL {
                for (text, moment) in
                    [("261122132859Z", date), ("20261122132859Z", date), ("20510101000000Z", late)]
                {
                    let (mut quick, mut slow) = (Entries::new(), Entries::new());
                    quick.push_text(serial.as_bytes(), text.as_bytes(), reason).unwrap();
                    let value = Serial::parse(serial).unwrap();
                    slow.push(&value, &Revocation::new(moment, reason)).unwrap();
                    assert_eq!(quick.to_element(), slow.to_element(), "{serial} {text} {reason}");
                }
            }
        }
    }

    #[test]
    fn texts_that_are_unreadable_add_nothing() {
        let mut entries = Entries::new();
        let long = "1".repeat(2 * LONGEST_SERIAL + 1);
        for (serial, date) in [
            ("", "261122132859Z"),
            ("0G", "261122132859Z"),
            (long.as_str(), "261122132859Z"),
            ("01", ""),
            ("01", "261322132859Z"),
            ("01", "2611221328Z"),
        ] {
            assert_eq!(
                entries.push_text(serial.as_bytes(), date.as_bytes(), Reason::Superseded),
                None
            );
        }
        assert_eq!((entries.count(), entries.to_element()), (0, None));
    }
}
