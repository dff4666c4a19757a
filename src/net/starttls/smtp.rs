//! SMTP (RFC 5321 4.2) up to STARTTLS (RFC 3207).

use crate::net::service::Protocol;
use crate::net::starttls::fault::shown;
use crate::net::starttls::{Fault, Next, Seen};

#[derive(Clone, Copy)]
enum State {
    Greeting,
    Ehlo,
    Helo,
    Starttls,
}

pub(super) struct Smtp {
    own_name: String,
    state: State,
    /// The lines of a reply that has not ended: its code, and the text of each.
    reply: Option<([u8; 3], Vec<String>)>,
}

impl Smtp {
    pub(super) fn new(own_name: &str) -> Self {
        Self { own_name: own_name.to_owned(), state: State::Greeting, reply: None }
    }

    pub(super) fn awaited(&self) -> &'static str {
        match self.state {
            State::Greeting => "its greeting",
            State::Ehlo => "its answer to EHLO",
            State::Helo => "its answer to HELO",
            State::Starttls => "its answer to STARTTLS",
        }
    }

    pub(super) fn line(&mut self, line: &[u8], seen: &mut Seen) -> Result<Next, Fault> {
        let foreign = || Fault::foreign(Protocol::Smtp, line);
        let (code, is_last, text) = parse(line).ok_or_else(foreign)?;
        let (first, mut texts) = self.reply.take().unwrap_or((code, Vec::new()));
        if first != code {
            return Err(foreign());
        }
        texts.push(shown(text));
        if !is_last {
            self.reply = Some((code, texts));
            return Ok(Next::Line);
        }
        let refused = |command| Err(Fault::refused(command, line));
        match (self.state, &code) {
            (State::Greeting, b"220") => {
                seen.greeting = texts;
                self.state = State::Ehlo;
                Ok(Next::Say(format!("EHLO {}\r\n", self.own_name)))
            }
            (State::Greeting, _) => refused(None),
            (State::Ehlo, b"250") => {
                seen.capabilities = texts.split_off(1);
                seen.name = texts.pop();
                if !seen.offers("STARTTLS") {
                    return Err(Fault::NotOffered { command: "STARTTLS" });
                }
                self.state = State::Starttls;
                Ok(Next::Say("STARTTLS\r\n".into()))
            }
            // A server from before ESMTP, which has no STARTTLS either; but it is asked politely.
            (State::Ehlo, [b'5', ..]) => {
                self.state = State::Helo;
                Ok(Next::Say(format!("HELO {}\r\n", self.own_name)))
            }
            (State::Ehlo, _) => refused(Some("EHLO")),
            (State::Helo, b"250") => {
                seen.name = texts.pop();
                Err(Fault::NotOffered { command: "STARTTLS" })
            }
            (State::Helo, _) => refused(Some("HELO")),
            (State::Starttls, b"220") => Ok(Next::Handshake),
            (State::Starttls, _) => refused(Some("STARTTLS")),
        }
    }
}

/// Code, whether it is the last line of the reply, and text.
pub(super) fn parse(line: &[u8]) -> Option<([u8; 3], bool, &[u8])> {
    let (code, rest) = line.split_first_chunk::<3>()?;
    if !matches!(code, [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9']) {
        return None;
    }
    match rest {
        [] => Some((*code, true, rest)),
        [b' ', text @ ..] => Some((*code, true, text)),
        [b'-', text @ ..] => Some((*code, false, text)),
        _ => None,
    }
}
