//! Certificates and revocation lists, well-formed unless told otherwise.

use std::sync::atomic::{AtomicU64, Ordering};

use super::der::{bits, concat, int, moment, name, seq, tagged, tlv};
use super::extension::{
    Extension, alternative, authority_key, basic, extended, subject_key, usage,
};
use super::key::{Algorithm, Key};

/// Every certificate is valid from here …
pub const BEGIN: &str = "20250101000000Z";
/// … to here, unless told otherwise.
pub const END: &str = "20400101000000Z";

static SERIAL: AtomicU64 = AtomicU64::new(0x1000);

/// A finished certificate and what is needed to sign with it.
#[derive(Clone)]
pub struct Made {
    pub der: Vec<u8>,
    pub subject: Vec<u8>,
    pub serial: Vec<u8>,
    pub key: Key,
    /// What its children name as its key identifier.
    pub identifier: Vec<u8>,
}

/// A certificate to be.
#[derive(Clone)]
pub struct Draft {
    pub subject: Vec<u8>,
    pub issuer: Option<Vec<u8>>,
    pub serial: Vec<u8>,
    pub validity: Vec<u8>,
    pub version: Vec<u8>,
    pub extensions: Vec<Extension>,
    pub key: Key,
    /// Both algorithm identifiers, inside and outside, where they are not the signer's usual one.
    pub algorithm: Option<Algorithm>,
    pub inner_algorithm: Option<Vec<u8>>,
    /// Whether the authority key identifier is the signer's.
    pub authority: bool,
    /// Put after the extensions.
    pub extra: Vec<u8>,
}

fn draft(subject: Vec<u8>, extensions: Vec<Extension>) -> Draft {
    let key = Key::new();
    let mut all = vec![subject_key(&key.identifier())];
    all.extend(extensions);
    Draft {
        subject,
        issuer: None,
        serial: int(SERIAL.fetch_add(1, Ordering::Relaxed)),
        validity: seq([moment(BEGIN), moment(END)]),
        version: tagged(0, int(2)),
        extensions: all,
        key,
        algorithm: None,
        inner_algorithm: None,
        authority: true,
        extra: Vec::new(),
    }
}

/// A CA called `CN=label`.
pub fn ca(label: &str) -> Draft {
    draft(name(&format!("O=Example,CN={label}")), vec![basic(true, None), usage(&[5, 6])])
}

/// A certificate for a server and client called `CN=label`, with that host where it is one.
pub fn leaf(label: &str) -> Draft {
    let mut extensions = vec![usage(&[0, 2]), extended(&["server", "client"])];
    if label.contains('.') {
        extensions.push(alternative(&format!("DNS:{label}")));
    }
    draft(name(&format!("CN={label}")), extensions)
}

/// The same with these names instead, as [`alternative`] takes them.
pub fn leaf_for(names: &str) -> Draft {
    leaf("a").with(alternative(names))
}

pub fn person(names: &str) -> Draft {
    leaf("Joe User").with(extended(&["email"])).with(alternative(names))
}

impl Draft {
    /// Puts an extension in the place of one of its kind, or behind all.
    pub fn with(mut self, extension: Extension) -> Self {
        match self.extensions.iter_mut().find(|one| one.oid == extension.oid) {
            Some(place) => *place = extension,
            None => self.extensions.push(extension),
        }
        self
    }

    /// Adds an extension, whether there is one of its kind or not.
    pub fn and(mut self, extension: Extension) -> Self {
        self.extensions.push(extension);
        self
    }

    pub fn without(mut self, oid: &str) -> Self {
        self.extensions.retain(|one| one.oid != oid);
        if oid == super::extension::AKI {
            self.authority = false;
        }
        self
    }

    pub fn bare(mut self) -> Self {
        self.extensions.clear();
        self.authority = false;
        self
    }

    pub fn critical(mut self, oid: &str, critical: bool) -> Self {
        for one in self.extensions.iter_mut().filter(|one| one.oid == oid) {
            one.critical = critical;
        }
        self
    }

    pub fn key(mut self, key: &Key) -> Self {
        self.key = key.clone();
        let identifier = subject_key(&key.identifier());
        if self.extensions.iter().any(|one| one.oid == super::extension::SKI) {
            self = self.with(identifier);
        }
        self
    }

    pub fn subject(mut self, text: &str) -> Self {
        self.subject = name(text);
        self
    }

    pub fn subject_der(mut self, der: Vec<u8>) -> Self {
        self.subject = der;
        self
    }

    pub fn issuer_der(mut self, der: Vec<u8>) -> Self {
        self.issuer = Some(der);
        self
    }

    pub fn serial(mut self, der: Vec<u8>) -> Self {
        self.serial = der;
        self
    }

    pub fn valid(self, begin: &str, end: &str) -> Self {
        self.valid_der(moment(begin), moment(end))
    }

    pub fn valid_der(mut self, begin: Vec<u8>, end: Vec<u8>) -> Self {
        self.validity = seq([begin, end]);
        self
    }

