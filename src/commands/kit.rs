//! `mailca kit`: what a person is sent, but for the password.

use std::path::Path;

use serde_json::{Value, json};

use crate::cli::{Global, Kit};
use crate::commands::config::templates::Templates;
use crate::commands::export_p12::password::{self, Otherwise, Password};
use crate::commands::export_p12::{self, source};
use crate::commands::pair::Pair;
use crate::commands::{check_output, existing, settings};
use crate::env::Env;
use crate::error::Result;
use crate::pki::pkcs12::Form;
use crate::render::certificate::{fingerprint, summary};
use crate::store::folder::FolderName;
use crate::store::{atomic, input};

mod contents;
mod person;
mod place;
mod servers;
mod signer;

use self::contents::Contents;
use self::person::Person;
use self::place::Place;
use self::servers::Accounts;

/// Makes the kit of NAME.
pub fn run(args: &Kit, global: &Global, env: &mut Env) -> Result<()> {
    password::check_no_dash(&args.password)?;
    let name = FolderName::parse(&args.name)?;
    let settings = settings(global, env)?;
    let place = Place::of(args.output.as_deref(), &name, global)?;
    let accounts = Accounts::of(args, &settings)?;
    let goes_on = check_password_file(args, &name, &place, global, env)?;
    let pair = source::pair(args.from.as_deref(), &name, global, env)?;
    let person = Person::of(&pair.certificate, args, &name)?;
    let aside = place.check(&pair.certificate, &person, args.force, env)?;
    accounts.warn_of_half(env);
    let signer = signer::open(args, global, env)?;
    let password =
        password::obtain(&args.password, Otherwise::Generate, !goes_on, Form::Apple, env)?;
    let contents = Contents {
        name: &name,
        pair: &pair,
        person: &person,
        accounts: &accounts,
        signer: signer.as_ref(),
        iterations: args.password.iterations.unwrap_or(password.iterations),
        password: &password.text,
        now: env.now()?,
    };
    let files = contents.files(&Templates::new(args.template_dir.as_deref(), &settings, global))?;
    let staged = place.stage(&files, env.now()?)?;
    // First the password, so that no kit is there without one.
    let finished =
        put_password(args, &password, env).and_then(|()| staged.publish(aside.as_deref()));
    if finished.is_err() && !goes_on {
        take_back_password(args, &name, &place, &password);
    }
    let kept = finished?;
    if let Some(kept) = &kept {
        env.say(&format!("the kit that was there is kept as {}", kept.display()));
    }
    say_how_to_hand_it_over(args, &place, &pair, &person, &password, env);
    if global.json {
        let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
        env.print_json(&report(args, &place, &contents, &names, kept.as_deref())?)?;
    }
    Ok(())
}

/// What `--json` prints.
fn report(
    args: &Kit,
    place: &Place,
    contents: &Contents<'_>,
    names: &[&str],
    kept: Option<&Path>,
) -> Result<Value> {
    let Contents { person, accounts, .. } = contents;
    Ok(json!({
        "kit": place.path(),
        "files": names,
        "name": person.name,
        "login": person.login,
        "email": person.email,
        "friendly_name": person.friendly_name,
        "certificate": summary(&contents.pair.certificate),
        "ca_sha256": fingerprint(contents.root()?.as_der()),
        "imap": accounts.imap.as_ref().map(servers::shown),
        "smtp": accounts.smtp.as_ref().map(servers::shown),
        "auth": args.auth.to_string(),
        "signed_by": contents.signer.map(signer::Signer::title),
        "iterations": contents.iterations,
        "password_file": args.password.password_out,
        "kept": kept,
    }))
}

/// Checks the file for the password. Returns whether the password in it is gone on with: that of the kit which is there
/// or was being made. Any other file is in the way, a password too, which may be somebody else's.
fn check_password_file(
    args: &Kit,
    name: &FolderName,
    place: &Place,
    global: &Global,
    env: &mut Env,
) -> Result<bool> {
    let Some(path) = &args.password.password_out else { return Ok(false) };
    place.check_password_file(path)?;
    if !args.force
        && password::is_left_over(path)
        && place.opens_with(name, &env.password_file(path)?)?
    {
        return Ok(true);
    }
    check_output(path, "--password-out", &existing(args.force, env)?, global)?;
    Ok(false)
}

/// Puts the password into its file, where it is not there already.
fn put_password(args: &Kit, password: &Password, env: &mut Env) -> Result<()> {
    let Some(path) = &args.password.password_out else { return Ok(()) };
    let Some(file) = password::stage(&password.text, path)? else { return Ok(()) };
    export_p12::put(file, path, &existing(args.force, env)?, env)
}

/// Removes the password of a kit that did not come to be: it would be in the way of the next.
fn take_back_password(args: &Kit, name: &FolderName, place: &Place, password: &Password) {
    let Some(path) = &args.password.password_out else { return };
    let there = input::read_if_there(path).ok().flatten();
    let is_ours =
        there.is_some_and(|there| there.strip_suffix(b"\n") == Some(password.text.as_bytes()));
    // A kit that has its name already, only perhaps not durably, keeps its password.
    if is_ours && place.opens_with(name, &password.text).is_ok_and(|opens| !opens) {
        // The error that is reported is the first.
        let _ = atomic::remove_if_there(path);
    }
}

fn say_how_to_hand_it_over(
    args: &Kit,
    place: &Place,
    pair: &Pair,
    person: &Person,
    password: &Password,
    env: &mut Env,
) {
    env.say(&format!(
        "{} is the kit of {}, whose certificate is valid until {}",
        place.path().display(),
        person.email,
        pair.certificate.not_after.date()
    ));
    env.say("hand the kit over by mail or on a stick, and the password by telephone or in person: never both in one way");
    if let Some(path) = &args.password.password_out {
        env.say(&format!("{} is the password", path.display()));
    } else if password.generated {
        env.ask_about(&format!("the password is: {}", *password.text));
    }
    if let Some(root) = pair.chain.last() {
        env.say(&format!(
            "on the telephone, compare the fingerprint (SHA-256) of {} with the one on the page:",
            root.title()
        ));
        env.say(&format!("  {}", fingerprint(root.as_der())));
    }
}
