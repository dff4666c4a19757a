//! The first flight of a server: what it sends before the client's turn comes again.
//!
//! Bytes go in as they come; the answer is the same whatever pieces they come in. What is kept is
//! bounded by [`TOTAL`], whatever the server sends.

use tls_parser::{
    TlsMessageHandshake, parse_tls_handshake_msg_certificate, parse_tls_handshake_server_hello,
    parse_tls_record_header,
};

use crate::net::hello::suites::Suite;
use crate::net::hello::{Accepted, Answer, Refusal, Version};
use crate::pki::printable::printable_bytes;

/// The most bytes of a flight. A chain of ten large certificates and the names of all public CAs together
/// are half of it.
pub const TOTAL: usize = 128 * 1024;
/// The longest record, with what old versions may add to it (RFC 5246 6.2.3).
const RECORD: usize = 16 * 1024 + 2048;
/// So many bytes of what is not TLS are shown.
const SHOWN: usize = 60;

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
/// The types of records: `ChangeCipherSpec`, alert, handshake, application data.
const RECORDS: std::ops::RangeInclusive<u8> = 20..=23;

/// One flight of one server.
#[derive(Debug)]
pub struct Flight {
    asked: Version,
    total: usize,
    /// What came and is no whole record yet.
    records: Vec<u8>,
    /// Handshake messages, out of the records, that are not whole yet.
    messages: Vec<u8>,
    /// What the server chose, until its turn is over.
    chosen: Option<Accepted>,
    answer: Option<Answer>,
}

impl Flight {
    /// Begins to read the answer to a hello of this version.
    pub fn new(asked: Version) -> Self {
        let (records, messages) = (Vec::new(), Vec::new());
        Self { asked, total: 0, records, messages, chosen: None, answer: None }
    }

    /// Takes bytes that came, and gives the answer once it is there. What comes after it is not looked at.
    pub fn feed(&mut self, bytes: &[u8]) -> Option<&Answer> {
        if self.answer.is_none() {
            // Taken in pieces, so that the bound is met at the same byte however they come.
            for piece in bytes.chunks(1024) {
                let room = TOTAL - self.total;
                self.records.extend(piece.iter().take(room));
                self.total += piece.len().min(room);
                self.answer = self.read().err();
                if self.answer.is_none() && piece.len() > room {
                    self.answer = Some(strange(format!("it answers with over {TOTAL} bytes")));
                }
                if self.answer.is_some() {
                    break;
                }
            }
        }
        self.answer.as_ref()
    }

    /// The answer of a server that has closed the connection. Whoever closes in the middle has not refused.
    pub fn closed(self) -> Answer {
        let is_begun = !self.records.is_empty() || !self.messages.is_empty();
        let is_cut = is_begun || self.chosen.is_some();
        let cut = || strange("it closes the connection in the middle of its answer");
        self.silent().unwrap_or_else(
            || {
                if is_cut { cut() } else { Answer::Refused(Refusal::Closed) }
            },
        )
    }

    /// The answer of a server that says nothing more: none, unless it is clear from what there is.
    pub fn silent(self) -> Option<Answer> {
        match self.answer {
            None if self.is_foreign() => Some(not_tls(&self.records)),
            answer => answer,
        }
    }

    /// Whether what came is not the beginning of a record.
    fn is_foreign(&self) -> bool {
        match self.records.as_slice() {
            [] => false,
            [first, ..] if self.asked == Version::Ssl2 && first & 0x80 != 0 => false,
            [first, rest @ ..] => {
                !RECORDS.contains(first) || rest.first().is_some_and(|major| *major != 3)
            }
        }
    }

    /// Reads what is whole. The answer comes as the error, which ends the reading.
    fn read(&mut self) -> Result<(), Answer> {
        while self.answer.is_none() && !self.records.is_empty() {
            if self.asked == Version::Ssl2 && self.records[0] & 0x80 != 0 {
                return match ssl2_record(&self.records) {
                    Some(body) => Err(ssl2(body)),
                    None => Ok(()),
                };
            }
            if self.is_foreign() {
                // Words are shown in full, as far as they are shown.
                let is_whole = self.records.len() >= SHOWN || self.records.contains(&b'\n');
                return if is_whole { Err(not_tls(&self.records)) } else { Ok(()) };
            }
            let Ok((_, header)) = parse_tls_record_header(&self.records) else { return Ok(()) };
            let length = usize::from(header.len);
            if length > RECORD {
                return Err(strange("it sends a record that is longer than TLS allows"));
            }
            if self.records.len() < 5 + length {
                return Ok(());
            }
            let body: Vec<u8> = self.records.drain(..5 + length).skip(5).collect();
            self.record(header.record_type.0, &body)?;
        }
        Ok(())
    }

    fn record(&mut self, kind: u8, body: &[u8]) -> Result<(), Answer> {
        match (kind, body) {
            // A warning is no refusal, as "I know no host of that name", but for a goodbye.
            (ALERT, [1, description]) if *description != 0 => Ok(()),
            (ALERT, [1 | 2, description]) => Err(Answer::Refused(Refusal::Alert(*description))),
            (ALERT, _) => Err(strange("it sends an alert that cannot be read")),
            (HANDSHAKE, _) => {
                self.messages.extend(body);
                self.messages()
            }
            _ => Err(strange("it sends a record that has no place before a handshake")),
        }
    }

    fn messages(&mut self) -> Result<(), Answer> {
        while let [kind, high, middle, low, rest @ ..] = self.messages.as_slice() {
            let length = u32::from_be_bytes([0, *high, *middle, *low]) as usize;
            if length > TOTAL {
                return Err(strange("it sends a message that is too long to be read"));
            }
            let Some(body) = rest.get(..length) else { return Ok(()) };
            let (kind, body) = (*kind, body.to_vec());
            self.messages.drain(..4 + length);
            self.message(kind, &body)?;
        }
        Ok(())
    }

