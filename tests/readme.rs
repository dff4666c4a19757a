//! Every command in every page of the documentation is executed.
//!
//! A block that is fenced `sh` runs in bash, with the program built here first on PATH and without a
//! terminal. In the README the first block of a section begins in a new folder, and in every page one that begins
//! with `mailca newca`; another goes on in the folder of the one before. A block that is
//! fenced `sh terminal` runs at a terminal, and its questions for passwords are answered. In a block
//! that is fenced `console`, the lines that begin with `$ ` run like `sh`; what they print is an
//! example. A block that is fenced `sh setup` installs, builds or tests: each of its commands must be one
//! that exists here, and mailca's own are run. `text` is no command, and any other word is the language of a
//! file.
//!
//! The pages of the servers are followed in `tests/servers`, on machines with these servers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot prepare its files has to fail"
)]

mod support;

#[path = "readme/map.rs"]
mod map;
#[path = "readme/quoted.rs"]
mod quoted;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use support::page::blocks;
use support::{Folder, MAILCA, Pty};

/// How the commands of a page are executed.
#[derive(PartialEq)]
enum How {
    /// Here; each section begins in a new folder.
    Sections,
    /// Here; each section goes on in the folder of the one before.
    OnAndOn,
    /// In `tests/servers`, on a machine with a mail server.
    Machine,
    /// There are none.
    NoCommand,
}

const PAGES: &[(&str, How)] = &[
    ("ARCHITECTURE.md", How::NoCommand),
    ("CHANGELOG.md", How::NoCommand),
    ("CONTRIBUTING.md", How::OnAndOn),
    ("README.md", How::Sections),
    ("SECURITY.md", How::NoCommand),
    ("docs/README.md", How::NoCommand),
    ("docs/check.md", How::Machine),
    ("docs/dovecot.md", How::Machine),
    ("docs/exim.md", How::Machine),
    ("docs/from-ca-pl.md", How::OnAndOn),
    ("docs/opensmtpd.md", How::Machine),
    ("docs/postfix.md", How::Machine),
    ("docs/sendmail.md", How::Machine),
    ("docs/settings.md", How::OnAndOn),
    ("docs/speed.md", How::OnAndOn),
    ("docs/users.md", How::OnAndOn),
    ("docs/why.md", How::OnAndOn),
    ("fuzz/README.md", How::OnAndOn),
];

/// What a command begins with, where it is none of the shell.
const PROGRAMS: &[&str] =
    &["mailca", "openssl", "cargo", "fuzz/run", "tests/run", "$", "sudo", "apt"];

