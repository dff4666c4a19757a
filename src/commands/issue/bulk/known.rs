//! What the CA knows of the persons of a list already: one pass over index.txt, however many they are.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use time::OffsetDateTime;

use super::person::Person;
use crate::error::Result;
use crate::pki::asn1_time;
use crate::pki::certificate::Certificate;
use crate::pki::profile::Profile;
use crate::pki::serial::Serial;
use crate::store::ca::CaFolder;
use crate::store::index::{Index, State};

/// Certificates of the persons of a list.
pub struct Known {
    valid: HashMap<String, Vec<Serial>>,
    /// Valid certificates by their common name in small letters, whatever they are for.
    named: HashMap<String, Vec<Serial>>,
    revoked: HashSet<Serial>,
}

impl Known {
    /// Reads index.txt and the CA's revocation list.
    pub fn read(ca: &CaFolder, persons: &[Person], now: OffsetDateTime) -> Result<Self> {
        let logins: HashSet<_> = persons.iter().map(|person| person.login.as_str()).collect();
        let small: HashSet<_> = persons.iter().map(|person| person.login.to_lowercase()).collect();
        let mut named: HashMap<String, Vec<Serial>> = HashMap::new();
        let listed = ca.listed_revocations()?.into_iter();
        let mut revoked: HashSet<_> = listed.map(|(serial, _)| serial).collect();
        let mut valid: HashMap<String, Vec<Serial>> = HashMap::new();
        let now = asn1_time::ordinal_of(now);
        Index::of(ca.path()).rows(|row| {
            let state = row.state(now);
            let login = match state {
                Some(State::Valid | State::Revoked) => row.subject().common_name(),
                _ => None,
            };
            let Some(login) = login else { return Ok(ControlFlow::Continue(())) };
            let name = login.to_lowercase();
            if state == Some(State::Valid)
                && small.contains(&name)
                && let Some(serial) = row.serial()
            {
                named.entry(name).or_default().push(serial);
            }
            if logins.contains(login.as_str())
                && let Some(serial) = row.serial()
            {
                if state == Some(State::Revoked) {
                    revoked.insert(serial);
                } else {
                    valid.entry(login).or_default().push(serial);
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Self { valid, named, revoked })
    }

    /// Whether a certificate of one of these persons was revoked.
    pub fn is_revoked(&self, certificate: &Certificate) -> bool {
        self.revoked.contains(&certificate.serial)
    }

    /// The valid certificates of this name in any letter case, of other profiles too.
    pub fn namesakes(&self, login: &str) -> impl Iterator<Item = &Serial> {
        let found = self.named.get(&login.to_lowercase());
        found.into_iter().flatten().filter(|serial| !self.revoked.contains(*serial))
    }

    /// The certificates with which somebody can be told to be this person now.
    pub fn valid(&self, login: &str, ca: &CaFolder) -> Result<Vec<Certificate>> {
        let mut found = Vec::new();
        for serial in self.valid.get(login).into_iter().flatten() {
            // One that is not in newcerts/ any more says neither whose it is nor what for.
            if let Some(certificate) = ca.issued(serial)?
                && Profile::of(&certificate) == Some(Profile::User)
                && !self.is_revoked(&certificate)
            {
                found.push(certificate);
            }
        }
        Ok(found)
    }
}
