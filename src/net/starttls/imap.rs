//! IMAP (RFC 9051 7) up to STARTTLS (RFC 9051 6.2.1).

use crate::net::service::Protocol;
use crate::net::starttls::fault::shown;
use crate::net::starttls::{Fault, Next, Seen};

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Greeting,
    Capability,
    Starttls,
}

#[derive(Default)]
pub(super) struct Imap {
    state: State,
}

impl Imap {
    pub(super) fn awaited(&self) -> &'static str {
        match self.state {
            State::Greeting => "its greeting",
            State::Capability => "its answer to CAPABILITY",
            State::Starttls => "its answer to STARTTLS",
        }
    }

    pub(super) fn line(&mut self, line: &[u8], seen: &mut Seen) -> Result<Next, Fault> {
        let (tag, rest) = word(line);
        let (status, text) = word(rest);
        match self.state {
            State::Greeting => {
                if tag == b"*" && status.eq_ignore_ascii_case(b"OK") {
                    seen.greeting = vec![shown(text)];
                    self.state = State::Capability;
                    return Ok(Next::Say("a1 CAPABILITY\r\n".into()));
                }
                // PREAUTH: logged in already, and then STARTTLS is not allowed (RFC 9051 7.1.4).
                let known = [&b"BYE"[..], b"PREAUTH"];
                if tag == b"*" && known.iter().any(|word| status.eq_ignore_ascii_case(word)) {
                    return Err(Fault::refused(None, rest));
                }
                Err(Fault::foreign(Protocol::Imap, line))
            }
            State::Capability => {
                if tag == b"*" && status.eq_ignore_ascii_case(b"CAPABILITY") {
                    let words = text.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
                    seen.capabilities.extend(words.map(shown));
                    return Ok(Next::Line);
                }
                if !is_ok(b"a1", "CAPABILITY", line)? {
                    return Ok(Next::Line);
                }
                if !seen.offers("STARTTLS") {
                    return Err(Fault::NotOffered { command: "STARTTLS" });
                }
                self.state = State::Starttls;
                Ok(Next::Say("a2 STARTTLS\r\n".into()))
            }
            State::Starttls => {
                let done = is_ok(b"a2", "STARTTLS", line)?;
                Ok(if done { Next::Handshake } else { Next::Line })
            }
        }
    }
}

/// Whether this is the end of the answer to a command, with OK; an untagged line is not yet.
fn is_ok(tag: &[u8], command: &'static str, line: &[u8]) -> Result<bool, Fault> {
    let (first, rest) = word(line);
    let (status, _) = word(rest);
    if first == b"*" {
        let bye = status.eq_ignore_ascii_case(b"BYE");
        return if bye { Err(Fault::refused(Some(command), rest)) } else { Ok(false) };
    }
    if first != tag {
        return Err(Fault::foreign(Protocol::Imap, line));
    }
    match status.to_ascii_uppercase().as_slice() {
        b"OK" => Ok(true),
        b"NO" | b"BAD" => Err(Fault::refused(Some(command), rest)),
        _ => Err(Fault::foreign(Protocol::Imap, line)),
    }
}

/// The first word and what follows its space.
pub(super) fn word(line: &[u8]) -> (&[u8], &[u8]) {
    match line.iter().position(|byte| *byte == b' ') {
        Some(at) => (&line[..at], &line[at + 1..]),
        None => (line, &[]),
    }
}
