//! TLSA records (RFC 6698): which key a mail host's TLS server may have, said in the DNS.

mod published;

use std::fmt;

pub use published::Published;

use crate::pki::digest::{lower_hex, sha256};

/// Who is named by the key (RFC 6698 2.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// DANE-TA: a CA above the server's certificate, in the chain that the server presents.
    TrustAnchor,
    /// DANE-EE: the server's own key. Names and dates do not count (RFC 7671 5.1).
    EndEntity,
}

impl Usage {
    /// The number in the record.
    pub fn number(self) -> u8 {
        match self {
            Self::TrustAnchor => 2,
            Self::EndEntity => 3,
        }
    }
}

/// The data of a record: usage, selector 1 (the public key), matching type 1 (SHA-256).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Who is named.
    pub usage: Usage,
    /// The hash of the `SubjectPublicKeyInfo`, in lower-case hexadecimal.
    pub hash: String,
}

impl Record {
    /// Selector: the public key, which stays the same when a certificate is renewed.
    pub const SELECTOR: u8 = 1;
    /// Matching type: SHA-256.
    pub const MATCHING: u8 = 1;

    /// The record of a key, given as `SubjectPublicKeyInfo` in DER.
    pub fn new(usage: Usage, public_key: &[u8]) -> Self {
        Self { usage, hash: lower_hex(&sha256(public_key)) }
    }
}

impl fmt::Display for Record {
    /// As in a zone file: `2 1 1 HASH`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usage = self.usage.number();
        write!(formatter, "{usage} {} {} {}", Self::SELECTOR, Self::MATCHING, self.hash)
    }
}

/// The name of the record of a host and port.
pub fn owner(host: &str, port: u16) -> String {
    format!("_{port}._tcp.{host}.")
}
