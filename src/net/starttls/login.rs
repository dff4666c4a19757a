//! Which ways to log in a server offers before TLS.

use crate::net::service::Protocol;
use crate::net::starttls::Seen;

/// What is offered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logins {
    /// Those that send the password as it is: `PLAIN`, `LOGIN`, and `USER` of POP3.
    pub plain: Vec<String>,
    /// The others, in capital letters: `CRAM-MD5`, `SCRAM-SHA-256`, `GSSAPI`.
    pub other: Vec<String>,
}

impl Seen {
    /// The ways to log in among these capabilities. Nothing was tried: a server may still refuse, as one
    /// of POP3 that answers USER with an error.
    pub fn logins(&self, protocol: Protocol) -> Logins {
        let mut logins = Logins::default();
        let mut add = |name: &str| {
            let name = name.to_ascii_uppercase();
            let is_plain = matches!(name.as_str(), "PLAIN" | "LOGIN" | "USER");
            let list = if is_plain { &mut logins.plain } else { &mut logins.other };
            if !name.is_empty() && !list.contains(&name) {
                list.push(name);
            }
        };
        for line in &self.capabilities {
            let line = line.to_ascii_uppercase();
            let mut words = line.split_ascii_whitespace();
            let Some(first) = words.next() else { continue };
            match (protocol, first) {
                (Protocol::Smtp, "AUTH") | (Protocol::Pop3 | Protocol::Sieve, "SASL") => {
                    words.for_each(&mut add);
                }
                // From before RFC 2554: the first mechanism hangs on an equals sign.
                (Protocol::Smtp, _) => {
                    if let Some(name) = first.strip_prefix("AUTH=") {
                        std::iter::once(name).chain(words).for_each(&mut add);
                    }
                }
                (Protocol::Imap, _) => first.strip_prefix("AUTH=").into_iter().for_each(&mut add),
                (Protocol::Pop3, "USER") => add("USER"),
                (Protocol::Pop3 | Protocol::Sieve, _) => {}
            }
        }
        // The command LOGIN is there unless the server says that it is not (RFC 9051 6.2.3).
        if protocol == Protocol::Imap
            && !self.capabilities.is_empty()
            && !self.offers("LOGINDISABLED")
        {
            add("LOGIN");
        }
        logins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logins(protocol: Protocol, capabilities: &[&str]) -> (String, String) {
        let capabilities = capabilities.iter().map(ToString::to_string).collect();
        let seen = Seen { capabilities, ..Seen::default() };
        let Logins { plain, other } = seen.logins(protocol);
        (plain.join(" "), other.join(" "))
    }

    #[test]
    fn every_protocol_has_its_way_to_say_it() {
        for (protocol, capabilities, plain, other) in [
            (
                Protocol::Smtp,
                &["SIZE 10", "auth plain Login CRAM-MD5"][..],
                "PLAIN LOGIN",
                "CRAM-MD5",
            ),
            (Protocol::Smtp, &["AUTH=LOGIN PLAIN", "AUTH PLAIN LOGIN"], "LOGIN PLAIN", ""),
            (Protocol::Smtp, &["AUTH GSSAPI"], "", "GSSAPI"),
            (Protocol::Smtp, &["STARTTLS", "AUTHX PLAIN", "X AUTH PLAIN"], "", ""),
            (Protocol::Imap, &["IMAP4rev1", "AUTH=PLAIN", "STARTTLS"], "PLAIN LOGIN", ""),
            (Protocol::Imap, &["IMAP4rev1", "LOGINDISABLED", "AUTH=EXTERNAL"], "", "EXTERNAL"),
            (Protocol::Imap, &["IMAP4rev1"], "LOGIN", ""),
            (Protocol::Imap, &[], "", ""),
            (Protocol::Pop3, &["USER", "SASL PLAIN SCRAM-SHA-1"], "USER PLAIN", "SCRAM-SHA-1"),
            (Protocol::Pop3, &["STLS", "TOP"], "", ""),
            (Protocol::Sieve, &["IMPLEMENTATION x", "SASL PLAIN"], "PLAIN", ""),
            (Protocol::Sieve, &["SASL", "SIEVE PLAIN"], "", ""),
        ] {
            let wanted = (plain.to_owned(), other.to_owned());
            assert_eq!(logins(protocol, capabilities), wanted, "{protocol:?} {capabilities:?}");
        }
    }
}
