//! The conversations up to the TLS handshake and inside it, without any I/O: bytes that came go in, bytes
//! to send come out.
//!
//! A [`Conversation`] is bounded ([`LINE`], [`LINES`], [`TOTAL`]) whatever the server says, gives the
//! same whatever pieces its words arrive in, and keeps what was said before TLS. What a server sent
//! is made printable before it is kept.

mod fault;
mod imap;
mod injection;
mod inside;
mod lines;
mod login;
mod pop3;
mod relay;
mod sieve;
mod smtp;
#[cfg(test)]
mod tests;

pub use fault::Fault;
pub use injection::Aftermath;
pub use inside::{Inside, InsideStep};
pub use lines::{LINE, LINES, TOTAL};
pub use login::Logins;
pub use relay::{Relay, RelayAnswer};

use crate::net::service::{Protocol, Service};
use crate::net::starttls::lines::Lines;

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Feed more bytes of the server's.
    Receive,
    /// Send these bytes, and then ask again.
    Send(Vec<u8>),
    /// Begin the TLS handshake.
    Handshake,
}

/// What the server said before TLS, printable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The lines of its greeting, without codes and tags.
    pub greeting: Vec<String>,
    /// What it calls itself in its answer to EHLO or HELO, and what follows; SMTP only.
    pub name: Option<String>,
    /// What it offers before TLS: a line or word each, as it wrote them.
    pub capabilities: Vec<String>,
}

impl Seen {
    /// Whether a capability begins with this word, in any case (`AUTH` in `AUTH PLAIN LOGIN`).
    pub fn offers(&self, word: &str) -> bool {
        let first = |line: &String| {
            line.split(' ').next().is_some_and(|first| first.eq_ignore_ascii_case(word))
        };
        self.capabilities.iter().any(first)
    }
}

/// What a line led to.
enum Next {
    /// Another line is needed.
    Line,
    /// A command is to be sent, and a reply to it awaited.
    Say(String),
    /// The server is ready for the handshake.
    Handshake,
}

enum Talk {
    Smtp(smtp::Smtp),
    Imap(imap::Imap),
    Pop3(pop3::Pop3),
    Sieve(sieve::Sieve),
}

impl Talk {
    fn protocol(&self) -> Protocol {
        match self {
            Self::Smtp(_) => Protocol::Smtp,
            Self::Imap(_) => Protocol::Imap,
            Self::Pop3(_) => Protocol::Pop3,
            Self::Sieve(_) => Protocol::Sieve,
        }
    }
}

/// One conversation with one server.
pub struct Conversation {
    talk: Talk,
    lines: Lines,
    seen: Seen,
    is_done: bool,
    injects: bool,
}

impl Conversation {
    /// Begins a conversation; with implicit TLS there is nothing to say. `own_name` is what EHLO gets: a
    /// host name, or an address literal in brackets (RFC 5321 4.1.3).
    pub fn new(service: Service, own_name: &str) -> Self {
        let talk = match service.protocol() {
            Protocol::Smtp => Talk::Smtp(smtp::Smtp::new(own_name)),
            Protocol::Imap => Talk::Imap(imap::Imap::default()),
            Protocol::Pop3 => Talk::Pop3(pop3::Pop3::default()),
            Protocol::Sieve => Talk::Sieve(sieve::Sieve::default()),
        };
        let lines = Lines::default();
        let is_done = service.is_implicit();
        Self { talk, lines, seen: Seen::default(), is_done, injects: false }
    }

    /// The same, but a command in plain text follows STARTTLS in the same piece, which the server must not
    /// take for one that came inside TLS (CVE-2011-0411). [`Aftermath`] sees whether it did.
    pub fn injecting(service: Service, own_name: &str) -> Self {
        Self { injects: true, ..Self::new(service, own_name) }
    }

    /// Takes bytes that came from the server. Call [`Self::step`] until it asks for more before the
    /// next ones: that is what bounds the memory.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.lines.feed(bytes);
    }

    /// What is to be done next. Bytes that came after the server's last word before TLS are a fault:
    /// somebody put them there to be taken as part of what is encrypted.
    pub fn step(&mut self) -> Result<Step, Fault> {
        loop {
            if self.is_done {
                return match self.lines.rest() {
                    [] => Ok(Step::Handshake),
                    rest => Err(Fault::behind(self.talk.protocol(), rest)),
                };
            }
            let end = match self.talk {
                Talk::Sieve(_) => sieve::end_of_line,
                _ => lines::end_of_line,
            };
            let Some(line) = self.lines.take(end)? else {
                return Ok(Step::Receive);
            };
            let next = match &mut self.talk {
                Talk::Smtp(talk) => talk.line(&line, &mut self.seen)?,
                Talk::Imap(talk) => talk.line(&line, &mut self.seen)?,
                Talk::Pop3(talk) => talk.line(&line, &mut self.seen)?,
                Talk::Sieve(talk) => talk.line(&line, &mut self.seen)?,
            };
            match next {
                Next::Line => {}
                Next::Say(mut command) => {
                    self.lines.begin_reply();
                    if self.injects && injection::comes_behind(&command) {
                        command.push_str(injection::command(self.talk.protocol()));
                    }
                    return Ok(Step::Send(command.into_bytes()));
                }
                Next::Handshake => self.is_done = true,
            }
        }
    }

    /// What it means that the server closed the connection now.
    pub fn closed(&self) -> Fault {
        Fault::Closed { awaited: self.awaited() }
    }

    /// What the server is expected to send next, for a message: `its greeting`.
    pub fn awaited(&self) -> &'static str {
        match &self.talk {
            _ if self.is_done => "the handshake",
            Talk::Smtp(talk) => talk.awaited(),
            Talk::Imap(talk) => talk.awaited(),
            Talk::Pop3(talk) => talk.awaited(),
            Talk::Sieve(talk) => talk.awaited(),
        }
    }

    /// What the server said until now.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }
}

/// What ends a session politely, so that the server logs no error.
pub fn farewell(protocol: Protocol) -> &'static [u8] {
    match protocol {
        Protocol::Smtp | Protocol::Pop3 => b"QUIT\r\n",
        Protocol::Imap => b"a9 LOGOUT\r\n",
        Protocol::Sieve => b"LOGOUT\r\n",
    }
}
