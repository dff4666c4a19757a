//! The options of `access-map`.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::profiles;
use crate::mail::access_map::Hash;
use crate::mail::server::Server;

/// Print which certificates a mail server lets in
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  mailca access-map joeuser\n  \
    mailca access-map --all -o /etc/mail/mailca.access --build\n  \
    mailca access-map --for postfix --all -o /etc/postfix/relay_clientcerts --build\n  \
    mailca access-map --issuer\n  \
    mailca access-map --tls-srv mx.example.com --verify --bits 128 --match-cn\n\n\
    Prints which certificates may relay, in the form of the server, with a comment on where it goes. \
    A FILE with the certificate of a CA lets in everybody whose certificate that CA signed, as --issuer \
    does for the CA here. access-maps in mailca.toml names maps that are made anew whenever a certificate \
    is revoked, renewed or issued: [\"postfix:/etc/postfix/relay_clientcerts\"].")]
pub struct AccessMap {
    /// Folders, serial numbers or certificate files
    #[arg(value_name = "NAME|SERIAL|FILE")]
    pub targets: Vec<String>,
    /// The server that reads it: sendmail, postfix, exim, dovecot or opensmtpd
    #[arg(long = "for", value_enum, value_name = "SERVER", default_value_t = Server::Sendmail, hide_possible_values = true)]
    pub server: Server,
    /// Every certificate of a person that is valid
    #[arg(long)]
    pub all: bool,
    /// With --all, those with this profile: user, client or server; may be repeated [default: user]
    #[arg(long, value_name = "PROFILE", value_parser = profiles(), hide_possible_values = true, action = ArgAction::Append, requires = "all")]
    pub profile: Vec<String>,
    /// Everybody whose certificate this CA signed
    #[arg(long)]
    pub issuer: bool,
    /// Fingerprints of public keys, which stay the same at a renewal (Postfix)
    #[arg(long)]
    pub key: bool,
    /// Digest of the fingerprints: sha256 or sha1 (Postfix) [default: sha256]
    #[arg(long, value_enum, value_name = "DIGEST", hide_possible_values = true)]
    pub digest: Option<Hash>,
    /// Write it to this file, where it differs
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Have the server's makemap or postmap make a database of the file
    #[arg(long, requires = "output")]
    pub build: bool,
    /// Keep a file aside that mailca did not write, and write the new one
    #[arg(long, requires = "output")]
    pub force: bool,
    /// What is asked of connections.
    #[command(flatten)]
    pub connections: Connections,
}

/// What Sendmail asks of a TLS connection.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Requirements for TLS connections (Sendmail)")]
pub struct Connections {
    /// A server that mail is sent to: host, domain, address or * for every other; may be repeated
    #[arg(long, value_name = "HOST", action = ArgAction::Append)]
    pub tls_srv: Vec<String>,
    /// A client that mail comes from; may be repeated
    #[arg(long, value_name = "HOST", action = ArgAction::Append)]
    pub tls_clt: Vec<String>,
    /// A recipient: mailbox, NAME@, domain or * for every other; may be repeated
    #[arg(long, value_name = "ADDRESS", action = ArgAction::Append)]
    pub tls_rcpt: Vec<String>,
    /// The other side's certificate has to verify
    #[arg(long)]
    pub verify: bool,
    /// The cipher has at least so many bits
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub bits: Option<u16>,
    /// Else refuse mail for good
    #[arg(long, conflicts_with = "temp")]
    pub perm: bool,
    /// Else put mail off
    #[arg(long)]
    pub temp: bool,
    /// Its common name is this [default: the other side's name]
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "", require_equals = true, requires = "verify")]
    pub match_cn: Option<String>,
    /// It has the subject of this certificate
    #[arg(long, value_name = "CERT", requires = "verify")]
    pub match_subject: Option<String>,
    /// Its issuer is the subject of this CA certificate, or the issuer of this other one
    #[arg(long, value_name = "CERT", requires = "verify")]
    pub match_issuer: Option<String>,
}

impl Connections {
    /// Whether any peer is named.
    pub fn has_peers(&self) -> bool {
        !(self.tls_srv.is_empty() && self.tls_clt.is_empty() && self.tls_rcpt.is_empty())
    }

    /// Whether anything is asked.
    pub fn has_terms(&self) -> bool {
        self.verify || self.bits.is_some() || self.perm || self.temp
    }
}
