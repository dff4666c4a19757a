//! What a file holds, told by its content and never by its name.
//!
//! [`inspect`] takes a file apart: PEM with any text around it, or DER. Each thing in it becomes an
//! [`Item`], in the order of the file; what cannot be read and what is unknown is an item too, so
//! that nothing is passed over in silence. Nothing here is a judgement: a certificate that parses may
//! be forged, and a request is shown whether or not its signature is right.
//!
//! Private keys: an item keeps the public half only. What is encrypted keeps its ciphertext until
//! [`Item::unlock`] opens it.

mod certificate;
mod crl;
mod encryption;
mod extension;
mod extension_name;
mod key;
mod label;
mod parameters;
mod pem_text;
mod pkcs12;
mod pkcs7;
mod public_half;
mod request;
mod shape;
pub mod text;
mod usage;

use crate::error::{Error, Result};
use crate::pki::pem;

pub use certificate::CertificateView;
pub use crl::{CrlView, Revoked};
pub use extension::Extension;
pub use key::{PrivateKeyView, PublicKeyView};
pub use pkcs7::Pkcs7View;
pub use pkcs12::{BagView, Pkcs12View, SafeView};
pub use request::{AttributeView, RequestView};
pub use usage::{key_usage_words, purpose_words};

use shape::Shape;

/// One thing in a file.
pub struct Item {
    /// The label of its PEM block; `None` for DER.
    pub label: Option<String>,
    /// What it is.
    pub body: Body,
    /// What is odd about how it was written down.
    pub notes: Vec<String>,
}

