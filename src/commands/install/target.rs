//! One installation: files, reload, check, and the way back.

use std::path::Path;

use crate::cli::Global;
use crate::commands::install::{check, reload};
use crate::commands::pair::Pair;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::mail::installation::{self, File};
use crate::mail::server::{Layout, Server};
use crate::pki::bundle;
use crate::pki::certificate::Certificate;
use crate::store::ca::CaFolder;
use crate::store::crl;
use crate::store::folder::CertificateFolder;
use crate::store::installed::{self, Before, Record, ServerFolder, Wanted};
use crate::store::layout;
use crate::store::owner::Owner;

/// What brings an installation about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// Somebody asked for it, and hears whatever is wrong.
    Asked,
    /// The certificate was renewed.
    Renewal,
    /// A revocation list was made: it is installed even where the certificate is not good any more.
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

/// What one folder is to hold.
struct Content {
    files: Vec<File>,
    /// The lists by hash: file name, hash.
    lists: Vec<(String, String)>,
    /// The CA certificates, for links by hash.
    chain: Vec<Certificate>,
    /// The certificate that the server is to present.
    leaf: Option<Certificate>,
}

/// Installs what `records[at]` says, and remembers it. That it began is written down first, so that one that
/// was interrupted is seen and done again.
pub(super) fn install(
    folder: &CertificateFolder,
    records: &mut [Record],
    at: usize,
    occasion: Occasion,
    global: &Global,
    env: &mut Env,
) -> Result<Done> {
    let record = records[at].clone();
    let server = server(&record)?;
    let layout = server.layout();
    let owner = owner(&record, &layout)?;
    let content = content(folder, &record, &layout, occasion, global, env)?;
    let place = ServerFolder::open(&record.to, layout.dir_mode, owner)?;
    let was_unfinished = record.unfinished;
    let files: Vec<_> = content.files.iter().map(wanted).collect();
    let known = installed::load(folder)?.iter().any(|known| known.to == record.to);
    // What somebody else put there is not lost; what mailca put there is kept in the certificate folder.
    let stamp = if known { None } else { Some(env.stamp()?) };
    note(folder, records, at, true)?;
    let before = place.put(&files, stamp.as_deref())?;
    let outcome = link(&place, &layout, &content)
        .and_then(|()| public(&record, &content, env))
        .and_then(|public_changed| {
            let changed = before.is_some() || public_changed;
            bring_to_server(&record, &content, changed || was_unfinished, env).map(
                |(reloaded, presented)| Done {
                    files: files.iter().map(|file| file.name.clone()).collect(),
                    changed,
                    reloaded,
                    presented,
                },
            )
        });
    match outcome {
        Ok(done) => {
            note(folder, records, at, false)?;
            Ok(done)
        }
        Err(error) => {
            let error = back(&place, before.as_ref(), &record, error, env);
            // What is there now is what was there before: nothing is unfinished, but it has to be tried again.
            note(folder, records, at, true)?;
            Err(error)
        }
    }
}

