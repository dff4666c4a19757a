//! `access-maps` in mailca.toml: the maps that follow what the CA does.
//!
//! They are made anew after a revocation, a renewal, a certificate for a person, and whenever `crl` runs, which
//! takes the expired out. By then all is recorded and the CA's lock is free: a map that cannot be made, or a
//! server's program that fails, holds nothing up. It is a warning, and the command ends with 1.

use fs_err::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use fs_err as fs;
use serde_json::{Value, json};

use super::{build, collect, file};
use crate::cli::Global;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::mail::access_map::{AccessMap, Fingerprint, Hash};
use crate::mail::server::Server;
use crate::pki::printable::printable;
use crate::pki::profile::Profile;
use crate::store::ca::CaFolder;
use crate::store::config::Settings;
use crate::store::folder::Existing;
use crate::store::{atomic, layout};

/// What a map that lacks behind is called among findings.
pub const LACKING: &str = "access-map";
/// What to do about it.
pub const MEND: &str = "mailca crl --if-needed";

/// Where a map is, and whose.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    server: Server,
    fingerprint: Fingerprint,
    path: PathBuf,
}

impl Place {
    /// Reads `SERVER:PATH`, or `postfix+key+sha1:PATH` for other fingerprints than a certificate's SHA-256.
    /// Relative paths begin at the CA's folder.
    fn parse(text: &str, ca: &CaFolder) -> Result<Self> {
        let wrong = |why: &str| {
            Error::refused(format!("access-maps: {} {why}", printable(text)))
                .hint("for example access-maps = [\"postfix:/etc/postfix/relay_clientcerts\"]")
        };
        let (server, path) = text
            .split_once(':')
            .filter(|(_, path)| !path.is_empty())
            .ok_or_else(|| wrong("is not SERVER:FILE"))?;
        let mut words = server.split('+');
        let name = words.next().unwrap_or_default();
        let server = Server::ALL
            .into_iter()
            .find(|server| server.name() == name)
            .ok_or_else(|| wrong("names no mail server that mailca knows"))?;
        if server == Server::Opensmtpd {
            return Err(wrong("is in vain: OpenSMTPD has no map of certificates"));
        }
        let mut fingerprint = Fingerprint { hash: Hash::Sha256, of_key: false };
        for word in words {
            match word {
                "key" if server == Server::Postfix => fingerprint.of_key = true,
                "sha1" if server == Server::Postfix => fingerprint.hash = Hash::Sha1,
                "sha256" if server == Server::Postfix => {}
                _ => return Err(wrong("has a word that does not belong there")),
            }
        }
        Ok(Self { server, fingerprint, path: ca.path().join(path) })
    }

    /// Makes the map of those that are valid now.
    fn map(&self, ca: &CaFolder, env: &Env) -> Result<AccessMap> {
        let mut map = AccessMap::new(self.server, self.fingerprint);
        collect::all(ca, &[Profile::User], env.now()?, &mut map)?;
        Ok(map)
    }

    /// Makes it and puts it there. Returns it for programs.
    fn make(&self, ca: &CaFolder, global: &Global, env: &mut Env) -> Result<Value> {
        let path = super::absolute(&self.path)?;
        let map = self.map(ca, env)?;
        for remark in map.remarks() {
            env.warn(remark);
        }
        let text = map.text(&printable(&path.display().to_string()));
        let written = file::put(&path, &text, self.server, &Existing::Refuse, global)?;
        if written.changed {
            let number = map.entries().count();
            env.say(&format!("{} is made anew, with {number} entries", path.display()));
        }
        let built = build::if_needed(self.server, &path, written.changed, env)?;
        Ok(json!({
            "server": self.server.name(),
            "file": path,
            "changed": written.changed,
            "built": built,
        }))
    }
}

/// What became of the maps.
#[derive(Default)]
pub struct Followed {
    maps: Vec<Value>,
    failed: usize,
}

impl Followed {
    /// For programs.
    pub fn json(&self) -> &[Value] {
        &self.maps
    }

    /// An error where a map could not be made.
    pub fn outcome(&self) -> Result<()> {
        if self.failed == 0 {
            return Ok(());
        }
        let (failed, all) = (self.failed, self.maps.len());
        Err(Error::refused(format!("{failed} of {all} access maps could not be made anew"))
            .hint("when this is mended, `mailca crl --if-needed` makes them"))
    }
}

