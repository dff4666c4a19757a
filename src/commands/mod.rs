//! The commands, one file each, and what several of them need.

mod access_map;
mod backup;
mod bar;
pub mod ca_pl;
mod check;
mod completions;
mod config;
mod crl;
mod doctor;
mod export_p12;
mod help;
mod install;
pub mod issue;
mod kit;
mod list;
mod man;
mod moment;
mod newca;
mod newreq;
mod pair;
mod person;
mod quickstart;
mod recorder;
mod rekey_ca;
mod renew;
mod report;
mod restore;
mod revoke;
mod show;
mod sign;
mod status;
mod target;
mod tlsa;
mod verify;

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::cli::{CaPassphrase, Cli, Command, Global, Subject};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::general_name::GeneralName;
use crate::pki::key::PrivateKey;
use crate::pki::name::Parts;
use crate::pki::printable::printable;
use crate::store::ca::CaFolder;
use crate::store::config::{self as settings_file, Settings};
use crate::store::folder::Existing;
use crate::store::{atomic, input, layout};

/// Runs the command of a command line.
pub fn dispatch(cli: &Cli, env: &mut Env) -> Result<()> {
    let global = &cli.global;
    warn_of_unknown_variables(env);
    match &cli.command {
        Command::Newca(args) => newca::run(args, global, env),
        Command::Newreq(args) => newreq::run(args, global, env),
        Command::Sign(args) => sign::run(args, global, env),
        Command::Issue(args) => issue::run(args, global, env),
        Command::ExportP12(args) => export_p12::run(args, global, env),
        Command::Kit(args) => kit::run(args, global, env),
        Command::Show(args) => show::run(args, global, env),
        Command::Verify(args) => verify::run(args, global, env),
        Command::AccessMap(args) => access_map::run(args, global, env),
        Command::Backup(args) => backup::run(args, global, env),
        Command::Check(args) => check::run(args, global, env),
        Command::Config(args) => config::run(args, global, env),
        Command::Crl(args) => crl::run(args, global, env),
        Command::Doctor(args) => doctor::run(args, global, env),
        Command::Install(args) => install::run(args, global, env),
        Command::List(args) => list::run(args, global, env),
        Command::RekeyCa(args) => rekey_ca::run(args, global, env),
        Command::Renew(args) => renew::run(args, global, env),
        Command::Report(args) => report::run(args, global, env),
        Command::Restore(args) => restore::run(args, global, env),
        Command::Revoke(args) => revoke::run(args, global, env),
        Command::Status(args) => status::run(args, global, env),
        Command::Tlsa(args) => tlsa::run(args, global, env),
        Command::Quickstart(args) => quickstart::run(args, global, env),
        Command::Completions(args) => completions::run(args, global, env),
        Command::Help(args) => help::run(args, global, env),
        Command::Man(args) => man::run(args, global, env),
    }
}

/// A mistyped variable would be passed over in silence.
fn warn_of_unknown_variables(env: &mut Env) {
    let names = env.variable_names.clone();
    for (name, near) in settings_file::unknown_variables(names.iter().map(String::as_str)) {
        let near = near.map(|near| format!("; is {near} meant?")).unwrap_or_default();
        env.warn(&format!(
            "the environment variable {} is not one of mailca's{near}",
            printable(name)
        ));
    }
}

/// The settings of all layers, which are the same for every command.
fn settings(global: &Global, env: &mut Env) -> Result<Settings> {
    let settings = Settings::load(&global.ca_dir, global.config.as_deref(), env.variable)?;
    for what in &settings.left_out {
        env.warn_once(what);
    }
    Ok(settings)
}

fn cert_mode(option: Option<&str>, settings: &Settings) -> Result<u32> {
    option.map_or_else(|| settings.cert_mode(), settings_file::parse_mode)
}

fn existing(force: bool, env: &Env) -> Result<Existing> {
    Ok(if force { Existing::KeepAside(env.stamp()?) } else { Existing::Refuse })
}

