//! The chain as it was sent: complete, in order, nothing in it that does not belong there; and whether
//! it leads to what is trusted, for this host.

use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Standard, Subject, Trust, certificate};
use crate::error::Result;
use crate::mail::check::{Finding, Issue};
use crate::pki::certificate::Certificate;
use crate::pki::identity::Found;
use crate::pki::inspect::text::count;
use crate::pki::signature::{self, KeyAlgorithm};
use crate::pki::verify::{self, Options, Purpose};

/// The OID of caIssuers in an authority information access (RFC 5280 4.2.2.1), in DER: what CAs that are
/// above no private one put into what they sign.
const CA_ISSUERS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 2];

/// Judges it. `is_weak` says that a signature in it was found too weak already.
pub(super) fn judge(
    chain: &[Certificate],
    subject: Subject<'_>,
    standard: &Standard<'_>,
    is_weak: bool,
) -> Vec<Finding> {
    let Some(own) = chain.first() else { return Vec::new() };
    let mut found = Vec::new();
    let walk = Walk::up(chain);
    found.extend(ending(chain, standard));
    found.extend(walk.order(chain));
    found.extend(walk.superfluous(chain));
    found.extend(trust(chain, &walk, standard, is_weak));
    found.extend(name(own, subject));
    found
}

/// The way from the server's certificate upwards, as places in the chain.
struct Walk(Vec<usize>);

impl Walk {
    fn up(chain: &[Certificate]) -> Self {
        let mut way = vec![0];
        while let Some(last) =
            way.last().map(|at| &chain[*at]).filter(|last| !last.is_self_signed())
        {
            let rest = || (0..chain.len()).filter(|at| !way.contains(at));
            let proven = rest().find(|at| last.is_issued_by(&chain[*at]));
            let named = || rest().find(|at| is_said_to_be_issued_by(last, &chain[*at]));
            match proven.or_else(named) {
                Some(at) => way.push(at),
                None => break,
            }
        }
        Self(way)
    }

    /// The last one on the way.
    fn top<'c>(&self, chain: &'c [Certificate]) -> &'c Certificate {
        &chain[self.0.last().copied().unwrap_or_default()]
    }

    /// What was sent as the issuer of the last one, and has not signed it, or in no way that can be checked.
    fn stumble<'c>(&self, chain: &'c [Certificate]) -> Option<&'c Certificate> {
        let top = self.top(chain);
        let mut above =
            chain.iter().filter(|one| !top.is_self_signed() && one.subject.same_as(&top.issuer));
        above.find(|one| !top.is_issued_by(one))
    }

    fn order(&self, chain: &[Certificate]) -> Option<Finding> {
        let in_order = self.0.windows(2).all(|pair| pair[0] < pair[1]);
        // What does not belong there at all is superfluous, and said as such.
        (!in_order).then(|| {
            let sent = chain.iter().map(Certificate::title).collect::<Vec<_>>().join(", ");
            Finding::new(Issue::ChainOrder, format!("it was sent as {sent}"))
        })
    }

    /// What is neither on the way, nor another certificate of a CA on it: a CA that is rolled over to a
    /// new key sends the old root and cross certificates along.
    fn superfluous(&self, chain: &[Certificate]) -> Option<Finding> {
        let is_twice = |at: usize| chain[..at].iter().any(|one| one.as_der() == chain[at].as_der());
        let is_rollover = |at: usize| {
            let mut above = self.0.iter().filter(|way| **way != 0);
            above.any(|way| chain[*way].subject.same_as(&chain[at].subject))
        };
        // One that should be on the way and cannot be used is said with that.
        let is_stumble =
            |at: &usize| self.stumble(chain).is_some_and(|one| one.as_der() == chain[*at].as_der());
        let useless = (0..chain.len()).filter(|at| !self.0.contains(at) && !is_stumble(at));
        let useless: Vec<_> = useless.filter(|at| is_twice(*at) || !is_rollover(*at)).collect();
        if useless.is_empty() {
            return None;
        }
        let titles = useless.iter().map(|at| chain[*at].title()).collect::<Vec<_>>().join(", ");
        let seen = format!("{}: {titles}", count(useless.len(), "certificate"));
        Some(Finding::new(Issue::ChainSuperfluous, seen))
    }
}

