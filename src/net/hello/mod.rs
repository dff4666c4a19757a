//! A `ClientHello` of our own for every version from SSL 2 to TLS 1.3, and what a server's first flight
//! answers to it, without any I/O. No handshake is finished and no key made: the answer is enough to
//! know that a server would speak a version or a cipher suite that our own TLS has no words for.
//!
//! - [`client`]: the bytes to send. [`server`]: what came, in whatever pieces, read within bounds.
//! - [`suites`]: the cipher suites, and what is weak in them.

pub mod client;
pub mod server;
pub mod suites;

use std::fmt;

use crate::net::hello::suites::Suite;

/// A version of the protocol, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// Prohibited by RFC 6176.
    Ssl2,
    /// RFC 6101, deprecated by RFC 7568.
    Ssl3,
    /// RFC 2246, deprecated by RFC 8996.
    Tls10,
    /// RFC 4346, deprecated by RFC 8996.
    Tls11,
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl Version {
    /// Every version, oldest first.
    pub const ALL: [Self; 6] =
        [Self::Ssl2, Self::Ssl3, Self::Tls10, Self::Tls11, Self::Tls12, Self::Tls13];

    /// As people call it.
    pub fn title(self) -> &'static str {
        self.parts().0
    }

    /// The number on the wire.
    pub fn number(self) -> u16 {
        self.parts().1
    }

    /// The version with this number on the wire.
    pub fn by_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.number() == number)
    }

    fn parts(self) -> (&'static str, u16) {
        match self {
            Self::Ssl2 => ("SSL 2", 0x0002),
            Self::Ssl3 => ("SSL 3", 0x0300),
            Self::Tls10 => ("TLS 1.0", 0x0301),
            Self::Tls11 => ("TLS 1.1", 0x0302),
            Self::Tls12 => ("TLS 1.2", 0x0303),
            Self::Tls13 => ("TLS 1.3", 0x0304),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.title())
    }
}

/// What a server answers to a hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It would go on with the handshake: all that it says before the client's turn has come.
    Accepted(Accepted),
    /// It ended the handshake.
    Refused(Refusal),
    /// What came is no answer of a TLS server; in words, printable.
    Strange(String),
}

/// What a server chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The version, which may be older than the one that was asked for.
    pub version: Version,
    /// The cipher suite; with SSL 2 all that client and server share.
    pub suites: Vec<Suite>,
    /// The certificates in DER, its own first. In TLS 1.3 they are encrypted and not seen; an anonymous
    /// server has none. Nothing says that they are well formed.
    pub chain: Vec<Vec<u8>>,
    /// Whether the server asks for a client certificate, as far as that is seen (not in TLS 1.3).
    pub asks_certificate: bool,
    /// The length in bits of the prime for Diffie-Hellman in a finite field, where the suite has that.
    pub prime_bits: Option<usize>,
}

/// How a server said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// With this alert (RFC 8446 6).
    Alert(u8),
    /// It closed the connection, or reset it.
    Closed,
}

impl Refusal {
    /// The name of the alert in the RFCs, where it has one.
    pub fn alert_name(self) -> Option<&'static str> {
        let Self::Alert(number) = self else { return None };
        Some(match number {
            0 => "close_notify",
            10 => "unexpected_message",
            20 => "bad_record_mac",
            22 => "record_overflow",
            40 => "handshake_failure",
            41 => "no_certificate",
            42 => "bad_certificate",
            43 => "unsupported_certificate",
            44 => "certificate_revoked",
            45 => "certificate_expired",
            46 => "certificate_unknown",
            47 => "illegal_parameter",
            48 => "unknown_ca",
            49 => "access_denied",
            50 => "decode_error",
            51 => "decrypt_error",
            60 => "export_restriction",
            70 => "protocol_version",
            71 => "insufficient_security",
            80 => "internal_error",
            86 => "inappropriate_fallback",
            90 => "user_canceled",
            100 => "no_renegotiation",
            109 => "missing_extension",
            110 => "unsupported_extension",
            112 => "unrecognized_name",
            113 => "bad_certificate_status_response",
            115 => "unknown_psk_identity",
            116 => "certificate_required",
            120 => "no_application_protocol",
            _ => return None,
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.alert_name()) {
            (Self::Alert(_), Some(name)) => write!(formatter, "the alert {name}"),
            (Self::Alert(number), None) => write!(formatter, "the alert {number}"),
            (Self::Closed, _) => formatter.write_str("an end of the connection"),
        }
    }
}
