//! `CA.pl -verify`.

use std::path::{Path, PathBuf};

use super::open;
use crate::cli::Global;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::verify::{self, Options};
use crate::store::ca::CaFolder;
use crate::store::input;

/// Verifies every file against the CA, also after one failed. What the CA's index says was revoked
/// fails too, for which the original does not look.
pub(super) fn run(files: &[PathBuf], global: &Global, env: &mut Env) -> Result<()> {
    let ca = open(global)?;
    let mut failed = Vec::new();
    for file in files {
        match verify(file, &ca, env) {
            Ok(()) => env.print(&format!("{}: OK", file.display()))?,
            Err(error) => failed.push(error.at(file.display())),
        }
    }
    let count = failed.len();
    match failed.pop() {
        None => Ok(()),
        Some(error) if count == 1 => Err(error),
        Some(error) => {
            for error in failed.iter().chain([&error]) {
                env.report(error);
            }
            Err(Error::verdict(format!("{count} of {} certificates do not verify", files.len())))
        }
    }
}

fn verify(file: &Path, ca: &CaFolder, env: &Env) -> Result<()> {
    let mut found = Certificate::from_file_content(&input::read(file)?)?.into_iter();
    let leaf =
        found.next().ok_or_else(|| Error::bug("a certificate file without a certificate"))?;
    let der = |certificate: &Certificate| certificate.as_der().to_vec();
    // During a roll-over, those of the older keys too: `openssl verify -CAfile` takes them all.
    let roots: Vec<_> = ca.bundle().all().map(der).collect();
    let intermediates: Vec<_> = found.map(|above| der(&above)).collect();
    let options = Options {
        roots: &roots,
        intermediates: &intermediates,
        crls: &[],
        at: env.now()?,
        purpose: None,
        identity: None,
    };
    verify::verify(leaf.as_der(), &options)?;
    match ca.revocation(&leaf)? {
        Some(when) => {
            Err(Error::verdict(format!("the certificate of {} was revoked: {when}", leaf.title())))
        }
        None => Ok(()),
    }
}
