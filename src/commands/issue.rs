//! `mailca issue`: `newreq` and `sign` in one step, for the CA's own host.

use serde_json::json;

use crate::cli::{Global, Identity, Issue};
use crate::commands::newreq::{Draft, folder};
use crate::commands::sign::{Destination, Signer, Wishes};
use crate::commands::{cert_mode, existing, settings};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::general_name::GeneralName;
use crate::pki::policy::as_host;
use crate::pki::request::Request;
use crate::render;
use crate::store::ca::CaFolder;
use crate::store::layout;

/// Makes key, request and certificate. Nothing is written before the CA has agreed.
///
/// A folder with a key and its request, but no certificate, was left by an interrupted run: it is
/// gone on with.
pub fn run(args: &Issue, global: &Global, env: &mut Env) -> Result<()> {
    let settings = settings(global, env)?;
    let existing = existing(args.force, env)?;
    let wishes = Wishes {
        profile: args.terms.profile.as_deref().map(str::parse).transpose()?,
        days: args.terms.days.unwrap_or_else(|| settings.leaf_days()),
        path_length: args.terms.path_len,
        crl_url: args.terms.crl_url.clone().or_else(|| settings.crl_url.clone()),
        more_names: Vec::new(),
        yes: args.terms.yes,
        mode: cert_mode(args.cert_mode.as_deref(), &settings)?,
        existing,
    };
    let ca = CaFolder::open(&global.ca_dir)?;
    let mut signer = Signer::new(&ca, &args.passphrase);
    let folder = folder(args.name.as_deref(), global)?;
    let interrupted = !args.force
        && folder.has(layout::KEY)
        && folder.has(layout::REQUEST)
        && !folder.has(layout::CERTIFICATE);
    let certificate = if interrupted {
        env.say(&format!("going on with {}", folder.path_of(layout::REQUEST).display()));
        let request = folder.request()?;
        check_same(&args.identity, &request)?;
        let destination = Destination::Folder(folder.clone());
        let decision = signer.decide(&request, &destination, &wishes, env)?;
        signer.carry_out(&request, decision, &destination, &wishes, env)?
    } else {
        let draft = Draft::prepare(&args.identity, folder.clone(), &wishes.existing, &settings, env)?;
        let wishes = Wishes { profile: wishes.profile.or(Some(draft.profile)), ..wishes };
        let destination = Destination::Folder(folder.clone());
        let decision = signer.decide_own(&draft.request, &destination, &wishes, env)?;
        signer.open_key(env)?;
        draft.write(wishes.mode, &wishes.existing)?;
        signer.carry_out(&draft.request, decision, &destination, &wishes, env)?
    };
    if global.json {
        env.print_json(&json!({
            "key": folder.path_of(layout::KEY),
            "request": folder.path_of(layout::REQUEST),
            "file": folder.path_of(layout::CERTIFICATE),
            "certificate": render::certificate::summary(&certificate),
        }))?;
    }
    Ok(())
}

/// A request that was left in the folder must be for whom this command is for.
fn check_same(identity: &Identity, request: &Request) -> Result<()> {
    let wanted = match (&identity.cn, &identity.email) {
        (Some(host), _) => as_host(host),
        (None, Some(email)) => Some(GeneralName::email(email)?),
        (None, None) => None,
    };
    match wanted {
        Some(name) if !request.alternative_names.contains(&name) => Err(Error::refused(format!(
            "the request that is there already is for {}, not for {name}",
            request.title()
        ))
        .hint("name another folder, or keep it aside with --force")),
        _ => Ok(()),
    }
}
