//! One subtree of a name constraint, and whether a name is in it (RFC 5280 4.2.1.10).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::general_name::{GeneralName, other_name_type};
use super::name::CanonicalName;
use super::name::printable_name;

/// A base that names are compared with.
#[derive(Clone, Debug)]
pub(super) enum Subtree {
    Dns(String),
    Email(String),
    Uri(String),
    /// Address and mask, 4 or 16 octets each.
    Ip(Vec<u8>, Vec<u8>),
    Directory(CanonicalName, Vec<u8>),
    /// A kind that nobody can compare: the tag, and for an otherName its type.
    Other(u32, Option<String>),
    /// With a minimum or maximum, which RFC 5280 forbids and nobody supports; the tag of its base.
    Bounded(u32),
}

/// Whether a name is in a subtree.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    /// It cannot be told, so the name must be refused.
    Unknown(&'static str),
}

impl From<bool> for Answer {
    fn from(answer: bool) -> Self {
        if answer { Self::Yes } else { Self::No }
    }
}

impl Subtree {
    /// From the context-specific tag of a `GeneralName` and its octets; `None` where malformed.
    pub(super) fn read(tag: u32, octets: &[u8]) -> Option<Self> {
        let text = || {
            let text = std::str::from_utf8(octets).ok()?;
            (text.is_ascii() && !text.contains('\0')).then(|| text.to_owned())
        };
        Some(match tag {
            1 => Self::Email(text()?),
            2 => Self::Dns(text()?),
            4 => Self::Directory(CanonicalName::of(octets)?, octets.to_vec()),
            6 => Self::Uri(text()?),
            7 if matches!(octets.len(), 8 | 32) => {
                let (address, mask) = octets.split_at(octets.len() / 2);
                Self::Ip(address.to_vec(), mask.to_vec())
            }
            7 => return None,
            0 => Self::Other(0, Some(other_name_type(octets)?)),
            tag => Self::Other(tag, None),
        })
    }

    fn tag(&self) -> u32 {
        match self {
            Self::Email(_) => 1,
            Self::Dns(_) => 2,
            Self::Directory(..) => 4,
            Self::Uri(_) => 6,
            Self::Ip(..) => 7,
            Self::Other(tag, _) | Self::Bounded(tag) => *tag,
        }
    }

    /// Whether it is of the name's kind, so that the name must be compared.
    pub(super) fn concerns(&self, name: &Candidate<'_>) -> bool {
        match (self, &name.form) {
            (Self::Other(0, Some(oid)), Form::Other(found)) if name.tag == 0 => {
                found.as_ref().is_none_or(|found| found == oid)
            }
            _ => self.tag() == name.tag,
        }
    }

    /// Whether the name is in it; `excluding` where a doubt must count as yes.
    pub(super) fn contains(&self, name: &Candidate<'_>, excluding: bool) -> Answer {
        match (self, &name.form) {
            (Self::Bounded(_), _) => Answer::Unknown("a constraint has a minimum or maximum"),
            (Self::Other(..), _) => {
                Answer::Unknown("constraints on this kind of name are not supported")
            }
            (_, Form::Unusable(why)) => Answer::Unknown(why),
            (Self::Dns(base), Form::Dns(host)) => Answer::from(dns(base, host, excluding)),
            (Self::Email(base), Form::Email(local, domain)) => {
                Answer::from(email(base, local, domain, excluding))
            }
            (Self::Uri(base), Form::Uri(host)) => Answer::from(host_or_domain(base, host)),
            (Self::Ip(address, mask), Form::Ip(octets)) => within(address, mask, octets),
            (Self::Directory(base, _), Form::Directory(name)) => Answer::from(name.is_within(base)),
            _ => Answer::Unknown("it is malformed"),
        }
    }
}

/// A name made ready to be compared with many subtrees: what takes long for a long name is done once.
#[derive(Debug)]
pub(super) struct Candidate<'n> {
    tag: u32,
    form: Form<'n>,
}

