//! General names (RFC 5280 4.2.1.6): what a certificate says it is for, owned, from certificates
//! and from what people type.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use der::asn1::AnyRef;
use der::{Encode as _, Tag, TagNumber};
use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::asn1_rs::{Any, Class, FromDer as _, Oid, Tag as BerTag};
use x509_parser::extensions::GeneralName as Parsed;
use x509_parser::oid_registry::OID_X509_EXT_SUBJECT_ALT_NAME;

use crate::error::{Error, Result};
use crate::pki::name::printable_name;
use crate::pki::printable::printable;
use crate::pki::typed_name::{
    Problem, check_address, check_host, check_mailbox, quoted, suggestion,
};

/// One name. From a certificate it is what stands there, unchecked; from [`GeneralName::parse`],
/// [`GeneralName::dns`], [`GeneralName::email`] and [`GeneralName::ip`] it is valid.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GeneralName {
    /// dNSName, a host in A-labels, perhaps with a wildcard as its leftmost label.
    Dns(String),
    /// rfc822Name, a mailbox.
    Email(String),
    /// iPAddress.
    Ip(IpAddr),
    /// directoryName: the DER of a Name.
    Directory(Vec<u8>),
    /// uniformResourceIdentifier.
    Uri(String),
    /// otherName, x400Address, ediPartyName, registeredID, and what is malformed.
    Other {
        /// The context-specific tag, 0 to 8 where it is a known kind.
        tag: u32,
        /// The octets under that tag.
        value: Vec<u8>,
    },
}

impl GeneralName {
    /// Reads `DNS:mail.example.com`, `IP:192.0.2.1` or `email:joe@example.com`, the type in any case.
    ///
    /// Any other type, or none, is a usage error; so is a malformed name.
    pub fn parse(text: &str) -> Result<Self> {
        let (kind, value) = text.split_once(':').unwrap_or(("", text));
        let checked = match kind.to_ascii_lowercase().as_str() {
            "dns" => check_host(value).map(Self::Dns),
            "ip" | "ip address" => check_address(value).map(Self::Ip),
            "email" => check_mailbox(value).map(Self::Email),
            _ => Err(Problem::new(format!(
                "{} is not of the form DNS:…, IP:… or email:…",
                quoted(text)
            ))
            .hint(suggestion(text))),
        };
        checked.map_err(|problem| problem.into_error(Error::usage))
    }

    /// A host name, in U-labels or A-labels, with or without a trailing dot; a wildcard is allowed as
    /// the whole leftmost label. The result is in lower-case A-labels (IDNA 2008, UTS 46).
    pub fn dns(host: &str) -> Result<Self> {
        check_host(host)
            .map(Self::Dns)
            .map_err(|problem| problem.without_prefix_hint().into_error(Error::refused))
    }

    /// A mailbox `local@domain` (RFC 5280 4.2.1.6). The local part is ASCII and kept as it is, the
    /// domain becomes lower-case A-labels.
    pub fn email(mailbox: &str) -> Result<Self> {
        check_mailbox(mailbox)
            .map(Self::Email)
            .map_err(|problem| problem.into_error(Error::refused))
    }

    /// An IPv4 or IPv6 address in its usual text form, without a mask, port or zone.
    pub fn ip(address: &str) -> Result<Self> {
        check_address(address).map(Self::Ip).map_err(|problem| problem.into_error(Error::refused))
    }

    /// A host, or an address where the text is one: what `--cn` and `--host` take.
    pub fn host(text: &str) -> Result<Self> {
        match text.parse() {
            Ok(address) => Ok(Self::Ip(address)),
            Err(_) => Self::dns(text),
        }
    }

    /// The names of a certificate's subjectAltName, none where it has none.
    ///
    /// Fails where the extension is malformed or there twice.
    pub fn of_certificate(certificate: &X509Certificate<'_>) -> Result<Vec<Self>> {
        match certificate.get_extension_unique(&OID_X509_EXT_SUBJECT_ALT_NAME) {
            Ok(Some(extension)) => Self::of_extension(extension.value),
            Ok(None) => Ok(Vec::new()),
            Err(_) => Err(Error::verdict("the subjectAltName extension is there twice")),
        }
    }

