//! A certificate revocation list.

use time::OffsetDateTime;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::{CertificateRevocationList, RevokedCertificate};

use super::certificate::{extension_warnings, weak_digest};
use super::extension::{Extension, reason_words};
use crate::error::{Error, Result};
use crate::pki::certificate;
use crate::pki::name::Name;
use crate::pki::serial::Serial;
use crate::pki::signature;

/// A CRL that parsed; that says nothing about its signature.
#[derive(Clone, Debug)]
pub struct CrlView {
    /// The encoding.
    pub der: Vec<u8>,
    /// 1 or 2.
    pub version: u32,
    /// Whose it is.
    pub issuer: Name,
    /// The CRL number, decimal; absent in version 1.
    pub number: Option<String>,
    /// When it was made.
    pub this_update: OffsetDateTime,
    /// When the next one is due.
    pub next_update: Option<OffsetDateTime>,
    /// The signature algorithm in words.
    pub signature_algorithm: String,
    /// The same, as a dotted OID.
    pub signature_oid: String,
    /// The signature.
    pub signature: Vec<u8>,
    /// What is revoked, in order.
    pub revoked: Vec<Revoked>,
    /// The extensions of the list.
    pub extensions: Vec<Extension>,
    /// What an administrator should know; independent of the time.
    pub warnings: Vec<String>,
}

/// A revoked certificate.
#[derive(Clone, Debug)]
pub struct Revoked {
    /// Its serial number.
    pub serial: Serial,
    /// Since when.
    pub date: OffsetDateTime,
    /// Why, as openssl spells it.
    pub reason: Option<String>,
    /// When the key is thought to have become unsafe.
    pub invalidity: Option<OffsetDateTime>,
}

impl CrlView {
    pub(super) fn read(der: &[u8]) -> Result<Self> {
        let (rest, parsed) = CertificateRevocationList::from_der(der)
            .map_err(|error| Error::refused("malformed revocation list").caused_by(error))?;
        if !rest.is_empty() {
            return Err(Error::refused("malformed revocation list: bytes follow it"));
        }
        let extensions: Vec<_> = parsed.extensions().iter().map(Extension::read).collect();
        let signature_algorithm = signature::algorithm_name(&parsed.signature_algorithm);
        let mut warnings = extension_warnings(&extensions);
        if weak_digest(&signature_algorithm) {
            warnings.push(format!("signed with {signature_algorithm}, which is broken"));
        }
        Ok(Self {
            der: der.to_vec(),
            version: parsed.version().map_or(1, |version| version.0.saturating_add(1)),
            issuer: Name::from_der(parsed.issuer().as_raw())?,
            number: parsed.crl_number().map(ToString::to_string),
            this_update: parsed.last_update().to_datetime(),
            next_update: parsed.next_update().map(|time| time.to_datetime()),
            signature_algorithm,
            signature_oid: parsed.signature_algorithm.algorithm.to_id_string(),
            signature: parsed.signature_value.data.to_vec(),
            revoked: parsed.iter_revoked_certificates().map(Revoked::read).collect(),
            extensions,
            warnings,
        })
    }

    /// What to call it.
    pub fn title(&self) -> String {
        certificate::title(&self.issuer, &[])
    }
}

impl Revoked {
    fn read(entry: &RevokedCertificate<'_>) -> Self {
        let mut revoked = Self {
            serial: Serial::from_bytes(entry.raw_serial()),
            date: entry.revocation_date.to_datetime(),
            reason: None,
            invalidity: None,
        };
        for extension in entry.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::ReasonCode(code) => revoked.reason = Some(reason_words(code.0)),
                ParsedExtension::InvalidityDate(date) => {
                    revoked.invalidity = Some(date.to_datetime());
                }
                _ => {}
            }
        }
        revoked
    }
}
