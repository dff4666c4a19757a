//! The mail servers that mailca knows: where each looks for its files, who has to be able to read them, and
//! which certificates belong into which of them.
//!
//! `config` prints these paths and `install` fills them, so that the one fits the other without an option.

use std::fmt;

/// A mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Server {
    /// Sendmail 8.17 and later.
    Sendmail,
    /// Postfix 3.4 and later.
    Postfix,
    /// Exim 4.94 and later.
    Exim,
    /// Dovecot 2.3 and 2.4.
    Dovecot,
    /// OpenSMTPD 7 and later.
    Opensmtpd,
}

/// What a server's certificate file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    /// The server's certificate alone; the CA's certificates, root included, are sent from the CA file.
    Leaf,
    /// The server's certificate, those of intermediate CAs, and the root, in the order in which they are
    /// sent (RFC 8446 4.4.2). The root is among them for DANE-TA (RFC 7671 5.2.2).
    Full,
}

/// Where a server's files are, and their modes.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// The folder.
    pub dir: &'static str,
    /// Its mode.
    pub dir_mode: u32,
    /// The user that the folder and the files belong to.
    pub user: &'static str,
    /// Their group.
    pub group: &'static str,
    /// Other users that the folders above may belong to, as the server's package has them.
    pub trusted: &'static [&'static str],
    /// The mode of `key.pem`.
    pub key_mode: u32,
    /// The mode of the certificates and of the revocation list.
    pub public_mode: u32,
    /// What `cert.pem` holds.
    pub chain: Chain,
    /// A folder beside it that everybody may enter, with the CA's certificates for programs that run as
    /// another user.
    pub public_dir: Option<&'static str>,
    /// Whether it can be told to refuse whom a revocation list names.
    pub reads_crl: bool,
    /// Whether OpenSSL's hash links belong beside the CA certificate and the revocation list.
    pub hash_links: bool,
    /// Whether `cacert-crl.pem` is wanted: the CA certificates, followed by the revocation list.
    pub joined_crl: bool,
    /// The file by which it is seen that the server is installed. Not every package has the folder above
    /// `dir`; where this file is there, that one is made too.
    pub configuration: &'static str,
    /// The port on which it is seen whether it presents a certificate.
    pub port: u16,
    /// The command that makes the running server take up new files.
    pub reload: &'static str,
}

impl Server {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Sendmail, Self::Postfix, Self::Exim, Self::Dovecot, Self::Opensmtpd];

    /// The server of a name on the command line.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|server| server.name() == name)
    }

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sendmail => "sendmail",
            Self::Postfix => "postfix",
            Self::Exim => "exim",
            Self::Dovecot => "dovecot",
            Self::Opensmtpd => "opensmtpd",
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
        }
    }

    /// Where its files are. Users, groups and places are those of Debian's packages.
    pub fn layout(self) -> Layout {
        /// A daemon that reads its files as root before it becomes another user.
        const BY_ROOT: Layout = Layout {
            dir: "",
            dir_mode: 0o700,
            user: "root",
            group: "root",
            trusted: &[],
            key_mode: 0o400,
            public_mode: 0o400,
            chain: Chain::Full,
            public_dir: None,
            reads_crl: true,
            hash_links: false,
            joined_crl: false,
            configuration: "",
            port: 25,
            reload: "",
        };
        match self {
            // Reads the leaf only; the queue runner of submissions is another user, who needs the CA.
            Self::Sendmail => Layout {
                dir: "/etc/mail/certs",
                // Debian's owner of /etc/mail, and Sendmail's TrustedUser there.
                trusted: &["smmta"],
                chain: Chain::Leaf,
                public_dir: Some("/etc/mail/cacerts"),
                hash_links: true,
                configuration: "/etc/mail/sendmail.mc",
                reload: "systemctl reload sendmail",
                ..BY_ROOT
            },
            Self::Postfix => Layout {
                dir: "/etc/postfix/certs",
                configuration: "/etc/postfix/main.cf",
                reload: "systemctl reload postfix",
                ..BY_ROOT
            },
            // Opens its files as its own user, for each connection.
            Self::Exim => Layout {
                dir: "/etc/exim4/certs",
                dir_mode: 0o750,
                group: "Debian-exim",
                key_mode: 0o640,
                public_mode: 0o640,
                configuration: "/etc/exim4/exim4.conf.template",
                reload: "systemctl reload exim4",
                ..BY_ROOT
            },
            Self::Dovecot => Layout {
                dir: "/etc/dovecot/certs",
                joined_crl: true,
                configuration: "/etc/dovecot/dovecot.conf",
                port: 143,
                reload: "systemctl reload dovecot",
                ..BY_ROOT
            },
            // Knows no reload of certificates.
            Self::Opensmtpd => Layout {
                dir: "/etc/opensmtpd/certs",
                configuration: "/etc/smtpd.conf",
                reads_crl: false,
                reload: "systemctl restart opensmtpd",
                ..BY_ROOT
            },
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_but_the_server_reads_a_key() {
        for server in Server::ALL {
            let layout = server.layout();
            assert_eq!(layout.key_mode & 0o137, 0, "{server}");
            assert_eq!(layout.dir_mode & 0o027, 0, "{server}");
            assert!(layout.group == "root" || layout.dir_mode & 0o050 == 0o050, "{server}");
            assert!(layout.dir.starts_with("/etc/") && !layout.reload.is_empty(), "{server}");
            assert!(layout.configuration.starts_with("/etc/") && layout.port != 0, "{server}");
        }
    }
}
