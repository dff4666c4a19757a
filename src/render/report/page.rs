//! What the template of the page is filled in with.

use serde::Serialize;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::drawing;
use super::month::{Month, MonthCounts, Period, by_month, periods};
use super::{Inventory, Kind, Report, Revoked, Valid};
use crate::pki::inspect::CertificateView;
use crate::pki::inspect::text::{count, minute};
use crate::render::certificate::{fingerprint, rfc3339};
use crate::render::status::{CrlFacts, ToDo};
use crate::render::words;

/// nameConstraints.
const NAME_CONSTRAINTS: &str = "2.5.29.30";
/// How many things to do of one kind are shown, and how many names of one certificate.
const SHOWN: usize = 6;
const NAMES: usize = 8;
/// What ends within this time stands out: `status` calls it due.
const PRESSING: Duration = Duration::days(30);

/// The values, by the names that templates/report.html has for them.
pub fn values(report: &Report<'_>) -> Value {
    let Report { status, inventory, limits, .. } = report;
    let now = report.now();
    let months = by_month(inventory);
    let ending = report.ending();
    let number = |kind| inventory.of_kind(kind).count();
    json!({
        "version": report.version,
        "made": minute(now),
        "made_iso": rfc3339(now),
        "ca": ca(report),
        "crl": status.crl.as_ref().map(|facts| crl(facts, now)),
        "backup": status.backup.map(|(made, since)| json!({ "made": made.date().to_string(), "since": since })),
        "to_do": to_do(status.to_do),
        "to_do_count": status.to_do.len(),
        "within": within(report),
        "counts": {
            "valid": inventory.valid.len(),
            "servers": number(Kind::Server),
            "people": number(Kind::Person),
            "others": number(Kind::Other),
            "ending": ending.len(),
            "expired": status.counts.expired,
            "revoked": inventory.revoked.len(),
        },
        "months": drawing::months(report, &months),
        "months_words": drawing::months_in_words(report, &months),
        "months_not_drawn": not_drawn(report, &months),
        "periods": periods(&months, drawing::range(now)).iter().map(period).collect::<Vec<_>>(),
        "lanes": drawing::lanes(report),
        "life": drawing::life(report),
        "life_words": drawing::life_in_words(report),
        "ending": Part::of(ending.iter().copied(), limits.ending, |one| row(one, now)),
        "servers": Part::of(inventory.of_kind(Kind::Server), limits.servers, |one| row(one, now)),
        "others": Part::of(inventory.of_kind(Kind::Other), limits.others, |one| row(one, now)),
        "people": people(inventory, limits.people),
        "revoked": Part::of(inventory.revoked.iter(), limits.revoked, revoked),
        "missing": (inventory.missing > 0).then(|| count(inventory.missing, "certificate")),
        "spoiled": (inventory.spoiled > 0).then(|| count(inventory.spoiled, "line")),
    })
}

/// As many as are told one by one, and how many are not.
#[derive(Serialize)]
struct Part {
    rows: Vec<Value>,
    left_out: usize,
}

impl Part {
    fn of<'a, T: 'a>(
        all: impl Iterator<Item = &'a T>,
        limit: usize,
        as_row: impl Fn(&T) -> Value,
    ) -> Self {
        let mut all = all;
        let rows = all.by_ref().take(limit).map(as_row).collect();
        Self { rows, left_out: all.count() }
    }
}

fn ca(report: &Report<'_>) -> Value {
    let (certificate, now) = (report.certificate, report.now());
    let path = match certificate.path_length {
        None => "may sign other CAs".to_owned(),
        Some(0) => "signs no other CA".to_owned(),
        Some(length) => format!("may sign other CAs, path length {length}"),
    };
    let fingerprint = fingerprint(&certificate.der);
    let pairs: Vec<_> = fingerprint.split(':').collect();
    json!({
        "title": report.status.ca.title(),
        "subject": certificate.subject.to_string(),
        "issuer": (!certificate.is_self_issued()).then(|| certificate.issuer.to_string()),
        "fingerprint": pairs.chunks(8).map(|line| line.join(":")).collect::<Vec<_>>(),
        "serial": certificate.serial.to_string(),
        "key": certificate.public_key.algorithm,
        "signature": certificate.signature_algorithm,
        "from": certificate.not_before.date().to_string(),
        "until": certificate.not_after.date().to_string(),
        "validity": words::validity(now, certificate.not_before, certificate.not_after),
        "constraints": constraints(certificate),
        "path": path,
        "crl_url": report.status.ca.crl_url.as_deref().map(crate::pki::printable::printable),
        "horizon": drawing::horizon_in_words(report),
        "horizon_is_near": drawing::horizon_is_near(report),
    })
}

