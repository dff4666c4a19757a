//! Keys. Of a private key only the public half is kept; its octets are looked at and dropped.

use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use pkcs8::EncryptedPrivateKeyInfoRef;
use zeroize::Zeroizing;

use super::Body;
use super::encryption::Encryption;
use super::shape::Shape;
use crate::error::{Error, Result};
use crate::pki::key::PrivateKey;
use crate::pki::printable::printable;
use crate::pki::signature::KeyAlgorithm;
use crate::pki::tlv;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");
const NULL: &[u8] = &[5, 0];
const MINIMUM_RSA_BITS: usize = 2048;

/// A public key.
#[derive(Clone, Debug)]
pub struct PublicKeyView {
    /// The SubjectPublicKeyInfo in DER.
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

/// The numbers in a SubjectPublicKeyInfo.
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
fn integer(encoded: &[u8]) -> Option<Vec<u8>> {
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

/// The public half of a key that mailca has no use for, as the file has it; else the algorithm, if
/// that can be read.
fn public_half(der: &[u8], shape: Shape) -> std::result::Result<Vec<u8>, Option<String>> {
    let fields = tlv::elements(der).map_err(|_| None)?;
    let found = match shape {
        Shape::Pkcs1 => algorithm(RSA, NULL).zip(rsa_bits(&fields)),
        Shape::Sec1 => sec1_curve(&fields).and_then(|curve| algorithm(EC, curve)).zip(sec1_bits(&fields)),
        Shape::Dsa => dsa(&fields),
        _ => {
            let (Some(algorithm), Some(key)) = (fields.get(1), fields.get(2)) else {
                return Err(None);
            };
            let bits = pkcs8_bits(&fields, key);
            return match bits.and_then(|bits| spki(algorithm, &bits)) {
                Some(spki) => Ok(spki),
                None => Err(algorithm_alone(algorithm)),
            };
        }
    };
    let (algorithm, bits) = found.ok_or(None)?;
    spki(&algorithm, &bits).ok_or(None)
}

fn spki(algorithm: &[u8], bits: &[u8]) -> Option<Vec<u8>> {
    let spki = tlv::sequence(&[algorithm, &tlv::bit_string(bits).ok()?]).ok()?;
    KeyAlgorithm::of(&spki).ok().map(|_| spki)
}

/// The name of an algorithm without a key.
fn algorithm_alone(algorithm: &[u8]) -> Option<String> {
    let spki = tlv::sequence(&[algorithm, &tlv::bit_string(&[]).ok()?]).ok()?;
    KeyAlgorithm::of(&spki).ok().map(|known| known.to_string())
}

fn algorithm(oid: ObjectIdentifier, parameters: &[u8]) -> Option<Vec<u8>> {
    tlv::sequence(&[&oid.to_der().ok()?, parameters]).ok()
}

/// `publicKey [1]` of PKCS#8 version 2, else what the key inside tells.
fn pkcs8_bits(fields: &[&[u8]], key: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if let Some(public) = fields.iter().skip(3).find(|field| field[0] == 0x81) {
        let content = der::asn1::AnyRef::from_der(public).ok()?;
        return content.value().split_first().map(|(_, bits)| Zeroizing::new(bits.to_vec()));
    }
    let inner = <&der::asn1::OctetStringRef>::from_der(key).ok()?.as_bytes();
    let inner = tlv::elements(inner).ok()?;
    rsa_bits(&inner).or_else(|| sec1_bits(&inner))
}

/// The RSAPublicKey of the numbers of an RSAPrivateKey.
fn rsa_bits(fields: &[&[u8]]) -> Option<Zeroizing<Vec<u8>>> {
    match fields {
        [_, modulus, exponent, _, _, _, _, _, ..] => {
            tlv::sequence(&[modulus, exponent]).ok().map(Zeroizing::new)
        }
        _ => None,
    }
}

/// `parameters [0]` of an ECPrivateKey.
fn sec1_curve<'a>(fields: &[&'a [u8]]) -> Option<&'a [u8]> {
    fields.iter().find(|field| field[0] == 0xA0).and_then(|field| content(field))
}

/// `publicKey [1]` of an ECPrivateKey.
fn sec1_bits(fields: &[&[u8]]) -> Option<Zeroizing<Vec<u8>>> {
    let field = fields.iter().find(|field| field[0] == 0xA1)?;
    let bits = tlv::bit_string_content(content(field)?)?;
    Some(Zeroizing::new(bits.to_vec()))
}

fn dsa(fields: &[&[u8]]) -> Option<(Vec<u8>, Zeroizing<Vec<u8>>)> {
    let [_, p, q, g, y, _] = fields else { return None };
    let parameters = tlv::sequence(&[p, q, g]).ok()?;
    algorithm(DSA, &parameters).zip(Some(Zeroizing::new(y.to_vec())))
}

fn content(element: &[u8]) -> Option<&[u8]> {
    der::asn1::AnyRef::from_der(element).ok().map(|any| any.value())
}

/// An RSAPublicKey (RFC 8017 A.1.1), which has a PEM label of its own.
pub(super) fn rsa_public_key(der: &[u8]) -> Body {
    let view = algorithm(RSA, NULL).and_then(|algorithm| spki(&algorithm, der));
    match view {
        Some(spki) => Body::PublicKey(Box::new(PublicKeyView::of(&spki))),
        None => unreadable("public key", "malformed RSA public key"),
    }
}

/// Two numbers without a label: public exponents are odd and over 2, generators small.
pub(super) fn two_integers(der: &[u8]) -> Body {
    let fields = tlv::elements(der).unwrap_or_default();
    let is_generator = |field: &&[u8]| matches!(field, [2, 1, 2 | 5]);
    if fields.len() > 2 {
        prime_parameters("DSA or Diffie-Hellman parameters", der)
    } else if fields.get(1).is_some_and(is_generator) {
        dh_parameters(der)
    } else {
        rsa_public_key(der)
    }
}

/// DH parameters (PKCS#3, RFC 3279 2.3.3): a prime and a generator.
pub(super) fn dh_parameters(der: &[u8]) -> Body {
    prime_parameters("Diffie-Hellman parameters", der)
}

/// DSA parameters (RFC 3279 2.3.2): two primes and a generator.
pub(super) fn dsa_parameters(der: &[u8]) -> Body {
    prime_parameters("DSA parameters", der)
}

fn prime_parameters(name: &str, der: &[u8]) -> Body {
    let fields = tlv::elements(der).unwrap_or_default();
    let Some(prime) = fields.first().and_then(|field| integer(field)) else {
        return unreadable(name, "malformed");
    };
    let zeros = prime.first().map_or(0, |octet| octet.leading_zeros() as usize);
    let mut facts = vec![("Size", format!("{} bits", prime.len() * 8 - zeros))];
    if let Some([generator]) = fields.get(1).and_then(|field| integer(field)).as_deref() {
        facts.push(("Generator", generator.to_string()));
    }
    Body::Other { name: name.into(), facts }
}

/// The block that `openssl ecparam -genkey` puts before its key.
pub(super) fn ec_parameters(der: &[u8]) -> Body {
    let curve = algorithm(EC, der).and_then(|algorithm| algorithm_alone(&algorithm));
    let curve = curve.unwrap_or_else(|| "unreadable".into());
    let curve = curve.strip_prefix("EC ").unwrap_or(&curve).to_owned();
    Body::Other { name: "EC parameters".into(), facts: vec![("Curve", printable(&curve))] }
}

fn unreadable(name: &str, reason: &str) -> Body {
    Body::Unreadable { name: name.into(), reason: reason.into() }
}

