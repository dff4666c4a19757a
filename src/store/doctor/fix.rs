//! Mending what can be mended. Every repair looks anew at what it changes, so that it does no harm to
//! do it twice; a copy is kept of every file that is changed.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use fs_err as fs;

use crate::error::{Error, Result};
use crate::pki::serial::Serial;
use crate::store::atomic::{self, Staged, sync_folder};
use crate::store::doctor::crls::Published;
use crate::store::doctor::survey::Survey;
use crate::store::doctor::{
    Depth, Finding, Scene, configuration, examine, leftovers, mend, modes, numbers, records, sort,
};
use crate::store::layout::{self, FileKind};
use crate::store::transaction::Transaction;

/// A repair that is going on, under the lock.
pub(super) struct Mending<'a> {
    pub(super) scene: &'a Scene<'a>,
    /// The end of the names under which old files are kept.
    pub(super) stamp: &'a str,
    /// Draws a serial number.
    pub(super) draw: &'a dyn Fn() -> Result<Serial>,
    /// What was done, for the administrator.
    pub(super) said: Vec<String>,
}

impl Mending<'_> {
    /// Writes a file of the CA's folder anew; the old one is kept.
    pub(super) fn write(&mut self, kind: FileKind, content: &[u8]) -> Result<()> {
        let path = self.scene.ca.path().join(kind.name);
        let staged = Staged::new(&path, content, kind.mode)?;
        self.put(staged, &path)
    }

    /// Puts a staged file into its place; the old one is kept.
    pub(super) fn put(&mut self, staged: Staged, path: &Path) -> Result<()> {
        match fs::symlink_metadata(path) {
            Ok(there) if !there.is_file() => {
                return Err(Error::refused(format!("{} is not a plain file", path.display()))
                    .hint("put a plain file in its place; mailca does not write through links"));
            }
            Ok(_) => {
                let kept = atomic::keep_aside(path, self.stamp)?;
                staged.replace()?;
                self.said.push(format!("the old one is kept as {}", kept.display()));
            }
            Err(_) => staged.publish()?,
        }
        self.give_to_owner(path)?;
        sync_folder(atomic::folder_of(path))
    }

    /// A file that root made in somebody's folder is theirs.
    pub(super) fn give_to_owner(&self, path: &Path) -> Result<()> {
        let folder = fs::metadata(self.scene.ca.path())?;
        let there = fs::symlink_metadata(path)?;
        if !rustix::process::geteuid().is_root() || there.uid() == folder.uid() {
            return Ok(());
        }
        let owner = rustix::fs::Uid::from_raw(folder.uid());
        let group = rustix::fs::Gid::from_raw(folder.gid());
        rustix::fs::chownat(
            rustix::fs::CWD,
            path,
            Some(owner),
            Some(group),
            rustix::fs::AtFlags::SYMLINK_NOFOLLOW,
        )
        .map_err(|error| {
            Error::refused(format!("failed to change the owner of {}", path.display()))
                .caused_by(std::io::Error::from(error))
        })
    }
}

/// What `doctor --fix` found and did.
#[derive(Debug)]
pub struct Report {
    /// What was wrong and is not any more.
    pub repaired: Vec<Finding>,
    /// What is left.
    pub left: Vec<Finding>,
    /// What was done on the way.
    pub said: Vec<String>,
}

/// Looks, mends under the locks what can be mended, and looks again. Nobody issues for a list meanwhile: the files
/// of its persons have no lock of their own.
pub fn fix(scene: &Scene<'_>, stamp: &str, draw: &dyn Fn() -> Result<Serial>) -> Result<Report> {
    if scene.ca.calm().is_err() {
        // Who is at work is waited for: what they leave is no leftover of the dead.
        let alone = scene.ca.lock_for_list()?;
        drop(scene.ca.lock()?);
        drop(alone);
    }
    let before = examine(scene, Depth::Full)?;
    let mut said = Vec::new();
    let mut doubt = None;
    if before.iter().any(|finding| finding.fixable) {
        let alone = scene.ca.lock_for_list()?;
        let lock = scene.ca.lock()?;
        let mut mending = Mending { scene, stamp, draw, said };
        let shared = before.iter().any(|finding| finding.id == "shared-subjects");
        doubt = repair(&mut mending, shared)?;
        said = mending.said;
        drop(lock);
        if before.iter().any(|finding| finding.id == "recording-interrupted") {
            said.extend(Transaction::begin(scene.ca)?.take_remarks());
        }
        drop(alone);
    }
    let mut left: Vec<_> = doubt.into_iter().chain(examine(scene, Depth::Full)?).collect();
    sort(&mut left);
    let repaired = before
        .into_iter()
        .filter(|finding| !left.iter().any(|after| after.id == finding.id))
        .collect();
    Ok(Report { repaired, left, said })
}

/// Returns what could not be told from what was there.
fn repair(mending: &mut Mending<'_>, shared: bool) -> Result<Option<Finding>> {
    modes::repair(mending)?;
    let published = Published::read(mending.scene, &mut Vec::new())?;
    let survey = Survey::of(mending.scene, &published)?;
    let next = numbers::number(mending.scene.ca.path(), layout::CRL_NUMBER)?;
    let doubt = records::revocations_in_doubt(&published, &survey, next.as_ref());
    mend::records(mending, &survey)?;
    configuration::repair_attributes(mending, shared)?;
    numbers::repair(mending, &published, &survey)?;
    configuration::repair(mending)?;
    leftovers::repair(mending)?;
    Ok(doubt)
}
