//! Extensions: unknown ones at each level, known ones that are critical against the rules, malformed
//! ones, two of a kind, and those that real certificates carry.

use super::super::case::{Case, case};
use super::super::der::{int, null, octets, oid, seq, tagged, tlv, utf8};
use super::super::extension::{Extension, SAN, general, san, unknown};
use super::super::make::{Draft, ca, leaf};

/// The extension in the root, in the CA, or in the leaf.
fn at(level: usize, id: &str, extension: &Extension) -> Case {
    let put = |draft: Draft, here: usize| {
        if here == level { draft.with(extension.clone()) } else { draft }
    };
    let root = put(ca("Root"), 2).self_signed();
    let sub = put(ca("Sub"), 1).by(&root);
    let end = put(leaf("mail.example.com"), 0).by(&sub);
    case(id, &end, &root).untrusted(&[&sub])
}

fn leaf_case(id: &str, leaf: &Draft) -> Case {
    let root = ca("Root").self_signed();
    case(id, &leaf.by(&root), &root)
}

fn host() -> Draft {
    leaf("mail.example.com")
}

/// `CRLDistributionPoints` and `AuthorityInfoAccessSyntax`.
fn point(uri: &str) -> Vec<u8> {
    seq([seq([tagged(0, tagged(0, general(uri)))])])
}

fn access(place: Vec<u8>) -> Vec<u8> {
    seq([seq([oid("1.3.6.1.5.5.7.48.2"), place])])
}

fn unknown_ones() -> Vec<Case> {
    let mut cases = Vec::new();
    for (level, place) in ["ee", "intermediate", "root"].iter().enumerate() {
        let words = [
            "the certificate of \"mail.example.com\"",
            "the CA certificate \"Sub\"",
            "the CA certificate \"Root\"",
        ];
        cases.push(
            at(level, &format!("rfc5280::unknown-critical-extension-{place}"), &unknown(true))
                .refused(&format!(
                    "{} has a critical extension that is not understood: 1.3.6.1.4.1.32473.1",
                    words[level]
                )),
        );
        cases.push(at(level, &format!("rfc5280::unknown-extension-{place}"), &unknown(false)));
    }
    cases
}

