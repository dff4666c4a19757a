//! The command line, as data. What an option means is said in the command that takes it.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

mod access_map;
mod bulk;
mod check;
mod commands;
mod config;
mod config_exim;
mod help;
mod install;
mod kit;
mod life;
mod password;
mod report;
mod span;
pub mod usage;

pub use access_map::{AccessMap, Connections};
pub use bulk::Bulk;
pub use check::{Check, Format};
pub use commands::{ExportP12, Issue, Newca, Newreq, Purpose, Quickstart, Show, Sign, Verify};
pub use config::{
    Config, OpensmtpdConfig, PostfixConfig, PostfixForm, Role, SendmailConfig, ServerConfig, Timer,
    Topic,
};
pub use config_exim::{DovecotConfig, DovecotVersion, EximConfig};
pub use help::{Completions, Help, Man, Shell};
pub use install::Install;
pub use kit::Kit;
pub use life::{
    Backup, Crl, Doctor, List, RekeyCa, Renew, Restore, Revoke, StateFilter, Status, Tlsa,
};
pub use password::NewPassword;
pub use report::Report;
pub use span::Span;

/// What `--help` says of key types.
const KEY_TYPES: &str = "One of ecdsa-p256, ecdsa-p384, ed25519, rsa-2048, rsa-3072, rsa-4096. \
    Thunderbird and OpenSMTPD know no ed25519.";
/// What `--help` says of modes.
const MODES: &str = "One of 0400, 0440, 0444, 0644. Private keys are 0400 in any case.";

/// Every key type, for clap.
fn key_types() -> PossibleValuesParser {
    PossibleValuesParser::new(crate::pki::key::KeyType::ALL.map(crate::pki::key::KeyType::name))
}

/// Every profile, for clap.
fn profiles() -> PossibleValuesParser {
    PossibleValuesParser::new(
        crate::pki::profile::Profile::ALL.map(crate::pki::profile::Profile::name),
    )
}

/// Whom a PKCS#12 file is for, for clap.
fn readers() -> PossibleValuesParser {
    PossibleValuesParser::new(crate::pki::pkcs12::Form::ALL.map(crate::pki::pkcs12::Form::name))
}

/// A local certificate authority for mail servers.
#[derive(Debug, Parser)]
#[command(
    name = "mailca",
    version,
    long_version = env!("MAILCA_LONG_VERSION"),
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "The whole job, in an empty folder:\n  \
        mailca newca\n  mailca newreq --cn mail.example.com\n  mailca sign\n  \
        mailca issue --user joeuser --email joe@example.com joeuser\n  \
        mailca export-p12 joeuser",
    after_long_help = "The whole job, in an empty folder:\n  \
        mailca newca\n  mailca newreq --cn mail.example.com\n  mailca sign\n  \
        mailca issue --user joeuser --email joe@example.com joeuser\n  \
        mailca export-p12 joeuser\n\n\
        `mailca help` lists pages on topics too: each mail server, PKCS#12, renewal, moving, lost keys, and the way \
        from CA.pl, easy-rsa and mkcert.\n\n\
        Exit status: 0 done; 1 refused or failed; 2 wrong usage; 3 the answer is no; 70 a bug."
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "General options")]
pub struct Global {
    /// The CA's folder
    #[arg(
        long,
        global = true,
        env = "MAILCA_DIR",
        default_value = "demoCA",
        value_name = "DIR",
        hide_env_values = true
    )]
    pub ca_dir: PathBuf,
    /// Settings in the place of /etc/mailca.toml and the personal ones; /dev/null for none
    #[arg(long, global = true, env = "MAILCA_CONFIG", value_name = "FILE", hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// Never ask; take the default or stop
    #[arg(long, global = true)]
    pub no_input: bool,
    /// Give up when another process has a lock for so long; 0 does not wait [default: wait]
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(0..=86_400))]
    pub lock_timeout: Option<u32>,
    /// Say only what went wrong
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Report in JSON on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// Colour in messages
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN", hide_possible_values = true)]
    pub color: Color,
}

