//! The password of a PKCS#12 file.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use crate::cli::NewPassword;
use crate::env::{Env, random};
use crate::error::{Error, Result};
use crate::pki::pkcs12::Form;
use crate::store::atomic::Staged;
use crate::store::{input, layout};

/// Rounds of key derivation for a password that somebody chose (OWASP, 2023), and the most that
/// Windows reads.
pub(in crate::commands) const CHOSEN_ITERATIONS: u32 = 600_000;
/// Rounds for a password of more than 100 bits: guessing it is hopeless with one round.
pub(in crate::commands) const GENERATED_ITERATIONS: u32 = 2_048;
/// 32 letters and digits that nobody takes for another: 5 bits each.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Letters of a generated password, without the hyphens: 24 times 5 bits.
const LETTERS: usize = 24;

/// A password, and what follows from where it comes from.
pub struct Password {
    /// The password itself.
    pub text: Zeroizing<String>,
    /// Whether mailca made it in this run.
    pub generated: bool,
    /// The rounds of key derivation that it needs.
    pub iterations: u32,
}

/// What is done where no option says where the password comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Otherwise {
    /// It is asked for, twice.
    Ask,
    /// It is made.
    Generate,
}

/// Refuses a dash, which other programs take for standard output.
pub fn check_no_dash(args: &NewPassword) -> Result<()> {
    if args.password_out.as_deref() == Some(Path::new("-")) {
        return Err(Error::usage("- is no file: a password is not written to standard output")
            .hint("without --password-out, a generated password is shown on a terminal"));
    }
    Ok(())
}

/// Takes the password from where the options say. `afresh` makes a new one also where that of an interrupted run is
/// there.
pub fn obtain(
    args: &NewPassword,
    otherwise: Otherwise,
    afresh: bool,
    form: Form,
    env: &mut Env,
) -> Result<Password> {
    let given = args.password_file.is_some() || args.password_stdin;
    if args.password_out.is_some() && otherwise == Otherwise::Ask && !args.generate_password {
        return Err(Error::usage(
            "--password-out is for a password that --generate-password makes",
        )
        .hint("add --generate-password"));
    }
    if args.generate_password || (otherwise == Otherwise::Generate && !given) {
        if args.password_out.is_none() && !env.prompter.is_interactive() {
            return Err(Error::usage("a generated password is shown on a terminal only")
                .hint("name a file for it with --password-out"));
        }
        let text = match &args.password_out {
            Some(path) if !afresh && is_left_over(path) => {
                env.say(&format!("going on with the password in {}", path.display()));
                env.password_file(path)?
            }
            _ => generate()?,
        };
        return Ok(Password { text, generated: true, iterations: GENERATED_ITERATIONS });
    }
    let text = if let Some(path) = &args.password_file {
        env.password_file(path)?
    } else if args.password_stdin {
        env.password_stdin()?
    } else if env.prompter.is_interactive() {
        env.new_password("Password for the file")?
    } else {
        return Err(Error::usage("the file needs a password, and nobody is there to be asked")
            .hint(
                "use --password-file, --password-stdin, or --generate-password --password-out FILE",
            ));
    };
    check(&text, args, form, env)?;
    Ok(Password { text, generated: false, iterations: CHOSEN_ITERATIONS })
}

fn check(text: &str, args: &NewPassword, form: Form, env: &mut Env) -> Result<()> {
    if text.is_empty() {
        if form == Form::Android {
            return Err(Error::refused("Android does not read a file with an empty password"));
        }
        if !args.allow_empty_password {
            return Err(Error::refused("the password is empty").hint(
                "--allow-empty-password lets it be, and leaves the key to whoever has the file",
            ));
        }
        env.warn("the password is empty: whoever has the file has the key");
    }
    if !text.is_ascii() {
        env.warn("the password is not ASCII: Java does not read such a file");
    }
    if form.is_weak() && !text.is_empty() {
        env.warn(&format!(
            "the form for {form} (3DES, SHA-1) protects a chosen password poorly; \
             --generate-password makes one that cannot be guessed"
        ));
    }
    Ok(())
}

/// Writes a password for `path`, to be put there. `None` where it is there already: that of an interrupted run is
/// gone on with.
pub fn stage(text: &str, path: &Path) -> Result<Option<Staged>> {
    let mut line = Zeroizing::new(String::with_capacity(text.len() + 1));
    line.push_str(text);
    line.push('\n');
    if input::read_if_there(path)?.is_some_and(|there| *there == *line.as_bytes()) {
        return Ok(None);
    }
    Staged::new(path, line.as_bytes(), layout::SECRET_MODE).map(Some)
}

/// Whether a file is the password of a run that was interrupted before the bundle was there: it
/// holds nothing but a password of our making, readable by its owner alone.
pub(in crate::commands) fn is_left_over(path: &Path) -> bool {
    let owner_only = path.symlink_metadata().is_ok_and(|metadata| {
        metadata.is_file() && metadata.permissions().mode() & 0o777 == layout::SECRET_MODE
    });
    owner_only
        && input::read(path)
            .is_ok_and(|content| content.strip_suffix(b"\n").is_some_and(is_generated))
}

/// Whether a password has the form of those that [`generate`] makes.
pub(in crate::commands) fn is_generated(text: &[u8]) -> bool {
    let parts: Vec<_> = text.split(|byte| *byte == b'-').collect();
    parts.len() == LETTERS / 4
        && parts
            .iter()
            .all(|part| part.len() == 4 && part.iter().all(|byte| ALPHABET.contains(byte)))
}

/// Groups of four, so that it can be read aloud.
pub(in crate::commands) fn generate() -> Result<Zeroizing<String>> {
    let octets = Zeroizing::new(random::<LETTERS>()?);
    let mut text = Zeroizing::new(String::with_capacity(LETTERS + LETTERS / 4));
    for (position, octet) in octets.iter().enumerate() {
        if position > 0 && position % 4 == 0 {
            text.push('-');
        }
        text.push(char::from(ALPHABET[usize::from(octet % 32)]));
    }
    Ok(text)
}
