//! Everything that `mailca check` can find, in one table: identifier, severity, and a page each.
//!
//! The identifiers are part of the interface: monitoring systems are told which of them to pass over.

use std::fmt;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know; nothing has to be done.
    Info,
    /// Some are kept out, or safety is less than it could be.
    Warning,
    /// Clients that are careful are kept out, or passwords are in danger.
    Error,
    /// Everybody is kept out, or somebody on the line can do as he likes.
    Critical,
}

impl Severity {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [Self::Info, Self::Warning, Self::Error, Self::Critical];

    /// The name in every output and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// The table: for each a variant, the identifier, which is also the name of its page's file, and how bad
/// it is where nothing makes it better or worse.
macro_rules! issues {
    ($($issue:ident, $id:literal, $severity:ident;)*) => {
        /// What can be found. Its page says what it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Issue {
            $(#[doc = concat!("`", $id, "`")] $issue,)*
        }

        impl Issue {
            /// All of them, in the order in which a connection meets them.
            pub const ALL: &[Self] = &[$(Self::$issue),*];

            /// The identifier, which does not change.
            pub fn id(self) -> &'static str {
                match self { $(Self::$issue => $id,)* }
            }

            /// How bad it is where nothing makes it better or worse.
            pub fn severity(self) -> Severity {
                match self { $(Self::$issue => Severity::$severity,)* }
            }

            /// Its page, in Markdown.
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$issue => include_str!(concat!("../../../templates/check/", $id, ".md")),)*
                }
            }
        }
    };
}

issues! {
    Unreachable, "unreachable", Critical;
    NoAddress, "no-address", Critical;
    LookupFailed, "lookup-failed", Critical;
    AddressUnreachable, "address-unreachable", Warning;
    PortSilent, "port-silent", Warning;
    TurnedAway, "turned-away", Critical;
    NoGreeting, "no-greeting", Critical;
    WrongProtocol, "wrong-protocol", Critical;
    StarttlsMissing, "starttls-missing", Error;
    StarttlsRefused, "starttls-refused", Error;
    ResponseInjection, "response-injection", Critical;
    CommandInjection, "command-injection", Critical;
    HandshakeFailed, "handshake-failed", Error;
    HandshakeUncommon, "handshake-uncommon", Warning;
    SessionBroken, "session-broken", Critical;
    LoginBeforeTls, "login-before-tls", Error;
    StarttlsInsideTls, "starttls-inside-tls", Warning;
    LoginMissing, "login-missing", Warning;
    EhloName, "ehlo-name", Warning;
    EhloChanges, "ehlo-changes", Info;
    Incomplete, "incomplete", Warning;
    Ssl2, "ssl-2", Critical;
    Ssl3, "ssl-3", Error;
    Tls10, "tls-1-0", Warning;
    Tls11, "tls-1-1", Warning;
    Tls12Missing, "tls-1-2-missing", Warning;
    Tls13Missing, "tls-1-3-missing", Info;
    TlsModernMissing, "tls-modern-missing", Error;
    CipherNull, "cipher-null", Critical;
    CipherExport, "cipher-export", Critical;
    CipherAnonymous, "cipher-anonymous", Error;
    CipherRc4, "cipher-rc4", Error;
    CipherDes, "cipher-des", Error;
    Cipher3Des, "cipher-3des", Warning;
    CipherStaticRsa, "cipher-static-rsa", Info;
    DiffieHellmanShort, "diffie-hellman-short", Warning;
    CertificateUnreadable, "certificate-unreadable", Error;
    KeyUnproven, "key-unproven", Error;
    Revoked, "revoked", Critical;
    RevocationUnknown, "revocation-unknown", Warning;
    Expired, "expired", Error;
    NotYetValid, "not-yet-valid", Error;
    ExpiresSoon, "expires-soon", Warning;
    SelfSigned, "self-signed", Error;
    IntermediateMissing, "intermediate-missing", Error;
    Untrusted, "untrusted", Error;
    ForeignCa, "foreign-ca", Warning;
    ChainInvalid, "chain-invalid", Error;
    ChainUnverified, "chain-unverified", Warning;
    ChainOrder, "chain-order", Warning;
    ChainSuperfluous, "chain-superfluous", Info;
    NameMismatch, "name-mismatch", Error;
    SanMissing, "san-missing", Warning;
    KeyShort, "key-short", Error;
    SignatureWeak, "signature-weak", Error;
    ServerUsageMissing, "server-usage-missing", Error;
    SigningUsageMissing, "signing-usage-missing", Error;
    ClientUsageMissing, "client-usage-missing", Info;
    StapleMissing, "staple-missing", Error;
    AuthorityAsServer, "authority-as-server", Warning;
    ValidTooLong, "valid-too-long", Warning;
    ClientCertificateAsked, "client-certificate-asked", Info;
    ClientCertificateRequired, "client-certificate-required", Error;
    ClientCertificateNotAsked, "client-certificate-not-asked", Warning;
    ClientAuthorityMissing, "client-authority-missing", Warning;
    ClientCertificateInvalid, "client-certificate-invalid", Warning;
    ClientCertificateRefused, "client-certificate-refused", Error;
    ClientCertificateAccepted, "client-certificate-accepted", Info;
    RelayOpen, "relay-open", Critical;
    RelayUnclear, "relay-unclear", Warning;
    RelayRefused, "relay-refused", Error;
    RelayAllowed, "relay-allowed", Info;
    DaneMismatch, "dane-mismatch", Critical;
    DaneAnchorMissing, "dane-anchor-missing", Error;
    DaneRecordUnusable, "dane-record-unusable", Warning;
    DaneNotCompared, "dane-not-compared", Warning;
    DaneMatch, "dane-match", Info;
    FamiliesDiffer, "families-differ", Info;
    CertificatesDiffer, "certificates-differ", Info;
}

impl Issue {
    /// The one of an identifier.
    pub fn by_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|issue| issue.id() == id)
    }

    /// Whether it is of the server's certificate and not of the server.
    pub fn is_of_certificate(self) -> bool {
        (Self::CertificateUnreadable..=Self::ValidTooLong).contains(&self)
    }

    /// The identifier that is most like a mistyped one.
    pub fn nearest(mistyped: &str) -> Option<Self> {
        let likeness = |issue: &Self| strsim::jaro_winkler(issue.id(), mistyped);
        let near = Self::ALL.iter().copied().filter(|issue| likeness(issue) > 0.8);
        near.max_by(|one, other| likeness(one).total_cmp(&likeness(other)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_identifier_is_of_one_form_and_there_once() {
        for issue in Issue::ALL {
            let id = issue.id();
            assert!(
                id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')),
                "{id}"
            );
            assert_eq!(Issue::by_id(id), Some(*issue));
        }
    }

    #[test]
    fn every_page_in_the_folder_is_of_an_issue() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/check");
        let files = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        let mut wanted: Vec<_> =
            Issue::ALL.iter().map(|issue| issue.id().to_owned() + ".md").collect();
        names.sort();
        wanted.sort();
        assert_eq!(names, wanted);
    }

    #[test]
    fn a_mistyped_identifier_has_a_nearest_one() {
        assert_eq!(Issue::nearest("tls-1.0"), Some(Issue::Tls10));
        assert_eq!(Issue::nearest("selfsigned"), Some(Issue::SelfSigned));
        assert_eq!(Issue::nearest("xyzzy"), None);
    }
}
