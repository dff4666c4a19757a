//! Keys. Of a private key only the public half is kept; its octets are looked at and dropped.

use der::Decode;
use pkcs8::EncryptedPrivateKeyInfoRef;

use super::encryption::Encryption;
use super::public_half::public_half;
use super::shape::Shape;
use crate::error::{Error, Result};
use crate::pki::key::PrivateKey;
use crate::pki::signature::KeyAlgorithm;
use crate::pki::tlv;

const MINIMUM_RSA_BITS: usize = 2048;

/// A public key.
#[derive(Clone, Debug)]
pub struct PublicKeyView {
    /// The `SubjectPublicKeyInfo` in DER.
    pub spki: Vec<u8>,
    /// The algorithm in words: `RSA 2048 bits`, `EC P-256`.
    pub algorithm: String,
    /// The numbers that it consists of, by name.
    pub parts: Vec<(&'static str, Vec<u8>)>,
    weakness: Option<String>,
}

impl PublicKeyView {
    pub(super) fn read(spki: &[u8]) -> Result<Self> {
        KeyAlgorithm::of(spki)?;
        Ok(Self::of(spki))
    }

    /// Of a key in something that is shown even if the key is malformed.
    pub(super) fn of(spki: &[u8]) -> Self {
        let algorithm = KeyAlgorithm::of(spki);
        let weakness = match &algorithm {
            Ok(KeyAlgorithm::Rsa { bits } | KeyAlgorithm::RsaPss { bits })
                if *bits < MINIMUM_RSA_BITS =>
            {
                Some(format!(
                    "the RSA key has {bits} bits: under {MINIMUM_RSA_BITS} it is not safe, and \
                     servers and clients refuse it"
                ))
            }
            Err(error) => Some(error.to_string()),
            Ok(_) => None,
        };
        let words = algorithm.map_or_else(|_| "unreadable key".into(), |known| known.to_string());
        let parts = parts(spki).unwrap_or_default();
        Self { spki: spki.to_vec(), algorithm: words, parts, weakness }
    }

    /// What is weak about it.
    pub(super) fn weakness(&self) -> Option<String> {
        self.weakness.clone()
    }
}

/// The numbers in a `SubjectPublicKeyInfo`.
fn parts(spki: &[u8]) -> Option<Vec<(&'static str, Vec<u8>)>> {
    let fields = tlv::elements(spki).ok()?;
    let bits = tlv::bit_string_content(fields.get(1)?)?;
    if let Ok(numbers) = tlv::elements(bits)
        && let [modulus, exponent] = numbers.as_slice()
    {
        return Some(vec![("modulus", integer(modulus)?), ("exponent", integer(exponent)?)]);
    }
    Some(vec![("point", bits.to_vec())])
}

/// The octets of a positive INTEGER, without the leading zero.
pub(super) fn integer(encoded: &[u8]) -> Option<Vec<u8>> {
    der::asn1::UintRef::from_der(encoded).ok().map(|number| number.as_bytes().to_vec())
}

/// A private key, as its public half and how it is kept.
#[derive(Debug)]
pub struct PrivateKeyView {
    /// How it is written down: `PKCS#8`, `PKCS#1`, `SEC 1`.
    pub format: String,
    /// How it is encrypted, if it is.
    pub encryption: Option<Encryption>,
    /// The algorithm in words, as far as it can be seen.
    pub algorithm: Option<String>,
    /// The public half, as far as it can be seen.
    pub public_key: Option<PublicKeyView>,
    /// What an administrator should know.
    pub warnings: Vec<String>,
    /// The encrypted key, until it is opened.
    locked: Option<Vec<u8>>,
}

impl PrivateKeyView {
    pub(super) fn read(der: &[u8], shape: Shape) -> Result<Self> {
        if shape == Shape::EncryptedKey {
            let encryption = Encryption::of_key(der);
            let locked = encryption.openable.then(|| der.to_vec());
            return Ok(Self {
                format: "PKCS#8".into(),
                warnings: encryption.problem().into_iter().collect(),
                encryption: Some(encryption),
                algorithm: None,
                public_key: None,
                locked,
            });
        }
        let format = match shape {
            Shape::Pkcs1 => "PKCS#1",
            Shape::Sec1 => "SEC 1",
            Shape::Dsa => "OpenSSL's form of a DSA key",
            _ => "PKCS#8",
        };
        let mut view = Self {
            format: format.into(),
            encryption: None,
            algorithm: None,
            public_key: None,
            warnings: Vec::new(),
            locked: None,
        };
        view.take(der, shape)?;
        Ok(view)
    }

    /// A key in OpenSSL's own old encryption, which mailca does not open.
    pub(super) fn legacy(label: &str, headers: &[String]) -> Self {
        let encryption = Encryption::legacy(headers);
        Self {
            format: "OpenSSL's old form".into(),
            warnings: encryption.problem().into_iter().collect(),
            encryption: Some(encryption),
            algorithm: label.strip_suffix(" PRIVATE KEY").map(ToOwned::to_owned),
            public_key: None,
            locked: None,
        }
    }

    /// Whether a password would show more.
    pub fn is_locked(&self) -> bool {
        self.locked.is_some()
    }

    pub(super) fn unlock(&mut self, password: &str) -> Result<()> {
        let Some(locked) = &self.locked else { return Ok(()) };
        let wrong = || Error::refused("the password does not open the private key");
        let plain = EncryptedPrivateKeyInfoRef::from_der(locked)
            .map_err(|_| Error::refused("the encryption of the private key is malformed"))?
            .decrypt(password)
            .map_err(|_| wrong())?;
        let shape = Shape::of(plain.as_bytes());
        if shape != Shape::Pkcs8 {
            return Err(wrong());
        }
        self.take(plain.as_bytes(), shape)?;
        self.locked = None;
        Ok(())
    }

    fn take(&mut self, der: &[u8], shape: Shape) -> Result<()> {
        let usable = PrivateKey::from_file_content(der, || Err(Error::bug("an encrypted key")));
        let spki = match &usable {
            Ok(key) => Ok(key.public_key().to_vec()),
            Err(_) => public_half(der, shape),
        };
        match spki {
            Ok(spki) => {
                let public = PublicKeyView::of(&spki);
                self.algorithm = Some(public.algorithm.clone());
                self.warnings.extend(public.weakness());
                self.public_key = Some(public);
                if usable.is_err() {
                    self.warnings.push("mailca cannot use this key".into());
                }
            }
            Err(Some(algorithm)) => {
                self.warnings.push(format!(
                    "mailca cannot use this key ({algorithm}), nor compute its public half"
                ));
                self.algorithm = Some(algorithm);
            }
            Err(None) => return Err(Error::refused("malformed private key")),
        }
        Ok(())
    }
}
