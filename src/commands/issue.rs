//! `mailca issue`: `newreq` and `sign` in one step, for the CA's own host; or for a list of persons
//! ([`bulk`]).

use serde_json::json;

use crate::cli::{Global, Identity, Issue};
use crate::commands::access_map::{Followed, follow};
use crate::commands::newreq::{Draft, folder};
use crate::commands::sign::{Destination, Signer, Wishes};
use crate::commands::{more_names, say_kept, settings};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::general_name::GeneralName;
use crate::pki::key::KeyType;
use crate::pki::policy::as_host;
use crate::pki::profile::Profile;
use crate::pki::request::Request;
use crate::pki::signature::KeyAlgorithm;
use crate::render;
use crate::store::ca::CaFolder;
use crate::store::folder::CertificateFolder;
use crate::store::layout;
use crate::store::transaction::{self, Occasion};

pub mod bulk;

/// Makes key, request and certificate. Nothing is written before the CA has agreed.
///
/// A folder with a key and its request, but no certificate, was left by an interrupted run: it is
/// gone on with.
pub fn run(args: &Issue, global: &Global, env: &mut Env) -> Result<()> {
    if let Some(list) = &args.bulk.from {
        return bulk::run(list, args, global, env);
    }
    bulk::check_unused(&args.bulk)?;
    let settings = settings(global, env)?;
    let wishes = Wishes::new(&args.terms, args.cert_mode.as_deref(), args.force, &settings, env)?;
    let ca = CaFolder::open(&global.ca_dir)?;
    let mut signer = Signer::new(&ca, global, &args.passphrase);
    let folder = folder(args.name.as_deref(), global)?;
    let interrupted = !args.force
        && folder.has(layout::KEY)
        && folder.has(layout::REQUEST)
        && (!folder.has(layout::CERTIFICATE) || pending(&ca, &folder)?);
    let as_ca = wishes.profile == Some(Profile::Ca);
    let certificate = if interrupted {
        env.say(&format!("going on with {}", folder.path_of(layout::REQUEST).display()));
        let request = folder.request()?;
        folder.check_key_is_private()?;
        check_same(&args.identity, &request)?;
        let destination = Destination::Folder(folder.clone());
        let decision = signer.decide(&request, &destination, &wishes, env)?;
        signer.carry_out(&request, decision, &destination, &wishes, env)?
    } else {
        let draft = Draft::prepare(
            &args.identity,
            as_ca,
            folder.clone(),
            &wishes.existing,
            &settings,
            env,
        )?;
        let wishes = Wishes { profile: wishes.profile.or(Some(draft.profile)), ..wishes };
        let destination = Destination::Folder(folder.clone());
        let decision = signer.decide_own(&draft.request, &destination, &wishes, env)?;
        signer.open_key(env)?;
        let kept = draft.write(wishes.mode, &wishes.existing)?;
        say_kept(&kept, env);
        signer.carry_out(&draft.request, decision, &destination, &wishes, env)?
    };
    let is_person = Profile::of(&certificate) == Some(Profile::User);
    let maps = if is_person { follow(&ca, &settings, global, env) } else { Followed::default() };
    if global.json {
        env.print_json(&json!({
            "key": folder.path_of(layout::KEY),
            "request": folder.path_of(layout::REQUEST),
            "file": folder.path_of(layout::CERTIFICATE),
            "certificate": render::certificate::summary(&certificate),
            "access_maps": maps.json(),
        }))?;
    }
    maps.outcome()
}

/// Whether a certificate for the request in the folder was issued and did not arrive.
fn pending(ca: &CaFolder, folder: &CertificateFolder) -> Result<bool> {
    Ok(transaction::pending(ca, &Occasion::of_request(&folder.request()?))?.is_some())
}

/// A request that was left in the folder must be the one that this command would make.
fn check_same(identity: &Identity, request: &Request) -> Result<()> {
    let other = |what: String| {
        Err(Error::refused(format!("the request that is there already {what}"))
            .hint("name another folder, or keep it aside with --force"))
    };
    let mut wanted = more_names(&identity.san)?;
    if !request.asks_for_ca {
        wanted.extend(identity.cn.as_deref().and_then(as_host));
    }
    wanted.extend(identity.email.as_deref().map(GeneralName::email).transpose()?);
    if let Some(name) = wanted.iter().find(|name| !request.alternative_names.contains(name)) {
        return other(format!("is for {}, not for {name}", request.title()));
    }
    if let Some(kind) = &identity.key_type {
        let there = KeyAlgorithm::of(&request.public_key)?;
        if kind.parse::<KeyType>()?.algorithm() != there {
            return other(format!("is for a key of the type {there}, not {kind}"));
        }
    }
    let subject = &identity.subject;
    let parts = [
        ("C", &subject.country),
        ("ST", &subject.state),
        ("L", &subject.locality),
        ("O", &subject.org),
    ];
    let units = subject.ou.iter().map(|unit| ("OU", unit));
    let given = parts.iter().filter_map(|(name, value)| value.as_ref().map(|value| (*name, value)));
    for (name, value) in given.chain(units) {
        if !request.subject.values(name).contains(value) {
            return other(format!("has the subject {}, without {name}={value}", request.subject));
        }
    }
    Ok(())
}
