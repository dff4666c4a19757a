//! A certificate folder: key.pem, req.pem, cert.pem and cacert.pem, which belong together.

use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use fs_err as fs;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::pki::request::Request;
use crate::store::atomic::{self, Staged};
use crate::store::input;
use crate::store::layout::{self, FileKind};
use crate::store::together::{self, NewFile};
use crate::store::way;

/// The name of a certificate folder: one path component that no shell or option parser trips over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderName(String);

impl FolderName {
    /// Checks a name: letters, digits and `._@+-`, not beginning with `.` or `-`. The slash that a shell
    /// puts after the name of a folder is left out.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let valid = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._@+-".contains(&b))
            && !text.is_empty()
            && !text.starts_with(['.', '-'])
            && text.len() <= 128;
        if valid {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::usage(format!(
            "{} is not a name for a certificate folder",
            crate::pki::printable::printable(text)
        ))
        .hint("use ASCII letters, digits and . _ @ + -, beginning with a letter or digit"))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether, and how, existing files may give way.
#[derive(Clone, Debug)]
pub enum Existing {
    /// They stay, and are an error unless they are the same.
    Refuse,
    /// They are kept under another name that ends in this stamp.
    KeepAside(String),
}

impl Existing {
    /// Gives a staged file its name. What it takes the place of is kept, and where is returned.
    pub fn put(&self, file: Staged, path: &Path) -> Result<Option<PathBuf>> {
        match self {
            Self::KeepAside(stamp) if path.symlink_metadata().is_ok() => {
                let kept = atomic::keep_aside(path, stamp)?;
                file.replace()?;
                Ok(Some(kept))
            }
            _ => file.publish().map(|()| None),
        }
    }
}

/// A certificate folder.
#[derive(Clone, Debug)]
pub struct CertificateFolder {
    path: PathBuf,
}

impl CertificateFolder {
    /// The folder `NAME/` under the current one, or the current one itself.
    ///
    /// The CA folder is refused: its cacert.pem and cakey.pem are the CA's.
    pub fn of(name: Option<&FolderName>, ca_dir: &Path) -> Result<Self> {
        Self::at(Path::new(name.map_or("", FolderName::as_str)), ca_dir)
    }

    /// The certificate folder at a path; an empty one is the current folder.
    pub fn at(path: &Path, ca_dir: &Path) -> Result<Self> {
        // Without a slash at the end, which messages would repeat.
        let path: PathBuf = path.components().collect();
        let here = if path.as_os_str().is_empty() { Path::new(".") } else { &path };
        if let (Ok(this), Ok(ca)) = (fs::canonicalize(here), fs::canonicalize(ca_dir))
            && this == ca
        {
            return Err(Error::refused(format!("{} is the CA's folder", here.display()))
                .hint("give another name, or change to another folder"));
        }
        Ok(Self { path })
    }

    /// The path of one of its files.
    pub fn path_of(&self, kind: FileKind) -> PathBuf {
        self.path.join(kind.name)
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        if self.path.as_os_str().is_empty() { Path::new(".") } else { &self.path }
    }

    /// The folder as the argument of a command in a hint: ` NAME`, or nothing for the current one.
    pub fn argument(&self) -> String {
        if self.path.as_os_str().is_empty() || self.path == Path::new(".") {
            String::new()
        } else {
            format!(" {}", self.path.display())
        }
    }

    /// Whether one of its files is there.
    pub fn has(&self, kind: FileKind) -> bool {
        self.path_of(kind).symlink_metadata().is_ok()
    }

    /// Makes the folder where it is missing.
    pub fn make(&self) -> Result<()> {
        if self.make_without_waiting()? {
            atomic::sync_folder(atomic::folder_of(self.path()))?;
        }
        Ok(())
    }

