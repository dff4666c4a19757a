//! Untrusted text for a terminal or a log: nothing in it may move the cursor, hide, or reverse its
//! neighbours.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The longest message that is shown whole, in characters.
const LONGEST: usize = 2000;
/// What is shown of a longer one, from its beginning and from its end.
const SHOWN: (usize, usize) = (1200, 400);
/// Characters of a name that a sentence has room for.
const ROOM: usize = 120;

/// Marks on one letter that are shown as they are: Vietnamese has two.
const MARKS: usize = 2;

/// `text` with every control, bidirectional, zero-width and otherwise invisible character shown as
/// a `\u{..}` escape, and so are blanks other than the space, marks that strike a letter out or pile up on it, and
/// what has no meaning of its own. All other characters, the backslash too, stay as they are.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    push_text(&mut shown, text);
    shown
}

/// The same for bytes that should be UTF-8: each byte that is not is shown as `\u{..}` too.
pub fn printable_bytes(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        push_text(&mut shown, chunk.valid());
        for byte in chunk.invalid() {
            push_escape(&mut shown, u32::from(*byte));
        }
    }
    shown
}

/// Talk, which may have several lines: the same, but for the ends of lines and tabs.
pub fn talk(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for (character, is_hidden) in judged(text) {
        if is_hidden && !matches!(character, '\n' | '\t') {
            push_escape(&mut shown, u32::from(character));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// A message that may hold what somebody else wrote, without end: one that is too long loses its
/// middle, since what is wrong stands at the beginning or the end. It is one line, so that nothing in it looks
/// like a message of its own.
pub fn message(text: &str) -> String {
    let count = text.chars().count();
    if count <= LONGEST {
        return printable(text);
    }
    let (head, tail) = SHOWN;
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(count - tail).collect();
    let left_out = count - head - tail;
    message(&format!("{start} … ({left_out} characters are left out) … {end}"))
}

/// JSON in which nothing is hidden: the same document, with an escape for each such character. Below
/// U+0020 the writer of JSON has escaped all but the ends of its own lines.
pub fn json(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte < 0x7F) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for (character, is_hidden) in judged(text) {
        if character >= '\u{7f}' && is_hidden {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// What is left of a text that may be as long as somebody else likes: at most 120 characters of it.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(ROOM) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn push_text(shown: &mut String, text: &str) {
    // Most texts are plain.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        shown.push_str(text);
        return;
    }
    for (character, is_hidden) in judged(text) {
        if is_hidden {
            push_escape(shown, u32::from(character));
        } else {
            shown.push(character);
        }
    }
}

/// The characters, each with whether it is to be escaped.
fn judged(text: &str) -> impl Iterator<Item = (char, bool)> {
    // A mark needs a letter to stand on, and there is none at the beginning.
    let mut marks = MARKS;
    text.chars().map(move |character| {
        let is_out = if is_mark(character) {
            marks += 1;
            marks > MARKS || is_overlay(character)
        } else {
            marks = 0;
            is_hidden(character) || is_blank(character) || is_meaningless(character)
        };
        if is_out || character == ' ' || character.is_ascii_punctuation() {
            marks = MARKS;
        }
        (character, is_out)
    })
}

fn push_escape(shown: &mut String, code: u32) {
    // Writing to a String cannot fail.
    let _ = write!(shown, "\\u{{{code:x}}}");
}

/// Controls, and what Unicode calls format characters and default ignorables.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Marks that combine with the letter before them, of no alphabet in particular.
fn is_mark(character: char) -> bool {
    matches!(character,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Those of them that strike the letter out or enclose it.
fn is_overlay(character: char) -> bool {
    matches!(character,
        '\u{334}'..='\u{338}' | '\u{488}' | '\u{489}' | '\u{1abe}' | '\u{20d0}'..='\u{20ff}')
}

/// What is blank and no space: it looks like one, or like nothing.
fn is_blank(character: char) -> bool {
    (character.is_whitespace() && character != ' ') || character == '\u{2800}'
}

/// Private use, what is no character, and planes that nothing is assigned in.
fn is_meaningless(character: char) -> bool {
    matches!(character,
        '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{40000}'..='\u{10ffff}')
        || u32::from(character) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_unchanged() {
        for text in ["mail.example.com", "Zürich, 日本", r"a\b/c", "it's \"quoted\"", ""] {
            assert_eq!(printable(text), text);
            assert_eq!(printable_bytes(text.as_bytes()), text);
        }
    }

    #[test]
    fn controls_and_invisible_characters_are_escaped() {
        assert_eq!(printable("a\x1b[31mb"), r"a\u{1b}[31mb");
        assert_eq!(printable("a\0b\n"), r"a\u{0}b\u{a}");
        assert_eq!(printable("\u{85}"), r"\u{85}");
        assert_eq!(printable("user\u{202e}moc"), r"user\u{202e}moc");
        assert_eq!(printable("a\u{200b}b\u{feff}\u{2066}"), r"a\u{200b}b\u{feff}\u{2066}");
        assert_eq!(printable("\u{e0041}\u{2028}"), r"\u{e0041}\u{2028}");
    }

    #[test]
    fn what_looks_like_a_space_or_is_struck_out_is_escaped() {
        for blank in ['\u{a0}', '\u{2003}', '\u{3000}', '\u{2800}', '\u{e000}', '\u{ffff}'] {
            let escape = format!("\\u{{{:x}}}", u32::from(blank));
            assert_eq!(printable(&format!("a{blank}b")), format!("a{escape}b"));
        }
        assert_eq!(printable("ro\u{336}o\u{336}t"), r"ro\u{336}o\u{336}t");
        let two = "e\u{302}\u{301}";
        assert_eq!(printable(two), two);
        assert_eq!(printable(&format!("{two}\u{300}\u{300}")), format!(r"{two}\u{{300}}\u{{300}}"));
        assert_eq!(printable("\u{301}a, \u{301}"), r"\u{301}a, \u{301}");
        for text in ["a\u{336}\u{301}", "a\u{a0}\u{301}\u{301}", "\u{301}"] {
            assert_eq!(printable(&printable(text)), printable(text));
        }
    }

    #[test]
    fn talk_keeps_its_lines_and_a_message_its_ends() {
        assert_eq!(talk("a\n\tb\r\u{9b}"), "a\n\tb\\u{d}\\u{9b}");
        assert_eq!(message("no\nhint: run this"), r"no\u{a}hint: run this");
        let long = message(&format!("begin {} end", "x\u{7}".repeat(500_000)));
        assert!(long.starts_with("begin x\\u{7}x") && long.ends_with(r"x\u{7} end"), "{long}");
        assert!(long.contains("998410 characters are left out") && long.len() < 8000, "{long}");
    }

    #[test]
    fn json_says_the_same_without_what_is_hidden() {
        for text in [
            "plain",
            "Zürich",
            "a\u{9b}31m\u{202e}\u{7f}\u{e0041}\u{1b}\n",
            "\u{301}\u{a0}\u{301}a\u{336}\u{301}",
        ] {
            let written = serde_json::to_string(text).unwrap();
            let shown = json(&written);
            assert_eq!(printable(&shown), *shown);
            assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_escaped() {
        assert_eq!(printable_bytes(b"M\xfcller\x07"), r"M\u{fc}ller\u{7}");
        assert_eq!(printable_bytes(b"\xf0\x9f"), r"\u{f0}\u{9f}");
    }
}
