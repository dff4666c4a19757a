//! What a person gets with a certificate: values to the content of files; no file is read here.

pub mod archive;
pub mod autoconfig;
pub mod mobileconfig;
pub mod page;

use std::fmt;

use self::page::Account;

/// The name of the CA's certificate in PEM.
pub const CA_PEM: &str = "cacert.pem";
/// The same in DER, under the ending that Windows, Android and Apple's devices open.
pub const CA_DER: &str = "cacert.crt";
/// Thunderbird's account settings.
pub const AUTOCONFIG: &str = "autoconfig.xml";

/// A file of a kit.
#[derive(Clone, Debug)]
pub struct File {
    /// Its name, without a folder.
    pub name: String,
    /// What is in it.
    pub content: Vec<u8>,
}

/// How a person logs in at the mail servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Authentication {
    /// By a password of the account's own, inside TLS.
    Password,
    /// By the certificate, in the TLS handshake.
    Certificate,
}

impl fmt::Display for Authentication {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Password => "password",
            Self::Certificate => "certificate",
        })
    }
}

/// A mail account, as far as it is the same for everybody.
#[derive(Clone, Debug)]
pub struct Servers {
    /// Where mail is read.
    pub imap: Account,
    /// Where mail is sent.
    pub smtp: Account,
    /// How one logs in there.
    pub authentication: Authentication,
}

/// What the kit in this content is, as far as that can be seen without its password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// For this very certificate.
    Same,
    /// For another certificate of the same person.
    Older,
    /// For somebody else, or no kit.
    Foreign,
}

impl Held {
    /// Looks for the names that a profile of Apple's has. They stand in it as they are, also where it is signed, and
    /// where it is stored in a zip file.
    pub fn of(content: &[u8], identity_uuid: &str, identifier: &str) -> Self {
        let has = |text: &str| memchr::memmem::find(content, text.as_bytes()).is_some();
        // With what ends it in XML: joe is not joe2.
        if !has(&format!("<string>{identifier}</string>")) {
            Self::Foreign
        } else if has(identity_uuid) {
            Self::Same
        } else {
            Self::Older
        }
    }
}
