//! Where a renewed certificate is found, and where the new one goes.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::Wishes;
use super::key::Key;
use crate::cli::Global;
use crate::commands::target::{Place, Target};
use crate::commands::{check_guarded, check_output};
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::pki::request::Request;
use crate::pki::{assemble, pem};
use crate::store::atomic::{self, Staged};
use crate::store::ca::CaFolder;
use crate::store::folder::{CertificateFolder, Existing};
use crate::store::input;
use crate::store::layout::{self, FileKind};

/// Where a new certificate goes.
pub(super) enum Destination {
    /// The files of a certificate folder, in the place of the old ones.
    Folder(CertificateFolder),
    /// The file that the old one is in.
    InPlace(PathBuf),
    /// A new file.
    File(PathBuf),
    /// Standard output.
    Stdout,
    /// Nowhere yet: its folder is not here.
    Nowhere,
}

/// What a folder can hold that a renewal changes.
const FILES: [FileKind; 4] = [layout::KEY, layout::REQUEST, layout::CERTIFICATE, layout::CHAIN];

impl Destination {
    /// Where the certificate of a target goes. That it can go there is looked at before it is issued.
    pub(super) fn of(target: &Target, output: Option<&Path>, global: &Global) -> Result<Self> {
        match (&target.place, output) {
            (Place::Folder(folder), Some(_)) => Err(Error::usage(format!(
                "{} is a certificate folder, and the new certificate takes its place in it",
                folder.path().display()
            ))
            .hint("leave --output out")),
            (Place::Folder(folder), None) => Ok(Self::Folder(folder.clone())),
            (_, Some(path)) if path == Path::new("-") => Ok(Self::Stdout),
            (_, Some(path)) => Ok(Self::File(path.to_owned())),
            (Place::File(path), None) => {
                check_guarded(path, global)
                    .map_err(|error| error.hint("write the new certificate elsewhere with -o"))?;
                if Certificate::from_file_content(&input::read(path)?)?.len() > 1 {
                    return Err(Error::refused(format!(
                        "{} holds more than the certificate",
                        path.display()
                    ))
                    .hint("write the new certificate to another file with -o"));
                }
                Ok(Self::InPlace(path.clone()))
            }
            (Place::Serial, None) => Ok(Self::Stdout),
        }
    }

    /// The certificate folder, where it is one.
    pub(super) fn folder(&self) -> Option<&CertificateFolder> {
        match self {
            Self::Folder(folder) => Some(folder),
            _ => None,
        }
    }

    /// The file that will hold the certificate.
    pub(super) fn path(&self) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder.path_of(layout::CERTIFICATE)),
            Self::InPlace(path) | Self::File(path) => Some(path.clone()),
            Self::Stdout | Self::Nowhere => None,
        }
    }

    /// Refuses where the certificate could not be written.
    pub(super) fn check(&self, delivering: Option<&Certificate>, global: &Global) -> Result<()> {
        match self {
            Self::Folder(folder) => folder.check_replaceable(&FILES),
            Self::InPlace(path) => {
                if path.symlink_metadata()?.is_symlink() {
                    return Err(Error::refused(format!("{} is a symbolic link", path.display()))
                        .hint("name the file that it leads to"));
                }
                atomic::check_writable(atomic::folder_of(path))
            }
            Self::File(path) => {
                if let Some(certificate) = delivering
                    && is_there(path, certificate)
                {
                    return Ok(());
                }
                check_output(path, "-o", &Existing::Refuse, global)
            }
            Self::Stdout | Self::Nowhere => Ok(()),
        }
    }

    /// Whether the certificate that is to be renewed is still the one that was decided on.
    pub(super) fn check_unchanged(&self, old: &Certificate) -> Result<()> {
        let path = match self {
            Self::Folder(folder) => folder.path_of(layout::CERTIFICATE),
            Self::InPlace(path) => path.clone(),
            _ => return Ok(()),
        };
        if is_there(&path, old) {
            return Ok(());
        }
        Err(Error::refused(format!("{} was replaced in the meantime", path.display()))
            .hint("look at it with `mailca show`"))
    }

    /// Puts the certificate where it belongs, and its key beside it where that changes. Returns the
    /// names under which old files are kept.
    pub(super) fn deliver(
        &self,
        new: &Certificate,
        key: &Key,
        ca: &CaFolder,
        wishes: &Wishes,
    ) -> Result<Vec<PathBuf>> {
        match self {
            Self::Folder(folder) => to_folder(folder, new, key, ca, wishes),
            Self::InPlace(path) => {
                let content = if pem::is_pem(&input::read(path)?) {
                    new.to_pem()?.into_bytes()
                } else {
                    new.as_der().to_vec()
                };
                if is_there(path, new) {
                    return Ok(Vec::new());
                }
                let file = Staged::new(path, &content, mode_of(path, wishes))?;
                file.take_owner(path)?;
                let kept = Existing::KeepAside(wishes.stamp.clone()).put(file, path)?;
                atomic::sync_folder(atomic::folder_of(path))?;
                Ok(kept.into_iter().collect())
            }
            Self::File(path) if !is_there(path, new) => {
                atomic::create(path, new.to_pem()?.as_bytes(), mode_of(path, wishes))?;
                Ok(Vec::new())
            }
            Self::File(_) | Self::Stdout | Self::Nowhere => Ok(Vec::new()),
        }
    }
}

