//! Certificates and requests as the tests look at them: through the raw bytes of their parts.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

/// The first PEM block of a file that is not a text dump, or the file itself where it is DER.
pub fn certificate_der(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    if bytes.first() == Some(&0x30) {
        return bytes;
    }
    let (pem, _) = Pem::read(std::io::Cursor::new(&bytes)).unwrap();
    pem.contents
}

/// A certificate and the parts that the tests compare.
pub struct Certificate {
    pub subject: Vec<u8>,
    pub issuer: Vec<u8>,
    pub spki: Vec<u8>,
    /// Upper-case hex, of even length, as index.txt has it.
    pub serial: String,
    /// `OID`, critical, value of every extension.
    pub extensions: Vec<(String, bool, Vec<u8>)>,
    /// Whole days; both ends count (RFC 5280 4.1.2.5).
    pub days: i64,
}

impl Certificate {
    pub fn read(path: &Path) -> Self {
        let der = certificate_der(path);
        let (_, parsed) = x509_parser::parse_x509_certificate(&der).unwrap();
        let validity = parsed.validity();
        Self {
            subject: parsed.subject().as_raw().to_vec(),
            issuer: parsed.issuer().as_raw().to_vec(),
            spki: parsed.public_key().raw.to_vec(),
            serial: hex(parsed.raw_serial()),
            extensions: parsed
                .extensions()
                .iter()
                .map(|e| (e.oid.to_id_string(), e.critical, e.value.to_vec()))
                .collect(),
            days: (validity.not_after.timestamp() - validity.not_before.timestamp() + 1) / 86_400,
        }
    }

    /// The value of an extension.
    pub fn extension(&self, oid: &str) -> Option<&[u8]> {
        self.extensions.iter().find(|(id, ..)| id == oid).map(|(_, _, value)| value.as_slice())
    }
}

fn hex(bytes: &[u8]) -> String {
    let start = usize::from(bytes.len() > 1 && bytes[0] == 0);
    bytes[start..].iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// The subject of a certificate or a request, as DER.
pub fn subject_of(path: &Path) -> Vec<u8> {
    let der = certificate_der(path);
    if let Ok((_, request)) = X509CertificationRequest::from_der(&der) {
        return raw(&request.certification_request_info.subject);
    }
    Certificate::read(path).subject
}

/// The issuer of a certificate, as DER.
pub fn issuer_of(path: &Path) -> Vec<u8> {
    Certificate::read(path).issuer
}

fn raw(name: &X509Name<'_>) -> Vec<u8> {
    name.as_raw().to_vec()
}
