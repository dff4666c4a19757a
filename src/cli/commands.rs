//! The options of each command.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

use super::{
    Bulk, CaPassphrase, Identity, KEY_TYPES, MODES, NewPassword, Subject, Terms, key_types,
    profiles, readers,
};

/// Make a certificate authority
#[derive(Args, Debug)]
#[command(
    after_long_help = "Example:\n  mailca newca --org 'Example Inc' --country US --permit example.com\n\n\
    A CA with --permit can certify hosts and mailboxes in these domains only, so that people can \
    install it without fear. OpenSSL, GnuTLS and NSS (Thunderbird, Firefox) enforce that on a root; \
    Java does not. Try others before you rely on it."
)]
pub struct Newca {
    /// Name of the CA (CN) [default: HOSTNAME Mail CA]
    #[arg(long, value_name = "NAME")]
    pub cn: Option<String>,
    /// The other parts of its name.
    #[command(flatten)]
    pub subject: Subject,
    /// E-mail address in the CA's name
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<String>,
    /// Type of the CA's key [default: ecdsa-p256]
    #[arg(long, value_name = "TYPE", value_parser = key_types(), hide_possible_values = true, long_help = KEY_TYPES)]
    pub key_type: Option<String>,
    /// Validity of the CA in days
    #[arg(long, value_name = "N", default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..=36500))]
    pub days: u32,
    /// CAs that may follow below it: 0 signs no intermediate CA
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub path_len: u8,
    /// Certify this domain only; may be repeated
    #[arg(long, value_name = "DOMAIN", action = ArgAction::Append)]
    pub permit: Vec<String>,
    /// With --permit: certify these addresses too; may be repeated
    #[arg(long, value_name = "NETWORK", action = ArgAction::Append)]
    pub permit_ip: Vec<String>,
    /// Where clients find the CRL; goes into every certificate
    #[arg(long, value_name = "URL")]
    pub crl_url: Option<String>,
    /// Validity of the certificates that it signs, in days [default: 365]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36500))]
    pub leaf_days: Option<u32>,
    /// Protect the CA's key with a passphrase
    #[arg(long)]
    pub encrypt_key: bool,
    /// Take over an existing CA: certificate and key, PEM or PKCS#12, or the folder of CA.pl, easy-rsa
    /// (pki), mkcert (CAROOT), or of an intermediate's certificate
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["cn", "email", "key_type", "permit", "permit_ip"])]
    pub from: Vec<PathBuf>,
    /// With --from: file with the password of the PKCS#12
    #[arg(long, value_name = "FILE", requires = "from")]
    pub from_password_file: Option<PathBuf>,
    /// The passphrase of the CA's key.
    #[command(flatten)]
    pub passphrase: CaPassphrase,
}

/// Make a private key and a certificate request
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  mailca newreq --cn mail.example.com --san DNS:smtp.example.com\n  \
    mailca newreq --user joeuser --email joe@example.com joeuser\n  \
    mailca newreq --profile ca --cn 'Example Users CA' users-ca\n  \
    mailca newreq --next-key mail.example.com"
)]
pub struct Newreq {
    /// Folder for key.pem and req.pem [default: the current folder]
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Whose certificate it will be.
    #[command(flatten)]
    pub identity: Identity,
    /// What it is for; ca is the request of an intermediate CA
    #[arg(long, value_name = "PROFILE", value_parser = profiles(), hide_possible_values = true)]
    pub profile: Option<String>,
    /// Prepare the next key: next-key.pem, which `renew` takes up
    #[arg(long, conflicts_with_all = ["cn", "user", "email", "san", "key", "force", "profile", "org", "ou", "locality", "state", "country"])]
    pub next_key: bool,
    /// Keep an old key, request and certificate aside and make new ones
    #[arg(long)]
    pub force: bool,
    /// Mode of req.pem [default: 0400]
    #[arg(long, value_name = "MODE", long_help = MODES)]
    pub cert_mode: Option<String>,
}

/// Sign certificate requests
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  mailca sign\n  mailca sign joeuser\n  \
    mailca sign --profile server --yes other-host.csr\n  \
    mailca sign --profile user --yes - < joe.csr > joe.pem")]
pub struct Sign {
    /// Folders or request files; - is standard input [default: the current folder]
    #[arg(value_name = "NAME|FILE")]
    pub targets: Vec<String>,
    /// What the CA decides.
    #[command(flatten)]
    pub terms: Terms,
    /// More names: DNS:HOST, IP:ADDRESS or email:ADDRESS; may be repeated
    #[arg(long, value_name = "NAME", action = ArgAction::Append)]
    pub san: Vec<String>,
    /// Write the certificate to this file
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Keep an old certificate aside and write the new one
    #[arg(long)]
    pub force: bool,
    /// Mode of cert.pem and cacert.pem [default: 0400]
    #[arg(long, value_name = "MODE", long_help = MODES)]
    pub cert_mode: Option<String>,
    /// The passphrase of the CA's key.
    #[command(flatten)]
    pub passphrase: CaPassphrase,
}

