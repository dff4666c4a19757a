//! A folder as it is at one moment: names, kinds, modes, bytes.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Folder,
    File(Vec<u8>),
    Link(PathBuf),
}

/// All that is in a folder, to any depth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<PathBuf, (u32, Kind)>);

impl Snapshot {
    pub fn of(folder: &Path) -> Self {
        let mut entries = BTreeMap::new();
        collect(folder, folder, &mut entries);
        Self(entries)
    }

    /// Writes all of it into an empty folder.
    pub fn write_to(&self, folder: &Path) {
        for (name, (mode, kind)) in &self.0 {
            let path = folder.join(name);
            match kind {
                Kind::Folder => fs::create_dir(&path).unwrap(),
                Kind::File(bytes) => fs::write(&path, bytes).unwrap(),
                Kind::Link(target) => {
                    symlink(target, &path).unwrap();
                    continue;
                }
            }
            fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).unwrap();
        }
    }

    /// The same at another place, for the files that hold the place where they are.
    pub fn moved(mut self, from: &Path, to: &Path) -> Self {
        let [from, to] = [from, to].map(|path| path.display().to_string());
        for (_, kind) in self.0.values_mut() {
            if let Kind::File(bytes) = kind
                && let Ok(text) = std::str::from_utf8(bytes)
                && text.contains(&from)
                && !text.contains('\0')
            {
                *bytes = text.replace(&from, &to).into_bytes();
            }
        }
        self
    }

    /// The relative names of all files and links, sorted.
    pub fn files(&self) -> Vec<String> {
        let files = self.0.iter().filter(|(_, (_, kind))| *kind != Kind::Folder);
        files.map(|(name, _)| name.display().to_string()).collect()
    }

    /// Which files there are, with their modes, whether each is as it was, and about how much is in it; so that two
    /// snapshots have the same shape where they differ in keys and signatures only.
    pub fn shape_since(&self, before: &Self) -> Vec<String> {
        let shape = |(name, entry): (&PathBuf, &(u32, Kind))| {
            let is_random = |c: char| c.is_ascii_hexdigit() && !c.is_ascii_lowercase();
            let name = name.display().to_string().replace(is_random, "");
            let content = match &entry.1 {
                _ if before.0.values().any(|old| old.1 == entry.1) => "as it was".to_owned(),
                Kind::Folder => "folder".to_owned(),
                Kind::Link(target) => format!("-> {}", target.display()),
                Kind::File(bytes) => {
                    format!("{} {}", bytes.len().div_ceil(128), bytes.ends_with(b"\n"))
                }
            };
            format!("{name} {:o} {content}", entry.0)
        };
        self.0.iter().map(shape).collect()
    }

    /// What was added, removed or changed since `before`, one line each.
    pub fn changes_since(&self, before: &Self) -> String {
        let mut text = String::new();
        for (name, entry) in &self.0 {
            match before.0.get(name) {
                None => writeln!(text, "new: {} (mode {:o})", name.display(), entry.0).unwrap(),
                Some(old) if old != entry => {
                    writeln!(text, "changed: {} ({:o} -> {:o})", name.display(), old.0, entry.0)
                        .unwrap();
                }
                Some(_) => {}
            }
        }
        for name in before.0.keys().filter(|name| !self.0.contains_key(*name)) {
            writeln!(text, "gone: {}", name.display()).unwrap();
        }
        text
    }
}

fn collect(root: &Path, folder: &Path, entries: &mut BTreeMap<PathBuf, (u32, Kind)>) {
    // A temporary file of a program that runs at the same time may go away in between.
    let Ok(listing) = fs::read_dir(folder) else { return };
    for entry in listing {
        let path = entry.unwrap().path();
        let Ok(meta) = fs::symlink_metadata(&path) else { continue };
        let kind = if meta.is_symlink() {
            Kind::Link(fs::read_link(&path).unwrap())
        } else if meta.is_dir() {
            collect(root, &path, entries);
            Kind::Folder
        } else {
            Kind::File(fs::read(&path).unwrap())
        };
        let name = path.strip_prefix(root).unwrap().to_path_buf();
        entries.insert(name, (meta.permissions().mode() & 0o7777, kind));
    }
}

/// The permission bits of a file, not of what a link points to.
pub fn mode(path: &Path) -> u32 {
    let meta = fs::symlink_metadata(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    meta.permissions().mode() & 0o7777
}
