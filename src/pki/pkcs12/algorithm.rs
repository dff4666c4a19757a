//! The password-based algorithms of PKCS#12: two kinds of encryption and the MAC.

use aws_lc_rs::{hmac, rand};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use cms::cert::x509::spki::AlgorithmIdentifierOwned;
use der::asn1::{Any, ObjectIdentifier, OctetString};
use der::{Decode, Encode, Reader, SliceReader};
use pkcs5::pbes2::{self, EncryptionScheme, Kdf, Pbkdf2Prf};
use pkcs12::kdf::{Pkcs12KeyType, derive_key};
use pkcs12::pbe_params::Pkcs12PbeParams;
use pkcs12::{DigestInfo, MacData};
use zeroize::Zeroizing;

use super::{Form, MAX_READ_ITERATIONS, ReadError, ReadResult, composing};
use crate::error::{Error, Result};

const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA_224: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.4");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const PBMAC1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.14");

/// NIST SP 800-132 section 5.1 asks for 16 bytes of salt.
const SALT_LENGTH: usize = 16;
const TRIPLE_DES_KEY_LENGTH: usize = 24;
const RC2_40_KEY_LENGTH: usize = 5;
const CBC_64_IV_LENGTH: usize = 8;

/// An algorithm that protects something with a password, and what a guess costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
    /// For a person, as `PBES2, PBKDF2-HMAC-SHA256, AES-256-CBC` or `HMAC-SHA256`.
    pub algorithm: String,
    /// Rounds of the key derivation.
    pub iterations: u32,
}

/// A password as RFC 7292 appendix B.1 wants it: big-endian UTF-16 and two zero bytes.
/// Of the empty password the two zero bytes remain, which OpenSSL, NSS, `GnuTLS` and Java read.
pub(super) fn utf16_password(password: &str) -> Zeroizing<Vec<u8>> {
    // UTF-16 never needs more than twice the bytes of UTF-8: no copy is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * password.len() + 2));
    bytes.extend(password.encode_utf16().flat_map(u16::to_be_bytes));
    bytes.extend([0, 0]);
    bytes
}

/// Encrypts with the 3DES form, with new salt.
pub(super) fn encrypt_weakly(
    password: &str,
    iterations: u32,
    plaintext: &[u8],
) -> Result<(AlgorithmIdentifierOwned, OctetString)> {
    let parameters = pbe_parameters(&random::<SALT_LENGTH>()?, iterations)?;
    let [key, iv] = triple_des_key_and_iv(password, &parameters);
    let cipher = cbc::Encryptor::<des::TdesEde3>::new_from_slices(&key, &iv);
    encrypted(
        cipher.ok(),
        plaintext,
        pkcs12::PKCS_12_PBE_WITH_SHAAND3_KEY_TRIPLE_DES_CBC,
        Any::encode_from(&parameters),
    )
}

/// A key of PBES2 (PBKDF2-HMAC-SHA256, AES-256-CBC), derived once for everything in a file.
///
/// Both safes say the same salt and each an IV of its own. AES-CBC hides any number of plaintexts under one key
/// as long as their IVs are unpredictable, and a guess at the password is no cheaper: whoever guesses needs
/// one of the two safes only, however many salts there are. Not so the 3DES form, which derives the IV too.
pub(super) struct StrongKey {
    salt: Vec<u8>,
    iterations: u32,
    key: Zeroizing<[u8; 32]>,
}

impl StrongKey {
    /// Derives a key with new salt.
    pub(super) fn new(password: &str, iterations: u32) -> Result<Self> {
        Ok(Self::derive(password, &random::<SALT_LENGTH>()?, iterations))
    }

    /// The key for something that is encrypted in this very way.
    pub(super) fn of(encryption: &Encryption, password: &str) -> Option<Self> {
        let (salt, iterations, _) = encryption.strong()?;
        Some(Self::derive(password, salt, iterations))
    }

