//! A local certificate authority and certificate toolkit for mail servers.
//!
//! # The map of the house
//!
//! - [`cli`]: the command line, as data. [`commands`]: one file a command: fill in, call, print.
//! - [`pki`]: certificates, requests, keys and names as values; pure.
//! - [`store`]: the CA folder and the certificate folders on disk; its page tells the order of every
//!   write and what a crash leaves.
//! - [`render`]: values to text and JSON.
//! - [`mod@env`]: what the outside gives. [`prompt`]: questions. [`error`]: what goes wrong.
//!
//! `cli` -> `commands` -> `store`, `render`, `prompt` -> `pki`; nothing points back.

pub mod cli;
pub mod commands;
pub mod env;
pub mod error;
pub mod pki;
pub mod prompt;
pub mod render;
pub mod store;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit};
use serde_json::json;

use crate::cli::{Cli, Color};
use crate::env::Env;
use crate::error::Kind;
use crate::prompt::Terminal;

/// Runs the program with these arguments, the first of which is its own name.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    harden();
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to standard output with status 0, the rest is wrong usage.
            let _ = error.print();
            return if error.use_stderr() { Kind::Usage.exit_code() } else { ExitCode::SUCCESS };
        }
    };
    let run = std::panic::AssertUnwindSafe(|| run(&cli, &mut real_environment(&cli)));
    // The panic has said where it happened.
    std::panic::catch_unwind(run).unwrap_or_else(|_| Kind::Bug.exit_code())
}

/// Runs one command in an environment.
pub fn run(cli: &Cli, env: &mut Env) -> ExitCode {
    match commands::dispatch(cli, env) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            env.report(&error);
            if cli.global.json && !env.json_written {
                // Somebody who reads JSON finds the reason there too; a lost stdout is no new error.
                let _ = env.print_json(&json!({
                    "error": error.to_string(),
                    "hints": error.hints(),
                }));
            }
            error.kind().exit_code()
        }
    }
}

/// Modes are given explicitly everywhere, so the umask takes nothing away from them; and no core
/// file is written, since a key may be in memory.
fn harden() {
    rustix::process::umask(Mode::empty());
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // A limit that cannot be set is at worst the one there was.
    let _ = rustix::process::setrlimit(Resource::Core, none);
}

fn real_environment(cli: &Cli) -> Env {
    let color = match cli.global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            std::io::stderr().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    };
    Env {
        stdout: Box::new(std::io::stdout()),
        stderr: Box::new(std::io::stderr()),
        stdin: Box::new(std::io::stdin()),
        prompter: Box::new(Terminal::new(!cli.global.no_input)),
        variable: |name| std::env::var(name).ok(),
        variable_names: std::env::vars_os()
            .filter_map(|(name, _)| name.into_string().ok())
            .filter(|name| name.starts_with("MAILCA_"))
            .collect(),
        json_written: false,
        quiet: cli.global.quiet,
        color,
    }
}
