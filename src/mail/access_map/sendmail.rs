//! Sendmail's access map: relaying by certificate, and what is asked of a TLS connection.
//!
//! `CertIssuer:DN SUBJECT` with `CertSubject:DN RELAY` lets one certificate relay, `CertIssuer:DN RELAY` every
//! one of that CA. The issuer is the one in the certificate: that of an intermediate CA, not of the root.
//! A requirement of `TLS_Srv:`, `TLS_Clt:` or `TLS_Rcpt:` is `[PERM+|TEMP+]VERIFY[:BITS]` or `ENCR:BITS`, and
//! with the first of them `+CN:NAME++CS:DN++CI:DN`, all of which have to hold.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{AccessMap, Entry};
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::general_name::GeneralName;
use crate::pki::name::Name;
use crate::pki::name::sendmail::{Forms, Spelling, Whose, encoded, encoded_text, is_shared};
use crate::pki::printable::printable;

pub(super) fn admit(map: &mut AccessMap, certificate: &Certificate) {
    if certificate.subject.is_empty() || certificate.issuer.is_empty() {
        map.remark(format!(
            "the certificate of {} is left out: Sendmail goes by subject and issuer, and it lacks one",
            printable(&certificate.title())
        ));
        return;
    }
    let subject = Forms::of(&certificate.subject, Whose::Subject);
    let why = if subject.is_cut {
        Some("is longer than Sendmail looks at, and stands for every name with the same beginning")
    } else if subject.is_shared {
        Some("looks to Sendmail as another name does, which must not have its rights")
    } else {
        None
    };
    if let Some(why) = why {
        map.remark(format!(
            "the certificate of {} is left out: its name {why}, {}",
            certificate.title(),
            certificate.subject
        ));
        return;
    }
    add(map, &certificate.issuer, Whose::Issuer, "SUBJECT");
    add(map, &certificate.subject, Whose::Subject, "RELAY");
}

pub(super) fn admit_all_of(map: &mut AccessMap, ca: &Certificate) {
    add(map, &ca.subject, Whose::Issuer, "RELAY");
}

fn add(map: &mut AccessMap, name: &Name, whose: Whose, value: &str) {
    let forms = Forms::of(name, whose);
    if forms.is_cut {
        map.remark(format!(
            "{} is longer than Sendmail looks at: whoever has a name that begins as {}{} has the same rights",
            name,
            whose.tag(),
            forms.current
        ));
    }
    if forms.is_shared {
        map.remark(format!(
            "{name} has no line: it looks to Sendmail as another name does, which must not have its rights"
        ));
        return;
    }
    if forms.old_is_shared {
        map.remark(format!(
            "{name} has no line for a Sendmail with OpenSSL before 3.0, which cannot tell it from another name"
        ));
    }
    for form in forms.all() {
        let key = format!("{}{form}", whose.tag());
        map.name(&key, name);
        map.add(Entry::new(key, value));
    }
}

/// Whose connections a requirement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Servers that mail is sent to.
    Server(String),
    /// Clients that mail comes from.
    Client(String),
    /// Recipients, on the way to their server.
    Recipient(String),
}

impl Peer {
    /// A server by its name, its domain or its address; `*` is every other one.
    pub fn server(text: &str) -> Result<Self> {
        host(text).map(Self::Server)
    }

    /// A client, in the same way.
    pub fn client(text: &str) -> Result<Self> {
        host(text).map(Self::Client)
    }

    /// Recipients: a mailbox, `NAME@` in every domain, a domain, or `*` for every other one.
    pub fn recipient(text: &str) -> Result<Self> {
        let plain = |local: &str| {
            !local.is_empty()
                && local
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b))
                && !local.starts_with('#')
        };
        let recipient = match text.rsplit_once('@') {
            None => host(text)?,
            Some((local, "")) if plain(local) => text.to_owned(),
            Some((local, domain)) if plain(local) => format!("{local}@{}", dns(domain)?),
            Some(_) => {
                return Err(Error::usage(format!("{} is no mail address", printable(text)))
                    .hint("a recipient is NAME@DOMAIN, NAME@ or DOMAIN"));
            }
        };
        Ok(Self::Recipient(recipient))
    }

    fn key(&self) -> String {
        match self {
            Self::Server(host) => format!("TLS_Srv:{host}"),
            Self::Client(host) => format!("TLS_Clt:{host}"),
            Self::Recipient(recipient) => format!("TLS_Rcpt:{recipient}"),
        }
    }
}

/// A host name, a domain, or an address as the access map has it: `192.0.2` is a network there.
fn host(text: &str) -> Result<String> {
    if text == "*" {
        return Ok(String::new());
    }
    if let Ok(address) = text.trim_matches(['[', ']']).parse::<Ipv6Addr>() {
        return Ok(format!("IPv6:{address}"));
    }
    let octets: Vec<_> = text.split('.').collect();
    if octets.len() <= 4 && octets.iter().all(|octet| octet.parse::<u8>().is_ok()) {
        return Ok(text.parse::<Ipv4Addr>().map_or_else(|_| text.to_owned(), |it| it.to_string()));
    }
    dns(text)
}

fn dns(text: &str) -> Result<String> {
    match GeneralName::dns(text.trim_end_matches('.'))? {
        GeneralName::Dns(name) if !name.contains('*') => Ok(name),
        _ => Err(Error::usage(format!("{} is no host or domain", printable(text)))
            .hint("a domain stands for every host in it")),
    }
}

