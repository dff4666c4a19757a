//! Composes PKCS#12 files, laid out as `openssl pkcs12 -export` does: an encrypted safe with the
//! certificates, a plain one with the key in a shrouded bag.

use std::panic::resume_unwind;
use std::{slice, thread};

use aws_lc_rs::digest;
use cms::cert::x509::attr::{Attribute, AttributeValue, Attributes};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::encrypted_data::EncryptedData;
use cms::enveloped_data::EncryptedContentInfo;
use der::Encode;
use der::asn1::{Any, BmpString, ObjectIdentifier, OctetString, SetOfVec};
use p12_keystore::Pkcs12Archive;
use pkcs12::pbe_params::EncryptedPrivateKeyInfo;
use pkcs12::pfx::{Pfx, Version};
use pkcs12::safe_bag::SafeBag;
use pkcs12::{CertBag, PKCS_12_CERT_BAG_OID, PKCS_12_PKCS8_KEY_BAG_OID, PKCS_12_X509_CERT_OID};

use super::algorithm::{StrongKey, encrypt_weakly};
use super::mac::MacKey;
use super::read::{DATA, ENCRYPTED_DATA, File, archive, opened};
use super::{Bundle, Form, MAX_WRITE_ITERATIONS, composing};
use crate::error::{Error, Result};
use crate::pki::stack;

const FRIENDLY_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.20");
pub(super) const LOCAL_KEY_ID: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");

/// `pkcs-9-ub-friendlyName` of RFC 2985 appendix A, in characters.
const MAX_FRIENDLY_NAME: usize = 255;

/// From here on, about five milliseconds a derivation, threads pay even on a busy machine.
const WORTH_A_THREAD: u32 = 50_000;

/// Makes the DER of a file: the CA's certificates, the certificate, the key, in this order. The
/// certificate and the key bear the friendly name and, as localKeyID, the certificate's SHA-1
/// fingerprint, as OpenSSL's do; the CA's certificates bear nothing.
///
/// The iterations (1 to [`MAX_WRITE_ITERATIONS`]) are those of both encryptions and of the MAC.
/// The password is used as UTF-8 by PBES2 (RFC 8018 section 5.2) and as UTF-16 by the rest (RFC
/// 7292 appendix B.1). An empty one is an empty string, not a missing one.
///
/// Before it is returned the file is read again: MAC, every certificate, the key, names and
/// localKeyIDs. All keys are derived a second time, from the password and from what the file says, which doubles
/// the work; two threads do it where it is much.
///
/// # Errors
/// Refused: a password or friendly name that the format cannot hold, a number of iterations out
/// of range. A bug: a file that does not read back as it was meant, or DER that is none.
pub fn write(bundle: &Bundle<'_>, password: &str, form: Form, iterations: u32) -> Result<Vec<u8>> {
    check_iterations(iterations)?;
    check_password(password)?;
    check_friendly_name(bundle.friendly_name)?;
    let local_key_id = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bundle.certificate);
    let identity = Identity { bundle, local_key_id: local_key_id.as_ref() };
    let mac_key = || MacKey::derive(form, password, iterations);
    let (certificate_safe, key_safe, mac_key) = if form.is_weak() {
        let encrypted = |plaintext: &[u8]| encrypt_weakly(password, iterations, plaintext);
        in_parallel(
            iterations,
            || identity.certificate_safe(encrypted),
            || identity.key_safe(encrypted),
            mac_key,
        )?
    } else {
        let (key, (), mac_key) =
            in_parallel(iterations, || StrongKey::new(password, iterations), || (), mac_key)?;
        let key = key?;
        let encrypted = |plaintext: &[u8]| key.encrypt(plaintext);
        (identity.certificate_safe(encrypted), identity.key_safe(encrypted), mac_key)
    };
    let content = vec![certificate_safe?, key_safe?].to_der().map_err(composing)?;
    let mac_data = Some(mac_key?.sign(&content)?);
    let file = Pfx { version: Version::V3, auth_safe: data(&content)?, mac_data }
        .to_der()
        .map_err(composing)?;
    read_back(&file, password, iterations, &identity)?;
    Ok(file)
}

fn check_iterations(iterations: u32) -> Result<()> {
    if (1..=MAX_WRITE_ITERATIONS).contains(&iterations) {
        return Ok(());
    }
    Err(Error::refused(format!("{iterations} iterations of key derivation are out of range"))
        .hint(format!("choose 1 to {MAX_WRITE_ITERATIONS}; Windows refuses files with more")))
}

