//! A certificate (RFC 5280 4.1), read once, with what mailca asks of it.

use time::OffsetDateTime;
use x509_parser::extensions::{CRLDistributionPoints, DistributionPointName, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::error::{Error, Result};
use crate::pki::general_name::GeneralName;
use crate::pki::name::{COMMON_NAME, Name};
use crate::pki::pem;
use crate::pki::serial::Serial;
use crate::pki::signature::{self, KeyAlgorithm};

/// A parsed certificate and its DER encoding. That it parses says nothing about its signature.
#[derive(Clone, Debug)]
pub struct Certificate {
    der: Vec<u8>,
    /// The serial number.
    pub serial: Serial,
    /// The subject.
    pub subject: Name,
    /// The issuer.
    pub issuer: Name,
    /// The first moment of validity, UTC.
    pub not_before: OffsetDateTime,
    /// The last moment of validity, UTC.
    pub not_after: OffsetDateTime,
    /// The `SubjectPublicKeyInfo` in DER.
    pub public_key: Vec<u8>,
    /// The names of the subjectAltName extension, in their order.
    pub alternative_names: Vec<GeneralName>,
    /// Whether `BasicConstraints` say that it is a CA.
    pub is_ca: bool,
    /// Whether its key usages allow it to sign certificates: keyCertSign, or none at all.
    pub may_sign: bool,
    /// Whether they allow it to sign revocation lists: cRLSign, or none at all.
    pub may_sign_crls: bool,
    /// The path length constraint, where there is one.
    pub path_length: Option<u32>,
    /// The first URL of the CRL distribution points.
    pub crl_url: Option<String>,
    /// The subject key identifier.
    pub key_id: Option<Vec<u8>>,
    /// The key identifier in the authority key identifier: that of the key that signed it.
    pub authority_key_id: Option<Vec<u8>>,
    /// The serial number in the authority key identifier: that of the issuer's certificate.
    pub authority_serial: Option<Serial>,
    /// The extended key usages as dotted OIDs; `None` where the extension is absent.
    pub extended_key_usage: Option<Vec<String>>,
}

impl Certificate {
    /// Reads a certificate in DER.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|_| not_a_certificate(der))?;
        if !rest.is_empty() {
            return Err(Error::refused("malformed certificate: bytes follow it"));
        }
        let mut certificate = Self {
            der: der.to_vec(),
            serial: Serial::from_bytes(parsed.raw_serial()),
            subject: Name::from_der(parsed.subject().as_raw())?,
            issuer: Name::from_der(parsed.issuer().as_raw())?,
            not_before: parsed.validity().not_before.to_datetime(),
            not_after: parsed.validity().not_after.to_datetime(),
            public_key: parsed.public_key().raw.to_vec(),
            alternative_names: Vec::new(),
            is_ca: false,
            may_sign: true,
            may_sign_crls: true,
            path_length: None,
            crl_url: None,
            key_id: None,
            authority_key_id: None,
            authority_serial: None,
            extended_key_usage: None,
        };
        for extension in parsed.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::SubjectAlternativeName(_) => {
                    certificate.alternative_names = GeneralName::of_extension(extension.value)?;
                }
                ParsedExtension::BasicConstraints(constraints) => {
                    certificate.is_ca = constraints.ca;
                    certificate.path_length = constraints.path_len_constraint;
                }
                ParsedExtension::CRLDistributionPoints(points) => {
                    certificate.crl_url = first_url(points);
                }
                ParsedExtension::KeyUsage(usage) => {
                    certificate.may_sign = usage.key_cert_sign();
                    certificate.may_sign_crls = usage.crl_sign();
                }
                ParsedExtension::SubjectKeyIdentifier(id) => {
                    certificate.key_id = Some(id.0.to_vec());
                }
                ParsedExtension::AuthorityKeyIdentifier(id) => {
                    certificate.authority_key_id =
                        id.key_identifier.as_ref().map(|id| id.0.to_vec());
                    certificate.authority_serial = id.authority_cert_serial.map(Serial::from_bytes);
                }
                ParsedExtension::ExtendedKeyUsage(usage) => {
                    certificate.extended_key_usage = Some(purposes(usage));
                }
                _ => {}
            }
        }
        Ok(certificate)
    }

    /// Reads every certificate in a PEM or DER file, in their order. Other PEM blocks (a key, CA.pl's
    /// text) are passed over; a file without a certificate is an error that says what is in it.
    pub fn from_file_content(content: &[u8]) -> Result<Vec<Self>> {
        if !pem::is_pem(content) {
            return Ok(vec![Self::from_der(content)?]);
        }
        let blocks = pem::blocks(content)?;
        let certificates: Vec<Self> = blocks
            .iter()
            .filter(|block| matches!(block.label.as_str(), "CERTIFICATE" | "X509 CERTIFICATE"))
            .map(|block| Self::from_der(&block.der))
            .collect::<Result<_>>()?;
        if certificates.is_empty() {
            return Err(Error::refused(format!(
                "no certificate is in it, only {}",
                pem::labels(&blocks)
            ))
            .hint("`mailca show FILE` tells what a file is"));
        }
        Ok(certificates)
    }

    /// The DER encoding.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The PEM encoding.
    pub fn to_pem(&self) -> Result<String> {
        Ok(pem::encode("CERTIFICATE", &self.der)?.to_string())
    }

    /// Whether subject and issuer are the same name, as in a root and in a cross certificate between two
    /// keys of one CA (RFC 5280 3.2).
    pub fn is_self_issued(&self) -> bool {
        self.subject.same_as(&self.issuer)
    }

    /// Whether this CA issued it: the names fit, and the signature verifies with the CA's key. A weak
    /// signature (SHA-1) counts too, since CAs of old signed so; what is trusted is decided elsewhere.
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        if !self.issuer.same_as(&issuer.subject) {
            return false;
        }
        let Ok((_, parsed)) = X509Certificate::from_der(&self.der) else { return false };
        self.check_issuer(issuer).is_ok()
            || (signature::is_weak(&parsed.signature_algorithm)
                && SubjectPublicKeyInfo::from_der(&issuer.public_key)
                    .is_ok_and(|(_, key)| parsed.verify_signature(Some(&key)).is_ok()))
    }

    /// Whether it was signed with this issuer's key, and why not.
    pub fn check_issuer(&self, issuer: &Self) -> Result<()> {
        let (_, parsed) = X509Certificate::from_der(&self.der)
            .map_err(|_| Error::verdict("the certificate is malformed"))?;
        signature::verify(
            &issuer.public_key,
            &parsed.signature_algorithm,
            parsed.tbs_certificate.as_ref(),
            &parsed.signature_value.data,
        )
    }

    /// Why programs of today may not accept it, whoever they trust: a short RSA key, or a signature over
    /// a broken digest. `None` where nothing is weak.
    pub fn weakness(&self) -> Option<String> {
        if let Ok(KeyAlgorithm::Rsa { bits } | KeyAlgorithm::RsaPss { bits }) =
            KeyAlgorithm::of(&self.public_key)
            && bits < 2048
        {
            return Some(format!("its RSA key has only {bits} bits"));
        }
        let (_, parsed) = X509Certificate::from_der(&self.der).ok()?;
        signature::is_weak(&parsed.signature_algorithm).then(|| {
            let algorithm = signature::algorithm_name(&parsed.signature_algorithm);
            format!("it is signed with {algorithm}")
        })
    }

    /// Whether it is a root, as far as it says itself: subject and issuer are the same name, and its
    /// authority key identifier, where it has one, is its own. A cross certificate between two keys of
    /// one CA has the one and not the other.
    pub fn is_self_signed(&self) -> bool {
        self.is_self_issued() && self.names_as_issuer(self)
    }

    /// Whether the authority key identifier, where there is one, is that of `issuer` (RFC 5280
    /// 4.2.1.1).
    pub fn names_as_issuer(&self, issuer: &Self) -> bool {
        let fits = |wanted: &Option<Vec<u8>>, found: &Option<Vec<u8>>| {
            wanted.is_none() || found.is_none() || wanted == found
        };
        fits(&self.authority_key_id, &issuer.key_id)
            && self.authority_serial.as_ref().is_none_or(|serial| *serial == issuer.serial)
    }

    /// What to call it in a message: the common name, else the first name that it has.
    pub fn title(&self) -> String {
        title(&self.subject, &self.alternative_names)
    }
}

