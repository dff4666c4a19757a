//! How many certificates index.txt lacks, for those who act on what it says: whoever takes a damaged index for the
//! whole one locks people out.
//!
//! The names in newcerts/ are held against the rows. Only files without a row are opened, up to the first that
//! matters: a certificate of this CA that has not ended. What others put there, or what somebody weeded out of the
//! index after its end, is nothing to stop at.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::thread;
use std::time::Duration;

use time::OffsetDateTime;

use super::lines::key_of_serial;
use super::sources::kept_serials;
use crate::error::Result;
use crate::pki::serial::Serial;
use crate::store::ca::CaFolder;
use crate::store::index::Index;
use crate::store::transaction;

/// How often it is looked. `openssl ca` writes a certificate a moment before its row.
const LOOKS: u32 = 3;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// How many certificates newcerts/ has that index.txt lacks; 0 where all of those have ended. No lock is needed.
pub fn rowless(ca: &CaFolder, now: OffsetDateTime) -> Result<usize> {
    for look in 1.. {
        let lacking = without_row(ca)?;
        if !any_matters(ca, &lacking, now) {
            return Ok(0);
        }
        if look == LOOKS {
            return Ok(lacking.len());
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    Ok(0)
}

/// The certificates in newcerts/ without a row that nobody is just recording.
fn without_row(ca: &CaFolder) -> Result<Vec<Serial>> {
    // A certificate comes into newcerts/ before it gets its row: what is listed first has got it by now.
    let mut keys = HashSet::new();
    kept_serials(ca, |key, _| {
        keys.insert(key);
    })?;
    take_out_recorded(ca, &mut keys)?;
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    // Its intent is there before it, and is taken away after its row is there: whoever has neither now has lost it.
    let begun = transaction::unrecorded_serials(ca)?;
    take_out_recorded(ca, &mut keys)?;
    let mut lacking = Vec::new();
    kept_serials(ca, |key, serial| {
        if keys.contains(&key) && !begun.contains(&serial) {
            lacking.push(serial);
        }
    })?;
    Ok(lacking)
}

fn take_out_recorded(ca: &CaFolder, keys: &mut HashSet<u64>) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    Index::of(ca.path()).rows(|row| {
        keys.remove(&key_of_serial(row.serial));
        Ok(if keys.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })
}

/// Whether one of them is a certificate of this CA, not its own, and has not ended.
fn any_matters(ca: &CaFolder, lacking: &[Serial], now: OffsetDateTime) -> bool {
    let own: Vec<_> = ca.bundle().all().collect();
    for serial in lacking {
        // One that cannot be read was let in by nobody's map.
        let Ok(Some(certificate)) = ca.issued(serial) else { continue };
        let is_own = own.iter().any(|one| one.subject.same_as(&certificate.subject));
        let is_issued = own.iter().any(|one| one.subject.same_as(&certificate.issuer));
        if is_issued && !is_own && certificate.not_after >= now {
            return true;
        }
    }
    false
}
