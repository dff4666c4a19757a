//! Private keys: generating, reading, writing and signing with them.
//!
//! In memory a key is PKCS#8 version 1 in DER, which every program reads, and is wiped when dropped.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::pki::pem::KeyBlock;
use crate::pki::signature::KeyAlgorithm;
use crate::pki::{encrypted_key, pem};

/// The kinds of key that mailca makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// ECDSA on NIST P-256.
    EcdsaP256,
    /// ECDSA on NIST P-384.
    EcdsaP384,
    /// Ed25519 (RFC 8410); neither NSS nor `OpenSMTPD` know it.
    Ed25519,
    /// RSA, 2048 bits.
    Rsa2048,
    /// RSA, 3072 bits.
    Rsa3072,
    /// RSA, 4096 bits.
    Rsa4096,
}

impl KeyType {
    /// All of them, in the order in which help names them.
    pub const ALL: [Self; 6] = [
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::Ed25519,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
    ];

    /// The algorithm of its public half.
    pub fn algorithm(self) -> KeyAlgorithm {
        match self {
            Self::EcdsaP256 => KeyAlgorithm::EcP256,
            Self::EcdsaP384 => KeyAlgorithm::EcP384,
            Self::Ed25519 => KeyAlgorithm::Ed25519,
            Self::Rsa2048 => KeyAlgorithm::Rsa { bits: 2048 },
            Self::Rsa3072 => KeyAlgorithm::Rsa { bits: 3072 },
            Self::Rsa4096 => KeyAlgorithm::Rsa { bits: 4096 },
        }
    }

    /// Who cannot use such a key, for a warning.
    pub fn limits(self) -> Option<&'static str> {
        (self == Self::Ed25519)
            .then_some("Thunderbird (NSS), OpenSMTPD and many mail clients cannot use Ed25519 keys")
    }

    /// The name on the command line and in mailca.toml.
    pub fn name(self) -> &'static str {
        match self {
            Self::EcdsaP256 => "ecdsa-p256",
            Self::EcdsaP384 => "ecdsa-p384",
            Self::Ed25519 => "ed25519",
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for KeyType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|kind| kind.name()).collect();
            Error::usage(format!("{text:?} is not a key type"))
                .hint(format!("choose one of {}", known.join(", ")))
        })
    }
}

/// The algorithm that a key signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    EcdsaP256Sha256,
    /// ECDSA on P-384 with SHA-384.
    EcdsaP384Sha384,
    /// ECDSA on P-521 with SHA-512.
    EcdsaP521Sha512,
    /// Ed25519.
    Ed25519,
    /// RSA PKCS#1 v1.5 with SHA-256.
    RsaSha256,
}

enum Pair {
    Ecdsa(EcdsaKeyPair, SigningAlgorithm),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

/// A private key.
pub struct PrivateKey {
    pkcs8: Zeroizing<Vec<u8>>,
    public: Vec<u8>,
    pair: Pair,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PrivateKey(..)")
    }
}

