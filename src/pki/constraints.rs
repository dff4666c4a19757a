//! Name constraints (RFC 5280 4.2.1.10): which names a CA may certify. Used by `verify`, and by the
//! signing policy before a certificate exists.
//!
//! It refuses whatever OpenSSL refuses, and in a few places more: a wildcard that covers an excluded
//! host, a wildcard in a common name, a malformed name.

use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::asn1_rs::{Any, Class, FromDer as _};
use x509_parser::oid_registry::OID_X509_EXT_NAME_CONSTRAINTS;

use super::general_name::{GeneralName, other_name_type};
use super::name::{self, COMMON_NAME, EMAIL_ADDRESS};
use super::printable::printable;
use super::subtree::{Answer, Subtree};
use super::tlv::children;
use crate::error::{Error, Result};

/// OpenSSL's bound on names times subtrees, against certificates made to keep a verifier busy.
const MAX_COMPARISONS: usize = 1 << 20;

/// The name constraints of one CA certificate.
#[derive(Clone, Debug)]
pub struct Constraints {
    ca: String,
    permitted: Vec<Subtree>,
    excluded: Vec<Subtree>,
}

impl Constraints {
    /// The constraints of a DER certificate, `None` where it has none.
    ///
    /// Fails where certificate or extension are malformed.
    pub fn from_certificate(certificate_der: &[u8]) -> Result<Option<Self>> {
        match X509Certificate::from_der(certificate_der) {
            Ok(([], certificate)) => Self::of(&certificate),
            _ => Err(Error::refused("the CA certificate is malformed")),
        }
    }

    /// The same for a certificate that is parsed already.
    pub fn of(certificate: &X509Certificate<'_>) -> Result<Option<Self>> {
        let ca = name::label(certificate.subject().as_raw());
        match certificate.get_extension_unique(&OID_X509_EXT_NAME_CONSTRAINTS) {
            Ok(Some(extension)) => Self::from_extension(extension.value, ca).map(Some),
            Ok(None) => Ok(None),
            Err(_) => Err(malformed(&ca)),
        }
    }

    /// From the DER of a `NameConstraints`, with the name of its CA for messages.
    ///
    /// x509-parser's own reading drops subtrees that it cannot read, and with them the constraint.
    pub fn from_extension(value: &[u8], ca: String) -> Result<Self> {
        let fields = children(value).ok_or_else(|| malformed(&ca))?;
        let mut constraints = Self { ca, permitted: Vec::new(), excluded: Vec::new() };
        let mut last = None;
        for (tag, field) in fields {
            if last.is_some_and(|last| tag <= last) {
                return Err(malformed(&constraints.ca));
            }
            last = Some(tag);
            let subtrees = read_subtrees(field).ok_or_else(|| malformed(&constraints.ca))?;
            match tag {
                0 => constraints.permitted = subtrees,
                1 => constraints.excluded = subtrees,
                _ => return Err(malformed(&constraints.ca)),
            }
        }
        Ok(constraints)
    }

    /// Checks that this CA may certify all of `names`: for a certificate, what [`names_of`] gives.
    ///
    /// A verdict names the first that it may not, and what it may.
    pub fn check(&self, names: &[GeneralName]) -> Result<()> {
        let subtrees = self.permitted.len() + self.excluded.len();
        if names.len().saturating_mul(subtrees) > MAX_COMPARISONS {
            return Err(Error::verdict(format!(
                "{} names against the {subtrees} name constraints of the CA \"{}\" are too many to check",
                names.len(),
                self.ca
            )));
        }
        names.iter().try_for_each(|name| self.check_one(name))
    }

    fn check_one(&self, name: &GeneralName) -> Result<()> {
        // RFC 9598: a mailbox with characters outside ASCII falls under the rfc822Name constraints.
        if let Some(mailbox) = international_mailbox(name) {
            return self.check_one(&mailbox?);
        }
        let mut permitted = None;
        for subtree in self.permitted.iter().filter(|subtree| subtree.concerns(name)) {
            match subtree.contains(name, false) {
                Answer::Yes => {
                    permitted = Some(true);
                    break;
                }
                Answer::No => permitted = Some(false),
                Answer::Unknown(why) => return Err(self.unknown(name, why)),
            }
        }
        if permitted == Some(false) {
            return Err(Error::verdict(format!(
                "the name {} ({}) is outside the names that the CA \"{}\" may certify: {}",
                name.value(),
                name.kind(),
                self.ca,
                list(&self.permitted, name)
            )));
        }
        for subtree in self.excluded.iter().filter(|subtree| subtree.concerns(name)) {
            match subtree.contains(name, true) {
                Answer::Yes => {
                    return Err(Error::verdict(format!(
                        "the name {} ({}) is among the names that the CA \"{}\" must not certify: {}",
                        name.value(),
                        name.kind(),
                        self.ca,
                        list(&self.excluded, name)
                    )));
                }
                Answer::No => {}
                Answer::Unknown(why) => return Err(self.unknown(name, why)),
            }
        }
        Ok(())
    }

