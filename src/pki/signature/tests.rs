use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P521_SHA256_ASN1_SIGNING, ECDSA_P521_SHA384_ASN1_SIGNING,
    ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA384, RSA_PSS_SHA256, RsaKeyPair,
};
use x509_parser::der_parser::asn1_rs::{Oid, Tag};

use super::*;

const MESSAGE: &[u8] = b"to be signed";
const SHA256_PSS: &str = "300b0609608648016503040201";

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn algorithm(oid: &str) -> AlgorithmIdentifier<'static> {
    let arcs: Vec<u64> = oid.split('.').map(|arc| arc.parse().unwrap()).collect();
    AlgorithmIdentifier::new(Oid::from(&arcs).unwrap(), None)
}

fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(value.len()).unwrap()], value].concat()
}

fn pss(hash: &str, mask: &str, salt: u8) -> Vec<u8> {
    let mgf = tlv(0x30, &[hex("06092a864886f70d010108"), hex(mask)].concat());
    [tlv(0xa0, &hex(hash)), tlv(0xa1, &mgf), tlv(0xa2, &[2, 1, salt])].concat()
}

fn pss_algorithm(parameters: &[u8]) -> AlgorithmIdentifier<'_> {
    let mut identifier = algorithm(RSASSA_PSS);
    identifier.parameters = Some(Any::from_tag_and_data(Tag::Sequence, parameters));
    identifier
}

fn ecdsa(signing: &'static EcdsaSigningAlgorithm) -> (Vec<u8>, Vec<u8>) {
    let pair = EcdsaKeyPair::generate(signing).unwrap();
    let signature = pair.sign(&SystemRandom::new(), MESSAGE).unwrap().as_ref().to_vec();
    let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    (spki.as_ref().to_vec(), signature)
}

fn rsa(encoding: &'static dyn signature::RsaEncoding) -> (Vec<u8>, Vec<u8>) {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), MESSAGE, &mut signature).unwrap();
    let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    (spki.as_ref().to_vec(), signature)
}

fn refusal(spki: &[u8], algorithm: &AlgorithmIdentifier<'_>, signature: &[u8]) -> String {
    let error = verify(spki, algorithm, MESSAGE, signature).unwrap_err();
    assert_eq!(error.kind(), crate::error::Kind::Verdict);
    error.to_string()
}

#[test]
fn ecdsa_verifies_and_a_changed_message_does_not() {
    for (signing, oid, key) in [
        (&ECDSA_P256_SHA256_ASN1_SIGNING, "1.2.840.10045.4.3.2", "EC P-256"),
        (&ECDSA_P521_SHA256_ASN1_SIGNING, "1.2.840.10045.4.3.2", "EC P-521"),
        (&ECDSA_P521_SHA384_ASN1_SIGNING, "1.2.840.10045.4.3.3", "EC P-521"),
        (&ECDSA_P521_SHA512_ASN1_SIGNING, "1.2.840.10045.4.3.4", "EC P-521"),
    ] {
        let (spki, signature) = ecdsa(signing);
        assert_eq!(key_description(&spki), key);
        verify(&spki, &algorithm(oid), MESSAGE, &signature).unwrap();
        let error = verify(&spki, &algorithm(oid), b"other", &signature).unwrap_err();
        let name = algorithm_name(&algorithm(oid));
        assert_eq!(
            error.to_string(),
            format!("the signature ({name}) does not verify with the key ({key})")
        );
    }
}

#[test]
fn ed25519_verifies() {
    let pair = Ed25519KeyPair::generate().unwrap();
    let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let signature = pair.sign(MESSAGE);
    verify(spki.as_ref(), &algorithm("1.3.101.112"), MESSAGE, signature.as_ref()).unwrap();
    assert_eq!(key_description(spki.as_ref()), "Ed25519");
}

#[test]
fn the_algorithm_must_be_the_keys() {
    let (spki, signature) = ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING);
    assert_eq!(
        refusal(&spki, &algorithm("1.2.840.113549.1.1.11"), &signature),
        "the signature is RSA with SHA-256, but the signer's key is EC P-256"
    );
    let (spki, signature) = rsa(&RSA_PKCS1_SHA384);
    assert_eq!(
        refusal(&spki, &algorithm("1.3.101.112"), &signature),
        "the signature is Ed25519, but the signer's key is RSA 2048 bits"
    );
    verify(&spki, &algorithm("1.2.840.113549.1.1.12"), MESSAGE, &signature).unwrap();
    assert!(
        refusal(&spki, &algorithm("1.2.840.113549.1.1.11"), &signature).contains("does not verify")
    );
}

#[test]
fn weak_and_unknown_algorithms_are_named() {
    let (spki, signature) = ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING);
    for (oid, text) in [
        ("1.2.840.113549.1.1.5", "it is signed with RSA with SHA-1, which is broken"),
        ("1.2.840.113549.1.1.4", "it is signed with RSA with MD5, which is broken"),
        ("1.2.840.10045.4.1", "it is signed with ECDSA with SHA-1, which is broken"),
        ("1.3.101.113", "it is signed with Ed448, which mailca cannot verify"),
        (
            "2.16.840.1.101.3.4.3.2",
            "it is signed with DSA with SHA-256, which mailca cannot verify",
        ),
        ("1.2.3.4", "it is signed with algorithm 1.2.3.4, which mailca cannot verify"),
    ] {
        let message = refusal(&spki, &algorithm(oid), &signature);
        assert!(message.starts_with(text), "{message}");
    }
}

