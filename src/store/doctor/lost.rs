//! A CA folder whose cacert.pem is gone, while its key or its index is there: it is no empty place for a
//! new CA. The certificate is in newcerts/, beside every certificate that was issued, and in backups.

use std::path::{Path, PathBuf};

use fs_err as fs;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::pki::bundle;
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::store::doctor::Finding;
use crate::store::{atomic, ca, input, layout};

/// What stands for the certificate in findings and errors.
const ID: &str = "ca-certificate-missing";

/// Where a certificate may be found that cacert.pem lost.
pub struct Lost<'a> {
    /// The CA's folder.
    pub folder: &'a Path,
    /// Where the certificate folders are.
    pub around: &'a Path,
    /// The passphrase of the CA's key, where it is known.
    pub passphrase: Option<&'a Zeroizing<String>>,
}

impl Lost<'_> {
    /// What is wrong; `None` where the certificate is there, or there is no CA at all.
    pub fn finding(&self) -> Option<Finding> {
        if !ca::is_without_certificate(self.folder) {
            return None;
        }
        let path = self.folder.join(layout::CA_CERTIFICATE.name);
        let what = format!("{} is missing, and the CA's other files are there", path.display());
        Some(match self.search() {
            Ok(_) => {
                let mend =
                    "puts it back, from what newcerts/ and the certificate folders here have";
                Finding::problem(ID, what, mend).fixable()
            }
            Err(error) => {
                let copy = "copy it from a backup, or the cacert.pem beside any certificate of it";
                let hints = error.hints().iter().map(String::as_str);
                let mend = hints.chain([copy]).collect::<Vec<_>>().join("; or ");
                Finding::problem(ID, format!("{what}; it was not found again: {error}"), mend)
            }
        })
    }

    /// Puts the certificate back.
    pub fn restore(&self) -> Result<()> {
        let found = self.search()?;
        let path = self.folder.join(layout::CA_CERTIFICATE.name);
        let pem = bundle::to_pem(&found)?;
        atomic::create(&path, pem.as_bytes(), layout::CA_CERTIFICATE.mode)
    }

    /// The certificate of the CA's key, with the newest dates, and those that belong with it.
    fn search(&self) -> Result<Vec<Certificate>> {
        ca::check_own_files(self.folder)?;
        let key_path = self.folder.join(layout::CA_KEY.name);
        let key = PrivateKey::from_file_content(&input::read_plain(&key_path)?, || {
            self.passphrase.cloned().ok_or_else(|| {
                Error::refused("it is encrypted").hint("--ca-passphrase-file opens it")
            })
        })
        .map_err(|error| error.at(key_path.display()))?;
        let is_its = |one: &Certificate| one.is_ca && one.public_key == key.public_key();
        let files: Vec<_> = self.files().into_iter().filter_map(|path| read(&path)).collect();
        // A file that begins with it also has what belongs with it: those above, or those of older keys.
        let whole = files
            .iter()
            .filter(|file| file.first().is_some_and(is_its))
            .max_by_key(|file| (file[0].not_before, file.len()));
        let Some(whole) = whole else {
            return Err(Error::refused(
                "no certificate of its key is in newcerts/ or in a folder here",
            ));
        };
        let mut found = whole.clone();
        let lacks = |found: &[Certificate], one: &Certificate| {
            found.iter().all(|known| known.as_der() != one.as_der())
        };
        while let Some(last) = found.last()
            && !last.is_self_signed()
            && let Some(above) = files.iter().flatten().find(|one| last.is_issued_by(one))
            && lacks(&found, above)
        {
            found.push(above.clone());
        }
        // Those of older keys, and what bridges to them.
        for other in files.iter().flatten().filter(|one| one.is_ca) {
            if other.subject.same_as(&found[0].subject) && lacks(&found, other) {
                found.push(other.clone());
            }
        }
        Ok(found)
    }

    /// The CA certificates beside the certificates here, and all files of newcerts/ and previous/.
    fn files(&self) -> Vec<PathBuf> {
        let mut found = vec![self.around.join(layout::CHAIN.name)];
        found.extend(entries(self.around).into_iter().map(|path| path.join(layout::CHAIN.name)));
        for folder in [layout::NEW_CERTIFICATES, layout::PREVIOUS] {
            let kept = entries(&self.folder.join(folder)).into_iter();
            found.extend(kept.filter(|path| path.extension().is_some_and(|name| name == "pem")));
        }
        found
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.sort();
    found
}

fn read(path: &Path) -> Option<Vec<Certificate>> {
    Certificate::from_file_content(&input::read_plain(path).ok()?).ok()
}
