//! Where a kit is put, and what is there already.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fs_err as fs;
use time::OffsetDateTime;

use super::person::Person;
use crate::cli::Global;
use crate::commands::{check_guarded, check_is_no_dash};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::mail::kit::{File, Held, archive, mobileconfig};
use crate::pki::certificate::Certificate;
use crate::pki::pkcs12;
use crate::store::atomic::{self, Staged, folder_of};
use crate::store::folder::{Existing, FolderName};
use crate::store::kit::{self, StagedKit};
use crate::store::{input, layout};

/// A folder, or one file.
pub(super) struct Place {
    path: PathBuf,
    is_archive: bool,
    /// The folder that the files are in, inside an archive.
    inside: String,
}

/// A kit that does not have its name yet.
pub(super) enum StagedPlace {
    Folder(StagedKit),
    Archive(Staged, PathBuf),
}

impl Place {
    /// The place that -o names, else `NAME-kit`. Refuses where nothing can be made.
    pub(super) fn of(output: Option<&Path>, name: &FolderName, global: &Global) -> Result<Self> {
        let inside = format!("{}-kit", name.as_str());
        // Without a slash at the end.
        let path: PathBuf = output.unwrap_or(Path::new(&inside)).components().collect();
        check_is_no_dash(output.unwrap_or(&path))?;
        if path.file_name().is_none() {
            return Err(Error::usage(format!("{} is no name for a kit", path.display())));
        }
        let is_archive = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("zip"));
        atomic::check_writable(folder_of(&path))?;
        if is_archive {
            check_guarded(&path, global)?;
        } else if is_below(&path, &global.ca_dir) {
            return Err(Error::refused(format!("{} is in the CA's folder", path.display()))
                .hint("name a place elsewhere with -o"));
        }
        Ok(Self { path, is_archive, inside })
    }

    /// The folder or the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The password must not travel with the kit.
    pub(super) fn check_password_file(&self, path: &Path) -> Result<()> {
        if self.is_archive && same_place(path, &self.path) {
            return Err(Error::usage("--password-out and --output name the same file"));
        }
        if !self.is_archive && is_below(path, &self.path) {
            return Err(Error::usage(format!(
                "{} would be in the kit, and the password goes another way than the kit",
                path.display()
            ))
            .hint("name a file elsewhere with --password-out"));
        }
        Ok(())
    }

    /// Whether what is there gives way: the stamp with which it is moved aside, or nothing where nothing is there.
    pub(super) fn check(
        &self,
        certificate: &Certificate,
        person: &Person,
        force: bool,
        env: &Env,
    ) -> Result<Option<String>> {
        let Some(content) = self.there()? else { return Ok(None) };
        let identifier = mobileconfig::identifier(&person.email, &person.login);
        let held = Held::of(&content, &mobileconfig::identity_uuid(certificate), &identifier);
        if force || held == Held::Older {
            return env.stamp().map(Some);
        }
        let path = self.path.display();
        let since = made_on(&self.path);
        Err(match held {
            Held::Same => Error::refused(format!(
                "{path} is there already: the kit of this certificate, made on {since}"
            ))
            .hint(
                "hand that one over; or --force keeps it aside and makes one with a new password",
            ),
            _ => Error::refused(format!(
                "{path} is there already, from {since}, and is not a kit of {}",
                person.email
            ))
            .hint("name another place with -o")
            .hint("--force keeps it aside and makes the kit"),
        })
    }

    /// Whether the kit that is there, or one whose making was interrupted, has this password: then it is the
    /// person's, and no other's that happens to lie there.
    pub(super) fn opens_with(&self, name: &FolderName, password: &str) -> Result<bool> {
        let bundle = format!("{}.p12", name.as_str());
        for path in [self.path.clone(), kit::unfinished(&self.path)?] {
            let content = if self.is_archive {
                // What is no archive, or half of one, has no password.
                let archive = input::read_if_there(&path).ok().flatten();
                archive.and_then(|archive| archive::read(&archive, &self.inside, &bundle))
            } else {
                let there = input::read_if_there(&path.join(&bundle)).ok().flatten();
                there.map(|content| content.to_vec())
            };
            if content.is_some_and(|content| pkcs12::read(&content, password).is_ok()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What tells whose kit is there; `None` where nothing is in the way.
    fn there(&self) -> Result<Option<Vec<u8>>> {
        if self.is_archive {
            return Ok(input::read_if_there(&self.path)?.map(|content| content.to_vec()));
        }
        match fs::read_dir(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                match self.path.symlink_metadata() {
                    Ok(_) => Err(self.is_no_kit()),
                    Err(_) => Ok(None),
                }
            }
            Err(error) if error.kind() == ErrorKind::NotADirectory => Err(self.is_no_kit()),
            Err(error) => Err(error.into()),
            Ok(mut entries) => match entries.next() {
                None => Ok(None),
                // A certificate folder is not moved away, whatever was said.
                Some(_) => kit::profile_in(&self.path)?.ok_or_else(|| self.is_no_kit()).map(Some),
            },
        }
    }

    fn is_no_kit(&self) -> Error {
        Error::refused(format!("{} is there already, and is not a kit", self.path.display()))
            .hint("name another folder, or a file that ends in .zip, with -o")
    }

    /// Writes the kit, so that only its name is missing.
    pub(super) fn stage(&self, files: &[File], now: OffsetDateTime) -> Result<StagedPlace> {
        if self.is_archive {
            let content = archive::write(&self.inside, files, now)?;
            let staged = Staged::new(&self.path, &content, layout::SECRET_MODE)?;
            return Ok(StagedPlace::Archive(staged, self.path.clone()));
        }
        let files = files.iter().map(|file| (file.name.as_str(), file.content.as_slice()));
        StagedKit::new(&self.path, files).map(StagedPlace::Folder)
    }
}

impl StagedPlace {
    /// Gives it its name; what was there is moved aside with the stamp, and where is returned.
    pub(super) fn publish(self, aside: Option<&str>) -> Result<Option<PathBuf>> {
        match self {
            Self::Folder(kit) => kit.publish(aside),
            Self::Archive(file, path) => {
                let existing =
                    aside.map_or(Existing::Refuse, |stamp| Existing::KeepAside(stamp.to_owned()));
                let kept = existing.put(file, &path)?;
                atomic::sync_folder(folder_of(&path))?;
                Ok(kept)
            }
        }
    }
}

fn made_on(path: &Path) -> String {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    modified
        .map_or_else(|_| "some day".to_owned(), |at| OffsetDateTime::from(at).date().to_string())
}

/// Whether a path that may not be there yet is a folder, or anywhere below it.
fn is_below(path: &Path, folder: &Path) -> bool {
    resolved(path).zip(resolved(folder)).is_some_and(|(path, folder)| path.starts_with(folder))
}

fn same_place(one: &Path, other: &Path) -> bool {
    resolved(one).zip(resolved(other)).is_some_and(|(one, other)| one == other)
}

/// Without links, as far as it is there.
fn resolved(path: &Path) -> Option<PathBuf> {
    if let Ok(whole) = fs::canonicalize(path) {
        return Some(whole);
    }
    let name = path.file_name()?;
    resolved(folder_of(path)).map(|folder| folder.join(name))
}
