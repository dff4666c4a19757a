//! The settings, and where each of them comes from.

use serde_json::{Value, json};

use crate::cli::Global;
use crate::env::Env;
use crate::error::Result;
use crate::pki::printable::printable;
use crate::store::config::Settings;
use crate::store::config::keys::{KEYS, Key};
use crate::store::config::origin::{Origin, Place};

/// What is said of a value that nobody chose.
const BUILT_IN: &str = "built in";
/// The widest value that moves the column of the origins, in characters.
const WIDEST: usize = 44;

/// Those that are not built in, where there are any.
pub(super) fn chosen(settings: &Settings, env: &mut Env) -> Result<()> {
    if settings.origins.is_empty() {
        return Ok(());
    }
    env.print("settings that are not built in:")?;
    let rows: Vec<_> =
        settings.origins.iter().map(|origin| row(&origin.key, Some(origin))).collect();
    print(&rows, env)?;
    env.print("")
}

/// All of them, as text or JSON.
pub(super) fn all(settings: &Settings, global: &Global, env: &mut Env) -> Result<()> {
    if global.json {
        let values: Vec<_> = KEYS.iter().map(|key| value(key, settings.origin(key.name))).collect();
        return env.print_json(&json!({ "settings": values }));
    }
    let rows: Vec<_> = KEYS.iter().map(|key| row(key, settings.origin(key.name))).collect();
    print(&rows, env)
}

/// Those that are not built in, for programs.
pub(super) fn json(settings: &Settings) -> Vec<Value> {
    settings.origins.iter().map(|origin| value(&origin.key, Some(origin))).collect()
}

/// An assignment as it stands in a file, and where it comes from.
fn row(key: &Key, origin: Option<&Origin>) -> (String, String) {
    let Some(origin) = origin else {
        return match key.default {
            Some(default) => (format!("{} = {default}", key.name), BUILT_IN.to_owned()),
            None => (format!("{} is not set", key.name), String::new()),
        };
    };
    // A string or a list in JSON is one in TOML too.
    let value = serde_json::to_string(&origin.value).unwrap_or_default();
    (format!("{} = {}", key.name, printable(&value)), printable(&origin.place.to_string()))
}

fn print(rows: &[(String, String)], env: &mut Env) -> Result<()> {
    let widths = rows.iter().map(|(assignment, _)| assignment.chars().count());
    let width = widths.filter(|width| *width <= WIDEST).max().unwrap_or_default();
    rows.iter().try_for_each(|(assignment, place)| {
        env.print(format!("  {assignment:<width$}  {place}").trim_end())
    })
}

fn value(key: &Key, origin: Option<&Origin>) -> Value {
    let default = key.default.and_then(|default| serde_json::from_str::<Value>(default).ok());
    let (file, line, variable) = match origin.map(|origin| &origin.place) {
        Some(Place::Line(path, line)) => (Some(path.display().to_string()), Some(*line), None),
        Some(Place::Variable(name)) => (None, None, Some(name)),
        None => (None, None, None),
    };
    json!({
        "key": key.name,
        "value": origin.map_or(json!(default), |origin| json!(origin.value)),
        "source": origin.map_or("default", |origin| origin.layer.name()),
        "file": file,
        "line": line,
        "variable": variable,
    })
}
