//! Signing what was decided on, and recording it: the one way by which `sign`, `issue` and `renew` come
//! to a certificate.

use crate::cli::CaPassphrase;
use crate::commands::ca_key;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::issue;
use crate::pki::key::PrivateKey;
use crate::pki::policy::Approved;
use crate::pki::profile::Profile;
use crate::pki::verify::{self, Options, Purpose};
use crate::store::ca::CaFolder;
use crate::store::transaction::{self, Occasion, Transaction};

/// A CA, and its key once it is needed.
pub(super) struct Recorder<'a> {
    /// The CA.
    pub(super) ca: &'a CaFolder,
    passphrase: &'a CaPassphrase,
    key: Option<PrivateKey>,
}

impl<'a> Recorder<'a> {
    /// A recorder for this CA.
    pub(super) fn new(ca: &'a CaFolder, passphrase: &'a CaPassphrase) -> Self {
        Self { ca, passphrase, key: None }
    }

    /// Opens the CA's key, which may ask for its passphrase.
    pub(super) fn open_key(&mut self, env: &mut Env) -> Result<()> {
        if self.key.is_none() {
            self.key = Some(ca_key(self.ca, self.passphrase, env)?);
        }
        Ok(())
    }

    /// The CA's key, once it is open.
    pub(super) fn key(&self) -> Result<&PrivateKey> {
        self.key.as_ref().ok_or_else(|| Error::bug("the CA's key is not open"))
    }

    /// Signs and records. `reuse` takes a certificate of the same occasion that did not arrive, where it
    /// is still what is wanted. `check` looks again, under the lock, at what the decision rests on.
    pub(super) fn record(
        &mut self,
        occasion: &Occasion,
        approved: &Approved,
        reuse: bool,
        check: impl FnOnce() -> Result<()>,
        env: &mut Env,
    ) -> Result<Certificate> {
        self.open_key(env)?;
        let Some(key) = &self.key else { return Err(Error::bug("the CA's key is not open")) };
        let mut transaction = begin(self.ca, env)?;
        if reuse
            && let Some(certificate) = transaction.undelivered(occasion)?
            && self.is_still_meant(&certificate, approved)?
        {
            return Ok(certificate);
        }
        check()?;
        let issuer = self.ca.certificate();
        let recorded = transaction.record(
            occasion,
            || env.serial(),
            |serial| {
                let certificate = issue::issue(approved, issuer, key, serial)?;
                check_verifies(&certificate, self.ca, approved)?;
                Ok(certificate)
            },
        );
        say_all(&mut transaction, env);
        recorded.map_err(|error| error.hint("when this is mended, run the same command again"))
    }

    /// The certificate of an occasion that was recorded before and did not arrive.
    pub(super) fn undelivered(&self, occasion: &Occasion, env: &mut Env) -> Result<Certificate> {
        let mut transaction = begin(self.ca, env)?;
        say_all(&mut transaction, env);
        transaction
            .undelivered(occasion)?
            .ok_or_else(|| Error::refused("the certificate was delivered in the meantime"))
    }

    /// Whether a certificate that did not arrive is the one that is wanted now: the same terms and key,
    /// and not revoked since.
    pub(super) fn is_still_meant(
        &self,
        certificate: &Certificate,
        approved: &Approved,
    ) -> Result<bool> {
        let validity = approved.not_after() - approved.not_before();
        let same_end = certificate.not_after == approved.not_after();
        Ok(Profile::of(certificate) == Some(approved.profile())
            && certificate.public_key == approved.public_key()
            && certificate.alternative_names == approved.alternative_names()
            && (certificate.not_after - certificate.not_before == validity || same_end)
            && certificate.crl_url.as_deref() == approved.crl_url()
            && (approved.profile() != Profile::Ca
                || certificate.path_length == Some(approved.path_length().into()))
            && certificate.not_after > approved.not_before()
            && self.ca.revocation(certificate)?.is_none())
    }

    /// Notes that the certificate of an occasion has arrived.
    pub(super) fn delivered(&self, occasion: &Occasion) -> Result<()> {
        transaction::delivered(self.ca, occasion)
    }
}

/// Takes the CA's lock, and says what was mended on the way.
pub(super) fn begin<'a>(ca: &'a CaFolder, env: &mut Env) -> Result<Transaction<'a>> {
    let mut transaction = Transaction::begin(ca)?;
    say_all(&mut transaction, env);
    Ok(transaction)
}

/// Finishes what a killed command began to record, before a certificate is looked for: what is in no row yet is
/// found by nobody, and is valid once the next command has finished it.
pub(super) fn finish_interrupted(ca: &CaFolder, env: &mut Env) -> Result<()> {
    if transaction::is_any_unrecorded(ca)? {
        drop(begin(ca, env)?);
    }
    Ok(())
}

/// Says what was mended.
pub(super) fn say_all(transaction: &mut Transaction<'_>, env: &mut Env) {
    for remark in transaction.take_remarks() {
        env.warn(&remark);
    }
}

/// No certificate is recorded that would not verify. A chain without its root cannot be looked at
/// as a whole.
pub(super) fn check_verifies(
    certificate: &Certificate,
    ca: &CaFolder,
    approved: &Approved,
) -> Result<()> {
    let chain: Vec<_> = ca.chain().iter().map(|above| above.as_der().to_vec()).collect();
    if !ca.chain().last().is_some_and(Certificate::is_self_signed) {
        return Ok(());
    }
    let options = Options {
        roots: &chain[chain.len() - 1..],
        intermediates: &chain[..chain.len() - 1],
        crls: &[],
        at: approved.not_before(),
        purpose: match approved.profile() {
            Profile::Server => Some(Purpose::Server),
            Profile::User | Profile::Client => Some(Purpose::Client),
            Profile::Ca => None,
        },
        identity: None,
    };
    verify::verify(certificate.as_der(), &options)
        .map(|_| ())
        .map_err(|error| error.as_refused().at("the certificate would not verify"))
}
