//! One entry of a map, and what identifies a certificate where names do not.
//!
//! All maps are lines of text, and what is in a certificate was chosen by whoever asked for it. A key is made
//! of fingerprints, or of a name in Sendmail's encoding, which has neither spaces nor line ends; Dovecot's
//! user names are checked. A value is a fixed word, or a title in which nothing is left that a line, a field
//! or a lookup could end at.

use crate::mail::server::Server;
use crate::pki::certificate::Certificate;
use crate::pki::digest::{colon_hex, hex, sha1, sha256};
use crate::pki::printable::printable;

/// The longest title of a certificate in a map, in characters.
const LONGEST_TITLE: usize = 120;

/// The digest of a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Hash {
    /// SHA-256: what Postfix uses since 3.6, and Exim's ${sha256:}.
    Sha256,
    /// SHA-1, for a Postfix that is set to it.
    Sha1,
}

/// What of a certificate is digested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The digest.
    pub hash: Hash,
    /// Whether that of the public key is taken, which stays the same when the certificate is renewed.
    pub of_key: bool,
}

impl Fingerprint {
    fn octets(self, certificate: &Certificate) -> Vec<u8> {
        // Both over DER: of the certificate, or of its SubjectPublicKeyInfo.
        let der = if self.of_key { &certificate.public_key } else { certificate.as_der() };
        match self.hash {
            Hash::Sha256 => sha256(der).to_vec(),
            Hash::Sha1 => sha1(der),
        }
    }

    /// With colons, as Postfix has it.
    pub(super) fn colons(self, certificate: &Certificate) -> String {
        colon_hex(&self.octets(certificate))
    }

    /// Without, as Exim has it.
    pub(super) fn plain(self, certificate: &Certificate) -> String {
        hex(&self.octets(certificate))
    }
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What the server looks up.
    pub key: String,
    /// What it finds.
    pub value: String,
}

impl Entry {
    pub(super) fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into() }
    }

    /// The key as servers compare it: without regard to case.
    pub(super) fn folded(&self) -> String {
        self.key.to_ascii_lowercase()
    }

    /// What is to be said of another entry that the server cannot tell from this one.
    pub(super) fn clash(&self, other: &Self) -> Option<String> {
        if self.key != other.key {
            return Some(format!(
                "{} and {} differ in case only, which Sendmail does not see: both have the same rights",
                self.key, other.key
            ));
        }
        (self.value != other.value && self.is_right()).then(|| {
            format!(
                "{} is there with {} and {}: RELAY goes first",
                self.key, self.value, other.value
            )
        })
    }

    fn is_right(&self) -> bool {
        ["RELAY", "SUBJECT"].contains(&self.value.as_str())
    }

    /// Whether this one lets in more than that.
    pub(super) fn gives_more_than(&self, other: &Self) -> bool {
        self.value == "RELAY" && other.value == "SUBJECT"
    }

    /// The line in the map of a server.
    pub(super) fn line(&self, server: Server) -> String {
        match server {
            Server::Exim => format!("{}: {}", self.key, self.value),
            Server::Dovecot => format!("{}:{}", self.key, self.value),
            Server::Sendmail | Server::Postfix | Server::Opensmtpd => {
                format!("{}\t{}", self.key, self.value)
            }
        }
    }
}

/// What a certificate is called in a map, for whoever reads it.
pub(super) fn title(certificate: &Certificate) -> String {
    let name: String = printable(&certificate.title())
        .chars()
        // A blank of another kind may end a field somewhere.
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .take(LONGEST_TITLE)
        .collect();
    format!("{} serial {} until {}", name.trim(), certificate.serial, certificate.not_after.date())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gives_more_stays_and_what_clashes_is_told() {
        let relay = Entry::new("CertIssuer:/CN=a", "RELAY");
        let subject = Entry::new("CertIssuer:/CN=a", "SUBJECT");
        let other = Entry::new("CertIssuer:/CN=A", "RELAY");
        assert!(relay.gives_more_than(&subject) && !subject.gives_more_than(&relay));
        assert_eq!(relay.clash(&relay), None);
        assert!(relay.clash(&subject).unwrap().contains("RELAY goes first"));
        assert!(relay.clash(&other).unwrap().contains("case only"));
        assert_eq!(relay.folded(), other.folded());
    }
}
