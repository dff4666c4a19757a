//! Signatures and keys: changed, by another, of every algorithm, weak, unknown, absurd.

use super::super::case::{Case, case, chain};
use super::super::der::{bits, int, null, oid, positive, seq, tagged, tlv};
use super::super::key::{Algorithm, Key, exponent};
use super::super::make::{Draft, ca, leaf};

fn host() -> Draft {
    leaf("mail.example.com")
}

fn root_with(id: &str, key: &Key) -> Case {
    let root = ca("Root").key(key).self_signed();
    case(id, &host().by(&root), &root)
}

/// A leaf that is signed with another algorithm than its signer's usual one.
fn signed_with(id: &str, key: &Key, algorithm: Algorithm) -> Case {
    let root = ca("Root").key(key).self_signed();
    case(id, &host().algorithm(algorithm).by(&root), &root)
}

fn forged() -> Vec<Case> {
    let root = ca("Root").self_signed();
    let sub = ca("Sub").by(&root);
    let forged_sub = ca("Sub").forged(&root);
    // Its last bit is 0, so that it may be called unused.
    let mut all = std::iter::repeat_with(|| host().by(&root));
    let good = all.find(|made| made.der.last().is_some_and(|octet| octet & 1 == 0)).unwrap();
    let sentence = "the signature on the certificate of \"mail.example.com\" by the CA \"Root\" is not accepted";
    let flipped = |at: usize| {
        good.changed(|parts| {
            let mut der = seq(parts);
            let at = der.len() - at;
            der[at] ^= 1;
            der
        })
    };
    let signature =
        |content: Vec<u8>| good.changed(|[body, algorithm, _]| seq([body, algorithm, content]));
    let plain = |signature: &[u8]| signature[3..].to_vec();
    let own = plain(&good.parts()[2]);
    let name_changed = good.changed(|[body, algorithm, signature]| {
        let mut body = body;
        let at = body.windows(4).rposition(|part| part == b"mail").unwrap();
        body[at..at + 4].copy_from_slice(b"evil");
        seq([body, algorithm, signature])
    });
    vec![
        case("rfc5280::signature::leaf-by-another-key", &host().forged(&root), &root)
            .refused(sentence),
        case("rfc5280::signature::intermediate-by-another-key", &host().by(&forged_sub), &root)
            .untrusted(&[&forged_sub])
            .refused(
                "the signature on the certificate of \"Sub\" by the CA \"Root\" is not accepted",
            ),
        case("rfc5280::signature::forged-beside-good-intermediate", &host().by(&sub), &root)
            .untrusted(&[&forged_sub, &sub]),
        case("rfc5280::signature::last-octet-changed", &flipped(1), &root).refused(sentence),
        case("rfc5280::signature::name-changed", &name_changed, &root).refused("is not accepted"),
        case("rfc5280::signature::empty", &signature(bits(&[])), &root).refused(sentence),
        case("rfc5280::signature::zeros", &signature(bits(&seq([int(0), int(0)]))), &root)
            .refused(sentence),
        case("rfc5280::signature::of-the-root-itself", &signature(root.parts()[2].clone()), &root)
            .refused(sentence),
        case(
            "rfc5280::signature::octets-behind",
            &signature(bits(&[own.clone(), vec![0]].concat())),
            &root,
        )
        .refused(sentence),
        case(
            "rfc5280::signature::unused-bits",
            &signature(tlv(3, [vec![1], own.clone()].concat())),
            &root,
        )
        .refused("broken number of octets"),
        case("rfc5280::signature::an-octet-string", &signature(tlv(4, own)), &root)
            .refused("malformed"),
        {
            let mut draft = host();
            draft.inner_algorithm = Some(seq([oid("1.2.840.10045.4.3.3")]));
            case("rfc5280::mismatching-signature-algorithm", &draft.by(&root), &root)
                .refused("names ECDSA with SHA-384 inside and ECDSA with SHA-256 outside")
        },
        {
            let swapped = good.changed(|[body, _, signature]| {
                seq([body, seq([oid("1.2.840.10045.4.3.3")]), signature])
            });
            case("rfc5280::signature::algorithm-changed-outside", &swapped, &root)
                .refused("names ECDSA with SHA-256 inside and ECDSA with SHA-384 outside")
        },
        {
            // The signature of a root is nobody's business: it is trusted for being given.
            let broken =
                root.changed(|[body, algorithm, _]| seq([body, algorithm, bits(&[1, 2, 3])]));
            case("rfc5280::signature::of-a-trusted-root", &good, &broken)
        },
    ]
}

