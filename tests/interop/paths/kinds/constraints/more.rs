//! Constraints against subjects and intermediates, and malformed ones.

use super::super::super::case::{Case, case, chain};
use super::super::super::der::{int, name, rdn, seq, tagged, tlv, utf8};
use super::super::super::extension::{
    CONSTRAINTS, Extension, SAN, constraints, general, raw_constraints,
};
use super::super::super::make::{Draft, ca, leaf, leaf_for, person};

fn under(id: &str, leaf: &Draft, extension: Extension) -> Case {
    chain(&format!("rfc5280::nc::{id}"), leaf, &ca("Sub").with(extension))
}

fn common_names() -> Vec<Case> {
    let dns = || constraints("+DNS:example.com");
    let named = |subject: &str| leaf("x").subject(subject).without(SAN);
    vec![
        under("permitted-dns-common-name", &named("CN=mail.example.com"), dns()),
        under("permitted-dns-common-name-outside", &named("CN=mail.example.org"), dns())
            .refused("the name mail.example.org (host name) is outside"),
        under(
            "permitted-dns-common-name-beside-names",
            &leaf_for("DNS:mail.example.com").subject("CN=mail.example.org"),
            dns(),
        ),
        under("permitted-dns-common-name-wildcard", &named("CN=*.example.org"), dns())
            .refused("the name *.example.org (host name) is outside"),
        under("permitted-dns-common-name-of-a-person", &named("CN=Joe User"), dns()),
        under("permitted-dns-common-name-one-label", &named("CN=localhost"), dns()),
        under("permitted-dns-common-name-an-address", &named("CN=192.0.2.1"), dns())
            .refused("the name 192.0.2.1 (host name) is outside"),
        under(
            "permitted-dns-two-common-names",
            &named("CN=mail.example.com,CN=mail.example.org"),
            dns(),
        )
        .refused("the name mail.example.org (host name) is outside"),
        under(
            "excluded-dns-common-name",
            &named("CN=mail.example.com"),
            constraints("-DNS:example.com"),
        )
        .refused("must not certify"),
        under(
            "excluded-dns-common-name-of-a-mailbox",
            &person("email:joe@example.com").subject("CN=mail.example.com"),
            constraints("-DNS:example.com"),
        )
        .refused("must not certify"),
    ]
}

fn subjects() -> Vec<Case> {
    let mail = || constraints("+email:example.com");
    let with_mail = |subject: &str| leaf("x").subject(subject);
    let ia5 = |kind: u8, text: &str| seq([rdn("1.2.840.113549.1.9.1", tlv(kind, text))]);
    vec![
        under("permitted-mail-subject", &with_mail("CN=Joe,E=joe@example.com"), mail()),
        under("permitted-mail-subject-outside", &with_mail("CN=Joe,E=joe@example.org"), mail())
            .refused("the name joe@example.org (e-mail address) is outside"),
        under(
            "permitted-mail-subject-beside-names",
            &person("email:joe@example.com").subject("CN=Joe,E=joe@example.org"),
            mail(),
        )
        .refused("the name joe@example.org (e-mail address) is outside"),
        under(
            "excluded-mail-subject",
            &with_mail("CN=Joe,E=joe@example.com"),
            constraints("-email:example.com"),
        )
        .refused("must not certify"),
        under(
            "permitted-mail-subject-utf8",
            &leaf("x").subject_der(ia5(12, "joe@example.com")),
            mail(),
        )
        .refused("is not an IA5String"),
        under(
            "permitted-dn-subject",
            &leaf("x").subject("O=Example,CN=Joe"),
            constraints("+dir:O=Example"),
        ),
        under(
            "permitted-dn-subject-in-another-order",
            &leaf("x").subject("CN=Joe,O=Example"),
            constraints("+dir:O=Example"),
        )
        .refused("(directoryName) is outside"),
        under(
            "permitted-dn-match-subject-san-mismatch",
            &leaf_for("dir:O=Evil").subject("O=Example"),
            constraints("+dir:O=Example"),
        )
        .refused("(directoryName) is outside"),
        under(
            "excluded-dn-match-sub-mismatch",
            &leaf_for("dir:O=Good").subject("O=Evil"),
            constraints("-dir:O=Evil"),
        )
        .refused("must not certify"),
        under(
            "permitted-dn-empty-subject",
            &leaf_for("DNS:mail.example.com").critical(SAN, true).subject_der(seq([])),
            constraints("+dir:O=Example"),
        ),
        under(
            "permitted-dn-string-type",
            &leaf("x").subject_der(seq([rdn("2.5.4.10", tlv(19, "example"))])),
            constraints("+dir:O=Example"),
        ),
        under(
            "permitted-dn-attributes-together",
            &leaf("x").subject_der(seq([tlv(
                0x31,
                [
                    seq([super::super::super::der::oid("2.5.4.3"), utf8("Joe")]),
                    seq([super::super::super::der::oid("2.5.4.10"), utf8("Example")]),
                ]
                .concat(),
            )])),
            constraints("+dir:O=Example"),
        )
        .refused("(directoryName) is outside"),
    ]
}

