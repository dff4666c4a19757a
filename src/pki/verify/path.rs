//! Finds chains of issuers from a certificate to a trust anchor (RFC 5280 6.1, RFC 4158): depth first,
//! with a bound on length and on signature checks.

use time::OffsetDateTime;

use super::certificate::Certificate;
use crate::error::{Error, Result};
use crate::pki::name::printable_name;
use crate::pki::signature;

/// Certificates in a path, leaf and root included.
const MAX_LENGTH: usize = 12;
/// Signature checks in one search. Real chains need fewer than ten.
const MAX_SIGNATURES: usize = 64;

/// How promising a path was whose error is kept: a complete one beats one that stopped early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    NoIssuer(usize),
    OtherKey(usize),
    UntrustedRoot(usize),
    BadSignature(usize),
    Complete,
}

/// One search for a path.
pub(super) struct Search<'s, 'a> {
    pub(super) anchors: &'s [Certificate<'a>],
    pub(super) intermediates: &'s [Certificate<'a>],
    pub(super) at: OffsetDateTime,
    signatures: usize,
    best: Option<(Progress, Error)>,
}

impl<'s, 'a> Search<'s, 'a> {
    pub(super) fn new(
        anchors: &'s [Certificate<'a>],
        intermediates: &'s [Certificate<'a>],
        at: OffsetDateTime,
    ) -> Self {
        Self { anchors, intermediates, at, signatures: 0, best: None }
    }

    /// The first complete path that `accept` accepts, as what `accept` made of it; else the error of the
    /// most promising one. Paths run from `leaf` to the root.
    pub(super) fn run<T>(
        mut self,
        leaf: &'s Certificate<'a>,
        accept: &dyn Fn(&[&'s Certificate<'a>]) -> Result<T>,
    ) -> Result<T> {
        if leaf.seems_self_signed() {
            if self.anchors.iter().any(|anchor| anchor.der == leaf.der) {
                return accept(&[leaf]);
            }
            self.keep(Progress::NoIssuer(1), || {
                Error::verdict(format!(
                    "the certificate of \"{}\" is self-signed, and it is not among the trusted CA certificates",
                    leaf.label
                ))
            });
        }
        match self.extend(&mut vec![leaf], accept) {
            Ok(Some(accepted)) => Ok(accepted),
            Ok(None) => Err(self.best.map_or_else(
                || Error::bug("the search for a path ended without an answer"),
                |(_, error)| error,
            )),
            Err(error) => Err(error),
        }
    }

    /// `Err` ends the whole search.
    fn extend<T>(
        &mut self,
        path: &mut Vec<&'s Certificate<'a>>,
        accept: &dyn Fn(&[&'s Certificate<'a>]) -> Result<T>,
    ) -> Result<Option<T>> {
        let Some(&last) = path.last() else { return Ok(None) };
        let depth = path.len();
        if depth >= MAX_LENGTH {
            self.keep(Progress::NoIssuer(depth), || {
                Error::verdict(format!(
                    "the chain of \"{}\" is longer than {MAX_LENGTH} certificates",
                    path[0].label
                ))
            });
            return Ok(None);
        }
        let candidates = self.candidates(last, path);
        if candidates.is_empty() {
            self.keep(Progress::NoIssuer(depth), || no_issuer(last, self.anchors));
        }
        for (issuer, is_anchor) in candidates {
            if !last.authority_key_fits(issuer) {
                self.keep(Progress::OtherKey(depth), || other_key(last, issuer));
                continue;
            }
            self.signatures += 1;
            if self.signatures > MAX_SIGNATURES {
                return Err(Error::verdict(format!(
                    "no path was found within {MAX_SIGNATURES} signature checks: too many CA certificates \
                     share a name"
                )));
            }
            if let Err(error) = last.signed_by(issuer.spki()) {
                self.keep(Progress::BadSignature(depth), || bad_signature(last, issuer, &error));
                continue;
            }
            let is_root = issuer.seems_self_signed();
            path.push(issuer);
            if is_root && is_anchor {
                match accept(path) {
                    Ok(accepted) => return Ok(Some(accepted)),
                    Err(error) => self.keep(Progress::Complete, || error),
                }
            } else if is_root {
                self.keep(Progress::UntrustedRoot(depth), || untrusted_root(issuer));
            } else if let Some(accepted) = self.extend(path, accept)? {
                return Ok(Some(accepted));
            }
            path.pop();
        }
        Ok(None)
    }

    /// The certificates that bear the issuer's name: anchors first, then those valid at the time.
    fn candidates(
        &self,
        last: &Certificate<'_>,
        path: &[&'s Certificate<'a>],
    ) -> Vec<(&'s Certificate<'a>, bool)> {
        let anchors = self.anchors.iter().map(|anchor| (anchor, true));
        let others = self.intermediates.iter().map(|other| (other, false));
        let mut found: Vec<(&'s Certificate<'a>, bool)> = Vec::new();
        for (candidate, is_anchor) in anchors.chain(others) {
            let known = path.iter().chain(found.iter().map(|(found, _)| found));
            let mut known = known.map(|certificate| certificate.der);
            if crate::pki::name::same_name(candidate.subject(), last.issuer())
                && !known.any(|der| der == candidate.der)
            {
                found.push((candidate, is_anchor));
            }
        }
        // A stable sort: the order given by the caller is kept among equals.
        found.sort_by_key(|(candidate, is_anchor)| {
            (!last.authority_key_fits(candidate), !candidate.is_valid_at(self.at), !is_anchor)
        });
        found
    }

    fn keep(&mut self, progress: Progress, error: impl FnOnce() -> Error) {
        if self.best.as_ref().is_none_or(|(best, _)| progress > *best) {
            self.best = Some((progress, error()));
        }
    }
}

