//! Distinguished names (RFC 5280 4.1.2.4), kept as the bytes that they came in.
//!
//! A name is never taken apart and put together again: several OUs, DC components, multi-valued
//! RDNs and every string type arrive in the certificate as the request had them.

use std::fmt;

use x509_parser::der_parser::asn1_rs::{Any, FromDer as _, Oid, Tag};

use crate::error::{Error, Result};
use crate::pki::digest::hex;
use crate::pki::printable::printable;
use crate::pki::tlv::children;

mod compare;
mod hash;
mod oneline;
mod parts;
pub mod sendmail;

#[cfg(test)]
pub(super) use compare::tests as compare_tests;
pub use compare::{CanonicalName, NameKey, same_name};
pub use oneline::Oneline;
pub use parts::Parts;

/// Dotted OID of commonName.
pub const COMMON_NAME: &str = "2.5.4.3";
/// Dotted OID of emailAddress (PKCS #9).
pub const EMAIL_ADDRESS: &str = "1.2.840.113549.1.9.1";

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;

/// Attribute types that OpenSSL prints by a short name: dotted OID, short name.
const SHORT_NAMES: &[(&str, &str)] = &[
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.13", "description"),
    ("2.5.4.15", "businessCategory"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.41", "name"),
    ("2.5.4.42", "GN"),
    ("2.5.4.43", "initials"),
    ("2.5.4.44", "generationQualifier"),
    ("2.5.4.45", "x500UniqueIdentifier"),
    ("2.5.4.46", "dnQualifier"),
    ("2.5.4.65", "pseudonym"),
    ("2.5.4.97", "organizationIdentifier"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.3", "mail"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("1.2.840.113549.1.9.2", "unstructuredName"),
    ("1.2.840.113549.1.9.8", "unstructuredAddress"),
];

/// The most characters that a value may have, by the type's dotted OID (RFC 5280 appendix A.1).
pub fn upper_bound(oid: &str) -> Option<usize> {
    match oid {
        "2.5.4.6" => Some(2),
        "2.5.4.3" | "2.5.4.5" | "2.5.4.10" | "2.5.4.11" | "2.5.4.12" => Some(64),
        "2.5.4.7" | "2.5.4.8" => Some(128),
        "1.2.840.113549.1.9.1" => Some(255),
        _ => None,
    }
}

/// One attribute of a relative distinguished name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The type, as a dotted OID.
    pub oid: String,
    /// The tag number of the value (12 for a `UTF8String`, for instance).
    pub tag: u32,
    /// The content octets of the value, as they are encoded.
    pub bytes: Vec<u8>,
}

impl Attribute {
    /// OpenSSL's short name of the type, or the dotted OID where there is none.
    pub fn short_name(&self) -> &str {
        SHORT_NAMES
            .iter()
            .find(|(oid, _)| *oid == self.oid)
            .map_or(self.oid.as_str(), |(_, short)| *short)
    }

    /// The value as text, unescaped; `None` where it is no string.
    pub fn string(&self) -> Option<String> {
        decoded_string(self.tag, &self.bytes)
    }

    /// Whether the value is a string of a type that names have (RFC 5280 4.1.2.4), and its octets are of
    /// that type.
    pub fn is_text(&self) -> bool {
        Tag(self.tag) != Tag::VisibleString && self.string().is_some()
    }

    /// The value for a person: as text where it is a string, escaped, and with every backslash doubled, so that
    /// no text looks like an escape; else as `#`, its tag and its octets in hexadecimal.
    pub fn shown(&self) -> String {
        self.string().map_or_else(|| self.digits(), |text| printable(&text.replace('\\', r"\\")))
    }

    /// The same where it stands among others: nothing in it looks like the beginning of another attribute.
    fn shown_in_name(&self) -> String {
        self.string().map_or_else(|| self.digits(), |text| separated(&text))
    }

    fn digits(&self) -> String {
        format!("#{}:{}", self.tag, hex(&self.bytes))
    }

    /// Whether the value is longer than RFC 5280 allows for its type.
    pub fn is_too_long(&self) -> bool {
        let length = self.string().map_or(self.bytes.len(), |text| text.chars().count());
        upper_bound(&self.oid).is_some_and(|bound| length > bound)
    }

    /// Whether it is an `IA5String`, as emailAddress must be (RFC 5280 4.1.2.6).
    pub fn is_ia5(&self) -> bool {
        Tag(self.tag) == Tag::Ia5String && self.bytes.is_ascii()
    }
}

/// A distinguished name, as DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    der: Vec<u8>,
    rdns: Vec<Vec<Attribute>>,
}

