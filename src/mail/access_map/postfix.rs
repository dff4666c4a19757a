//! Postfix's `relay_clientcerts`: the fingerprint of each certificate, or of its public key, with a text that
//! Postfix does not look at.
//!
//! With `permit_tls_clientcerts` the fingerprint alone decides: Postfix asks neither for a revocation list nor
//! for dates there, so a map has to be made anew when a certificate is revoked or ends.

use super::entry::title;
use super::{AccessMap, Entry};
use crate::pki::certificate::Certificate;

pub(super) fn admit(map: &mut AccessMap, certificate: &Certificate) {
    map.add(Entry::new(map.fingerprint.colons(certificate), title(certificate)));
}