#[derive(Debug)]
enum Form<'n> {
    Dns(&'n str),
    /// Local part and domain.
    Email(&'n str, &'n str),
    /// The host in it.
    Uri(&'n str),
    Ip(Vec<u8>),
    Directory(CanonicalName),
    /// The type of an otherName.
    Other(Option<String>),
    /// Why it cannot be compared.
    Unusable(&'static str),
}

impl<'n> Candidate<'n> {
    pub(super) fn of(name: &'n GeneralName) -> Self {
        const MALFORMED: Form<'_> = Form::Unusable("it is malformed");
        let (tag, form) = match name {
            GeneralName::Email(mailbox) => (
                1,
                match mailbox.rsplit_once('@') {
                    None => Form::Unusable("it has no @"),
                    Some((_, domain)) if mailbox.contains('\0') || domain.ends_with('.') => {
                        MALFORMED
                    }
                    Some((local, domain)) => Form::Email(local, domain),
                },
            ),
            GeneralName::Dns(host) => {
                let malformed = !host.is_ascii()
                    || host.contains('\0')
                    || host.starts_with('.')
                    || host.ends_with('.');
                (2, if malformed { MALFORMED } else { Form::Dns(host) })
            }
            GeneralName::Directory(name) => {
                (4, CanonicalName::of(name).map_or(MALFORMED, Form::Directory))
            }
            GeneralName::Uri(uri) => {
                (6, host_of(uri).map_or(Form::Unusable("it has no host name"), Form::Uri))
            }
            GeneralName::Ip(IpAddr::V4(ip)) => (7, Form::Ip(ip.octets().to_vec())),
            GeneralName::Ip(IpAddr::V6(ip)) => (7, Form::Ip(ip.octets().to_vec())),
            GeneralName::Other { tag: 0, value } => (0, Form::Other(other_name_type(value))),
            GeneralName::Other { tag, .. } => (*tag, MALFORMED),
        };
        Self { tag, form }
    }
}

/// How long a name is, in octets.
pub(super) fn length(name: &GeneralName) -> usize {
    match name {
        GeneralName::Email(text) | GeneralName::Dns(text) | GeneralName::Uri(text) => text.len(),
        GeneralName::Directory(octets) | GeneralName::Other { value: octets, .. } => octets.len(),
        GeneralName::Ip(_) => 16,
    }
}

impl fmt::Display for Subtree {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(base) | Self::Email(base) | Self::Uri(base) if base.is_empty() => {
                formatter.write_str("every name")
            }
            Self::Dns(base) | Self::Email(base) | Self::Uri(base) => formatter.write_str(base),
            Self::Ip(address, mask) => {
                let length: u32 = mask.iter().map(|octet| octet.count_ones()).sum();
                let leading: u32 =
                    mask.iter().take_while(|octet| **octet == 255).map(|_| 8).sum::<u32>()
                        + mask
                            .iter()
                            .find(|octet| **octet != 255)
                            .map_or(0, |octet| octet.leading_ones());
                if length == leading {
                    write!(formatter, "{}/{length}", address_text(address))
                } else {
                    write!(formatter, "{}/{}", address_text(address), address_text(mask))
                }
            }
            Self::Directory(_, name) => formatter.write_str(&printable_name(name)),
            Self::Other(_, Some(oid)) => write!(formatter, "names of type {oid}"),
            Self::Other(tag, None) | Self::Bounded(tag) => {
                write!(formatter, "names with tag {tag}")
            }
        }
    }
}

fn address_text(octets: &[u8]) -> String {
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        Ipv4Addr::from(octets).to_string()
    } else if let Ok(octets) = <[u8; 16]>::try_from(octets) {
        Ipv6Addr::from(octets).to_string()
    } else {
        String::new()
    }
}

fn within(address: &[u8], mask: &[u8], octets: &[u8]) -> Answer {
    // An address of the other family is in no subtree of this one.
    Answer::from(
        address.len() == octets.len()
            && address.iter().zip(mask).zip(octets).all(|((a, m), o)| a & m == o & m),
    )
}

