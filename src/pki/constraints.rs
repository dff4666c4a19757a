//! Name constraints (RFC 5280 4.2.1.10): which names a CA may certify. Used by `verify`, and by the
//! signing policy before a certificate exists.
//!
//! It refuses whatever OpenSSL refuses, and in a few places more: a wildcard that covers an excluded
//! host, a wildcard in a common name, a malformed name.

use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::asn1_rs::{Any, Class, FromDer as _};
use x509_parser::oid_registry::OID_X509_EXT_NAME_CONSTRAINTS;

use super::general_name::{GeneralName, other_name_type};
use super::name::{self, COMMON_NAME, EMAIL_ADDRESS};
use super::printable::{printable, shortened};
use super::subtree::{Answer, Candidate, Subtree, length};
use super::tlv::children;
use crate::error::{Error, Result};

/// OpenSSL's bound on names times subtrees, against certificates made to keep a verifier busy.
const MAX_COMPARISONS: usize = 1 << 20;
/// A name of so many octets counts as two.
const LONG_NAME: usize = 256;
/// More subtrees than this are counted in an error instead of named.
const SUBTREES_SHOWN: usize = 20;

/// The name constraints of one CA certificate.
#[derive(Clone, Debug)]
pub struct Constraints {
    ca: String,
    permitted: Vec<Subtree>,
    excluded: Vec<Subtree>,
}

impl Constraints {
    /// The constraints of a DER certificate, `None` where it has none.
    ///
    /// Fails where certificate or extension are malformed.
    pub fn from_certificate(certificate_der: &[u8]) -> Result<Option<Self>> {
        match X509Certificate::from_der(certificate_der) {
            Ok(([], certificate)) => Self::of(&certificate),
            _ => Err(Error::refused("the CA certificate is malformed")),
        }
    }

    /// The same for a certificate that is parsed already.
    pub fn of(certificate: &X509Certificate<'_>) -> Result<Option<Self>> {
        let ca = shortened(&name::label(certificate.subject().as_raw()));
        match certificate.get_extension_unique(&OID_X509_EXT_NAME_CONSTRAINTS) {
            Ok(Some(extension)) => Self::from_extension(extension.value, ca).map(Some),
            Ok(None) => Ok(None),
            Err(_) => Err(malformed(&ca)),
        }
    }

    /// From the DER of a `NameConstraints`, with the name of its CA for messages.
    ///
    /// x509-parser's own reading drops subtrees that it cannot read, and with them the constraint.
    pub fn from_extension(value: &[u8], ca: String) -> Result<Self> {
        let fields = children(value).ok_or_else(|| malformed(&ca))?;
        let mut constraints = Self { ca, permitted: Vec::new(), excluded: Vec::new() };
        let mut last = None;
        for (tag, field) in fields {
            if last.is_some_and(|last| tag <= last) {
                return Err(malformed(&constraints.ca));
            }
            last = Some(tag);
            let subtrees = read_subtrees(field).ok_or_else(|| malformed(&constraints.ca))?;
            match tag {
                0 => constraints.permitted = subtrees,
                1 => constraints.excluded = subtrees,
                _ => return Err(malformed(&constraints.ca)),
            }
        }
        Ok(constraints)
    }

    /// How much work [`Self::check`] is: names times subtrees, a long name counting as several.
    pub fn comparisons(&self, names: &[GeneralName]) -> usize {
        let subtrees = self.permitted.len() + self.excluded.len();
        let weight: usize = names.iter().map(|name| 1 + length(name) / LONG_NAME).sum();
        weight.saturating_mul(subtrees)
    }

    /// Checks that this CA may certify all of `names`: for a certificate, what [`names_of`] gives.
    ///
    /// A verdict names the first that it may not, and what it may.
    pub fn check(&self, names: &[GeneralName]) -> Result<()> {
        if self.comparisons(names) > MAX_COMPARISONS {
            return Err(Error::verdict(format!(
                "{} names against the {} name constraints of the CA \"{}\" are too many to check",
                names.len(),
                self.permitted.len() + self.excluded.len(),
                self.ca
            )));
        }
        names.iter().try_for_each(|name| {
            self.check_one(name)?;
            // RFC 9598: a mailbox with characters outside ASCII falls under the rfc822Name constraints.
            international_mailbox(name).map_or(Ok(()), |mailbox| self.check_one(&mailbox?))
        })
    }

    fn check_one(&self, name: &GeneralName) -> Result<()> {
        let candidate = Candidate::of(name);
        let mut permitted = None;
        for subtree in self.permitted.iter().filter(|subtree| subtree.concerns(&candidate)) {
            match subtree.contains(&candidate, false) {
                Answer::Yes => {
                    permitted = Some(true);
                    break;
                }
                Answer::No => permitted = Some(false),
                Answer::Unknown(why) => return Err(self.unknown(name, why)),
            }
        }
        if permitted == Some(false) {
            return Err(Error::verdict(format!(
                "the name {} ({}) is outside the names that the CA \"{}\" may certify: {}",
                shortened(&name.value()),
                name.in_words(),
                self.ca,
                list(&self.permitted, &candidate)
            )));
        }
        for subtree in self.excluded.iter().filter(|subtree| subtree.concerns(&candidate)) {
            match subtree.contains(&candidate, true) {
                Answer::Yes => {
                    return Err(Error::verdict(format!(
                        "the name {} ({}) is among the names that the CA \"{}\" must not certify: {}",
                        shortened(&name.value()),
                        name.in_words(),
                        self.ca,
                        list(&self.excluded, &candidate)
                    )));
                }
                Answer::No => {}
                Answer::Unknown(why) => return Err(self.unknown(name, why)),
            }
        }
        Ok(())
    }