/// The CRL distribution point: the option, else the setting.
fn crl_url(option: Option<&String>, settings: &Settings) -> Result<Option<String>> {
    let url = option.or(settings.crl_url.as_ref());
    url.map(|url| settings_file::check_url(url).map(|()| url.clone())).transpose()
}

fn say_kept(kept: &[PathBuf], env: &mut Env) {
    for path in kept {
        env.say(&format!("the old one is kept as {}", path.display()));
    }
}

fn more_names(texts: &[String]) -> Result<Vec<GeneralName>> {
    texts.iter().map(|text| GeneralName::parse(text)).collect()
}

/// The passphrase of an encrypted key: from its file, else asked for.
fn passphrase_of(path: &Path, args: &CaPassphrase, env: &mut Env) -> Result<Zeroizing<String>> {
    if let Some(file) = &args.ca_passphrase_file {
        return env.passphrase_file(file);
    }
    if env.prompter.is_interactive() {
        return env.prompter.passphrase(path);
    }
    Err(Error::refused("it is encrypted, and nobody is there to be asked for the passphrase")
        .hint("name a file that holds its passphrase with --ca-passphrase-file"))
}

/// A key of the CA, and the passphrase that opened it.
struct OpenedKey {
    key: PrivateKey,
    passphrase: Option<Zeroizing<String>>,
}

fn open_ca_key(ca: &CaFolder, args: &CaPassphrase, env: &mut Env) -> Result<OpenedKey> {
    if let Some(exposure) = ca.exposure()? {
        env.warn(&exposure);
    }
    let mut used = None;
    let key = ca.key(|path| {
        let passphrase = passphrase_of(path, args, env)?;
        used = Some(passphrase.clone());
        Ok(passphrase)
    })?;
    Ok(OpenedKey { key, passphrase: used })
}

fn ca_key(ca: &CaFolder, args: &CaPassphrase, env: &mut Env) -> Result<PrivateKey> {
    Ok(open_ca_key(ca, args, env)?.key)
}

/// The parts of a subject: those given as options, else the defaults, asked for on a terminal.
fn subject_parts(subject: &Subject, settings: &Settings, env: &mut Env) -> Result<Parts> {
    let mut parts = Parts {
        country: subject.country.clone().or_else(|| settings.country.clone()),
        state: subject.state.clone().or_else(|| settings.state.clone()),
        locality: subject.locality.clone().or_else(|| settings.locality.clone()),
        organization: subject.org.clone().or_else(|| settings.organization.clone()),
        organizational_units: subject.ou.clone(),
        ..Parts::default()
    };
    if parts.organizational_units.is_empty() {
        parts.organizational_units.clone_from(&settings.organizational_unit);
    }
    if env.prompter.is_interactive() {
        ask_parts(subject, &mut parts, env)?;
    }
    parts.build()?;
    Ok(parts)
}

fn ask_parts(given: &Subject, parts: &mut Parts, env: &mut Env) -> Result<()> {
    let is_asked = given.org.is_none()
        || given.ou.is_empty()
        || given.locality.is_none()
        || given.state.is_none()
        || given.country.is_none();
    if is_asked {
        env.ask_about("who looks at the certificate sees these parts of its name; none is needed");
    }
    if given.org.is_none() {
        ask_part(env, "Organization, for example Example Inc", &mut parts.organization, |value| {
            Parts { organization: value, ..Parts::default() }
        })?;
    }
    if given.ou.is_empty() && parts.organizational_units.len() <= 1 {
        let mut unit = parts.organizational_units.pop();
        ask_part(env, "Unit in it, for example Mail", &mut unit, |value| Parts {
            organizational_units: value.into_iter().collect(),
            ..Parts::default()
        })?;
        parts.organizational_units.extend(unit);
    }
    if given.locality.is_none() {
        ask_part(env, "Town", &mut parts.locality, |value| Parts {
            locality: value,
            ..Parts::default()
        })?;
    }
    if given.state.is_none() {
        ask_part(env, "State or province", &mut parts.state, |value| Parts {
            state: value,
            ..Parts::default()
        })?;
    }
    if given.country.is_none() {
        ask_part(env, "Country, two letters", &mut parts.country, |value| Parts {
            country: value,
            ..Parts::default()
        })?;
    }
    Ok(())
}

