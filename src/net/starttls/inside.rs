//! The conversation inside TLS, without any I/O: what the server offers there, whether it would relay,
//! and goodbye. Nobody logs in, and no message is sent.
//!
//! It is bounded as the one before TLS is, and gives the same whatever pieces the words arrive in.

use crate::net::service::{Protocol, Service};
use crate::net::starttls::fault::shown;
use crate::net::starttls::lines::{self, Lines};
use crate::net::starttls::{Fault, Relay, RelayAnswer, Seen, farewell, imap, pop3, sieve, smtp};

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InsideStep {
    /// Feed more bytes of the server's.
    Receive,
    /// Send these bytes, and then ask again.
    Send(Vec<u8>),
    /// It is over.
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Only where TLS came first.
    Greeting,
    Capabilities,
    /// The list that follows POP3's `+OK`.
    List,
    Sender,
    Recipient,
    Reset,
    Farewell,
    Done,
}

/// What a line is to its reply.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    /// More follow.
    More,
    /// The last, and the server agrees.
    Ok,
    /// The last, and it does not.
    No,
}

impl Line {
    fn last(is_ok: bool) -> Self {
        if is_ok { Self::Ok } else { Self::No }
    }
}

/// A whole reply, printable.
struct Reply {
    is_ok: bool,
    /// Its last line, with code or status.
    line: String,
    /// The texts of its lines without codes, or the lines before the last.
    texts: Vec<String>,
}

/// One conversation with one server.
pub struct Inside {
    protocol: Protocol,
    own_name: String,
    relay: Option<Relay>,
    state: State,
    /// What is to be sent before anything is read.
    command: Option<Vec<u8>>,
    lines: Lines,
    /// The lines of a reply that has not ended, and the code of SMTP's.
    texts: Vec<String>,
    code: Option<[u8; 3]>,
    seen: Seen,
    answer: RelayAnswer,
    is_answered: bool,
    refusal: Option<Fault>,
}

impl Inside {
    /// Begins where the handshake has ended. `own_name` is what EHLO gets; the question about relaying is for
    /// SMTP only.
    pub fn new(service: Service, own_name: &str, relay: Option<&Relay>) -> Self {
        let protocol = service.protocol();
        let mut inside = Self {
            protocol,
            own_name: own_name.to_owned(),
            relay: relay.filter(|_| protocol == Protocol::Smtp).cloned(),
            state: State::Greeting,
            command: None,
            lines: Lines::default(),
            texts: Vec::new(),
            code: None,
            seen: Seen::default(),
            answer: RelayAnswer::default(),
            is_answered: false,
            refusal: None,
        };
        if !service.is_implicit() {
            inside.ask_capabilities();
        }
        inside
    }