#[test]
fn rsa_pss_needs_the_digest_length_as_salt_and_one_digest() {
    let (spki, signature) = rsa(&RSA_PSS_SHA256);
    let sha1 = "300906052b0e03021a0500";
    let good = pss(SHA256_PSS, SHA256_PSS, 32);
    verify(&spki, &pss_algorithm(&good), MESSAGE, &signature).unwrap();
    assert_eq!(algorithm_name(&pss_algorithm(&good)), "RSA-PSS with SHA-256");
    for (parameters, text) in [
        (pss(SHA256_PSS, SHA256_PSS, 20), "a salt of 20 octets; only the length of the digest, 32"),
        (pss(SHA256_PSS, sha1, 32), "SHA-256 whose mask uses SHA-1"),
        (pss(sha1, sha1, 20), "RSA-PSS with SHA-1; SHA-256"),
        (vec![], "RSA-PSS with SHA-1; SHA-256"),
        (hex("a003020105"), "malformed parameters"),
    ] {
        let message = refusal(&spki, &pss_algorithm(&parameters), &signature);
        assert!(message.contains(text), "{message}");
    }
}

#[test]
fn an_rsa_pss_key_may_restrict_the_digest() {
    let (spki, signature) = rsa(&RSA_PSS_SHA256);
    let key = parse_key(&spki).unwrap().subject_public_key.data.to_vec();
    let restricted = |parameters: Option<Vec<u8>>| {
        let oid = hex("06092a864886f70d01010a");
        let identifier =
            tlv(0x30, &[oid, parameters.map_or_else(Vec::new, |p| tlv(0x30, &p))].concat());
        let bits = [&hex("0382010f00")[..], &key].concat();
        let content = [identifier, bits].concat();
        [&[0x30, 0x82], &u16::try_from(content.len()).unwrap().to_be_bytes()[..], &content].concat()
    };
    let used = pss(SHA256_PSS, SHA256_PSS, 32);
    let sha384 = "300b0609608648016503040202";
    assert_eq!(key_description(&restricted(None)), "RSA-PSS 2048 bits");
    verify(&restricted(None), &pss_algorithm(&used), MESSAGE, &signature).unwrap();
    verify(&restricted(Some(used.clone())), &pss_algorithm(&used), MESSAGE, &signature).unwrap();
    let other = restricted(Some(pss(sha384, sha384, 48)));
    assert!(refusal(&other, &pss_algorithm(&used), &signature).contains("for SHA-384 only"));
    let pkcs1 = refusal(&restricted(None), &algorithm("1.2.840.113549.1.1.11"), &signature);
    assert_eq!(
        pkcs1,
        "the signature is RSA with SHA-256, but the signer's key is RSA-PSS 2048 bits"
    );
}

#[test]
fn small_and_strange_keys_are_named() {
    let rsa_key = |bits: usize| {
        let octets = bits.div_ceil(8);
        let mut modulus = vec![0; octets + 1];
        modulus[1] = 1 << ((bits - 1) % 8);
        modulus[octets] = 1;
        if modulus[1] < 0x80 {
            modulus.remove(0);
        }
        let wide = |tag: u8, value: &[u8]| {
            [&[tag, 0x82], &u16::try_from(value.len()).unwrap().to_be_bytes()[..], value].concat()
        };
        let key = wide(0x30, &[wide(2, &modulus), hex("0203010001")].concat());
        let identifier = hex("300d06092a864886f70d0101010500");
        wide(0x30, &[identifier, wide(3, &[&[0], &key[..]].concat())].concat())
    };
    assert_eq!(KeyAlgorithm::of(&rsa_key(2047)).unwrap(), KeyAlgorithm::Rsa { bits: 2047 });
    for (bits, text) in
        [(1024, "too small; at least 2048"), (2047, "too small"), (8200, "too large; at most 8192")]
    {
        let message = refusal(&rsa_key(bits), &algorithm("1.2.840.113549.1.1.11"), &[0; 128]);
        assert!(
            message.contains(&format!("RSA {bits} bits")) && message.contains(text),
            "{message}"
        );
    }
    let secp256k1 = hex("3016301006072a8648ce3d020106052b8104000a03020004");
    assert_eq!(key_description(&secp256k1), "EC secp256k1");
    assert_eq!(
        refusal(&secp256k1, &algorithm("1.2.840.10045.4.3.2"), &[]),
        "the signer's key is EC secp256k1, which mailca cannot use"
    );
    assert_eq!(
        key_description(&hex("300a300506032b65710301 00".replace(' ', "").as_str())),
        "Ed448"
    );
    assert_eq!(key_description(b"nonsense"), "unreadable key");
}
