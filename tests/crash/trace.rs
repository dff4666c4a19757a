//! The system calls of a run that change files, and runs that are struck at one of them.

use std::path::Path;

use crate::support::{Folder, MAILCA, Outcome, Run, peer};

/// Everything by which a program changes what is on the disk.
const CHANGING: &str = "openat,write,pwrite64,writev,fsync,fdatasync,syncfs,link,linkat,symlinkat,\
    rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,ftruncate,chmod,fchmod,fchmodat,\
    copy_file_range,rmdir";

/// One system call of a run.
#[derive(Clone, Debug)]
pub struct Call {
    pub name: String,
    /// The how manieth of its name in the run, from 1, as strace counts.
    pub number: usize,
    pub line: String,
}

impl Call {
    /// Whether it can change a file: not a read-only open, not a word to the terminal.
    fn changes(&self) -> bool {
        let arguments = self.line.split_once('(').map_or("", |(_, rest)| rest);
        match self.name.as_str() {
            "openat" => {
                ["O_WRONLY", "O_RDWR", "O_CREAT"].iter().any(|flag| self.line.contains(flag))
            }
            "write" | "writev" => !["0,", "1,", "2,"].iter().any(|fd| arguments.starts_with(fd)),
            _ => true,
        }
    }
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

/// The calls of `line` in such a folder that change files.
pub fn changing_calls(folder: &Folder, line: &str) -> Vec<Call> {
    let run = |options: &[&str]| strace(folder, options, line).success();
    let calls: Vec<_> = traced(run, CHANGING).into_iter().filter(Call::changes).collect();
    assert!(calls.len() >= 4, "too few to be true: {calls:?}");
    calls
}

/// The run, struck at that call by `signal=KILL` or `error=ENOSPC`.
pub fn struck(folder: &Folder, line: &str, call: &Call, by: &str) -> Outcome {
    let Call { name, number, .. } = call;
    let inject = format!("inject={name}:{by}:when={number}");
    strace(folder, &["-o", "/dev/null", "-e", &format!("trace={name}"), "-e", &inject], line)
        .output()
}
