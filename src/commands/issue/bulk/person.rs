//! A row of the list, checked: whose certificate it will be.

use crate::cli::Issue;
use crate::commands::more_names;
use crate::error::{Error, Result};
use crate::pki::general_name::GeneralName;
use crate::pki::key::KeyType;
use crate::pki::name::{Name, Parts};
use crate::pki::policy::Terms;
use crate::pki::profile::Profile;
use crate::store::config::Settings;
use crate::store::folder::{CertificateFolder, FolderName};

use super::rows::Row;

/// What holds for everybody whose row does not say otherwise.
pub struct Defaults {
    parts: Parts,
    key_type: KeyType,
    days: u32,
    crl_url: Option<String>,
}

impl Defaults {
    /// What the options say, else the settings of the CA. What no certificate has room for is refused here,
    /// and not once a row.
    pub fn new(
        args: &Issue,
        days: u32,
        crl_url: Option<String>,
        settings: &Settings,
    ) -> Result<Self> {
        let subject = &args.identity.subject;
        let usual = settings.subject();
        let units = &subject.ou;
        let parts = Parts {
            country: subject.country.clone().or(usual.country),
            state: subject.state.clone().or(usual.state),
            locality: subject.locality.clone().or(usual.locality),
            organization: subject.org.clone().or(usual.organization),
            organizational_units: if units.is_empty() {
                usual.organizational_units
            } else {
                units.clone()
            },
            ..Parts::default()
        };
        parts.build()?;
        let key_type = match &args.identity.key_type {
            Some(name) => name.parse()?,
            None => settings.user_key_type()?,
        };
        Ok(Self { parts, key_type, days, crl_url })
    }

    /// The type of the keys, where a row does not say.
    pub fn key_type(&self) -> KeyType {
        self.key_type
    }
}

/// A login in a message: what is no ASCII is no login, and may look like one. The letters of western Europe do not.
pub(super) fn plain(login: &str) -> String {
    let escaped = |letter: char| match letter {
        ' '..='~' | 'À'..='ÿ' => letter.to_string(),
        other => other.escape_unicode().to_string(),
    };
    login.chars().map(escaped).collect()
}

/// Somebody who is to have a certificate.
pub struct Person {
    /// Where the row begins in the list.
    pub line: u64,
    /// The login, which is the common name too.
    pub login: String,
    /// The address.
    pub email: GeneralName,
    /// The folder LOGIN/.
    pub folder: CertificateFolder,
    /// The subject of the certificate.
    pub subject: Name,
    /// The address, and what other names there are.
    pub names: Vec<GeneralName>,
    /// The type of the key.
    pub key_type: KeyType,
    /// What the CA is asked to decide.
    pub terms: Terms,
    /// What mail programs show.
    pub friendly_name: String,
}

impl Person {
    /// Checks a row.
    pub fn new(row: &Row, defaults: &Defaults, ca_dir: &std::path::Path) -> Result<Self> {
        let needed = |column: &str| {
            row.get(column).ok_or_else(|| Error::refused(format!("the row has no {column}")))
        };
        let login = needed("login")?;
        let folder = FolderName::parse(login)
            .map_err(|_| {
                let login = plain(login);
                Error::refused(format!("the login {login} is not a name for a certificate folder"))
                    .hint(
                        "use ASCII letters, digits and . _ @ + -, beginning with a letter or digit",
                    )
            })
            .and_then(|name| {
                if name.as_str() == login {
                    return CertificateFolder::of(Some(&name), ca_dir);
                }
                Err(Error::refused("the login ends in a slash"))
            })?;
        let email = GeneralName::email(needed("email")?).map_err(Error::as_refused)?;
        let mut names = vec![email.clone()];
        let others: Vec<_> =
            row.get("san").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        for name in more_names(&others).map_err(Error::as_refused)? {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let or = |column: &str, usual: &Option<String>| {
            row.get(column).map(str::to_owned).or_else(|| usual.clone())
        };
        let usual = &defaults.parts;
        let parts = Parts {
            country: or("country", &usual.country),
            state: or("state", &usual.state),
            locality: or("locality", &usual.locality),
            organization: or("org", &usual.organization),
            organizational_units: match row.get("ou") {
                Some(unit) => vec![unit.to_owned()],
                None => usual.organizational_units.clone(),
            },
            common_name: Some(login.to_owned()),
            email_address: None,
        };
        let friendly_name = row.get("friendly_name").or_else(|| row.get("name")).unwrap_or(login);
        Ok(Self {
            line: row.line,
            login: login.to_owned(),
            email,
            folder,
            subject: parts.build()?,
            names,
            key_type: match row.get("key_type") {
                Some(name) => name.parse::<KeyType>().map_err(Error::as_refused)?,
                None => defaults.key_type,
            },
            terms: Terms {
                profile: Profile::User,
                days: row.get("days").map_or(Ok(defaults.days), days)?,
                more_names: Vec::new(),
                path_length: 0,
                crl_url: defaults.crl_url.clone(),
            },
            friendly_name: friendly_name.to_owned(),
        })
    }
}

fn days(text: &str) -> Result<u32> {
    let number = text.parse().ok().filter(|days| (1..=36_500).contains(days));
    number.ok_or_else(|| {
        Error::refused(format!(
            "days is {}, and not a number from 1 to 36500",
            crate::pki::printable::printable(text)
        ))
    })
}
