//! `newca --from FOLDER` where the folder is a certificate folder: an intermediate CA's key, its
//! certificate, and those above it.

use std::path::{Path, PathBuf};

use crate::pki::key::PrivateKey;
use crate::pki::request::Request;
use crate::store::{input, layout};

/// The files of a certificate folder: cert.pem, key.pem and, where there, cacert.pem. `None` where it is
/// no such folder.
pub(super) fn files(folder: &Path) -> Option<Vec<PathBuf>> {
    let needed = [layout::CERTIFICATE, layout::KEY].map(|kind| folder.join(kind.name));
    if !needed.iter().all(|path| path.is_file()) {
        return None;
    }
    let above = folder.join(layout::CHAIN.name);
    Some(needed.into_iter().chain(above.is_file().then_some(above)).collect())
}

/// The request in such a folder, where it is the key's: it is signed again when the certificate ends.
pub(super) fn request(given: &[PathBuf], key: &PrivateKey) -> Option<String> {
    let paths = given.iter().map(|folder| folder.join(layout::REQUEST.name));
    let mut found =
        paths.filter_map(|path| Request::from_file_content(&input::read(&path).ok()?).ok());
    let own = found.find(|request| request.public_key == key.public_key())?;
    own.to_pem().ok()
}
