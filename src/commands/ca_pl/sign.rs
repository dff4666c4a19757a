//! `CA.pl -sign`, `-signCA`, `-signcert` and `-xsign`.

use super::arguments::Signing;
use super::extras::Extra;
use super::files::{self, Here};
use super::{open, passphrase, purpose};
use crate::cli::Global;
use crate::commands::access_map::follow;
use crate::commands::sign::{Destination, Signer, Wishes};
use crate::commands::{crl_url, settings};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::assemble;
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::pki::profile::Profile;
use crate::pki::request::Request;
use crate::store::ca::CaFolder;
use crate::store::config::Settings;
use crate::store::folder::Existing;

/// Signs what is in newreq.pem. Where that fails, or the administrator says no, no certificate is left in
/// newcert.pem but the one of before, and that is said: the original calls it the signed one.
pub(super) fn run(what: Signing, extra: &Extra, global: &Global, env: &mut Env) -> Result<()> {
    let order = Order { what, extra, settings: &settings(global, env)?, global };
    if what == Signing::ToStdout {
        return to_stdout(&order, env);
    }
    let here = Here::new(order.settings, global, env)?;
    let signed = to_file(&order, &here, env);
    if signed.is_err() {
        here.say_of_before(env);
    }
    signed
}

/// What is to be signed, and how.
struct Order<'o> {
    what: Signing,
    extra: &'o Extra,
    settings: &'o Settings,
    global: &'o Global,
}

fn to_file(order: &Order<'_>, here: &Here, env: &mut Env) -> Result<()> {
    here.check(&[files::CERTIFICATE])?;
    let ca = open(order.global)?;
    let request = match order.what {
        Signing::SelfSigned => of_self_signed(here, env)?,
        _ => here.request()?,
    };
    sign(&request, &ca, order, env, |certificate, env| {
        let pem = certificate.to_pem()?;
        here.put(&[(files::CERTIFICATE, here.public_mode, pem.as_bytes())], env)
    })?;
    env.print(&format!(
        "Signed {}certificate is in {}",
        if order.what == Signing::Authority { "CA " } else { "" },
        files::CERTIFICATE.name
    ))
}

fn to_stdout(order: &Order<'_>, env: &mut Env) -> Result<()> {
    let ca = open(order.global)?;
    let request = Here::new(order.settings, order.global, env)?.request()?;
    sign(&request, &ca, order, env, |certificate, env| {
        env.print_bytes(certificate.to_pem()?.as_bytes())
    })
}

/// Asks as `openssl ca` does, records the certificate and delivers it. One that was recorded before
/// and did not arrive is delivered instead.
fn sign(
    request: &Request,
    ca: &CaFolder,
    order: &Order<'_>,
    env: &mut Env,
    deliver: impl FnOnce(&Certificate, &mut Env) -> Result<()>,
) -> Result<()> {
    let Order { what, extra, settings, global } = order;
    let source = passphrase::source(extra.passin.as_ref(), env);
    let mut signer = Signer::new(ca, global, &source);
    signer.open_key(env)?;
    let profile = profile(request, *what == Signing::Authority, env);
    let days = extra.days.unwrap_or_else(|| settings.leaf_days());
    let wishes = Wishes {
        profile: Some(profile),
        days,
        ca_days: days,
        path_length: None,
        crl_url: crl_url(None, settings)?,
        more_names: Vec::new(),
        // The questions are asked here.
        yes: true,
        mode: 0,
        existing: Existing::Refuse,
    };
    // The files have names of their own, and are written here.
    let nowhere = Destination::Stdout("the request".to_owned());
    let decision = signer.decide(request, &nowhere, &wishes, env)?;
    if !extra.batch && !env.prompter.confirm("Sign the certificate?")? {
        return Err(Error::refused("not signed"));
    }
    if !extra.batch
        && !env.prompter.confirm("1 out of 1 certificate requests certified, commit?")?
    {
        return Err(Error::refused("not signed; nothing was recorded"));
    }
    let certificate = signer.carry_out(request, decision, &nowhere, &wishes, env)?;
    deliver(&certificate, env).map_err(|error| {
        error.hint("the certificate was issued; when this is mended, the same command delivers it")
    })?;
    env.say(&format!(
        "it is the certificate of {}, valid until {}, serial {}",
        certificate.title(),
        certificate.not_after.date(),
        certificate.serial
    ));
    signer.delivered(request)?;
    match Profile::of(&certificate) {
        Some(Profile::User) => follow(ca, settings, global, env).outcome(),
        _ => Ok(()),
    }
}

fn profile(request: &Request, as_authority: bool, env: &mut Env) -> Profile {
    if as_authority {
        return Profile::Ca;
    }
    let purpose = purpose::of(&request.subject, &request.alternative_names);
    env.say(&format!(
        "it becomes a {} certificate, since {}; `mailca sign --profile` takes another",
        purpose.profile, purpose.reason
    ));
    purpose.profile
}

/// A request with the names of the self-signed certificate in newreq.pem, by its own key.
fn of_self_signed(here: &Here, env: &mut Env) -> Result<Request> {
    let path = here.folder.path_of(files::REQUEST);
    let at = |error: Error| error.at(path.display());
    let content = here.folder.read(files::REQUEST)?;
    let certificate = Certificate::from_file_content(&content)
        .map_err(at)?
        .into_iter()
        .next()
        .ok_or_else(|| Error::bug("a certificate file without a certificate"))?;
    let key =
        PrivateKey::from_file_content(&content, || env.prompter.passphrase(&path)).map_err(at)?;
    if key.public_key() != certificate.public_key {
        return Err(at(Error::refused("the private key in it is not its certificate's")));
    }
    let names = &certificate.alternative_names;
    Request::from_der(&assemble::request(&certificate.subject, names, false, &key)?)
}
