//! `mailca man`: the manual pages, made of the same command line that `--help` shows.

mod page;
mod roff;
mod sections;
mod settings;

use std::path::Path;

use clap::{Command, CommandFactory};
use fs_err as fs;
use serde_json::json;

use crate::cli::{Cli, Global, Man};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::store::atomic::Staged;
use crate::store::{atomic, input};

/// The mode of a page.
const MODE: u32 = 0o644;

pub(super) fn run(args: &Man, global: &Global, env: &mut Env) -> Result<()> {
    let pages = pages()?;
    if !args.dir.exists() {
        fs::create_dir(&args.dir)?;
        // The umask is none of ours.
        fs::set_permissions(&args.dir, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    }
    // All are looked at before the first is written.
    let mut changed = Vec::new();
    for (name, text) in &pages {
        let path = args.dir.join(name);
        match input::read_if_there(&path)? {
            Some(there) if *there == *text.as_bytes() => {}
            Some(_) if !args.force => {
                return Err(Error::refused(format!(
                    "{} is there already, and differs",
                    path.display()
                ))
                .hint("--force writes the pages in place of the old ones"));
            }
            _ => changed.push((path, text)),
        }
    }
    for (path, text) in changed {
        write(&path, text, args.force)?;
    }
    atomic::sync_folder(&args.dir)?;
    // The folder may be new, be it by a run that was killed.
    atomic::sync_folder(atomic::folder_of(&args.dir))?;
    if global.json {
        let names: Vec<_> = pages.iter().map(|(name, _)| name).collect();
        return env.print_json(&json!({ "dir": args.dir.display().to_string(), "pages": names }));
    }
    env.say(&format!("{} manual pages are in {}", pages.len(), args.dir.display()));
    Ok(())
}

fn write(path: &Path, text: &str, replace: bool) -> Result<()> {
    let staged = Staged::begin(path, text.as_bytes(), MODE)?;
    staged.sync()?;
    if replace { staged.replace() } else { staged.publish() }
}

/// Every page, by the name of its file.
fn pages() -> Result<Vec<(String, String)>> {
    let sections = sections::Sections::load()?;
    let mut root = Cli::command();
    root.build();
    let mut pages = Vec::new();
    collect(&root, "mailca", &sections, &mut pages)?;
    pages.push(("mailca.toml.5".into(), settings::page()));
    Ok(pages)
}

fn collect(
    command: &Command,
    name: &str,
    sections: &sections::Sections,
    pages: &mut Vec<(String, String)>,
) -> Result<()> {
    pages.push((format!("{name}.1"), page::of(command, name, sections)?));
    for one in documented(command) {
        collect(one, &format!("{name}-{}", one.get_name()), sections, pages)?;
    }
    Ok(())
}

/// The commands below one that have a page: not what is hidden, nor what clap makes below `config`.
fn documented(command: &Command) -> impl Iterator<Item = &Command> {
    let is_root = command.get_name() == "mailca";
    let is_claps = move |one: &Command| one.get_name() == "help" && !is_root;
    command.get_subcommands().filter(move |one| !one.is_hide_set() && !is_claps(one))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn every_file_and_page_that_is_named_exists() {
        let pages = pages().unwrap();
        let sections = sections::Sections::load().unwrap();
        for (name, text) in &pages {
            let key = name.trim_end_matches(".1");
            let key = key.strip_prefix("mailca-").unwrap_or(key);
            if name.ends_with(".5") {
                continue;
            }
            let by_hand = sections.page(key).unwrap();
            for file in &by_hand.files {
                assert!(sections.files.contains_key(file), "{name}: {file}");
            }
            for see in by_hand.see.iter().filter(|see| !see.contains('(')) {
                let file = format!("mailca-{see}.1");
                assert!(pages.iter().any(|(page, _)| *page == file), "{name}: {file}");
            }
            assert!(text.contains(".SH \"EXIT STATUS\""), "{name}");
        }
    }

    /// The words of a line as a shell makes them, up to what is no longer this command.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
        for letter in line.chars() {
            match letter {
                '\'' | '"' if quote.is_none() => quote = Some(letter),
                _ if quote == Some(letter) => quote = None,
                '|' | '<' | '>' | '&' | ';' if quote.is_none() => break,
                ' ' if quote.is_none() => words.extend(Some(std::mem::take(&mut word))),
                _ => word.push(letter),
            }
        }
        words.push(word);
        words.retain(|word| !word.is_empty());
        words
    }

    fn check_examples(command: &Command) -> usize {
        let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
        let help = help.replace("\\\n", " ");
        let mut checked = 0;
        for line in help.lines().filter(|line| line.starts_with("  ")) {
            let is_called = |at: &usize| {
                let before = line[..*at].trim_end();
                before.is_empty() || before.ends_with(['|', '&', ';'])
            };
            for at in line.match_indices("mailca ").map(|(at, _)| at).filter(is_called) {
                let asked = words(&line[at..]);
                if let Err(error) = crate::cli::Cli::try_parse_from(asked) {
                    panic!("{line}: {error}");
                }
                checked += 1;
            }
        }
        checked + documented(command).map(check_examples).sum::<usize>()
    }

    #[test]
    fn every_example_of_the_help_is_understood() {
        let mut root = Cli::command();
        root.build();
        assert!(check_examples(&root) > 60);
    }
}
