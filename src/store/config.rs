//! mailca.toml: the defaults of one CA, and the environment that overrides them.
//!
//! Precedence: command-line option, environment, mailca.toml, built-in default. The variable of the
//! key `leaf-days` is `MAILCA_LEAF_DAYS`; lists are separated by commas there.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use fs_err as fs;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::pki::key::KeyType;
use crate::pki::name::Parts;
use crate::store::{input, layout};

mod file;
mod malformed;
#[cfg(test)]
mod tests;

/// Validity of a certificate in days, where nobody says otherwise.
const LEAF_DAYS: u32 = 365;
/// Validity of a CRL in days, where nobody says otherwise.
const CRL_DAYS: u32 = 30;

/// The keys, in the order in which newca writes them.
const KEYS: [&str; 21] = [
    "country",
    "state",
    "locality",
    "organization",
    "organizational-unit",
    "ca-key-type",
    "host-key-type",
    "user-key-type",
    "leaf-days",
    "crl-days",
    "crl-url",
    "crl-publish",
    "crl-hash-dir",
    "access-maps",
    "own-backup",
    "cert-mode",
    "template-dir",
    "imap",
    "smtp",
    "permit",
    "permit-ip",
];
/// Those that name places outside of the CA's folder.
const PLACES: [&str; 4] = ["crl-publish", "crl-hash-dir", "access-maps", "template-dir"];
/// Those that hold a list.
const LISTS: [&str; 6] =
    ["organizational-unit", "crl-publish", "crl-hash-dir", "access-maps", "permit", "permit-ip"];
/// Those that hold a number.
const NUMBERS: [&str; 2] = ["leaf-days", "crl-days"];
/// Those that are true or false.
const SWITCHES: [&str; 1] = ["own-backup"];

/// The defaults of a CA, from its file and the environment.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Settings {
    /// C of new subjects.
    pub country: Option<String>,
    /// ST of new subjects.
    pub state: Option<String>,
    /// L of new subjects.
    pub locality: Option<String>,
    /// O of new subjects.
    pub organization: Option<String>,
    /// OU of new subjects.
    #[serde(default)]
    pub organizational_unit: Vec<String>,
    ca_key_type: Option<String>,
    host_key_type: Option<String>,
    user_key_type: Option<String>,
    leaf_days: Option<u32>,
    crl_days: Option<u32>,
    /// The CRL distribution point of new certificates.
    pub crl_url: Option<String>,
    /// Where the CRL is put besides the CA's folder.
    #[serde(default)]
    pub crl_publish: Vec<PathBuf>,
    /// The folders into which the CRL is put with OpenSSL's hash link.
    #[serde(default)]
    pub crl_hash_dir: Vec<PathBuf>,
    /// The access maps of mail servers that follow what the CA does: `SERVER:FILE`.
    #[serde(default)]
    pub access_maps: Vec<String>,
    /// Whether the folder is backed up by other means than `mailca backup`.
    #[serde(default)]
    pub own_backup: bool,
    cert_mode: Option<String>,
    /// The folder with templates that take the place of mailca's own.
    pub template_dir: Option<PathBuf>,
    /// The server that people read mail from.
    pub imap: Option<String>,
    /// The server that people send mail through.
    pub smtp: Option<String>,
    /// The domains that the CA may certify.
    #[serde(default)]
    pub permit: Vec<String>,
    /// The networks that it may certify.
    #[serde(default)]
    pub permit_ip: Vec<String>,
}

impl FromStr for Settings {
    type Err = Error;

    /// The settings in the text of a mailca.toml alone.
    fn from_str(text: &str) -> Result<Self> {
        Self::from_table(parse(text)?)
    }
}

impl Settings {
    /// Reads mailca.toml in the CA folder, where there is one, and the environment over it.
    pub fn load(ca_dir: &Path, variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let path = ca_dir.join(layout::CONFIGURATION.name);
        let content = input::read_if_there(&path)?.unwrap_or_default();
        let text = std::str::from_utf8(&content)
            .map_err(|_| Error::refused("it is not UTF-8").at(path.display()))?;
        let mut table = parse(text).map_err(|error| error.at(path.display()))?;
        check_trusted(&path, &table)?;
        for key in KEYS {
            let name = variable_of(key);
            if let Some(value) = variable(&name).filter(|value| !value.is_empty()) {
                let value = from_environment(key, &value).map_err(|error| error.at(&name))?;
                let alone = toml::Table::from_iter([(key.to_owned(), value.clone())]);
                Self::from_table(alone).map_err(|error| error.at(&name))?;
                table.insert(key.to_owned(), value);
            }
        }
        Self::from_table(table).map_err(|error| error.at(path.display()))
    }

