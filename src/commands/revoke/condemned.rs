//! The certificate that is to be revoked, and its row in index.txt.

use std::ops::ControlFlow;
use std::path::Path;

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::cli::Global;
use crate::commands::target::{self, Place, Target};
use crate::error::{Error, Result};
use crate::pki::asn1_time;
use crate::pki::certificate::Certificate;
use crate::pki::inspect::text::second;
use crate::pki::name::Oneline;
use crate::pki::printable::printable;
use crate::pki::revocation::Revocation;
use crate::pki::serial::Serial;
use crate::render;
use crate::render::certificate::rfc3339;
use crate::render::words::validity;
use crate::store::ca::CaFolder;
use crate::store::index::{Index, Row, reasons};

/// A certificate, or as much as index.txt has of one whose copy is lost: that must not keep anybody from
/// revoking it.
pub(super) enum Condemned {
    /// It is at hand.
    Certificate(Box<Target>),
    /// Only its row is.
    Row {
        /// The serial number.
        serial: Serial,
        /// The subject, for a message.
        title: String,
        /// The last moment of validity.
        not_after: Option<OffsetDateTime>,
    },
}

/// What index.txt says of it.
pub(super) enum Record {
    /// It is not revoked.
    Unrevoked,
    /// It is; `None` where since when is unreadable.
    Revoked(Option<Revocation>),
}

