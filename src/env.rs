//! What the outside gives: the time, random bytes, variables, streams, and somebody to ask.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::pki::printable;
use crate::pki::serial::Serial;
use crate::prompt::Prompter;
use crate::store::input;

/// How often a password is asked for before giving up.
const TRIES: usize = 3;

/// The outside world, as the commands see it.
pub struct Env {
    /// The product: what was asked for.
    pub stdout: Box<dyn Write>,
    /// The talk: what is done, warnings, errors.
    pub stderr: Box<dyn Write>,
    /// Standard input, for `-`.
    pub stdin: Box<dyn Read>,
    /// The person at the terminal, if any.
    pub prompter: Box<dyn Prompter>,
    /// Looks up an environment variable.
    pub variable: fn(&str) -> Option<String>,
    /// The names of all environment variables that begin with `MAILCA_`.
    pub variable_names: Vec<String>,
    /// Whether the one JSON document was written.
    pub json_written: bool,
    /// What was warned of and is not to be said again.
    pub warned: Vec<String>,
    /// Talk is suppressed, but for warnings and errors.
    pub quiet: bool,
    /// Talk is coloured.
    pub color: bool,
    /// A report for a person is coloured.
    pub color_stdout: bool,
    /// Whether somebody sees the talk on a terminal, where it may be written over.
    pub talk_on_terminal: bool,
    /// Whether somebody sees the product on one.
    pub product_on_terminal: bool,
    /// How many columns that terminal has.
    pub product_width: Option<usize>,
    /// Whether nobody can get the product: standard output was closed, or is thrown away unread.
    pub product_is_lost: bool,
}

/// The columns of a report where nothing says how many there are.
const USUAL_WIDTH: usize = 80;

impl Env {
    /// The columns in which a report with sentences in it is written: those of the terminal, as long as its lines can
    /// be read.
    pub fn report_width(&self) -> usize {
        self.product_width.map_or(USUAL_WIDTH, |width| width.clamp(40, 100))
    }

    /// The present moment, UTC, in whole seconds as certificates count.
    #[expect(clippy::disallowed_methods, reason = "the owning file of the clock")]
    pub fn now(&self) -> Result<OffsetDateTime> {
        OffsetDateTime::now_utc()
            .replace_nanosecond(0)
            .map_err(|error| Error::bug("the clock cannot be read").caused_by(error))
    }

    /// Fresh random octets from the operating system's generator.
    pub fn random<const N: usize>(&self) -> Result<[u8; N]> {
        random()
    }

    /// A new serial number.
    pub fn serial(&self) -> Result<Serial> {
        serial()
    }

    /// The stamp for the names of files that are kept aside: the moment, to the second.
    pub fn stamp(&self) -> Result<String> {
        let format =
            time::macros::format_description!("old-[year][month][day]T[hour][minute][second]Z");
        self.now()?
            .format(&format)
            .map_err(|error| Error::bug("a date cannot be written").caused_by(error))
    }

    /// Writes a line of the product.
    pub fn print(&mut self, line: &str) -> Result<()> {
        self.print_bytes(format!("{line}\n").as_bytes())
    }

