//! A local certificate authority and certificate toolkit for mail servers.
//!
//! # The map of the house
//!
//! - [`cli`]: the command line, as data. [`commands`]: one file a command: fill in, call, print.
//! - [`pki`]: certificates, requests, keys and names as values; pure.
//! - [`store`]: the CA folder and the certificate folders on disk; its page tells the order of every
//!   write and what a crash leaves.
//! - [`mail`]: what mail servers need: where each looks for its files, and the text of its configuration; and
//!   what is wrong with one that was looked at.
//! - [`net`]: what a live mail server says before TLS and inside, presents, and accepts.
//! - [`render`]: values to text and JSON.
//! - [`mod@env`]: what the outside gives. [`prompt`]: questions. [`error`]: what goes wrong.
//!
//! `cli` -> `commands` -> `store`, `mail`, `net`, `render`, `prompt` -> `pki`; nothing points back.
//! [`mail::check`] judges the values that [`net::survey`] hands out, and [`render::check`] shows what came of
//! it; neither calls the other.

pub mod cli;
pub mod commands;
pub mod env;
pub mod error;
pub mod mail;
pub mod net;
pub mod pki;
pub mod prompt;
pub mod render;
pub mod store;

use std::ffi::OsString;
use std::io::{ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use rustix::fs::{Mode, OFlags};
use rustix::process::{DumpableBehavior, Resource, Rlimit};
use serde_json::json;

use crate::cli::{Cli, Color};
use crate::env::Env;
use crate::error::{Error, Kind};
use crate::pki::{printable, stack};
use crate::prompt::{Lines, Prompter, Terminal};
use crate::store::lock::Waiting;

/// Runs the program with these arguments, the first of which is its own name. Called as `CA.pl`, it
/// is that program ([`commands::ca_pl`]).
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    harden();
    let arguments: Vec<_> = arguments.collect();
    if let Some((name, rest)) = arguments.split_first()
        && commands::ca_pl::is_its_name(name)
    {
        return guarded(|| run_as_ca_pl(rest));
    }
    let in_json = arguments.iter().take_while(|one| *one != "--").any(|one| one == "--json");
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return not_a_command(error, &arguments, in_json),
    };
    guarded(|| {
        let global = &cli.global;
        store::lock::set_waiting(Waiting {
            limit: global.lock_timeout.map(|seconds| Duration::from_secs(seconds.into())),
            tell: if global.quiet { |_| {} } else { say },
        });
        let terminal = Terminal::new(!global.no_input);
        run(&cli, &mut real_environment(Box::new(terminal), global.color, global.quiet))
    })
}

/// Help and version go to standard output with status 0, the rest is wrong usage.
fn not_a_command(error: clap::Error, arguments: &[OsString], in_json: bool) -> ExitCode {
    if !error.use_stderr() {
        return match error.print() {
            Err(lost) if lost.kind() != ErrorKind::BrokenPipe => {
                say(&format!("error: failed to write to standard output: {lost}"));
                Kind::Refused.exit_code()
            }
            _ => ExitCode::SUCCESS,
        };
    }
    let mut env = real_environment(Box::new(Terminal::new(false)), Color::Auto, false);
    let told = cli::usage::told(&error, arguments);
    if let Some(told) = &told {
        env.report(told);
    } else {
        let _ = write!(std::io::stderr(), "{}", cli::usage::in_words_of_clap(error));
    }
    if in_json {
        let told = told.unwrap_or_else(|| Error::usage("the command line is wrong"));
        let _ = env.print_json(&in_json_of(&told));
    }
    Kind::Usage.exit_code()
}

/// An error for a program.
fn in_json_of(error: &Error) -> serde_json::Value {
    json!({
        "error": printable::message(&error.to_string()),
        "hints": error.hints().iter().map(|hint| printable::message(hint)).collect::<Vec<_>>(),
    })
}

