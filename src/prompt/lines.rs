//! Answers that come line by line, as CA.pl takes them: typed at a terminal or piped by a script.
//!
//! Questions have the words of `openssl req` and `openssl ca`, since scripts wait for them. A line is
//! read byte by byte, so that what follows it is still there for the next command of the script.
//! Passwords come from the terminal of the session, without echo, whatever standard input is, and
//! where there is none they are the next line of standard input: that is how openssl does it.

use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;

use zeroize::Zeroizing;

use super::{Prompter, hidden, one_line};
use crate::error::{Error, Result};
use crate::pki::printable::talk;

/// More than any answer has, in bytes.
const LONGEST: usize = 64 << 10;

/// Somebody who answers in lines.
pub struct Lines {
    input: Box<dyn Read>,
    /// A person types: what is refused is asked again.
    typed: bool,
    /// Passwords are asked for at the terminal of the session.
    hidden: bool,
}

/// Standard input of this process, without a buffer: the one of std is never freed, and would keep a
/// password.
pub fn stdin() -> Box<dyn Read> {
    match std::io::stdin().as_fd().try_clone_to_owned() {
        Ok(input) => Box::new(File::from(input)),
        // What cannot be read has no answers.
        Err(_) => Box::new(std::io::empty()),
    }
}

impl Lines {
    /// Standard input of this process.
    pub fn of_stdin() -> Self {
        let hidden = fs_err::File::open("/dev/tty").is_ok();
        Self { input: stdin(), typed: std::io::stdin().is_terminal(), hidden }
    }

    /// What is piped is not seen, so the line of the question ends here.
    fn end_question(&self) {
        if !self.typed {
            let _ = writeln!(std::io::stderr());
        }
    }

    /// The next line, without its end. The end of the input is nobody's answer.
    fn line(&mut self) -> Result<Zeroizing<String>> {
        let mut line = Zeroizing::new(Vec::with_capacity(1024));
        let mut byte = Zeroizing::new([0]);
        loop {
            match self.input.read(&mut *byte) {
                Ok(0) if line.is_empty() => {
                    return Err(Error::refused(
                        "standard input ended before the question was answered",
                    ));
                }
                Ok(0) => break,
                Ok(_) if *byte == [b'\n'] => break,
                Ok(_) if line.len() == LONGEST => {
                    return Err(Error::refused("the answer is longer than any can be"));
                }
                Ok(_) => push(&mut line, byte[0]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    return Err(Error::refused("standard input cannot be read").caused_by(error));
                }
            }
        }
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        let text =
            std::str::from_utf8(line).map_err(|_| Error::refused("the answer is not UTF-8"))?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

/// Appends a byte without leaving a copy of what was there behind.
fn push(line: &mut Zeroizing<Vec<u8>>, byte: u8) {
    if line.len() == line.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(line.capacity() * 2));
        larger.extend_from_slice(line);
        *line = larger;
    }
    line.push(byte);
}

fn show(question: &str) {
    let mut stderr = std::io::stderr();
    // A question that cannot be seen can still be answered.
    let _ = write!(stderr, "{}:", talk(question)).and_then(|()| stderr.flush());
}

impl Prompter for Lines {
    fn is_interactive(&self) -> bool {
        true
    }

    fn text(
        &mut self,
        question: &str,
        default: &str,
        check: &dyn Fn(&str) -> Result<()>,
    ) -> Result<String> {
        loop {
            show(&format!("{question} [{default}]"));
            let answer = self.line();
            self.end_question();
            let answer = answer?;
            let answer = if answer.trim().is_empty() { default } else { answer.trim() };
            match check(answer) {
                Ok(()) => return Ok(answer.to_owned()),
                Err(error) if self.typed => {
                    let _ = writeln!(std::io::stderr(), "{}", one_line(&error));
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn confirm(&mut self, question: &str) -> Result<bool> {
        show(&format!("{question} [y/n]"));
        let answer = self.line();
        self.end_question();
        let answer = answer?;
        Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    fn password(&mut self, question: &str) -> Result<Zeroizing<String>> {
        if self.hidden {
            return hidden(&format!("{question}:"));
        }
        if self.typed {
            return Err(Error::refused(
                "there is no terminal on which a passphrase could be typed without being seen",
            ));
        }
        show(question);
        let password = self.line();
        self.end_question();
        password
    }

    fn passphrase(&mut self, key: &Path) -> Result<Zeroizing<String>> {
        self.password(&format!("Enter pass phrase for {}", key.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, typed: bool) -> Lines {
        let input = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
        Lines { input, typed, hidden: false }
    }

    #[test]
    fn enter_takes_the_default_and_the_end_is_no_answer() {
        let mut lines = lines("\n Town \r\nlast", false);
        assert_eq!(lines.text("Country", "DE", &|_| Ok(())).unwrap(), "DE");
        assert_eq!(lines.text("Town", "", &|_| Ok(())).unwrap(), "Town");
        assert_eq!(lines.text("Unit", "x", &|_| Ok(())).unwrap(), "last");
        assert!(lines.text("Name", "x", &|_| Ok(())).unwrap_err().to_string().contains("ended"));
        assert!(lines.confirm("Sure?").is_err());
        assert!(lines.password("Pass").is_err());
    }

    #[test]
    fn what_is_refused_is_asked_again_of_a_person_only() {
        let check = |answer: &str| match answer {
            "good" => Ok(()),
            _ => Err(Error::refused("bad")),
        };
        assert_eq!(lines("bad\ngood\n", true).text("?", "", &check).unwrap(), "good");
        assert!(lines("bad\ngood\n", false).text("?", "", &check).is_err());
    }

    #[test]
    fn only_yes_agrees() {
        for (answer, agreed) in [("y", true), ("Y", true), ("yes", true), ("n", false), ("", false)]
        {
            assert_eq!(lines(&format!("{answer}\n"), false).confirm("?").unwrap(), agreed);
        }
        assert!(!lines("yesterday\n", false).confirm("?").unwrap());
    }

    #[test]
    fn a_password_keeps_its_spaces_and_is_not_typed_in_sight() {
        assert_eq!(*lines(" a b \r\n", false).password("?").unwrap(), " a b ");
        assert!(lines("secret\n", true).password("?").is_err());
    }

    #[test]
    fn a_line_may_be_long_but_not_endless() {
        let long = "x".repeat(5000);
        assert_eq!(lines(&format!("{long}\n"), false).text("?", "", &|_| Ok(())).unwrap(), long);
        assert!(lines(&"x".repeat(LONGEST + 1), false).text("?", "", &|_| Ok(())).is_err());
    }
}