    /// One handshake message (RFC 5246 7.4).
    fn message(&mut self, kind: u8, body: &[u8]) -> Result<(), Answer> {
        match (kind, &mut self.chosen) {
            (2, None) => {
                let chosen = server_hello(body)
                    .ok_or_else(|| strange("it answers with a hello that cannot be read"))??;
                if chosen.version == Version::Tls13 {
                    // The rest is encrypted, or a second hello is wanted, with another key share.
                    return Err(Answer::Accepted(chosen));
                }
                self.chosen = Some(chosen);
                Ok(())
            }
            (11, Some(chosen)) => match parse_tls_handshake_msg_certificate(body) {
                Ok((_, TlsMessageHandshake::Certificate(sent))) => {
                    chosen.chain = sent.cert_chain.iter().map(|one| one.data.to_vec()).collect();
                    Ok(())
                }
                _ => Err(strange("it sends certificates that cannot be read")),
            },
            (13, Some(chosen)) => {
                chosen.asks_certificate = true;
                Ok(())
            }
            (12, Some(chosen)) => {
                let has_prime = chosen.suites.first().is_some_and(|one| one.has_finite_field());
                chosen.prime_bits = prime_bits(body).filter(|_| has_prime);
                Ok(())
            }
            (14, Some(chosen)) => Err(Answer::Accepted(chosen.clone())),
            // What follows a certificate; and a server may ask for a new start at any time, which has
            // begun already (RFC 5246 7.4.1.1).
            (4 | 22, Some(_)) | (0, _) => Ok(()),
            _ => Err(strange(format!("it sends a message of type {kind} that has no place here"))),
        }
    }
}

/// Version and suite of a `ServerHello`, or of a `HelloRetryRequest`, which has the same form.
fn server_hello(body: &[u8]) -> Option<Result<Accepted, Answer>> {
    let (_, hello) = parse_tls_handshake_server_hello(body).ok()?;
    let number = hello.ext.and_then(selected_version).unwrap_or(hello.version.0);
    Some(match Version::by_number(number) {
        Some(version) => Ok(Accepted {
            version,
            suites: vec![Suite::Tls(hello.cipher.0)],
            chain: Vec::new(),
            asks_certificate: false,
            prime_bits: None,
        }),
        None => Err(strange(format!("it chooses a version that is unknown, 0x{number:04X}"))),
    })
}

/// The length of the prime at the beginning of a `ServerKeyExchange` (RFC 5246 7.4.3).
fn prime_bits(body: &[u8]) -> Option<usize> {
    let (length, rest) = body.split_first_chunk::<2>()?;
    let prime = rest.get(..usize::from(u16::from_be_bytes(*length)))?;
    let start = prime.iter().position(|byte| *byte != 0)?;
    let significant = &prime[start..];
    Some(significant.len() * 8 - significant.first()?.leading_zeros() as usize)
}

/// What `supported_versions` says (RFC 8446 4.2.1).
fn selected_version(mut extensions: &[u8]) -> Option<u16> {
    while let [kind_high, kind_low, high, low, rest @ ..] = extensions {
        let (body, after) =
            rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))?;
        if [*kind_high, *kind_low] == [0, 43] {
            return body.try_into().ok().map(u16::from_be_bytes);
        }
        extensions = after;
    }
    None
}

/// The body of a whole record of SSL 2.
fn ssl2_record(bytes: &[u8]) -> Option<&[u8]> {
    let (head, rest) = bytes.split_first_chunk::<2>()?;
    rest.get(..usize::from(u16::from_be_bytes(*head) & 0x7fff))
}

/// The first message of a server of SSL 2: its hello, or an error.
fn ssl2(body: &[u8]) -> Answer {
    match body {
        [4, ..] => ssl2_hello(body).map_or_else(
            || strange("it answers with a hello that cannot be read"),
            Answer::Accepted,
        ),
        // Whatever the error is, it is one of the handshake.
        [0, _, _] => Answer::Refused(Refusal::Alert(40)),
        _ => not_tls(body),
    }
}

fn ssl2_hello(body: &[u8]) -> Option<Accepted> {
    let (head, rest) = body.split_first_chunk::<11>()?;
    let number = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    if number(3) != Version::Ssl2.number() {
        return None;
    }
    let (certificate, rest) = rest.split_at_checked(usize::from(number(5)))?;
    let (kinds, rest) = rest.split_at_checked(usize::from(number(7)))?;
    rest.get(..usize::from(number(9)))?;
    let kinds = kinds.chunks_exact(3);
    let suites = kinds.map(|kind| Suite::Ssl2(u32::from_be_bytes([0, kind[0], kind[1], kind[2]])));
    let chain = if certificate.is_empty() { Vec::new() } else { vec![certificate.to_vec()] };
    Some(Accepted {
        version: Version::Ssl2,
        suites: suites.collect(),
        chain,
        asks_certificate: false,
        prime_bits: None,
    })
}

fn strange(what: impl Into<String>) -> Answer {
    Answer::Strange(what.into())
}

/// What came is another protocol's, most likely words.
fn not_tls(bytes: &[u8]) -> Answer {
    strange(in_the_place_of_tls(bytes))
}

/// The same in words, with the first line of it.
pub(in crate::net) fn in_the_place_of_tls(bytes: &[u8]) -> String {
    let end = bytes.iter().take(SHOWN).position(|byte| *byte == b'\n');
    let line = &bytes[..end.unwrap_or(bytes.len().min(SHOWN))];
    let shown = printable_bytes(line.trim_ascii_end());
    format!("it answers with something that is not TLS: \"{shown}\"")
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