/// Talk of the store, which knows no environment.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn guarded(run: impl FnOnce() -> ExitCode) -> ExitCode {
    // The panic has said where it happened.
    let status = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run))
        .unwrap_or_else(|_| Kind::Bug.exit_code());
    stack::wipe();
    status
}

/// What CA.pl cannot do is 1, whatever the reason: it knows no other number.
fn run_as_ca_pl(arguments: &[OsString]) -> ExitCode {
    store::lock::set_waiting(Waiting { limit: None, tell: say });
    let lines = Box::new(Lines::of_stdin());
    let mut env = real_environment(lines, Color::Auto, false);
    match commands::ca_pl::run(arguments, &mut env) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            env.report(&error);
            match error.kind() {
                Kind::Bug => Kind::Bug.exit_code(),
                Kind::Refused | Kind::Usage | Kind::Verdict | Kind::Monitor(_) => {
                    Kind::Refused.exit_code()
                }
            }
        }
    }
}

/// Runs one command in an environment.
pub fn run(cli: &Cli, env: &mut Env) -> ExitCode {
    match commands::dispatch(cli, env) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !matches!(error.kind(), Kind::Monitor(_)) {
                env.report(&error);
            }
            if cli.global.json && !env.json_written {
                // Somebody who reads JSON finds the reason there too; a lost stdout is no new error.
                let _ = env.print_json(&in_json_of(&error));
            }
            error.kind().exit_code()
        }
    }
}

/// Modes are given explicitly everywhere, so the umask takes nothing away from them; and no core
/// file is written and nobody else may look into the memory, since a key may be in it.
fn harden() {
    rustix::process::umask(Mode::empty());
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // A limit that cannot be set is at worst the one there was.
    let _ = rustix::process::setrlimit(Resource::Core, none);
    // The limit does not hold for a program that cores are piped to; this does.
    let _ = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

fn real_environment(prompter: Box<dyn Prompter>, color: Color, quiet: bool) -> Env {
    let is_colored = |is_terminal: bool| match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    };
    Env {
        stdout: Box::new(std::io::stdout()),
        stderr: Box::new(std::io::stderr()),
        stdin: prompt::stdin(),
        prompter,
        variable: |name| std::env::var(name).ok(),
        variable_names: std::env::vars_os()
            .filter_map(|(name, _)| name.into_string().ok())
            .filter(|name| name.starts_with("MAILCA_"))
            .collect(),
        json_written: false,
        warned: Vec::new(),
        quiet,
        color: is_colored(std::io::stderr().is_terminal()),
        color_stdout: is_colored(std::io::stdout().is_terminal()),
        talk_on_terminal: std::io::stderr().is_terminal(),
        product_on_terminal: std::io::stdout().is_terminal(),
        product_width: width(&std::io::stdout()),
        product_is_lost: is_lost(&std::io::stdout()),
    }
}

/// How many columns the terminal has that a stream goes to.
fn width(stream: &(impl std::os::fd::AsFd + IsTerminal)) -> Option<usize> {
    let size =
        stream.is_terminal().then(|| rustix::termios::tcgetwinsize(stream.as_fd()).ok())??;
    // One that does not say counts as the usual one.
    Some(if size.ws_col == 0 { 80 } else { size.ws_col.into() })
}

/// Whether a stream was closed when the program began: the standard library then opens /dev/null in its place, to
/// read and to write. A shell's `>/dev/null`, which somebody chose, is to write only. Programs that start others
/// open it both ways too, and so this says no more than that nobody gets what is written.
fn is_lost(stream: &impl std::os::fd::AsFd) -> bool {
    let (Ok(flags), Ok(here)) =
        (rustix::fs::fcntl_getfl(stream.as_fd()), rustix::fs::fstat(stream.as_fd()))
    else {
        return true;
    };
    let is_null = rustix::fs::stat("/dev/null").is_ok_and(|null| {
        null.st_rdev == here.st_rdev
            && rustix::fs::FileType::from_raw_mode(here.st_mode).is_char_device()
    });
    is_null && flags & OFlags::RWMODE == OFlags::RDWR
}
