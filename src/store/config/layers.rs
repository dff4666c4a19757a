//! The files beside the CA's own: the machine's, and that of whoever runs mailca; or one that is named in the place
//! of both.
//!
//! What they say decides what is issued. So nobody takes settings from a file that another user may write. Whoever
//! works as root with the variables of another user, as some set-ups of sudo have it, does not mean that user's
//! settings: they are left out with a warning. A file that is theirs and that others may write is refused.
//!
//! A file that is missing costs one failed open and nothing else.

use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt;
use rustix::fs::OFlags;

use super::origin::{Layer, Origin, Place};
use super::{keys, parse};
use crate::error::{Error, Result};
use crate::store::way;

/// The settings of a machine.
pub const MACHINE: &str = "/etc/mailca.toml";
/// The personal file, in the folder of `XDG_CONFIG_HOME`, or in ~/.config.
const PERSONAL: &str = "mailca/mailca.toml";
/// Named in the place of a file, this is none at all.
const NOTHING: &str = "/dev/null";
/// More than any file of settings, in bytes.
const LARGEST: u64 = 1 << 20;

/// What to do where the machine's file, or the personal one, cannot be used.
pub const WITHOUT: &str = "--config FILE has another one in its place, --config /dev/null none";

/// Which files there may be.
pub(super) struct Files<'a> {
    /// The machine's.
    pub(super) machine: &'a Path,
    /// The one in the place of the others.
    pub(super) named: Option<&'a Path>,
    /// Looks up an environment variable.
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
}

/// What they say.
#[derive(Default)]
pub(super) struct Found {
    /// The values, the lowest layer first.
    pub(super) values: Vec<Origin>,
    /// What was left out, and why.
    pub(super) left_out: Vec<String>,
}

impl Files<'_> {
    /// Reads those that are there.
    pub(super) fn read(&self) -> Result<Found> {
        let mut found = Found::default();
        if let Some(path) = self.named {
            if path == Path::new(NOTHING) {
                return Ok(found);
            }
            let file = open(path)?.ok_or_else(|| {
                Error::refused(format!("the file of settings {} is not there", path.display()))
                    .hint("--config and MAILCA_CONFIG name a file, or /dev/null for none")
            })?;
            found.add(file.trusted()?, Layer::Named)?;
            return Ok(found);
        }
        if let Some(file) = open(self.machine).map_err(|error| error.hint(WITHOUT))? {
            found.add(file.trusted()?, Layer::Machine)?;
        }
        let Some(path) = self.personal() else { return Ok(found) };
        let Some(file) = open_personal(&path)? else { return Ok(found) };
        if let Some((what, uid)) = file.stranger() {
            found.left_out.push(format!(
                "the settings in {} are left out: {} belongs to another user, uid {uid}",
                path.display(),
                what.display()
            ));
        } else {
            found.add(file.trusted()?, Layer::Personal)?;
        }
        Ok(found)
    }

    /// A relative path in these variables is to be ignored: it would be another file in each folder.
    fn personal(&self) -> Option<PathBuf> {
        let absolute =
            |name: &str| (self.variable)(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let folder =
            absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")))?;
        Some(folder.join(PERSONAL))
    }
}

impl Found {
    fn add(&mut self, file: &Opened<'_>, layer: Layer) -> Result<()> {
        let path = file.path;
        for (line, name, mut value) in parse(&file.text()?, path)? {
            let place = Place::Line(path.to_owned(), line);
            let key = keys::find(&name).map_err(|error| error.at(&place))?;
            if let Some(reason) = key.of_one_ca {
                return Err(Error::refused(format!("{name} belongs to one CA: {reason}"))
                    .at(&place)
                    .hint(format!("put {name} into mailca.toml in the folder of its CA")));
            }
            super::check_alone(&key, &value).map_err(|error| error.at(&place))?;
            // Elsewhere it would be another folder in each CA's.
            if name == "template-dir"
                && let Some(folder) = value.as_str()
                && let Some(around) = std::path::absolute(path)?.parent()
            {
                value = around.join(folder).display().to_string().into();
            }
            self.values.push(Origin { key, value, layer, place });
        }
        Ok(())
    }
}

/// A file of settings, looked at before it is read.
struct Opened<'p> {
    path: &'p Path,
    file: fs::File,
    metadata: std::fs::Metadata,
}

/// Opens what is there. A pipe in its place is not waited for.
fn open(path: &Path) -> Result<Option<Opened<'_>>> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    match fs::OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => {
            let metadata = file.metadata()?;
            if !metadata.is_file() {
                let is = if metadata.is_dir() { "a folder" } else { "no plain file" };
                return Err(Error::refused(format!("{} is {is}", path.display()))
                    .hint("settings are read from a plain file; /dev/null stands for none"));
            }
            Ok(Some(Opened { path, file, metadata }))
        }
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// The same for the personal one. Where whoever runs this may not look, as with the variables of another user,
/// there is none of theirs.
fn open_personal(path: &Path) -> Result<Option<Opened<'_>>> {
    match open(path) {
        Err(_) if path.symlink_metadata().is_err() => Ok(None),
        Err(_) if path.metadata().is_ok_and(|there| !way::is_ours(there.uid())) => Ok(None),
        other => other.map_err(|error| error.hint(WITHOUT)),
    }
}

impl Opened<'_> {
    /// Another user who decides what is in the file: its owner, or as root, the owner of a folder or link on the way
    /// to it.
    fn stranger(&self) -> Option<(PathBuf, u32)> {
        let uid = self.metadata.uid();
        if !way::is_ours(uid) {
            return Some((self.path.to_owned(), uid));
        }
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let mut stranger = None;
        let _ = way::walk(self.path.parent()?, |step| {
            let uid = step.metadata.uid();
            if stranger.is_none() && !way::is_ours(uid) {
                stranger = Some((step.path.to_owned(), uid));
            }
            Ok(())
        });
        stranger
    }

    /// Refuses a file that others may write.
    fn trusted(&self) -> Result<&Self> {
        let (uid, mode) = (self.metadata.uid(), self.metadata.mode());
        if way::is_ours(uid) && !way::others_may_write(&self.metadata) {
            return Ok(self);
        }
        let path = self.path.display();
        Err(Error::refused(format!(
            "{path} belongs to uid {uid} and has the mode {:04o}: another user may write it",
            mode & 0o777
        ))
        .hint(format!("look what is in it, then: chown {} {path} && chmod go-w {path}", way::me()))
        .hint(WITHOUT))
    }

    fn text(&self) -> Result<String> {
        let mut content = Vec::new();
        self.file.file().take(LARGEST + 1).read_to_end(&mut content)?;
        if content.len() as u64 > LARGEST {
            return Err(
                Error::refused("it is too large for a file of settings").at(self.path.display())
            );
        }
        String::from_utf8(content)
            .map_err(|_| Error::refused("it is not UTF-8").at(self.path.display()))
    }
}
