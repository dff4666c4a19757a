//! `mailca install`: put a certificate and its key where a mail server reads them, and see that it does.
//!
//! The certificate folder stays the original. What is installed is remembered in it, and `renew` and `crl` do
//! it again ([`again`]).

mod again;
mod check;
mod content;
mod keys;
mod lists;
mod place;
mod reload;
mod target;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cli::{Global, Install};
use crate::commands::certificate_folders;
use crate::commands::nearest_folder;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::mail::server::Server;
use crate::net::service::Service;
use crate::net::target::Target;
use crate::pki::printable::printable;
use crate::store::folder::{CertificateFolder, FolderName};
use crate::store::installed::{self, Record};
use crate::store::layout;

pub(super) use again::{after_crl, after_renewal, bring_up, installed_lists, not_brought_up};
use target::{Done, Occasion};

/// Installs what the options say, or what is remembered.
pub fn run(args: &Install, global: &Global, env: &mut Env) -> Result<()> {
    if args.forget {
        return forget(args, global, env);
    }
    let folder = folder(args, global)?;
    let records = installed::load(&folder)?;
    let wanted = match new_record(args, &records)? {
        Some(record) => {
            again::check_is_free(&record.to, &folder, global)?;
            vec![record]
        }
        None if records.is_empty() => {
            return Err(Error::usage("nothing says where this certificate goes").hint(
                "name the mail server with --for: sendmail, postfix, exim, dovecot or opensmtpd",
            ));
        }
        None => records,
    };
    let mut report = Vec::new();
    let mut failed = false;
    for record in &wanted {
        match target::install(&folder, record, Occasion::Asked, global, env) {
            Ok(done) => {
                say(record, &done, env);
                report.push(value(record, &done));
            }
            Err(error) if wanted.len() == 1 => return Err(error),
            Err(error) => {
                report.push(json!({
                    "server": record.server,
                    "to": record.to,
                    "error": error.to_string(),
                    "hints": error.hints(),
                }));
                env.report(&error.at(record.to.display()));
                failed = true;
            }
        }
    }
    if global.json {
        env.print_json(&json!({ "installed": report }))?;
    }
    if failed {
        return Err(Error::refused("not everything was installed; see above"));
    }
    Ok(())
}

fn folder(args: &Install, global: &Global) -> Result<CertificateFolder> {
    let name = args.name.as_deref().map(FolderName::parse).transpose()?;
    let folder = CertificateFolder::of(name.as_ref(), &global.ca_dir)?;
    if folder.has(layout::CERTIFICATE) {
        return Ok(folder);
    }
    let missing = folder.path_of(layout::CERTIFICATE);
    let error =
        Error::refused(format!("there is no certificate: {} is missing", missing.display()));
    let folders = certificate_folders()?;
    let near = args.name.as_deref().and_then(|name| nearest_folder(&folders, name));
    Err(match near {
        Some(near) => error.hint(format!("is {near} meant?")),
        None if args.name.is_none() => {
            error.hint("name its folder: `mailca install NAME --for SERVER`")
        }
        None => error.hint("make one with `mailca issue`, or sign its request with `mailca sign`"),
    })
}

/// What the options say; `None` where they say nothing. Where one place is remembered, it is the one that is
/// meant where none is named.
fn new_record(args: &Install, records: &[Record]) -> Result<Option<Record>> {
    let says_something = args.owner.is_some()
        || args.combined
        || args.public.is_some()
        || args.reload.is_some()
        || args.check.is_some()
        || !args.crl.is_empty();
    let server = match (args.server, &args.to) {
        (Some(server), _) => server,
        (None, Some(to)) => Server::ALL
            .into_iter()
            .find(|server| Path::new(server.layout().dir) == to)
            .ok_or_else(|| {
                Error::usage("which server reads that folder is not known")
                    .hint("name it with --for: it decides on modes, owner, and what the files hold")
            })?,
        (None, None) if !says_something => return Ok(None),
        (None, None) => match records {
            [record] => {
                let mut record = record.clone();
                record.owner = args.owner.clone().or(record.owner);
                record.combined |= args.combined;
                record.reload = args.reload.clone().or(record.reload);
                record.check = args.check.clone().or(record.check);
                if args.public.is_some() || !args.crl.is_empty() {
                    return Err(Error::usage("--public and --crl go with --for SERVER"));
                }
                check_options(args)?;
                return Ok(Some(record));
            }
            _ => {
                return Err(Error::usage("which installation is meant is not known").hint(
                    "name the server with --for, and its folder with --to where it is another",
                ));
            }
        },
    };
    let layout = server.layout();
    let to = absolute(args.to.as_deref().unwrap_or(Path::new(layout.dir)))?;
    let public = match (&args.public, layout.public_dir) {
        (Some(public), _) => Some(absolute(public)?),
        (None, Some(usual)) if to == Path::new(layout.dir) => Some(PathBuf::from(usual)),
        (None, Some(usual)) => {
            let name = Path::new(usual).file_name().unwrap_or_default();
            to.parent().map(|parent| parent.join(name))
        }
        (None, None) => None,
    };
    if public.as_ref().is_some_and(|public| is_same_folder(public, &to)) {
        return Err(Error::usage("the public certificates would lie beside the key")
            .hint("name another folder with --public"));
    }
    check_options(args)?;
    if !args.crl.is_empty() && !layout.reads_crl {
        return Err(Error::usage(format!("{} reads no revocation list", server.title()))
            .hint("leave --crl out"));
    }
    let crl = args.crl.iter().map(|file| absolute(file)).collect::<Result<_>>()?;
    Ok(Some(Record {
        server: server.name().to_owned(),
        to,
        owner: args.owner.clone(),
        combined: args.combined,
        public,
        reload: args.reload.clone(),
        check: args.check.clone(),
        timeout: args.timeout,
        crl,
        unfinished: false,
        done: false,
    }))
}

