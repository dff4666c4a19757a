//! One installation: files, reload, check, and the way back.

use std::path::Path;

use fs_err as fs;

use crate::cli::Global;
use crate::commands::install::content::Content;
use crate::commands::install::place::Place;
use crate::commands::install::{check, reload};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::mail::server::{Layout, Server};
use crate::store::folder::CertificateFolder;
use crate::store::installed::{self, Demands, Record, ServerFolder};
use crate::store::owner::Owner;

/// What brings an installation about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// Somebody asked for it, and hears whatever is wrong.
    Asked,
    /// The certificate was renewed.
    Renewal,
    /// A revocation list was made: it is installed even where the certificate is not good any more, and stays
    /// even where the server does not take it up.
    Crl,
}

/// What was done.
pub(super) struct Done {
    /// The names of the files.
    pub(super) files: Vec<String>,
    /// Whether any was written.
    pub(super) changed: bool,
    /// Whether the server was reloaded.
    pub(super) reloaded: bool,
    /// Whether the server was seen to present the certificate.
    pub(super) presented: bool,
}

/// Installs what `record` says, and remembers it. That it began is written down first, so that one that was
/// interrupted is seen and done again. A new one that fails is not remembered.
pub(super) fn install(
    folder: &CertificateFolder,
    record: &Record,
    occasion: Occasion,
    global: &Global,
    env: &mut Env,
) -> Result<Done> {
    let layout = server(record)?.layout();
    let owner = owner(record, &layout)?;
    for path in std::iter::once(&record.to).chain(&record.public) {
        check_is_servers(path, folder, global)?;
    }
    if !record.to.exists() {
        // No folder is made for what cannot be installed.
        Content::of(folder, record, &layout, occasion, global, env)?;
    }
    let opened = open(record, &layout, owner)?;
    // What was installed meanwhile is newer: it is read under the lock.
    let content = Content::of(folder, record, &layout, occasion, global, env)?;
    let remembered = installed::load(folder)?.into_iter().find(|known| known.to == record.to);
    let known = remembered.as_ref();
    let mut places = places(opened, &content)?;
    let changed = !places.iter().all(Place::is_complete);
    let was_unfinished = known.is_some_and(|known| known.unfinished);
    let ours = known.is_some_and(|known| known.done);
    let mut done = Done {
        files: places.first().map(|place| place.names().collect()).unwrap_or_default(),
        changed,
        reloaded: false,
        presented: false,
    };
    if !changed && !was_unfinished && occasion != Occasion::Asked {
        return Ok(done);
    }
    // A command that was never run is tried now, while somebody is there who may have mistyped it.
    let is_untried = known.is_none_or(|known| !known.done || known.reload != record.reload);
    let reloads = changed || was_unfinished || is_untried;
    let stamp = env.stamp()?;
    if changed {
        note(folder, Record { unfinished: true, done: ours, ..record.clone() })?;
    }
    let written = places.iter_mut().try_for_each(|place| place.put(folder, ours, &stamp));
    let outcome = written.and_then(|()| bring_to_server(record, &content, reloads, &mut done, env));
    let Err(error) = outcome else {
        note(folder, Record { unfinished: false, done: true, ..record.clone() })?;
        return Ok(done);
    };
    if !changed {
        return Err(error);
    }
    if occasion == Occasion::Crl {
        // An older list would let in again who was revoked. It stays unfinished, and is tried again.
        return Err(error
            .hint(format!("the new revocation list stays in {}", record.to.display()))
            .hint("the server goes by the old one until it is told: `mailca crl --if-needed` tries again"));
    }
    let (error, is_back) = back(&places, record, done.reloaded, error, env);
    let is_new = known.is_none_or(|known| !known.asks_the_same(record));
    match remembered {
        // What was asked for has failed, and everything is as it was.
        Some(known) if is_back && is_new => note(folder, known)?,
        None if is_back => installed::update(folder, |all| all.retain(|one| one.to != record.to))?,
        // It has to be tried again.
        _ => {}
    }
    Err(error)
}

/// Remembers a place.
fn note(folder: &CertificateFolder, record: Record) -> Result<()> {
    installed::update(folder, |all| match all.iter_mut().find(|known| known.to == record.to) {
        Some(known) => *known = record,
        None => all.push(record),
    })
}

