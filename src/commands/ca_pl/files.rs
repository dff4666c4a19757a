//! CA.pl's files in the current folder. What a new one takes the place of is kept aside.

use crate::cli::Global;
use crate::commands::say_kept;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::request::Request;
use crate::store::config::Settings;
use crate::store::folder::CertificateFolder;
use crate::store::layout::{FileKind, SECRET_MODE};

/// The private key under a passphrase. Guides take it off in place, so the owner may write to it.
pub(super) const PROTECTED_KEY: FileKind = FileKind { name: "newkey.pem", mode: 0o600 };
/// The private key without one.
pub(super) const PLAIN_KEY: FileKind = FileKind { name: "newkey.pem", mode: SECRET_MODE };
/// The request.
pub(super) const REQUEST: FileKind = FileKind { name: "newreq.pem", mode: PUBLIC_MODE };
/// The certificate.
pub(super) const CERTIFICATE: FileKind = FileKind { name: "newcert.pem", mode: PUBLIC_MODE };
/// The bundle.
pub(super) const BUNDLE: FileKind = FileKind { name: "newcert.p12", mode: SECRET_MODE };

/// What scripts around CA.pl expect of files that are no secret.
const PUBLIC_MODE: u32 = 0o644;

/// The current folder.
pub(super) struct Here {
    /// As a certificate folder.
    pub(super) folder: CertificateFolder,
    /// The mode of requests and certificates.
    pub(super) public_mode: u32,
    /// The ending of what is kept aside.
    stamp: String,
}

impl Here {
    /// Looks at the current folder, which must be writable and not the CA's own.
    pub(super) fn new(settings: &Settings, global: &Global, env: &Env) -> Result<Self> {
        let folder = CertificateFolder::of(None, &global.ca_dir)?;
        folder.check_writable()?;
        // What a killed command left of its files would be in the way of the next one.
        folder.recover()?;
        Ok(Self {
            folder,
            public_mode: settings.chosen_cert_mode()?.unwrap_or(PUBLIC_MODE),
            stamp: env.stamp()?,
        })
    }

    /// Refuses where a new file could not take its place: nothing is issued that then has nowhere to go.
    pub(super) fn check(&self, kinds: &[FileKind]) -> Result<()> {
        for kind in kinds {
            let path = self.folder.path_of(*kind);
            if path.symlink_metadata().is_ok_and(|there| !there.is_file()) {
                return Err(Error::refused(format!("{} is not a plain file", path.display()))
                    .hint("move it away: a new file takes the place of no folder and no link"));
            }
        }
        Ok(())
    }

    /// Puts files in place, all at one moment, and keeps the old ones aside.
    pub(super) fn put(&self, files: &[(FileKind, u32, &[u8])], env: &mut Env) -> Result<()> {
        let kept = self.folder.replace_together(files, &self.stamp)?;
        say_kept(&kept, env);
        Ok(())
    }

    /// The request in newreq.pem, its signature verified.
    pub(super) fn request(&self) -> Result<Request> {
        let path = self.folder.path_of(REQUEST);
        Request::from_file_content(&self.folder.read(REQUEST)?)
            .map_err(|error| error.at(path.display()))
    }

    /// The certificate in newcert.pem.
    pub(super) fn certificate(&self) -> Result<Option<Certificate>> {
        Ok(self.folder.certificates(CERTIFICATE)?.into_iter().next())
    }

    /// Says that newcert.pem is none of a command that failed: it stays, since nothing takes its place.
    pub(super) fn say_of_before(&self, env: &mut Env) {
        if self.folder.has(CERTIFICATE) {
            env.warn(&format!(
                "{} is from before, and not what was to be signed now",
                CERTIFICATE.name
            ));
        }
    }
}
