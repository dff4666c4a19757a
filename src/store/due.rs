//! Which certificates are due: they end soon, and no newer one has taken their place.
//!
//! index.txt is gone through once. Only what ends within the span is kept in memory; for every other row
//! a few octets of its subject decide whether it could belong to one of them. Only then certificates are
//! opened, since index.txt knows no names but the subject.

use std::collections::{HashMap, HashSet};
use std::ops::{ControlFlow, RangeInclusive};

use memchr::memchr;
use time::{Duration, OffsetDateTime};

use crate::error::Result;
use crate::pki::asn1_time;
use crate::pki::certificate::Certificate;
use crate::pki::general_name::GeneralName;
use crate::pki::name::Name;
use crate::pki::profile::Profile;
use crate::pki::serial::Serial;
use crate::store::ca::CaFolder;
use crate::store::index::{Index, Row};

/// A certificate that is due.
#[derive(Clone, Debug)]
pub struct Due {
    /// Its serial number.
    pub serial: Serial,
    /// Its last moment.
    pub not_after: OffsetDateTime,
    /// What to call it in a message.
    pub title: String,
    /// The certificate; `None` where newcerts/ lacks it.
    pub certificate: Option<Certificate>,
}

/// The certificates of a CA that end within `span` of `now`, or have ended as long ago at most, in the
/// order of index.txt, as [`Search`] finds them; and those of `in_use` that ended before that.
pub fn find<'c>(
    ca: &CaFolder,
    now: OffsetDateTime,
    span: Duration,
    in_use: impl IntoIterator<Item = &'c Certificate>,
) -> Result<Vec<Due>> {
    let mut search = Search::new(ca, now, span).with_in_use(in_use);
    Index::of(ca.path()).rows(|row| {
        search.visit(row);
        Ok(ControlFlow::Continue(()))
    })?;
    search.finish(ca)
}

/// A row that ends within the span, and the later rows with its subject that end no sooner.
struct Candidate {
    serial: Serial,
    not_after: OffsetDateTime,
    ordinal: u64,
    title: String,
    newer: Vec<Serial>,
}

/// A search that sees the rows of index.txt in their order. It leaves out:
///
/// - the CA's own certificates, and those that were revoked;
/// - one after which another was issued for the same subject, all its names and the same profile, not
///   revoked, that ends no sooner; where the older one is known to be in use, only one with the same key:
///   two servers may share a name, and a server may have two keys;
/// - one that was made for so short a time that more than half of it is still to come: with a span longer
///   than their validity, certificates would be due from their first day on;
/// - one that ended longer ago than the span, unless it is known to be in use: index.txt goes back to the
///   first day.
pub struct Search {
    now: OffsetDateTime,
    /// The first and the last end that is looked for.
    ends: RangeInclusive<u64>,
    issuer: Name,
    /// Those that are known to be in use.
    in_use: HashSet<Serial>,
    /// Those among them that ended before, and are looked for all the same.
    ended: HashSet<Serial>,
    /// The CA's own subject.
    own: Vec<u8>,
    found: Vec<Candidate>,
    by_subject: HashMap<Vec<u8>, Vec<usize>>,
    filter: Filter,
}

impl Search {
    /// A search that has seen nothing yet.
    pub fn new(ca: &CaFolder, now: OffsetDateTime, span: Duration) -> Self {
        let earliest = asn1_time::ordinal_of(now.checked_sub(span).unwrap_or(now));
        let latest = asn1_time::ordinal_of(now.checked_add(span).unwrap_or(now));
        Self {
            now,
            ends: earliest..=latest,
            issuer: ca.certificate().subject.clone(),
            in_use: HashSet::new(),
            ended: HashSet::new(),
            own: subject_key(ca.certificate().subject.oneline().as_bytes()),
            found: Vec::new(),
            by_subject: HashMap::new(),
            filter: Filter::new(),
        }
    }

    /// The same search, which knows of certificates that are in use, such as those in the folders here.
    /// However long ago one of this CA has ended, it is due.
    #[must_use]
    pub fn with_in_use<'c>(
        mut self,
        certificates: impl IntoIterator<Item = &'c Certificate>,
    ) -> Self {
        let earliest = *self.ends.start();
        for certificate in certificates {
            if certificate.issuer.same_as(&self.issuer) {
                self.in_use.insert(certificate.serial.clone());
                if asn1_time::ordinal_of(certificate.not_after) < earliest {
                    self.ended.insert(certificate.serial.clone());
                }
            }
        }
        self
    }

    fn is_looked_for(&self, row: &Row<'_>, ordinal: u64) -> bool {
        self.ends.contains(&ordinal)
            || !self.ended.is_empty()
                && ordinal < *self.ends.start()
                && row.serial().is_some_and(|serial| self.ended.contains(&serial))
    }

    /// Looks at the next row.
    pub fn visit(&mut self, row: &Row<'_>) {
        let (b'V' | b'E', Some(ordinal)) = (row.status, row.not_after_ordinal()) else { return };
        if row.status == b'V' && !self.found.is_empty() && self.filter.may_hold(row.subject) {
            let key = subject_key(row.subject);
            for index in self.by_subject.get(&key).into_iter().flatten() {
                let older = &mut self.found[*index];
                if older.ordinal <= ordinal {
                    older.newer.extend(row.serial());
                }
            }
        }
        if self.is_looked_for(row, ordinal)
            && let Some(candidate) = Candidate::of(row, ordinal)
        {
            let key = subject_key(row.subject);
            if key != self.own {
                self.filter.add(row.subject);
                self.by_subject.entry(key).or_default().push(self.found.len());
                self.found.push(candidate);
            }
        }
    }

    /// What is due among the rows that were seen. Opens the certificates of those that may be.
    pub fn finish(self, ca: &CaFolder) -> Result<Vec<Due>> {
        let mut due = Vec::new();
        for candidate in self.found {
            // One that cannot be read must not keep the others waiting; its folder may have it.
            let certificate = ca.issued(&candidate.serial).unwrap_or_default();
            if certificate.as_ref().is_some_and(|certificate| is_young(certificate, self.now)) {
                continue;
            }
            // What ended long ago and has a newer one is a folder that somebody forgot.
            let in_use =
                self.in_use.contains(&candidate.serial) && !self.ended.contains(&candidate.serial);
            if !is_replaced(ca, certificate.as_ref(), &candidate.newer, in_use) {
                let Candidate { serial, not_after, title, .. } = candidate;
                due.push(Due { serial, not_after, title, certificate });
            }
        }
        Ok(due)
    }
}

