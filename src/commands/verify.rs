//! `mailca verify`: say whether a certificate will be accepted, and in a sentence why not.

use std::path::{Path, PathBuf};

use crate::cli::{Global, Purpose, Verify};
use crate::commands::moment::moment;
use crate::commands::renew;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::identity::Identity;
use crate::pki::key::PrivateKey;
use crate::pki::pem;
use crate::pki::verify::{self, Options};
use crate::render;
use crate::store::ca::CaFolder;
use crate::store::{atomic, input, layout};
use serde_json::json;

/// Less validity than this is worth a warning, in days.
const SOON_DAYS: i64 = 30;

/// Verifies one certificate.
pub fn run(args: &Verify, global: &Global, env: &mut Env) -> Result<()> {
    let mut given = certificates(&args.file)?.into_iter();
    let leaf =
        given.next().ok_or_else(|| Error::bug("a certificate file without a certificate"))?;
    warn_of_order(&args.file, &leaf, given.as_slice(), env);
    // What follows the certificate in its file is part of the chain that it comes with.
    let mut intermediates: Vec<Vec<u8>> = given.map(|above| above.as_der().to_vec()).collect();
    for path in &args.untrusted {
        intermediates.extend(certificates(path)?.iter().map(|found| found.as_der().to_vec()));
    }
    let roots = roots(args, global, env)?;
    let crls = args.crl.iter().map(|path| crls(path)).collect::<Result<Vec<_>>>()?.concat();
    let options = Options {
        roots: &roots,
        intermediates: &intermediates,
        crls: &crls,
        at: args.at.as_deref().map_or_else(|| env.now(), moment)?,
        purpose: args.purpose.map(purpose),
        identity: identity(args)?,
    };
    let outcome = verify::verify(leaf.as_der(), &options).and_then(|mut path| {
        check_key(&args.file, &leaf)?;
        path.notes.extend(check_revocation(args, &leaf, global)?);
        Ok(path)
    });
    if global.json {
        env.print_json(&json!({
            "file": args.file,
            "valid": outcome.is_ok(),
            "error": outcome.as_ref().err().map(ToString::to_string),
            "notes": outcome.as_ref().map(|path| path.notes.clone()).unwrap_or_default(),
            "certificate": render::certificate::summary(&leaf),
        }))?;
    }
    let path = outcome.map_err(|error| error.at(args.file.display()))?;
    if !global.json {
        for note in &path.notes {
            env.warn(note);
        }
        let days = (leaf.not_after - options.at).whole_days();
        if days < SOON_DAYS {
            env.warn(&format!(
                "{} expires in {days} days; `{}` makes a new one",
                leaf.title(),
                renew::command(&leaf, &argument(&args.file))
            ));
        }
        let chain: Vec<_> = path
            .certificates
            .iter()
            .skip(1)
            .filter_map(|der| Certificate::from_der(der).ok())
            .map(|above| above.title())
            .collect();
        let signers = if chain.is_empty() {
            String::new()
        } else {
            format!(", signed by {}", chain.join(", by "))
        };
        if env.quiet {
            return Ok(());
        }
        env.print(&format!(
            "{}: {} is valid until {}{signers}",
            args.file.display(),
            leaf.title(),
            leaf.not_after.date()
        ))?;
    }
    Ok(())
}

fn certificates(path: &Path) -> Result<Vec<Certificate>> {
    if path.is_dir() {
        return Err(Error::usage(format!("{} is a folder", path.display()))
            .hint(format!("name the file in it: {}", path.join("cert.pem").display())));
    }
    Certificate::from_file_content(&input::read(path)?).map_err(|error| error.at(path.display()))
}

/// A server offers what is first in its file; a valid CA in front would hide that.
fn warn_of_order(file: &Path, first: &Certificate, behind: &[Certificate], env: &mut Env) {
    let leaf = behind.iter().find(|one| !one.is_ca);
    if let Some(leaf) = leaf.filter(|_| first.is_ca) {
        env.warn(&format!(
            "the first certificate in {} is the CA {}, and it is the one that is verified; servers need \
             {} in front of it",
            file.display(),
            first.title(),
            leaf.title()
        ));
    }
}

