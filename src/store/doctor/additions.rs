//! The rows that index.txt lacks, and is to get.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use time::OffsetDateTime;

use crate::error::Result;
use crate::pki::certificate::Certificate;
use crate::pki::serial::Serial;
use crate::store::doctor::Scene;
use crate::store::doctor::crls::Published;
use crate::store::doctor::issuers::Issuers;
use crate::store::doctor::lines::key_of_serial;
use crate::store::doctor::numbers;
use crate::store::doctor::sources::{
    former_revocations, kept_serials, only_beginning, revocation_in, spoiled_revocation,
};
use crate::store::doctor::survey::{NewRow, Seen, Survey};
use crate::store::index::{Index, Row, line};
use crate::store::{layout, transaction};

impl Survey {
    /// The certificates of this CA that index.txt lacks.
    pub(super) fn add_unrecorded(
        &mut self,
        scene: &Scene<'_>,
        published: &Published,
        issuers: &Issuers,
        outside: &[Certificate],
    ) -> Result<()> {
        let mut unknown: Vec<(u64, Serial)> = Vec::new();
        kept_serials(scene.ca, |key, serial| {
            if !self.seen.contains_key(&key) {
                unknown.push((key, serial));
            }
        })?;
        let mut late = HashSet::new();
        if !self.index_missing && !unknown.is_empty() {
            // What another command has recorded since the index was read, or is recording.
            Index::of(scene.ca.path()).rows(|row| {
                late.insert(key_of_serial(row.serial));
                Ok(ControlFlow::Continue(()))
            })?;
            unknown.retain(|(key, _)| !late.contains(key));
        }
        let former = if unknown.is_empty() && outside.is_empty() {
            HashMap::new()
        } else {
            former_revocations(scene.ca)?
        };
        unknown.sort_by(|(_, one), (_, other)| one.cmp(other));
        let mut lacking = Vec::new();
        for (_, serial) in unknown {
            match scene.ca.issued(&serial) {
                Ok(Some(certificate))
                    if certificate.serial == serial && issuers.issued(&certificate) =>
                {
                    lacking.push((certificate, true));
                }
                _ => self.strangers.push(format!("{serial}.pem")),
            }
        }
        for certificate in outside {
            let key = key_of_serial(certificate.serial.to_string().as_bytes());
            let is_new = lacking.iter().all(|(known, _)| known.serial != certificate.serial);
            if is_new && !self.seen.contains_key(&key) && !late.contains(&key) {
                lacking.push((certificate.clone(), false));
            }
        }
        self.decide(&lacking, scene, published, issuers, &former)
    }

    /// A certificate without a row is valid only where that is known; that nothing says it was revoked is not enough.
    fn decide(
        &mut self,
        lacking: &[(Certificate, bool)],
        scene: &Scene<'_>,
        published: &Published,
        issuers: &Issuers,
        former: &HashMap<u64, Vec<u8>>,
    ) -> Result<()> {
        let mut open = Vec::new();
        for one in lacking {
            match self.known_revocation(&one.0, published, former, scene.now)? {
                Some(row) => self.add(one, row, true),
                None => open.push(one),
            }
        }
        if open.is_empty() {
            return Ok(());
        }
        let begun = transaction::unrecorded_serials(scene.ca)?;
        let next = numbers::number(scene.ca.path(), layout::CRL_NUMBER)?;
        // Where all rows are gone, the last list that was made tells all that can be told.
        let is_told = (self.index_missing || !self.has_rows) && published.is_last(next.as_ref());
        let all: Vec<_> = open.iter().map(|(certificate, _)| certificate.clone()).collect();
        for one in open {
            let certificate = &one.0;
            let row = line(certificate)?;
            match only_beginning(&self.spoiled, certificate, &all)?.map(str::to_owned) {
                Some(beginning) => {
                    let revocation = revocation_in(&beginning, scene.now);
                    self.matched.insert(beginning);
                    if let Some(row) = Row::parse(row.as_bytes()) {
                        self.add(one, row.revoked_line(&revocation)?, true);
                    }
                }
                None if scene.assume_valid
                    || is_told
                    || begun.contains(&certificate.serial)
                    || issuers
                        .certificates()
                        .iter()
                        .any(|own| own.serial == certificate.serial)
                    || only_beginning(&self.cut_valid, certificate, &all)?.is_some() =>
                {
                    self.add(one, row.into_bytes(), false);
                }
                None => self.unknown.push(title(certificate)),
            }
        }
        Ok(())
    }

    /// The row of a certificate of which something says that it was revoked.
    fn known_revocation(
        &mut self,
        certificate: &Certificate,
        published: &Published,
        former: &HashMap<u64, Vec<u8>>,
        now: OffsetDateTime,
    ) -> Result<Option<Vec<u8>>> {
        let key = key_of_serial(certificate.serial.to_string().as_bytes());
        let valid = line(certificate)?;
        let Some(row) = Row::parse(valid.as_bytes()) else { return Ok(None) };
        if let Some((serial, revocation)) = published.revoked.get(&key) {
            self.note_reason(serial, revocation);
            return row.revoked_line(revocation).map(Some);
        }
        if let Some(revocation) = former.get(&key) {
            return Ok(Some(row.revoked_line_as(revocation)));
        }
        let spoiled = spoiled_revocation(&self.spoiled, certificate, now);
        spoiled.map(|revocation| row.revoked_line(&revocation)).transpose()
    }

    fn add(&mut self, (certificate, is_kept): &(Certificate, bool), line: Vec<u8>, revoked: bool) {
        let key = key_of_serial(certificate.serial.to_string().as_bytes());
        self.added.push(NewRow { order: certificate.not_before, line });
        self.added_certificates.push(certificate.clone());
        self.seen.insert(key, Seen { offset: u64::MAX, revoked, fits: true });
        if *is_kept {
            self.unrecorded.push(title(certificate));
        } else {
            self.found.push(certificate.clone());
            self.unrecorded_outside.push(title(certificate));
        }
    }

    /// What is revoked stays revoked, though nothing else is known of it: a row without a name.
    pub(super) fn add_revoked(&mut self, scene: &Scene<'_>, published: &Published) -> Result<()> {
        let mut unknown: Vec<_> =
            published.revoked.iter().filter(|(key, _)| !self.seen.contains_key(key)).collect();
        unknown.sort_by(|(_, one), (_, other)| one.0.cmp(&other.0));
        for (key, (serial, revocation)) in unknown {
            let end = crate::pki::asn1_time::text(scene.ca.certificate().not_after)?;
            // openssl writes the serial number where there is no subject.
            let text = serial.to_string();
            let row = Row {
                status: b'V',
                not_after: end.as_bytes(),
                revocation: b"",
                serial: text.as_bytes(),
                file: b"unknown",
                subject: text.as_bytes(),
            };
            self.added.push(NewRow { order: revocation.date, line: row.revoked_line(revocation)? });
            self.note_reason(serial, revocation);
            self.seen.insert(*key, Seen { offset: u64::MAX, revoked: true, fits: true });
            self.revoked_unknown.push(text);
        }
        Ok(())
    }
}

fn title(certificate: &Certificate) -> String {
    format!("{} ({})", certificate.serial, certificate.title())
}