    /// The same without waiting for the disk, for many folders. Returns whether it was missing.
    pub fn make_without_waiting(&self) -> Result<bool> {
        let path = self.path();
        way::check(atomic::folder_of(path))?;
        match std::fs::DirBuilder::new().mode(layout::FOLDER_MODE).create(path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => {
                way::check(path)?;
                Ok(false)
            }
            Err(error) => {
                Err(Error::refused(format!("failed to create {}", path.display())).caused_by(error))
            }
        }
    }

    /// Refuses where the folder cannot be written, or is missing and cannot be made.
    pub fn check_writable(&self) -> Result<()> {
        let path = self.path();
        atomic::check_writable(if path.exists() { path } else { atomic::folder_of(path) })
    }

    /// Reads one of its files.
    pub fn read(&self, kind: FileKind) -> Result<Zeroizing<Vec<u8>>> {
        input::read_plain(&self.path_of(kind))
    }

    /// Reads the private key.
    pub fn key(
        &self,
        passphrase: impl FnOnce(&Path) -> Result<Zeroizing<String>>,
    ) -> Result<PrivateKey> {
        self.key_in(layout::KEY, passphrase)
    }

    /// Reads the private key in one of its files.
    pub fn key_in(
        &self,
        kind: FileKind,
        passphrase: impl FnOnce(&Path) -> Result<Zeroizing<String>>,
    ) -> Result<PrivateKey> {
        let path = self.path_of(kind);
        PrivateKey::from_file_content(&self.read(kind)?, || passphrase(&path))
            .map_err(|error| error.at(path.display()))
    }

    /// Refuses to go on with a private key that others can read, or that another user put here.
    pub fn check_key_is_private(&self) -> Result<()> {
        self.check_is_private(layout::KEY)
    }

    /// The same for a private key under another name.
    pub fn check_is_private(&self, kind: FileKind) -> Result<()> {
        let path = self.path_of(kind);
        let metadata = fs::metadata(&path)?;
        let mode = metadata.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(Error::refused(format!(
                "{} has the mode {mode:04o}: others than its owner may know the key",
                path.display()
            ))
            .hint(format!("if nobody else had it: chmod 0400 {}", path.display()))
            .hint("if in doubt, make a new one with --force; the old key is kept aside"));
        }
        let me = rustix::process::geteuid().as_raw();
        if metadata.uid() != me && metadata.uid() != 0 {
            return Err(Error::refused(format!(
                "{} belongs to another user (uid {}), who knows the key",
                path.display(),
                metadata.uid()
            ))
            .hint("make a new key in a folder of your own"));
        }
        Ok(())
    }

    /// Reads the request and verifies its signature.
    pub fn request(&self) -> Result<Request> {
        let path = self.path_of(layout::REQUEST);
        Request::from_file_content(&self.read(layout::REQUEST)?)
            .map_err(|error| error.at(path.display()))
    }

    /// Reads the certificates in one of its files.
    pub fn certificates(&self, kind: FileKind) -> Result<Vec<Certificate>> {
        let path = self.path_of(kind);
        Certificate::from_file_content(&self.read(kind)?).map_err(|error| error.at(path.display()))
    }

    /// Refuses where a file of this kind would be overwritten with something else.
    pub fn check(&self, kind: FileKind, content: &[u8], existing: &Existing) -> Result<()> {
        let path = self.path_of(kind);
        match (fs::read(&path), existing) {
            (Err(error), _) if error.kind() == ErrorKind::NotFound => {
                if path.symlink_metadata().is_ok() {
                    return Err(Error::refused(format!(
                        "{} is a symbolic link to nothing",
                        path.display()
                    )));
                }
                Ok(())
            }
            (Ok(there), _) if there == content => Ok(()),
            (Ok(_), Existing::KeepAside(_)) => Ok(()),
            (Ok(_), Existing::Refuse) => Err(atomic::already_there(&path)
                .hint("--force keeps the old one beside it and writes the new one")),
            (Err(error), _) => Err(error.into()),
        }
    }

