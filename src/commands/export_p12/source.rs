//! The pair that is exported: found, and checked so that what goes out works and is meant.

use std::path::Path;

use crate::cli::Global;
use crate::commands::pair::Pair;
use crate::commands::{certificate_folders, nearest_folder};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::profile::Profile;
use crate::store::folder::{CertificateFolder, FolderName};
use crate::store::layout;

/// Finds the pair for NAME, or in the folder that --from names, and checks it.
pub fn pair(
    from: Option<&Path>,
    name: &FolderName,
    global: &Global,
    env: &mut Env,
) -> Result<Pair> {
    let (folder, fallback) = find(from, name, global)?;
    let pair = Pair::read(&folder, global, env)?;
    if fallback {
        announce(&pair.certificate, name, env);
    }
    Ok(pair)
}

/// `NAME/`, or the folder given with --from, or the current folder, where nothing speaks against it.
fn find(
    from: Option<&Path>,
    name: &FolderName,
    global: &Global,
) -> Result<(CertificateFolder, bool)> {
    if let Some(from) = from {
        let folder = CertificateFolder::at(from, &global.ca_dir)?;
        return Ok((folder, false));
    }
    if Path::new(name.as_str()).is_dir() {
        return Ok((CertificateFolder::of(Some(name), &global.ca_dir)?, false));
    }
    let beside = certificate_folders()?;
    if !beside.is_empty() {
        let error = Error::refused(format!(
            "there is no certificate folder {}, but there are others: {}",
            name.as_str(),
            shortened(&beside)
        ));
        let error = match nearest_folder(&beside, name.as_str()) {
            Some(near) => error.hint(format!("is {near} meant?")),
            None => error,
        };
        return Err(error.hint("--from . exports the pair in the current folder"));
    }
    let folder = CertificateFolder::of(None, &global.ca_dir)?;
    if !folder.has(layout::KEY) {
        return Err(Error::refused(format!(
            "there is neither a certificate folder {} nor a key.pem here",
            name.as_str()
        ))
        .hint(format!(
            "make them with `mailca newreq --user LOGIN --email ADDRESS {name}` and `mailca sign {name}`",
            name = name.as_str()
        )));
    }
    Ok((folder, true))
}

fn shortened(names: &[String]) -> String {
    let shown: Vec<_> =
        names.iter().take(5).map(|name| crate::pki::printable::printable(name)).collect();
    match names.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Says whose certificate goes out when NAME did not say it.
fn announce(certificate: &Certificate, name: &FolderName, env: &mut Env) {
    env.warn(&format!(
        "there is no folder {}; exporting the pair in the current folder: {}",
        name.as_str(),
        certificate.subject
    ));
    if Profile::of(certificate) == Some(Profile::Server) {
        env.warn(&format!(
            "this is the certificate and key of a server, {}: whoever has the file and its password \
             can pose as that server",
            certificate.title()
        ));
    }
}
