//! One renewal: decided on first, then carried out.

use std::ops::ControlFlow;
use std::path::PathBuf;

use time::{Duration, OffsetDateTime};

use super::Wishes;
use super::destination::{self, Destination};
use super::key::Key;
use super::terms::{self, Ends};
use crate::cli::Global;
use crate::commands::recorder::{self, Recorder};
use crate::commands::say_kept;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::policy::{self, Approved, Asked};
use crate::pki::revocation::{Reason, Revocation};
use crate::store::ca::CaFolder;
use crate::store::folder::CertificateFolder;
use crate::store::index::Index;
use crate::store::installed;
use crate::store::transaction::{self, Occasion};

/// A decision: what becomes of a certificate. Nothing is written yet.
pub(super) struct Renewal {
    old: Certificate,
    destination: Destination,
    key: Key,
    occasion: Occasion,
    work: Work,
}

enum Work {
    /// It is to be signed.
    Issue(Box<Approved>),
    /// It was signed before and did not arrive.
    Deliver(Certificate),
    /// It arrived, and the command that brought it was interrupted before its end.
    Finish(Certificate),
}

/// What was done.
pub(super) struct Renewed {
    pub(super) old: Certificate,
    pub(super) new: Certificate,
    pub(super) key: &'static str,
    /// Where it is now; `None` for standard output, and where it was not delivered.
    pub(super) path: Option<PathBuf>,
    /// The command that gives the person the new certificate, or the folder as its argument.
    pub(super) argument: Option<String>,
    pub(super) delivered: bool,
    /// Whether it is installed for a server from there.
    pub(super) is_installed: bool,
    pub(super) to_stdout: bool,
    pub(super) revoked_old: bool,
    pub(super) occasion: Occasion,
}

impl Renewal {
    /// Decides on the renewal of a certificate. Everything that could refuse it is looked at.
    pub(super) fn decide(
        target: Certificate,
        destination: Destination,
        recorder: &Recorder<'_>,
        wishes: &Wishes,
        ends: &Ends,
        env: &mut Env,
    ) -> Result<Self> {
        if matches!(destination, Destination::Stdout) {
            env.check_hand_out()?;
        }
        let ca = recorder.ca;
        let now = env.now()?;
        if let Some(interrupted) = interrupted(&target, &destination, ca, now)? {
            return Ok(interrupted);
        }
        let old = target;
        check_row(&old, ca)?;
        let terms = terms::terms(&old, ca.certificate(), wishes, ends)?;
        let key = Key::choose(&old, destination.folder(), wishes, env)?;
        let public_key = key.changed().map_or(&old.public_key[..], |key| key.public_key());
        let asked = Asked::renewal(&old, public_key);
        let approved = policy::approve(asked, &terms, ca.chain(), now)?;
        let occasion = Occasion::of_renewal(&old);
        let mut work = Work::Issue(Box::new(approved));
        if let (Work::Issue(approved), Some(pending)) =
            (&work, transaction::pending(ca, &occasion)?)
        {
            if recorder.is_still_meant(&pending, approved)? {
                work = Work::Deliver(pending);
            } else {
                env.warn(&format!(
                    "serial {} was renewed on {} on other terms, and the certificate did not arrive: \
                     `mailca show {} --pem` prints it",
                    old.serial,
                    pending.not_before.date(),
                    pending.serial
                ));
            }
        }
        Ok(Self { old, destination, key, occasion, work })
    }

    /// The certificate that is renewed.
    pub(super) fn old(&self) -> &Certificate {
        &self.old
    }

    /// The certificate folder that it goes to, where it is one.
    pub(super) fn folder(&self) -> Option<&CertificateFolder> {
        self.destination.folder()
    }

    /// Whether nothing would be won by it.
    pub(super) fn ends_no_later(&self) -> bool {
        match &self.work {
            Work::Issue(approved) => approved.not_after() <= self.old.not_after,
            Work::Deliver(_) | Work::Finish(_) => false,
        }
    }

    /// What the policy remarked.
    pub(super) fn remarks(&self) -> &[String] {
        match &self.work {
            Work::Issue(approved) => approved.remarks(),
            Work::Deliver(_) | Work::Finish(_) => &[],
        }
    }

    /// What will be done, in one line.
    pub(super) fn announcement(&self, now: OffsetDateTime) -> String {
        let title = self.old.title();
        let end = self.old.not_after.date();
        let ends = match (self.old.not_after - now).whole_days() {
            _ if self.old.not_after < now => {
                format!("ended on {end}, {} days ago", (now - self.old.not_after).whole_days())
            }
            days => format!("ends on {end}, in {days} days"),
        };
        match &self.work {
            Work::Issue(approved) => format!(
                "  {title}: {ends}; the new one is for {}, {}, until {}",
                approved.profile().description(),
                self.key.description(),
                approved.not_after().date()
            ),
            Work::Deliver(new) => format!(
                "  {title}: {ends}; it was renewed on {}, and the new one did not arrive",
                new.not_before.date()
            ),
            Work::Finish(new) => {
                format!(
                    "  {title}: it was renewed, until {}; the rest is done now",
                    new.not_after.date()
                )
            }
        }
    }

