//! Does a certificate belong to this host, address or mailbox? RFC 9525 (which replaced RFC 6125),
//! RFC 5280 4.2.1.6, and OpenSSL's fallbacks.

use std::fmt;
use std::net::IpAddr;

use x509_parser::certificate::X509Certificate;

use super::general_name::GeneralName;
use super::name::{COMMON_NAME, EMAIL_ADDRESS, texts};
use super::printable::{printable, shortened};
use crate::error::{Error, Result};

/// More names than this are counted in an error instead of named.
const NAMES_SHOWN: usize = 20;

/// Who the certificate is asked to belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A host name in lower-case A-labels, without a wildcard.
    Host(String),
    /// An IP address.
    Address(IpAddr),
    /// A mailbox, its domain in lower-case A-labels.
    Mailbox(String),
}

/// Which part of the certificate bears the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The subjectAltName, where clients look.
    AlternativeName,
    /// The subject's common name only: OpenSSL accepts that, RFC 9525 forbids it.
    CommonName,
    /// The subject's emailAddress only.
    SubjectEmail,
}

impl Found {
    /// What to tell a person about a name that is not where it belongs.
    pub fn advice(self) -> Option<&'static str> {
        match self {
            Self::AlternativeName => None,
            Self::CommonName => Some(
                "the host is only in the common name, which modern clients ignore: make a certificate \
                 with it as DNS name in the subjectAltName",
            ),
            Self::SubjectEmail => Some(
                "the address is only in the subject, where RFC 5280 calls it deprecated: make a \
                 certificate with it as e-mail address in the subjectAltName",
            ),
        }
    }
}

impl Identity {
    /// A host name, in U-labels or A-labels, or an address where the text is one.
    pub fn host(text: &str) -> Result<Self> {
        match GeneralName::host(text)? {
            GeneralName::Ip(address) => Ok(Self::Address(address)),
            GeneralName::Dns(host) if host.starts_with('*') => {
                Err(Error::usage(format!("{host} is a pattern, not a host"))
                    .hint("give a host that it stands for, as in mail.example.com"))
            }
            name => Ok(Self::Host(name.value())),
        }
    }

    /// A mailbox `local@domain`.
    pub fn email(text: &str) -> Result<Self> {
        Ok(Self::Mailbox(GeneralName::email(text)?.value()))
    }

    /// Looks for this identity in a certificate.
    ///
    /// A verdict names what was asked and every name that the certificate has.
    pub fn check(&self, certificate: &X509Certificate<'_>) -> Result<Found> {
        let names = GeneralName::of_certificate(certificate)?;
        let subject = certificate.subject().as_raw();
        if names.iter().any(|name| self.is(name)) {
            return Ok(Found::AlternativeName);
        }
        let fallback = match self {
            Self::Host(_) if !names.iter().any(|name| matches!(name, GeneralName::Dns(_))) => {
                texts(subject, COMMON_NAME)
                    .into_iter()
                    .map(|text| (text, "CN", Found::CommonName))
                    .collect()
            }
            Self::Mailbox(_) if !names.iter().any(|name| matches!(name, GeneralName::Email(_))) => {
                texts(subject, EMAIL_ADDRESS)
                    .into_iter()
                    .map(|text| (text, "emailAddress", Found::SubjectEmail))
                    .collect()
            }
            _ => Vec::new(),
        };
        for (text, _, found) in &fallback {
            if self.is_text(text) {
                return Ok(*found);
            }
        }
        let present = names
            .iter()
            .map(ToString::to_string)
            .chain(fallback.iter().map(|(text, kind, _)| format!("{kind}={}", printable(text))));
        Err(self.hinted(Error::verdict(self.sentence(&present.collect::<Vec<_>>())), &names))
    }

