//! `mailca access-map`: print which certificates a mail server lets in.

use std::path::{Path, PathBuf};

use fs_err as fs;
use serde_json::{Value, json};

use crate::cli::{self, Global};
use crate::commands::{check_is_no_dash, existing, say_kept};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::mail::access_map::sendmail::{Peer, Requirement};
use crate::mail::access_map::{AccessMap, Fingerprint, Hash};
use crate::mail::server::Server;
use crate::pki::printable::printable;
use crate::pki::profile::Profile;
use crate::store::atomic::folder_of;
use crate::store::ca::CaFolder;
use crate::store::way;

mod build;
mod collect;
mod file;
mod follow;
mod named;

pub(super) use follow::{Followed, LACKING, MEND, announce, folders, follow, is_due, lacking};

/// Prints the map, or writes it.
pub fn run(args: &cli::AccessMap, global: &Global, env: &mut Env) -> Result<()> {
    check(args)?;
    let fingerprint = Fingerprint { hash: args.digest.unwrap_or(Hash::Sha256), of_key: args.key };
    let mut map = AccessMap::new(args.server, fingerprint);
    // Held until the file is there: whoever reads the index later writes later.
    let mut lock = None;
    if args.all {
        let ca = CaFolder::open(&global.ca_dir)?;
        if let Some(path) = &args.output {
            file::check(&absolute(path)?, args.server, &existing(args.force, env)?, global)?;
            lock = Some(file::lock(&ca)?);
        }
        let profiles: Vec<Profile> =
            args.profile.iter().map(|name| name.parse()).collect::<Result<_>>()?;
        let profiles = if profiles.is_empty() { &[Profile::User][..] } else { &profiles };
        collect::check(&ca, env.now()?)?;
        collect::all(&ca, profiles, env.now()?, &mut map)?;
        if map.entries().next().is_none() {
            env.say("no certificate is in the map");
        }
    }
    for target in &args.targets {
        let certificate = named::find(target, global)?;
        named::check_good(&certificate, target, global, env)?;
        if certificate.is_ca {
            map.admit_all_of(&certificate);
        } else {
            map.admit(&certificate)?;
        }
    }
    if args.issuer {
        map.admit_all_of(CaFolder::open(&global.ca_dir)?.certificate());
    }
    connections(&args.connections, global, &mut map)?;
    if map.is_for_everybody() && (map.entries().next().is_some() || args.output.is_some()) {
        return Err(Error::usage(format!(
            "{} has no list for everybody of a CA: what it does instead can be printed, alone",
            args.server.title()
        )));
    }
    for remark in map.remarks() {
        env.warn(remark);
    }
    let done = deliver(&map, args, global, env);
    drop(lock);
    let done = done?;
    if global.json {
        env.print_json(&json!({
            "server": args.server.name(),
            "entries": map.entries().map(|entry| json!({ "key": entry.key, "value": entry.value }))
                .collect::<Vec<_>>(),
            "warnings": map.remarks(),
            "file": args.output,
            "written": done,
        }))?;
    }
    Ok(())
}

/// Refuses what does not fit together.
fn check(args: &cli::AccessMap) -> Result<()> {
    let connections = &args.connections;
    let admits = args.all || args.issuer || !args.targets.is_empty();
    if !admits && !connections.has_peers() && !connections.has_terms() {
        return Err(Error::usage("nobody is named")
            .hint("name a folder, a serial number or a certificate file, or --all, or --issuer")
            .hint("or with --tls-srv, --tls-clt or --tls-rcpt whose connections are meant"));
    }
    if connections.has_peers() != connections.has_terms() {
        return Err(if connections.has_peers() {
            Error::usage("nothing is asked of the connections")
                .hint("add --verify, --bits, or both")
        } else {
            Error::usage("nobody's connections are named")
                .hint("add --tls-srv, --tls-clt or --tls-rcpt")
        });
    }
    if connections.has_peers() && !connections.verify && connections.bits.is_none() {
        return Err(Error::usage("nothing is asked of the connections")
            .hint("--perm and --temp go with --verify or --bits"));
    }
    if connections.has_peers() && args.server != Server::Sendmail {
        return Err(Error::usage(format!(
            "{} has no such requirements in its map: they are Sendmail's",
            args.server.title()
        ))
        .hint(format!("`mailca config {} --role verify-peers` prints what it has", args.server)));
    }
    if (args.key || args.digest.is_some()) && args.server != Server::Postfix {
        return Err(Error::usage("--key and --digest are for Postfix only"));
    }
    if args.build && build::program(args.server).is_none() {
        return Err(Error::usage(format!(
            "{} reads the file itself: there is nothing to build",
            args.server.title()
        )));
    }
    Ok(())
}

/// Adds what is asked of connections.
fn connections(wanted: &cli::Connections, global: &Global, map: &mut AccessMap) -> Result<()> {
    let mut peers = Vec::new();
    for host in &wanted.tls_srv {
        peers.push(Peer::server(host)?);
    }
    for host in &wanted.tls_clt {
        peers.push(Peer::client(host)?);
    }
    for recipient in &wanted.tls_rcpt {
        peers.push(Peer::recipient(recipient)?);
    }
    if peers.is_empty() {
        return Ok(());
    }
    let subject = |name: &String| named::find(name, global).map(|found| found.subject);
    let issuer = |name: &String| {
        named::find(name, global)
            .map(|found| if found.is_ca { found.subject } else { found.issuer })
    };
    let requirement = Requirement {
        verify: wanted.verify,
        bits: wanted.bits,
        permanent: (wanted.perm || wanted.temp).then_some(wanted.perm),
        common_name: wanted.match_cn.clone(),
        subject: wanted.match_subject.as_ref().map(subject).transpose()?,
        issuer: wanted.match_issuer.as_ref().map(issuer).transpose()?,
    };
    requirement.add_to(&peers, map)
}

/// Prints the map or puts it into its file.
fn deliver(
    map: &AccessMap,
    args: &cli::AccessMap,
    global: &Global,
    env: &mut Env,
) -> Result<Option<Value>> {
    let Some(path) = &args.output else {
        if !global.json {
            env.print_bytes(map.text(file::usual_place(map.server())).as_bytes())?;
        }
        return Ok(None);
    };
    let path = absolute(path)?;
    let text = map.text(&printable(&path.display().to_string()));
    let written = file::put(&path, &text, map.server(), &existing(args.force, env)?, global)?;
    say_kept(written.kept.as_slice(), env);
    env.say(&if written.changed {
        format!("{} is written", path.display())
    } else {
        format!("{} is as it should be", path.display())
    });
    let built = args.build && build::if_needed(map.server(), &path, written.changed, env)?;
    if built {
        let program = build::program(map.server()).unwrap_or_default();
        env.say(&format!("{program} has made a database of it"));
    }
    Ok(Some(json!({ "changed": written.changed, "built": built, "kept": written.kept })))
}

/// The path from the root on, as the comment in the file has it.
fn absolute(path: &Path) -> Result<PathBuf> {
    check_is_no_dash(path)?;
    let name = path
        .file_name()
        .ok_or_else(|| Error::usage(format!("{} is not a file name", path.display())))?;
    let folder = folder_of(path);
    let real = fs::canonicalize(folder)
        .map_err(|_| Error::refused(format!("the folder {} does not exist", folder.display())))?;
    way::check(folder)?;
    Ok(real.join(name))
}
