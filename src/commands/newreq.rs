//! `mailca newreq`: make a private key and a certificate request.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::{Global, Identity, Newreq};
use crate::commands::{
    cert_mode, existing, host_name, more_names, renew, say_kept, settings, subject_parts,
};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::assemble;
use crate::pki::general_name::GeneralName;
use crate::pki::key::{KeyType, PrivateKey};
use crate::pki::name::Parts;
use crate::pki::policy::as_host;
use crate::pki::profile::Profile;
use crate::pki::request::Request;
use crate::pki::signature::KeyAlgorithm;
use crate::store::config::Settings;
use crate::store::folder::{CertificateFolder, Existing, FolderName};
use crate::store::{input, layout};

mod intermediate;
mod next_key;

/// Writes key.pem and req.pem, or the next key.
pub fn run(args: &Newreq, global: &Global, env: &mut Env) -> Result<()> {
    if args.next_key {
        return next_key::run(args, global, env);
    }
    let settings = settings(global, env)?;
    let mode = cert_mode(args.cert_mode.as_deref(), &settings)?;
    let folder = folder(args.name.as_deref(), global)?;
    let existing = existing(args.force, env)?;
    let as_ca = intermediate::wanted(args)?;
    let draft = Draft::prepare(&args.identity, as_ca, folder, &existing, &settings, env)?;
    let kept = draft.write(mode, &existing)?;
    say_kept(&kept, env);
    let folder = &draft.folder;
    if global.json {
        env.print_json(&json!({
            "key": folder.path_of(layout::KEY),
            "request": folder.path_of(layout::REQUEST),
            "subject": draft.request.subject.to_string(),
            "names": draft.request.alternative_names.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }))?;
    }
    env.say(&format!(
        "{} is the private key of {}, {} the request",
        folder.path_of(layout::KEY).display(),
        draft.request.title(),
        folder.path_of(layout::REQUEST).display()
    ));
    let name = folder.argument();
    let profile = if as_ca { " --profile ca" } else { "" };
    env.say(&format!("next: `mailca sign{name}{profile}`"));
    Ok(())
}

/// The certificate folder that a NAME, or none, stands for.
pub(super) fn folder(name: Option<&str>, global: &Global) -> Result<CertificateFolder> {
    let name = name.map(FolderName::parse).transpose()?;
    CertificateFolder::of(name.as_ref(), &global.ca_dir)
}

/// A key and request that are not written yet.
pub(super) struct Draft {
    pub(super) folder: CertificateFolder,
    pub(super) request: Request,
    pub(super) profile: Profile,
    key: PrivateKey,
    /// The key was in the folder already.
    key_is_there: bool,
}