    fn unknown(&self, name: &GeneralName, why: &str) -> Error {
        Error::verdict(format!(
            "the name {} ({}) cannot be checked against the name constraints of the CA \"{}\": {why}",
            shortened(&name.value()),
            name.in_words(),
            self.ca
        ))
    }
}

/// The names in a certificate that name constraints apply to (RFC 5280 4.2.1.10): the subject as a
/// directoryName, its emailAddress attributes, the alternative names, and, as in OpenSSL, the common
/// names of a leaf without a dNSName where they look like a host.
///
/// `subject_der` is a DER `Name`. Fails where an emailAddress is no `IA5String`, which OpenSSL refuses
/// under any constraint.
pub fn names_of(
    subject_der: &[u8],
    alternative_names: &[GeneralName],
    is_leaf: bool,
) -> Result<Vec<GeneralName>> {
    let mut names = Vec::new();
    let rdns = name::attributes(subject_der).map_err(|_| {
        Error::verdict("the subject is malformed, so name constraints cannot be checked")
    })?;
    if !rdns.is_empty() {
        names.push(GeneralName::Directory(subject_der.to_vec()));
    }
    for attribute in rdns.iter().flatten().filter(|attribute| attribute.oid == EMAIL_ADDRESS) {
        let mailbox = attribute.string().filter(|_| attribute.is_ia5()).ok_or_else(|| {
            Error::verdict(
                "the emailAddress in the subject is not an IA5String, which name constraints need",
            )
            .hint(
                "leave it out of the subject: a subjectAltName is where an e-mail address belongs",
            )
        })?;
        names.push(GeneralName::Email(mailbox));
    }
    names.extend_from_slice(alternative_names);
    if is_leaf && !alternative_names.iter().any(|name| matches!(name, GeneralName::Dns(_))) {
        for common_name in rdns.iter().flatten().filter(|attribute| attribute.oid == COMMON_NAME) {
            names.extend(
                common_name.string().filter(|text| looks_like_host(text)).map(GeneralName::Dns),
            );
        }
    }
    Ok(names)
}

/// Two labels or more, as OpenSSL's `cn2dnsid` sees it, and a wildcard in front of them.
fn looks_like_host(text: &str) -> bool {
    let host = text.strip_prefix("*.").unwrap_or(text).trim_end_matches('\0');
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    (host.contains('.') || host.len() < text.len()) && host.split('.').all(label)
}

fn malformed(ca: &str) -> Error {
    Error::verdict(format!("the name constraints of the CA \"{ca}\" are malformed"))
}

fn read_subtrees(field: &[u8]) -> Option<Vec<Subtree>> {
    let (_, outer) = Any::from_der(field).ok()?;
    let subtrees = children(field)?;
    if outer.class() != Class::ContextSpecific || subtrees.is_empty() {
        return None;
    }
    subtrees.iter().map(|subtree| read_subtree(subtree.1)).collect()
}

/// `GeneralSubtree ::= SEQUENCE { base, minimum [0] DEFAULT 0, maximum [1] OPTIONAL }`.
fn read_subtree(der: &[u8]) -> Option<Subtree> {
    let fields = children(der)?;
    let (tag, base) = fields.first()?;
    let (_, base) = Any::from_der(base).ok()?;
    if base.class() != Class::ContextSpecific {
        return None;
    }
    let bounded = fields[1..].iter().any(|(tag, field)| *tag != 0 || *field != [0x80, 1, 0]);
    if bounded { Some(Subtree::Bounded(*tag)) } else { Subtree::read(*tag, base.data) }
}

/// An otherName of type id-on-SmtpUTF8Mailbox with its domain in A-labels; `None` for all others.
fn international_mailbox(name: &GeneralName) -> Option<Result<GeneralName>> {
    let GeneralName::Other { tag: 0, value } = name else { return None };
    if other_name_type(value)? != "1.3.6.1.5.5.7.8.9" {
        return None;
    }
    let text = || {
        let (rest, _oid) = Any::from_der(value).ok()?;
        let inner = children(rest)?;
        let [(12, text)] = inner.as_slice() else { return None };
        let text = std::str::from_utf8(Any::from_der(text).ok()?.1.data).ok()?;
        let (local, domain) = text.rsplit_once('@')?;
        let domain = idna::domain_to_ascii(domain).ok()?;
        Some(GeneralName::Email(format!("{local}@{domain}")))
    };
    Some(text().ok_or_else(|| {
        Error::verdict(format!("the name {} is malformed", shortened(&name.to_string())))
    }))
}

/// The subtrees that decided about this name; of very many the first.
fn list(subtrees: &[Subtree], name: &Candidate<'_>) -> String {
    let deciding: Vec<_> = subtrees.iter().filter(|subtree| subtree.concerns(name)).collect();
    let texts = deciding.iter().take(SUBTREES_SHOWN).map(|subtree| shortened(&subtree.to_string()));
    let shown = printable(&texts.collect::<Vec<_>>().join(", "));
    match deciding.len().saturating_sub(SUBTREES_SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests;
