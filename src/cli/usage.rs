//! What is wrong with a command line, in our words: clap knows what it is, and its own words are those of programmers.

use std::ffi::OsString;

use clap::CommandFactory;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::Cli;
use crate::error::Error;
use crate::pki::printable::{message, talk};

/// The error of a command line that clap refused, or nothing where it has no words but its own: help that was not
/// asked for, and what is rare.
pub fn told(error: &clap::Error, words: &[OsString]) -> Option<Error> {
    let command = command(words);
    let described = match error.kind() {
        ErrorKind::InvalidSubcommand => unknown_command(error),
        ErrorKind::UnknownArgument => unknown_argument(error),
        ErrorKind::InvalidValue => invalid_value(error),
        ErrorKind::ValueValidation => unfit_value(error),
        ErrorKind::MissingRequiredArgument => missing(error),
        ErrorKind::ArgumentConflict => conflict(error),
        _ => None,
    }?;
    let lists = if command == "mailca" { "lists the commands" } else { "lists what it takes" };
    Some(described.hint(format!("`{command} -h` {lists}")))
}

/// What clap says where we have no words, without the colours, and with what is hidden in the words of the command line
/// made visible.
pub fn in_words_of_clap(mut error: clap::Error) -> String {
    // The styles of clap are escape sequences too: all of them go.
    let plain = |text: &StyledStr| StyledStr::from(talk(&text.to_string()));
    let values: Vec<_> = error
        .context()
        .map(|(kind, value)| {
            let value = match value {
                ContextValue::String(text) => ContextValue::String(message(text)),
                ContextValue::Strings(texts) => {
                    ContextValue::Strings(texts.iter().map(|text| message(text)).collect())
                }
                ContextValue::StyledStr(text) => ContextValue::StyledStr(plain(text)),
                ContextValue::StyledStrs(texts) => {
                    ContextValue::StyledStrs(texts.iter().map(plain).collect())
                }
                other => other.clone(),
            };
            (kind, value)
        })
        .collect();
    for (kind, value) in values {
        error.insert(kind, value);
    }
    talk(&error.render().to_string())
}

/// `mailca` and the commands behind it, as far as there are such.
fn command(words: &[OsString]) -> String {
    let mut names = vec!["mailca".to_owned()];
    let mut known = Cli::command();
    known.build();
    let words = words.iter().skip(1).filter_map(|word| word.to_str());
    for word in words.filter(|word| *word != "help") {
        let Some(found) = known.find_subcommand(word) else { continue };
        names.push(word.to_owned());
        known = found.clone();
    }
    names.join(" ")
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        _ => None,
    }
}

fn texts(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

/// `--for <SERVER>` without its brackets.
fn bare(argument: &str) -> String {
    let bare = argument.replace("...", "").replace(['<', '>'], "");
    let inner = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.unwrap_or(&bare).to_owned()
}

/// The name of an option alone.
fn name(argument: &str) -> &str {
    argument.split_whitespace().next().unwrap_or(argument)
}

/// Those that begin with what was typed, else the likeliest, which clap names last.
fn with_near(error: Error, given: &str, near: Vec<String>) -> Error {
    let begun: Vec<_> = near.iter().filter(|near| near.starts_with(given)).cloned().collect();
    let best =
        if begun.is_empty() { near.into_iter().next_back().into_iter().collect() } else { begun };
    best.into_iter().fold(error, |error, near| error.hint(format!("is {near} meant?")))
}

fn unknown_command(error: &clap::Error) -> Option<Error> {
    let given = text(error, ContextKind::InvalidSubcommand)?;
    let near = texts(error, ContextKind::SuggestedSubcommand);
    let refused = Error::usage(format!("there is no command {}", message(&given)));
    Some(with_near(refused, &given, near))
}

fn unknown_argument(error: &clap::Error) -> Option<Error> {
    let given = text(error, ContextKind::InvalidArg)?;
    let what = if given.starts_with('-') {
        format!("there is no option {}", message(name(&given)))
    } else {
        format!("{} is one word too many", message(&given))
    };
    let near = texts(error, ContextKind::SuggestedArg).iter().map(|it| bare(it)).collect();
    Some(with_near(Error::usage(what), &given, near))
}

fn invalid_value(error: &clap::Error) -> Option<Error> {
    let argument = bare(&text(error, ContextKind::InvalidArg)?);
    let value = text(error, ContextKind::InvalidValue).unwrap_or_default();
    let one_of = texts(error, ContextKind::ValidValue);
    let refused = if value.is_empty() {
        Error::usage(format!("{} needs a value: {argument}", name(&argument)))
    } else {
        Error::usage(format!("{} is nothing that {} can be", message(&value), name(&argument)))
    };
    let refused = with_near(refused, &value, texts(error, ContextKind::SuggestedValue));
    Some(if one_of.is_empty() {
        refused
    } else {
        refused.hint(format!("it is one of {}", one_of.join(", ")))
    })
}

fn unfit_value(error: &clap::Error) -> Option<Error> {
    let argument = bare(&text(error, ContextKind::InvalidArg)?);
    let value = text(error, ContextKind::InvalidValue)?;
    let cause = std::error::Error::source(error)?.to_string();
    Some(Error::usage(format!("{} {}: {}", name(&argument), message(&value), in_words(&cause))))
}

/// What the standard library and clap say of numbers.
fn in_words(cause: &str) -> String {
    let range = cause.split_once(" is not in ").map(|(_, range)| range);
    if let Some((from, to)) = range.and_then(|range| range.split_once("..=")) {
        return format!("it has to be a number from {from} to {to}");
    }
    match cause {
        "invalid digit found in string" | "cannot parse integer from empty string" => {
            "it has to be a whole number, in digits alone".into()
        }
        "number too large to fit in target type" | "number too small to fit in target type" => {
            "this number is too large or too small".into()
        }
        other => message(other),
    }
}

fn missing(error: &clap::Error) -> Option<Error> {
    let lacking: Vec<_> = texts(error, ContextKind::InvalidArg).iter().map(|it| bare(it)).collect();
    let verb = if lacking.len() == 1 { "is" } else { "are" };
    let what = format!("{} {verb} missing", lacking.join(" and "));
    (!lacking.is_empty()).then(|| Error::usage(what))
}

fn conflict(error: &clap::Error) -> Option<Error> {
    let one = bare(&text(error, ContextKind::InvalidArg)?);
    let others: Vec<_> = texts(error, ContextKind::PriorArg).iter().map(|it| bare(it)).collect();
    let others: Vec<_> = others.iter().map(|other| name(other)).collect();
    let one = name(&one);
    Some(Error::usage(if others.is_empty() || others == [one] {
        format!("{one} is there twice")
    } else {
        format!("{one} does not go together with {}", others.join(" and "))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_in_words() {
        let said = in_words("99999 is not in 1..=36500");
        assert_eq!(said, "it has to be a number from 1 to 36500");
        assert!(in_words("invalid digit found in string").contains("whole number"));
        assert_eq!(in_words("a span is 30d"), "a span is 30d");
    }
}
