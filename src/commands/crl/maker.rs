//! Making a list and putting it into its places; `revoke --crl` does it too.

use std::path::PathBuf;

use crate::cli::{self, CaPassphrase};
use crate::commands::crl::Report;
use crate::commands::install;
use crate::commands::{OpenedKey, open_ca_key, passphrase_of};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::crl::Crl;
use crate::pki::key::PrivateKey;
use crate::pki::serial::Serial;
use crate::store::ca::CaFolder;
use crate::store::config::Settings;
use crate::store::crl::{self, Dates, Destination, Issuer, List, Places, Standing};
use crate::store::previous::Previous;

mod knowledge;

/// What is to be done where a list is made only if that is needed.
pub enum Look {
    /// Nothing.
    Good(Report),
    /// The list is good, and is not everywhere.
    Lacking,
    /// A new list is needed, and why.
    Needed(String),
    /// index.txt is behind a list that was published, as after a restore: a new list would let revoked
    /// certificates in again, and none is made. How it is seen.
    Behind(String),
}

/// Makes the lists of a CA: one for its key, and one for every key that it had before and that signed
/// certificates which are still valid.
pub struct Maker<'a> {
    ca: &'a CaFolder,
    /// The present one is the first.
    issuers: Vec<Issuer>,
    /// The keys of the others.
    older: Vec<Previous>,
    /// Those of the settings. That one of them is gone must not keep the others waiting.
    configured: Places,
    /// All of them.
    places: Places,
    /// Files that are looked at and not written: where servers have their copies.
    installed: Vec<PathBuf>,
    days: u32,
}

impl<'a> Maker<'a> {
    /// With the places and days of the CA's settings. Their relative paths begin at the CA's folder, so
    /// that it does not matter where the command is run.
    pub fn new(ca: &'a CaFolder, settings: &Settings, env: &mut Env) -> Result<Self> {
        let in_folder = |paths: &[std::path::PathBuf]| {
            paths.iter().map(|path| ca.path().join(path)).collect::<Vec<_>>()
        };
        let places = Places {
            der: false,
            for_ca_pl: false,
            files: in_folder(&settings.crl_publish),
            hash_dirs: in_folder(&settings.crl_hash_dir),
        };
        let mut older = Previous::active(ca, env.now()?)?;
        older.retain(|one| {
            // The present key's list must not wait for it.
            let there = one.key_path().exists();
            if !there {
                env.warn(&format!(
                    "{} is missing: no list is made for the certificates of that key, the last of which \
                     ends on {}",
                    one.key_path().display(),
                    one.until.date()
                ));
            }
            there
        });
        let mut issuers = vec![Issuer::present(ca)];
        for one in &older {
            issuers.push(Issuer::previous(one.certificate.clone())?);
        }
        let configured = places.clone();
        let days = settings.crl_days();
        Ok(Self { ca, issuers, older, configured, places, installed: Vec::new(), days })
    }

    /// The same with what the command line says besides.
    pub fn wishing(mut self, args: &cli::Crl) -> Self {
        self.days = args.days.unwrap_or(self.days);
        self.places.der = args.der;
        self.places.files.extend(args.publish.iter().cloned());
        self.places.hash_dirs.extend(args.hash_dir.iter().cloned());
        self
    }

    /// The same with what servers have: a list there may know of more than this folder, after a backup was restored.
    pub fn beside(mut self, global: &cli::Global) -> Self {
        self.installed = install::installed_lists(global);
        self
    }

    /// Whether a server has a list.
    pub fn is_installed(&self) -> bool {
        !self.installed.is_empty()
    }

    /// The same where CA.pl puts it too.
    pub fn also_for_ca_pl(mut self) -> Self {
        self.places.for_ca_pl = true;
        self
    }

    /// Whether the present list in the CA's folder names this certificate.
    pub fn lists(&self, serial: &Serial) -> bool {
        let own = Destination::own(&self.issuers[0], self.ca).current(&self.issuers[0]);
        let entries = own.and_then(|crl| crl.entries().ok()).unwrap_or_default();
        entries.iter().any(|(listed, _)| listed == serial)
    }

