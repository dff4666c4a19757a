//! Who may issue: basicConstraints, path length, key identifiers, versions, serial numbers, names of CAs.

use super::super::case::{Case, case, chain};
use super::super::der::{int, name, octets, oid, seq, tagged, tlv};
use super::super::extension::{
    AKI, BASIC, Extension, SKI, USAGE, authority_key, basic, subject_key, usage,
};
use super::super::key::Key;
use super::super::make::{Draft, Made, ca, leaf};

fn host() -> Draft {
    leaf("mail.example.com")
}

fn root_case(id: &str, root: &Draft) -> Case {
    let root = root.self_signed();
    case(id, &host().by(&root), &root)
}

fn leaf_case(id: &str, leaf: &Draft) -> Case {
    let root = ca("Root").self_signed();
    case(id, &leaf.by(&root), &root)
}

/// A root, CAs with these path lengths below it, and a leaf.
fn lengths(id: &str, root: Option<u64>, below: &[Option<u64>]) -> Case {
    let root = ca("Root").with(basic(true, root)).self_signed();
    let mut made: Vec<Made> = Vec::new();
    for (number, limit) in below.iter().enumerate() {
        let draft = ca(&format!("Sub {number}")).with(basic(true, *limit));
        made.push(draft.by(made.last().unwrap_or(&root)));
    }
    let leaf = host().by(made.last().unwrap_or(&root));
    case(id, &leaf, &root).untrusted(&made.iter().collect::<Vec<_>>())
}

fn basics() -> Vec<Case> {
    let old = |oid: &'static str, value| Extension::new(oid, true, value);
    vec![
        chain("rfc5280::basic::plain", &host(), &ca("Sub")),
        chain(
            "rfc5280::basic::intermediate-ca-without-ca-bit",
            &host(),
            &ca("Sub").with(basic(false, None)),
        )
        .refused("the CA certificate \"Sub\" is not a CA"),
        chain(
            "rfc5280::basic::intermediate-ca-missing-basic-constraints",
            &host(),
            &ca("Sub").without(BASIC),
        )
        .refused("the CA certificate \"Sub\" is not a CA"),
        chain(
            "rfc5280::basic::intermediate-noncritical",
            &host(),
            &ca("Sub").critical(BASIC, false),
        ),
        root_case("rfc5280::basic::root-missing-basic-constraints", &ca("Root").without(BASIC))
            .refused("the CA certificate \"Root\" is not a CA"),
        root_case("rfc5280::basic::root-not-a-ca", &ca("Root").with(basic(false, None)))
            .refused("the CA certificate \"Root\" is not a CA"),
        root_case(
            "rfc5280::basic::root-non-critical-basic-constraints",
            &ca("Root").critical(BASIC, false),
        ),
        root_case("rfc5280::basic::root-inconsistent-ca-extensions", &ca("Root").with(usage(&[0])))
            .refused("the CA certificate \"Root\" may not sign certificates"),
        root_case("rfc5280::basic::root-without-key-usage", &ca("Root").without(USAGE)),
        chain(
            "rfc5280::basic::ica-ku-keycertsign",
            &host(),
            &ca("Sub").with(basic(true, Some(0))).with(usage(&[6])),
        )
        .refused("the CA certificate \"Sub\" may not sign certificates: its key usage is"),
        chain("rfc5280::basic::ica-without-key-usage", &host(), &ca("Sub").without(USAGE)),
        leaf_case("rfc5280::basic::no-basicconstraints", &host()),
        leaf_case("rfc5280::basic::leaf-ca-false", &host().with(basic(false, None))),
        leaf_case(
            "rfc5280::basic::leaf-ca-false-spelled-out",
            &host().with(old(BASIC, seq([tlv(1, [0])]))),
        ),
        leaf_case(
            "rfc5280::basic::leaf-ca-true-0x01",
            &host().with(old(BASIC, seq([tlv(1, [1])]))),
        ),
        leaf_case(
            "rfc5280::basic::leaf-ku-keycertsign",
            &host().with(basic(false, None)).with(usage(&[0, 5])),
        ),
        leaf_case(
            "rfc5280::basic::leaf-pathlen-without-ca",
            &host().with(old(BASIC, seq([int(0)]))),
        ),
        leaf_case(
            "rfc5280::basic::negative-pathlen",
            &host().with(old(BASIC, seq([tlv(1, [0xff]), tlv(2, [0xff])]))),
        )
        .refused("malformed"),
        leaf_case(
            "rfc5280::basic::huge-pathlen",
            &ca("Sub").with(old(BASIC, seq([tlv(1, [0xff]), tlv(2, [1; 9])]))),
        )
        .refused("malformed"),
        leaf_case(
            "rfc5280::basic::trailing-octets",
            &host().with(old(BASIC, [seq([]), vec![5, 0]].concat())),
        )
        .refused("malformed"),
        leaf_case("rfc5280::basic::a-ca-as-leaf", &ca("Sub")),
        leaf_case(
            "webpki::ee-basicconstraints-ca",
            &host().with(basic(true, None)).with(usage(&[0, 5])),
        )
        .server(),
    ]
}