fn no_issuer(last: &Certificate<'_>, anchors: &[Certificate<'_>]) -> Error {
    let trusted: Vec<_> = anchors.iter().take(3).map(|anchor| anchor.label.as_str()).collect();
    Error::verdict(format!(
        "the issuer of \"{}\" is not among the CA certificates given: it is {}, and those trusted are {}",
        last.label,
        printable_name(last.issuer()),
        if trusted.is_empty() { "none".to_owned() } else { trusted.join(", ") }
    ))
    .hint("give the root with --ca and the intermediate certificates with --untrusted")
}

fn other_key(last: &Certificate<'_>, issuer: &Certificate<'_>) -> Error {
    let hexadecimal = |identifier: Option<&[u8]>| {
        identifier.map_or_else(
            || "another serial number".into(),
            |octets| {
                octets.iter().map(|octet| format!("{octet:02X}")).collect::<Vec<_>>().join(":")
            },
        )
    };
    let (wanted, found) = (last.authority_key_identifier(), issuer.subject_key_identifier());
    let (wanted, found) = if wanted == found { (None, None) } else { (wanted, found) };
    Error::verdict(format!(
        "the CA certificate \"{}\" has the right name but another key: \"{}\" was signed with the key {}, this one is {}",
        issuer.label,
        last.label,
        hexadecimal(wanted),
        hexadecimal(found)
    ))
    .hint("was the CA made anew? the certificate needs the CA certificate of its own time")
}

fn bad_signature(last: &Certificate<'_>, issuer: &Certificate<'_>, error: &Error) -> Error {
    let made = Error::verdict(format!(
        "the signature on the certificate of \"{}\" by the CA \"{}\" is not accepted: {error}",
        last.label, issuer.label
    ));
    error.hints().iter().fold(made, |made, hint| made.hint(hint.clone()))
}

fn untrusted_root(root: &Certificate<'_>) -> Error {
    Error::verdict(format!(
        "the chain ends at the CA \"{}\" ({}), which is not among the trusted CA certificates",
        root.label,
        signature::key_description(root.spki())
    ))
    .hint("give it with --ca if you trust it")
}
