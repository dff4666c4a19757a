//! mailca.toml, as newca writes it.

use crate::cli::Newca;
use crate::error::{Error, Result};
use crate::pki::name::Parts;
use crate::store::config::Settings;

const TEMPLATE: &str = include_str!("../../templates/mailca.toml");

/// The text of mailca.toml: what was chosen stands there, the rest as comments with the defaults.
pub fn text(defaults: &Parts, args: &Newca, settings: &Settings) -> Result<String> {
    let permit = if args.permit.is_empty() { &settings.permit } else { &args.permit };
    let permit_ip = if args.permit_ip.is_empty() { &settings.permit_ip } else { &args.permit_ip };
    let crl_url = args.crl_url.as_ref().or(settings.crl_url.as_ref());
    let units = &defaults.organizational_units;
    let chosen = [
        ("country", defaults.country.as_ref().map(quoted).transpose()?),
        ("state", defaults.state.as_ref().map(quoted).transpose()?),
        ("locality", defaults.locality.as_ref().map(quoted).transpose()?),
        ("organization", defaults.organization.as_ref().map(quoted).transpose()?),
        ("organizational-unit", (!units.is_empty()).then(|| quoted(units)).transpose()?),
        ("leaf-days", args.leaf_days.map(|days| days.to_string())),
        ("crl-url", crl_url.map(quoted).transpose()?),
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
