//! `ManageSieve` (RFC 5804 1.2, 1.7) up to STARTTLS (RFC 5804 2.2).
//!
//! Strings are quoted, or literals, which hold line ends: a line here goes on behind a literal.

use crate::net::service::Protocol;
use crate::net::starttls::fault::shown;
use crate::net::starttls::{Fault, Next, Seen, lines};

#[derive(Default)]
pub(super) struct Sieve {
    /// Whether STARTTLS was sent.
    asked: bool,
}

pub(super) enum Token {
    Word(Vec<u8>),
    Text(Vec<u8>),
}

impl Token {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Word(bytes) | Self::Text(bytes) => bytes,
        }
    }
}

impl Sieve {
    pub(super) fn awaited(&self) -> &'static str {
        if self.asked { "its answer to STARTTLS" } else { "its greeting" }
    }

    pub(super) fn line(&mut self, line: &[u8], seen: &mut Seen) -> Result<Next, Fault> {
        let foreign = || Fault::foreign(Protocol::Sieve, line);
        let tokens = tokens(line).ok_or_else(foreign)?;
        let all = tokens.iter().map(Token::bytes).collect::<Vec<_>>().join(&b' ');
        match tokens.first() {
            Some(Token::Text(_)) if !self.asked => {
                seen.capabilities.push(shown(&all));
                Ok(Next::Line)
            }
            Some(Token::Word(word)) => match word.to_ascii_uppercase().as_slice() {
                b"OK" if self.asked => Ok(Next::Handshake),
                b"OK" => {
                    seen.greeting = vec![shown(all.get(3..).unwrap_or_default())];
                    if !seen.offers("STARTTLS") {
                        return Err(Fault::NotOffered { command: "STARTTLS" });
                    }
                    self.asked = true;
                    Ok(Next::Say("STARTTLS\r\n".into()))
                }
                b"NO" | b"BYE" => Err(Fault::refused(self.asked.then_some("STARTTLS"), &all)),
                _ => Err(foreign()),
            },
            _ => Err(foreign()),
        }
    }
}

/// How long the first line is, with its end and the literals in it.
pub(super) fn end_of_line(buffer: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = buffer.get(at..)?;
        let end = at + rest.iter().position(|byte| *byte == b'\n')?;
        let Some(octets) = literal_at_end(&buffer[at..end]) else { return Some(end + 1) };
        at = (end + 1).saturating_add(octets);
        if at > lines::LINE {
            return Some(at);
        }
    }
}

/// The number in `{5}` or `{5+}` at the end of a piece of a line, where it is not in a quoted string.
fn literal_at_end(piece: &[u8]) -> Option<usize> {
    let piece = piece.strip_suffix(b"\r").unwrap_or(piece);
    let mut quoted = false;
    let mut bytes = piece.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => quoted = !quoted,
            b'\\' if quoted => drop(bytes.next()),
            _ => {}
        }
    }
    let open = piece.iter().rposition(|byte| *byte == b'{')?;
    if quoted { None } else { literal(&piece[open..]) }
}

/// The number in a whole `{5}` or `{5+}`.
fn literal(text: &[u8]) -> Option<usize> {
    let digits = text.strip_prefix(b"{")?.strip_suffix(b"}")?;
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // Too many digits for a number are too many octets for a line.
    Some(std::str::from_utf8(digits).ok()?.parse().unwrap_or(usize::MAX))
}

/// The words and strings of a line; `None` where a string has no end.
pub(super) fn tokens(line: &[u8]) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = line.trim_ascii_start();
    while let Some(first) = rest.first() {
        let (token, after) = match first {
            b'"' => quoted(&rest[1..])?,
            b'{' => {
                let end = lines::end_of_line(rest)?;
                let octets = literal(rest[..end].trim_ascii_end())?;
                let text = rest.get(end..end.checked_add(octets)?)?;
                (Token::Text(text.to_vec()), &rest[end + octets..])
            }
            _ => {
                let is_end = |byte: &u8| matches!(byte, b' ' | b'"' | b'{');
                let end = rest.iter().position(is_end).unwrap_or(rest.len());
                (Token::Word(rest[..end].to_vec()), &rest[end..])
            }
        };
        tokens.push(token);
        rest = after.trim_ascii_start();
    }
    Some(tokens)
}

/// A quoted string behind its first quote, and what follows it.
fn quoted(rest: &[u8]) -> Option<(Token, &[u8])> {
    let mut text = Vec::new();
    let mut at = 0;
    loop {
        match rest.get(at)? {
            b'"' => return Some((Token::Text(text), &rest[at + 1..])),
            b'\\' => {
                text.push(*rest.get(at + 1)?);
                at += 2;
            }
            byte => {
                text.push(*byte);
                at += 1;
            }
        }
    }
}
