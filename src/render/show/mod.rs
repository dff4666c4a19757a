//! What `mailca show` prints: a view for a person, everything for `--text`, and JSON.
//!
//! # JSON
//!
//! One document, `{"items": [...]}`; every item has
//! - `target`: the argument that it came from, and `kind`: `certificate`, `request`, `crl`,
//!   `private_key`, `public_key`, `pkcs12`, `pkcs7`, `other`, `unknown` or `unreadable`;
//! - `label`: its PEM label, null for DER; `notes`: what is odd about how it is written down;
//! - `pem`, with `--pem`: the certificate, request or CRL in PEM.
//!
//! Text is escaped as in the view for a person: `\u{1b}` for an escape character. What is absent is
//! null, dates are RFC 3339 in UTC, `*_hex` is lower-case hexadecimal, `sha256` and `sha1` are
//! fingerprints in upper case with colons.
//!
//! - certificate: `title`, `version`, `serial`, `subject`, `issuer`, `subject_attributes` and
//!   `issuer_attributes` (lists of RDNs, which are lists of `{type, oid, string_type, value}`),
//!   `self_issued`, `not_before`, `not_after`, `validity` (`valid`, `expired`, `not_yet_valid`,
//!   `never_valid`), `validity_words`, `names`, `profile`, `usage`, `is_ca`, `path_length`,
//!   `key_usage`, `extended_key_usage`, `public_key`, `signature_algorithm`,
//!   `signature_algorithm_oid`, `signature_hex`, `extensions` (`{oid, name, critical, lines, problem,
//!   value_hex}`), `sha256`, `sha1`, `sendmail` (`{issuer, subject, too_long}`, the first two lists of
//!   one or two spellings), `warnings`.
//! - request: `title`, `version`, `subject`, `subject_attributes`, `names`, `asks_for_ca`,
//!   `public_key`, `signature_ok`, `signature_problem`, `signature_algorithm`,
//!   `signature_algorithm_oid`, `signature_hex`, `refusal` (why `sign` would refuse it), `extensions`,
//!   `attributes` (`{oid, name, lines}`), `warnings`.
//! - crl: `title`, `version`, `issuer`, `issuer_attributes`, `number`, `this_update`, `next_update`,
//!   `freshness_words`, `out_of_date`, `revoked` (`{serial, date, reason, invalidity_date}`),
//!   `signature_*`, `extensions`, `sha256`, `sha1`, `warnings`.
//! - `private_key`: `format`, `encryption` (`{algorithm, iterations}`), `locked`, `algorithm`,
//!   `public_key`, `belongs_to` (titles of the certificates shown with it), `warnings`.
//! - `public_key`: `algorithm`, `public_key`.
//! - pkcs12: `locked`, `mac`, `safes` (`{encryption, bags}`, a bag being `{kind, encryption,
//!   friendly_name, local_key_id_hex, item}`).
//! - pkcs7: `signers`, `items`.
//! - other: `name`, `facts`. unreadable: `name`, `reason`.
//!
//! A `public_key` is `{algorithm, parts, spki_hex, spki_sha256_hex}`, the last of which is the hash of a
//! TLSA record `3 1 1` (of a CA `2 1 1`); `parts` are numbers in hexadecimal by name.

mod certificate;
mod crl;
mod json;
mod key;

mod pkcs12;
mod request;

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::error::Result;
use crate::pki::inspect::{Body, CertificateView, Item};
use crate::pki::pem;
use crate::pki::printable::printable;
use crate::render::page::Page;

/// An item and the argument of the command that it came from.
pub struct Shown<'a> {
    /// The argument, or the file that it led to.
    pub target: &'a str,
    /// Its place among the items of the target, from 1, and how many there are.
    pub position: (usize, usize),
    /// What was found.
    pub item: &'a Item,
}

/// What all of a page depends on.
#[derive(Clone, Copy)]
struct Context<'a> {
    now: OffsetDateTime,
    everything: bool,
    /// Inside a PKCS#12, which tells how its keys are kept.
    in_bag: bool,
    /// To find the certificate of a key.
    shown: &'a [Shown<'a>],
}

