//! What is kept of a CA's older keys: `previous/`, for each of them
//!
//! - `KEYID.cert.pem`, its root, and `KEYID.key.pem`, the key as it was, under its passphrase if it had one;
//! - `KEYID.until`, how long it goes on signing revocation lists: until the last certificate that it
//!   signed has ended;
//! - `KEYID.chain.pem`, what stands as cacert.pem beside a certificate that it signed, so that clients
//!   which have the newest root only accept it.
//!
//! Nothing here is ever deleted by mailca.

use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::pki::asn1_time;
use crate::pki::assemble;
use crate::pki::certificate::Certificate;
use crate::pki::digest::hex;
use crate::pki::key::PrivateKey;
use crate::store::atomic::{self, Staged, sync_folder};
use crate::store::ca::CaFolder;
use crate::store::folder::Existing;
use crate::store::{input, layout, way};

/// An older key of a CA.
#[derive(Clone, Debug)]
pub struct Previous {
    /// Its root.
    pub certificate: Certificate,
    /// The last moment for which it has to sign revocation lists.
    pub until: OffsetDateTime,
    stem: PathBuf,
}

impl Previous {
    /// The older keys of a CA, the newest first. The key that the CA has now is not among them.
    pub fn all(ca: &CaFolder) -> Result<Vec<Self>> {
        let folder = ca.path().join(layout::PREVIOUS);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut found = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let stem = name.to_str().and_then(|name| name.strip_suffix(UNTIL));
            if let Some(stem) = stem.filter(|stem| !stem.starts_with('.')) {
                found.push(Self::read(folder.join(stem))?);
            }
        }
        found.retain(|one| one.certificate.public_key != ca.certificate().public_key);
        found.sort_by_key(|one| std::cmp::Reverse(one.certificate.not_before));
        Ok(found)
    }

    /// Those of them that still sign revocation lists.
    pub fn active(ca: &CaFolder, now: OffsetDateTime) -> Result<Vec<Self>> {
        let mut all = Self::all(ca)?;
        all.retain(|one| one.until >= now);
        Ok(all)
    }

    fn read(stem: PathBuf) -> Result<Self> {
        for end in [CERTIFICATE, KEY, UNTIL, CHAIN] {
            let path = with(&stem, end);
            way::check_read(&path, atomic::folder_of(atomic::folder_of(&path)))?;
        }
        let path = with(&stem, CERTIFICATE);
        let certificate = Certificate::from_file_content(&input::read_plain(&path)?)
            .map_err(|error| error.at(path.display()))?
            .into_iter()
            .next()
            .ok_or_else(|| Error::bug("a certificate file without a certificate"))?;
        let path = with(&stem, UNTIL);
        let text = input::read_plain(&path)?;
        let until = asn1_time::parse(text.trim_ascii())
            .ok_or_else(|| Error::refused(format!("{}: it is no date", path.display())))?;
        Ok(Self { certificate, until, stem })
    }

    /// Where its key is.
    pub fn key_path(&self) -> PathBuf {
        with(&self.stem, KEY)
    }

    /// Where the CA certificates are that stand beside a certificate that it signed.
    pub fn chain_path(&self) -> PathBuf {
        with(&self.stem, CHAIN)
    }

    /// Reads the key. `passphrase` is asked where it is encrypted.
    pub fn key(
        &self,
        passphrase: impl FnOnce(&Path) -> Result<Zeroizing<String>>,
    ) -> Result<PrivateKey> {
        let path = self.key_path();
        let key = PrivateKey::from_file_content(&input::read_plain(&path)?, || passphrase(&path))
            .map_err(|error| error.at(path.display()))?;
        if key.public_key() != self.certificate.public_key {
            return Err(Error::refused(format!(
                "{} is not the key of {}",
                path.display(),
                with(&self.stem, CERTIFICATE).display()
            ))
            .hint("restore the pair that belongs together from a backup"));
        }
        Ok(key)
    }
}

const CERTIFICATE: &str = ".cert.pem";
const KEY: &str = ".key.pem";
const UNTIL: &str = ".until";
const CHAIN: &str = ".chain.pem";

/// Keeps a root and its key file, durably, before another key takes their place. The caller holds the
/// lock. What is there of an interrupted run with the same content stays.
pub fn keep(
    ca: &CaFolder,
    certificate: &Certificate,
    key_file: &[u8],
    until: OffsetDateTime,
    stamp: &str,
) -> Result<Previous> {
    let folder = ca.path().join(layout::PREVIOUS);
    make_folder(&folder, ca)?;
    let stem = folder.join(hex(&assemble::authority_key_id(certificate)?));
    let until_text = format!("{}\n", asn1_time::text(until)?);
    let aside = Existing::KeepAside(stamp.to_owned());
    for (end, mode, content) in [
        (KEY, layout::SECRET_MODE, key_file),
        (CERTIFICATE, layout::NEW_CERTIFICATE_MODE, certificate.to_pem()?.as_bytes()),
        (UNTIL, layout::RECORD_MODE, until_text.as_bytes()),
    ] {
        let path = with(&stem, end);
        if input::read_if_there(&path)?.is_none_or(|there| *there != *content) {
            let staged = Staged::new(&path, content, mode)?;
            ca.give_to_owner(staged.file())?;
            aside.put(staged, &path)?;
        }
    }
    sync_folder(&folder)?;
    Ok(Previous { certificate: certificate.clone(), until, stem })
}

/// Writes the chain for certificates of an older key.
pub fn write_chain(previous: &Previous, pem: &str) -> Result<()> {
    let path = previous.chain_path();
    Staged::new(&path, pem.as_bytes(), layout::NEW_CERTIFICATE_MODE)?.replace()?;
    sync_folder(atomic::folder_of(&path))
}

fn with(stem: &Path, end: &str) -> PathBuf {
    let mut path = stem.as_os_str().to_owned();
    path.push(end);
    PathBuf::from(path)
}

fn make_folder(path: &Path, ca: &CaFolder) -> Result<()> {
    match std::fs::DirBuilder::new().mode(layout::FOLDER_MODE).create(path) {
        Ok(()) => {
            let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::DIRECTORY;
            let made = fs::OpenOptions::new()
                .read(true)
                .custom_flags(flags.bits().cast_signed())
                .open(path)?;
            ca.give_to_owner(&made)?;
            sync_folder(atomic::folder_of(path))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => {
            Err(Error::refused(format!("failed to create {}", path.display())).caused_by(error))
        }
    }
}
