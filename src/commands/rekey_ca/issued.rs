//! What the CA has issued, as far as a new certificate of its own can break it.

use std::ops::ControlFlow;

use time::OffsetDateTime;

use crate::error::{Error, Result};
use crate::pki::asn1_time;
use crate::pki::bundle::Bundle;
use crate::pki::certificate::Certificate;
use crate::pki::name::Oneline;
use crate::pki::serial::Serial;
use crate::pki::verify::{self, Options};
use crate::store::ca::CaFolder;
use crate::store::index::{Index, State};

/// How many are named in a message.
const NAMED: usize = 10;
/// How many are tried to find one that verifies.
const TRIED: usize = 50;

/// Calls `visit` with every certificate that is neither expired nor one of the CA's own, as index.txt
/// says it. `None` where newcerts/ does not have it.
fn visit(
    ca: &CaFolder,
    now: OffsetDateTime,
    mut visit: impl FnMut(&Serial, Option<Certificate>) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let own = Oneline::parse(ca.certificate().subject.oneline().as_bytes());
    let now = asn1_time::ordinal_of(now);
    Index::of(ca.path()).rows(|row| {
        let Some(serial) = row.serial() else { return Ok(ControlFlow::Continue(())) };
        if row.state(now) != Some(State::Valid) || row.subject() == own {
            return Ok(ControlFlow::Continue(()));
        }
        visit(&serial, ca.issued(&serial)?)
    })
}

/// Certificates that have something in common, for a message.
#[derive(Debug, Default)]
pub(super) struct Found {
    count: usize,
    named: Vec<String>,
    /// How many could not be looked at.
    pub(super) unseen: usize,
}

impl Found {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The first ten, and how many more.
    pub(super) fn names(&self) -> String {
        let names = self.named.join(", ");
        match self.count - self.named.len() {
            0 => names,
            more => format!("{names} and {more} more"),
        }
    }
}

/// The valid certificates for which `has` says so.
pub(super) fn those(
    ca: &CaFolder,
    now: OffsetDateTime,
    has: impl Fn(&Certificate) -> bool,
) -> Result<Found> {
    let mut found = Found::default();
    visit(ca, now, |serial, certificate| {
        match certificate {
            Some(certificate) if has(&certificate) => {
                found.count += 1;
                if found.named.len() < NAMED {
                    found.named.push(format!("{} ({serial})", certificate.title()));
                }
            }
            Some(_) => {}
            None => found.unseen += 1,
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

/// Those whose authority key identifier names a serial number of the CA's certificate, as openssl writes
/// it with `issuer:always`.
pub(super) fn naming_serial(ca: &CaFolder, now: OffsetDateTime) -> Result<Found> {
    let serial = &ca.certificate().serial;
    those(ca, now, |certificate| certificate.authority_serial.as_ref() == Some(serial))
}

/// Refuses certificates of the CA under which what verifies now would verify no more.
pub(super) fn check_verifies(ca: &CaFolder, new: &Bundle, now: OffsetDateTime) -> Result<()> {
    let mut tried = 0;
    let mut broken = None;
    visit(ca, now, |serial, certificate| {
        let Some(certificate) = certificate else { return Ok(ControlFlow::Continue(())) };
        tried += 1;
        if verifies(&certificate, ca.bundle(), ca.bundle().chain().last(), now).is_ok() {
            let root = new.chain().last();
            broken = verifies(&certificate, new, root, now)
                .err()
                .map(|error| (certificate.title(), serial.clone(), error));
            return Ok(ControlFlow::Break(()));
        }
        Ok(if tried < TRIED { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    match broken {
        Some((title, serial, error)) => Err(error.as_refused().at(format!(
            "the certificate of {title} (serial {serial}), which verifies now, would not any more"
        ))),
        None => Ok(()),
    }
}

/// Verifies with one trusted root alone.
fn verifies(
    certificate: &Certificate,
    bundle: &Bundle,
    root: Option<&Certificate>,
    now: OffsetDateTime,
) -> Result<()> {
    let der = |one: &Certificate| one.as_der().to_vec();
    let options = Options {
        roots: &root.map(der).into_iter().collect::<Vec<_>>(),
        intermediates: &bundle.all().map(der).collect::<Vec<_>>(),
        crls: &[],
        at: now,
        purpose: None,
        identity: None,
    };
    verify::verify(certificate.as_der(), &options).map(|_| ())
}

/// Refuses a command unless it is forced, for certificates that would break.
pub(super) fn unless_forced(found: &Found, force: bool, message: &str) -> Result<()> {
    if found.count() == 0 || force {
        return Ok(());
    }
    Err(Error::refused(format!("{message}: {}", found.names())))
}