impl Candidate {
    fn of(row: &Row<'_>, ordinal: u64) -> Option<Self> {
        Some(Self {
            serial: row.serial()?,
            not_after: row.not_after()?,
            ordinal,
            title: row.title(),
            newer: Vec::new(),
        })
    }
}

fn is_young(certificate: &Certificate, now: OffsetDateTime) -> bool {
    now - certificate.not_before < certificate.not_after - now
}

/// Whether one of the newer ones has taken its place. Where the certificates themselves are missing, the
/// subject alone decides, unless the older one is in use.
fn is_replaced(ca: &CaFolder, old: Option<&Certificate>, newer: &[Serial], in_use: bool) -> bool {
    let Some(old) = old else { return !in_use && !newer.is_empty() };
    // The last is the likeliest.
    for serial in newer.iter().rev() {
        let replaces = match ca.issued(serial) {
            Ok(Some(new)) => covers(&new, old) && (!in_use || new.public_key == old.public_key),
            Ok(None) => !in_use,
            Err(_) => false,
        };
        if replaces {
            return true;
        }
    }
    false
}

/// Whether a certificate has the profile, the subject and all the names of another, and perhaps more names.
fn covers(new: &Certificate, old: &Certificate) -> bool {
    let has = |name: &GeneralName| new.alternative_names.contains(name);
    Profile::of(new) == Profile::of(old)
        && new.subject.same_as(&old.subject)
        && old.alternative_names.iter().all(has)
}

/// A subject column as the key of a table: the spellings of older and newer versions of OpenSSL are the
/// same, and so are all empty subjects, in whose place the serial stands. Different subjects may share a
/// key; the certificates tell them apart.
pub fn subject_key(subject: &[u8]) -> Vec<u8> {
    if subject.first() != Some(&b'/') {
        return Vec::new();
    }
    if memchr(b'\\', subject).is_none() {
        return subject.to_vec();
    }
    let mut key = Vec::with_capacity(subject.len());
    for (index, octet) in subject.iter().enumerate() {
        let escapes = *octet == b'\\' && matches!(subject.get(index + 1), Some(b'/' | b'+'));
        if !escapes {
            key.push(*octet);
        }
    }
    key
}

/// Says of almost every subject that is not wanted that it is not, without hashing the whole of it.
struct Filter(Vec<u64>);

impl Filter {
    const BITS: usize = 1 << 16;

    fn new() -> Self {
        Self(vec![0; Self::BITS / 64])
    }

    fn add(&mut self, subject: &[u8]) {
        let bit = Self::bit(subject);
        self.0[bit / 64] |= 1 << (bit % 64);
    }

    fn may_hold(&self, subject: &[u8]) -> bool {
        let bit = Self::bit(subject);
        self.0[bit / 64] & (1 << (bit % 64)) != 0
    }

    /// Made of the end of the subject, in which names differ; escaped characters are not told from plain
    /// ones, and empty subjects not from each other, since the key does neither.
    fn bit(subject: &[u8]) -> usize {
        if subject.first() != Some(&b'/') {
            return 0;
        }
        let end = match subject.last_chunk() {
            Some(end) if memchr(b'\\', end).is_none() => u128::from_be_bytes(*end),
            _ => {
                let plain = subject.iter().rev().filter(|octet| **octet != b'\\').take(16);
                plain.enumerate().fold(0, |end, (at, octet)| end | u128::from(*octet) << (8 * at))
            }
        };
        let number =
            (end ^ end >> 61).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835) >> 64;
        usize::try_from(number >> 48).unwrap_or_default() % Self::BITS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_subject_has_one_key_however_it_is_spelled() {
        for (one, other) in [
            (&b"/O=A/B/CN=a+b"[..], &b"/O=A\\/B/CN=a\\+b"[..]),
            (b"01A2", b"FF00"),
            (b"/CN=a\\xC3", b"/CN=a\\xC3"),
        ] {
            assert_eq!(subject_key(one), subject_key(other));
            assert_eq!(Filter::bit(one), Filter::bit(other));
        }
        assert_ne!(subject_key(b"/CN=a"), subject_key(b"/CN=b"));
    }

    #[test]
    fn the_filter_passes_over_most_of_what_was_not_added() {
        let mut filter = Filter::new();
        filter.add(b"/O=Example/CN=mail.example.com");
        assert!(filter.may_hold(b"/O=Example/CN=mail.example.com"));
        let passed = (0..1000).filter(|n| filter.may_hold(format!("/CN=h{n}").as_bytes())).count();
        assert!(passed < 10, "{passed}");
    }
}
