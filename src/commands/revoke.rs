//! `mailca revoke`: revoke a certificate.

use serde_json::json;
use time::OffsetDateTime;

use crate::cli::{Global, Revoke};
use crate::commands::access_map::{announce, follow, is_due};
use crate::commands::crl::Maker;
use crate::commands::install;
use crate::commands::moment::moment;
use crate::commands::settings;
use crate::commands::sign::{begin, say_all};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::revocation::{Reason, Revocation};
use crate::render::certificate::rfc3339;
use crate::store::ca::CaFolder;
use crate::store::index::Index;

mod condemned;

use condemned::{Condemned, Record};

/// Marks the certificate as revoked, and with `--crl` makes the list that says so.
pub fn run(args: &Revoke, global: &Global, env: &mut Env) -> Result<()> {
    let settings = settings(global, env)?;
    let ca = CaFolder::open(&global.ca_dir)?;
    let condemned = Condemned::find(&args.target, &ca, global)?;
    let mut revocation = revocation(args, &condemned, env)?;
    let maker = args.crl.then(|| Maker::new(&ca, &settings, env)).transpose()?;
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
    let made = maker.map(|maker| maker.make(&keys, env)).transpose().map_err(|error| {
        error.hint("the certificate is revoked; when this is mended, `mailca crl` makes the list")
    });
    drop(transaction);
    let maps = follow(&ca, &settings, global, env);
    let made = made?;
    let mut installed = Ok(());
    match &made {
        Some(report) => {
            report.say(env);
            installed = install::after_crl(global, env);
            env.say("servers that read the list elsewhere go by the old one until they have read this");
        }
        None => env.say("servers that read revocation lists do not hear of it before the next one: `mailca crl`"),
    }
    let is_compromised = revocation.reason == Reason::KeyCompromise;
    let same_key = if is_compromised || global.json {
        condemned.others_of_its_key(&ca, env.now()?)?
    } else {
        Vec::new()
    };
    if is_compromised {
        for serial in &same_key {
            env.warn(&format!(
                "{serial} is valid and has the same key: `mailca revoke {serial} --reason keyCompromise`"
            ));
        }
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
            "crl": made.as_ref().map(super::crl::Report::json),
            "access_maps": maps.json(),
        }))?;
    }
    made.map_or(Ok(()), super::crl::Report::outcome)?;
    maps.outcome()?;
    announced?;
    installed
}

/// The revocation that is asked for.
fn revocation(args: &Revoke, condemned: &Condemned, env: &Env) -> Result<Revocation> {
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
    match condemned.not_before() {
        Some(not_before) if date < not_before => Err(Error::refused(format!(
            "{} is before {}, when the certificate began",
            second(date),
            second(not_before)
        ))),
        _ => Ok(Revocation::new(date.replace_nanosecond(0).unwrap_or(date), reason)),
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
    let asking = !args.yes && env.prompter.is_interactive();
    let asks_why = asking && args.reason.is_none();
    if asking || !env.quiet {
        for (label, value) in condemned.facts(now) {
            env.ask_about(&format!("  {label:<8} {value}"));
        }
        if !asks_why {
            env.ask_about(&format!("  {:<8} {}", "Reason", revocation.reason));
        }
        if args.at.is_some() {
            env.ask_about(&format!("  {:<8} {}", "Since", second(revocation.date)));
        }
    }
    if let Some(not_after) = condemned.not_after()
        && not_after < now
    {
        env.warn(&format!(
            "it ended on {}: nobody accepts it any more in any case",
            not_after.date()
        ));
    }
    if asks_why {
        env.ask_about(&format!("  {}", Reason::ALL.map(Reason::name).join(", ")));
        let check = |answer: &str| answer.trim().parse::<Reason>().map(|_| ());
        let answer = env.prompter.text("Why?", Reason::Unspecified.name(), &check)?;
        *revocation = Revocation::new(revocation.date, answer.trim().parse()?);
    }
    if asking && !env.prompter.confirm("Revoke it? This cannot be taken back")? {
        return Err(Error::refused("not revoked; nothing was written"));
    }
    Ok(())
}
