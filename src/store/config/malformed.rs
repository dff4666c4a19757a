//! What is wrong with a line that is no TOML, in words: the parser's own are those of its grammar.

use crate::error::Error;
use crate::pki::printable::{message, printable};

/// The error of a line, which the parser has found and said something of.
pub(super) fn malformed(line: &str, said: &str) -> Error {
    if said.contains("duplicate key") {
        let key = line.split('=').next().unwrap_or(line).trim();
        return Error::refused(format!("{} is there twice", printable(key)))
            .hint("leave one of them; several values stand in one line, as in crl-publish = [\"a.pem\", \"b.pem\"]");
    }
    Error::refused(format!("this cannot be read: {}", message(line.trim()))).hint(
        "a line is KEY = VALUE, with text between double quotes: leaf-days = 365, or organization = \"Example Inc\"",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_shown_and_what_one_looks_like() {
        let error = malformed("leaf-days = = 3", "extra `=`, expected nothing");
        assert_eq!(error.to_string(), "this cannot be read: leaf-days = = 3");
        let error = malformed("leaf-days = 3", "duplicate key");
        assert_eq!(error.to_string(), "leaf-days is there twice");
    }
}
