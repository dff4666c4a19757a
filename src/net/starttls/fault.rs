//! What can be wrong with what a server says before TLS.

use std::fmt;

use crate::error::Error;
use crate::net::hello::server::in_the_place_of_tls;
use crate::net::service::Protocol;
use crate::net::starttls::lines::{LINE, LINES, TOTAL};
use crate::pki::printable::printable_bytes;

/// So much of a server's line is shown, in bytes.
const SHOWN: usize = 300;

/// Why there is no handshake. Everything in it is printable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A line is longer than [`LINE`].
    LineTooLong,
    /// A reply has more lines than [`LINES`].
    ReplyTooLong,
    /// All replies together are longer than [`TOTAL`].
    TooMuch,
    /// What came is no reply of this protocol.
    Foreign {
        /// What should have been spoken.
        protocol: Protocol,
        /// What came.
        line: String,
    },
    /// The server said no.
    Refused {
        /// The command that it refused; none where it was the connection itself.
        command: Option<&'static str>,
        /// What it said.
        reply: String,
    },
    /// The server does not offer TLS on this connection.
    NotOffered {
        /// The command that is missing among its capabilities.
        command: &'static str,
    },
    /// Bytes follow the reply after which only TLS may come.
    Injected,
    /// What follows is the server's goodbye, in its protocol or as a TLS alert: its TLS has failed before it was
    /// spoken to. Nobody would put that there to be taken for something else.
    Withdrawn {
        /// What it did, with its words.
        words: String,
    },
    /// The server closed the connection.
    Closed {
        /// What was expected of it.
        awaited: &'static str,
    },
}

impl Fault {
    pub(super) fn foreign(protocol: Protocol, line: &[u8]) -> Self {
        Self::Foreign { protocol, line: shown(line) }
    }

    /// What follows the agreement to begin TLS.
    pub(super) fn behind(protocol: Protocol, bytes: &[u8]) -> Self {
        let is_goodbye = |word: &&[u8]| bytes.starts_with(word) || word.starts_with(bytes);
        let goodbyes: &[&[u8]] = match protocol {
            Protocol::Smtp => &[b"421 ", b"454 ", b"554 "],
            Protocol::Imap => &[b"* BYE "],
            Protocol::Pop3 => &[b"-ERR"],
            Protocol::Sieve => &[b"BYE"],
        };
        if is_alert(bytes) {
            let words = "it agreed to begin TLS, and ended it with an alert at once";
            Self::Withdrawn { words: words.to_owned() }
        } else if goodbyes.iter().any(is_goodbye) && !bytes.trim_ascii_end().contains(&b'\n') {
            // As it is told where it comes a moment later.
            Self::Withdrawn { words: in_the_place_of_tls(bytes) }
        } else {
            Self::Injected
        }
    }

    pub(super) fn refused(command: Option<&'static str>, reply: &[u8]) -> Self {
        Self::Refused { command, reply: shown(reply) }
    }
}

/// Whether it is a TLS alert in plain text, or the beginning of one (RFC 8446 5.1, 6): a library that has no version
/// or key to offer may not wait for the client to say so.
fn is_alert(bytes: &[u8]) -> bool {
    let fits = |(at, byte): (usize, &u8)| match at {
        0 => *byte == 21,
        1 => *byte == 3,
        2 => *byte <= 4,
        3 => *byte == 0,
        4 => *byte == 2,
        5 => matches!(byte, 1 | 2),
        at => at == 6,
    };
    bytes.iter().enumerate().all(fits)
}

/// A server's line for a message.
pub(super) fn shown(line: &[u8]) -> String {
    match line.get(..SHOWN) {
        Some(start) if line.len() > SHOWN => printable_bytes(start) + "…",
        _ => printable_bytes(line),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LineTooLong => write!(formatter, "the server sent a line of over {LINE} bytes"),
            Self::ReplyTooLong => {
                write!(formatter, "the server sent a reply of over {LINES} lines")
            }
            Self::TooMuch => write!(formatter, "the server sent over {TOTAL} bytes before TLS"),
            Self::Foreign { protocol, line } => {
                write!(
                    formatter,
                    "the server does not speak {}: it said \"{line}\"",
                    protocol.title()
                )
            }
            Self::Refused { command: None, reply } => {
                write!(formatter, "the server refuses the connection: {reply}")
            }
            Self::Refused { command: Some(command), reply } => {
                write!(formatter, "the server refuses {command}: {reply}")
            }
            Self::NotOffered { command } => {
                write!(formatter, "the server does not offer {command}")
            }
            Self::Injected => formatter.write_str(
                "the server sent more after it had agreed to begin TLS: somebody may be inserting \
                 words into the connection",
            ),
            Self::Withdrawn { words } => formatter.write_str(words),
            Self::Closed { awaited } => {
                write!(formatter, "the server closed the connection instead of sending {awaited}")
            }
        }
    }
}

impl std::error::Error for Fault {}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let error = Self::refused(fault.to_string());
        match fault {
            Fault::NotOffered { .. } => error.hint(
                "the server has no certificate or key that it can use, or none configured: its log says which",
            ),
            Fault::Foreign { .. } => {
                error.hint("another service on that port is named so: HOST:PORT/SERVICE")
            }
            _ => error,
        }
    }
}
