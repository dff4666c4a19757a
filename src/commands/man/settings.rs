//! mailca.toml(5), made of the comments in the file that `newca` writes.

use super::page::see_also;
use super::roff::Page;
use crate::store::config::keys::{KEYS, Key};

/// The file as `newca` writes it, with every key and what it is for.
const TEMPLATE: &str = include_str!("../../../templates/mailca.toml");

/// A paragraph of the file: what is said, and the keys that it is about, each with a value.
struct Paragraph<'t> {
    text: String,
    keys: Vec<&'t str>,
}

fn paragraphs() -> Vec<Paragraph<'static>> {
    let all = TEMPLATE.split("\n\n").map(|part| {
        let lines: Vec<_> = part.lines().map(|line| line.trim_start_matches('#').trim()).collect();
        let (keys, text): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| is_setting(line));
        Paragraph { text: text.join(" "), keys }
    });
    all.collect()
}

fn is_setting(line: &str) -> bool {
    line.split_once(" = ").is_some_and(|(key, _)| {
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    })
}

/// The keys that are refused beside the CA's own file, and why.
fn of_one_ca() -> Vec<String> {
    let with_reason = |key: &Key| Some(format!("{} ({})", key.name, key.of_one_ca?));
    KEYS.iter().filter_map(with_reason).collect()
}

/// The page.
pub(super) fn page() -> String {
    let mut page = Page::titled("mailca.toml", "5");
    page.section("NAME");
    page.text("mailca.toml - settings of mailca");
    page.section("SYNOPSIS");
    page.line(
        "/etc/mailca.toml\n.br\n\\(ti/.config/mailca/mailca.toml\n.br\n\\fIDIR\\fR/mailca.toml",
    );
    page.section("DESCRIPTION");
    let all = paragraphs();
    let (settings, prose): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|paragraph| !paragraph.keys.is_empty());
    page.paragraphs(prose.iter().map(|paragraph| paragraph.text.as_str()));
    page.paragraph();
    page.text(
        "The files are TOML: one for the machine, one for a person, and one in the CA's folder, which `newca` writes \
         with every key in it, commented out where nothing was chosen. A key that does not exist is an error. --config \
         FILE, or MAILCA_CONFIG, names one in the place of the first two; /dev/null is none.",
    );
    page.paragraph();
    page.text(
        "A file that another user may write is refused, and the personal file of another user, which root finds where \
         sudo keeps HOME, is left out with a warning.",
    );
    page.paragraph();
    page.text(&format!(
        "Some keys belong to one CA, and stand in its own file alone: {}.",
        of_one_ca().join("; ")
    ));
    page.section("SETTINGS");
    for paragraph in settings {
        page.item(paragraph.keys, &paragraph.text);
    }
    page.section("\"SEE ALSO\"");
    let see = ["mailca(1)", "newca", "doctor", "crl", "access-map", "kit", "config"];
    page.line(&see.map(see_also).join(",\n"));
    page.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_of_the_template_is_on_the_page() {
        let page = page();
        let keys: Vec<_> = paragraphs().iter().flat_map(|one| one.keys.clone()).collect();
        assert!(keys.len() > 15, "{keys:?}");
        for key in keys {
            let name = key.split(' ').next().unwrap_or_default().replace('-', "\\-");
            assert!(page.contains(&format!("\\fB{name} = ")), "{name}");
        }
        // A text that would be taken for a key, or a key without a text, is a fault of the template.
        assert!(paragraphs().iter().all(|one| !one.text.is_empty()));
    }
}