fn check_options(args: &Install) -> Result<()> {
    if let Some(check) = &args.check {
        Target::parse(check, Service::Smtp)?;
    }
    if args.reload.as_ref().is_some_and(|command| command.trim().is_empty()) {
        return Err(Error::usage("the command of --reload is empty"));
    }
    Ok(())
}

fn absolute(path: &Path) -> Result<PathBuf> {
    let path = std::path::absolute(path)?;
    match path.to_str() {
        Some(text) if !text.chars().any(char::is_control) => Ok(path),
        _ => Err(Error::usage(format!(
            "{} is no name for a folder that a server reads",
            printable(&path.display().to_string())
        ))),
    }
}

/// Whether two paths lead to the same folder, be it one that is only to be made.
fn is_same_folder(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| {
        let parent = || fs_err::canonicalize(path.parent()?).ok();
        fs_err::canonicalize(path).ok().or_else(|| Some(parent()?.join(path.file_name()?)))
    };
    one == other || real(one).is_some_and(|one| real(other) == Some(one))
}

fn forget(args: &Install, global: &Global, env: &mut Env) -> Result<()> {
    // Its certificate may be gone.
    let name = args.name.as_deref().map(FolderName::parse).transpose()?;
    let folder = CertificateFolder::of(name.as_ref(), &global.ca_dir)?;
    let records = installed::load(&folder)?;
    let to = args.to.as_deref().map(absolute).transpose()?;
    let is_meant = |record: &Record| {
        to.as_ref().is_none_or(|to| record.to == *to)
            && args.server.is_none_or(|server| record.server == server.name())
    };
    let gone: Vec<_> = records.into_iter().filter(is_meant).collect();
    if gone.is_empty() {
        return Err(Error::refused("nothing is remembered of such an installation"));
    }
    installed::update(&folder, |all| all.retain(|record| !is_meant(record)))?;
    for record in &gone {
        env.say(&format!("{} is forgotten; its files stay", record.to.display()));
    }
    if global.json {
        let gone: Vec<_> = gone.iter().map(|record| &record.to).collect();
        env.print_json(&json!({ "forgotten": gone }))?;
    }
    Ok(())
}

fn say(record: &Record, done: &Done, env: &mut Env) {
    let to = record.to.display();
    if done.changed {
        env.say(&format!("installed in {to}: {}", done.files.join(", ")));
    } else {
        env.say(&format!("{to} is up to date"));
    }
    if let Some(public) = &record.public {
        env.say(&format!("  the public certificates, for everybody: {}", public.display()));
    }
    match (&record.reload, &record.check) {
        (_, Some(check)) => env.say(&format!("  {check} presents it")),
        (Some(_), None) if done.reloaded => env.say("  the server was reloaded"),
        (None, None) if done.changed => {
            let usual = Server::by_name(&record.server).map_or("", |server| server.layout().reload);
            let server = &record.server;
            env.say(&format!("  next: {usual}"));
            env.say(&format!(
                "  before it, where the server's configuration names other files: `mailca config {server}` has the lines"
            ));
        }
        (_, None) => {}
    }
}

fn value(record: &Record, done: &Done) -> Value {
    json!({
        "server": record.server,
        "to": record.to,
        "public": record.public,
        "files": done.files,
        "changed": done.changed,
        "reloaded": done.reloaded,
        "presented": done.presented,
    })
}
