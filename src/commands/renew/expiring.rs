//! `renew --expiring`: what is to be renewed, found by itself.

use std::path::Path;

use fs_err as fs;
use time::Duration;

use super::Wishes;
use super::destination::Destination;
use super::report::Report;
use crate::cli::Global;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::policy::Asked;
use crate::pki::profile::Profile;
use crate::store::ca::CaFolder;
use crate::store::due::{self, Due};
use crate::store::folder::CertificateFolder;
use crate::store::layout;
use crate::store::transaction::{self, Occasion};

/// The certificates that are due, and those whose renewal was interrupted, each with its place.
pub(super) fn find(
    ca: &CaFolder,
    span: Duration,
    wishes: &Wishes,
    global: &Global,
    report: &mut Report,
    env: &mut Env,
) -> Result<Vec<(Certificate, Destination)>> {
    if wishes.profile == Some(Profile::Ca) {
        return Err(Error::usage("--expiring renews no intermediate CA")
            .hint("name it: `mailca renew --profile ca NAME`"));
    }
    // What other CAs issued may have the same serial numbers.
    let mut folders = folders(global)?;
    // What died there while its files changed together is finished first.
    for (folder, _) in &folders {
        folder.recover()?;
    }
    folders.retain(|(_, here)| here.issuer.same_as(&ca.certificate().subject));
    let in_use = folders.iter().map(|(_, certificate)| certificate);
    let due = due::find(ca, env.now()?, span, in_use)?;
    let mut found = Vec::new();
    if transaction::is_any_unfinished(ca)? {
        for (folder, certificate) in &folders {
            if is_interrupted(ca, certificate)? {
                found.push((certificate.clone(), Destination::Folder(folder.clone())));
            }
        }
        folders.retain(|(_, here)| found.iter().all(|(it, _)| it.serial != here.serial));
    }
    for due in due {
        if found.iter().all(|(certificate, _)| certificate.serial != due.serial) {
            found.extend(place(&due, &folders, wishes, report, env)?);
        }
    }
    Ok(found)
}

/// Whether a renewal of this certificate did not arrive, or this one is what did not end well.
fn is_interrupted(ca: &CaFolder, certificate: &Certificate) -> Result<bool> {
    Ok(transaction::pending(ca, &Occasion::of_renewal(certificate))?.is_some()
        || transaction::occasion_of(ca, certificate)?.is_some())
}

/// Where a certificate that is due belongs; `None` where it is passed over, which the report says.
fn place(
    due: &Due,
    folders: &[(CertificateFolder, Certificate)],
    wishes: &Wishes,
    report: &mut Report,
    env: &mut Env,
) -> Result<Option<(Certificate, Destination)>> {
    let is_it = |here: &Certificate| match &due.certificate {
        Some(own) => own.as_der() == here.as_der(),
        None => here.serial == due.serial,
    };
    let mut here = folders.iter().filter(|(_, certificate)| is_it(certificate));
    let (first, second) = (here.next(), here.next());
    let certificate = due.certificate.clone().or_else(|| first.map(|(_, it)| it.clone()));
    let Some(certificate) = certificate else {
        let error = Error::refused("its certificate is not in newcerts/ any more")
            .hint("`mailca doctor` looks for what is wrong with the CA's folder");
        report.fail_row(due, error, env);
        return Ok(None);
    };
    let profile = Profile::of(&certificate)
        .or_else(|| Asked::renewal(&certificate, &certificate.public_key).suggested_profile());
    if wishes.profile.is_some() && profile.is_some() && wishes.profile != profile {
        return Ok(None);
    }
    let name = first.map(|(folder, _)| folder.argument());
    let argument = name.unwrap_or_else(|| format!(" {}", certificate.serial));
    match profile {
        Some(Profile::User) if wishes.profile.is_none() => {
            report.skip(
                &certificate,
                &format!("a person's: `mailca renew --profile user{argument}`, then a new .p12"),
                env,
            );
            return Ok(None);
        }
        Some(Profile::Ca) => {
            let reason = format!("an intermediate CA: `mailca renew --profile ca{argument}`");
            report.skip(&certificate, &reason, env);
            return Ok(None);
        }
        _ => {}
    }
    match (first, second) {
        (Some((one, _)), Some((other, _))) => {
            let error = Error::refused(format!(
                "it is in {} and in {}",
                one.path().display(),
                other.path().display()
            ))
            .hint("name the folder that is in use, and move the copy elsewhere");
            report.fail(&certificate, error, env);
            Ok(None)
        }
        (Some((folder, _)), None) => Ok(Some((certificate, Destination::Folder(folder.clone())))),
        (None, _) if certificate.not_after < env.now()? => {
            let reason = "it has ended, and its folder is not here: is it still in use?";
            report.skip(&certificate, reason, env);
            Ok(None)
        }
        (None, _) => Ok(Some((certificate, Destination::Nowhere))),
    }
}

/// The current folder and those in it, as far as they hold a certificate.
pub(in crate::commands) fn folders(
    global: &Global,
) -> Result<Vec<(CertificateFolder, Certificate)>> {
    let mut paths = vec![Path::new("").to_owned()];
    for entry in fs::read_dir(".")? {
        let entry = entry?;
        // Links are left to the folder that they lead to.
        if entry.file_type()?.is_dir() {
            paths.push(entry.file_name().into());
        }
    }
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        if !path.join(layout::CERTIFICATE.name).exists() {
            continue;
        }
        // The CA's own folder is none.
        let Ok(folder) = CertificateFolder::at(&path, &global.ca_dir) else { continue };
        if let Ok(certificates) = folder.certificates(layout::CERTIFICATE)
            && let Some(certificate) = certificates.into_iter().next()
        {
            found.push((folder, certificate));
        }
    }
    Ok(found)
}
