//! Who may read and change the CA's files.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::error::Result;
use crate::store::doctor::fix::Mending;
use crate::store::doctor::{Finding, Scene, listed};
use crate::store::layout;

/// What is to be changed.
#[derive(Debug, Default)]
struct Wrong {
    /// Keys that others can open.
    keys: Vec<(PathBuf, u32)>,
    /// What others can change.
    writable: Vec<(PathBuf, u32)>,
    /// The CA folder, and those of keys, where others can only look into them.
    folder: Vec<(PathBuf, u32)>,
    /// What belongs to somebody who is neither root nor the folder's owner.
    owned: Vec<PathBuf>,
    links: Vec<PathBuf>,
}

pub(super) fn examine(scene: &Scene<'_>, findings: &mut Vec<Finding>) -> Result<()> {
    let wrong = look(scene.ca.path())?;
    let paths = |all: &[(PathBuf, u32)]| {
        listed(&all.iter().map(|(path, _)| path.display().to_string()).collect::<Vec<_>>())
    };
    if !wrong.keys.is_empty() {
        let what = format!("others can read {}", paths(&wrong.keys));
        let mend = "closes it; if somebody may have read the key, it wants `mailca rekey-ca` too";
        findings.push(Finding::problem("key-readable-by-others", what, mend).fixable());
    }
    if !wrong.writable.is_empty() {
        let what = format!("others can change {}", paths(&wrong.writable));
        findings
            .push(Finding::problem("writable-by-others", what, "takes that right away").fixable());
    }
    if !wrong.folder.is_empty() {
        let what = format!("others can look into {}", paths(&wrong.folder));
        let mend =
            "sets the mode 0700; what is served from there wants `mailca crl --publish` instead";
        findings.push(Finding::advice("folder-open", what, mend).fixable());
    }
    if !wrong.owned.is_empty() {
        let names: Vec<_> = wrong.owned.iter().map(|path| path.display().to_string()).collect();
        let what = format!("another user than the folder's owner owns {}", listed(&names));
        let finding = Finding::problem("wrong-owner", what, "gives it to the owner of the folder");
        findings.push(if rustix::process::geteuid().is_root() {
            finding.fixable()
        } else {
            Finding { mend: "as root: chown it to the owner of the CA's folder".into(), ..finding }
        });
    }
    let me = rustix::process::geteuid();
    let owner = fs::metadata(scene.ca.path())?.uid();
    if owner != me.as_raw() && owner != 0 && !me.is_root() {
        let what = format!("{} belongs to another user (uid {owner})", scene.ca.path().display());
        let mend = "use the CA as that user";
        findings.push(Finding::problem("foreign-owner", what, mend));
    }
    if !wrong.links.is_empty() {
        let names: Vec<_> = wrong.links.iter().map(|path| path.display().to_string()).collect();
        let what = format!("{} is a symbolic link", listed(&names));
        let mend =
            "if that is not meant, put the file itself there; `mailca backup` leaves links out";
        findings.push(Finding::advice("key-is-a-link", what, mend));
    }
    Ok(())
}

/// Sets modes and owners. A mode is only ever narrowed.
pub(super) fn repair(mending: &mut Mending<'_>) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let wrong = look(mending.scene.ca.path())?;
    for (path, mode) in wrong.keys.iter().chain(&wrong.writable).chain(&wrong.folder) {
        fs::set_permissions(path, std::fs::Permissions::from_mode(*mode))?;
        mending.said.push(format!("{} has the mode {mode:04o} now", path.display()));
    }
    for path in &wrong.owned {
        mending.give_to_owner(path)?;
    }
    Ok(())
}

fn look(folder: &Path) -> Result<Wrong> {
    let mut wrong = Wrong::default();
    let top = fs::metadata(folder)?;
    let owner = top.uid();
    let others = |mode: u32| mode & 0o077 != 0;
    let private = folder.join("private");
    let previous = folder.join(layout::PREVIOUS);
    let mut keys = vec![folder.join(layout::CA_KEY.name)];
    if let Ok(entries) = fs::read_dir(&previous) {
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        keys.extend(paths.filter(|path| path.to_string_lossy().contains(".key.pem")));
    }
    if let Ok(entries) = fs::read_dir(&private) {
        // What an earlier key was kept as.
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        keys.extend(paths.filter(|path| path.to_string_lossy().contains("/cakey.pem.")));
    }
    keys.sort();
    for key in keys {
        let Ok(metadata) = fs::symlink_metadata(&key) else { continue };
        if metadata.is_symlink() {
            wrong.links.push(key);
            continue;
        }
        if others(metadata.mode()) {
            wrong.keys.push((key.clone(), layout::CA_KEY.mode));
        }
        if metadata.uid() != owner && metadata.uid() != 0 {
            wrong.owned.push(key);
        }
    }
    for path in [private, previous] {
        let Ok(metadata) = fs::metadata(&path) else { continue };
        if metadata.mode() & 0o022 != 0 {
            wrong.writable.push((path, layout::FOLDER_MODE));
        } else if others(metadata.mode()) {
            // CA.pl makes it so; a key in it that is closed was never open.
            wrong.folder.push((path, layout::FOLDER_MODE));
        }
    }
    for (name, mode) in [
        ("", 0o755),
        (layout::NEW_CERTIFICATES, 0o755),
        (layout::PENDING, 0o755),
        (layout::CA_CERTIFICATE.name, layout::CA_CERTIFICATE.mode),
        (layout::INDEX.name, layout::INDEX.mode),
        (layout::INDEX_ATTRIBUTES.name, layout::INDEX_ATTRIBUTES.mode),
        (layout::SERIAL.name, layout::SERIAL.mode),
        (layout::CRL_NUMBER.name, layout::CRL_NUMBER.mode),
        (layout::CONFIGURATION.name, layout::CONFIGURATION.mode),
        (layout::OPENSSL_CONFIGURATION.name, layout::OPENSSL_CONFIGURATION.mode),
    ] {
        let path = if name.is_empty() { folder.to_owned() } else { folder.join(name) };
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        if metadata.is_symlink() {
            continue;
        }
        if metadata.mode() & 0o022 != 0 {
            wrong.writable.push((path.clone(), metadata.mode() & mode));
        }
        if metadata.uid() != owner && metadata.uid() != 0 {
            wrong.owned.push(path);
        }
    }
    let top_is_writable = wrong.writable.iter().any(|(path, _)| path == folder);
    if others(top.mode()) && !top_is_writable {
        wrong.folder.push((folder.to_owned(), layout::FOLDER_MODE));
    } else if let Some((_, mode)) = wrong.writable.iter_mut().find(|(path, _)| path == folder) {
        *mode = layout::FOLDER_MODE;
    }
    Ok(wrong)
}