    fn derive(password: &str, salt: &[u8], iterations: u32) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password.as_bytes(), salt, iterations, &mut *key);
        Self { salt: salt.to_vec(), iterations, key }
    }

    /// Encrypts with a new IV.
    pub(super) fn encrypt(
        &self,
        plaintext: &[u8],
    ) -> Result<(AlgorithmIdentifierOwned, OctetString)> {
        let iv = random()?;
        let parameters =
            pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(self.iterations, &self.salt, iv)
                .map_err(|_| unlikely())?;
        let cipher = cbc::Encryptor::<aes::Aes256>::new_from_slices(&*self.key, &iv);
        encrypted(cipher.ok(), plaintext, pbes2::PBES2_OID, Any::encode_from(&parameters))
    }

    /// Decrypts what says that it is encrypted with this key; `None` where it says something else.
    pub(super) fn decrypt(
        &self,
        encryption: &Encryption,
        ciphertext: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let (salt, iterations, iv) = encryption.strong()?;
        if salt != self.salt || iterations != self.iterations {
            return None;
        }
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let cipher = cbc::Decryptor::<aes::Aes256>::new_from_slices(&*self.key, iv).ok();
        let length = decrypt_cbc(cipher, &mut buffer).ok()?;
        buffer.truncate(length);
        Some(buffer)
    }
}

fn unlikely() -> Error {
    Error::bug("cannot encrypt for PKCS#12")
}

fn encrypted(
    cipher: Option<impl BlockModeEncrypt>,
    plaintext: &[u8],
    oid: ObjectIdentifier,
    parameters: der::Result<Any>,
) -> Result<(AlgorithmIdentifierOwned, OctetString)> {
    // One block more holds the padding; the plaintext is overwritten in place.
    let mut buffer = Zeroizing::new(Vec::with_capacity(plaintext.len() + 16));
    buffer.extend_from_slice(plaintext);
    buffer.resize(plaintext.len() + 16, 0);
    let ciphertext = cipher
        .ok_or_else(unlikely)?
        .encrypt_padded::<Pkcs7>(&mut buffer, plaintext.len())
        .map_err(|_| unlikely())?;
    let ciphertext = OctetString::new(ciphertext).map_err(composing)?;
    let parameters = Some(parameters.map_err(composing)?);
    Ok((AlgorithmIdentifierOwned { oid, parameters }, ciphertext))
}

/// An encryption that can be undone: known, and with parameters that p12-keystore and pkcs5
/// neither panic at nor spin on.
pub enum Encryption {
    /// PBES2 (RFC 8018 6.2), and its rounds.
    Pbes2(Box<pbes2::Parameters>, u32),
    /// pbeWithSHAAnd3-KeyTripleDES-CBC (RFC 7292 appendix C).
    TripleDes(Pkcs12PbeParams),
    /// pbewithSHAAnd40BitRC2-CBC, which is read and never written.
    Rc2(Pkcs12PbeParams),
}

impl Encryption {
    /// Understands an `AlgorithmIdentifier`, and refuses what would take too long.
    pub fn parse(identifier: &AlgorithmIdentifierOwned) -> ReadResult<Self> {
        let parameters = identifier
            .parameters
            .as_ref()
            .ok_or(ReadError::Damaged("an algorithm lacks its parameters"))?;
        let parameters = parameters.to_der()?;
        let encryption = match identifier.oid {
            pbes2::PBES2_OID => Self::parse_pbes2(&parameters)?,
            pkcs12::PKCS_12_PBE_WITH_SHAAND3_KEY_TRIPLE_DES_CBC => {
                Self::TripleDes(Pkcs12PbeParams::from_der(&parameters)?)
            }
            pkcs12::PKCS_12_PBEWITH_SHAAND40_BIT_RC2_CBC => {
                Self::Rc2(Pkcs12PbeParams::from_der(&parameters)?)
            }
            oid => return Err(ReadError::Unsupported(format!("the encryption algorithm {oid}"))),
        };
        match &encryption {
            Self::Pbes2(_, iterations) => checked_iterations(i64::from(*iterations))?,
            Self::TripleDes(parameters) | Self::Rc2(parameters) => {
                checked_iterations(parameters.iterations.into())?
            }
        };
        Ok(encryption)
    }

