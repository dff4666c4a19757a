//! Any file, as `mailca show` tells of it.

use mailca::pki::inspect::inspect;
use mailca::render::show::{self, Shown};

use super::fixture::NOW;

/// Whatever a file holds, its page is plain text.
pub fn check(input: &[u8]) {
    let items = match inspect(input) {
        Ok(items) => items,
        Err(error) => return super::assert_error_is_plain(&error),
    };
    let total = items.len();
    let shown: Vec<_> = (1..)
        .zip(&items)
        .map(|(number, item)| Shown { target: "file", position: (number, total), item })
        .collect();
    for everything in [false, true] {
        super::assert_lines_are_plain(&show::text(&shown, NOW, everything, 80));
    }
    let document = show::json(&shown, NOW, true).expect("there is a document");
    assert_eq!(document["items"].as_array().map(Vec::len), Some(total));
}