fn below() -> Vec<Case> {
    let three = |id: &str, first: &str, second: Draft, leaf: &Draft| {
        let root = ca("Root").self_signed();
        let first = ca("First").with(constraints(first)).by(&root);
        let second = second.by(&first);
        case(&format!("rfc5280::nc::{id}"), &leaf.by(&second), &root).untrusted(&[&first, &second])
    };
    let host = || leaf_for("DNS:mail.example.com");
    vec![
        three(
            "intermediate-inside",
            "+dir:O=Example",
            ca("Second"),
            &host().subject("O=Example,CN=a"),
        ),
        three(
            "intermediate-outside",
            "+dir:O=Elsewhere",
            ca("Second"),
            &host().subject("O=Elsewhere,CN=a"),
        )
        .refused("the name O=Example, CN=Second (directoryName) is outside"),
        // RFC 5280 6.1.3 b: a self-issued one below is not looked at.
        three(
            "self-issued-intermediate-outside",
            "+dir:O=Elsewhere",
            ca("First"),
            &host().subject("O=Elsewhere,CN=a"),
        ),
        three(
            "intermediate-san-outside",
            "+DNS:example.com",
            ca("Second").with(super::super::super::extension::alternative("DNS:ca.example.org")),
            &host(),
        )
        .refused("the name ca.example.org (host name) is outside"),
        three(
            "intermediate-common-name-like-a-host",
            "+DNS:example.com",
            ca("ca.example.org"),
            &host(),
        ),
        three(
            "grandchild-outside",
            "+DNS:example.com",
            ca("Second"),
            &leaf_for("DNS:mail.example.org"),
        )
        .refused("the CA \"First\" may certify: example.com"),
        {
            let root = ca("Root").self_signed();
            let sub = ca("Sub").with(constraints("+DNS:example.com")).by(&root);
            let own = leaf_for("DNS:mail.example.org").subject("O=Example,CN=Sub").by(&sub);
            case("rfc5280::nc::self-issued-leaf-outside", &own, &root)
                .untrusted(&[&sub])
                .refused("is outside the names that the CA \"Sub\" may certify")
        },
        {
            let root = ca("Root").with(constraints("+dir:O=Elsewhere")).self_signed();
            let leaf = host().subject("O=Elsewhere,CN=a").by(&root);
            case("rfc5280::nc::root-outside-its-own", &leaf, &root)
        },
        chain(
            "rfc5280::nc::leaf-with-constraints-of-its-own",
            &host().with(constraints("+DNS:example.org")),
            &ca("Sub"),
        ),
    ]
}