    fn parse_pbes2(parameters: &[u8]) -> ReadResult<Self> {
        // pkcs5 0.8.1 panics at a 3DES IV of less than 8 bytes, and at scrypt with N = 0.
        let [kdf, cipher]: [AlgorithmIdentifierOwned; 2] = SliceReader::new(parameters)?
            .sequence(|reader| Ok::<_, der::Error>([reader.decode()?, reader.decode()?]))?;
        if kdf.oid != pbes2::PBKDF2_OID {
            return Err(ReadError::Unsupported(format!(
                "the key derivation algorithm {}",
                kdf.oid
            )));
        }
        if cipher.oid == pbes2::DES_EDE3_CBC_OID
            && cipher.parameters.as_ref().is_none_or(|iv| iv.value().len() != CBC_64_IV_LENGTH)
        {
            return Err(ReadError::Damaged("the IV has the wrong length"));
        }
        let unsupported = |_| {
            ReadError::Unsupported(format!("PBES2 with {} or parameters unknown here", cipher.oid))
        };
        let parameters = pbes2::Parameters::from_der(parameters).map_err(unsupported)?;
        let iterations = parameters.kdf.pbkdf2().map_or(0, |pbkdf2| pbkdf2.iteration_count);
        Ok(Self::Pbes2(Box::new(parameters), iterations))
    }

    /// Salt, rounds and IV, where it is what [`StrongKey`] is for.
    fn strong(&self) -> Option<(&[u8], u32, &[u8])> {
        let Self::Pbes2(parameters, iterations) = self else { return None };
        let kdf = parameters.kdf.pbkdf2()?;
        match &parameters.encryption {
            EncryptionScheme::Aes256Cbc { iv } if kdf.prf == Pbkdf2Prf::HmacWithSha256 => {
                Some((kdf.salt.as_ref(), *iterations, iv))
            }
            _ => None,
        }
    }

    /// What to tell about it.
    pub fn protection(&self) -> Protection {
        match self {
            Self::Pbes2(parameters, iterations) => Protection {
                algorithm: format!(
                    "PBES2, {}, {}",
                    kdf_name(&parameters.kdf),
                    cipher_name(&parameters.encryption)
                ),
                iterations: *iterations,
            },
            Self::TripleDes(parameters) => pbe_protection("PBE-SHA1-3DES", parameters),
            Self::Rc2(parameters) => pbe_protection("PBE-SHA1-RC2-40", parameters),
        }
    }

    /// Decrypts; a wrong password mostly shows in the padding, and sometimes not at all.
    pub fn decrypt(&self, password: &str, ciphertext: &[u8]) -> ReadResult<Zeroizing<Vec<u8>>> {
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let length = match self {
            Self::Pbes2(parameters, _) => parameters
                .decrypt_in_place(password, &mut buffer)
                .map_err(|_| ReadError::WrongPassword)?
                .len(),
            Self::TripleDes(parameters) => {
                let [key, iv] = triple_des_key_and_iv(password, parameters);
                decrypt_cbc(
                    cbc::Decryptor::<des::TdesEde3>::new_from_slices(&key, &iv).ok(),
                    &mut buffer,
                )?
            }
            Self::Rc2(parameters) => {
                let key =
                    pbe_key(password, parameters, Pkcs12KeyType::EncryptionKey, RC2_40_KEY_LENGTH);
                let iv = pbe_key(password, parameters, Pkcs12KeyType::Iv, CBC_64_IV_LENGTH);
                decrypt_cbc(
                    cbc::Decryptor::<rc2::Rc2>::new_from_slices(&key, &iv).ok(),
                    &mut buffer,
                )?
            }
        };
        buffer.truncate(length);
        Ok(buffer)
    }
}

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

