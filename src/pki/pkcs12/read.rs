//! Opens PKCS#12 files: the safes are decrypted here, so that a hostile file is known to be
//! affordable before the keys in it are; the bags themselves are read by p12-keystore.

use cms::cert::x509::spki::AlgorithmIdentifierOwned;
use cms::content_info::{CmsVersion, ContentInfo};
use der::asn1::{Any, AnyRef, ContextSpecific, ObjectIdentifier, OctetString, OctetStringRef};
use der::{Decode, Encode, Reader, SliceReader, Tag, Tagged};
use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error as KeystoreError;
use pkcs12::pbe_params::EncryptedPrivateKeyInfo;
use pkcs12::pfx::{Pfx, Version};
use pkcs12::safe_bag::SafeBag;
use pkcs12::{AuthenticatedSafe, BagType, MacData, PKCS_12_KEY_BAG_OID};
use zeroize::Zeroizing;

use super::algorithm::{Encryption, StrongKey};
use super::mac::{mac_protection, verify_mac};
use super::write::LOCAL_KEY_ID;
use super::{
    Bag, BagKind, CertificateEntry, Contents, KeyEntry, MAX_READ_ITERATIONS_TOTAL, Protection,
    ReadError, ReadResult, Safe, Summary, ber,
};

pub(super) const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
pub(super) const ENCRYPTED_DATA: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");

/// Tells what is visible without the password. Takes DER and BER.
///
/// # Errors
/// As [`read`], but for a wrong password.
pub fn describe(file: &[u8]) -> ReadResult<Summary> {
    File::parse(file)?.summary()
}

/// Opens a file, DER or BER, and reads every certificate and private key in it.
///
/// The MAC is checked first; a file without one is read too, and its [`Summary`] says so. The
/// password is used as UTF-8 by PBES2 and as UTF-16 by the rest, as all importers do.
///
/// # Errors
/// [`ReadError::NotPkcs12`], [`ReadError::WrongPassword`], [`ReadError::TooManyIterations`]
/// (before any of them is done), [`ReadError::Unsupported`], [`ReadError::Damaged`].
pub fn read(file: &[u8], password: &str) -> ReadResult<Contents> {
    let file = File::parse(file)?;
    let mut summary = file.summary()?;
    affordable(&summary)?;
    file.verify_mac(password)?;
    let mut plain = Vec::with_capacity(file.safes.len());
    for (safe, description) in file.safes.iter().zip(&mut summary.safes) {
        let contents = match EncryptedSafe::parse(safe)? {
            Some(encrypted) => encrypted.decrypt(password)?,
            None => plain_contents(safe)?,
        };
        let bags = split(&contents)?;
        plain.push(keep_readable(&bags)?);
        description.bags = Some(bags.into_iter().map(|(bag, _)| bag).collect());
    }
    affordable(&summary)?;
    let safes = plain.iter().map(|contents| data(contents)).collect::<ReadResult<Vec<_>>>()?;
    let archive = archive(&safes, password).map_err(|error| match error {
        // With the right password a key that does not open is damaged; only a MAC proves it right.
        KeystoreError::Pkcs5Error(_)
        | KeystoreError::UnpadError
        | KeystoreError::InvalidPrivateKey
            if file.mac.is_none() =>
        {
            ReadError::WrongPassword
        }
        KeystoreError::UnsupportedCertificateType => {
            ReadError::Unsupported("certificates other than X.509".into())
        }
        KeystoreError::X509Error(_) => ReadError::Damaged("a certificate in it cannot be parsed"),
        _ => ReadError::Damaged("a bag in it cannot be read"),
    })?;
    Ok(contents(summary, archive))
}

