//! Certificates made to keep a verifier busy, or to fill a terminal. Every bound is a count; a search that
//! had none would not come back.

use mailca::pki::verify::{Options, verify};

use super::super::case::{Case, NOW, case};
use super::super::der::{octets, oid, rdn, seq, tagged, tlv, utf8};
use super::super::extension::{
    AKI, CONSTRAINTS, EXTENDED, Extension, SAN, SKI, general, raw_constraints, san,
};
use super::super::key::Key;
use super::super::make::{Draft, Made, ca, entry, leaf, list};

fn host() -> Draft {
    leaf("mail.example.com")
}

fn many(count: usize, name: impl Fn(usize) -> String) -> Vec<Vec<u8>> {
    (0..count).map(|number| general(&name(number))).collect()
}

/// So many names under so many constraints of their kind.
fn crowd(id: &str, names: &[Vec<u8>], subtrees: &[Vec<u8>]) -> Case {
    let root = ca("Root").self_signed();
    let trees: Vec<_> = subtrees.iter().map(|base| seq([base.clone()])).collect();
    let sub = ca("Sub").with(raw_constraints(&[], &trees)).by(&root);
    case(&format!("pathological::{id}"), &leaf("x").with(san(names)).by(&sub), &root)
        .untrusted(&[&sub])
}

fn constraints() -> Vec<Case> {
    let too_many = "are too many to check";
    let hosts = |count| many(count, |n| format!("DNS:h{n}.example.com"));
    let mailboxes = |count| many(count, |n| format!("email:u{n}@example.com"));
    let uris = |count| many(count, |n| format!("URI:https://h{n}.example.com/"));
    let names = |count| many(count, |n| format!("dir:CN={n}"));
    let long = |kind: &str| vec![general(&format!("{kind}:{}", "a.".repeat(500_000)))];
    vec![
        crowd("nc-dos-dns", &hosts(10_000), &hosts(10_000)).refused(
            "10001 names against the 10000 name constraints of the CA \"Sub\" are too many to check",
        ),
        crowd("nc-dos-mail", &mailboxes(10_000), &mailboxes(10_000)).refused(too_many),
        crowd("nc-dos-uri", &uris(10_000), &uris(10_000)).refused(too_many),
        crowd("nc-dos-dn", &names(5_000), &names(5_000)).refused(too_many),
        crowd("nc-dos-mixed", &[hosts(5_000), mailboxes(5_000)].concat(), &[uris(5_000), names(5_000)].concat())
            .refused(too_many),
        crowd("nc-many-names-few-constraints", &hosts(10_000), &many(100, |n| format!("DNS:x{n}.example.org"))),
        crowd("nc-few-names-many-constraints", &hosts(10), &many(50_000, |n| format!("DNS:x{n}.example.org"))),
        crowd("nc-one-of-many-excludes", &many(1, |_| "DNS:a.example.com".into()),
            &many(10_000, |n| format!("DNS:{}example.com", if n == 9_999 { "" } else { "x." })))
            .refused("x.example.com and 9980 more"),
        crowd("nc-long-dns-name", &long("DNS"), &many(10_000, |n| format!("DNS:x{n}"))).refused(too_many),
        crowd("nc-long-uri", &long("URI"), &many(10_000, |n| format!("URI:x{n}"))).refused(too_many),
        crowd("nc-long-name-in-a-sentence", &[general(&format!("DNS:{}example.com", "a.".repeat(5_000)))],
            &many(1, |_| "DNS:example.com".into())).refused("is among the names"),
    ]
}

/// CAs that all certify each other; number `way_out` is certified by the root too.
fn mesh(id: &str, count: usize, way_out: Option<usize>, bare: bool) -> Case {
    let strip = |draft: Draft| if bare { draft.without(SKI).without(AKI) } else { draft };
    let root = ca("Root").self_signed();
    let heads: Vec<Made> =
        (0..count).map(|n| strip(ca(&format!("CA {n}"))).self_signed()).collect();
    let again = |n: usize| strip(ca(&format!("CA {n}")).key(&heads[n].key));
    let mut all: Vec<Made> = Vec::new();
    for subject in 0..count {
        for issuer in (0..count).filter(|issuer| *issuer != subject) {
            all.push(again(subject).by(&heads[issuer]));
        }
    }
    all.extend(way_out.map(|n| again(n).by(&root)));
    let end = host().by(&heads[0]);
    case(&format!("pathological::{id}"), &end, &root).untrusted(&all.iter().collect::<Vec<_>>())
}

