//! Certification requests (PKCS#10, RFC 2986).
//!
//! A [`Request`] exists only once its signature has been verified over the bytes that were sent. It
//! holds what a CA may take from it: the subject, the names, the public key, and whether it asks to
//! be a CA. Everything else in it is ignored.

use der::{Tag, TagNumber};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ExtensionRequest;
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::oid_registry::OID_X509_EXT_SUBJECT_ALT_NAME;
use x509_parser::prelude::FromDer;

use crate::error::{Error, Result};
use crate::pki::general_name::GeneralName;
use crate::pki::name::Name;
use crate::pki::signature::KeyAlgorithm;
use crate::pki::{certificate, pem, signature, tlv};

/// `[0]`, the attributes of a `CertificationRequestInfo`.
const ATTRIBUTES: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
/// The attributes that hold requested extensions, as DER object identifiers: extensionRequest of
/// PKCS#9, and the one that Microsoft's programs used before they took to that.
const EXTENSION_REQUESTS: [&[u8]; 2] = [
    b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x09\x0E",
    b"\x06\x0A\x2B\x06\x01\x04\x01\x82\x37\x02\x01\x0E",
];

/// A request whose signature proves the possession of its key.
#[derive(Clone, Debug)]
pub struct Request {
    der: Vec<u8>,
    /// The subject, as it was encoded.
    pub subject: Name,
    /// The `SubjectPublicKeyInfo` in DER.
    pub public_key: Vec<u8>,
    /// The names of the subjectAltName extension asked for.
    pub alternative_names: Vec<GeneralName>,
    /// Whether `BasicConstraints` with CA:TRUE are asked for.
    pub asks_for_ca: bool,
}

impl Request {
    /// Reads a request in PEM (`CERTIFICATE REQUEST` or `NEW CERTIFICATE REQUEST`) or DER and
    /// verifies its signature.
    pub fn from_file_content(content: &[u8]) -> Result<Self> {
        if !pem::is_pem(content) {
            return Self::from_der(content);
        }
        let blocks = pem::blocks(content)?;
        let mut requests = blocks.iter().filter(|block| {
            matches!(block.label.as_str(), "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST")
        });
        match (requests.next(), requests.next()) {
            (Some(block), None) => Self::from_der(&block.der),
            (Some(_), Some(_)) => Err(Error::refused("more than one request is in it")
                .hint("put each request in a file of its own")),
            (None, _) => {
                Err(Error::refused(format!("no request is in it, only {}", pem::labels(&blocks)))
                    .hint("a request begins with -----BEGIN CERTIFICATE REQUEST-----"))
            }
        }
    }

    /// Reads a request in DER and verifies its signature.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        if der.len() > LARGEST {
            return Err(Error::refused(format!(
                "the request has {} bytes, and a certificate of more than {LARGEST} breaks TLS",
                der.len()
            )));
        }
        let (rest, parsed) = X509CertificationRequest::from_der(der).map_err(|_| {
            Error::refused("it is not a certificate request")
                .hint("a request is PKCS#10 in PEM or DER, as `mailca newreq` and openssl write it")
        })?;
        if !rest.is_empty() {
            return Err(Error::refused("malformed request: bytes follow it"));
        }
        let info = &parsed.certification_request_info;
        if info.version.0 != 0 {
            // RFC 2986 4.1.
            return Err(Error::refused(format!(
                "malformed request: its version is {}, and there is none but 0",
                info.version.0
            )));
        }
        check_key(&KeyAlgorithm::of(info.subject_pki.raw).map_err(Error::as_refused)?)?;
        signature::verify(
            info.subject_pki.raw,
            &parsed.signature_algorithm,
            info.raw,
            &parsed.signature_value.data,
        )
        .map_err(|error| error.as_refused().at("the request"))?;
        let mut request = Self {
            der: der.to_vec(),
            subject: Name::from_der(info.subject.as_raw())?,
            public_key: info.subject_pki.raw.to_vec(),
            alternative_names: Vec::new(),
            asks_for_ca: false,
        };
        if let Some(attribute) = request.subject.misprinted() {
            return Err(Error::refused(format!(
                "malformed subject: {} holds characters that a PrintableString has not: {}",
                attribute.short_name(),
                attribute.shown()
            ))
            .hint("make the request with another program, or with UTF-8 strings"));
        }
        request.read_attributes(info.raw)?;
        Ok(request)
    }

    /// Takes from the requested extensions what a CA looks at. What it does not know is no fault.
    fn read_attributes(&mut self, info: &[u8]) -> Result<()> {
        let malformed = || Error::refused("malformed request: its extensions are unreadable");
        let fields = tlv::elements(info)?;
        let Some(attributes) = fields.get(3) else { return Ok(()) };
        for attribute in tlv::elements_of(attributes, ATTRIBUTES).map_err(|_| malformed())? {
            let parts = tlv::elements(attribute).map_err(|_| malformed())?;
            let [oid, values] = parts.as_slice() else { return Err(malformed()) };
            if !EXTENSION_REQUESTS.contains(oid) {
                continue;
            }
            for value in tlv::elements_of(values, Tag::Set).map_err(|_| malformed())? {
                let (_, asked) = ExtensionRequest::from_der(value).map_err(|_| malformed())?;
                for extension in &asked.extensions {
                    self.read_extension(extension)?;
                }
            }
        }
        Ok(())
    }

    fn read_extension(&mut self, extension: &X509Extension<'_>) -> Result<()> {
        if extension.oid == OID_X509_EXT_SUBJECT_ALT_NAME {
            let names = GeneralName::of_extension(extension.value).map_err(Error::as_refused)?;
            self.alternative_names.extend(names);
        } else if let ParsedExtension::BasicConstraints(constraints) = extension.parsed_extension()
        {
            self.asks_for_ca |= constraints.ca;
        }
        Ok(())
    }

    /// The DER encoding.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The PEM encoding.
    pub fn to_pem(&self) -> Result<String> {
        Ok(pem::encode("CERTIFICATE REQUEST", &self.der)?.to_string())
    }

    /// What to call it in a message.
    pub fn title(&self) -> String {
        certificate::title(&self.subject, &self.alternative_names)
    }
}

/// The largest request that is signed, in bytes of DER: OpenSSL takes 100 KB of certificates in a
/// handshake, the whole chain together.
const LARGEST: usize = 32 << 10;

/// The smallest RSA key that is signed, in bits.
const MINIMUM_RSA_BITS: usize = 2048;

/// Whether mail servers and clients can use such a key.
pub(super) fn check_key(algorithm: &KeyAlgorithm) -> Result<()> {
    match algorithm {
        KeyAlgorithm::Rsa { bits } if *bits < MINIMUM_RSA_BITS => Err(Error::refused(format!(
            "the key is RSA with {bits} bits, and fewer than {MINIMUM_RSA_BITS} are not safe"
        ))
        .hint("make a new key and request, for example with `mailca newreq`")),
        KeyAlgorithm::Rsa { .. }
        | KeyAlgorithm::EcP256
        | KeyAlgorithm::EcP384
        | KeyAlgorithm::EcP521
        | KeyAlgorithm::Ed25519 => Ok(()),
        KeyAlgorithm::RsaPss { .. } => Err(Error::refused(
            "the key is restricted to RSA-PSS, which mail clients and older servers cannot use",
        )
        .hint("make the request with a plain RSA key (openssl req -newkey rsa:2048)")),
        other => Err(Error::refused(format!(
            "the key is {other}, which mail servers and clients do not support"
        ))
        .hint("use RSA, or EC on P-256, P-384 or P-521")),
    }
}