/// The localKeyIDs of the private keys, as far as they are not encrypted: of a file of ours, or of OpenSSL's,
/// the SHA-1 fingerprint of the certificate that the key belongs to. Nothing proves them.
///
/// # Errors
/// As [`describe`].
pub fn key_ids(file: &[u8]) -> ReadResult<Vec<Vec<u8>>> {
    let mut ids = Vec::new();
    for safe in File::parse(file)?.safes.iter().filter(|safe| safe.content_type == DATA) {
        for (bag, der) in split(&plain_contents(safe)?)? {
            if bag.kind != BagKind::PrivateKey {
                continue;
            }
            let attributes = SafeBag::from_der(der)?.bag_attributes.unwrap_or_default();
            for attribute in attributes.iter().filter(|one| one.oid == LOCAL_KEY_ID) {
                for value in attribute.values.iter() {
                    ids.push(value.decode_as::<OctetString>()?.as_bytes().to_vec());
                }
            }
        }
    }
    Ok(ids)
}

/// Whether the MAC of a file was made with this password. One without a MAC says nothing, which is no.
///
/// # Errors
/// As [`read`].
pub fn is_password(file: &[u8], password: &str) -> ReadResult<bool> {
    let file = File::parse(file)?;
    affordable(&file.summary()?)?;
    match file.verify_mac(password) {
        Ok(()) => Ok(file.mac.is_some()),
        Err(ReadError::WrongPassword) => Ok(false),
        Err(error) => Err(error),
    }
}

fn contents(summary: Summary, archive: Pkcs12Archive) -> Contents {
    let certificates = archive.certs.into_iter().map(|bag| CertificateEntry {
        der: bag.cert.as_der().to_vec(),
        friendly_name: bag.friendly_name,
        local_key_id: bag.local_key_id,
    });
    let private_keys = archive.keys.into_iter().map(|bag| KeyEntry {
        der: Zeroizing::new(bag.key.as_der().to_vec()),
        friendly_name: bag.friendly_name,
        local_key_id: bag.local_key_id.map(|id| id.0),
    });
    Contents { summary, certificates: certificates.collect(), private_keys: private_keys.collect() }
}

/// A file of which the outer layer is understood.
pub(super) struct File {
    /// What the MAC is computed over, as it is in the file.
    content: Vec<u8>,
    mac: Option<MacData>,
    pub(super) safes: AuthenticatedSafe<'static>,
}

impl File {
    pub(super) fn parse(file: &[u8]) -> ReadResult<Self> {
        let der = ber::to_der(file).ok_or(ReadError::NotPkcs12)?;
        let pfx = Pfx::from_der(&der).map_err(|_| ReadError::NotPkcs12)?;
        if pfx.auth_safe.content_type != DATA {
            return Err(ReadError::Unsupported(
                "a signature with a certificate instead of a password".into(),
            ));
        }
        let content = pfx.auth_safe.content.decode_as::<OctetString>()?.as_bytes().to_vec();
        let safes =
            ber::to_der(&content).ok_or(ReadError::Damaged("the list of its safes breaks off"))?;
        Ok(Self { safes: AuthenticatedSafe::from_der(&safes)?, content, mac: pfx.mac_data })
    }

    /// Whether the MAC, if there is one, is right. Do not call it before [`affordable`].
    pub(super) fn verify_mac(&self, password: &str) -> ReadResult<()> {
        self.mac.as_ref().map_or(Ok(()), |mac| verify_mac(mac, password, &self.content))
    }

    fn summary(&self) -> ReadResult<Summary> {
        let safes = self.safes.iter().map(|safe| {
            if let Some(encrypted) = EncryptedSafe::parse(safe)? {
                return Ok(Safe {
                    encryption: Some(encrypted.encryption.protection()),
                    bags: None,
                });
            }
            let bags = split(&plain_contents(safe)?)?.into_iter().map(|(bag, _)| bag).collect();
            Ok(Safe { encryption: None, bags: Some(bags) })
        });
        let safes = safes.collect::<ReadResult<_>>()?;
        Ok(Summary { mac: self.mac.as_ref().map(mac_protection).transpose()?, safes })
    }
}

