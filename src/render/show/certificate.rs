//! A certificate for a person.

use time::Duration;

use super::{Context, key};
use crate::render::page::Page;

use crate::pki::inspect::text::{count, dump, minute, second};
use crate::pki::inspect::{CertificateView, Extension, purpose_words};
use crate::pki::name::Name;
use crate::pki::name::sendmail::{Forms, Whose};
use crate::render::certificate::{fingerprint, sha1_fingerprint};
use crate::render::words;

/// nameConstraints: the one thing that whoever installs a CA wants to know of it.
const NAME_CONSTRAINTS: &str = "2.5.29.30";

pub(super) fn rows(page: &mut Page, view: &CertificateView, context: Context<'_>) {
    if !view.names.is_empty() {
        let names: Vec<_> = view.names.iter().map(ToString::to_string).collect();
        page.list("Names", &names.join(", "));
    }
    page.row("Validity", &words::validity(context.now, view.not_before, view.not_after));
    page.list("Usage", &usage(view));
    if let Some(constraints) = view.extensions.iter().find(|e| e.oid == NAME_CONSTRAINTS) {
        page.list("Only for", &constraints.lines.join(", "));
    }
    for warning in &view.warnings {
        page.row("Warning", warning);
    }
    page.list("Subject", &view.subject.to_string());
    let itself = match (view.is_self_signed(), view.is_self_issued()) {
        (true, _) => " (itself)",
        (false, true) => " (itself, with another key)",
        (false, false) => "",
    };
    page.list("Issuer", &format!("{}{itself}", view.issuer));
    page.row("Serial", &view.serial.to_string());
    page.row("Valid from", &valid_from(view));
    page.row("Key", &view.public_key.algorithm);
    page.row("Signature", &view.signature_algorithm);
    page.row("SHA-256", &fingerprint(&view.der));
    page.row("SHA-1", &sha1_fingerprint(&view.der));
    let tlsa = if view.is_ca { "TLSA 2 1 1" } else { "TLSA 3 1 1" };
    page.row(tlsa, &key::spki_sha256(&view.public_key));
    sendmail_rows(page, view);
    if context.everything {
        everything(page, view);
    }
}

fn valid_from(view: &CertificateView) -> String {
    // Both ends belong to it (RFC 5280 4.1.2.5).
    let validity = view.not_after - view.not_before + Duration::SECOND;
    let days = usize::try_from(validity.whole_days()).unwrap_or(0);
    format!("{}, for {}", minute(view.not_before), count(days, "day"))
}

/// What it may be used for, in words.
pub(super) fn usage(view: &CertificateView) -> String {
    let mut words = Vec::new();
    if view.is_ca {
        words.push(match view.path_length {
            None => "CA of any path length".to_owned(),
            Some(0) => "CA that signs no other CA (path length 0)".to_owned(),
            Some(length) => format!("CA, path length {length}"),
        });
    }
    match &view.extended_key_usage {
        Some(usages) => words.extend(usage_words(usages)),
        None if !view.is_ca => words.push("not restricted (no extended key usage)".to_owned()),
        None => {}
    }
    if let Some(bits) = view.key_usage.as_ref().filter(|_| !view.is_ca) {
        words.push(format!("for {}", bits.join(" + ")));
    }
    words.join(", ")
}

/// Extended key usages in words.
pub(super) fn usage_words(oids: &[String]) -> Vec<String> {
    oids.iter()
        .map(|oid| purpose_words(oid).map_or_else(|| oid.clone(), ToOwned::to_owned))
        .collect()
}

/// The name that stands behind `CertIssuer:` is that of the issuer; of a CA, its own, since that is
/// what the certificates that it signs have there.
fn sendmail_rows(page: &mut Page, view: &CertificateView) {
    if view.is_ca {
        sendmail_form(page, Whose::Issuer, &view.subject);
        page.row("", "(in Sendmail's access map, for the certificates that it signs)");
    } else {
        sendmail_form(page, Whose::Issuer, &view.issuer);
        sendmail_form(page, Whose::Subject, &view.subject);
    }
}

fn sendmail_form(page: &mut Page, whose: Whose, name: &Name) {
    if name.is_empty() {
        return;
    }
    let forms = Forms::of(name, whose);
    page.row(whose.tag().trim_end_matches(':'), &forms.current);
    if let Some(old) = &forms.old {
        page.row("", &format!("{old} (OpenSSL up to 1.1.1)"));
    }
    if forms.is_shared {
        page.row("", "(another name looks the same to Sendmail: not for an access map)");
    }
    if forms.is_cut {
        page.row("", "(too long for Sendmail, which cuts it: others may share what is left)");
    }
}

fn everything(page: &mut Page, view: &CertificateView) {
    page.row("Version", &view.version.to_string());
    page.row("Not before", &second(view.not_before));
    page.row("Not after", &second(view.not_after));
    attributes(page, "Subject", &view.subject);
    attributes(page, "Issuer", &view.issuer);
    key::parts(page, &view.public_key);
    extensions(page, "Extensions", &view.extensions);
    signature(page, &view.signature_oid, &view.signature);
}

/// A name, an attribute on a line, with the string types that it has.
pub(super) fn attributes(page: &mut Page, heading: &str, name: &Name) {
    page.line(2, &format!("{heading}, in detail"));
    for rdn in name.rdns() {
        for (position, attribute) in rdn.iter().enumerate() {
            let plus = if position == 0 { "" } else { "+ " };
            page.line(
                4,
                &format!(
                    "{plus}{} = {} ({})",
                    attribute.short_name(),
                    attribute.shown(),
                    string_type(attribute.tag)
                ),
            );
        }
    }
}

/// The name of an ASN.1 string type.
pub(super) fn string_type(tag: u32) -> String {
    match tag {
        12 => "UTF8String".into(),
        18 => "NumericString".into(),
        19 => "PrintableString".into(),
        20 => "T61String".into(),
        22 => "IA5String".into(),
        26 => "VisibleString".into(),
        28 => "UniversalString".into(),
        30 => "BMPString".into(),
        other => format!("tag {other}"),
    }
}

pub(super) fn extensions(page: &mut Page, heading: &str, extensions: &[Extension]) {
    if extensions.is_empty() {
        return;
    }
    page.line(2, heading);
    for extension in extensions {
        let oid = extension.name.map_or_else(String::new, |_| format!(" ({})", extension.oid));
        let critical = if extension.critical { ", critical" } else { "" };
        let problem =
            extension.problem.as_ref().map_or_else(String::new, |problem| format!(": {problem}"));
        page.line(4, &format!("{}{oid}{critical}{problem}", extension.title()));
        for line in &extension.lines {
            page.line(6, line);
        }
    }
}

pub(super) fn signature(page: &mut Page, oid: &str, signature: &[u8]) {
    page.line(2, &format!("Signature ({oid})"));
    for line in dump(signature) {
        page.line(6, &line);
    }
}
