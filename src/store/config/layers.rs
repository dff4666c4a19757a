//! The files beside the CA's own: the machine's, and that of whoever runs mailca; or one that is named in the place
//! of both.
//!
//! What they say decides what is issued. So nobody takes settings from a file that another user may write. Whoever
//! works as root with the variables of another user, as some set-ups of sudo have it, does not mean that user's
//! settings: they are left out with a warning, unopened. A file that is theirs and that others may write is refused.
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
        match personal_at(&path)? {
            Personal::Missing => {}
            Personal::OfStranger(what, uid) => found.left_out.push(format!(
                "the settings in {} are left out: {} belongs to another user, uid {uid}",
                path.display(),
                what.display()
            )),
            Personal::At(real) => {
                let file = open(&real).map_err(|error| error.hint(WITHOUT))?;
                if let Some(mut file) = file {
                    file.path = &path;
                    found.add(file.trusted()?, Layer::Personal)?;
                }
            }
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

/// What is where the personal file would be.
enum Personal {
    Missing,
    /// Somebody else decides what it is: who, and by what.
    OfStranger(PathBuf, u32),
    /// The file without the links to it.
    At(PathBuf),
}

/// Looks for the personal file and opens nothing: a stranger's link leads to a device, a pipe or itself as easily as to
/// a file. A stranger is the owner of the file or of a link to it; for root, of a folder on the way as well. Where
/// whoever runs this may not look, as with the variables of another user, there is none of theirs.
fn personal_at(path: &Path) -> Result<Personal> {
    let is_root = rustix::process::geteuid().is_root();
    let mut stranger = None;
    let walked = way::walk_to_file(path, |step| {
        let uid = step.metadata.uid();
        let counts = is_root || step.metadata.is_symlink() || !step.on_the_way;
        if stranger.is_none() && counts && !way::is_ours(uid) {
            stranger = Some((step.path.to_owned(), uid));
        }
        Ok(())
    });
    let kind = path.metadata().err().map(|error| error.kind());
    if kind == Some(ErrorKind::NotFound) || path.symlink_metadata().is_err() && stranger.is_none() {
        return Ok(Personal::Missing);
    }
    match (stranger, walked) {
        (Some((what, uid)), _) => Ok(Personal::OfStranger(what, uid)),
        (None, Ok(real)) => Ok(Personal::At(real)),
        (None, Err(error)) => Err(error.hint(WITHOUT)),
    }
}

impl Opened<'_> {
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
