//! A certificate as path validation sees it: parsed once, its extensions at hand.

use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::asn1_rs::Oid;
use x509_parser::extensions::{
    BasicConstraints, ExtendedKeyUsage, GeneralName, KeyUsage, NSCertType, ParsedExtension,
    X509Extension,
};
use x509_parser::prelude::FromDer as _;

use super::encoding;
use crate::error::{Error, Result};
use crate::pki::constraints::Constraints;
use crate::pki::name::{NameKey, label, same_name};
use crate::pki::printable::shortened;
use crate::pki::signature;

/// A parsed certificate with its DER.
#[derive(Debug)]
pub(super) struct Certificate<'a> {
    pub(super) der: &'a [u8],
    pub(super) parsed: X509Certificate<'a>,
    /// Its subject for a message.
    pub(super) label: String,
    /// Subject and issuer to compare by.
    pub(super) subject_key: NameKey,
    pub(super) issuer_key: NameKey,
}

impl<'a> Certificate<'a> {
    /// Fails where anything in it is malformed or an extension is there twice (RFC 5280 4.2).
    pub(super) fn read(der: &'a [u8]) -> Result<Self> {
        let Ok(([], parsed)) = X509Certificate::from_der(der) else {
            return Err(Error::verdict("the certificate is malformed"));
        };
        let label = shortened(&label(parsed.subject().as_raw()));
        if let Some(fault) = encoding::fault(der, &parsed) {
            return Err(Error::verdict(format!("the certificate of \"{label}\" {fault}")));
        }
        let subject_key = NameKey::of(parsed.tbs_certificate.subject.as_raw());
        let issuer_key = NameKey::of(parsed.tbs_certificate.issuer.as_raw());
        let certificate = Self { der, parsed, label, subject_key, issuer_key };
        if certificate.parsed.tbs_certificate.signature != certificate.parsed.signature_algorithm {
            return Err(Error::verdict(format!(
                "the certificate of \"{}\" names {} inside and {} outside as its signature algorithm",
                certificate.label,
                signature::algorithm_name(&certificate.parsed.tbs_certificate.signature),
                signature::algorithm_name(&certificate.parsed.signature_algorithm)
            )));
        }
        Ok(certificate)
    }

    pub(super) fn subject(&self) -> &'a [u8] {
        self.parsed.tbs_certificate.subject.as_raw()
    }

    pub(super) fn issuer(&self) -> &'a [u8] {
        self.parsed.tbs_certificate.issuer.as_raw()
    }

    pub(super) fn spki(&self) -> &'a [u8] {
        self.parsed.tbs_certificate.subject_pki.raw
    }

    pub(super) fn not_before(&self) -> OffsetDateTime {
        self.parsed.validity().not_before.to_datetime()
    }

    pub(super) fn not_after(&self) -> OffsetDateTime {
        self.parsed.validity().not_after.to_datetime()
    }

    pub(super) fn is_valid_at(&self, at: OffsetDateTime) -> bool {
        self.not_before() <= at && at <= self.not_after()
    }

    /// Issuer and subject are one name (RFC 5280 3.2).
    pub(super) fn is_self_issued(&self) -> bool {
        self.subject_key == self.issuer_key
    }

    /// Self-issued, and nothing says that another key signed it; the signature is not looked at.
    pub(super) fn seems_self_signed(&self) -> bool {
        self.is_self_issued() && self.authority_key_fits(self)
    }

    /// Whether the authority key identifier, where there is one, is `issuer`'s (RFC 5280 4.2.1.1).
    pub(super) fn authority_key_fits(&self, issuer: &Certificate<'_>) -> bool {
        let Some(ParsedExtension::AuthorityKeyIdentifier(authority)) = self.find("2.5.29.35")
        else {
            return true;
        };
        if let (Some(wanted), Some(found)) =
            (&authority.key_identifier, issuer.subject_key_identifier())
            && wanted.0 != found
        {
            return false;
        }
        if let Some(serial) = authority.authority_cert_serial
            && !same_serial(serial, issuer.parsed.raw_serial())
        {
            return false;
        }
        let mut names = authority.authority_cert_issuer.iter().flatten();
        names
            .find_map(|name| match name {
                GeneralName::DirectoryName(name) => Some(name.as_raw()),
                _ => None,
            })
            .is_none_or(|name| same_name(name, issuer.issuer()))
    }

    pub(super) fn authority_key_identifier(&self) -> Option<&[u8]> {
        match self.find("2.5.29.35")? {
            ParsedExtension::AuthorityKeyIdentifier(authority) => {
                authority.key_identifier.as_ref().map(|identifier| identifier.0)
            }
            _ => None,
        }
    }

    pub(super) fn subject_key_identifier(&self) -> Option<&[u8]> {
        match self.find("2.5.29.14")? {
            ParsedExtension::SubjectKeyIdentifier(identifier) => Some(identifier.0),
            _ => None,
        }
    }

    pub(super) fn basic_constraints(&self) -> Option<&BasicConstraints> {
        match self.find("2.5.29.19")? {
            ParsedExtension::BasicConstraints(constraints) => Some(constraints),
            _ => None,
        }
    }

    pub(super) fn is_ca(&self) -> bool {
        self.basic_constraints().is_some_and(|constraints| constraints.ca)
    }

    pub(super) fn key_usage(&self) -> Option<KeyUsage> {
        match self.find("2.5.29.15")? {
            ParsedExtension::KeyUsage(usage) => Some(*usage),
            _ => None,
        }
    }

    pub(super) fn extended_key_usage(&self) -> Option<&ExtendedKeyUsage<'a>> {
        match self.find("2.5.29.37")? {
            ParsedExtension::ExtendedKeyUsage(usage) => Some(usage),
            _ => None,
        }
    }

    pub(super) fn netscape_type(&self) -> Option<&NSCertType> {
        match self.find("2.16.840.1.113730.1.1")? {
            ParsedExtension::NSCertType(kind) => Some(kind),
            _ => None,
        }
    }

    pub(super) fn constraints(&self) -> Result<Option<Constraints>> {
        Constraints::of(&self.parsed)
    }

    pub(super) fn is_critical(&self, oid: &str) -> bool {
        self.parsed.extensions().iter().any(|one| one.critical && one.oid.to_id_string() == oid)
    }

    /// Checks the signature on this certificate with a key (a DER `SubjectPublicKeyInfo`).
    pub(super) fn signed_by(&self, spki: &[u8]) -> Result<()> {
        signature::verify(
            spki,
            &self.parsed.signature_algorithm,
            self.parsed.tbs_certificate.as_ref(),
            &self.parsed.signature_value.data,
        )
    }

    pub(super) fn find(&self, oid: &str) -> Option<&ParsedExtension<'a>> {
        let is = |found: &Oid<'_>| found.to_id_string() == oid;
        self.parsed
            .extensions()
            .iter()
            .find(|one| is(&one.oid))
            .map(X509Extension::parsed_extension)
    }
}

/// Serial numbers as DER integers, without regard to leading zeros.
pub(super) fn same_serial(one: &[u8], other: &[u8]) -> bool {
    let significant = |serial: &[u8]| {
        let zeros = serial.iter().take_while(|octet| **octet == 0).count();
        serial[zeros..].to_vec()
    };
    significant(one) == significant(other)
}