fn forms() -> Vec<Case> {
    let base = || general("DNS:example.com");
    let host = || leaf_for("DNS:mail.example.com");
    let raw = |value: Vec<u8>| Extension::new(CONSTRAINTS, true, value);
    let tree = |parts: Vec<Vec<u8>>| raw_constraints(&[seq(parts)], &[]);
    vec![
        under(
            "permitted-dns-match-noncritical",
            &host(),
            constraints("+DNS:example.com").critical(false),
        ),
        under(
            "mismatch-noncritical",
            &leaf_for("DNS:mail.example.org"),
            constraints("+DNS:example.com").critical(false),
        )
        .refused("is outside"),
        under("not-allowed-in-sequence-empty", &host(), raw(seq([]))),
        under("permitted-empty", &host(), raw(seq([tagged(0, [])]))).refused("malformed"),
        under("malformed", &host(), raw(b"malformed".to_vec()))
            .refused("the issuer of \"a\" is not among"),
        under(
            "excluded-before-permitted",
            &host(),
            raw(seq([tagged(1, seq([base()])), tagged(0, seq([base()]))])),
        )
        .refused("malformed"),
        under("minimum-0-spelled-out", &host(), tree(vec![base(), tlv(0x80, [0])])),
        under("minimum-1", &host(), tree(vec![base(), tlv(0x80, [1])]))
            .refused("a constraint has a minimum or maximum"),
        under("maximum", &host(), tree(vec![base(), tlv(0x81, [5])]))
            .refused("a constraint has a minimum or maximum"),
        under(
            "minimum-of-another-kind",
            &person("email:joe@example.com"),
            tree(vec![base(), tlv(0x80, [1])]),
        ),
        under("base-without-tag", &host(), tree(vec![int(1)])).refused("malformed"),
        under("base-missing", &host(), tree(vec![])).refused("malformed"),
        under(
            "invalid-ipv4-address",
            &leaf_for("IP:192.0.2.1"),
            tree(vec![tlv(0x87, [192, 0, 2, 0, 255])]),
        )
        .refused("malformed"),
        under("ip-without-mask", &leaf_for("IP:192.0.2.1"), tree(vec![tlv(0x87, [192, 0, 2, 0])]))
            .refused("malformed"),
        under(
            "ip-constraint-name-of-5-octets",
            &leaf("x").with(super::super::super::extension::san(&[tlv(0x87, [1, 2, 3, 4, 5])])),
            constraints("+IP:0.0.0.0/0.0.0.0"),
        )
        .refused("it is malformed"),
        under("dns-constraint-in-utf8", &host(), tree(vec![tlv(0x82, "bücher.example")]))
            .refused("malformed"),
        under(
            "dns-constraint-with-nul",
            &host(),
            tree(vec![tlv(0x82, "example.com\0.evil.example")]),
        )
        .refused("malformed"),
        under(
            "dns-name-with-nul",
            &leaf_for("DNS:evil.example\0.example.com"),
            constraints("+DNS:example.com"),
        )
        .refused("it is malformed"),
        under(
            "dns-name-in-utf8",
            &leaf_for("DNS:bücher.example.com"),
            constraints("+DNS:example.com"),
        )
        .refused("it is malformed"),
        under(
            "mail-name-with-nul",
            &person("email:joe@evil.example\0@example.com"),
            constraints("+email:example.com"),
        )
        .refused("it is malformed"),
        under("dir-constraint-malformed", &host(), tree(vec![tagged(4, [0x30, 5, 1])]))
            .refused("malformed"),
        under(
            "dir-constraint-of-another-string-type",
            &leaf("x").subject("O=Example"),
            tree(vec![tagged(4, seq([rdn("2.5.4.10", tlv(19, "EXAMPLE"))]))]),
        ),
        under("x400-address-constraint", &host(), tree(vec![tagged(3, name("O=x"))])),
        under("edi-constraint", &host(), tree(vec![tagged(5, tagged(1, utf8("x")))])),
    ]
}

pub fn cases() -> Vec<Case> {
    [common_names(), subjects(), below(), forms()].concat()
}