fn good_algorithms() -> Vec<Case> {
    let rsa = Key::rsa();
    let of = |id: &str, oid: &str, digest| {
        signed_with(&format!("webpki::algorithm::{id}"), &rsa, Algorithm::rsa(oid, digest))
    };
    let hash = || seq([oid("2.16.840.1.101.3.4.2.1"), null()]);
    let mask = || seq([oid("1.2.840.113549.1.1.8"), hash()]);
    let parameters = seq([tagged(0, hash()), tagged(1, mask()), tagged(2, int(32))]);
    let pss = Algorithm { der: seq([oid("1.2.840.113549.1.1.10"), parameters]), digest: "pss" };
    vec![
        of("rsa-sha256", "1.2.840.113549.1.1.11", "sha256"),
        of("rsa-sha384", "1.2.840.113549.1.1.12", "sha384"),
        of("rsa-sha512", "1.2.840.113549.1.1.13", "sha512"),
        signed_with("webpki::algorithm::rsa-pss-sha256", &rsa, pss),
        root_with("webpki::algorithm::p256", &Key::new()),
        root_with("webpki::algorithm::p384", &Key::p384()),
        root_with("webpki::algorithm::ed25519", &Key::ed25519()),
        signed_with(
            "webpki::algorithm::p521",
            &Key::openssl("-algorithm EC -pkeyopt ec_paramgen_curve:P-521"),
            Algorithm::plain("1.2.840.10045.4.3.4", "sha512"),
        ),
        chain("webpki::algorithm::rsa-below-ec", &host(), &ca("Sub").key(&rsa)),
        chain("webpki::algorithm::ed25519-below-ec", &host(), &ca("Sub").key(&Key::ed25519())),
        root_with(
            "webpki::algorithm::rsa-3072",
            &Key::openssl("-algorithm RSA -pkeyopt rsa_keygen_bits:3072"),
        ),
        root_with(
            "webpki::algorithm::rsa-exponent-3",
            &Key::openssl(
                "-algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3",
            ),
        ),
        signed_with(
            "webpki::algorithm::p384-with-sha256",
            &Key::openssl("-algorithm EC -pkeyopt ec_paramgen_curve:P-384"),
            Algorithm::plain("1.2.840.10045.4.3.2", "sha256"),
        ),
        signed_with(
            "webpki::algorithm::rsa-without-parameters",
            &rsa,
            Algorithm::plain("1.2.840.113549.1.1.11", "sha256"),
        ),
        signed_with(
            "webpki::algorithm::ecdsa-with-null",
            &Key::new(),
            Algorithm::rsa("1.2.840.10045.4.3.2", "sha256"),
        ),
    ]
}

