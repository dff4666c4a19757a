//! `mailca status`: say on one screen whether something is to be done.
//!
//! index.txt is gone through once. Certificates are opened only where they are due and there is a newer
//! one for the same subject.

mod seen;

use time::{Duration, OffsetDateTime};

use crate::cli::{Global, Status};
use crate::commands::crl::{Look, Maker};
use crate::commands::{access_map, install, renew, settings};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::crl::Crl;
use crate::pki::inspect::text::count;
use crate::render::status::{self, Counts, CrlFacts, ToDo, View};
use crate::render::words;
use crate::store::ca::CaFolder;
use crate::store::config::Settings;
use crate::store::crl::{self, Standing};
use crate::store::doctor::{self, Scene, Severity};
use crate::store::due::Due;
use crate::store::folder::CertificateFolder;
use crate::store::index::Index;
use crate::store::{backup, input, layout, transaction};
use seen::Seen;

/// This many certificates may be issued before the last backup is too old.
const SINCE_BACKUP: u64 = 50;
/// After this time, one is enough.
const OLD_BACKUP: Duration = Duration::days(180);

/// How long before its end a certificate is due, where nobody says otherwise: as `--expiring` has it.
pub(super) const DUE: Duration = Duration::days(30);

/// Shows the state of the CA. What is to be done makes it a negative verdict.
pub fn run(args: &Status, global: &Global, env: &mut Env) -> Result<()> {
    let settings = settings(global, env)?;
    let ca = CaFolder::open(&global.ca_dir)?;
    let found = look(&ca, &settings, args.expiring.0, global, env)?;
    let view = found.view(&ca);
    if global.json {
        env.print_json(&status::json(&view))?;
    } else if !(env.quiet && view.to_do.is_empty()) {
        env.print_bytes(status::text(&view, env.report_width()).as_bytes())?;
    }
    match view.to_do.len() {
        0 => Ok(()),
        number => Err(Error::verdict(format!("{} to be done", count(number, "thing")))),
    }
}

/// What is known of the state of a CA at a moment.
pub(super) struct Found {
    now: OffsetDateTime,
    crl: Option<CrlFacts>,
    counts: Counts,
    backup: Backup,
    to_do: Vec<ToDo>,
}

impl Found {
    /// The same, to be shown.
    pub(super) fn view<'a>(&'a self, ca: &'a CaFolder) -> View<'a> {
        View {
            ca: ca.certificate(),
            now: self.now,
            crl: self.crl.clone(),
            counts: self.counts,
            backup: self.backup,
            to_do: &self.to_do,
        }
    }
}

/// Looks whether something is to be done. A certificate is due so long before its end.
pub(super) fn look(
    ca: &CaFolder,
    settings: &Settings,
    expiring: Duration,
    global: &Global,
    env: &mut Env,
) -> Result<Found> {
    let now = env.now()?;
    let folders = renew::folders(global)?;
    let in_use = folders.iter().map(|(_, certificate)| certificate);
    let mut seen = Seen::of(ca, now, expiring, in_use)?;
    let mut to_do = Vec::new();
    folder(ca, settings, &mut seen, env, &mut to_do)?;
    revocation(ca, settings, &seen, global, env, &mut to_do)?;
    to_do.extend(access_map::lacking(ca, settings, false, env).into_iter().map(|what| ToDo {
        id: access_map::LACKING,
        what,
        mend: access_map::MEND.to_owned(),
    }));
    certificates(ca, &mut seen, &folders, env, &mut to_do)?;
    let backup = backup(ca, settings, &seen, now, &mut to_do);
    Ok(Found { now, crl: crl_facts(ca), counts: seen.counts, backup, to_do })
}

/// What `doctor` finds at a glance. What is no more than advice is left to it.
fn folder(
    ca: &CaFolder,
    settings: &Settings,
    seen: &mut Seen,
    env: &Env,
    to_do: &mut Vec<ToDo>,
) -> Result<()> {
    let scene = Scene {
        ca,
        settings,
        now: env.now()?,
        around: ".".as_ref(),
        crls: &[],
        installed: &[],
        certificates: &[],
        assume_valid: false,
        passphrase: None,
    };
    if !Index::of(ca.path()).path().exists() {
        to_do.push(ToDo {
            id: "index-missing",
            what: "index.txt is missing: what was issued and revoked is not known".to_owned(),
            mend: "mailca doctor --fix makes it anew".to_owned(),
        });
    } else if seen.rows < 2 && ca.count_issued(seen.rows + 1)? > seen.rows {
        to_do.push(ToDo {
            id: "index-emptied",
            what: "index.txt lacks what was issued and revoked: newcerts/ has more".to_owned(),
            mend: "mailca doctor tells; a backup of index.txt, or mailca doctor --fix, mends"
                .to_owned(),
        });
    }
    let Some(lines) = seen.lines.take() else { return Ok(()) };
    let findings = doctor::quick(&scene, lines)?;
    let problems = findings.into_iter().filter(|found| found.severity == Severity::Problem);
    to_do.extend(problems.map(|found| ToDo { id: found.id, what: found.what, mend: found.mend }));
    Ok(())
}