    fn from_table(table: toml::Table) -> Result<Self> {
        table.iter().try_for_each(|(key, value)| check_kind(key, value))?;
        let settings: Self = toml::Value::Table(table)
            .try_into()
            .map_err(|error: toml::de::Error| Error::refused(error.message().to_owned()))?;
        settings.check().map_err(Error::as_refused)?;
        Ok(settings)
    }

    fn check(&self) -> Result<()> {
        self.ca_key_type()?;
        self.host_key_type()?;
        self.user_key_type()?;
        self.cert_mode()?;
        self.crl_url.as_deref().map_or(Ok(()), check_url)?;
        self.subject().build()?;
        for days in [self.leaf_days, self.crl_days].into_iter().flatten() {
            if !(1..=36_500).contains(&days) {
                return Err(Error::refused(format!(
                    "{days} is not a number of days from 1 to 36500"
                )));
            }
        }
        Ok(())
    }

    /// The parts of new subjects.
    pub fn subject(&self) -> Parts {
        Parts {
            country: self.country.clone(),
            state: self.state.clone(),
            locality: self.locality.clone(),
            organization: self.organization.clone(),
            organizational_units: self.organizational_unit.clone(),
            ..Parts::default()
        }
    }

    /// The key type of a new CA.
    pub fn ca_key_type(&self) -> Result<KeyType> {
        self.ca_key_type_or(KeyType::EcdsaP256)
    }

    /// The same with another default.
    pub fn ca_key_type_or(&self, default: KeyType) -> Result<KeyType> {
        key_type(self.ca_key_type.as_deref(), default)
    }

    /// The key type of a new host.
    pub fn host_key_type(&self) -> Result<KeyType> {
        self.host_key_type_or(KeyType::EcdsaP256)
    }

    /// The same with another default.
    pub fn host_key_type_or(&self, default: KeyType) -> Result<KeyType> {
        key_type(self.host_key_type.as_deref(), default)
    }

    /// The key type of a new person: RSA, which every mail client can use for S/MIME.
    pub fn user_key_type(&self) -> Result<KeyType> {
        key_type(self.user_key_type.as_deref(), KeyType::Rsa2048)
    }

    /// Validity of new certificates in days.
    pub fn leaf_days(&self) -> u32 {
        self.leaf_days.unwrap_or(LEAF_DAYS)
    }

    /// The same settings, with what `newca` was told instead where it was told.
    #[must_use]
    pub fn chosen(
        mut self,
        leaf_days: Option<u32>,
        crl_url: Option<&String>,
        permit: &[String],
        permit_ip: &[String],
    ) -> Self {
        self.leaf_days = leaf_days.or(self.leaf_days);
        self.crl_url = crl_url.cloned().or(self.crl_url);
        if !permit.is_empty() {
            self.permit = permit.to_vec();
        }
        if !permit_ip.is_empty() {
            self.permit_ip = permit_ip.to_vec();
        }
        self
    }

    /// The text of mailca.toml for these settings, with these parts for new subjects.
    pub fn to_toml(&self, subject: &Parts) -> Result<String> {
        file::text(subject, self)
    }

    /// Validity of new CRLs in days.
    pub fn crl_days(&self) -> u32 {
        self.crl_days.unwrap_or(CRL_DAYS)
    }

    /// The mode of the public files of a certificate folder.
    pub fn cert_mode(&self) -> Result<u32> {
        Ok(self.chosen_cert_mode()?.unwrap_or(layout::CERTIFICATE.mode))
    }

    /// The same, where somebody chose it.
    pub fn chosen_cert_mode(&self) -> Result<Option<u32>> {
        self.cert_mode.as_deref().map(parse_mode).transpose()
    }
}

/// Refuses to write, or to read templates, where somebody else says: root would do it with root's rights.
fn check_trusted(path: &Path, table: &toml::Table) -> Result<()> {
    let Some(key) = PLACES.into_iter().find(|key| table.contains_key(*key)) else { return Ok(()) };
    let there = fs::metadata(path)?;
    let me = rustix::process::geteuid().as_raw();
    if [0, me].contains(&there.uid()) && there.mode() & 0o022 == 0 {
        return Ok(());
    }
    Err(Error::refused(format!(
        "{} belongs to uid {} and has the mode {:04o}: another user may have written {key}, which names a \
         place outside",
        path.display(),
        there.uid(),
        there.mode() & 0o777
    ))
    .hint("work as that user; or look what is in it, then: chown root and chmod go-w it"))
}