pub(super) fn server(record: &Record) -> Result<Server> {
    Server::by_name(&record.server).ok_or_else(|| {
        Error::refused(format!("{} names no mail server: {:?}", installed::FILE, record.server))
    })
}

fn owner(record: &Record, layout: &Layout) -> Result<Owner> {
    match &record.owner {
        Some(owner) => Owner::parse(owner),
        None => Owner::parse(&format!("{}:{}", layout.user, layout.group)),
    }
}

/// The server's folder, and the public one.
fn open(record: &Record, layout: &Layout, owner: Owner) -> Result<Vec<ServerFolder>> {
    let trusted = layout.trusted.iter().filter_map(|user| Some(Owner::parse(user).ok()?.uid));
    let mut demands = Demands {
        mode: layout.dir_mode,
        owner,
        trusted: trusted.collect(),
        makes_parent: record.to == Path::new(layout.dir)
            && Path::new(layout.configuration).exists(),
        together: true,
    };
    let mut opened = vec![ServerFolder::open(&record.to, &demands)?];
    if let Some(public) = &record.public {
        let is_root = rustix::process::geteuid().is_root();
        demands.mode = 0o755;
        demands.owner = if is_root { Owner { uid: 0, gid: 0 } } else { owner };
        demands.together = false;
        opened.push(ServerFolder::open(public, &demands)?);
    }
    Ok(opened)
}

fn places(opened: Vec<ServerFolder>, content: &Content) -> Result<Vec<Place>> {
    let mut opened = opened.into_iter();
    let mut places = Vec::new();
    if let Some(folder) = opened.next() {
        places.push(Place::new(folder, content.files.clone(), content.links.clone())?);
    }
    if let Some(folder) = opened.next() {
        let (files, links) = (content.public.clone(), content.public_links.clone());
        places.push(Place::new(folder, files, links)?);
    }
    Ok(places)
}

/// Refuses the certificate folder itself, and the CA's: the copies must not take the place of the originals.
fn check_is_servers(path: &Path, folder: &CertificateFolder, global: &Global) -> Result<()> {
    // One that is not there yet is in the folder above it.
    let there = path.ancestors().find_map(|above| fs::canonicalize(above).ok());
    let Some(to) = there else { return Ok(()) };
    let refused = |whose: &str| {
        Err(Error::refused(format!("{} is {whose}", path.display()))
            .hint("name the folder that the mail server reads with --to"))
    };
    if fs::canonicalize(folder.path())? == to && path.exists() {
        return refused("the certificate folder itself");
    }
    if fs::canonicalize(&global.ca_dir).is_ok_and(|ca| to.starts_with(ca)) {
        return refused("in the CA's folder");
    }
    Ok(())
}

/// Has the server take the files up, and sees that it does.
fn bring_to_server(
    record: &Record,
    content: &Content,
    reloads: bool,
    done: &mut Done,
    env: &mut Env,
) -> Result<()> {
    if reloads && let Some(command) = &record.reload {
        done.reloaded = true;
        reload::run(command, record.timeout)?;
    }
    if let (Some(address), Some(leaf)) = (&record.check, &content.leaf) {
        check::wait_for(address, leaf, record.timeout, env)?;
        done.presented = true;
    }
    Ok(())
}

/// Puts the old files back, and has the server take them up again. Returns whether they are back.
fn back(
    places: &[Place],
    record: &Record,
    was_reloaded: bool,
    error: Error,
    env: &mut Env,
) -> (Error, bool) {
    let mut is_back = true;
    for place in places {
        if let Err(worse) = place.put_back() {
            is_back = false;
            env.report(&worse.at(place.path().display()));
        }
    }
    let to = record.to.display();
    if !is_back {
        let hint =
            format!("not all old files could be put back into {to}: run `mailca install` again");
        return (error.hint(hint), false);
    }
    let error = error.hint(format!("the old files are back in {to}"));
    let again = record.reload.as_deref().filter(|_| was_reloaded);
    let error = match again.map(|command| reload::run(command, record.timeout)) {
        Some(Err(worse)) => error.hint(format!("reloading the server with them failed: {worse}")),
        Some(Ok(())) => error.hint("the server was reloaded with them"),
        None => error,
    };
    (error, true)
}
