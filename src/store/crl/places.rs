//! Where a list is put: into the CA's folder, and wherever servers and clients read it.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::{Issuer, List, hash_dir};
use crate::error::{Error, Result};
use crate::pki::assemble;
use crate::pki::crl::Crl;
use crate::pki::serial::Serial;
use crate::store::atomic::{self, Staged, folder_of};
use crate::store::ca::CaFolder;
use crate::store::{input, layout};

/// Everybody may read a list.
const MODE: u32 = layout::CRL.mode;

/// Where the lists of a CA are wanted.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// Whether the CA's folder has it in DER too; once that is there, it is kept current.
    pub der: bool,
    /// Whether it is put where CA.pl has it too; once that is there, it is kept current.
    pub for_ca_pl: bool,
    /// Files, in DER where the name ends in `.der` or `.crl`.
    pub files: Vec<PathBuf>,
    /// Folders in which OpenSSL looks for it by the hash of the CA's name.
    pub hash_dirs: Vec<PathBuf>,
}

impl Places {
    /// The places of the list of one issuer, first those in the CA's folder.
    pub fn of(&self, issuer: &Issuer, ca: &CaFolder) -> Result<Vec<Destination>> {
        let suffix = &issuer.suffix;
        let mut found = vec![Destination::own(issuer, ca)];
        let der = with_suffix(&ca.path().join(layout::CRL_DER.name), suffix);
        if self.der || der.symlink_metadata().is_ok() {
            found.push(Destination { path: der, form: Form::Der, kind: Kind::Own });
        }
        let for_ca_pl = with_suffix(&ca.path().join(layout::CRL_OF_CA_PL.name), suffix);
        if self.for_ca_pl || for_ca_pl.symlink_metadata().is_ok() {
            found.push(Destination { path: for_ca_pl, form: Form::Pem, kind: Kind::Own });
        }
        for file in &self.files {
            let path = with_suffix(file, suffix);
            let form = Form::of(&path);
            if form == Form::Pem && !suffix.is_empty() {
                // There it follows the list of the present key.
                continue;
            }
            found.push(Destination { path, form, kind: Kind::File });
        }
        for folder in &self.hash_dirs {
            let path = folder.join(hash_dir::file_name(&issuer.certificate)?);
            let hash = issuer.certificate.subject.openssl_hash()?;
            found.push(Destination { path, form: Form::Pem, kind: Kind::Hashed(hash) });
        }
        let mut distinct: Vec<Destination> = Vec::new();
        for place in found {
            if !distinct.iter().any(|known| known.is_same_file(&place)) {
                distinct.push(place);
            }
        }
        Ok(distinct)
    }
}