/// What a thing is.
pub enum Body {
    /// A certificate (RFC 5280 4.1).
    Certificate(Box<CertificateView>),
    /// A certification request (RFC 2986).
    Request(Box<RequestView>),
    /// A certificate revocation list (RFC 5280 5.1).
    Crl(Box<CrlView>),
    /// A private key, of which the public half is shown.
    PrivateKey(Box<PrivateKeyView>),
    /// A public key.
    PublicKey(Box<PublicKeyView>),
    /// A PKCS#12 file (RFC 7292).
    Pkcs12(Box<Pkcs12View>),
    /// Certificates and CRLs in a PKCS#7 or CMS `SignedData` (RFC 5652 5.1).
    Pkcs7(Box<Pkcs7View>),
    /// Something known of which there is little to tell: its name, and facts by label.
    Other {
        /// What it is, for a person.
        name: String,
        /// What there is to tell.
        facts: Vec<(&'static str, String)>,
    },
    /// A PEM block of a kind that mailca does not know, by its label.
    Unknown(String),
    /// Something that could not be read.
    Unreadable {
        /// What it seems to be.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Item {
    /// Whether a password is needed to see all of it.
    pub fn is_locked(&self) -> bool {
        match &self.body {
            Body::PrivateKey(key) => key.is_locked(),
            Body::Pkcs12(file) => file.is_locked(),
            _ => false,
        }
    }

    /// Opens what is encrypted. Nothing else changes.
    pub fn unlock(&mut self, password: &str) -> Result<()> {
        match &mut self.body {
            Body::PrivateKey(key) => key.unlock(password),
            Body::Pkcs12(file) => file.unlock(password),
            _ => Ok(()),
        }
    }

    /// The items inside: the certificates and CRLs of a PKCS#7, the bags of a PKCS#12.
    pub fn nested(&self) -> Vec<&Self> {
        match &self.body {
            Body::Pkcs7(bundle) => bundle.items.iter().collect(),
            Body::Pkcs12(file) => file.items().collect(),
            _ => Vec::new(),
        }
    }

    /// The PEM label and the DER of what may be given to everybody: a certificate, request or CRL.
    pub fn public_der(&self) -> Option<(&'static str, &[u8])> {
        match &self.body {
            Body::Certificate(certificate) => Some(("CERTIFICATE", &certificate.der)),
            Body::Request(request) => Some(("CERTIFICATE REQUEST", &request.der)),
            Body::Crl(crl) => Some(("X509 CRL", &crl.der)),
            _ => None,
        }
    }

    fn of_der(der: &[u8]) -> Self {
        Self { label: None, body: body(der), notes: Vec::new() }
    }
}

/// Takes a file apart.
///
/// Fails where nothing at all is recognized, and says what is there instead.
pub fn inspect(content: &[u8]) -> Result<Vec<Item>> {
    if content.is_empty() {
        return Err(Error::refused("it is empty"));
    }
    if content.trim_ascii().is_empty() {
        return Err(Error::refused("there are only spaces and line ends in it"));
    }
    if let Some(text) = pem_text::from_utf16(content) {
        let mut items = inspect(&text)?;
        for item in &mut items {
            item.notes.push("the file is UTF-16, which other programs cannot read".into());
        }
        return Ok(items);
    }
    if shape::is_whole_der(content) {
        return only_known(vec![Item::of_der(content)]);
    }
    if pem::is_pem(content) {
        let items: Vec<_> = pem_text::blocks(content).into_iter().map(label::of_pem).collect();
        if items.is_empty() {
            return Err(Error::refused(
                "a PEM block begins in it, but not at the beginning of a line",
            ));
        }
        return only_known(items);
    }
    let items = several_der(content).and_then(|items| only_known(items).ok());
    items.ok_or_else(|| shape::unrecognized(content))
}

/// DER values one after the other, as in an OpenSSL TRUSTED CERTIFICATE.
fn several_der(content: &[u8]) -> Option<Vec<Item>> {
    let mut items = Vec::new();
    let mut rest = content;
    while let Some((first, after)) = shape::split_first(rest) {
        if Shape::of(first) == Shape::Certificate && !after.is_empty() && items.is_empty() {
            let trusted = shape::split_first(after)
                .is_some_and(|(aux, after)| after.is_empty() && Shape::of(aux) == Shape::Unknown);
            if trusted {
                return Some(vec![label::trusted_certificate(content)]);
            }
        }
        items.push(Item::of_der(first));
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    if items.is_empty() {
        return None;
    }
    if let (Some(item), false) = (items.last_mut(), rest.is_empty()) {
        item.notes.push(format!("{} follow it", text::count(rest.len(), "byte")));
    }
    Some(items)
}

/// A file of nothing that can be read is an error, which says what is there.
fn only_known(items: Vec<Item>) -> Result<Vec<Item>> {
    let reasons: Option<Vec<_>> = items
        .iter()
        .map(|item| match &item.body {
            Body::Unreadable { name, reason } => Some(format!("{name}: {reason}")),
            Body::Unknown(label) => {
                Some(format!("{label} is a PEM block that mailca does not know"))
            }
            _ => None,
        })
        .collect();
    match reasons {
        Some(reasons) => Err(Error::refused(reasons.join("; "))),
        None => Ok(items),
    }
}

fn body(der: &[u8]) -> Body {
    let shape = Shape::of(der);
    let read = match shape {
        Shape::Certificate => {
            CertificateView::read(der).map(|view| Body::Certificate(Box::new(view)))
        }
        Shape::Request => RequestView::read(der).map(|view| Body::Request(Box::new(view))),
        Shape::Crl => CrlView::read(der).map(|view| Body::Crl(Box::new(view))),
        Shape::Pkcs8 | Shape::EncryptedKey | Shape::Pkcs1 | Shape::Sec1 | Shape::Dsa => {
            PrivateKeyView::read(der, shape).map(|view| Body::PrivateKey(Box::new(view)))
        }
        Shape::PublicKey => PublicKeyView::read(der).map(|view| Body::PublicKey(Box::new(view))),
        Shape::TwoIntegers => return parameters::two_integers(der),
        Shape::Pkcs7 => Pkcs7View::read(der).map(|view| Body::Pkcs7(Box::new(view))),
        Shape::Pkcs12 => Pkcs12View::read(der).map(|view| Body::Pkcs12(Box::new(view))),
        Shape::Curve => return parameters::ec_parameters(der),
        Shape::Named(name) => {
            return Body::Other { name: name.to_owned(), facts: Vec::new() };
        }
        Shape::Unknown => Err(Error::refused("it is damaged, or nothing that is known here")),
    };
    read.unwrap_or_else(|error| Body::Unreadable {
        name: shape.name().to_owned(),
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests;
