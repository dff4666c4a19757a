//! A PKCS#12 file: its bags in order, opened or not.

use super::key::PrivateKeyView;
use super::shape::Shape;
use super::{Body, Item};
use crate::error::Result;
use crate::pki::pkcs12::{self, BagKind, Protection, Summary};

/// A PKCS#12 file.
pub struct Pkcs12View {
    /// The MAC over the whole file, if it has one.
    pub mac: Option<Protection>,
    /// Its safes, in order.
    pub safes: Vec<SafeView>,
    /// The file, until it is opened.
    locked: Option<Vec<u8>>,
}

/// One safe: bags that are encrypted together, or not.
pub struct SafeView {
    /// How it is encrypted as a whole, if it is.
    pub encryption: Option<Protection>,
    /// Its bags, in order; `None` while they are encrypted.
    pub bags: Option<Vec<BagView>>,
}

/// One bag.
pub struct BagView {
    /// What is in it.
    pub kind: BagKind,
    /// How it is encrypted by itself, if it is.
    pub encryption: Option<Protection>,
    /// The name that mail programs show.
    pub friendly_name: Option<String>,
    /// What a certificate and its key have in common.
    pub local_key_id: Option<Vec<u8>>,
    /// The certificate or key, once the file is open.
    pub item: Option<Item>,
}

impl Pkcs12View {
    pub(super) fn read(file: &[u8]) -> Result<Self> {
        let summary = pkcs12::describe(file)?;
        let bags = || summary.safes.iter().flat_map(|safe| safe.bags.iter().flatten());
        let protected = summary.mac.is_some()
            || summary.safes.iter().any(|safe| safe.encryption.is_some())
            || bags().any(|bag| bag.encryption.is_some());
        let mut view = Self::of_summary(summary);
        view.locked = Some(file.to_vec());
        if !protected {
            // Nothing depends on the password.
            view.unlock("")?;
        }
        Ok(view)
    }

    fn of_summary(summary: Summary) -> Self {
        let safes = summary.safes.into_iter().map(|safe| SafeView {
            encryption: safe.encryption,
            bags: safe.bags.map(|bags| {
                let view = |bag: pkcs12::Bag| BagView {
                    kind: bag.kind,
                    encryption: bag.encryption,
                    friendly_name: None,
                    local_key_id: None,
                    item: None,
                };
                bags.into_iter().map(view).collect()
            }),
        });
        Self { mac: summary.mac, safes: safes.collect(), locked: None }
    }

    /// Whether a password would show more.
    pub fn is_locked(&self) -> bool {
        self.locked.is_some()
    }

    pub(super) fn unlock(&mut self, password: &str) -> Result<()> {
        let Some(file) = &self.locked else { return Ok(()) };
        let contents = pkcs12::read(file, password)?;
        let mut view = Self::of_summary(contents.summary);
        let mut certificates = contents.certificates.into_iter();
        let mut private_keys = contents.private_keys.into_iter();
        for bag in view.safes.iter_mut().flat_map(|safe| safe.bags.iter_mut().flatten()) {
            match bag.kind {
                BagKind::Certificate => {
                    let Some(entry) = certificates.next() else { continue };
                    bag.friendly_name = entry.friendly_name;
                    bag.local_key_id = entry.local_key_id;
                    bag.item = Some(Item::of_der(&entry.der));
                }
                BagKind::PrivateKey => {
                    let Some(entry) = private_keys.next() else { continue };
                    bag.friendly_name = entry.friendly_name;
                    bag.local_key_id = entry.local_key_id;
                    bag.item = Some(key_item(&entry.der));
                }
                BagKind::Other => {}
            }
        }
        *self = view;
        Ok(())
    }

    /// What is in the bags that are open.
    pub(super) fn items(&self) -> impl Iterator<Item = &Item> {
        self.bags().filter_map(|bag| bag.item.as_ref())
    }

    /// The bags that can be seen.
    pub fn bags(&self) -> impl Iterator<Item = &BagView> {
        self.safes.iter().flat_map(|safe| safe.bags.iter().flatten())
    }
}

fn key_item(der: &[u8]) -> Item {
    let body = match PrivateKeyView::read(der, Shape::Pkcs8) {
        Ok(view) => Body::PrivateKey(Box::new(view)),
        Err(error) => Body::Unreadable { name: "private key".into(), reason: error.to_string() },
    };
    Item { label: None, body, notes: Vec::new() }
}
