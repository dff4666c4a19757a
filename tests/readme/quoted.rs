//! What the pages, the texts of the program and its messages quote is there: commands with their options, files of
//! this project, and what links lead to.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use clap::error::ErrorKind;
use mailca::cli::Cli;

use crate::all_pages;
use crate::support::page::{headings, text};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The text of a page without its blocks.
pub fn prose(page: &str) -> String {
    without_blocks(&text(page))
}

fn without_blocks(text: &str) -> String {
    let mut open = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            open = !open;
        } else if !open {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    prose
}

/// What stands between backticks, on one line or two.
fn quoted(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for paragraph in text.split("\n\n") {
        let parts = paragraph.split('`').collect::<Vec<_>>();
        found.extend(parts.iter().skip(1).step_by(2).map(|part| part.replace('\n', " ")));
    }
    found
}

pub fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(ROOT).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if entry.file_name().to_str().unwrap().ends_with(ending) {
                found.push(entry.path());
            }
        }
    }
    found
}

/// The words of a command, without what is no part of it.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in command.split_whitespace() {
        if ["|", ">", ">>", "<", "&&", ";", "#"].iter().any(|end| word.starts_with(end)) {
            break;
        }
        let word = word.trim_end_matches([',', ';']);
        if word != "…" && word != "..." {
            words.push(word.trim_matches(['\'', '"', '[', ']']).to_owned());
        }
    }
    words
}

/// Why this is no command of the program; options that lack and values that are placeholders do not matter.
fn fault(command: &str) -> Option<String> {
    let words = words(command);
    // A name that is put in when the text is shown.
    let is_open =
        |word: &String| word.contains(['{', '|']) || *word == "COMMAND" || *word == "SERVER";
    if words.iter().skip(1).take(2).any(is_open) {
        return None;
    }
    if let [_, help, topic] = &words[..]
        && help == "help"
        && is_topic(topic)
    {
        return None;
    }
    let error = Cli::try_parse_from(&words).err()?;
    let is_wrong =
        matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand);
    is_wrong.then(|| error.to_string())
}

/// Whether `mailca help` has a text of that name, where it has texts of its own.
fn is_topic(name: &str) -> bool {
    let folder = Path::new(ROOT).join("templates/help");
    let Ok(texts) = fs::read_dir(folder) else { return true };
    texts.into_iter().any(|text| text.unwrap().path().file_stem().is_some_and(|stem| stem == name))
}

#[test]
fn every_command_that_is_quoted_exists() {
    let mut texts: Vec<_> = all_pages().iter().map(|page| Path::new(ROOT).join(page)).collect();
    texts.extend(files("templates", ""));
    texts.extend(files("src", ".rs"));
    // A test's own quotation marks stand in what it looks for.
    let is_command = |it: &&String| it.starts_with("mailca ") && !it.contains('"');
    let mut found = 0;
    let mut faults = BTreeSet::new();
    for path in texts {
        let text = fs::read_to_string(&path).unwrap();
        let text = if path.extension().is_some_and(|ending| ending == "md") {
            without_blocks(&text)
        } else {
            text
        };
        let text = text.replace("///", "").replace("//!", "").replace("\\\n", "");
        for command in quoted(&text).iter().filter(is_command) {
            found += 1;
            if let Some(fault) = fault(command) {
                faults.insert(format!("{}: {command}: {fault}", path.display()));
            }
        }
    }
    assert!(found > 100, "only {found} commands were found");
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_command_that_does_not_exist_is_seen() {
    assert!(fault("mailca newca --permitt example.com").is_some());
    assert!(fault("mailca nweca").is_some());
    assert!(fault("mailca install NAME --for SERVER").is_none());
    assert!(fault("mailca config sendmail|postfix").is_none());
}

/// Files of this project that a page names, and where its links lead.
#[test]
fn every_file_that_is_named_is_there() {
    let mut faults = BTreeSet::new();
    let mut found = 0;
    for page in all_pages() {
        for path in quoted(&prose(&page)) {
            let first = path.split('/').next().unwrap();
            let is_ours =
                ["src", "tests", "benches", "fuzz", "templates", "docs", ".ci"].contains(&first);
            if is_ours
                && path.contains('/')
                && !path.contains(['*', ' ', '<'])
                && !path.contains("NAME")
            {
                found += 1;
                let folder = Path::new(ROOT).join(Path::new(&page).parent().unwrap());
                if !Path::new(ROOT).join(&path).exists() && !folder.join(&path).exists() {
                    faults.insert(format!("{page}: {path}"));
                }
            }
        }
        for rest in prose(&page).split("](").skip(1) {
            let target = rest.split(')').next().unwrap();
            if target.contains("://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() {
                page.clone()
            } else {
                let folder = Path::new(&page).parent().unwrap();
                folder.join(file).to_str().unwrap().to_owned()
            };
            found += 1;
            if !Path::new(ROOT).join(&file).exists() {
                faults.insert(format!("{page}: no {target}"));
            } else if !anchor.is_empty() && !headings(&file).iter().any(|it| slug(it) == anchor) {
                faults.insert(format!("{page}: no heading {target}"));
            }
        }
    }
    assert!(found > 20, "only {found} names were found");
    assert!(faults.is_empty(), "{faults:#?}");
}

fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}
