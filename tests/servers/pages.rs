//! The page of each server in docs/ is followed, block by block, on a machine with that server.
//!
//! Blocks fenced `sh` are run in order, as root in /root; of those fenced `console`, the lines after `$ `
//! are, with the lines that continue them. After each section a test looks at what it has come to.

use crate::support::Machine;

/// A part of a page that has a heading.
struct Section {
    title: String,
    script: String,
}

fn sections(page: &str) -> Vec<Section> {
    let path = format!("{}/docs/{page}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let mut sections: Vec<Section> = Vec::new();
    let mut fence: Option<&str> = None;
    let mut continues = false;
    for line in text.lines() {
        if let Some(kind) = line.strip_prefix("```") {
            fence = if fence.is_some() { None } else { Some(kind) };
            assert!(matches!(fence, None | Some("sh" | "console" | "text")), "{page}: {line}");
        } else if fence.is_none() && line.starts_with('#') {
            let title = line.trim_start_matches('#').trim().to_owned();
            sections.push(Section { title, script: String::new() });
        } else if let Some(section) = sections.last_mut() {
            let command = match fence {
                Some("sh") => Some(line),
                Some("console") if continues => Some(line),
                Some("console") => line.strip_prefix("$ "),
                _ => None,
            };
            section.script.extend(command.map(|command| format!("{command}\n")));
            continues = command.is_some_and(|command| command.ends_with('\\'));
        }
    }
    assert!(fence.is_none(), "a block of {page} is not closed");
    sections
}

/// Gives the machine a `systemctl` that runs these lines of shell for `VERB UNIT`: nothing in it starts
/// services.
pub fn systemctl(machine: &Machine, knows: &[(&str, &str)]) {
    let cases: Vec<_> =
        knows.iter().map(|(words, line)| format!("  '{words}') {line} ;;\n")).collect();
    let script = format!(
        "#!/bin/sh\nset -e\ncase $* in\n{}  *) echo \"systemctl $*: unknown\" >&2; exit 1 ;;\nesac\n",
        cases.concat()
    );
    machine.write("/usr/local/bin/systemctl", script, 0o755);
}

/// Follows a page. `look` is told the title of every section that has been done.
pub fn follow(machine: &Machine, page: &str, mut look: impl FnMut(&str)) {
    let mut ran = 0;
    for section in sections(page) {
        if !section.script.is_empty() {
            let outcome = machine.run(&format!("set -e\n{}", section.script)).output();
            let context = format!("docs/{page}, {}:\n{}", section.title, section.script);
            assert_eq!(outcome.status, Some(0), "{context}{outcome}\n{}", machine.told());
            ran += 1;
        }
        look(&section.title);
    }
    assert!(ran > 3, "docs/{page} has hardly a command");
}
