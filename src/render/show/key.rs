//! Keys for a person: the public half only.

use super::{Context, certificates, certificates_of};
use crate::pki::digest::lower_hex;
use crate::pki::digest::sha256;
use crate::pki::inspect::text::dump;
use crate::pki::inspect::{PrivateKeyView, PublicKeyView};
use crate::render::certificate::fingerprint;
use crate::render::page::Page;

/// The longest number that is shown as a decimal: a public exponent.
const DECIMAL_OCTETS: usize = 8;

pub(super) fn private_rows(page: &mut Page, view: &PrivateKeyView, context: Context<'_>) {
    page.optional("Key", view.algorithm.as_deref());
    match &view.encryption {
        None if context.in_bag => {}
        None => page.row("Format", &format!("{}, not encrypted", view.format)),
        Some(_) => page.row("Format", &view.format),
    }
    if let Some(encryption) = &view.encryption {
        let rounds = encryption.iterations;
        let rounds = rounds.map_or_else(String::new, |n| format!(", {n} iterations"));
        page.row("Encryption", &format!("{}{rounds}", encryption.algorithm));
    }
    for warning in &view.warnings {
        page.row("Warning", warning);
    }
    if view.is_locked() {
        page.row("Locked", "the password shows its type and public half: --password-file FILE");
    }
    if let Some(public) = &view.public_key {
        let titles = certificates_of(&public.spki, context.shown);
        let others = certificates(context.shown);
        if !titles.is_empty() {
            page.list("Belongs to", &titles.join(", "));
        } else if !others.is_empty() {
            // Whoever shows both asks just that.
            page.list(
                "Belongs to",
                &format!("none of these: it is NOT the key of {}", others.join(", ")),
            );
        }
        public_half(page, public, context);
    }
}

pub(super) fn public_rows(page: &mut Page, view: &PublicKeyView, context: Context<'_>) {
    page.row("Key", &view.algorithm);
    let titles = certificates_of(&view.spki, context.shown);
    if !titles.is_empty() {
        page.list("Belongs to", &titles.join(", "));
    }
    public_half(page, view, context);
}

fn public_half(page: &mut Page, view: &PublicKeyView, context: Context<'_>) {
    page.row("Key SHA-256", &fingerprint(&view.spki));
    page.row("TLSA 3 1 1", &spki_sha256(view));
    if context.everything {
        parts(page, view);
    }
}

/// The SHA-256 of the `SubjectPublicKeyInfo` as TLSA records have it.
pub(super) fn spki_sha256(view: &PublicKeyView) -> String {
    lower_hex(&sha256(&view.spki))
}

/// The numbers of a public key.
pub(super) fn parts(page: &mut Page, view: &PublicKeyView) {
    page.line(2, &format!("Public key, {}", view.algorithm));
    for (name, octets) in &view.parts {
        if octets.len() <= DECIMAL_OCTETS {
            let number = octets.iter().fold(0_u64, |sum, octet| (sum << 8) | u64::from(*octet));
            page.line(4, &format!("{name} {number}"));
            continue;
        }
        page.line(4, name);
        for line in dump(octets) {
            page.line(6, &line);
        }
    }
}
