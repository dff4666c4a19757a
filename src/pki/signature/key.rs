//! Which algorithm a public key is of.

use std::fmt;

use x509_parser::der_parser::asn1_rs::{Any, Oid, Tag};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::RSAPublicKey;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::RSASSA_PSS;
use crate::error::{Error, Result};

const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";
const EC_PUBLIC_KEY: &str = "1.2.840.10045.2.1";

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

    pub(super) fn of_parsed(key: &SubjectPublicKeyInfo<'_>) -> Result<Self> {
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
        let Some(curve) = algorithm.parameters().and_then(named_curve) else {
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

/// asn1-rs reads any value as an OID without a look at its tag.
fn named_curve<'p>(parameters: &'p Any<'_>) -> Option<Oid<'p>> {
    (parameters.tag() == Tag::Oid).then(|| parameters.as_oid().ok()).flatten()
}

pub(super) fn parse_key(spki_der: &[u8]) -> Result<SubjectPublicKeyInfo<'_>> {
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
    Ok(significant
        .first()
        .map_or(0, |first| significant.len() * 8 - first.leading_zeros() as usize))
}
