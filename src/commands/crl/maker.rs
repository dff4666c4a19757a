//! Making a list and putting it into its places; `revoke --crl` does it too.

use crate::cli::{self, CaPassphrase};
use crate::commands::ca_key;
use crate::commands::crl::Report;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::crl::Crl;
use crate::pki::key::PrivateKey;
use crate::pki::serial::Serial;
use crate::store::ca::CaFolder;
use crate::store::config::Settings;
use crate::store::crl::{self, Dates, Destination, Issuer, List, Places, Standing};

/// What is to be done where a list is made only if that is needed.
pub enum Look {
    /// Nothing.
    Good(Report),
    /// The list is good, and is not everywhere.
    Lacking,
    /// A new list is needed, and why.
    Needed(String),
}

/// Makes the lists of a CA: one for its key, and one for every key that it had before and that signed
/// certificates which are still valid.
pub struct Maker<'a> {
    ca: &'a CaFolder,
    /// The present one is the first.
    issuers: Vec<Issuer>,
    places: Places,
    days: u32,
}

impl<'a> Maker<'a> {
    /// With the places and days of the CA's settings. Their relative paths begin at the CA's folder, so
    /// that it does not matter where the command is run.
    pub fn new(ca: &'a CaFolder, settings: &Settings) -> Self {
        let in_folder = |paths: &[std::path::PathBuf]| {
            paths.iter().map(|path| ca.path().join(path)).collect::<Vec<_>>()
        };
        let places = Places {
            der: false,
            files: in_folder(&settings.crl_publish),
            hash_dirs: in_folder(&settings.crl_hash_dir),
        };
        Self { ca, issuers: vec![Issuer::present(ca)], places, days: settings.crl_days() }
    }

    /// The same with what the command line says besides.
    pub fn wishing(mut self, args: &cli::Crl) -> Self {
        self.days = args.days.unwrap_or(self.days);
        self.places.der = args.der;
        self.places.files.extend(args.publish.iter().cloned());
        self.places.hash_dirs.extend(args.hash_dir.iter().cloned());
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
        for issuer in &self.issuers {
            if !issuer.certificate.may_sign_lists {
                return Err(Error::refused(format!(
                    "the certificate of {} does not allow its key to sign revocation lists",
                    issuer.certificate.title()
                ))
                .hint("it needs the key usage cRLSign, or none at all (RFC 5280 4.2.1.3)"));
            }
            for place in self.places.of(issuer, self.ca)? {
                place.check(issuer, self.ca)?;
            }
        }
        Ok(())
    }

    /// The keys of the issuers, in their order. It may ask for a passphrase, so no lock may be held.
    pub fn open_keys(&self, passphrase: &CaPassphrase, env: &mut Env) -> Result<Vec<PrivateKey>> {
        Ok(vec![ca_key(self.ca, passphrase, env)?])
    }

    /// Looks whether a list is needed, or lacks somewhere. Changes nothing, and needs no lock.
    pub fn look(&self, env: &Env) -> Result<Look> {
        let lists = match self.good_lists(env)? {
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
        let Ok(lists) = self.good_lists(env)? else { return Ok(None) };
        self.check()?;
        let mut report = self.report(&lists, false);
        for (place, list) in self.lacking(&lists)? {
            report.note(&place, place.put(list));
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
        let mut seen = None;
        let mut before = Vec::new();
        for issuer in &self.issuers {
            for place in self.places.of(issuer, self.ca)? {
                seen = seen.max(place.check(issuer, self.ca)?);
            }
            let own = Destination::own(issuer, self.ca).current(issuer);
            seen = seen.max(own.as_ref().and_then(|crl: &Crl| crl.number.clone()));
            before.push(own);
        }
        let entries = crl::entries(self.ca)?;
        let number = crl::take_number(self.ca, seen.as_ref())?;
        let mut lists = Vec::new();
        for ((issuer, key), before) in self.issuers.iter().zip(keys).zip(before) {
            let dates = Dates::new(now, self.days, before.as_ref());
            lists.push(crl::make(&issuer.certificate, key, &entries, &number, dates)?);
        }
        if lists.len() != self.issuers.len() {
            return Err(Error::bug("a key of the CA was not opened"));
        }
        let mut report = self.report(&lists, true);
        for (issuer, list) in self.issuers.iter().zip(&lists) {
            for place in self.places.of(issuer, self.ca)? {
                let put = place.put(list);
                if place.is_own() {
                    put?;
                } else {
                    report.note(&place, put);
                }
            }
        }
        Ok(report)
    }

    /// The lists in the CA's folder, or why new ones are needed.
    fn good_lists(&self, env: &Env) -> Result<std::result::Result<Vec<List>, String>> {
        let now = env.now()?;
        let revoked = crl::count_revoked(self.ca)?;
        let mut lists = Vec::new();
        for issuer in &self.issuers {
            let own = Destination::own(issuer, self.ca);
            match crl::standing(&own.path, &issuer.certificate, revoked, now) {
                Standing::Good(list) => lists.push(list),
                Standing::Needed(why) => return Ok(Err(why)),
            }
        }
        Ok(Ok(lists))
    }

    /// The places that have another list than they should.
    fn lacking<'l>(&self, lists: &'l [List]) -> Result<Vec<(Destination, &'l List)>> {
        let mut found = Vec::new();
        for (issuer, list) in self.issuers.iter().zip(lists) {
            let own = Destination::own(issuer, self.ca);
            let places = self.places.of(issuer, self.ca)?.into_iter();
            let lacking = places.filter(|place| *place != own && place.lacks(list));
            found.extend(lacking.map(|place| (place, list)));
        }
        Ok(found)
    }

    fn report(&self, lists: &[List], made: bool) -> Report {
        let own = Destination::own(&self.issuers[0], self.ca);
        Report::new(own.path, &lists[0].crl, made)
    }
}