    /// Takes bytes that came from the server.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.lines.feed(bytes);
    }

    /// What is to be done next.
    pub fn step(&mut self) -> Result<InsideStep, Fault> {
        loop {
            if let Some(command) = self.command.take() {
                self.lines.begin_reply();
                return Ok(InsideStep::Send(command));
            }
            if self.state == State::Done {
                return Ok(InsideStep::Done);
            }
            let end = match self.protocol {
                Protocol::Sieve => sieve::end_of_line,
                _ => lines::end_of_line,
            };
            let Some(line) = self.lines.take(end)? else { return Ok(InsideStep::Receive) };
            if let Some(reply) = self.line(&line)? {
                // Postfix shakes hands with anybody, and then refuses EHLO to whose certificate it does not like.
                if self.state == State::Capabilities
                    && self.protocol == Protocol::Smtp
                    && !reply.is_ok
                {
                    let reply = reply.line.clone();
                    self.refusal = Some(Fault::Refused { command: Some("EHLO"), reply });
                } else {
                    self.is_answered |= self.refusal.is_none();
                }
                self.replied(reply)?;
            }
        }
    }

    /// What it means that the server closed the connection now; nothing, after the goodbye.
    pub fn closed(&self) -> Option<Fault> {
        let awaited = match self.state {
            State::Greeting => "its greeting",
            State::Capabilities | State::List => "what it offers inside TLS",
            State::Sender => "its answer to MAIL",
            State::Recipient => "its answer to RCPT",
            State::Reset => "its answer to RSET",
            State::Farewell | State::Done => return None,
        };
        Some(Fault::Closed { awaited })
    }

    /// What the server said.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// What it said about relaying, where it was asked.
    pub fn relay_answer(&self) -> Option<&RelayAnswer> {
        self.relay.as_ref().map(|_| &self.answer)
    }

    /// That it answers EHLO, or all that it is told, with a refusal.
    pub fn refusal(&self) -> Option<&Fault> {
        self.refusal.as_ref()
    }

    /// Whether a reply has come that is no refusal of all that follows: only then has a server of TLS 1.3 accepted the client's certificate
    /// (RFC 8446 4.4.2.4, E.1.2).
    pub fn is_answered(&self) -> bool {
        self.is_answered
    }

    fn ask_capabilities(&mut self) {
        self.state = State::Capabilities;
        self.command = match self.protocol {
            Protocol::Smtp => Some(format!("EHLO {}\r\n", self.own_name).into_bytes()),
            Protocol::Imap => Some(b"a1 CAPABILITY\r\n".to_vec()),
            Protocol::Pop3 => Some(b"CAPA\r\n".to_vec()),
            // The server tells them by itself (RFC 5804 2.2).
            Protocol::Sieve => None,
        };
    }

    fn say(&mut self, state: State, command: String) {
        self.state = state;
        self.command = Some(command.into_bytes());
    }

    fn leave(&mut self) {
        self.state = State::Farewell;
        self.command = Some(farewell(self.protocol).to_vec());
    }

    fn replied(&mut self, mut reply: Reply) -> Result<(), Fault> {
        match self.state {
            State::Greeting if !reply.is_ok => {
                return Err(Fault::Refused { command: None, reply: reply.line });
            }
            State::Greeting => {
                self.seen.greeting = reply.texts;
                self.ask_capabilities();
            }
            State::Capabilities if self.protocol == Protocol::Pop3 && reply.is_ok => {
                self.state = State::List;
            }
            State::Capabilities | State::List => {
                if self.protocol == Protocol::Smtp && reply.is_ok {
                    let capabilities = reply.texts.split_off(1);
                    self.seen.name = reply.texts.pop();
                    reply.texts = capabilities;
                }
                if reply.is_ok {
                    self.seen.capabilities = reply.texts;
                }
                match self.relay.as_ref().map(|relay| format!("MAIL FROM:<{}>\r\n", relay.sender()))
                {
                    Some(command) if reply.is_ok => self.say(State::Sender, command),
                    _ => self.leave(),
                }
            }
            State::Sender => {
                self.answer.sender = Some(reply.line);
                match self
                    .relay
                    .as_ref()
                    .map(|relay| format!("RCPT TO:<{}>\r\n", relay.recipient()))
                {
                    Some(command) if reply.is_ok => self.say(State::Recipient, command),
                    _ => self.leave(),
                }
            }
            State::Recipient => {
                self.answer.recipient = Some(reply.line);
                self.say(State::Reset, "RSET\r\n".into());
            }
            State::Reset => self.leave(),
            State::Farewell | State::Done => {
                // A server of old need not know CAPA; every server knows QUIT (RFC 1939 5).
                if self.protocol == Protocol::Pop3
                    && !reply.is_ok
                    && self.seen.capabilities.is_empty()
                {
                    let reply = reply.line;
                    self.refusal = Some(Fault::Refused { command: Some("CAPA and QUIT"), reply });
                }
                self.state = State::Done;
            }
        }
        Ok(())
    }

    /// The reply that ends with this line, if one does.
    fn line(&mut self, line: &[u8]) -> Result<Option<Reply>, Fault> {
        let protocol = self.protocol;
        let foreign = || Fault::foreign(protocol, line);
        let kind = match protocol {
            Protocol::Smtp => {
                let (code, is_last, text) = smtp::parse(line).ok_or_else(foreign)?;
                if self.code.is_some_and(|first| first != code) {
                    return Err(foreign());
                }
                self.texts.push(shown(text));
                self.code = (!is_last).then_some(code);
                if is_last { Line::last(code[0] == b'2') } else { Line::More }
            }
            Protocol::Imap => self.imap(line).ok_or_else(foreign)?,
            Protocol::Pop3 if self.state == State::List && line == b"." => Line::Ok,
            Protocol::Pop3 if self.state == State::List => {
                self.texts.push(shown(line));
                Line::More
            }
            Protocol::Pop3 => {
                let (is_ok, text) = pop3::parse(line).ok_or_else(foreign)?;
                if self.state != State::Capabilities {
                    self.texts.push(shown(text));
                }
                Line::last(is_ok)
            }
            Protocol::Sieve => self.sieve(line).ok_or_else(foreign)?,
        };
        if kind == Line::More {
            return Ok(None);
        }
        let texts = std::mem::take(&mut self.texts);
        Ok(Some(Reply { is_ok: kind == Line::Ok, line: shown(line), texts }))
    }

    /// What a line of IMAP is; nothing where it is none.
    fn imap(&mut self, line: &[u8]) -> Option<Line> {
        let (tag, rest) = imap::word(line);
        let (status, text) = imap::word(rest);
        let status = status.to_ascii_uppercase();
        match (tag, self.state, status.as_slice()) {
            (b"*", State::Greeting, b"OK") => {
                self.texts.push(shown(text));
                Some(Line::Ok)
            }
            (b"*", State::Greeting, b"BYE" | b"PREAUTH") | (b"*", State::Capabilities, b"BYE") => {
                Some(Line::No)
            }
            (_, State::Greeting, _) => None,
            (b"*", State::Capabilities, b"CAPABILITY") => {
                let words = text.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
                self.texts.extend(words.map(shown));
                Some(Line::More)
            }
            (b"*", ..) => Some(Line::More),
            (b"a1" | b"a9", _, b"OK") => Some(Line::Ok),
            (b"a1" | b"a9", _, b"NO" | b"BAD") => Some(Line::No),
            _ => None,
        }
    }

    fn sieve(&mut self, line: &[u8]) -> Option<Line> {
        let tokens = sieve::tokens(line)?;
        let all = tokens.iter().map(sieve::Token::bytes).collect::<Vec<_>>().join(&b' ');
        match tokens.first()? {
            sieve::Token::Text(_) => {
                self.texts.push(shown(&all));
                Some(Line::More)
            }
            sieve::Token::Word(word) => match word.to_ascii_uppercase().as_slice() {
                b"OK" => Some(Line::Ok),
                b"NO" | b"BYE" => Some(Line::No),
                _ => None,
            },
        }
    }
}

#[cfg(test)]
#[path = "inside_tests.rs"]
mod tests;