    fn unknown(&self, name: &GeneralName, why: &str) -> Error {
        Error::verdict(format!(
            "the name {} ({}) cannot be checked against the name constraints of the CA \"{}\": {why}",
            name.value(),
            name.kind(),
            self.ca
        ))
    }
}

/// The names in a certificate that name constraints apply to (RFC 5280 4.2.1.10): the subject as a
/// directoryName, its emailAddress attributes, the alternative names, and, as in OpenSSL, the common
/// names of a leaf without a dNSName where they look like a host.
///
/// `subject_der` is a DER `Name`. Fails where an emailAddress is no `IA5String`, which OpenSSL refuses
/// under any constraint.
pub fn names_of(
    subject_der: &[u8],
    alternative_names: &[GeneralName],
    is_leaf: bool,
) -> Result<Vec<GeneralName>> {
    let mut names = Vec::new();
    let rdns = name::attributes(subject_der).map_err(|_| {
        Error::verdict("the subject is malformed, so name constraints cannot be checked")
    })?;
    if !rdns.is_empty() {
        names.push(GeneralName::Directory(subject_der.to_vec()));
    }
    for attribute in rdns.iter().flatten().filter(|attribute| attribute.oid == EMAIL_ADDRESS) {
        let mailbox = attribute.string().filter(|_| attribute.is_ia5()).ok_or_else(|| {
            Error::verdict(
                "the emailAddress in the subject is not an IA5String, which name constraints need",
            )
            .hint(
                "leave it out of the subject: a subjectAltName is where an e-mail address belongs",
            )
        })?;
        names.push(GeneralName::Email(mailbox));
    }
    names.extend_from_slice(alternative_names);
    if is_leaf && !alternative_names.iter().any(|name| matches!(name, GeneralName::Dns(_))) {
        for common_name in rdns.iter().flatten().filter(|attribute| attribute.oid == COMMON_NAME) {
            names.extend(
                common_name.string().filter(|text| looks_like_host(text)).map(GeneralName::Dns),
            );
        }
    }
    Ok(names)
}

/// Two labels or more, as OpenSSL's `cn2dnsid` sees it, and a wildcard in front of them.
fn looks_like_host(text: &str) -> bool {
    let host = text.strip_prefix("*.").unwrap_or(text).trim_end_matches('\0');
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    (host.contains('.') || host.len() < text.len()) && host.split('.').all(label)
}

fn malformed(ca: &str) -> Error {
    Error::verdict(format!("the name constraints of the CA \"{ca}\" are malformed"))
}

fn read_subtrees(field: &[u8]) -> Option<Vec<Subtree>> {
    let (_, outer) = Any::from_der(field).ok()?;
    let subtrees = children(field)?;
    if outer.class() != Class::ContextSpecific || subtrees.is_empty() {
        return None;
    }
    subtrees.iter().map(|subtree| read_subtree(subtree.1)).collect()
}

/// `GeneralSubtree ::= SEQUENCE { base, minimum [0] DEFAULT 0, maximum [1] OPTIONAL }`.
fn read_subtree(der: &[u8]) -> Option<Subtree> {
    let fields = children(der)?;
    let (tag, base) = fields.first()?;
    let (_, base) = Any::from_der(base).ok()?;
    if base.class() != Class::ContextSpecific {
        return None;
    }
    let bounded = fields[1..].iter().any(|(tag, field)| *tag != 0 || *field != [0x80, 1, 0]);
    if bounded { Some(Subtree::Bounded(*tag)) } else { Subtree::read(*tag, base.data) }
}