    /// Refuses where a list could not be put into one of the places, or nobody would accept it: servers
    /// that find such a list let nobody in.
    pub fn check(&self) -> Result<()> {
        self.check_restored()?;
        for issuer in &self.issuers {
            if !issuer.certificate.may_sign_crls {
                let error = Error::refused(format!(
                    "the certificate of {} does not allow its key to sign revocation lists",
                    issuer.certificate.title()
                ));
                let is_own = issuer.certificate.as_der() == self.ca.certificate().as_der();
                let error = if is_own && issuer.certificate.is_self_signed() {
                    error.hint("`mailca rekey-ca --same-key` makes a certificate that does")
                } else {
                    error
                };
                return Err(
                    error.hint("it needs the key usage cRLSign, or none at all (RFC 5280 4.2.1.3)")
                );
            }
            for place in self.places.of(issuer, self.ca)? {
                if !self.may_fail(&place, issuer)? {
                    place.check(issuer, self.ca)?;
                }
            }
        }
        Ok(())
    }

    /// Whether the lists are made although this place cannot take them: it was named in the settings, and
    /// servers elsewhere would otherwise be left with a list that goes out of date.
    fn may_fail(&self, place: &Destination, issuer: &Issuer) -> Result<bool> {
        Ok(!place.is_own() && self.configured.of(issuer, self.ca)?.contains(place))
    }

    /// The keys of the issuers, in their order. It may ask for a passphrase, so no lock may be held.
    pub fn open_keys(&self, passphrase: &CaPassphrase, env: &mut Env) -> Result<Vec<PrivateKey>> {
        let own = open_ca_key(self.ca, passphrase, env)?;
        self.open_others(own, passphrase, env)
    }

    /// The same where the present key is open. The others mostly have its passphrase.
    pub fn open_others(
        &self,
        own: OpenedKey,
        passphrase: &CaPassphrase,
        env: &mut Env,
    ) -> Result<Vec<PrivateKey>> {
        let mut keys = vec![own.key];
        for one in &self.older {
            let known =
                own.passphrase.as_ref().and_then(|known| one.key(|_| Ok(known.clone())).ok());
            keys.push(match known {
                Some(key) => key,
                None => one.key(|path| passphrase_of(path, passphrase, env))?,
            });
        }
        Ok(keys)
    }

    /// Says where the lists of older keys are, which not every server finds by itself.
    pub fn say_where_older(&self, env: &mut Env) {
        for (issuer, one) in self.issuers[1..].iter().zip(&self.older) {
            env.say(&format!(
                "{} is that of the CA's older key, which signs one until {}; PEM files hold both",
                Destination::own(issuer, self.ca).path.display(),
                one.until.date()
            ));
        }
        if !self.older.is_empty() && self.places.hash_dirs.is_empty() {
            env.say(
                "Sendmail reads the first list of a file only: it needs them in a folder (--hash-dir, \
                 CRLPath)",
            );
        }
    }

    /// Looks whether a list is needed, or lacks somewhere. Changes nothing, and needs no lock.
    pub fn look(&self, env: &Env) -> Result<Look> {
        self.look_at(crl::count_revoked(self.ca)?, env)
    }

    /// The same where the number of revoked rows is known.
    pub fn look_at(&self, revoked: usize, env: &Env) -> Result<Look> {
        if let Some(how) = self.behind(revoked)? {
            return Ok(Look::Behind(how));
        }
        let lists = match self.good_lists(revoked, env)? {
            Ok(lists) => lists,
            Err(why) => return Ok(Look::Needed(why)),
        };
        if self.lacking(&lists)?.is_empty() {
            return Ok(Look::Good(self.report(&lists, false)));
        }
        Ok(Look::Lacking)
    }

