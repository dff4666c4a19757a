//! `mailca sign`: sign certificate requests.

use serde_json::json;

use crate::cli::{Global, Sign};
use crate::commands::access_map::{Followed, follow};
use crate::commands::{more_names, settings};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::profile::Profile;
use crate::pki::request::Request;
use crate::render;
use crate::store::ca::CaFolder;

mod destination;
pub(super) mod namesake;
mod signer;

pub(super) use super::recorder::{begin, say_all};
pub(super) use destination::Destination;
pub(super) use signer::{CA_DAYS, Signer, Wishes};

/// Signs every request that is named, or the one in the current folder.
///
/// All are decided on before the first is signed, so that a refusal leaves nothing half done.
pub fn run(args: &Sign, global: &Global, env: &mut Env) -> Result<()> {
    let settings = settings(global, env)?;
    let wishes = Wishes {
        more_names: more_names(&args.san)?,
        ..Wishes::new(&args.terms, args.cert_mode.as_deref(), args.force, &settings, env)?
    };
    let ca = CaFolder::open(&global.ca_dir)?;
    let mut signer = Signer::new(&ca, global, &args.passphrase);
    let mut decided = Vec::new();
    let targets = targets(args, global, env)?;
    if targets.iter().any(|(_, destination)| destination.is_stdout()) {
        env.check_hand_out()?;
    }
    for (request, destination) in targets {
        let decision = signer
            .decide(&request, &destination, &wishes, env)
            .map_err(|error| error.at(&destination))?;
        decided.push((request, destination, decision));
    }
    let mut reports = Vec::new();
    let mut printed = Vec::new();
    // The maps hold persons only, and signing for a host reads no index.
    let mut person = false;
    for (request, destination, decision) in decided {
        let certificate = signer.carry_out(&request, decision, &destination, &wishes, env)?;
        person |= Profile::of(&certificate) == Some(Profile::User);
        if destination.is_stdout() && !global.json {
            env.hand_out(certificate.to_pem()?.as_bytes())?;
            signer.delivered(&request)?;
        } else if destination.is_stdout() {
            printed.push(request);
        }
        reports.push(json!({
            "certificate": render::certificate::summary(&certificate),
            "file": destination.path(),
            "pem": certificate.to_pem()?,
        }));
    }
    let maps = if person { follow(&ca, &settings, global, env) } else { Followed::default() };
    if global.json {
        let document = json!({ "signed": reports, "access_maps": maps.json() });
        if printed.is_empty() {
            env.print_json(&document)?;
        } else {
            env.hand_out_json(&document)?;
        }
    }
    // The document holds what goes to standard output, which has arrived with it.
    printed.iter().try_for_each(|request| signer.delivered(request))?;
    maps.outcome()
}

/// The requests to sign, with the place of each certificate.
fn targets(args: &Sign, global: &Global, env: &mut Env) -> Result<Vec<(Request, Destination)>> {
    if args.output.is_some() && args.targets.len() != 1 {
        return Err(Error::usage("--output goes with one request file, and one only"));
    }
    if args.targets.is_empty() {
        return Ok(vec![destination::of_folder(None, global)?]);
    }
    let mut targets = Vec::new();
    for target in &args.targets {
        let found = destination::of_target(target, args.output.as_deref(), global, env)?;
        let again =
            targets.iter().any(|(request, _): &(Request, _)| request.as_der() == found.0.as_der());
        if again {
            return Err(Error::usage(format!("{target}: the same request was named before")));
        }
        targets.push(found);
    }
    Ok(targets)
}
