//! The names of a certificate.

use super::{Asked, Terms};
use crate::error::{Error, Result};
use crate::pki::general_name::GeneralName;
use crate::pki::printable::printable;
use crate::pki::profile::Profile;

/// The names of the certificate: those of the request, those that were asked for, and where the
/// request has none, the one that its subject suggests.
pub(super) fn names(
    asked: &Asked<'_>,
    terms: &Terms,
    remarks: &mut Vec<String>,
) -> Result<Vec<GeneralName>> {
    let mut names = asked.alternative_names.to_vec();
    for name in &mut names {
        *name = name.validated()?;
    }
    for name in &terms.more_names {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let wants_host = matches!(terms.profile, Profile::Server | Profile::Client);
    if wants_host
        && asked.alternative_names.is_empty()
        && let Some(host) = asked.subject.common_name().and_then(|name| as_host(&name))
        && !names.contains(&host)
    {
        remarks.push(format!("the common name is added to the certificate's names: {host}"));
        names.insert(0, host);
    }
    let wants_mailbox = matches!(terms.profile, Profile::User);
    if wants_mailbox && !names.iter().any(|name| matches!(name, GeneralName::Email(_))) {
        for address in asked.subject.values("emailAddress") {
            let mailbox = GeneralName::email(&address)?;
            if !names.contains(&mailbox) {
                remarks.push(format!(
                    "the subject's e-mail address is added to the certificate's names: {mailbox}"
                ));
                names.push(mailbox);
            }
        }
    }
    Ok(names)
}

/// A common name that is a host's name or address, as one.
pub fn as_host(common_name: &str) -> Option<GeneralName> {
    // IDNA drops invisible characters, and what is not seen must not become a name.
    if printable(common_name) != common_name {
        return None;
    }
    if let Ok(address) = common_name.parse() {
        return Some(GeneralName::Ip(address));
    }
    GeneralName::dns(common_name).ok()
}

/// Refuses names that a profile has no use for, and a certificate without any.
pub(super) fn check_names(
    asked: &Asked<'_>,
    profile: Profile,
    names: &[GeneralName],
) -> Result<()> {
    let noun = asked.noun;
    for name in names {
        let wrong = match (profile, name) {
            (_, GeneralName::Directory(_) | GeneralName::Uri(_) | GeneralName::Other { .. }) => {
                return Err(Error::refused(format!(
                    "the {noun} asks for the name {name}, and only DNS, IP and email names are signed"
                ))
                .hint(format!("{} without it", asked.again)));
            }
            (Profile::Server, GeneralName::Email(_)) => {
                "an e-mail address in a server's certificate"
            }
            (Profile::User, GeneralName::Dns(_)) => "a host name in a user's certificate",
            (Profile::User, GeneralName::Ip(_)) => "an IP address in a user's certificate",
            _ => continue,
        };
        return Err(Error::refused(format!("{name} would be {wrong}")).hint(
            "make one request for the host and one for the person, or use --profile client",
        ));
    }
    let usable = match profile {
        Profile::Server | Profile::User => !names.is_empty(),
        Profile::Client => !names.is_empty() || !asked.subject.is_empty(),
        Profile::Ca => !asked.subject.is_empty(),
    };
    if usable {
        return Ok(());
    }
    let title = printable(&asked.title());
    Err(match profile {
        Profile::Server => Error::refused(format!("the {noun} for {title} has no host name"))
            .hint("name the host with --san DNS:mail.example.com"),
        Profile::User => Error::refused(format!("the {noun} for {title} has no e-mail address"))
            .hint("name the mailbox with --san email:joe@example.com"),
        Profile::Client | Profile::Ca => Error::refused(format!("the {noun} has no name at all"))
            .hint(format!("{} with a common name", asked.again)),
    })
}