    /// Puts the lists that are there into the places that lack them; `None` where new ones are needed.
    /// The caller holds the lock.
    pub fn publish_again(&self, env: &Env) -> Result<Option<Report>> {
        let revoked = crl::count_revoked(self.ca)?;
        if self.behind(revoked)?.is_some() {
            return Ok(None);
        }
        let Ok(lists) = self.good_lists(revoked, env)? else { return Ok(None) };
        self.check()?;
        let mut report = self.report(&lists, false);
        for (place, list, issuer) in self.lacking(&lists)? {
            let checked = place.check(issuer, self.ca).map(|_| ());
            report.note(&place, checked.and_then(|()| place.put(list)));
        }
        Ok(Some(report))
    }

    /// Makes new lists and puts them everywhere. Where that fails in one place outside the CA's folder,
    /// the others still get theirs. The caller holds the lock.
    pub fn make(&self, keys: &[PrivateKey], env: &mut Env) -> Result<Report> {
        let now = env.now()?;
        let issuer = self.ca.certificate();
        if issuer.not_after < now {
            env.warn(&format!(
                "the CA's certificate ended on {}: nobody follows its list any more",
                issuer.not_after.date()
            ));
        }
        let entries = crl::entries(self.ca)?;
        let mut seen = None;
        let mut before = Vec::new();
        let mut failed = Vec::new();
        for issuer in &self.issuers {
            for place in self.places.of(issuer, self.ca)? {
                match place.check(issuer, self.ca) {
                    Ok(number) => seen = seen.max(number),
                    Err(error) if self.may_fail(&place, issuer)? => failed.push((place, error)),
                    Err(error) => return Err(error),
                }
            }
            self.check_keeps_all(&entries, issuer)?;
            let own = Destination::own(issuer, self.ca).current(issuer);
            seen = seen.max(own.as_ref().and_then(|crl: &Crl| crl.number.clone()));
            before.push(own);
        }
        let number = crl::take_number(self.ca, seen.as_ref())?;
        let mut lists = Vec::new();
        for ((issuer, key), before) in self.issuers.iter().zip(keys).zip(before) {
            let dates = Dates::new(now, self.days, before.as_ref());
            lists.push(crl::make(&issuer.certificate, key, &entries, &number, dates)?);
        }
        crl::join(&mut lists);
        if lists.len() != self.issuers.len() {
            return Err(Error::bug("a key of the CA was not opened"));
        }
        let mut report = self.report(&lists, true);
        for (issuer, list) in self.issuers.iter().zip(&lists) {
            for place in self.places.of(issuer, self.ca)? {
                if failed.iter().any(|(failing, _)| *failing == place) {
                    continue;
                }
                let put = place.put(list);
                if place.is_own() {
                    put?;
                } else {
                    report.note(&place, put);
                }
            }
        }
        for (place, error) in failed {
            report.note(&place, Err(error));
        }
        Ok(report)
    }

    /// The lists in the CA's folder, or why new ones are needed.
    fn good_lists(
        &self,
        revoked: usize,
        env: &Env,
    ) -> Result<std::result::Result<Vec<List>, String>> {
        let now = env.now()?;
        let mut lists = Vec::new();
        for issuer in &self.issuers {
            let own = Destination::own(issuer, self.ca);
            match crl::standing(&own.path, &issuer.certificate, revoked, now) {
                Standing::Good(list) => lists.push(list),
                Standing::Needed(why) => return Ok(Err(why)),
            }
        }
        crl::join(&mut lists);
        Ok(Ok(lists))
    }

    /// The places that have another list than they should.
    fn lacking<'l>(
        &'l self,
        lists: &'l [List],
    ) -> Result<Vec<(Destination, &'l List, &'l Issuer)>> {
        let mut found = Vec::new();
        for (issuer, list) in self.issuers.iter().zip(lists) {
            let own = Destination::own(issuer, self.ca);
            let places = self.places.of(issuer, self.ca)?.into_iter();
            let lacking = places.filter(|place| *place != own && place.lacks(list));
            found.extend(lacking.map(|place| (place, list, issuer)));
        }
        Ok(found)
    }

    fn report(&self, lists: &[List], made: bool) -> Report {
        let own = Destination::own(&self.issuers[0], self.ca);
        Report::new(own.path, &lists[0].crl, made)
    }
}
