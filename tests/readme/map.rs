//! The map in ARCHITECTURE.md and in src/lib.rs is the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::quoted::files;
use crate::support::page::text;

/// What each room may use besides itself and `error`.
const ROOMS: [(&str, &[&str]); 9] = [
    ("cli", &["mail", "pki"]),
    ("commands", &["cli", "env", "mail", "net", "pki", "prompt", "render", "store"]),
    ("env", &["pki", "prompt", "store"]),
    ("mail", &["net", "pki"]),
    ("net", &["pki"]),
    ("pki", &[]),
    ("prompt", &["pki"]),
    ("render", &["mail", "net", "pki"]),
    ("store", &["pki"]),
];

/// The rooms that a file names in its code.
fn used(code: &str) -> BTreeSet<String> {
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let names = lines.flat_map(|line| line.split("crate::").skip(1));
    let word = |rest: &str| {
        rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().to_owned()
    };
    names.map(word).collect()
}

#[test]
fn no_room_uses_one_that_it_may_not() {
    let rooms: BTreeMap<_, _> = ROOMS.into_iter().collect();
    let mut faults = BTreeSet::new();
    for path in files("src", ".rs") {
        let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
        let first = inside.iter().next().unwrap().to_str().unwrap();
        let room = first.trim_end_matches(".rs");
        let Some(may) = rooms.get(room) else { continue };
        for other in used(&fs::read_to_string(&path).unwrap()) {
            let is_known = rooms.contains_key(other.as_str());
            if is_known && other != room && !may.contains(&other.as_str()) {
                faults.insert(format!("{} uses {other}", inside.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_room_is_on_the_map() {
    let (long, short) = (text("ARCHITECTURE.md"), text("src/lib.rs"));
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let room = name.trim_end_matches(".rs");
        assert!(long.contains(&format!("`src/{name}")), "ARCHITECTURE.md does not name src/{name}");
        let is_named =
            short.contains(&format!("[`{room}`]")) || short.contains(&format!("[`mod@{room}`]"));
        assert!(is_named || ["main", "lib"].contains(&room), "src/lib.rs does not name {room}");
        let is_known = ROOMS.iter().any(|(known, _)| *known == room);
        assert!(is_known || ["main", "lib", "error"].contains(&room), "what may {room} use?");
    }
    for name in ["cmd", "terminal", "ca_pl", "interop", "servers", "crash", "browser", "package"] {
        assert!(text("CONTRIBUTING.md").contains(&format!("`tests/{name}/`")), "{name}");
    }
}
