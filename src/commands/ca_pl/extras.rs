//! `-extra-CMD OPTIONS`: options for the openssl command behind a step of CA.pl.
//!
//! Those that answer what is asked for otherwise are honoured: `-subj`, `-batch`, `-nodes`, `-days`,
//! `-passin file:FILE` and `-passout file:FILE`, each with the steps that it says something to. All others
//! are named in an error. The parts of a `-subj` are put into the order of the questions, as the policy of
//! `openssl ca` does too.
//!
//! The original gives the text to a shell. Quotes and backslashes mean here what they mean there; what a
//! shell would replace or run is refused.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::arguments::{Action, shown};
use crate::error::{Error, Result};
use crate::pki::general_name::GeneralName;
use crate::pki::name::Parts;
use crate::pki::printable::printable;

/// How such an argument begins.
const EXTRA: &str = "-extra-";
/// The commands that CA.pl runs.
const COMMANDS: [&str; 5] = ["req", "ca", "pkcs12", "x509", "verify"];

/// What the extra options say.
#[derive(Debug, Default)]
pub(super) struct Extras {
    /// To `openssl req`, which makes keys and requests.
    pub(super) req: Extra,
    /// To `openssl ca`, which signs.
    pub(super) ca: Extra,
    /// To `openssl pkcs12`.
    pub(super) pkcs12: Extra,
}

/// What they say to one command.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extra {
    /// The name; no part of it is asked for.
    pub(super) subject: Option<Parts>,
    /// The validity in days.
    pub(super) days: Option<u32>,
    /// Nothing but passphrases is asked for.
    pub(super) batch: bool,
    /// The new key gets no passphrase.
    pub(super) nodes: bool,
    /// The file with the passphrase of the key that is opened.
    pub(super) passin: Option<PathBuf>,
    /// The file with the passphrase of what is written.
    pub(super) passout: Option<PathBuf>,
}

impl Extra {
    /// Whether no part of the name is to be asked for.
    pub(super) fn has_name(&self) -> bool {
        self.batch || self.subject.is_some()
    }

    /// Whether anything was said.
    pub(super) fn is_given(&self) -> bool {
        *self != Self::default()
    }
}

/// An argument of `-extra-CMD`.
#[derive(Debug)]
pub(super) struct Given {
    command: &'static str,
    words: Vec<String>,
}

/// Takes the extra options out of the arguments.
pub(super) fn take(arguments: &[OsString]) -> Result<(Vec<OsString>, Vec<Given>)> {
    let mut rest = Vec::new();
    let mut given = Vec::new();
    let mut all = arguments.iter();
    while let Some(argument) = all.next() {
        let Some(name) = argument.to_str().and_then(|text| text.strip_prefix(EXTRA)) else {
            rest.push(argument.clone());
            continue;
        };
        let command = COMMANDS.into_iter().find(|command| *command == name).ok_or_else(|| {
            Error::usage(format!("unknown argument {}", shown(argument)))
                .hint(format!("CA.pl runs {}", COMMANDS.join(", ")))
        })?;
        let value = all.next().and_then(|value| value.to_str()).ok_or_else(|| {
            Error::usage(format!("{} needs the options, as one argument", shown(argument)))
                .hint(format!("for example {EXTRA}req '-subj /CN=mail.example.com'"))
        })?;
        let words = words(value).map_err(|error| error.at(format!("{EXTRA}{command}")))?;
        given.push(Given { command, words });
    }
    Ok((rest, given))
}

/// What this step can honour of the options for a command.
fn honoured(command: &str, action: &Action) -> &'static [&'static str] {
    match (command, action) {
        ("req", Action::NewCa | Action::NewRequest { .. }) => {
            &["-subj", "-batch", "-nodes", "-passout"]
        }
        ("req", Action::NewCertificate) => &["-subj", "-batch", "-nodes", "-passout", "-days"],
        ("ca", Action::NewCa | Action::Sign(_)) => &["-days", "-batch", "-passin"],
        ("ca", Action::Crl | Action::Revoke { .. }) => &["-batch", "-passin"],
        ("pkcs12", Action::Pkcs12(_)) => &["-passin", "-passout"],
        _ => &[],
    }
}

