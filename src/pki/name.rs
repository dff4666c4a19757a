//! Distinguished names (RFC 5280 4.1.2.4), kept as the bytes that they came in.
//!
//! A name is never taken apart and put together again: several OUs, DC components, multi-valued
//! RDNs and every string type arrive in the certificate as the request had them.

use std::fmt;

use der::asn1::{Ia5StringRef, ObjectIdentifier, PrintableStringRef, Utf8StringRef};
use der::{Encode, Tag};
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use crate::error::{Error, Result};
use crate::pki::printable::printable;
use crate::pki::tlv;

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

/// One attribute of a relative distinguished name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The type, as a dotted OID.
    pub oid: String,
    /// The tag number of the value (12 for a UTF8String, for instance).
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

    /// The value as text, by its string type. T61String is read as ISO 8859-1, as OpenSSL does.
    pub fn text(&self) -> String {
        match self.tag {
            20 => self.bytes.iter().copied().map(char::from).collect(),
            30 => {
                let units = self.bytes.chunks(2).map(|pair| match pair {
                    [high, low] => u16::from_be_bytes([*high, *low]),
                    _ => 0xFFFD,
                });
                char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{FFFD}')).collect()
            }
            28 => self
                .bytes
                .chunks(4)
                .map(|quad| <[u8; 4]>::try_from(quad).map_or(0xFFFD, u32::from_be_bytes))
                .map(|point| char::from_u32(point).unwrap_or('\u{FFFD}'))
                .collect(),
            _ => String::from_utf8_lossy(&self.bytes).into_owned(),
        }
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
        let malformed = || Error::refused("malformed distinguished name");
        let (rest, parsed) = X509Name::from_der(der).map_err(|_| malformed())?;
        if !rest.is_empty() {
            return Err(malformed());
        }
        let rdns = parsed
            .iter_rdn()
            .map(|rdn| {
                rdn.iter()
                    .map(|attribute| Attribute {
                        oid: attribute.attr_type().to_id_string(),
                        tag: attribute.attr_value().header.tag().0,
                        bytes: attribute.attr_value().data.to_vec(),
                    })
                    .collect()
            })
            .collect();
        Ok(Self { der: der.to_vec(), rdns })
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

    /// The values of every attribute with this OpenSSL short name.
    pub fn values(&self, short_name: &str) -> Vec<String> {
        self.rdns
            .iter()
            .flatten()
            .filter(|attribute| attribute.short_name() == short_name)
            .map(Attribute::text)
            .collect()
    }

    /// The last common name, which is the one that programs look at.
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
                for byte in &attribute.bytes {
                    match byte {
                        b'/' | b'+' => {
                            line.push('\\');
                            line.push(char::from(*byte));
                        }
                        0x20..=0x7E => line.push(char::from(*byte)),
                        _ => line.push_str(&format!("\\x{byte:02X}")),
                    }
                }
            }
        }
        line
    }

    /// Whether both are the same name for a program that compares as RFC 5280 7.1 has it: without
    /// regard to case, string type and repeated spaces.
    pub fn same_as(&self, other: &Self) -> bool {
        self.der == other.der || self.folded() == other.folded()
    }

    fn folded(&self) -> Vec<Vec<(String, String)>> {
        let fold = |text: String| {
            text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
        };
        self.rdns
            .iter()
            .map(|rdn| {
                let mut values: Vec<_> =
                    rdn.iter().map(|a| (a.oid.clone(), fold(a.text()))).collect();
                values.sort();
                values
            })
            .collect()
    }
}

impl fmt::Display for Name {
    /// `C=US, O=Foo Enterprises, CN=mail.example.com`, safe to print on a terminal.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return formatter.write_str("(no subject)");
        }
        for (index, rdn) in self.rdns.iter().enumerate() {
            for (position, attribute) in rdn.iter().enumerate() {
                let separator = match (index, position) {
                    (0, 0) => "",
                    (_, 0) => ", ",
                    _ => " + ",
                };
                let value = printable(&attribute.text());
                write!(formatter, "{separator}{}={value}", attribute.short_name())?;
            }
        }
        Ok(())
    }
}

/// The parts of a name that an administrator gives, put together by [`Parts::build`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// C, two letters (ISO 3166).
    pub country: Option<String>,
    /// ST.
    pub state: Option<String>,
    /// L.
    pub locality: Option<String>,
    /// O.
    pub organization: Option<String>,
    /// OU, as many as wanted.
    pub organizational_units: Vec<String>,
    /// CN.
    pub common_name: Option<String>,
    /// emailAddress (PKCS#9).
    pub email_address: Option<String>,
}

