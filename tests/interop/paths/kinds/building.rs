//! Building the path: missing, superfluous, disordered and cross-signed intermediates, several paths of
//! which one is good, cycles, and meshes.

use super::super::case::{Case, case};
use super::super::extension::{AKI, EXTENDED, SKI, constraints, extended};
use super::super::key::Key;
use super::super::make::{BEGIN, Draft, Made, ca, leaf};

fn host() -> Draft {
    leaf("mail.example.com")
}

fn plain() -> Vec<Case> {
    let root = ca("Root").self_signed();
    let a = ca("A").by(&root);
    let b = ca("B").by(&a);
    let c = ca("C").by(&b);
    let end = host().by(&c);
    let strangers: Vec<Made> = (0..20).map(|n| ca(&format!("Stranger {n}")).by(&root)).collect();
    let strangers: Vec<&Made> = strangers.iter().collect();
    let other = ca("Other Root").self_signed();
    vec![
        case("building::in-order", &end, &root).untrusted(&[&c, &b, &a]),
        case("building::in-reverse", &end, &root).untrusted(&[&a, &b, &c]),
        case("building::in-disorder", &end, &root).untrusted(&[&b, &c, &a]),
        case("building::with-strangers", &end, &root).untrusted(&strangers).untrusted(&[&c, &b, &a]),
        case("building::each-twice", &end, &root).untrusted(&[&c, &c, &b, &b, &a, &a]),
        case("building::with-the-root", &end, &root).untrusted(&[&c, &b, &a, &root]),
        case("building::with-the-leaf", &end, &root).untrusted(&[&end, &c, &b, &a]),
        case("building::with-another-root", &end, &root).untrusted(&[&c, &b, &a, &other]),
        case("building::two-trusted", &end, &root).untrusted(&[&c, &b, &a]).trusted(&[&other, &root]),
        case("building::first-missing", &end, &root).untrusted(&[&b, &a])
            .refused("the issuer of \"mail.example.com\" is not among the CA certificates given: it is O=Example, CN=C"),
        case("building::middle-missing", &end, &root).untrusted(&[&c, &a])
            .refused("the issuer of \"C\" is not among the CA certificates given: it is O=Example, CN=B"),
        case("building::last-missing", &end, &root).untrusted(&[&c, &b])
            .refused("the issuer of \"B\" is not among the CA certificates given: it is O=Example, CN=A"),
        case("building::all-missing", &end, &root).refused("the issuer of \"mail.example.com\" is not among"),
        case("rfc5280::chain-untrusted-root", &end, &other).untrusted(&[&c, &b, &a, &root])
            .refused("the chain ends at the CA \"Root\" (EC P-256), which is not among the trusted CA certificates"),
        case("building::no-root-at-all", &end, &root).trusted(&[]).untrusted(&[&c, &b, &a])
            .refused("and those trusted are none"),
        case("building::intermediate-trusted", &end, &root).trusted(&[&c])
            .refused("the issuer of \"C\" is not among"),
        case("building::intermediate-and-root-trusted", &end, &root).trusted(&[&c, &b, &a, &root]),
        case("building::leaf-trusted", &end, &root).trusted(&[&end])
            .refused("the issuer of \"mail.example.com\" is not among"),
        case("building::leaf-as-its-own-ca", &host().by(&end), &root).untrusted(&[&end, &c, &b, &a])
            .refused("the CA certificate \"mail.example.com\" is not a CA"),
    ]
}

fn crossed() -> Vec<Case> {
    let root = ca("Root").self_signed();
    let other = ca("Other Root").self_signed();
    let key = Key::new();
    let sub = |draft: Draft| draft.key(&key);
    let by_root = sub(ca("Sub")).by(&root);
    let by_other = sub(ca("Sub")).by(&other);
    let expired = sub(ca("Sub")).valid(BEGIN, "20280101000000Z").by(&root);
    let narrow = sub(ca("Sub")).with(constraints("+DNS:example.org")).by(&root);
    let client = sub(ca("Sub")).with(extended(&["client"])).by(&root);
    let no_ca = sub(ca("Sub")).with(super::super::extension::basic(false, None)).by(&root);
    let forged = sub(ca("Sub")).forged(&root);
    let end = || host().by(&by_root);
    let both = |id: &str, bad: &Made| {
        case(&format!("bettertls::pathbuilding::{id}"), &end(), &root)
            .trusted(&[&root, &other])
            .untrusted(&[bad, &by_other])
    };
    // The root of old certified the key of the new one, and is over.
    let old = ca("Old Root").self_signed();
    let bridge = ca("Root").key(&root.key).valid(BEGIN, "20280101000000Z").by(&old);
    let direct = host().by(&root);
    vec![
        case("building::cross-first-root", &end(), &root).untrusted(&[&by_root, &by_other]),
        case("building::cross-second-root", &end(), &other).untrusted(&[&by_root, &by_other]),
        case("building::cross-second-root-alone", &end(), &other).untrusted(&[&by_other]),
        case("building::cross-dead-end-with-its-root", &end(), &other)
            .untrusted(&[&by_root, &root, &by_other]),
        both("expired", &expired),
        both("name-constraints", &narrow),
        both("bad-eku", &client).server(),
        both("not-a-ca", &no_ca),
        both("bad-signature", &forged),
        case("bettertls::pathbuilding::only-expired", &end(), &root)
            .untrusted(&[&expired])
            .refused("the CA certificate \"Sub\" expired on 2028-01-01"),
        case("bettertls::pathbuilding::only-constrained", &end(), &root)
            .untrusted(&[&narrow])
            .refused("is outside the names"),
        case("pathological::multiple-chains-expired-intermediate", &direct, &root)
            .trusted(&[&root, &old])
            .untrusted(&[&bridge]),
        case("pathological::expired-bridge-to-the-only-root", &direct, &old)
            .untrusted(&[&bridge])
            .refused("the CA certificate \"Root\" expired on"),
        {
            let bridge = ca("Root").key(&root.key).by(&old);
            case("building::new-root-by-the-old", &direct, &old).untrusted(&[&bridge])
        },
        {
            let renewed = ca("Root").key(&root.key).valid(BEGIN, "20500101000000Z").self_signed();
            let over = ca("Root").key(&root.key).valid(BEGIN, "20280101000000Z").self_signed();
            case("building::expired-root-and-its-renewal", &direct, &root)
                .trusted(&[&over, &renewed])
        },
        {
            let rolled = ca("Root").self_signed();
            let link = ca("Root").key(&rolled.key).by(&root);
            let end = host().by(&rolled);
            case("building::rollover-new-with-old", &end, &root).untrusted(&[&link])
        },
    ]
}