    fn sentence(&self, present: &[String]) -> String {
        if present.is_empty() {
            return format!("{self} is not in the certificate, which has no names at all");
        }
        let shown: Vec<_> = present.iter().take(NAMES_SHOWN).map(|name| shortened(name)).collect();
        let shown = shown.join(", ");
        let more = match present.len().saturating_sub(NAMES_SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{self} is not among the certificate's names: {shown}{more}")
    }

    fn hinted(&self, error: Error, names: &[GeneralName]) -> Error {
        let as_text = |name: &&GeneralName| match (self, name) {
            (Self::Address(address), GeneralName::Dns(text)) => *text == address.to_string(),
            _ => false,
        };
        match names.iter().find(as_text) {
            Some(name) => error.hint(format!(
                "the certificate has the address as a host name, {name}, which no client accepts: \
                 make it again with {self} as IP address"
            )),
            None => error,
        }
    }

    fn is(&self, name: &GeneralName) -> bool {
        match (self, name) {
            (Self::Host(_), GeneralName::Dns(text))
            | (Self::Mailbox(_), GeneralName::Email(text)) => self.is_text(text),
            (Self::Address(address), GeneralName::Ip(ip)) => address == ip,
            _ => false,
        }
    }

    fn is_text(&self, text: &str) -> bool {
        match self {
            Self::Host(host) => host_matches(text, host),
            Self::Mailbox(mailbox) => mailbox_matches(text, mailbox),
            Self::Address(_) => false,
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(text) | Self::Mailbox(text) => formatter.write_str(&printable(text)),
            Self::Address(address) => address.fmt(formatter),
        }
    }
}

/// RFC 9525 6.3: letter case does not matter; `*` stands for exactly one whole leftmost label of letters,
/// digits and hyphens, with two labels or more after it, as OpenSSL wants.
fn host_matches(pattern: &str, host: &str) -> bool {
    if pattern.eq_ignore_ascii_case(host) {
        return true;
    }
    match (pattern.strip_prefix("*."), host.split_once('.')) {
        (Some(parent), Some((label, rest))) => {
            let plain = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
            !label.is_empty()
                && label.bytes().all(plain)
                && parent.contains('.')
                && parent.eq_ignore_ascii_case(rest)
        }
        _ => false,
    }
}

/// RFC 5280 7.5: the domain in any case, the local part exactly.
fn mailbox_matches(found: &str, asked: &str) -> bool {
    match (found.rsplit_once('@'), asked.rsplit_once('@')) {
        (Some((local, domain)), Some((asked_local, asked_domain))) => {
            local == asked_local && domain.eq_ignore_ascii_case(asked_domain)
        }
        _ => false,
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "certificates that no policy would approve")]
mod tests {
    use rcgen::{CertificateParams, DnType, DnValue, KeyPair, SanType};
    use x509_parser::prelude::FromDer as _;

    use super::*;

    fn check(identity: &Identity, common_name: Option<&str>, names: &[&str]) -> Result<Found> {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        if let Some(text) = common_name {
            parameters.distinguished_name.push(DnType::CommonName, text);
        }
        parameters.subject_alt_names = names
            .iter()
            .map(|name| match name.strip_prefix("raw:") {
                Some(raw) => SanType::DnsName(raw.try_into().unwrap()),
                None => {
                    crate::pki::assemble::rcgen_name(&GeneralName::parse(name).unwrap()).unwrap()
                }
            })
            .collect();
        let der = parameters.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
        identity.check(&X509Certificate::from_der(&der).unwrap().1)
    }

    fn host(text: &str) -> Identity {
        Identity::host(text).unwrap()
    }

    #[test]
    fn a_host_matches_as_rfc_9525_says() {
        for (pattern, asked, expected) in [
            ("DNS:mail.example.com", "Mail.Example.com.", true),
            ("DNS:*.example.com", "mail.example.com", true),
            ("DNS:*.Example.com", "xn--bcher-kva.example.com", true),
            ("DNS:*.example.com", "example.com", false),
            ("DNS:*.example.com", "a.mail.example.com", false),
            ("raw:*.com", "example.com", false),
            ("raw:m*.example.com", "mail.example.com", false),
            ("raw:*", "localhost", false),
            ("raw:mail.*.com", "mail.example.com", false),
            ("raw:mail.example.com.", "mail.example.com", false),
            ("raw:192.0.2.1", "192.0.2.1", false),
            ("IP:192.0.2.1", "192.0.2.1", true),
            ("IP:2001:db8::1", "2001:DB8:0::1", true),
        ] {
            assert_eq!(
                check(&host(asked), None, &[pattern]).is_ok(),
                expected,
                "{pattern} {asked}"
            );
        }
        assert_eq!(
            check(&host("bücher.example"), None, &["DNS:bücher.example"]).unwrap().advice(),
            None
        );
    }

