//! The folder of a kit: complete under its name, or not there.
//!
//! It is made under a temporary name beside it, every file on the disk, and then renamed. What a crash leaves is
//! `.NAME.mailca-tmp/`, which the next one of that name removes. A kit that was there is first moved aside: in the
//! moment between, there is the old one under its new name.

use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::error::{Error, Result};
use crate::store::atomic::{self, folder_of, rename_without_replacing, sync_folder};
use crate::store::create::{self, Draft};
use crate::store::{input, layout};

/// A kit that is on the disk and does not have its name yet. Dropped, it is gone.
pub struct StagedKit {
    draft: Draft,
    target: PathBuf,
}

impl StagedKit {
    /// Writes the files, by their names and contents, for the folder `target`.
    pub fn new<'a>(
        target: &Path,
        files: impl Iterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Self> {
        let draft = Draft::begin(target)?;
        let written = files
            .map(|(name, content)| {
                create::write(&draft.path().join(name), content, layout::SECRET_MODE)
            })
            .collect::<Result<Vec<_>>>()?;
        for file in written {
            file.sync_all()?;
        }
        sync_folder(draft.path())?;
        Ok(Self { draft, target: target.to_owned() })
    }

    /// Gives it its name. What was there is moved aside under a name with this stamp, which is returned; without a
    /// stamp it is an error and stays.
    pub fn publish(self, stamp: Option<&str>) -> Result<Option<PathBuf>> {
        let kept = match stamp {
            Some(stamp) if self.target.symlink_metadata().is_ok() => {
                Some(move_aside(&self.target, stamp)?)
            }
            _ => None,
        };
        self.draft.publish(&self.target)?;
        sync_folder(folder_of(&self.target))?;
        Ok(kept)
    }
}

/// Moves a folder aside under a new name with the date. None is ever replaced.
fn move_aside(folder: &Path, stamp: &str) -> Result<PathBuf> {
    for attempt in 1..1000 {
        let mut name = folder.as_os_str().to_owned();
        name.push(format!(".{stamp}"));
        if attempt > 1 {
            name.push(format!("-{attempt}"));
        }
        let aside = PathBuf::from(name);
        if aside.symlink_metadata().is_err() {
            rename_without_replacing(folder, &aside)?;
            sync_folder(folder_of(folder))?;
            return Ok(aside);
        }
    }
    Err(Error::refused(format!("{}: too many old copies are beside it", folder.display())))
}

/// Where a kit, be it a folder or one file, is made until it has its name.
pub fn unfinished(target: &Path) -> Result<PathBuf> {
    atomic::temporary_name(target)
}

/// The profile in the folder of a kit, by whose content it is known; `None` where the folder is no kit.
pub fn profile_in(folder: &Path) -> Result<Option<Vec<u8>>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "mobileconfig") {
            return Ok(Some(input::read_plain(&path)?.to_vec()));
        }
    }
    Ok(None)
}
