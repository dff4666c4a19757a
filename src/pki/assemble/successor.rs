//! Certificates that repeat what another one says: its subject and its extensions, byte for byte, with
//! another serial number, other dates, and perhaps another key.

use der::{Tag, TagNumber};

use super::{
    CERTIFICATE_ISSUER, CERTIFICATE_PUBLIC_KEY, CERTIFICATE_SUBJECT, CertificateFields, encoded,
    splice_and_sign,
};
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::pki::serial::Serial;
use crate::pki::tlv;
use time::OffsetDateTime;

/// Position of the extensions in a `TBSCertificate` without unique identifiers (RFC 5280 4.1).
const CERTIFICATE_EXTENSIONS: usize = 7;
/// `[3]`, the extensions of a `TBSCertificate`; there only in version 3.
const EXTENSIONS: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(3) };
/// The object identifiers, encoded.
const KEY_USAGE: &[u8] = &[0x06, 3, 0x55, 0x1D, 15];
const SUBJECT_KEY_ID: &[u8] = &[0x06, 3, 0x55, 0x1D, 14];
const AUTHORITY_KEY_ID: &[u8] = &[0x06, 3, 0x55, 0x1D, 35];

/// What differs from the certificate that is repeated.
#[derive(Debug)]
pub struct Successor<'a> {
    /// The certificate that is repeated.
    pub of: &'a Certificate,
    /// The public key, and its identifier where the extension is to say another one than before.
    pub public_key: (&'a [u8], Option<&'a [u8]>),
    /// The authority key identifier.
    pub authority: Authority<'a>,
    /// The serial number.
    pub serial: &'a Serial,
    /// The first moment of validity.
    pub not_before: OffsetDateTime,
    /// The last moment of validity.
    pub not_after: OffsetDateTime,
}

/// What becomes of the authority key identifier.
#[derive(Clone, Copy, Debug)]
pub enum Authority<'a> {
    /// It names the key itself, as before, without a serial number, which is another one now.
    Same,
    /// There is none.
    None,
    /// It names this key.
    Key(&'a [u8]),
}

/// Encodes and signs a certificate whose issuer has the name of its subject.
pub fn successor(successor: &Successor<'_>, key: &PrivateKey) -> Result<Certificate> {
    let of = successor.of;
    let extensions = extensions(successor)?;
    let name = of.subject.as_der();
    let (public_key, _) = successor.public_key;
    let fields = CertificateFields {
        subject: &of.subject,
        issuer: &of.subject,
        public_key,
        serial: successor.serial,
        not_before: successor.not_before,
        not_after: successor.not_after,
        alternative_names: &[],
        ca: Some(None),
        key_usage: &[],
        extended_key_usage: &[],
        permitted: None,
        crl_url: None,
        authority_key_id: None,
    };
    let signed = splice_and_sign(
        &encoded(&fields, key)?,
        &[
            (CERTIFICATE_ISSUER, name),
            (CERTIFICATE_SUBJECT, name),
            (CERTIFICATE_PUBLIC_KEY, public_key),
            (CERTIFICATE_EXTENSIONS, &extensions),
        ],
        None,
        key,
    )?;
    Certificate::from_der(&signed)
}

/// The extensions of the old certificate, with the two key identifiers as they are to be.
fn extensions(successor: &Successor<'_>) -> Result<Vec<u8>> {
    let of = successor.of;
    let outer = tlv::elements(of.as_der())?;
    let fields = tlv::elements(outer.first().copied().unwrap_or_default())?;
    let tagged = fields.iter().find_map(|field| tlv::elements_of(field, EXTENSIONS).ok());
    let Some([list]) = tagged.as_deref() else {
        return Err(Error::refused(format!(
            "the certificate of {} has no extensions: it is of version 1, and clients tell its keys and \
             dates apart by nothing",
            of.title()
        )));
    };
    let mut kept: Vec<Vec<u8>> = Vec::new();
    for extension in tlv::elements(list)? {
        let parts = tlv::elements(extension)?;
        match parts.first().copied() {
            Some(SUBJECT_KEY_ID) => match successor.public_key.1 {
                Some(id) => kept.push(key_id_extension(SUBJECT_KEY_ID, &octet_string(id)?)?),
                None => kept.push(extension.to_vec()),
            },
            Some(AUTHORITY_KEY_ID) => kept.extend(match successor.authority {
                Authority::Same if of.authority_serial.is_none() => Some(extension.to_vec()),
                Authority::Same => of.authority_key_id.as_deref().map(authority).transpose()?,
                Authority::None | Authority::Key(_) => None,
            }),
            Some(KEY_USAGE) => kept.push(with_crl_sign(extension)?),
            _ => kept.push(extension.to_vec()),
        }
    }
    if let Authority::Key(id) = successor.authority {
        kept.push(authority(id)?);
    }
    let kept: Vec<_> = kept.iter().map(Vec::as_slice).collect();
    tlv::element(EXTENSIONS, &[&tlv::sequence(&kept)?])
}

/// The key usage of a CA, with cRLSign (bit 6): a CA of old that lacks it has no revocation list that
/// anybody accepts. Where there is more than one octet of usages, it stays as it is.
fn with_crl_sign(extension: &[u8]) -> Result<Vec<u8>> {
    const CRL_SIGN: u8 = 0x02;
    const KEY_CERT_SIGN: u8 = 0x04;
    let parts = tlv::elements(extension)?;
    let Some((value, before)) = parts.split_last() else { return Ok(extension.to_vec()) };
    match value {
        // An OCTET STRING of four octets with a BIT STRING in it that has one octet of bits.
        [0x04, 4, 0x03, 2, _, bits] if bits & KEY_CERT_SIGN != 0 && bits & CRL_SIGN == 0 => {
            let bits = bits | CRL_SIGN;
            let unused = u8::try_from(bits.trailing_zeros()).unwrap_or(0);
            let value = octet_string(&[0x03, 2, unused, bits])?;
            tlv::sequence(&[before, &[&value]].concat())
        }
        _ => Ok(extension.to_vec()),
    }
}

/// An authority key identifier with the key identifier alone (RFC 5280 4.2.1.1).
fn authority(id: &[u8]) -> Result<Vec<u8>> {
    let tag = Tag::ContextSpecific { constructed: false, number: TagNumber(0) };
    key_id_extension(AUTHORITY_KEY_ID, &tlv::sequence(&[&tlv::element(tag, &[id])?])?)
}

fn key_id_extension(oid: &[u8], value: &[u8]) -> Result<Vec<u8>> {
    tlv::sequence(&[oid, &octet_string(value)?])
}

fn octet_string(content: &[u8]) -> Result<Vec<u8>> {
    tlv::element(Tag::OctetString, &[content])
}
