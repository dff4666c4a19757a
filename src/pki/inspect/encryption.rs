//! How a private key is encrypted, as far as that is visible (RFC 8018, RFC 7292 appendix C).

use x509_parser::der_parser::asn1_rs::{FromDer, Oid};

use crate::pki::printable::printable;
use crate::pki::{encrypted_key, tlv};

/// An encryption under a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// For a person: `PBES2, PBKDF2-HMAC-SHA256, AES-256-CBC`.
    pub algorithm: String,
    /// Rounds of the key derivation, where it has such.
    pub iterations: Option<u64>,
    /// Whether mailca can open it, given the password.
    pub(super) openable: bool,
}

impl Encryption {
    /// Of an `EncryptedPrivateKeyInfo` (RFC 5958 3).
    pub(super) fn of_key(der: &[u8]) -> Self {
        match encrypted_key::protection(der) {
            Ok(known) => Self {
                algorithm: known.algorithm,
                iterations: Some(known.iterations.into()),
                openable: true,
            },
            Err(_) => Self::closed(name(der).unwrap_or_else(|| "malformed".into())),
        }
    }

    /// Of a PEM block with `Proc-Type` and `DEK-Info` headers.
    pub(super) fn legacy(headers: &[String]) -> Self {
        let cipher = headers
            .iter()
            .find_map(|header| header.strip_prefix("DEK-Info:"))
            .and_then(|value| value.split(',').next())
            .map_or_else(|| "unknown cipher".into(), |cipher| printable(cipher.trim()));
        Self::closed(format!("{cipher}, one round of MD5 (DEK-Info)"))
    }

    /// What to do about an encryption that mailca cannot open.
    pub(super) fn problem(&self) -> Option<String> {
        (!self.openable).then(|| {
            "mailca cannot open this encryption; convert the key: \
             openssl pkcs8 -topk8 -in OLD.pem -out key.pem"
                .into()
        })
    }

    fn closed(algorithm: String) -> Self {
        Self { algorithm, iterations: None, openable: false }
    }
}

/// What an encryption that mailca cannot open is called.
fn name(der: &[u8]) -> Option<String> {
    let fields = tlv::elements(der).ok()?;
    let identifier = tlv::elements(fields.first()?).ok()?;
    let (_, oid) = Oid::from_der(identifier.first()?).ok()?;
    let oid = oid.to_id_string();
    let name = match oid.as_str() {
        "1.2.840.113549.1.5.13" => "PBES2 with an algorithm or parameters unknown here",
        "1.2.840.113549.1.5.3" => "PBES1, MD5, DES-CBC",
        "1.2.840.113549.1.5.6" => "PBES1, MD5, RC2-CBC",
        "1.2.840.113549.1.5.10" => "PBES1, SHA-1, DES-CBC",
        "1.2.840.113549.1.5.11" => "PBES1, SHA-1, RC2-CBC",
        "1.2.840.113549.1.12.1.1" => "PBE-SHA1-RC4-128",
        "1.2.840.113549.1.12.1.2" => "PBE-SHA1-RC4-40",
        "1.2.840.113549.1.12.1.4" => "PBE-SHA1-2DES",
        "1.2.840.113549.1.12.1.5" => "PBE-SHA1-RC2-128",
        _ => return Some(format!("algorithm {oid}")),
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_write_is_described() {
        let sealed = encrypted_key::seal(b"a key", "secret", [1; 16], [2; 16]).unwrap();
        let found = Encryption::of_key(&sealed);
        assert_eq!(found.algorithm, "PBES2, PBKDF2-HMAC-SHA256, AES-256-CBC");
        assert_eq!(found.iterations, Some(600_000));
        assert!(found.openable);
    }

    #[test]
    fn garbage_is_malformed() {
        for der in [&[][..], &[0x30, 0], &[0x30, 4, 0x30, 0, 4, 0]] {
            let found = Encryption::of_key(der);
            assert_eq!((found.algorithm.as_str(), found.openable), ("malformed", false));
        }
    }
}
