//! Path building and validation (RFC 5280 6.1), our own: rustls-webpki refuses names in the CN only,
//! permitted rfc822 constraints and CA:TRUE leaves, and cannot match e-mail. OpenSSL is the referee.
//!
//! Not done: certificate policies, delta and indirect CRLs, OCSP.

mod certificate;
mod encoding;
mod form;
mod path;
mod revocation;
#[cfg(test)]
mod tests;
mod usage;

use std::cell::Cell;

use time::OffsetDateTime;

use self::certificate::Certificate;
use self::path::Search;
use self::revocation::Lists;
pub use self::usage::Purpose;
use super::constraints::names_of;
use super::general_name::GeneralName;
use super::identity::Identity;
use crate::error::{Error, Result};

/// Comparisons of names with constraints in one search; the bound for one CA is an eighth of it.
const MAX_COMPARISONS: usize = 1 << 23;

/// What a certificate is verified against; all certificates and lists in DER.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// Trusted CA certificates. Those that are not self-signed serve as intermediates, as in OpenSSL.
    pub roots: &'a [Vec<u8>],
    /// Further CA certificates, not trusted.
    pub intermediates: &'a [Vec<u8>],
    /// Revocation lists; with none, revocation is not checked.
    pub crls: &'a [Vec<u8>],
    /// The time for which it is asked.
    pub at: OffsetDateTime,
    /// What the leaf is to be used for; `None` leaves key usages out.
    pub purpose: Option<Purpose>,
    /// Whose certificate it must be.
    pub identity: Option<Identity>,
}

/// A path that was found valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The certificates in DER, from the leaf to the root.
    pub certificates: Vec<Vec<u8>>,
    /// What is not as it should be but refused by no mail server, in sentences.
    pub notes: Vec<String>,
}

/// Verifies a DER certificate: a path to a root, and everything on it (RFC 5280 6.1).
///
/// The signature of a root is not checked: it is trusted for being given. CA certificates that cannot be
/// read are passed over. A verdict says in one sentence what was found and what was needed, for the most
/// promising path where there are several.
pub fn verify(leaf: &[u8], options: &Options<'_>) -> Result<Path> {
    let leaf = Certificate::read(leaf)?;
    let (anchors, unreadable_anchors) = read_all(options.roots);
    let (intermediates, unreadable) = read_all(options.intermediates);
    // Certificates know whole seconds (RFC 5280 4.1.2.5), and are valid to the end of their last one.
    let at = options.at.replace_nanosecond(0).unwrap_or(options.at);
    let context =
        Context { options, at, lists: Lists::read(options.crls)?, comparisons: Cell::new(0) };
    let search = Search::new(&anchors, &intermediates, at);
    let checked = search.run(&leaf, &|path| check_path(path, &context));
    match unreadable_anchors + unreadable {
        0 => checked,
        count => checked.map_err(|error| {
            error.hint(format!(
                "{count} of the CA certificates given are malformed and were passed over"
            ))
        }),
    }
}

/// Whether a DER certificate is signed with its own key: issuer and subject are the same name, and its
/// signature verifies with its public key.
///
/// Fails where the certificate is malformed. An algorithm that mailca cannot verify is no.
pub fn is_self_signed(certificate_der: &[u8]) -> Result<bool> {
    let certificate = Certificate::read(certificate_der)?;
    Ok(certificate.is_self_issued() && certificate.signed_by(certificate.spki()).is_ok())
}

fn read_all(ders: &[Vec<u8>]) -> (Vec<Certificate<'_>>, usize) {
    let read: Vec<_> = ders.iter().filter_map(|der| Certificate::read(der).ok()).collect();
    let unreadable = ders.len() - read.len();
    (read, unreadable)
}

/// What is the same for every path of one search.
struct Context<'o> {
    options: &'o Options<'o>,
    at: OffsetDateTime,
    lists: Lists<'o>,
    /// Comparisons of names with constraints that were made.
    comparisons: Cell<usize>,
}

fn check_path(path: &[&Certificate<'_>], context: &Context<'_>) -> Result<Path> {
    let options = context.options;
    let root = path.len() - 1;
    for (at, certificate) in path.iter().enumerate() {
        let is_leaf = at == 0;
        usage::check_critical_extensions(certificate, is_leaf)?;
        usage::check_dates(certificate, is_leaf, context.at)?;
        if !is_leaf {
            usage::check_is_ca(certificate, at == root)?;
        }
        if let Some(purpose) = options.purpose {
            usage::check_purpose(certificate, purpose, is_leaf)?;
        }
    }
    usage::check_path_lengths(path)?;
    check_name_constraints(path, &context.comparisons)?;
    let mut notes = form::notes(path);
    if !options.crls.is_empty() {
        notes.extend(context.lists.check(path, context.at)?);
    }
    if let Some(identity) = &options.identity {
        let found = identity.check(&path[0].parsed)?;
        notes.extend(found.advice().map(str::to_owned));
    }
    Ok(Path {
        certificates: path.iter().map(|certificate| certificate.der.to_vec()).collect(),
        notes,
    })
}

/// RFC 5280 6.1.3 b and c: self-issued certificates are exempt but for the leaf. Those of the root count
/// too, which RFC 5280 leaves open and OpenSSL does.
fn check_name_constraints(path: &[&Certificate<'_>], made: &Cell<usize>) -> Result<()> {
    let constraints =
        path[1..].iter().map(|issuer| issuer.constraints()).collect::<Result<Vec<_>>>()?;
    if constraints.iter().all(Option::is_none) {
        return Ok(());
    }
    for (at, certificate) in path.iter().enumerate() {
        if at != 0 && certificate.is_self_issued() {
            continue;
        }
        let above: Vec<_> = constraints[at.min(constraints.len())..].iter().flatten().collect();
        if above.is_empty() {
            continue;
        }
        let alternative = GeneralName::of_certificate(&certificate.parsed)
            .map_err(|error| Error::verdict(format!("\"{}\": {error}", certificate.label)))?;
        let names = names_of(certificate.subject(), &alternative, at == 0)?;
        for constraints in above {
            constraints.check(&names)?;
            made.set(made.get().saturating_add(constraints.comparisons(&names)));
            if made.get() > MAX_COMPARISONS {
                return Err(Error::verdict(format!(
                    "the names of \"{}\" and the name constraints above are too many to check",
                    certificate.label
                )));
            }
        }
    }
    Ok(())
}
