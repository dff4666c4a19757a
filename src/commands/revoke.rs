//! `mailca revoke`: revoke a certificate.

use serde_json::json;
use time::OffsetDateTime;

use crate::cli::{Global, Revoke};
use crate::commands::access_map::{announce, is_due};
use crate::commands::crl::Maker;
use crate::commands::moment::moment;
use crate::commands::recorder::finish_interrupted;
use crate::commands::settings;
use crate::commands::sign::{begin, say_all};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::revocation::{Reason, Revocation};
use crate::pki::serial::Serial;
use crate::render::certificate::rfc3339;
use crate::store::ca::CaFolder;
use crate::store::index::Index;

mod condemned;
mod consequences;
mod of_person;

use condemned::{Condemned, Record};
use consequences::Consequences;

/// Marks the certificate as revoked, and with `--crl` makes the list that says so.
pub fn run(args: &Revoke, global: &Global, env: &mut Env) -> Result<()> {
    match (&args.target, &args.user) {
        (_, Some(user)) => of_person::run(user, args, global, env),
        (Some(target), None) => one(target, args, global, env),
        (None, None) => Err(Error::usage("no certificate is named")),
    }
}

fn one(target: &str, args: &Revoke, global: &Global, env: &mut Env) -> Result<()> {
    let settings = settings(global, env)?;
    let ca = CaFolder::open(&global.ca_dir)?;
    finish_interrupted(&ca, env)?;
    let condemned = Condemned::find(target, &ca, global)?;
    let mut revocation = revocation(args, env)?;
    check_since(args, &revocation, &condemned)?;
    let maker = args.crl.then(|| Maker::new(&ca, &settings, env)).transpose()?;
    let maker = maker.map(|maker| maker.beside(global));
    if let Some(maker) = &maker {
        maker.check()?;
    }
    let due = is_due(&ca, &settings);
    let lacks = if due { "the access maps lack" } else { "the list lacks" };
    let record = condemned.record(&ca)?;
    let unlisted = is_revoked(&record, &condemned, &revocation, maker.as_ref(), due)?;
    if unlisted {
        // Before the passphrase is asked for.
        env.say(&format!(
            "the certificate of {} is revoked already, and {lacks} it",
            condemned.title()
        ));
    } else {
        if let Some(others) = condemned.unmeant_others(&ca) {
            env.warn(&others);
        }
        agree(args, &condemned, &mut revocation, env)?;
    }
    // Before anything is changed, since the passphrase may be wrong; and not under the lock.
    let keys = match &maker {
        Some(maker) => maker.open_keys(&args.passphrase, env)?,
        None => Vec::new(),
    };
    let mut transaction = begin(&ca, env)?;
    say_all(&mut transaction, env);
    let mut announced = Ok(());
    let record = condemned.record(&ca)?;
    if is_revoked(&record, &condemned, &revocation, maker.as_ref(), due)? {
        if !unlisted {
            env.say(&format!("it was revoked in the meantime, and {lacks} it"));
        }
    } else {
        // What cannot be noted must not hold the revocation up.
        announced = announce(&ca, &settings);
        Index::of(ca.path()).revoke(condemned.serial(), &revocation)?;
        env.say(&format!("revoked the certificate of {}", condemned.title()));
    }
    let consequences = Consequences::draw(
        maker.map(|maker| (maker, keys)),
        transaction,
        &ca,
        &settings,
        global,
        env,
    )?;
    let is_compromised = revocation.reason == Reason::KeyCompromise;
    let same_key = if is_compromised || global.json {
        condemned.others_of_its_key(&ca, env.now()?)?
    } else {
        Vec::new()
    };
    if is_compromised {
        warn_of(&same_key, env);
    }
    if let Some(path) = condemned.path() {
        let what = if path.is_dir() { "the files in " } else { "" };
        let verb = if path.is_dir() { "remain as they are" } else { "remains as it is" };
        env.say(&format!("{what}{} {verb}", path.display()));
    }
    if global.json {
        env.print_json(&json!({
            "certificate": condemned.json(),
            "path": condemned.path(),
            "revoked_at": rfc3339(revocation.date),
            "reason": revocation.reason.name(),
            "valid_with_same_key": same_key.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "crl": consequences.crl_json(),
            "access_maps": consequences.maps_json(),
        }))?;
    }
    consequences.outcome(announced)
}

fn warn_of(same_key: &[Serial], env: &mut Env) {
    for serial in same_key {
        env.warn(&format!(
            "{serial} is valid and has the same key: `mailca revoke {serial} --reason keyCompromise`"
        ));
    }
}

