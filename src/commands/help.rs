//! `mailca help`: the commands and the topics, the help of a command, or the page of a topic.

pub(super) mod topic;

use clap::{Command, CommandFactory, Parser};
use serde_json::json;

use crate::cli::{self, Cli, Global};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::printable::printable;
use topic::Topic;

pub(super) fn run(args: &cli::Help, global: &Global, env: &mut Env) -> Result<()> {
    if let [word] = args.words.as_slice()
        && let Some(topic) = Topic::by_name(word)
    {
        if global.json {
            return env.print_json(&json!({
                "topic": topic.name(),
                "title": topic.title(),
                "text": topic.text(),
            }));
        }
        return env.print_bytes(topic.text().as_bytes());
    }
    let mut root = Cli::command();
    root.build();
    check_command(&root, &args.words)?;
    if global.json {
        return env.print_json(&listed(&root, &args.words));
    }
    let asked = std::iter::once("mailca".to_owned()).chain(args.words.clone());
    // The same as the command itself prints, in the width of the terminal.
    let Err(help) = Cli::try_parse_from(asked.chain(["--help".to_owned()])) else {
        return Err(Error::bug("a command has no help"));
    };
    let help = help.render();
    let mut text = if env.color_stdout { help.ansi().to_string() } else { help.to_string() };
    if args.words.is_empty() {
        text.push_str("\nTopics, as in `mailca help renewal`:\n");
        for topic in Topic::ALL {
            text.push_str(&line(topic));
        }
    }
    env.print_bytes(text.as_bytes())
}

fn line(topic: &Topic) -> String {
    format!("  {:<15}{}\n", topic.name(), topic.title())
}

/// Refuses words that are no command.
fn check_command(root: &Command, words: &[String]) -> Result<()> {
    let mut command = root;
    for (at, word) in words.iter().enumerate() {
        if let Some(next) = command.find_subcommand(word) {
            command = next;
            continue;
        }
        let before = words[..at].join(" ");
        let error = Error::usage(format!(
            "\"{}\" is neither a command nor a topic",
            printable(format!("{before} {word}").trim_start())
        ));
        return Err(match nearest(command, at == 0, word) {
            Some(near) => {
                let meant = format!("{before} {near}");
                error.hint(format!("is `mailca help {}` meant?", meant.trim_start()))
            }
            None => error.hint("`mailca help` lists the commands and the topics"),
        });
    }
    Ok(())
}

/// The command below one, or at the top the topic, whose name is most like a mistyped one.
fn nearest<'n>(command: &'n Command, is_top: bool, mistyped: &str) -> Option<&'n str> {
    let mistyped = mistyped.to_lowercase();
    let shown = command.get_subcommands().filter(|one| !one.is_hide_set());
    let mut names: Vec<&str> = shown.map(Command::get_name).collect();
    if is_top {
        for topic in Topic::ALL {
            names.push(topic.name());
        }
    }
    // "easy-rsa" is how one thinks of "from-easy-rsa".
    let is_short = |name: &&str| name.strip_prefix("from-") == Some(mistyped.as_str());
    if let Some(name) = names.iter().copied().find(is_short) {
        return Some(name);
    }
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(name, &mistyped), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, name)| name)
}

/// The commands below one, and at the top the topics.
fn listed(root: &Command, words: &[String]) -> serde_json::Value {
    let command = words.iter().try_fold(root, |command, word| command.find_subcommand(word));
    let about = |command: &Command| command.get_about().map(ToString::to_string);
    let below = command.into_iter().flat_map(Command::get_subcommands);
    let commands: Vec<_> = below
        .filter(|one| !one.is_hide_set() && one.get_name() != "help")
        .map(|one| json!({ "name": one.get_name(), "about": about(one) }))
        .collect();
    let topics = Topic::ALL.iter().filter(|_| words.is_empty());
    let topics: Vec<_> =
        topics.map(|topic| json!({ "name": topic.name(), "title": topic.title() })).collect();
    json!({
        "command": words.join(" "),
        "about": command.and_then(about),
        "commands": commands,
        "topics": topics,
    })
}