/// Whether a list was made with one of the keys that the CA has or had. An old signature that is not
/// verified any more may still name the key.
fn is_of_a_key_of(crl: &Crl, ca: &CaFolder) -> Result<bool> {
    for certificate in ca.bundle().all() {
        let key_id = assemble::authority_key_id(certificate)?;
        if crl.authority_key_id.as_ref() == Some(&key_id)
            || crl.check_signature(certificate).is_ok()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Pem,
    Der,
}

impl Form {
    fn of(path: &Path) -> Self {
        let ending = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
        match ending.as_deref().and_then(|ending| ending.to_str()) {
            Some("der" | "crl") => Self::Der,
            _ => Self::Pem,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// In the CA's folder.
    Own,
    /// Where somebody wants it.
    File,
    /// With a link of this hash beside it.
    Hashed(String),
}

/// A file that holds a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Where it is.
    pub path: PathBuf,
    form: Form,
    kind: Kind,
}

impl Destination {
    /// The file in the CA's folder with the list of one issuer, of which the others are copies.
    pub fn own(issuer: &Issuer, ca: &CaFolder) -> Self {
        let path = with_suffix(&ca.path().join(layout::CRL.name), &issuer.suffix);
        Self { path, form: Form::Pem, kind: Kind::Own }
    }

    /// Whether it is in the CA's folder.
    pub fn is_own(&self) -> bool {
        self.kind == Kind::Own
    }

    fn is_same_file(&self, other: &Self) -> bool {
        let place = |path: &Path| {
            let folder = fs::canonicalize(folder_of(path)).ok();
            folder.zip(path.file_name().map(OsString::from))
        };
        self.path == other.path
            || place(&self.path).is_some_and(|at| place(&other.path) == Some(at))
    }

    /// The list of this issuer that is here, where one can be read.
    pub fn current(&self, issuer: &Issuer) -> Option<Crl> {
        let content = input::read_if_there(&self.path).ok()??;
        let crl = Crl::from_file_content(&content).ok()?;
        crl.issuer.same_as(&issuer.certificate.subject).then_some(crl)
    }

    /// The same, where its signature verifies: what others put here decides nothing.
    pub fn verified(&self, issuer: &Issuer) -> Option<Crl> {
        self.current(issuer).filter(|list| list.check_signature(&issuer.certificate).is_ok())
    }

    /// Refuses where a list of this CA cannot be put here, or would take the place of something else.
    /// Returns the number of the one that is here, unless it is in the CA's folder: what is there under
    /// this name is the CA's to replace, whatever became of it.
    pub fn check(&self, issuer: &Issuer, ca: &CaFolder) -> Result<Option<Serial>> {
        atomic::check_writable_in_public(folder_of(&self.path))?;
        if !self.is_own() {
            self.check_outside(ca)?;
        }
        let Ok(there) = fs::symlink_metadata(&self.path) else { return Ok(None) };
        let name = self.path.display();
        if there.is_dir() {
            return Err(Error::refused(format!("{name} is a folder"))
                .hint("name a file in it, or the folder itself with --hash-dir"));
        }
        if !there.is_file() {
            return Err(Error::refused(format!("{name} is not a plain file"))
                .hint("name the file itself: a list takes the place of no link and no device"));
        }
        if self.is_own() || there.len() == 0 {
            return Ok(None);
        }
        let crl = Crl::first_of_lists_only(&input::read_plain(&self.path)?).map_err(|_| {
            Error::refused(format!("{name} is there, and is not just a revocation list"))
                .hint("name another file, or move this one away: it is not written over")
        })?;
        if !crl.issuer.same_as(&issuer.certificate.subject) {
            return Err(Error::refused(format!("{name} is the revocation list of {}", crl.issuer))
                .hint("name another file: the list of another CA is not written over"));
        }
        if !is_of_a_key_of(&crl, ca)? {
            return Err(Error::refused(format!(
                "{name} is the revocation list of another CA that is called {} too",
                crl.issuer
            ))
            .hint("name another file: the list of another CA is not written over"));
        }
        Ok(crl.number)
    }

    fn check_outside(&self, ca: &CaFolder) -> Result<()> {
        let folder = fs::canonicalize(folder_of(&self.path))?;
        if self.path.file_name().is_none() {
            return Err(Error::refused(format!("{} is not a file name", self.path.display())));
        }
        if folder.starts_with(fs::canonicalize(ca.path())?) {
            return Err(Error::refused(format!("{} is in the CA's folder", self.path.display()))
                .hint(format!(
                    "name a place elsewhere; {} is written in any case",
                    ca.path().join(layout::CRL.name).display()
                )));
        }
        Ok(())
    }

    /// Whether this list is not here, or not as it should be.
    pub fn lacks(&self, list: &List) -> bool {
        let same = input::read_if_there(&self.path)
            .is_ok_and(|there| there.is_some_and(|there| *there == *self.content(list)));
        !same
            || matches!(&self.kind, Kind::Hashed(hash) if !hash_dir::has_link(&self.path, hash, hash_dir::Kind::List))
    }

    /// Puts the list here, durably.
    pub fn put(&self, list: &List) -> Result<()> {
        Staged::new(&self.path, &self.content(list), MODE)?.replace()?;
        if let Kind::Hashed(hash) = &self.kind {
            hash_dir::link(&self.path, hash, hash_dir::Kind::List)?;
        }
        atomic::sync_folder(folder_of(&self.path))
    }

    fn content<'l>(&self, list: &'l List) -> Cow<'l, [u8]> {
        match self.form {
            // OpenSSL finds each list in a file of its own there.
            Form::Pem if list.older.is_empty() || matches!(self.kind, Kind::Hashed(_)) => {
                list.pem.as_bytes().into()
            }
            Form::Pem => [list.pem.as_bytes(), list.older.as_bytes()].concat().into(),
            Form::Der => list.crl.as_der().into(),
        }
    }
}

/// `crl.pem` and `-KEYID` make `crl-KEYID.pem`.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    if suffix.is_empty() {
        return path.to_owned();
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(suffix);
    if let Some(ending) = path.extension() {
        name.push(".");
        name.push(ending);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_of_a_name_says_the_form() {
        for (name, form) in [
            ("crl.pem", Form::Pem),
            ("crl", Form::Pem),
            ("crl.der", Form::Der),
            ("ca.CRL", Form::Der),
            ("der/list.pem", Form::Pem),
        ] {
            assert_eq!(Form::of(Path::new(name)), form, "{name}");
        }
    }

    #[test]
    fn a_suffix_goes_before_the_ending() {
        for (name, suffix, with) in [
            ("a/crl.pem", "", "a/crl.pem"),
            ("a/crl.pem", "-12", "a/crl-12.pem"),
            ("crl", "-12", "crl-12"),
        ] {
            assert_eq!(with_suffix(Path::new(name), suffix), Path::new(with));
        }
    }
}
