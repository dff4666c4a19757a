//! Host names, mailboxes and addresses as people type them: checked, and brought into the form that
//! belongs into a certificate.

use std::net::IpAddr;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use crate::error::Error;
use crate::pki::printable::printable;

/// What is wrong with a name that somebody typed, before it is known how grave that is.
#[derive(Debug)]
pub(super) struct Problem {
    message: String,
    hint: Option<String>,
}

impl Problem {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same where names are written without their type, and a hint to write one misleads.
    pub(super) fn without_prefix_hint(mut self) -> Self {
        let prefixes = ["write DNS:", "write IP:", "write email:"];
        self.hint =
            self.hint.filter(|hint| !prefixes.iter().any(|prefix| hint.starts_with(prefix)));
        self
    }

    pub(super) fn into_error(self, make: fn(String) -> Error) -> Error {
        let error = make(self.message);
        match self.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", printable(text))
}

/// How a name without a type should have been written.
pub(super) fn suggestion(text: &str) -> String {
    if check_address(text).is_ok() {
        format!("write IP:{text}")
    } else if check_mailbox(text).is_ok() {
        format!("write email:{text}")
    } else if check_host(text).is_ok() {
        format!("write DNS:{text}")
    } else {
        "for example DNS:mail.example.com, IP:192.0.2.1 or email:joe@example.com".into()
    }
}

pub(super) fn check_address(text: &str) -> std::result::Result<IpAddr, Problem> {
    text.parse().map_err(|_| {
        let problem = Problem::new(format!("{} is not an IP address", quoted(text)));
        let bare = text.trim_start_matches('[').split([']', '/', '%']).next().unwrap_or_default();
        if bare.parse::<IpAddr>().is_ok() {
            problem.hint(format!("write the address alone: {bare}"))
        } else if check_host(text).is_ok() {
            problem.hint(format!("write DNS:{text} for a host name"))
        } else {
            problem.hint("for example 192.0.2.1 or 2001:db8::1")
        }
    })
}

/// Says what looks like something other than a host name, which would be a puzzle label by label.
fn check_not_a_host(text: &str) -> std::result::Result<(), Problem> {
    let problem = |what| Problem::new(format!("{} is {what}, not a host name", quoted(text)));
    if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Err(problem("an IP address").hint(format!("write IP:{address}")));
    }
    if text.contains('@') {
        return Err(problem("an e-mail address").hint(format!("write email:{}", printable(text))));
    }
    if let Some((_, rest)) = text.split_once("://") {
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        return Err(problem("a URL").hint(format!("write the host alone: {}", printable(host))));
    }
    if let Some((host, port)) = text.split_once(':')
        && !port.is_empty()
        && port.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err(problem("a host with a port")
            .hint(format!("write the host alone: {}", printable(host))));
    }
    Ok(())
}

/// IDNA drops invisible characters: what is not seen must not make a name that is not meant.
fn check_seen(text: &str) -> std::result::Result<(), Problem> {
    if printable(text) == text {
        return Ok(());
    }
    Err(Problem::new(format!("{} holds characters that cannot be seen", quoted(text)))
        .hint("type the name instead of pasting it"))
}

pub(super) fn check_host(text: &str) -> std::result::Result<String, Problem> {
    check_seen(text)?;
    check_not_a_host(text)?;
    let (wildcard, rest) = match text.strip_prefix("*.") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if rest.contains('*') {
        return Err(Problem::new(format!(
            "{} has a wildcard that is not its whole leftmost label",
            quoted(text)
        ))
        .hint("a wildcard certificate is for *.example.com"));
    }
    let host = check_domain(text, rest)?;
    if wildcard && !host.contains('.') {
        return Err(Problem::new(format!(
            "{} is a wildcard over a top-level domain, which no client accepts",
            quoted(text)
        ))
        .hint("a wildcard needs two labels after it, as in *.example.com"));
    }
    let host = if wildcard { format!("*.{host}") } else { host };
    if host.len() > 253 {
        return Err(too_long(text, host.len()));
    }
    Ok(host)
}

