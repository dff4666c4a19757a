//! The password-based encryption of PKCS#12: PBES2, and that of RFC 7292 appendix C. The MAC is [`super::mac`]'s.

use aws_lc_rs::rand;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use cms::cert::x509::spki::AlgorithmIdentifierOwned;
use der::asn1::{Any, ObjectIdentifier, OctetString};
use der::{Decode, Encode, Reader, SliceReader};
use pkcs5::pbes2::{self, EncryptionScheme, Kdf, Pbkdf2Prf};
use pkcs12::kdf::{Pkcs12KeyType, derive_key};
use pkcs12::pbe_params::Pkcs12PbeParams;
use zeroize::Zeroizing;

use super::{MAX_READ_ITERATIONS, ReadError, ReadResult, composing};
use crate::error::{Error, Result};

/// NIST SP 800-132 section 5.1 asks for 16 bytes of salt.
pub(super) const SALT_LENGTH: usize = 16;
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

pub(super) fn random<const LENGTH: usize>() -> Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    rand::fill(&mut bytes)
        .map_err(|_| Error::refused("the operating system gives no random bytes"))?;
    Ok(bytes)
}

pub(super) fn signed(iterations: u32) -> Result<i32> {
    i32::try_from(iterations).map_err(|_| Error::bug("more iterations than PKCS#12 can say"))
}

pub(super) fn checked_iterations(iterations: i64) -> ReadResult<u32> {
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
