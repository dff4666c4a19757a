//! `mailca completions`: the script for a shell, and the answers to what it asks.
//!
//! The scripts know nothing of mailca: at every press of the key they hand over the words typed so far. So they
//! never disagree with the program that is installed, and all three shells offer the same.
//!
//! An answer is one line with what of the shell's own is welcome too, `files`, `folders` or `none`, and then a line
//! for each word, with a tab and what it means where there is something to say.

mod line;
mod values;

use clap::CommandFactory;

use crate::cli::{Cli, Completions, Global, Shell};
use crate::env::Env;
use crate::error::Result;
use crate::pki::printable::printable;

/// So many words are offered at most: nobody reads more.
const MOST: usize = 1_000;

pub(super) fn run(args: &Completions, global: &Global, env: &mut Env) -> Result<()> {
    if args.words.is_empty() {
        return env.print_bytes(script(args.shell).as_bytes());
    }
    let words: Vec<_> = args.words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let mut command = Cli::command();
    command.build();
    let offer = line::read(&command, &words).offer(global);
    let mut answer = format!("{}\n", offer.own.name());
    for (word, about) in offer.words.iter().take(MOST) {
        answer.push_str(word);
        if !about.is_empty() {
            answer.push('\t');
            answer.push_str(&printable(about));
        }
        answer.push('\n');
    }
    env.print_bytes(answer.as_bytes())
}

fn script(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => include_str!("../../templates/completions/bash"),
        Shell::Zsh => include_str!("../../templates/completions/zsh"),
        Shell::Fish => include_str!("../../templates/completions/fish"),
    }
}
