//! The topics of `mailca help`: one text each in templates/help, whose first line is its title.

/// A topic.
pub(in crate::commands) struct Topic {
    name: &'static str,
    text: &'static str,
}

macro_rules! topics {
    ($($name:literal),+) => {
        &[$(Topic { name: $name, text: include_str!(concat!("../../../templates/help/", $name)) }),+]
    };
}

impl Topic {
    /// All of them, in the order in which they are listed.
    pub(in crate::commands) const ALL: &[Self] = topics![
        "sendmail",
        "postfix",
        "exim",
        "dovecot",
        "opensmtpd",
        "pkcs12",
        "renewal",
        "moving",
        "lost-key",
        "from-ca-pl",
        "from-easy-rsa",
        "from-mkcert"
    ];

    /// The topic of a name, in whatever case.
    pub(super) fn by_name(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|topic| topic.name.eq_ignore_ascii_case(name))
    }

    /// Its name.
    pub(in crate::commands) fn name(&self) -> &'static str {
        self.name
    }

    /// What it is about.
    pub(in crate::commands) fn title(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default()
    }

    /// The whole page.
    pub(in crate::commands) fn text(&self) -> &'static str {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_fits_a_terminal_and_has_commands() {
        for topic in Topic::ALL {
            let name = topic.name();
            assert!(topic.text().lines().all(|line| line.chars().count() <= 80), "{name}");
            assert!(topic.text().is_ascii() && topic.text().ends_with('\n'), "{name}");
            assert!(topic.text().lines().any(|line| line.starts_with("    mailca ")), "{name}");
            assert!(!topic.text().contains('\t') && !topic.text().contains(" \n"), "{name}");
            assert!(topic.title().len() <= 65 && !topic.title().ends_with('.'), "{name}");
        }
    }
}
