//! Encrypted private keys: `EncryptedPrivateKeyInfo` (RFC 5958 3).
//!
//! Read is what `openssl pkcs8 -topk8` and CA.pl write; the algorithms are those of PKCS#12, with
//! the same guards against parameters that would take for ever.

use cms::cert::x509::spki::AlgorithmIdentifierOwned;
use der::asn1::OctetString;
use der::{Encode, Reader, SliceReader};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5::pbes2;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::pki::pkcs12::{Encryption, Protection, ReadError};

/// PBKDF2 rounds for a CA key: what is asked of a chosen passphrase (OWASP, 2023).
const ITERATIONS: u32 = 600_000;

/// Whether this DER is an encrypted key, whatever the encryption.
pub fn is_encrypted(der: &[u8]) -> bool {
    parse(der).is_some()
}

/// How it is encrypted; visible without the passphrase.
pub fn protection(der: &[u8]) -> Result<Protection> {
    let (algorithm, _) = parse(der).ok_or_else(malformed)?;
    Ok(Encryption::parse(&algorithm).map_err(unreadable)?.protection())
}

/// Decrypts to PKCS#8.
pub fn open(der: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>> {
    let (algorithm, ciphertext) = parse(der).ok_or_else(malformed)?;
    let encryption = Encryption::parse(&algorithm).map_err(unreadable)?;
    encryption.decrypt(passphrase, ciphertext.as_bytes()).map_err(|_| wrong_passphrase())
}

/// Encrypts PKCS#8: PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC. `salt` and `iv` must be fresh
/// random octets.
pub fn seal(pkcs8: &[u8], passphrase: &str, salt: [u8; 16], iv: [u8; 16]) -> Result<Vec<u8>> {
    let failed = || Error::bug("the key could not be encrypted");
    let parameters = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(ITERATIONS, &salt, iv)
        .map_err(|_| failed())?;
    let encrypted = parameters.encrypt(passphrase, pkcs8).map_err(|_| failed())?;
    let info = EncryptedPrivateKeyInfoRef {
        encryption_algorithm: parameters.into(),
        encrypted_data: der::asn1::OctetStringRef::new(&encrypted).map_err(|_| failed())?,
    };
    info.to_der().map_err(|_| failed())
}

/// The error for a passphrase that is not the key's.
pub fn wrong_passphrase() -> Error {
    Error::refused("the passphrase does not open the private key")
}

fn parse(der: &[u8]) -> Option<(AlgorithmIdentifierOwned, OctetString)> {
    let mut reader = SliceReader::new(der).ok()?;
    let parts =
        reader.sequence(|reader| Ok::<_, der::Error>((reader.decode()?, reader.decode()?))).ok()?;
    reader.is_finished().then_some(parts)
}

fn malformed() -> Error {
    Error::refused("the encrypted private key is malformed")
}

fn unreadable(error: ReadError) -> Error {
    let message = match error {
        ReadError::TooManyIterations(iterations) => {
            format!(
                "the private key asks for {iterations} rounds of key derivation, which is too many"
            )
        }
        ReadError::Unsupported(what) => {
            format!("the private key is encrypted with {what}, which is not supported")
        }
        _ => "the encryption of the private key is malformed".to_owned(),
    };
    Error::refused(message).hint("convert it: openssl pkcs8 -topk8 -in OLD.pem -out key.pem")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_passphrase_only() {
        let sealed = seal(b"a key", "correct horse", [1; 16], [2; 16]).unwrap();
        assert!(is_encrypted(&sealed));
        assert_eq!(*open(&sealed, "correct horse").unwrap(), b"a key");
        assert!(open(&sealed, "wrong").unwrap_err().to_string().contains("passphrase"));
        assert_eq!(protection(&sealed).unwrap().iterations, ITERATIONS);
    }

    #[test]
    fn an_initialisation_vector_of_the_wrong_length_is_an_error() {
        // PBES2 with PBKDF2 and DES-EDE3-CBC whose IV has four octets.
        let der = b"\x30\x36\x30\x34\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d\x30\x27\x30\x12\x06\x09\
            \x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c\x30\x05\x04\x00\x02\x01\x01\x30\x10\x06\x08\x2a\x86\x48\
            \x86\xf7\x0d\x03\x07\x04\x04abcd\x30\x00";
        assert!(open(der, "x").is_err());
    }
}
