//! `mailca renew`: make certificates anew before they end.
//!
//! Everything is decided on before the first is signed. With `--expiring`, which runs unattended, one
//! that fails does not stop the others.

use crate::cli::{Global, Renew};
use crate::commands::access_map::{Followed, follow};
use crate::commands::recorder::{Recorder, finish_interrupted};
use crate::commands::{crl_url, install, settings, target};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::key::KeyType;
use crate::pki::profile::Profile;
use crate::store::ca::CaFolder;
use crate::store::config::{self, Settings};
use crate::store::folder::CertificateFolder;

mod destination;
mod expiring;
mod key;
mod named;
mod of_person;
mod renewal;
mod report;
mod terms;

pub(super) use key::same_type;

use destination::Destination;
pub(super) use expiring::folders;
use renewal::Renewal;
use report::Report;
use terms::Ends;

/// What the administrator wants of every renewal of this run.
struct Wishes {
    profile: Option<Profile>,
    days: Option<u32>,
    leaf_days: u32,
    crl_url: Option<String>,
    new_key: bool,
    key_type: Option<KeyType>,
    /// The mode of the public files, where somebody chose one.
    mode: Option<u32>,
    revoke_old: bool,
    /// Ends the names of the files that are kept aside.
    stamp: String,
}

impl Wishes {
    fn new(args: &Renew, settings: &Settings, env: &Env) -> Result<Self> {
        Ok(Self {
            profile: match &args.user {
                Some(_) => Some(Profile::User),
                None => args.profile.as_deref().map(str::parse).transpose()?,
            },
            days: args.days,
            leaf_days: settings.leaf_days(),
            crl_url: crl_url(args.crl_url.as_ref(), settings)?,
            new_key: args.new_key,
            key_type: args.key_type.as_deref().map(str::parse).transpose()?,
            mode: match &args.cert_mode {
                Some(mode) => Some(config::parse_mode(mode)?),
                None => settings.chosen_cert_mode()?,
            },
            revoke_old: args.revoke_old,
            stamp: env.stamp()?,
        })
    }
}

/// The command that renews a certificate, for a hint. `argument` is what names it, with a space before it,
/// or nothing.
pub(super) fn command(certificate: &Certificate, argument: &str) -> String {
    match Profile::of(certificate) {
        Some(profile @ (Profile::User | Profile::Ca)) => {
            format!("mailca renew --profile {profile}{argument}")
        }
        _ => format!("mailca renew{argument}"),
    }
}

/// Renews what is named, or what ends soon.
pub fn run(args: &Renew, global: &Global, env: &mut Env) -> Result<()> {
    let settings = settings(global, env)?;
    let wishes = Wishes::new(args, &settings, env)?;
    let ca = CaFolder::open(&global.ca_dir)?;
    // What a killed renewal began to record may lie in its folder already.
    finish_interrupted(&ca, env)?;
    let mut recorder = Recorder::new(&ca, &args.passphrase);
    let mut report = Report::default();
    let decided = match args.expiring {
        Some(span) => {
            let found = expiring::find(&ca, span.0, &wishes, global, &mut report, env)?;
            let ends = if found.is_empty() { Ends::default() } else { Ends::of(&ca)? };
            let mut decided = Vec::new();
            for (target, destination) in found {
                let old = target.clone();
                match Renewal::decide(target, destination, &recorder, &wishes, &ends, env) {
                    Ok(renewal) if renewal.ends_no_later() => report.skip(
                        &old,
                        "the new one would end no later; where it ends with the CA, \
                         `mailca rekey-ca --same-key` comes first",
                        env,
                    ),
                    Ok(renewal) => decided.push(renewal),
                    Err(error) => report.fail(&old, error, env),
                }
            }
            decided
        }
        None => named(args, &recorder, &wishes, global, env)?,
    };
    if !decided.is_empty() {
        agree(&decided, args.yes, env)?;
        recorder.open_key(env)?;
    }
    let alone = args.expiring.is_none() && decided.len() == 1;
    let mut filled = Vec::new();
    for renewal in decided {
        let old = renewal.old().clone();
        let folder = renewal.folder().cloned();
        match renewal.carry_out(&mut recorder, &wishes, global, env) {
            Ok(renewed) => {
                report.renewed(renewed, env)?;
                filled.extend(folder);
            }
            Err(error) if alone => return Err(error),
            Err(error) => report.fail(&old, error, env),
        }
    }
    let maps = if report.has_renewed() {
        follow(&ca, &settings, global, env)
    } else {
        Followed::default()
    };
    let installed = install(args, &filled, global, env);
    report.finish(&maps, &recorder, args.expiring.is_some(), global, env)?;
    installed
}

/// Gives the servers what was renewed; with --expiring, also what did not reach them the last time.
fn install(
    args: &Renew,
    filled: &[CertificateFolder],
    global: &Global,
    env: &mut Env,
) -> Result<()> {
    if args.expiring.is_some() {
        return install::bring_up(&folders(global)?, global, env);
    }
    let mut outcome = Ok(());
    for folder in filled {
        outcome = outcome.and(install::after_renewal(folder, global, env));
    }
    outcome
}

/// Decides on the certificates that are named.
fn named(
    args: &Renew,
    recorder: &Recorder<'_>,
    wishes: &Wishes,
    global: &Global,
    env: &mut Env,
) -> Result<Vec<Renewal>> {
    if args.output.is_some() && args.targets.len() != 1 && args.user.is_none() {
        return Err(Error::usage("--output goes with one serial number or file, and one only"));
    }
    let here = [".".to_owned()];
    let names = if args.targets.is_empty() { &here[..] } else { &args.targets };
    let mut found: Vec<(target::Target, Destination)> = Vec::new();
    let output = args.output.as_deref();
    for name in names {
        let target = match &args.user {
            Some(user) => of_person::find(user, output, recorder.ca, global, env)?,
            None => named::find(name, output, recorder.ca, global, env)?,
        };
        let destination = Destination::of(&target, output, global)?;
        let der = target.certificate.as_der();
        if found.iter().any(|(other, _)| other.certificate.as_der() == der) {
            return Err(Error::usage(format!("{name}: the same certificate was named before")));
        }
        found.push((target, destination));
    }
    let ends = Ends::of(recorder.ca)?;
    found
        .into_iter()
        .map(|(target, destination)| {
            Renewal::decide(target.certificate, destination, recorder, wishes, &ends, env)
        })
        .collect()
}

/// Shows what will be renewed, and asks once where somebody is there to be asked.
fn agree(decided: &[Renewal], yes: bool, env: &mut Env) -> Result<()> {
    let asking = !yes && env.prompter.is_interactive();
    let now = env.now()?;
    for renewal in decided {
        for remark in renewal.remarks() {
            env.warn(&format!("{}: {remark}", renewal.old().title()));
        }
        if asking || !env.quiet {
            env.ask_about(&renewal.announcement(now));
        }
    }
    let question = match decided.len() {
        1 => "Renew it?".to_owned(),
        many => format!("Renew these {many}?"),
    };
    if asking && !env.prompter.confirm(&question)? {
        return Err(Error::refused("not renewed; nothing was written"));
    }
    Ok(())
}