impl Extras {
    /// Reads the options, as far as this step can honour them.
    pub(super) fn of(given: Vec<Given>, action: &Action) -> Result<Self> {
        let mut extras = Self::default();
        for Given { command, words } in given {
            let allowed = honoured(command, action);
            let mut words = words.into_iter();
            while let Some(option) = words.next() {
                let option = if option == "-noenc" { "-nodes" } else { &option };
                if !allowed.contains(&option) {
                    return Err(refusal(command, option, allowed));
                }
                let extra = match command {
                    "req" => &mut extras.req,
                    "ca" => &mut extras.ca,
                    _ => &mut extras.pkcs12,
                };
                let mut value =
                    || words.next().ok_or_else(|| Error::usage(format!("{option} needs a value")));
                match option {
                    "-batch" => extra.batch = true,
                    "-nodes" => extra.nodes = true,
                    "-subj" => extra.subject = Some(subject(&value()?)?),
                    "-days" => extra.days = Some(days(&value()?)?),
                    "-passin" => extra.passin = Some(passphrase(option, &value()?)?),
                    _ => extra.passout = Some(passphrase(option, &value()?)?),
                }
            }
        }
        Ok(extras)
    }
}

fn refusal(command: &str, option: &str, allowed: &[&str]) -> Error {
    let error = Error::usage(format!(
        "{} in {EXTRA}{command} cannot be honoured here: there is no openssl behind this CA.pl to give it to",
        shown(OsStr::new(option))
    ));
    match allowed {
        [] => error.hint("-help says which options are honoured, and with what"),
        allowed => error.hint(format!("honoured are {}", allowed.join(", "))),
    }
}

fn days(text: &str) -> Result<u32> {
    text.parse().ok().filter(|days| (1..=36_500).contains(days)).ok_or_else(|| {
        Error::usage(format!("-days: \"{}\" is not a number of days", printable(text)))
    })
}

/// The file with a passphrase. One on the command line would be read by everybody on the machine.
fn passphrase(option: &str, source: &str) -> Result<PathBuf> {
    if let Some(file) = source.strip_prefix("file:").filter(|file| !file.is_empty()) {
        return Ok(PathBuf::from(file));
    }
    let why = if source.starts_with("pass:") {
        "every user of the machine can read what stands on a command line"
    } else {
        "a passphrase is read from a file only"
    };
    let kind = source
        .split(':')
        .next()
        .filter(|kind| ["pass", "env", "fd", "stdin", "file"].contains(kind));
    let kind = kind.map(|kind| format!(" {kind}:")).unwrap_or_default();
    Err(Error::usage(format!("{option}{kind} cannot be honoured: {why}"))
        .hint(format!("put it into a file that only you can read: {option} file:FILE")))
}

/// The name in openssl's notation: `/C=US/O=Example/CN=mail.example.com`.
fn subject(text: &str) -> Result<Parts> {
    let at = |error: Error| error.at(format!("-subj {}", printable(text)));
    let Some(rest) = text.strip_prefix('/') else {
        return Err(at(Error::usage("it does not begin with /")));
    };
    let mut parts = Parts::default();
    for (name, value) in attributes(rest).map_err(at)? {
        if value.is_empty() {
            // Left out, as openssl does.
            continue;
        }
        let place = match name.as_str() {
            "C" | "countryName" => &mut parts.country,
            "ST" | "stateOrProvinceName" => &mut parts.state,
            "L" | "localityName" => &mut parts.locality,
            "O" | "organizationName" => &mut parts.organization,
            "CN" | "commonName" => &mut parts.common_name,
            "emailAddress" => &mut parts.email_address,
            "OU" | "organizationalUnitName" => {
                parts.organizational_units.push(value);
                continue;
            }
            other => {
                let what = format!("\"{}\" is not a part of a name here", printable(other));
                return Err(at(
                    Error::usage(what).hint("the parts are C, ST, L, O, OU, CN and emailAddress")
                ));
            }
        };
        if place.replace(value).is_some() {
            return Err(at(Error::usage(format!("{name} is there twice"))));
        }
    }
    if let Some(address) = &mut parts.email_address
        && let GeneralName::Email(checked) = GeneralName::email(address).map_err(at)?
    {
        *address = checked;
    }
    if parts == Parts::default() {
        return Err(at(Error::usage("it names nobody")));
    }
    parts.build().map_err(at)?;
    Ok(parts)
}