    /// The number that is encoded: 2 for X.509 version 3; `None` leaves it out, which is version 1.
    pub fn version(mut self, number: Option<u64>) -> Self {
        self.version = number.map(|number| tagged(0, int(number))).unwrap_or_default();
        self
    }

    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    fn to_be_signed(&self, issuer: &[u8], authority: Option<&[u8]>, algorithm: &[u8]) -> Vec<u8> {
        let mut extensions: Vec<_> = self.extensions.iter().map(Extension::der).collect();
        let own = self.extensions.iter().any(|one| one.oid == super::extension::AKI);
        if let Some(identifier) = authority.filter(|_| self.authority && !own) {
            extensions.push(authority_key(identifier).der());
        }
        let extensions =
            if extensions.is_empty() { Vec::new() } else { tagged(3, seq(extensions)) };
        seq([
            self.version.clone(),
            self.serial.clone(),
            self.inner_algorithm.clone().unwrap_or_else(|| algorithm.to_vec()),
            self.issuer.clone().unwrap_or_else(|| issuer.to_vec()),
            self.validity.clone(),
            self.subject.clone(),
            self.key.spki().to_vec(),
            extensions,
            self.extra.clone(),
        ])
    }

    fn finish(&self, issuer: &[u8], authority: Option<&[u8]>, signer: &Key) -> Made {
        let algorithm = self.algorithm.clone().unwrap_or_else(|| signer.algorithm());
        let body = self.to_be_signed(issuer, authority, &algorithm.der);
        let signature = signer.sign(&body, &algorithm);
        let identifier = self
            .extensions
            .iter()
            .find(|one| one.oid == super::extension::SKI)
            .map_or_else(|| self.key.identifier(), |one| one.value[2..].to_vec());
        Made {
            der: seq([body, algorithm.der, bits(&signature)]),
            subject: self.subject.clone(),
            serial: self.serial.clone(),
            key: self.key.clone(),
            identifier,
        }
    }

    pub fn self_signed(&self) -> Made {
        self.finish(&self.subject, None, &self.key)
    }

    pub fn by(&self, issuer: &Made) -> Made {
        self.finish(&issuer.subject, Some(&issuer.identifier), &issuer.key)
    }

    /// By another key than the issuer's.
    pub fn forged(&self, issuer: &Made) -> Made {
        self.finish(&issuer.subject, Some(&issuer.identifier), &Key::new())
    }
}

impl Made {
    /// The three parts: what is signed, the algorithm, the signature.
    pub fn parts(&self) -> [Vec<u8>; 3] {
        let parts = mailca::pki::tlv::elements(&self.der).unwrap();
        [parts[0].to_vec(), parts[1].to_vec(), parts[2].to_vec()]
    }

    /// The same with other octets.
    pub fn changed(&self, change: impl FnOnce([Vec<u8>; 3]) -> Vec<u8>) -> Self {
        Self { der: change(self.parts()), ..self.clone() }
    }
}

/// A revocation list to be.
#[derive(Clone)]
pub struct List {
    pub version: Vec<u8>,
    pub entries: Vec<Vec<u8>>,
    pub updates: Vec<Vec<u8>>,
    pub extensions: Vec<Extension>,
    pub algorithm: Option<Algorithm>,
}

pub fn list() -> List {
    List {
        version: int(1),
        entries: Vec::new(),
        updates: vec![moment("20291201000000Z"), moment("20300201000000Z")],
        extensions: vec![Extension::new("2.5.29.20", false, int(1))],
        algorithm: None,
    }
}

/// An entry for a serial number, with the extensions of an entry.
pub fn entry(serial: &[u8], extensions: &[Extension]) -> Vec<u8> {
    let extensions =
        if extensions.is_empty() { Vec::new() } else { seq(extensions.iter().map(Extension::der)) };
    seq([serial.to_vec(), moment("20291115000000Z"), extensions])
}

pub fn reason(number: u8) -> Extension {
    Extension::new("2.5.29.21", false, tlv(10, [number]))
}

impl List {
    pub fn revoking(mut self, certificate: &Made) -> Self {
        self.entries.push(entry(&certificate.serial, &[]));
        self
    }

    pub fn entry(mut self, entry: Vec<u8>) -> Self {
        self.entries.push(entry);
        self
    }

    pub fn dated(mut self, updates: &[&str]) -> Self {
        self.updates = updates.iter().map(|text| moment(text)).collect();
        self
    }

    pub fn with(mut self, extension: Extension) -> Self {
        self.extensions.push(extension);
        self
    }

    /// By the CA, or by another key in its name.
    pub fn by(&self, issuer: &Made) -> Vec<u8> {
        self.signed(issuer, &issuer.key)
    }

    pub fn signed(&self, issuer: &Made, signer: &Key) -> Vec<u8> {
        let algorithm = self.algorithm.clone().unwrap_or_else(|| signer.algorithm());
        let mut extensions: Vec<_> = self.extensions.iter().map(Extension::der).collect();
        if !extensions.is_empty() {
            extensions.push(authority_key(&issuer.identifier).der());
        }
        let extensions =
            if extensions.is_empty() { Vec::new() } else { tagged(0, seq(extensions)) };
        let entries = if self.entries.is_empty() { Vec::new() } else { seq(self.entries.clone()) };
        let body = seq([
            self.version.clone(),
            algorithm.der.clone(),
            issuer.subject.clone(),
            concat(self.updates.clone()),
            entries,
            extensions,
        ]);
        let signature = signer.sign(&body, &algorithm);
        seq([body, algorithm.der, bits(&signature)])
    }
}
