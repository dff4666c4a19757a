//! The attributes of a distinguished name: their types, their bounds, and how a person is shown their values.

use x509_parser::der_parser::asn1_rs::Tag;

use super::decode::decoded_string;
use crate::pki::digest::hex;
use crate::pki::printable::printable;

/// Attribute types that OpenSSL prints by a short name: dotted OID, short name.
pub(super) const SHORT_NAMES: &[(&str, &str)] = &[
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.13", "description"),
    ("2.5.4.15", "businessCategory"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.41", "name"),
    ("2.5.4.42", "GN"),
    ("2.5.4.43", "initials"),
    ("2.5.4.44", "generationQualifier"),
    ("2.5.4.45", "x500UniqueIdentifier"),
    ("2.5.4.46", "dnQualifier"),
    ("2.5.4.65", "pseudonym"),
    ("2.5.4.97", "organizationIdentifier"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.3", "mail"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("1.2.840.113549.1.9.2", "unstructuredName"),
    ("1.2.840.113549.1.9.8", "unstructuredAddress"),
];

/// The most characters that a value may have, by the type's dotted OID (RFC 5280 appendix A.1).
pub fn upper_bound(oid: &str) -> Option<usize> {
    match oid {
        "2.5.4.6" => Some(2),
        "2.5.4.3" | "2.5.4.5" | "2.5.4.10" | "2.5.4.11" | "2.5.4.12" => Some(64),
        "2.5.4.7" | "2.5.4.8" => Some(128),
        "1.2.840.113549.1.9.1" => Some(255),
        _ => None,
    }
}

/// One attribute of a relative distinguished name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The type, as a dotted OID.
    pub oid: String,
    /// The tag number of the value (12 for a `UTF8String`, for instance).
    pub tag: u32,
    /// The content octets of the value, as they are encoded.
    pub bytes: Vec<u8>,
}

impl Attribute {
    /// OpenSSL's short name of the type, or the dotted OID where there is none.
    pub fn short_name(&self) -> &str {
        SHORT_NAMES
            .iter()
            .find(|(oid, _)| *oid == self.oid)
            .map_or(self.oid.as_str(), |(_, short)| *short)
    }

    /// The value as text, unescaped; `None` where it is no string.
    pub fn string(&self) -> Option<String> {
        decoded_string(self.tag, &self.bytes)
    }

    /// Whether the value is a string of a type that names have (RFC 5280 4.1.2.4), and its octets are of
    /// that type.
    pub fn is_text(&self) -> bool {
        Tag(self.tag) != Tag::VisibleString && self.string().is_some()
    }

    /// The value for a person: as text where it is a string, escaped, and with every backslash doubled, so that
    /// no text looks like an escape; else as `#`, its tag and its octets in hexadecimal.
    pub fn shown(&self) -> String {
        self.string().map_or_else(|| self.digits(), |text| printable(&text.replace('\\', r"\\")))
    }

    /// The same where it stands among others: nothing in it looks like the beginning of another attribute.
    pub(super) fn shown_in_name(&self) -> String {
        self.string().map_or_else(|| self.digits(), |text| separated(&text))
    }

    fn digits(&self) -> String {
        format!("#{}:{}", self.tag, hex(&self.bytes))
    }

    /// Whether the value is longer than RFC 5280 allows for its type.
    pub fn is_too_long(&self) -> bool {
        let length = self.string().map_or(self.bytes.len(), |text| text.chars().count());
        upper_bound(&self.oid).is_some_and(|bound| length > bound)
    }

    /// Whether it is an `IA5String`, as emailAddress must be (RFC 5280 4.1.2.6).
    pub fn is_ia5(&self) -> bool {
        Tag(self.tag) == Tag::Ia5String && self.bytes.is_ascii()
    }
}

/// A value among others, for a person: `,` `+` `"` `\` `<` `>` and `;`, `#` and a space at the beginning, and a
/// space at the end have a backslash before them (RFC 4514 2.4), and what is not seen is escaped. Different texts
/// are never shown the same.
pub(super) fn separated(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 8);
    let last = text.len().saturating_sub(1);
    for (at, character) in text.char_indices() {
        let is_special = match character {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
            '#' => at == 0,
            ' ' => at == 0 || at == last,
            _ => false,
        };
        if is_special {
            shown.push('\\');
        }
        shown.push(character);
    }
    printable(&shown)
}

#[cfg(test)]
mod tests {
    use super::separated;
    use crate::pki::name::Oneline;

    #[test]
    fn no_value_looks_like_another_attribute_or_an_escape() {
        for (text, shown) in [
            ("ann, CN=root", r"ann\, CN=root"),
            ("a + OU=b", r"a \+ OU=b"),
            ("jo\\u{202e}e", r"jo\\u{202e}e"),
            ("jo\u{202e}e", r"jo\u{202e}e"),
            (r#"<"a";>"#, r#"\<\"a\"\;\>"#),
            ("  a # b  ", r"\  a # b \ "),
            (" ", r"\ "),
            ("#2:01", r"\#2:01"),
            ("a\u{a0}", r"a\u{a0}"),
            ("", ""),
        ] {
            assert_eq!(separated(text), shown);
            let line = format!("/CN={}", text.replace('+', r"\+"));
            assert_eq!(Oneline::parse(line.as_bytes()).to_string(), format!("CN={shown}"));
        }
    }
}
