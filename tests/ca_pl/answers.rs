//! What these tests share: the program under its other name, and a script's answers.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::support::{Folder, MAILCA, Run, Snapshot};

/// A folder with a link to mailca by the name of `CA.pl` in it, and nothing else.
pub fn bin() -> &'static Path {
    static BIN: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ca_pl");
        fs::create_dir_all(&folder).unwrap();
        let link = folder.join("CA.pl");
        if fs::read_link(&link).ok().as_deref() != Some(Path::new(MAILCA)) {
            let _ = fs::remove_file(&link);
            std::os::unix::fs::symlink(MAILCA, &link).unwrap();
        }
        folder
    });
    &BIN
}

/// The link itself.
pub fn link() -> PathBuf {
    bin().join("CA.pl")
}

/// CA.pl without a terminal.
pub fn ca_pl(folder: &Folder, line: &str) -> Run {
    Run::new(&link(), folder.root(), line)
}

/// A shell script, stopped at its first error, whose CA.pl is ours.
pub fn script(folder: &Folder, text: &str) -> Run {
    let path = std::env::var("PATH").unwrap_or_default();
    folder.bash(text).env("PATH", &format!("{}:{path}", bin().display()))
}

/// One line for each answer.
pub fn lines(answers: &[&str]) -> String {
    answers.iter().fold(String::new(), |mut text, answer| {
        writeln!(text, "{answer}").unwrap();
        text
    })
}

/// The answers to `-newca`, without a terminal.
pub const NEWCA: [&str; 13] = [
    "",
    "ca secret",
    "ca secret",
    "DE",
    "Hessen",
    "Gießen",
    "Example",
    "Mail",
    "Old CA",
    "ca@example.com",
    "",
    "",
    "ca secret",
];

/// The answers to `-newreq-nodes` for a host.
pub const HOST: [&str; 9] = ["DE", "", ".", "Example", "", "mail.example.com", "", "", ""];

/// The answers to `-newreq-nodes` for a person.
pub const PERSON: [&str; 9] = ["", "", "", "Example", "", "Joe User", "joe@example.com", "", ""];

/// With a CA that `-newca` made, under the passphrase `ca secret`; made once, and copied.
pub fn with_protected_ca() -> Folder {
    static MADE: LazyLock<Snapshot> = LazyLock::new(|| {
        let folder = Folder::empty();
        ca_pl(&folder, "-newca").stdin(lines(&NEWCA)).success();
        Snapshot::of(folder.root())
    });
    Folder::copy_of(&MADE)
}

/// With a CA of mailca's whose key has no passphrase, and the files of `-newreq-nodes`.
pub fn with_request(answers: &[&str]) -> Folder {
    let folder = Folder::with_ca();
    ca_pl(&folder, "-newreq-nodes").stdin(lines(answers)).success();
    folder
}

/// Signs, agreeing twice.
pub fn sign(folder: &Folder, line: &str) -> Run {
    ca_pl(folder, line).stdin("y\ny\n")
}

/// The names of files that begin with this one and were kept aside.
pub fn kept(folder: &Folder, name: &str) -> Vec<String> {
    let prefix = format!("{name}.old-");
    let files = Snapshot::of(folder.root()).files();
    files.into_iter().filter(|file| file.starts_with(&prefix)).collect()
}
