//! Untrusted text for a terminal or a log: nothing in it may move the cursor, hide, or reverse its
//! neighbours.

use std::fmt::Write as _;

use x509_parser::der_parser::asn1_rs::{Any, FromDer as _, Oid, Tag};

/// `text` with every control, bidirectional, zero-width and otherwise invisible character shown as
/// a `\u{..}` escape. All other characters, the backslash too, stay as they are.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        push(&mut shown, character);
    }
    shown
}

/// The same for bytes that should be UTF-8: each byte that is not is shown as `\u{..}` too.
pub fn printable_bytes(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            push(&mut shown, character);
        }
        for byte in chunk.invalid() {
            push_escape(&mut shown, u32::from(*byte));
        }
    }
    shown
}

/// A DER `Name` (RFC 5280 4.1.2.4) on one line, in its own order: `O=Example, CN=Mail CA`, the values
/// of a multi-valued RDN joined by ` + `. What cannot be read is shown as such; it never fails.
pub fn printable_name(name_der: &[u8]) -> String {
    let Some(rdns) = children(name_der) else { return "malformed name".into() };
    let rdns = rdns.iter().map(|rdn| match children(rdn.1) {
        Some(attributes) => attributes
            .iter()
            .map(|attribute| attribute_text(attribute.1))
            .collect::<Vec<_>>()
            .join(" + "),
        None => "malformed RDN".into(),
    });
    let text = rdns.collect::<Vec<_>>().join(", ");
    if text.is_empty() { "empty name".into() } else { text }
}

/// The text of an ASN.1 string: every DirectoryString choice (RFC 5280 4.1.2.4) and `IA5String`,
/// T61 as Latin-1, as OpenSSL reads it. `None` for any other type and for octets that are not of that
/// type. Nothing is escaped.
pub fn decoded_string(tag: u32, octets: &[u8]) -> Option<String> {
    match Tag(tag) {
        Tag::Utf8String
        | Tag::PrintableString
        | Tag::Ia5String
        | Tag::NumericString
        | Tag::VisibleString => std::str::from_utf8(octets).ok().map(str::to_owned),
        Tag::T61String => Some(octets.iter().map(|octet| char::from(*octet)).collect()),
        Tag::BmpString => {
            let (units, rest) = octets.as_chunks::<2>();
            let text = char::decode_utf16(units.iter().map(|unit| u16::from_be_bytes(*unit)));
            rest.is_empty().then(|| text.collect::<Result<_, _>>().ok()).flatten()
        }
        Tag::UniversalString => {
            let (units, rest) = octets.as_chunks::<4>();
            let text = units.iter().map(|unit| char::from_u32(u32::from_be_bytes(*unit)));
            rest.is_empty().then(|| text.collect()).flatten()
        }
        _ => None,
    }
}

/// The elements inside one constructed DER value: tag number and whole encoding of each.
pub(crate) fn children(der: &[u8]) -> Option<Vec<(u32, &[u8])>> {
    let (after, outer) = Any::from_der(der).ok()?;
    if !after.is_empty() {
        return None;
    }
    let mut found = Vec::new();
    let mut rest = outer.data;
    while !rest.is_empty() {
        let (after, any) = Any::from_der(rest).ok()?;
        found.push((any.tag().0, &rest[..rest.len() - after.len()]));
        rest = after;
    }
    Some(found)
}

fn attribute_text(attribute_der: &[u8]) -> String {
    let parts = children(attribute_der);
    let Some([(_, oid), (tag, value)]) = parts.as_deref() else { return "malformed attribute".into() };
    let Ok((_, oid)) = Oid::from_der(oid) else { return "malformed attribute".into() };
    let octets = Any::from_der(value).map_or(*value, |(_, any)| any.data);
    let text =
        decoded_string(*tag, octets).map_or_else(|| printable_bytes(octets), |text| printable(&text));
    format!("{}={text}", attribute_name(&oid.to_id_string()))
}

/// OpenSSL's short name of an attribute type, or the dotted OID.
fn attribute_name(oid: &str) -> &str {
    match oid {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "street",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "title",
        "2.5.4.17" => "postalCode",
        "2.5.4.42" => "GN",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "emailAddress",
        other => other,
    }
}

fn push(shown: &mut String, character: char) {
    if is_hidden(character) {
        push_escape(shown, u32::from(character));
    } else {
        shown.push(character);
    }
}

fn push_escape(shown: &mut String, code: u32) {
    // Writing to a String cannot fail.
    let _ = write!(shown, "\\u{{{code:x}}}");
}

/// Controls, and what Unicode calls format characters and default ignorables.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_unchanged() {
        for text in ["mail.example.com", "Zürich, 日本", r"a\b/c", "it's \"quoted\"", ""] {
            assert_eq!(printable(text), text);
            assert_eq!(printable_bytes(text.as_bytes()), text);
        }
    }

    #[test]
    fn controls_and_invisible_characters_are_escaped() {
        assert_eq!(printable("a\x1b[31mb"), r"a\u{1b}[31mb");
        assert_eq!(printable("a\0b\n"), r"a\u{0}b\u{a}");
        assert_eq!(printable("\u{85}"), r"\u{85}");
        assert_eq!(printable("user\u{202e}moc"), r"user\u{202e}moc");
        assert_eq!(printable("a\u{200b}b\u{feff}\u{2066}"), r"a\u{200b}b\u{feff}\u{2066}");
        assert_eq!(printable("\u{e0041}\u{2028}"), r"\u{e0041}\u{2028}");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_escaped() {
        assert_eq!(printable_bytes(b"M\xfcller\x07"), r"M\u{fc}ller\u{7}");
        assert_eq!(printable_bytes(b"\xf0\x9f"), r"\u{f0}\u{9f}");
    }

    #[test]
    fn a_name_is_shown_in_its_own_order_and_string_types() {
        let rdn = |oid: &[u8], tag: u8, value: &[u8]| {
            let tlv =
                |tag: u8, value: &[u8]| [&[tag, u8::try_from(value.len()).unwrap()], value].concat();
            tlv(0x31, &tlv(0x30, &[tlv(6, oid), tlv(tag, value)].concat()))
        };
        let rdns = [
            rdn(&[0x55, 4, 10], 0x14, b"M\xfcller"),
            rdn(&[0x55, 4, 11], 0x1e, &[0, b'B', 0, b'm', 0x20, 0x2e]),
            rdn(&[0x55, 4, 3], 0x0c, b"a, b\x1b"),
            rdn(&[0x2a, 3], 0x02, &[1]),
        ]
        .concat();
        let name = [&[0x30, u8::try_from(rdns.len()).unwrap()], &rdns[..]].concat();
        assert_eq!(printable_name(&name), r"O=Müller, OU=Bm\u{202e}, CN=a, b\u{1b}, 1.2.3=\u{1}");
        assert_eq!(printable_name(&[0x30, 0]), "empty name");
        assert_eq!(printable_name(&name[..9]), "malformed name");
    }
}