impl Condemned {
    /// Finds it by folder, file or serial number. The CA's own is refused.
    pub(super) fn find(text: &str, ca: &CaFolder, global: &Global) -> Result<Self> {
        let error = match target::find(text, ca, global) {
            Ok(target) => return Ok(Self::Certificate(Box::new(target))),
            Err(error) => error,
        };
        let here = Path::new(text).symlink_metadata().is_ok();
        let Some(serial) = Serial::parse(text).ok().filter(|_| !here) else { return Err(error) };
        if ca.issued_path(&serial).exists() || serial == ca.certificate().serial {
            return Err(error);
        }
        let row = |row: &Row<'_>| Self::Row {
            serial: serial.clone(),
            title: row.title(),
            not_after: row.not_after(),
        };
        Index::of(ca.path()).find(&serial, row)?.ok_or(error)
    }

    fn certificate(&self) -> Option<&Certificate> {
        match self {
            Self::Certificate(target) => Some(&target.certificate),
            Self::Row { .. } => None,
        }
    }

    /// Its serial number.
    pub(super) fn serial(&self) -> &Serial {
        match self {
            Self::Certificate(target) => &target.certificate.serial,
            Self::Row { serial, .. } => serial,
        }
    }

    /// What to call it.
    pub(super) fn title(&self) -> String {
        match self {
            Self::Certificate(target) => target.certificate.title(),
            Self::Row { title, .. } => title.clone(),
        }
    }

    /// When it began, where that is known.
    pub(super) fn not_before(&self) -> Option<OffsetDateTime> {
        self.certificate().map(|certificate| certificate.not_before)
    }

    /// When it ends, where that is known.
    pub(super) fn not_after(&self) -> Option<OffsetDateTime> {
        match self {
            Self::Certificate(target) => Some(target.certificate.not_after),
            Self::Row { not_after, .. } => *not_after,
        }
    }

    /// The folder, or else the file, by which it was named.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Certificate(target) => match &target.place {
                Place::Folder(folder) => Some(folder.path()),
                Place::File(file) => Some(file),
                Place::Serial => None,
            },
            Self::Row { .. } => None,
        }
    }

    /// The certificates beside it in its file that this CA issued too: somebody may have meant those.
    pub(super) fn unmeant_others(&self, ca: &CaFolder) -> Option<String> {
        let Self::Certificate(target) = self else { return None };
        let issued = |one: &&Certificate| {
            one.issuer.same_as(&ca.certificate().subject)
                && ca.bundle().all().all(|above| above.as_der() != one.as_der())
                && one.as_der() != target.certificate.as_der()
        };
        let others: Vec<_> = target.others.iter().filter(issued).collect();
        let shown: Vec<_> =
            others.iter().map(|one| format!("{} ({})", one.title(), one.serial)).collect();
        (!shown.is_empty()).then(|| {
            format!(
                "{} holds other certificates of this CA as well, which are left as they are: {}; only {} is \
                 revoked",
                self.path().unwrap_or_else(|| Path::new("it")).display(),
                shown.join(", "),
                target.certificate.title()
            )
        })
    }

    /// Its row. One that is missing is an error.
    pub(super) fn record(&self, ca: &CaFolder) -> Result<Record> {
        let serial = self.serial();
        let found = Index::of(ca.path()).find(serial, |row| match row.status {
            b'R' => Record::Revoked(row.revocation()),
            _ => Record::Unrevoked,
        })?;
        let mut record = found.ok_or_else(|| {
            Error::refused(format!(
                "the certificate of {}, serial {serial}, is not in {}",
                self.title(),
                Index::of(ca.path()).path().display()
            ))
            .hint(self.taking_in())
        })?;
        if let Record::Revoked(Some(revocation)) = &mut record
            && let Some(reason) = reasons::read(ca.path())?.get(serial)
            && revocation.reason == crate::pki::revocation::Reason::Unspecified
        {
            revocation.reason = *reason;
        }
        Ok(record)
    }

    /// How index.txt gets its row.
    fn taking_in(&self) -> String {
        match self {
            Self::Certificate(target) => match &target.place {
                Place::File(file) => format!(
                    "`mailca doctor --fix --assume-valid --certificate {}` takes it in, where this CA signed it",
                    file.display()
                ),
                _ => "`mailca doctor --fix` takes in what index.txt lacks".to_owned(),
            },
            Self::Row { .. } => "`mailca doctor` looks for what is wrong".to_owned(),
        }
    }

    /// The other certificates for its key that are valid, by serial number: whoever has the key can use
    /// them.
    pub(super) fn others_of_its_key(
        &self,
        ca: &CaFolder,
        now: OffsetDateTime,
    ) -> Result<Vec<Serial>> {
        let Some(certificate) = self.certificate() else { return Ok(Vec::new()) };
        let now = asn1_time::ordinal_of(now);
        let subject = Oneline::parse(certificate.subject.oneline().as_bytes());
        let mut same_subject = Vec::new();
        Index::of(ca.path()).rows_where(
            |status, end| status == b'V' && asn1_time::ordinal(end).is_some_and(|end| end >= now),
            |row| {
                if row.subject() == subject {
                    same_subject.extend(row.serial());
                }
                Ok(ControlFlow::Continue(()))
            },
        )?;
        let mut found = Vec::new();
        for serial in same_subject.into_iter().filter(|serial| *serial != certificate.serial) {
            let other = ca.issued(&serial)?;
            if other.is_some_and(|other| other.public_key == certificate.public_key) {
                found.push(serial);
            }
        }
        Ok(found)
    }

    /// What an administrator looks at before agreeing.
    pub(super) fn facts(&self, now: OffsetDateTime) -> Vec<(&'static str, String)> {
        let Some(certificate) = self.certificate() else {
            let end = self.not_after().map_or_else(|| "unknown".into(), second);
            return vec![
                ("Subject", self.title()),
                ("Serial", self.serial().to_string()),
                ("Ends", end),
            ];
        };
        let names: Vec<_> = certificate.alternative_names.iter().map(ToString::to_string).collect();
        vec![
            ("Subject", printable(&certificate.subject.to_string())),
            ("Names", if names.is_empty() { "none".into() } else { names.join(", ") }),
            ("Serial", certificate.serial.to_string()),
            ("Valid", validity(now, certificate.not_before, certificate.not_after)),
        ]
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        match self.certificate() {
            Some(certificate) => render::certificate::summary(certificate),
            None => json!({
                "serial": self.serial().to_string(),
                "not_after": self.not_after().and_then(rfc3339),
            }),
        }
    }
}
