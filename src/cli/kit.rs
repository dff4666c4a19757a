//! The options of `kit`.

use std::path::PathBuf;

use clap::Args;

use super::{CaPassphrase, NewPassword};
use crate::mail::kit::Authentication;

/// Make what a person is sent: certificate, profile, and a page that says how
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  mailca kit joeuser --password-out joeuser.password\n  \
    mailca kit joeuser --name 'Joe User' --imap imap.example.com --smtp smtp.example.com -o joeuser.zip\n\n\
    The kit holds NAME.p12, NAME-apple.p12 (the same for Apple, Android and old Windows), the CA's \
    certificate as cacert.pem and cacert.crt, NAME.mobileconfig for Apple's devices, NAME.html, which says how \
    all of it is taken in, and with --imap and --smtp autoconfig.xml for Thunderbird. The password is not in it, \
    and goes another way than the kit.")]
pub struct Kit {
    /// Folder with the person's pair, and the name of the files
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The person's name [default: the name in the certificate]
    #[arg(long = "name", value_name = "TEXT")]
    pub person: Option<String>,
    /// Address of the mail account, where the certificate has several [default: its first]
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<String>,
    /// Login at the mail servers [default: the name in the certificate]
    #[arg(long, value_name = "LOGIN")]
    pub login: Option<String>,
    /// Server to read mail from: HOST or HOST:PORT; 993 is TLS, 143 STARTTLS
    #[arg(long, value_name = "HOST")]
    pub imap: Option<String>,
    /// Server to send mail through: HOST or HOST:PORT; 465 is TLS, 587 STARTTLS
    #[arg(long, value_name = "HOST")]
    pub smtp: Option<String>,
    /// How the person logs in there: password or certificate
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Authentication::Password, hide_possible_values = true)]
    pub auth: Authentication,
    /// Name that the mail client shows [default: --name, else NAME]
    #[arg(long, value_name = "TEXT")]
    pub friendly_name: Option<String>,
    /// Sign the profile with the CA's key
    #[arg(long, conflicts_with = "sign_with")]
    pub sign: bool,
    /// Sign the profile with the pair in this folder, as a server's
    #[arg(long, value_name = "NAME")]
    pub sign_with: Option<String>,
    /// The password; one is made where none is given.
    #[command(flatten)]
    pub password: NewPassword,
    /// Take the pair from this folder, whatever NAME is
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,
    /// Folder to make, or a file that ends in .zip [default: NAME-kit]
    #[arg(long, short, value_name = "FOLDER|FILE.zip")]
    pub output: Option<PathBuf>,
    /// Keep a kit that is there aside and make a new one
    #[arg(long)]
    pub force: bool,
    /// Folder with templates of your own
    #[arg(long, value_name = "DIR")]
    pub template_dir: Option<PathBuf>,
    /// The passphrase of the CA's key.
    #[command(flatten)]
    pub passphrase: CaPassphrase,
}