    /// Signs, records and delivers, and revokes the old one where that is wished. The CA's key is open.
    pub(super) fn carry_out(
        self,
        recorder: &mut Recorder<'_>,
        wishes: &Wishes,
        global: &Global,
        env: &mut Env,
    ) -> Result<Renewed> {
        let ca = recorder.ca;
        let new = match &self.work {
            Work::Issue(approved) => self.issue(approved, recorder, global, env)?,
            Work::Deliver(_) => {
                // Perhaps it is not recorded yet, as far as the one that was killed has got.
                let new = recorder.undelivered(&self.occasion, env)?;
                self.destination.check(Some(&new), global)?;
                new
            }
            Work::Finish(new) => {
                self.destination.check(Some(new), global)?;
                new.clone()
            }
        };
        let kept = self.destination.deliver(&new, &self.key, ca, wishes).map_err(|error| {
            error.hint(format!(
                "the certificate was issued; when this is mended, the same command delivers it, \
                 and `mailca show {} --pem` prints it",
                new.serial
            ))
        })?;
        say_kept(&kept, env);
        if let (Work::Finish(_), Some(folder)) = (&self.work, self.destination.folder()) {
            destination::remove_next_key(folder)?;
        }
        let delivered = !matches!(self.destination, Destination::Nowhere);
        let to_stdout = matches!(self.destination, Destination::Stdout);
        let revoked_old = delivered && wishes.revoke_old && revoke(&self.old, ca, env)?;
        Ok(Renewed {
            path: self.destination.path(),
            argument: self.destination.folder().map(CertificateFolder::argument),
            is_installed: self
                .destination
                .folder()
                .is_some_and(|folder| folder.path().join(installed::FILE).exists()),
            old: self.old,
            new,
            key: self.key.word(),
            delivered,
            to_stdout,
            revoked_old,
            occasion: self.occasion,
        })
    }

    fn issue(
        &self,
        approved: &Approved,
        recorder: &mut Recorder<'_>,
        global: &Global,
        env: &mut Env,
    ) -> Result<Certificate> {
        let ca = recorder.ca;
        self.destination.check(None, global)?;
        if let Some(folder) = self.destination.folder() {
            self.key.keep(folder)?;
        }
        recorder.record(
            &self.occasion,
            approved,
            true,
            || {
                self.destination.check_unchanged(&self.old)?;
                check_row(&self.old, ca)
            },
            env,
        )
    }
}

/// A certificate that was itself issued by a renewal and is not noted as arrived: where it lies in its
/// place, the command that brought it did not come to its end, and where it was named by its serial
/// number, it is to be fetched.
fn interrupted(
    found: &Certificate,
    destination: &Destination,
    ca: &CaFolder,
    now: OffsetDateTime,
) -> Result<Option<Renewal>> {
    let Some(occasion) = transaction::occasion_of(ca, found)? else { return Ok(None) };
    let old = renewed_on(&occasion, found, ca)?;
    let in_place = matches!(destination, Destination::Folder(_) | Destination::InPlace(_));
    // What was left behind long ago is no reason not to renew today.
    let is_over = in_place && now - found.not_before > Duration::DAY;
    match old {
        Some(old) if !is_over => Ok(Some(Renewal {
            old,
            destination: match destination {
                Destination::Folder(folder) => Destination::Folder(folder.clone()),
                Destination::InPlace(path) => Destination::InPlace(path.clone()),
                Destination::File(path) => Destination::File(path.clone()),
                Destination::Stdout => Destination::Stdout,
                Destination::Nowhere => Destination::Nowhere,
            },
            key: Key::Same,
            occasion,
            work: Work::Finish(found.clone()),
        })),
        _ => {
            if in_place {
                transaction::delivered(ca, &occasion)?;
            }
            Ok(None)
        }
    }
}

/// The certificate whose renewal this occasion is, among those with the same subject.
fn renewed_on(
    occasion: &Occasion,
    new: &Certificate,
    ca: &CaFolder,
) -> Result<Option<Certificate>> {
    let subject = new.subject.oneline();
    let mut serials = Vec::new();
    Index::of(ca.path()).rows(|row| {
        if new.subject.is_empty() || row.subject == subject.as_bytes() {
            serials.extend(row.serial());
        }
        Ok(ControlFlow::Continue(()))
    })?;
    for serial in serials.iter().rev() {
        if let Some(old) = ca.issued(serial)?.filter(|old| Occasion::of_renewal(old) == *occasion) {
            return Ok(Some(old));
        }
    }
    Ok(None)
}

/// The certificate must be in index.txt, and not revoked there.
fn check_row(old: &Certificate, ca: &CaFolder) -> Result<()> {
    let row = Index::of(ca.path()).find(&old.serial, |row| {
        let revoked = (row.status == b'R').then(|| row.revocation().map(|it| it.to_string()));
        (row.not_after(), revoked)
    })?;
    match row {
        Some((_, Some(revoked))) => Err(Error::refused(format!(
            "the certificate of {} was revoked {}",
            old.title(),
            revoked.unwrap_or_else(|| "at an unreadable date".to_owned())
        ))
        .hint("what was revoked is not renewed: make a new key and request with `mailca newreq`")),
        Some((not_after, None)) if not_after == Some(old.not_after) => Ok(()),
        _ => Err(Error::refused(format!(
            "{} has no line for the certificate of {} (serial {})",
            Index::of(ca.path()).path().display(),
            old.title(),
            old.serial
        ))
        .hint(
            "`mailca doctor --fix` takes in what the folders here have and index.txt lacks; \
             --certificate FILE names another file",
        )),
    }
}

/// Revokes the old one as superseded, unless it has ended or was revoked in the meantime.
fn revoke(old: &Certificate, ca: &CaFolder, env: &mut Env) -> Result<bool> {
    let now = env.now()?;
    if old.not_after < now {
        return Ok(false);
    }
    let mut transaction = recorder::begin(ca, env)?;
    recorder::say_all(&mut transaction, env);
    if ca.revocation(old)?.is_none() {
        let revocation = Revocation::new(now, Reason::Superseded);
        Index::of(ca.path()).revoke(&old.serial, &revocation)?;
    }
    Ok(true)
}