/// `CN=a/O=b\/c`: a backslash takes the meaning of the next character away.
fn attributes(text: &str) -> Result<Vec<(String, String)>> {
    let mut found: Vec<(String, Option<String>)> = vec![(String::new(), None)];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let Some((name, value)) = found.last_mut() else { break };
        let literal = match character {
            '/' => {
                found.push((String::new(), None));
                continue;
            }
            '=' if value.is_none() => {
                *value = Some(String::new());
                continue;
            }
            '+' => {
                return Err(Error::usage("several values in one part cannot be honoured")
                    .hint("a + that belongs to a value is written \\+"));
            }
            '\\' => characters.next().ok_or_else(|| Error::usage("it ends with a backslash"))?,
            other => other,
        };
        value.as_mut().unwrap_or(name).push(literal);
    }
    found.retain(|(name, value)| !name.is_empty() || value.is_some());
    found
        .into_iter()
        .map(|(name, value)| match value {
            Some(value) => Ok((name, value)),
            None => Err(Error::usage(format!("\"{}\" has no value", printable(&name)))),
        })
        .collect()
}

/// The words of a line, as a shell takes them apart.
fn words(line: &str) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = line.chars();
    let unended = || Error::usage("a quote or a backslash has no end");
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (Some('\''), other) => word.get_or_insert_default().push(other),
            (_, '$' | '`') => return Err(of_shell(character)),
            (None, ' ' | '\t' | '\n') => words.extend(word.take()),
            (None, ';' | '&' | '|' | '<' | '>' | '(' | ')' | '*' | '?' | '[' | '#' | '~' | '{') => {
                return Err(of_shell(character));
            }
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (_, '\\') => {
                let next = characters.next().ok_or_else(unended)?;
                let word = word.get_or_insert_default();
                if quote == Some('"') && !matches!(next, '"' | '\\' | '$' | '`') {
                    word.push('\\');
                }
                word.push(next);
            }
            (_, other) => word.get_or_insert_default().push(other),
        }
    }
    if quote.is_some() {
        return Err(unended());
    }
    words.extend(word);
    Ok(words)
}

fn of_shell(character: char) -> Error {
    Error::usage(format!("{character} cannot be honoured: there is no shell behind this CA.pl"))
        .hint("between single quotes it stands for itself")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(action: &Action, line: &[&str]) -> Result<Extras> {
        let (rest, given) = take(&line.iter().map(OsString::from).collect::<Vec<_>>())?;
        assert_eq!(rest, Vec::<OsString>::new());
        Extras::of(given, action)
    }

    #[test]
    fn what_is_honoured_is_read() {
        let line =
            "-subj '/C=us/O=A \\/ B/OU=x/OU=y/CN=a.example.com' -batch -noenc -passout file:p";
        let extras = read(&Action::NewCa, &["-extra-req", line, "-extra-ca", "-days 30"]).unwrap();
        let parts = extras.req.subject.unwrap();
        assert_eq!(parts.organization.as_deref(), Some("A / B"));
        assert_eq!(parts.organizational_units, ["x", "y"]);
        assert!(extras.req.batch && extras.req.nodes);
        assert_eq!(extras.req.passout, Some(PathBuf::from("p")));
        assert_eq!(extras.ca.days, Some(30));
        assert!(!extras.pkcs12.is_given());
    }

    #[test]
    fn words_are_those_of_a_shell() {
        assert_eq!(
            words(r#" a  'b c' "d \" e" f\ g '' "#).unwrap(),
            ["a", "b c", "d \" e", "f g", ""]
        );
        for bad in ["'a", "\"a", "a\\", "$a", "\"$a\"", "`a`", "a;b", "a>b", "*"] {
            assert!(words(bad).is_err(), "{bad}");
        }
        assert_eq!(words("'$a;'").unwrap(), ["$a;"]);
    }

    #[test]
    fn names_that_cannot_be_honoured_are_refused() {
        for bad in ["CN=a", "/", "/CN", "/DC=org", "/CN=a/CN=b", "/CN=a+O=b", "/C=USA", "/CN=a\\"] {
            assert!(subject(bad).is_err(), "{bad}");
        }
        assert!(subject("/CN=a/O=/").unwrap().organization.is_none());
    }
}
