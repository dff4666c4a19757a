//! Revocation lists: made from index.txt and the key of the CA, numbered, and put where servers and
//! clients read them.
//!
//! A list is made in these steps, under the lock of the CA: [`entries`], [`take_number`], [`make`] once
//! for every key that signs ([`Issuer`]), and [`Destination::put`] for every place of every list
//! ([`Places`]). A number is taken durably before a list with it can be seen, so that a crash may skip
//! one and no two lists share one.

pub mod hash_dir;
mod places;
mod standing;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use fs_err as fs;
use time::{Duration, OffsetDateTime};

use crate::error::{Error, Result};
use crate::pki::assemble::{self, CrlFields};
use crate::pki::certificate::Certificate;
use crate::pki::crl::{Crl, Entries};
use crate::pki::digest::hex;
use crate::pki::key::PrivateKey;
use crate::pki::policy::BACKDATE;
use crate::pki::serial::Serial;
use crate::store::atomic::{self, Staged};
use crate::store::ca::CaFolder;
use crate::store::index::Index;
use crate::store::previous::Previous;
use crate::store::{input, layout};

mod rows;

pub use places::{Destination, Places};
pub use standing::{Standing, standing};

/// The longest number that a list may have, in octets (RFC 5280 5.2.3).
const LONGEST_NUMBER: usize = 20;

/// Whose list it is: the CA's, by its certificate, and which of its keys signs.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// The certificate of the key that signs.
    pub certificate: Certificate,
    /// What the names of the list's files have before their ending: nothing for the list of the CA's
    /// present key, `-KEYID` for that of a key that it had before.
    pub suffix: String,
}

impl Issuer {
    /// The CA with its present key.
    pub fn present(ca: &CaFolder) -> Self {
        Self { certificate: ca.certificate().clone(), suffix: String::new() }
    }

    /// The CA with a key that it had before.
    pub fn previous(certificate: Certificate) -> Result<Self> {
        let suffix = format!("-{}", key_tag(&certificate)?);
        Ok(Self { certificate, suffix })
    }
}

/// What tells the keys of CAs apart in file names: 64 bits of the hash of the public key.
fn key_tag(certificate: &Certificate) -> Result<String> {
    Ok(hex(&assemble::key_id(&certificate.public_key)?[..8]).to_ascii_lowercase())
}

/// A list, ready to be put somewhere.
#[derive(Debug)]
pub struct List {
    /// The list.
    pub crl: Crl,
    pem: String,
    /// The lists of older keys, which follow it in a file.
    older: String,
}

impl List {
    /// Encodes a list for its places.
    pub fn new(crl: Crl) -> Self {
        let pem = crl.to_pem();
        Self { crl, pem, older: String::new() }
    }
}

/// Has the list of the present key, the first, followed by the others wherever a file in PEM holds it:
/// most servers read all lists of a file.
pub fn join(lists: &mut [List]) {
    if let [first, older @ ..] = lists {
        first.older = older.iter().map(|list| list.pem.as_str()).collect();
    }
}

/// The lists in a CA's folder, as a server is given them.
#[derive(Debug, Default)]
pub struct Current {
    /// All of them in PEM, that of the present key first.
    pub pem: String,
    /// Each by itself, for servers that look for it by the hash of the CA's name.
    pub hashed: Vec<Hashed>,
}

/// A list for a folder that OpenSSL searches by hash.
#[derive(Debug)]
pub struct Hashed {
    /// The name of its file.
    pub name: String,
    /// The hash of its issuer's name.
    pub hash: String,
    /// The list.
    pub pem: String,
}

impl Hashed {
    /// A list, and the CA whose list it is.
    pub fn new(crl: &Crl, issuer: &Certificate) -> Result<Self> {
        Ok(Self {
            name: hash_dir::file_name(issuer)?,
            hash: issuer.subject.openssl_hash()?,
            pem: crl.to_pem(),
        })
    }
}

impl Current {
    /// Adds one, unless that of the same key is among them.
    pub fn add(&mut self, hashed: Hashed) {
        if self.hashed.iter().all(|known| known.name != hashed.name) {
            self.pem.push_str(&hashed.pem);
            self.hashed.push(hashed);
        }
    }
}

/// Whether a list is to be used at that time: an old one has servers refuse everybody.
pub fn is_in_date(crl: &Crl, now: OffsetDateTime) -> bool {
    crl.this_update <= now && crl.next_update.is_none_or(|end| end > now)
}

/// The lists that are in the CA's folder, verify, and are not out of date; `None` where there is none for
/// the present key.
pub fn current(ca: &CaFolder, now: OffsetDateTime) -> Result<Option<Current>> {
    let mut issuers = vec![Issuer::present(ca)];
    for one in Previous::active(ca, now)? {
        issuers.push(Issuer::previous(one.certificate)?);
    }
    let mut current = Current::default();
    for issuer in &issuers {
        let list = Destination::own(issuer, ca).verified(issuer);
        match list.filter(|crl| is_in_date(crl, now)) {
            Some(crl) => current.add(Hashed::new(&crl, &issuer.certificate)?),
            None if current.hashed.is_empty() => return Ok(None),
            None => {}
        }
    }
    Ok(Some(current))
}

