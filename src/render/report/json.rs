//! A report for a program.
//!
//! All that `mailca status --json` has (`ca`, `crl`, `certificates`, `backup`, `to_do`), and: `made` and `version`; in `ca`
//! also `subject`, `issuer`, `sha256`, `key`, `signature`, `constraints`; `horizon`: `{days, until}`, the last moment at
//! which a certificate of so many days can be issued in full; `months`: `[{month, servers, people, others,
//! ended, revoked}]`, those in which something ends or was revoked; `valid`: `[{kind, title, subject, names, profile, serial,
//! not_before, not_after, renewed_until}]`, `kind` being `server`, `person` or `other`; `revoked`: `[{title,
//! subject, serial, not_after, revoked_at, reason}]`; `missing` and `spoiled`: how many certificates are not in newcerts/, and how
//! many lines of index.txt cannot be read. Nothing is left out, however many there are.

use serde_json::{Value, json};

use super::month::by_month;
use super::page::constraints;
use super::{Report, Revoked, Valid};
use crate::render::certificate::{fingerprint, rfc3339};
use crate::render::status;

/// The document.
pub fn json(report: &Report<'_>) -> Value {
    let Report { certificate, inventory, .. } = report;
    let mut document = status::json(report.status);
    let ca = &mut document["ca"];
    ca["subject"] = certificate.subject.to_string().into();
    ca["issuer"] = certificate.issuer.to_string().into();
    ca["sha256"] = fingerprint(&certificate.der).into();
    ca["key"] = certificate.public_key.algorithm.clone().into();
    ca["signature"] = certificate.signature_algorithm.clone().into();
    ca["constraints"] = constraints(certificate).into();
    document["made"] = rfc3339(report.now()).into();
    document["version"] = report.version.into();
    document["horizon"] = json!({ "days": report.leaf_days, "until": rfc3339(report.horizon()) });
    document["months"] = by_month(inventory)
        .iter()
        .map(|(month, counts)| {
            json!({
                "month": month.iso(),
                "servers": counts.servers,
                "people": counts.people,
                "others": counts.others,
                "ended": counts.ended,
                "revoked": counts.revoked,
            })
        })
        .collect();
    document["valid"] = inventory.valid.iter().map(valid).collect();
    document["revoked"] = inventory.revoked.iter().map(revoked).collect();
    document["missing"] = inventory.missing.into();
    document["spoiled"] = inventory.spoiled.into();
    document
}

fn valid(one: &Valid) -> Value {
    json!({
        "kind": one.kind.name(),
        "title": one.title,
        "subject": one.subject,
        "names": one.names,
        "profile": one.profile,
        "serial": one.serial,
        "not_before": one.not_before.and_then(rfc3339),
        "not_after": rfc3339(one.not_after),
        "renewed_until": one.renewed_until.and_then(rfc3339),
    })
}

fn revoked(one: &Revoked) -> Value {
    json!({
        "title": one.title,
        "subject": one.subject,
        "serial": one.serial,
        "not_after": one.not_after.and_then(rfc3339),
        "revoked_at": one.date.and_then(rfc3339),
        "reason": one.reason,
    })
}
