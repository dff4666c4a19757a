//! `mailca show`: tells what a file holds, by its content, and shows it.
//!
//! What needs a password that nobody gives is described on standard error and makes the exit status 1;
//! where other things are in the same file, it is shown with them, as far as it can be seen.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use zeroize::Zeroizing;

use crate::cli::{Global, Show};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::inspect::{Body, Item, inspect};
use crate::pki::pem;
use crate::pki::printable::printable;
use crate::pki::serial::Serial;
use crate::render::show::{self, Shown};
use crate::store::ca::CaFolder;
use crate::store::layout;

/// More than any file of these kinds; a CRL of a million entries has 40 MB.
const LARGEST: u64 = 256 << 20;

/// What a target led to.
struct Found {
    name: String,
    items: Vec<Item>,
}

/// Shows files, standard input and certificates of the CA.
pub fn run(args: &Show, global: &Global, env: &mut Env) -> Result<()> {
    let mut found = Vec::new();
    let mut errors = Vec::new();
    let mut password = Password { file: args.password_file.as_deref(), known: None };
    for target in &args.targets {
        match open(target, global, env) {
            Ok(mut target) => match unlock(&mut target, &mut password, env) {
                Ok(()) => found.push(target),
                Err(error) => {
                    errors.push(error.at(printable(&target.name)));
                    if global.json || target.items.iter().any(|item| !item.is_locked()) {
                        found.push(target);
                    } else {
                        env.say(page(&[target], false, env)?.trim_end());
                    }
                }
            },
            Err(error) => errors.push(error),
        }
    }
    errors.extend(found.iter().flat_map(unreadable));
    if !found.is_empty() {
        print(&found, args, global, env)?;
    }
    let Some(last) = errors.pop() else { return Ok(()) };
    for error in &errors {
        env.report(error);
    }
    Err(last)
}

fn print(found: &[Found], args: &Show, global: &Global, env: &mut Env) -> Result<()> {
    if global.json {
        let document = show::json(&entries(found), env.now()?, args.pem)?;
        return env.print_json(&document);
    }
    if args.pem {
        let mut text = String::new();
        for item in found.iter().flat_map(|target| &target.items) {
            for (label, der) in
                std::iter::once(item).chain(item.nested()).filter_map(Item::public_der)
            {
                text.push_str(&pem::encode(label, der)?);
            }
        }
        if text.is_empty() {
            let names: Vec<_> = found.iter().map(|target| printable(&target.name)).collect();
            return Err(Error::refused(format!(
                "{}: no certificate, request or CRL is in it to be printed in PEM",
                names.join(", ")
            )));
        }
        return env.print_bytes(text.as_bytes());
    }
    let text = page(found, args.text, env)?;
    env.print_bytes(text.as_bytes())
}

fn page(found: &[Found], everything: bool, env: &Env) -> Result<String> {
    Ok(show::text(&entries(found), env.now()?, everything))
}

fn entries(found: &[Found]) -> Vec<Shown<'_>> {
    found
        .iter()
        .flat_map(|target| {
            let total = target.items.len();
            target.items.iter().enumerate().map(move |(index, item)| Shown {
                target: &target.name,
                position: (index + 1, total),
                item,
            })
        })
        .collect()
}

/// The file, standard input, or the certificate with that serial number. A file that exists wins.
fn open(target: &str, global: &Global, env: &mut Env) -> Result<Found> {
    if target == "-" {
        let content = Zeroizing::new(env.read_stdin()?);
        return items("standard input".into(), &content);
    }
    let path = Path::new(target);
    if path.is_dir() {
        let path = inside(path)?;
        env.say(&format!("{} is a folder: showing {}", printable(target), printable_path(&path)));
        return items(path.display().to_string(), &read(&path)?);
    }
    if path.symlink_metadata().is_ok() {
        return items(target.to_owned(), &read(path)?);
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

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let file = fs::File::open(path)?;
    let room = usize::try_from(file.metadata()?.len().min(LARGEST)).unwrap_or_default() + 1;
    let mut content = Zeroizing::new(Vec::with_capacity(room));
    file.take(LARGEST + 1).read_to_end(&mut content)?;
    if content.len() as u64 > LARGEST {
        return Err(Error::refused(format!(
            "{}: it is too large to be shown, over {} MB",
            printable_path(path),
            LARGEST >> 20
        )));
    }
    Ok(content)
}

/// The one password of a run: read or asked for when it is first needed.
struct Password<'a> {
    file: Option<&'a Path>,
    known: Option<Zeroizing<String>>,
}

impl Password<'_> {
    /// The password from its file, else the answer to a question.
    fn of(&mut self, name: &str, what: &str, env: &mut Env) -> Result<Zeroizing<String>> {
        if let Some(file) = self.file {
            if self.known.is_none() {
                self.known = Some(env.password_file(file)?);
            }
            return Ok(self.known.clone().unwrap_or_default());
        }
        if env.prompter.is_interactive() {
            return env.prompter.password(&format!("Password of the {what} in {}", printable(name)));
        }
        Err(Error::refused(format!("the {what} is encrypted, and nobody is there to be asked"))
            .hint("name a file that holds its password with --password-file"))
    }
}

fn unlock(target: &mut Found, password: &mut Password<'_>, env: &mut Env) -> Result<()> {
    for item in target.items.iter_mut().filter(|item| item.is_locked()) {
        let what = match item.body {
            Body::Pkcs12(_) => "PKCS#12 file",
            _ => "private key",
        };
        let password = password.of(&target.name, what, env)?;
        item.unlock(&password)?;
    }
    Ok(())
}

/// What could not be read, each as an error.
fn unreadable(target: &Found) -> Vec<Error> {
    let reasons = target.items.iter().filter_map(reason);
    reasons.map(|reason| Error::refused(reason).at(printable(&target.name))).collect()
}

fn reason(item: &Item) -> Option<String> {
    match &item.body {
        Body::Unreadable { name, reason } => Some(format!("{name}: {reason}")),
        _ => None,
    }
}

fn printable_path(path: &Path) -> String {
    printable(&path.display().to_string())
}