/// The names that the CA may certify, as `mailca show` tells them; empty where it may certify all.
pub(super) fn constraints(certificate: &CertificateView) -> Vec<String> {
    let found = certificate.extensions.iter().find(|one| one.oid == NAME_CONSTRAINTS);
    found.map(|one| one.lines.clone()).unwrap_or_default()
}

fn crl(facts: &CrlFacts, now: OffsetDateTime) -> Value {
    json!({
        "number": facts.number,
        "revoked": facts.revoked,
        "made": facts.this_update.date().to_string(),
        "next": facts.next_update.map(|next| next.date().to_string()),
        "freshness": words::freshness(now, facts.this_update, facts.next_update),
    })
}

/// Things to do, a few of each kind.
fn to_do(all: &[ToDo]) -> Vec<Value> {
    all.chunk_by(|one, other| one.id == other.id)
        .map(|group| {
            let shown = group.iter().take(SHOWN);
            json!({
                "items": shown.map(|one| json!({ "what": one.what, "mend": one.mend })).collect::<Vec<_>>(),
                "more": group.len().saturating_sub(SHOWN),
            })
        })
        .collect()
}

/// `90 days`.
fn within(report: &Report<'_>) -> String {
    let now = report.now();
    words::span(now, now.checked_add(report.within).unwrap_or(now))
}

/// How much is before and after the months that are drawn, for the caption.
fn not_drawn(
    report: &Report<'_>,
    months: &std::collections::BTreeMap<Month, MonthCounts>,
) -> Vec<String> {
    let range = drawing::range(report.now());
    let before: Vec<_> = months.range(..range.start).map(|(_, counts)| counts).collect();
    let after: u64 = months.range(range.end..).map(|(_, counts)| counts.ends()).sum();
    let ended: u64 = before.iter().map(|counts| counts.ends()).sum();
    let revoked: u64 = before.iter().map(|counts| counts.revoked).sum();
    let (first, last) = (range.start.title(), range.end.plus(-1).title());
    [
        (ended, format!("{ended} ended before {first}")),
        (revoked, format!("{revoked} were revoked before {first}")),
        (after, format!("{after} end after {last}")),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(_, text)| text)
    .collect()
}

fn period(period: &Period) -> Value {
    let MonthCounts { servers, people, others, ended, revoked } = period.counts;
    json!({
        "title": period.title,
        "iso": period.iso,
        "numbers": [servers, people, others, ended, revoked],
    })
}

fn row(one: &Valid, now: OffsetDateTime) -> Value {
    let names: Vec<_> = one.names.iter().filter(|name| **name != one.title).collect();
    json!({
        "title": one.title,
        "names": names.iter().take(NAMES).collect::<Vec<_>>(),
        "more_names": names.len().saturating_sub(NAMES),
        "kind": match (one.kind, one.profile) {
            (Kind::Server, _) => "server",
            (Kind::Person, _) => "person",
            (Kind::Other, Some("ca")) => "CA",
            (Kind::Other, _) => "other",
        },
        "serial": one.serial,
        "from": one.not_before.map(|moment| moment.date().to_string()),
        "until": one.not_after.date().to_string(),
        "left": words::span(now, one.not_after),
        "is_pressing": one.renewed_until.is_none() && one.not_after - now < PRESSING,
        "renewed_until": one.renewed_until.map(|moment| moment.date().to_string()),
    })
}

fn revoked(one: &Revoked) -> Value {
    json!({
        "title": one.title,
        "serial": one.serial,
        "date": one.date.map(|moment| moment.date().to_string()),
        "reason": one.reason,
        "until": one.not_after.map(|moment| moment.date().to_string()),
    })
}

/// People by the month in which their certificates end, the first months first. Every month is counted in whole, also
/// where not all of its people are told.
fn people(inventory: &Inventory, limit: usize) -> Value {
    let mut people: Vec<_> = inventory.of_kind(Kind::Person).collect();
    people.sort_by_key(|one| Month::of(one.not_after));
    let mut left = limit;
    let groups: Vec<_> = people
        .chunk_by(|one, other| Month::of(one.not_after) == Month::of(other.not_after))
        .filter_map(|group| {
            let month = Month::of(group.first()?.not_after);
            let rows: Vec<_> = group.iter().take(left).map(|one| person(one)).collect();
            left -= rows.len();
            Some(json!({ "title": month.title(), "count": group.len(), "rows": rows }))
        })
        .collect();
    json!({ "groups": groups, "left_out": people.len().saturating_sub(limit) })
}

fn person(one: &Valid) -> Value {
    json!({
        "title": one.title,
        "email": one.names.iter().find(|name| **name != one.title),
        "until": one.not_after.date().to_string(),
        "renewed": one.renewed_until.is_some(),
    })
}