fn too_long(text: &str, length: usize) -> Problem {
    Problem::new(format!(
        "{} is {length} characters long; a host name has at most 253",
        quoted(text)
    ))
}

/// `domain` in lower-case A-labels without a trailing dot; `text` is what the message shows.
fn check_domain(text: &str, domain: &str) -> std::result::Result<String, Problem> {
    let ascii = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore)
        .map_err(|_| {
            Problem::new(format!(
                "{} has a label that is not a valid international name",
                quoted(text)
            ))
            .hint("check it for characters that IDNA does not allow, and for a broken xn-- label")
        })?;
    let ascii = ascii.strip_suffix('.').unwrap_or(&ascii);
    if ascii.is_empty() {
        return Err(Problem::new(format!("{} has no host name", quoted(text))));
    }
    if ascii.len() > 253 {
        return Err(too_long(text, ascii.len()));
    }
    for label in ascii.split('.') {
        check_label(text, label)?;
    }
    // What inet_aton would read as an address: 192.0.2, 10.0.0.256 (RFC 1123 2.1).
    let last = ascii.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Problem::new(format!(
            "{} ends in a number, which no host name does",
            quoted(text)
        ))
        .hint("write an address in full, as in IP:192.0.2.1"));
    }
    Ok(ascii.into())
}

/// Letters, digits, hyphens inside (RFC 1123 2.1), and the underscore, which occurs and verifies.
fn check_label(text: &str, label: &str) -> std::result::Result<(), Problem> {
    if label.is_empty() {
        return Err(Problem::new(format!("{} has an empty label between two dots", quoted(text))));
    }
    if label.len() > 63 {
        return Err(Problem::new(format!(
            "{} has a label of {} characters; a label has at most 63",
            quoted(text),
            label.len()
        )));
    }
    if let Some(bad) =
        label.chars().find(|character| !matches!(character, 'a'..='z' | '0'..='9' | '-' | '_'))
    {
        return Err(Problem::new(format!(
            "{} has the character {}, which a host name cannot have",
            quoted(text),
            quoted(&bad.to_string())
        ))
        .hint("a host name is made of letters, digits, hyphens and dots, as in mail.example.com"));
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(Problem::new(format!(
            "{} has a label that begins or ends with a hyphen",
            quoted(text)
        )));
    }
    Ok(())
}