impl PrivateKey {
    /// Makes a new key, from the operating system's generator.
    pub fn generate(kind: KeyType) -> Result<Self> {
        let failed = |_| Error::refused("the key could not be generated");
        let rsa = |size| RsaKeyPair::generate(size).map(Pair::Rsa);
        let ecdsa = |curve, algorithm| {
            EcdsaKeyPair::generate(curve).map(|pair| Pair::Ecdsa(pair, algorithm))
        };
        let pair = match kind {
            KeyType::EcdsaP256 => {
                ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING, SigningAlgorithm::EcdsaP256Sha256)
            }
            KeyType::EcdsaP384 => {
                ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING, SigningAlgorithm::EcdsaP384Sha384)
            }
            KeyType::Ed25519 => Ed25519KeyPair::generate().map(Pair::Ed25519),
            KeyType::Rsa2048 => rsa(KeySize::Rsa2048),
            KeyType::Rsa3072 => rsa(KeySize::Rsa3072),
            KeyType::Rsa4096 => rsa(KeySize::Rsa4096),
        }
        .map_err(failed)?;
        Self::from_pair(pair)
    }

    /// Reads a key file: PEM (PKCS#8, PKCS#1, SEC 1, encrypted PKCS#8) or DER of the same. The
    /// passphrase is asked for only where the key is encrypted.
    pub fn from_file_content(
        content: &[u8],
        passphrase: impl FnOnce() -> Result<Zeroizing<String>>,
    ) -> Result<Self> {
        if !pem::is_pem(content) {
            return Self::from_der(content, passphrase);
        }
        if pem::has_legacy_encryption(content) {
            return Err(Error::refused("the key is in OpenSSL's old encrypted form (Proc-Type)")
                .hint("convert it: openssl pkcs8 -topk8 -in OLD.pem -out key.pem"));
        }
        let keys = pem::private_keys(content)?;
        match keys.as_slice() {
            [KeyBlock::Pkcs8(key)] => Self::from_pkcs8(key),
            [KeyBlock::Pkcs1(key)] => Self::from_pkcs1(key),
            [KeyBlock::Sec1(key)] => Self::from_sec1(key),
            [] => {
                let blocks = pem::blocks(content)?;
                if let Some(block) = blocks.iter().find(|b| b.label == "ENCRYPTED PRIVATE KEY") {
                    return Self::decrypt(&block.der, &passphrase()?);
                }
                let labels = pem::labels(&blocks);
                Err(Error::refused(format!("no private key is in it, only {labels}")))
            }
            _ => Err(Error::refused("more than one private key is in it")),
        }
    }

    fn from_der(
        der: &[u8],
        passphrase: impl FnOnce() -> Result<Zeroizing<String>>,
    ) -> Result<Self> {
        if encrypted_key::is_encrypted(der) {
            return Self::decrypt(der, &passphrase()?);
        }
        Self::from_pkcs8(der).or_else(|error| {
            Self::from_pkcs1(der).or_else(|_| Self::from_sec1(der)).map_err(|_| error)
        })
    }

    /// Reads PKCS#8 in DER, of either version.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self> {
        let unreadable = || {
            Error::refused("the private key is unreadable, or of a kind that is not supported")
                .hint("supported are RSA from 2048 to 8192 bits, EC on P-256, P-384 and P-521, Ed25519")
        };
        if let Ok(pair) = RsaKeyPair::from_pkcs8(der) {
            return Self::from_pair(Pair::Rsa(pair));
        }
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            return Self::from_pair(Pair::Ed25519(pair));
        }
        Self::ecdsa(der, |curve, bytes| EcdsaKeyPair::from_pkcs8(curve, bytes).ok())
            .ok_or_else(unreadable)
            .and_then(Self::from_pair)
    }

    fn from_pkcs1(der: &[u8]) -> Result<Self> {
        let pair = RsaKeyPair::from_der(der).map_err(|_| {
            Error::refused("the RSA key is unreadable, or its size is not supported (2048 to 8192)")
        })?;
        Self::from_pair(Pair::Rsa(pair))
    }

    fn from_sec1(der: &[u8]) -> Result<Self> {
        Self::ecdsa(der, |curve, bytes| EcdsaKeyPair::from_private_key_der(curve, bytes).ok())
            .ok_or_else(|| {
                Error::refused("the EC key is unreadable, or not on P-256, P-384 or P-521")
            })
            .and_then(Self::from_pair)
    }

    fn ecdsa(
        der: &[u8],
        read: impl Fn(&'static EcdsaSigningAlgorithm, &[u8]) -> Option<EcdsaKeyPair>,
    ) -> Option<Pair> {
        [
            (&ECDSA_P256_SHA256_ASN1_SIGNING, SigningAlgorithm::EcdsaP256Sha256),
            (&ECDSA_P384_SHA384_ASN1_SIGNING, SigningAlgorithm::EcdsaP384Sha384),
            (&ECDSA_P521_SHA512_ASN1_SIGNING, SigningAlgorithm::EcdsaP521Sha512),
        ]
        .into_iter()
        .find_map(|(curve, algorithm)| read(curve, der).map(|pair| Pair::Ecdsa(pair, algorithm)))
    }

    fn decrypt(der: &[u8], passphrase: &str) -> Result<Self> {
        let plain = encrypted_key::open(der, passphrase)?;
        // Wrong padding is seen in 255 of 256 cases; in the others nonsense comes out.
        Self::from_pkcs8(&plain).map_err(|_| encrypted_key::wrong_passphrase())
    }

    fn from_pair(pair: Pair) -> Result<Self> {
        let failed = |_| Error::bug("the key could not be encoded");
        let (pkcs8, public) = match &pair {
            Pair::Ecdsa(pair, _) => (
                pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
                AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).map_err(failed)?,
            ),
            Pair::Ed25519(pair) => (
                AsDer::<Pkcs8V1Der<'_>>::as_der(pair).map_err(failed)?.as_ref().to_vec(),
                AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).map_err(failed)?,
            ),
            Pair::Rsa(pair) => (
                AsDer::<Pkcs8V1Der<'_>>::as_der(pair).map_err(failed)?.as_ref().to_vec(),
                AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).map_err(failed)?,
            ),
        };
        Ok(Self { pkcs8: Zeroizing::new(pkcs8), public: public.as_ref().to_vec(), pair })
    }

    /// The key as PKCS#8 version 1 in DER.
    pub fn as_pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The key as unencrypted PKCS#8 in PEM.
    pub fn to_pem(&self) -> Result<Zeroizing<String>> {
        pem::encode("PRIVATE KEY", &self.pkcs8)
    }

    /// The key under a passphrase, as encrypted PKCS#8 in PEM. `salt` and `iv` must be fresh random
    /// octets.
    pub fn to_encrypted_pem(
        &self,
        passphrase: &str,
        salt: [u8; 16],
        iv: [u8; 16],
    ) -> Result<Zeroizing<String>> {
        let sealed = encrypted_key::seal(&self.pkcs8, passphrase, salt, iv)?;
        pem::encode("ENCRYPTED PRIVATE KEY", &sealed)
    }

    /// The public half as a DER `SubjectPublicKeyInfo`.
    pub fn public_key(&self) -> &[u8] {
        &self.public
    }

    /// The algorithm that [`PrivateKey::sign`] uses.
    pub fn signing_algorithm(&self) -> SigningAlgorithm {
        match &self.pair {
            Pair::Ecdsa(_, algorithm) => *algorithm,
            Pair::Ed25519(_) => SigningAlgorithm::Ed25519,
            Pair::Rsa(_) => SigningAlgorithm::RsaSha256,
        }
    }

    /// Signs a message. ECDSA signatures are DER (RFC 3279 2.2.3).
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let failed = |_| Error::refused("signing failed");
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ecdsa(pair, _) => {
                Ok(pair.sign(&random, message).map_err(failed)?.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_passphrase() -> Result<Zeroizing<String>> {
        panic!("a passphrase was asked for")
    }

    #[test]
    fn every_kind_survives_pem() {
        for kind in [KeyType::EcdsaP256, KeyType::EcdsaP384, KeyType::Ed25519, KeyType::Rsa2048] {
            let key = PrivateKey::generate(kind).unwrap();
            let text = key.to_pem().unwrap();
            assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"));
            let again = PrivateKey::from_file_content(text.as_bytes(), no_passphrase).unwrap();
            assert_eq!(again.public_key(), key.public_key(), "{kind}");
            assert_eq!(again.as_pkcs8(), key.as_pkcs8(), "{kind}");
        }
    }

    #[test]
    fn an_encrypted_key_opens_with_its_passphrase_only() {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let text = key.to_encrypted_pem("correct horse", [1; 16], [2; 16]).unwrap();
        let open = |passphrase: &str| {
            PrivateKey::from_file_content(text.as_bytes(), || Ok(Zeroizing::new(passphrase.into())))
        };
        assert_eq!(open("correct horse").unwrap().public_key(), key.public_key());
        assert!(open("wrong").unwrap_err().to_string().contains("passphrase"));
    }

    #[test]
    fn debug_shows_no_key() {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        assert_eq!(format!("{key:?}"), "PrivateKey(..)");
    }
}
