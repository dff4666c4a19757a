//! What to change in a `sendmail.mc` or `submit.mc` that is there, so that it says what a snippet says.
//!
//! Lines that are there and commented out are taken back in, other values are replaced in their place, and
//! what is missing goes before the lines after which it would be too late. All else stays as it is.
//! Only whole macro calls at the beginning of a line are understood; what is inside `ifdef` and the like,
//! and in included files, is not looked into. The file's bytes are kept, whatever their encoding.

use similar::TextDiff;

use crate::error::{Error, Result};
use crate::pki::printable::printable;

mod call;
mod daemon;
mod merge;

/// What comes above the lines that are added.
const HEADING: &str = "dnl # Certificates and TLS: see `mailca config sendmail'";

/// Whether this is the configuration of the submission runner.
pub fn is_submit(content: &[u8]) -> bool {
    let text = to_chars(content);
    call::all(&text).iter().any(|call| call.is_active() && call.is_feature("msp"))
}

/// The file with all that the snippet says. Of the result itself the same is made again.
pub fn merged(content: &[u8], snippet: &str) -> Result<Vec<u8>> {
    Ok(to_bytes(&merged_text(&to_chars(content), snippet)?))
}

fn merged_text(old: &str, snippet: &str) -> Result<String> {
    let snippet = to_chars(snippet.as_bytes());
    let merged = merge::merged(old, &snippet).and_then(|new| {
        // What was put in is found again, unless it fell into a quote or a call that does not end.
        match merge::merged(&new, &snippet) {
            Ok(again) if again == new => Ok(new),
            _ => Err("--merge does not understand its quotes and parentheses".to_owned()),
        }
    });
    merged.map_err(|why| {
        Error::refused(printable(&why)).hint("leave --merge out, and put the lines in by hand")
    })
}

/// The differences, as patch(1) takes them; nothing where there are none.
pub fn diff(name: &str, content: &[u8], snippet: &str) -> Result<Vec<u8>> {
    let old = to_chars(content);
    let new = merged_text(&old, snippet)?;
    let diff = TextDiff::from_lines(&old, &new);
    Ok(to_bytes(&diff.unified_diff().header(name, name).to_string()))
}

/// One character for each byte, so that files in old encodings come out as they went in.
fn to_chars(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn to_bytes(text: &str) -> Vec<u8> {
    text.chars().filter_map(|c| u8::try_from(c).ok()).collect()
}

#[cfg(test)]
mod tests;
