//! mailca.toml, as newca writes it.

use super::Settings;
use crate::error::{Error, Result};
use crate::pki::name::Parts;

const TEMPLATE: &str = include_str!("../../../templates/mailca.toml");

/// The text of mailca.toml: what was chosen stands there, the rest as comments with the defaults. How long
/// certificates and lists are valid is left to the machine's file where it says so, which may change its mind; what
/// is in the CA's certificate, or in every one that it signs, is written down wherever it came from.
pub(super) fn text(subject: &Parts, settings: &Settings) -> Result<String> {
    let units = &subject.organizational_units;
    let (permit, permit_ip) = (&settings.permit, &settings.permit_ip);
    let days = |key, days: Option<u32>| {
        days.filter(|_| !settings.is_from_beside(key)).map(|days| days.to_string())
    };
    let chosen = [
        ("country", subject.country.as_ref().map(quoted).transpose()?),
        ("state", subject.state.as_ref().map(quoted).transpose()?),
        ("locality", subject.locality.as_ref().map(quoted).transpose()?),
        ("organization", subject.organization.as_ref().map(quoted).transpose()?),
        ("organizational-unit", (!units.is_empty()).then(|| quoted(units)).transpose()?),
        ("leaf-days", days("leaf-days", settings.leaf_days)),
        ("crl-days", days("crl-days", settings.crl_days)),
        ("crl-url", settings.crl_url.as_ref().map(quoted).transpose()?),
        ("permit", (!permit.is_empty()).then(|| quoted(permit)).transpose()?),
        ("permit-ip", (!permit_ip.is_empty()).then(|| quoted(permit_ip)).transpose()?),
    ];
    let mut lines = Vec::new();
    for line in TEMPLATE.lines() {
        let value = chosen.iter().find_map(|(key, value)| {
            let commented = line.starts_with(&format!("# {key} = "));
            value.as_ref().filter(|_| commented).map(|value| format!("{key} = {value}"))
        });
        lines.push(value.unwrap_or_else(|| line.to_owned()));
    }
    lines.push(String::new());
    Ok(lines.join("\n"))
}

/// A string or list of strings in TOML, which quotes as JSON does.
fn quoted(value: &(impl serde::Serialize + ?Sized)) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Error::bug("a setting cannot be written").caused_by(error))
}
