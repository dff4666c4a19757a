//! How a private key is encrypted, as far as that is visible (RFC 8018, RFC 7292 appendix C).

use x509_parser::der_parser::asn1_rs::{FromDer, Oid};

use crate::pki::printable::printable;
use crate::pki::tlv;

/// The most rounds of key derivation that are done: some seconds of work.
const MAX_ITERATIONS: u64 = 10_000_000;
/// The most memory that scrypt is given, in octets.
const MAX_SCRYPT_MEMORY: u64 = 256 << 20;
const MAX_SCRYPT_PARALLEL: u64 = 16;

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
    /// Of an EncryptedPrivateKeyInfo (RFC 5958 3).
    pub(super) fn of_key(der: &[u8]) -> Self {
        let known = tlv::elements(der)
            .ok()
            .and_then(|fields| fields.first().copied().and_then(Self::of_algorithm));
        known.unwrap_or_else(|| Self::closed("malformed".into(), None))
    }

    /// Of a PEM block with `Proc-Type` and `DEK-Info` headers.
    pub(super) fn legacy(headers: &[String]) -> Self {
        let cipher = headers
            .iter()
            .find_map(|header| header.strip_prefix("DEK-Info:"))
            .and_then(|value| value.split(',').next())
            .map_or_else(|| "unknown cipher".into(), |cipher| printable(cipher.trim()));
        Self::closed(format!("{cipher}, one round of MD5 (DEK-Info)"), None)
    }

    /// What to do about an encryption that mailca cannot open.
    pub(super) fn problem(&self) -> Option<String> {
        (!self.openable).then(|| {
            "mailca cannot open this encryption; convert the key: \
             openssl pkcs8 -topk8 -in OLD.pem -out key.pem"
                .into()
        })
    }

    fn closed(algorithm: String, iterations: Option<u64>) -> Self {
        Self { algorithm, iterations, openable: false }
    }

    fn of_algorithm(identifier: &[u8]) -> Option<Self> {
        let (oid, parameters) = algorithm(identifier)?;
        let name = match oid.as_str() {
            "1.2.840.113549.1.5.13" => return pbes2(parameters?),
            "1.2.840.113549.1.5.3" => "PBES1, MD5, DES-CBC",
            "1.2.840.113549.1.5.6" => "PBES1, MD5, RC2-CBC",
            "1.2.840.113549.1.5.10" => "PBES1, SHA-1, DES-CBC",
            "1.2.840.113549.1.5.11" => "PBES1, SHA-1, RC2-CBC",
            "1.2.840.113549.1.12.1.1" => "PBE-SHA1-RC4-128",
            "1.2.840.113549.1.12.1.2" => "PBE-SHA1-RC4-40",
            "1.2.840.113549.1.12.1.3" => "PBE-SHA1-3DES",
            "1.2.840.113549.1.12.1.4" => "PBE-SHA1-2DES",
            "1.2.840.113549.1.12.1.5" => "PBE-SHA1-RC2-128",
            "1.2.840.113549.1.12.1.6" => "PBE-SHA1-RC2-40",
            _ => return Some(Self::closed(format!("algorithm {oid}"), None)),
        };
        let fields = parameters.and_then(|parameters| tlv::elements(parameters).ok());
        let iterations = fields.and_then(|fields| number(fields.get(1)?));
        Some(Self::closed(name.into(), iterations))
    }
}

fn pbes2(parameters: &[u8]) -> Option<Encryption> {
    let schemes = tlv::elements(parameters).ok()?;
    let [derivation, cipher] = schemes.as_slice() else { return None };
    let (cipher, iv) = algorithm(cipher)?;
    // pkcs5 0.8.1 panics at an IV of another length.
    let (cipher, iv_length) = match cipher.as_str() {
        "2.16.840.1.101.3.4.1.2" => ("AES-128-CBC".to_owned(), Some(16)),
        "2.16.840.1.101.3.4.1.22" => ("AES-192-CBC".to_owned(), Some(16)),
        "2.16.840.1.101.3.4.1.42" => ("AES-256-CBC".to_owned(), Some(16)),
        "1.2.840.113549.3.7" => ("3DES-CBC".to_owned(), Some(8)),
        "1.3.14.3.2.7" => ("DES-CBC".to_owned(), None),
        "1.2.840.113549.3.2" => ("RC2-CBC".to_owned(), None),
        _ => (format!("cipher {cipher}"), None),
    };
    let known_cipher = iv_length.is_some_and(|length| iv.is_some_and(|iv| iv.len() == length + 2));
    let (derivation, iterations, known_derivation) = key_derivation(derivation)?;
    Some(Encryption {
        algorithm: format!("PBES2, {derivation}, {cipher}"),
        iterations,
        openable: known_cipher && known_derivation,
    })
}

