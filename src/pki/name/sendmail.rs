//! Distinguished names as Sendmail's access map has them, behind `CertIssuer:` and `CertSubject:`.
//!
//! Sendmail takes what `X509_NAME_oneline` of its OpenSSL prints (`tls.c`, a buffer of 256 octets) and
//! writes `+HH` for the bytes that its maps cannot hold. Since OpenSSL 3.0 escapes `/` and `+` in values and puts
//! `+` between the values of one RDN (`crypto/x509/x509_obj.c`), such names have two forms.
//!
//! Neither spelling is one to one. A backslash in a value is not escaped, so that it looks like the beginning of
//! an escape; without escapes, `/` or `+` in a value looks like the beginning of an attribute, and an RDN of
//! several values like several RDNs. A form that another name may have too is not given at all: a rule with it
//! would be another one's rule.

use super::Name;

/// The tags of the string types whose characters have several octets each: `UniversalString` and `BMPString`.
const WIDE: [u32; 2] = [28, 30];
/// The tag of a `UTF8String`.
const UTF8: u32 = 12;

/// The longest name that OpenSSL prints into Sendmail's buffer, in octets.
const LONGEST_NAME: usize = 255;

/// The longest key that Sendmail looks up, tag included, in octets: a longer one is cut to this before it is
/// looked up (8.17 and 8.18).
const LONGEST_KEY: usize = 256;

/// Which name of a certificate a key of the map is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// That of the CA that signed it.
    Issuer,
    /// Its own.
    Subject,
}

impl Whose {
    /// What stands before the name in the map. Sendmail does not mind the case.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Issuer => "CertIssuer:",
            Self::Subject => "CertSubject:",
        }
    }
}

/// Whose spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// OpenSSL 3.0 and later: `\/` and `\+` in values, `+` between the values of one RDN.
    Current,
    /// OpenSSL up to 1.1.1: values as they are, `/` before every attribute.
    Old,
}

/// A name in the access map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forms {
    /// With OpenSSL 3.0 and later.
    pub current: String,
    /// With OpenSSL up to 1.1.1, where that is another, and no other name's.
    pub old: Option<String>,
    /// Whether another name has the current form too.
    pub is_shared: bool,
    /// Whether the old form is left out because another name has it.
    pub old_is_shared: bool,
    /// Whether the name is too long for Sendmail, so that it sees only a part of it: then every
    /// certificate that shares the part shares the rights.
    pub is_cut: bool,
}

impl Forms {
    /// Both forms of a name, cut as Sendmail cuts them.
    pub fn of(name: &Name, whose: Whose) -> Self {
        let longest = LONGEST_KEY - whose.tag().len();
        let form = |spelling| {
            let (mut text, is_cut) = encoded(name, spelling);
            let is_long = text.len() > longest;
            text.truncate(longest);
            (text, is_cut || is_long)
        };
        let (current, current_cut) = form(Spelling::Current);
        let (old, old_cut) = form(Spelling::Old);
        let is_shared = is_shared(name);
        let old_is_shared = old != current && is_shared_by_old(name);
        Self {
            is_cut: current_cut || old_cut,
            old: (old != current && !old_is_shared).then_some(old),
            current,
            is_shared,
            old_is_shared,
        }
    }

    /// The forms that are no other name's, the current one first.
    pub fn all(&self) -> Vec<&str> {
        let current = (!self.is_shared).then_some(self.current.as_str());
        current.into_iter().chain(self.old.as_deref()).collect()
    }
}

/// Whether another name may have the form of this one with OpenSSL 3.0 and later: a backslash in a value is
/// taken for that of an escape, and an escaped octet for a letter of another string type.
pub fn is_shared(name: &Name) -> bool {
    name.rdns().iter().flatten().any(|attribute| {
        let is_wide = WIDE.contains(&attribute.tag);
        let is_utf8 = attribute.tag == UTF8;
        escapes(&attribute.bytes)
            || (!is_wide && attribute.bytes.contains(&0))
            || (!is_wide
                && !is_utf8
                && !attribute.bytes.is_ascii()
                && std::str::from_utf8(&attribute.bytes).is_ok())
    })
}

/// Whether a value holds a backslash that may be that of an escape: before `xHH`, in any case since the map has
/// none, before what is written with one, or at its end, where a separator follows.
fn escapes(value: &[u8]) -> bool {
    value.iter().enumerate().filter(|(_, octet)| **octet == b'\\').any(|(at, _)| {
        match &value[at + 1..] {
            [] | [b'/' | b'+', ..] => true,
            [b'x' | b'X', high, low, ..] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
            _ => false,
        }
    })
}

