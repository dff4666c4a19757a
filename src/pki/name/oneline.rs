//! The subject column of index.txt, read again: what `X509_NAME_oneline` prints.
//!
//! OpenSSL from 3.0 on writes `/` and `+` in a value as `\/` and `\+`, older versions do not. Both are
//! read; where an old line is ambiguous, a `/` or `+` begins an attribute only where an attribute type
//! and `=` follow it.

use std::fmt;

use super::attribute::{SHORT_NAMES, separated};
use super::push_oneline;
use crate::pki::digest::hex;

/// A subject, decoded: the RDNs, each with its attributes as type and value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oneline(Vec<Vec<(String, Vec<u8>)>>);

impl Oneline {
    /// Reads a subject column. What has no attributes at all (the serial of an empty subject) is empty.
    pub fn parse(text: &[u8]) -> Self {
        let mut rdns: Vec<Vec<(String, Vec<u8>)>> = Vec::new();
        let mut at = 0;
        while let Some((separator, kind, value_at)) = attribute_at(text, at) {
            let mut value = Vec::new();
            at = value_at;
            while at < text.len() && attribute_at(text, at).is_none() {
                // What stands for itself is taken at once.
                let plain = text[at..].iter().position(|byte| matches!(byte, b'/' | b'+' | b'\\'));
                match plain {
                    Some(0) => at += push_octet(&mut value, &text[at..]),
                    other => {
                        let end = other.map_or(text.len(), |length| at + length);
                        value.extend_from_slice(&text[at..end]);
                        at = end;
                    }
                }
            }
            match rdns.last_mut() {
                Some(rdn) if separator == b'+' => rdn.push((kind, value)),
                _ => rdns.push(vec![(kind, value)]),
            }
        }
        Self(rdns)
    }

    /// The column as OpenSSL from 3.0 on writes it; nothing where there is no attribute.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for rdn in &self.0 {
            for (position, (kind, value)) in rdn.iter().enumerate() {
                text.push(if position == 0 { '/' } else { '+' });
                text.push_str(kind);
                text.push('=');
                for byte in value {
                    push_oneline(&mut text, *byte);
                }
            }
        }
        text
    }

    /// The RDNs, each with its attributes as type and value, in their order.
    pub fn rdns(&self) -> &[Vec<(String, Vec<u8>)>] {
        &self.0
    }

    /// Whether a value has this text, in any case; `text` is in lower case.
    pub fn has_text(&self, text: &str) -> bool {
        self.0
            .iter()
            .flatten()
            .any(|(_, value)| String::from_utf8_lossy(value).to_lowercase().contains(text))
    }

    /// The last common name.
    pub fn common_name(&self) -> Option<String> {
        let mut names = self.0.iter().flatten().filter(|(kind, _)| kind == "CN");
        names.next_back().and_then(|(_, value)| String::from_utf8(value.clone()).ok())
    }
}

impl fmt::Display for Oneline {
    /// As [`super::Name`] is displayed, except for strings that are not UTF-8.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("empty name");
        }
        for (index, rdn) in self.0.iter().enumerate() {
            for (position, (kind, value)) in rdn.iter().enumerate() {
                let separator = match (index, position) {
                    (0, 0) => "",
                    (_, 0) => ", ",
                    _ => " + ",
                };
                let value = shown(value);
                write!(formatter, "{separator}{kind}={value}")?;
            }
        }
        Ok(())
    }
}

/// A value for a person. Each octet that is not UTF-8 is a backslash and two digits (RFC 4514 2.4).
fn shown(value: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(value) {
        return separated(text);
    }
    let mut shown = String::with_capacity(value.len() + 8);
    for chunk in value.utf8_chunks() {
        shown.push_str(&separated(chunk.valid()));
        chunk.invalid().iter().for_each(|octet| shown.extend(["\\", &hex(&[*octet])]));
    }
    shown
}

/// The separator, type and position of the value of an attribute that begins at `at`.
fn attribute_at(text: &[u8], at: usize) -> Option<(u8, String, usize)> {
    let separator = *text.get(at).filter(|byte| matches!(byte, b'/' | b'+'))?;
    let rest = &text[at + 1..];
    let equals = rest.iter().take(64).position(|byte| *byte == b'=')?;
    let kind = std::str::from_utf8(&rest[..equals]).ok()?;
    let dotted = kind.contains('.') && kind.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let known = dotted || SHORT_NAMES.iter().any(|(_, short)| *short == kind);
    // A type that we do not know is one all the same at the beginning of the line.
    let plausible = at == 0 && !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_alphanumeric());
    (known || plausible).then(|| (separator, kind.to_owned(), at + 1 + equals + 1))
}

/// Decodes one octet of a value, and says how many bytes of the text it took.
fn push_octet(value: &mut Vec<u8>, text: &[u8]) -> usize {
    if let [b'\\', b'x', high, low, ..] = text
        && let Some(octet) = hexadecimal(*high, *low)
    {
        value.push(octet);
        return 4;
    }
    if let [b'\\', escaped @ (b'/' | b'+' | b'\t'), ..] = text {
        value.push(*escaped);
        return 2;
    }
    value.push(text[0]);
    1
}

fn hexadecimal(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_the_same_subject() {
        let new = Oneline::parse(br"/C=US/O=A\/B \+ C/OU=Unit+CN=M\xC3\xBCller/1.2.3=x");
        let old = Oneline::parse(br"/C=US/O=A/B + C/OU=Unit+CN=M\xC3\xBCller/1.2.3=x");
        assert_eq!(new, old);
        assert_eq!(new.to_string(), r"C=US, O=A/B \+ C, OU=Unit + CN=Müller, 1.2.3=x");
        assert_eq!(new.common_name().as_deref(), Some("Müller"));
        assert_eq!(old.to_text(), r"/C=US/O=A\/B \+ C/OU=Unit+CN=M\xC3\xBCller/1.2.3=x");
    }

    #[test]
    fn whatever_is_there_is_shown_safely() {
        assert_eq!(Oneline::parse(b"0A").to_string(), "empty name");
        assert_eq!(Oneline::parse(b"").to_string(), "empty name");
        assert!(
            Oneline::parse(b"/CN=a\x1b\\x00\xff").to_string().bytes().all(|b| b.is_ascii_graphic())
        );
        assert_eq!(Oneline::parse(br"/CN=a\x").to_string(), r"CN=a\\x");
        assert_eq!(Oneline::parse(b"/newType=1/CN=b").common_name().as_deref(), Some("b"));
    }
}
