//! Names that look like others: letters of two alphabets in one word, letters that look like ASCII one and all,
//! letters that only a host of another name has, and those that a terminal puts in another order.
//!
//! Nothing is refused for its looks, since a name in any alphabet is a good name; the administrator, who
//! knows whose it is, is told. This is a part of what Unicode TR 39 knows: a word of another alphabet is told of
//! where all of it looks like ASCII, and two words that are not ASCII are not compared.

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::pki::general_name::GeneralName;
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

/// What the administrator should know about the looks of a subject and of the names beside it.
pub fn warnings(subject: &Name, names: &[GeneralName]) -> Vec<String> {
    let of_subject = subject.rdns().iter().flatten().filter_map(warning);
    of_subject.chain(names.iter().filter_map(host_warning)).collect()
}

fn warning(attribute: &Attribute) -> Option<String> {
    let text = attribute.string()?;
    if text.is_ascii() {
        return None;
    }
    let name = attribute.short_name();
    let shown = attribute.shown();
    if let Some((word, [first, second])) = mixed_word(&text) {
        return Some(format!(
            "{name}={shown} mixes {} and {} letters in a word, {}: it may look like another name",
            first.name(),
            second.name(),
            escaped(word)
        ));
    }
    let like = plain_look(&text).map(|look| format!("looks like {look} and is not"));
    // A host has dots and no spaces, and is known by its A-label.
    if name == "CN" && text.contains('.') && !text.contains([' ', '@']) {
        let host = as_host(&text).map_or_else(|| "no host at all".to_owned(), |host| host.value());
        return Some(format!(
            "{name}={shown} {}, {}: as a host it is {host}",
            like.as_deref().unwrap_or("is not ASCII"),
            escaped(&text)
        ));
    }
    if let Some(like) = like {
        return Some(format!("{name}={shown} {like}: {}", escaped(&text)));
    }
    if text.contains(is_right_to_left) {
        return Some(format!(
            "{name} is written from right to left, and a terminal may show it and what stands beside it in \
             another order: {}",
            escaped(&text)
        ));
    }
    // Sendmail and the index have octets only.
    let other = std::str::from_utf8(&attribute.bytes).ok().filter(|other| *other != text);
    other.filter(|_| attribute.tag == TELETEX).map(|other| {
        format!(
            "{name}={shown} is in Latin-1, {}: programs that take it for UTF-8 read {}",
            escaped(&text),
            printable(other)
        )
    })
}

/// What a host, or the host of a mailbox, reads as where its A-labels are decoded.
fn host_warning(name: &GeneralName) -> Option<String> {
    let host = match name {
        GeneralName::Dns(host) => host.as_str(),
        GeneralName::Email(mailbox) => mailbox.rsplit_once('@')?.1,
        _ => return None,
    };
    if !host
        .split('.')
        .any(|label| label.get(..4).is_some_and(|it| it.eq_ignore_ascii_case("xn--")))
    {
        return None;
    }
    let (decoded, _) = idna::domain_to_unicode(host);
    decoded.split('.').find_map(|label| {
        let why = match (mixed_word(label), plain_look(label)) {
            (Some((_, [first, second])), _) => {
                format!("mixes {} and {} letters", first.name(), second.name())
            }
            (None, look) => format!("looks like {}", look?),
        };
        Some(format!(
            "{name} is shown as {} by some programs, which {why}: {}",
            printable(&decoded),
            escaped(label)
        ))
    })
}

/// The ASCII text that one looks like which is not ASCII.
fn plain_look(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let composed = ComposingNormalizerBorrowed::new_nfkc().normalize(text);
    let look: String = composed.chars().map(plain).collect();
    look.is_ascii().then(|| printable(&look))
}

/// The ASCII letter that a letter looks like, or the letter.
fn plain(letter: char) -> char {
    let alike = |letters: &str, plain: &str| {
        let at = letters.chars().position(|one| one == letter)?;
        plain.chars().nth(at)
    };
    if letter.is_ascii() {
        return letter;
    }
    LOOKS.iter().find_map(|(letters, plain)| alike(letters, plain)).unwrap_or(letter)
}