/// When messages are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands. Each one's options are made when it is called: all of them together take longer than most commands.
/// What a command is for is said here, for the list, and the same at its options, for its own help.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Make a certificate authority
    Newca(Newca),
    /// Make a private key and a certificate request
    Newreq(Newreq),
    /// Sign certificate requests
    Sign(Sign),
    /// Make a key and a certificate in one step
    Issue(Issue),
    /// Bundle a certificate and its key for a mail client
    ExportP12(ExportP12),
    /// Make what a person is sent: certificate, profile, and a page that says how
    Kit(Kit),
    /// Show certificates, requests, CRLs, keys and bundles
    Show(Show),
    /// Say whether a certificate will be accepted
    Verify(Verify),
    /// List the certificates of this CA
    List(List),
    /// Say on one screen whether something is to be done
    Status(Status),
    /// Make a page of what the CA has issued: what ends when, and what was revoked
    Report(Report),
    /// Make certificates anew before they end
    Renew(Renew),
    /// Revoke a certificate
    Revoke(Revoke),
    /// Make the list of revoked certificates
    Crl(Crl),
    /// Give the CA new dates or a new key
    RekeyCa(RekeyCa),
    /// Pack the CA into one file
    Backup(Backup),
    /// Unpack a backup
    Restore(Restore),
    /// Find what is wrong with the CA's folder, and repair it
    Doctor(Doctor),
    /// Put a certificate where a mail server reads it, and see that it does
    Install(Install),
    /// Print DANE records for a mail host
    Tlsa(Tlsa),
    /// Say what is wrong with a running mail server, and how to mend it
    Check(Check),
    /// Print which certificates a mail server lets in
    AccessMap(AccessMap),
    /// Print configuration for other programs
    Config(Config),
    /// Do the whole job for one host and one user
    Quickstart(Quickstart),
    /// Print a script that completes command lines in a shell
    Completions(Completions),
    /// Write the manual pages into a folder
    #[command(hide = true)]
    Man(Man),
    /// Print the help of a command, or a page on a topic
    Help(Help),
}

/// How the CA's key is opened.
#[derive(Args, Debug, Default)]
pub struct CaPassphrase {
    /// File with the passphrase of the CA's key
    #[arg(long, env = "MAILCA_CA_PASSPHRASE_FILE", value_name = "FILE", hide_env_values = true)]
    pub ca_passphrase_file: Option<PathBuf>,
}

/// Parts of a distinguished name.
#[derive(Args, Clone, Debug, Default)]
pub struct Subject {
    /// Organization (O)
    #[arg(long, value_name = "NAME")]
    pub org: Option<String>,
    /// Organizational unit (OU); may be repeated
    #[arg(long, value_name = "NAME", action = ArgAction::Append)]
    pub ou: Vec<String>,
    /// Town (L)
    #[arg(long, value_name = "NAME")]
    pub locality: Option<String>,
    /// State or province (ST)
    #[arg(long, value_name = "NAME")]
    pub state: Option<String>,
    /// Country (C), two letters
    #[arg(long, value_name = "CC")]
    pub country: Option<String>,
}

/// Whose certificate it will be, and with which key.
#[derive(Args, Clone, Debug, Default)]
pub struct Identity {
    /// Name of a host: mail.example.com, or an address
    #[arg(long, value_name = "HOST", conflicts_with = "user")]
    pub cn: Option<String>,
    /// Login or name of a person
    #[arg(long, value_name = "LOGIN", requires = "email")]
    pub user: Option<String>,
    /// E-mail address of the person
    #[arg(long, value_name = "ADDRESS", requires = "user", conflicts_with = "cn")]
    pub email: Option<String>,
    /// More names: DNS:HOST, IP:ADDRESS or email:ADDRESS; may be repeated
    #[arg(long, value_name = "NAME", action = ArgAction::Append)]
    pub san: Vec<String>,
    /// Type of the key [default: ecdsa-p256 for a host, rsa-2048 for a person]
    #[arg(long, value_name = "TYPE", value_parser = key_types(), hide_possible_values = true, conflicts_with = "key", long_help = KEY_TYPES)]
    pub key_type: Option<String>,
    /// Use this private key instead of a new one
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// The other parts of the subject.
    #[command(flatten)]
    pub subject: Subject,
}

/// What the CA decides about a certificate.
#[derive(Args, Clone, Debug, Default)]
pub struct Terms {
    /// What it is for: server, user, client or ca
    #[arg(long, value_name = "PROFILE", value_parser = profiles(), hide_possible_values = true)]
    pub profile: Option<String>,
    /// Validity in days [default: 365; 3650 for a CA]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36500))]
    pub days: Option<u32>,
    /// With --profile ca: CAs that may follow below it [default: 0]
    #[arg(long, value_name = "N")]
    pub path_len: Option<u8>,
    /// Where clients find the CRL
    #[arg(long, value_name = "URL")]
    pub crl_url: Option<String>,
    /// Do not ask before signing
    #[arg(long, short)]
    pub yes: bool,
}