fn path_lengths() -> Vec<Case> {
    let limit = |n: u64| Some(n);
    let mut cases = vec![
        lengths("pathlen::ee-with-intermediate-pathlen-0", None, &[limit(0)]),
        lengths("pathlen::ee-with-intermediate-pathlen-1", None, &[limit(1)]),
        lengths("pathlen::ee-with-intermediate-pathlen-2", None, &[limit(2)]),
        lengths("pathlen::root-pathlen-0", limit(0), &[]),
        lengths("pathlen::root-pathlen-0-with-intermediate", limit(0), &[None]).refused(
            "the CA \"Root\" may have 0 intermediate CAs below it, but this chain has 1: \"Sub 0\"",
        ),
        lengths("pathlen::root-pathlen-1-with-intermediate", limit(1), &[None]),
        lengths("pathlen::root-pathlen-1-with-two", limit(1), &[None, None])
            .refused("the CA \"Root\" may have 1 intermediate CAs below it"),
        lengths("pathlen::intermediate-violates-pathlen-0", None, &[limit(0), limit(0)])
            .refused("the CA \"Sub 0\" may have 0"),
        lengths("pathlen::intermediate-pathlen-may-increase", None, &[limit(1), limit(2)]),
        lengths("pathlen::intermediate-pathlen-too-long", None, &[limit(1), limit(0), limit(0)])
            .refused("the CA \"Sub 1\" may have 0"),
        lengths("pathlen::wider-below-narrow", limit(1), &[limit(5), limit(5)])
            .refused("the CA \"Root\" may have 1"),
        lengths("pathlen::large", limit(0xffff), &[limit(0x7fff)]),
    ];
    let root = ca("Root").self_signed();
    let first = ca("Sub").with(basic(true, Some(0))).by(&root);
    let second = ca("Below").with(basic(true, Some(0))).by(&first);
    cases.push(
        case("pathlen::validation-ignores-pathlen-in-leaf", &second, &root).untrusted(&[&first]),
    );
    // RFC 5280 6.1.4 l: a self-issued certificate does not count.
    let first = ca("Sub").with(basic(true, Some(1))).by(&root);
    let again = ca("Sub").with(basic(true, Some(1))).by(&first);
    let last = ca("Last").with(basic(true, Some(0))).by(&again);
    let made = host().by(&last);
    cases.push(
        case("pathlen::self-issued-certs-pathlen", &made, &root)
            .untrusted(&[&first, &again, &last]),
    );
    let first = ca("Sub").with(basic(true, Some(0))).by(&root);
    let again = ca("Sub").with(basic(true, Some(0))).by(&first);
    cases.push(
        case("pathlen::self-issued-below-pathlen-0", &host().by(&again), &root)
            .untrusted(&[&first, &again]),
    );
    cases
}

fn identifiers() -> Vec<Case> {
    let root = ca("Root").self_signed();
    let twin = ca("Root").self_signed();
    let wrong = authority_key(&[7; 20]);
    let full = |issuer: &str, serial: &[u8]| {
        let serial = [&[0x82], &serial[1..]].concat();
        let names = tlv(0xa1, tagged(4, name(issuer)));
        Extension::new(AKI, false, seq([names, serial]))
    };
    let foreign =
        |id: &str, extension: Extension| case(id, &host().with(extension).by(&root), &root);
    vec![
        leaf_case("rfc5280::aki::leaf-missing-aki", &host().without(AKI)),
        chain("rfc5280::aki::intermediate-missing-aki", &host(), &ca("Sub").without(AKI)),
        root_case("rfc5280::aki::root-with-own-aki", &{
            let draft = ca("Root");
            let own = authority_key(&draft.key.identifier());
            draft.with(own)
        }),
        root_case("rfc5280::aki::cross-signed-root-missing-aki", &ca("Root")),
        leaf_case("rfc5280::aki::critical-aki", &{
            let root = ca("Root").self_signed();
            host().with(authority_key(&root.identifier).critical(true))
        })
        .refused("has the right name but another key"),
        case("rfc5280::aki::critical-and-right",
            &host().with(authority_key(&root.identifier).critical(true)).by(&root), &root).refused("not understood: 2.5.29.35"),
        foreign("rfc5280::aki::of-another-key", wrong).refused("the CA certificate \"Root\" has the right name but another key"),
        foreign("rfc5280::aki::issuer-and-serial", full("O=Example,CN=Root", &root.serial)),
        foreign("rfc5280::aki::another-serial", full("O=Example,CN=Root", &int(5)))
            .refused("another serial number"),
        foreign("rfc5280::aki::another-issuer", full("O=Example,CN=Toor", &root.serial))
            .refused("has the right name but another key"),
        foreign("rfc5280::aki::empty", Extension::new(AKI, false, seq([]))),
        foreign("rfc5280::aki::malformed", Extension::new(AKI, false, octets([1, 2]))).refused("malformed"),
        case("rfc5280::aki::twin-with-another-key", &host().by(&root), &twin)
            .refused("has the right name but another key"),
        case("rfc5280::aki::twin-without-identifiers", &host().without(AKI).by(&root), &twin)
            .refused("the signature on the certificate of \"mail.example.com\" by the CA \"Root\" is not accepted"),
        case("rfc5280::aki::right-among-twins", &host().by(&root), &root).trusted(&[&twin, &root]),
        case("rfc5280::aki::right-among-twins-without-identifiers", &host().without(AKI).by(&root), &root)
            .trusted(&[&twin, &root]),
        root_case("rfc5280::ski::root-missing-ski", &ca("Root").without(SKI).without(AKI)),
        chain("rfc5280::ski::intermediate-missing-ski", &host(), &ca("Sub").without(SKI)),
        root_case("rfc5280::ski::critical-ski", &ca("Root").critical(SKI, true)).refused("not understood: 2.5.29.14"),
        chain("rfc5280::ski::any-octets", &host(), &ca("Sub").with(subject_key(b"made up"))),
        chain("rfc5280::ski::empty", &host(), &ca("Sub").with(subject_key(b""))),
        leaf_case("rfc5280::ski::leaf-missing-ski", &host().without(SKI)),
        leaf_case("rfc5280::ski::malformed", &host().with(Extension::new(SKI, false, oid("1.2.3"))))
            .refused("malformed"),
    ]
}

