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
use crate::store::doctor::sources::{former_revocations, kept_serials, spoiled_revocation};
use crate::store::doctor::survey::{NewRow, Seen, Survey};
use crate::store::index::{Index, Row, line};

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
        for (_, serial) in unknown {
            match scene.ca.issued(&serial) {
                Ok(Some(certificate))
                    if certificate.serial == serial && issuers.issued(&certificate) =>
                {
                    self.add(&certificate, published, &former, scene.now)?;
                    self.unrecorded.push(title(&certificate));
                }
                _ => self.strangers.push(format!("{serial}.pem")),
            }
        }
        for certificate in outside {
            let key = key_of_serial(certificate.serial.to_string().as_bytes());
            if !self.seen.contains_key(&key) && !late.contains(&key) {
                self.add(certificate, published, &former, scene.now)?;
                self.found.push(certificate.clone());
                self.unrecorded_outside.push(title(certificate));
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        certificate: &Certificate,
        published: &Published,
        former: &HashMap<u64, Vec<u8>>,
        now: OffsetDateTime,
    ) -> Result<()> {
        let key = key_of_serial(certificate.serial.to_string().as_bytes());
        let valid = line(certificate)?;
        let mut new = valid.clone().into_bytes();
        let mut revoked = false;
        if let Some(row) = Row::parse(valid.as_bytes()) {
            if let Some((serial, revocation)) = published.revoked.get(&key) {
                self.note_reason(serial, revocation);
                new = row.revoked_line(revocation)?;
                revoked = true;
            } else if let Some(revocation) = former.get(&key) {
                new = row.revoked_line_as(revocation);
                revoked = true;
            } else if let Some(revocation) = spoiled_revocation(&self.spoiled, certificate, now) {
                new = row.revoked_line(&revocation)?;
                revoked = true;
            }
        }
        self.added.push(NewRow { order: certificate.not_before, line: new });
        self.added_certificates.push(certificate.clone());
        self.seen.insert(key, Seen { offset: u64::MAX, revoked, fits: true });
        Ok(())
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