/// Refuses a file that would keep the processor busy: many bags, each with many iterations.
fn affordable(summary: &Summary) -> ReadResult<()> {
    let bags = summary.safes.iter().flat_map(|safe| safe.bags.iter().flatten());
    let protections =
        summary.mac.iter().chain(summary.safes.iter().filter_map(|safe| safe.encryption.as_ref()));
    let protections = protections.chain(bags.filter_map(|bag| bag.encryption.as_ref()));
    match protections.map(|protection: &Protection| u64::from(protection.iterations)).sum() {
        total if total > MAX_READ_ITERATIONS_TOTAL => Err(ReadError::TooManyIterations(total)),
        _ => Ok(()),
    }
}

/// An `EncryptedData` of RFC 5652 section 8.
struct EncryptedSafe {
    encryption: Encryption,
    ciphertext: Vec<u8>,
}

impl EncryptedSafe {
    /// `None` of a safe that is not encrypted.
    fn parse(safe: &ContentInfo) -> ReadResult<Option<Self>> {
        match safe.content_type {
            DATA => return Ok(None),
            ENCRYPTED_DATA => {}
            _ => {
                return Err(ReadError::Unsupported(
                    "encryption to a certificate instead of a password".into(),
                ));
            }
        }
        let der = safe.content.to_der()?;
        let (algorithm, ciphertext) = SliceReader::new(&der)?.sequence(|reader| {
            CmsVersion::decode(reader)?;
            let inner = reader.sequence(|reader| {
                reader.decode::<ObjectIdentifier>()?;
                Ok::<_, ReadError>((
                    AlgorithmIdentifierOwned::decode(reader)?,
                    implicit_octets(reader)?,
                ))
            })?;
            rest(reader)?;
            Ok::<_, ReadError>(inner)
        })?;
        Ok(Some(Self { encryption: Encryption::parse(&algorithm)?, ciphertext }))
    }

    fn decrypt(&self, password: &str) -> ReadResult<Zeroizing<Vec<u8>>> {
        let plaintext = self.encryption.decrypt(password, &self.ciphertext)?;
        // Without a MAC, a wrong password whose padding happens to fit ends here.
        ber::to_der(&plaintext).ok_or(ReadError::WrongPassword)
    }
}

/// `encryptedContent [0] IMPLICIT OCTET STRING`, whole or (X.690 section 8.7.3) in pieces.
fn implicit_octets<'a>(reader: &mut SliceReader<'a>) -> ReadResult<Vec<u8>> {
    let octets: AnyRef<'a> = reader.decode()?;
    match octets.tag() {
        Tag::ContextSpecific { constructed: false, .. } => Ok(octets.value().to_vec()),
        Tag::ContextSpecific { constructed: true, .. } => {
            let mut pieces = SliceReader::new(octets.value())?;
            let mut joined = Vec::with_capacity(octets.value().len());
            while !pieces.is_finished() {
                joined.extend_from_slice(<&OctetStringRef>::decode(&mut pieces)?.as_bytes());
            }
            Ok(joined)
        }
        _ => Err(ReadError::Damaged("an encrypted safe has no content")),
    }
}

fn plain_contents(safe: &ContentInfo) -> ReadResult<Zeroizing<Vec<u8>>> {
    let octets = safe.content.decode_as::<&OctetStringRef>()?;
    ber::to_der(octets.as_bytes()).ok_or(ReadError::Damaged("a safe breaks off"))
}

/// The bags of a `SafeContents`, each with its DER.
fn split(contents: &[u8]) -> ReadResult<Vec<(Bag, &[u8])>> {
    SliceReader::new(contents)?.sequence(|reader| {
        let mut bags = Vec::new();
        while !reader.is_finished() {
            let bag = reader.tlv_bytes()?;
            bags.push((describe_bag(bag)?, bag));
        }
        Ok(bags)
    })
}

