//! Finds chains of issuers from a certificate to a trust anchor (RFC 5280 6.1, RFC 4158): depth first,
//! nearest to an anchor first, with a bound on length and on signature checks.

use std::collections::{HashMap, HashSet, VecDeque};

use time::OffsetDateTime;

use super::certificate::Certificate;
use crate::error::{Error, Result};
use crate::pki::name::{NameKey, printable_name};
use crate::pki::printable::shortened;
use crate::pki::signature;

/// Certificates in a path, leaf and root included.
const MAX_LENGTH: usize = 12;
/// Signature checks in one search. Real chains need fewer than ten.
const MAX_SIGNATURES: usize = 64;

/// How promising a path was whose error is kept: a complete one beats one that stopped early, and of
/// those the longest is the one that was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    Stopped(usize, Obstacle),
    Complete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Obstacle {
    NoIssuer,
    OtherKey,
    UntrustedRoot,
    BadSignature,
}

/// A CA certificate that may be an issuer.
#[derive(Clone, Copy, Debug)]
struct Candidate<'s, 'a> {
    certificate: &'s Certificate<'a>,
    is_anchor: bool,
    /// Names between it and a trusted root, to its own issuer's and on; `usize::MAX` where none leads there.
    distance: usize,
}

/// One search for a path.
#[derive(Debug)]
pub(super) struct Search<'s, 'a> {
    anchors: &'s [Certificate<'a>],
    by_name: HashMap<&'s NameKey, Vec<Candidate<'s, 'a>>>,
    at: OffsetDateTime,
    signatures: usize,
    best: Option<(Progress, Error)>,
}

impl<'s, 'a> Search<'s, 'a> {
    pub(super) fn new(
        anchors: &'s [Certificate<'a>],
        intermediates: &'s [Certificate<'a>],
        at: OffsetDateTime,
    ) -> Self {
        let trusted = anchors.iter().map(|anchor| (anchor, true));
        let all: Vec<_> = trusted.chain(intermediates.iter().map(|other| (other, false))).collect();
        let distances = distances(&all);
        let mut seen = HashSet::new();
        let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
        for (certificate, is_anchor) in all {
            if seen.insert(certificate.der) {
                let distance = if is_anchor && certificate.seems_self_signed() {
                    0
                } else {
                    distances.get(&certificate.issuer_key).map_or(usize::MAX, |above| above + 1)
                };
                by_name.entry(&certificate.subject_key).or_default().push(Candidate {
                    certificate,
                    is_anchor,
                    distance,
                });
            }
        }
        Self { anchors, by_name, at, signatures: 0, best: None }
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
            self.keep(Progress::Stopped(1, Obstacle::NoIssuer), || {
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
            self.keep(Progress::Stopped(depth, Obstacle::NoIssuer), || {
                Error::verdict(format!(
                    "the chain of \"{}\" is longer than {MAX_LENGTH} certificates",
                    path[0].label
                ))
            });
            return Ok(None);
        }
        let candidates = self.candidates(last, path);
        if candidates.is_empty() {
            let error = no_issuer(last, self.anchors);
            self.keep(Progress::Stopped(depth, Obstacle::NoIssuer), || error);
        }
        for (fits, Candidate { certificate: issuer, is_anchor, .. }) in candidates {
            if !fits {
                self.keep(Progress::Stopped(depth, Obstacle::OtherKey), || other_key(last, issuer));
                continue;
            }
            self.signatures += 1;
            if self.signatures > MAX_SIGNATURES {
                return Err(Error::verdict(format!(
                    "no path for \"{}\" was found within {MAX_SIGNATURES} signature checks: too many CA \
                     certificates share a name",
                    path[0].label
                )));
            }
            if let Err(error) = last.signed_by(issuer.spki()) {
                self.keep(Progress::Stopped(depth, Obstacle::BadSignature), || {
                    bad_signature(last, issuer, &error)
                });
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
                self.keep(Progress::Stopped(depth, Obstacle::UntrustedRoot), || {
                    untrusted_root(issuer)
                });
            } else if let Some(accepted) = self.extend(path, accept)? {
                return Ok(Some(accepted));
            }
            path.pop();
        }
        Ok(None)
    }

    /// The certificates that bear the issuer's name, those of its key first, of these those valid at the
    /// time, of these those nearest to an anchor; and whether the key is the issuer's.
    fn candidates(
        &self,
        last: &Certificate<'_>,
        path: &[&'s Certificate<'a>],
    ) -> Vec<(bool, Candidate<'s, 'a>)> {
        let named = self.by_name.get(&last.issuer_key).into_iter().flatten();
        let unused = named.filter(|one| path.iter().all(|used| used.der != one.certificate.der));
        let mut found: Vec<_> =
            unused.map(|one| (last.authority_key_fits(one.certificate), *one)).collect();
        // A stable sort: the order given by the caller is kept among equals.
        found.sort_by_key(|(fits, one)| {
            (!fits, !one.certificate.is_valid_at(self.at), one.distance, !one.is_anchor)
        });
        found
    }

    fn keep(&mut self, progress: Progress, error: impl FnOnce() -> Error) {
        if self.best.as_ref().is_none_or(|(best, _)| progress > *best) {
            self.best = Some((progress, error()));
        }
    }
}

/// How many steps from issuer to issuer each name is away from a trusted root, by the names alone: in a
/// mesh of CAs that certify each other the search goes straight to the root.
fn distances<'s>(all: &[(&'s Certificate<'_>, bool)]) -> HashMap<&'s NameKey, usize> {
    let mut below: HashMap<&NameKey, Vec<&NameKey>> = HashMap::new();
    let mut distances = HashMap::new();
    let mut queue = VecDeque::new();
    for (certificate, is_anchor) in all {
        below.entry(&certificate.issuer_key).or_default().push(&certificate.subject_key);
        if *is_anchor && certificate.seems_self_signed() {
            distances.insert(&certificate.subject_key, 0);
            queue.push_back((&certificate.subject_key, 0));
        }
    }
    while let Some((name, distance)) = queue.pop_front() {
        for next in below.remove(name).into_iter().flatten() {
            distances.entry(next).or_insert_with(|| {
                queue.push_back((next, distance + 1));
                distance + 1
            });
        }
    }
    distances
}

fn no_issuer(last: &Certificate<'_>, anchors: &[Certificate<'_>]) -> Error {
    let trusted: Vec<_> = anchors.iter().take(3).map(|anchor| anchor.label.as_str()).collect();
    Error::verdict(format!(
        "the issuer of \"{}\" is not among the CA certificates given: it is {}, and those trusted are {}",
        last.label,
        shortened(&printable_name(last.issuer())),
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