pub(super) fn check_mailbox(text: &str) -> std::result::Result<String, Problem> {
    check_seen(text)?;
    let Some((local, domain)) = text.rsplit_once('@') else {
        return Err(Problem::new(format!(
            "{} is not an e-mail address: it has no @",
            quoted(text)
        ))
        .hint("write it in full, as in joe@example.com"));
    };
    if let Some((_, rest)) = text.split_once('<') {
        let bare = rest.trim_end_matches('>');
        return Err(Problem::new(format!("{} is not an e-mail address alone", quoted(text)))
            .hint(format!("write the address alone: {}", printable(bare))));
    }
    if !local.is_ascii() {
        return Err(Problem::new(format!(
            "{} has characters outside ASCII before the @, which the address in a certificate cannot have",
            quoted(text)
        ))
        .hint("use the person's ASCII address"));
    }
    let atom = |atom: &str| {
        !atom.is_empty()
            && atom
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    if local.len() > 64 || !local.split('.').all(atom) {
        return Err(Problem::new(format!("{} has no valid local part before the @", quoted(text)))
            .hint("it has up to 64 letters, digits, dots inside and !#$%&'*+-/=?^_`{|}~"));
    }
    if domain.starts_with('[') || domain.parse::<IpAddr>().is_ok() {
        return Err(Problem::new(format!(
            "{} has an address where its domain should be",
            quoted(text)
        ))
        .hint("write a domain after the @, as in joe@example.com"));
    }
    Ok(format!("{local}@{}", check_domain(text, domain)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host_problem(text: &str) -> (String, String) {
        let problem = check_host(text).unwrap_err();
        (problem.message, problem.hint.unwrap_or_default())
    }

    #[test]
    fn what_is_not_a_host_is_named_with_a_hint() {
        for (text, message, hint) in [
            ("192.0.2.1", "is an IP address", "write IP:192.0.2.1"),
            ("2001:db8::1", "is an IP address", "write IP:2001:db8::1"),
            ("[2001:db8::1]", "is an IP address", "write IP:2001:db8::1"),
            ("joe@example.com", "is an e-mail address", "write email:joe@example.com"),
            ("https://mail.example.com/x", "is a URL", "alone: mail.example.com"),
            ("mail.example.com:25", "is a host with a port", "alone: mail.example.com"),
            ("192.0.2", "ends in a number", "IP:192.0.2.1"),
            ("10.0.0.256", "ends in a number", "IP:192.0.2.1"),
        ] {
            let (found, hints) = host_problem(text);
            assert!(found.contains(message) && hints.contains(hint), "{found} / {hints}");
        }
    }

    #[test]
    fn malformed_hosts_are_refused() {
        let long_label = format!("{}.example.com", "a".repeat(64));
        let long_name = format!("{}com", "abcdefgh.".repeat(28));
        for (text, message) in [
            ("", "has no host name"),
            (".", "has no host name"),
            ("a..example.com", "empty label"),
            (".example.com", "empty label"),
            ("mail.example.com..", "empty label"),
            ("mail example.com", "has the character \" \""),
            ("mail\0.example.com", "cannot be seen"),
            ("mail/x.example.com", "has the character \"/\""),
            ("-a.example.com", "hyphen"),
            ("a-.example.com", "hyphen"),
            ("f*.example.com", "whole leftmost"),
            ("a.*.example.com", "whole leftmost"),
            ("*", "whole leftmost"),
            ("*.*.example.com", "whole leftmost"),
            ("*.com", "top-level domain"),
            ("xn--a\u{fc}.example", "not a valid international name"),
            ("xn--zzzzzzz99999.example", "not a valid international name"),
            (&long_label, "label of 64 characters"),
            (&long_name, "255 characters long"),
        ] {
            let (found, _) = host_problem(text);
            assert!(found.contains(message), "{text}: {found}");
        }
    }

    #[test]
    fn malformed_mailboxes_are_refused() {
        for (text, message) in [
            ("joe", "has no @"),
            ("Joe <joe@example.com>", "not an e-mail address alone"),
            ("jörg@example.com", "outside ASCII"),
            ("@example.com", "no valid local part"),
            ("joe..x@example.com", "no valid local part"),
            ("joe user@example.com", "no valid local part"),
            ("joe\n@example.com", "cannot be seen"),
            ("joe@[192.0.2.1]", "an address where its domain"),
            ("joe@192.0.2.1", "an address where its domain"),
            ("joe@*.example.com", "has the character \"*\""),
            ("joe@", "has no host name"),
        ] {
            let problem = check_mailbox(text).unwrap_err();
            assert!(problem.message.contains(message), "{text}: {}", problem.message);
        }
    }

    #[test]
    fn an_address_is_alone() {
        for (text, hint) in [
            ("192.0.2.0/24", "alone: 192.0.2.0"),
            ("[2001:db8::1]:25", "alone: 2001:db8::1"),
            ("fe80::1%eth0", "alone: fe80::1"),
            ("mail.example.com", "write DNS:mail.example.com"),
            ("300.0.0.1", "for example"),
        ] {
            let problem = check_address(text).unwrap_err();
            assert!(problem.hint.as_deref().unwrap_or_default().contains(hint), "{problem:?}");
        }
    }
}
