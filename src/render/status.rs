//! The state of a CA on one screen, and as JSON.
//!
//! # JSON
//!
//! `ca`: `{title, not_before, not_after, serial}`; `crl`: null or `{number, revoked, this_update,
//! next_update}`, the number being decimal, in a string, since it may have 20 octets; `certificates`: `{valid, expired, revoked}`, without the CA's own; `backup`: null or
//! `{made, issued_since}`; `to_do`: `{id, what, mend}`, in the order of the screen, `mend` being a command
//! or what else to do. Dates are RFC 3339, UTC. The identifiers are those of `mailca doctor`, and
//! `ca-ends`, `certificate-ends`, `certificate-ended`, `certificate-undelivered`, `crl-missing`,
//! `crl-needed`, `crl-unpublished`,
//! `crl-ahead` (a published list knows more than index.txt), `backup-missing`, `backup-old`.

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::pki::certificate::Certificate;
use crate::render::certificate::rfc3339;
use crate::render::page::Page;
use crate::render::words;

/// How many things to do of one kind are shown.
const SHOWN: usize = 6;

/// Something that the administrator should do.
#[derive(Clone, Debug)]
pub struct ToDo {
    /// A stable identifier.
    pub id: &'static str,
    /// What is the matter.
    pub what: String,
    /// What to do about it.
    pub mend: String,
}

/// What is known of the CRL.
#[derive(Clone, Debug)]
pub struct CrlFacts {
    /// Its number, decimal.
    pub number: Option<String>,
    /// How many certificates it revokes.
    pub revoked: usize,
    /// When it was made.
    pub this_update: OffsetDateTime,
    /// When the next one is due.
    pub next_update: Option<OffsetDateTime>,
}

/// How many certificates there are in each state.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// They may be used.
    pub valid: u64,
    /// Their time is over.
    pub expired: u64,
    /// They were revoked.
    pub revoked: u64,
}

/// All that the screen shows.
#[derive(Debug)]
pub struct View<'a> {
    /// The CA's certificate.
    pub ca: &'a Certificate,
    /// The moment.
    pub now: OffsetDateTime,
    /// The CRL, where there is one that can be read.
    pub crl: Option<CrlFacts>,
    /// The certificates, without the CA's own.
    pub counts: Counts,
    /// When the last backup was made, and how many rows of the index are newer.
    pub backup: Option<(OffsetDateTime, u64)>,
    /// What is to be done, the most pressing first.
    pub to_do: &'a [ToDo],
}

/// The screen, of so many columns.
pub fn text(view: &View<'_>, width: usize) -> String {
    let mut page = Page::new(width);
    page.row("CA", &view.ca.title());
    page.row("", &words::validity(view.now, view.ca.not_before, view.ca.not_after));
    match &view.crl {
        Some(crl) => {
            let number = crl.number.as_deref().unwrap_or("none");
            page.row("CRL", &format!("number {number}, {} revoked", crl.revoked));
            page.row("", &words::freshness(view.now, crl.this_update, crl.next_update));
        }
        None => page.row("CRL", "none"),
    }
    let Counts { valid, expired, revoked } = view.counts;
    page.row("Certificates", &format!("{valid} valid, {expired} expired, {revoked} revoked"));
    match view.backup {
        Some((made, since)) => {
            page.row("Backup", &format!("{}, {since} issued since", made.date()));
        }
        None => page.row("Backup", "none by mailca"),
    }
    if view.to_do.is_empty() {
        page.heading("Nothing is to be done.");
        return page.finish();
    }
    page.heading("To do:");
    for group in view.to_do.chunk_by(|one, other| one.id == other.id) {
        for item in group.iter().take(SHOWN) {
            page.line(2, &item.what);
            page.line(4, &item.mend);
        }
        if group.len() > SHOWN {
            page.line(2, &format!("and {} more like that", group.len() - SHOWN));
        }
    }
    page.finish()
}

/// The same for a program.
pub fn json(view: &View<'_>) -> Value {
    let Counts { valid, expired, revoked } = view.counts;
    json!({
        "ca": {
            "title": view.ca.title(),
            "serial": view.ca.serial.to_string(),
            "not_before": rfc3339(view.ca.not_before),
            "not_after": rfc3339(view.ca.not_after),
        },
        "crl": view.crl.as_ref().map(|crl| json!({
            "number": crl.number,
            "revoked": crl.revoked,
            "this_update": rfc3339(crl.this_update),
            "next_update": crl.next_update.and_then(rfc3339),
        })),
        "certificates": { "valid": valid, "expired": expired, "revoked": revoked },
        "backup": view.backup.map(|(made, since)| json!({
            "made": rfc3339(made),
            "issued_since": since,
        })),
        "to_do": view.to_do.iter().map(|item| json!({
            "id": item.id,
            "what": item.what,
            "mend": item.mend,
        })).collect::<Vec<_>>(),
    })
}