/// Whether it is the issuer by its name, where the signature is too weak to be verified at all. That has a finding of
/// its own, and does not make the CA's certificate superfluous.
fn is_said_to_be_issued_by(one: &Certificate, issuer: &Certificate) -> bool {
    let is_weak = X509Certificate::from_der(one.as_der())
        .is_ok_and(|(_, parsed)| signature::is_weak(&parsed.signature_algorithm));
    (is_weak || issuer.weakness().is_some())
        && one.issuer.same_as(&issuer.subject)
        && one.names_as_issuer(issuer)
}

fn trust(
    chain: &[Certificate],
    walk: &Walk,
    standard: &Standard<'_>,
    is_weak: bool,
) -> Option<Finding> {
    let own = &chain[0];
    // Dates have findings of their own: the rest is judged as if it were in time.
    let at = standard.now.clamp(own.not_before, own.not_after.max(own.not_before));
    let sent: Vec<_> = chain.iter().skip(1).map(|one| one.as_der().to_vec()).collect();
    let (anchors, mut known) = apart(standard.roots);
    // What the CA here has above it is known whoever is trusted.
    known.extend(standard.known.iter().cloned());
    let try_with = |roots: &[Vec<u8>], intermediates: &[Vec<u8>]| {
        path(own, roots, intermediates, at).map(drop)
    };
    let error = try_with(&anchors, &sent).err()?;
    if verify::is_self_signed(own.as_der()).unwrap_or(false) {
        let seen = format!("{} has signed itself", own.title());
        return Some(Finding::new(Issue::SelfSigned, seen));
    }
    let with_known: Vec<_> = sent.iter().chain(&known).cloned().collect();
    let top = walk.top(chain);
    if !known.is_empty() && try_with(&anchors, &with_known).is_ok() {
        let seen = format!("after {} that of {} is missing", top.title(), top.issuer);
        return Some(Finding::new(Issue::IntermediateMissing, seen));
    }
    if standard.trust == Trust::Own && try_with(standard.system_roots, &sent).is_ok() {
        let seen = format!("{} is from {}, which the system trusts", own.title(), own.issuer);
        return Some(Finding::new(Issue::ForeignCa, seen));
    }
    if is_weak {
        return None;
    }
    if let Some(above) = walk.stumble(chain) {
        let why = top.check_issuer(above).err().map(|why| why.to_string()).unwrap_or_default();
        let issue = invalid(chain, standard);
        let seen = format!("{} names {} as its issuer: {why}", top.title(), above.title());
        return Some(Finding::new(issue, seen));
    }
    let names_top = |der: &Vec<u8>| {
        Certificate::from_der(der).is_ok_and(|root| root.subject.same_as(&top.issuer))
    };
    if standard.roots.iter().any(names_top) {
        // There may be no moment at which both a certificate that is out of date and its CA are valid.
        if at != standard.now {
            return None;
        }
        return Some(Finding::new(invalid(chain, standard), error.to_string()));
    }
    let is_public = own.as_der().windows(CA_ISSUERS.len()).any(|window| window == CA_ISSUERS);
    let is_known_publicly = standard.system_roots.iter().any(names_top);
    if !top.is_self_signed() && is_public && !is_known_publicly {
        let seen =
            format!("the chain ends at {}, and that of {} is missing", top.title(), top.issuer);
        return Some(Finding::new(Issue::IntermediateMissing, seen));
    }
    Some(Finding::new(Issue::Untrusted, untrusted(top, standard)))
}

