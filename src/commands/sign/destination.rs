//! Where a request comes from, and where its certificate goes.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::cli::Global;
use crate::commands::{certificate_folders, check_guarded, check_output, nearest_folder, newreq};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::pki::request::Request;
use crate::store::atomic::{self, Staged};
use crate::store::ca::CaFolder;
use crate::store::folder::{CertificateFolder, Existing};
use crate::store::{input, layout};

/// Where a certificate goes.
pub enum Destination {
    /// cert.pem and cacert.pem of a certificate folder.
    Folder(CertificateFolder),
    /// A file of its own, and the request file that it came from.
    File {
        /// The request.
        request: PathBuf,
        /// The certificate.
        certificate: PathBuf,
    },
    /// Standard output, and where the request came from.
    Stdout(String),
}

impl fmt::Display for Destination {
    /// The request, for a message.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.path_of(layout::REQUEST).display().fmt(formatter),
            Self::File { request, .. } => request.display().fmt(formatter),
            Self::Stdout(request) => formatter.write_str(request),
        }
    }
}

impl Destination {
    /// Where the certificate will be; none for standard output.
    pub fn path(&self) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder.path_of(layout::CERTIFICATE)),
            Self::File { certificate, .. } => Some(certificate.clone()),
            Self::Stdout(_) => None,
        }
    }

    /// Whether it is standard output.
    pub fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout(_))
    }

    /// Whether the request's own private key lies beside it. In a certificate folder, a key that is
    /// another one's is an error.
    pub fn has_own_key(&self, request: &Request) -> Result<bool> {
        let path = match self {
            Self::Folder(folder) => folder.path_of(layout::KEY),
            Self::File { request, .. } => atomic::folder_of(request).join(layout::KEY.name),
            Self::Stdout(_) => return Ok(false),
        };
        let Ok(content) = input::read(&path) else { return Ok(false) };
        let unavailable = || Err(Error::refused("encrypted"));
        let Ok(key) = PrivateKey::from_file_content(&content, unavailable) else {
            return Ok(false);
        };
        let own = key.public_key() == request.public_key;
        if !own && matches!(self, Self::Folder(_)) {
            return Err(Error::refused(format!(
                "{} is not the key that this request was made with",
                path.display()
            ))
            .hint("make the request again with `mailca newreq`"));
        }
        Ok(own)
    }

    /// Refuses a file that is not for certificates, whatever is there.
    pub fn check_guarded(&self, global: &Global) -> Result<()> {
        match self {
            Self::File { certificate, .. } => check_guarded(certificate, global),
            Self::Folder(_) | Self::Stdout(_) => Ok(()),
        }
    }

    /// Refuses where a certificate would be overwritten.
    pub fn check_free(&self, ca: &CaFolder, existing: &Existing, global: &Global) -> Result<()> {
        let path = match self {
            Self::Folder(folder) => {
                folder.check(layout::CHAIN, ca.chain_pem()?.as_bytes(), existing)?;
                folder.check_writable()?;
                folder.path_of(layout::CERTIFICATE)
            }
            Self::File { certificate, .. } => {
                return check_output(certificate, "-o", existing, global);
            }
            Self::Stdout(_) => return Ok(()),
        };
        if matches!(existing, Existing::Refuse) && path.symlink_metadata().is_ok() {
            return Err(Error::refused(format!("{} is there already", path.display()))
                .hint("--force keeps the old certificate beside it and signs a new one"));
        }
        Ok(())
    }

    /// Writes the certificate where it belongs. What is there already with the same content stays.
    /// Returns the names under which old files are kept.
    pub fn deliver(
        &self,
        certificate: &Certificate,
        ca: &CaFolder,
        mode: u32,
        existing: &Existing,
    ) -> Result<Vec<PathBuf>> {
        let pem = certificate.to_pem()?;
        match self {
            Self::Folder(folder) => folder.write(
                &[
                    (layout::CHAIN, mode, ca.chain_pem()?.as_bytes()),
                    (layout::CERTIFICATE, mode, pem.as_bytes()),
                ],
                existing,
            ),
            Self::File { certificate: path, .. } => {
                if fs_err::read(path).is_ok_and(|there| there == pem.as_bytes()) {
                    return Ok(Vec::new());
                }
                let file = Staged::new(path, pem.as_bytes(), mode)?;
                let kept = existing.put(file, path)?;
                atomic::sync_folder(atomic::folder_of(path))?;
                Ok(kept.into_iter().collect())
            }
            Self::Stdout(_) => Ok(Vec::new()),
        }
    }
}

/// The request in a certificate folder.
pub fn of_folder(name: Option<&str>, global: &Global) -> Result<(Request, Destination)> {
    let folder = newreq::folder(name, global)?;
    if !folder.has(layout::REQUEST) {
        let name = name.map(|name| format!(" {name}")).unwrap_or_default();
        return Err(Error::refused(format!(
            "there is no request: {} is missing",
            folder.path_of(layout::REQUEST).display()
        ))
        .hint(format!("make one with `mailca newreq --cn HOST{name}`, or name a request file")));
    }
    Ok((folder.request()?, Destination::Folder(folder)))
}

/// A folder's NAME, a request file, or `-`.
pub fn of_target(
    target: &str,
    output: Option<&Path>,
    global: &Global,
    env: &mut Env,
) -> Result<(Request, Destination)> {
    if target == "-" {
        let request = Request::from_file_content(&env.read_stdin()?)
            .map_err(|error| error.at("standard input"))?;
        let destination = match output.filter(|path| *path != Path::new("-")) {
            Some(path) => Destination::File {
                request: PathBuf::from("standard input"),
                certificate: path.into(),
            },
            None => Destination::Stdout("standard input".to_owned()),
        };
        return Ok((request, destination));
    }
    let path = Path::new(target);
    if path.is_dir() {
        if output.is_some() {
            return Err(Error::usage(format!(
                "{target} is a certificate folder, and its certificate is {target}/cert.pem"
            ))
            .hint("leave --output out"));
        }
        return of_folder(Some(target.trim_end_matches('/')), global);
    }
    if !path.exists() {
        return Err(Error::refused(format!(
            "{} is neither a certificate folder nor a request file",
            crate::pki::printable::printable(target)
        ))
        .hint(match nearest_folder(&certificate_folders()?, target) {
            Some(near) => format!("is {near} meant?"),
            None => "make a folder and its request with `mailca newreq ... NAME`".to_owned(),
        }));
    }
    let request = Request::from_file_content(&input::read(path)?)
        .map_err(|error| error.at(path.display()))?;
    if output == Some(Path::new("-")) {
        return Ok((request, Destination::Stdout(path.display().to_string())));
    }
    let certificate = output.map_or_else(|| path.with_extension("cert.pem"), Path::to_owned);
    Ok((request, Destination::File { request: path.to_owned(), certificate }))
}
