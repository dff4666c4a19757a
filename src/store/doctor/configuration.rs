//! index.txt.attr and openssl.cnf.

use std::path::Path;

use fs_err as fs;

use crate::error::Result;
use crate::store::create::openssl_configuration;
use crate::store::doctor::fix::Mending;
use crate::store::doctor::{Finding, Scene};
use crate::store::{input, layout};

/// The section of openssl.cnf that mailca writes.
const SECTION: &str = "[ mailca ]";

/// Whether openssl, asked to use this folder, insists on different subjects of valid certificates: it
/// does where index.txt.attr says so, or says nothing and openssl.cnf neither.
pub(super) fn subjects_are_unique(folder: &Path) -> Result<bool> {
    for name in [layout::INDEX_ATTRIBUTES.name, layout::OPENSSL_CONFIGURATION.name] {
        let content = input::read_if_there(&folder.join(name))?.unwrap_or_default();
        let text = String::from_utf8_lossy(&content).into_owned();
        if let Some(value) = value_of(&text, "unique_subject") {
            return Ok(!["no", "n", "false", "0"].contains(&value.to_ascii_lowercase().as_str()));
        }
    }
    Ok(true)
}

fn value_of<'t>(text: &'t str, wanted: &str) -> Option<&'t str> {
    text.lines()
        .filter_map(|line| line.split_once('='))
        .find(|(key, _)| key.trim() == wanted)
        .map(|(_, value)| value.trim())
}

pub(super) fn examine(scene: &Scene<'_>, findings: &mut Vec<Finding>) -> Result<()> {
    let path = scene.ca.path().join(layout::INDEX_ATTRIBUTES.name);
    if !path.exists() {
        let what = format!("{} is missing", path.display());
        findings.push(
            Finding::advice("attributes-missing", what, "writes unique_subject = no there")
                .fixable(),
        );
    }
    let path = scene.ca.path().join(layout::OPENSSL_CONFIGURATION.name);
    match state(scene)? {
        State::Fits => {}
        State::Missing => {
            let what = format!("{} is missing, which `openssl ca` is given", path.display());
            findings.push(Finding::advice("openssl-cnf-missing", what, "writes it").fixable());
        }
        State::Elsewhere(place) => {
            let what =
                format!("{} is for a CA in {place}, and this one is not there", path.display());
            findings.push(
                Finding::problem("openssl-cnf-elsewhere", what, "writes the right place into it")
                    .fixable(),
            );
        }
    }
    Ok(())
}

enum State {
    Fits,
    Missing,
    Elsewhere(String),
}

fn state(scene: &Scene<'_>) -> Result<State> {
    let folder = scene.ca.path();
    let Some(content) = input::read_if_there(&folder.join(layout::OPENSSL_CONFIGURATION.name))?
    else {
        // A folder of CA.pl's has none.
        let ours = folder.join(layout::CONFIGURATION.name).exists();
        return Ok(if ours { State::Missing } else { State::Fits });
    };
    let text = String::from_utf8_lossy(&content);
    let Some(place) = place_in(&text) else { return Ok(State::Fits) };
    let same = fs::canonicalize(&place).ok() == fs::canonicalize(folder).ok();
    Ok(if same { State::Fits } else { State::Elsewhere(place) })
}

/// `dir` in the section of mailca's.
fn place_in(text: &str) -> Option<String> {
    let section = &text[text.find(SECTION)?..];
    let value = value_of(section, "dir")?;
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    Some(inner.map_or_else(|| value.to_owned(), |inner| inner.replace("\"\"", "\"")))
}

/// The text of openssl.cnf with this place in it; the same where mailca did not write it.
pub(crate) fn moved(text: &str, folder: &Path) -> String {
    let Some(start) = text.find(SECTION) else { return text.to_owned() };
    let mut done = false;
    let lines = text[start..].split_inclusive('\n').map(|line| {
        let is_dir = line.split_once('=').is_some_and(|(key, _)| key.trim() == "dir");
        if is_dir && !std::mem::replace(&mut done, true) {
            format!("dir = {}\n", crate::store::create::quoted(folder))
        } else {
            line.to_owned()
        }
    });
    let tail: String = lines.collect();
    format!("{}{tail}", &text[..start])
}

pub(super) fn repair(mending: &mut Mending<'_>) -> Result<()> {
    let scene = mending.scene;
    let folder = fs::canonicalize(scene.ca.path())?;
    match state(scene)? {
        State::Fits => {}
        State::Missing => {
            let text = openssl_configuration(&folder, scene.settings);
            mending.write(layout::OPENSSL_CONFIGURATION, text.as_bytes())?;
        }
        State::Elsewhere(_) => {
            let old = input::read_plain(&folder.join(layout::OPENSSL_CONFIGURATION.name))?;
            let text = moved(&String::from_utf8_lossy(&old), &folder);
            mending.write(layout::OPENSSL_CONFIGURATION, text.as_bytes())?;
        }
    }
    Ok(())
}

/// Lets valid certificates share a subject, where some do or nothing is said about it.
pub(super) fn repair_attributes(mending: &mut Mending<'_>, shared: bool) -> Result<()> {
    let path = mending.scene.ca.path().join(layout::INDEX_ATTRIBUTES.name);
    if !path.exists() || shared {
        mending.write(layout::INDEX_ATTRIBUTES, b"unique_subject = no\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_found_and_changed_and_nothing_else() {
        let text =
            "[ ca ]\ndir = x\n[ mailca ]\n# dir\ndir = \"/a \"\"b\"\"\"\ncerts = $dir/c\ndir = y\n";
        assert_eq!(place_in(text).as_deref(), Some("/a \"b\""));
        let new = moved(text, Path::new("/new"));
        assert_eq!(new, text.replace("\"/a \"\"b\"\"\"", "\"/new\""));
        assert_eq!(moved("[ other ]\ndir = x\n", Path::new("/new")), "[ other ]\ndir = x\n");
    }
}
