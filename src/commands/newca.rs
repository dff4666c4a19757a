//! `mailca newca`: make a certificate authority, or take one over.

use std::net::IpAddr;

use serde_json::json;
use zeroize::Zeroizing;

use crate::cli::{Global, Newca};
use crate::commands::{host_name, passphrase_of, settings, subject_parts};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::assemble::{self, Permitted};
use crate::pki::certificate::Certificate;
use crate::pki::general_name::GeneralName;
use crate::pki::issue::{self, Root};
use crate::pki::key::PrivateKey;
use crate::pki::name::Parts;
use crate::render;
use crate::store::config::{self, Settings, layers};
use crate::store::create::{self, Contents};
use crate::store::import::History;

mod adopt;
mod from_folder;
mod intermediate;

/// The fewest characters that a new passphrase of a CA's key has.
const SHORTEST_PASSPHRASE: usize = 8;

/// Makes the CA in the CA folder.
pub fn run(args: &Newca, global: &Global, env: &mut Env) -> Result<()> {
    create::check_vacant(&global.ca_dir)?;
    args.crl_url.as_deref().map_or(Ok(()), config::check_url)?;
    let settings = settings(global, env)?.chosen(
        args.leaf_days,
        args.crl_url.as_ref(),
        &args.permit,
        &args.permit_ip,
    );
    let made = if args.from.is_empty() {
        make(args, &settings, env)?
    } else {
        adopt::adopt(args, &settings.clone().without_limits(), env)?
    };
    create::create(
        &global.ca_dir,
        &Contents {
            chain: &made.chain,
            request_pem: made.request_pem.as_deref(),
            key_pem: &made.key_pem,
            next_serial: &env.serial()?.to_string(),
            configuration: &made.configuration,
            settings: &settings,
            history: made.history.as_ref(),
        },
    )?;
    if let Some(history) = &made.history {
        from_folder::report(history, env);
    }
    report(&made.chain[0], global, env)
}

/// A CA that is not written yet.
struct Made {
    chain: Vec<Certificate>,
    request_pem: Option<String>,
    key_pem: Zeroizing<String>,
    configuration: String,
    /// What it did before, where it was taken over from a folder.
    history: Option<History>,
}

fn make(args: &Newca, settings: &Settings, env: &mut Env) -> Result<Made> {
    let permitted = permitted(settings, env)?;
    let mut parts = subject_parts(&args.subject, settings, env)?;
    let defaults = parts.clone();
    parts.common_name = Some(common_name(args, env)?);
    parts.email_address = email(args, env)?;
    // RFC 5280 4.1.2.6 wants an address of the subject among the alternative names too.
    let mailbox: Vec<_> = parts.email_address.iter().cloned().map(GeneralName::Email).collect();
    let subject = parts.build()?;
    let key_type = args.key_type.as_deref().map_or_else(|| settings.ca_key_type(), str::parse)?;
    let passphrase = new_passphrase(args, env)?;
    if let Some(limits) = key_type.limits() {
        env.warn(limits);
    }
    let key = PrivateKey::generate(key_type)?;
    let certificate = issue::root(
        &Root {
            subject: &subject,
            alternative_names: &mailbox,
            days: args.days,
            path_length: args.path_len,
            permitted: permitted.as_ref(),
        },
        &key,
        &env.serial()?,
        env.now()?,
    )?;
    let request = crate::pki::pem::encode(
        "CERTIFICATE REQUEST",
        &assemble::request(&subject, &[], true, &key)?,
    )?;
    Ok(Made {
        chain: vec![certificate],
        request_pem: Some(request.to_string()),
        key_pem: protect(&key, passphrase.as_ref(), env)?,
        configuration: settings.to_toml(&defaults)?,
        history: None,
    })
}

fn common_name(args: &Newca, env: &mut Env) -> Result<String> {
    if let Some(name) = &args.cn {
        return Ok(name.clone());
    }
    // An RFC 5280 common name has room for 64 characters.
    let host: String = host_name().chars().take(56).collect();
    let default = format!("{host} Mail CA");
    if !env.prompter.is_interactive() {
        return Ok(default);
    }
    env.prompter.text("Name of the CA, as clients will show it", &default, &|answer| {
        let common_name = Some(answer.trim().to_owned());
        Parts { common_name, ..Parts::default() }.build().map(|_| ())
    })
}

fn email(args: &Newca, env: &mut Env) -> Result<Option<String>> {
    let check = |address: &str| match GeneralName::email(address)? {
        GeneralName::Email(address) => Ok(Some(address)),
        _ => Ok(None),
    };
    if let Some(address) = &args.email {
        return check(address);
    }
    if !env.prompter.is_interactive() {
        return Ok(None);
    }
    let answer = env.prompter.text("E-mail address of the CA (Enter for none)", "", &|answer| {
        if answer.trim().is_empty() { Ok(()) } else { check(answer.trim()).map(|_| ()) }
    })?;
    if answer.is_empty() { Ok(None) } else { check(&answer) }
}