impl Parts {
    /// The name in the order that OpenSSL's own configuration uses: C, ST, L, O, OU, CN,
    /// emailAddress. Countries are PrintableString, e-mail addresses IA5String, the rest UTF8String
    /// (RFC 5280 appendix A.1), within the upper bounds there.
    pub fn build(&self) -> Result<Name> {
        let mut rdns: Vec<Vec<u8>> = Vec::new();
        if let Some(country) = &self.country {
            if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_alphabetic()) {
                return Err(Error::refused(format!(
                    "the country {} is not a code of two letters",
                    printable(country)
                ))
                .hint("give an ISO 3166 code, for example --country US"));
            }
            let country = country.to_ascii_uppercase();
            rdns.push(rdn("2.5.4.6", &PrintableStringRef::new(&country).map_err(unencodable)?)?);
        }
        let mut texts: Vec<(&str, &str, usize, &str)> = Vec::new();
        if let Some(state) = &self.state {
            texts.push(("2.5.4.8", "state", 128, state));
        }
        if let Some(locality) = &self.locality {
            texts.push(("2.5.4.7", "locality", 128, locality));
        }
        if let Some(organization) = &self.organization {
            texts.push(("2.5.4.10", "organization", 64, organization));
        }
        for unit in &self.organizational_units {
            texts.push(("2.5.4.11", "organizational unit", 64, unit));
        }
        if let Some(common_name) = &self.common_name {
            texts.push(("2.5.4.3", "common name", 64, common_name));
        }
        for (oid, what, limit, value) in texts {
            check_text(what, value, limit)?;
            rdns.push(rdn(oid, &Utf8StringRef::new(value).map_err(unencodable)?)?);
        }
        if let Some(address) = &self.email_address {
            check_text("e-mail address", address, 255)?;
            let value = Ia5StringRef::new(address).map_err(|_| {
                Error::refused(format!("the e-mail address {} is not ASCII", printable(address)))
            })?;
            rdns.push(rdn("1.2.840.113549.1.9.1", &value)?);
        }
        let parts: Vec<&[u8]> = rdns.iter().map(Vec::as_slice).collect();
        Name::from_der(&tlv::sequence(&parts)?)
    }
}

fn check_text(what: &str, value: &str, limit: usize) -> Result<()> {
    if value.trim().is_empty() {
        return Err(Error::refused(format!("the {what} is empty")));
    }
    if value.chars().count() > limit {
        return Err(Error::refused(format!(
            "the {what} has {} characters, and a certificate has room for {limit} (RFC 5280)",
            value.chars().count()
        )));
    }
    if printable(value) != value {
        return Err(Error::refused(format!(
            "the {what} holds characters that cannot be seen: {}",
            printable(value)
        )));
    }
    Ok(())
}

fn unencodable(error: der::Error) -> Error {
    Error::refused("the name cannot be encoded").caused_by(error)
}

fn rdn(oid: &str, value: &impl Encode) -> Result<Vec<u8>> {
    let oid = ObjectIdentifier::new(oid)
        .map_err(|_| Error::bug("an attribute type is not an object identifier"))?;
    let oid = oid.to_der().map_err(unencodable)?;
    let value = value.to_der().map_err(unencodable)?;
    tlv::element(Tag::Set, &[&tlv::sequence(&[&oid, &value])?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> Parts {
        Parts {
            country: Some("us".into()),
            organization: Some("A/B + Söhne".into()),
            organizational_units: vec!["One".into(), "Two".into()],
            common_name: Some("mail.example.com".into()),
            email_address: Some("joe@example.com".into()),
            ..Parts::default()
        }
    }

    #[test]
    fn every_organizational_unit_is_kept_in_its_place() {
        let name = parts().build().unwrap();
        assert_eq!(name.values("OU"), ["One", "Two"]);
        assert_eq!(
            name.to_string(),
            "C=US, O=A/B + Söhne, OU=One, OU=Two, CN=mail.example.com, emailAddress=joe@example.com"
        );
    }

    #[test]
    fn oneline_escapes_as_openssl_3_does() {
        assert_eq!(
            parts().build().unwrap().oneline(),
            "/C=US/O=A\\/B \\+ S\\xC3\\xB6hne/OU=One/OU=Two/CN=mail.example.com/emailAddress=joe@example.com"
        );
    }

    #[test]
    fn names_that_differ_in_case_and_spaces_only_are_the_same() {
        let mut other = parts();
        other.organization = Some("a/b  +  SÖHNE".into());
        assert!(parts().build().unwrap().same_as(&other.build().unwrap()));
        other.organization = Some("a/c".into());
        assert!(!parts().build().unwrap().same_as(&other.build().unwrap()));
    }

    #[test]
    fn what_no_certificate_has_room_for_is_refused() {
        for bad in [
            Parts { country: Some("USA".into()), ..Parts::default() },
            Parts { common_name: Some("x".repeat(65)), ..Parts::default() },
            Parts { common_name: Some(" ".into()), ..Parts::default() },
            Parts { organization: Some("a\u{1b}[2J".into()), ..Parts::default() },
            Parts { email_address: Some("jöe@example.com".into()), ..Parts::default() },
        ] {
            assert!(bad.build().is_err(), "{bad:?}");
        }
    }
}