fn check_password(password: &str) -> Result<()> {
    let hint = "choose a password without emoji and the like";
    if password.contains('\0') {
        return Err(Error::refused(
            "the password contains a zero character, at which importers cut it off",
        )
        .hint(hint));
    }
    if password.chars().all(in_bmp) {
        return Ok(());
    }
    Err(Error::refused(
        "the password contains a character outside the Basic Multilingual Plane, which PKCS#12 passwords cannot hold",
    )
    .hint(hint))
}

fn check_friendly_name(name: &str) -> Result<()> {
    let refused = |reason: &str| {
        Err(Error::refused(format!("the friendly name '{}' {reason}", name.escape_debug())))
    };
    match name.chars().count() {
        0 => {
            return refused("is empty")
                .map_err(|error| error.hint("give a name for mail programs to show"));
        }
        1..=MAX_FRIENDLY_NAME => {}
        length => {
            return refused(&format!("has {length} characters, more than {MAX_FRIENDLY_NAME}"));
        }
    }
    if name.chars().any(char::is_control) {
        return refused("contains a control character");
    }
    if !name.chars().all(in_bmp) {
        return refused(
            "contains a character outside the Basic Multilingual Plane, which a BMPString cannot hold",
        )
        .map_err(|error| error.hint("leave emoji and the like out of the name"));
    }
    Ok(())
}

/// Whether a `BMPString` can hold it; p12-keystore takes none with U+FFFF.
fn in_bmp(character: char) -> bool {
    u32::from(character) < 0xffff
}

/// What the two safes have in common.
struct Identity<'a> {
    bundle: &'a Bundle<'a>,
    local_key_id: &'a [u8],
}

impl Identity<'_> {
    /// CA certificates, then the certificate (`EncryptedData`).
    fn certificate_safe(
        &self,
        encrypted: impl FnOnce(&[u8]) -> Result<(Algorithm, OctetString)>,
    ) -> Result<ContentInfo> {
        let mut bags = Vec::with_capacity(self.bundle.ca_certificates.len() + 1);
        for certificate in self.bundle.ca_certificates {
            bags.push(certificate_bag(certificate, None)?);
        }
        bags.push(certificate_bag(self.bundle.certificate, Some(self.attributes()?))?);
        let (content_enc_alg, ciphertext) = encrypted(&bags.to_der().map_err(composing)?)?;
        let encrypted_data = EncryptedData {
            version: CmsVersion::V0,
            enc_content_info: EncryptedContentInfo {
                content_type: DATA,
                content_enc_alg,
                encrypted_content: Some(ciphertext),
            },
            unprotected_attrs: None,
        };
        let content = Any::encode_from(&encrypted_data).map_err(composing)?;
        Ok(ContentInfo { content_type: ENCRYPTED_DATA, content })
    }

    /// The key (`Data` with one `pkcs8ShroudedKeyBag`).
    fn key_safe(
        &self,
        encrypted: impl FnOnce(&[u8]) -> Result<(Algorithm, OctetString)>,
    ) -> Result<ContentInfo> {
        let (encryption_algorithm, encrypted_data) = encrypted(self.bundle.private_key)?;
        let key = EncryptedPrivateKeyInfo { encryption_algorithm, encrypted_data };
        let bag = SafeBag {
            bag_id: PKCS_12_PKCS8_KEY_BAG_OID,
            bag_value: key.to_der().map_err(composing)?,
            bag_attributes: Some(self.attributes()?),
        };
        data(&vec![bag].to_der().map_err(composing)?)
    }

    fn attributes(&self) -> Result<Attributes> {
        let friendly_name = BmpString::from_utf8(self.bundle.friendly_name).map_err(composing)?;
        let local_key_id = OctetString::new(self.local_key_id).map_err(composing)?;
        let attribute = |oid, value: der::Result<AttributeValue>| {
            Ok(Attribute { oid, values: SetOfVec::try_from([value?])? })
        };
        [
            attribute(FRIENDLY_NAME, Any::encode_from(&friendly_name)),
            attribute(LOCAL_KEY_ID, Any::encode_from(&local_key_id)),
        ]
        .into_iter()
        .collect::<der::Result<Vec<_>>>()
        .and_then(Attributes::try_from)
        .map_err(composing)
    }

    /// What p12-keystore finds must be what was put in.
    fn compare_certificates(&self, found: &Pkcs12Archive) -> Result<()> {
        let expected =
            self.bundle.ca_certificates.iter().map(|certificate| (*certificate, None, None));
        let own =
            (self.bundle.certificate, Some(self.bundle.friendly_name), Some(self.local_key_id));
        let found_certificates = found.certs.iter().map(|bag| {
            (bag.cert.as_der(), bag.friendly_name.as_deref(), bag.local_key_id.as_deref())
        });
        if found.keys.is_empty() && expected.chain([own]).eq(found_certificates) {
            return Ok(());
        }
        Err(Error::bug(
            "the certificates of the PKCS#12 file do not read back as they were written",
        ))
    }

    fn compare_key(&self, found: &Pkcs12Archive) -> Result<()> {
        let expected =
            (self.bundle.private_key, Some(self.bundle.friendly_name), Some(self.local_key_id));
        let found_keys = found.keys.iter().map(|bag| {
            let local_key_id = bag.local_key_id.as_ref().map(AsRef::as_ref);
            (bag.key.as_der(), bag.friendly_name.as_deref(), local_key_id)
        });
        if found.certs.is_empty() && found_keys.eq([expected]) {
            return Ok(());
        }
        Err(Error::bug("the private key of the PKCS#12 file does not read back as it was written"))
    }
}

