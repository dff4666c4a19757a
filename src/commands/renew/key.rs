//! For which key a certificate is renewed.

use std::path::Path;

use super::Wishes;
use crate::commands::newreq;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::key::{KeyType, PrivateKey};
use crate::pki::signature::KeyAlgorithm;
use crate::store::folder::{CertificateFolder, Existing};
use crate::store::layout;

/// The key of the new certificate.
pub(super) enum Key {
    /// The old one, which is not here, or cannot be read: what the old certificate holds of it is signed.
    Stored,
    /// The old one, in key.pem.
    Same,
    /// The one in next-key.pem.
    Next(PrivateKey),
    /// A new one, which is not written yet.
    New(PrivateKey),
}

impl Key {
    /// Decides on the key. Nothing is written.
    pub(super) fn choose(
        old: &Certificate,
        folder: Option<&CertificateFolder>,
        wishes: &Wishes,
        env: &mut Env,
    ) -> Result<Self> {
        let here = folder.filter(|folder| folder.has(layout::KEY) || folder.has(layout::NEXT_KEY));
        let Some(folder) = here else {
            if wishes.new_key {
                return Err(Error::refused(format!(
                    "the key of {} is not here, and a new one would not get to where it is needed",
                    old.title()
                ))
                .hint(
                    "make a new key and request there, and sign the request with `mailca sign`",
                ));
            }
            return Ok(Self::Stored);
        };
        if folder.has(layout::NEXT_KEY) {
            let next = next_key(folder, wishes)?;
            // One that has become key.pem already is only left to be removed.
            if next.public_key() != old.public_key {
                return Ok(Self::Next(next));
            }
        }
        if wishes.new_key {
            return new_key(old, folder, wishes, env).map(Self::New);
        }
        own_key(old, folder, env)
    }

    /// The public half, where it is another one than that of the old certificate.
    pub(super) fn changed(&self) -> Option<&PrivateKey> {
        match self {
            Self::Next(key) | Self::New(key) => Some(key),
            Self::Stored | Self::Same => None,
        }
    }

    /// Makes a new key durable as next-key.pem before anything is signed for it: should this process
    /// die, the next one goes on with it.
    pub(super) fn keep(&self, folder: &CertificateFolder) -> Result<()> {
        let Self::New(key) = self else { return Ok(()) };
        let pem = key.to_pem()?;
        let file = (layout::NEXT_KEY, layout::NEXT_KEY.mode, pem.as_bytes());
        folder.write(&[file], &Existing::Refuse).map(|_| ())
    }

    /// What happens to the key, for a person.
    pub(super) fn description(&self) -> &'static str {
        match self {
            Self::Stored => "its key, which is not here",
            Self::Same => "the same key",
            Self::Next(_) => "the next key, which was prepared",
            Self::New(_) => "a new key",
        }
    }

    /// The same in one word, for programs.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Same => "same",
            Self::Next(_) => "next",
            Self::New(_) => "new",
        }
    }
}

fn next_key(folder: &CertificateFolder, wishes: &Wishes) -> Result<PrivateKey> {
    folder.check_is_private(layout::NEXT_KEY)?;
    let key = folder.key_in(layout::NEXT_KEY, |path| Err(newreq::encrypted(path)))?;
    let there = KeyAlgorithm::of(key.public_key())?;
    match wishes.key_type {
        Some(kind) if kind.algorithm() != there => Err(Error::refused(format!(
            "{} is prepared, and is a key of the type {there}, not {kind}",
            folder.path_of(layout::NEXT_KEY).display()
        ))
        .hint("leave --key-type out to take it; to make another one, move it elsewhere first")),
        _ => Ok(key),
    }
}

fn new_key(
    old: &Certificate,
    folder: &CertificateFolder,
    wishes: &Wishes,
    env: &mut Env,
) -> Result<PrivateKey> {
    let kind = match wishes.key_type {
        Some(kind) => kind,
        None => same_type(&old.public_key)?,
    };
    if let Some(limits) = kind.limits() {
        env.warn(limits);
    }
    warn_of_readers(folder, env);
    PrivateKey::generate(kind)
}

/// The type that a new key must have to be of the kind of this one.
pub fn same_type(public_key: &[u8]) -> Result<KeyType> {
    let algorithm = KeyAlgorithm::of(public_key).map_err(Error::as_refused)?;
    KeyType::ALL.into_iter().find(|kind| kind.algorithm() == algorithm).ok_or_else(|| {
        Error::refused(format!("the key is {algorithm}, which mailca does not make"))
            .hint("name the type of the new one with --key-type")
    })
}

/// A key file is made for its owner alone. Where the old one was open to a server's group, its owner has
/// to open the new one.
fn warn_of_readers(folder: &CertificateFolder, env: &mut Env) {
    use std::os::unix::fs::MetadataExt;
    let path = folder.path_of(layout::KEY);
    if let Some(mode) = path.metadata().ok().map(|there| there.mode() & 0o777)
        && mode & 0o077 != 0
    {
        env.warn(&format!(
            "{0} has the mode {mode:04o}, and the new one gets 0400: chmod {mode:04o} {0} where \
             the server needs that",
            path.display()
        ));
    }
}

fn own_key(old: &Certificate, folder: &CertificateFolder, env: &mut Env) -> Result<Key> {
    let mut encrypted = false;
    let key = folder.key(|path: &Path| {
        encrypted = true;
        Err(newreq::encrypted(path))
    });
    if encrypted {
        env.warn(&format!(
            "{} is encrypted, and is taken for the key of the certificate beside it",
            folder.path_of(layout::KEY).display()
        ));
        return Ok(Key::Stored);
    }
    if key?.public_key() == old.public_key {
        return Ok(Key::Same);
    }
    let argument = folder.argument();
    Err(Error::refused(format!(
        "{} is not the key of {}",
        folder.path_of(layout::KEY).display(),
        folder.path_of(layout::CERTIFICATE).display()
    ))
    .hint("put the key that belongs to the certificate back, if it was moved")
    .hint(format!("or sign the request of this key: `mailca sign --force{argument}`"))
    .hint(format!("or make a new key for the certificate: `mailca renew --new-key{argument}`")))
}
