//! The MAC over a PKCS#12 file (RFC 7292 section 4, `macData`), by which a wrong password is known.

use aws_lc_rs::hmac;
use cms::cert::x509::spki::AlgorithmIdentifierOwned;
use der::asn1::{Any, ObjectIdentifier, OctetString};
use pkcs12::kdf::{Pkcs12KeyType, derive_key};
use pkcs12::{DigestInfo, MacData};
use zeroize::Zeroizing;

use super::algorithm::{
    Protection, SALT_LENGTH, checked_iterations, random, signed, utf16_password,
};
use super::{Form, ReadError, ReadResult, composing};
use crate::error::Result;

const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA_224: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.4");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const PBMAC1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.14");

/// A hash function that can carry the MAC of a file.
#[derive(Clone, Copy)]
enum MacDigest {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl MacDigest {
    fn of(mac: &MacData) -> ReadResult<Self> {
        match mac.mac.algorithm.oid {
            SHA_1 => Ok(Self::Sha1),
            SHA_224 => Ok(Self::Sha224),
            SHA_256 => Ok(Self::Sha256),
            SHA_384 => Ok(Self::Sha384),
            SHA_512 => Ok(Self::Sha512),
            PBMAC1 => Err(ReadError::Unsupported("PBMAC1 (RFC 9579) as its MAC".into())),
            oid => Err(ReadError::Unsupported(format!("the MAC algorithm {oid}"))),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "HMAC-SHA1",
            Self::Sha224 => "HMAC-SHA224",
            Self::Sha256 => "HMAC-SHA256",
            Self::Sha384 => "HMAC-SHA384",
            Self::Sha512 => "HMAC-SHA512",
        }
    }

    /// RFC 7292 appendix A: the key has the length of the hash.
    fn key(self, password: &str, salt: &[u8], iterations: i32) -> hmac::Key {
        let password = utf16_password(password);
        let purpose = Pkcs12KeyType::Mac;
        let (algorithm, key) = match self {
            Self::Sha1 => (
                hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                derive_key::<sha1::Sha1>(&password, salt, purpose, iterations, 20),
            ),
            Self::Sha224 => (
                hmac::HMAC_SHA224,
                derive_key::<sha2::Sha224>(&password, salt, purpose, iterations, 28),
            ),
            Self::Sha256 => (
                hmac::HMAC_SHA256,
                derive_key::<sha2::Sha256>(&password, salt, purpose, iterations, 32),
            ),
            Self::Sha384 => (
                hmac::HMAC_SHA384,
                derive_key::<sha2::Sha384>(&password, salt, purpose, iterations, 48),
            ),
            Self::Sha512 => (
                hmac::HMAC_SHA512,
                derive_key::<sha2::Sha512>(&password, salt, purpose, iterations, 64),
            ),
        };
        hmac::Key::new(algorithm, &Zeroizing::new(key))
    }
}

/// The key of a MAC that is to be written. It depends on nothing in the file, so that it can be
/// derived while the file is encrypted.
pub(super) struct MacKey {
    digest: ObjectIdentifier,
    salt: [u8; SALT_LENGTH],
    iterations: i32,
    key: hmac::Key,
}

impl MacKey {
    pub(super) fn derive(form: Form, password: &str, iterations: u32) -> Result<Self> {
        let (digest, mac) =
            if form.is_weak() { (SHA_1, MacDigest::Sha1) } else { (SHA_256, MacDigest::Sha256) };
        let salt = random()?;
        let iterations = signed(iterations)?;
        Ok(Self { digest, salt, iterations, key: mac.key(password, &salt, iterations) })
    }

    /// The `MacData` of RFC 7292 section 4 over the content of `authSafe`.
    pub(super) fn sign(&self, content: &[u8]) -> Result<MacData> {
        // RFC 8017 appendix A.2.4 has NULL parameters in a DigestInfo, and OpenSSL writes them.
        let algorithm =
            AlgorithmIdentifierOwned { oid: self.digest, parameters: Some(Any::null()) };
        let digest =
            OctetString::new(hmac::sign(&self.key, content).as_ref()).map_err(composing)?;
        Ok(MacData {
            mac: DigestInfo { algorithm, digest },
            mac_salt: OctetString::new(self.salt).map_err(composing)?,
            iterations: self.iterations,
        })
    }
}

/// What to tell about a MAC; refuses an unknown one and one that would take too long.
pub(super) fn mac_protection(mac: &MacData) -> ReadResult<Protection> {
    let iterations = checked_iterations(mac.iterations.into())?;
    Ok(Protection { algorithm: MacDigest::of(mac)?.name().into(), iterations })
}

/// Whether the MAC is that of the content under the password. Mind [`mac_protection`] first.
pub(super) fn verify_mac(mac: &MacData, password: &str, content: &[u8]) -> ReadResult<()> {
    let key = MacDigest::of(mac)?.key(password, mac.mac_salt.as_bytes(), mac.iterations);
    hmac::verify(&key, content, mac.mac.digest.as_bytes()).map_err(|_| ReadError::WrongPassword)
}