fn weak() -> Vec<Case> {
    let small = Key::openssl("-algorithm RSA -pkeyopt rsa_keygen_bits:1024");
    let rsa = Key::openssl("-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    let curve =
        |name: &str| Key::openssl(&format!("-algorithm EC -pkeyopt ec_paramgen_curve:{name}"));
    let with = |id: &str, key: &Key, algorithm: Algorithm, words: &str| {
        signed_with(&format!("webpki::weak::{id}"), key, algorithm).refused(words)
    };
    let ec = || Algorithm::plain("1.2.840.10045.4.3.2", "sha256");
    vec![
        with(
            "rsa-sha1",
            &rsa,
            Algorithm::rsa("1.2.840.113549.1.1.5", "sha1"),
            "it is signed with RSA with SHA-1, which is broken",
        ),
        with(
            "rsa-md5",
            &rsa,
            Algorithm::rsa("1.2.840.113549.1.1.4", "md5"),
            "it is signed with RSA with MD5, which is broken",
        ),
        with(
            "ecdsa-sha1",
            &curve("P-256"),
            Algorithm::plain("1.2.840.10045.4.1", "sha1"),
            "it is signed with ECDSA with SHA-1",
        ),
        root_with("webpki::weak::root-1024", &small)
            .refused("the signer's key is RSA 1024 bits, which is too small"),
        chain("webpki::weak::intermediate-1024", &host(), &ca("Sub").key(&small))
            .refused("by the CA \"Sub\" is not accepted: the signer's key is RSA 1024 bits"),
        chain("webpki::weak::leaf-1024", &host().key(&small), &ca("Sub")),
        with("secp256k1", &curve("secp256k1"), ec(), "EC secp256k1, which mailca cannot use"),
        with("p192", &curve("prime192v1"), ec(), "EC P-192, which mailca cannot use"),
        with("p224", &curve("secp224r1"), ec(), "EC P-224, which mailca cannot use"),
        with(
            "brainpool",
            &curve("brainpoolP256r1"),
            ec(),
            "EC brainpoolP256r1, which mailca cannot use",
        ),
        with(
            "ed448",
            &Key::openssl("-algorithm ED448"),
            Algorithm::plain("1.3.101.113", ""),
            "Ed448, which mailca cannot verify",
        ),
        with(
            "rsa-sha224",
            &rsa,
            Algorithm::rsa("1.2.840.113549.1.1.14", "sha224"),
            "RSA with SHA-224, which mailca cannot verify",
        ),
        with(
            "rsa-sha3",
            &rsa,
            Algorithm::rsa("2.16.840.1.101.3.4.3.14", "sha3-256"),
            "RSA with SHA3-256, which mailca cannot verify",
        ),
        with(
            "unknown-algorithm",
            &rsa,
            Algorithm::rsa("1.3.6.1.4.1.32473.3", "sha256"),
            "algorithm 1.3.6.1.4.1.32473.3",
        ),
        with(
            "rsa-algorithm-of-an-ec-key",
            &Key::new(),
            Algorithm::rsa("1.2.840.113549.1.1.11", ""),
            "the signature is RSA with SHA-256, but the signer's key is EC P-256",
        ),
        with(
            "ecdsa-algorithm-of-an-rsa-key",
            &Key::rsa(),
            ec(),
            "the signature is ECDSA with SHA-256, but the signer's key is RSA 2048 bits",
        ),
    ]
}

/// Keys that nobody has made by accident.
fn absurd() -> Vec<Case> {
    let rsa_key = |modulus: &[u8], exponent: &[u8]| {
        let key = seq([positive(modulus), positive(exponent)]);
        Key::raw(seq([seq([oid("1.2.840.113549.1.1.1"), null()]), bits(&key)]))
    };
    let point = |octets: &[u8]| {
        Key::raw(seq([seq([oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")]), bits(octets)]))
    };
    let with = |id: &str, key: &Key| root_with(&format!("pathological::key::{id}"), key);
    vec![
        with("rsa-exponent-1", &Key::exponent_1()).refused("is not accepted"),
        with("rsa-exponent-2", &Key::nonsense(256, &exponent(2))).refused("is not accepted"),
        with("rsa-exponent-even", &Key::nonsense(256, &exponent(65536))).refused("is not accepted"),
        with("rsa-exponent-of-2048-bits", &Key::nonsense(256, &[0x7f; 256]))
            .refused("is not accepted"),
        with("rsa-8192", &Key::nonsense(1024, &exponent(65537))).refused("does not verify"),
        with("rsa-16384", &Key::nonsense(2048, &exponent(65537)))
            .refused("RSA 16384 bits, which is too large"),
        with("rsa-1000000", &Key::nonsense(125_000, &exponent(65537)))
            .refused("RSA 1000000 bits, which is too large"),
        with("rsa-modulus-0", &rsa_key(&[0], &exponent(3)))
            .refused("RSA 0 bits, which is too small"),
        with("rsa-exponent-0", &rsa_key(&[0xf1; 256], &[0])).refused("is not accepted"),
        with("rsa-empty", &Key::raw(seq([seq([oid("1.2.840.113549.1.1.1"), null()]), bits(&[])])))
            .refused("the RSA public key is malformed"),
        with("ec-point-empty", &point(&[])).refused("is not accepted"),
        with("ec-point-at-infinity", &point(&[0])).refused("is not accepted"),
        with("ec-point-not-on-the-curve", &point(&[&[4][..], &[1; 64]].concat()))
            .refused("is not accepted"),
        with(
            "ec-parameters-spelled-out",
            &Key::raw(seq([seq([oid("1.2.840.10045.2.1"), seq([int(1)])]), bits(&[4, 1])])),
        )
        .refused("is not accepted"),
        with(
            "algorithm-without-parameters",
            &Key::raw(seq([seq([oid("1.2.840.10045.2.1")]), bits(&[4, 1])])),
        )
        .refused("is not accepted"),
        with("unknown-algorithm", &Key::raw(seq([seq([oid("1.3.6.1.4.1.32473.4")]), bits(&[1])])))
            .refused("algorithm 1.3.6.1.4.1.32473.4"),
        {
            let root = ca("Root").self_signed();
            let odd = Key::raw(seq([seq([oid("1.2.840.113549.1.1.1"), null()]), bits(&[])]));
            let sub = ca("Sub").key(&odd).by(&root);
            case("invalid::invalid-issuer-key", &host().by(&sub), &root)
                .untrusted(&[&sub])
                .refused("by the CA \"Sub\" is not accepted: the RSA public key is malformed")
        },
    ]
}

pub fn cases() -> Vec<Case> {
    [forged(), good_algorithms(), weak(), absurd()].concat()
}
