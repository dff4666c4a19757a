//! What a certificate is for, and which key usages follow from it.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::pki::certificate::{Certificate, oid};
use crate::pki::general_name::GeneralName;

/// The purpose of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// A mail host: serverAuth, and clientAuth for when it sends to another host.
    Server,
    /// A person: clientAuth to submit mail, emailProtection for S/MIME.
    User,
    /// A program or host that only connects: clientAuth.
    Client,
    /// An intermediate CA.
    Ca,
}

impl Profile {
    /// All of them, in the order in which help names them.
    pub const ALL: [Self; 4] = [Self::Server, Self::User, Self::Client, Self::Ca];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::User => "user",
            Self::Client => "client",
            Self::Ca => "ca",
        }
    }

    /// What it is, in a few words for the question before signing.
    pub fn description(self) -> &'static str {
        match self {
            Self::Server => "server (TLS server and client)",
            Self::User => "user (TLS client and S/MIME)",
            Self::Client => "client (TLS client)",
            Self::Ca => "ca (signs certificates)",
        }
    }

    /// The profile that names suggest: a host's or address's is a server, a mailbox a user. Both, or
    /// neither, suggest nothing.
    pub fn suggested(names: &[GeneralName]) -> Option<Self> {
        let email = names.iter().any(|name| matches!(name, GeneralName::Email(_)));
        let host =
            names.iter().any(|name| matches!(name, GeneralName::Dns(_) | GeneralName::Ip(_)));
        match (host, email) {
            (true, false) => Some(Self::Server),
            (false, true) => Some(Self::User),
            _ => None,
        }
    }

    /// The profile that an existing certificate was made with, as far as its usages tell.
    pub fn of(certificate: &Certificate) -> Option<Self> {
        if certificate.is_ca {
            return Some(Self::Ca);
        }
        let usages = certificate.extended_key_usage.as_ref()?;
        let has = |wanted: &str| usages.iter().any(|usage| usage == wanted);
        if has(oid::SERVER_AUTH) {
            Some(Self::Server)
        } else if has(oid::EMAIL_PROTECTION) {
            Some(Self::User)
        } else if has(oid::CLIENT_AUTH) {
            Some(Self::Client)
        } else {
            None
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Profile {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == text).ok_or_else(|| {
            Error::usage(format!("{text:?} is not a profile"))
                .hint("choose one of server, user, client, ca")
        })
    }
}