    /// Writes files so that each is complete or absent, all of them durable at the end. Those that
    /// are there with the same content stay. Returns the names under which old files are kept.
    pub fn write(
        &self,
        files: &[(FileKind, u32, &[u8])],
        existing: &Existing,
    ) -> Result<Vec<PathBuf>> {
        self.recover()?;
        way::check(self.path())?;
        let mut staged = Vec::new();
        for (kind, mode, content) in files {
            self.check(*kind, content, existing)?;
            let path = self.path_of(*kind);
            let there = fs::read(&path).is_ok_and(|there| there == *content);
            if !there {
                staged.push((Staged::begin(&path, content, *mode)?, path));
            }
        }
        for (file, _) in &staged {
            file.sync()?;
        }
        if staged.is_empty() {
            return Ok(Vec::new());
        }
        let mut kept = Vec::new();
        for (file, path) in staged {
            kept.extend(existing.put(file, &path)?);
        }
        atomic::sync_folder(self.path())?;
        Ok(kept)
    }

    /// Puts files in the place of those that are there, all at one moment: after a crash the old ones
    /// are read, or the new ones. The old ones are kept under names that end in `stamp`, which are
    /// returned. Those that are there with the same content stay.
    pub fn replace_together(
        &self,
        files: &[(FileKind, u32, &[u8])],
        stamp: &str,
    ) -> Result<Vec<PathBuf>> {
        self.recover()?;
        way::check(self.path())?;
        let mut changed = Vec::new();
        let mut kept = Vec::new();
        for (kind, mode, content) in files {
            let path = self.path_of(*kind);
            if fs::read(&path).is_ok_and(|there| there == *content) {
                continue;
            }
            if path.symlink_metadata().is_ok() {
                kept.push(atomic::keep_aside(&path, stamp)?);
            }
            changed.push(NewFile { name: Path::new(kind.name), mode: *mode, owner: None, content });
        }
        if !changed.is_empty() {
            together::replace(self.path(), &changed)?;
        }
        Ok(kept)
    }

    /// Finishes what a process that died in [`Self::replace_together`] left.
    pub fn recover(&self) -> Result<()> {
        if together::is_interrupted(self.path()) {
            way::check(self.path())?;
            together::recover(self.path())?;
        }
        Ok(())
    }

    /// Refuses where one of these files is there and cannot give way to a new one: a folder, or a link.
    pub fn check_replaceable(&self, kinds: &[FileKind]) -> Result<()> {
        self.check_writable()?;
        for kind in kinds {
            let path = self.path_of(*kind);
            if path.symlink_metadata().is_ok_and(|there| !there.is_file()) {
                return Err(Error::refused(format!("{} is not a plain file", path.display()))
                    .hint("put a plain file in its place; mailca does not write through links"));
            }
        }
        Ok(())
    }

    /// Removes a file that is not needed any more, and makes that durable.
    pub fn remove(&self, kind: FileKind) -> Result<()> {
        way::check(self.path())?;
        atomic::remove_if_there(&self.path_of(kind))?;
        atomic::sync_folder(self.path())
    }

    /// Moves a file aside, so that its name is free, and returns the new name.
    pub fn move_aside(&self, kind: FileKind, stamp: &str) -> Result<Option<PathBuf>> {
        self.recover()?;
        way::check(self.path())?;
        let path = self.path_of(kind);
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        let kept = atomic::keep_aside(&path, stamp)?;
        fs::remove_file(&path)?;
        Ok(Some(kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_harmless_path_component() {
        for good in ["joeuser", "mail.example.com", "joe@example.com", "a_b+c-d", "0"] {
            assert!(FolderName::parse(good).is_ok(), "{good}");
        }
        assert_eq!(FolderName::parse("joe/").ok(), FolderName::parse("joe").ok());
        for bad in [
            "/", "joe//", "a/b/", "", ".", "..", ".hidden", "-f", "a/b", "a b", "a\nb", "ü",
            "a\u{0}", "*",
        ] {
            assert!(FolderName::parse(bad).is_err(), "{bad:?}");
        }
    }
}
