//! `mailca doctor`: find what is wrong with the CA's folder, and repair it.

mod listing;

use std::path::Path;

use serde_json::{Value, json};

use crate::cli::{Doctor, Global};
use crate::commands::{access_map, settings};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::store::ca::CaFolder;
use crate::store::config::Settings;
use crate::store::doctor::lost::Lost;
use crate::store::doctor::{self, Depth, Finding, Scene, Severity, adopt, fix};

/// Looks, repairs where that is asked for, and tells. A problem that is left is a verdict; advice alone
/// is none.
pub fn run(args: &Doctor, global: &Global, env: &mut Env) -> Result<()> {
    let settings = settings(global, env);
    if args.settings {
        return listing::all(&settings?, global, env);
    }
    let known = settings.as_ref().ok();
    if args.adopt
        && let Some(finding) = adopt::foreign(&global.ca_dir)?
    {
        return tell(&[], &[finding], known, args, global, env);
    }
    let file = args.passphrase.ca_passphrase_file.as_ref();
    let passphrase = file.map(|file| env.passphrase_file(file)).transpose()?;
    let around = Path::new(".");
    let lost = Lost { folder: &global.ca_dir, around, passphrase: passphrase.as_ref() };
    let mut repaired = Vec::new();
    if let Some(finding) = lost.finding() {
        // Without its certificate nothing else of a CA can be looked at.
        if !args.fix || !finding.fixable {
            return tell(&[], &[finding], known, args, global, env);
        }
        lost.restore()?;
        repaired.push(finding);
    }
    let ca = CaFolder::open(&global.ca_dir)?;
    let settings = settings?;
    let installed = super::install::installed_lists(global);
    let scene = Scene {
        ca: &ca,
        settings: &settings,
        now: env.now()?,
        around,
        crls: &args.crl,
        installed: &installed,
        certificates: &args.certificate,
        assume_valid: args.assume_valid,
        passphrase: passphrase.as_ref(),
    };
    if !args.fix {
        let findings = if args.adopt {
            adopt::preview(&scene)?
        } else {
            let mut findings = doctor::examine(&scene, Depth::Full)?;
            findings.extend(access_maps(&ca, &settings, env));
            findings
        };
        return tell(&[], &findings, Some(&settings), args, global, env);
    }
    let stamp = env.stamp()?;
    let report = fix::fix(&scene, &stamp, &|| env.serial())?;
    for line in &report.said {
        env.say(line);
    }
    // A revocation that was taken in is one that the servers have to hear of.
    let maps = access_map::follow(&ca, &settings, global, env);
    repaired.extend(report.repaired);
    let mut left = report.left;
    left.extend(access_maps(&ca, &settings, env));
    tell(&repaired, &left, Some(&settings), args, global, env)?;
    maps.outcome()
}

/// The access maps of the settings that do not hold those who are valid now.
fn access_maps(ca: &CaFolder, settings: &Settings, env: &Env) -> Vec<Finding> {
    let lacking = access_map::lacking(ca, settings, true, env);
    let findings = lacking.into_iter().map(|what| Finding {
        id: access_map::LACKING,
        severity: Severity::Problem,
        what,
        mend: access_map::MEND.to_owned(),
        fixable: false,
    });
    findings.collect()
}

fn tell(
    repaired: &[Finding],
    left: &[Finding],
    settings: Option<&Settings>,
    args: &Doctor,
    global: &Global,
    env: &mut Env,
) -> Result<()> {
    let count = |severity| left.iter().filter(|one| one.severity == severity).count();
    let (problems, advice) = (count(Severity::Problem), count(Severity::Advice));
    if global.json {
        let all = left.iter().map(|one| value(one, false));
        let all: Vec<_> = all.chain(repaired.iter().map(|one| value(one, true))).collect();
        let settings = settings.map(listing::json).unwrap_or_default();
        env.print_json(&json!({ "findings": all, "settings": settings }))?;
    } else {
        if let Some(settings) = settings.filter(|_| !env.quiet) {
            listing::chosen(settings, env)?;
        }
        for finding in left {
            let Finding { id, severity, what, mend, .. } = finding;
            env.print(&format!("{}: {what} [{id}]\n    {mend}", severity.name()))?;
        }
        for Finding { id, what, .. } in repaired {
            env.print(&format!("repaired: {what} [{id}]"))?;
        }
        if !(env.quiet && left.is_empty() && repaired.is_empty()) {
            env.print(&counts(problems, advice, repaired.len()))?;
        }
    }
    if problems == 0 {
        return Ok(());
    }
    let is_one = problems == 1;
    let error = Error::verdict(format!(
        "{} {}",
        plural(problems, "problem"),
        match (args.fix, is_one) {
            (true, true) => "is left",
            (true, false) => "are left",
            (false, true) => "was found",
            (false, false) => "were found",
        }
    ));
    let fixable =
        left.iter().filter(|one| one.fixable && one.severity == Severity::Problem).count();
    Err(match fixable {
        0 => error,
        _ if args.fix => error.hint("what could not be repaired is told above"),
        _ => error.hint(format!(
            "`mailca doctor --fix` repairs {fixable} of {problems}; it keeps a copy of what it changes"
        )),
    })
}

fn counts(problems: usize, advice: usize, repaired: usize) -> String {
    let mut parts = Vec::new();
    if repaired > 0 {
        parts.push(format!("{repaired} repaired"));
    }
    if problems > 0 {
        parts.push(plural(problems, "problem"));
    }
    if advice > 0 {
        parts.push(format!("{} of advice", plural(advice, "piece")));
    }
    if problems == 0 && repaired == 0 {
        parts.insert(0, "nothing is wrong".to_owned());
    }
    parts.join(", ")
}

fn plural(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn value(finding: &Finding, repaired: bool) -> Value {
    json!({
        "id": finding.id,
        "severity": finding.severity.name(),
        "what": finding.what,
        "mend": finding.mend,
        "repaired": repaired,
    })
}
