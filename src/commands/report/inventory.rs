//! What a CA has issued, as its index and newcerts/ tell it.

use std::collections::HashMap;
use std::ops::ControlFlow;

use time::OffsetDateTime;

use crate::error::Result;
use crate::pki::asn1_time;
use crate::pki::certificate::Certificate;
use crate::pki::general_name::GeneralName;
use crate::pki::name::Oneline;
use crate::pki::printable::{printable, printable_bytes, shortened};
use crate::pki::profile::Profile;
use crate::pki::revocation::Reason;
use crate::pki::serial::Serial;
use crate::render::report::{Inventory, Kind, Month, Revoked, Valid};
use crate::store::ca::CaFolder;
use crate::store::due::subject_key;
use crate::store::index::{Index, Row, State, reasons};

/// Goes through the index, and opens what may be used.
pub(super) fn take(ca: &CaFolder, now: OffsetDateTime) -> Result<Inventory> {
    let moment = asn1_time::ordinal_of(now);
    let reasons = reasons::read(ca.path())?;
    let own = subject_key(ca.certificate().subject.oneline().as_bytes());
    let mut inventory = Inventory::default();
    let mut keys = Vec::new();
    let mut unclear = 0;
    let spoiled = Index::of(ca.path()).rows_where(
        |_, _| true,
        |row| {
            let key = subject_key(row.subject);
            if key == own {
                return Ok(ControlFlow::Continue(()));
            }
            match (row.state(moment), row.not_after()) {
                (Some(State::Revoked), _) => inventory.revoked.push(revoked(row, &reasons)),
                (Some(State::Valid), Some(not_after)) => {
                    let valid = valid(row, not_after, ca);
                    inventory.missing += usize::from(valid.not_before.is_none());
                    inventory.valid.push(valid);
                    keys.push(key);
                }
                (Some(State::Expired), Some(not_after)) => {
                    *inventory.ended.entry(Month::of(not_after)).or_default() += 1;
                }
                _ => unclear += 1,
            }
            Ok(ControlFlow::Continue(()))
        },
    )?;
    inventory.spoiled = spoiled + unclear;
    find_renewed(&mut inventory.valid, keys);
    inventory.sort();
    Ok(inventory)
}

/// Notes which ones have a newer one of the same subject and kind.
fn find_renewed(valid: &mut [Valid], keys: Vec<Vec<u8>>) {
    let mut latest: HashMap<(Kind, Vec<u8>), OffsetDateTime> = HashMap::new();
    let keys: Vec<_> = valid.iter().map(|one| one.kind).zip(keys).collect();
    for (one, key) in valid.iter().zip(&keys) {
        let last = latest.entry(key.clone()).or_insert(one.not_after);
        *last = one.not_after.max(*last);
    }
    for (one, key) in valid.iter_mut().zip(&keys) {
        // Empty subjects are all the same, and say nothing.
        let last = latest.get(key).filter(|_| !key.1.is_empty());
        one.renewed_until = last.copied().filter(|last| *last > one.not_after);
    }
}

fn valid(row: &Row<'_>, not_after: OffsetDateTime, ca: &CaFolder) -> Valid {
    // One that cannot be read is told by its row.
    let certificate = row.serial().and_then(|serial| ca.issued(&serial).unwrap_or_default());
    let subject = row.subject();
    let certificate = certificate.as_ref();
    Valid {
        kind: certificate.map_or(Kind::Other, kind),
        title: title(&subject, certificate),
        subject: shortened(&subject.to_string()),
        names: certificate
            .map(|one| one.alternative_names.iter().map(|name| shortened(&name.value())).collect())
            .unwrap_or_default(),
        profile: certificate.and_then(Profile::of).map(Profile::name),
        serial: serial(row),
        not_before: certificate.map(|one| one.not_before),
        not_after,
        renewed_until: None,
    }
}

fn revoked(row: &Row<'_>, reasons: &HashMap<Serial, Reason>) -> Revoked {
    let revocation = row.revocation();
    let noted = row.serial().and_then(|serial| reasons.get(&serial).copied());
    let reason = noted.or_else(|| revocation.as_ref().map(|revocation| revocation.reason));
    let subject = row.subject();
    Revoked {
        title: title(&subject, None),
        subject: shortened(&subject.to_string()),
        serial: serial(row),
        not_after: row.not_after(),
        date: revocation.map(|revocation| revocation.date),
        reason: reason.filter(|reason| *reason != Reason::Unspecified).map(Reason::name),
    }
}

fn serial(row: &Row<'_>) -> String {
    shortened(&printable_bytes(row.serial))
}

fn title(subject: &Oneline, certificate: Option<&Certificate>) -> String {
    let name = subject.common_name().map(|name| printable(&name));
    let title = match (name, certificate) {
        (Some(name), _) => name,
        (None, Some(certificate)) => certificate.title(),
        (None, None) => subject.to_string(),
    };
    shortened(&title)
}

/// What a certificate is for. One without usages, as CA.pl makes them, is told by its names.
fn kind(certificate: &Certificate) -> Kind {
    let names = &certificate.alternative_names;
    let has_mailbox = names.iter().any(|name| matches!(name, GeneralName::Email(_)));
    match Profile::of(certificate) {
        Some(Profile::Ca) => Kind::Other,
        Some(Profile::Server) => Kind::Server,
        Some(Profile::User) => Kind::Person,
        Some(Profile::Client) if has_mailbox => Kind::Person,
        Some(Profile::Client) | None => match Profile::suggested(names) {
            Some(Profile::Server) => Kind::Server,
            Some(Profile::User) => Kind::Person,
            _ => Kind::Other,
        },
    }
}
