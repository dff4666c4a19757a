//! The revocation lists of this CA that can be found, and what is wrong with the current one.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use fs_err as fs;
use time::OffsetDateTime;

use crate::error::{Error, Result};
use crate::pki::crl::Crl;
use crate::pki::revocation::Revocation;
use crate::pki::serial::Serial;
use crate::store::crl;
use crate::store::doctor::issuers::Issuers;
use crate::store::doctor::lines::key_of_serial;
use crate::store::doctor::{Finding, Scene};
use crate::store::{input, layout};

/// Serial numbers, by their key, and since when and why they are revoked.
pub(super) type Revoked = HashMap<u64, (Serial, Revocation)>;

/// What is known from published lists. Only lists whose signature verifies with a key of this CA count.
#[derive(Debug, Default)]
pub(super) struct Published {
    /// The highest number of any list.
    pub(super) highest: Option<Serial>,
    /// What any list revokes, as the newest of those that do says it: nothing that was revoked is valid again,
    /// and a newer list that lacks it was made after an old backup was restored.
    pub(super) revoked: Revoked,
    /// What crl.pem revokes, where that is sound and not the only list.
    own: Option<Revoked>,
    /// Whether crl.pem is there and sound.
    pub(super) is_current: bool,
}

impl Published {
    /// Whether the newest list that was found is the last one that was made, by the number of the next.
    pub(super) fn is_last(&self, next: Option<&Serial>) -> bool {
        let is_behind = |highest: &Serial| next.is_none_or(|next| *next <= highest.successor());
        self.highest.as_ref().is_some_and(is_behind)
    }

    /// Reads every list that is found: crl.pem, crl.der, those of former keys, the places of mailca.toml,
    /// and the files that were named.
    pub(super) fn read(scene: &Scene<'_>, findings: &mut Vec<Finding>) -> Result<Self> {
        let issuers = Issuers::of(scene.ca)?;
        let folder = scene.ca.path();
        let own = own_list(scene, &issuers, findings)?;
        let mut newest = own.clone().map(|crl| (crl, true));
        let mut older: Vec<Crl> = Vec::new();
        let mut highest = own.as_ref().and_then(|crl| crl.number.clone());
        let mut places = vec![folder.join(layout::CRL_DER.name)];
        places.extend(files_in(&folder.join(layout::PREVIOUS), |name| name.ends_with(".crl.pem")));
        places.extend(scene.installed.iter().cloned());
        // Relative ones begin at the CA's folder.
        places.extend(scene.settings.crl_publish.iter().map(|place| folder.join(place)));
        let hash = scene.ca.certificate().subject.openssl_hash()?;
        for place in &scene.settings.crl_hash_dir {
            places.extend(files_in(&folder.join(place), |name| {
                name.starts_with(&format!("{hash}.r"))
            }));
        }
        let given = scene.crls.iter().map(|path| (path, true));
        for (path, is_named) in places.iter().map(|path| (path, false)).chain(given) {
            let lists = match lists_in(path) {
                Ok(lists) => lists,
                Err(error) if is_named => return Err(error),
                // A place of which nothing can be learned; `mailca crl` writes it anew.
                Err(_) => continue,
            };
            let mut any = false;
            for crl in lists.into_iter().filter(|crl| issuers.signed(crl)) {
                any = true;
                highest = highest.max(crl.number.clone());
                if newest.as_ref().is_none_or(|(known, _)| age(known) < age(&crl)) {
                    older.extend(newest.replace((crl, false)).map(|(before, _)| before));
                } else if newest.as_ref().is_some_and(|(known, _)| known.as_der() != crl.as_der()) {
                    older.push(crl);
                }
            }
            if is_named && !any {
                return Err(Error::refused(format!(
                    "{} is not a revocation list of {}",
                    path.display(),
                    scene.ca.certificate().title()
                )));
            }
        }
        older.sort_by(|one, other| age(one).cmp(&age(other)));
        let mut revoked = Revoked::new();
        for list in older.iter().chain(newest.as_ref().map(|(crl, _)| crl)) {
            revoked.extend(entries(list)?);
        }
        let is_own = newest.is_some_and(|(_, is_own)| is_own);
        let differs = !is_own || !older.is_empty();
        let own_entries = own.as_ref().filter(|_| differs).map(entries).transpose()?;
        Ok(Self { highest, revoked, own: own_entries, is_current: own.is_some() })
    }

    /// Whether crl.pem revokes this one.
    pub(super) fn current_has(&self, serial: u64) -> bool {
        self.own.as_ref().unwrap_or(&self.revoked).contains_key(&serial)
    }
}

fn age(crl: &Crl) -> (Option<&Serial>, OffsetDateTime) {
    (crl.number.as_ref(), crl.this_update)
}

fn entries(crl: &Crl) -> Result<Revoked> {
    let keyed = |(serial, revocation): (Serial, Revocation)| {
        (key_of_serial(serial.to_string().as_bytes()), (serial, revocation))
    };
    Ok(crl.entries()?.into_iter().map(keyed).collect())
}

fn lists_in(path: &Path) -> Result<Vec<Crl>> {
    Crl::all_from_file_content(&input::read_plain(path)?).map_err(|error| error.at(path.display()))
}

fn files_in(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(&wanted))
        .collect();
    found.sort();
    found
}

/// The list in crl.pem, or where CA.pl has it if it is there only, where it is sound; says so where it is
/// not.
fn own_list(
    scene: &Scene<'_>,
    issuers: &Issuers,
    findings: &mut Vec<Finding>,
) -> Result<Option<Crl>> {
    let path = crl::path_of_own(scene.ca);
    let Some(content) = input::read_if_there(&path)? else { return Ok(None) };
    let path = path.display();
    let again = "`mailca crl` makes it anew";
    let crl = match Crl::from_file_content(&content) {
        Ok(crl) => crl,
        Err(error) => {
            findings.push(Finding::problem("crl-unreadable", format!("{path}: {error}"), again));
            return Ok(None);
        }
    };
    if !issuers.signed(&crl) {
        let what = format!("{path} is not signed by this CA");
        findings.push(Finding::problem("crl-not-of-this-ca", what, again));
        return Ok(None);
    }
    if crl.check_signature(scene.ca.certificate()).is_err() {
        let what = format!("{path} is that of an older key of this CA");
        findings.push(Finding::problem("crl-of-older-key", what, again));
    }
    let Some(end) = crl.next_update else { return Ok(Some(crl)) };
    if end < scene.now {
        let what = format!(
            "{path} ended on {}: servers that check it let nobody in, or everybody",
            end.date()
        );
        findings.push(Finding::problem("crl-expired", what, "`mailca crl` makes a new one"));
    } else if end - scene.now < (end - crl.this_update) / 3 {
        let what = format!("{path} ends soon, on {}", end.date());
        findings.push(Finding::advice("crl-ends-soon", what, "`mailca crl` makes a new one"));
    }
    Ok(Some(crl))
}