/// The name, the rounds, and whether mailca does it.
fn key_derivation(identifier: &[u8]) -> Option<(String, Option<u64>, bool)> {
    let (oid, parameters) = algorithm(identifier)?;
    let fields = tlv::elements(parameters?).ok()?;
    if oid == "1.3.6.1.4.1.11591.4.11" {
        let [cost, block, parallel] = [1, 2, 3].map(|index| number(fields.get(index)?));
        let memory = cost?.checked_mul(block?)?.checked_mul(128)?;
        // pkcs5 0.8.1 panics at N = 0; N is a power of two (RFC 7914 6).
        let affordable = cost?.is_power_of_two()
            && cost? > 1
            && (1..=MAX_SCRYPT_MEMORY).contains(&memory)
            && (1..=MAX_SCRYPT_PARALLEL).contains(&parallel?);
        return Some((format!("scrypt with N={}", cost?), None, affordable));
    }
    if oid != "1.2.840.113549.1.5.12" {
        return Some((format!("derivation {oid}"), None, false));
    }
    let iterations = number(fields.get(1)?);
    let digest = match fields.get(2..)?.iter().find(|field| field[0] == 0x30) {
        Some(identifier) => algorithm(identifier)?.0,
        None => "1.2.840.113549.2.7".into(),
    };
    let (digest, known) = match digest.as_str() {
        "1.2.840.113549.2.7" => ("SHA1".to_owned(), true),
        "1.2.840.113549.2.8" => ("SHA224".to_owned(), true),
        "1.2.840.113549.2.9" => ("SHA256".to_owned(), true),
        "1.2.840.113549.2.10" => ("SHA384".to_owned(), true),
        "1.2.840.113549.2.11" => ("SHA512".to_owned(), true),
        other => (format!(" {other}"), false),
    };
    let affordable = iterations.is_some_and(|rounds| (1..=MAX_ITERATIONS).contains(&rounds));
    Some((format!("PBKDF2-HMAC-{digest}"), iterations, known && affordable))
}

/// The dotted OID of an AlgorithmIdentifier and its parameters.
fn algorithm(identifier: &[u8]) -> Option<(String, Option<&[u8]>)> {
    let fields = tlv::elements(identifier).ok()?;
    let (_, oid) = Oid::from_der(fields.first()?).ok()?;
    Some((oid.to_id_string(), fields.get(1).copied()))
}

fn number(encoded: &&[u8]) -> Option<u64> {
    <u64 as FromDer<_>>::from_der(encoded).ok().map(|(_, number)| number)
}

#[cfg(test)]
mod tests {
    use der::Encode as _;

    use super::*;

    fn key(parameters: &pkcs8::pkcs5::pbes2::Parameters) -> Vec<u8> {
        let info = pkcs8::EncryptedPrivateKeyInfoRef {
            encryption_algorithm: parameters.clone().into(),
            encrypted_data: der::asn1::OctetStringRef::new(&[0; 16]).unwrap(),
        };
        info.to_der().unwrap()
    }

    #[test]
    fn what_we_write_is_described() {
        let parameters = pkcs8::pkcs5::pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(
            600_000, &[1; 16], [2; 16],
        );
        let found = Encryption::of_key(&key(&parameters.unwrap()));
        assert_eq!(found.algorithm, "PBES2, PBKDF2-HMAC-SHA256, AES-256-CBC");
        assert_eq!(found.iterations, Some(600_000));
        assert!(found.openable);
    }

    #[test]
    fn a_cipher_with_a_short_iv_is_not_opened() {
        let parameters = pkcs8::pkcs5::pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(
            2048, &[1; 16], [0xAA; 16],
        );
        let der = key(&parameters.unwrap());
        let position = der.windows(18).position(|w| w[..2] == [4, 16] && w[2] == 0xAA).unwrap();
        for (length, cut) in [(4_u8, 12_usize), (0, 16)] {
            // The lengths around it are left wrong, or put right by hand: neither may be opened.
            let mut broken = der.clone();
            broken[position + 1] = length;
            broken.drain(position + 2..position + 2 + cut);
            assert!(!Encryption::of_key(&broken).openable);
        }
    }

    #[test]
    fn garbage_is_malformed() {
        for der in [&[][..], &[0x30, 0], &[0x30, 4, 0x30, 0, 4, 0]] {
            assert_eq!(Encryption::of_key(der).algorithm, "malformed");
        }
    }
}
