//! Assembling certificates, requests and CRLs: the only user of rcgen.
//!
//! rcgen encodes the fields and extensions. Its distinguished names are maps, which lose repeated
//! and multi-valued attributes, and it writes public keys anew, so the subject, the issuer and the
//! public key are spliced into the to-be-signed part as the bytes they came in, and that part is
//! signed once, by the key itself.

mod convert;
mod successor;

use std::net::IpAddr;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    DistinguishedName, IsCa, Issuer, KeyIdMethod, SerialNumber,
};
use time::OffsetDateTime;

use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::crl::{Crl, Entries};
use crate::pki::digest::sha256;
use crate::pki::general_name::GeneralName;
use crate::pki::key::PrivateKey;
use crate::pki::name::Name;
use crate::pki::serial::Serial;
use crate::pki::tlv;

#[cfg(test)]
pub(super) use self::convert::rcgen_name;
use self::convert::{
    Unsigned, name_constraints, placeholder, rcgen_algorithm, rcgen_key_usage, rcgen_names,
    rcgen_purpose, unencodable,
};
pub use self::successor::{Authority, Successor, successor};

/// Position of the fields in a `TBSCertificate` of version 3 (RFC 5280 4.1).
const CERTIFICATE_ISSUER: usize = 3;
const CERTIFICATE_SUBJECT: usize = 5;
const CERTIFICATE_PUBLIC_KEY: usize = 6;
/// Position of the fields in a `CertificationRequestInfo` (RFC 2986 4.1).
const REQUEST_SUBJECT: usize = 1;
const REQUEST_PUBLIC_KEY: usize = 2;
/// Position of the fields in a `TBSCertList` of version 2 (RFC 5280 5.1).
const CRL_ISSUER: usize = 2;
const CRL_ENTRIES: usize = 5;

/// One bit of the key usage extension (RFC 5280 4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUsage {
    /// digitalSignature.
    DigitalSignature,
    /// keyEncipherment.
    KeyEncipherment,
    /// keyCertSign.
    KeyCertSign,
    /// cRLSign.
    CrlSign,
}

/// One purpose of the extended key usage extension (RFC 5280 4.2.1.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtendedKeyUsage {
    /// id-kp-serverAuth.
    ServerAuth,
    /// id-kp-clientAuth.
    ClientAuth,
    /// id-kp-emailProtection.
    EmailProtection,
}

/// The names that a constrained CA may certify.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permitted {
    /// Domains: hosts in them and below, mailboxes in them and below.
    pub domains: Vec<String>,
    /// Addresses, as network and prefix length. None at all excludes every address.
    pub networks: Vec<(IpAddr, u8)>,
}

/// Everything that a certificate says.
#[derive(Debug)]
pub struct CertificateFields<'a> {
    /// The subject.
    pub subject: &'a Name,
    /// The issuer: the subject of the certificate of the signing key.
    pub issuer: &'a Name,
    /// The `SubjectPublicKeyInfo` in DER.
    pub public_key: &'a [u8],
    /// The serial number.
    pub serial: &'a Serial,
    /// The first moment of validity.
    pub not_before: OffsetDateTime,
    /// The last moment of validity.
    pub not_after: OffsetDateTime,
    /// The subjectAltName; no extension where it is empty.
    pub alternative_names: &'a [GeneralName],
    /// `Some` makes a CA, with the path length constraint inside.
    pub ca: Option<Option<u8>>,
    /// The key usages; no extension where it is empty.
    pub key_usage: &'a [KeyUsage],
    /// The extended key usages; no extension where it is empty.
    pub extended_key_usage: &'a [ExtendedKeyUsage],
    /// Name constraints, critical.
    pub permitted: Option<&'a Permitted>,
    /// The CRL distribution point.
    pub crl_url: Option<&'a str>,
    /// The authority key identifier; no extension without one.
    pub authority_key_id: Option<&'a [u8]>,
}

/// Encodes and signs a certificate.
pub fn certificate(fields: &CertificateFields<'_>, key: &PrivateKey) -> Result<Certificate> {
    let signed = splice_and_sign(
        &encoded(fields, key)?,
        &[
            (CERTIFICATE_ISSUER, fields.issuer.as_der()),
            (CERTIFICATE_SUBJECT, fields.subject.as_der()),
            (CERTIFICATE_PUBLIC_KEY, fields.public_key),
        ],
        None,
        key,
    )?;
    Certificate::from_der(&signed)
}

