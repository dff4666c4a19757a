//! `DAEMON_OPTIONS`: where the daemon listens, and how.
//!
//! Sendmail looks at the first letter of an option only.

/// The options of one line, as they were written.
pub(super) struct Options<'t>(Vec<&'t str>);

impl<'t> Options<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self(text.split(',').map(str::trim).filter(|option| !option.is_empty()).collect())
    }

    fn value(&self, letter: char) -> Option<&'t str> {
        self.0.iter().find(|option| is_called(option, letter)).and_then(|option| {
            let (_, value) = option.split_once('=')?;
            Some(value.trim())
        })
    }

    /// The port, as a number where it has a name.
    pub(super) fn port(&self) -> &'t str {
        match self.value('P') {
            None | Some("smtp" | "mail") => "25",
            Some("submission") => "587",
            Some("smtps" | "submissions" | "ssmtp" | "urd") => "465",
            Some(port) => port,
        }
    }

    /// Whether it is for IPv6.
    pub(super) fn is_inet6(&self) -> bool {
        self.value('F') == Some("inet6")
    }

    fn modifiers(&self) -> &'t str {
        self.value('M').unwrap_or_default()
    }

    /// These options with what others want: open to the network where they are, and with their log-in
    /// and TLS. Other addresses than those of the machine itself stay, and so do other modifiers. None
    /// where there is nothing to change.
    pub(super) fn adjusted(&self, wanted: &Self) -> Option<String> {
        let is_local = |address: &str| {
            let address = address.trim_start_matches("IPv6:").trim_matches(['[', ']']);
            address.starts_with("127.") || address == "::1" || address == "localhost"
        };
        let mut options: Vec<String> = self
            .0
            .iter()
            .filter(|option| {
                !(is_called(option, 'A')
                    && wanted.value('A').is_none()
                    && option.split_once('=').is_some_and(|(_, value)| is_local(value.trim())))
            })
            .map(|option| (*option).to_owned())
            .collect();
        let modifiers = self.wanted_modifiers(wanted);
        if modifiers.chars().any(|c| !self.modifiers().contains(c))
            || self.modifiers().chars().any(|c| !modifiers.contains(c))
        {
            options.retain(|option| !is_called(option, 'M'));
            if !modifiers.is_empty() {
                options.push(format!("M={modifiers}"));
            }
        }
        (options != self.0).then(|| options.join(", "))
    }

    fn wanted_modifiers(&self, wanted: &Self) -> String {
        // `s` is TLS from the first byte, `S` no STARTTLS, `a` a log-in demanded, `A` no AUTH.
        let decided = if wanted.value('M').is_some() { "sSaA" } else { "sS" };
        let kept = self.modifiers().chars().filter(|c| !decided.contains(*c));
        let mut all: String = kept.collect();
        let missing = wanted.modifiers().chars().filter(|c| !all.contains(*c));
        let missing: String = missing.collect();
        all.push_str(&missing);
        all
    }
}

fn is_called(option: &str, letter: char) -> bool {
    option.starts_with(letter) || option.starts_with(letter.to_ascii_lowercase())
}
