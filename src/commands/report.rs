//! `mailca report`: make a page of what the CA has issued.
//!
//! index.txt is gone through once for the inventory, and once for what is to be done ([`status`]). Of the certificates
//! only those are opened that may be used: what they are for and their names stand nowhere else.

mod inventory;

use std::path::Path;

use crate::cli::{self, Global};
use crate::commands::config::templates::Templates;
use crate::commands::{check_guarded, settings, status};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::inspect::{Body, CertificateView, inspect};
use crate::render::report::{self, Limits, Report};
use crate::store::atomic::{self, Staged};
use crate::store::ca::CaFolder;
use crate::store::index::Index;

/// Writes the page, or the same facts as JSON.
pub fn run(args: &cli::Report, global: &Global, env: &mut Env) -> Result<()> {
    let settings = settings(global, env)?;
    let ca = CaFolder::open(&global.ca_dir)?;
    let index = Index::of(ca.path());
    if !index.path().exists() {
        return Err(Error::refused(format!("{} is missing", index.path().display()))
            .hint("`mailca doctor --fix` makes it anew from newcerts and crl.pem"));
    }
    if let Some(path) = &args.output {
        check(path, args.force, global)?;
    }
    let found = status::look(&ca, &settings, status::DUE, global, env)?;
    let view = found.view(&ca);
    let inventory = inventory::take(&ca, view.now)?;
    let certificate = view_of(&ca)?;
    let report = Report {
        status: &view,
        certificate: &certificate,
        inventory: &inventory,
        leaf_days: settings.leaf_days(),
        within: args.expiring.0,
        limits: if args.all { Limits::NONE } else { Limits::default() },
        version: env!("MAILCA_LONG_VERSION"),
    };
    if args.output.is_none() && global.json {
        return env.print_json(&report::json(&report));
    }
    let text = if global.json {
        env.json_text(&report::json(&report))? + "\n"
    } else {
        let templates = Templates::new(args.template_dir.as_deref(), &settings, global);
        templates.fill("report.html", &report::values(&report))?
    };
    let Some(path) = &args.output else { return env.print_bytes(text.as_bytes()) };
    write(path, &text, args, global)?;
    env.say(&format!("{} is the report of {}", path.display(), view.ca.title()));
    Ok(())
}

fn view_of(ca: &CaFolder) -> Result<CertificateView> {
    let item = inspect(ca.certificate().as_der())?.into_iter().next();
    match item.map(|item| item.body) {
        Some(Body::Certificate(view)) => Ok(*view),
        _ => Err(Error::bug("a CA's certificate that is none")),
    }
}

/// Refuses a file that is there, unless it may be written over, and what must never be.
fn check(path: &Path, force: bool, global: &Global) -> Result<()> {
    atomic::check_writable_in_public(atomic::folder_of(path))?;
    check_guarded(path, global)?;
    let Ok(there) = path.symlink_metadata() else { return Ok(()) };
    if !force {
        return Err(atomic::already_there(path)
            .hint("name another file with -o")
            .hint("--force writes over it"));
    }
    if !there.is_file() {
        return Err(Error::refused(format!("{} is not a plain file", path.display()))
            .hint("name the file itself: a report takes the place of no link and no device"));
    }
    Ok(())
}

fn write(path: &Path, text: &str, args: &cli::Report, global: &Global) -> Result<()> {
    let mode = u32::from_str_radix(&args.mode, 8)
        .map_err(|error| Error::bug("a mode that is no number").caused_by(error))?;
    let staged = Staged::new(path, text.as_bytes(), mode)?;
    // Somebody may have made it since.
    check(path, args.force, global)?;
    if args.force {
        staged.replace()?;
    } else {
        staged.publish()?;
    }
    atomic::sync_folder(atomic::folder_of(path))
}
