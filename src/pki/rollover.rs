//! A CA that goes on: the certificates of new dates and of a new key under the same name (RFC 4210
//! 4.4, and its names: "new with old" is the new key certified by the old one).

use time::{Duration, OffsetDateTime};

use crate::error::{Error, Result};
use crate::pki::assemble::{self, Authority, Successor};
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::pki::policy::BACKDATE;
use crate::pki::serial::Serial;

/// The same root with new dates, so that what it signed goes on verifying.
pub fn same_key(
    old: &Certificate,
    key: &PrivateKey,
    serial: &Serial,
    days: u32,
    now: OffsetDateTime,
) -> Result<Certificate> {
    let not_before = now - BACKDATE;
    let successor = Successor {
        of: old,
        public_key: (&old.public_key, None),
        authority: Authority::Same,
        serial,
        not_before,
        not_after: last_moment(not_before, days),
    };
    assemble::successor(&successor, key)
}

/// The root of a new key, with the name and the limits of the old one.
pub fn new_root(
    old: &Certificate,
    new_key: &PrivateKey,
    serial: &Serial,
    days: u32,
    now: OffsetDateTime,
) -> Result<Certificate> {
    let not_before = now - BACKDATE;
    let key_id = assemble::key_id(new_key.public_key())?;
    let successor = Successor {
        of: old,
        public_key: (new_key.public_key(), Some(&key_id)),
        authority: Authority::None,
        serial,
        not_before,
        not_after: last_moment(not_before, days),
    };
    assemble::successor(&successor, new_key)
}

/// The key of one root certified by the key of another one. `None` where one of them has ended: a bridge
/// that ends where it begins leads nowhere.
pub fn cross(
    root: &Certificate,
    issuer: &Certificate,
    issuer_key: &PrivateKey,
    serial: &Serial,
    now: OffsetDateTime,
) -> Result<Option<Certificate>> {
    let not_before = (now - BACKDATE).max(root.not_before).max(issuer.not_before);
    let not_after = root.not_after.min(issuer.not_after);
    if not_after <= now {
        return Ok(None);
    }
    if issuer_key.public_key() != issuer.public_key {
        return Err(Error::bug("a cross certificate would be signed with another key"));
    }
    let successor = Successor {
        of: root,
        public_key: (&root.public_key, None),
        authority: Authority::Key(&assemble::authority_key_id(issuer)?),
        serial,
        not_before,
        not_after,
    };
    assemble::successor(&successor, issuer_key).map(Some)
}

/// Both ends count (RFC 5280 4.1.2.5), so the last second belongs to the last day.
fn last_moment(not_before: OffsetDateTime, days: u32) -> OffsetDateTime {
    not_before + Duration::days(i64::from(days)) - Duration::SECOND
}