/// A certificate that is not signed yet, and in which names and key only hold the place.
fn encoded(fields: &CertificateFields<'_>, key: &PrivateKey) -> Result<Vec<u8>> {
    let mut params = CertificateParams::default();
    params.distinguished_name = placeholder(fields.subject);
    params.serial_number = Some(SerialNumber::from_slice(fields.serial.as_bytes()));
    params.not_before = fields.not_before;
    params.not_after = fields.not_after;
    params.subject_alt_names = rcgen_names(fields.alternative_names)?;
    params.is_ca = match fields.ca {
        Some(Some(length)) => IsCa::Ca(BasicConstraints::Constrained(length)),
        Some(None) => IsCa::Ca(BasicConstraints::Unconstrained),
        None => IsCa::ExplicitNoCa,
    };
    params.key_usages = fields.key_usage.iter().copied().map(rcgen_key_usage).collect();
    params.extended_key_usages =
        fields.extended_key_usage.iter().copied().map(rcgen_purpose).collect();
    params.name_constraints = fields.permitted.map(name_constraints);
    params.crl_distribution_points = fields
        .crl_url
        .map(|url| CrlDistributionPoint { uris: vec![url.to_owned()] })
        .into_iter()
        .collect();
    params.key_identifier_method = KeyIdMethod::PreSpecified(key_id(fields.public_key)?);
    params.use_authority_key_identifier_extension = fields.authority_key_id.is_some();
    let mut issuer = CertificateParams::default();
    issuer.distinguished_name = DistinguishedName::new();
    issuer.key_identifier_method =
        KeyIdMethod::PreSpecified(fields.authority_key_id.unwrap_or_default().to_vec());
    let unsigned = Unsigned(rcgen_algorithm(key.signing_algorithm()));
    #[expect(clippy::disallowed_methods, reason = "the owning file; nothing is signed here yet")]
    let encoded = params
        .signed_by(&unsigned, &Issuer::from_params(&issuer, &unsigned))
        .map_err(unencodable)?;
    Ok(encoded.der().to_vec())
}

/// Encodes and signs a request for the key's own public half.
pub fn request(
    subject: &Name,
    alternative_names: &[GeneralName],
    as_ca: bool,
    key: &PrivateKey,
) -> Result<Vec<u8>> {
    let mut params = CertificateParams::default();
    params.distinguished_name = placeholder(subject);
    params.subject_alt_names = rcgen_names(alternative_names)?;
    if as_ca {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    params.key_identifier_method = KeyIdMethod::PreSpecified(key_id(key.public_key())?);
    let unsigned = Unsigned(rcgen_algorithm(key.signing_algorithm()));
    let encoded = params.serialize_request(&unsigned).map_err(unencodable)?;
    splice_and_sign(
        encoded.der(),
        &[(REQUEST_SUBJECT, subject.as_der()), (REQUEST_PUBLIC_KEY, key.public_key())],
        None,
        key,
    )
}

/// What a certificate revocation list says.
#[derive(Debug)]
pub struct CrlFields<'a> {
    /// The CA's certificate.
    pub issuer: &'a Certificate,
    /// The CRL number, which no earlier list of this CA has.
    pub number: &'a Serial,
    /// When the list is made.
    pub this_update: OffsetDateTime,
    /// When the next one is due.
    pub next_update: OffsetDateTime,
    /// What is revoked.
    pub entries: &'a Entries,
}

/// Encodes and signs a CRL of version 2, with its number and the identifier of the key.
pub fn crl(fields: &CrlFields<'_>, key: &PrivateKey) -> Result<Crl> {
    let key_id = authority_key_id(fields.issuer)?;
    let params = CertificateRevocationListParams {
        this_update: fields.this_update,
        next_update: fields.next_update,
        crl_number: SerialNumber::from_slice(fields.number.as_bytes()),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: KeyIdMethod::PreSpecified(key_id),
    };
    let mut issuer = CertificateParams::default();
    issuer.distinguished_name = DistinguishedName::new();
    let unsigned = Unsigned(rcgen_algorithm(key.signing_algorithm()));
    let encoded =
        params.signed_by(&Issuer::from_params(&issuer, &unsigned)).map_err(unencodable)?;
    let entries = fields.entries.to_element();
    let signed = splice_and_sign(
        encoded.der(),
        &[(CRL_ISSUER, fields.issuer.subject.as_der())],
        entries.as_deref().map(|entries| (CRL_ENTRIES, entries)),
        key,
    )?;
    Crl::from_der(&signed)
}

/// The key identifier of a CA. A CA certificate without one (RFC 5280 wants it, old programs wrote
/// none) is found by the one that its key would have.
pub fn authority_key_id(issuer: &Certificate) -> Result<Vec<u8>> {
    issuer.key_id.clone().map_or_else(|| key_id(&issuer.public_key), Ok)
}

/// The key identifier that mailca gives a public key: the leftmost 160 bits of the SHA-256 hash of
/// the subjectPublicKey bits (RFC 7093, method 1).
pub fn key_id(public_key: &[u8]) -> Result<Vec<u8>> {
    let parts = tlv::elements(public_key)?;
    let bits = parts
        .get(1)
        .and_then(|bit_string| tlv::bit_string_content(bit_string))
        .ok_or_else(|| Error::refused("malformed public key"))?;
    Ok(sha256(bits)[..20].to_vec())
}

/// Puts `replacements` and then one more field into the to-be-signed part, and signs it.
fn splice_and_sign(
    encoded: &[u8],
    replacements: &[(usize, &[u8])],
    addition: Option<(usize, &[u8])>,
    key: &PrivateKey,
) -> Result<Vec<u8>> {
    let outer = tlv::elements(encoded)?;
    let [to_be_signed, algorithm, _] = outer.as_slice() else {
        return Err(Error::bug("an encoded certificate does not have three parts"));
    };
    let mut fields = tlv::elements(to_be_signed)?;
    for (position, bytes) in replacements {
        let field = fields
            .get_mut(*position)
            .ok_or_else(|| Error::bug("an encoded certificate lacks a field"))?;
        *field = bytes;
    }
    if let Some((position, bytes)) = addition {
        fields.insert(position, bytes);
    }
    let to_be_signed = tlv::sequence(&fields)?;
    let signature = tlv::bit_string(&key.sign(&to_be_signed)?)?;
    tlv::sequence(&[&to_be_signed, algorithm, &signature])
}
