//! The questions of `openssl req`: the parts of a name, and what else it asks.

use super::extras::Extra;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::general_name::GeneralName;
use crate::pki::name::Parts;
use crate::store::config::Settings;

/// Asks for all parts of a name, unless the extra options have it. Enter takes the default, a dot leaves
/// the part out.
pub(super) fn ask(
    settings: &Settings,
    common_name: &str,
    extra: &Extra,
    env: &mut Env,
) -> Result<Parts> {
    if let Some(given) = &extra.subject {
        return Ok(given.clone());
    }
    if extra.batch {
        return defaults(settings, common_name);
    }
    env.say("The parts of the name: Enter takes what is in brackets, a dot leaves the part out.");
    let mut parts = Parts::default();
    let or_none = |default: &Option<String>| default.clone().unwrap_or_default();
    parts.country =
        part("Country Name (2 letter code)", &or_none(&settings.country), env, |value| Parts {
            country: value,
            ..Parts::default()
        })?;
    parts.state =
        part("State or Province Name (full name)", &or_none(&settings.state), env, |value| {
            Parts { state: value, ..Parts::default() }
        })?;
    parts.locality =
        part("Locality Name (eg, city)", &or_none(&settings.locality), env, |value| Parts {
            locality: value,
            ..Parts::default()
        })?;
    parts.organization =
        part("Organization Name (eg, company)", &or_none(&settings.organization), env, |value| {
            Parts { organization: value, ..Parts::default() }
        })?;
    parts.organizational_units = units(&settings.organizational_unit, env)?;
    parts.common_name =
        part("Common Name (e.g. server FQDN or YOUR name)", common_name, env, |value| Parts {
            common_name: value,
            ..Parts::default()
        })?;
    parts.email_address = mailbox(env)?;
    if parts == Parts::default() {
        return Err(Error::refused("the name has no part at all")
            .hint("the common name at least is needed: the host's, or the person's"));
    }
    parts.build()?;
    Ok(parts)
}

/// What is in brackets, where nobody is to be asked.
fn defaults(settings: &Settings, common_name: &str) -> Result<Parts> {
    if common_name.is_empty() {
        return Err(Error::refused("-batch asks nobody for the common name")
            .hint("name it: -extra-req '-batch -subj /CN=mail.example.com'"));
    }
    let parts = Parts {
        country: settings.country.clone(),
        state: settings.state.clone(),
        locality: settings.locality.clone(),
        organization: settings.organization.clone(),
        organizational_units: settings.organizational_unit.clone(),
        common_name: Some(common_name.to_owned()),
        email_address: None,
    };
    parts.build()?;
    Ok(parts)
}

/// Asks for the attributes of a request. No CA of this kind looks at them, so they go nowhere.
pub(super) fn ask_attributes(extra: &Extra, env: &mut Env) -> Result<()> {
    if extra.has_name() {
        return Ok(());
    }
    for question in ["A challenge password", "An optional company name"] {
        let answer = env.prompter.text(question, "", &|_| Ok(()))?;
        if !matches!(answer.as_str(), "" | ".") {
            env.warn(&format!(
                "{} is left out: anybody could read it in the request, and the CA does not look at it",
                question.to_lowercase()
            ));
        }
    }
    Ok(())
}

fn part(
    question: &str,
    default: &str,
    env: &mut Env,
    as_parts: impl Fn(Option<String>) -> Parts,
) -> Result<Option<String>> {
    let answer = env.prompter.text(question, default, &|answer| match answer {
        "" | "." => Ok(()),
        value => as_parts(Some(value.to_owned())).build().map(|_| ()),
    })?;
    Ok(given(answer))
}

/// One unit, or all that the settings have.
fn units(defaults: &[String], env: &mut Env) -> Result<Vec<String>> {
    let all = defaults.join(", ");
    let question = "Organizational Unit Name (eg, section)";
    let answer = env.prompter.text(question, &all, &|answer| {
        let units = match answer {
            "" | "." => return Ok(()),
            answer if answer == all => defaults.to_vec(),
            answer => vec![answer.to_owned()],
        };
        Parts { organizational_units: units, ..Parts::default() }.build().map(|_| ())
    })?;
    if !defaults.is_empty() && answer == all {
        return Ok(defaults.to_vec());
    }
    Ok(given(answer).into_iter().collect())
}

fn mailbox(env: &mut Env) -> Result<Option<String>> {
    let check = |address: &str| match GeneralName::email(address)? {
        GeneralName::Email(address) => Ok(Some(address)),
        _ => Ok(None),
    };
    let answer = env.prompter.text("Email Address", "", &|answer| match answer {
        "" | "." => Ok(()),
        address => check(address).map(|_| ()),
    })?;
    given(answer).map_or(Ok(None), |address| check(&address))
}

fn given(answer: String) -> Option<String> {
    (!matches!(answer.as_str(), "" | ".")).then_some(answer)
}