/// Reads a file mode: octal, readable by the owner, writable and executable by nobody else.
pub fn parse_mode(text: &str) -> Result<u32> {
    let mode =
        u32::from_str_radix(text, 8).ok().filter(|mode| mode & 0o400 != 0 && mode & !0o644 == 0);
    mode.ok_or_else(|| {
        Error::usage(format!("{text:?} is not a mode for a public file"))
            .hint("use 0400, 0440, 0444 or 0644")
    })
}

/// Checks a CRL distribution point: an http, https or ldap URL, in ASCII without spaces.
pub fn check_url(url: &str) -> Result<()> {
    let rest =
        ["http://", "https://", "ldap://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    let valid = rest.is_some_and(|rest| {
        rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[')
            && rest.bytes().all(|byte| byte.is_ascii_graphic())
    });
    if valid {
        return Ok(());
    }
    Err(Error::usage(format!("{url:?} is not a URL for a CRL"))
        .hint("for example http://ca.example.com/crl.der"))
}

fn key_type(name: Option<&str>, default: KeyType) -> Result<KeyType> {
    name.map_or(Ok(default), |name| name.parse().map_err(Error::as_refused))
}

fn parse(text: &str) -> Result<toml::Table> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(0, |span| text[..span.start].lines().count().max(1));
        let said = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        malformed::malformed(said, error.message()).at(format!("line {line}"))
    })?;
    for key in table.keys() {
        if !KEYS.contains(&key.as_str()) {
            let error = Error::refused(format!("the key {key:?} is unknown"));
            return Err(match nearest(key) {
                Some(near) => error.hint(format!("is {near:?} meant?")),
                None => error.hint(format!("the keys are {}", KEYS.join(", "))),
            });
        }
    }
    Ok(table)
}

/// Names of variables that look like settings and are none, each with the nearest that is one.
pub fn unknown_variables<'n>(
    names: impl Iterator<Item = &'n str>,
) -> Vec<(&'n str, Option<String>)> {
    let known = |name: &str| {
        ["MAILCA_DIR", "MAILCA_CA_PASSPHRASE_FILE"].contains(&name)
            || name.starts_with("MAILCA_BENCH_")
            || KEYS.iter().any(|key| variable_of(key) == name)
    };
    names
        .filter(|name| name.starts_with("MAILCA_") && !known(name))
        .map(|name| {
            let key = name.trim_start_matches("MAILCA_").to_lowercase().replace('_', "-");
            (name, nearest(&key).map(variable_of))
        })
        .collect()
}

/// The variable of a key.
fn variable_of(key: &str) -> String {
    format!("MAILCA_{}", key.to_uppercase().replace('-', "_"))
}

/// Values are strings, numbers or lists of strings, by their key.
fn check_kind(key: &str, value: &toml::Value) -> Result<()> {
    let (fits, wanted) = if LISTS.contains(&key) {
        let strings = |items: &Vec<toml::Value>| items.iter().all(toml::Value::is_str);
        (value.as_array().is_some_and(strings), "a list of strings, as in [\"one\", \"two\"]")
    } else if NUMBERS.contains(&key) {
        let positive =
            value.as_integer().is_some_and(|number| (0..=i64::from(u32::MAX)).contains(&number));
        (positive, "a number without quotes, as in 365")
    } else if SWITCHES.contains(&key) {
        (value.is_bool(), "true or false, without quotes")
    } else {
        (value.is_str(), "a string between quotes")
    };
    if fits {
        return Ok(());
    }
    let value = serde_json::to_string(value).unwrap_or_default();
    Err(Error::refused(format!("{key} = {value} does not fit: it must be {wanted}")))
}

fn nearest(key: &str) -> Option<&'static str> {
    KEYS.into_iter()
        .map(|known| (strsim::jaro_winkler(key, known), known))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, known)| known)
}

fn from_environment(key: &str, value: &str) -> Result<toml::Value> {
    if LISTS.contains(&key) {
        let items = value.split(',').map(|item| toml::Value::from(item.trim())).collect();
        return Ok(toml::Value::Array(items));
    }
    if NUMBERS.contains(&key) {
        return value
            .parse::<i64>()
            .map(toml::Value::from)
            .map_err(|_| Error::refused(format!("{value:?} is not a number")));
    }
    if SWITCHES.contains(&key) {
        return value
            .parse::<bool>()
            .map(toml::Value::from)
            .map_err(|_| Error::refused(format!("{value:?} is neither true nor false")));
    }
    Ok(toml::Value::from(value))
}