fn not_a_certificate(content: &[u8]) -> Error {
    if content.is_empty() {
        return Error::refused("it is empty");
    }
    Error::refused("it is not a certificate, or a malformed one")
        .hint("`mailca show FILE` tells what a file is")
}

/// What to call a subject in a message. One of several common names would say half of it.
pub fn title(subject: &Name, alternative_names: &[GeneralName]) -> String {
    if subject.count_of(COMMON_NAME) > 1 {
        return subject.to_string();
    }
    subject
        .common_name()
        .map(|name| crate::pki::printable::printable(&name))
        .or_else(|| alternative_names.first().map(ToString::to_string))
        .unwrap_or_else(|| subject.to_string())
}

fn first_url(points: &CRLDistributionPoints<'_>) -> Option<String> {
    points.iter().find_map(|point| match &point.distribution_point {
        Some(DistributionPointName::FullName(names)) => names.iter().find_map(|name| match name {
            x509_parser::extensions::GeneralName::URI(url) => Some((*url).to_owned()),
            _ => None,
        }),
        _ => None,
    })
}

fn purposes(usage: &x509_parser::extensions::ExtendedKeyUsage<'_>) -> Vec<String> {
    let known = [
        (usage.any, "2.5.29.37.0"),
        (usage.server_auth, oid::SERVER_AUTH),
        (usage.client_auth, oid::CLIENT_AUTH),
        (usage.code_signing, "1.3.6.1.5.5.7.3.3"),
        (usage.email_protection, oid::EMAIL_PROTECTION),
        (usage.time_stamping, "1.3.6.1.5.5.7.3.8"),
        (usage.ocsp_signing, "1.3.6.1.5.5.7.3.9"),
    ];
    known
        .into_iter()
        .filter(|(present, _)| *present)
        .map(|(_, oid)| oid.to_owned())
        .chain(usage.other.iter().map(x509_parser::der_parser::Oid::to_id_string))
        .collect()
}

/// The extended key usages that mail needs (RFC 5280 4.2.1.12).
pub mod oid {
    /// id-kp-serverAuth.
    pub const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
    /// id-kp-clientAuth.
    pub const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
    /// id-kp-emailProtection.
    pub const EMAIL_PROTECTION: &str = "1.3.6.1.5.5.7.3.4";
}
