//! Whether a server takes a command that came in plain text, right behind STARTTLS, for one that came
//! inside TLS (CVE-2011-0411). Whoever sits between could begin a user's session with commands of his own.
//!
//! The command is harmless and has a reply that the goodbye, which is all that is said inside, has not.

use crate::net::service::Protocol;
use crate::net::starttls::lines::{self, Lines};
use crate::net::starttls::{Fault, imap, pop3, sieve, smtp};

/// What a server of sieve repeats in its answer to NOOP (RFC 5804 2.13).
const MARK: &str = "mailca";

/// Whether this is the command that begins TLS.
pub(super) fn comes_behind(command: &str) -> bool {
    command.ends_with("STARTTLS\r\n") || command == "STLS\r\n"
}

/// What follows it.
pub(super) fn command(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Smtp => "NOOP\r\n",
        Protocol::Imap => "a3 NOOP\r\n",
        // No command at all, so that it gets an error, and the goodbye does not.
        Protocol::Pop3 => "XNOOP\r\n",
        Protocol::Sieve => "NOOP \"mailca\"\r\n",
    }
}

/// What the server says inside TLS, where [`farewell`](super::farewell) alone is said to it.
pub struct Aftermath {
    protocol: Protocol,
    lines: Lines,
    /// The replies of sieve until now: the first is not asked for.
    replies: usize,
}

impl Aftermath {
    /// Begins where the handshake has ended.
    pub fn new(protocol: Protocol) -> Self {
        Self { protocol, lines: Lines::default(), replies: 0 }
    }

    /// Takes bytes that came, and says whether the injected command was obeyed, once that is certain.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Option<bool>, Fault> {
        self.lines.feed(bytes);
        let end = match self.protocol {
            Protocol::Sieve => sieve::end_of_line,
            _ => lines::end_of_line,
        };
        while let Some(line) = self.lines.take(end)? {
            let foreign = || Fault::foreign(self.protocol, &line);
            let verdict = match self.protocol {
                Protocol::Smtp => {
                    let (code, is_last, _) = smtp::parse(&line).ok_or_else(foreign)?;
                    // Goodbye is 221; 421 is a server that has closed for some reason of its own.
                    is_last.then_some(&code != b"221" && &code != b"421")
                }
                Protocol::Imap => match imap::word(&line).0 {
                    b"a3" => Some(true),
                    b"a9" => Some(false),
                    _ => None,
                },
                Protocol::Pop3 => Some(!pop3::parse(&line).ok_or_else(foreign)?.0),
                Protocol::Sieve => {
                    let tokens = sieve::tokens(&line).ok_or_else(foreign)?;
                    let is_reply = matches!(tokens.first(), Some(sieve::Token::Word(_)));
                    self.replies += usize::from(is_reply);
                    let is_marked = line.windows(MARK.len()).any(|part| part == MARK.as_bytes());
                    let is_no = line.to_ascii_uppercase().starts_with(b"NO");
                    (self.replies == 2).then_some(is_marked || is_no)
                }
            };
            if verdict.is_some() {
                return Ok(verdict);
            }
        }
        Ok(None)
    }
}
