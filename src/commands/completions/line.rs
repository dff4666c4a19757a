//! A command line that is being typed: which command it has come to, and what its last word may become.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command};

use super::values::{Offer, Place, values};
use crate::cli::Global;

/// What is known before the last word.
pub(super) struct Line<'l> {
    root: &'l Command,
    command: &'l Command,
    /// The option whose value the last word is, and how many it has already.
    pending: Option<(&'l Arg, usize)>,
    /// How many words without a dash there were.
    positions: usize,
    given: Vec<&'l Arg>,
    /// After `--` nothing is an option.
    is_escaped: bool,
    ca_dir: Option<String>,
    last: &'l str,
}

/// Reads a line; the first word is the program's own name. The command must have been built.
pub(super) fn read<'l>(command: &'l Command, words: &'l [String]) -> Line<'l> {
    let (last, before) = match words {
        [_, before @ .., last] => (last.as_str(), before),
        _ => ("", &[][..]),
    };
    let mut line = Line {
        root: command,
        command,
        pending: None,
        positions: 0,
        given: Vec::new(),
        is_escaped: false,
        ca_dir: None,
        last,
    };
    for word in before {
        line.take(word);
    }
    line
}

impl<'l> Line<'l> {
    fn take(&mut self, word: &'l str) {
        let is_option = !self.is_escaped && word.starts_with('-') && word != "-";
        if let Some((option, taken)) = self.pending.filter(|_| !is_option) {
            self.take_value(option, word);
            self.pending =
                Some((option, taken + 1)).filter(|(option, taken)| *taken < most(option));
            return;
        }
        self.pending = None;
        if self.is_escaped || !is_option {
            match self.command.find_subcommand(word).filter(|_| !self.is_escaped) {
                Some(next) if self.positions == 0 => self.command = next,
                _ => self.positions += 1,
            }
            return;
        }
        if word == "--" {
            self.is_escaped = true;
            return;
        }
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        let Some(option) = self.option(name) else { return };
        self.given.push(option);
        match value {
            Some(value) => self.take_value(option, value),
            None if most(option) > 0 => self.pending = Some((option, 0)),
            None => {}
        }
    }

    fn take_value(&mut self, option: &Arg, value: &str) {
        if option.get_id() == "ca_dir" {
            self.ca_dir = Some(value.to_owned());
        }
    }

    /// The option of a long name, or that of the last letter of a short one.
    fn option(&self, name: &str) -> Option<&'l Arg> {
        let mut all = self.command.get_arguments();
        if let Some(long) = name.strip_prefix("--") {
            return all.find(|arg| arg.get_long() == Some(long));
        }
        let letter = name.chars().next_back();
        all.find(|arg| arg.get_short().is_some() && arg.get_short() == letter)
    }

    /// What the last word may become.
    pub(super) fn offer(&self, global: &Global) -> Offer {
        let place = Place {
            ca_dir: self.ca_dir(global),
            command: self.command,
            root: self.root,
            is_first: self.positions == 0,
        };
        let is_option = !self.is_escaped && self.last.starts_with('-');
        if let Some((name, value)) = self.last.split_once('=').filter(|_| is_option) {
            let Some(option) = self.option(name) else { return Offer::default() };
            return values(option, value, &place).behind(&format!("{name}="));
        }
        if is_option {
            return self.options();
        }
        if let Some((option, _)) = self.pending {
            return values(option, self.last, &place);
        }
        let mut offer = Offer::default();
        if self.positions > 0 && self.command.has_subcommands() {
            // Not one of them.
            return offer;
        }
        if !self.is_escaped {
            let commands = self.command.get_subcommands().filter(|one| !one.is_hide_set());
            let named = commands.filter(|one| one.get_name().starts_with(self.last));
            offer.words.extend(named.map(|one| {
                let about = one.get_about().map(ToString::to_string).unwrap_or_default();
                (one.get_name().to_owned(), about)
            }));
        }
        if let Some(positional) = self.positional() {
            offer.extend(values(positional, self.last, &place));
        } else if self.last.is_empty() && offer.words.is_empty() && !self.is_escaped {
            return self.options();
        }
        offer
    }

    /// The argument that stands where the last word is: the last one of them may take many.
    fn positional(&self) -> Option<&'l Arg> {
        let mut shown = self.command.get_positionals().filter(|arg| !arg.is_hide_set());
        let mut position = self.positions;
        shown.find(|arg| match position.checked_sub(most(arg)) {
            Some(left) => {
                position = left;
                false
            }
            None => true,
        })
    }

    /// The long options that may follow: not those that are there, nor what they rule out.
    fn options(&self) -> Offer {
        let is_free = |arg: &&Arg| {
            let is_there = self.given.iter().any(|given| given.get_id() == arg.get_id());
            let may_repeat = matches!(arg.get_action(), ArgAction::Append);
            let rules_out = |one: &Arg, other: &Arg| {
                let conflicts = self.command.get_arg_conflicts_with(one);
                conflicts.iter().any(|arg| arg.get_id() == other.get_id())
            };
            let is_ruled_out =
                self.given.iter().any(|given| rules_out(given, arg) || rules_out(arg, given));
            !arg.is_hide_set() && (!is_there || may_repeat) && (!is_ruled_out || is_there)
        };
        let mut offer = Offer::default();
        for arg in self.command.get_arguments().filter(is_free) {
            let Some(long) = arg.get_long() else { continue };
            let word = format!("--{long}");
            if word.starts_with(self.last) {
                let about = arg.get_help().map(ToString::to_string).unwrap_or_default();
                offer.words.push((word, about.lines().next().unwrap_or_default().to_owned()));
            }
        }
        offer
    }

    /// The folder of the CA that the finished line would name; the shell has not seen to a `~` in it yet.
    fn ca_dir(&self, global: &Global) -> PathBuf {
        match &self.ca_dir {
            None => global.ca_dir.clone(),
            Some(typed) => match (typed.strip_prefix("~/"), std::env::home_dir()) {
                (Some(rest), Some(home)) => home.join(rest),
                _ => PathBuf::from(typed),
            },
        }
    }
}

/// How many values an argument takes at most: of those that may be repeated, any number.
fn most(arg: &Arg) -> usize {
    let count = arg.get_num_args().map_or(0, |range| range.max_values());
    if arg.is_positional() && matches!(arg.get_action(), ArgAction::Append) {
        usize::MAX
    } else {
        count
    }
}
