//! A file that Exim looks fingerprints up in (`lsearch`), with a text that is not looked at.

use super::entry::title;
use super::{AccessMap, Entry};
use crate::pki::certificate::Certificate;

pub(super) fn admit(map: &mut AccessMap, certificate: &Certificate) {
    map.add(Entry::new(map.fingerprint.plain(certificate), title(certificate)));
}