    /// The names in the DER of a `GeneralNames` (RFC 5280 4.2.1.6), the value inside the OCTET STRING of
    /// a subjectAltName in a certificate or a request.
    ///
    /// Fails where that is malformed; one name of a known kind with wrong octets is [`Self::Other`].
    pub fn of_extension(value: &[u8]) -> Result<Vec<Self>> {
        let malformed = || Error::verdict("the subjectAltName extension is malformed");
        let (rest, sequence) = Any::from_der(value).map_err(|_| malformed())?;
        if !rest.is_empty() || sequence.tag() != BerTag::Sequence {
            return Err(malformed());
        }
        let mut names = Vec::new();
        let mut rest = sequence.data;
        while !rest.is_empty() {
            let (after, name) = Any::from_der(rest).map_err(|_| malformed())?;
            if name.class() != Class::ContextSpecific {
                return Err(malformed());
            }
            names.push(Self::of_tagged(name.tag().0, name.data));
            rest = after;
        }
        Ok(names)
    }

    /// One name from its context-specific tag and the octets under it; what is malformed is `Other`.
    pub(crate) fn of_tagged(tag: u32, value: &[u8]) -> Self {
        let text = || std::str::from_utf8(value).ok().map(str::to_owned);
        let name = match tag {
            1 => text().map(Self::Email),
            2 => text().map(Self::Dns),
            4 => Some(Self::Directory(value.to_vec())),
            6 => text().map(Self::Uri),
            7 => address_from(value).map(Self::Ip),
            _ => None,
        };
        name.unwrap_or_else(|| Self::Other { tag, value: value.to_vec() })
    }

    /// The DER of this `GeneralName` (RFC 5280 4.2.1.6).
    ///
    /// Fails where the text is not ASCII, which only a name from a broken certificate can be.
    pub fn to_der(&self) -> Result<Vec<u8>> {
        let address;
        let (number, constructed, value): (u32, bool, &[u8]) = match self {
            Self::Email(text) => (1, false, self.ascii(text)?),
            Self::Dns(text) => (2, false, self.ascii(text)?),
            Self::Uri(text) => (6, false, self.ascii(text)?),
            Self::Directory(name) => (4, true, name),
            Self::Ip(ip) => {
                address = address_octets(*ip);
                (7, false, &address)
            }
            Self::Other { tag, value } => (*tag, matches!(tag, 0 | 3 | 5), value),
        };
        encode(Tag::ContextSpecific { constructed, number: TagNumber(number) }, value)
    }

    /// The DER of a `SubjectAltName`, a SEQUENCE of the names in their order: the value inside the
    /// extension's OCTET STRING.
    pub fn subject_alt_name_der(names: &[Self]) -> Result<Vec<u8>> {
        let names = names.iter().map(Self::to_der).collect::<Result<Vec<_>>>()?;
        encode(Tag::Sequence, &names.concat())
    }

    /// The same name, checked as one that was typed is: what comes from a request must be something
    /// that a client can match. Kinds that are never signed pass, since the policy refuses them.
    pub fn validated(&self) -> Result<Self> {
        match self {
            Self::Dns(host) => Self::dns(host),
            Self::Email(mailbox) => Self::email(mailbox),
            _ => Ok(self.clone()),
        }
    }