fn meshes() -> Vec<Case> {
    // One name and a hundred keys, each certified by each, without a word on which key it is.
    let keys: Vec<Key> = (0..100).map(|_| Key::new()).collect();
    let same: Vec<Made> = keys
        .iter()
        .map(|key| ca("Same").without(SKI).without(AKI).key(key).self_signed())
        .collect();
    let mut ring: Vec<Made> = Vec::new();
    for (number, key) in keys.iter().enumerate() {
        let issuer = &same[(number + 1) % same.len()];
        ring.push(ca("Same").without(SKI).without(AKI).key(key).by(issuer));
    }
    let ring: Vec<&Made> = ring.iter().collect();
    let root = ca("Root").self_signed();
    let bound = "was found within 64 signature checks: too many CA certificates share a name";
    vec![
        mesh("mesh-of-100-with-a-way-out", 100, Some(57), false),
        mesh("mesh-of-100-without", 100, None, false)
            .refused("no path for \"mail.example.com\" was found within 64"),
        mesh("mesh-of-20-bare-with-a-way-out", 20, Some(7), true),
        mesh("mesh-of-20-bare-without", 20, None, true).refused(bound),
        case(
            "pathological::self-issued-loop-of-100-keys",
            &host().without(AKI).by(&same[0]),
            &root,
        )
        .untrusted(&ring)
        .refused(bound),
        super::building::long("pathological::chain-of-500", 500)
            .refused("is longer than 12 certificates"),
    ]
}

fn large() -> Vec<Case> {
    let root = ca("Root").self_signed();
    let direct =
        |id: &str, draft: &Draft| case(&format!("pathological::{id}"), &draft.by(&root), &root);
    let huge = "x".repeat(1 << 20);
    let ballast = |size: usize| Extension::new("1.3.6.1.4.1.32473.7", false, octets(vec![7; size]));
    let big_sub = ca("Sub").with(ballast(1 << 20)).by(&root);
    let extensions = (0..20_000u32).fold(host(), |draft, number| {
        let name: &'static str =
            Box::leak(format!("1.3.6.1.4.1.32473.8.{number}").into_boxed_str());
        let mut draft = draft;
        draft.extensions.push(Extension::new(name, false, vec![5, 0]));
        draft
    });
    let purposes: Vec<_> =
        (0..20_000u32).map(|n| oid(&format!("1.3.6.1.4.1.32473.9.{n}"))).collect();
    let deep = (0..10_000).fold(vec![5, 0], |inner, _| tlv(0x30, inner));
    let twins: Vec<Made> = (0..5_000).map(|_| ca("Root").self_signed()).collect();
    vec![
        direct("certificate-of-1-mb", &host().with(ballast(1 << 20))),
        case("pathological::intermediate-of-1-mb", &host().by(&big_sub), &root)
            .untrusted(&[&big_sub]),
        direct(
            "common-name-of-1-mb",
            &host().subject(&format!("CN={huge}")).valid("20100101000000Z", "20110101000000Z"),
        )
        .refused("expired on"),
        case(
            "pathological::issuer-of-1-mb",
            &host().issuer_der(seq([rdn("2.5.4.3", utf8(&huge))])).by(&root),
            &root,
        )
        .refused("is not among the CA certificates given"),
        direct(
            "san-of-10000-names",
            &leaf("x").with(san(&many(10_000, |n| format!("DNS:h{n}.example.com")))),
        )
        .host("h9999.example.com"),
        direct(
            "san-of-10000-other-names",
            &leaf("x").with(san(&many(10_000, |n| format!("DNS:h{n}.example.com")))),
        )
        .host("mail.example.com")
        .refused("and 9980 more"),
        direct("one-name-of-1-mb", &leaf("x").with(san(&[tlv(0x82, &huge)])))
            .host("mail.example.com")
            .refused("is not among"),
        direct("20000-extensions", &extensions),
        direct("20000-purposes", &host().with(Extension::new(EXTENDED, false, seq(purposes))))
            .server()
            .refused("19995 more"),
        direct(
            "nested-10000-deep",
            &host().with(Extension::new("1.3.6.1.4.1.32473.7", false, deep.clone())),
        ),
        direct(
            "nested-10000-deep-in-a-name",
            &host().with(Extension::new(
                SAN,
                false,
                seq([tagged(0, [oid("1.2.3"), tagged(0, deep.clone())].concat())]),
            )),
        ),
        direct(
            "nested-10000-deep-in-constraints",
            &host().with(Extension::new(CONSTRAINTS, true, deep)),
        ),
        case("pathological::root-among-5000-of-its-name", &host().by(&root), &root)
            .untrusted(&twins.iter().collect::<Vec<_>>()),
    ]
}

