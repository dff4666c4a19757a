//! Questions to the person at the terminal: the only user of dialoguer and rpassword.

use std::io::{ErrorKind, IsTerminal};
use std::path::Path;

use dialoguer::Input;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::pki::printable::{message, talk};

mod echo;
mod lines;

use echo::EchoGuard;
pub use lines::{Lines, stdin};

/// Somebody who answers questions, or nobody.
pub trait Prompter {
    /// Whether somebody is there to be asked.
    fn is_interactive(&self) -> bool;

    /// Asks for a line of text. Enter alone takes `default`. What `check` refuses is asked again.
    fn text(
        &mut self,
        question: &str,
        default: &str,
        check: &dyn Fn(&str) -> Result<()>,
    ) -> Result<String>;

    /// Asks a question that only `y` or `yes` agrees to.
    fn confirm(&mut self, question: &str) -> Result<bool>;

    /// Asks for a password, without echo.
    fn password(&mut self, question: &str) -> Result<Zeroizing<String>>;

    /// Asks for the passphrase of a key that is there.
    fn passphrase(&mut self, key: &Path) -> Result<Zeroizing<String>> {
        self.password(&format!("Passphrase of {}", key.display()))
    }
}

/// The person at the terminal.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    interactive: bool,
}

impl Terminal {
    /// `allowed` is false where the administrator forbade questions. They are asked only where both
    /// the answers and the questions have a terminal; otherwise nobody is there.
    pub fn new(allowed: bool) -> Self {
        let interactive =
            allowed && std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        Self { interactive }
    }

    fn require(self) -> Result<()> {
        if self.interactive { Ok(()) } else { Err(Error::bug("a question without a terminal")) }
    }
}

impl Prompter for Terminal {
    fn is_interactive(&self) -> bool {
        self.interactive
    }

    fn text(
        &mut self,
        question: &str,
        default: &str,
        check: &dyn Fn(&str) -> Result<()>,
    ) -> Result<String> {
        self.require()?;
        // An Input and not a Confirm or Select for every question: those hide the cursor, and leave
        // it hidden when they are interrupted.
        let mut input = Input::<String>::new()
            .with_prompt(talk(question))
            .allow_empty(true)
            .validate_with(|answer: &String| check(answer).map_err(|error| one_line(&error)));
        if !default.is_empty() {
            input = input.default(default.to_owned());
        }
        Ok(input.interact_text().map_err(unanswered)?.trim().to_owned())
    }

    fn confirm(&mut self, question: &str) -> Result<bool> {
        let answer = self.text(&format!("{question} [y/N]"), "", &|answer| match answer
            .trim()
            .to_ascii_lowercase()
            .as_str()
        {
            "" | "y" | "yes" | "n" | "no" => Ok(()),
            _ => Err(Error::usage("answer y or n")),
        })?;
        Ok(matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    fn password(&mut self, question: &str) -> Result<Zeroizing<String>> {
        self.require()?;
        hidden(&format!("{question}: "))
    }
}

/// Asks for a password at the terminal of the session, without echo.
fn hidden(question: &str) -> Result<Zeroizing<String>> {
    let guard = EchoGuard::new()?;
    match rpassword::prompt_password(talk(question)) {
        Ok(password) => Ok(Zeroizing::new(password)),
        Err(error) if error.kind() == ErrorKind::Interrupted => {
            guard.wait_for_the_end();
            Err(Error::refused("no password was given"))
        }
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            Err(Error::refused("no password was given"))
        }
        Err(error) => Err(Error::refused("the password could not be read").caused_by(error)),
    }
}

fn one_line(error: &Error) -> String {
    match error.hints().first() {
        Some(hint) => message(&format!("{error}; {hint}")),
        None => message(&error.to_string()),
    }
}

fn unanswered(error: dialoguer::Error) -> Error {
    Error::refused("the question was not answered").caused_by(error)
}