impl Name {
    /// Reads a DER `Name`.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        Ok(Self { der: der.to_vec(), rdns: attributes(der)? })
    }

    /// The DER encoding, unchanged.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Whether it has no attribute at all.
    pub fn is_empty(&self) -> bool {
        self.rdns.is_empty()
    }

    /// The relative distinguished names in the order of the encoding.
    pub fn rdns(&self) -> &[Vec<Attribute>] {
        &self.rdns
    }

    /// The first attribute that is a `PrintableString` with bytes that no terminal prints. The characters of
    /// ASCII that are none of its (X.680 41.4), `@`, `_` and `*` above all, are let through: many programs
    /// write them, and all read them.
    pub fn misprinted(&self) -> Option<&Attribute> {
        let is_printable = |byte: &u8| matches!(byte, 0x20..=0x7E);
        self.rdns.iter().flatten().find(|attribute| {
            Tag(attribute.tag) == Tag::PrintableString && !attribute.bytes.iter().all(is_printable)
        })
    }

    /// The values of every attribute with this OpenSSL short name.
    pub fn values(&self, short_name: &str) -> Vec<String> {
        self.rdns
            .iter()
            .flatten()
            .filter(|attribute| attribute.short_name() == short_name)
            .filter_map(Attribute::string)
            .collect()
    }

    /// How many attributes have this type, a dotted OID, whatever their values are.
    pub fn count_of(&self, oid: &str) -> usize {
        self.rdns.iter().flatten().filter(|attribute| attribute.oid == oid).count()
    }

    /// The last common name. Most programs look at it, and some at the first: where there are several, nothing
    /// is given for it.
    pub fn common_name(&self) -> Option<String> {
        self.values("CN").pop()
    }

    /// What OpenSSL's `X509_NAME_oneline` prints from version 3.0 on, which is the subject column of
    /// index.txt and what Sendmail sees: `/` before each RDN, `+` between the values of one, bytes
    /// outside 0x20..=0x7E as `\xHH`, and `/` and `+` in a value as `\/` and `\+`.
    pub fn oneline(&self) -> String {
        let mut line = String::new();
        for rdn in &self.rdns {
            for (position, attribute) in rdn.iter().enumerate() {
                line.push(if position == 0 { '/' } else { '+' });
                line.push_str(attribute.short_name());
                line.push('=');
                attribute.bytes.iter().for_each(|byte| push_oneline(&mut line, *byte));
            }
        }
        line
    }

    /// Whether both are the same name for a program that compares as RFC 5280 7.1 has it: without
    /// regard to case, string type and repeated spaces.
    pub fn same_as(&self, other: &Self) -> bool {
        same_name(&self.der, &other.der)
    }
}

fn push_oneline(line: &mut String, byte: u8) {
    match byte {
        b'/' | b'+' => line.extend(['\\', char::from(byte)]),
        0x20..=0x7E => line.push(char::from(byte)),
        _ => line.extend(["\\x", &hex(&[byte])]),
    }
}

