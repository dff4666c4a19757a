//! Making index.txt and newcerts/ agree, as [`Survey`] says. The caller holds the lock.

use std::io::Write;
use std::ops::ControlFlow;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt;

use crate::error::{Error, Result};
use crate::store::atomic::{self, Staged, sync_folder};
use crate::store::doctor::fix::Mending;
use crate::store::doctor::survey::{Edit, Survey};
use crate::store::index::{Index, reasons};
use crate::store::layout;

/// How much of a new index is put together before it is written, in bytes.
const WRITTEN_AT_ONCE: usize = 1 << 18;

/// Certificates first: whatever index.txt names is in newcerts/ before.
pub(super) fn records(mending: &mut Mending<'_>, survey: &Survey) -> Result<()> {
    let folder = mending.scene.ca.path();
    let kept = folder.join(layout::NEW_CERTIFICATES);
    if survey.newcerts_missing {
        std::fs::DirBuilder::new().mode(layout::FOLDER_MODE).create(&kept).map_err(|error| {
            Error::refused(format!("failed to create {}", kept.display())).caused_by(error)
        })?;
        mending.give_to_owner(&kept)?;
        sync_folder(folder)?;
    }
    for certificate in &survey.found {
        let path = mending.scene.ca.issued_path(&certificate.serial);
        let pem = certificate.to_pem()?;
        atomic::create(&path, pem.as_bytes(), layout::NEW_CERTIFICATE_MODE)?;
        mending.give_to_owner(&path)?;
    }
    let known = reasons::read(folder)?;
    for (serial, reason) in &survey.reasons {
        if known.get(serial) != Some(reason) {
            reasons::add(folder, serial, *reason)?;
        }
    }
    if survey.changes_index() { index(mending, survey) } else { Ok(()) }
}

fn index(mending: &mut Mending<'_>, survey: &Survey) -> Result<()> {
    let path = mending.scene.ca.path().join(layout::INDEX.name);
    let before = fs::metadata(&path).ok();
    let mode = before.as_ref().map_or(layout::INDEX.mode, |there| there.mode() & 0o777);
    let mut staged = Staged::open(&path, mode)?;
    let mut new = Vec::with_capacity(WRITTEN_AT_ONCE + 4096);
    Index::at(&survey.source).lines(|line| {
        match survey.edits.get(&line.offset) {
            None => new.extend_from_slice(line.bytes),
            Some(Edit::Replace(with)) => new.extend_from_slice(with),
            Some(Edit::LeaveOut) => {}
            Some(Edit::Comment) => {
                new.extend_from_slice(b"# ");
                new.extend_from_slice(line.bytes);
            }
            Some(Edit::ToTorn) => to_torn(mending.scene.ca.path(), line.bytes)?,
        }
        if new.len() >= WRITTEN_AT_ONCE {
            staged.write(&new)?;
            new.clear();
        }
        Ok(ControlFlow::Continue(()))
    })?;
    survey.added.iter().for_each(|row| new.extend_from_slice(&row.line));
    staged.write(&new)?;
    staged.sync()?;
    // openssl knows no lock.
    let now = fs::metadata(&path).ok();
    let state = |there: Option<&std::fs::Metadata>| there.map(|it| (it.ino(), it.len()));
    if state(before.as_ref()) != state(now.as_ref()) {
        return Err(Error::refused(format!("{} was changed by another program", path.display()))
            .hint("let it end, then run the command again"));
    }
    mending.put(staged, &path)
}

fn to_torn(folder: &Path, line: &[u8]) -> Result<()> {
    let path = folder.join(layout::TORN_INDEX.name);
    let mut torn = fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(layout::TORN_INDEX.mode)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(&path)?;
    torn.write_all(line)?;
    torn.write_all(b"\n")?;
    torn.sync_all()?;
    sync_folder(folder)
}
