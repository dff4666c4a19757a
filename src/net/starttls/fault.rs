//! What can be wrong with what a server says before TLS.

use std::fmt;

use crate::error::Error;
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
    Injected {
        /// The first line of them.
        line: String,
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

    pub(super) fn injected(bytes: &[u8]) -> Self {
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        Self::Injected { line: shown(line.trim_ascii_end()) }
    }

    pub(super) fn refused(command: Option<&'static str>, reply: &[u8]) -> Self {
        Self::Refused { command, reply: shown(reply) }
    }
}

/// Whether a server says in plain text that it cannot go on: Dovecot does so when it has agreed to begin TLS
/// and finds then that its certificate and key do not serve.
pub fn gives_up(line: &str) -> bool {
    let line = line.to_ascii_uppercase();
    let is_code = |first: u8| matches!(first, b'4' | b'5');
    let is_smtp = match line.as_bytes() {
        [first, second, third, rest @ ..] => {
            is_code(*first)
                && second.is_ascii_digit()
                && third.is_ascii_digit()
                && matches!(rest.first(), None | Some(b' ' | b'-'))
        }
        _ => false,
    };
    is_smtp || ["* BYE", "BYE", "NO ", "-ERR"].iter().any(|word| line.starts_with(word))
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
            Self::Injected { line } if gives_up(line) => {
                write!(formatter, "the server agreed to begin TLS, and then gave up: {line}")
            }
            Self::Injected { .. } => formatter.write_str(
                "the server sent more after it had agreed to begin TLS: somebody may be inserting \
                 words into the connection",
            ),
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
