//! The passwords of the bundles: in one file, or in a file each. They are stored before the bundles are, so
//! that no bundle is ever without its password.

use std::collections::{HashMap, HashSet};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::cli::{Bulk, Global};
use crate::commands::export_p12::{is_generated, is_left_over, same_file};
use crate::commands::{check_guarded, check_output};
use crate::error::{Error, Result};
use crate::store::atomic::{self, Staged};
use crate::store::folder::Existing;
use crate::store::{input, layout};

/// The first line of the one file.
const HEADER: &str = "login,password";
/// Room for a line with a password.
const ROOM: usize = 192;

/// The passwords of earlier runs, for those whose bundle was not finished.
pub enum Stored {
    /// Those in the one file.
    File(HashMap<String, Zeroizing<String>>),
    /// The folder of their files.
    Folder(PathBuf),
}

impl Stored {
    /// The password of somebody, where one is stored.
    pub fn find(&self, login: &str, force: bool) -> Result<Option<Zeroizing<String>>> {
        let folder = match self {
            Self::File(all) => return Ok(all.get(login).cloned()),
            Self::Folder(folder) => folder,
        };
        let path = path_in(folder, login);
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        if is_left_over(&path) {
            let content = input::read(&path)?;
            let text = content.strip_suffix(b"\n").unwrap_or(&content);
            return Ok(std::str::from_utf8(text).ok().map(|text| Zeroizing::new(text.to_owned())));
        }
        if force {
            return Ok(None);
        }
        Err(Error::refused(format!("{} is there, and holds no password of ours", path.display()))
            .hint("--force keeps it aside"))
    }
}

/// Where new passwords go.
pub enum Passwords {
    /// Nowhere: no bundles are made.
    None,
    /// To one file.
    File(PasswordFile),
    /// To a file each in this folder.
    Folder(PathBuf),
}

impl Passwords {
    /// Looks at the place that the options name.
    pub fn open(
        args: &Bulk,
        list: &Path,
        persons: usize,
        existing: &Existing,
        global: &Global,
    ) -> Result<(Self, Stored)> {
        if let Some(folder) = &args.password_dir {
            check_folder(folder, global)?;
            return Ok((Self::Folder(folder.clone()), Stored::Folder(folder.clone())));
        }
        let Some(path) = &args.password_out else {
            return Ok((Self::None, Stored::File(HashMap::new())));
        };
        if same_file(path, list) {
            return Err(Error::usage("--password-out and --from name the same file"));
        }
        let (file, stored) = PasswordFile::open(path, persons, existing, global)?;
        Ok((Self::File(file), Stored::File(stored)))
    }

    /// The folder that is written into.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::None => None,
            Self::File(file) => Some(atomic::folder_of(&file.path)),
            Self::Folder(folder) => Some(folder),
        }
    }

    /// Writes the new passwords to the one file, which does not have its name yet.
    pub fn stage(&mut self, new: &[(&str, &str)]) -> Result<Option<Staged>> {
        match self {
            Self::File(file) if !new.is_empty() => Ok(Some(file.stage(new)?)),
            _ => Ok(None),
        }
    }

    /// Gives the one file its name.
    pub fn publish(&mut self, staged: Staged, existing: &Existing) -> Result<Option<PathBuf>> {
        match self {
            Self::File(file) => file.publish(staged, existing),
            _ => Err(Error::bug("there is no file for the passwords")),
        }
    }

    /// Writes the file of somebody's own, where there is one for each.
    pub fn stage_own(&self, login: &str, password: &str) -> Result<Option<(Staged, PathBuf)>> {
        let Self::Folder(folder) = self else { return Ok(None) };
        let path = path_in(folder, login);
        let mut staged = Staged::open(&path, layout::SECRET_MODE)?;
        staged.write(password.as_bytes())?;
        staged.write(b"\n")?;
        Ok(Some((staged, path)))
    }
}

/// All passwords in one file, which is written anew whenever there are more.
pub struct PasswordFile {
    path: PathBuf,
    content: Zeroizing<String>,
    /// The file that was read or written last; `None` where there was none.
    inode: Option<u64>,
    /// Whether that holds something else, and is kept aside.
    is_foreign: bool,
}

