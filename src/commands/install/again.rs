//! Doing installations again, after a renewal and after a new revocation list.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::cli::Global;
use crate::commands::install::target::{self, Occasion};
use crate::commands::renew;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::mail::installation;
use crate::pki::certificate::Certificate;
use crate::store::folder::CertificateFolder;
use crate::store::installed::{self, Record};
use crate::store::{atomic, input};

/// Installs the renewed certificate of a folder wherever it was installed before. Each failure is told; where
/// there was one it is an error in the end.
pub(in crate::commands) fn after_renewal(
    folder: &CertificateFolder,
    global: &Global,
    env: &mut Env,
) -> Result<()> {
    all(folder, Occasion::Renewal, |_| true, global, env)
}

/// Installs new revocation lists wherever a certificate folder here, or beside the CA's, was installed for a
/// server that reads one.
pub(in crate::commands) fn after_crl(global: &Global, env: &mut Env) -> Result<()> {
    let mut outcome = Ok(());
    for folder in folders(global)? {
        let reads =
            |record: &Record| target::server(record).is_ok_and(|server| server.layout().reads_crl);
        let done = all(&folder, Occasion::Crl, reads, global, env);
        outcome = outcome.and(done);
    }
    outcome
}

/// The files with revocation lists at the servers for which a certificate folder here, or beside the CA's, was
/// installed.
pub(in crate::commands) fn installed_lists(global: &Global) -> Vec<PathBuf> {
    let records = folders(global).unwrap_or_default().into_iter();
    let records = records.flat_map(|folder| installed::load(&folder).unwrap_or_default());
    let names = [installation::CRL, installation::CA_AND_CRL];
    let mut files: Vec<_> = records
        .flat_map(|record| names.map(|name| record.to.join(name)))
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files.dedup();
    files
}

/// Does again what did not come to its end, or has another certificate than the folder: an installation after
/// a renewal may have failed, or been interrupted.
pub(in crate::commands) fn bring_up(
    folders: &[(CertificateFolder, Certificate)],
    global: &Global,
    env: &mut Env,
) -> Result<()> {
    let mut outcome = Ok(());
    for (folder, certificate) in folders {
        let behind = |record: &Record| is_behind(record, certificate);
        outcome = outcome.and(all(folder, Occasion::Renewal, behind, global, env));
    }
    outcome
}

/// The places that have not got what their certificate folder holds: the folder as an argument, and what is
/// wrong.
pub(in crate::commands) fn not_brought_up(
    folders: &[(CertificateFolder, Certificate)],
) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (folder, certificate) in folders {
        let argument = folder.argument();
        match installed::load(folder) {
            Ok(records) => {
                for record in records.iter().filter(|record| is_behind(record, certificate)) {
                    let to = record.to.display();
                    let what = if record.unfinished {
                        format!("the server of {to} was not seen to take up what is there")
                    } else {
                        format!("{to} has not got the certificate of{argument}")
                    };
                    found.push((argument.clone(), what));
                }
            }
            Err(error) => found.push((argument, error.to_string())),
        }
    }
    found
}

fn is_behind(record: &Record, certificate: &Certificate) -> bool {
    let name = if record.combined { installation::COMBINED } else { installation::CERTIFICATE };
    let path = record.to.join(name);
    if fs::metadata(&path).is_err_and(|error| error.kind() == ErrorKind::PermissionDenied) {
        // Who may not look does not know.
        return record.unfinished;
    }
    let has_it = || {
        let there = Certificate::from_file_content(&input::read_plain(&path).ok()?).ok()?;
        Some(there.first()?.as_der() == certificate.as_der())
    };
    record.unfinished || !has_it().unwrap_or(false)
}

/// Refuses a folder that another certificate folder is installed into: each renewal of the one would undo
/// the other.
pub(super) fn check_is_free(to: &Path, mine: &CertificateFolder, global: &Global) -> Result<()> {
    let own = fs::canonicalize(mine.path()).ok();
    for folder in folders(global)? {
        let is_other = fs::canonicalize(folder.path()).ok() != own;
        if is_other && installed::load(&folder)?.iter().any(|record| record.to == to) {
            return Err(Error::refused(format!(
                "the certificate of {} is installed in {}",
                folder.path().display(),
                to.display()
            ))
            .hint(format!(
                "where this one is to take its place: mailca install{} --forget --to {}",
                folder.argument(),
                to.display()
            ))
            .hint("or name another folder with --to"));
        }
    }
    Ok(())
}

fn all(
    folder: &CertificateFolder,
    occasion: Occasion,
    wanted: impl Fn(&Record) -> bool,
    global: &Global,
    env: &mut Env,
) -> Result<()> {
    let records = match installed::load(folder) {
        Ok(records) => records,
        Err(error) => {
            env.report(&error);
            return Err(Error::refused(format!("not installed from {}", folder.path().display())));
        }
    };
    let mut failed = Vec::new();
    for record in records.iter().filter(|record| wanted(record)) {
        let to = record.to.display().to_string();
        match target::install(folder, record, occasion, global, env) {
            Ok(done) if done.changed => {
                let what = if done.presented { "installed, and presented" } else { "installed" };
                env.say(&format!("  {what} in {to}"));
                if record.reload.is_none() {
                    let reload = target::server(record)?.layout().reload;
                    env.warn(&format!("{to}: the server has to be reloaded: {reload}"));
                }
            }
            Ok(_) => {}
            Err(error) => {
                env.report(&error.at(&to));
                failed.push(to);
            }
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Error::refused(format!("not installed in {}", failed.join(", "))))
}

/// The certificate folders here, and those beside the CA's folder.
fn folders(global: &Global) -> Result<Vec<CertificateFolder>> {
    let mut found: Vec<_> = renew::folders(global)?.into_iter().map(|(folder, _)| folder).collect();
    let beside = atomic::folder_of(&global.ca_dir);
    let is_here = match (fs::canonicalize(beside), fs::canonicalize(".")) {
        (Ok(beside), Ok(here)) => beside == here,
        _ => true,
    };
    if !is_here {
        let entries = fs::read_dir(beside)?.filter_map(|entry| Some(entry.ok()?.path()));
        let mut paths: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
        paths.push(beside.to_owned());
        paths.sort();
        let with_record = paths.into_iter().filter(|path| has_record(path));
        found.extend(
            with_record.filter_map(|path| CertificateFolder::at(&path, &global.ca_dir).ok()),
        );
    }
    found.retain(|folder| has_record(folder.path()));
    Ok(found)
}

fn has_record(path: &Path) -> bool {
    path.join(installed::FILE).exists()
}
