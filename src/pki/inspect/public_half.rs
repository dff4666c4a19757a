//! The public half of a private key, taken from the file as it stands: for keys that aws-lc-rs does
//! not load.

use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use zeroize::Zeroizing;

use super::shape::Shape;
use crate::pki::signature::KeyAlgorithm;
use crate::pki::tlv;

pub(super) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
pub(super) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");
pub(super) const NULL: &[u8] = &[5, 0];

/// The public half of a key that mailca has no use for, as the file has it; else the algorithm, if
/// that can be read.
pub(super) fn public_half(
    der: &[u8],
    shape: Shape,
) -> std::result::Result<Vec<u8>, Option<String>> {
    let fields = tlv::elements(der).map_err(|_| None)?;
    let found = match shape {
        Shape::Pkcs1 => algorithm(RSA, NULL).zip(rsa_bits(&fields)),
        Shape::Sec1 => {
            sec1_curve(&fields).and_then(|curve| algorithm(EC, curve)).zip(sec1_bits(&fields))
        }
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

/// A `SubjectPublicKeyInfo`, if it makes sense.
pub(super) fn spki(algorithm: &[u8], bits: &[u8]) -> Option<Vec<u8>> {
    let spki = tlv::sequence(&[algorithm, &tlv::bit_string(bits).ok()?]).ok()?;
    KeyAlgorithm::of(&spki).ok().map(|_| spki)
}

/// The name of an algorithm without a key.
pub(super) fn algorithm_alone(algorithm: &[u8]) -> Option<String> {
    let spki = tlv::sequence(&[algorithm, &tlv::bit_string(&[]).ok()?]).ok()?;
    KeyAlgorithm::of(&spki).ok().map(|known| known.to_string())
}

/// An `AlgorithmIdentifier`.
pub(super) fn algorithm(oid: ObjectIdentifier, parameters: &[u8]) -> Option<Vec<u8>> {
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

/// The `RSAPublicKey` of the numbers of an `RSAPrivateKey`.
fn rsa_bits(fields: &[&[u8]]) -> Option<Zeroizing<Vec<u8>>> {
    match fields {
        [_, modulus, exponent, _, _, _, _, _, ..] => {
            tlv::sequence(&[modulus, exponent]).ok().map(Zeroizing::new)
        }
        _ => None,
    }
}

/// `parameters [0]` of an `ECPrivateKey`.
fn sec1_curve<'a>(fields: &[&'a [u8]]) -> Option<&'a [u8]> {
    fields.iter().find(|field| field[0] == 0xA0).and_then(|field| content(field))
}

/// `publicKey [1]` of an `ECPrivateKey`.
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
    der::asn1::AnyRef::from_der(element).ok().map(der::asn1::AnyRef::value)
}
