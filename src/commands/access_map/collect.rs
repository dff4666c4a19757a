//! The certificates of a CA that are valid, from one pass over index.txt. Only those are opened.

use std::collections::HashSet;
use std::ops::ControlFlow;

use time::OffsetDateTime;

use crate::error::{Error, Result};
use crate::mail::access_map::AccessMap;
use crate::mail::server::Server;
use crate::pki::asn1_time;
use crate::pki::profile::Profile;
use crate::pki::serial::Serial;
use crate::store::ca::CaFolder;
use crate::store::crl::{Destination, Issuer};
use crate::store::doctor::rowless;
use crate::store::due::subject_key;
use crate::store::index::{Index, State};

/// Refuses where index.txt is missing or lacks certificates: a map that is made of it would lock out those who are
/// in none of its rows.
pub(super) fn check(ca: &CaFolder, now: OffsetDateTime) -> Result<()> {
    let index = Index::of(ca.path());
    if index.is_missing() {
        return Err(Error::refused(format!("{} is missing", index.path().display()))
            .hint("`mailca doctor --fix` makes it anew from newcerts and crl.pem"));
    }
    match rowless(ca, now)? {
        0 => Ok(()),
        lacking => Err(Error::refused(format!(
            "{} lacks {} that newcerts/ has: a map of it would lock people out",
            index.path().display(),
            if lacking == 1 { "a certificate".into() } else { format!("{lacking} certificates") }
        ))
        .hint("`mailca doctor` says what it lacks, and with --fix takes in what is known")),
    }
}

/// Lets in the holder of every certificate with one of these profiles that is neither revoked nor expired.
/// What the CA's revocation list names is left out too: after a restore it may know more than index.txt. The caller
/// has called [`check`].
pub(super) fn all(
    ca: &CaFolder,
    profiles: &[Profile],
    now: OffsetDateTime,
    map: &mut AccessMap,
) -> Result<()> {
    let index = Index::of(ca.path());
    let now = asn1_time::ordinal_of(now);
    let (mut valid, mut revoked_names) = (Vec::new(), HashSet::new());
    let own = subject_key(ca.certificate().subject.oneline().as_bytes());
    index.rows_where(
        |status, end| {
            matches!(status, b'V' | b'R') && asn1_time::ordinal(end).is_some_and(|end| end >= now)
        },
        |row| {
            match (row.state(now), row.serial()) {
                (Some(State::Valid), Some(serial)) if subject_key(row.subject) != own => {
                    valid.push(serial);
                }
                (Some(State::Revoked), _) => {
                    revoked_names.insert(subject_key(row.subject));
                }
                _ => {}
            }
            Ok(ControlFlow::Continue(()))
        },
    )?;
    let listed = listed(ca);
    // The servers that go by names cannot tell the revoked from the valid one.
    let by_name = matches!(map.server(), Server::Sendmail | Server::Dovecot);
    let mut missing = 0;
    for serial in valid.iter().filter(|serial| !listed.contains(serial)) {
        let Some(certificate) = ca.issued(serial)? else {
            missing += 1;
            continue;
        };
        if !Profile::of(&certificate).is_some_and(|profile| profiles.contains(&profile)) {
            continue;
        }
        map.admit(&certificate)?;
        let name = subject_key(certificate.subject.oneline().as_bytes());
        if by_name && revoked_names.contains(&name) {
            map.remark(format!(
                "{} has a revoked certificate too, which {} cannot tell from the valid one: only the \
                 revocation list refuses it",
                certificate.title(),
                map.server().title()
            ));
        }
    }
    if missing > 0 {
        map.remark(format!(
            "{missing} valid certificates are not in newcerts and were left out; `mailca doctor` says more"
        ));
    }
    Ok(())
}

fn listed(ca: &CaFolder) -> HashSet<Serial> {
    let issuer = Issuer::present(ca);
    let list = Destination::own(&issuer, ca).verified(&issuer);
    let entries = list.and_then(|list| list.entries().ok()).unwrap_or_default();
    entries.into_iter().map(|(serial, _)| serial).collect()
}
