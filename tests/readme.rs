//! The README is executed, and so is docs/users.md.
//!
//! A block that is fenced `sh` runs in bash, with the program built here first on PATH and without a
//! terminal; the first block of a section, and one that begins with `mailca newca`, begins in a new
//! folder, another goes on in the folder of the one before. A block that is
//! fenced `sh terminal` runs at a terminal, and its questions for passwords are answered. In a block
//! that is fenced `console`, the lines that begin with `$ ` run like `sh`; what they print is an
//! example. A block that is fenced `sh setup` installs or builds: each of its commands must be one
//! that exists here, and mailca's own are run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot prepare its files has to fail"
)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use support::{Folder, MAILCA, Pty};

struct Block {
    section: String,
    kind: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
    let mut section = String::new();
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if let Some(kind) = line.strip_prefix("```") {
            open = !open;
            if open {
                let (section, kind) = (section.clone(), kind.trim().to_string());
                blocks.push(Block { section, kind, text: String::new() });
            }
        } else if open {
            let block = blocks.last_mut().unwrap();
            block.text.push_str(line);
            block.text.push('\n');
        } else if line.starts_with('#') {
            section = line.trim_start_matches('#').trim().to_string();
        }
    }
    assert!(!open, "a block of {page} is not closed");
    blocks
}

/// The commands of a console block: what follows the prompt, and the lines it continues on.
fn commands(text: &str) -> String {
    let mut script = String::new();
    let mut continues = false;
    for line in text.lines() {
        let command = if continues { Some(line) } else { line.strip_prefix("$ ") };
        if let Some(command) = command {
            script.push_str(command);
            script.push('\n');
            continues = command.ends_with('\\');
        }
    }
    script
}

#[test]
fn every_block_does_what_it_says() {
    follow("README.md", true);
}

#[test]
fn the_page_on_people_does_what_it_says() {
    support::need!("openssl", "unzip");
    follow("docs/users.md", false);
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
                let script =
                    if block.kind == "sh" { block.text.clone() } else { commands(&block.text) };
                assert!(!script.trim().is_empty(), "no command: {context}");
                let outcome = folder.bash(&script).output();
                assert_eq!(outcome.status, Some(0), "{context}{outcome}");
                ran += 1;
            }
            "sh terminal" => {
                at_a_terminal(&folder, &block.text, &context);
                ran += 1;
            }
            "sh setup" => set_up(&block.text, &context),
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

/// Whether the commands by which one installs are there, and what they start works.
fn set_up(script: &str, context: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for line in script.lines() {
        let line = line.split(" #").next().unwrap().trim();
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            []
            | ["cargo", "build", "--release"]
            | ["cargo", "install", "--path", "."]
            | ["cargo", "install", "--locked", "--path", "."]
            | ["git", "clone", ..]
            | ["cd", _] => {}
            ["cargo", "run", "--release", "--", ..] => {
                let folder = Folder::empty();
                let outcome = folder.mailca("").args(&words[4..]).output();
                assert_eq!(outcome.status, Some(0), "{context}{outcome}");
            }
            [program, ..] if root.join(program).is_file() => {
                let mode = fs::metadata(root.join(program)).unwrap().permissions().mode();
                assert_eq!(mode & 0o111, 0o111, "not executable: {context}");
            }
            _ => panic!("{line:?} is no command of this project: {context}"),
        }
    }
}

#[test]
fn the_two_set_up_commands_are_there() {
    let blocks = blocks("README.md");
    let setup: String =
        blocks.iter().filter(|block| block.kind == "sh setup").map(|b| b.text.as_str()).collect();
    assert!(setup.contains("cargo run --release -- quickstart"), "{setup}");
    assert!(setup.contains("tests/run"), "{setup}");
}
