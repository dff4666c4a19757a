//! The DER of a distinguished name, taken apart. What other programs could not read is malformed here.

use x509_parser::der_parser::asn1_rs::{Any, FromDer as _, Oid, Tag};

use super::Attribute;
use crate::error::{Error, Result};
use crate::pki::tlv::children;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;

/// The RDNs of a DER `Name`. x509-parser's own reading stops silently at a malformed one.
pub fn attributes(name_der: &[u8]) -> Result<Vec<Vec<Attribute>>> {
    let read = || -> Option<Vec<Vec<Attribute>>> {
        let rdns = children_of(SEQUENCE, name_der)?;
        rdns.iter()
            .map(|rdn| children_of(SET, rdn.1)?.iter().map(|one| attribute(one.1)).collect())
            .collect()
    };
    read().ok_or_else(|| Error::refused("malformed distinguished name"))
}

fn attribute(der: &[u8]) -> Option<Attribute> {
    let parts = children_of(SEQUENCE, der)?;
    let [(_, oid), (tag, value)] = parts.as_slice() else { return None };
    // asn1-rs takes any tag for that of an object identifier.
    oid.first().filter(|tag| **tag == OBJECT_IDENTIFIER)?;
    let (_, oid) = Oid::from_der(oid).ok()?;
    // Of another class it would only look like a string, and strings in pieces are not DER.
    let first = *value.first()?;
    if first >= 0x40 || (first & 0x20 != 0 && !matches!(first, SEQUENCE | SET)) {
        return None;
    }
    let (_, value) = Any::from_der(value).ok()?;
    Some(Attribute { oid: dotted(oid.as_bytes())?, tag: *tag, bytes: value.data.to_vec() })
}

fn children_of(tag: u8, der: &[u8]) -> Option<Vec<(u32, &[u8])>> {
    der.first().filter(|first| **first == tag).and_then(|_| children(der))
}

/// An object identifier as people write it, from its content octets (X.690 8.19); `None` where they are not
/// DER, or a number in it has more than 128 bits.
fn dotted(octets: &[u8]) -> Option<String> {
    let mut arcs: Vec<u128> = Vec::new();
    let mut begins = true;
    for octet in octets {
        if begins {
            arcs.push(0);
        }
        let arc = arcs.last_mut()?;
        if *arc > u128::MAX >> 7 || (begins && *octet == 0x80) {
            return None;
        }
        *arc = *arc << 7 | u128::from(octet & 0x7F);
        begins = octet & 0x80 == 0;
    }
    let (first, rest) = arcs.split_first().filter(|_| begins)?;
    let root = (first / 40).min(2);
    let all = [root, first - 40 * root].into_iter().chain(rest.iter().copied());
    Some(all.map(|arc| arc.to_string()).collect::<Vec<_>>().join("."))
}

/// The text of an ASN.1 string: every `DirectoryString` choice (RFC 5280 4.1.2.4) and `IA5String`,
/// T61 as Latin-1, as OpenSSL reads it. `None` for any other type and for octets that are not of that
/// type. Nothing is escaped.
pub fn decoded_string(tag: u32, octets: &[u8]) -> Option<String> {
    match Tag(tag) {
        Tag::Utf8String
        | Tag::PrintableString
        | Tag::Ia5String
        | Tag::NumericString
        | Tag::VisibleString => std::str::from_utf8(octets).ok().map(str::to_owned),
        Tag::T61String => Some(octets.iter().map(|octet| char::from(*octet)).collect()),
        Tag::BmpString => {
            let (units, rest) = octets.as_chunks::<2>();
            let text = char::decode_utf16(units.iter().map(|unit| u16::from_be_bytes(*unit)));
            rest.is_empty().then(|| text.collect::<std::result::Result<_, _>>().ok()).flatten()
        }
        Tag::UniversalString => {
            let (units, rest) = octets.as_chunks::<4>();
            let text = units.iter().map(|unit| char::from_u32(u32::from_be_bytes(*unit)));
            rest.is_empty().then(|| text.collect()).flatten()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::dotted;
    use crate::pki::name::Name;

    #[test]
    fn what_no_other_program_reads_is_malformed() {
        let good = b"\x30\x0e\x31\x0c\x30\x0a\x06\x03\x55\x04\x03\x0c\x03abc";
        assert!(Name::from_der(good).is_ok());
        // A name, an RDN, an attribute or a type of another tag; a value of another class, or in pieces.
        let octets = [
            (0, 0x31),
            (2, 0x30),
            (4, 0x31),
            (4, 0x35),
            (6, 0x09),
            (6, 0x46),
            (11, 0x8c),
            (11, 0x2c),
        ];
        for (at, octet) in octets {
            let mut bad = good.to_vec();
            bad[at] = octet;
            assert!(Name::from_der(&bad).is_err(), "{octet:#x} at {at}");
        }
    }

    #[test]
    fn object_identifiers_are_written_as_openssl_writes_them() {
        for (octets, text) in [
            (&[0x55, 4, 3][..], "2.5.4.3"),
            (&[0x2a, 3], "1.2.3"),
            (&[0x27], "0.39"),
            (&[0x88, 0x37, 0x83, 0x48], "2.999.456"),
        ] {
            assert_eq!(dotted(octets).as_deref(), Some(text));
        }
        let uuid = [&[0x69][..], &[0x83], &[0xff; 17], &[0x7f]].concat();
        assert_eq!(dotted(&uuid).as_deref(), Some("2.25.340282366920938463463374607431768211455"));
        let larger = [&[0x69][..], &[0x87], &[0xff; 17], &[0x7f]].concat();
        // Nothing, one that does not end, one that begins with a zero, and one of 129 bits.
        for octets in [&[][..], &[0x55, 0x84], &[0x55, 0x80, 4], &larger] {
            assert_eq!(dotted(octets), None, "{octets:?}");
        }
    }
}
