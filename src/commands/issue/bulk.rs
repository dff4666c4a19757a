//! `mailca issue --from`: certificates, and what goes out with them, for a list of persons.
//!
//! Threads make what each row needs, in memory; one writer makes groups of it durable. A row of which all is
//! there costs a look at its folder, so that the same command goes on where a killed one was.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::cli::{Bulk, Global, Issue};
use crate::commands::access_map::{Followed, announce, follow};
use crate::commands::export_p12::same_file;
use crate::commands::recorder::{Recorder, begin, say_all};
use crate::commands::settings;
use crate::commands::sign::Wishes;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::pkcs12::Form;
use crate::pki::profile::Profile;
use crate::store::ca::CaFolder;
use crate::store::{input, layout, transaction};

mod bundle;
mod found;
mod known;
mod make;
mod passwords;
pub mod person;
mod progress;
mod report;
pub mod rows;
mod run;
mod writer;

use bundle::bundle_path;
use known::Known;
use make::Work;
use passwords::Passwords;
use person::{Defaults, Person};
use report::Report;
use writer::Writer;

/// Issues for everybody in the list who has no certificate yet.
pub fn run(list: &Path, args: &Issue, global: &Global, env: &mut Env) -> Result<()> {
    let form = form(args)?;
    let settings = settings(global, env)?;
    let wishes = Wishes::new(&args.terms, args.cert_mode.as_deref(), args.force, &settings, env)?;
    if wishes.profile.is_some_and(|profile| profile != Profile::User) {
        return Err(Error::usage("a list is of persons, whose profile is user"));
    }
    let defaults = Defaults::new(args, wishes.days, wishes.crl_url.clone(), &settings)?;
    let mut report = Report::default();
    let persons = persons(list, &defaults, global, &mut report, env)?;
    check_password_place(&args.bulk, &persons)?;
    let ca = CaFolder::open(&global.ca_dir)?;
    let (passwords, stored) =
        Passwords::open(&args.bulk, list, persons.len(), &wishes.existing, global)?;
    if let Some(limits) = defaults.key_type().limits() {
        env.warn(limits);
    }
    let mut recorder = Recorder::new(&ca, &args.passphrase);
    recorder.open_key(env)?;
    agree(persons.len(), &ca, wishes.yes, env)?;
    // Of two runs for one list the second finds what the first has done.
    let _alone = ca.lock_for_list()?;
    let mut transaction = begin(&ca, env)?;
    say_all(&mut transaction, env);
    drop(transaction);
    let now = env.now()?;
    let work = Work {
        ca: &ca,
        key: recorder.key()?,
        chain: ca
            .bundle()
            .beside_certificates()
            .into_iter()
            .map(|above| above.as_der().to_vec())
            .collect(),
        known: Known::read(&ca, &persons, now)?,
        undelivered: transaction::undelivered_occasions(&ca)?,
        now,
        force: args.force,
        form,
        stored,
        without_password: AtomicUsize::new(0),
    };
    announce(&ca, &settings)?;
    allow_many_files();
    let mut writer = Writer::new(&ca, wishes.mode, wishes.existing, passwords)?;
    let ended = run::run(&work, &persons, &mut writer, &mut report, env);
    report.without_password = work.without_password.load(Ordering::Relaxed);
    let maps = if report.issued > 0 || report.failed() == 0 {
        follow(&ca, &settings, global, env)
    } else {
        Followed::default()
    };
    report.tell(&args.bulk, env);
    if global.json {
        env.print_json(&report.json(&args.bulk, maps.json(), ended.as_ref().err()))?;
    }
    ended.map_err(|error| error.hint("when this is mended, run the same command again"))?;
    report.outcome()?;
    maps.outcome()
}

/// Refuses the options for a list where there is none. The parser of the command line does not see that with
/// every other option.
pub fn check_unused(args: &Bulk) -> Result<()> {
    let place = args.password_out.is_some() || args.password_dir.is_some();
    if args.p12 || place || args.reader.is_some() {
        return Err(Error::usage("--p12 goes with a list, --from FILE").hint(
            "for one person: `mailca issue --user LOGIN --email ADDRESS LOGIN`, then `mailca export-p12 LOGIN`",
        ));
    }
    Ok(())
}