    /// The same for a person who knows no RFC.
    pub fn in_words(&self) -> &'static str {
        match self {
            Self::Dns(_) => "host name",
            Self::Email(_) => "e-mail address",
            Self::Ip(_) => "IP address",
            other => other.kind(),
        }
    }

    /// What RFC 5280 calls this kind of name: `dNSName`, `rfc822Name`, `iPAddress`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Dns(_) => "dNSName",
            Self::Email(_) => "rfc822Name",
            Self::Ip(_) => "iPAddress",
            Self::Directory(_) => "directoryName",
            Self::Uri(_) => "uniformResourceIdentifier",
            Self::Other { tag: 0, .. } => "otherName",
            Self::Other { tag: 3, .. } => "x400Address",
            Self::Other { tag: 5, .. } => "ediPartyName",
            Self::Other { tag: 8, .. } => "registeredID",
            Self::Other { .. } => "malformed name",
        }
    }

    /// The name without its type, for a sentence; untrusted characters are escaped.
    pub fn value(&self) -> String {
        match self {
            Self::Dns(text) | Self::Email(text) | Self::Uri(text) => printable(text),
            Self::Ip(address) => address.to_string(),
            Self::Directory(name) => printable_name(name),
            Self::Other { tag: 0, value } => match other_name_type(value) {
                Some(oid) => format!("type {oid}"),
                None => hexadecimal(value),
            },
            Self::Other { value, .. } => hexadecimal(value),
        }
    }

    fn ascii<'a>(&self, text: &'a str) -> Result<&'a [u8]> {
        if text.is_ascii() {
            Ok(text.as_bytes())
        } else {
            Err(Error::refused(format!("{self} is not ASCII")))
        }
    }
}

impl fmt::Display for GeneralName {
    /// `DNS:mail.example.com`, `IP:192.0.2.1`, `email:joe@example.com`, `URI:…`, `dirName:…`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self {
            Self::Dns(_) => "DNS",
            Self::Email(_) => "email",
            Self::Ip(_) => "IP",
            Self::Directory(_) => "dirName",
            Self::Uri(_) => "URI",
            Self::Other { .. } => self.kind(),
        };
        write!(formatter, "{prefix}:{}", self.value())
    }
}

impl FromStr for GeneralName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl From<&Parsed<'_>> for GeneralName {
    /// Nothing is checked; an address that is neither 4 nor 16 octets long becomes `Other`.
    fn from(name: &Parsed<'_>) -> Self {
        match name {
            Parsed::DNSName(host) => Self::Dns((*host).into()),
            Parsed::RFC822Name(mailbox) => Self::Email((*mailbox).into()),
            Parsed::URI(uri) => Self::Uri((*uri).into()),
            Parsed::DirectoryName(name) => Self::Directory(name.as_raw().into()),
            Parsed::IPAddress(octets) => address_from(octets)
                .map_or_else(|| Self::Other { tag: 7, value: octets.to_vec() }, Self::Ip),
            Parsed::OtherName(oid, rest) => {
                // An OID that was parsed is short enough to be encoded again.
                let mut value = encode(Tag::ObjectIdentifier, oid.as_bytes()).unwrap_or_default();
                value.extend_from_slice(rest);
                Self::Other { tag: 0, value }
            }
            Parsed::X400Address(any) => Self::Other { tag: 3, value: any.data.to_vec() },
            Parsed::EDIPartyName(any) => Self::Other { tag: 5, value: any.data.to_vec() },
            Parsed::RegisteredID(oid) => Self::Other { tag: 8, value: oid.as_bytes().to_vec() },
            Parsed::Invalid(tag, octets) => Self::Other { tag: tag.0, value: octets.to_vec() },
        }
    }
}

/// The address in the octets of an iPAddress: 4 or 16 of them (RFC 5280 4.2.1.6).
fn address_from(octets: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        return Some(Ipv4Addr::from(octets).into());
    }
    <[u8; 16]>::try_from(octets).ok().map(|octets| Ipv6Addr::from(octets).into())
}

fn address_octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// The dotted type of an otherName, from the octets under its tag.
pub(crate) fn other_name_type(value: &[u8]) -> Option<String> {
    Oid::from_der(value).ok().map(|(_, oid)| oid.to_id_string())
}

