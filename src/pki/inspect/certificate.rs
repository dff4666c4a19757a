//! A certificate with everything that can be told of it.

use time::OffsetDateTime;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::extension::{Extension, purposes};
use super::key::PublicKeyView;
use super::text::count;
use super::usage::key_usage_words;
use crate::error::{Error, Result};
use crate::pki::certificate::{self, Certificate, oid};
use crate::pki::general_name::GeneralName;
use crate::pki::name::Name;
use crate::pki::profile::Profile;
use crate::pki::serial::Serial;
use crate::pki::signature;

/// The longest that Apple's programs accept a TLS server certificate of a private CA.
const APPLE_DAYS: i64 = 825;

/// A certificate that parsed; that says nothing about its signature.
#[derive(Clone, Debug)]
pub struct CertificateView {
    /// The encoding.
    pub der: Vec<u8>,
    /// 1 to 3.
    pub version: u32,
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
    /// The names of the subjectAltName.
    pub names: Vec<GeneralName>,
    /// Whether it is a CA.
    pub is_ca: bool,
    /// The path length constraint.
    pub path_length: Option<u32>,
    /// The names of the bits of the key usage; `None` where the extension is absent.
    pub key_usage: Option<Vec<&'static str>>,
    /// The dotted OIDs of the extended key usage; `None` where the extension is absent.
    pub extended_key_usage: Option<Vec<String>>,
    /// The public key.
    pub public_key: PublicKeyView,
    /// The signature algorithm in words.
    pub signature_algorithm: String,
    /// The same, as a dotted OID.
    pub signature_oid: String,
    /// The signature.
    pub signature: Vec<u8>,
    /// Every extension, in order.
    pub extensions: Vec<Extension>,
    /// What an administrator should know, worst first; independent of the time.
    pub warnings: Vec<String>,
}

impl CertificateView {
    pub(super) fn read(der: &[u8]) -> Result<Self> {
        let (rest, parsed) = X509Certificate::from_der(der)
            .map_err(|error| Error::refused("malformed certificate").caused_by(error))?;
        if !rest.is_empty() {
            return Err(Error::refused("malformed certificate: bytes follow it"));
        }
        let algorithm = &parsed.signature_algorithm;
        let mut view = Self {
            der: der.to_vec(),
            version: parsed.version().0.saturating_add(1),
            serial: Serial::from_bytes(parsed.raw_serial()),
            subject: Name::from_der(parsed.subject().as_raw())?,
            issuer: Name::from_der(parsed.issuer().as_raw())?,
            not_before: parsed.validity().not_before.to_datetime(),
            not_after: parsed.validity().not_after.to_datetime(),
            names: Vec::new(),
            is_ca: false,
            path_length: None,
            key_usage: None,
            extended_key_usage: None,
            public_key: PublicKeyView::of(parsed.public_key().raw),
            signature_algorithm: signature::algorithm_name(algorithm),
            signature_oid: algorithm.algorithm.to_id_string(),
            signature: parsed.signature_value.data.to_vec(),
            extensions: parsed.extensions().iter().map(Extension::read).collect(),
            warnings: Vec::new(),
        };
        for extension in parsed.extensions() {
            view.take(extension.parsed_extension(), extension.value);
        }
        view.warnings = view.find_warnings();
        if parsed.raw_serial().first().is_some_and(|octet| octet & 0x80 != 0) {
            view.warnings.push("its serial number is negative (RFC 5280 4.1.2.2)".into());
        }
        if parsed.tbs_certificate.signature != parsed.signature_algorithm {
            view.warnings.push("it names two different signature algorithms".into());
        }
        Ok(view)
    }

    fn take(&mut self, extension: &ParsedExtension<'_>, value: &[u8]) {
        match extension {
            ParsedExtension::SubjectAlternativeName(_) => {
                self.names = GeneralName::of_extension(value).unwrap_or_default();
            }
            ParsedExtension::BasicConstraints(constraints) => {
                self.is_ca = constraints.ca;
                self.path_length = constraints.path_len_constraint;
            }
            ParsedExtension::KeyUsage(usage) => self.key_usage = Some(key_usage_words(usage.flags)),
            ParsedExtension::ExtendedKeyUsage(_) => self.extended_key_usage = purposes(value),
            _ => {}
        }
    }

    /// Whether subject and issuer are the same, as in a root.
    pub fn is_self_issued(&self) -> bool {
        self.subject.same_as(&self.issuer)
    }

    /// Whether it is a root, and not a cross certificate between two keys of one CA.
    pub fn is_self_signed(&self) -> bool {
        Certificate::from_der(&self.der).is_ok_and(|certificate| certificate.is_self_signed())
    }

    /// What mailca would have made it as.
    pub fn profile(&self) -> Option<Profile> {
        Certificate::from_der(&self.der).ok().as_ref().and_then(Profile::of)
    }

    /// What to call it.
    pub fn title(&self) -> String {
        certificate::title(&self.subject, &self.names)
    }

    fn is_for(&self, purpose: &str) -> bool {
        self.extended_key_usage.iter().flatten().any(|usage| usage == purpose)
    }

    fn find_warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if weak_digest(&self.signature_algorithm) && !self.is_self_signed() {
            warnings.push(format!(
                "signed with {}, which is broken and which servers and clients refuse",
                self.signature_algorithm
            ));
        }
        warnings.extend(self.public_key.weakness());
        let server = self.is_for(oid::SERVER_AUTH) && !self.is_ca;
        if server && !self.is_for(oid::CLIENT_AUTH) {
            warnings.push(
                "no TLS client usage: when this host sends mail, the sendmail that receives it \
                 logs verify=FAIL"
                    .into(),
            );
        }
        let has_host =
            self.names.iter().any(|name| matches!(name, GeneralName::Dns(_) | GeneralName::Ip(_)));
        if server && !has_host {
            warnings.push(
                "no host name in the subjectAltName: clients do not look at the common name".into(),
            );
        }
        let days = (self.not_after - self.not_before).whole_days();
        if server && days > APPLE_DAYS {
            warnings.push(format!(
                "valid for {}: Apple's programs refuse a server certificate over {APPLE_DAYS} days",
                count(usize::try_from(days).unwrap_or(usize::MAX), "day")
            ));
        }
        if self.is_for(oid::EMAIL_PROTECTION) && !self.is_for(oid::CLIENT_AUTH) && !self.is_ca {
            warnings.push("no TLS client usage: mail servers refuse it as a client's".into());
        }
        warnings.extend(extension_warnings(&self.extensions));
        warnings
    }
}

/// What is wrong with extensions.
pub(super) fn extension_warnings(extensions: &[Extension]) -> Vec<String> {
    let mut warnings = Vec::new();
    for (index, extension) in extensions.iter().enumerate() {
        if let Some(problem) = &extension.problem {
            warnings.push(format!("the extension {} is unreadable: {problem}", extension.title()));
        } else if extension.critical && extension.name.is_none() {
            warnings.push(format!(
                "the critical extension {} is unknown: programs that do not know it refuse",
                extension.oid
            ));
        }
        if extensions[..index].iter().any(|before| before.oid == extension.oid) {
            warnings.push(format!("the extension {} is there twice", extension.title()));
        }
    }
    warnings
}

/// Whether an algorithm, in words, signs a digest of which collisions are known.
pub(super) fn weak_digest(algorithm: &str) -> bool {
    ["MD2", "MD4", "MD5", "SHA-1"].iter().any(|digest| algorithm.ends_with(digest))
}
