//! PKCS#12 files (RFC 7292): a certificate, its key and the CA's certificates under one password.
//!
//! [`write()`] composes the bags itself, because their order, their names and the layout that every
//! importer reads are not left to us by p12-keystore's writer, and then has p12-keystore read the
//! finished file before anybody gets it. [`read`] opens what other programs wrote, [`describe`]
//! tells what can be seen without the password.
//!
//! Limits: one identity in a file that we write; no PBMAC1 (RFC 9579), no public-key privacy or
//! integrity modes, no scrypt. Whether the key is the certificate's is the caller's to see to.

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

use crate::error::Error;

mod algorithm;
mod ber;
mod mac;
mod read;
mod write;

pub use algorithm::{Encryption, Protection};
pub use read::{describe, is_password, key_ids, read};
pub use write::write;

/// The most iterations that [`write()`] takes: Windows refuses files with more.
pub const MAX_WRITE_ITERATIONS: u32 = 600_000;

/// The most iterations that [`read`] takes for one derivation; p12-keystore's limit.
pub const MAX_READ_ITERATIONS: u32 = 1_000_000;

/// The most iterations that [`read`] takes for a whole file: some seconds of work.
pub const MAX_READ_ITERATIONS_TOTAL: u64 = 10_000_000;

/// Whom a file is for, which decides its algorithms; `--for` on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC (RFC 8018), HMAC-SHA256 for the whole.
    #[default]
    Modern,
    /// PBE-SHA1-3DES (RFC 7292 appendix C) and HMAC-SHA1: all that Apple's keychains read.
    Apple,
    /// As [`Form::Apple`]: all that Android up to 12 reads.
    Android,
    /// As [`Form::Modern`], which Windows 10 1709 and later read.
    Windows,
    /// As [`Form::Modern`], which NSS 3.47 and later read.
    Thunderbird,
}

impl Form {
    /// Every form, in the order in which the help lists them.
    pub const ALL: [Self; 5] =
        [Self::Modern, Self::Apple, Self::Android, Self::Windows, Self::Thunderbird];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::Apple => "apple",
            Self::Android => "android",
            Self::Windows => "windows",
            Self::Thunderbird => "thunderbird",
        }
    }

    /// Whether the file depends on 3DES and SHA-1, so that only a strong password protects it.
    pub fn is_weak(self) -> bool {
        matches!(self, Self::Apple | Self::Android)
    }
}

impl fmt::Display for Form {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Form {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|form| form.name() == name).ok_or_else(|| {
            Error::usage(format!("there is no PKCS#12 form '{name}'"))
                .hint(format!("the forms are {}", Self::ALL.map(Self::name).join(", ")))
        })
    }
}

/// What goes into a file. Borrowed: nothing secret is copied before it is needed.
#[derive(Clone, Copy)]
pub struct Bundle<'a> {
    /// The CA's certificates, DER, issuer first, root last; none for a self-signed certificate.
    pub ca_certificates: &'a [&'a [u8]],
    /// The certificate, DER.
    pub certificate: &'a [u8],
    /// Its private key, PKCS#8 v1 DER (OpenSSL 3.0 and `GnuTLS` read no v2).
    pub private_key: &'a [u8],
    /// The name that mail programs show: 1 to 255 characters of the Basic Multilingual Plane.
    pub friendly_name: &'a str,
}

/// What can be seen of a file, in the file's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The MAC over the whole file, if it has one (RFC 7292 section 4, `macData`).
    pub mac: Option<Protection>,
    /// The `SafeContents` (RFC 7292 section 4.1).
    pub safes: Vec<Safe>,
}

/// One `SafeContents` of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Safe {
    /// How it is encrypted as a whole, if it is.
    pub encryption: Option<Protection>,
    /// Its bags; `None` while it is encrypted ([`describe`]).
    pub bags: Option<Vec<Bag>>,
}

