//! A revocation list for a person.

use super::Context;
use super::certificate::{attributes, extensions, signature};
use crate::pki::inspect::text::{count, minute, second};
use crate::pki::inspect::{CrlView, Revoked};
use crate::render::certificate::{fingerprint, sha1_fingerprint};
use crate::render::page::Page;
use crate::render::words;

/// How many entries the view for a person lists.
const FIRST: usize = 10;

pub(super) fn rows(page: &mut Page, view: &CrlView, context: Context<'_>) {
    page.list("Issuer", &view.issuer.to_string());
    page.row("State", &words::freshness(context.now, view.this_update, view.next_update));
    page.row("This update", &minute(view.this_update));
    let next = view.next_update.map(minute);
    page.optional("Next update", next.as_deref());
    page.row("Number", view.number.as_deref().unwrap_or("none"));
    page.row("Signature", &view.signature_algorithm);
    for warning in &view.warnings {
        page.row("Warning", warning);
    }
    page.row("Revoked", &count(view.revoked.len(), "certificate"));
    let listed = if context.everything { view.revoked.len() } else { FIRST };
    for entry in view.revoked.iter().take(listed) {
        page.row("", &line(entry));
    }
    if view.revoked.len() > listed {
        page.row("", &format!("and {} more; --text lists all", view.revoked.len() - listed));
    }
    page.row("SHA-256", &fingerprint(&view.der));
    page.row("SHA-1", &sha1_fingerprint(&view.der));
    if context.everything {
        page.row("Version", &view.version.to_string());
        attributes(page, "Issuer", &view.issuer);
        extensions(page, "Extensions", &view.extensions);
        signature(page, &view.signature_oid, &view.signature);
    }
}

fn line(entry: &Revoked) -> String {
    let mut line = format!("{} on {}", entry.serial, minute(entry.date));
    if let Some(reason) = &entry.reason {
        line.push_str(", ");
        line.push_str(reason);
    }
    if let Some(invalidity) = entry.invalidity {
        line.push_str(", unsafe since ");
        line.push_str(&second(invalidity));
    }
    line
}
