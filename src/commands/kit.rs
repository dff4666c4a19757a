//! `mailca kit`: what a person is sent, but for the password.

use serde_json::json;

use crate::cli::{Global, Kit};
use crate::commands::config::templates::Templates;
use crate::commands::export_p12::password::{self, Otherwise, Password};
use crate::commands::export_p12::source;
use crate::commands::pair::Pair;
use crate::commands::{check_output, existing, settings};
use crate::env::Env;
use crate::error::Result;
use crate::pki::pkcs12::Form;
use crate::render::certificate::{fingerprint, summary};
use crate::store::folder::FolderName;

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
    let name = FolderName::parse(&args.name)?;
    let settings = settings(global, env)?;
    let place = Place::of(args.output.as_deref(), &name, global)?;
    let accounts = Accounts::of(args, &settings)?;
    if let Some(path) = &args.password.password_out {
        place.check_password_file(path)?;
        if !password::is_left_over(path) {
            check_output(path, "--password-out", &existing(args.force, env)?, global)?;
        }
    }
    let pair = source::pair(args.from.as_deref(), &name, global, env)?;
    let person = Person::of(&pair.certificate, args, &name)?;
    let aside = place.check(&pair.certificate, &person, args.force, env)?;
    accounts.warn_of_half(env);
    let signer = signer::open(args, global, env)?;
    let password =
        password::obtain(&args.password, Otherwise::Generate, args.force, Form::Apple, env)?;
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
    if let Some(path) = &args.password.password_out
        && let Some(file) = password::stage(&password.text, path)?
    {
        crate::commands::export_p12::put(file, path, &existing(args.force, env)?, env)?;
    }
    let kept = staged.publish(aside.as_deref())?;
    if let Some(kept) = &kept {
        env.say(&format!("the kit that was there is kept as {}", kept.display()));
    }
    say_how_to_hand_it_over(args, &place, &pair, &person, &password, env);
    if global.json {
        env.print_json(&json!({
            "kit": place.path(),
            "files": files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(),
            "name": person.name,
            "login": person.login,
            "email": person.email,
            "friendly_name": person.friendly_name,
            "certificate": summary(&pair.certificate),
            "ca_sha256": fingerprint(contents.root()?.as_der()),
            "imap": accounts.imap.as_ref().map(servers::shown),
            "smtp": accounts.smtp.as_ref().map(servers::shown),
            "auth": args.auth.to_string(),
            "signed_by": signer.as_ref().map(signer::Signer::title),
            "password_file": args.password.password_out,
            "kept": kept,
        }))?;
    }
    Ok(())
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