/// Make a key and a certificate in one step
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  mailca issue --cn mail.example.com\n  \
    mailca issue --user joeuser --email joe@example.com joeuser\n  \
    mailca issue --from users.csv --p12 --password-out passwords.csv\n\n\
    The list has a header with login, email, and what else is wanted: name, org, ou, locality, state, \
    country, key_type, days, san, friendly_name; or a JSON object a line with these keys. Every login gets \
    the folder LOGIN/, and with --p12 LOGIN.p12. Run again, it goes on where it was.")]
pub struct Issue {
    /// Folder for the files [default: the current folder]
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Whose certificate it will be.
    #[command(flatten)]
    pub identity: Identity,
    /// What the CA decides.
    #[command(flatten)]
    pub terms: Terms,
    /// A list of persons.
    #[command(flatten)]
    pub bulk: Bulk,
    /// Keep old files aside and make new ones
    #[arg(long)]
    pub force: bool,
    /// Mode of the public files [default: 0400]
    #[arg(long, value_name = "MODE", long_help = MODES)]
    pub cert_mode: Option<String>,
    /// The passphrase of the CA's key.
    #[command(flatten)]
    pub passphrase: CaPassphrase,
}

/// Bundle a certificate and its key for a mail client
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  mailca export-p12 joeuser\n  \
    mailca export-p12 joeuser --for apple --generate-password --password-out joeuser.password\n\n\
    A password that somebody chose is protected by 600,000 rounds of key derivation; one that \
    --generate-password makes has over 100 bits and needs 2,048 only.")]
pub struct ExportP12 {
    /// Folder with the pair, and the name of the file: NAME.p12
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Name that the mail client shows [default: NAME]
    #[arg(long = "name", value_name = "TEXT")]
    pub friendly_name: Option<String>,
    /// Who reads it: modern, apple, android, windows or thunderbird
    #[arg(
        long = "for",
        value_name = "READER",
        default_value = "modern",
        value_parser = readers(),
        hide_possible_values = true,
        long_help = "Who reads it. \
        modern, windows and thunderbird: AES-256 and SHA-256. apple and android: 3DES and SHA-1, \
        which is all that their keychains read."
    )]
    pub reader: String,
    /// The password, and how it is protected.
    #[command(flatten)]
    pub password: NewPassword,
    /// Take the pair from this folder, whatever NAME is
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,
    /// Write to this file
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Keep an old file aside and write the new one
    #[arg(long)]
    pub force: bool,
}

/// Show certificates, requests, CRLs, keys and bundles
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  mailca show cert.pem\n  mailca show joeuser.p12\n  \
    mailca show 1F4A --pem\n  openssl s_client -connect mail:465 < /dev/null | mailca show -")]
pub struct Show {
    /// Files, or serial numbers of this CA; - is standard input
    #[arg(value_name = "FILE|SERIAL", required = true)]
    pub targets: Vec<String>,
    /// Show everything
    #[arg(long)]
    pub text: bool,
    /// Print the certificates in PEM
    #[arg(long, conflicts_with = "text")]
    pub pem: bool,
    /// File with the password of an encrypted key or PKCS#12
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// Say whether a certificate will be accepted
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  mailca verify cert.pem --host mail.example.com\n  \
    mailca verify joeuser/cert.pem --email joe@example.com --purpose smime\n\n\
    Exit status 3 says that it would not be accepted.")]
pub struct Verify {
    /// The certificate
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Trusted CA certificates [default: this CA's]
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    pub ca: Vec<PathBuf>,
    /// More certificates to build the chain from
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    pub untrusted: Vec<PathBuf>,
    /// The certificate must be for this host name or address
    #[arg(long, value_name = "HOST", conflicts_with = "email")]
    pub host: Option<String>,
    /// The certificate must be for this mailbox
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<String>,
    /// The certificate must serve this purpose
    #[arg(long, value_enum, value_name = "PURPOSE")]
    pub purpose: Option<Purpose>,
    /// Revocation lists to look into
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    pub crl: Vec<PathBuf>,
    /// Verify as of this moment, 2027-01-31 or 2027-01-31T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
}

/// What a certificate is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Purpose {
    /// A mail server.
    Server,
    /// A client of one.
    Client,
    /// Signing and encrypting mail.
    Smime,
}

/// Do the whole job for one host and one user
#[derive(Args, Debug)]
#[command(
    after_long_help = "Example:\n  mailca quickstart --host mail.example.com --user joeuser \
    --email joe@example.com\n\nEverything is written into one new folder, and what is next is said \
    at the end."
)]
pub struct Quickstart {
    /// Name of the mail host [default: this host's name]
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Login of the user
    #[arg(long, value_name = "LOGIN", default_value = "joeuser")]
    pub user: String,
    /// E-mail address of the user [default: LOGIN at the host's domain]
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<String>,
    /// Folder to make
    #[arg(long, value_name = "DIR", default_value = "mailca")]
    pub dir: PathBuf,
}
