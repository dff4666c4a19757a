//! The options of `config`.

use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand, ValueEnum};

use super::{DovecotConfig, EximConfig, Span};

/// Print configuration for other programs
#[derive(Args, Debug)]
pub struct Config {
    /// For which program.
    #[command(subcommand)]
    pub topic: Topic,
}

/// What `config` can print.
#[derive(Debug, Subcommand)]
pub enum Topic {
    /// TLS and login by certificate for Dovecot
    Dovecot(DovecotConfig),
    /// A script that sets up TLS in Debian's Exim, or lines for another
    Exim(EximConfig),
    /// smtpd.conf for OpenSMTPD
    Opensmtpd(OpensmtpdConfig),
    /// postconf commands for Postfix, or lines of its files
    Postfix(PostfixConfig),
    /// m4 lines for Sendmail
    Sendmail(SendmailConfig),
    /// systemd units and cron lines that renew, keep the CRL fresh, and watch
    Timer(Timer),
}

/// What a mail server is to do with certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Role {
    /// Take mail, with TLS where the client wants it.
    Receive,
    /// Take mail from users on 587 and 465, who log in under TLS only.
    Submission,
    /// Relay for clients that have a certificate of this CA.
    RelayByCert,
    /// Send only to servers whose certificate verifies.
    VerifyPeers,
    /// Show a certificate when sending.
    Client,
}

/// The options of every mail server.
#[derive(Args, Debug)]
pub struct ServerConfig {
    /// What it is to do: receive, submission, relay-by-cert, verify-peers, client; may be repeated
    /// [default: receive]
    #[arg(long, value_enum, value_name = "ROLE", action = ArgAction::Append, value_delimiter = ',', hide_possible_values = true)]
    pub role: Vec<Role>,
    /// Where its certificates are [default: where `mailca install --for SERVER` puts them]
    #[arg(long, value_name = "DIR")]
    pub certs: Option<PathBuf>,
    /// The name of this mail host [default: the machine's name]
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Refuse revoked clients
    #[arg(
        long,
        long_help = "Refuse revoked clients. The revocation list has to be there and fresh: a server with one that is \
        out of date refuses everybody."
    )]
    pub crl: bool,
    /// Folder with templates of your own
    #[arg(long, value_name = "DIR")]
    pub template_dir: Option<PathBuf>,
}

/// `mailca config sendmail`
#[derive(Args, Debug)]
#[command(
    after_long_help = "Example:\n  mailca config sendmail --role receive,submission --merge /etc/mail/sendmail.mc | \
    patch /etc/mail/sendmail.mc"
)]
pub struct SendmailConfig {
    /// What every mail server has.
    #[command(flatten)]
    pub server: ServerConfig,
    /// Show what to change in this sendmail.mc, as a diff that patch(1) takes
    #[arg(long, value_name = "FILE")]
    pub merge: Option<PathBuf>,
    /// Lines for submit.mc instead, with which the submission runner verifies the daemon
    #[arg(
        long,
        conflicts_with_all = ["role", "crl", "combined"],
        long_help = "Lines for submit.mc instead, with which the submission runner verifies the daemon. --certs is then \
        the folder with the CA's certificates that everybody may enter."
    )]
    pub submit: bool,
    /// Key and certificate are in one file, sendmail.pem, as Red Hat has it
    #[arg(long)]
    pub combined: bool,
}

/// The form of what is printed for Postfix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PostfixForm {
    /// A script of postconf commands.
    #[value(name = "commands")]
    Commands,
    /// Lines of main.cf.
    #[value(name = "main.cf")]
    Main,
    /// Lines of master.cf.
    #[value(name = "master.cf")]
    Master,
}

/// `mailca config postfix`
#[derive(Args, Debug)]
#[command(
    after_long_help = "Example:\n  mailca config postfix --role receive,submission,relay-by-cert | ssh root@mail sh"
)]
pub struct PostfixConfig {
    /// What all servers have.
    #[command(flatten)]
    pub server: ServerConfig,
    /// Print commands, or lines of main.cf or of master.cf
    #[arg(long = "as", value_enum, value_name = "FORM", default_value = "commands")]
    pub form: PostfixForm,
    /// With verify-peers: verify for this domain or relayhost, `[HOST]`, only; may be repeated
    #[arg(long = "peer", value_name = "DOMAIN", action = ArgAction::Append)]
    pub peers: Vec<String>,
}

/// `mailca config opensmtpd`
#[derive(Args, Debug)]
#[command(
    after_long_help = "Example:\n  mailca config opensmtpd --role receive,submission --domain example.com"
)]
pub struct OpensmtpdConfig {
    /// What all servers have.
    #[command(flatten)]
    pub server: ServerConfig,
    /// A domain that mail is taken for; may be repeated [default: the host's own name]
    #[arg(long = "domain", value_name = "DOMAIN", action = ArgAction::Append)]
    pub domains: Vec<String>,
    /// With relay-by-cert: the port for clients that have a certificate
    #[arg(long, value_name = "PORT", default_value_t = 2525, value_parser = clap::value_parser!(u16).range(1..))]
    pub relay_port: u16,
    /// With verify-peers: verify for this domain only; may be repeated
    #[arg(long = "peer", value_name = "DOMAIN", action = ArgAction::Append)]
    pub peers: Vec<String>,
}

/// A span that is passed on as it was typed.
fn span_text(text: &str) -> Result<String, String> {
    text.parse::<Span>().map(|_| text.to_owned())
}

/// `mailca config timer`
#[derive(Args, Debug)]
#[command(after_long_help = "Example:\n  mailca config timer --expiring 30d")]
pub struct Timer {
    /// How long before its end a certificate is renewed
    #[arg(long, value_name = "SPAN", default_value = "30d", value_parser = span_text)]
    pub expiring: String,
    /// File with the passphrase of the CA's key, where it has one
    #[arg(long, env = "MAILCA_CA_PASSPHRASE_FILE", value_name = "FILE", hide_env_values = true)]
    pub ca_passphrase_file: Option<PathBuf>,
    /// Folder with templates of your own
    #[arg(long, value_name = "DIR")]
    pub template_dir: Option<PathBuf>,
}
