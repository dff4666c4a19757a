//! Revocation lists: revoked at each level, and which lists can be relied on (RFC 5280 5 and 6.3).

use super::super::case::{Case, case};
use super::super::der::{int, moment, null, seq, tagged, tlv};
use super::super::extension::{Extension, general, unknown, usage};
use super::super::key::{Algorithm, Key};
use super::super::make::{Draft, List, Made, ca, entry, leaf, list, reason};

struct Setting {
    root: Made,
    sub: Made,
    end: Made,
}

fn setting_with(sub: &Draft, end: &Draft) -> Setting {
    let root = ca("Root").self_signed();
    let sub = sub.by(&root);
    let end = end.by(&sub);
    Setting { root, sub, end }
}

fn setting() -> Setting {
    setting_with(&ca("Sub"), &leaf("mail.example.com"))
}

impl Setting {
    fn case(&self, id: &str, lists: &[Vec<u8>]) -> Case {
        case(&format!("crl::{id}"), &self.end, &self.root).untrusted(&[&self.sub]).lists(lists)
    }

    /// One list of the leaf's issuer.
    fn one(&self, id: &str, list: &List) -> Case {
        self.case(id, &[list.by(&self.sub)])
    }
}

fn levels() -> Vec<Case> {
    let s = setting();
    let clean = || list().by(&s.root);
    vec![
        s.one("crl-empty", &list()),
        s.one("revoked-certificate-with-crl", &list().revoking(&s.end))
            .refused("the certificate of \"mail.example.com\" was revoked on 2029-11-15"),
        s.case("all-levels-clean", &[list().by(&s.sub), clean()]).all_lists(),
        s.case("revoked-intermediate", &[list().by(&s.sub), list().revoking(&s.sub).by(&s.root)]).all_lists()
            .refused("the CA certificate \"Sub\" was revoked on 2029-11-15"),
        s.case("revoked-at-both-levels", &[list().revoking(&s.end).by(&s.sub), list().revoking(&s.sub).by(&s.root)]).all_lists()
            .refused("was revoked on"),
        s.case("revoked-root-by-itself", &[list().by(&s.sub), list().revoking(&s.root).by(&s.root)]).all_lists()
        .refused("the CA certificate \"Root\" was revoked"),
        s.case("only-the-root-has-one", &[clean()])
            .refused("no CRL given is for \"mail.example.com\", whose issuer is \"Sub\"; those given are of: Root"),
        s.case("intermediate-without-one", &[list().by(&s.sub)]).all_lists(),
        s.case("of-a-stranger", &[list().by(&ca("Stranger").self_signed())]).refused("no CRL given is for"),
        s.one("another-is-revoked", &list().revoking(&s.root)),
        s.one("serial-with-zeros-in-front", &list().entry(entry(&tlv(2, [&[0, 0][..], &s.end.serial[2..]].concat()), &[])))
            .refused("was revoked on"),
        s.one("very-large", &(0..10_000).fold(list(), |list, n| list.entry(entry(&int(1_000_000 + n), &[])))),
        s.one("very-large-and-revoked",
            &(0..10_000).fold(list(), |list, n| list.entry(entry(&int(1_000_000 + n), &[]))).revoking(&s.end))
            .refused("was revoked on"),
        s.one("revoked-twice", &list().revoking(&s.end).revoking(&s.end)).refused("was revoked on"),
        s.one("another-revoked-twice", &list().revoking(&s.root).revoking(&s.root)),
    ]
}

fn reasons() -> Vec<Case> {
    let s = setting();
    let because = |id: &str, number: u8, words: &str| {
        let entry = entry(&s.end.serial, &[reason(number)]);
        s.one(id, &list().entry(entry)).refused(words)
    };
    let late = seq([s.end.serial.clone(), moment("20291231000000Z")]);
    let future = seq([s.end.serial.clone(), moment("20300601000000Z")]);
    let invalidity = Extension::new("2.5.29.24", false, tlv(24, "20290101000000Z"));
    let issuer = Extension::new("2.5.29.29", true, seq([general("dir:CN=Stranger")]));
    vec![
        because("reason-key-compromise", 1, "reason: key compromise"),
        because("reason-ca-compromise", 2, "reason: CA compromise"),
        because("reason-superseded", 4, "reason: superseded"),
        because("reason-on-hold", 6, "reason: on hold"),
        because("reason-remove-from-crl", 8, ""),
        because("reason-unknown", 77, "reason: unspecified"),
        s.one("revoked-yesterday", &list().entry(late)).refused("was revoked on 2029-12-31"),
        s.one("revoked-in-future", &list().entry(future)).refused("was revoked on 2030-06-01"),
        s.one("entry-with-invalidity-date", &list().entry(entry(&s.end.serial, &[invalidity]))).refused("was revoked"),
        s.one("entry-with-unknown-critical", &list().entry(entry(&int(77), &[unknown(true)])))
            .refused("the CRL for \"mail.example.com\" has an entry with a critical extension that is not understood"),
        s.one("entry-with-unknown", &list().entry(entry(&int(77), &[unknown(false)]))),
        s.one("entry-with-certificate-issuer", &list().entry(entry(&s.end.serial, &[issuer])))
            .refused("a critical extension that is not understood: 2.5.29.29"),
    ]
}