/// The name constraints that the settings ask for. Where no option did, it is said who did: they are for good.
pub(super) fn permitted(settings: &Settings, env: &mut Env) -> Result<Option<Permitted>> {
    let permitted = constraints(settings).map_err(|error| blame(error, settings))?;
    if let Some(origin) = settings.origin("permit") {
        let place = &origin.place;
        if !settings.permit.is_empty() {
            let names = settings.permit.join(", ");
            env.say(&format!("{place} has it certify nothing but names in {names}"));
        } else if let Some(lifted) = &settings.lifted {
            env.say(&format!(
                "{place} takes away the limit to names of {lifted}: it may certify all"
            ));
        }
    }
    Ok(permitted)
}

/// Says which file is wrong, where no option can be.
fn blame(error: Error, settings: &Settings) -> Error {
    let (domains, networks) = (settings.origin("permit"), settings.origin("permit-ip"));
    let is_option = (domains.is_none() && !settings.permit.is_empty())
        || (networks.is_none() && !settings.permit_ip.is_empty());
    match domains.or(networks) {
        Some(origin) if !is_option => {
            let error = error.at(&origin.place).as_refused();
            if origin.layer.is_beside_ca() { error.hint(layers::WITHOUT) } else { error }
        }
        _ => error,
    }
}

fn constraints(settings: &Settings) -> Result<Option<Permitted>> {
    let (domains, networks) = (&settings.permit, &settings.permit_ip);
    if domains.is_empty() {
        return if networks.is_empty() {
            Ok(None)
        } else {
            Err(Error::usage("--permit-ip without --permit would leave every domain open")
                .hint("name the domains too, with --permit example.com"))
        };
    }
    let domains = domains
        .iter()
        .map(|domain| match GeneralName::dns(domain.trim_start_matches('.')).map_err(several)? {
            GeneralName::Dns(name) if !name.starts_with('*') => Ok(name),
            _ => Err(Error::usage(format!("{domain} is not a domain"))
                .hint("name the domain itself; the hosts below it are included")),
        })
        .collect::<Result<_>>()?;
    let networks = networks.iter().map(|network| parse_network(network)).collect::<Result<_>>()?;
    Ok(Some(Permitted { domains, networks }))
}

fn several(error: Error) -> Error {
    error.hint("name one domain with each --permit: --permit example.com --permit example.org")
}

fn parse_network(text: &str) -> Result<(IpAddr, u8)> {
    let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
    let parsed = address.parse::<IpAddr>().ok().and_then(|address| {
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Some(longest), |prefix| prefix.parse().ok())?;
        (prefix <= longest).then_some((address, prefix))
    });
    parsed.ok_or_else(|| {
        Error::usage(format!("{text:?} is not a network")).hint("for example 192.0.2.0/24")
    })
}

/// The passphrase for a CA key that is to be protected.
fn new_passphrase(args: &Newca, env: &mut Env) -> Result<Option<Zeroizing<String>>> {
    if !args.encrypt_key {
        if args.passphrase.ca_passphrase_file.is_some() && args.from.is_empty() {
            return Err(Error::usage(
                "there is a file with a passphrase, and nothing to protect with it",
            )
            .hint(
                "add --encrypt-key, or leave --ca-passphrase-file and \
                       MAILCA_CA_PASSPHRASE_FILE out for a key without a passphrase",
            ));
        }
        return Ok(None);
    }
    let passphrase = if let Some(file) = &args.passphrase.ca_passphrase_file {
        env.passphrase_file(file)?
    } else if env.prompter.is_interactive() {
        env.new_password("New passphrase for the CA's key")?
    } else {
        return Err(Error::usage(
            "--encrypt-key needs a passphrase, and nobody is there to be asked",
        )
        .hint("name a file that holds it with --ca-passphrase-file"));
    };
    if passphrase.is_empty() {
        return Err(Error::refused("the passphrase of the CA's key is empty"));
    }
    if passphrase.chars().count() < SHORTEST_PASSPHRASE {
        return Err(Error::refused(format!(
            "the passphrase of the CA's key is shorter than {SHORTEST_PASSPHRASE} characters"
        ))
        .hint("whoever gets a copy of the key tries short ones by the million: take a few words"));
    }
    Ok(Some(passphrase))
}

fn protect(
    key: &PrivateKey,
    passphrase: Option<&Zeroizing<String>>,
    env: &Env,
) -> Result<Zeroizing<String>> {
    match passphrase {
        Some(passphrase) => key.to_encrypted_pem(passphrase, env.random()?, env.random()?),
        None => key.to_pem(),
    }
}

fn report(certificate: &Certificate, global: &Global, env: &mut Env) -> Result<()> {
    let folder = global.ca_dir.display().to_string();
    env.say(&format!(
        "the CA {} is in {folder}, valid until {}",
        certificate.title(),
        certificate.not_after.date()
    ));
    if global.json {
        env.print_json(&json!({
            "ca_dir": folder,
            "certificate": render::certificate::summary(certificate),
        }))?;
    }
    env.say("next: `mailca newreq --cn HOST`, then `mailca sign`");
    env.say(&format!(
        "backup: `mailca backup FILE` packs {folder}; keep it where nobody else can read it: a lost CA \
         key cannot be made again"
    ));
    Ok(())
}
