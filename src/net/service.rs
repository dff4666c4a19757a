//! The services of a mail server, with their names and ports at IANA (RFC 8314 7).

use std::fmt;

/// What a server speaks, before or inside TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// RFC 5321, with RFC 3207.
    Smtp,
    /// RFC 9051.
    Imap,
    /// RFC 1939, with RFC 2595.
    Pop3,
    /// RFC 5804.
    Sieve,
}

impl Protocol {
    /// As the RFCs write it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Smtp => "SMTP",
            Self::Imap => "IMAP",
            Self::Pop3 => "POP3",
            Self::Sieve => "ManageSieve",
        }
    }
}

/// A service with a port of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Mail transfer, STARTTLS.
    Smtp,
    /// Mail submission, STARTTLS.
    Submission,
    /// Mail submission, TLS from the first byte.
    Submissions,
    /// STARTTLS.
    Imap,
    /// TLS from the first byte.
    Imaps,
    /// STLS.
    Pop3,
    /// TLS from the first byte.
    Pop3s,
    /// STARTTLS.
    Sieve,
}

impl Service {
    /// Every service, in the order of the help.
    pub const ALL: [Self; 8] = [
        Self::Smtp,
        Self::Submission,
        Self::Submissions,
        Self::Imap,
        Self::Imaps,
        Self::Pop3,
        Self::Pop3s,
        Self::Sieve,
    ];

    /// The name at IANA.
    pub fn name(self) -> &'static str {
        self.parts().0
    }

    /// The port at IANA.
    pub fn port(self) -> u16 {
        self.parts().1
    }

    /// What is spoken there.
    pub fn protocol(self) -> Protocol {
        self.parts().2
    }

    /// Whether TLS begins with the connection, without a conversation before it (RFC 8314 3).
    pub fn is_implicit(self) -> bool {
        matches!(self, Self::Submissions | Self::Imaps | Self::Pop3s)
    }

    fn parts(self) -> (&'static str, u16, Protocol) {
        match self {
            Self::Smtp => ("smtp", 25, Protocol::Smtp),
            Self::Submission => ("submission", 587, Protocol::Smtp),
            Self::Submissions => ("submissions", 465, Protocol::Smtp),
            Self::Imap => ("imap", 143, Protocol::Imap),
            Self::Imaps => ("imaps", 993, Protocol::Imap),
            Self::Pop3 => ("pop3", 110, Protocol::Pop3),
            Self::Pop3s => ("pop3s", 995, Protocol::Pop3),
            Self::Sieve => ("sieve", 4190, Protocol::Sieve),
        }
    }

    /// The service whose usual port this is.
    pub fn by_port(port: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.port() == port)
    }

    /// The service of a name, in any case; `smtps` and `managesieve` are what many call two of them.
    pub fn by_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "smtps" => Some(Self::Submissions),
            "managesieve" => Some(Self::Sieve),
            name => Self::ALL.into_iter().find(|service| service.name() == name),
        }
    }

    /// All names, for a message.
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_is_found_by_its_name_and_port() {
        for service in Service::ALL {
            assert_eq!(Service::by_name(&service.name().to_uppercase()), Some(service));
            assert_eq!(Service::by_port(service.port()), Some(service));
        }
        assert_eq!(Service::by_name("smtps"), Some(Service::Submissions));
        assert_eq!(Service::by_name("managesieve"), Some(Service::Sieve));
        assert_eq!((Service::by_name(""), Service::by_port(443)), (None, None));
    }
}
