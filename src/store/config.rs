//! mailca.toml: the defaults of one CA, those of the machine and of a person below it, and the environment that
//! overrides them.
//!
//! Precedence: command-line option, environment, the CA's mailca.toml, the personal file, /etc/mailca.toml, built-in
//! default. The variable of the key `leaf-days` is `MAILCA_LEAF_DAYS`; lists are separated by commas there. Every
//! value is checked by itself where it stands, so that an error names the line, and remembers where it came from.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use fs_err as fs;
use serde::Deserialize;
use toml::Spanned;

use crate::error::{Error, Result};
use crate::pki::key::KeyType;
use crate::pki::name::Parts;
use crate::store::{input, layout};

mod file;
pub mod keys;
pub mod layers;
mod malformed;
pub mod origin;
#[cfg(test)]
mod tests;

use keys::Key;
pub use keys::unknown_variables;
use layers::Files;
use origin::{Layer, Origin, Place};

/// Validity of a certificate in days, where nobody says otherwise.
const LEAF_DAYS: u32 = 365;
/// Validity of a CRL in days, where nobody says otherwise.
const CRL_DAYS: u32 = 30;

/// The defaults of a CA, from the files and the environment.
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
    /// Where each value comes from that is not built in, in the order of the keys.
    #[serde(skip)]
    pub origins: Vec<Origin>,
    /// What was left out, and why.
    #[serde(skip)]
    pub left_out: Vec<String>,
    /// Where `permit` has names that an empty list in a later place takes away.
    #[serde(skip)]
    pub lifted: Option<Place>,
}

impl FromStr for Settings {
    type Err = Error;

    /// The settings in the text of a mailca.toml alone.
    fn from_str(text: &str) -> Result<Self> {
        let path = Path::new(layout::CONFIGURATION.name);
        Self::merged(&values_in(text, path, Layer::Ca)?)
    }
}

impl Settings {
    /// Reads the machine's file and the personal one, or the one named in their place; over them mailca.toml in the CA
    /// folder, where there is one, and over that the environment.
    pub fn load(
        ca_dir: &Path,
        named: Option<&Path>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let machine = Path::new(layers::MACHINE);
        Self::load_over(ca_dir, &Files { machine, named, variable: &variable })
    }

    fn load_over(ca_dir: &Path, files: &Files<'_>) -> Result<Self> {
        let found = files.read()?;
        let mut values = found.values;
        let path = ca_dir.join(layout::CONFIGURATION.name);
        if let Some(content) = input::read_if_there(&path)? {
            let text = std::str::from_utf8(&content)
                .map_err(|_| Error::refused("it is not UTF-8").at(path.display()))?;
            let own = values_in(text, &path, Layer::Ca)?;
            check_trusted(&path, &own)?;
            values.extend(own);
        }
        for key in keys::KEYS {
            let name = key.variable();
            if let Some(text) = (files.variable)(&name).filter(|text| !text.is_empty()) {
                let value = key.value_of_variable(&text).and_then(|value| {
                    check_alone(&key, &value)?;
                    Ok(value)
                });
                let value = value.map_err(|error| error.at(&name))?;
                let place = Place::Variable(name);
                values.push(Origin { key, value, layer: Layer::Environment, place });
            }
        }
        let settings = Self::merged(&values)?;
        Ok(Self { left_out: found.left_out, ..settings })
    }

    /// The settings of all these values, of which a later one takes the place of those before it.
    fn merged(values: &[Origin]) -> Result<Self> {
        let mut origins = Vec::new();
        for key in keys::KEYS {
            origins.extend(values.iter().rfind(|value| value.key.name == key.name).cloned());
        }
        let pairs = origins.iter().map(|one| (one.key.name.to_owned(), one.value.clone()));
        let settings = Self::from_table(pairs.collect())?;
        let has_names = |value: &&Origin| {
            value.key.name == "permit" && value.value.as_array().is_some_and(|all| !all.is_empty())
        };
        let lifted = values.iter().rfind(has_names).filter(|_| settings.permit.is_empty());
        Ok(Self { lifted: lifted.map(|value| value.place.clone()), origins, ..settings })
    }

    fn from_table(table: toml::Table) -> Result<Self> {
        let settings: Self = toml::Value::Table(table)
            .try_into()
            .map_err(|error: toml::de::Error| Error::refused(error.message().to_owned()))?;
        settings.check().map_err(Error::as_refused)?;
        Ok(settings)
    }

    /// Where the value of a key comes from, unless it is built in or was given as an option.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.origins.iter().find(|origin| origin.key.name == key)
    }

    /// Whether it comes from a file beside the CA's own.
    fn is_from_beside(&self, key: &str) -> bool {
        self.origin(key).is_some_and(|origin| origin.layer.is_beside_ca())
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
        let given = [
            ("leaf-days", leaf_days.is_some()),
            ("crl-url", crl_url.is_some()),
            ("permit", !permit.is_empty()),
            ("permit-ip", !permit_ip.is_empty()),
        ];
        self.origins.retain(|origin| !given.contains(&(origin.key.name, true)));
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

    /// The same without limits to the names, of which a certificate that is there already decides.
    #[must_use]
    pub fn without_limits(mut self) -> Self {
        self.origins.retain(|origin| !["permit", "permit-ip"].contains(&origin.key.name));
        self.permit.clear();
        self.permit_ip.clear();
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
fn check_trusted(path: &Path, values: &[Origin]) -> Result<()> {
    let named = values.iter().map(|value| value.key.name);
    let Some(key) = named.into_iter().find(|name| keys::PLACES.contains(name)) else {
        return Ok(());
    };
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

/// The values in the text of a file.
fn values_in(text: &str, path: &Path, layer: Layer) -> Result<Vec<Origin>> {
    let entries = parse(text, path)?.into_iter().map(|(line, name, value)| {
        let place = Place::Line(path.to_owned(), line);
        let key = keys::find(&name).and_then(|key| {
            check_alone(&key, &value)?;
            Ok(key)
        });
        Ok(Origin { key: key.map_err(|error| error.at(&place))?, value, layer, place })
    });
    entries.collect()
}

/// Lines, keys and values in the order of the file.
fn parse(text: &str, path: &Path) -> Result<Vec<(usize, String, toml::Value)>> {
    let line_at = |place: usize| text.bytes().take(place).filter(|byte| *byte == b'\n').count() + 1;
    let table: BTreeMap<String, Spanned<toml::Value>> =
        toml::from_str(text).map_err(|error: toml::de::Error| {
            let line = error.span().map_or(1, |span| line_at(span.start));
            let said = text.lines().nth(line - 1).unwrap_or_default();
            malformed::malformed(said, error.message()).at(Place::Line(path.to_owned(), line))
        })?;
    let entries = table.into_iter();
    let mut entries: Vec<_> = entries
        .map(|(key, value)| (line_at(value.span().start), key, value.into_inner()))
        .collect();
    entries.sort_by_key(|entry| entry.0);
    Ok(entries)
}

/// Checks one value without the others, so that what is wrong has a place.
fn check_alone(key: &Key, value: &toml::Value) -> Result<()> {
    key.check(value)?;
    let alone = toml::Table::from_iter([(key.name.to_owned(), value.clone())]);
    Settings::from_table(alone).map(|_| ())
}
