//! What may be said for an argument: its values where they are known, else what its placeholder names.

use std::path::{Path, PathBuf};

use clap::{Arg, Command, ValueHint};

use crate::commands::help::topic::Topic;
use crate::mail::check::Issue;
use crate::store::folder::FolderName;
use crate::store::index::Index;
use crate::store::layout;

/// So many entries of the current folder are looked at: with many thousands it would be felt.
const MOST_ENTRIES: usize = 20_000;
/// So many serial numbers are offered: they are told apart by what stands beside them, and somebody reads that.
const MOST_SERIALS: usize = 50;

/// Where the line is typed.
pub(super) struct Place<'c> {
    /// The folder of the CA in force.
    pub(super) ca_dir: PathBuf,
    /// The command that the argument belongs to.
    pub(super) command: &'c Command,
    /// All commands, for the one that tells about them.
    pub(super) root: &'c Command,
    /// Whether it is the first word without a dash.
    pub(super) is_first: bool,
}

/// What of the shell's own is welcome too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Own {
    /// Nothing.
    #[default]
    None,
    /// The names of files and folders.
    Files,
    /// The names of folders.
    Folders,
}

impl Own {
    /// As the scripts know it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Files => "files",
            Self::Folders => "folders",
        }
    }
}

/// What is offered: words, each with what it means.
#[derive(Debug, Default)]
pub(super) struct Offer {
    pub(super) words: Vec<(String, String)>,
    pub(super) own: Own,
}

impl Offer {
    /// The same, where the word began with something before the value.
    pub(super) fn behind(mut self, prefix: &str) -> Self {
        for (word, _) in &mut self.words {
            word.insert_str(0, prefix);
        }
        self
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.words.extend(other.words);
        self.own = other.own;
    }
}

/// The values of an argument that begin with what was typed of one.
pub(super) fn values(arg: &Arg, typed: &str, place: &Place<'_>) -> Offer {
    if let Some(at) = arg.get_value_delimiter().and_then(|delimiter| typed.rfind(delimiter)) {
        let (before, last) = typed.split_at(at + 1);
        return one_value(arg, last, place).behind(before);
    }
    one_value(arg, typed, place)
}

fn one_value(arg: &Arg, typed: &str, place: &Place<'_>) -> Offer {
    let known = arg.get_possible_values();
    if !known.is_empty() {
        let shown = known.iter().filter(|one| !one.is_hide_set());
        let words = shown.map(|one| {
            let about = one.get_help().map(ToString::to_string).unwrap_or_default();
            (one.get_name().to_owned(), about)
        });
        return begun(words, typed);
    }
    let placeholder = arg.get_value_names().and_then(|names| names.first());
    let placeholder = placeholder.map(clap::builder::Str::as_str).unwrap_or_default();
    let is_folder_name =
        arg.is_positional() || ["client", "sign_with"].contains(&arg.get_id().as_str());
    let mut offer = Offer::default();
    for name in placeholder.split('|') {
        match name {
            "NAME" if is_folder_name => offer.words.extend(folders(typed)),
            // A host's folder often has its name.
            "HOST[:PORT]" => {
                offer
                    .words
                    .extend(folders(typed).into_iter().filter(|(name, _)| name.contains('.')));
            }
            "SERIAL" => offer.words.extend(serials(typed, place)),
            "ID" | "ID,..." => {
                let issues = Issue::ALL.iter().map(|one| (one.id().to_owned(), String::new()));
                let list = Some(("list".to_owned(), String::new())).filter(|_| name == "ID");
                offer.words.extend(begun(issues.chain(list), typed).words);
            }
            "MODE" => {
                let modes =
                    ["0400", "0440", "0444", "0644"].map(|mode| (mode.into(), String::new()));
                offer.words.extend(begun(modes.into_iter(), typed).words);
            }
            "TOPIC" if place.is_first => {
                let topics = Topic::ALL.iter().map(|one| (one.name().into(), one.title().into()));
                offer.words.extend(begun(topics, typed).words);
            }
            "COMMAND" if place.is_first => {
                let commands = place.root.get_subcommands().filter(|one| !one.is_hide_set());
                let commands = commands.map(|one| {
                    let about = one.get_about().map(ToString::to_string).unwrap_or_default();
                    (one.get_name().to_owned(), about)
                });
                offer.words.extend(begun(commands, typed).words);
            }
            "DIR" | "FOLDER" => offer.own = Own::Folders,
            name if name.starts_with("FILE") => offer.own = Own::Files,
            _ if offer.own == Own::None && arg.get_value_hint() == ValueHint::AnyPath => {
                offer.own = Own::Files;
            }
            _ => {}
        }
    }
    // The files of a folder would stand beside its name.
    if placeholder.starts_with("NAME|") && !offer.words.is_empty() {
        offer.own = Own::None;
    }
    offer
}

fn begun(words: impl Iterator<Item = (String, String)>, typed: &str) -> Offer {
    Offer { words: words.filter(|(word, _)| word.starts_with(typed)).collect(), own: Own::None }
}

/// The certificate folders here, in order.
fn folders(typed: &str) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(".").into_iter().flatten().flatten().take(MOST_ENTRIES);
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let begun = names.filter(|name| name.starts_with(typed) && FolderName::parse(name).is_ok());
    let is_one = |name: &String| {
        [layout::CERTIFICATE, layout::REQUEST]
            .iter()
            .any(|file| Path::new(name).join(file.name).exists())
    };
    let mut found: Vec<_> = begun.filter(is_one).map(|name| (name, String::new())).collect();
    found.sort();
    found
}

/// The newest certificates of the CA whose serial numbers begin so. What is to be revoked or renewed is not
/// revoked yet.
fn serials(typed: &str, place: &Place<'_>) -> Vec<(String, String)> {
    let is_digits = typed.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_digits {
        return Vec::new();
    }
    let wants_all = place.command.get_name() == "show";
    let found =
        Index::of(&place.ca_dir).newest(typed, MOST_SERIALS, |status| wants_all || status == b'V');
    // The shells take what begins as it was typed.
    let as_typed = |serial: String| match serial.get(..typed.len()) {
        Some(start) if start != typed => serial.to_lowercase(),
        _ => serial,
    };
    found.into_iter().map(|(serial, title)| (as_typed(serial), title)).collect()
}
