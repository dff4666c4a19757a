//! Distinguished names compared as RFC 5280 7.1 and OpenSSL do it: letter case, spaces and the choice
//! of string type make no difference.

use x509_parser::der_parser::asn1_rs::Tag;

use super::Attribute;

/// A name brought into the form in which equal names are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CanonicalName(Vec<Vec<(String, u32, Vec<u8>)>>);

impl CanonicalName {
    /// `None` where the name is malformed.
    pub fn of(name_der: &[u8]) -> Option<Self> {
        let rdns = super::attributes(name_der).ok()?.into_iter().map(|rdn| {
            let mut rdn: Vec<_> = rdn.into_iter().map(canonical).collect();
            rdn.sort();
            rdn
        });
        Some(Self(rdns.collect()))
    }

    /// Whether this name is `base` or below it (RFC 5280 4.2.1.10, directoryName).
    pub fn is_within(&self, base: &Self) -> bool {
        self.0.starts_with(&base.0)
    }
}

/// A name to look others up by: two are equal where [`same_name`] says so.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NameKey {
    /// One that can be read.
    Canonical(CanonicalName),
    /// The octets of one that cannot.
    Malformed(Vec<u8>),
}

impl NameKey {
    /// Of a DER name.
    pub fn of(name_der: &[u8]) -> Self {
        CanonicalName::of(name_der)
            .map_or_else(|| Self::Malformed(name_der.to_vec()), Self::Canonical)
    }
}

pub(super) fn canonical(attribute: Attribute) -> (String, u32, Vec<u8>) {
    // OpenSSL's ASN1_MASK_CANON leaves NumericString out.
    let text = if Tag(attribute.tag) == Tag::NumericString { None } else { attribute.string() };
    match text {
        Some(text) => {
            let words = text
                .split([' ', '\t', '\n', '\r', '\u{b}', '\u{c}'])
                .filter(|word| !word.is_empty());
            let folded = words.collect::<Vec<_>>().join(" ").to_ascii_lowercase();
            (attribute.oid, Tag::Utf8String.0, folded.into_bytes())
        }
        None => (attribute.oid, attribute.tag, attribute.bytes),
    }
}

/// Whether two DER names are the same name. Equal bytes are, whatever they are; a malformed name is
/// equal to nothing else.
pub fn same_name(one: &[u8], other: &[u8]) -> bool {
    one == other
        || CanonicalName::of(one)
            .zip(CanonicalName::of(other))
            .is_some_and(|(one, other)| one == other)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::{attributes, label};
    use super::*;

    fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(value.len()).unwrap()], value].concat()
    }

    /// A name of RDNs, each of attributes (last arc under 2.5.4, string tag, octets).
    pub(crate) fn name(rdns: &[&[(u8, u8, &[u8])]]) -> Vec<u8> {
        let rdns: Vec<_> = rdns
            .iter()
            .map(|rdn| {
                let set: Vec<_> = rdn
                    .iter()
                    .map(|(arc, tag, value)| {
                        tlv(0x30, &[tlv(6, &[0x55, 4, *arc]), tlv(*tag, value)].concat())
                    })
                    .collect();
                tlv(0x31, &set.concat())
            })
            .collect();
        tlv(0x30, &rdns.concat())
    }

    #[test]
    fn case_spaces_and_string_type_do_not_matter() {
        let plain = name(&[&[(10, 0x13, b"Example Org")], &[(3, 0x13, b"Mail CA")]]);
        for other in [
            name(&[&[(10, 0x0c, b"example  ORG ")], &[(3, 0x0c, b" mail\tca")]]),
            name(&[&[(10, 0x14, b"Example Org")], &[(3, 0x1e, b"\0M\0a\0i\0l\0 \0C\0A")]]),
        ] {
            assert!(same_name(&plain, &other));
        }
        for other in [
            name(&[&[(10, 0x13, b"ExampleOrg")], &[(3, 0x13, b"Mail CA")]]),
            name(&[&[(3, 0x13, b"Mail CA")], &[(10, 0x13, b"Example Org")]]),
            name(&[&[(10, 0x13, b"Example Org")]]),
            name(&[&[(10, 0x13, b"Example Org"), (3, 0x13, b"Mail CA")]]),
        ] {
            assert!(!same_name(&plain, &other));
        }
    }

    #[test]
    fn the_order_inside_an_rdn_does_not_matter() {
        let one = name(&[&[(11, 0x0c, b"Unit"), (3, 0x0c, b"Mail CA")]]);
        let other = name(&[&[(3, 0x0c, b"mail ca"), (11, 0x0c, b"unit")]]);
        assert!(same_name(&one, &other));
    }

    #[test]
    fn a_malformed_name_equals_only_itself() {
        let good = name(&[&[(3, 0x0c, b"Mail CA")]]);
        let mut longer = good.clone();
        longer[1] += 2;
        longer.extend_from_slice(&[0x31, 0x05]);
        assert!(same_name(&longer, &longer));
        assert!(!same_name(&good, &longer));
        assert!(attributes(&longer).is_err());
    }

    #[test]
    fn a_label_is_the_common_name_or_the_whole_name() {
        assert_eq!(
            label(&name(&[&[(10, 0x0c, b"Org")], &[(3, 0x0c, b"Mail\x1bCA")]])),
            r"Mail\u{1b}CA"
        );
        assert_eq!(label(&name(&[&[(10, 0x0c, b"Org")]])), "O=Org");
        // Characters that a PrintableString may not have, and has.
        assert_eq!(label(&name(&[&[(3, 0x13, b"*.example.com_@")]])), "*.example.com_@");
    }

    #[test]
    fn a_name_below_another_begins_with_it() {
        let of = |rdns: &[&[(u8, u8, &[u8])]]| CanonicalName::of(&name(rdns)).unwrap();
        let base = of(&[&[(10, 0x13, b"Org")]]);
        assert!(of(&[&[(10, 0x0c, b"org")], &[(3, 0x0c, b"Joe")]]).is_within(&base));
        assert!(!of(&[&[(3, 0x0c, b"Joe")], &[(10, 0x0c, b"Org")]]).is_within(&base));
        assert!(!of(&[]).is_within(&base));
    }
}