fn forms() -> Vec<Case> {
    let root = ca("Root").self_signed();
    let nobody = seq([]);
    let v1_root = ca("Old Root").bare().version(None).self_signed();
    let v1_sub = ca("Sub").bare().version(None).by(&root);
    let long = tlv(2, [0x7f; 21]);
    let serial =
        |id: &str, der: Vec<u8>| leaf_case(&format!("rfc5280::serial::{id}"), &host().serial(der));
    vec![
        serial("zero", int(0)),
        serial("negative", tlv(2, [0x80])),
        serial("twenty-octets", tlv(2, [0x7f; 20])),
        serial("too-long", long),
        serial("very-long", tlv(2, [0x7f; 4000])),
        serial("superfluous-zeros", tlv(2, [0, 0, 5])).refused("malformed serial number"),
        serial("empty", tlv(2, [])).refused("malformed"),
        leaf_case("rfc5280::version::leaf-v1", &host().bare().version(None)),
        leaf_case("rfc5280::version::leaf-v2", &host().bare().version(Some(1))),
        leaf_case("rfc5280::version::leaf-v1-with-extensions", &host().version(None)),
        leaf_case("rfc5280::version::leaf-v4", &host().version(Some(3))),
        leaf_case("rfc5280::version::leaf-v1-spelled-out", &host().bare().version(Some(0))),
        case("rfc5280::version::root-v1", &host().without(AKI).by(&v1_root), &v1_root),
        case("rfc5280::version::intermediate-v1", &host().without(AKI).by(&v1_sub), &root)
            .untrusted(&[&v1_sub]).refused("the CA certificate \"Sub\" is X.509 version 1"),
        root_case("rfc5280::names::ca-empty-subject", &ca("Root").subject_der(nobody.clone())),
        leaf_case("rfc5280::names::ee-empty-issuer", &host().issuer_der(nobody.clone()))
            .refused("the issuer of \"mail.example.com\" is not among the CA certificates given: it is empty name"),
        leaf_case("rfc5280::names::ee-empty-subject", &host().subject_der(nobody.clone()).critical("2.5.29.17", true)),
        leaf_case("rfc5280::san::noncritical-with-empty-subject", &host().subject_der(nobody.clone())),
        leaf_case("rfc5280::names::nobody-at-all", &host().subject_der(nobody).without("2.5.29.17")),
        case("rfc5280::names::issuer-in-another-case", &host().issuer_der(name("O=EXAMPLE,CN=root")).by(&root), &root),
        case("rfc5280::names::issuer-with-more-spaces", &host().issuer_der(name("O= Example ,CN=Root")).by(&root), &root),
        case("rfc5280::names::issuer-in-another-order", &host().issuer_der(name("CN=Root,O=Example")).by(&root), &root)
            .refused("is not among the CA certificates given"),
        case("rfc5280::names::issuer-with-one-more", &host().issuer_der(name("O=Example,CN=Root,CN=x")).by(&root), &root)
            .refused("is not among the CA certificates given"),
        case("webpki::self-signed-leaf-untrusted", &host().self_signed(), &root)
            .refused("the certificate of \"mail.example.com\" is self-signed, and it is not among"),
        {
            let own = host().self_signed();
            case("webpki::self-signed-leaf-trusted", &own, &own)
        },
        case("webpki::root-as-leaf", &root, &root),
        leaf_case("webpki::same-key-as-its-ca", &{
            let key = Key::new();
            host().key(&key)
        }),
    ]
}

pub fn cases() -> Vec<Case> {
    [basics(), path_lengths(), identifiers(), forms()].concat()
}
