//! What goes wrong, said for a person: what is wrong, and hints on what to do.
//!
//! Messages are lower case, without a full stop. Nothing secret enters one.

use std::borrow::Cow;
use std::fmt;
use std::process::ExitCode;

/// The result of everything that can fail in this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// How a command ended, as its exit status says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Refused or failed: exit status 1.
    Refused,
    /// The command line is wrong: exit status 2.
    Usage,
    /// The answer is no (`verify`, `check`, `status`, `doctor`): exit status 3.
    Verdict,
    /// A fault in mailca itself: exit status 70.
    Bug,
    /// What a monitoring system wants to see: the exit status of its convention.
    Monitor(u8),
}

impl Kind {
    /// The exit status of the process.
    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Verdict => 3,
            Self::Bug => 70,
            Self::Monitor(status) => status,
        })
    }
}

/// An error: what is wrong, why, and what to do about it.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    hints: Vec<String>,
}

impl Error {
    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None, hints: Vec::new() }
    }

    /// Refused or failed.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    /// The command line is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// A negative verdict.
    pub fn verdict(message: impl Into<String>) -> Self {
        Self::new(Kind::Verdict, message)
    }

    /// Something that cannot happen, happened.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(Kind::Bug, message)
    }

    /// A state that was reported to a monitoring system already, as its exit status.
    pub fn monitor(status: u8) -> Self {
        Self::new(Kind::Monitor(status), "")
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Puts what was being worked on in front of the message.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// The same error as a refusal: a verdict of a check that was made on the way to something else.
    #[must_use]
    pub fn as_refused(mut self) -> Self {
        self.kind = Kind::Refused;
        self
    }

    /// The same error as wrong usage: what is wrong came from the command line.
    #[must_use]
    pub fn as_usage(mut self) -> Self {
        self.kind = Kind::Usage;
        self
    }

    /// How the command ended.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What to do about it, in the order in which to try it.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&without_number(&self.message))?;
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            write!(formatter, ": {}", without_number(&cause.to_string()))?;
            source = cause.source();
        }
        Ok(())
    }
}

/// The standard library puts the system's number of an error behind its words, and what it called behind those of a
/// lookup; the words say it.
fn without_number(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(text);
    let Some((words, rest)) = text.split_once(" (os error ") else { return text.into() };
    match rest.split_once(')') {
        Some((number, rest)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{words}{rest}").into()
        }
        _ => text.into(),
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<std::io::Error> for Error {
    /// An I/O error of fs-err names its path already.
    fn from(error: std::io::Error) -> Self {
        Self::refused(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_system_are_said_without_its_number() {
        let error = std::io::Error::from_raw_os_error(2);
        let said = Error::refused("failed to open x").caused_by(error).to_string();
        assert_eq!(said, "failed to open x: No such file or directory");
        let error = Error::from(std::io::Error::other("y: full (os error 28); z"));
        assert_eq!(error.to_string(), "y: full; z");
        assert_eq!(Error::refused("a (os error x)").to_string(), "a (os error x)");
    }
}