/// Letters that nobody tells from ASCII ones, each with its ASCII one: Latin, Cyrillic, Greek, Armenian,
/// Cherokee, and blanks and dashes.
const LOOKS: &[(&str, &str)] = &[
    (
        "\u{131}\u{237}\u{251}\u{261}\u{269}\u{28b}\u{1d00}\u{299}\u{1d04}\u{1d05}\u{1d07}\u{262}\u{29c}\u{26a}\
         \u{1d0a}\u{1d0b}\u{29f}\u{1d0d}\u{274}\u{1d0f}\u{1d18}\u{280}\u{1d1b}\u{1d1c}\u{1d20}\u{1d21}\u{28f}\u{1d22}",
        "ijagivabcdeghijklmnoprtuvwyz",
    ),
    (
        "\u{430}\u{435}\u{43e}\u{440}\u{441}\u{443}\u{445}\u{456}\u{458}\u{455}\u{4bb}\u{501}\u{51b}\u{51d}\u{4cf}\u{4af}\u{475}",
        "aeopcyxijshdqwlyv",
    ),
    (
        "\u{410}\u{412}\u{415}\u{41a}\u{41c}\u{41d}\u{41e}\u{420}\u{421}\u{422}\u{423}\u{425}\u{406}\u{408}\u{405}\
         \u{50c}\u{51a}\u{51c}\u{4c0}\u{4ae}\u{474}",
        "ABEKMHOPCTYXIJSGQWIYV",
    ),
    ("\u{3b1}\u{3b3}\u{3b9}\u{3ba}\u{3bd}\u{3bf}\u{3c1}\u{3c5}\u{3f3}\u{3f2}", "ayikvopujc"),
    (
        "\u{391}\u{392}\u{395}\u{396}\u{397}\u{399}\u{39a}\u{39c}\u{39d}\u{39f}\u{3a1}\u{3a4}\u{3a5}\u{3a7}\u{37f}\u{3f9}",
        "ABEZHIKMNOPTYXJC",
    ),
    ("\u{585}\u{578}\u{57d}\u{570}\u{581}\u{566}", "onuhgq"),
    (
        "\u{13aa}\u{13ac}\u{13bb}\u{13b3}\u{13b7}\u{13a1}\u{13a2}\u{13d2}\u{13a0}\u{13de}\u{13df}\u{13da}\u{13c6}\u{13cf}",
        "AEHWMRTRDLCSGb",
    ),
    ("\u{2800}\u{2010}\u{2011}\u{2012}\u{2212}\u{2044}\u{2215}", " ----//"),
];

/// The tag of a `TeletexString`, which is read as Latin-1.
const TELETEX: u32 = 20;

fn is_right_to_left(letter: char) -> bool {
    matches!(letter,
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
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
        warnings(&parts.build().unwrap(), &[]).pop()
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
            "José O\u{2019}Brien",
            "Роман",
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
            ("\u{430}\u{440}\u{440}\u{4cf}\u{435}", ["looks like apple", r"\u{4cf}"]),
            ("\u{212a}en", ["looks like Ken", r"\u{212a}en"]),
            ("adm\u{131}n", ["looks like admin", r"adm\u{131}n"]),
            ("\u{5d0}\u{5d1}", ["right to left", r"\u{5d0}\u{5d1}"]),
            ("bücher.example", ["xn--bcher-kva.example", r"b\u{fc}cher.example"]),
        ] {
            let warning = warned(name).unwrap_or_else(|| panic!("{name}"));
            assert!(words.iter().all(|word| warning.contains(word)), "{warning}");
        }
    }

    #[test]
    fn blanks_and_octets_that_mean_two_things_are_warned_of() {
        let told = |tag: u8, text: &[u8]| {
            let length = u8::try_from(text.len()).unwrap();
            let head = [
                &[0x30, length + 11, 0x31, length + 9, 0x30, length + 7, 6, 3, 0x55, 4, 3, tag][..],
                &[length],
            ];
            warnings(&Name::from_der(&[&head.concat(), text].concat()).unwrap(), &[]).pop()
        };
        let blank = told(12, "a\u{a0}b".as_bytes()).unwrap();
        assert!(blank.contains(r"a\u{a0}b looks like a b"), "{blank}");
        let latin = told(20, b"M\xc3\xbcller").unwrap();
        assert!(latin.contains("read Müller"), "{latin}");
        assert_eq!(told(20, b"M\xfcller"), None);
        assert_eq!(told(12, "Müller".as_bytes()), None);
    }

    #[test]
    fn hosts_are_read_as_programs_show_them() {
        let warned =
            |name: GeneralName| warnings(&Parts::default().build().unwrap(), &[name]).pop();
        let host = warned(GeneralName::Dns("xn--80ak6aa92e.com".into())).unwrap();
        assert!(host.contains("looks like apple") && host.contains(r"\u{4cf}"), "{host}");
        let mailbox = warned(GeneralName::Email("a@xn--80ak6aa92e.com".into())).unwrap();
        assert!(mailbox.contains("looks like apple"), "{mailbox}");
        for fine in ["xn--bcher-kva.example", "mail.example.com", "xn--e1aybc.example"] {
            assert_eq!(warned(GeneralName::Dns(fine.into())), None, "{fine}");
        }
    }
}
