//! What is inside and outside the names of a CA.

use super::*;
use crate::pki::name::compare_tests::name;

fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(value.len()).unwrap()], value].concat()
}

fn subtree(tag: u8, base: &[u8]) -> Vec<u8> {
    tlv(0x30, &tlv(tag, base))
}

fn constraints(permitted: &[Vec<u8>], excluded: &[Vec<u8>]) -> Constraints {
    let mut fields = Vec::new();
    if !permitted.is_empty() {
        fields.extend(tlv(0xa0, &permitted.concat()));
    }
    if !excluded.is_empty() {
        fields.extend(tlv(0xa1, &excluded.concat()));
    }
    Constraints::from_extension(&tlv(0x30, &fields), "X".into()).unwrap()
}

fn refusal(constraints: &Constraints, name: GeneralName) -> String {
    constraints.check(&[name]).unwrap_err().to_string()
}

#[test]
fn the_error_names_both() {
    let mail = constraints(
        &[
            subtree(0x82, b"example.com"),
            subtree(0x81, b"example.com"),
            subtree(0x81, b".example.com"),
        ],
        &[subtree(0x87, &[0; 8]), subtree(0x87, &[0; 32])],
    );
    assert_eq!(
        refusal(&mail, GeneralName::Dns("mail.evil.com".into())),
        "the name mail.evil.com (host name) is outside the names that the CA \"X\" may certify: example.com"
    );
    assert_eq!(
        refusal(&mail, GeneralName::Email("joe@evil.com".into())),
        "the name joe@evil.com (e-mail address) is outside the names that the CA \"X\" may certify: \
         example.com, .example.com"
    );
    assert_eq!(
        refusal(&mail, GeneralName::Ip("192.0.2.1".parse().unwrap())),
        "the name 192.0.2.1 (IP address) is among the names that the CA \"X\" must not certify: \
         0.0.0.0/0, ::/0"
    );
    mail.check(&[
        GeneralName::Dns("mail.example.com".into()),
        GeneralName::Email("joe@sub.example.com".into()),
        GeneralName::Uri("https://elsewhere.example/".into()),
    ])
    .unwrap();
}

#[test]
fn the_subject_is_a_directory_name() {
    let org = name(&[&[(10, 0x13, b"Example")]]);
    let only = constraints(&[subtree(0xa4, &org)], &[]);
    let joe = name(&[&[(10, 0x0c, b"EXAMPLE")], &[(3, 0x0c, b"Joe")]]);
    only.check(&names_of(&joe, &[], true).unwrap()).unwrap();
    let other = name(&[&[(10, 0x0c, b"Other")], &[(3, 0x0c, b"Joe")]]);
    let error = only.check(&names_of(&other, &[], true).unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the name O=Other, CN=Joe (directoryName) is outside the names that the CA \"X\" may certify: \
         O=Example"
    );
    only.check(&names_of(&name(&[]), &[], true).unwrap()).unwrap();
}

#[test]
fn the_common_name_of_a_leaf_without_dns_names_counts() {
    let common_name = |text: &[u8]| name(&[&[(3, 0x0c, text)]]);
    let hosts = |subject: &[u8], san: &[GeneralName], leaf: bool| {
        let names = names_of(subject, san, leaf).unwrap();
        names.iter().filter(|name| matches!(name, GeneralName::Dns(_))).count()
    };
    assert_eq!(hosts(&common_name(b"mail.evil.com"), &[], true), 1);
    assert_eq!(hosts(&common_name(b"*.evil.com"), &[], true), 1);
    assert_eq!(hosts(&common_name(b"mail.evil.com"), &[], false), 0);
    assert_eq!(hosts(&common_name(b"mail.evil.com"), &[GeneralName::Email("a@b".into())], true), 1);
    for text in [&b"Joe User"[..], b"joeuser", b"a..b", b"-a.b", b"J. User"] {
        assert_eq!(hosts(&common_name(text), &[], true), 0);
    }
    assert_eq!(hosts(&common_name(b"x.evil.com"), &[GeneralName::Dns("a.b".into())], true), 1);
}

#[test]
fn an_email_address_in_the_subject_counts_and_must_be_ia5() {
    let subject = |tag: u8| {
        let oid = tlv(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1]);
        let attribute = tlv(0x30, &[oid, tlv(tag, b"joe@evil.com")].concat());
        tlv(0x30, &tlv(0x31, &attribute))
    };
    let mail = constraints(&[subtree(0x81, b"example.com")], &[]);
    let error = mail.check(&names_of(&subject(0x16), &[], true).unwrap()).unwrap_err();
    assert!(error.to_string().starts_with("the name joe@evil.com (e-mail address) is outside"));
    assert!(names_of(&subject(0x0c), &[], true).unwrap_err().to_string().contains("IA5String"));
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let registered = constraints(&[subtree(0x88, &[0x2a, 3])], &[]);
    let name = GeneralName::Other { tag: 8, value: vec![0x2a, 3] };
    assert!(refusal(&registered, name).contains("are not supported"));
    registered.check(&[GeneralName::Dns("mail.example.com".into())]).unwrap();

    let upn = tlv(6, &[0x2a, 3]);
    let other = constraints(&[], &[subtree(0xa0, &[upn.clone(), vec![0xa0, 2, 5, 0]].concat())]);
    let same_type = GeneralName::Other { tag: 0, value: upn };
    let other_type = GeneralName::Other { tag: 0, value: tlv(6, &[0x2a, 4]) };
    assert!(refusal(&other, same_type).contains("not supported"));
    other.check(&[other_type]).unwrap();

    let bounded = tlv(0x30, &[tlv(0x82, b"example.com"), vec![0x80, 1, 1]].concat());
    let bounded = constraints(&[bounded], &[]);
    assert!(refusal(&bounded, GeneralName::Dns("a.example.com".into())).contains("minimum"));
    let malformed = GeneralName::Other { tag: 2, value: vec![0xff] };
    let hosts = constraints(&[subtree(0x82, b"example.com")], &[]);
    assert!(refusal(&hosts, malformed).contains("it is malformed"));
}

#[test]
fn an_international_mailbox_falls_under_the_email_constraints() {
    let mail = constraints(&[subtree(0x81, b"xn--bcher-kva.example")], &[]);
    let mailbox = |text: &str| {
        let oid = tlv(6, &[0x2b, 6, 1, 5, 5, 7, 8, 9]);
        let value = [oid, tlv(0xa0, &tlv(12, text.as_bytes()))].concat();
        GeneralName::Other { tag: 0, value }
    };
    mail.check(&[mailbox("jörg@bücher.example")]).unwrap();
    assert!(refusal(&mail, mailbox("jörg@evil.example")).contains("outside"));
    assert!(refusal(&mail, mailbox("jörg")).contains("malformed"));
}

#[test]
fn malformed_constraints_are_never_dropped() {
    for der in [
        &b"\x30\x04\xa0\x02\x30\x00"[..],
        b"\x30\x02\xa0\x00",
        b"\x30\x02\xa2\x00",
        b"\x30\x09\xa0\x07\x30\x05\x82\x05a.b",
        b"\x30\x00\x00",
        b"\x31\x05",
    ] {
        let error = Constraints::from_extension(der, "X".into()).unwrap_err();
        assert_eq!(error.to_string(), "the name constraints of the CA \"X\" are malformed");
    }
}

#[test]
fn an_absurd_number_of_comparisons_is_refused() {
    let many = constraints(&vec![subtree(0x82, b"a"); 15], &[]);
    let names = vec![GeneralName::Dns("a".into()); 80_000];
    assert!(many.check(&names).unwrap_err().to_string().contains("too many to check"));
}