/// The way up at a moment.
fn path(
    own: &Certificate,
    roots: &[Vec<u8>],
    intermediates: &[Vec<u8>],
    at: OffsetDateTime,
) -> Result<verify::Path> {
    let options = Options {
        roots,
        intermediates,
        crls: &[],
        at,
        // The server's own usages have a finding of their own.
        purpose: certificate::is_for_servers(own).then_some(Purpose::Server),
        identity: None,
    };
    verify::verify(own.as_der(), &options)
}

/// The CA certificate that ends first on the only way up that there is, where that way ends before this
/// moment and before the server's certificate does.
fn first_end(
    chain: &[Certificate],
    standard: &Standard<'_>,
    moment: OffsetDateTime,
) -> Option<Certificate> {
    let own = chain.first()?;
    let sent: Vec<_> = chain.iter().skip(1).map(|one| one.as_der().to_vec()).collect();
    let now = path(own, standard.roots, &sent, standard.now).ok()?;
    // Another way may be longer: a CA that is rolled over has two.
    if path(own, standard.roots, &sent, moment.min(own.not_after)).is_ok() {
        return None;
    }
    let above = now.certificates.iter().skip(1).filter_map(|der| Certificate::from_der(der).ok());
    above.min_by_key(|one| one.not_after)
}

/// When the server's certificate ends, or the way up from it, if that is sooner.
pub(super) fn end(chain: &[Certificate], standard: &Standard<'_>) -> Option<OffsetDateTime> {
    let own = chain.first()?;
    let above = first_end(chain, standard, own.not_after);
    Some(above.map_or(own.not_after, |above| above.not_after.min(own.not_after)))
}

fn ending(chain: &[Certificate], standard: &Standard<'_>) -> Option<Finding> {
    let above = first_end(chain, standard, standard.now + standard.expiring)?;
    Some(certificate::authority_ends(&above, standard))
}

/// Whether it is wrong, or beyond what can be checked here.
fn invalid(chain: &[Certificate], standard: &Standard<'_>) -> Issue {
    let is_issuer = |root: &Certificate| chain.iter().any(|one| one.issuer.same_as(&root.subject));
    let roots = standard.roots.iter().filter_map(|der| Certificate::from_der(der).ok());
    let is_beyond = |one: &Certificate| {
        matches!(
            KeyAlgorithm::of(&one.public_key),
            Ok(KeyAlgorithm::Ed448 | KeyAlgorithm::Other(_))
        )
    };
    let is_beyond =
        roots.filter(is_issuer).any(|root| is_beyond(&root)) || chain.iter().skip(1).any(is_beyond);
    if is_beyond { Issue::ChainUnverified } else { Issue::ChainInvalid }
}

/// Of a chain that ends below a root nobody can tell whether the rest of it is missing or of a stranger: both is
/// said.
fn untrusted(top: &Certificate, standard: &Standard<'_>) -> String {
    let whose = match standard.trust {
        Trust::Own => "is not the CA here",
        Trust::Given => "is not among the CA certificates that were named",
        Trust::System => "is not among the system's CAs",
    };
    if top.is_self_signed() {
        format!("it was signed by {}, which {whose}", top.subject)
    } else {
        format!(
            "it was signed by {issuer}, which {whose}; where {issuer} is an intermediate of one that is, \
             the server does not send its certificate, and should",
            issuer = top.issuer
        )
    }
}

/// Roots, and those that are intermediates.
fn apart(ders: &[Vec<u8>]) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    ders.iter().cloned().partition(|der| {
        // What cannot be read is passed over later.
        Certificate::from_der(der).is_ok_and(|one| one.is_self_signed())
    })
}

fn name(own: &Certificate, subject: Subject<'_>) -> Option<Finding> {
    let (_, parsed) = X509Certificate::from_der(own.as_der()).ok()?;
    match subject.identity().check(&parsed) {
        Ok(Found::AlternativeName) => None,
        Ok(_) => {
            let seen = format!("{} is in the common name alone", subject.host);
            Some(Finding::new(Issue::SanMissing, seen))
        }
        Err(error) => Some(Finding::new(Issue::NameMismatch, error.to_string())),
    }
}
