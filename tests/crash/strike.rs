//! Runs that are struck at one of the system calls by which they change files: by SIGKILL before it, or by an
//! error that it returns. `strike.c` does that; its beginning says what counts as such a call.

use std::collections::HashSet;
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{Folder, MAILCA, Outcome, Run, Snapshot, skip};

/// What a command does, and what must hold of a folder in which it was struck.
pub struct Case {
    pub line: &'static str,
    pub before: fn() -> Folder,
    /// Looks at the folder, runs what comes next, and looks whether all is done then.
    pub look: Box<dyn Fn(&Struck<'_>)>,
}

impl Case {
    /// Looks, and says where it was when something is not as it should be.
    pub fn looks(&self, struck: &Struck<'_>) {
        let look = std::panic::AssertUnwindSafe(|| (self.look)(struck));
        if let Err(panic) = std::panic::catch_unwind(look) {
            let _ = writeln!(std::io::stderr(), "{}{}", struck.context, struck.outcome);
            std::panic::resume_unwind(panic);
        }
    }
}

/// A folder in which a command was struck.
pub struct Struck<'a> {
    /// The same folder before it.
    pub before: &'a Folder,
    pub folder: &'a Folder,
    pub outcome: &'a Outcome,
    pub context: &'a str,
}

/// How a run is struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// SIGKILL before the call.
    Kill,
    /// The call does nothing and returns this.
    Error(Errno),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errno {
    Interrupted = 4,
    Hardware = 5,
    Permission = 13,
    NoSpace = 28,
}

/// All of them.
pub const BLOWS: [Blow; 5] = [
    Blow::Kill,
    Blow::Error(Errno::NoSpace),
    Blow::Error(Errno::Hardware),
    Blow::Error(Errno::Permission),
    Blow::Error(Errno::Interrupted),
];

impl fmt::Display for Blow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Kill => "SIGKILL",
            Self::Error(Errno::Interrupted) => "EINTR",
            Self::Error(Errno::Hardware) => "EIO",
            Self::Error(Errno::Permission) => "EACCES",
            Self::Error(Errno::NoSpace) => "ENOSPC",
        })
    }
}

/// A call by which a run changes a file; the last one is its exit.
#[derive(Clone, Debug)]
pub struct Call {
    pub name: String,
    /// The how manieth it is in the run, from 1.
    pub number: usize,
    /// The number of the file that it is about, where it names one that is open.
    pub inode: u64,
    /// What it is about, for a person.
    pub what: String,
}

impl fmt::Display for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "call {}, {} {}", self.number, self.name, self.what)
    }
}

impl Call {
    /// Reads `NUMBER NAME INODE WHAT`.
    pub fn parse(line: &str) -> Self {
        let mut words = line.splitn(4, ' ');
        let number = words.next().unwrap().parse().unwrap();
        let name = words.next().unwrap().to_string();
        let inode = words.next().unwrap().parse().unwrap();
        Self { name, number, inode, what: words.next().unwrap_or_default().to_string() }
    }

    pub fn is_exit(&self) -> bool {
        self.name == "exit_group"
    }

    /// An error at a call that only tidies up may be passed over; at any other it is the end.
    pub fn only_tidies_up(&self) -> bool {
        ["unlink", "unlinkat", "rmdir"].contains(&self.name.as_str())
    }
}

/// Whether runs can be struck here; says so where they cannot.
pub fn possible() -> bool {
    if cfg!(not(all(target_os = "linux", target_arch = "x86_64"))) {
        skip("strike.c knows the registers of x86_64 only");
        return false;
    }
    true
}

/// The program, which is compiled once.
fn program() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let path = place.join(format!("strike-{}", std::process::id()));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/crash/strike.c");
        let mut compiler = Command::new("gcc");
        compiler.args(["-O1", "-Wall", "-Werror", "-o"]).arg(&path).arg(source);
        assert!(compiler.status().unwrap().success(), "{source} does not compile");
        let lasting = place.join("strike");
        std::fs::rename(&path, &lasting).unwrap();
        // Called by this name, mailca is CA.pl.
        let _ = std::fs::remove_file(place.join("CA.pl"));
        std::os::unix::fs::symlink(MAILCA, place.join("CA.pl")).unwrap();
        lasting
    });
    &PROGRAM
}

/// The run under `strike` in one of its ways.
fn under(folder: &Folder, log: &Path, way: &str, line: &str) -> Outcome {
    let run = Run::new(program(), folder.root(), "").arg(log.to_str().unwrap());
    let run = run.args(&way.split(' ').collect::<Vec<_>>()).arg("--");
    let outcome = with_line(run, folder, line).output();
    assert_ne!(outcome.status, Some(125), "strike does not work: {outcome}");
    outcome
}

/// The same run by itself.
pub fn plain(folder: &Folder, line: &str) -> Outcome {
    with_line(Run::new("/usr/bin/env".as_ref(), folder.root(), ""), folder, line).output()
}

