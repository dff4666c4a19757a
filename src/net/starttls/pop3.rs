//! POP3 (RFC 1939, RFC 2449) up to STLS (RFC 2595 4).

use crate::net::service::Protocol;
use crate::net::starttls::fault::shown;
use crate::net::starttls::{Fault, Next, Seen};

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Greeting,
    Capa,
    /// The list that follows `+OK`.
    Capabilities,
    Stls,
}

#[derive(Default)]
pub(super) struct Pop3 {
    state: State,
}

impl Pop3 {
    pub(super) fn awaited(&self) -> &'static str {
        match self.state {
            State::Greeting => "its greeting",
            State::Capa | State::Capabilities => "its answer to CAPA",
            State::Stls => "its answer to STLS",
        }
    }

    pub(super) fn line(&mut self, line: &[u8], seen: &mut Seen) -> Result<Next, Fault> {
        if matches!(self.state, State::Capabilities) {
            if line != b"." {
                seen.capabilities.push(shown(line));
                return Ok(Next::Line);
            }
            if !seen.offers("STLS") {
                return Err(Fault::NotOffered { command: "STLS" });
            }
            self.state = State::Stls;
            return Ok(Next::Say("STLS\r\n".into()));
        }
        let (is_ok, text) = parse(line).ok_or_else(|| Fault::foreign(Protocol::Pop3, line))?;
        match (self.state, is_ok) {
            (State::Greeting, true) => {
                seen.greeting = vec![shown(text)];
                self.state = State::Capa;
                Ok(Next::Say("CAPA\r\n".into()))
            }
            (State::Greeting, false) => Err(Fault::refused(None, line)),
            (State::Stls, true) => Ok(Next::Handshake),
            (State::Stls, false) => Err(Fault::refused(Some("STLS"), line)),
            (State::Capa | State::Capabilities, true) => {
                self.state = State::Capabilities;
                Ok(Next::Line)
            }
            // A server from before CAPA has no STLS either.
            (State::Capa | State::Capabilities, false) => {
                Err(Fault::NotOffered { command: "STLS" })
            }
        }
    }
}

/// Whether it is `+OK` rather than `-ERR`, and the text.
pub(super) fn parse(line: &[u8]) -> Option<(bool, &[u8])> {
    let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    let text = line.get(end + 1..).unwrap_or_default();
    match line[..end].to_ascii_uppercase().as_slice() {
        b"+OK" => Some((true, text)),
        b"-ERR" => Some((false, text)),
        _ => None,
    }
}