type Algorithm = cms::cert::x509::spki::AlgorithmIdentifierOwned;

fn certificate_bag(certificate: &[u8], bag_attributes: Option<Attributes>) -> Result<SafeBag> {
    let cert_value = OctetString::new(certificate).map_err(composing)?;
    let bag_value =
        CertBag { cert_id: PKCS_12_X509_CERT_OID, cert_value }.to_der().map_err(composing)?;
    Ok(SafeBag { bag_id: PKCS_12_CERT_BAG_OID, bag_value, bag_attributes })
}

fn data(content: &[u8]) -> Result<ContentInfo> {
    let content = OctetString::new(content)
        .and_then(|octets| Any::encode_from(&octets))
        .map_err(composing)?;
    Ok(ContentInfo { content_type: DATA, content })
}

/// Has p12-keystore read every safe of the finished file. It derives a key for each; where one key opens both, that
/// is derived once, here.
fn read_back(file: &[u8], password: &str, iterations: u32, identity: &Identity<'_>) -> Result<()> {
    let bug = |error: &dyn std::error::Error| {
        Error::bug(format!("the PKCS#12 file does not read back as it was written: {error}"))
    };
    let file = File::parse(file).map_err(|error| bug(&error))?;
    let [certificate_safe, key_safe] = file.safes.as_slice() else {
        return Err(Error::bug("the PKCS#12 file does not read back with its two safes"));
    };
    let (opened, (), mac) = in_parallel(
        iterations,
        || opened(certificate_safe, key_safe, password),
        || (),
        || file.verify_mac(password).map_err(|error| bug(&error)),
    )?;
    if let Some([certificate_safe, key_safe]) = opened.map_err(|error| bug(&error))? {
        // What is decrypted needs no password any more.
        let read = |safe| archive(slice::from_ref(safe), "").map_err(|error| bug(&error));
        identity.compare_certificates(&read(&certificate_safe)?)?;
        identity.compare_key(&read(&key_safe)?)?;
        return mac;
    }
    let read =
        |safe: &ContentInfo| archive(slice::from_ref(safe), password).map_err(|error| bug(&error));
    let (certificates, (), key) = in_parallel(
        iterations,
        || read(certificate_safe).and_then(|found| identity.compare_certificates(&found)),
        || (),
        || read(key_safe).and_then(|found| identity.compare_key(&found)),
    )?;
    certificates.and(key).and(mac)
}

/// Does three things that each derive a key, at once where that is worth the threads.
fn in_parallel<A: Send, B, C: Send>(
    iterations: u32,
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B,
    third: impl FnOnce() -> C + Send,
) -> Result<(A, B, C)> {
    if iterations < WORTH_A_THREAD {
        return Ok((first(), second(), third()));
    }
    thread::scope(|scope| {
        let first = thread::Builder::new().spawn_scoped(scope, || wiping(first))?;
        let third = thread::Builder::new().spawn_scoped(scope, || wiping(third))?;
        let second = second();
        let first = first.join().unwrap_or_else(|panic| resume_unwind(panic));
        Ok((first, second, third.join().unwrap_or_else(|panic| resume_unwind(panic))))
    })
}

/// The stack of a thread is kept for the next one.
fn wiping<T>(work: impl FnOnce() -> T) -> T {
    let done = work();
    stack::wipe();
    done
}