/// All pages of this project. Those in templates/ are texts of the program, with tests of their own.
fn all_pages() -> Vec<String> {
    fn search(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
            let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
            let is_ours =
                !name.starts_with('.') && !["target", "templates"].contains(&name.as_str());
            if is_ours && entry.file_type().unwrap().is_dir() {
                search(&path, found);
            } else if is_ours && Path::new(&name).extension().is_some_and(|ending| ending == "md") {
                let root = Path::new(env!("CARGO_MANIFEST_DIR"));
                found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let mut found = Vec::new();
    search(Path::new(env!("CARGO_MANIFEST_DIR")), &mut found);
    found.sort();
    found
}

#[test]
fn no_page_is_without_somebody_who_runs_it() {
    let known: Vec<_> = PAGES.iter().map(|(page, _)| (*page).to_owned()).collect();
    assert_eq!(all_pages(), known, "PAGES in tests/readme.rs says how each page is executed");
    for (page, how) in PAGES {
        match how {
            How::Sections | How::OnAndOn => {}
            How::Machine => {
                let call = format!("\"{}\"", page.trim_start_matches("docs/"));
                let is_followed = |file: &fs::DirEntry| {
                    let text = fs::read_to_string(file.path()).unwrap_or_default();
                    text.split("follow(")
                        .skip(1)
                        .any(|rest| rest.split(';').next().unwrap().contains(&call))
                };
                let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers");
                let mut files = fs::read_dir(folder).unwrap().map(|file| file.unwrap());
                assert!(files.any(|file| is_followed(&file)), "nobody follows {page}");
            }
            How::NoCommand => {
                for block in blocks(page) {
                    assert_eq!(block.kind, "text", "{page} has no command: {}", block.text);
                }
            }
        }
        let is_indented = |line: &&str| {
            line.starts_with("    ") && PROGRAMS.iter().any(|it| line.trim_start().starts_with(it))
        };
        let indented: Vec<_> =
            quoted::prose(page).lines().filter(is_indented).map(str::to_owned).collect();
        assert!(
            indented.is_empty(),
            "{page}: nobody runs what is not between fences: {indented:?}"
        );
        for block in blocks(page).iter().filter(|block| block.kind == "text") {
            let mut words = block.text.lines().filter_map(|line| line.split_whitespace().next());
            let is_command = |word: &str| PROGRAMS.contains(&word);
            assert!(!words.any(is_command), "{page}: nobody runs this: {}", block.text);
        }
    }
}

#[test]
fn the_readme_does_what_it_says() {
    follow("README.md", true);
}

#[test]
fn the_page_on_people_does_what_it_says() {
    support::need!("openssl", "unzip");
    follow("docs/users.md", false);
}

#[test]
fn the_page_on_settings_does_what_it_says() {
    follow("docs/settings.md", false);
}

#[test]
fn the_page_on_ca_pl_does_what_it_says() {
    support::need!("openssl", "perl", "CA.pl", "easyrsa", "mkcert");
    follow("docs/from-ca-pl.md", false);
}

#[test]
fn the_page_on_reasons_does_what_it_says() {
    support::need!("openssl");
    follow("docs/why.md", false);
}

#[test]
fn what_an_engineer_types_is_there() {
    follow("CONTRIBUTING.md", false);
    follow("docs/speed.md", false);
    follow("fuzz/README.md", false);
}

/// Runs the blocks of a page; those of a section begin in a new folder, or go on in that of the section before.
fn follow(page: &str, sections_begin_anew: bool) {
    let mut ran = 0;
    let mut folder = Folder::empty();
    let mut section = String::new();
    for block in blocks(page) {
        let is_new = block.section != section && sections_begin_anew;
        if is_new || block.text.starts_with("mailca newca") {
            folder = Folder::empty();
        }
        section.clone_from(&block.section);
        let context = format!("{page}, {section}:\n{}", block.text);
        match block.kind.as_str() {
            "sh" | "console" => {
                let script = block.script();
                assert!(!script.trim().is_empty(), "no command: {context}");
                let outcome = folder.bash(&script).output();
                assert_eq!(outcome.status, Some(0), "{context}{outcome}");
                ran += 1;
            }
            "sh terminal" => {
                at_a_terminal(&folder, &block.text, &context);
                ran += 1;
            }
            "sh setup" => {
                set_up(&block.text, &context);
                ran += 1;
            }
            other => assert!(!other.starts_with("sh"), "{other:?} is no kind of block: {context}"),
        }
    }
    assert!(ran > 0, "{page} shows no command");
}

fn at_a_terminal(folder: &Folder, script: &str, context: &str) {
    let bin = Path::new(MAILCA).parent().unwrap().display();
    let script = format!("set -euo pipefail; PATH={bin}:$PATH; {script}");
    let mut terminal = Pty::start_with("/bin/bash".as_ref(), folder.root(), "-c", &[&script]);
    terminal.expect("assword").answer("correct horse");
    let (screen, status) = terminal.finish_answering(":", "correct horse");
    assert_eq!(status, 0, "{context}{screen}");
}

/// Whether the commands by which one installs, builds and tests are there, and what they start works.
fn set_up(script: &str, context: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for line in script.lines() {
        let line = line.split(" #").next().unwrap().trim();
        let mut words: Vec<&str> = line.split_whitespace().collect();
        while words.first().is_some_and(|word| word.contains('=')) {
            words.remove(0);
        }
        match words[..] {
            []
            | ["cargo", "build" | "check" | "fmt" | "doc" | "clippy", ..]
            | ["cargo", "test", "--lib", ..]
            | ["cargo", "install", "--path" | "--locked", ..]
            | ["cargo", "bench"]
            | ["git", "clone", ..]
            | ["cd", _] => {}
            ["cargo", "run", "--release", "--", ..] => {
                let folder = Folder::empty();
                let outcome = folder.mailca("").args(&words[4..]).output();
                assert_eq!(outcome.status, Some(0), "{context}{outcome}");
            }
            ["cargo", "test" | "bench", kind, name, ref filter @ ..] => {
                let of = if kind == "--bench" { "benches" } else { "tests" };
                is_a_test(&root.join(of), name, filter.first().copied(), context);
            }
            ["tests/run", "--test", name, ref filter @ ..] => {
                is_a_test(&root.join("tests"), name, filter.first().copied(), context);
            }
            ["fuzz/run", _seconds, ref target @ ..] => {
                let is_there =
                    |name: &&str| root.join(format!("fuzz/fuzz_targets/{name}.rs")).is_file();
                assert!(target.iter().all(is_there), "no such target: {context}");
            }
            [program, ..] if root.join(program).is_file() => {
                let mode = fs::metadata(root.join(program)).unwrap().permissions().mode();
                assert_eq!(mode & 0o111, 0o111, "not executable: {context}");
            }
            _ => panic!("{line:?} is no command of this project: {context}"),
        }
    }
}

/// A test or benchmark of that name is there, and what is chosen of it.
fn is_a_test(folder: &Path, name: &str, filter: Option<&str>, context: &str) {
    let mut all = fs::read_to_string(folder.join(format!("{name}.rs")))
        .unwrap_or_else(|_| panic!("{name} is no test: {context}"));
    for file in fs::read_dir(folder.join(name)).into_iter().flatten() {
        all += &fs::read_to_string(file.unwrap().path()).unwrap_or_default();
    }
    let filter = filter.unwrap_or_default().trim_end_matches("::");
    assert!(filter.is_empty() || all.contains(filter), "{name} has no {filter}: {context}");
}

#[test]
fn the_two_set_up_commands_are_there() {
    let blocks = blocks("README.md");
    let setup: String =
        blocks.iter().filter(|block| block.kind == "sh setup").map(|b| b.text.as_str()).collect();
    assert!(setup.contains("cargo run --release -- quickstart"), "{setup}");
    assert!(setup.contains("tests/run"), "{setup}");
}