/// One `SafeBag` (RFC 7292 section 4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bag {
    /// What is in it.
    pub kind: BagKind,
    /// How it is encrypted by itself, if it is (`pkcs8ShroudedKeyBag`).
    pub encryption: Option<Protection>,
}

/// The kinds of bags (RFC 7292 appendix D).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BagKind {
    /// `keyBag` or `pkcs8ShroudedKeyBag`.
    PrivateKey,
    /// `certBag`.
    Certificate,
    /// `crlBag`, `secretBag`, `safeContentsBag` or one that RFC 7292 does not know: not read.
    Other,
}

/// What a file contains. Certificates and keys are each in the file's order.
#[derive(Debug)]
pub struct Contents {
    /// Order of all bags, algorithms and iterations; every `bags` is there.
    pub summary: Summary,
    /// The certificates.
    pub certificates: Vec<CertificateEntry>,
    /// The private keys.
    pub private_keys: Vec<KeyEntry>,
}

/// A certificate of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateEntry {
    /// The certificate, DER.
    pub der: Vec<u8>,
    /// Its name (RFC 2985 section 5.5.1); `None` too for one outside the BMP.
    pub friendly_name: Option<String>,
    /// What it has in common with its key (RFC 2985 section 5.5.2), any bytes.
    pub local_key_id: Option<Vec<u8>>,
}

/// A private key of a file.
pub struct KeyEntry {
    /// The key, PKCS#8 DER, wiped when it is dropped.
    pub der: Zeroizing<Vec<u8>>,
    /// Its name (RFC 2985 section 5.5.1); `None` too for one outside the BMP.
    pub friendly_name: Option<String>,
    /// What it has in common with its certificate (RFC 2985 section 5.5.2), any bytes.
    pub local_key_id: Option<Vec<u8>>,
}

impl fmt::Debug for KeyEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KeyEntry")
            .field("friendly_name", &self.friendly_name)
            .field("local_key_id", &self.local_key_id)
            .finish_non_exhaustive()
    }
}

/// Why a file cannot be read; an [`Error`] says it to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// Something else than PKCS#12.
    NotPkcs12,
    /// The password does not open it. Of a file without a MAC it may also be damaged.
    WrongPassword,
    /// It asks for so many iterations of key derivation, more than the limits above.
    TooManyIterations(u64),
    /// It uses what is not supported here; which, for a person.
    Unsupported(String),
    /// It breaks off, or contradicts RFC 7292; where, for a person.
    Damaged(&'static str),
}

type ReadResult<T> = Result<T, ReadError>;

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPkcs12 => formatter.write_str("this is not a PKCS#12 file"),
            Self::WrongPassword => {
                formatter.write_str("the password does not open this PKCS#12 file")
            }
            Self::TooManyIterations(iterations) => write!(
                formatter,
                "this PKCS#12 file asks for {iterations} iterations of key derivation, \
                 more than the limit of {MAX_READ_ITERATIONS} at a time and {MAX_READ_ITERATIONS_TOTAL} in all"
            ),
            Self::Unsupported(what) => {
                write!(formatter, "this PKCS#12 file uses {what}, which is not supported")
            }
            Self::Damaged(what) => write!(formatter, "this PKCS#12 file is damaged: {what}"),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        let refused = Self::refused(error.to_string());
        match error {
            ReadError::WrongPassword => {
                refused.hint("give the password that the file was exported with")
            }
            ReadError::TooManyIterations(_) | ReadError::Unsupported(_) => refused.hint(
                "export the key again with the program that wrote the file, \
                 or convert it with `openssl pkcs12 -in FILE -out FILE.pem`",
            ),
            ReadError::NotPkcs12 | ReadError::Damaged(_) => refused,
        }
    }
}

/// Of DER that we make ourselves.
fn composing(error: der::Error) -> Error {
    Error::bug("cannot compose the PKCS#12 file").caused_by(error)
}

impl From<der::Error> for ReadError {
    fn from(_: der::Error) -> Self {
        Self::Damaged("its structure is not that of RFC 7292")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