    #[test]
    fn the_error_names_what_was_asked_and_what_is_there() {
        let names = ["DNS:mail.example.com", "DNS:smtp.example.com"];
        assert_eq!(
            check(&host("mail.example.org"), Some("mail.example.org"), &names)
                .unwrap_err()
                .to_string(),
            "mail.example.org is not among the certificate's names: DNS:mail.example.com, \
             DNS:smtp.example.com"
        );
        assert_eq!(
            check(&host("mail.example.org"), Some("Joe\x1b"), &["email:joe@example.com"])
                .unwrap_err()
                .to_string(),
            r"mail.example.org is not among the certificate's names: email:joe@example.com, CN=Joe\u{1b}"
        );
        assert_eq!(
            check(&host("192.0.2.1"), None, &[]).unwrap_err().to_string(),
            "192.0.2.1 is not in the certificate, which has no names at all"
        );
        let many: Vec<_> = (0..25).map(|n| format!("DNS:h{n}.example.com")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        let message = check(&host("x.example.com"), None, &many).unwrap_err().to_string();
        assert!(message.ends_with("DNS:h19.example.com and 5 more"), "{message}");
    }

    #[test]
    fn an_address_as_host_name_gets_a_hint() {
        let error = check(&host("192.0.2.1"), None, &["raw:192.0.2.1"]).unwrap_err();
        assert!(error.hints()[0].contains("DNS:192.0.2.1, which no client accepts"));
    }

    #[test]
    fn the_common_name_counts_only_without_dns_names() {
        let asked = host("mail.example.com");
        let found = check(&asked, Some("mail.example.com"), &["IP:192.0.2.1"]).unwrap();
        assert_eq!(found, Found::CommonName);
        assert!(found.advice().unwrap().contains("modern clients ignore"));
        assert!(check(&asked, Some("mail.example.com"), &["DNS:other.example.com"]).is_err());
        assert!(check(&host("192.0.2.1"), Some("192.0.2.1"), &[]).is_err());
    }

    #[test]
    fn a_mailbox_matches_with_its_local_part_exactly() {
        let joe = Identity::email("Joe@Example.com").unwrap();
        assert!(check(&joe, None, &["email:Joe@example.com"]).is_ok());
        assert!(check(&joe, None, &["email:joe@example.com"]).is_err());
        assert!(check(&joe, None, &["email:Joe@mail.example.com"]).is_err());
        assert_eq!(
            check(&joe, None, &["DNS:example.com"]).unwrap_err().to_string(),
            "Joe@example.com is not among the certificate's names: DNS:example.com"
        );
    }

    #[test]
    fn the_subjects_email_address_counts_only_without_others() {
        let joe = Identity::email("joe@example.com").unwrap();
        let of = |names: Vec<SanType>| {
            let mut parameters = CertificateParams::default();
            parameters.distinguished_name = rcgen::DistinguishedName::new();
            parameters.distinguished_name.push(
                DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 1]),
                DnValue::Ia5String("joe@example.com".try_into().unwrap()),
            );
            parameters.subject_alt_names = names;
            let der = parameters.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
            joe.check(&X509Certificate::from_der(&der).unwrap().1)
        };
        assert_eq!(of(vec![]).unwrap(), Found::SubjectEmail);
        assert!(of(vec![SanType::Rfc822Name("jim@example.com".try_into().unwrap())]).is_err());
    }

    #[test]
    fn a_pattern_is_no_host() {
        assert_eq!(Identity::host("*.example.com").unwrap_err().kind(), crate::error::Kind::Usage);
    }
}