/// The CA certificates that are trusted: those given, else this CA's, else those beside the file.
fn roots(args: &Verify, global: &Global, env: &mut Env) -> Result<Vec<Vec<u8>>> {
    let ders = |found: &[Certificate]| found.iter().map(|ca| ca.as_der().to_vec()).collect();
    if !args.ca.is_empty() {
        let found = args.ca.iter().map(|path| certificates(path)).collect::<Result<Vec<_>>>()?;
        return Ok(ders(&found.concat()));
    }
    match CaFolder::open(&global.ca_dir) {
        Ok(ca) => Ok(ca.bundle().all().map(|ca| ca.as_der().to_vec()).collect()),
        Err(error) => {
            let beside = atomic::folder_of(&args.file).join(layout::CHAIN.name);
            if beside.exists() {
                env.warn(&format!("there is no CA here; trusting {}", beside.display()));
                return Ok(ders(&certificates(&beside)?));
            }
            Err(error.hint("or name the trusted CA certificates with --ca"))
        }
    }
}

fn crls(path: &Path) -> Result<Vec<Vec<u8>>> {
    let content = input::read(path)?;
    if !pem::is_pem(&content) {
        return Ok(vec![content.to_vec()]);
    }
    let found: Vec<_> = pem::blocks(&content)
        .map_err(|error| error.at(path.display()))?
        .iter()
        .filter(|block| block.label == "X509 CRL")
        .map(|block| block.der.to_vec())
        .collect();
    if found.is_empty() {
        return Err(Error::refused(format!("{}: no revocation list is in it", path.display())));
    }
    Ok(found)
}

fn identity(args: &Verify) -> Result<Option<Identity>> {
    match (&args.host, &args.email) {
        (Some(host), _) => Ok(Some(Identity::host(host)?)),
        (None, Some(email)) => Ok(Some(Identity::email(email)?)),
        (None, None) => Ok(None),
    }
}

fn purpose(purpose: Purpose) -> verify::Purpose {
    match purpose {
        Purpose::Server => verify::Purpose::Server,
        Purpose::Client => verify::Purpose::Client,
        Purpose::Smime => verify::Purpose::Smime,
    }
}

/// Without revocation lists, this CA's own index says what it revoked. Returns what it cannot say.
fn check_revocation(args: &Verify, leaf: &Certificate, global: &Global) -> Result<Option<String>> {
    if !args.ca.is_empty() || !args.crl.is_empty() || args.at.is_some() {
        return Ok(None);
    }
    let Ok(ca) = CaFolder::open(&global.ca_dir) else { return Ok(None) };
    match ca.revocation(leaf)? {
        Some(when) => Err(Error::verdict(format!(
            "the certificate of {} was revoked by the CA in {}: {when}",
            leaf.title(),
            ca.path().display()
        ))),
        None => Ok(ca.ignorance(leaf)?.map(|why| {
            format!("it is not known whether it was revoked: {why}; `mailca doctor` says more")
        })),
    }
}

/// Where key.pem lies beside cert.pem, it must be the certificate's: a server with another pair does
/// not offer TLS.
fn check_key(file: &Path, leaf: &Certificate) -> Result<()> {
    match foreign_key(file, &leaf.public_key) {
        Some(path) => Err(Error::verdict(format!("{} is not its key", path.display()))
            .hint("a server that is given this pair does not offer TLS")),
        None => Ok(()),
    }
}

/// The key.pem beside a cert.pem, where it can be read and is that of another certificate.
pub(super) fn foreign_key(file: &Path, public_key: &[u8]) -> Option<PathBuf> {
    if file.file_name().is_none_or(|name| name != layout::CERTIFICATE.name) {
        return None;
    }
    let path = atomic::folder_of(file).join(layout::KEY.name);
    let content = input::read_plain(&path).ok()?;
    let unavailable = || Err(Error::refused("encrypted"));
    let key = PrivateKey::from_file_content(&content, unavailable).ok()?;
    (key.public_key() != public_key).then_some(path)
}

/// What `renew` calls a certificate file: the folder, where it is the one in a certificate folder.
fn argument(file: &Path) -> String {
    match atomic::folder_of(file) {
        _ if file.file_name().is_none_or(|name| name != layout::CERTIFICATE.name) => {
            format!(" {}", file.display())
        }
        folder if folder == Path::new(".") => String::new(),
        folder => format!(" {}", folder.display()),
    }
}
