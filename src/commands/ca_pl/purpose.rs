//! What a certificate is for, inferred from its names: CA.pl has no word for it.

use std::net::IpAddr;

use crate::pki::general_name::GeneralName;
use crate::pki::name::Name;
use crate::pki::policy::as_host;
use crate::pki::profile::Profile;

/// A profile, and why it was chosen.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Purpose {
    /// The profile.
    pub(super) profile: Profile,
    /// The names that follow from the subject, where the request has none of its own.
    pub(super) names: Vec<GeneralName>,
    /// The reason, after "since".
    pub(super) reason: &'static str,
}

/// Infers the purpose from the names that are asked for, else from the subject.
///
/// A host gets both usages of TLS, as a mail server needs them. A name that is no host's cannot be a
/// server's for any client, so it gets the client's usage alone.
pub(super) fn of(subject: &Name, asked: &[GeneralName]) -> Purpose {
    let because = |profile, names, reason| Purpose { profile, names, reason };
    if !asked.is_empty() {
        return match Profile::suggested(asked) {
            Some(Profile::User) => because(Profile::User, Vec::new(), "it asks for a mailbox"),
            Some(profile) => because(profile, Vec::new(), "it asks for host names"),
            None => because(Profile::Client, Vec::new(), "it asks for hosts and mailboxes both"),
        };
    }
    let host = subject.common_name().as_deref().and_then(as_host);
    let mailbox =
        subject.values("emailAddress").first().and_then(|address| GeneralName::email(address).ok());
    match (host, mailbox) {
        (Some(host), _) if is_full(&host) => {
            because(Profile::Server, vec![host], "its common name is a host's")
        }
        // A login or a person's name beside an address; a host is rarely named without its domain.
        (_, Some(mailbox)) => {
            because(Profile::User, vec![mailbox], "its name has an e-mail address, and no host's")
        }
        (Some(host), None) => {
            because(Profile::Server, vec![host], "its common name can be a host's")
        }
        (None, None) => {
            because(Profile::Client, Vec::new(), "its name is neither a host's nor has a mailbox")
        }
    }
}

/// An address, or a name with its domain.
fn is_full(host: &GeneralName) -> bool {
    match host {
        GeneralName::Ip(IpAddr::V4(_) | IpAddr::V6(_)) => true,
        GeneralName::Dns(name) => name.contains('.') || name == "localhost",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::name::Parts;

    fn of_name(common_name: &str, email: &str) -> (Profile, Vec<String>) {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let parts = Parts {
            organization: Some("Example".into()),
            common_name: given(common_name),
            email_address: given(email),
            ..Parts::default()
        };
        let purpose = of(&parts.build().unwrap(), &[]);
        (purpose.profile, purpose.names.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_subject_says_what_it_is_for() {
        for (common_name, email, profile, names) in [
            ("mail.example.com", "", Profile::Server, &["DNS:mail.example.com"][..]),
            ("mail.example.com", "root@example.com", Profile::Server, &["DNS:mail.example.com"]),
            ("*.example.com", "", Profile::Server, &["DNS:*.example.com"]),
            ("192.0.2.1", "root@example.com", Profile::Server, &["IP:192.0.2.1"]),
            ("localhost", "root@example.com", Profile::Server, &["DNS:localhost"]),
            ("mail", "", Profile::Server, &["DNS:mail"]),
            ("joe", "joe@example.com", Profile::User, &["email:joe@example.com"]),
            ("Joe User", "joe@example.com", Profile::User, &["email:joe@example.com"]),
            ("", "joe@example.com", Profile::User, &["email:joe@example.com"]),
            ("Joe User", "", Profile::Client, &[]),
            ("", "", Profile::Client, &[]),
        ] {
            let (found, found_names) = of_name(common_name, email);
            assert_eq!(
                (found, found_names.as_slice()),
                (profile, &names.iter().map(ToString::to_string).collect::<Vec<_>>()[..]),
                "{common_name} {email}"
            );
        }
    }

    #[test]
    fn names_that_are_asked_for_go_before_the_subject() {
        let subject = Parts { common_name: Some("mail.example.com".into()), ..Parts::default() };
        let subject = subject.build().unwrap();
        let host = GeneralName::dns("a.example.com").unwrap();
        let mailbox = GeneralName::email("joe@example.com").unwrap();
        let both = [host, mailbox];
        assert_eq!(of(&subject, &both[..1]).profile, Profile::Server);
        assert_eq!(of(&subject, &both[1..]).profile, Profile::User);
        assert_eq!(of(&subject, &both).profile, Profile::Client);
    }
}
