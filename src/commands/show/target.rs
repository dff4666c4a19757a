//! What an argument of `show` stands for.

use std::path::{Path, PathBuf};

use crate::cli::Global;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::inspect::{Item, inspect};
use crate::pki::printable::printable;
use crate::pki::serial::Serial;
use crate::store::ca::CaFolder;
use crate::store::{input, layout};

/// What a target led to.
pub(super) struct Found {
    /// The argument, or the file that it led to.
    pub(super) name: String,
    /// What is in it.
    pub(super) items: Vec<Item>,
}

/// The file, standard input, or the certificate with that serial number. A file that exists wins.
pub(super) fn open(target: &str, global: &Global, env: &mut Env) -> Result<Found> {
    if target == "-" {
        let content = env.read_stdin()?;
        return items("standard input".into(), &content);
    }
    let path = Path::new(target);
    if path.is_dir() {
        let path = inside(path)?;
        env.say(&format!("{} is a folder: showing {}", printable(target), printable_path(&path)));
        return items(path.display().to_string(), &input::read(&path)?);
    }
    match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        _ => return items(target.to_owned(), &input::read(path)?),
    }
    let missing = || Error::refused(format!("there is no file {}", printable(target)));
    let Ok(serial) = Serial::parse(target) else {
        return Err(missing().hint("a serial number of this CA, in hexadecimal, can be shown too"));
    };
    let ca = CaFolder::open(&global.ca_dir).map_err(|error| {
        missing().caused_by(error).hint("as a serial number it is looked up in the CA's folder")
    })?;
    let certificate = ca.issued(&serial)?.ok_or_else(|| {
        Error::refused(format!(
            "no certificate with serial {serial} was issued by the CA in {}",
            printable_path(ca.path())
        ))
        .hint(format!("nor is there a file {}", printable(target)))
    })?;
    items(target.to_owned(), certificate.as_der())
}

fn items(name: String, content: &[u8]) -> Result<Found> {
    match inspect(content) {
        Ok(items) => Ok(Found { name, items }),
        Err(error) => Err(error.at(printable(&name))),
    }
}

/// What stands for a folder: the certificate in it, else the request, else the CA's certificate.
fn inside(folder: &Path) -> Result<PathBuf> {
    let kinds = [layout::CERTIFICATE, layout::REQUEST, layout::CA_CERTIFICATE];
    kinds
        .into_iter()
        .map(|kind| folder.join(kind.name))
        .find(|path| path.symlink_metadata().is_ok())
        .ok_or_else(|| {
            Error::refused(format!(
                "{} is a folder, and neither {} nor {} is in it",
                printable_path(folder),
                layout::CERTIFICATE.name,
                layout::REQUEST.name
            ))
        })
}

fn printable_path(path: &Path) -> String {
    printable(&path.display().to_string())
}
