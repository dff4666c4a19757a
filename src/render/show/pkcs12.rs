//! A PKCS#12 file for a person: its bags in order.

use super::{Context, heading, item_rows};
use crate::pki::digest::lower_hex;
use crate::pki::inspect::text::count;
use crate::pki::inspect::{BagView, Pkcs12View, SafeView};
use crate::pki::pkcs12::{BagKind, Protection};
use crate::pki::printable::printable;
use crate::render::page::Page;

pub(super) fn rows(page: &mut Page, view: &Pkcs12View, context: Context<'_>) {
    let mac = view.mac.as_ref().map_or_else(|| "none".to_owned(), words);
    page.row("MAC", &mac);
    page.rows(
        "Safes",
        view.safes.iter().map(safe_words).collect::<Vec<_>>().iter().map(String::as_str),
    );
    if view.is_locked() {
        page.row("Locked", "the password shows what is in it: --password-file FILE");
        return;
    }
    let context = Context { in_bag: true, ..context };
    page.indent();
    let total = view.bags().count();
    for (index, bag) in view.bags().enumerate() {
        page.heading(&format!("bag {} of {total}: {}", index + 1, bag_heading(bag)));
        bag_rows(page, bag);
        if let Some(item) = &bag.item {
            item_rows(page, item, context);
        }
    }
    page.outdent();
}

fn safe_words(safe: &SafeView) -> String {
    let bags = safe.bags.as_ref().map_or_else(
        || "bags that cannot be seen".to_owned(),
        |bags| {
            let names = bags.iter().map(|bag| kind_words(bag.kind)).collect::<Vec<_>>().join(", ");
            format!("{} ({names})", count(bags.len(), "bag"))
        },
    );
    let encryption = safe.encryption.as_ref().map_or_else(|| "not encrypted".to_owned(), words);
    let keys = safe.bags.iter().flatten().filter_map(|bag| bag.encryption.as_ref());
    let keys: Vec<_> = keys.map(|encryption| format!("; key: {}", words(encryption))).collect();
    format!("{bags}: {encryption}{}", keys.concat())
}

fn bag_rows(page: &mut Page, bag: &BagView) {
    let name = bag.friendly_name.as_deref().map(printable);
    page.optional("Name", name.as_deref());
    let id = bag.local_key_id.as_deref().map(lower_hex);
    page.optional("Key ID", id.as_deref());
    let encryption = bag.encryption.as_ref().map(words);
    page.optional("Encryption", encryption.as_deref());
}

fn bag_heading(bag: &BagView) -> String {
    bag.item.as_ref().map_or_else(|| kind_words(bag.kind).to_owned(), heading)
}

fn kind_words(kind: BagKind) -> &'static str {
    match kind {
        BagKind::PrivateKey => "private key",
        BagKind::Certificate => "certificate",
        BagKind::Other => "something else (CRL or secret)",
    }
}

fn words(protection: &Protection) -> String {
    let rounds = usize::try_from(protection.iterations).unwrap_or(usize::MAX);
    format!("{}, {}", protection.algorithm, count(rounds, "iteration"))
}
