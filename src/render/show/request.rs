//! A certification request for a person.

use super::certificate::{attributes, extensions, signature};
use super::{Context, key};
use crate::pki::inspect::RequestView;
use crate::render::page::Page;

pub(super) fn rows(page: &mut Page, view: &RequestView, context: Context<'_>) {
    let names: Vec<_> = view.names.iter().map(ToString::to_string).collect();
    let names = if names.is_empty() { "none asked for".into() } else { names.join(", ") };
    page.list("Names", &names);
    page.list("Subject", &view.subject.to_string());
    page.row("Key", &view.public_key.algorithm);
    let verdict = match &view.signature_problem {
        None => "correct".to_owned(),
        Some(problem) => format!("NOT ACCEPTED: {problem}"),
    };
    page.row("Signature", &format!("{}, {verdict}", view.signature_algorithm));
    if view.asks_for_ca {
        page.row("Asks for", "a CA certificate (CA:TRUE)");
    }
    if let Some(refusal) = &view.refusal {
        let known = view.signature_problem.as_ref().is_some_and(|said| refusal.ends_with(said));
        let reason = if known { "for its signature" } else { refusal };
        page.row("Warning", &format!("`mailca sign` refuses it: {reason}"));
    }
    for warning in &view.warnings {
        page.row("Warning", warning);
    }
    page.row("TLSA 3 1 1", &key::spki_sha256(&view.public_key));
    if context.everything {
        page.row("Version", &view.version.to_string());
        attributes(page, "Subject", &view.subject);
        key::parts(page, &view.public_key);
        extensions(page, "Extensions asked for", &view.extensions);
        if !view.attributes.is_empty() {
            page.line(2, "Other attributes");
        }
        for attribute in &view.attributes {
            let oid = attribute.name.map_or_else(String::new, |name| format!("{name} "));
            page.line(4, &format!("{oid}({})", attribute.oid));
            for line in &attribute.lines {
                page.line(6, line);
            }
        }
        signature(page, &view.signature_oid, &view.signature);
    }
}
