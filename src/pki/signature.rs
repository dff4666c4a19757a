//! Signatures and public keys: which algorithm it is, whether we accept it, whether it verifies.
//!
//! Everything on aws-lc-rs. SHA-1, MD5 and RSA below 2048 bits are refused, whatever they sign.

use std::fmt;

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::RSAPublicKey;
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use crate::error::{Error, Result};

const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";
const RSASSA_PSS: &str = "1.2.840.113549.1.1.10";
const MGF1: &str = "1.2.840.113549.1.1.8";
const EC_PUBLIC_KEY: &str = "1.2.840.10045.2.1";
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// What kind of key a `SubjectPublicKeyInfo` holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSA for any use, with the length of its modulus.
    Rsa {
        /// Length of the modulus in bits.
        bits: usize,
    },
    /// RSA for RSASSA-PSS only (RFC 4055 1.2).
    RsaPss {
        /// Length of the modulus in bits.
        bits: usize,
    },
    /// NIST P-256, secp256r1.
    EcP256,
    /// NIST P-384, secp384r1.
    EcP384,
    /// NIST P-521, secp521r1.
    EcP521,
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// Ed448 (RFC 8410).
    Ed448,
    /// Anything else, named for a person.
    Other(String),
}

impl KeyAlgorithm {
    /// Reads the algorithm of a DER `SubjectPublicKeyInfo` (RFC 5280 4.1.2.7).
    ///
    /// Fails where that is not well-formed; a key that mailca cannot use is [`Self::Other`].
    pub fn of(spki_der: &[u8]) -> Result<Self> {
        Self::of_parsed(&parse_key(spki_der)?)
    }

    fn of_parsed(key: &SubjectPublicKeyInfo<'_>) -> Result<Self> {
        let oid = key.algorithm.algorithm.to_id_string();
        Ok(match oid.as_str() {
            RSA_ENCRYPTION => Self::Rsa { bits: rsa_bits(&key.subject_public_key.data)? },
            RSASSA_PSS => Self::RsaPss { bits: rsa_bits(&key.subject_public_key.data)? },
            EC_PUBLIC_KEY => Self::of_curve(&key.algorithm),
            "1.3.101.112" => Self::Ed25519,
            "1.3.101.113" => Self::Ed448,
            "1.3.101.110" => Self::Other("X25519".into()),
            "1.3.101.111" => Self::Other("X448".into()),
            "1.2.840.10040.4.1" => Self::Other("DSA".into()),
            "1.2.840.10046.2.1" => Self::Other("Diffie-Hellman".into()),
            "2.16.840.1.101.3.4.3.17" => Self::Other("ML-DSA-44".into()),
            "2.16.840.1.101.3.4.3.18" => Self::Other("ML-DSA-65".into()),
            "2.16.840.1.101.3.4.3.19" => Self::Other("ML-DSA-87".into()),
            _ => Self::Other(format!("algorithm {oid}")),
        })
    }

    fn of_curve(algorithm: &AlgorithmIdentifier<'_>) -> Self {
        let Some(curve) = algorithm.parameters().and_then(|any| any.as_oid().ok()) else {
            return Self::Other("EC with explicit curve parameters".into());
        };
        let curve = curve.to_id_string();
        let name = match curve.as_str() {
            "1.2.840.10045.3.1.7" => return Self::EcP256,
            "1.3.132.0.34" => return Self::EcP384,
            "1.3.132.0.35" => return Self::EcP521,
            "1.2.840.10045.3.1.1" => "P-192",
            "1.3.132.0.33" => "P-224",
            "1.3.132.0.10" => "secp256k1",
            "1.3.36.3.3.2.8.1.1.7" => "brainpoolP256r1",
            "1.3.36.3.3.2.8.1.1.11" => "brainpoolP384r1",
            "1.3.36.3.3.2.8.1.1.13" => "brainpoolP512r1",
            "1.2.156.10197.1.301" => "SM2",
            _ => return Self::Other(format!("EC curve {curve}")),
        };
        Self::Other(format!("EC {name}"))
    }
}

