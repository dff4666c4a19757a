//! axe-core finds nothing that would keep anybody from using the page.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::chromium::Chromium;
use crate::sample::{full, html, least};
use crate::support::{need, skip};

/// What breaks a rule, and what may do so; but for contrast within drawings, which axe-core leaves open and drawings.rs
/// measures.
pub const RULES: &str = r"axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})
    .then(found => found.violations.concat(found.incomplete.filter(one => one.id !== 'color-contrast')).flatMap(one =>
        one.nodes.map(node => one.id + ' ' + node.html.slice(0, 120) + ' ' + node.failureSummary)))";

/// axe-core, as `tests/run` installs it.
pub fn axe() -> Option<String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let versions = fs::read_dir(target.join("peers/lib")).into_iter().flatten().flatten();
    let file = "site-packages/axe_playwright_python/axe.min.js";
    let found: Option<PathBuf> =
        versions.map(|folder| folder.path().join(file)).find(|path| path.is_file());
    if found.is_none() {
        skip("target/peers with axe-core is missing; tests/run makes it");
    }
    found.map(|path| fs::read_to_string(path).unwrap())
}

#[test]
fn axe_has_nothing_to_say() {
    need!("chromium");
    let Some(axe) = axe() else { return };
    let mut browser = Chromium::start();
    for (name, page) in [("full", full()), ("least", least())] {
        browser.show(&html(&page));
        browser.value(&axe);
        browser.unfold();
        for width in [320, 1280] {
            for scheme in ["light", "dark"] {
                browser.look(width, scheme);
                assert_eq!(browser.value(RULES), json!([]), "{name} {width} {scheme}");
            }
        }
    }
}