/// Whether that is so with OpenSSL up to 1.1.1, or where a name of several RDNs has the old form as its
/// current one.
fn is_shared_by_old(name: &Name) -> bool {
    is_shared(name)
        || name.rdns().iter().any(|rdn| {
            rdn.len() > 1 || rdn.iter().any(|attribute| begins_attribute(&attribute.bytes))
        })
}

/// Whether an attribute seems to begin in a value: `/` or `+`, and `=` before the next of them.
fn begins_attribute(value: &[u8]) -> bool {
    let mut parts = value.split(|octet| b"/+".contains(octet));
    parts.next();
    parts.any(|part| part.contains(&b'='))
}

/// The name in one spelling, as Sendmail's macros have it, and whether OpenSSL cuts it.
pub fn encoded(name: &Name, spelling: Spelling) -> (String, bool) {
    let (line, is_cut) = oneline(name, spelling);
    (encoded_text(line.as_bytes()), is_cut)
}

/// A text, such as a common name, as Sendmail's macros have it.
pub fn encoded_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 16);
    for byte in bytes {
        match byte {
            b'+' | b'\\' | b'(' | b')' | b'<' | b'>' | b'"' | 0..=0x20 | 0x7F.. => {
                text.push('+');
                push_hex(&mut text, *byte);
            }
            _ => text.push(char::from(*byte)),
        }
    }
    text
}

/// `X509_NAME_oneline` into a buffer of 256 octets: an attribute that does not fit ends it.
fn oneline(name: &Name, spelling: Spelling) -> (String, bool) {
    let mut line = String::new();
    for rdn in name.rdns() {
        for (position, attribute) in rdn.iter().enumerate() {
            let mut next = String::new();
            let first = position == 0 || spelling == Spelling::Old;
            next.push(if first { '/' } else { '+' });
            next.push_str(attribute.short_name());
            next.push('=');
            for byte in &attribute.bytes {
                match byte {
                    b'/' | b'+' if spelling == Spelling::Current => {
                        next.push('\\');
                        next.push(char::from(*byte));
                    }
                    0x20..=0x7E => next.push(char::from(*byte)),
                    _ => {
                        next.push_str("\\x");
                        push_hex(&mut next, *byte);
                    }
                }
            }
            if line.len() + next.len() > LONGEST_NAME {
                return (line, true);
            }
            line.push_str(&next);
        }
    }
    (line, false)
}

fn push_hex(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 15)]));
}

#[cfg(test)]
#[expect(clippy::type_complexity, reason = "names are written down as they nest")]
mod tests {
    use der::Tag;

    use super::*;
    use crate::pki::name::Parts;
    use crate::pki::tlv;

    const CN: &[u8] = &[6, 3, 0x55, 4, 3];
    const OU: &[u8] = &[6, 3, 0x55, 4, 11];
    const UTF8: Tag = Tag::Utf8String;

    /// A name of RDNs, each of attributes: type (encoded), string type, value.
    fn name(rdns: &[&[(&[u8], Tag, &[u8])]]) -> Name {
        let rdn = |attributes: &&[(&[u8], Tag, &[u8])]| {
            let attributes: Vec<_> = attributes
                .iter()
                .map(|(oid, tag, value)| {
                    tlv::sequence(&[oid, &tlv::element(*tag, &[value]).unwrap()]).unwrap()
                })
                .collect();
            let attributes: Vec<_> = attributes.iter().map(Vec::as_slice).collect();
            tlv::element(Tag::Set, &attributes).unwrap()
        };
        let rdns: Vec<_> = rdns.iter().map(rdn).collect();
        let rdns: Vec<_> = rdns.iter().map(Vec::as_slice).collect();
        Name::from_der(&tlv::sequence(&rdns).unwrap()).unwrap()
    }

    fn subject(name: &Name) -> Forms {
        Forms::of(name, Whose::Subject)
    }

    fn of_cn(value: &str) -> Forms {
        subject(&name(&[&[(CN, UTF8, value.as_bytes())]]))
    }

    #[test]
    fn a_plain_name_has_one_form() {
        let parts = Parts {
            country: Some("US".into()),
            organization: Some("Foo Enterprises".into()),
            common_name: Some("mail.example.com".into()),
            email_address: Some("joe@example.com".into()),
            ..Parts::default()
        };
        let forms = subject(&parts.build().unwrap());
        assert_eq!(
            forms.current,
            "/C=US/O=Foo+20Enterprises/CN=mail.example.com/emailAddress=joe@example.com"
        );
        assert_eq!(forms.old, None);
        assert_eq!(forms.all().len(), 1);
    }

