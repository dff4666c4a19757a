//! A certification request with everything that it asks for, whether or not it would be granted.

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::{ExtensionRequest, ParsedCriAttribute};
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;

use super::certificate::extension_warnings;
use super::extension::Extension;
use super::key::PublicKeyView;
use super::text::dump;
use crate::error::{Error, Result};
use crate::pki::general_name::GeneralName;
use crate::pki::name::Name;
use crate::pki::name::decoded_string;
use crate::pki::printable::printable;
use crate::pki::request::Request;
use crate::pki::{certificate, signature, tlv};

/// A request that parsed.
#[derive(Clone, Debug)]
pub struct RequestView {
    /// The encoding.
    pub der: Vec<u8>,
    /// 1, as long as there is no other.
    pub version: u32,
    /// The subject.
    pub subject: Name,
    /// The names of the subjectAltName asked for.
    pub names: Vec<GeneralName>,
    /// Whether `BasicConstraints` with CA:TRUE are asked for.
    pub asks_for_ca: bool,
    /// The public key.
    pub public_key: PublicKeyView,
    /// The signature algorithm in words.
    pub signature_algorithm: String,
    /// The same, as a dotted OID.
    pub signature_oid: String,
    /// The signature.
    pub signature: Vec<u8>,
    /// Why the signature proves nothing; `None` where it proves the possession of the key.
    pub signature_problem: Option<String>,
    /// Why `mailca sign` would refuse the request as such, whatever the CA.
    pub refusal: Option<String>,
    /// The extensions asked for.
    pub extensions: Vec<Extension>,
    /// The other attributes.
    pub attributes: Vec<AttributeView>,
    /// What an administrator should know.
    pub warnings: Vec<String>,
}

/// An attribute other than the extensions asked for.
#[derive(Clone, Debug)]
pub struct AttributeView {
    /// The type, as a dotted OID.
    pub oid: String,
    /// What the type is called, where it is known.
    pub name: Option<&'static str>,
    /// The content.
    pub lines: Vec<String>,
}

impl RequestView {
    pub(super) fn read(der: &[u8]) -> Result<Self> {
        let (rest, parsed) = X509CertificationRequest::from_der(der)
            .map_err(|error| Error::refused("malformed request").caused_by(error))?;
        if !rest.is_empty() {
            return Err(Error::refused("malformed request: bytes follow it"));
        }
        let info = &parsed.certification_request_info;
        let algorithm = &parsed.signature_algorithm;
        let proof = signature::verify(
            info.subject_pki.raw,
            algorithm,
            info.raw,
            &parsed.signature_value.data,
        );
        let mut view = Self {
            der: der.to_vec(),
            version: info.version.0.saturating_add(1),
            subject: Name::from_der(info.subject.as_raw())?,
            names: Vec::new(),
            asks_for_ca: false,
            public_key: PublicKeyView::of(info.subject_pki.raw),
            signature_algorithm: signature::algorithm_name(algorithm),
            signature_oid: algorithm.algorithm.to_id_string(),
            signature: parsed.signature_value.data.to_vec(),
            signature_problem: proof.err().map(|error| error.to_string()),
            refusal: Request::from_der(der).err().map(|error| error.to_string()),
            extensions: Vec::new(),
            attributes: Vec::new(),
            warnings: Vec::new(),
        };
        for attribute in info.iter_attributes() {
            let oid = attribute.oid.to_id_string();
            if let ParsedCriAttribute::ExtensionRequest(asked) = attribute.parsed_attribute() {
                view.take_all(asked);
            } else if let Some(asked) = microsoft_extensions(&oid, attribute.value) {
                view.take_all(&asked);
            } else {
                view.attributes.push(AttributeView::read(oid, attribute.value));
            }
        }
        view.warnings = extension_warnings(&view.extensions);
        Ok(view)
    }

    fn take_all(&mut self, asked: &ExtensionRequest<'_>) {
        for extension in &asked.extensions {
            self.take(extension.parsed_extension(), extension.value);
            self.extensions.push(Extension::read(extension));
        }
    }

    fn take(&mut self, extension: &ParsedExtension<'_>, value: &[u8]) {
        match extension {
            ParsedExtension::SubjectAlternativeName(_) => {
                self.names.extend(GeneralName::of_extension(value).unwrap_or_default());
            }
            ParsedExtension::BasicConstraints(constraints) => self.asks_for_ca |= constraints.ca,
            _ => {}
        }
    }

    /// What to call it.
    pub fn title(&self) -> String {
        certificate::title(&self.subject, &self.names)
    }
}

/// The extension request that Microsoft's programs used before they took to that of PKCS#9.
fn microsoft_extensions<'a>(oid: &str, set: &'a [u8]) -> Option<ExtensionRequest<'a>> {
    let values = tlv::elements_of(set, der::Tag::Set).ok()?;
    let value = values.first().filter(|_| oid == "1.3.6.1.4.1.311.2.1.14")?;
    ExtensionRequest::from_der(value).ok().map(|(_, asked)| asked)
}

impl AttributeView {
    /// `value` is the SET of values.
    fn read(oid: String, value: &[u8]) -> Self {
        let (name, secret) = match oid.as_str() {
            "1.2.840.113549.1.9.7" => (Some("Challenge Password"), true),
            "1.2.840.113549.1.9.2" => (Some("Unstructured Name"), false),
            "1.2.840.113549.1.9.8" => (Some("Unstructured Address"), false),
            "1.3.6.1.4.1.311.13.2.1" => (Some("Enrollment Name and Value (Microsoft)"), false),
            "1.3.6.1.4.1.311.13.2.2" => (Some("Key Storage Provider (Microsoft)"), false),
            "1.3.6.1.4.1.311.13.2.3" => (Some("Windows Version"), false),
            "1.3.6.1.4.1.311.21.20" => (Some("Client Information (Microsoft)"), false),
            _ => (None, false),
        };
        let lines = if secret {
            vec!["there is one; it is not shown".into()]
        } else {
            strings(value).unwrap_or_else(|| dump(value))
        };
        Self { oid, name, lines }
    }
}

/// The values, where each of them is a string.
fn strings(set: &[u8]) -> Option<Vec<String>> {
    let values = tlv::elements_of(set, der::Tag::Set).ok()?;
    let text = |value: &[u8]| match value {
        [tag, length, octets @ ..] if usize::from(*length) == octets.len() => {
            decoded_string(u32::from(*tag), octets).map(|text| printable(&text))
        }
        _ => None,
    };
    values.into_iter().map(text).collect()
}