/// Notes, before something is recorded that the maps have to follow, that they do not yet: a command that is
/// struck in between leaves the note, and the next one that makes them takes it away.
pub fn announce(ca: &CaFolder, settings: &Settings) -> Result<()> {
    if settings.access_maps.is_empty() {
        return Ok(());
    }
    let path = note(ca);
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(layout::ACCESS_MAPS_DUE.mode)
        .open(&path)?;
    atomic::sync_folder(ca.path())
}

/// Whether the maps may lack something.
pub fn is_due(ca: &CaFolder, settings: &Settings) -> bool {
    !settings.access_maps.is_empty() && note(ca).exists()
}

fn note(ca: &CaFolder) -> PathBuf {
    ca.path().join(layout::ACCESS_MAPS_DUE.name)
}

/// Makes all maps of the settings anew. The caller holds no lock.
pub fn follow(ca: &CaFolder, settings: &Settings, global: &Global, env: &mut Env) -> Followed {
    let mut followed = Followed::default();
    if settings.access_maps.is_empty() {
        return followed;
    }
    // Held until all are there: whoever reads the index later writes later.
    let lock = file::lock(ca).and_then(|lock| {
        collect::check(ca, env.now()?)?;
        Ok(lock)
    });
    if let Err(error) = &lock {
        warn(&format!("the access maps stay as they are: {error}"), error, env);
    }
    for text in &settings.access_maps {
        if let Err(error) = &lock {
            followed.failed += 1;
            followed.maps.push(failure(text, error));
            continue;
        }
        let made = Place::parse(text, ca).and_then(|place| place.make(ca, global, env));
        followed.maps.push(made.unwrap_or_else(|error| {
            followed.failed += 1;
            let what = format!("no access map is made of {}: {error}", printable(text));
            warn(&what, &error, env);
            failure(text, &error)
        }));
    }
    // Whatever is in the way of the note, it says no more than that somebody should look.
    let _ = if followed.failed == 0 {
        atomic::remove_if_there(&note(ca))
    } else {
        announce(ca, settings)
    };
    followed
}

fn warn(what: &str, error: &Error, env: &mut Env) {
    env.warn(what);
    for hint in error.hints() {
        env.say(&format!("  {hint}"));
    }
}

fn failure(text: &str, error: &Error) -> Value {
    json!({ "place": text, "error": error.to_string(), "hints": error.hints() })
}

/// The folders of the maps, as far as their places can be read.
pub fn folders(ca: &CaFolder, settings: &Settings) -> Vec<PathBuf> {
    let places = settings.access_maps.iter().filter_map(|text| Place::parse(text, ca).ok());
    places.map(|place| atomic::folder_of(&place.path).to_owned()).collect()
}

/// What is not as it should be with the maps of the settings: each with what is wrong. `contents` has the
/// maps themselves looked at, for which every valid certificate is opened.
pub fn lacking(ca: &CaFolder, settings: &Settings, contents: bool, env: &Env) -> Vec<String> {
    let mut found = Vec::new();
    if is_due(ca, settings) {
        found.push("the access maps may lack what was revoked or issued last".to_owned());
    }
    // What a damaged index lacks, `doctor` tells; a map is not held against it.
    let contents = contents
        && !settings.access_maps.is_empty()
        && env.now().and_then(|now| collect::check(ca, now)).is_ok();
    for text in &settings.access_maps {
        if let Err(error) = Place::parse(text, ca).and_then(|place| place.check(ca, contents, env))
        {
            found.push(error.to_string());
        }
    }
    found
}

impl Place {
    fn check(&self, ca: &CaFolder, contents: bool, env: &Env) -> Result<()> {
        let path = super::absolute(&self.path)?;
        let shown = path.display();
        let content = crate::store::input::read_if_there(&path)?
            .ok_or_else(|| Error::refused(format!("the access map {shown} is not there")))?;
        if build::program(self.server).is_some() && !build::is_current(&path) {
            return Err(Error::refused(format!(
                "the database of the access map {shown} is missing, or older than the map"
            )));
        }
        if contents {
            let text = self.map(ca, env)?.text(&printable(&path.display().to_string()));
            if *content != *text.as_bytes() {
                return Err(Error::refused(format!(
                    "the access map {shown} does not hold those who are valid now"
                )));
            }
        }
        Ok(())
    }
}
