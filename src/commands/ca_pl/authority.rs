//! `CA.pl -newca`.

use std::path::Path;

use clap::Parser;

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
pub(super) fn run(global: &Global, env: &mut Env) -> Result<()> {
    create::check_vacant(&global.ca_dir).map_err(|error| {
        Error::refused(error.to_string())
            .hint("go on with what is there, or move the folder away first; nothing is overwritten")
    })?;
    let settings = settings(global, env)?;
    let file =
        env.prompter.text("CA certificate filename (or enter to create)", "", &|_| Ok(()))?;
    if file.is_empty() {
        make(&settings, global, env)?;
    } else {
        import(&file, global, env)?;
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

fn make(settings: &Settings, global: &Global, env: &mut Env) -> Result<()> {
    env.say("Making CA certificate ...");
    let permitted = newca::permitted(settings)?;
    let key_type = settings.ca_key_type_or(KeyType::Rsa2048)?;
    let source = passphrase::of_environment(env);
    let passphrase = passphrase::new_of_ca(&source, env)?;
    // An RFC 5280 common name has room for 64 characters.
    let host: String = host_name().chars().take(56).collect();
    let parts = subject::ask(settings, &format!("{host} Mail CA"), env)?;
    if parts.common_name.is_none() {
        return Err(Error::refused("the CA has no common name")
            .hint("it is what clients show, for example: Example Mail CA"));
    }
    subject::ask_attributes(env)?;
    if source.ca_passphrase_file.is_none() {
        let key = global.ca_dir.join(layout::CA_KEY.name);
        if *env.prompter.passphrase(&key)? != *passphrase {
            return Err(Error::refused(
                "this is not the passphrase of before; nothing was written",
            ));
        }
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
        days: DAYS,
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
            key_pem: &passphrase::protect(&key, &passphrase, env)?,
            next_serial: &env.serial()?.to_string(),
            configuration: &settings.to_toml(&defaults)?,
            settings,
            history: None,
        },
    )
}

/// Certificate and key from one file, as `mailca newca --from` takes them over.
fn import(file: &str, global: &Global, env: &mut Env) -> Result<()> {
    if !Path::new(file).exists() {
        return Err(Error::refused(format!(
            "{} is not there",
            crate::pki::printable::printable(file)
        ))
        .hint("name a file with the CA's certificate and key, or press Enter to make a new CA"));
    }
    let line = ["mailca", "newca", &format!("--from={file}")];
    let cli = Cli::try_parse_from(line)
        .map_err(|error| Error::bug("newca has no --from").caused_by(error))?;
    let Command::Newca(args) = &cli.command else {
        return Err(Error::bug("newca is another command"));
    };
    let quiet = std::mem::replace(&mut env.quiet, true);
    let imported = newca::run(args, global, env);
    env.quiet = quiet;
    imported
}