fn note(
    folder: &CertificateFolder,
    records: &mut [Record],
    at: usize,
    unfinished: bool,
) -> Result<()> {
    records[at].unfinished = unfinished;
    installed::save(folder, records)
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

/// Puts together what the folder shall hold. All of it is checked before anything is written.
fn content(
    folder: &CertificateFolder,
    record: &Record,
    layout: &Layout,
    occasion: Occasion,
    global: &Global,
    env: &mut Env,
) -> Result<Content> {
    let pair = match (Pair::read(folder, global, env), occasion) {
        (Ok(pair), _) => Some(pair),
        // A server that refuses revoked clients must not wait for its own certificate.
        (Err(error), Occasion::Crl) => {
            env.warn(&format!("{}: {error}", folder.path().display()));
            None
        }
        (Err(error), _) => return Err(error),
    };
    let chain = folder.certificates(layout::CHAIN)?;
    let mut files = match &pair {
        Some(pair) => {
            let key = folder.read(layout::KEY)?;
            installation::pair(layout, record.combined, &key, &pair.certificate, &chain)?
        }
        None => Vec::new(),
    };
    let mut lists = Vec::new();
    if layout.reads_crl
        && let Some(ca) = issuer(&chain, global)
        && let Some(current) = crl::current(&ca, env.now()?)?
    {
        files.extend(installation::revocation(layout, &chain, &current.pem)?);
        if layout.hash_links {
            for list in current.hashed {
                files.push(installation::public(layout, &list.name, list.pem));
                lists.push((list.name, list.hash));
            }
        }
    }
    Ok(Content { files, lists, chain, leaf: pair.map(|pair| pair.certificate) })
}

/// The CA that is here, where it is the one that issued this certificate.
fn issuer(chain: &[Certificate], global: &Global) -> Option<CaFolder> {
    let ca = CaFolder::open(&global.ca_dir).ok()?;
    let own = ca.certificate();
    chain.iter().any(|one| one.subject.same_as(&own.subject)).then_some(ca)
}

fn wanted((name, mode, content): &File) -> Wanted {
    Wanted { name: name.clone(), mode: *mode, content: content.clone() }
}

/// The links by which OpenSSL finds CA certificates (HASH.0) and lists (HASH.r0).
fn link(place: &ServerFolder, layout: &Layout, content: &Content) -> Result<()> {
    if !layout.hash_links {
        return Ok(());
    }
    link_authorities(place, &content.chain)?;
    for (name, hash) in &content.lists {
        crl::link_by_hash(&place.path().join(name), hash)?;
    }
    Ok(())
}

fn link_authorities(place: &ServerFolder, chain: &[Certificate]) -> Result<()> {
    let mut hashes = Vec::new();
    for authority in chain {
        let hash = authority.subject.openssl_hash()?;
        if !hashes.contains(&hash) {
            place.link(&format!("{hash}.0"), installation::CA)?;
            hashes.push(hash);
        }
    }
    Ok(())
}

/// The public certificates where other users may read them. Returns whether any changed.
fn public(record: &Record, content: &Content, env: &Env) -> Result<bool> {
    const EVERYBODY: u32 = 0o444;
    let Some(path) = &record.public else { return Ok(false) };
    let place = ServerFolder::open(path, 0o755, Owner::parse("0:0")?)?;
    let file = |name: &str, text: String| Wanted {
        name: name.to_owned(),
        mode: EVERYBODY,
        content: zeroize::Zeroizing::new(text.into_bytes()),
    };
    let mut files = vec![file(installation::CA, bundle::to_pem(&content.chain)?)];
    if let Some(leaf) = &content.leaf {
        files.push(file(installation::CERTIFICATE, leaf.to_pem()?));
    }
    let changed = place.put(&files, Some(&env.stamp()?))?.is_some();
    link_authorities(&place, &content.chain)?;
    Ok(changed)
}

/// Has the server take the files up, and sees that it does. Returns whether it was reloaded, and seen.
fn bring_to_server(
    record: &Record,
    content: &Content,
    changed: bool,
    env: &mut Env,
) -> Result<(bool, bool)> {
    let mut reloaded = false;
    if changed && let Some(command) = &record.reload {
        reload::run(command)?;
        reloaded = true;
    }
    match (&record.check, &content.leaf) {
        (Some(address), Some(leaf)) => {
            check::wait_for(address, leaf, record.timeout, env)?;
            Ok((reloaded, true))
        }
        _ => Ok((reloaded, false)),
    }
}

/// Puts the old files back, and has the server take them up again.
fn back(
    place: &ServerFolder,
    before: Option<&Before>,
    record: &Record,
    error: Error,
    env: &mut Env,
) -> Error {
    let Some(before) = before else { return error };
    if let Err(worse) = place.put_back(before) {
        env.report(&worse.at(Path::new(&record.to).display()));
        return error.hint(format!(
            "the old files could not be put back into {}: run `mailca install` again",
            record.to.display()
        ));
    }
    let error = error.hint(format!("the old files are back in {}", record.to.display()));
    match record.reload.as_deref().map(reload::run) {
        Some(Err(worse)) => error.hint(format!("reloading the server with them failed: {worse}")),
        Some(Ok(())) => error.hint("the server was reloaded with them"),
        None => error,
    }
}
