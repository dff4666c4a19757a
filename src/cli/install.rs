//! The options of `install`.

use std::path::PathBuf;

use clap::Args;

use crate::mail::server::Server;

/// Put a certificate where a mail server reads it, and see that it does
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  \
    mailca install mail.example.com --for postfix --reload 'systemctl reload postfix' \\\n    \
    --check mail.example.com:25\n  \
    mailca install mail.example.com --for sendmail --to /etc/mail/certs\n  \
    mailca install mail.example.com\n\n\
    What was said is remembered with the certificate, in install.toml: the last example does it again, and so \
    do `mailca renew` and `mailca crl`. With --check, the running server has to present the certificate \
    within --timeout; else the old files are put back, and it is reloaded once more.")]
pub struct Install {
    /// Folder with the certificate [default: the current folder]
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// The mail server: sendmail, postfix, exim, dovecot or opensmtpd
    #[arg(long = "for", value_enum, value_name = "SERVER", hide_possible_values = true)]
    pub server: Option<Server>,
    /// The folder to install into [default: the server's, as in `mailca config`]
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// Whom the files belong to [default: who the server reads them as]
    #[arg(long, value_name = "USER[:GROUP]")]
    pub owner: Option<String>,
    /// Key and certificate in one file, sendmail.pem
    #[arg(long)]
    pub combined: bool,
    /// A folder for the public certificates alone, which others may read [default for sendmail: cacerts beside
    /// the other folder]
    #[arg(long, value_name = "DIR")]
    pub public: Option<PathBuf>,
    /// Command that has the server take up the new files
    #[arg(long, value_name = "COMMAND")]
    pub reload: Option<String>,
    /// The server that must present the new certificate then: HOST:PORT, or HOST:PORT/SERVICE
    #[arg(long, value_name = "HOST:PORT")]
    pub check: Option<String>,
    /// A file with revocation lists to install, for a host without the CA's folder; may be given more than
    /// once
    #[arg(long, value_name = "FILE", requires = "server")]
    pub crl: Vec<PathBuf>,
    /// How long each of the two may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
    /// Forget what is remembered, all of it or that of --for or --to; the files stay
    #[arg(long, conflicts_with_all = ["owner", "combined", "public", "reload", "check", "crl"])]
    pub forget: bool,
}
