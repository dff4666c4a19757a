//! A folder of a server, what it is to hold, and what was there before.

use std::path::{Path, PathBuf};

use crate::commands::install::content::Link;
use crate::commands::install::keys;
use crate::error::Result;
use crate::mail::installation;
use crate::store::atomic;
use crate::store::folder::CertificateFolder;
use crate::store::installed::{Before, ServerFolder, Wanted};

/// One folder of an installation.
pub(super) struct Place {
    folder: ServerFolder,
    files: Vec<Wanted>,
    links: Vec<Link>,
    before: Before,
    made: Vec<PathBuf>,
}

impl Place {
    /// Looks at what is there.
    pub(super) fn new(folder: ServerFolder, files: Vec<Wanted>, links: Vec<Link>) -> Result<Self> {
        let before = folder.compare(&files)?;
        Ok(Self { folder, files, links, before, made: Vec::new() })
    }

    /// Whether all of it is there already.
    pub(super) fn is_complete(&self) -> bool {
        self.before.is_same()
            && self.links.iter().all(|(name, hash, kind)| self.folder.has_link(name, hash, *kind))
    }

    /// The names of the files.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.files.iter().map(|file| file.name.clone())
    }

    /// Puts it there. A key that the certificate folder does not hold is kept aside, whoever put it there;
    /// the other files are, unless they are `ours`.
    pub(super) fn put(&mut self, from: &CertificateFolder, ours: bool, stamp: &str) -> Result<()> {
        for (name, content) in self.before.old() {
            let is_lost = match name {
                installation::KEY | installation::COMBINED => !keys::is_known(content, from)?,
                _ => !ours,
            };
            // What only gets another mode or owner is no loss.
            let stays =
                self.files.iter().any(|file| file.name == name && *file.content == *content);
            if is_lost && !stays {
                self.folder.keep(name, content, stamp)?;
            }
        }
        self.folder.put(&self.files, &self.before)?;
        for (name, hash, kind) in &self.links {
            self.made.extend(self.folder.link(name, hash, *kind)?);
        }
        Ok(())
    }

    /// Puts back what was there.
    pub(super) fn put_back(&self) -> Result<()> {
        for link in &self.made {
            atomic::remove_if_there(link)?;
        }
        self.folder.put_back(&self.before)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}