    #[test]
    fn slash_and_plus_have_two_forms() {
        for (value, current, old) in [
            ("darth+cert@", "/CN=darth+5C+2Bcert@", "/CN=darth+2Bcert@"),
            ("A/B", "/CN=A+5C/B", "/CN=A/B"),
        ] {
            let forms = of_cn(value);
            assert_eq!(forms.current, current);
            assert_eq!(forms.old.as_deref(), Some(old));
        }
    }

    #[test]
    fn a_form_that_another_name_has_is_not_given() {
        let email = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];
        let email = [&[6, 9][..], email].concat();
        let other = subject(&name(&[
            &[(CN, UTF8, b"joe")],
            &[(&email, Tag::Ia5String, b"root@example.com")],
            &[(CN, UTF8, b"admin")],
        ]));
        let crafted = of_cn("joe/emailAddress=root@example.com/CN=admin");
        assert_ne!(crafted.current, other.current);
        assert!(crafted.old_is_shared && !crafted.all().contains(&other.current.as_str()));
        for (value, current, old) in [
            ("a\\", true, false),
            ("\\xD0", true, false),
            ("\\XD0", true, false),
            ("a\\/b", true, true),
            ("a \\ b", false, false),
            ("a\0", true, false),
            ("a+OU=b", false, true),
            ("a/b+c=d", false, true),
            ("a=b/c", false, false),
            ("a/b", false, false),
        ] {
            let forms = of_cn(value);
            assert_eq!((forms.is_shared, forms.old_is_shared), (current, old), "{value:?}");
            assert_eq!(forms.all().contains(&forms.current.as_str()), !current);
        }
        // The octets of a letter in UTF-8, in a string type that has one octet for each.
        assert!(subject(&name(&[&[(CN, Tag::TeletexString, b"M\xc3\xbcller")]])).is_shared);
        assert!(!subject(&name(&[&[(CN, Tag::TeletexString, b"M\xfcller")]])).is_shared);
    }

    #[test]
    fn what_sendmail_encodes_and_what_it_leaves() {
        for (value, shown) in [
            ("a b", "/CN=a+20b"),
            ("\u{fc}", "/CN=+5CxC3+5CxBC"),
            (r#"\()<>""#, "/CN=+5C+28+29+3C+3E+22"),
            ("=,:@'*;#", "/CN==,:@'*;#"),
            ("\u{1b}\u{7f}", "/CN=+5Cx1B+5Cx7F"),
        ] {
            assert_eq!(of_cn(value).current, shown);
        }
    }

    #[test]
    fn bmp_strings_and_several_values_in_one_rdn() {
        let bmp = name(&[&[(CN, Tag::BmpString, b"\0B\0m\0p")]]);
        assert_eq!(subject(&bmp).current, "/CN=+5Cx00B+5Cx00m+5Cx00p");
        let several = name(&[&[(OU, UTF8, b"Unit"), (CN, UTF8, b"Mail CA")]]);
        let forms = subject(&several);
        assert_eq!(forms.current, "/OU=Unit+2BCN=Mail+20CA");
        // Which is that of two RDNs, too.
        assert_eq!((forms.old.as_deref(), forms.old_is_shared), (None, true));
    }

    #[test]
    fn an_unknown_type_is_its_object_identifier() {
        assert_eq!(subject(&name(&[&[(&[6, 2, 0x2A, 3], UTF8, b"x")]])).current, "/1.2.3=x");
    }

    #[test]
    fn a_long_name_is_cut_where_openssl_cuts_it() {
        let attribute = |length| [(OU, UTF8, vec![b'a'; length])];
        let cut = |lengths: &[usize], whose| {
            let rdns: Vec<_> = lengths.iter().map(|length| attribute(*length)).collect();
            let rdns: Vec<Vec<_>> = rdns
                .iter()
                .map(|rdn| rdn.iter().map(|(oid, tag, value)| (*oid, *tag, &value[..])).collect())
                .collect();
            let rdns: Vec<_> = rdns.iter().map(Vec::as_slice).collect();
            Forms::of(&name(&rdns), whose)
        };
        // An attribute that does not fit into 255 octets ends the name: nothing of it is seen.
        let long = "a".repeat(110);
        let thrice = cut(&[110, 110, 110], Whose::Subject);
        assert_eq!((thrice.current, thrice.is_cut), (format!("/OU={long}/OU={long}"), true));
        // The key is cut to 256 octets, and the tags differ by one.
        for (length, whose, seen) in [
            (240, Whose::Subject, 244),
            (241, Whose::Subject, 244),
            (241, Whose::Issuer, 245),
            (242, Whose::Issuer, 245),
        ] {
            let forms = cut(&[length], whose);
            assert_eq!((forms.current.len(), forms.is_cut), (seen, length + 4 > seen));
        }
    }
}
