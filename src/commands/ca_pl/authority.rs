//! `CA.pl -newca`.

use std::ffi::OsString;
use std::path::Path;

use clap::Parser;

use super::extras::Extras;
use super::{passphrase, subject};
use crate::cli::{Cli, Command, Global};
use crate::commands::newca;
use crate::commands::{host_name, settings};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::general_name::GeneralName;
use crate::pki::issue::{self, Root};
use crate::pki::key::{KeyType, PrivateKey};
use crate::pki::name::Parts;
use crate::pki::{assemble, pem};
use crate::store::config::Settings;
use crate::store::create::{self, Contents};
use crate::store::layout;

/// Validity of the CA in days: CA.pl's three years.
const DAYS: u32 = 1095;
/// One intermediate may follow: `-signCA` makes them.
const PATH_LENGTH: u8 = 1;

/// Makes the CA folder, with a CA of its own or one from a file.
pub(super) fn run(extras: &Extras, global: &Global, env: &mut Env) -> Result<()> {
    create::check_vacant(&global.ca_dir).map_err(|error| {
        Error::refused(error.to_string())
            .hint("go on with what is there, or move the folder away first; nothing is overwritten")
    })?;
    let settings = settings(global, env)?;
    let file =
        env.prompter.text("CA certificate filename (or enter to create)", "", &|_| Ok(()))?;
    if file.is_empty() {
        make(extras, &settings, global, env)?;
    } else {
        import(&file, extras, global, env)?;
    }
    env.print(&format!(
        "CA certificate is in {}",
        global.ca_dir.join(layout::CA_CERTIFICATE.name).display()
    ))?;
    env.say(&format!(
        "backup: keep a copy of {} where nobody else can read it; a lost CA key cannot be made again",
        global.ca_dir.display()
    ));
    Ok(())
}

fn make(extras: &Extras, settings: &Settings, global: &Global, env: &mut Env) -> Result<()> {
    env.say("Making CA certificate ...");
    let permitted = newca::permitted(settings, env)?;
    let key_type = settings.ca_key_type_or(KeyType::Rsa2048)?;
    let chosen = extras.req.passout.clone();
    let file = chosen.or_else(|| passphrase::source(None, env).ca_passphrase_file);
    let protected = !extras.req.nodes;
    let passphrase = protected.then(|| passphrase::new_from(file.as_ref(), env)).transpose()?;
    // An RFC 5280 common name has room for 64 characters.
    let host: String = host_name().chars().take(56).collect();
    let parts = subject::ask(settings, &format!("{host} Mail CA"), &extras.req, env)?;
    if parts.common_name.is_none() {
        return Err(Error::refused("the CA has no common name")
            .hint("it is what clients show, for example: Example Mail CA"));
    }
    subject::ask_attributes(&extras.req, env)?;
    if let Some(passphrase) = &passphrase {
        ask_again(passphrase, file.is_some(), extras, global, env)?;
    }
    if let Some(limits) = key_type.limits() {
        env.warn(limits);
    }
    let subject = parts.build()?;
    let mailbox: Vec<_> = parts.email_address.iter().cloned().map(GeneralName::Email).collect();
    let key = PrivateKey::generate(key_type)?;
    let root = Root {
        subject: &subject,
        alternative_names: &mailbox,
        days: extras.ca.days.unwrap_or(DAYS),
        path_length: PATH_LENGTH,
        permitted: permitted.as_ref(),
    };
    let certificate = issue::root(&root, &key, &env.serial()?, env.now()?)?;
    let request = assemble::request(&subject, &[], true, &key)?;
    let defaults = Parts { common_name: None, email_address: None, ..parts };
    create::create(
        &global.ca_dir,
        &Contents {
            chain: &[certificate],
            request_pem: Some(&pem::encode("CERTIFICATE REQUEST", &request)?),
            key_pem: &match &passphrase {
                Some(passphrase) => passphrase::protect(&key, passphrase, env)?,
                None => key.to_pem()?,
            },
            next_serial: &env.serial()?.to_string(),
            configuration: &settings.to_toml(&defaults)?,
            settings,
            history: None,
        },
    )
}

/// The original opens the new key to sign with it.
fn ask_again(
    passphrase: &str,
    from_file: bool,
    extras: &Extras,
    global: &Global,
    env: &mut Env,
) -> Result<()> {
    let again = match &extras.ca.passin {
        Some(file) => env.password_file(file)?,
        None if from_file => return Ok(()),
        None => env.prompter.passphrase(&global.ca_dir.join(layout::CA_KEY.name))?,
    };
    if *again == *passphrase {
        return Ok(());
    }
    Err(Error::refused("this is not the passphrase of before; nothing was written"))
}

/// Certificate and key from one file, as `mailca newca --from` takes them over.
fn import(file: &str, extras: &Extras, global: &Global, env: &mut Env) -> Result<()> {
    if extras.req.is_given() || extras.ca.days.is_some() {
        return Err(Error::usage(
            "the options in -extra-req, and -days in -extra-ca, cannot be honoured where a CA is taken over",
        ));
    }
    if !Path::new(file).exists() {
        return Err(Error::refused(format!(
            "{} is not there",
            crate::pki::printable::printable(file)
        ))
        .hint("name a file with the CA's certificate and key, or press Enter to make a new CA"));
    }
    let mut line = vec![OsString::from("mailca"), "newca".into(), format!("--from={file}").into()];
    if let Some(passin) = &extras.ca.passin {
        line.extend(["--ca-passphrase-file".into(), passin.into()]);
    }
    let cli = Cli::try_parse_from(line)
        .map_err(|error| Error::bug("newca has no --from").caused_by(error))?;
    let Command::Newca(args) = &cli.command else {
        return Err(Error::bug("newca is another command"));
    };
    let quiet = std::mem::replace(&mut env.quiet, true);
    let imported = newca::run(args, global, env);
    env.quiet = quiet;
    imported.map_err(in_own_words)
}

/// `newca` speaks of options of its own.
fn in_own_words(error: Error) -> Error {
    if !error.hints().iter().any(|hint| hint.contains("--")) {
        return error;
    }
    let what = error.to_string().replace("the files given to --from", "the file");
    Error::refused(what).hint(
        "the file needs the CA's certificate and its key, in PEM or PKCS#12; `mailca newca --from` takes \
         them from two files too",
    )
}
