//! What must hold for every input holds for everything that the fuzzer has kept.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot prepare its files has to fail"
)]

#[allow(dead_code, reason = "another test uses another part of it")]
#[path = "../fuzz/src/lib.rs"]
mod properties;

use std::path::{Path, PathBuf};

use properties::TARGETS;

fn folder(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(part)
}

/// The names in a folder, sorted, without their extensions.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<_> =
        entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn every_input_that_was_kept_passes() {
    let mut failed = Vec::new();
    for (target, check) in TARGETS {
        let mut count = 0;
        for entry in std::fs::read_dir(folder("corpus").join(target)).unwrap() {
            let path = entry.unwrap().path();
            let input = std::fs::read(&path).unwrap();
            count += 1;
            if std::panic::catch_unwind(|| check(&input)).is_err() {
                failed.push(path);
            }
        }
        assert!(count > 0, "{target} has no corpus");
    }
    assert!(failed.is_empty(), "these fail: {failed:#?}");
}

#[test]
fn every_target_has_its_program_and_its_corpus() {
    let known = TARGETS.map(|(name, _)| name);
    assert_eq!(names(&folder("fuzz_targets")), known);
    assert_eq!(names(&folder("corpus")), known);
}