impl fmt::Display for Name {
    /// `C=US, O=Foo Enterprises, CN=mail.example.com`, the values of a multi-valued RDN joined by
    /// ` + `, and separators in a value with a backslash; safe to print on a terminal.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return formatter.write_str("empty name");
        }
        for (index, rdn) in self.rdns.iter().enumerate() {
            for (position, attribute) in rdn.iter().enumerate() {
                let separator = match (index, position) {
                    (0, 0) => "",
                    (_, 0) => ", ",
                    _ => " + ",
                };
                write!(
                    formatter,
                    "{separator}{}={}",
                    attribute.short_name(),
                    attribute.shown_in_name()
                )?;
            }
        }
        Ok(())
    }
}

/// A value among others, for a person: `,` `+` `"` `\` `<` `>` and `;`, `#` and a space at the beginning, and a
/// space at the end have a backslash before them (RFC 4514 2.4), and what is not seen is escaped. Different texts
/// are never shown the same.
fn separated(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 8);
    let last = text.len().saturating_sub(1);
    for (at, character) in text.char_indices() {
        let is_special = match character {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
            '#' => at == 0,
            ' ' => at == 0 || at == last,
            _ => false,
        };
        if is_special {
            shown.push('\\');
        }
        shown.push(character);
    }
    printable(&shown)
}

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

/// The texts of all attributes of one type, in order.
pub fn texts(name_der: &[u8], oid: &str) -> Vec<String> {
    attributes(name_der)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|attribute| attribute.oid == oid)
        .filter_map(|attribute| attribute.string())
        .collect()
}

/// What a person calls the owner of a name: its first common name, else all of it; escaped.
pub fn label(name_der: &[u8]) -> String {
    match texts(name_der, COMMON_NAME).first() {
        Some(common_name) => printable(common_name),
        None => printable_name(name_der),
    }
}

/// A DER name for a person; one that cannot be read is shown as such.
pub fn printable_name(name_der: &[u8]) -> String {
    Name::from_der(name_der).map_or_else(|_| "malformed name".into(), |name| name.to_string())
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
    use super::*;

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

    #[test]
    fn no_value_looks_like_another_attribute_or_an_escape() {
        for (text, shown) in [
            ("ann, CN=root", r"ann\, CN=root"),
            ("a + OU=b", r"a \+ OU=b"),
            ("jo\\u{202e}e", r"jo\\u{202e}e"),
            ("jo\u{202e}e", r"jo\u{202e}e"),
            (r#"<"a";>"#, r#"\<\"a\"\;\>"#),
            ("  a # b  ", r"\  a # b \ "),
            (" ", r"\ "),
            ("#2:01", r"\#2:01"),
            ("a\u{a0}", r"a\u{a0}"),
            ("", ""),
        ] {
            assert_eq!(separated(text), shown);
            let line = format!("/CN={}", text.replace('+', r"\+"));
            assert_eq!(Oneline::parse(line.as_bytes()).to_string(), format!("CN={shown}"));
        }
    }

    #[test]
    fn a_name_is_shown_in_its_own_order_and_string_types() {
        let rdn = |oid: &[u8], tag: u8, value: &[u8]| {
            let tlv = |tag: u8, value: &[u8]| {
                [&[tag, u8::try_from(value.len()).unwrap()], value].concat()
            };
            tlv(0x31, &tlv(0x30, &[tlv(6, oid), tlv(tag, value)].concat()))
        };
        let rdns = [
            rdn(&[0x55, 4, 10], 0x14, b"M\xfcller"),
            rdn(&[0x55, 4, 11], 0x1e, &[0, b'B', 0, b'm', 0x20, 0x2e]),
            rdn(&[0x55, 4, 3], 0x0c, b"a, b\x1b"),
            rdn(&[0x2a, 3], 0x02, &[1]),
        ]
        .concat();
        let name = [&[0x30, u8::try_from(rdns.len()).unwrap()], &rdns[..]].concat();
        assert_eq!(printable_name(&name), r"O=Müller, OU=Bm\u{202e}, CN=a\, b\u{1b}, 1.2.3=#2:01");
        assert_eq!(printable_name(&[0x30, 0]), "empty name");
        assert_eq!(printable_name(&name[..9]), "malformed name");
    }
}