impl PasswordFile {
    fn open(
        path: &Path,
        persons: usize,
        existing: &Existing,
        global: &Global,
    ) -> Result<(Self, HashMap<String, Zeroizing<String>>)> {
        atomic::check_writable(atomic::folder_of(path))?;
        check_guarded(path, global)?;
        let there = input::read_if_there(path)?;
        let stored = there.as_deref().and_then(|content| parse(path, content));
        let mut is_foreign = false;
        let old = match (&there, &stored) {
            (Some(content), Some(_)) => std::str::from_utf8(content).unwrap_or_default(),
            (Some(_), None) => {
                check_output(path, "--password-out", existing, global)?;
                is_foreign = true;
                ""
            }
            (None, _) => "",
        };
        // No copy is left behind by growing.
        let room = old.len() + HEADER.len() + 1 + persons * ROOM;
        let mut content = Zeroizing::new(String::with_capacity(room));
        content.push_str(old);
        if content.is_empty() {
            content.push_str(HEADER);
            content.push('\n');
        }
        let inode = path.symlink_metadata().ok().map(|there| there.ino());
        let file = Self { path: path.to_owned(), content, inode, is_foreign };
        Ok((file, stored.unwrap_or_default()))
    }

    fn stage(&mut self, new: &[(&str, &str)]) -> Result<Staged> {
        self.forget(new);
        for (login, password) in new {
            self.content.push_str(login);
            self.content.push(',');
            self.content.push_str(password);
            self.content.push('\n');
        }
        let mut staged = Staged::open(&self.path, layout::SECRET_MODE)?;
        staged.write(self.content.as_bytes())?;
        Ok(staged)
    }

    /// Takes out the lines of those who get another password.
    fn forget(&mut self, new: &[(&str, &str)]) {
        let logins: HashSet<_> = new.iter().map(|(login, _)| *login).collect();
        let is_old =
            |line: &str| line.split_once(',').is_some_and(|(login, _)| logins.contains(login));
        if !self.content.lines().skip(1).any(is_old) {
            return;
        }
        let mut left = Zeroizing::new(String::with_capacity(self.content.capacity()));
        for (number, line) in self.content.lines().enumerate() {
            if number == 0 || !is_old(line) {
                left.push_str(line);
                left.push('\n');
            }
        }
        self.content = left;
    }

    fn publish(&mut self, staged: Staged, existing: &Existing) -> Result<Option<PathBuf>> {
        if self.path.symlink_metadata().ok().map(|there| there.ino()) != self.inode {
            return Err(Error::refused(format!(
                "{} was changed by another program, and is not overwritten",
                self.path.display()
            ))
            .hint("let it end, then run the command again"));
        }
        let inode = staged.file().metadata()?.ino();
        let kept = if self.inode.is_none() || self.is_foreign {
            existing.put(staged, &self.path)?
        } else {
            staged.take_owner(&self.path)?;
            staged.replace()?;
            None
        };
        self.inode = Some(inode);
        self.is_foreign = false;
        Ok(kept)
    }
}

/// The passwords in a file of ours: readable by its owner alone, and with nothing else in it.
fn parse(path: &Path, content: &[u8]) -> Option<HashMap<String, Zeroizing<String>>> {
    let there = path.symlink_metadata().ok()?;
    if !there.is_file() || there.mode() & 0o777 != layout::SECRET_MODE {
        return None;
    }
    let text = std::str::from_utf8(content).ok()?;
    let mut lines = text.strip_suffix('\n')?.lines();
    if lines.next() != Some(HEADER) {
        return None;
    }
    lines
        .map(|line| {
            let (login, password) = line.split_once(',')?;
            is_generated(password.as_bytes())
                .then(|| (login.to_owned(), Zeroizing::new(password.to_owned())))
        })
        .collect()
}

fn path_in(folder: &Path, login: &str) -> PathBuf {
    folder.join(format!("{login}.password"))
}

/// The folder for the files is made where it is missing, for its owner alone.
fn check_folder(folder: &Path, global: &Global) -> Result<()> {
    if folder.is_dir() {
        check_guarded(&folder.join("x.password"), global)?;
        return atomic::check_writable(folder);
    }
    check_guarded(folder, global)?;
    atomic::check_writable(atomic::folder_of(folder))?;
    std::fs::DirBuilder::new().mode(layout::FOLDER_MODE).create(folder).map_err(|error| {
        Error::refused(format!("failed to create {}", folder.display())).caused_by(error)
    })?;
    atomic::sync_folder(atomic::folder_of(folder))
}
