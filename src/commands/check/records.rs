//! `--tlsa`.

use std::path::Path;

use super::given;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::printable::printable;
use crate::pki::tlsa::Published;

/// Where records come from.
const SOURCE: &str =
    "the DNS is asked by `dig +short TLSA _25._tcp.HOST`; --tlsa - reads what it prints";

/// Records, or files of them.
pub(super) fn read(given: &[String], env: &mut Env) -> Result<Vec<Published>> {
    let mut all = Vec::new();
    for text in given {
        let path = Path::new(text);
        // A record has spaces in it, and begins with a number.
        let is_record = text.trim_start().starts_with(|first: char| first.is_ascii_digit())
            && text.trim().contains(char::is_whitespace);
        let found = if is_record {
            Published::parse_all(text)?
        } else {
            let place = if text == "-" { "standard input".to_owned() } else { printable(text) };
            let content = match text.as_str() {
                "-" => env.read_stdin()?,
                _ => given::read(path, env).map_err(|error| {
                    error.hint("a record is written '3 1 1 HASH', in quotes").hint(SOURCE)
                })?,
            };
            let text = String::from_utf8_lossy(&content);
            Published::parse_all(&text).map_err(|error| error.as_refused().at(place))?
        };
        if found.is_empty() {
            let place = if text == "-" { "standard input".to_owned() } else { printable(text) };
            return Err(Error::refused(format!("no TLSA record is in {place}")).hint(SOURCE));
        }
        all.extend(found);
    }
    Ok(all)
}
