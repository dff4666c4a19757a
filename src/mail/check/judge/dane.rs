//! The chain against TLSA records (RFC 6698, RFC 7671, RFC 7672).

use super::{Standard, Subject};
use crate::error::{Error, Result};
use crate::mail::check::{Finding, Issue};
use crate::pki::certificate::Certificate;
use crate::pki::tlsa::Published;
use crate::pki::verify::{Options, Purpose, verify};

/// So many records are told of.
const TOLD: usize = 8;

/// Whether a record of DANE-EE (3) names this certificate: whoever delivers mail by DANE looks at nothing else in it,
/// neither name nor dates nor who signed it (RFC 7672 3.1.1).
pub(super) fn is_vouched(
    chain: &[Certificate],
    subject: Subject<'_>,
    standard: &Standard<'_>,
) -> bool {
    let host = subject.host.to_string();
    let mut own = standard.tlsa.iter().filter(|record| record.is_of(&host, subject.port));
    let names = |record: &Published| chain.first().is_some_and(|own| record.names(own));
    own.any(|record| record.is_for_mail() && !record.is_anchor() && names(record))
}

/// Judges it by the records that are this port's.
pub(super) fn judge(
    chain: &[Certificate],
    subject: Subject<'_>,
    is_proven: bool,
    standard: &Standard<'_>,
) -> Vec<Finding> {
    let host = subject.host.to_string();
    let records: Vec<_> =
        standard.tlsa.iter().filter(|record| record.is_of(&host, subject.port)).collect();
    let mut found = Vec::new();
    for record in records.iter().filter(|record| !record.is_for_mail()).take(TOLD) {
        let seen = format!("{record} has the usage {}", record.usage);
        found.push(Finding::new(Issue::DaneRecordUnusable, seen));
    }
    let usable: Vec<_> = records.into_iter().filter(|record| record.is_for_mail()).collect();
    let Some(own) = chain.first().filter(|_| !usable.is_empty()) else { return found };
    let outcomes: Vec<_> = usable
        .iter()
        .map(|record| (*record, fits(record, own, chain, subject, standard)))
        .collect();
    // Whoever shows a certificate and not its key is nobody.
    let fitting = outcomes.iter().find(|(_, outcome)| is_proven && outcome.is_ok());
    if let Some((record, _)) = fitting {
        found.push(Finding::new(Issue::DaneMatch, format!("{record} fits")));
    } else {
        let whys = outcomes.iter().take(TOLD).map(|(record, outcome)| match outcome {
            Ok(()) => format!("{record}: the server has not shown that it has the key"),
            Err(why) => format!("{record}: {why}"),
        });
        let mut told = whys.collect::<Vec<_>>().join("; ");
        if let Some(more) = outcomes.len().checked_sub(TOLD).filter(|more| *more > 0) {
            told = format!("{told}; and {more} more");
        }
        found.push(Finding::new(Issue::DaneMismatch, told));
    }
    let anchors = usable.iter().filter(|record| record.is_anchor());
    let missing = anchors.filter(|record| !chain.iter().skip(1).any(|one| record.names(one)));
    found.extend(missing.take(TOLD).map(|record| {
        let seen = format!("the certificate of {record} is not in the chain that was sent");
        Finding::new(Issue::DaneAnchorMissing, seen)
    }));
    found
}

fn fits(
    record: &Published,
    own: &Certificate,
    chain: &[Certificate],
    subject: Subject<'_>,
    standard: &Standard<'_>,
) -> Result<()> {
    if !record.is_anchor() {
        // Names and dates do not count (RFC 7671 5.1).
        let is_own = record.names(own);
        return is_own.then_some(()).ok_or_else(|| Error::verdict("the server has another key"));
    }
    let anchor = chain.iter().skip(1).find(|one| record.names(one));
    let anchor = anchor.ok_or_else(|| Error::verdict("the CA is not in the chain"))?;
    // An intermediate is an anchor too; the way is built up to the root above it, where that is known.
    let mut roots: Vec<_> = std::iter::once(anchor.as_der().to_vec()).collect();
    roots.extend(standard.roots.iter().cloned());
    let sent: Vec<_> = chain.iter().skip(1).map(|one| one.as_der().to_vec()).collect();
    roots.extend(sent.iter().cloned());
    let options = Options {
        roots: &roots,
        intermediates: &sent,
        crls: &[],
        at: standard.now,
        purpose: Some(Purpose::Server),
        identity: Some(subject.identity()),
    };
    let path = verify(own.as_der(), &options)?;
    let is_on_it = |der: &Vec<u8>| {
        Certificate::from_der(der).is_ok_and(|one| one.public_key == anchor.public_key)
    };
    if path.certificates.iter().skip(1).any(is_on_it) {
        return Ok(());
    }
    Err(Error::verdict("the server's certificate was not signed by that CA"))
}
