//! The options of `config exim` and `config dovecot`.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

use super::ServerConfig;

/// `mailca config exim`
#[derive(Args, Debug)]
#[command(after_long_help = "Example:\n  \
    mailca config exim --role receive,relay-by-cert | sh && systemctl restart exim4")]
pub struct EximConfig {
    /// The options of every server.
    #[command(flatten)]
    pub server: ServerConfig,
    /// Lines for one exim.conf of your own, in the place of Debian's files
    #[arg(long)]
    pub plain: bool,
    /// Relay for the certificates of this list only
    #[arg(
        long,
        value_name = "FILE",
        long_help = "Relay for the certificates of this list only. `mailca access-map --for exim` makes it. Exim reads it \
        anew for every recipient, as the user Debian-exim."
    )]
    pub list: Option<PathBuf>,
    /// With verify-peers: verify this server only, by its host name; may be repeated
    #[arg(long = "peer", value_name = "HOST", action = ArgAction::Append)]
    pub peers: Vec<String>,
}

/// The versions of Dovecot whose settings have other names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DovecotVersion {
    /// 2.3
    #[value(name = "2.3")]
    V2_3,
    /// 2.4
    #[value(name = "2.4")]
    V2_4,
}

/// `mailca config dovecot`
#[derive(Args, Debug)]
#[command(after_long_help = "Roles of Dovecot:\n  \
    receive        TLS for IMAP, POP3 and ManageSieve, and no login without it\n  \
    submission     the same for 587 and 465, where dovecot-submissiond is installed\n  \
    relay-by-cert  users log in by their certificate, without a password (SASL EXTERNAL)\n\n\
    Example:\n  \
    cd /etc/dovecot/conf.d && mailca config dovecot --role receive,relay-by-cert |\n    \
    awk '/^# file: /{f=$3} f{print >f}' && doveconf -n >/dev/null && systemctl reload dovecot")]
pub struct DovecotConfig {
    /// The options of every server.
    #[command(flatten)]
    pub server: ServerConfig,
    /// The version of Dovecot: 2.3 or 2.4 [default: that of the installed one, else 2.4]
    #[arg(long, value_enum, value_name = "VERSION", hide_possible_values = true)]
    pub version: Option<DovecotVersion>,
    /// Let the users of this list only log in by certificate
    #[arg(
        long,
        value_name = "FILE",
        long_help = "Let the users of this list only log in by certificate. `mailca access-map --for dovecot` makes it. \
        Dovecot reads it anew for every login, as the user dovecot."
    )]
    pub list: Option<PathBuf>,
    /// Let nobody log in without a certificate, not even with a password
    #[arg(long)]
    pub require_cert: bool,
}
