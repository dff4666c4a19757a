//! Paths in the files of systemd and cron, each of which has rules of its own.

use std::path::Path;

use crate::error::{Error, Result};
use crate::pki::printable::printable;

/// A path as text. None of these files has room for a control character, or for what is not UTF-8.
pub(super) fn text(path: &Path) -> Result<&str> {
    let refused = |shown: &str| {
        Err(Error::refused(format!(
            "{shown} is no path that can be written into a unit or crontab"
        ))
        .hint("give the folder a plain name"))
    };
    match path.to_str() {
        Some(text) if !text.chars().any(char::is_control) => Ok(text),
        Some(text) => refused(&printable(text)),
        None => refused(&path.display().to_string()),
    }
}

/// A word of `ExecStart=` (systemd.service(5), Command lines): `%` begins a specifier, `$` a variable.
pub(super) fn command_word(text: &str) -> String {
    unit_word(&text.replace('$', "$$"))
}

/// A word of a list such as `ReadWritePaths=` (systemd.syntax(7), Quoting).
pub(super) fn unit_word(text: &str) -> String {
    let text = unit_value(text);
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:,=%$".contains(c) || !c.is_ascii();
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A whole value, as that of `WorkingDirectory=`, which knows no quotes.
pub(super) fn unit_value(text: &str) -> String {
    text.replace('%', "%%")
}

/// A word for the shell that cron starts; cron takes a bare `%` for the end of the line (crontab(5)).
pub(super) fn cron_word(text: &str) -> String {
    shell_word(text).replace('%', "\\%")
}

/// A word for a shell.
pub(super) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:,=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_is_quoted_by_its_own_rules() {
        for (text, command, list, cron) in [
            ("/srv/ca", "/srv/ca", "/srv/ca", "/srv/ca"),
            ("/srv/my ca", "\"/srv/my ca\"", "\"/srv/my ca\"", "'/srv/my ca'"),
            ("/srv/100%", "/srv/100%%", "/srv/100%%", "'/srv/100\\%'"),
            ("/srv/$x", "/srv/$$x", "/srv/$x", "'/srv/$x'"),
            ("/a\"b\\c", "\"/a\\\"b\\\\c\"", "\"/a\\\"b\\\\c\"", "'/a\"b\\c'"),
            ("/it's", "\"/it's\"", "\"/it's\"", "'/it'\\''s'"),
        ] {
            assert_eq!(command_word(text), command);
            assert_eq!(unit_word(text), list);
            assert_eq!(cron_word(text), cron);
        }
        assert!(super::text(Path::new("/a\nb")).is_err());
    }
}