fn is_there(path: &Path, certificate: &Certificate) -> bool {
    let found = input::read(path).and_then(|content| Certificate::from_file_content(&content));
    found.is_ok_and(|found| found.first().is_some_and(|it| it.as_der() == certificate.as_der()))
}

/// The mode that was chosen, else that of the file whose place it takes.
fn mode_of(path: &Path, wishes: &Wishes) -> u32 {
    let there = || path.metadata().ok().map(|there| there.mode() & 0o777);
    wishes.mode.or_else(there).unwrap_or(layout::CERTIFICATE.mode)
}

/// All files change at one moment: no server finds a certificate beside a key that is not its own.
fn to_folder(
    folder: &CertificateFolder,
    new: &Certificate,
    key: &Key,
    ca: &CaFolder,
    wishes: &Wishes,
) -> Result<Vec<PathBuf>> {
    let certificate = new.to_pem()?;
    let chain = ca.chain_pem()?;
    let mode = |kind: FileKind| mode_of(&folder.path_of(kind), wishes);
    let mut files = vec![
        (layout::CERTIFICATE, mode(layout::CERTIFICATE), certificate.as_bytes()),
        (layout::CHAIN, mode(layout::CHAIN), chain.as_bytes()),
    ];
    let changed = key.changed();
    let pem = changed.map(|key| Ok::<_, Error>((key.to_pem()?, request(new, key)?))).transpose()?;
    if let Some((key, request)) = &pem {
        files.push((layout::KEY, layout::KEY.mode, key.as_bytes()));
        files.push((layout::REQUEST, mode(layout::REQUEST), request.as_bytes()));
    }
    let kept = folder.replace_together(&files, &wishes.stamp)?;
    remove_next_key(folder)?;
    Ok(kept)
}

/// The request that the new key would have been certified by.
fn request(new: &Certificate, key: &PrivateKey) -> Result<String> {
    let der = assemble::request(&new.subject, &new.alternative_names, new.is_ca, key)?;
    Request::from_der(&der)?.to_pem()
}

/// Removes next-key.pem once key.pem durably holds the same key, and not otherwise.
pub(super) fn remove_next_key(folder: &CertificateFolder) -> Result<()> {
    let public = |kind| {
        let unavailable = |_: &Path| Err(Error::refused("encrypted"));
        folder.key_in(kind, unavailable).map(|key| key.public_key().to_vec())
    };
    if folder.has(layout::NEXT_KEY)
        && let (Ok(key), Ok(next)) = (public(layout::KEY), public(layout::NEXT_KEY))
        && key == next
    {
        folder.remove(layout::NEXT_KEY)?;
    }
    Ok(())
}