/// What is asked of a connection.
#[derive(Clone, Debug, Default)]
pub struct Requirement {
    /// The certificate has to verify.
    pub verify: bool,
    /// The cipher has at least so many bits.
    pub bits: Option<u16>,
    /// Whether mail is refused for good, or put off; else as the server is configured.
    pub permanent: Option<bool>,
    /// The common name of the certificate; where it is empty, the name of the other side.
    pub common_name: Option<String>,
    /// Its subject.
    pub subject: Option<Name>,
    /// Its issuer.
    pub issuer: Option<Name>,
}

impl Requirement {
    /// The text on the right side of the map.
    fn text(&self) -> Result<String> {
        let mut text = match self.permanent {
            Some(true) => "PERM+".to_owned(),
            Some(false) => "TEMP+".to_owned(),
            None => String::new(),
        };
        match (self.verify, self.bits) {
            (true, None) => text.push_str("VERIFY"),
            (true, Some(bits)) => text = format!("{text}VERIFY:{bits}"),
            (false, Some(bits)) => text = format!("{text}ENCR:{bits}"),
            (false, None) => return Err(Error::bug("a requirement that asks for nothing")),
        }
        let common_name = self.common_name.as_ref().map(|name| match name.as_str() {
            "" => "CN".to_owned(),
            name => format!("CN:{}", encoded_text(name.as_bytes())),
        });
        let name = |tag, name: &Name| format!("{tag}:{}", encoded(name, Spelling::Current).0);
        let subject = self.subject.as_ref().map(|subject| name("CS", subject));
        let issuer = self.issuer.as_ref().map(|issuer| name("CI", issuer));
        for (position, more) in [common_name, subject, issuer].iter().flatten().enumerate() {
            let _ = write!(text, "{}{more}", if position == 0 { "+" } else { "++" });
        }
        Ok(text)
    }

    /// Adds the entries for some peers. A value can hold one spelling of a name: that of OpenSSL 3.
    pub fn add_to(&self, peers: &[Peer], map: &mut AccessMap) -> Result<()> {
        for name in [&self.subject, &self.issuer].into_iter().flatten() {
            if is_shared(name) {
                return Err(Error::refused(format!(
                    "{name} cannot be asked for: it looks to Sendmail as another name does"
                )));
            }
        }
        let text = self.text()?;
        for peer in peers {
            map.add(Entry::new(peer.key(), text.clone()));
        }
        for name in [&self.subject, &self.issuer].into_iter().flatten() {
            let (current, is_cut) = encoded(name, Spelling::Current);
            let old = Forms::of(name, Whose::Subject).old;
            if let Some(old) = old {
                map.remark(format!(
                    "where Sendmail was built with OpenSSL before 3.0, write {old} in the place of {current}"
                ));
            }
            if is_cut {
                map.remark(format!(
                    "{name} is longer than Sendmail looks at: every name that begins as {current} fits"
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::name::Parts;

    fn key(peer: Result<Peer>) -> Option<String> {
        peer.ok().map(|peer| peer.key())
    }

    #[test]
    fn peers_are_names_domains_networks_and_addresses() {
        for (text, host) in [
            ("mx.example.com", "mx.example.com"),
            ("Example.COM.", "example.com"),
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2", "192.0.2"),
            ("2001:db8::1", "IPv6:2001:db8::1"),
            ("[2001:DB8::1]", "IPv6:2001:db8::1"),
            ("*", ""),
        ] {
            assert_eq!(key(Peer::server(text)), Some(format!("TLS_Srv:{host}")));
            assert_eq!(key(Peer::client(text)), Some(format!("TLS_Clt:{host}")));
        }
        for text in ["joe@example.com", "joe+a@example.com", "joe@", "example.com"] {
            assert_eq!(key(Peer::recipient(text)), Some(format!("TLS_Rcpt:{text}")));
        }
        for bad in ["", "a b", "a\nb", "*.example.com", "a\tRELAY", "x RELAY\nTo:", "300.1.1.1 "] {
            assert_eq!(key(Peer::server(bad)), None, "{bad:?}");
            assert_eq!(key(Peer::recipient(bad)), None, "{bad:?}");
        }
        for bad in ["@example.com", "a b@example.com", "a@b@example.com", "#a@example.com", "\n@"] {
            assert_eq!(key(Peer::recipient(bad)), None, "{bad:?}");
        }
    }

    #[test]
    fn every_requirement_has_its_form() {
        let name =
            Parts { common_name: Some("Mail CA".into()), ..Parts::default() }.build().unwrap();
        let verify = Requirement { verify: true, ..Requirement::default() };
        for (requirement, text) in [
            (verify.clone(), "VERIFY"),
            (Requirement { bits: Some(128), ..verify.clone() }, "VERIFY:128"),
            (Requirement { verify: false, bits: Some(256), ..verify.clone() }, "ENCR:256"),
            (Requirement { permanent: Some(true), ..verify.clone() }, "PERM+VERIFY"),
            (Requirement { permanent: Some(false), ..verify.clone() }, "TEMP+VERIFY"),
            (Requirement { common_name: Some(String::new()), ..verify.clone() }, "VERIFY+CN"),
            (
                Requirement { common_name: Some("a b+c".into()), ..verify.clone() },
                "VERIFY+CN:a+20b+2Bc",
            ),
            (
                Requirement {
                    bits: Some(112),
                    common_name: Some("mx".into()),
                    subject: Some(name.clone()),
                    issuer: Some(name),
                    ..verify
                },
                "VERIFY:112+CN:mx++CS:/CN=Mail+20CA++CI:/CN=Mail+20CA",
            ),
        ] {
            assert_eq!(requirement.text().unwrap(), text);
        }
        assert!(Requirement::default().text().is_err());
    }
}