/// From when to when a list is to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dates {
    /// When it is made, as it says.
    pub this_update: OffsetDateTime,
    /// When the next one is due.
    pub next_update: OffsetDateTime,
}

impl Dates {
    /// The dates of a list that is made now and lasts so many days. It is dated back a little, for
    /// clients whose clock is behind; not so far that it would seem older than the list before it.
    ///
    /// It may outlast the CA's certificate: nobody follows a chain through that any more by then, while
    /// a list that ended with it would lock everybody out who uses the certificate with new dates.
    pub fn new(now: OffsetDateTime, days: u32, before: Option<&Crl>) -> Self {
        // Never the same: OpenSSL keeps the one that it has where a second list is no newer.
        let earliest = before.map(|crl| crl.this_update).filter(|moment| *moment <= now);
        let earliest = earliest.map(|moment| now.min(moment + Duration::SECOND));
        let this_update = earliest.map_or(now - BACKDATE, |moment| moment.max(now - BACKDATE));
        Self { this_update, next_update: now + Duration::days(days.into()) }
    }
}

/// What index.txt says is revoked. A revoked row that cannot be read is an error: left out, its
/// certificate would be accepted.
pub fn entries(ca: &CaFolder) -> Result<Entries> {
    rows::entries(ca.path())
}

/// The list of the CA's present key in its folder: crl.pem, or the one of CA.pl's where that alone is there.
pub fn path_of_own(ca: &CaFolder) -> PathBuf {
    let own = ca.path().join(layout::CRL.name);
    let of_ca_pl = ca.path().join(layout::CRL_OF_CA_PL.name);
    let is_there = |path: &Path| path.symlink_metadata().is_ok();
    if !is_there(&own) && is_there(&of_ca_pl) { of_ca_pl } else { own }
}

/// How many rows index.txt has that are revoked.
pub fn count_revoked(ca: &CaFolder) -> Result<usize> {
    let mut count = 0;
    Index::of(ca.path()).existing_lines(|line| {
        count += usize::from(line.may_revoke() || line.contradicts_itself());
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(count)
}

/// Makes a list, and looks whether the CA's certificate verifies it.
pub fn make(
    issuer: &Certificate,
    key: &PrivateKey,
    entries: &Entries,
    number: &Serial,
    dates: Dates,
) -> Result<List> {
    let fields = CrlFields {
        issuer,
        number,
        this_update: dates.this_update,
        next_update: dates.next_update,
        entries,
    };
    let crl = assemble::crl(&fields, key)?;
    crl.check_signature(issuer)
        .map_err(|error| error.as_refused().at("the list would not verify"))?;
    Ok(List::new(crl))
}

/// The number of the next list, which is noted as used before this returns. It is that in crlnumber,
/// or more where `seen`, the greatest number among the lists that are there, has reached it: the folder
/// may have been restored from a backup. The caller holds the lock.
pub fn take_number(ca: &CaFolder, seen: Option<&Serial>) -> Result<Serial> {
    let path = ca.path().join(layout::CRL_NUMBER.name);
    let noted = match input::read_if_there(&path)? {
        Some(content) => {
            let text = std::str::from_utf8(&content).unwrap_or_default().trim();
            Serial::parse(text).map_err(|_| {
                Error::refused(format!("{} holds no number", path.display()))
                    .hint("`mailca doctor --fix` writes it anew")
            })?
        }
        // Folders of other programs may lack it.
        None => Serial::from_bytes(&[1]),
    };
    let number = match seen.map(Serial::successor) {
        Some(next) if next > noted => next,
        _ => noted,
    };
    if number.as_bytes().len() > LONGEST_NUMBER {
        return Err(Error::refused(format!("{number} is too long for the number of a list"))
            .hint(format!("look at {}", path.display())));
    }
    if path.symlink_metadata().is_ok_and(|there| !there.is_file()) {
        return Err(Error::refused(format!("{} is not a plain file", path.display())));
    }
    let mode = fs::metadata(&path).map_or(layout::CRL_NUMBER.mode, |there| {
        use std::os::unix::fs::MetadataExt;
        there.mode() & 0o777
    });
    let next = format!("{}\n", number.successor());
    Staged::new(&path, next.as_bytes(), mode)?.replace()?;
    atomic::sync_folder(ca.path())?;
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_list_never_seems_older_than_the_one_before_it() {
        let now = datetime!(2026-11-24 10:00 UTC);
        let dates = Dates::new(now, 30, None);
        assert_eq!(dates.this_update, now - BACKDATE);
        assert_eq!(dates.next_update, datetime!(2026-12-24 10:00 UTC));
        for (before, this_update) in [
            (now - Duration::days(1), now - BACKDATE),
            (now - Duration::minutes(1), now - Duration::seconds(59)),
            (now, now),
            // The clock was wrong then.
            (now + Duration::days(1), now - BACKDATE),
        ] {
            let dates = Dates::new(before + BACKDATE, 30, None);
            let (crl, _) = standing::tests::made(dates, 0);
            assert_eq!(Dates::new(now, 30, Some(&crl)).this_update, this_update);
        }
    }
}