fn form(args: &Issue) -> Result<Option<Form>> {
    let bulk = &args.bulk;
    if bulk.p12 && bulk.password_out.is_none() && bulk.password_dir.is_none() {
        return Err(Error::usage(
            "--p12 makes a password for each bundle, and nobody said where to put it",
        )
        .hint("one file for all: --password-out passwords.csv")
        .hint("a file each: --password-dir DIR"));
    }
    let form = bulk.reader.as_deref().map(str::parse).transpose()?;
    Ok(bulk.p12.then(|| form.unwrap_or_default()))
}

/// Refuses a file for the passwords where somebody's folder or bundle belongs.
fn check_password_place(args: &Bulk, persons: &[Person]) -> Result<()> {
    let Some(path) = &args.password_out else { return Ok(()) };
    let is_taken = |person: &&Person| {
        same_file(path, person.folder.path()) || same_file(path, &bundle_path(&person.login))
    };
    match persons.iter().find(is_taken) {
        Some(person) => Err(Error::usage(format!(
            "--password-out names {}, which belongs to {}",
            path.display(),
            person.login
        ))
        .hint("name another file, as passwords.csv")),
        None => Ok(()),
    }
}

/// The rows that can be gone on with; the others are reported.
fn persons(
    list: &Path,
    defaults: &Defaults,
    global: &Global,
    report: &mut Report,
    env: &mut Env,
) -> Result<Vec<Person>> {
    let from_stdin = list == Path::new("-");
    let name = if from_stdin { "standard input".into() } else { list.display().to_string() };
    let content = if from_stdin { env.read_stdin()? } else { input::read(list)? };
    let rows = rows::read(&content).map_err(|error| error.at(&name))?;
    let mut seen = HashMap::new();
    let folders = folders_here();
    let mut persons = Vec::with_capacity(rows.len());
    for mut row in rows {
        report.rows += 1;
        let login = row.get("login").map(str::to_owned);
        let fault = row.take_fault().or_else(|| {
            let login = login.as_deref()?;
            let plain = login.to_lowercase();
            let (line, first) =
                seen.entry(plain.clone()).or_insert_with(|| (row.line, login.to_owned()));
            if *line != row.line {
                let same = if first == login { "" } else { ", in other letter case" };
                return Some(Error::refused(format!("the login is in line {line} already{same}")));
            }
            same_but_for_case(login, folders.get(&plain)?)
        });
        let person = match fault {
            Some(error) => Err(error),
            None => Person::new(&row, defaults, &global.ca_dir),
        };
        match person {
            Ok(person) => persons.push(person),
            Err(error) => report.fail(row.line, login.as_deref(), error, env),
        }
    }
    Ok(persons)
}

/// The folders under the current one that hold certificates, by their names in small letters.
fn folders_here() -> HashMap<String, Vec<String>> {
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    for entry in std::fs::read_dir(".").into_iter().flatten().flatten() {
        let path = entry.path();
        let is_one = [layout::KEY, layout::CHAIN].iter().any(|kind| path.join(kind.name).exists());
        if let (true, Ok(name)) = (is_one, entry.file_name().into_string()) {
            found.entry(name.to_lowercase()).or_default().push(name);
        }
    }
    found
}

/// Many servers take logins for the same that differ in case only, and some file systems folders.
fn same_but_for_case(login: &str, folders: &[String]) -> Option<Error> {
    if folders.iter().any(|folder| folder == login) {
        return None;
    }
    let other = folders.first()?;
    Some(
        Error::refused(format!(
            "the folder {other} is there, whose name differs in letter case only"
        ))
        .hint("is it the same person? then write the login as the folder"),
    )
}

fn agree(count: usize, ca: &CaFolder, yes: bool, env: &mut Env) -> Result<()> {
    if yes || count == 0 || !env.prompter.is_interactive() {
        return Ok(());
    }
    let people = if count == 1 { "1 person".to_owned() } else { format!("{count} persons") };
    let question = format!("See that {people} have a certificate of {}?", ca.certificate().title());
    if env.prompter.confirm(&question)? {
        return Ok(());
    }
    Err(Error::refused("nothing was issued"))
}

/// The files of a group are open until all of them are durable.
fn allow_many_files() {
    let limit = getrlimit(Resource::Nofile);
    // Where it cannot be raised, a group is too large for few systems.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}