/// The page for a person, so many columns wide; with `everything` it is what `--text` prints.
pub fn text(shown: &[Shown<'_>], now: OffsetDateTime, everything: bool, width: usize) -> String {
    let context = Context { now, everything, in_bag: false, shown };
    let mut page = Page::new(width);
    for entry in shown {
        let target = printable(entry.target);
        let place = match entry.position {
            (_, 1) => String::new(),
            (number, total) => format!(", {number} of {total}"),
        };
        page.heading(&format!("{target}{place}: {}", heading(entry.item)));
        item_rows(&mut page, entry.item, context);
    }
    page.finish()
}

/// The one JSON document.
pub fn json(shown: &[Shown<'_>], now: OffsetDateTime, with_pem: bool) -> Result<Value> {
    let context = Context { now, everything: true, in_bag: false, shown };
    let mut items = Vec::with_capacity(shown.len());
    for entry in shown {
        let mut value = json::item(entry.item, context);
        value["target"] = printable(entry.target).into();
        if with_pem && let Some((label, der)) = entry.item.public_der() {
            value["pem"] = pem::encode(label, der)?.as_str().into();
        }
        items.push(value);
    }
    Ok(json!({ "items": items }))
}

/// What it is, and whose.
pub fn heading(item: &Item) -> String {
    match &item.body {
        Body::Certificate(certificate) if certificate.is_ca => {
            format!("CA certificate of {}", certificate.title())
        }
        Body::Certificate(certificate) => format!("certificate of {}", certificate.title()),
        Body::Request(request) => format!("certificate request for {}", request.title()),
        Body::Crl(crl) => format!("revocation list (CRL) of {}", crl.title()),
        Body::PrivateKey(key) if key.encryption.is_some() => "encrypted private key".into(),
        Body::PrivateKey(_) => "private key".into(),
        Body::PublicKey(_) => "public key".into(),
        Body::Pkcs12(_) => "PKCS#12 file".into(),
        Body::Pkcs7(bundle) => format!("PKCS#7 bundle, {}", bundle.summary()),
        Body::Other { name, .. } => name.clone(),
        Body::Unknown(label) => format!("{label}, a PEM block that mailca does not know"),
        Body::Unreadable { name, .. } => format!("{name}, which cannot be read"),
    }
}

fn item_rows(page: &mut Page, item: &Item, context: Context<'_>) {
    for note in &item.notes {
        page.row("Note", note);
    }
    match &item.body {
        Body::Certificate(view) => certificate::rows(page, view, context),
        Body::Request(view) => request::rows(page, view, context),
        Body::Crl(view) => crl::rows(page, view, context),
        Body::PrivateKey(view) => key::private_rows(page, view, context),
        Body::PublicKey(view) => key::public_rows(page, view, context),
        Body::Pkcs12(view) => pkcs12::rows(page, view, context),
        Body::Pkcs7(view) => {
            page.indent();
            for item in &view.items {
                page.heading(&heading(item));
                item_rows(page, item, context);
            }
            page.outdent();
        }
        Body::Other { facts, .. } => {
            for (label, fact) in facts {
                page.row(label, fact);
            }
        }
        Body::Unknown(_) => {}
        Body::Unreadable { reason, .. } => page.row("Problem", reason),
    }
}

/// The titles of the certificates on the page that have this public key.
fn certificates_of(spki: &[u8], shown: &[Shown<'_>]) -> Vec<String> {
    titles(shown, |certificate| certificate.public_key.spki == spki)
}

/// The titles of all certificates on the page.
fn certificates(shown: &[Shown<'_>]) -> Vec<String> {
    titles(shown, |_| true)
}

fn titles(shown: &[Shown<'_>], wanted: impl Fn(&CertificateView) -> bool) -> Vec<String> {
    let mut titles = Vec::new();
    for entry in shown {
        for item in std::iter::once(entry.item).chain(entry.item.nested()) {
            if let Body::Certificate(certificate) = &item.body
                && wanted(certificate)
                && !titles.contains(&certificate.title())
            {
                titles.push(certificate.title());
            }
        }
    }
    titles
}
