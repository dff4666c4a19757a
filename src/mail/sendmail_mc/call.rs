//! Calls of m4 macros, as far as configuration files of Sendmail have them.

/// The longest call that is understood, in bytes. Of those that do not end, each would be looked at to the end
/// of the file.
const LONGEST: usize = 1 << 14;

/// A call at the beginning of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// Its first line, counted from 0.
    pub(super) first: usize,
    /// Its last line.
    pub(super) last: usize,
    /// Whether `dnl` stands before it.
    pub(super) is_comment: bool,
    /// The name of the macro.
    pub(super) name: String,
    /// The arguments without their outer quotes; none where there are no parentheses.
    pub(super) arguments: Vec<String>,
    /// What follows on the last line, with the line end.
    pub(super) rest: String,
}

impl Call {
    /// Whether m4 sees it.
    pub(super) fn is_active(&self) -> bool {
        !self.is_comment
    }

    /// An argument, empty where it is not there.
    pub(super) fn argument(&self, number: usize) -> &str {
        self.arguments.get(number).map_or("", String::as_str)
    }

    /// Whether it is this macro, with this first argument.
    pub(super) fn is(&self, name: &str, first: &str) -> bool {
        self.name == name && self.argument(0) == first
    }

    /// Whether it is that feature.
    pub(super) fn is_feature(&self, name: &str) -> bool {
        self.is("FEATURE", name)
    }

    /// The call as a line has it, with its arguments quoted.
    pub(super) fn text(&self) -> String {
        let arguments: Vec<_> = self.arguments.iter().map(|text| format!("`{text}'")).collect();
        format!("{}({})", self.name, arguments.join(", "))
    }
}

/// The lines of a text, with their ends.
pub(super) fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// All calls, also those that are commented out, in order.
pub(super) fn all(text: &str) -> Vec<Call> {
    let mut found = Vec::new();
    let (mut number, mut rest) = (0, text);
    while let Some(line) = rest.split_inclusive('\n').next() {
        let line = line.trim_start_matches([' ', '\t']);
        let commented = after_dnl(line);
        let parsed = match commented {
            Some(rest) => parse(rest.trim_start_matches([' ', '\t', '#']))
                .filter(|parsed| !parsed.arguments.is_empty()),
            None if line.starts_with('#') => None,
            None => parse(rest.trim_start_matches([' ', '\t'])),
        };
        let line_ends = parsed.as_ref().map_or(0, |parsed| parsed.line_ends);
        let last = number + line_ends;
        let length: usize = rest.split_inclusive('\n').take(line_ends + 1).map(str::len).sum();
        rest = &rest[length..];
        if let Some(Parsed { name, arguments, rest, .. }) = parsed {
            let is_comment = commented.is_some();
            found.push(Call { first: number, last, is_comment, name, arguments, rest });
        }
        number = last + 1;
    }
    found
}

/// What follows `dnl` at the beginning of a line.
fn after_dnl(line: &str) -> Option<&str> {
    line.strip_prefix("dnl").filter(|rest| !rest.starts_with(is_word))
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

struct Parsed {
    name: String,
    arguments: Vec<String>,
    rest: String,
    /// How many line ends there are within the call.
    line_ends: usize,
}

/// A call at the beginning of a text; none where its parentheses or quotes do not end.
fn parse(text: &str) -> Option<Parsed> {
    let name: String = text.chars().take_while(|c| is_word(*c)).collect();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let after = &text[name.len()..];
    let (arguments, used) = match after.strip_prefix('(') {
        Some(inner) => arguments(inner).map(|(arguments, used)| (arguments, used + 1))?,
        None => (Vec::new(), 0),
    };
    let (within, rest) = after.split_at(used);
    let rest = rest.split_inclusive('\n').next().unwrap_or_default().to_owned();
    let is_alone = rest.trim().is_empty() || after_dnl(rest.trim_start()).is_some();
    if used == 0 && !is_alone {
        return None;
    }
    Some(Parsed { name, arguments, rest, line_ends: within.matches('\n').count() })
}

/// The arguments of a call, and how many bytes they and the closing parenthesis take.
fn arguments(text: &str) -> Option<(Vec<String>, usize)> {
    let mut found = vec![String::new()];
    let (mut quotes, mut parentheses) = (0_usize, 1_usize);
    let mut position = 0;
    while let Some(c) = text[position..].chars().next().filter(|_| position < LONGEST) {
        let rest = &text[position..];
        position += c.len_utf8();
        let argument = found.last_mut()?;
        match c {
            '`' => {
                quotes += 1;
                if quotes == 1 {
                    continue;
                }
            }
            '\'' if quotes > 0 => {
                quotes -= 1;
                if quotes == 0 {
                    continue;
                }
            }
            _ if quotes > 0 => {}
            '(' => parentheses += 1,
            ')' => {
                parentheses -= 1;
                if parentheses == 0 {
                    return Some((found, position));
                }
            }
            ',' if parentheses == 1 => {
                found.push(String::new());
                continue;
            }
            // m4 drops what is before an argument.
            ' ' | '\t' | '\n' if argument.is_empty() => continue,
            'd' if after_dnl(rest).is_some() && !ends_in_word(&text[..position - 1]) => {
                position += rest.find('\n').unwrap_or(rest.len() - 1);
                continue;
            }
            _ => {}
        }
        argument.push(c);
    }
    None
}

fn ends_in_word(text: &str) -> bool {
    text.ends_with(is_word)
}
