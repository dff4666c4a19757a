//! Which program a mail server is, guessed from what it says of itself. It chooses words of advice, and
//! nothing else hangs on it: a greeting can be set to anything.

/// The programs for which there is advice of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Software {
    /// Sendmail.
    Sendmail,
    /// Postfix.
    Postfix,
    /// Exim.
    Exim,
    /// Dovecot, with Pigeonhole.
    Dovecot,
    /// OpenSMTPD.
    Opensmtpd,
    /// Cyrus IMAP.
    Cyrus,
}

impl Software {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Sendmail, Self::Postfix, Self::Exim, Self::Dovecot, Self::Opensmtpd, Self::Cyrus];

    /// The name in the pages and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sendmail => "sendmail",
            Self::Postfix => "postfix",
            Self::Exim => "exim",
            Self::Dovecot => "dovecot",
            Self::Opensmtpd => "opensmtpd",
            Self::Cyrus => "cyrus",
        }
    }

    /// The name for a person.
    pub fn title(self) -> &'static str {
        match self {
            Self::Sendmail => "Sendmail",
            Self::Postfix => "Postfix",
            Self::Exim => "Exim",
            Self::Dovecot => "Dovecot",
            Self::Opensmtpd => "OpenSMTPD",
            Self::Cyrus => "Cyrus",
        }
    }

    /// Whether `mailca config` and `mailca install` know it.
    pub fn has_configuration(self) -> bool {
        self != Self::Cyrus
    }

    /// The one of a name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|software| software.name() == name)
    }

    /// The one that is named first in what a server said, as a word of its own: a host may well be called
    /// eximia.example.com.
    pub fn guess<'a>(said: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        said.into_iter().find_map(|line| {
            let words = line.split(|character: char| !character.is_alphanumeric());
            let mut words = words.map(str::to_ascii_lowercase).peekable();
            // The host's own name stands first, and may be anything.
            let dotted = line.split_whitespace().next().filter(|first| first.contains('.'));
            let skipped = dotted.map_or(0, |first| {
                first.split(|character: char| !character.is_alphanumeric()).count()
            });
            words.by_ref().take(skipped).for_each(drop);
            words.find_map(|word| match word.as_str() {
                // Sun's and others' sendmail say so in front of a version.
                "sendmail" => Some(Self::Sendmail),
                "postfix" => Some(Self::Postfix),
                "exim" => Some(Self::Exim),
                "dovecot" | "pigeonhole" => Some(Self::Dovecot),
                "opensmtpd" => Some(Self::Opensmtpd),
                "cyrus" => Some(Self::Cyrus),
                _ => None,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings_name_the_program() {
        for (greeting, wanted) in [
            ("mail.example.com ESMTP Sendmail 8.17.1/8.17.1; Wed", Some(Software::Sendmail)),
            ("mail.example.com ESMTP Postfix (Debian/GNU)", Some(Software::Postfix)),
            ("mail.example.com ESMTP Exim 4.96 Wed, 25 Nov 2026", Some(Software::Exim)),
            ("mail.example.com ESMTP OpenSMTPD", Some(Software::Opensmtpd)),
            ("[CAPABILITY IMAP4rev1 SASL-IR] Dovecot (Debian) ready.", Some(Software::Dovecot)),
            ("IMPLEMENTATION Dovecot Pigeonhole", Some(Software::Dovecot)),
            ("mail.example.com Cyrus IMAP 3.6.1-4+deb12u1 server ready", Some(Software::Cyrus)),
            ("exim.example.com ESMTP Postfix", Some(Software::Postfix)),
            ("eximia.example.com ESMTP", None),
            ("mail.example.com ESMTP", None),
            ("", None),
        ] {
            assert_eq!(Software::guess([greeting]), wanted, "{greeting}");
        }
        assert_eq!(Software::guess(["x ESMTP", "Dovecot"]), Some(Software::Dovecot));
    }

    #[test]
    fn every_name_is_found() {
        for software in Software::ALL {
            assert_eq!(Software::by_name(software.name()), Some(software));
        }
    }
}
