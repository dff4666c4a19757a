//! `--explain`: the page of a finding, and the list of all.

use serde_json::{Value, json};

use super::text::wrapped;
use crate::mail::check::{Issue, Page, Software};

/// The page for a person, so many columns wide.
pub fn text(issue: Issue, width: usize) -> String {
    let page = Page::of(issue);
    let mut text = format!("{}\n  {}, {}\n", page.title, issue.id(), issue.severity());
    for paragraph in std::iter::once(&page.why).chain(&page.more) {
        text.push('\n');
        text.push_str(&wrapped(width, "", "", paragraph));
    }
    text.push_str("\nHow to mend it:\n");
    for (name, mend) in &page.mends {
        let title = Software::by_name(name).map_or("any server", Software::title);
        text.push_str(&wrapped(width, "  ", "    ", &format!("{title}: {mend}")));
    }
    let uses = |word: &str| page.mends.iter().any(|(_, mend)| mend.contains(word));
    let words = [
        ("HOST", "the name of the mail server"),
        ("FOLDER", "the folder with its cert.pem and key.pem"),
        ("SERVER", "sendmail, postfix, exim, dovecot or opensmtpd"),
    ];
    let told: Vec<_> = words
        .iter()
        .filter(|(word, _)| uses(word))
        .map(|(word, what)| format!("{word} is {what}"))
        .collect();
    if !told.is_empty() {
        text.push('\n');
        text.push_str(&wrapped(width, "", "", &format!("{}.", told.join("; "))));
    }
    text
}

/// The page for a program.
pub fn json(issue: Issue) -> Value {
    let page = Page::of(issue);
    let mends = page.mends.iter().map(|(name, mend)| (name.clone(), json!(mend)));
    json!({
        "id": issue.id(),
        "severity": issue.severity().name(),
        "title": page.title,
        "why": page.why,
        "more": page.more,
        "mend": mends.collect::<serde_json::Map<_, _>>(),
    })
}

/// All of them, each beginning a line.
pub fn list() -> String {
    let mut text = String::new();
    for issue in Issue::ALL {
        let first = format!("{:<29} {:<9} ", issue.id(), issue.severity());
        text.push_str(&wrapped(80, &first, &" ".repeat(first.len()), &Page::of(*issue).title));
    }
    text
}
