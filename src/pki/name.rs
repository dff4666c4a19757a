//! Distinguished names (RFC 5280 4.1.2.4), kept as the bytes that they came in.
//!
//! A name is never taken apart and put together again: several OUs, DC components, multi-valued
//! RDNs and every string type arrive in the certificate as the request had them.

use std::fmt;

use x509_parser::der_parser::asn1_rs::Tag;

use crate::error::Result;
use crate::pki::digest::hex;
use crate::pki::printable::printable;

mod attribute;
mod compare;
mod decode;
mod hash;
mod oneline;
mod parts;
pub mod sendmail;

pub use attribute::{Attribute, upper_bound};
#[cfg(test)]
pub(super) use compare::tests as compare_tests;
pub use compare::{CanonicalName, NameKey, same_name};
pub use decode::{attributes, decoded_string};
pub use oneline::Oneline;
pub use parts::Parts;

/// Dotted OID of commonName.
pub const COMMON_NAME: &str = "2.5.4.3";
/// Dotted OID of emailAddress (PKCS #9).
pub const EMAIL_ADDRESS: &str = "1.2.840.113549.1.9.1";

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

#[cfg(test)]
mod tests {
    use super::*;

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