/// What real certificates have, or have had.
fn usual() -> Vec<Case> {
    let notice = seq([oid("1.3.6.1.5.5.7.2.2"), seq([utf8("All rights reserved")])]);
    let statement = seq([oid("1.3.6.1.5.5.7.2.1"), tlv(22, "http://example.com/cps")]);
    let policies =
        seq([seq([oid("1.2.3.4"), seq([statement, notice])]), seq([oid("2.5.29.32.0")])]);
    let list: &[(&str, &'static str, Vec<u8>)] = &[
        ("aia", "1.3.6.1.5.5.7.1.1", access(general("URI:http://example.com/ca.der"))),
        ("aia-dns-name", "1.3.6.1.5.5.7.1.1", access(general("DNS:example.com"))),
        ("sia", "1.3.6.1.5.5.7.1.11", access(general("URI:http://example.com/"))),
        ("crl-distribution-points", "2.5.29.31", point("URI:http://example.com/ca.crl")),
        ("freshest-crl", "2.5.29.46", point("URI:http://example.com/delta.crl")),
        ("policies", "2.5.29.32", policies),
        ("issuer-alternative-name", "2.5.29.18", seq([general("email:ca@example.com")])),
        ("private-key-usage-period", "2.5.29.16", seq([tlv(0x80, "20250101000000Z")])),
        (
            "subject-directory-attributes",
            "2.5.29.9",
            seq([seq([oid("1.3.6.1.5.5.7.9.4"), tlv(0x31, tlv(19, "DE"))])]),
        ),
        ("netscape-comment", "2.16.840.1.113730.1.13", tlv(22, "made by hand")),
        ("netscape-ca-revocation", "2.16.840.1.113730.1.4", tlv(22, "http://example.com/")),
        ("netscape-type-server", "2.16.840.1.113730.1.1", tlv(3, [6, 0xc0])),
        ("microsoft-template-name", "1.3.6.1.4.1.311.20.2", tlv(30, [0, b'C', 0, b'A'])),
        (
            "microsoft-template",
            "1.3.6.1.4.1.311.21.7",
            seq([oid("1.3.6.1.4.1.311.21.8.1"), int(1)]),
        ),
        (
            "microsoft-application-policies",
            "1.3.6.1.4.1.311.21.10",
            seq([seq([oid("1.3.6.1.5.5.7.3.1")])]),
        ),
        (
            "smime-capabilities",
            "1.2.840.113549.1.9.15",
            seq([seq([oid("2.16.840.1.101.3.4.1.42")])]),
        ),
        ("tls-feature", "1.3.6.1.5.5.7.1.24", seq([int(5)])),
        ("qualified-statements", "1.3.6.1.5.5.7.1.3", seq([seq([oid("0.4.0.1862.1.1")])])),
        ("ocsp-no-check", "1.3.6.1.5.5.7.48.1.5", null()),
        ("certificate-transparency-poison", "1.3.6.1.4.1.11129.2.4.3", null()),
        ("empty-value", "1.3.6.1.4.1.32473.2", Vec::new()),
        ("not-der", "1.3.6.1.4.1.32473.2", b"hello".to_vec()),
    ];
    list.iter()
        .map(|(id, oid, value)| {
            at(0, &format!("usual::{id}"), &Extension::new(oid, false, value.clone()))
        })
        .collect()
}

fn critical_ones() -> Vec<Case> {
    let known: &[(&str, &'static str, Vec<u8>, &str)] = &[
        (
            "ee-critical-aia",
            "1.3.6.1.5.5.7.1.1",
            access(general("URI:http://example.com/ca.der")),
            "1.3.6.1.5.5.7.1.1",
        ),
        (
            "critical-crl-distribution-points",
            "2.5.29.31",
            point("URI:http://example.com/ca.crl"),
            "",
        ),
        ("critical-freshest-crl", "2.5.29.46", point("URI:http://example.com/d.crl"), "2.5.29.46"),
        (
            "critical-issuer-alternative-name",
            "2.5.29.18",
            seq([general("email:ca@example.com")]),
            "2.5.29.18",
        ),
        (
            "critical-private-key-usage-period",
            "2.5.29.16",
            seq([tlv(0x80, "20250101000000Z")]),
            "2.5.29.16",
        ),
        ("critical-policies", "2.5.29.32", seq([seq([oid("1.2.3.4")])]), ""),
        ("critical-inhibit-any-policy", "2.5.29.54", int(0), ""),
        ("critical-tls-feature", "1.3.6.1.5.5.7.1.24", seq([int(5)]), "1.3.6.1.5.5.7.1.24"),
        ("critical-poison", "1.3.6.1.4.1.11129.2.4.3", null(), "1.3.6.1.4.1.11129.2.4.3"),
        (
            "critical-netscape-comment",
            "2.16.840.1.113730.1.13",
            tlv(22, "x"),
            "2.16.840.1.113730.1.13",
        ),
        ("critical-netscape-type", "2.16.840.1.113730.1.1", tlv(3, [6, 0xc0]), ""),
    ];
    let mut cases: Vec<_> = known
        .iter()
        .map(|(id, oid, value, refused)| {
            at(0, &format!("rfc5280::{id}"), &Extension::new(oid, true, value.clone()))
                .refused(refused)
        })
        .collect();
    // policyConstraints: requireExplicitPolicy 0, and no policy below.
    let explicit = Extension::new("2.5.29.36", true, seq([tlv(0x80, [0])]));
    cases.push(at(1, "rfc5280::pc::ica-requires-a-policy", &explicit));
    cases.push(at(1, "rfc5280::pc::ica-noncritical-pc", &explicit.clone().critical(false)));
    let mapping = seq([seq([oid("1.2.3.4"), oid("1.2.3.5")])]);
    cases.push(at(1, "rfc5280::pm::mapping", &Extension::new("2.5.29.33", true, mapping)));
    cases
}

fn broken() -> Vec<Case> {
    let broken: &[(&str, &'static str, Vec<u8>, &str)] = &[
        ("malformed-san", SAN, b"mail.example.com".to_vec(), "malformed"),
        ("empty-san", SAN, seq([]), ""),
        ("san-a-set", SAN, tlv(0x31, general("DNS:mail.example.com")), "malformed"),
        (
            "san-trailing",
            SAN,
            [seq([general("DNS:mail.example.com")]), vec![5, 0]].concat(),
            "malformed",
        ),
        ("san-too-short", SAN, vec![0x30, 0x20, 0x82, 1, b'a'], "malformed"),
        ("san-address-of-5", SAN, seq([tlv(0x87, [1, 2, 3, 4, 5])]), ""),
        ("malformed-aia", "1.3.6.1.5.5.7.1.1", b"malformed".to_vec(), "malformed"),
        ("empty-aia", "1.3.6.1.5.5.7.1.1", seq([]), ""),
        ("malformed-policies", "2.5.29.32", b"malformed".to_vec(), "malformed"),
        ("malformed-points", "2.5.29.31", b"malformed".to_vec(), "malformed"),
        ("malformed-key-usage", "2.5.29.15", octets([1]), "malformed"),
        ("malformed-extended", "2.5.29.37", oid("1.3.6.1.5.5.7.3.1"), "malformed"),
        ("empty-extended", "2.5.29.37", seq([]), ""),
        ("empty-key-usage", "2.5.29.15", tlv(3, [0]), "has a key usage that allows nothing"),
        ("malformed-netscape-type", "2.16.840.1.113730.1.1", null(), "malformed"),
        (
            "constraints-in-a-leaf",
            "2.5.29.30",
            seq([tagged(0, seq([general("DNS:x.example")]))]),
            "",
        ),
    ];
    let mut cases: Vec<_> = broken
        .iter()
        .map(|(id, oid, value, refused)| {
            at(0, &format!("rfc5280::form::{id}"), &Extension::new(oid, false, value.clone()))
                .refused(refused)
        })
        .collect();
    let again = |names: &str| san(&[general(names)]);
    cases.push(
        leaf_case("rfc5280::duplicate-extensions", &host().and(again("DNS:mail.example.com")))
            .refused("the certificate of \"mail.example.com\" has the extension 2.5.29.17 twice"),
    );
    cases.push(
        leaf_case(
            "rfc5280::duplicate-unknown-extensions",
            &host().and(unknown(false)).and(unknown(false)),
        )
        .refused("has the extension 1.3.6.1.4.1.32473.1 twice"),
    );
    let mut more = host();
    more.extra = null();
    cases.push(leaf_case("rfc5280::form::more-after-the-extensions", &more).refused("malformed"));
    let root = ca("Root").self_signed();
    let good = host().by(&root);
    let longer = good.changed(|parts| seq([parts.concat(), null()]));
    cases.push(
        case("rfc5280::form::more-after-the-signature", &longer, &root)
            .refused("has something after its signature"),
    );
    let trailing = good.changed(|parts| [seq(parts), vec![0, 0]].concat());
    cases.push(case("rfc5280::form::octets-behind", &trailing, &root).refused("malformed"));
    let short = good.changed(|parts| {
        let mut der = seq(parts);
        der.pop();
        der
    });
    cases.push(case("rfc5280::form::an-octet-missing", &short, &root).refused("malformed"));
    let indefinite = good.changed(|parts| [vec![0x30, 0x80], parts.concat(), vec![0, 0]].concat());
    cases.push(case("rfc5280::form::indefinite-length", &indefinite, &root).refused("malformed"));
    let long_form = good.changed(|parts| {
        let body = parts.concat();
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [vec![0x30, 0x84], length.to_vec(), body].concat()
    });
    cases.push(case("rfc5280::form::length-in-more-octets-than-needed", &long_form, &root));
    let empty = good.changed(|_| seq([]));
    cases.push(case("rfc5280::form::an-empty-sequence", &empty, &root).refused("malformed"));
    cases
}

pub fn cases() -> Vec<Case> {
    [unknown_ones(), usual(), critical_ones(), broken()].concat()
}
