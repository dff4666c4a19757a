//! TLSA records as the DNS has them, of whichever kind (RFC 6698 2).

use std::fmt;

use data_encoding::HEXLOWER_PERMISSIVE;

use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::digest::{lower_hex, sha256, sha512};
use crate::pki::printable::printable;

/// The data of a record that somebody published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The port in the record's name, where it was given with it.
    pub port: Option<u16>,
    /// The host in the record's name, in lower case without the last dot, where that is whole.
    pub host: Option<String>,
    /// 0 to 3; mail uses 2 and 3 (RFC 7672 3.1.3).
    pub usage: u8,
    /// 0 for the certificate, 1 for its public key.
    pub selector: u8,
    /// 0 for itself, 1 for its SHA-256 hash, 2 for its SHA-512 hash.
    pub matching: u8,
    /// What has to be found.
    pub data: Vec<u8>,
}

impl Published {
    /// Reads the lines of a zone, or what `dig +short` prints: a record a line, empty lines and comments
    /// between them. Lines that have another record are passed over.
    pub fn parse_all(text: &str) -> Result<Vec<Self>> {
        let mut found = Vec::new();
        let mut open = String::new();
        let mut unclosed = 0_usize;
        for line in text.lines() {
            let line = line.split(';').next().unwrap_or_default();
            // Parentheses hold one record on several lines together (RFC 1035 5.1).
            open.push_str(line);
            open.push(' ');
            unclosed += line.matches('(').count();
            unclosed = unclosed.saturating_sub(line.matches(')').count());
            if unclosed > 0 {
                continue;
            }
            found.extend(Self::parse(&std::mem::take(&mut open).replace(['(', ')'], " "))?);
        }
        match open.trim() {
            "" => Ok(found),
            _ => Err(malformed(&open).hint("a parenthesis is not closed")),
        }
    }

    /// One record, or nothing.
    fn parse(line: &str) -> Result<Option<Self>> {
        let words: Vec<_> = line.split_whitespace().collect();
        let kind = words.iter().position(|word| word.eq_ignore_ascii_case("TLSA"));
        let (owner, words) = match kind {
            Some(at) => (
                (at > 0 && !line.starts_with(char::is_whitespace)).then_some(words[0]),
                &words[at + 1..],
            ),
            None if words.is_empty() => return Ok(None),
            None if words[0].bytes().all(|byte| byte.is_ascii_digit()) => (None, words.as_slice()),
            // Another record, or a directive.
            None if words.len() > 1 => return Ok(None),
            None => return Err(malformed(line)),
        };
        let [usage, selector, matching, data @ ..] = words else { return Err(malformed(line)) };
        let number = |word: &str, most: u8| {
            word.parse().ok().filter(|number| *number <= most).ok_or_else(|| malformed(line))
        };
        let data = HEXLOWER_PERMISSIVE
            .decode(data.concat().as_bytes())
            .ok()
            .filter(|data| !data.is_empty())
            .ok_or_else(|| malformed(line).hint("behind the three numbers stands hexadecimal"))?;
        let (port, host) = owner.map_or((None, None), named);
        let record = Self {
            port,
            host,
            usage: number(usage, 3)?,
            selector: number(selector, 1)?,
            matching: number(matching, 2)?,
            data,
        };
        let wanted = [None, Some(32), Some(64)][usize::from(record.matching)];
        match wanted {
            Some(wanted) if record.data.len() != wanted => Err(malformed(line).hint(format!(
                "its hash has {} bytes, and one of that kind has {wanted}",
                record.data.len()
            ))),
            _ => Ok(Some(record)),
        }
    }

    /// Whether this certificate, or its key, is what the record names.
    pub fn names(&self, certificate: &Certificate) -> bool {
        let selected =
            if self.selector == 0 { certificate.as_der() } else { &certificate.public_key };
        match self.matching {
            0 => self.data == selected,
            1 => self.data == sha256(selected),
            _ => self.data == sha512(selected),
        }
    }

