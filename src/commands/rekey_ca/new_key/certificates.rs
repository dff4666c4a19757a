//! The certificates of a roll-over, made and recorded.

use time::OffsetDateTime;

use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::pki::rollover;
use crate::pki::serial::Serial;
use crate::pki::verify::{self, Options};
use crate::store::ca::CaFolder;
use crate::store::transaction::{Occasion, Transaction};

/// The new root, and the bridges between the two keys; none where the old root has ended.
pub(super) struct Made {
    pub(super) root: Certificate,
    /// The new key, certified by the old one: for clients that have the old root only.
    pub(super) new_with_old: Option<Certificate>,
    /// The old key, certified by the new one: for clients that have the new root only.
    pub(super) old_with_new: Option<Certificate>,
}

/// Makes and records them; those that an interrupted run recorded are taken up.
pub(super) fn make(
    ca: &CaFolder,
    transaction: &mut Transaction<'_>,
    old_key: &PrivateKey,
    new_key: &PrivateKey,
    days: u32,
    env: &Env,
) -> Result<Made> {
    let old = ca.certificate();
    let now = env.now()?;
    let (old_public, new_public) = (old_key.public_key(), new_key.public_key());
    let occasion = Occasion::of_rekey(old, new_public, new_public);
    let validity = time::Duration::days(i64::from(days)) - time::Duration::SECOND;
    let root = match usable(transaction, &occasion, now)? {
        Some(root) if root.not_after - root.not_before == validity => root,
        _ => transaction.record(
            &occasion,
            || env.serial(),
            |serial| rollover::new_root(old, new_key, serial, days, now),
        )?,
    };
    let mut recorder = Recorder { old, transaction, env, now };
    let new_with_old = recorder.cross(&root, old, old_key, new_public)?;
    let old_with_new = recorder.cross(old, &root, new_key, old_public)?;
    Ok(Made { root, new_with_old, old_with_new })
}

struct Recorder<'r, 't> {
    old: &'r Certificate,
    transaction: &'r mut Transaction<'t>,
    env: &'r Env,
    now: OffsetDateTime,
}

impl Recorder<'_, '_> {
    fn cross(
        &mut self,
        root: &Certificate,
        issuer: &Certificate,
        issuer_key: &PrivateKey,
        public_key: &[u8],
    ) -> Result<Option<Certificate>> {
        let occasion = Occasion::of_rekey(self.old, issuer_key.public_key(), public_key);
        let made = |serial: &Serial| rollover::cross(root, issuer, issuer_key, serial, self.now);
        let cross = match usable(self.transaction, &occasion, self.now)? {
            Some(cross) if cross.not_after <= root.not_after.min(issuer.not_after) => cross,
            _ => {
                // Looked at once before, since nothing is recorded where there is no bridge.
                if made(&self.env.serial()?)?.is_none() {
                    return Ok(None);
                }
                let ended = || Error::refused("the old certificate of the CA ended just now");
                self.transaction.record(
                    &occasion,
                    || self.env.serial(),
                    |serial| made(serial)?.ok_or_else(ended),
                )?
            }
        };
        check(&cross, issuer, self.now)?;
        Ok(Some(cross))
    }
}

fn usable(
    transaction: &Transaction<'_>,
    occasion: &Occasion,
    now: OffsetDateTime,
) -> Result<Option<Certificate>> {
    Ok(transaction.undelivered(occasion)?.filter(|certificate| certificate.not_after > now))
}

/// A bridge that does not hold is not published.
fn check(cross: &Certificate, issuer: &Certificate, now: OffsetDateTime) -> Result<()> {
    let options = Options {
        roots: &[issuer.as_der().to_vec()],
        intermediates: &[],
        crls: &[],
        at: now,
        purpose: None,
        identity: None,
    };
    verify::verify(cross.as_der(), &options)
        .map(|_| ())
        .map_err(|error| error.as_refused().at("a cross certificate would not verify"))
}
