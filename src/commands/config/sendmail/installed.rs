//! The sendmail of this machine: whether there is one, and what it was built with.
//!
//! Other mail servers have a program of that name, which may take the options that ask for it to mean
//! something else; so it is only asked where it is Sendmail's own.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fs_err as fs;

/// Where it is: as all have it, as Debian and Red Hat call it beside other mail servers, as BSD has it.
const PLACES: [&str; 6] = [
    "/usr/sbin/sendmail-mta",
    "/usr/libexec/sendmail/sendmail",
    "/usr/sbin/sendmail.sendmail",
    "/usr/sbin/sendmail",
    "/usr/lib/sendmail",
    "/usr/local/sbin/sendmail",
];

/// An option of its configuration, which no other program knows.
const OWN_WORD: &[u8] = b"DaemonPortOptions";

/// It answers at once; what does not answer is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was found.
pub(super) enum Installed {
    /// No Sendmail.
    Nothing,
    /// One that does not say what it was built with.
    Silent(PathBuf),
    /// One that does.
    Built {
        /// The program.
        program: PathBuf,
        /// Its version.
        version: String,
        /// What it was built with.
        options: Vec<String>,
    },
}

impl Installed {
    /// Looks in the usual places.
    pub(super) fn find() -> Self {
        let Some(program) = PLACES.iter().map(PathBuf::from).find(|path| is_sendmail(path)) else {
            return Self::Nothing;
        };
        match ask(&program).as_deref().and_then(answer) {
            Some((version, options)) => Self::Built { program, version, options },
            None => Self::Silent(program),
        }
    }

    /// Whether it was built without something.
    pub(super) fn lacks(&self, option: &str) -> bool {
        matches!(self, Self::Built { options, .. } if !options.iter().any(|known| known == option))
    }

    /// The finding, in a sentence.
    pub(super) fn note(&self) -> String {
        match self {
            Self::Nothing => "no Sendmail is installed here; ask the one that is meant whether it was built with \
                              STARTTLS and SASLv2: sendmail -d0.1 -bv"
                .to_owned(),
            Self::Silent(program) => format!(
                "{} does not say whether it was built with STARTTLS and SASLv2: -d0.1 -bv",
                program.display()
            ),
            Self::Built { program, version, .. } => {
                let has = |option| if self.lacks(option) { "without" } else { "with" };
                format!(
                    "{} is Sendmail {version}, built {} STARTTLS and {} SASLv2",
                    program.display(),
                    has("STARTTLS"),
                    has("SASLv2")
                )
            }
        }
    }
}

fn is_sendmail(path: &Path) -> bool {
    fs::read(path).is_ok_and(|bytes| memchr::memmem::find(&bytes, OWN_WORD).is_some())
}

/// What it prints about itself; nothing where it cannot be run or does not end.
fn ask(program: &Path) -> Option<String> {
    let mut child = Command::new(program)
        .args(["-d0.1", "-bv"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut stdout = child.stdout.take()?;
    let reader = thread::spawn(move || {
        let mut text = Vec::new();
        let _ = stdout.read_to_end(&mut text);
        text
    });
    if !ends(&mut child) {
        let _ = child.kill();
        let _ = child.wait();
        // Not even the reader is waited for: a child of its own may hold the pipe.
        return None;
    }
    reader.join().ok().map(|text| String::from_utf8_lossy(&text).into_owned())
}

fn ends(child: &mut Child) -> bool {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        match child.try_wait() {
            Ok(Some(_)) => return true,
            Ok(None) => thread::sleep(Duration::from_millis(5)),
            Err(_) => return false,
        }
    }
    false
}

/// The version, and the words after `Compiled with:`, which may go over several lines.
fn answer(text: &str) -> Option<(String, Vec<String>)> {
    let version = text.lines().find_map(|line| line.strip_prefix("Version "))?.trim().to_owned();
    let (_, rest) = text.split_once("Compiled with:")?;
    let mut lines = rest.lines();
    let first = lines.next().unwrap_or_default();
    let more = lines.take_while(|line| line.starts_with([' ', '\t']) && !line.contains(':'));
    let options = std::iter::once(first).chain(more).flat_map(str::split_whitespace);
    Some((version, options.map(str::to_owned).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_of_all_lines_are_found() {
        let text = "Version 8.18.1\n Compiled with: DNSMAP LOG\n\t\tSASLv2 STARTTLS\n\n\
                    ============ SYSTEM IDENTITY ============\n (short) HESIOD\n";
        let (version, options) = answer(text).unwrap();
        assert_eq!(version, "8.18.1");
        assert_eq!(options, ["DNSMAP", "LOG", "SASLv2", "STARTTLS"]);
        assert!(answer("sendmail: fatal: usage\n").is_none());
    }

    #[test]
    fn what_is_missing_is_said() {
        let built = |options: &[&str]| Installed::Built {
            program: "/usr/sbin/sendmail".into(),
            version: "8.18.1".into(),
            options: options.iter().map(ToString::to_string).collect(),
        };
        assert!(built(&["STARTTLS"]).note().ends_with("built with STARTTLS and without SASLv2"));
        assert!(built(&["STARTTLS"]).lacks("SASLv2"));
        assert!(!built(&["STARTTLS", "SASLv2"]).lacks("SASLv2"));
        assert!(!Installed::Nothing.lacks("STARTTLS"));
    }
}