impl fmt::Display for KeyAlgorithm {
    /// `RSA 2048 bits`, `RSA-PSS 2048 bits`, `EC P-256`, `Ed25519`, `EC secp256k1`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(formatter, "RSA {bits} bits"),
            Self::RsaPss { bits } => write!(formatter, "RSA-PSS {bits} bits"),
            Self::EcP256 => formatter.write_str("EC P-256"),
            Self::EcP384 => formatter.write_str("EC P-384"),
            Self::EcP521 => formatter.write_str("EC P-521"),
            Self::Ed25519 => formatter.write_str("Ed25519"),
            Self::Ed448 => formatter.write_str("Ed448"),
            Self::Other(name) => formatter.write_str(name),
        }
    }
}

/// The key of a DER `SubjectPublicKeyInfo` in words, as [`KeyAlgorithm`] displays it.
pub fn key_description(spki_der: &[u8]) -> String {
    KeyAlgorithm::of(spki_der).map_or_else(|_| "unreadable key".into(), |key| key.to_string())
}

/// A signature algorithm in words: `ECDSA with SHA-256`, `RSA-PSS with SHA-256`, `Ed25519`; an
/// unknown one as `algorithm 1.2.3.4`.
pub fn algorithm_name(algorithm: &AlgorithmIdentifier<'_>) -> String {
    Scheme::of(algorithm).to_string()
}

/// Checks a signature over `message`.
///
/// `spki_der` is the signer's `SubjectPublicKeyInfo` in DER; `signature` the bytes inside the BIT
/// STRING (for ECDSA a DER `ECDSA-Sig-Value`, RFC 3279 2.2.3). Whether the inner and outer
/// algorithm identifiers of a certificate agree is the caller's to check.
///
/// Every failure is a verdict: a wrong signature, an algorithm that is weak, unsupported or not the
/// key's, a malformed key.
pub fn verify(
    spki_der: &[u8],
    signature_algorithm: &AlgorithmIdentifier<'_>,
    message: &[u8],
    signature: &[u8],
) -> Result<()> {
    let key = parse_key(spki_der)?;
    let key_algorithm = KeyAlgorithm::of_parsed(&key)?;
    let scheme = Scheme::of(signature_algorithm);
    let verifier = scheme.verifier(&key_algorithm)?;
    if let (Scheme::RsaPss(used), Some(parameters)) = (&scheme, key.algorithm.parameters())
        && matches!(key_algorithm, KeyAlgorithm::RsaPss { .. })
    {
        check_pss_key_restriction(used, parameters)?;
    }
    UnparsedPublicKey::new(verifier, &key.subject_public_key.data).verify(message, signature).map_err(
        |_| {
            Error::verdict(format!(
                "the signature ({scheme}) does not verify with the key ({key_algorithm})"
            ))
        },
    )
}

fn parse_key(spki_der: &[u8]) -> Result<SubjectPublicKeyInfo<'_>> {
    match SubjectPublicKeyInfo::from_der(spki_der) {
        Ok(([], key)) => Ok(key),
        _ => Err(Error::verdict("the public key is malformed")),
    }
}