fn encode(tag: Tag, value: &[u8]) -> Result<Vec<u8>> {
    AnyRef::new(tag, value)
        .and_then(|any| any.to_der())
        .map_err(|error| Error::bug("a name cannot be encoded").caused_by(error))
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        GeneralName::parse(text).unwrap().to_string()
    }

    #[test]
    fn typed_names_are_read_and_shown() {
        for (text, expected) in [
            ("DNS:mail.example.com", "DNS:mail.example.com"),
            ("dns:Mail.Example.COM.", "DNS:mail.example.com"),
            ("DNS:bücher.example", "DNS:xn--bcher-kva.example"),
            ("DNS:*.Bücher.example", "DNS:*.xn--bcher-kva.example"),
            ("DNS:localhost", "DNS:localhost"),
            ("DNS:_smtp.r3---sn.example", "DNS:_smtp.r3---sn.example"),
            ("IP:192.0.2.1", "IP:192.0.2.1"),
            ("ip:2001:DB8::1", "IP:2001:db8::1"),
            ("email:Joe.User+tag@Bücher.Example", "email:Joe.User+tag@xn--bcher-kva.example"),
        ] {
            assert_eq!(shown(text), expected);
        }
        assert_eq!(GeneralName::host("192.0.2.1").unwrap().kind(), "iPAddress");
        assert_eq!(GeneralName::host("mail.example.com").unwrap().kind(), "dNSName");
    }

    #[test]
    fn a_name_without_a_type_is_a_usage_error_that_suggests_one() {
        for (text, hint) in [
            ("mail.example.com", "write DNS:mail.example.com"),
            ("192.0.2.1", "write IP:192.0.2.1"),
            ("2001:db8::1", "write IP:2001:db8::1"),
            ("joe@example.com", "write email:joe@example.com"),
            (
                "URI:https://example.com/",
                "for example DNS:mail.example.com, IP:192.0.2.1 or email:joe@example.com",
            ),
        ] {
            let error = GeneralName::parse(text).unwrap_err();
            assert_eq!(error.kind(), crate::error::Kind::Usage);
            assert_eq!(error.hints(), [hint]);
        }
    }

    #[test]
    fn names_from_a_certificate_are_kept_as_they_are() {
        let names = [
            GeneralName::Dns("mail.example.com".into()),
            GeneralName::Ip("192.0.2.1".parse().unwrap()),
            GeneralName::Ip("2001:db8::1".parse().unwrap()),
            GeneralName::Email("joe@example.com".into()),
            GeneralName::Uri("https://example.com/".into()),
            GeneralName::Directory(vec![0x30, 0]),
            GeneralName::Other { tag: 0, value: vec![6, 2, 0x2a, 3, 0xa0, 2, 5, 0] },
            GeneralName::Other { tag: 8, value: vec![0x2a, 3] },
            GeneralName::Other { tag: 7, value: vec![1, 2, 3] },
        ];
        let der = GeneralName::subject_alt_name_der(&names).unwrap();
        assert_eq!(GeneralName::of_extension(&der).unwrap(), names);
        let shown: Vec<_> = names.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown.join(" "),
            "DNS:mail.example.com IP:192.0.2.1 IP:2001:db8::1 email:joe@example.com \
             URI:https://example.com/ dirName:empty name otherName:type 1.2.3 registeredID:2A:03 \
             malformed name:01:02:03"
        );
        let (_, san) = SubjectAlternativeName::from_der(&der).unwrap();
        let parsed: Vec<_> = san.general_names.iter().map(GeneralName::from).collect();
        assert_eq!(parsed, names);
    }

    use x509_parser::extensions::SubjectAlternativeName;

    #[test]
    fn a_malformed_extension_is_an_error() {
        for der in
            [&b"\x30\x03\x82\x05a"[..], b"\x30\x02\x0c\x00", b"\x82\x01a", b"\x30\x00\x00", b""]
        {
            assert!(GeneralName::of_extension(der).is_err());
        }
        let names = GeneralName::of_extension(b"\x30\x04\x82\x02\xff\0").unwrap();
        assert_eq!(names, [GeneralName::Other { tag: 2, value: vec![0xff, 0] }]);
    }

    #[test]
    fn untrusted_text_is_escaped() {
        assert_eq!(GeneralName::Dns("a\0b\u{202e}".into()).to_string(), r"DNS:a\u{0}b\u{202e}");
    }
}
