//! Names that look like others: letters of two alphabets in one word, and letters that only a host of
//! another name has.
//!
//! Nothing is refused for its looks, since a name in any alphabet is a good name; the administrator, who
//! knows whose it is, is told. Only what browsers look at too is looked at (Unicode TR 39, 5.1): whole words
//! in another alphabet are shown as they are.

use crate::pki::name::{Attribute, Name};
use crate::pki::policy::as_host;
use crate::pki::printable::printable;

/// An alphabet whose letters are taken for those of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alphabet {
    Latin,
    Greek,
    Cyrillic,
    Armenian,
    Cherokee,
    /// Latin letters, digits, dots and slashes in a form of their own.
    Compatible,
}

impl Alphabet {
    fn of(letter: char) -> Option<Self> {
        Some(match letter {
            'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Self::Latin,
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Self::Greek,
            '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{a640}'..='\u{a69f}' => {
                Self::Cyrillic
            }
            '\u{530}'..='\u{58f}' => Self::Armenian,
            '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}' => Self::Cherokee,
            '\u{2024}'
            | '\u{2044}'
            | '\u{2215}'
            | '\u{29f8}'
            | '\u{3002}'
            | '\u{fe52}'
            | '\u{ff01}'..='\u{ff61}'
            | '\u{1d400}'..='\u{1d7ff}' => Self::Compatible,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Latin => "Latin",
            Self::Greek => "Greek",
            Self::Cyrillic => "Cyrillic",
            Self::Armenian => "Armenian",
            Self::Cherokee => "Cherokee",
            Self::Compatible => "full-width or mathematical",
        }
    }
}

/// What the administrator should know about the looks of a subject.
pub fn warnings(subject: &Name) -> Vec<String> {
    subject.rdns().iter().flatten().filter_map(warning).collect()
}

fn warning(attribute: &Attribute) -> Option<String> {
    let text = attribute.string()?;
    let name = attribute.short_name();
    if let Some((word, [first, second])) = mixed_word(&text) {
        return Some(format!(
            "{name}={} mixes {} and {} letters in a word, {}: it may look like another name",
            printable(&text),
            first.name(),
            second.name(),
            escaped(word)
        ));
    }
    // A host has dots and no spaces, and is known by its A-label.
    let looks_like_host = name == "CN" && text.contains('.') && !text.contains([' ', '@']);
    if text.is_ascii() || !looks_like_host {
        return None;
    }
    let host = as_host(&text).map_or_else(|| "no host at all".to_owned(), |host| host.value());
    Some(format!(
        "{name}={} is not ASCII, {}: as a host it is {host}",
        printable(&text),
        escaped(&text)
    ))
}

/// The first word with letters of two alphabets, and those.
fn mixed_word(text: &str) -> Option<(&str, [Alphabet; 2])> {
    let is_between = |letter: char| letter.is_whitespace() || letter.is_ascii_punctuation();
    text.split(is_between).find_map(|word| {
        let mut alphabets = word.chars().filter_map(Alphabet::of);
        let first = alphabets.next()?;
        alphabets.find(|other| *other != first).map(|second| (word, [first, second]))
    })
}

/// With every letter that is not ASCII as its number.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut shown, letter| {
        if letter.is_ascii() {
            shown.push_str(&printable(letter.encode_utf8(&mut [0; 4])));
        } else {
            shown.push_str(&letter.escape_unicode().to_string());
        }
        shown
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::name::Parts;

    fn warned(common_name: &str) -> Option<String> {
        let parts = Parts { common_name: Some(common_name.to_owned()), ..Parts::default() };
        warnings(&parts.build().unwrap()).pop()
    }

    #[test]
    fn names_that_are_what_they_look_like_are_not_warned_of() {
        for name in [
            "mail.example.com",
            "Jürgen Müller",
            "Ольга Петрова",
            "Παύλος",
            "株式会社 Example",
            "Ольга (Mail)",
            "Größe-Почта",
            "日本Mail",
        ] {
            assert_eq!(warned(name), None, "{name}");
        }
    }

    #[test]
    fn words_of_two_alphabets_and_hosts_of_another_name_are_warned_of() {
        for (name, words) in [
            ("p\u{430}ypal", ["Latin and Cyrillic", r"p\u{430}ypal"]),
            ("mail.g\u{3bf}ogle.com", ["Latin and Greek", r"g\u{3bf}ogle"]),
            ("mail\u{ff0e}example.com", ["full-width", r"mail\u{ff0e}example"]),
            ("\u{430}\u{440}\u{440}.com", ["xn--80a6aa", r"\u{430}\u{440}\u{440}.com"]),
            ("bücher.example", ["xn--bcher-kva.example", r"b\u{fc}cher.example"]),
        ] {
            let warning = warned(name).unwrap_or_else(|| panic!("{name}"));
            assert!(words.iter().all(|word| warning.contains(word)), "{warning}");
        }
    }
}
