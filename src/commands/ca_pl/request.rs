//! `CA.pl -newreq`, `-newreq-nodes` and `-newcert`.

use zeroize::Zeroizing;

use super::extras::Extra;
use super::files::{self, Here};
use super::purpose::{self, Purpose};
use super::{passphrase, subject};
use crate::cli::Global;
use crate::commands::settings;
use crate::env::Env;
use crate::error::Result;
use crate::pki::issue::{self, SelfSigned};
use crate::pki::key::{KeyType, PrivateKey};
use crate::pki::name::{Name, Parts};
use crate::pki::profile::Profile;
use crate::pki::{assemble, pem};
use crate::store::config::Settings;
use crate::store::layout::FileKind;

/// Makes newkey.pem and newreq.pem.
pub(super) fn new_request(
    protected: bool,
    extra: &Extra,
    global: &Global,
    env: &mut Env,
) -> Result<()> {
    let settings = settings(global, env)?;
    let here = Here::new(&settings, global, env)?;
    here.check(&[files::PLAIN_KEY, files::REQUEST])?;
    let protected = protected && !extra.nodes;
    let draft = Draft::ask(protected, &settings, extra, env)?;
    subject::ask_attributes(extra, env)?;
    let key = draft.key(&settings, env)?;
    let (kind, key_pem) = draft.key_file(&key, env)?;
    let request = assemble::request(&draft.subject, &draft.purpose.names, false, &key)?;
    let request = pem::encode("CERTIFICATE REQUEST", &request)?;
    here.put(
        &[
            (kind, kind.mode, key_pem.as_bytes()),
            (files::REQUEST, here.public_mode, request.as_bytes()),
        ],
        env,
    )?;
    env.print(&format!("Request is in {}, private key is in {}", files::REQUEST.name, kind.name))?;
    if protected {
        env.say("mail servers need the key without a passphrase: -newreq-nodes makes it so");
    }
    Ok(())
}

/// Makes newkey.pem and a self-signed newcert.pem.
pub(super) fn new_certificate(extra: &Extra, global: &Global, env: &mut Env) -> Result<()> {
    let settings = settings(global, env)?;
    let here = Here::new(&settings, global, env)?;
    here.check(&[files::PROTECTED_KEY, files::CERTIFICATE])?;
    let draft = Draft::ask(!extra.nodes, &settings, extra, env)?;
    let key = draft.key(&settings, env)?;
    let (kind, key_pem) = draft.key_file(&key, env)?;
    let leaf = SelfSigned {
        subject: &draft.subject,
        alternative_names: &draft.purpose.names,
        profile: draft.purpose.profile,
        days: extra.days.unwrap_or_else(|| settings.leaf_days()),
    };
    let certificate = issue::self_signed(&leaf, &key, &env.serial()?, env.now()?)?.to_pem()?;
    here.put(
        &[
            (kind, kind.mode, key_pem.as_bytes()),
            (files::CERTIFICATE, here.public_mode, certificate.as_bytes()),
        ],
        env,
    )?;
    env.say(&format!(
        "it is a {} certificate, since {}",
        draft.purpose.profile.description(),
        draft.purpose.reason
    ));
    env.print(&format!("Cert is in {}, private key is in {}", files::CERTIFICATE.name, kind.name))
}

/// What was answered. Nothing is written yet.
struct Draft {
    passphrase: Option<Zeroizing<String>>,
    subject: Name,
    purpose: Purpose,
}

impl Draft {
    fn ask(protected: bool, settings: &Settings, extra: &Extra, env: &mut Env) -> Result<Self> {
        let file = extra.passout.as_ref();
        // A name that is not asked for is looked at first.
        let known = extra.has_name().then(|| subject::ask(settings, "", extra, env)).transpose()?;
        let passphrase = protected.then(|| passphrase::new_from(file, env)).transpose()?;
        let parts: Parts = match known {
            Some(parts) => parts,
            None => subject::ask(settings, "", extra, env)?,
        };
        let subject = parts.build()?;
        let purpose = purpose::of(&subject, &[]);
        Ok(Self { passphrase, subject, purpose })
    }

    /// RSA, as CA.pl makes it, unless the settings say otherwise.
    fn key(&self, settings: &Settings, env: &mut Env) -> Result<PrivateKey> {
        let kind = match self.purpose.profile {
            Profile::User => settings.user_key_type()?,
            _ => settings.host_key_type_or(KeyType::Rsa2048)?,
        };
        if let Some(limits) = kind.limits() {
            env.warn(limits);
        }
        PrivateKey::generate(kind)
    }

    fn key_file(&self, key: &PrivateKey, env: &Env) -> Result<(FileKind, Zeroizing<String>)> {
        Ok(match &self.passphrase {
            Some(passphrase) => (files::PROTECTED_KEY, passphrase::protect(key, passphrase, env)?),
            None => (files::PLAIN_KEY, key.to_pem()?),
        })
    }
}