/// Names that would do something to a terminal, or look like another.
fn faces() -> Vec<Case> {
    let root = ca("Root").self_signed();
    let named = |id: &str, name: &str| {
        let sub = ca("x")
            .subject_der(seq([rdn("2.5.4.3", utf8(name))]))
            .valid("20100101000000Z", "20110101000000Z")
            .by(&root);
        case(&format!("hostile::{id}"), &host().by(&sub), &root).untrusted(&[&sub])
    };
    let raw = |id: &str, tag: u8, content: &[u8]| {
        let end = host()
            .subject_der(seq([rdn("2.5.4.3", tlv(tag, content))]))
            .valid("20100101000000Z", "20110101000000Z");
        case(&format!("hostile::{id}"), &end.by(&root), &root).refused("expired on")
    };
    vec![
        named("escape-sequence", "\x1b[2J\x1b]0;Root\x07").refused(r"\u{1b}[2J\u{1b}]0;Root\u{7}"),
        named("line-end", "Root\r\nvalid: yes").refused(r"Root\u{d}\u{a}valid: yes"),
        named("right-to-left", "\u{202e}tooR").refused(r"\u{202e}tooR"),
        named("zero-width", "Ro\u{200b}ot").refused(r"Ro\u{200b}ot"),
        named("nul", "Root\0").refused(r"Root\u{0}"),
        named("c1-control", "\u{9b}2J").refused(r"\u{9b}2J"),
        raw("not-utf8", 12, b"\xff\xfe"),
        raw("t61", 20, b"M\xfcller\x9b2J"),
        raw("bmp-odd", 30, b"abc"),
        raw("bmp-surrogates", 30, b"\xd8\x00\xd8\x00"),
        raw("universal-too-large", 28, b"\x7f\xff\xff\xff"),
        raw("printable-with-escape", 19, b"\x1b[31m"),
        raw("an-integer", 2, b"\x05"),
        raw("empty", 12, b""),
    ]
}

fn revocation() -> Vec<Case> {
    let root = ca("Root").self_signed();
    let end = host().by(&root);
    let forged: Vec<_> = (0..300).map(|_| list().signed(&root, &Key::new())).collect();
    let long =
        (0..100_000u64).fold(list(), |list, n| list.entry(entry(&super::super::der::int(n), &[])));
    vec![
        case("pathological::300-forged-lists", &end, &root).lists(&forged).refused(
            "no usable CRL for \"mail.example.com\" was found within 256 signature checks",
        ),
        case("pathological::list-of-100000", &end, &root)
            .lists(&[long.revoking(&end).by(&root)])
            .refused("was revoked on"),
    ]
}

/// Asked of us alone: a referee would be at it for minutes, or has bounds of its own that are no answer.
pub fn cases() -> Vec<Case> {
    [constraints(), meshes(), large(), faces(), revocation()].concat()
}

/// Where a path is found, it is the shortest.
pub fn path_through_mesh() -> usize {
    let case = mesh("shortest", 30, Some(11), false);
    let options = Options {
        roots: &case.roots,
        intermediates: &case.untrusted,
        crls: &[],
        at: NOW,
        purpose: None,
        identity: None,
    };
    verify(&case.leaf, &options).unwrap().certificates.len()
}
