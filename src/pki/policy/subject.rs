//! The subject of a certificate: that other programs can read it, and its values have room in it.

use super::Asked;
use crate::error::{Error, Result};
use crate::pki::name::{Attribute, upper_bound};

/// The most characters of the type of an attribute, in digits: OpenSSL cuts longer ones off in index.txt.
const LONGEST_TYPE: usize = 64;

/// The subject is taken as it is, so it must be one that every program reads: OpenSSL refuses the whole
/// certificate for one value that is not of its type, or of a type that names do not have.
pub(super) fn check_strings(asked: &Asked<'_>) -> Result<()> {
    let again = || format!("{}, its subject in UTF-8", asked.again);
    if asked.subject.rdns().iter().any(Vec::is_empty) {
        return Err(Error::refused(format!(
            "the {}'s subject has a part with nothing in it, {}",
            asked.noun, asked.subject
        ))
        .hint(again()));
    }
    let is_fit =
        |attribute: &&Attribute| attribute.is_text() && attribute.oid.len() <= LONGEST_TYPE;
    match asked.subject.rdns().iter().flatten().find(|attribute| !is_fit(attribute)) {
        Some(attribute) => Err(Error::refused(format!(
            "{} in the {}'s subject is not text that other programs can read: {}",
            attribute.short_name(),
            asked.noun,
            attribute.shown().chars().take(80).collect::<String>()
        ))
        .hint(again())),
        None => Ok(()),
    }
}

/// No value may be longer than a certificate has room for.
pub(super) fn check_lengths(asked: &Asked<'_>) -> Result<()> {
    match asked.subject.rdns().iter().flatten().find(|attribute| attribute.is_too_long()) {
        Some(attribute) => Err(Error::refused(format!(
            "{} in the {}'s subject is longer than the {} characters that RFC 5280 allows: {}",
            attribute.short_name(),
            asked.noun,
            upper_bound(&attribute.oid).unwrap_or_default(),
            attribute.shown().chars().take(80).collect::<String>()
        ))
        .hint(format!("{} with a shorter one", asked.again))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::name::Name;
    use crate::pki::name::compare_tests::name;

    fn asked(subject: &Name) -> Asked<'_> {
        Asked {
            subject,
            public_key: &[],
            alternative_names: &[],
            asks_for_ca: false,
            noun: "request",
            again: "",
        }
    }

    #[test]
    fn a_subject_that_openssl_cannot_read_is_refused() {
        let check = |tag, value: &[u8]| {
            let subject = Name::from_der(&name(&[&[(3, tag, value)]])).unwrap();
            check_strings(&asked(&subject))
        };
        for (tag, value) in [
            (0x0c, "ü".as_bytes()),
            (0x13, b"a@b"),
            (0x14, b"\xfc"),
            (0x16, b"a"),
            (0x1e, b"\0a"),
            (0x1c, b"\0\0\0a"),
            (0x12, b"1"),
        ] {
            assert!(check(tag, value).is_ok(), "{tag:#x}");
        }
        for (tag, value) in [
            (0x0c, &b"\xff"[..]),
            (0x1e, b"\0a\0"),
            (0x1c, b"\0\0a"),
            (0x16, b"\xe9"),
            (0x1a, b"visible"),
            (0x01, b"\xff"),
            (0x02, b"\x01"),
            (0x05, b""),
            (0x18, b"20260101000000Z"),
        ] {
            let error = check(tag, value).unwrap_err().to_string();
            assert!(error.starts_with("CN in the request's subject is not text"), "{error}");
        }
    }

    #[test]
    fn values_longer_than_a_certificate_has_room_for_are_refused() {
        let check = |arc, length| {
            let value = vec![b'x'; length];
            let subject = Name::from_der(&name(&[&[(arc, 0x0c, &value)]])).unwrap();
            check_lengths(&asked(&subject))
        };
        for (arc, short_name, bound) in [(3, "CN", 64), (6, "C", 2), (10, "O", 64), (11, "OU", 64)]
        {
            assert!(check(arc, bound).is_ok(), "{short_name}");
            let error = check(arc, bound + 1).unwrap_err().to_string();
            assert!(error.starts_with(short_name) && error.contains(&bound.to_string()), "{error}");
        }
    }
}
