//! Which signature of a handshake can be checked, and with what.
//!
//! A scheme that does not suit the key, or that its version of TLS forbids, proves nothing: whoever makes it up
//! needs no key. Every TLS client ends the handshake there.

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use rustls::SignatureScheme;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::pki::signature::KeyAlgorithm;

/// What RSA keys aws-lc verifies with.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The version of the handshake: what may be signed with differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// The hash is free for every curve (RFC 8422 5.10), and PKCS #1 v1.5 is allowed.
    Tls12,
    /// Each curve has its hash, and RSA means RSASSA-PSS (RFC 8446 4.2.3).
    Tls13,
}

/// What a signature says about whoever made it.
#[derive(Debug)]
pub(super) enum Proof {
    /// He has the key.
    Given,
    /// He has not.
    Wrong,
    /// That cannot be said; in words.
    Unknown(String),
}

/// Looks whether a signature over `message` is by the key of this certificate.
pub(super) fn prove(
    version: Version,
    certificate: &[u8],
    message: &[u8],
    scheme: SignatureScheme,
    signature: &[u8],
) -> Proof {
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else {
        return Proof::Unknown("the certificate cannot be read".into());
    };
    let key = parsed.public_key();
    let Ok(kind) = KeyAlgorithm::of(key.raw) else {
        return Proof::Unknown("the key of its certificate cannot be read".into());
    };
    if !can_be_checked(&kind) {
        return Proof::Unknown(format!("its key is of a kind that is not checked, {kind}"));
    }
    let Some(verifier) = verifier(version, &kind, u16::from(scheme)) else {
        return Proof::Unknown(format!(
            "it signed with {}, which does not suit its key, {kind}",
            name(scheme)
        ));
    };
    let key = UnparsedPublicKey::new(verifier, &key.subject_public_key.data);
    if key.verify(message, signature).is_ok() { Proof::Given } else { Proof::Wrong }
}

fn can_be_checked(key: &KeyAlgorithm) -> bool {
    match key {
        KeyAlgorithm::Rsa { bits } | KeyAlgorithm::RsaPss { bits } => RSA_BITS.contains(bits),
        KeyAlgorithm::EcP256
        | KeyAlgorithm::EcP384
        | KeyAlgorithm::EcP521
        | KeyAlgorithm::Ed25519 => true,
        KeyAlgorithm::Ed448 | KeyAlgorithm::Other(_) => false,
    }
}

/// The one for a scheme by its number (RFC 8446 4.2.3) with that key; none where they do not belong
/// together. SHA-1 is none: we offer nothing with it.
fn verifier(
    version: Version,
    key: &KeyAlgorithm,
    scheme: u16,
) -> Option<&'static dyn VerificationAlgorithm> {
    use KeyAlgorithm::{EcP256, EcP384, EcP521, Ed25519, Rsa, RsaPss};
    let is_old = version == Version::Tls12;
    Some(match (key, scheme) {
        (Rsa { .. }, 0x0401) if is_old => &signature::RSA_PKCS1_2048_8192_SHA256,
        (Rsa { .. }, 0x0501) if is_old => &signature::RSA_PKCS1_2048_8192_SHA384,
        (Rsa { .. }, 0x0601) if is_old => &signature::RSA_PKCS1_2048_8192_SHA512,
        (Rsa { .. }, 0x0804) | (RsaPss { .. }, 0x0809) => &signature::RSA_PSS_2048_8192_SHA256,
        (Rsa { .. }, 0x0805) | (RsaPss { .. }, 0x080a) => &signature::RSA_PSS_2048_8192_SHA384,
        (Rsa { .. }, 0x0806) | (RsaPss { .. }, 0x080b) => &signature::RSA_PSS_2048_8192_SHA512,
        (EcP256, 0x0403) => &signature::ECDSA_P256_SHA256_ASN1,
        (EcP256, 0x0503) if is_old => &signature::ECDSA_P256_SHA384_ASN1,
        (EcP256, 0x0603) if is_old => &signature::ECDSA_P256_SHA512_ASN1,
        (EcP384, 0x0403) if is_old => &signature::ECDSA_P384_SHA256_ASN1,
        (EcP384, 0x0503) => &signature::ECDSA_P384_SHA384_ASN1,
        (EcP384, 0x0603) if is_old => &signature::ECDSA_P384_SHA512_ASN1,
        (EcP521, 0x0403) if is_old => &signature::ECDSA_P521_SHA256_ASN1,
        (EcP521, 0x0503) if is_old => &signature::ECDSA_P521_SHA384_ASN1,
        (EcP521, 0x0603) => &signature::ECDSA_P521_SHA512_ASN1,
        (Ed25519, 0x0807) => &signature::ED25519,
        _ => return None,
    })
}

fn name(scheme: SignatureScheme) -> String {
    match scheme {
        SignatureScheme::Unknown(number) => format!("the scheme 0x{number:04x}"),
        known => format!("{known:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_goes_with_its_key_alone() {
        let rsa = KeyAlgorithm::Rsa { bits: 2048 };
        let pss = KeyAlgorithm::RsaPss { bits: 2048 };
        let keys = [
            (&rsa, &[0x0804, 0x0805, 0x0806][..], &[0x0401, 0x0501, 0x0601][..]),
            (&pss, &[0x0809, 0x080a, 0x080b], &[]),
            (&KeyAlgorithm::EcP256, &[0x0403], &[0x0503, 0x0603]),
            (&KeyAlgorithm::EcP384, &[0x0503], &[0x0403, 0x0603]),
            (&KeyAlgorithm::EcP521, &[0x0603], &[0x0403, 0x0503]),
            (&KeyAlgorithm::Ed25519, &[0x0807], &[]),
            (&KeyAlgorithm::Ed448, &[], &[]),
            (&KeyAlgorithm::Other("EC secp256k1".into()), &[], &[]),
        ];
        for (key, always, once) in keys {
            for scheme in 0..=u16::MAX {
                let is_fit = always.contains(&scheme);
                assert_eq!(verifier(Version::Tls13, key, scheme).is_some(), is_fit, "{key}");
                let is_fit = is_fit || once.contains(&scheme);
                assert_eq!(verifier(Version::Tls12, key, scheme).is_some(), is_fit, "{key}");
            }
        }
    }
}