/// Asks for one part. Enter keeps the default, which may be nothing; a dot leaves the part out.
fn ask_part(
    env: &mut Env,
    question: &str,
    part: &mut Option<String>,
    as_parts: impl Fn(Option<String>) -> Parts,
) -> Result<()> {
    let default = part.clone().unwrap_or_default();
    let question = if default.is_empty() {
        format!("{question} (Enter for none)")
    } else {
        format!("{question} (. for none)")
    };
    let answer = env.prompter.text(&question, &default, &|answer| match answer.trim() {
        "" | "." => Ok(()),
        value => as_parts(Some(value.to_owned())).build().map(|_| ()),
    })?;
    *part = (!matches!(answer.as_str(), "" | ".")).then_some(answer);
    Ok(())
}

/// This machine's name, as far as it knows.
fn host_name() -> String {
    let uname = rustix::system::uname();
    uname.nodename().to_string_lossy().trim_end_matches('.').to_owned()
}

/// Checks the file that an option names for output: it is new, or may be kept aside, and guarded.
fn check_output(path: &Path, option: &str, existing: &Existing, global: &Global) -> Result<()> {
    atomic::check_writable(atomic::folder_of(path))?;
    check_guarded(path, global)?;
    if matches!(existing, Existing::Refuse) && path.symlink_metadata().is_ok() {
        return Err(atomic::already_there(path)
            .hint(format!("name another file with {option}"))
            .hint("--force keeps the old one beside it and writes the new one"));
    }
    Ok(())
}

/// Elsewhere `-` is standard output, which is not meant for keys, passwords and maps.
fn check_is_no_dash(path: &Path) -> Result<()> {
    if path == Path::new("-") {
        return Err(Error::usage("- is no file: this is not written to standard output")
            .hint("name a file; one of that name is ./-"));
    }
    Ok(())
}

/// Refuses an output among the CA's own files, a folder, a link to nothing, and a file that holds a private key.
fn check_guarded(path: &Path, global: &Global) -> Result<()> {
    check_is_no_dash(path)?;
    if let (Ok(folder), Ok(ca)) =
        (fs_err::canonicalize(atomic::folder_of(path)), fs_err::canonicalize(&global.ca_dir))
        && folder.starts_with(&ca)
    {
        return Err(Error::refused(format!("{} is in the CA's folder", path.display()))
            .hint("name a file elsewhere: the CA's own files are not written over"));
    }
    if path.is_dir() {
        return Err(
            Error::refused(format!("{} is a folder", path.display())).hint("name a file in it")
        );
    }
    let leads_nowhere =
        fs_err::metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
    if path.is_symlink() && leads_nowhere {
        return Err(Error::refused(format!("{} is a symbolic link to nothing", path.display()))
            .hint("remove the link, or name another file"));
    }
    let holds_key = input::read_if_there(path)?.is_some_and(|content| {
        let label = b"PRIVATE KEY-----";
        content.windows(label.len()).any(|window| window == label)
    });
    if holds_key {
        return Err(Error::refused(format!("{} holds a private key", path.display()))
            .hint("name another file: a key does not give way to something else"));
    }
    Ok(())
}

/// The certificate folders under the current one.
fn certificate_folders() -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(".")? {
        let path = entry?.path();
        if path.join(layout::KEY.name).exists() {
            found.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    found.sort();
    Ok(found)
}

/// The folder whose name is most like a mistyped one.
fn nearest_folder<'f>(folders: &'f [String], mistyped: &str) -> Option<&'f str> {
    folders
        .iter()
        .map(|folder| (strsim::jaro_winkler(folder, mistyped), folder))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, folder)| folder.as_str())
}
