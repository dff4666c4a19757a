//! `mailca tlsa --check`: what the running server presents, against the records.

use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::Named;
use crate::cli::Tlsa;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::net::probe::{self, Presented, ProbeOptions};
use crate::net::target::Target;
use crate::pki::certificate::Certificate;
use crate::pki::identity::Identity;
use crate::pki::printable::printable;
use crate::pki::tlsa::{Record, Usage};
use crate::pki::verify::{Options, Purpose, verify};
use crate::render;

/// What the records are made from.
pub(super) struct Known<'a> {
    pub(super) host: &'a str,
    pub(super) records: &'a [Named],
    /// The host's certificate.
    pub(super) certificate: &'a Certificate,
    /// The CA certificates that are here: an intermediate's record needs the root above it.
    pub(super) authorities: &'a [Certificate],
}

/// What one server presented, judged.
pub(super) struct Live {
    target: Target,
    presented: Presented,
    /// What could be read of its chain.
    chain: Vec<Certificate>,
    /// For each record whether it lets this server in.
    fits: Vec<bool>,
    warnings: Vec<String>,
}

/// Connects to each of the targets in turn.
pub(super) fn look(
    targets: &[Target],
    args: &Tlsa,
    known: &Known<'_>,
    env: &Env,
) -> Result<Vec<Live>> {
    let options = ProbeOptions {
        timeout: Duration::from_secs(args.timeout),
        server_name: None,
        client: None,
        connect: args.connect,
    };
    let now = env.now()?;
    let one = |target: &Target| {
        let presented = probe::presented(target, &options)?;
        Ok(judge(target.clone(), presented, known, now))
    };
    targets.iter().map(one).collect()
}

fn judge(target: Target, presented: Presented, known: &Known<'_>, now: OffsetDateTime) -> Live {
    let read: Vec<_> = presented.chain.iter().map(|der| Certificate::from_der(der).ok()).collect();
    let own = read.first().and_then(Option::as_ref);
    let mut wrong = None;
    // Whoever shows a certificate and fails to show its key is nobody.
    let is_somebody = presented.is_key_proven;
    let mut fits = |named: &Named| {
        let Some(own) = own.filter(|_| is_somebody) else { return false };
        let has_key =
            |one: &&Certificate| Record::new(named.record.usage, &one.public_key) == named.record;
        if named.record.usage == Usage::EndEntity {
            return has_key(&own);
        }
        let Some(anchor) = read.iter().skip(1).flatten().find(has_key) else { return false };
        match anchored(own, anchor, &presented, known, now) {
            Ok(()) => true,
            Err(error) => {
                wrong.get_or_insert(error);
                false
            }
        }
    };
    let fits: Vec<bool> = known.records.iter().map(&mut fits).collect();
    let mut warnings = presented.notes.clone();
    if is_somebody {
        warnings.extend(anchor_warning(&fits, wrong.as_ref(), known));
        warnings.extend(key_warning(&fits, own, known));
    }
    let chain = read.into_iter().flatten().collect();
    Live { target, presented, chain, fits, warnings }
}

/// Whether there are records of this usage, and whether one of them fits.
fn fits_any(fits: &[bool], usage: Usage, known: &Known<'_>) -> Option<bool> {
    let of_usage = known.records.iter().zip(fits).filter(|(one, _)| one.record.usage == usage);
    of_usage.map(|(_, fits)| *fits).reduce(|one, other| one || other)
}

fn anchor_warning(fits: &[bool], wrong: Option<&Error>, known: &Known<'_>) -> Option<String> {
    if fits_any(fits, Usage::TrustAnchor, known)? {
        return None;
    }
    Some(match wrong {
        Some(error) => format!("2 1 1 does not work here: {error}"),
        None => {
            "2 1 1 does not work here: the CA's certificate is not in the chain that the server \
                 presents; put cacert.pem behind cert.pem in the file that it sends"
                .into()
        }
    })
}

fn key_warning(fits: &[bool], own: Option<&Certificate>, known: &Known<'_>) -> Option<String> {
    let Some(own) = own else { return Some("the server's certificate cannot be read".into()) };
    if fits_any(fits, Usage::EndEntity, known) != Some(true) {
        return Some(format!(
            "3 1 1 does not work here: the server presents another key, with a certificate of {} with \
             the serial number {}",
            printable(&own.title()),
            own.serial
        ));
    }
    let is_other = own.public_key == known.certificate.public_key
        && own.as_der() != known.certificate.as_der();
    is_other.then(|| {
        "the server presents another certificate for this key than cert.pem; after a renewal it has to \
         be reloaded"
            .into()
    })
}

/// Whether the server's certificate verifies up to this anchor (RFC 7671 5.2: names and dates count).
fn anchored(
    own: &Certificate,
    anchor: &Certificate,
    presented: &Presented,
    known: &Known<'_>,
    now: OffsetDateTime,
) -> Result<()> {
    let roots: Vec<_> =
        std::iter::once(anchor).chain(known.authorities).map(|one| one.as_der().to_vec()).collect();
    let options = Options {
        roots: &roots,
        intermediates: presented.chain.get(1..).unwrap_or_default(),
        crls: &[],
        at: now,
        purpose: Some(Purpose::Server),
        identity: Some(Identity::host(known.host)?),
    };
    let path = verify(own.as_der(), &options)?;
    let is_on_it = |der: &Vec<u8>| {
        Certificate::from_der(der).is_ok_and(|one| one.public_key == anchor.public_key)
    };
    if path.certificates.iter().skip(1).any(is_on_it) {
        return Ok(());
    }
    Err(Error::verdict("the certificate of the server was not signed by the CA that it presents"))
}

impl Live {
    fn fitting<'a>(&'a self, known: &'a Known<'_>) -> impl Iterator<Item = &'a Named> {
        known.records.iter().zip(&self.fits).filter(|(_, fits)| **fits).map(|(named, _)| named)
    }

    /// Says what was found, for a person.
    pub(super) fn tell(&self, known: &Known<'_>, env: &mut Env) {
        let place = self.target.place().to_string();
        for warning in &self.warnings {
            env.warn(&format!("{place}: {warning}"));
        }
        for named in self.fitting(known) {
            let version = self.presented.version.unwrap_or("TLS");
            env.say(&format!("{place}: {} fits ({version}): {}", named.record, named.comment));
        }
    }

    /// The same for a program.
    pub(super) fn document(&self, known: &Known<'_>) -> Value {
        json!({
            "port": self.target.port,
            "service": self.target.service.name(),
            "address": self.presented.address.to_string(),
            "tls_version": self.presented.version,
            "cipher_suite": self.presented.cipher_suite,
            "key_proven": self.presented.is_key_proven,
            "chain": self.chain.iter().map(render::certificate::summary).collect::<Vec<_>>(),
            "matches": self.fitting(known).map(|named| named.key).collect::<Vec<_>>(),
            "warnings": self.warnings,
        })
    }

    /// The verdict: a server that no record lets in gets no mail from whoever looks at them.
    pub(super) fn verdict(&self) -> Result<()> {
        if self.fits.contains(&true) {
            return Ok(());
        }
        let what = if self.presented.is_key_proven {
            "the server presents a key that is in none of the records"
        } else {
            "the server has not shown that it has the key of its certificate"
        };
        Err(Error::verdict(what)
            .at(self.target.place())
            .hint("publish the records only when it presents the certificate in the folder"))
    }
}