fn random<const LENGTH: usize>() -> Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    rand::fill(&mut bytes)
        .map_err(|_| Error::refused("the operating system gives no random bytes"))?;
    Ok(bytes)
}

fn signed(iterations: u32) -> Result<i32> {
    i32::try_from(iterations).map_err(|_| Error::bug("more iterations than PKCS#12 can say"))
}

fn checked_iterations(iterations: i64) -> ReadResult<u32> {
    match u32::try_from(iterations) {
        Ok(iterations @ 1..=MAX_READ_ITERATIONS) => Ok(iterations),
        Ok(iterations @ 1..) => Err(ReadError::TooManyIterations(iterations.into())),
        _ => Err(ReadError::Damaged("the number of iterations is not positive")),
    }
}

fn pbe_parameters(salt: &[u8], iterations: u32) -> Result<Pkcs12PbeParams> {
    Ok(Pkcs12PbeParams {
        salt: OctetString::new(salt).map_err(composing)?,
        iterations: signed(iterations)?,
    })
}

fn pbe_protection(algorithm: &str, parameters: &Pkcs12PbeParams) -> Protection {
    Protection { algorithm: algorithm.into(), iterations: parameters.iterations.unsigned_abs() }
}

fn pbe_key(
    password: &str,
    parameters: &Pkcs12PbeParams,
    purpose: Pkcs12KeyType,
    length: usize,
) -> Zeroizing<Vec<u8>> {
    let salt = parameters.salt.as_bytes();
    derive_key::<sha1::Sha1>(
        &utf16_password(password),
        salt,
        purpose,
        parameters.iterations,
        length,
    )
    .into()
}

fn triple_des_key_and_iv(password: &str, parameters: &Pkcs12PbeParams) -> [Zeroizing<Vec<u8>>; 2] {
    [
        pbe_key(password, parameters, Pkcs12KeyType::EncryptionKey, TRIPLE_DES_KEY_LENGTH),
        pbe_key(password, parameters, Pkcs12KeyType::Iv, CBC_64_IV_LENGTH),
    ]
}

fn decrypt_cbc(cipher: Option<impl BlockModeDecrypt>, buffer: &mut [u8]) -> ReadResult<usize> {
    let plaintext = cipher.and_then(|cipher| cipher.decrypt_padded::<Pkcs7>(buffer).ok());
    plaintext.map(<[u8]>::len).ok_or(ReadError::WrongPassword)
}

fn kdf_name(kdf: &Kdf) -> &'static str {
    match kdf.pbkdf2().map(|pbkdf2| pbkdf2.prf) {
        Some(Pbkdf2Prf::HmacWithSha1) => "PBKDF2-HMAC-SHA1",
        Some(Pbkdf2Prf::HmacWithSha224) => "PBKDF2-HMAC-SHA224",
        Some(Pbkdf2Prf::HmacWithSha256) => "PBKDF2-HMAC-SHA256",
        Some(Pbkdf2Prf::HmacWithSha384) => "PBKDF2-HMAC-SHA384",
        Some(Pbkdf2Prf::HmacWithSha512) => "PBKDF2-HMAC-SHA512",
        _ => "another key derivation",
    }
}

fn cipher_name(cipher: &EncryptionScheme) -> &'static str {
    match cipher {
        EncryptionScheme::Aes128Cbc { .. } => "AES-128-CBC",
        EncryptionScheme::Aes192Cbc { .. } => "AES-192-CBC",
        EncryptionScheme::Aes256Cbc { .. } => "AES-256-CBC",
        EncryptionScheme::DesEde3Cbc { .. } => "3DES-CBC",
        _ => "another cipher",
    }
}