fn describe_bag(bag: &[u8]) -> ReadResult<Bag> {
    let (kind, value) = SliceReader::new(bag)?.sequence(|reader| {
        let kind = ObjectIdentifier::decode(reader)?;
        let value = reader.tlv_bytes()?;
        rest(reader)?;
        Ok::<_, ReadError>((kind, value))
    })?;
    let encryption = match BagType::try_from(kind) {
        Ok(BagType::Key) => None,
        Ok(BagType::Cert) => return Ok(Bag { kind: BagKind::Certificate, encryption: None }),
        Ok(BagType::Pkcs8) => {
            let key = ContextSpecific::<EncryptedPrivateKeyInfo>::from_der(value)?.value;
            Some(Encryption::parse(&key.encryption_algorithm)?.protection())
        }
        _ => return Ok(Bag { kind: BagKind::Other, encryption: None }),
    };
    Ok(Bag { kind: BagKind::PrivateKey, encryption })
}

/// A `SafeContents` of the bags that p12-keystore may see: it decrypts secrets, unasked.
fn keep_readable(bags: &[(Bag, &[u8])]) -> ReadResult<Zeroizing<Vec<u8>>> {
    let readable = bags.iter().filter(|(bag, _)| bag.kind != BagKind::Other);
    let readable =
        readable.map(|(_, der)| AnyRef::from_der(der)).collect::<der::Result<Vec<_>>>()?;
    Ok(readable.to_der()?.into())
}

/// An unencrypted safe.
fn data(contents: &[u8]) -> ReadResult<ContentInfo> {
    let content = Any::encode_from(&OctetStringRef::new(contents)?)?;
    Ok(ContentInfo { content_type: DATA, content })
}

/// Has p12-keystore read safes; without a MAC, it being verified already. p12-keystore wipes
/// neither its copies of the keys nor those of the passwords.
pub(super) fn archive(
    safes: &[ContentInfo],
    password: &str,
) -> Result<Pkcs12Archive, KeystoreError> {
    let content =
        Any::encode_from(&OctetString::new(Zeroizing::new(safes.to_vec().to_der()?).as_slice())?)?;
    let pfx = Pfx {
        version: Version::V3,
        auth_safe: ContentInfo { content_type: DATA, content },
        mac_data: None,
    };
    Pkcs12Archive::from_pkcs12(&Zeroizing::new(pfx.to_der()?), password)
}

/// The safes of a file of ours without their encryption: that of the certificates as plain data, the key in a
/// plain `keyBag` with its attributes. The key of both is derived once, from the password and the salt in the
/// file. `None` where they are not encrypted in one and the same way. The copies of the key in it are not wiped,
/// as those of p12-keystore are not.
pub(super) fn opened(
    certificate_safe: &ContentInfo,
    key_safe: &ContentInfo,
    password: &str,
) -> ReadResult<Option<[ContentInfo; 2]>> {
    let Some(encrypted) = EncryptedSafe::parse(certificate_safe)? else { return Ok(None) };
    let contents = plain_contents(key_safe)?;
    let [bag] = <[SafeBag; 1]>::try_from(Vec::<SafeBag>::from_der(&contents)?)
        .map_err(|_| ReadError::Damaged("the key is not alone in its safe"))?;
    let key = ContextSpecific::<EncryptedPrivateKeyInfo>::from_der(&bag.bag_value)?.value;
    let key_encryption = Encryption::parse(&key.encryption_algorithm)?;
    let Some(secret) = StrongKey::of(&encrypted.encryption, password) else { return Ok(None) };
    let wrong = || ReadError::WrongPassword;
    let certificates =
        secret.decrypt(&encrypted.encryption, &encrypted.ciphertext).ok_or_else(wrong)?;
    let Some(key) = secret.decrypt(&key_encryption, key.encrypted_data.as_bytes()) else {
        return Ok(None);
    };
    let bag = SafeBag { bag_id: PKCS_12_KEY_BAG_OID, bag_value: key.to_vec(), ..bag };
    let key = Zeroizing::new(vec![bag].to_der()?);
    Ok(Some([data(&certificates)?, data(&key)?]))
}

/// Skips what a reader has left.
fn rest(reader: &mut SliceReader<'_>) -> ReadResult<()> {
    while !reader.is_finished() {
        reader.tlv_bytes()?;
    }
    Ok(())
}
