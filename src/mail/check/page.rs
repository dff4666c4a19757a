//! The page of an issue, taken apart: a heading; `Why:`, one paragraph; more paragraphs; and `Mend:`, a
//! list with an item for each program that has one, and one for any other.

use super::{Issue, Software};

/// A page. Every text is one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// What it is.
    pub title: String,
    /// Why it matters, in a sentence or two.
    pub why: String,
    /// More on it, a paragraph each.
    pub more: Vec<String>,
    /// How it is mended: the name of a program, or `any`; and what to do.
    pub mends: Vec<(String, String)>,
}

impl Page {
    /// Reads the page of an issue.
    pub fn of(issue: Issue) -> Self {
        Self::read(issue.text())
    }

    /// How a certificate is mended where a folder here has one that is in order.
    pub(super) fn of_folder() -> Self {
        Self::read(include_str!("../../../templates/check-folder.md"))
    }

    fn read(text: &str) -> Self {
        let mut page =
            Self { title: String::new(), why: String::new(), more: Vec::new(), mends: Vec::new() };
        for paragraph in text.split("\n\n") {
            if let Some(title) = paragraph.strip_prefix("# ") {
                page.title = one_line(title);
            } else if let Some(why) = paragraph.strip_prefix("Why:") {
                page.why = one_line(why);
            } else if let Some(list) = paragraph.strip_prefix("Mend:") {
                let items = list.split("\n- ").skip(1).map(one_line);
                let items = items.filter_map(|item| {
                    item.split_once(": ").map(|(name, text)| (name.to_owned(), text.to_owned()))
                });
                page.mends.extend(items);
            } else {
                page.more.push(one_line(paragraph));
            }
        }
        page
    }

    /// How to mend it in a program; what is there for any other where it is not known, or has none of
    /// its own.
    pub fn mend(&self, software: Option<Software>) -> &str {
        let of = |wanted: &str| {
            let found = self.mends.iter().find(|(name, _)| name == wanted);
            found.map(|(_, text)| text.as_str())
        };
        software.and_then(|software| of(software.name())).or_else(|| of("any")).unwrap_or_default()
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_says_what_and_why_and_how_to_mend() {
        for issue in Issue::ALL {
            let page = Page::of(*issue);
            let id = issue.id();
            assert!(!page.title.is_empty() && !page.title.ends_with('.'), "{id}");
            assert!(page.why.ends_with('.'), "{id}: {}", page.why);
            assert!(!page.mend(None).is_empty(), "{id}");
            assert_eq!(page.mends[0].0, "any", "{id}: the general advice comes first");
            for (name, text) in &page.mends {
                assert!(name == "any" || Software::by_name(name).is_some(), "{id}: {name}");
                assert!(!text.is_empty(), "{id}: {name}");
            }
            let list = issue.text().split("Mend:").nth(1).unwrap();
            assert_eq!(list.matches("\n- ").count(), page.mends.len(), "{id}");
            assert!(issue.text().lines().all(|line| line.chars().count() <= 120), "{id}");
        }
    }

    #[test]
    fn the_advice_is_for_the_program() {
        let page = Page::of(Issue::LoginBeforeTls);
        assert!(page.mend(Some(Software::Postfix)).contains("smtpd_tls_auth_only"));
        assert!(page.mend(Some(Software::Sendmail)).contains("`A p y'"));
        assert_eq!(page.mend(None), page.mends[0].1);
        let page = Page::of(Issue::NameMismatch);
        assert_eq!(page.mend(Some(Software::Exim)), page.mend(None));
    }
}
