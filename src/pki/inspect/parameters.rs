//! What has a PEM label, or a shape, that says too little: RSA public keys, and the parameters of
//! other algorithms.

use super::Body;
use super::key::{PublicKeyView, integer};
use super::public_half::{EC, NULL, RSA, algorithm, algorithm_alone, spki};
use crate::pki::printable::printable;
use crate::pki::tlv;

/// An `RSAPublicKey` (RFC 8017 A.1.1), which has a PEM label of its own.
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