    /// Writes the product as it is. A reader who has gone (`mailca show … | head`) is no error.
    pub fn print_bytes(&mut self, content: &[u8]) -> Result<()> {
        match self.stdout.write_all(content).and_then(|()| self.stdout.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Error::refused("failed to write to standard output").caused_by(error))
            }
            _ => Ok(()),
        }
    }

    /// Refuses, before anything is issued, to hand out on a standard output that leads nowhere.
    pub fn check_hand_out(&self) -> Result<()> {
        if self.product_is_lost {
            return Err(Error::refused(
                "standard output is closed or thrown away, and the certificate would be nowhere",
            )
            .hint("name a file for it with -o"));
        }
        Ok(())
    }

    /// Writes what is nowhere else yet, such as a certificate that was asked for on standard output. A reader who has
    /// gone has not got it.
    pub fn hand_out(&mut self, content: &[u8]) -> Result<()> {
        self.stdout.write_all(content).and_then(|()| self.stdout.flush()).map_err(|error| {
            Error::refused("failed to write to standard output")
                .caused_by(error)
                .hint("it was issued and not delivered: the same command delivers it")
        })
    }

    /// The same for a JSON document.
    pub fn hand_out_json(&mut self, value: &impl serde::Serialize) -> Result<()> {
        let text = self.json_text(value)?;
        self.hand_out(format!("{text}\n").as_bytes())
    }

    /// Writes the one JSON document of a command.
    pub fn print_json(&mut self, value: &impl serde::Serialize) -> Result<()> {
        let text = self.json_text(value)?;
        self.print(&text)
    }

    /// The one JSON document of a command, for a file.
    pub fn json_text(&mut self, value: &impl serde::Serialize) -> Result<String> {
        self.json_written = true;
        serde_json::to_string_pretty(value)
            .map(|text| printable::json(&text).into_owned())
            .map_err(|error| Error::bug("JSON cannot be written").caused_by(error))
    }

    /// An element of the one JSON document of a command that prints it piece by piece.
    pub fn json_line(&mut self, value: &impl serde::Serialize) -> Result<String> {
        self.json_written = true;
        serde_json::to_string(value)
            .map(|text| printable::json(&text).into_owned())
            .map_err(|error| Error::bug("JSON cannot be written").caused_by(error))
    }

    /// Says what is done. A terminal that is gone is no reason to stop.
    pub fn say(&mut self, line: &str) {
        if !self.quiet {
            self.ask_about(line);
        }
    }

    /// Says what a question is about, even when quiet.
    pub fn ask_about(&mut self, line: &str) {
        let _ = writeln!(self.stderr, "{}", printable::talk(line));
    }

    /// Warns, even when quiet.
    pub fn warn(&mut self, line: &str) {
        self.labelled("warning", "33", line);
    }

    /// Warns of what several steps of a command come upon.
    pub fn warn_once(&mut self, line: &str) {
        if !self.warned.iter().any(|said| said == line) {
            self.warned.push(line.to_owned());
            self.warn(line);
        }
    }

    /// Reports an error and its hints.
    pub fn report(&mut self, error: &Error) {
        self.labelled("error", "31", &error.to_string());
        for hint in error.hints() {
            self.labelled("hint", "36", hint);
        }
    }

    /// One line, whatever is in it: names in it may be anybody's.
    fn labelled(&mut self, label: &str, color: &str, line: &str) {
        let line = printable::message(line);
        let _ = if self.color {
            writeln!(self.stderr, "\u{1b}[1;{color}m{label}:\u{1b}[0m {line}")
        } else {
            writeln!(self.stderr, "{label}: {line}")
        };
    }

    /// Reads standard input to its end.
    pub fn read_stdin(&mut self) -> Result<Zeroizing<Vec<u8>>> {
        input::read_all(&mut self.stdin, 0).map_err(|error| error.at("standard input"))
    }

    /// The password in a file: its first line, without the line end.
    pub fn password_file(&mut self, path: &Path) -> Result<Zeroizing<String>> {
        let content = input::read(path)?;
        // The same line begins every key: anybody could open what it protects.
        if content.starts_with(b"-----BEGIN") {
            return Err(Error::refused(format!(
                "{} is a PEM file and no password",
                path.display()
            ))
            .hint("name a file with the password in its first line"));
        }
        // What `issue --from` writes for many people.
        if content.starts_with(b"login,password\n") {
            return Err(Error::refused(format!(
                "{} is a list of passwords, and its first line is none",
                path.display()
            ))
            .hint("name a file with nothing but this password in it"));
        }
        first_line(&content).map_err(|error| error.at(path.display()))
    }

    /// The passphrase of the CA's key in a file, with a warning where others can read that.
    pub fn passphrase_file(&mut self, path: &Path) -> Result<Zeroizing<String>> {
        let passphrase = self.password_file(path)?;
        if let Ok(metadata) = fs_err::metadata(path)
            && metadata.is_file()
            && metadata.mode() & 0o077 != 0
        {
            self.warn(&format!(
                "{0} holds the passphrase of the CA's key and can be read by others: chmod 0600 {0}",
                path.display()
            ));
        }
        Ok(passphrase)
    }

    /// The password on standard input: its first line, without the line end.
    pub fn password_stdin(&mut self) -> Result<Zeroizing<String>> {
        let content = self.read_stdin()?;
        first_line(&content).map_err(|error| error.at("standard input"))
    }

    /// Asks for a new password, twice.
    pub fn new_password(&mut self, question: &str) -> Result<Zeroizing<String>> {
        for _ in 0..TRIES {
            let first = self.prompter.password(question)?;
            let second = self.prompter.password("The same again")?;
            if *first == *second {
                return Ok(first);
            }
            self.ask_about("the two differ; once more");
        }
        Err(Error::refused("the two passwords differ; nothing was written"))
    }
}

/// Fresh random octets from the operating system's generator, in any thread.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut octets = [0; N];
    SystemRandom::new()
        .fill(&mut octets)
        .map_err(|_| Error::refused("the operating system gave no random bytes"))?;
    Ok(octets)
}

/// A new serial number, in any thread.
pub fn serial() -> Result<Serial> {
    Ok(Serial::from_random(random()?))
}

fn first_line(content: &[u8]) -> Result<Zeroizing<String>> {
    let line = content.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    std::str::from_utf8(line)
        .map(|text| Zeroizing::new(text.to_owned()))
        .map_err(|_| Error::refused("the password is not UTF-8"))
}
