//! `mailca check`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{ArgAction, Args, ValueEnum};

use super::{CaPassphrase, Span};
use crate::mail::check::Severity;

/// Say what is wrong with a running mail server, and how to mend it
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  mailca check mail.example.com\n  \
    mailca check mail.example.com:25 mail.example.com:imaps\n  \
    mailca check --connect 192.0.2.1:25 --host mail.example.com\n  \
    mailca check mail.example.com:587 --client joeuser --relay-to joe@example.org\n  \
    dig +short TLSA _25._tcp.mail.example.com | mailca check mail.example.com:25 --tlsa -\n  \
    mailca check mail.example.com:25 --format nagios\n  \
    mailca check --explain tls-1-0\n\n\
    It connects as mail programs do, with STARTTLS where the port has it, and sends no mail: what is \
    begun for --relay-to is taken back before DATA. The ports of smtp, submission, submissions, imap, imaps, \
    pop3, pop3s and sieve are known; for another one say what is spoken there: mail.example.com:2525/smtp\n\n\
    Exit status 3 says that there are findings at or above --fail-on. With --format nagios it is as \
    monitoring plugins have it: 0 good, 1 warning, 2 critical, 3 unknown.")]
pub struct Check {
    /// Servers: HOST, HOST:PORT, HOST:SERVICE, HOST:PORT/SERVICE; without a port the usual ones that
    /// answer
    #[arg(value_name = "HOST[:PORT]", required_unless_present_any = ["connect", "explain"])]
    pub targets: Vec<String>,
    /// Where to connect to, instead of looking the host up; may be repeated, for all addresses of one host
    #[arg(long, value_name = "ADDRESS:PORT", action = ArgAction::Append)]
    pub connect: Vec<String>,
    /// The name that the certificate has to have [default: the HOST of each]
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
    /// How long everything may take; a server may take half of it, or a minute, until it greets [default: 120,
    /// with --format nagios 50]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: Option<u64>,
    /// Connect over IPv4 only
    #[arg(long, conflicts_with = "ipv6")]
    pub ipv4: bool,
    /// Connect over IPv6 only
    #[arg(long)]
    pub ipv6: bool,
    /// Show the server this client certificate, with its chain behind it
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "client")]
    pub cert: Option<PathBuf>,
    /// The key of --cert
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Show the server the certificate of this folder; . is the current one
    #[arg(long, value_name = "NAME")]
    pub client: Option<String>,
    /// How its key is opened.
    #[command(flatten)]
    pub passphrase: CaPassphrase,
    /// Ask whether mail to this address would be relayed; nothing is sent
    #[arg(long, value_name = "ADDRESS")]
    pub relay_to: Option<String>,
    /// With --relay-to: from this address [default: the empty one of bounces]
    #[arg(long, value_name = "ADDRESS", requires = "relay_to")]
    pub relay_from: Option<String>,
    /// TLSA records to compare with: `3 1 1 HASH`, or a file with lines of a zone, - is standard input; may
    /// be repeated
    #[arg(long, value_name = "RECORD|FILE", action = ArgAction::Append)]
    pub tlsa: Vec<String>,
    /// Trusted CA certificates [default: this CA's; where there is none, the system's]
    #[arg(long, value_name = "FILE", action = ArgAction::Append, conflicts_with = "system_roots")]
    pub ca: Vec<PathBuf>,
    /// Trust the CAs of the system
    #[arg(long)]
    pub system_roots: bool,
    /// A certificate ends soon when it ends within this time
    #[arg(long, value_name = "TIME", default_value = "21d")]
    pub expiring: Span,
    /// How to report
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text, conflicts_with = "json")]
    pub format: Format,
    /// From which severity on it is a failure: info, warning, error, critical
    #[arg(long, value_name = "SEVERITY", default_value = "warning", value_parser = severities(), hide_possible_values = true)]
    pub fail_on: String,
    /// Leave findings out; may be repeated
    #[arg(long, value_name = "ID,...", action = ArgAction::Append, value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// Say what a finding is, why it matters and how to mend it; `list` lists them all
    #[arg(long, value_name = "ID", conflicts_with_all = ["targets", "connect"])]
    pub explain: Option<String>,
}

/// For whom a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A person.
    Text,
    /// Nagios, Icinga and those that run their plugins.
    Nagios,
    /// Prometheus, through the textfile collector.
    Prometheus,
}

/// Every severity, for clap.
fn severities() -> PossibleValuesParser {
    PossibleValuesParser::new(Severity::ALL.map(Severity::name))
}