/// Adds the program, which may be `CA.pl`, its arguments, and what is behind `<`.
fn with_line(run: Run, folder: &Folder, line: &str) -> Run {
    let (mailca, line) = match line.strip_prefix("CA.pl ") {
        Some(rest) => (program().with_file_name("CA.pl"), rest),
        None => (PathBuf::from(MAILCA), line),
    };
    let (line, stdin) = line.split_once(" < ").unwrap_or((line, ""));
    let run = run.arg(mailca.to_str().unwrap());
    let run = run.args(&line.split_whitespace().collect::<Vec<_>>());
    if stdin.is_empty() { run } else { run.stdin(folder.read(stdin)) }
}

/// The folder at each call of a run, as `strike.c` writes it.
pub fn steps(folder: &Folder, line: &str) -> (Vec<u8>, Outcome) {
    let log = tempfile::NamedTempFile::new().unwrap();
    let outcome = under(folder, log.path(), "steps", line);
    (std::fs::read(log.path()).unwrap(), outcome)
}

/// The calls of a run that comes to its end.
pub fn calls(folder: &Folder, line: &str) -> Vec<Call> {
    let (calls, outcome) = calls_of(folder, line);
    assert_eq!(outcome.status, Some(0), "{outcome}");
    calls
}

/// The calls of a run, whatever comes of it.
pub fn calls_of(folder: &Folder, line: &str) -> (Vec<Call>, Outcome) {
    let log = tempfile::NamedTempFile::new().unwrap();
    let outcome = under(folder, log.path(), "count", line);
    let text = String::from_utf8_lossy(&std::fs::read(log.path()).unwrap()).into_owned();
    (text.lines().map(|line| Call::parse(line.strip_prefix("= ").unwrap())).collect(), outcome)
}

/// The run, struck at that call.
pub fn struck(folder: &Folder, line: &str, call: &Call, blow: Blow) -> Outcome {
    let way = match blow {
        Blow::Kill => format!("kill {}", call.number),
        Blow::Error(errno) => format!("errno {} {}", call.number, errno as i32),
    };
    under(folder, Path::new("/dev/null"), &way, line)
}

/// A folder in memory, which is as it was before a command as often as is wanted.
pub struct Stage {
    before: Folder,
    start: Snapshot,
    folder: Folder,
}

impl Stage {
    pub fn of(before: fn() -> Folder) -> Self {
        let before = before();
        let folder = Folder::in_memory();
        // The copy has to know where it is.
        let start = Snapshot::of(before.root()).moved(before.root(), folder.root());
        Self { before, start, folder }
    }

    pub fn before(&self) -> &Folder {
        &self.before
    }

    pub fn reset(&self) -> &Folder {
        self.folder.clear();
        self.start.write_to(self.folder.root());
        &self.folder
    }

    /// The same folder with something else in it.
    pub fn emptied(&self) -> &Folder {
        self.folder.clear();
        &self.folder
    }
}

/// Strikes the command at each of its calls by each of these blows.
pub fn everywhere(case: &Case) {
    if !possible() {
        return;
    }
    let stage = Stage::of(case.before);
    let (calls, _) = calls_of(stage.reset(), case.line);
    assert!(calls.len() > 2, "too few to be true: {calls:?}");
    let mut points = 0;
    let mut seen = HashSet::new();
    for blow in &BLOWS {
        for call in &calls {
            if call.is_exit() && *blow != Blow::Kill {
                continue; // nobody can fail there
            }
            points += 1;
            let folder = stage.reset();
            let outcome = struck(folder, case.line, call, *blow);
            let context = format!("{} struck by {blow} at {call}", case.line);
            ended_as_it_should(*blow, call, &outcome, &context);
            // Where an error has left what another one has left, what follows from it was looked at.
            let shape = (outcome.status, Snapshot::of(folder.root()).shape_since(&stage.start));
            if !seen.insert(shape) && *blow != Blow::Kill {
                continue;
            }
            let before = stage.before();
            case.looks(&Struck { before, folder, outcome: &outcome, context: &context });
        }
    }
    let names: Vec<_> = BLOWS.iter().map(ToString::to_string).collect();
    tell(case.line, points, &format!("{} at each of {} calls", names.join(" "), calls.len()));
}

fn ended_as_it_should(blow: Blow, call: &Call, outcome: &Outcome, context: &str) {
    match (blow, outcome.status) {
        // An interrupted call is done again, or is an error.
        (Blow::Kill, Some(137)) | (Blow::Error(Errno::Interrupted), Some(0)) => {}
        (Blow::Error(_), Some(0)) if call.only_tidies_up() => {}
        (Blow::Error(_), Some(1)) => {
            assert!(outcome.stderr.contains("error:"), "{context}: {outcome}");
        }
        _ => panic!("{context}: {outcome}"),
    }
}

/// Says how many points were tried, past the test's own capture.
pub fn tell(line: &str, points: usize, how: &str) {
    static ALL: AtomicUsize = AtomicUsize::new(0);
    let all = ALL.fetch_add(points, Ordering::Relaxed) + points;
    let _ = writeln!(std::io::stderr(), "{points} crash points, {all} so far: {line}: {how}");
}