/// The revocation that is asked for.
fn revocation(args: &Revoke, env: &Env) -> Result<Revocation> {
    let now = env.now()?;
    let reason = args.reason.as_deref().map_or(Ok(Reason::Unspecified), str::parse)?;
    let Some(at) = &args.at else { return Ok(Revocation::new(now, reason)) };
    let date = moment(at)?.to_offset(time::UtcOffset::UTC);
    if date > now {
        return Err(Error::refused(format!(
            "{} is in the future: a certificate is revoked now, or since a moment in the past",
            second(date)
        )));
    }
    Ok(Revocation::new(date.replace_nanosecond(0).unwrap_or(date), reason))
}

/// Refuses `--at` where the certificate had not begun.
fn check_since(args: &Revoke, revocation: &Revocation, condemned: &Condemned) -> Result<()> {
    match condemned.not_before() {
        Some(not_before) if args.at.is_some() && revocation.date < not_before => {
            Err(Error::refused(format!(
                "{} is before {}, when the certificate began",
                second(revocation.date),
                second(not_before)
            )))
        }
        _ => Ok(()),
    }
}

fn second(moment: OffsetDateTime) -> String {
    crate::pki::inspect::text::second(moment)
}

/// Whether the row is revoked as is asked for and only the list, or an access map, lacks it: what a command
/// leaves that was struck in between. Any other revoked row is an error.
fn is_revoked(
    record: &Record,
    condemned: &Condemned,
    wanted: &Revocation,
    maker: Option<&Maker<'_>>,
    maps_are_due: bool,
) -> Result<bool> {
    let Record::Revoked(revocation) = record else { return Ok(false) };
    let is_unlisted = maker.is_some_and(|maker| !maker.lists(condemned.serial()));
    if let Some(revocation) = revocation
        && revocation.reason == wanted.reason
        && (is_unlisted || maps_are_due)
    {
        return Ok(true);
    }
    let when = match revocation {
        Some(revocation) => revocation.to_string(),
        None => "at an unreadable date".into(),
    };
    Err(Error::refused(format!(
        "the certificate of {}, serial {}, was revoked already, {when}",
        condemned.title(),
        condemned.serial()
    ))
    .hint("`mailca crl` makes the list that says so"))
}

/// Shows what will be revoked, and asks where somebody is there to be asked.
fn agree(
    args: &Revoke,
    condemned: &Condemned,
    revocation: &mut Revocation,
    env: &mut Env,
) -> Result<()> {
    let now = env.now()?;
    if is_shown(args, env) {
        show(condemned, now, env);
    }
    let warning = condemned.not_after().filter(|not_after| *not_after < now).map(|not_after| {
        format!("it ended on {}: nobody accepts it any more in any case", not_after.date())
    });
    ask(args, "Revoke it? This cannot be taken back", warning, revocation, env)
}

/// Whether what will be revoked is shown.
fn is_shown(args: &Revoke, env: &Env) -> bool {
    (!args.yes && env.prompter.is_interactive()) || !env.quiet
}

fn show(condemned: &Condemned, now: OffsetDateTime, env: &mut Env) {
    for (label, value) in condemned.facts(now) {
        env.ask_about(&format!("  {label:<8} {value}"));
    }
}

/// Asks for the reason where none was given, and whether to go on.
fn ask(
    args: &Revoke,
    question: &str,
    warning: Option<String>,
    revocation: &mut Revocation,
    env: &mut Env,
) -> Result<()> {
    let asking = !args.yes && env.prompter.is_interactive();
    let asks_why = asking && args.reason.is_none();
    if is_shown(args, env) {
        if !asks_why {
            env.ask_about(&format!("  {:<8} {}", "Reason", revocation.reason));
        }
        if args.at.is_some() {
            env.ask_about(&format!("  {:<8} {}", "Since", second(revocation.date)));
        }
    }
    if let Some(warning) = warning {
        env.warn(&warning);
    }
    if asks_why {
        for reason in Reason::ALL {
            env.ask_about(&format!("  {:<20}  {}", reason.name(), reason.meaning()));
        }
        let check = |answer: &str| answer.trim().parse::<Reason>().map(|_| ());
        let answer = env.prompter.text("Why?", Reason::Unspecified.name(), &check)?;
        *revocation = Revocation::new(revocation.date, answer.trim().parse()?);
    }
    if asking && !env.prompter.confirm(question)? {
        return Err(Error::refused("not revoked; nothing was written"));
    }
    Ok(())
}
