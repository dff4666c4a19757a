//! Signatures and public keys: which algorithm it is, whether we accept it, whether it verifies.
//!
//! Everything on aws-lc-rs. SHA-1, MD5 and RSA below 2048 bits are refused, whatever they sign.

mod key;

use std::fmt;

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::der_parser::asn1_rs::Any;
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::AlgorithmIdentifier;

pub use self::key::KeyAlgorithm;
use self::key::parse_key;
use crate::error::{Error, Result};

const RSASSA_PSS: &str = "1.2.840.113549.1.1.10";
const MGF1: &str = "1.2.840.113549.1.1.8";
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The key of a DER `SubjectPublicKeyInfo` in words, as [`KeyAlgorithm`] displays it.
pub fn key_description(spki_der: &[u8]) -> String {
    KeyAlgorithm::of(spki_der).map_or_else(|_| "unreadable key".into(), |key| key.to_string())
}

/// A signature algorithm in words: `ECDSA with SHA-256`, `RSA-PSS with SHA-256`, `Ed25519`; an
/// unknown one as `algorithm 1.2.3.4`.
pub fn algorithm_name(algorithm: &AlgorithmIdentifier<'_>) -> String {
    Scheme::of(algorithm).to_string()
}

/// Whether it signs over a digest that is broken: MD2, MD4, MD5 or SHA-1.
pub fn is_weak(algorithm: &AlgorithmIdentifier<'_>) -> bool {
    matches!(Scheme::of(algorithm), Scheme::Weak(_))
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
    UnparsedPublicKey::new(verifier, &key.subject_public_key.data)
        .verify(message, signature)
        .map_err(|_| {
            Error::verdict(format!(
                "the signature ({scheme}) does not verify with the key ({key_algorithm})"
            ))
        })
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
    fn read(parameters: Option<&Any<'_>>) -> Option<Self> {
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
fn check_pss_key_restriction(used: &Pss, parameters: &Any<'_>) -> Result<()> {
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
mod tests;