fn cycles() -> Vec<Case> {
    let root = ca("Root").self_signed();
    // Two that certify each other, with distinct names and with the same one.
    let ring = |first: &str, second: &str| {
        let (one, two) = (ca(first).self_signed(), ca(second).self_signed());
        let one_by_two = ca(first).key(&one.key).by(&two);
        let two_by_one = ca(second).key(&two.key).by(&one);
        [one_by_two, two_by_one]
    };
    let [a, b] = ring("A", "B");
    let [c, d] = ring("C", "C");
    let bare = |draft: Draft| draft.without(SKI).without(AKI);
    let [key_1, key_2] = [Key::new(), Key::new()];
    let loop_1 = bare(ca("Loop")).key(&key_1).by(&bare(ca("Loop")).key(&key_2).self_signed());
    let loop_2 = bare(ca("Loop")).key(&key_2).by(&bare(ca("Loop")).key(&key_1).self_signed());
    vec![
        case("pathological::intermediate-cycle-distinct-cas", &host().by(&a), &root)
            .untrusted(&[&a, &b])
            .refused("the issuer of \"B\" is not among"),
        case("pathological::intermediate-cycle-same-logical-ca", &host().by(&c), &root)
            .untrusted(&[&c, &d])
            .refused("the issuer of \"C\" is not among"),
        case("pathological::cycle-without-identifiers", &host().without(AKI).by(&loop_1), &root)
            .untrusted(&[&loop_1, &loop_2])
            .refused("is not"),
        {
            let out = ca("B").key(&b.key).by(&root);
            case("pathological::cycle-with-a-way-out", &host().by(&a), &root)
                .untrusted(&[&a, &b, &out])
        },
        {
            // A certified by B and C, B by A and C, C by A and B; A is also the root.
            let names = ["A", "B", "C"];
            let roots: Vec<_> = names.iter().map(|name| ca(name).self_signed()).collect();
            let mut all = vec![ca("A1").by(&roots[0])];
            let end = host().by(&all[0]);
            for (subject, name) in names.iter().enumerate() {
                for issuer in (0..3).filter(|issuer| *issuer != subject) {
                    all.push(ca(name).key(&roots[subject].key).by(&roots[issuer]));
                }
            }
            case("cve::cve-2024-0567", &end, &roots[0]).untrusted(&all.iter().collect::<Vec<_>>())
        },
    ]
}

/// A straight chain of so many CAs between root and leaf.
pub fn long(id: &str, count: usize) -> Case {
    let root = ca("Root").self_signed();
    let mut made = vec![ca("Sub 0").by(&root)];
    for number in 1..count {
        made.push(ca(&format!("Sub {number}")).by(made.last().unwrap()));
    }
    made.reverse();
    case(id, &host().by(&made[0]), &root).untrusted(&made.iter().collect::<Vec<_>>())
}

fn lengths() -> Vec<Case> {
    vec![
        long("building::ten-intermediates", 10),
        long("building::eleven-intermediates", 11).refused("is longer than 12 certificates"),
        long("building::forty-intermediates", 40).refused("is longer than 12 certificates"),
        {
            let root = ca("Root").self_signed();
            let end = leaf("mail.example.com").without(EXTENDED).by(&root);
            let many: Vec<Made> = (0..100).map(|_| ca("Root").self_signed()).collect();
            case("pathological::a-hundred-cas-of-one-name", &end, &root)
                .untrusted(&many.iter().collect::<Vec<_>>())
        },
    ]
}

pub fn cases() -> Vec<Case> {
    [plain(), crossed(), cycles(), lengths()].concat()
}
