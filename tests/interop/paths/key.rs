//! Keys and what they sign: most by aws-lc-rs, the odd ones by openssl.

use std::process::Command;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair as _, RsaKeyPair,
};

use super::der::{bits, concat, int, null, oid, positive, seq, tlv};

#[derive(Clone)]
pub struct Key(Arc<Inner>);

struct Inner {
    spki: Vec<u8>,
    secret: Secret,
}

enum Secret {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
    /// PEM for `openssl dgst` or `openssl pkeyutl`.
    Openssl(Vec<u8>),
    /// The signature is the padded digest itself, as an RSA exponent of 1 has it.
    Exponent1(usize),
    /// Whatever is asked, this is the signature.
    Fixed(Vec<u8>),
}

/// A signature algorithm: its `AlgorithmIdentifier`, and the digest by openssl's name where it signs.
#[derive(Clone)]
pub struct Algorithm {
    pub der: Vec<u8>,
    pub digest: &'static str,
}

impl Algorithm {
    /// With parameters NULL, as RSA wants it.
    pub fn rsa(kind: &str, digest: &'static str) -> Self {
        Self { der: seq([oid(kind), null()]), digest }
    }

    pub fn plain(kind: &str, digest: &'static str) -> Self {
        Self { der: seq([oid(kind)]), digest }
    }
}

fn rsa_info(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = seq([positive(modulus), positive(exponent)]);
    seq([seq([oid("1.2.840.113549.1.1.1"), null()]), bits(&key)])
}

fn ec_info(curve: &str, point: &[u8]) -> Vec<u8> {
    seq([seq([oid("1.2.840.10045.2.1"), oid(curve)]), bits(point)])
}

impl Key {
    fn of(spki: Vec<u8>, secret: Secret) -> Self {
        Self(Arc::new(Inner { spki, secret }))
    }

    /// A new one on P-256.
    pub fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        Self::of(ec_info("1.2.840.10045.3.1.7", pair.public_key().as_ref()), Secret::Ec(pair))
    }

    pub fn p384() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).unwrap();
        Self::of(ec_info("1.3.132.0.34", pair.public_key().as_ref()), Secret::Ec(pair))
    }

    pub fn ed25519() -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let spki = seq([seq([oid("1.3.101.112")]), bits(pair.public_key().as_ref())]);
        Self::of(spki, Secret::Ed25519(pair))
    }

    /// RSA with 2048 bits, one for all.
    pub fn rsa() -> Self {
        static ONE: OnceLock<Key> = OnceLock::new();
        let make = || {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
            let key = pair.public_key().as_ref();
            let spki = seq([seq([oid("1.2.840.113549.1.1.1"), null()]), bits(key)]);
            Self::of(spki, Secret::Rsa(pair))
        };
        ONE.get_or_init(make).clone()
    }

    /// From `openssl genpkey` with these arguments.
    pub fn openssl(arguments: &str) -> Self {
        let secret = openssl(&format!("genpkey {arguments}"), &[]);
        let spki = openssl("pkey -pubout -outform DER", &secret);
        Self::of(spki, Secret::Openssl(secret))
    }

    /// An RSA key without a secret half, whose signatures are nonsense of the right length.
    pub fn nonsense(octets: usize, exponent: &[u8]) -> Self {
        let modulus: Vec<u8> =
            (0..octets).map(|at| u8::try_from(at * 37 % 255).unwrap() | 0x81).collect();
        Self::of(rsa_info(&modulus, exponent), Secret::Fixed(vec![0x55; octets]))
    }

    /// RSA with the exponent 1: everybody can sign.
    pub fn exponent_1() -> Self {
        Self::of(rsa_info(&[0xf1; 256], &[1]), Secret::Exponent1(256))
    }

    /// A key info of these octets, whatever they are.
    pub fn raw(spki: Vec<u8>) -> Self {
        Self::of(spki, Secret::Fixed(vec![0x30, 0]))
    }

    pub fn spki(&self) -> &[u8] {
        &self.0.spki
    }

    /// The first 20 octets of its SHA-256 (RFC 7093).
    pub fn identifier(&self) -> Vec<u8> {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, self.spki());
        digest.as_ref()[..20].to_vec()
    }

    pub fn algorithm(&self) -> Algorithm {
        match &self.0.secret {
            Secret::Ec(pair) if pair.public_key().as_ref().len() > 80 => {
                Algorithm::plain("1.2.840.10045.4.3.3", "sha384")
            }
            Secret::Ec(_) => Algorithm::plain("1.2.840.10045.4.3.2", "sha256"),
            Secret::Ed25519(_) => Algorithm::plain("1.3.101.112", ""),
            Secret::Openssl(_) if self.is_of("1.2.840.10045.2.1") => {
                Algorithm::plain("1.2.840.10045.4.3.2", "sha256")
            }
            Secret::Openssl(_) if self.is_of("1.3.101.113") => Algorithm::plain("1.3.101.113", ""),
            _ => Algorithm::rsa("1.2.840.113549.1.1.11", "sha256"),
        }
    }

    fn is_of(&self, algorithm: &str) -> bool {
        let wanted = oid(algorithm);
        self.spki().windows(wanted.len()).any(|part| part == wanted)
    }

    pub fn sign(&self, message: &[u8], algorithm: &Algorithm) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.0.secret {
            Secret::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Secret::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Secret::Rsa(pair) => {
                let encoding: &dyn signature::RsaEncoding = match algorithm.digest {
                    "sha384" => &signature::RSA_PKCS1_SHA384,
                    "sha512" => &signature::RSA_PKCS1_SHA512,
                    "pss" => &signature::RSA_PSS_SHA256,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut made = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut made).unwrap();
                made
            }
            Secret::Openssl(secret) => signed_by_openssl(secret, message, algorithm.digest),
            Secret::Exponent1(length) => {
                let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, message);
                let info =
                    seq([seq([oid("2.16.840.1.101.3.4.2.1"), null()]), tlv(4, digest.as_ref())]);
                let padding = vec![0xff; length - info.len() - 3];
                concat([vec![0, 1], padding, vec![0], info])
            }
            Secret::Fixed(octets) => octets.clone(),
        }
    }
}

fn signed_by_openssl(secret: &[u8], message: &[u8], digest: &str) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let (key, text) = (dir.path().join("key.pem"), dir.path().join("text"));
    std::fs::write(&key, secret).unwrap();
    std::fs::write(&text, message).unwrap();
    let (key, text) = (key.display(), text.display());
    if digest.is_empty() {
        openssl(&format!("pkeyutl -sign -rawin -inkey {key} -in {text}"), &[])
    } else {
        openssl(&format!("dgst -{digest} -sign {key} {text}"), &[])
    }
}

fn openssl(line: &str, input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(line.split(' '))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A small integer as exponent.
pub fn exponent(value: u64) -> Vec<u8> {
    int(value)[2..].to_vec()
}
