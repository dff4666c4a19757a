//! Other people's programs, and what happens where one is missing.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where `tests/run` counts the skips.
fn skip_list() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("skipped")
}

/// Says that the running test is not run, and why. Under CI that is a failure.
///
/// The line goes past the capture of the test runner, and into the file that `tests/run` counts.
pub fn skip(reason: &str) {
    let thread = std::thread::current();
    let line = format!("SKIPPED {}: {reason}\n", thread.name().unwrap_or("a test"));
    assert!(env::var_os("CI").is_none(), "under CI nothing is skipped: {line}");
    let mut list = OpenOptions::new().create(true).append(true).open(skip_list()).unwrap();
    list.write_all(line.as_bytes()).unwrap();
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// The path of a program, or a skip.
pub fn peer(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let system =
        ["/usr/sbin", "/sbin", "/usr/lib/ssl/misc", "/usr/share/easy-rsa"].map(PathBuf::from);
    let found = env::split_paths(&path).chain(system).map(|f| f.join(name)).find(|f| f.is_file());
    if found.is_none() {
        skip(&format!("{name} is not installed; tests/run installs it"));
    }
    found
}

/// The Python interpreter that has pkilint and cryptography, or a skip.
pub fn peers_python() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let python = target.join("peers/bin/python3");
    if python.is_file() {
        return Some(python);
    }
    skip("target/peers with pkilint and cryptography is missing; tests/run makes it");
    None
}
