//! The keys of mailca.toml: what each holds, and where it may stand.

use crate::error::{Error, Result};

/// What a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A string.
    Text,
    /// A number of days.
    Number,
    /// True or false.
    Switch,
    /// A list of strings.
    List,
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// As it stands in the file.
    pub name: &'static str,
    form: Form,
    /// What holds where nobody says otherwise, as it would stand in the file.
    pub default: Option<&'static str>,
    /// Why it stands in a CA's own file and in no other, where that is so.
    pub of_one_ca: Option<&'static str>,
}

const fn key(name: &'static str, form: Form, default: Option<&'static str>) -> Key {
    Key { name, form, default, of_one_ca: None }
}

const fn of_one_ca(
    name: &'static str,
    form: Form,
    default: Option<&'static str>,
    reason: &'static str,
) -> Key {
    Key { name, form, default, of_one_ca: Some(reason) }
}

/// All, in the order in which newca writes them.
pub const KEYS: [Key; 21] = [
    key("country", Form::Text, None),
    key("state", Form::Text, None),
    key("locality", Form::Text, None),
    key("organization", Form::Text, None),
    key("organizational-unit", Form::List, None),
    key("ca-key-type", Form::Text, Some("\"ecdsa-p256\"")),
    key("host-key-type", Form::Text, Some("\"ecdsa-p256\"")),
    key("user-key-type", Form::Text, Some("\"rsa-2048\"")),
    key("leaf-days", Form::Number, Some("365")),
    key("crl-days", Form::Number, Some("30")),
    key("crl-url", Form::Text, None),
    of_one_ca(
        "crl-publish",
        Form::List,
        None,
        "the lists of several CAs would take each other's place",
    ),
    of_one_ca(
        "crl-hash-dir",
        Form::List,
        None,
        "each CA made for a test would put its list where mail servers look",
    ),
    of_one_ca(
        "access-maps",
        Form::List,
        None,
        "another CA would make the map anew and shut out the users of this one",
    ),
    of_one_ca(
        "own-backup",
        Form::Switch,
        Some("false"),
        "nobody would be reminded of a CA whose folder is in no backup",
    ),
    key("cert-mode", Form::Text, Some("\"0400\"")),
    key("template-dir", Form::Text, None),
    key("imap", Form::Text, None),
    key("smtp", Form::Text, None),
    key("permit", Form::List, None),
    key("permit-ip", Form::List, None),
];

/// Those that name places outside of the CA's folder.
pub(super) const PLACES: [&str; 4] = ["crl-publish", "crl-hash-dir", "access-maps", "template-dir"];

/// Variables that are mailca's and no settings.
const OTHER_VARIABLES: [&str; 3] = ["MAILCA_DIR", "MAILCA_CONFIG", "MAILCA_CA_PASSPHRASE_FILE"];

/// The key of this name.
pub(super) fn find(name: &str) -> Result<Key> {
    if let Some(key) = KEYS.into_iter().find(|key| key.name == name) {
        return Ok(key);
    }
    let error = Error::refused(format!("the key {name:?} is unknown"));
    Err(match nearest(name) {
        Some(near) => error.hint(format!("is {near:?} meant?")),
        None => error.hint(format!("the keys are {}", KEYS.map(|key| key.name).join(", "))),
    })
}

fn nearest(name: &str) -> Option<&'static str> {
    KEYS.into_iter()
        .map(|key| (strsim::jaro_winkler(name, key.name), key.name))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, known)| known)
}

/// Names of variables that look like settings and are none, each with the nearest that is one.
pub fn unknown_variables<'n>(
    names: impl Iterator<Item = &'n str>,
) -> Vec<(&'n str, Option<String>)> {
    let known = |name: &str| {
        OTHER_VARIABLES.contains(&name)
            || name.starts_with("MAILCA_BENCH_")
            || KEYS.iter().any(|key| key.variable() == name)
    };
    names
        .filter(|name| name.starts_with("MAILCA_") && !known(name))
        .map(|name| {
            let key = name.trim_start_matches("MAILCA_").to_lowercase().replace('_', "-");
            (name, nearest(&key).map(variable_of))
        })
        .collect()
}

fn variable_of(name: &str) -> String {
    format!("MAILCA_{}", name.to_uppercase().replace('-', "_"))
}

impl Key {
    /// The environment variable that sets it.
    pub fn variable(&self) -> String {
        variable_of(self.name)
    }

    /// Refuses a value of another form.
    pub(super) fn check(&self, value: &toml::Value) -> Result<()> {
        let strings = |items: &Vec<toml::Value>| items.iter().all(toml::Value::is_str);
        let days = |number| (0..=i64::from(u32::MAX)).contains(&number);
        let (fits, wanted) = match self.form {
            Form::List => (
                value.as_array().is_some_and(strings),
                "a list of strings, as in [\"one\", \"two\"]",
            ),
            Form::Number => {
                (value.as_integer().is_some_and(days), "a number without quotes, as in 365")
            }
            Form::Switch => (value.is_bool(), "true or false, without quotes"),
            Form::Text => (value.is_str(), "a string between quotes"),
        };
        if fits {
            return Ok(());
        }
        let value = serde_json::to_string(value).unwrap_or_default();
        Err(Error::refused(format!("{} = {value} does not fit: it must be {wanted}", self.name)))
    }

    /// The value in its environment variable, where a list is separated by commas.
    pub(super) fn value_of_variable(&self, text: &str) -> Result<toml::Value> {
        match self.form {
            Form::List => {
                let items = text.split(',').map(|item| toml::Value::from(item.trim())).collect();
                Ok(toml::Value::Array(items))
            }
            Form::Number => text
                .parse::<i64>()
                .map(toml::Value::from)
                .map_err(|_| Error::refused(format!("{text:?} is not a number"))),
            Form::Switch => text
                .parse::<bool>()
                .map(toml::Value::from)
                .map_err(|_| Error::refused(format!("{text:?} is neither true nor false"))),
            Form::Text => Ok(toml::Value::from(text)),
        }
    }
}
