//! The memory of mailca as it ends.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use crate::secrets::jobs::Job;
use crate::secrets::secret::Secret;
use crate::support::{Folder, Outcome, Run};

/// The library that writes the memory out, compiled once.
static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd/secrets/memory.c");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (library, partial) = (folder.join("memory.so"), folder.join("memory.so.new"));
    // Linked at once: a function that is looked for when it is first called has the registers written to
    // the stack, and in those is what the last cipher worked on.
    let compiled = Command::new("gcc")
        .args(["-shared", "-fPIC", "-Wall", "-Werror", "-O1", "-Wl,-z,now", "-o"])
        .args([&partial, &source])
        .status()
        .unwrap();
    assert!(compiled.success(), "the library does not compile");
    fs::rename(partial, &library).unwrap();
    library
});

/// All that was writable, without the pages that were empty.
pub struct Memory {
    /// Address and content, each of a run of pages.
    pieces: Vec<(u64, Vec<u8>)>,
    /// The map of the process, as the kernel shows it.
    map: String,
    /// The limits of the process, as the kernel shows them.
    pub limits: String,
    /// Whether another process of the same user may read it.
    pub is_dumpable: bool,
    /// How the run ended.
    pub outcome: Outcome,
}

impl Memory {
    /// Runs mailca to its end.
    pub fn of(folder: &Folder, job: &Job) -> Self {
        let elsewhere = tempfile::tempdir().unwrap();
        let dump = elsewhere.path().join("memory");
        let outcome = job.run(folder, &LIBRARY, &dump);
        Self::read(&dump, outcome)
    }

    /// The same for a command whose end does not matter.
    pub fn of_line(folder: &Folder, line: &str) -> Self {
        Self::of_run(folder.mailca(line))
    }

    /// The same for a program that is mailca.
    pub fn of_run(run: Run) -> Self {
        let elsewhere = tempfile::tempdir().unwrap();
        let dump = elsewhere.path().join("memory");
        let run = run.env("LD_PRELOAD", LIBRARY.to_str().unwrap());
        let outcome = run.env("MEMORY_DUMP", dump.to_str().unwrap()).output();
        Self::read(&dump, outcome)
    }

    fn read(dump: &Path, outcome: Outcome) -> Self {
        let side = |suffix: &str| {
            fs::read_to_string(dump.with_extension(suffix))
                .unwrap_or_else(|error| panic!("{suffix}: {error}\n{outcome}"))
        };
        Self {
            pieces: pieces(&fs::read(dump).unwrap()),
            map: side("map"),
            limits: side("limits"),
            is_dumpable: side("dumpable") == "1",
            outcome,
        }
    }

    /// Where parts of a secret are, each place once.
    pub fn places_of(&self, secret: &Secret) -> Vec<String> {
        let mut wanted: HashMap<u64, Vec<(&str, &[u8])>> = HashMap::new();
        for (form, bytes) in &secret.parts {
            wanted.entry(first(bytes).unwrap()).or_default().push((form, bytes));
        }
        let mut places = Vec::new();
        for (address, bytes) in &self.pieces {
            for (at, window) in bytes.windows(8).enumerate() {
                let Some(candidates) = first(window).and_then(|word| wanted.get(&word)) else {
                    continue;
                };
                for (form, part) in candidates {
                    if bytes[at..].starts_with(part) {
                        let at = address + at as u64;
                        let place = self.name_of(at);
                        places.push(format!("{} as {form}, in {place} at {at:x}", secret.name));
                    }
                }
            }
        }
        places
    }

    fn name_of(&self, address: u64) -> &str {
        let line = self.map.lines().find(|line| {
            let range = line.split_whitespace().next().and_then(|range| range.split_once('-'));
            range.is_some_and(|(from, to)| {
                let [from, to] = [from, to].map(|text| u64::from_str_radix(text, 16).unwrap());
                (from..to).contains(&address)
            })
        });
        line.and_then(|line| line.split_whitespace().nth(5)).unwrap_or("a mapping without a name")
    }
}

fn first(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes.get(..8)?.try_into().unwrap()))
}

/// Pages that follow each other as one piece.
fn pieces(dump: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut pieces: Vec<(u64, Vec<u8>)> = Vec::new();
    let mut rest = dump;
    while !rest.is_empty() {
        let (header, after) = rest.split_at(16);
        let [address, length] =
            [0, 8].map(|at| u64::from_ne_bytes(header[at..at + 8].try_into().unwrap()));
        let (page, after) = after.split_at(usize::try_from(length).unwrap());
        match pieces.last_mut() {
            Some((start, bytes)) if *start + bytes.len() as u64 == address => {
                bytes.extend_from_slice(page);
            }
            _ => pieces.push((address, page.to_vec())),
        }
        rest = after;
    }
    pieces
}