/// `suffix` ends `text`, whatever the case of ASCII letters.
fn ends_with(text: &str, suffix: &str) -> bool {
    let (text, suffix) = (text.as_bytes(), suffix.as_bytes());
    text.len() >= suffix.len() && text[text.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
}

/// Zero or more labels in front of the base; a base with a leading dot needs at least one.
fn host_in_domain(base: &str, host: &str) -> bool {
    base.is_empty()
        || host.eq_ignore_ascii_case(base) && !base.starts_with('.')
        || host.len() > base.len()
            && ends_with(host, base)
            && (base.starts_with('.') || host.as_bytes()[host.len() - base.len() - 1] == b'.')
}

fn dns(base: &str, host: &str, excluding: bool) -> bool {
    // One label in place of the wildcard may make it the excluded host (RFC 6125 7.2).
    if excluding && let Some(parent) = host.strip_prefix("*.") {
        let below =
            base.split_once('.').is_some_and(|(_, above)| above.eq_ignore_ascii_case(parent));
        if below {
            return true;
        }
    }
    host_in_domain(base, host)
}

fn email(base: &str, local: &str, domain: &str, excluding: bool) -> bool {
    match base.rsplit_once('@') {
        Some((base_local, host)) => {
            domain.eq_ignore_ascii_case(host) && (base_local.is_empty() || base_local == local)
        }
        // OpenSSL lets an empty base match nothing; excluded, it can only mean everything.
        None if base.is_empty() => excluding,
        None => host_or_domain(base, domain),
    }
}

/// A host exactly, or with a leading dot every host below that domain (rfc822Name and URI).
fn host_or_domain(base: &str, host: &str) -> bool {
    if base.starts_with('.') {
        host.len() > base.len() && ends_with(host, base)
    } else {
        host.eq_ignore_ascii_case(base)
    }
}

/// The host name in a URI with an authority (RFC 3986 3.2); `None` for an address or none at all.
fn host_of(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if host.starts_with('[') {
        return None;
    }
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let usable = !host.is_empty() && !host.ends_with('.') && host.parse::<Ipv4Addr>().is_err();
    usable.then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_dns(base: &str, host: &str) -> Answer {
        Subtree::Dns(base.into()).contains(&Candidate::of(&GeneralName::Dns(host.into())), false)
    }

    #[test]
    fn a_host_is_in_its_domain() {
        for (base, host) in [
            ("example.com", "example.com"),
            ("example.com", "Mail.EXAMPLE.com"),
            ("example.com", "*.example.com"),
            (".example.com", "mail.example.com"),
            ("", "anything.example"),
        ] {
            assert_eq!(in_dns(base, host), Answer::Yes, "{base} {host}");
        }
        for (base, host) in [
            ("example.com", "badexample.com"),
            ("example.com", "com"),
            ("example.com", "example.com.evil.org"),
            (".example.com", "example.com"),
            ("mail.example.com", "*.example.com"),
        ] {
            assert_eq!(in_dns(base, host), Answer::No, "{base} {host}");
        }
        for host in ["mail.example.com.", "a\0.example.com", "bücher.example.com", ".example.com"]
        {
            assert_eq!(in_dns("example.com", host), Answer::Unknown("it is malformed"));
        }
    }

    #[test]
    fn a_wildcard_covers_an_excluded_host() {
        let excluded = Subtree::Dns("secret.example.com".into());
        let wildcard = GeneralName::Dns("*.Example.com".into());
        assert_eq!(excluded.contains(&Candidate::of(&wildcard), true), Answer::Yes);
        assert_eq!(excluded.contains(&Candidate::of(&wildcard), false), Answer::No);
        assert_eq!(
            excluded.contains(&Candidate::of(&GeneralName::Dns("*.example.org".into())), true),
            Answer::No
        );
    }

    #[test]
    fn the_three_forms_of_an_email_constraint() {
        let email = |base: &str, mailbox: &str| {
            Subtree::Email(base.into())
                .contains(&Candidate::of(&GeneralName::Email(mailbox.into())), false)
        };
        for (base, mailbox) in [
            ("example.com", "Joe@Example.COM"),
            (".example.com", "joe@mail.example.com"),
            ("joe@example.com", "joe@EXAMPLE.com"),
            ("@example.com", "joe@example.com"),
        ] {
            assert_eq!(email(base, mailbox), Answer::Yes, "{base} {mailbox}");
        }
        for (base, mailbox) in [
            ("example.com", "joe@mail.example.com"),
            (".example.com", "joe@example.com"),
            (".example.com", "joe@badexample.com"),
            (".example.com", "joe@.example.com"),
            ("joe@example.com", "Joe@example.com"),
            ("joe@example.com", "jim@example.com"),
            ("example.com", "joe@example.com@evil.org"),
            ("", "joe@example.com"),
        ] {
            assert_eq!(email(base, mailbox), Answer::No, "{base} {mailbox}");
        }
        assert_eq!(email("example.com", "joe"), Answer::Unknown("it has no @"));
        let everyone = Subtree::Email(String::new());
        assert_eq!(
            everyone.contains(&Candidate::of(&GeneralName::Email("joe@example.com".into())), true),
            Answer::Yes
        );
    }

    #[test]
    fn the_host_of_a_uri_counts() {
        let uri = |base: &str, uri: &str| {
            Subtree::Uri(base.into()).contains(&Candidate::of(&GeneralName::Uri(uri.into())), false)
        };
        assert_eq!(uri("example.com", "https://example.com/a"), Answer::Yes);
        assert_eq!(uri(".example.com", "https://www.example.com:443?x"), Answer::Yes);
        assert_eq!(uri("example.com", "https://www.example.com/"), Answer::No);
        assert_eq!(uri("example.com", "https://example.com@evil.org/"), Answer::No);
        for bad in ["mailto:joe@example.com", "https:///x", "https://192.0.2.1/", "https://[::1]/"]
        {
            assert_eq!(uri("example.com", bad), Answer::Unknown("it has no host name"), "{bad}");
        }
    }

    #[test]
    fn addresses_are_compared_under_the_mask() {
        let net = Subtree::read(7, &[192, 0, 2, 0, 255, 255, 255, 0]).unwrap();
        let none6 = Subtree::read(7, &[0; 32]).unwrap();
        let ip = |text: &str| GeneralName::Ip(text.parse().unwrap());
        assert_eq!(net.contains(&Candidate::of(&ip("192.0.2.77")), false), Answer::Yes);
        assert_eq!(net.contains(&Candidate::of(&ip("192.0.3.1")), false), Answer::No);
        assert_eq!(net.contains(&Candidate::of(&ip("::1")), false), Answer::No);
        assert_eq!(none6.contains(&Candidate::of(&ip("2001:db8::1")), true), Answer::Yes);
        assert_eq!(none6.contains(&Candidate::of(&ip("192.0.2.1")), true), Answer::No);
        assert_eq!(format!("{net} {none6}"), "192.0.2.0/24 ::/0");
        let odd = Subtree::read(7, &[10, 0, 0, 1, 255, 0, 0, 255]).unwrap();
        assert_eq!(odd.to_string(), "10.0.0.1/255.0.0.255");
        assert!(Subtree::read(7, &[0; 5]).is_none());
    }
}