/// Length of the modulus of a DER `RSAPublicKey` (RFC 8017 A.1.1); x509-parser's own rounds it.
fn rsa_bits(key: &[u8]) -> Result<usize> {
    let malformed = || Error::verdict("the RSA public key is malformed");
    let (rest, key) = RSAPublicKey::from_der(key).map_err(|_| malformed())?;
    let negative = key.modulus.first().is_none_or(|octet| octet & 0x80 != 0);
    if !rest.is_empty() || negative {
        return Err(malformed());
    }
    let zeros = key.modulus.iter().take_while(|octet| **octet == 0).count();
    let significant = &key.modulus[zeros..];
    Ok(significant.first().map_or(0, |first| significant.len() * 8 - first.leading_zeros() as usize))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Digest {
    Sha256,
    Sha384,
    Sha512,
}

impl Digest {
    fn octets(self) -> u32 {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SHA-{}", self.octets() * 8)
    }
}

/// RSASSA-PSS parameters (RFC 4055 3.1), as far as they make sense; digests by name.
#[derive(Debug)]
struct Pss {
    digest: String,
    mask_digest: String,
    salt_length: u32,
    trailer: u32,
}

#[derive(Debug)]
enum Scheme {
    RsaPkcs1(Digest),
    RsaPss(Pss),
    Ecdsa(Digest),
    Ed25519,
    /// Broken: a collision can be computed.
    Weak(&'static str),
    Unsupported(String),
}

impl Scheme {
    fn of(algorithm: &AlgorithmIdentifier<'_>) -> Self {
        let oid = algorithm.algorithm.to_id_string();
        match oid.as_str() {
            "1.2.840.113549.1.1.2" => Self::Weak("RSA with MD2"),
            "1.2.840.113549.1.1.3" => Self::Weak("RSA with MD4"),
            "1.2.840.113549.1.1.4" | "1.3.14.3.2.3" => Self::Weak("RSA with MD5"),
            "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => Self::Weak("RSA with SHA-1"),
            "1.2.840.10045.4.1" => Self::Weak("ECDSA with SHA-1"),
            "1.2.840.10040.4.3" | "1.3.14.3.2.27" => Self::Weak("DSA with SHA-1"),
            "1.2.840.113549.1.1.11" => Self::RsaPkcs1(Digest::Sha256),
            "1.2.840.113549.1.1.12" => Self::RsaPkcs1(Digest::Sha384),
            "1.2.840.113549.1.1.13" => Self::RsaPkcs1(Digest::Sha512),
            RSASSA_PSS => Pss::read(algorithm.parameters()).map_or_else(
                || Self::Unsupported("RSA-PSS with malformed parameters".into()),
                Self::RsaPss,
            ),
            "1.2.840.10045.4.3.2" => Self::Ecdsa(Digest::Sha256),
            "1.2.840.10045.4.3.3" => Self::Ecdsa(Digest::Sha384),
            "1.2.840.10045.4.3.4" => Self::Ecdsa(Digest::Sha512),
            "1.3.101.112" => Self::Ed25519,
            "1.3.101.113" => Self::Unsupported("Ed448".into()),
            "1.2.840.113549.1.1.14" => Self::Unsupported("RSA with SHA-224".into()),
            "1.2.840.113549.1.1.15" => Self::Unsupported("RSA with SHA-512/224".into()),
            "1.2.840.113549.1.1.16" => Self::Unsupported("RSA with SHA-512/256".into()),
            "1.2.840.10045.4.3.1" => Self::Unsupported("ECDSA with SHA-224".into()),
            "2.16.840.1.101.3.4.3.1" => Self::Unsupported("DSA with SHA-224".into()),
            "2.16.840.1.101.3.4.3.2" => Self::Unsupported("DSA with SHA-256".into()),
            "2.16.840.1.101.3.4.3.10" => Self::Unsupported("ECDSA with SHA3-256".into()),
            "2.16.840.1.101.3.4.3.11" => Self::Unsupported("ECDSA with SHA3-384".into()),
            "2.16.840.1.101.3.4.3.12" => Self::Unsupported("ECDSA with SHA3-512".into()),
            "2.16.840.1.101.3.4.3.14" => Self::Unsupported("RSA with SHA3-256".into()),
            "2.16.840.1.101.3.4.3.15" => Self::Unsupported("RSA with SHA3-384".into()),
            "2.16.840.1.101.3.4.3.16" => Self::Unsupported("RSA with SHA3-512".into()),
            "2.16.840.1.101.3.4.3.17" => Self::Unsupported("ML-DSA-44".into()),
            "2.16.840.1.101.3.4.3.18" => Self::Unsupported("ML-DSA-65".into()),
            "2.16.840.1.101.3.4.3.19" => Self::Unsupported("ML-DSA-87".into()),
            "1.2.156.10197.1.501" => Self::Unsupported("SM2 with SM3".into()),
            _ => Self::Unsupported(format!("algorithm {oid}")),
        }
    }

    /// The verifier for this scheme with that key, or why there is none.
    fn verifier(&self, key: &KeyAlgorithm) -> Result<&'static dyn VerificationAlgorithm> {
        match self {
            Self::Weak(name) => {
                return Err(Error::verdict(format!(
                    "it is signed with {name}, which is broken; SHA-256 or better is needed"
                ))
                .hint("make it again with SHA-256, the default of every current program"));
            }
            Self::Unsupported(name) => {
                return Err(Error::verdict(format!(
                    "it is signed with {name}, which mailca cannot verify"
                ))
                .hint("use RSA, ECDSA with P-256, P-384 or P-521, or Ed25519"));
            }
            _ => {}
        }
        check_key(key)?;
        let verifier: &'static dyn VerificationAlgorithm = match (self, key) {
            (Self::RsaPkcs1(digest), KeyAlgorithm::Rsa { .. }) => match digest {
                Digest::Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
                Digest::Sha384 => &signature::RSA_PKCS1_2048_8192_SHA384,
                Digest::Sha512 => &signature::RSA_PKCS1_2048_8192_SHA512,
            },
            (Self::RsaPss(pss), KeyAlgorithm::Rsa { .. } | KeyAlgorithm::RsaPss { .. }) => {
                match pss.check()? {
                    Digest::Sha256 => &signature::RSA_PSS_2048_8192_SHA256,
                    Digest::Sha384 => &signature::RSA_PSS_2048_8192_SHA384,
                    Digest::Sha512 => &signature::RSA_PSS_2048_8192_SHA512,
                }
            }
            (Self::Ecdsa(digest), KeyAlgorithm::EcP256) => match digest {
                Digest::Sha256 => &signature::ECDSA_P256_SHA256_ASN1,
                Digest::Sha384 => &signature::ECDSA_P256_SHA384_ASN1,
                Digest::Sha512 => &signature::ECDSA_P256_SHA512_ASN1,
            },
            (Self::Ecdsa(digest), KeyAlgorithm::EcP384) => match digest {
                Digest::Sha256 => &signature::ECDSA_P384_SHA256_ASN1,
                Digest::Sha384 => &signature::ECDSA_P384_SHA384_ASN1,
                Digest::Sha512 => &signature::ECDSA_P384_SHA512_ASN1,
            },
            (Self::Ecdsa(digest), KeyAlgorithm::EcP521) => match digest {
                Digest::Sha256 => &signature::ECDSA_P521_SHA256_ASN1,
                Digest::Sha384 => &signature::ECDSA_P521_SHA384_ASN1,
                Digest::Sha512 => &signature::ECDSA_P521_SHA512_ASN1,
            },
            (Self::Ed25519, KeyAlgorithm::Ed25519) => &signature::ED25519,
            _ => {
                return Err(Error::verdict(format!(
                    "the signature is {self}, but the signer's key is {key}"
                )));
            }
        };
        Ok(verifier)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RsaPkcs1(digest) => write!(formatter, "RSA with {digest}"),
            Self::RsaPss(pss) => write!(formatter, "RSA-PSS with {}", pss.digest),
            Self::Ecdsa(digest) => write!(formatter, "ECDSA with {digest}"),
            Self::Ed25519 => formatter.write_str("Ed25519"),
            Self::Weak(name) => formatter.write_str(name),
            Self::Unsupported(name) => formatter.write_str(name),
        }
    }
}

