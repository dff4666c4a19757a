//! The system calls of a run, as strace shows them.

use std::path::Path;

use crate::support::{Folder, MAILCA, Outcome, Run, peer};

/// One system call of a run.
#[derive(Clone, Debug)]
pub struct Call {
    pub name: String,
    /// The how manieth of its name in the run, from 1, as strace counts.
    pub number: usize,
    pub line: String,
}

/// mailca under strace with these options of it.
pub fn strace(folder: &Folder, options: &[&str], line: &str) -> Run {
    let strace = peer("strace").expect("ask need! first");
    let run = Run::new(&strace, folder.root(), "-f -qq -s 300").args(options);
    run.args(&[MAILCA]).args(&line.split(' ').collect::<Vec<_>>())
}

/// The calls of a whole run, of the named kinds.
pub fn traced(run: impl FnOnce(&[&str]) -> Outcome, kinds: &str) -> Vec<Call> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap().to_string();
    let _ = run(&["-e", &format!("trace={kinds}"), "-o", &path]);
    parse(file.path())
}

fn parse(path: &Path) -> Vec<Call> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut calls: Vec<Call> = Vec::new();
    // strace counts those of each process by themselves; mailca is the first.
    let process = |line: &str| line.split(' ').next().map(String::from);
    let first = text.lines().next().and_then(process);
    for line in text.lines().filter(|line| process(line) == first) {
        // `PID name(arguments) = result`
        let line = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
        let Some((name, _)) = line.split_once('(') else { continue };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            continue;
        }
        let number = calls.iter().filter(|call| call.name == name).count() + 1;
        calls.push(Call { name: name.into(), number, line: line.into() });
    }
    calls
}