    /// Whether it is of the kind that mail uses: DANE-TA and DANE-EE (RFC 7672 3.1.3).
    pub fn is_for_mail(&self) -> bool {
        self.usage >= 2
    }

    /// Whether it names a CA.
    pub fn is_anchor(&self) -> bool {
        self.usage == 2
    }

    /// Whether it is published for this port of this host, as far as is known.
    pub fn is_of(&self, host: &str, port: u16) -> bool {
        self.port.is_none_or(|own| own == port)
            && self.host.as_ref().is_none_or(|own| own.eq_ignore_ascii_case(host))
    }
}

impl fmt::Display for Published {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hexadecimal = lower_hex(&self.data);
        let shown = hexadecimal.get(..16).filter(|_| hexadecimal.len() > 128);
        let (text, more) = shown.map_or((hexadecimal.as_str(), ""), |start| (start, "…"));
        write!(formatter, "{} {} {} {text}{more}", self.usage, self.selector, self.matching)
    }
}

fn malformed(line: &str) -> Error {
    Error::usage(format!("\"{}\" is no TLSA record", printable(line.trim())))
        .hint("a record is written 3 1 1 HASH, or as the line of a zone")
}

/// Port and host in `_25._tcp.mail.example.com.`; the host only where the name is whole.
fn named(owner: &str) -> (Option<u16>, Option<String>) {
    let Some((port, rest)) = owner.strip_prefix('_').and_then(|rest| rest.split_once('.')) else {
        return (None, None);
    };
    let host = rest.strip_prefix("_tcp.").and_then(|host| host.strip_suffix('.'));
    (port.parse().ok(), host.map(str::to_ascii_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn one(text: &str) -> Published {
        let mut all = Published::parse_all(text).unwrap();
        assert_eq!(all.len(), 1, "{text}");
        all.remove(0)
    }

    #[test]
    fn records_are_read_as_people_have_them() {
        let plain = one(&format!("3 1 1 {HASH}"));
        assert_eq!((plain.usage, plain.selector, plain.matching), (3, 1, 1));
        assert_eq!((plain.port, plain.host.as_deref()), (None, None));
        assert_eq!(plain.to_string(), format!("3 1 1 {HASH}"));
        let (head, tail) = HASH.split_at(56);
        assert_eq!(one(&format!("3 1 1 {} {tail}\n", head.to_uppercase())), plain);
        let zone =
            one(&format!("_25._tcp.Mail.example.com. 3600 IN TLSA 3 1 1 {HASH} ; the key\n"));
        assert_eq!((zone.port, zone.host.as_deref()), (Some(25), Some("mail.example.com")));
        assert!(zone.is_of("mail.example.com", 25) && plain.is_of("a", 1));
        assert!(!zone.is_of("mail.example.com", 587) && !zone.is_of("a", 25));
        let short = one(&format!("_587._tcp.mail tlsa (3 1 1\n {head} ; half\n {tail} )"));
        assert_eq!((short.port, short.host, short.data), (Some(587), None, plain.data.clone()));
        let inherited = one(&format!("   IN TLSA 3 1 1 {HASH}"));
        assert_eq!((inherited.port, inherited.data), (None, plain.data));
        let text = format!("; mine\n$TTL 1h\nmail IN A 192.0.2.1\n\n2 0 1 {HASH}\n3 1 1 {HASH}\n");
        assert_eq!(Published::parse_all(&text).unwrap().len(), 2);
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for text in [
            "3",
            "3 1 1",
            "x",
            "3 1 1 zz",
            "3 1 1 abc",
            "3 1 1 abcd",
            "4 1 1 abcd",
            "3 2 1 abcd",
            "3 1 3 abcd",
            "3 1 2 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "_25._tcp.a. IN TLSA 3 1",
            "( 3 1 1 abcd",
        ] {
            let error = Published::parse_all(text).unwrap_err();
            assert!(error.to_string().contains("no TLSA record"), "{text}: {error}");
        }
        assert_eq!(Published::parse_all("").unwrap(), []);
    }
}