/// Refuses keys that are too small, too large or of a kind that cannot be used.
fn check_key(key: &KeyAlgorithm) -> Result<()> {
    match key {
        KeyAlgorithm::Rsa { bits } | KeyAlgorithm::RsaPss { bits } if bits < RSA_BITS.start() => {
            Err(Error::verdict(format!(
                "the signer's key is {key}, which is too small; at least {} bits are needed",
                RSA_BITS.start()
            )))
        }
        KeyAlgorithm::Rsa { bits } | KeyAlgorithm::RsaPss { bits } if bits > RSA_BITS.end() => {
            Err(Error::verdict(format!(
                "the signer's key is {key}, which is too large; at most {} bits can be verified",
                RSA_BITS.end()
            )))
        }
        KeyAlgorithm::Ed448 | KeyAlgorithm::Other(_) => {
            Err(Error::verdict(format!("the signer's key is {key}, which mailca cannot use"))
                .hint("use RSA, ECDSA with P-256, P-384 or P-521, or Ed25519"))
        }
        _ => Ok(()),
    }
}

impl Pss {
    /// `None` where the parameters are malformed. Absent ones mean the defaults, which are SHA-1.
    fn read(parameters: Option<&x509_parser::der_parser::asn1_rs::Any<'_>>) -> Option<Self> {
        let Some(parameters) = parameters else {
            return Some(Self {
                digest: "SHA-1".into(),
                mask_digest: "SHA-1".into(),
                salt_length: 20,
                trailer: 1,
            });
        };
        let parameters = RsaSsaPssParams::try_from(parameters).ok()?;
        let mask = parameters.mask_gen_algorithm().ok()?;
        let mask_function = mask.mgf.to_id_string();
        let mask_digest = digest_name(&mask.hash.to_id_string());
        Some(Self {
            digest: digest_name(&parameters.hash_algorithm_oid().to_id_string()),
            mask_digest: if mask_function == MGF1 { mask_digest } else { mask_function },
            salt_length: parameters.salt_length(),
            trailer: parameters.trailer_field(),
        })
    }

