//! One run of a program, from its start to its end.
#![allow(dead_code, reason = "each benchmark uses another part of it")]

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program under measurement, built by the same `cargo bench`.
pub const MAILCA: &str = env!("CARGO_BIN_EXE_mailca");

/// A program and its arguments.
#[derive(Clone, Debug)]
pub struct Program {
    name: OsString,
    script: Option<PathBuf>,
    arguments: Vec<String>,
    variables: Vec<(&'static str, &'static str)>,
    prints: bool,
    may_fail: bool,
}

impl Program {
    /// A program with arguments that are separated by spaces.
    pub fn new(name: impl Into<OsString>, arguments: &str) -> Self {
        Self {
            name: name.into(),
            script: None,
            arguments: arguments.split_whitespace().map(str::to_owned).collect(),
            variables: Vec::new(),
            prints: false,
            may_fail: false,
        }
    }

    /// mailca.
    pub fn mailca(arguments: &str) -> Self {
        Self::new(MAILCA, arguments)
    }

    /// openssl.
    pub fn openssl(arguments: &str) -> Self {
        Self::new("openssl", arguments)
    }

    /// A script, and what interprets it.
    pub fn script(interpreter: &str, script: impl Into<PathBuf>) -> Self {
        Self { script: Some(script.into()), ..Self::new(interpreter, "") }
    }

    /// Adds one argument, spaces and all.
    pub fn with(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Adds arguments that are separated by spaces.
    pub fn with_words(mut self, words: &str) -> Self {
        self.arguments.extend(words.split_whitespace().map(str::to_owned));
        self
    }

    /// Sets a variable of its environment.
    pub fn variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    /// Says that it has not done its work where it prints nothing.
    pub fn that_prints(mut self) -> Self {
        self.prints = true;
        self
    }

    /// Says that its exit status is a verdict, which is not looked at.
    pub fn that_may_fail(mut self) -> Self {
        self.may_fail = true;
        self
    }

    /// Whether its exit status is not looked at.
    pub fn may_fail(&self) -> bool {
        self.may_fail
    }

    /// The same with a number in the place of `@` in its arguments.
    pub fn numbered(&self, number: usize) -> Self {
        let mut program = self.clone();
        for argument in &mut program.arguments {
            *argument = argument.replace('@', &number.to_string());
        }
        program
    }

    /// The last component of its name and its first argument, for a message.
    pub fn title(&self) -> String {
        let path = self.script.as_deref().unwrap_or(Path::new(&self.name));
        let name = path.file_name().unwrap_or_default();
        format!("{} {}", name.display(), self.arguments.first().map_or("", String::as_str))
    }

    /// Runs it in a folder, without input and with its output thrown away.
    pub fn run(&self, folder: &Path) -> io::Result<()> {
        let status = self.command(folder).stderr(Stdio::null()).status()?;
        if status.success() { Ok(()) } else { Err(self.error(&status.to_string())) }
    }

    /// Runs it as [`Program::run`] does, and takes its time to tell why it fails: the kind is
    /// `NotFound` where it is not installed, else the message ends with the last line that it wrote.
    pub fn explain(&self, folder: &Path) -> io::Result<()> {
        let missing = || io::Error::new(ErrorKind::NotFound, self.title());
        if self.script.as_ref().is_some_and(|script| !script.exists()) {
            return Err(missing());
        }
        let mut command = self.command(folder);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = command.output().map_err(|error| match error.kind() {
            ErrorKind::NotFound => missing(),
            _ => error,
        })?;
        if output.status.success() {
            let idle = self.prints && output.stdout.is_empty();
            return if idle { Err(self.error("it prints nothing")) } else { Ok(()) };
        }
        let text = String::from_utf8_lossy(&output.stderr);
        Err(self.error(text.lines().last().unwrap_or("no message")))
    }

    fn error(&self, reason: &str) -> io::Error {
        io::Error::other(format!("{}: {reason}", self.title()))
    }

    /// The command that runs it in a folder.
    pub fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.name);
        command
            .args(&self.script)
            .args(&self.arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .env_remove("MAILCA_DIR")
            .env_remove("MAILCA_CA_PASSPHRASE_FILE")
            // Without it a machine's own settings would be measured too.
            .env("MAILCA_CONFIG", "/dev/null")
            .env_remove("OPENSSL_CONFIG");
        command.envs(self.variables.iter().copied());
        command
    }
}
