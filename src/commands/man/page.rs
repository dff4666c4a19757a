//! The page of one command.

use clap::Command;
use clap_mangen::Man;

use super::roff::Page;
use super::sections::{ByHand, Sections};
use crate::commands::help::topic::Topic;
use crate::error::Result;

/// What a command's long help says after its options.
#[derive(Default)]
struct After<'h> {
    /// Prose, and lines that are no commands.
    notes: Vec<&'h str>,
    /// Commands to try, with the line that leads to them.
    examples: Vec<(&'h str, Vec<&'h str>)>,
    /// How it ends.
    status: Vec<&'h str>,
}

impl<'h> After<'h> {
    fn of(help: &'h str) -> Self {
        let mut after = Self::default();
        for part in help.split("\n\n").filter(|part| !part.is_empty()) {
            if part.starts_with("Exit status") {
                after.status.push(part);
            } else if let Some((lead, lines)) = block(part)
                && lines.iter().any(|line| line.contains("mailca "))
            {
                let lead = if lead.starts_with("Example") { "" } else { lead };
                after.examples.push((lead, lines));
            } else {
                after.notes.push(part);
            }
        }
        after
    }
}

/// A line that ends in a colon, and the indented ones below it.
fn block(text: &str) -> Option<(&str, Vec<&str>)> {
    let (lead, rest) = text.split_once('\n')?;
    let lines: Vec<_> = rest.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    (lead.ends_with(':') && lines.len() == rest.lines().count()).then_some((lead, lines))
}

/// The page of a command that has been built; its name is `mailca-renew`.
pub(super) fn of(command: &Command, name: &str, sections: &Sections) -> Result<String> {
    let key = name.strip_prefix("mailca-").unwrap_or(name);
    let by_hand = sections.page(key)?;
    let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let after = After::of(&help);
    let mut page = Page::titled(name, "1");
    let generated = Man::new(command.clone());
    let mut text = Vec::new();
    generated.render_name_section(&mut text)?;
    page.generated(&text);
    synopsis(&mut page, command);
    description(&mut page, command, &after);
    let mut text = Vec::new();
    if command.get_arguments().any(|argument| !argument.is_hide_set()) {
        generated.render_options_section(&mut text)?;
    }
    page.generated(&text);
    commands(&mut page, command, name);
    if name == "mailca" {
        environment(&mut page);
    }
    if name == "mailca-help" {
        page.section("TOPICS");
        for topic in Topic::ALL {
            page.item([topic.name()], &format!("{}.", topic.title()));
        }
    }
    examples(&mut page, &after);
    by_hand_sections(&mut page, by_hand, &after, sections, name);
    Ok(page.finish())
}

fn synopsis(page: &mut Page, command: &Command) {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    page.section("SYNOPSIS");
    let usage = usage.split_whitespace().collect::<Vec<_>>().join(" ");
    let (words, arguments) = usage.split_at(usage.find(['[', '<']).unwrap_or(usage.len()));
    page.text(&format!("`{}` {arguments}", words.trim_end()));
}

fn description(page: &mut Page, command: &Command, after: &After<'_>) {
    page.section("DESCRIPTION");
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    page.text(&format!("{}.", about.trim_end_matches('.')));
    for note in &after.notes {
        page.paragraph();
        if let Some((lead, lines)) = block(note) {
            page.text(lead);
            page.verbatim(lines);
        } else {
            page.text(&note.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
}

/// The commands below one, each with the name of its page.
fn commands(page: &mut Page, command: &Command, name: &str) {
    let shown: Vec<_> = super::documented(command).collect();
    if shown.is_empty() {
        return;
    }
    page.section("COMMANDS");
    for one in shown {
        let about = one.get_about().map(ToString::to_string).unwrap_or_default();
        page.item([format!("{name}-{}(1)", one.get_name()).as_str()], &format!("{about}."));
    }
}

fn environment(page: &mut Page) {
    page.section("ENVIRONMENT");
    page.item(
        ["MAILCA_DIR", "MAILCA_CONFIG", "MAILCA_CA_PASSPHRASE_FILE"],
        "As the options --ca-dir, --config and --ca-passphrase-file.",
    );
    page.item(
        ["MAILCA_LEAF_DAYS", "and so on"],
        "Every setting of mailca.toml(5) has a variable, which goes before the file.",
    );
    page.item(["NO_COLOR"], "If it is not empty, nothing is coloured.");
}

fn examples(page: &mut Page, after: &After<'_>) {
    if after.examples.is_empty() {
        return;
    }
    page.section("EXAMPLES");
    for (lead, lines) in &after.examples {
        if !lead.is_empty() {
            page.paragraph();
            page.text(lead);
        }
        page.verbatim(lines.iter().copied());
    }
}

fn by_hand_sections(
    page: &mut Page,
    by_hand: &ByHand,
    after: &After<'_>,
    sections: &Sections,
    name: &str,
) {
    let files: Vec<_> = by_hand
        .files
        .iter()
        .filter_map(|file| Some((file.as_str(), sections.files.get(file)?)))
        .collect();
    if !files.is_empty() {
        page.section("FILES");
        for (file, what) in files {
            page.item([file], what);
        }
    }
    page.section("\"EXIT STATUS\"");
    // What one word of the list says, the table below says in a sentence.
    page.paragraphs(after.status.iter().copied().filter(|text| !text.starts_with("Exit status:")));
    let may_say_no = name == "mailca"
        || after.status.iter().chain(&after.notes).any(|text| text.contains("status 3"));
    let mut statuses: Vec<_> = sections.status.iter().collect();
    statuses.sort_by_key(|(status, _)| status.parse::<u8>().unwrap_or(u8::MAX));
    for (status, what) in statuses {
        if status != "3" || may_say_no {
            page.item([status.as_str()], what);
        }
    }
    if !by_hand.security.is_empty() {
        page.section("SECURITY");
        page.paragraphs(by_hand.security.iter().map(String::as_str));
    }
    let mut see: Vec<_> = by_hand.see.iter().map(|page| see_also(page)).collect();
    if name != "mailca" {
        see.insert(0, "\\fBmailca\\fR(1)".into());
    }
    page.section("\"SEE ALSO\"");
    page.line(&see.join(",\n"));
}

/// `renew` is mailca-renew(1); what has a section is another page.
pub(super) fn see_also(page: &str) -> String {
    let (name, section) = match page.split_once('(') {
        Some((name, rest)) => (name.to_owned(), rest.trim_end_matches(')')),
        None => (format!("mailca-{page}"), "1"),
    };
    format!("\\fB{}\\fR({section})", name.replace('-', "\\-"))
}
