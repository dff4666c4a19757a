//! One run of a program in a test's folder, and what must hold of how it ended.

use std::ffi::OsStr;
use std::fmt;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use super::Snapshot;

/// Long enough for every program on a slow machine; only a hang meets it.
const HANG_SECONDS: &str = "180";

/// A run that starts when its outcome is asked for.
#[must_use = "the program starts when its outcome is asserted"]
pub struct Run {
    program: PathBuf,
    args: Vec<String>,
    folder: PathBuf,
    stdin: Vec<u8>,
    environment: Vec<(String, String)>,
    umask: Option<&'static str>,
    home: Option<PathBuf>,
}

/// How a run ended.
pub struct Outcome {
    pub stdout: Vec<u8>,
    pub stderr: String,
    /// As a shell has it: 128 and the signal where one ended the program.
    pub status: Option<i32>,
    command: String,
}

impl Run {
    pub fn new(program: &Path, folder: &Path, line: &str) -> Self {
        Self {
            program: program.to_path_buf(),
            args: line.split_whitespace().map(String::from).collect(),
            folder: folder.to_path_buf(),
            stdin: Vec::new(),
            environment: Vec::new(),
            umask: None,
            home: None,
        }
    }

    /// One more argument, which may hold spaces.
    pub fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.to_string());
        self
    }

    /// More arguments, which may hold spaces.
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(ToString::to_string));
        self
    }

    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin = bytes.as_ref().to_vec();
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_string(), value.to_string()));
        self
    }

    pub fn umask(mut self, umask: &'static str) -> Self {
        self.umask = Some(umask);
        self
    }

    /// With the settings of the machine and of the person whose home is named, which tests have none of otherwise.
    pub fn at_home(mut self, home: &Path) -> Self {
        self.home = Some(home.to_owned());
        self
    }

    /// Works in a folder below the test's own.
    pub fn within(mut self, folder: &str) -> Self {
        self.folder = self.folder.join(folder);
        self
    }

    /// The command, ready to be spawned: in a session of its own, so that there is no `/dev/tty`,
    /// and with nothing of mailca's environment but what the test gave.
    pub fn command(&self) -> Command {
        let mut command = Command::new("timeout");
        command.args(["--kill-after=5", HANG_SECONDS, "setsid", "--wait"]);
        if let Some(umask) = self.umask {
            command.args(["sh", "-c", &format!("umask {umask}; exec \"$@\""), "sh"]);
        }
        command.arg(&self.program).args(&self.args).current_dir(&self.folder);
        clean_environment(&mut command);
        if let Some(home) = &self.home {
            command.env_remove("MAILCA_CONFIG").env_remove("XDG_CONFIG_HOME").env("HOME", home);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end, whatever that is.
    pub fn output(self) -> Outcome {
        let mut child = self.command().spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let bytes = self.stdin.clone();
        // A program that reads nothing closes the pipe: no concern of the test's.
        let feeder = thread::spawn(move || drop(stdin.write_all(&bytes)));
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        let outcome = Outcome {
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            status: output.status.code().or_else(|| Some(128 + output.status.signal()?)),
            command: format!("{} {}", self.program.display(), self.args.join(" ")),
        };
        assert_ne!(outcome.status, Some(124), "hangs: {outcome}");
        assert!(!outcome.stderr.contains("panicked at"), "panics: {outcome}");
        outcome
    }

    /// Exit status 0.
    pub fn success(self) -> Outcome {
        self.exits(0)
    }

    /// A given exit status.
    pub fn exits(self, status: i32) -> Outcome {
        let outcome = self.output();
        assert_eq!(outcome.status, Some(status), "{outcome}");
        outcome
    }

    /// Exit status 1, every one of the words in the error, nothing on stdout, and the folder as it
    /// was, to the byte.
    pub fn refused(self, words: &[&str]) -> Outcome {
        self.fails(1, words)
    }

    /// Exit status 2 for a wrong command line, and the folder as it was.
    pub fn usage(self, words: &[&str]) -> Outcome {
        self.fails(2, words)
    }

    /// Exit status 3 for a negative verdict, with the words on stdout or stderr, and the folder
    /// as it was.
    pub fn verdict(self, words: &[&str]) -> Outcome {
        let folder = self.folder.clone();
        let before = Snapshot::of(&folder);
        let outcome = self.exits(3);
        outcome.unchanged(&folder, &before);
        outcome.says(words)
    }

    fn fails(self, status: i32, words: &[&str]) -> Outcome {
        let folder = self.folder.clone();
        let before = Snapshot::of(&folder);
        let outcome = self.exits(status);
        outcome.unchanged(&folder, &before);
        assert!(outcome.stderr.contains("error:"), "no error: {outcome}");
        assert!(outcome.stdout.is_empty(), "stdout is the product: {outcome}");
        let text = outcome.stderr.to_lowercase();
        for word in words {
            assert!(text.contains(&word.to_lowercase()), "not said: {word:?}\n{outcome}");
        }
        outcome
    }
}

impl Outcome {
    /// Of a run that nobody saw the end of.
    pub fn of_power_failure(line: &str) -> Self {
        Self {
            stdout: Vec::new(),
            stderr: String::new(),
            status: Some(137),
            command: format!("{line} (the power failed)"),
        }
    }

    /// How a run at a terminal ended, which shows both streams.
    pub fn of_terminal(command: &str, screen: String, status: i32) -> Self {
        Self {
            stdout: Vec::new(),
            stderr: screen,
            status: Some(status),
            command: command.to_owned(),
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Every word is on stdout or stderr, in whatever case.
    #[allow(clippy::must_use_candidate, reason = "an assertion that may be chained")]
    pub fn says(self, words: &[&str]) -> Self {
        let text = format!("{}\n{}", self.text(), self.stderr).to_lowercase();
        for word in words {
            assert!(text.contains(&word.to_lowercase()), "not said: {word:?}\n{self}");
        }
        self
    }

    /// None of the words is on stdout or stderr.
    #[allow(clippy::must_use_candidate, reason = "an assertion that may be chained")]
    pub fn says_nothing_of(self, words: &[&str]) -> Self {
        let text = format!("{}\n{}", self.text(), self.stderr).to_lowercase();
        for word in words {
            assert!(!text.contains(&word.to_lowercase()), "said: {word:?}\n{self}");
        }
        self
    }

    fn unchanged(&self, folder: &Path, before: &Snapshot) {
        let changes = Snapshot::of(folder).changes_since(before);
        assert!(changes.is_empty(), "something was written:\n{changes}{self}");
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { command, status, stderr, .. } = self;
        let text = self.text();
        write!(formatter, "\n$ {command}\nstatus: {status:?}\nstdout: {text}\nstderr: {stderr}")
    }
}

/// Takes away what the surroundings of the test run could change.
pub fn clean_environment(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("MAILCA_") || text.starts_with("OPENSSL") || text == "NO_COLOR" {
            command.env_remove(OsStr::new(&name));
        }
    }
    // Neither the machine's settings nor those of whoever runs the tests.
    command.env("MAILCA_CONFIG", "/dev/null");
    command.env("LC_ALL", "C.UTF-8");
}
