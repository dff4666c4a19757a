//! `--explain`.

use serde_json::Value;

use crate::cli::Global;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::mail::check::Issue;
use crate::pki::printable::printable;
use crate::render::check::explain;

/// Prints the page of a finding, or the list of all.
pub(super) fn print(id: &str, global: &Global, env: &mut Env) -> Result<()> {
    if id == "list" {
        if global.json {
            let all: Value = Issue::ALL.iter().map(|issue| explain::json(*issue)).collect();
            return env.print_json(&all);
        }
        return env.print_bytes(explain::list().as_bytes());
    }
    let issue = issue(id)?;
    if global.json {
        return env.print_json(&explain::json(issue));
    }
    env.print_bytes(explain::text(issue, env.report_width()).as_bytes())
}

/// The finding of an identifier.
pub(super) fn issue(id: &str) -> Result<Issue> {
    Issue::by_id(id).ok_or_else(|| {
        let error = Error::usage(format!("\"{}\" is not a finding", printable(id)));
        match Issue::nearest(id) {
            Some(near) => error.hint(format!("is {} meant?", near.id())),
            None => error.hint("`mailca check --explain list` lists them all"),
        }
    })
}