impl Draft {
    /// Asks what is to be asked, and makes the key and the request in memory.
    pub(super) fn prepare(
        identity: &Identity,
        as_ca: bool,
        folder: CertificateFolder,
        existing: &Existing,
        settings: &Settings,
        env: &mut Env,
    ) -> Result<Self> {
        let resumed = check_folder(&folder, existing)?;
        folder.check_writable()?;
        let (profile, common_name, mut names) = if as_ca {
            (Profile::Ca, intermediate::name(identity, env)?, Vec::new())
        } else {
            let (profile, common_name, first_name) = whose(identity, env)?;
            (profile, common_name, vec![first_name])
        };
        for name in more_names(&identity.san)? {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let parts = Parts {
            common_name: Some(common_name),
            ..subject_parts(&identity.subject, settings, env)?
        };
        let subject = parts.build()?;
        let key = if resumed {
            folder.check_key_is_private()?;
            let key = folder.key(|path| Err(encrypted(path)))?;
            check_same_key(&key, identity, &folder)?;
            env.say(&format!("going on with {}", folder.path_of(layout::KEY).display()));
            key
        } else {
            key(identity, profile, settings, env)?
        };
        let request = Request::from_der(&assemble::request(&subject, &names, as_ca, &key)?)?;
        Ok(Self { folder, request, profile, key, key_is_there: resumed })
    }

    /// Writes the key, then the request: a key without a request is gone on with.
    /// Returns the names under which old files are kept.
    pub(super) fn write(&self, mode: u32, existing: &Existing) -> Result<Vec<PathBuf>> {
        self.folder.make()?;
        let mut kept = Vec::new();
        if let Existing::KeepAside(stamp) = existing {
            // A server must not find an old certificate beside a new key.
            if !self.key_is_there {
                kept.extend(self.folder.move_aside(layout::CERTIFICATE, stamp)?);
                kept.extend(self.folder.move_aside(layout::REQUEST, stamp)?);
            }
        }
        let key = self.key.to_pem()?;
        let request = self.request.to_pem()?;
        let mut files = vec![(layout::REQUEST, mode, request.as_bytes())];
        if !self.key_is_there {
            files.insert(0, (layout::KEY, layout::KEY.mode, key.as_bytes()));
        }
        kept.extend(self.folder.write(&files, existing)?);
        Ok(kept)
    }
}

/// Whether a key without a request is in the folder, which is gone on with. A complete pair is
/// refused, and so is a certificate whose key is not there.
fn check_folder(folder: &CertificateFolder, existing: &Existing) -> Result<bool> {
    if matches!(existing, Existing::KeepAside(_)) {
        return Ok(false);
    }
    if folder.has(layout::REQUEST) {
        return Err(Error::refused(format!(
            "{} is there already, and is not overwritten",
            folder.path_of(layout::REQUEST).display()
        ))
        .hint(again(folder))
        .hint("name another folder for another host or person: `mailca newreq ... NAME`")
        .hint("--force keeps the old key, request and certificate aside and makes new ones"));
    }
    if !folder.has(layout::KEY) {
        return Ok(false);
    }
    Ok(true)
}

/// What to do with a request that is there already.
fn again(folder: &CertificateFolder) -> String {
    let argument = folder.argument();
    let certificates = folder.certificates(layout::CERTIFICATE).unwrap_or_default();
    match certificates.first() {
        Some(certificate) => format!(
            "it is signed; `{}` makes a new certificate for it",
            renew::command(certificate, &argument)
        ),
        None => format!("sign it with `mailca sign{argument}`"),
    }
}

/// The profile, the common name, and the name that goes into the certificate without being asked
/// for.
fn whose(identity: &Identity, env: &mut Env) -> Result<(Profile, String, GeneralName)> {
    if let (Some(user), Some(email)) = (&identity.user, &identity.email) {
        return Ok((Profile::User, user.clone(), GeneralName::email(email)?));
    }
    let host = if let Some(host) = &identity.cn {
        host.clone()
    } else if env.prompter.is_interactive() {
        env.say("for a person instead of a host, begin with --user LOGIN --email ADDRESS");
        env.prompter.text(
            "Name of the mail host, as clients connect to it",
            &host_name(),
            &|answer| host_of(answer.trim()).map(|_| ()),
        )?
    } else {
        return Err(Error::usage("nobody said whom the certificate is for")
            .hint("a host: --cn mail.example.com")
            .hint("a person: --user LOGIN --email ADDRESS"));
    };
    let name = host_of(&host)?;
    let common_name = match &name {
        GeneralName::Dns(ascii) => ascii.clone(),
        _ => host,
    };
    Ok((Profile::Server, common_name, name))
}

fn host_of(text: &str) -> Result<GeneralName> {
    match as_host(text) {
        Some(name) => Ok(name),
        None => GeneralName::dns(text).map_err(|error| {
            if text.contains('@') {
                error.hint("a person's certificate is made with --user LOGIN --email ADDRESS")
            } else {
                error
            }
        }),
    }
}

/// The key that is there must be the one that was asked for, if one was.
fn check_same_key(key: &PrivateKey, identity: &Identity, folder: &CertificateFolder) -> Result<()> {
    let same = match (&identity.key, &identity.key_type) {
        (Some(path), _) => key_file(path)?.public_key() == key.public_key(),
        (None, Some(kind)) => {
            kind.parse::<KeyType>()?.algorithm() == KeyAlgorithm::of(key.public_key())?
        }
        (None, None) => true,
    };
    if same {
        return Ok(());
    }
    Err(Error::refused(format!(
        "{} is there already, is another key than the one asked for, and is not overwritten",
        folder.path_of(layout::KEY).display()
    ))
    .hint("without --key and --key-type the request is made for the key that is there")
    .hint("--force keeps the old key aside"))
}

fn key_file(path: &Path) -> Result<PrivateKey> {
    let content = input::read(path)?;
    PrivateKey::from_file_content(&content, || Err(encrypted(path)))
        .map_err(|error| error.at(path.display()))
}

fn key(
    identity: &Identity,
    profile: Profile,
    settings: &Settings,
    env: &mut Env,
) -> Result<PrivateKey> {
    if let Some(path) = &identity.key {
        return key_file(path);
    }
    let kind = match (&identity.key_type, profile) {
        (Some(name), _) => name.parse()?,
        (None, Profile::User) => settings.user_key_type()?,
        (None, Profile::Ca) => settings.ca_key_type()?,
        (None, _) => settings.host_key_type()?,
    };
    if let Some(limits) = kind.limits() {
        env.warn(limits);
    }
    PrivateKey::generate(kind)
}

/// A key that is encrypted is of no use to a server.
pub(super) fn encrypted(path: &Path) -> Error {
    Error::refused(format!("{} is encrypted, and mail servers need it unencrypted", path.display()))
        .hint("decrypt it first: (umask 077; openssl pkey -in OLD.pem -out key.pem)")
}