fn times() -> Vec<Case> {
    let s = setting();
    let dated =
        |id: &str, updates: &[&str], words: &str| s.one(id, &list().dated(updates)).refused(words);
    let old = list().dated(&["20290101000000Z", "20290201000000Z"]);
    vec![
        dated(
            "expired",
            &["20290101000000Z", "20290201000000Z"],
            "the CRL of the CA \"Sub\", needed for \"mail.example.com\", expired on its nextUpdate, 2029-02-01",
        ),
        dated(
            "not-yet-valid",
            &["20310101000000Z", "20310201000000Z"],
            "is not valid before its thisUpdate, 2031-01-01",
        ),
        dated("this-update-exact", &["20300101120000Z", "20310201000000Z"], ""),
        dated("next-update-exact", &["20291201000000Z", "20300101120000Z"], ""),
        dated("without-next-update", &["20291201000000Z"], ""),
        s.case("expired-beside-current", &[old.by(&s.sub), list().by(&s.sub)]),
        s.case("revoked-in-the-newer", &[old.by(&s.sub), list().revoking(&s.end).by(&s.sub)])
            .refused("was revoked"),
        s.case(
            "revoked-in-the-older-of-two-current",
            &[
                list().dated(&["20291101000000Z", "20300301000000Z"]).revoking(&s.end).by(&s.sub),
                list().by(&s.sub),
            ],
        ),
        s.case("expired-one-says-revoked", &[old.revoking(&s.end).by(&s.sub)])
            .refused("expired on its nextUpdate"),
    ]
}

fn structure() -> Vec<Case> {
    let s = setting();
    let stranger = Key::new();
    let mut v1 = list();
    v1.version = Vec::new();
    v1.extensions.clear();
    let no_sign = setting_with(&ca("Sub").with(usage(&[5])), &leaf("mail.example.com"));
    let mut sha1 = list();
    sha1.algorithm = Some(Algorithm::rsa("1.2.840.113549.1.1.5", "sha1"));
    let rsa = Key::openssl("-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    let under_rsa = setting_with(&ca("Sub").key(&rsa), &leaf("mail.example.com"));
    let delta = Extension::new("2.5.29.27", true, int(1));
    vec![
        s.case("crl-invalid-signature", &[list().signed(&s.sub, &stranger)])
            .refused("the signature on the CRL of the CA \"Sub\" is not accepted"),
        s.case("crl-signed-by-the-root", &[list().signed(&s.sub, &s.root.key)]).refused("is not accepted"),
        s.case("forged-beside-good", &[list().signed(&s.sub, &stranger), list().by(&s.sub)]),
        s.case("forged-says-revoked-beside-good", &[list().revoking(&s.end).signed(&s.sub, &stranger), list().by(&s.sub)]),
        s.one("crl-unknown-critical-extension", &list().with(unknown(true)))
            .refused("the CRL of the CA \"Sub\" has a critical extension that is not understood: 1.3.6.1.4.1.32473.1"),
        s.one("crl-unknown-noncritical-extension", &list().with(unknown(false))),
        s.one("delta", &list().with(delta)).refused("not understood: 2.5.29.27"),
        s.one("version-1", &v1),
        no_sign.one("ca-may-not-sign-lists", &list()).refused("the CA \"Sub\" may not sign CRLs"),
        under_rsa.one("sha1", &sha1).refused("RSA with SHA-1, which is broken"),
        s.case("malformed", &[null()]).refused("the CRL is malformed"),
        s.case("octets-behind", &[[list().by(&s.sub), vec![5, 0]].concat()]).refused("malformed"),
    ]
}

fn scopes() -> Vec<Case> {
    let point = |parts: Vec<Vec<u8>>| Extension::new("2.5.29.28", true, seq(parts));
    let full = |uri: &str| tagged(0, tagged(0, general(uri)));
    let flag = |number: u8| tlv(0x80 | number, [0xff]);
    let here = "URI:http://example.com/partition.crl";
    let place = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| general(name)).collect();
        Extension::new("2.5.29.31", false, seq([seq([tagged(0, tagged(0, names.concat()))])]))
    };
    let s = setting();
    let placed = setting_with(&ca("Sub"), &leaf("mail.example.com").with(place(&[here])));
    let mixed =
        setting_with(&ca("Sub"), &leaf("mail.example.com").with(place(&[here, "DNS:example.com"])));
    vec![
        s.one("idp-empty", &list().with(point(vec![]))),
        placed.one("idp-cdp-scope-match", &list().with(point(vec![full(here)]))),
        placed
            .one(
                "idp-cdp-scope-mismatch",
                &list().with(point(vec![full("URI:http://example.com/other.crl")])),
            )
            .refused("no CRL given is for"),
        s.one("idp-present-certificate-missing-cdp", &list().with(point(vec![full(here)])))
            .refused("no CRL given is for"),
        mixed.one(
            "idp-present-certificate-cdp-non-uri-generalname",
            &list().with(point(vec![full(here)])),
        ),
        placed.one("cdp-present-idp-missing", &list()),
        s.one("idp-only-user-certs", &list().with(point(vec![flag(1)]))),
        s.one("idp-only-contains-ca-certs-ee-target", &list().with(point(vec![flag(2)])))
            .refused("no CRL given is for"),
        s.case(
            "idp-only-contains-user-certs-ca-target",
            &[list().by(&s.sub), list().revoking(&s.sub).with(point(vec![flag(1)])).by(&s.root)],
        )
        .all_lists(),
        s.one("idp-only-contains-attribute-certs", &list().with(point(vec![flag(5)])))
            .refused("partial or indirect"),
        s.one("idp-indirect", &list().with(point(vec![flag(4)]))).refused("partial or indirect"),
        s.one("idp-only-some-reasons", &list().with(point(vec![tlv(0x83, [1, 0x60])])))
            .refused("partial or indirect"),
        s.one("idp-malformed", &list().with(Extension::new("2.5.29.28", true, vec![1, 2, 3])))
            .refused("malformed"),
        s.one("idp-noncritical", &list().with(point(vec![flag(1)]).critical(false))),
    ]
}

pub fn cases() -> Vec<Case> {
    [levels(), reasons(), times(), structure(), scopes()].concat()
}
