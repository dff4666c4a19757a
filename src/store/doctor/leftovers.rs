//! What interrupted commands left behind, and a restored backup.

use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::error::{Error, Result};
use crate::store::doctor::fix::Mending;
use crate::store::doctor::{Finding, Scene, counted, folders, listed};
use crate::store::{atomic, layout, together, transaction};

const ENDING: &str = ".mailca-tmp";

/// In the CA's folder, and beside it.
pub(super) fn examine(scene: &Scene<'_>, findings: &mut Vec<Finding>) -> Result<()> {
    let folder = scene.ca.path();
    // What a living command is about is no leftover.
    let Ok(_calm) = scene.ca.calm() else { return Ok(()) };
    if folder.join(layout::RESTORED.name).symlink_metadata().is_ok() {
        let what = "the CA was restored from a backup: what was revoked since then is not known yet, and no list is \
                    made before";
        let mend = "takes in what the certificate folders and the published lists that it finds tell; name \
                    those that were published elsewhere with --crl FILE, and then look whether `mailca list \
                    --revoked` has everybody";
        findings.push(Finding::problem("restored", what.to_owned(), mend).fixable());
    }
    let begun = begun(folder)?;
    if begun > 0 {
        let what =
            format!("an interrupted command left {} half recorded", counted(begun, "certificate"));
        let mend = "finishes that, as the next command that signs would";
        findings.push(Finding::problem("recording-interrupted", what, mend).fixable());
    }
    if is_interrupted(folder) {
        let what = format!("an interrupted command was exchanging files in {}", folder.display());
        findings.push(
            Finding::problem("exchange-interrupted", what, "ends it, one way or the other")
                .fixable(),
        );
    }
    let undelivered = transaction::all_undelivered(scene.ca)?;
    if !undelivered.is_empty() {
        let names: Vec<_> = undelivered
            .iter()
            .map(|certificate| format!("{} ({})", certificate.serial, certificate.title()))
            .collect();
        let what = format!(
            "{} issued and perhaps never delivered: {}",
            counted(names.len(), "certificate"),
            listed(&names)
        );
        let mend = "the same `mailca sign` or `mailca renew` delivers it; \
                    `mailca show SERIAL --pem` prints it; `mailca revoke SERIAL` if it is not wanted";
        findings.push(Finding::advice("undelivered", what, mend));
    }
    tell(&unfinished(&ca_places(folder)), "unfinished-files", findings);
    Ok(())
}

/// In the certificate folders.
pub(super) fn examine_around(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let folders = folders::around(scene);
    // The files of a list's persons have no lock but that of the list.
    let Ok(_calm) = scene.ca.calm() else { return };
    let interrupted: Vec<_> = folders
        .iter()
        .filter(|folder| is_interrupted(folder))
        .map(|folder| folder.display().to_string())
        .collect();
    if !interrupted.is_empty() {
        let what =
            format!("an interrupted command was exchanging files in {}", listed(&interrupted));
        findings.push(
            Finding::problem("folder-exchange-interrupted", what, "ends it, one way or the other")
                .fixable(),
        );
    }
    tell(&unfinished(&folders), "unfinished-files-in-folders", findings);
}

/// Whether a dead process was exchanging files there.
fn is_interrupted(folder: &Path) -> bool {
    together::is_interrupted(folder)
        && !together::is_locked(folder)
        && together::is_interrupted(folder)
}

fn tell(found: &[PathBuf], id: &'static str, findings: &mut Vec<Finding>) {
    if found.is_empty() {
        return;
    }
    let names: Vec<_> = found.iter().map(|path| path.display().to_string()).collect();
    let what = format!(
        "a killed command left {} unfinished: {}",
        counted(names.len(), "file"),
        listed(&names)
    );
    let mend =
        "gives them another name; a private key may be in one, so look before you delete them";
    findings.push(Finding::advice(id, what, mend).fixable());
}

fn ca_places(folder: &Path) -> Vec<PathBuf> {
    let mut places = vec![folder.to_owned()];
    let below = ["private", layout::NEW_CERTIFICATES, layout::PENDING, layout::PREVIOUS];
    places.extend(below.iter().map(|name| folder.join(name)));
    places
}

fn begun(folder: &Path) -> Result<usize> {
    let entries = match fs::read_dir(folder.join(layout::PENDING)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error.into()),
    };
    let mut count = 0;
    for entry in entries {
        count += usize::from(
            entry?.path().extension().is_some_and(|end| end == "new" || end == "group"),
        );
    }
    Ok(count)
}

/// Temporary files of dead processes in these folders.
fn unfinished(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in folders {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_pending =
                (*name == *"tmp" || name.starts_with("tmp-")) && folder.ends_with(layout::PENDING);
            let is_temporary = name.starts_with('.') && name.ends_with(ENDING);
            if is_temporary || is_pending {
                found.push(entry.path());
            }
        }
    }
    found.retain(|path| dead(path).is_some());
    found.sort();
    found
}

/// The proof that nobody is writing a temporary file: its lock, or that of the folder of a CA that is being made, and
/// that of the folder around, in which files are exchanged. It keeps others away while it is held.
fn dead(path: &Path) -> Option<Vec<fs::File>> {
    let there = fs::symlink_metadata(path).ok()?;
    if there.file_type().is_fifo() || there.file_type().is_socket() {
        return None;
    }
    let around = fs::File::open(atomic::folder_of(path)).ok()?;
    around.file().try_lock_shared().ok()?;
    let mut proof = vec![around];
    if !there.is_symlink() {
        let file = fs::File::open(path).ok()?;
        file.file().try_lock().ok()?;
        proof.push(file);
    }
    // It may have got its name in the meantime.
    let now = fs::symlink_metadata(path).ok()?;
    (now.ino() == there.ino()).then_some(proof)
}

/// Ends exchanges, and moves unfinished files out of the way.
pub(super) fn repair(mending: &mut Mending<'_>) -> Result<()> {
    let scene = mending.scene;
    let folders = folders::around(scene);
    for folder in &folders {
        // Whoever has locked it does that, and is not waited for: they may wait for this command.
        if is_interrupted(folder) && together::recover(folder)? {
            mending.said.push(format!("ended the exchange of files in {}", folder.display()));
        }
    }
    let mut places = ca_places(scene.ca.path());
    places.extend(folders);
    for path in unfinished(&places) {
        let Some(_proof) = dead(&path) else { continue };
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let plain = name.trim_start_matches('.').trim_end_matches(ENDING);
        let names = (0..1000).map(|attempt| match attempt {
            0 => format!("{plain}.unfinished"),
            1 => format!("{plain}.unfinished.{}", mending.stamp),
            more => format!("{plain}.unfinished.{}-{more}", mending.stamp),
        });
        let mut targets = names.map(|name| path.with_file_name(name));
        let free = targets.find(|target| target.symlink_metadata().is_err());
        let target = free.ok_or_else(|| {
            Error::refused(format!("{}: too many unfinished files are beside it", path.display()))
        })?;
        atomic::rename_without_replacing(&path, &target)?;
        mending.said.push(format!("{} is {} now", path.display(), target.display()));
        atomic::sync_folder(atomic::folder_of(&path))?;
    }
    let restored = scene.ca.path().join(layout::RESTORED.name);
    if restored.symlink_metadata().is_ok() {
        atomic::remove_if_there(&restored)?;
        atomic::sync_folder(scene.ca.path())?;
    }
    Ok(())
}