/// The revocation list: where there is one, or should be, it has to be good and everywhere.
fn revocation(
    ca: &CaFolder,
    settings: &Settings,
    seen: &Seen,
    global: &Global,
    env: &mut Env,
    to_do: &mut Vec<ToDo>,
) -> Result<()> {
    let maker = Maker::new(ca, settings, env)?.beside(global);
    let wanted = maker.is_installed()
        || settings.crl_url.is_some()
        || !settings.crl_publish.is_empty()
        || !settings.crl_hash_dir.is_empty();
    let own = crl::path_of_own(ca);
    let is_there = own.symlink_metadata().is_ok();
    if !wanted && !is_there && seen.counts.revoked == 0 {
        return Ok(());
    }
    if !wanted && own.ends_with(layout::CRL_OF_CA_PL.name) {
        // CA.pl made it, and mailca has made none here yet.
        let standing = crl::standing(&own, ca.certificate(), seen.revoked_rows, env.now()?);
        if let Standing::Needed(why) = standing {
            let what = format!("the revocation list: {why}");
            to_do.push(ToDo { id: "crl-needed", what, mend: "mailca crl --if-needed".to_owned() });
        }
        return Ok(());
    }
    let (id, what) = match maker.look_at(seen.revoked_rows, env)? {
        Look::Good(_) => return Ok(()),
        Look::Lacking => {
            ("crl-unpublished", "the revocation list is not in all of its places".to_owned())
        }
        Look::Behind(how) => {
            let mend = "mailca doctor --fix, and then mailca crl".to_owned();
            to_do.push(ToDo { id: "crl-ahead", what: format!("index.txt is old: {how}"), mend });
            return Ok(());
        }
        Look::Needed(why) if is_there => ("crl-needed", format!("the revocation list: {why}")),
        Look::Needed(_) => ("crl-missing", "there is no revocation list yet".to_owned()),
    };
    to_do.push(ToDo { id, what, mend: "mailca crl --if-needed".to_owned() });
    Ok(())
}

/// What ends, and what was issued and has not arrived.
fn certificates(
    ca: &CaFolder,
    seen: &mut Seen,
    folders: &[(CertificateFolder, Certificate)],
    env: &Env,
    to_do: &mut Vec<ToDo>,
) -> Result<()> {
    let now = env.now()?;
    let mut due = match seen.due.take() {
        Some(search) => search.finish(ca)?,
        None => Vec::new(),
    };
    due.sort_by_key(|due| due.not_after);
    for due in due {
        let (id, when) = if due.not_after < now {
            ("certificate-ended", format!("ended {} ago", words::span(due.not_after, now)))
        } else {
            ("certificate-ends", format!("ends in {}", words::span(now, due.not_after)))
        };
        to_do.push(ToDo {
            id,
            what: format!("{} {when} ({})", due.title, due.not_after.date()),
            mend: renewal(&due, folders),
        });
    }
    for (argument, what) in install::not_brought_up(folders) {
        to_do.push(ToDo { id: "not-installed", what, mend: format!("mailca install{argument}") });
    }
    for certificate in transaction::all_undelivered(ca)? {
        to_do.push(ToDo {
            id: "certificate-undelivered",
            what: format!("the new certificate of {} has not arrived", certificate.title()),
            mend: format!(
                "mailca renew {} -o FILE; an interrupted sign or renew, run again, delivers it too",
                certificate.serial
            ),
        });
    }
    Ok(())
}

/// The command that renews a certificate, in the folder that it is in where there is one here.
fn renewal(due: &Due, folders: &[(CertificateFolder, Certificate)]) -> String {
    let holds = |(folder, certificate): &(CertificateFolder, Certificate)| {
        (certificate.serial == due.serial).then(|| folder.argument())
    };
    let target = folders.iter().find_map(holds).unwrap_or_else(|| format!(" {}", due.serial));
    match &due.certificate {
        Some(certificate) => renew::command(certificate, &target),
        None => format!("mailca renew{target}"),
    }
}

type Backup = Option<(OffsetDateTime, u64)>;

fn backup(
    ca: &CaFolder,
    settings: &Settings,
    seen: &Seen,
    now: OffsetDateTime,
    to_do: &mut Vec<ToDo>,
) -> Backup {
    let record = backup::record(ca.path());
    let since = record.as_ref().map(|record| seen.rows.saturating_sub(record.rows as u64));
    let old = record.as_ref().is_some_and(|record| now - record.time > OLD_BACKUP);
    let rekeyed = record.as_ref().is_some_and(|record| record.ca != ca.certificate().serial);
    if !settings.own_backup {
        let what = match since {
            None => Some(("backup-missing", "there never was a backup".to_owned())),
            Some(_) if rekeyed => Some((
                "backup-old",
                "the last backup is from before the CA was made anew".to_owned(),
            )),
            Some(since) if since >= SINCE_BACKUP || (since > 0 && old) => Some((
                "backup-old",
                format!("{} were issued since the last backup", count_of(since)),
            )),
            Some(_) => None,
        };
        if let Some((id, what)) = what {
            let mend = "mailca backup FILE; or own-backup = true in mailca.toml".to_owned();
            to_do.push(ToDo { id, what, mend });
        }
    }
    record.zip(since).map(|(record, since)| (record.time, since))
}

fn count_of(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), "certificate")
}

fn crl_facts(ca: &CaFolder) -> Option<CrlFacts> {
    let content = input::read_if_there(&crl::path_of_own(ca)).ok()??;
    let crl = Crl::from_file_content(&content).ok()?;
    if !crl.issuer.same_as(&ca.certificate().subject) {
        return None;
    }
    Some(CrlFacts {
        number: crl.number.as_ref().map(crate::pki::serial::Serial::to_decimal),
        revoked: crl.count(),
        this_update: crl.this_update,
        next_update: crl.next_update,
    })
}
