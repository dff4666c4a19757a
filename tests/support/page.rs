//! The blocks of a page of documentation, as the tests run them.

use std::fs;
use std::path::Path;

/// What stands between two fences.
pub struct Block {
    /// The heading above it.
    pub section: String,
    /// What stands behind the first fence: the language, and how it is run.
    pub kind: String,
    pub text: String,
}

impl Block {
    /// The script of a block that is run by a shell: all of an `sh` block; of a `console` block, what follows the
    /// prompt, and the lines it continues on.
    pub fn script(&self) -> String {
        if self.kind != "console" {
            return self.text.clone();
        }
        let mut script = String::new();
        let mut continues = false;
        for line in self.text.lines() {
            let command = if continues { Some(line) } else { line.strip_prefix("$ ") };
            if let Some(command) = command {
                script.push_str(command);
                script.push('\n');
                continues = command.ends_with('\\');
            }
        }
        script
    }
}

/// The text of a file of this project.
pub fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All blocks of a page.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut section = String::new();
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for line in text(page).lines() {
        if let Some(kind) = line.trim_start().strip_prefix("```") {
            open = !open;
            if open {
                let (section, kind) = (section.clone(), kind.trim().to_string());
                blocks.push(Block { section, kind, text: String::new() });
            } else {
                assert_eq!(kind, "", "{page}: {line}");
            }
        } else if open {
            let block = blocks.last_mut().unwrap();
            block.text.push_str(line);
            block.text.push('\n');
        } else if let Some(title) = heading(line) {
            title.clone_into(&mut section);
        }
    }
    assert!(!open, "a block of {page} is not closed");
    blocks
}

/// The headings of a page, in their order.
pub fn headings(page: &str) -> Vec<String> {
    let mut open = false;
    let mut headings = Vec::new();
    for line in text(page).lines() {
        if line.trim_start().starts_with("```") {
            open = !open;
        } else if !open {
            headings.extend(heading(line).map(str::to_owned));
        }
    }
    headings
}

fn heading(line: &str) -> Option<&str> {
    line.starts_with('#').then(|| line.trim_start_matches('#').trim())
}

/// What is typed in a text for the terminal, as `mailca help renewal` prints it: lines that are indented by four
/// spaces, each block with the line of text above it. What is indented by eight is shown only.
pub fn typed(text: &str) -> Vec<(String, String)> {
    let mut above = String::new();
    let mut blocks: Vec<(String, String)> = Vec::new();
    let mut goes_on = false;
    for line in text.lines() {
        let command = line.strip_prefix("    ").filter(|rest| !rest.starts_with("    "));
        match command {
            Some(command) if goes_on => {
                let (_, block) = blocks.last_mut().unwrap();
                block.push('\n');
                block.push_str(command);
            }
            Some(command) => blocks.push((above.clone(), command.to_owned())),
            None if !line.is_empty() => line.clone_into(&mut above),
            None => {}
        }
        goes_on = command.is_some();
    }
    blocks
}