    /// The digest, where aws-lc-rs can verify this combination (RFC 8017 8.1.2).
    fn check(&self) -> Result<Digest> {
        let digest = match self.digest.as_str() {
            "SHA-256" => Digest::Sha256,
            "SHA-384" => Digest::Sha384,
            "SHA-512" => Digest::Sha512,
            other => {
                return Err(Error::verdict(format!(
                    "it is signed with RSA-PSS with {other}; SHA-256, SHA-384 or SHA-512 is needed"
                )));
            }
        };
        if self.mask_digest != self.digest {
            return Err(Error::verdict(format!(
                "it is signed with RSA-PSS with {} whose mask uses {}; both must be the same",
                self.digest, self.mask_digest
            )));
        }
        if self.salt_length != digest.octets() {
            return Err(Error::verdict(format!(
                "it is signed with RSA-PSS with a salt of {} octets; only the length of the digest, {}, can be verified",
                self.salt_length,
                digest.octets()
            ))
            .hint("with openssl, sign again with -sigopt rsa_pss_saltlen:digest"));
        }
        if self.trailer != 1 {
            return Err(Error::verdict(format!(
                "it is signed with RSA-PSS with trailer field {}; 1 is needed",
                self.trailer
            )));
        }
        Ok(digest)
    }
}

/// An RSA-PSS key may name the only digest that it signs with (RFC 4055 3.3).
fn check_pss_key_restriction(
    used: &Pss,
    parameters: &x509_parser::der_parser::asn1_rs::Any<'_>,
) -> Result<()> {
    let allowed = Pss::read(Some(parameters))
        .ok_or_else(|| Error::verdict("the parameters of the RSA-PSS key are malformed"))?;
    if allowed.digest != used.digest || allowed.mask_digest != used.mask_digest {
        return Err(Error::verdict(format!(
            "it is signed with RSA-PSS with {}, but the signer's key is for {} only",
            used.digest, allowed.digest
        )));
    }
    if used.salt_length < allowed.salt_length {
        return Err(Error::verdict(format!(
            "it is signed with RSA-PSS with a salt of {} octets, but the signer's key needs at least {}",
            used.salt_length, allowed.salt_length
        )));
    }
    Ok(())
}

fn digest_name(oid: &str) -> String {
    match oid {
        "1.2.840.113549.2.5" => "MD5",
        "1.3.14.3.2.26" => "SHA-1",
        "2.16.840.1.101.3.4.2.1" => "SHA-256",
        "2.16.840.1.101.3.4.2.2" => "SHA-384",
        "2.16.840.1.101.3.4.2.3" => "SHA-512",
        "2.16.840.1.101.3.4.2.4" => "SHA-224",
        other => other,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P521_SHA256_ASN1_SIGNING, ECDSA_P521_SHA384_ASN1_SIGNING,
        ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
        KeyPair as _, RSA_PKCS1_SHA384, RSA_PSS_SHA256, RsaKeyPair,
    };
    use x509_parser::der_parser::asn1_rs::{Any, Oid};

    use super::*;

    const MESSAGE: &[u8] = b"to be signed";
    const SHA256_PSS: &str = "300b0609608648016503040201";

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
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
        identifier.parameters =
            Some(Any::from_tag_and_data(x509_parser::der_parser::asn1_rs::Tag::Sequence, parameters));
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
            ("2.16.840.1.101.3.4.3.2", "it is signed with DSA with SHA-256, which mailca cannot verify"),
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
}