/// An otherName of type id-on-SmtpUTF8Mailbox with its domain in A-labels; `None` for all others.
fn international_mailbox(name: &GeneralName) -> Option<Result<GeneralName>> {
    let GeneralName::Other { tag: 0, value } = name else { return None };
    if other_name_type(value)? != "1.3.6.1.5.5.7.8.9" {
        return None;
    }
    let text = || {
        let (rest, _oid) = Any::from_der(value).ok()?;
        let inner = children(rest)?;
        let [(12, text)] = inner.as_slice() else { return None };
        let text = std::str::from_utf8(Any::from_der(text).ok()?.1.data).ok()?;
        let (local, domain) = text.rsplit_once('@')?;
        let domain = idna::domain_to_ascii(domain).ok()?;
        Some(GeneralName::Email(format!("{local}@{domain}")))
    };
    Some(text().ok_or_else(|| Error::verdict(format!("the name {name} is malformed"))))
}

/// The subtrees that decided about this name.
fn list(subtrees: &[Subtree], name: &GeneralName) -> String {
    let texts = subtrees.iter().filter(|subtree| subtree.concerns(name)).map(ToString::to_string);
    printable(&texts.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::name::compare_tests::name;

    fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(value.len()).unwrap()], value].concat()
    }

    fn subtree(tag: u8, base: &[u8]) -> Vec<u8> {
        tlv(0x30, &tlv(tag, base))
    }

    fn constraints(permitted: &[Vec<u8>], excluded: &[Vec<u8>]) -> Constraints {
        let mut fields = Vec::new();
        if !permitted.is_empty() {
            fields.extend(tlv(0xa0, &permitted.concat()));
        }
        if !excluded.is_empty() {
            fields.extend(tlv(0xa1, &excluded.concat()));
        }
        Constraints::from_extension(&tlv(0x30, &fields), "X".into()).unwrap()
    }

    fn refusal(constraints: &Constraints, name: GeneralName) -> String {
        constraints.check(&[name]).unwrap_err().to_string()
    }

    #[test]
    fn the_error_names_both() {
        let mail = constraints(
            &[
                subtree(0x82, b"example.com"),
                subtree(0x81, b"example.com"),
                subtree(0x81, b".example.com"),
            ],
            &[subtree(0x87, &[0; 8]), subtree(0x87, &[0; 32])],
        );
        assert_eq!(
            refusal(&mail, GeneralName::Dns("mail.evil.com".into())),
            "the name mail.evil.com (dNSName) is outside the names that the CA \"X\" may certify: example.com"
        );
        assert_eq!(
            refusal(&mail, GeneralName::Email("joe@evil.com".into())),
            "the name joe@evil.com (rfc822Name) is outside the names that the CA \"X\" may certify: \
             example.com, .example.com"
        );
        assert_eq!(
            refusal(&mail, GeneralName::Ip("192.0.2.1".parse().unwrap())),
            "the name 192.0.2.1 (iPAddress) is among the names that the CA \"X\" must not certify: \
             0.0.0.0/0, ::/0"
        );
        mail.check(&[
            GeneralName::Dns("mail.example.com".into()),
            GeneralName::Email("joe@sub.example.com".into()),
            GeneralName::Uri("https://elsewhere.example/".into()),
        ])
        .unwrap();
    }

    #[test]
    fn the_subject_is_a_directory_name() {
        let org = name(&[&[(10, 0x13, b"Example")]]);
        let only = constraints(&[subtree(0xa4, &org)], &[]);
        let joe = name(&[&[(10, 0x0c, b"EXAMPLE")], &[(3, 0x0c, b"Joe")]]);
        only.check(&names_of(&joe, &[], true).unwrap()).unwrap();
        let other = name(&[&[(10, 0x0c, b"Other")], &[(3, 0x0c, b"Joe")]]);
        let error = only.check(&names_of(&other, &[], true).unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the name O=Other, CN=Joe (directoryName) is outside the names that the CA \"X\" may certify: \
             O=Example"
        );
        only.check(&names_of(&name(&[]), &[], true).unwrap()).unwrap();
    }

    #[test]
    fn the_common_name_of_a_leaf_without_dns_names_counts() {
        let common_name = |text: &[u8]| name(&[&[(3, 0x0c, text)]]);
        let hosts = |subject: &[u8], san: &[GeneralName], leaf: bool| {
            let names = names_of(subject, san, leaf).unwrap();
            names.iter().filter(|name| matches!(name, GeneralName::Dns(_))).count()
        };
        assert_eq!(hosts(&common_name(b"mail.evil.com"), &[], true), 1);
        assert_eq!(hosts(&common_name(b"*.evil.com"), &[], true), 1);
        assert_eq!(hosts(&common_name(b"mail.evil.com"), &[], false), 0);
        assert_eq!(
            hosts(&common_name(b"mail.evil.com"), &[GeneralName::Email("a@b".into())], true),
            1
        );
        for text in [&b"Joe User"[..], b"joeuser", b"a..b", b"-a.b", b"J. User"] {
            assert_eq!(hosts(&common_name(text), &[], true), 0);
        }
        assert_eq!(hosts(&common_name(b"x.evil.com"), &[GeneralName::Dns("a.b".into())], true), 1);
    }

    #[test]
    fn an_email_address_in_the_subject_counts_and_must_be_ia5() {
        let subject = |tag: u8| {
            let oid = tlv(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1]);
            let attribute = tlv(0x30, &[oid, tlv(tag, b"joe@evil.com")].concat());
            tlv(0x30, &tlv(0x31, &attribute))
        };
        let mail = constraints(&[subtree(0x81, b"example.com")], &[]);
        let error = mail.check(&names_of(&subject(0x16), &[], true).unwrap()).unwrap_err();
        assert!(error.to_string().starts_with("the name joe@evil.com (rfc822Name) is outside"));
        assert!(names_of(&subject(0x0c), &[], true).unwrap_err().to_string().contains("IA5String"));
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let registered = constraints(&[subtree(0x88, &[0x2a, 3])], &[]);
        let name = GeneralName::Other { tag: 8, value: vec![0x2a, 3] };
        assert!(refusal(&registered, name).contains("are not supported"));
        registered.check(&[GeneralName::Dns("mail.example.com".into())]).unwrap();

        let upn = tlv(6, &[0x2a, 3]);
        let other =
            constraints(&[], &[subtree(0xa0, &[upn.clone(), vec![0xa0, 2, 5, 0]].concat())]);
        let same_type = GeneralName::Other { tag: 0, value: upn };
        let other_type = GeneralName::Other { tag: 0, value: tlv(6, &[0x2a, 4]) };
        assert!(refusal(&other, same_type).contains("not supported"));
        other.check(&[other_type]).unwrap();

        let bounded = tlv(0x30, &[tlv(0x82, b"example.com"), vec![0x80, 1, 1]].concat());
        let bounded = constraints(&[bounded], &[]);
        assert!(refusal(&bounded, GeneralName::Dns("a.example.com".into())).contains("minimum"));
        let malformed = GeneralName::Other { tag: 2, value: vec![0xff] };
        let hosts = constraints(&[subtree(0x82, b"example.com")], &[]);
        assert!(refusal(&hosts, malformed).contains("it is malformed"));
    }

    #[test]
    fn an_international_mailbox_falls_under_the_email_constraints() {
        let mail = constraints(&[subtree(0x81, b"xn--bcher-kva.example")], &[]);
        let mailbox = |text: &str| {
            let oid = tlv(6, &[0x2b, 6, 1, 5, 5, 7, 8, 9]);
            let value = [oid, tlv(0xa0, &tlv(12, text.as_bytes()))].concat();
            GeneralName::Other { tag: 0, value }
        };
        mail.check(&[mailbox("jörg@bücher.example")]).unwrap();
        assert!(refusal(&mail, mailbox("jörg@evil.example")).contains("outside"));
        assert!(refusal(&mail, mailbox("jörg")).contains("malformed"));
    }

    #[test]
    fn malformed_constraints_are_never_dropped() {
        for der in [
            &b"\x30\x04\xa0\x02\x30\x00"[..],
            b"\x30\x02\xa0\x00",
            b"\x30\x02\xa2\x00",
            b"\x30\x09\xa0\x07\x30\x05\x82\x05a.b",
            b"\x30\x00\x00",
            b"\x31\x05",
        ] {
            let error = Constraints::from_extension(der, "X".into()).unwrap_err();
            assert_eq!(error.to_string(), "the name constraints of the CA \"X\" are malformed");
        }
    }

    #[test]
    fn an_absurd_number_of_comparisons_is_refused() {
        let many = constraints(&vec![subtree(0x82, b"a"); 15], &[]);
        let names = vec![GeneralName::Dns("a".into()); 80_000];
        assert!(many.check(&names).unwrap_err().to_string().contains("too many to check"));
    }
}
