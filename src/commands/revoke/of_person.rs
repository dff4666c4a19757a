//! `mailca revoke --user`: every valid certificate of a person, all at one moment.

use serde_json::json;

use super::condemned::Condemned;
use super::consequences::Consequences;
use super::{ask, is_shown, revocation, second, show, warn_of};
use crate::cli::{Global, Revoke};
use crate::commands::access_map::{announce, is_due};
use crate::commands::crl::Maker;
use crate::commands::person::{Found, Person, login};
use crate::commands::recorder::finish_interrupted;
use crate::commands::settings;
use crate::commands::sign::{begin, say_all};
use crate::commands::target::{Place, Target};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::inspect::text::count;
use crate::pki::printable::printable;
use crate::pki::revocation::{Reason, Revocation};
use crate::pki::serial::Serial;
use crate::render::certificate::{rfc3339, summary};
use crate::store::ca::CaFolder;
use crate::store::index::Index;

/// Revokes them, and with `--crl` makes the list that says so.
pub(super) fn run(user: &str, args: &Revoke, global: &Global, env: &mut Env) -> Result<()> {
    let settings = settings(global, env)?;
    let ca = CaFolder::open(&global.ca_dir)?;
    finish_interrupted(&ca, env)?;
    let person = Person::new(user);
    let found = person.find(&ca, env.now()?)?;
    let mut revocation = revocation(args, env)?;
    let maker = args.crl.then(|| Maker::new(&ca, &settings, env)).transpose()?;
    let maker = maker.map(|maker| maker.beside(global));
    if let Some(maker) = &maker {
        maker.check()?;
    }
    person.warn(&found, env);
    if found.valid.is_empty() {
        // What a command leaves that was struck before the list and the maps were made.
        let due = is_due(&ca, &settings);
        if !is_unlisted(&found, maker.as_ref(), due) {
            let once_revoked = "`mailca crl` makes the list that says so";
            return Err(person.nobody(&found, "mailca revoke", once_revoked, &ca, env.now()?));
        }
        let lacks = if due { "the access maps lack" } else { "the list lacks" };
        env.say(&format!(
            "every certificate of {} is revoked already, and {lacks} some",
            printable(user)
        ));
    } else {
        // A revocation cannot be taken back: no question stands in for a name that tells them apart.
        person.check_one(&found, "mailca revoke", "mailca revoke")?;
        agree(args, &found.valid, &mut revocation, env)?;
    }
    let keys = match &maker {
        Some(maker) => maker.open_keys(&args.passphrase, env)?,
        None => Vec::new(),
    };
    let mut transaction = begin(&ca, env)?;
    say_all(&mut transaction, env);
    let revoked = still_valid(&person, found.valid, &ca, env)?;
    let dated: Vec<_> = revoked.iter().map(|one| since(one, &revocation)).collect();
    let mut announced = Ok(());
    if !revoked.is_empty() {
        // What cannot be noted must not hold the revocation up.
        announced = announce(&ca, &settings);
        let pairs: Vec<_> = revoked.iter().map(|one| &one.serial).zip(&dated).collect();
        Index::of(ca.path()).revoke_all(&pairs)?;
        for (one, date) in revoked.iter().zip(&dated) {
            let at = args.at.as_ref().map(|_| format!(", since {}", second(date.date)));
            env.say(&format!(
                "revoked the certificate of {}, serial {}{}",
                login(one),
                one.serial,
                at.unwrap_or_default()
            ));
        }
    }
    let list = maker.map(|maker| (maker, keys));
    let consequences = Consequences::draw(list, transaction, &ca, &settings, global, env)?;
    let is_compromised = revocation.reason == Reason::KeyCompromise;
    let same_key = if is_compromised || global.json {
        others_of_their_keys(&revoked, &ca, env)?
    } else {
        Vec::new()
    };
    if is_compromised {
        warn_of(&same_key, env);
    }
    if global.json {
        let certificates: Vec<_> = revoked
            .iter()
            .zip(&dated)
            .map(|(one, revocation)| {
                json!({ "certificate": summary(one), "revoked_at": rfc3339(revocation.date) })
            })
            .collect();
        env.print_json(&json!({
            "user": user,
            "revoked": certificates,
            "reason": revocation.reason.name(),
            "not_looked_at": found.unread.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "valid_with_same_key": same_key.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "crl": consequences.crl_json(),
            "access_maps": consequences.maps_json(),
        }))?;
    }
    consequences.outcome(announced)?;
    match found.unread.as_slice() {
        [] => Ok(()),
        [first, ..] => Err(Error::refused(format!(
            "{} with the name {} could not be looked at",
            count(found.unread.len(), "valid certificate"),
            printable(user)
        ))
        .hint(format!("where it is meant too: `mailca revoke {first}`"))),
    }
}

/// Whether a list or an access map may lack what was revoked before.
fn is_unlisted(found: &Found, maker: Option<&Maker<'_>>, maps_are_due: bool) -> bool {
    let lacks = |maker: &Maker<'_>| found.revoked.iter().any(|one| !maker.lists(&one.serial));
    !found.revoked.is_empty() && (maps_are_due || maker.is_some_and(lacks))
}

/// Those that were agreed on and are still valid; the caller holds the lock. What is new was not agreed on.
fn still_valid(
    person: &Person<'_>,
    agreed: Vec<Certificate>,
    ca: &CaFolder,
    env: &mut Env,
) -> Result<Vec<Certificate>> {
    let now = person.find_any(ca, env.now()?)?;
    let is_in =
        |all: &[Certificate], one: &Certificate| all.iter().any(|it| it.serial == one.serial);
    let is_new = |one: &&Certificate| !is_in(&agreed, one) && person.is_meant(one, &now);
    for one in now.valid.iter().filter(is_new) {
        env.warn(&format!(
            "serial {} was issued in the meantime, and is not revoked: run the command again",
            one.serial
        ));
    }
    let (still, gone): (Vec<_>, Vec<_>) =
        agreed.into_iter().partition(|one| is_in(&now.valid, one));
    for one in gone {
        env.say(&format!("serial {} was revoked in the meantime", one.serial));
    }
    Ok(still)
}

/// The revocation of one of them: with `--at`, no sooner than it began.
fn since(certificate: &Certificate, revocation: &Revocation) -> Revocation {
    let date = revocation.date.max(certificate.not_before);
    Revocation { date, ..revocation.clone() }
}

fn others_of_their_keys(revoked: &[Certificate], ca: &CaFolder, env: &Env) -> Result<Vec<Serial>> {
    let mut all = Vec::new();
    for one in revoked {
        for serial in condemned(one).others_of_its_key(ca, env.now()?)? {
            if !all.contains(&serial) {
                all.push(serial);
            }
        }
    }
    Ok(all)
}

fn condemned(certificate: &Certificate) -> Condemned {
    Condemned::Certificate(Box::new(Target {
        certificate: certificate.clone(),
        place: Place::Serial,
        others: Vec::new(),
    }))
}

/// Shows what will be revoked, and asks where somebody is there to be asked.
fn agree(
    args: &Revoke,
    valid: &[Certificate],
    revocation: &mut Revocation,
    env: &mut Env,
) -> Result<()> {
    if is_shown(args, env) {
        for one in valid {
            show(&condemned(one), env.now()?, env);
        }
    }
    let question = match valid.len() {
        1 => "Revoke it? This cannot be taken back".to_owned(),
        many => format!("Revoke these {many}? This cannot be taken back"),
    };
    ask(args, &question, None, revocation, env)
}
