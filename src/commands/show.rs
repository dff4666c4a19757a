//! `mailca show`: tells what a file holds, by its content, and shows it.
//!
//! What needs a password that nobody gives is described on standard error and makes the exit status 1;
//! where other things are in the same file, it is shown with them, as far as it can be seen.

mod target;

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::cli::{Global, Show};
use crate::commands::verify;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::inspect::{Body, Item};
use crate::pki::pem;
use crate::pki::printable::printable;
use crate::render::show::{self, Shown};
use target::{Found, open};

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
    for path in found.iter().filter_map(foreign_key) {
        env.warn(&format!(
            "{} is not the key of the certificate beside it: a server that is given this pair does not offer TLS",
            printable(&path.display().to_string())
        ));
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
        return env.print_bytes(pem_of(found)?.as_bytes());
    }
    let text = page(found, args.text, env)?;
    env.print_bytes(text.as_bytes())
}

/// The certificates, requests and CRLs, in order.
fn pem_of(found: &[Found]) -> Result<String> {
    let mut text = String::new();
    for item in found.iter().flat_map(|target| &target.items) {
        let all = std::iter::once(item).chain(item.nested());
        for (label, der) in all.filter_map(Item::public_der) {
            text.push_str(&pem::encode(label, der)?);
        }
    }
    if text.is_empty() {
        let names: Vec<_> = found.iter().map(|target| printable(&target.name)).collect();
        return Err(Error::refused("no certificate, request or CRL is in it to be printed in PEM")
            .at(names.join(", ")));
    }
    Ok(text)
}

fn page(found: &[Found], everything: bool, env: &Env) -> Result<String> {
    Ok(show::text(&entries(found), env.now()?, everything, env.report_width()))
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
            return env
                .prompter
                .password(&format!("Password of the {what} in {}", printable(name)));
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

/// The key beside a certificate, where it is another one's.
fn foreign_key(target: &Found) -> Option<PathBuf> {
    let (_, der) =
        target.items.first()?.public_der().filter(|(label, _)| *label == "CERTIFICATE")?;
    let certificate = Certificate::from_der(der).ok()?;
    verify::foreign_key(Path::new(&target.name), &certificate.public_key)
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
