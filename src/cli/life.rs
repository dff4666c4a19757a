//! The options of the commands that look after what was issued.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{ArgAction, Args, ValueEnum};

use super::{CaPassphrase, KEY_TYPES, MODES, Span, key_types, profiles};
use crate::pki::revocation::Reason;

/// List the certificates of this CA
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  mailca list\n  mailca list --expiring 30d\n  \
    mailca list --revoked --json\n  mailca list --profile user --name example")]
pub struct List {
    /// Only those in this state; may be repeated
    #[arg(long, value_enum, value_name = "STATE", action = ArgAction::Append)]
    pub status: Vec<StateFilter>,
    /// Only those with this profile: server, user, client or ca
    #[arg(long, value_name = "PROFILE", value_parser = profiles(), hide_possible_values = true)]
    pub profile: Option<String>,
    /// Only those with this text in their subject, in whatever case
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    /// Only those for this host name, address or mailbox, in whatever case
    #[arg(long, value_name = "NAME")]
    pub san: Option<String>,
    /// Only valid ones that end within this span: 30d, 2w, 12h
    #[arg(long, value_name = "SPAN", conflicts_with_all = ["status", "expired", "revoked"])]
    pub expiring: Option<Span>,
    /// Only those that have ended; the same as --status expired
    #[arg(long)]
    pub expired: bool,
    /// Only those that were revoked; the same as --status revoked
    #[arg(long)]
    pub revoked: bool,
}

/// A state to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StateFilter {
    /// It may be used.
    Valid,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
}

/// Say on one screen whether something is to be done
#[derive(Args, Debug)]
#[command(after_long_help = "Example:\n  mailca status || mail -s 'mailca needs you' root\n\n\
    A certificate is due only after half of its life, however long the span is.\n\n\
    Exit status 3: something is to be done.")]
pub struct Status {
    /// How long before its end a certificate is due
    #[arg(long, value_name = "SPAN", default_value = "30d")]
    pub expiring: Span,
}

/// Revoke a certificate
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  mailca revoke joeuser --reason keyCompromise --crl\n  \
    mailca revoke 1F4A --at 2026-11-01\n  mailca revoke other.cert.pem\n  \
    mailca revoke --user joeuser --crl\n\n\
    --user revokes every valid certificate of a person: those for persons whose subject has that common \
    name, or that have that e-mail address. A server's is never meant.\n\n\
    Nobody hears of it before the next CRL is made, and servers have read it. Without a terminal \
    nothing is asked. A certificate stays revoked: nothing takes it back.")]
pub struct Revoke {
    /// Folder, serial number or certificate file
    #[arg(value_name = "NAME|SERIAL|FILE", required_unless_present = "user")]
    pub target: Option<String>,
    /// Every valid certificate of this person
    #[arg(long, value_name = "LOGIN|ADDRESS", conflicts_with = "target")]
    pub user: Option<String>,
    /// Why [default: unspecified]
    #[arg(
        long,
        value_name = "REASON",
        value_parser = reasons(),
        ignore_case = true,
        hide_possible_values = true,
        long_help = "Why: unspecified, keyCompromise, CACompromise, affiliationChanged, superseded, \
        cessationOfOperation, certificateHold, privilegeWithdrawn or AACompromise (RFC 5280 5.3.1)."
    )]
    pub reason: Option<String>,
    /// Since when, 2026-11-01 or 2026-11-01T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Make the CRL too
    #[arg(long)]
    pub crl: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// The passphrase of the CA's key, for --crl.
    #[command(flatten)]
    pub passphrase: CaPassphrase,
}

fn reasons() -> PossibleValuesParser {
    PossibleValuesParser::new(Reason::ALL.map(Reason::name))
}

/// Make the list of revoked certificates
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  mailca crl\n  \
    mailca crl --if-needed --publish /etc/mail/certs/crl.pem\n  \
    mailca crl --publish /var/www/html/crl.der --hash-dir /etc/mail/certs\n\n\
    crl-publish and crl-hash-dir in mailca.toml name the places for every time; relative paths begin \
    at the CA's folder there. In a file that is there already, the list replaces an older one of this CA \
    and nothing else. --if-needed asks for no passphrase where no new list is needed, and puts the one \
    that is there wherever it lacks: for cron.\n\nExit status 1: some place did not get it.")]
pub struct Crl {
    /// Days until the next one is due [default: 30]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36500))]
    pub days: Option<u32>,
    /// Only where less than a third of its time is left, or it lacks something
    #[arg(long)]
    pub if_needed: bool,
    /// Write crl.der beside crl.pem
    #[arg(long)]
    pub der: bool,
    /// Put it here too, in DER where the name ends in .der or .crl; may be repeated
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    pub publish: Vec<PathBuf>,
    /// Put it into this folder, with the hash link by which OpenSSL finds it there; may be repeated
    #[arg(long, value_name = "DIR", action = ArgAction::Append)]
    pub hash_dir: Vec<PathBuf>,
    /// The passphrase of the CA's key.
    #[command(flatten)]
    pub passphrase: CaPassphrase,
}

/// Make certificates anew before they end
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  mailca renew mail.example.com\n  \
    mailca renew --expiring 30d\n  mailca renew 1F4A -o new.cert.pem\n  \
    mailca renew --user joeuser\n\n\
    The key stays the same, so that TLSA records and pinned keys stay true, unless a next one was \
    prepared with `mailca newreq --next-key` or --new-key is given. With --expiring, a certificate is due \
    only after half of its life, however long the span; one in a folder here is due however long ago it \
    ended.")]
pub struct Renew {
    /// Folders, serial numbers or certificate files [default: the current folder]
    #[arg(value_name = "NAME|SERIAL|FILE")]
    pub targets: Vec<String>,
    /// The certificate of this person; implies --profile user
    #[arg(long, value_name = "LOGIN|ADDRESS", conflicts_with_all = ["targets", "expiring", "profile"])]
    pub user: Option<String>,
    /// Renew what ends within this span: 30d, 2w, 12h
    #[arg(long, value_name = "SPAN", conflicts_with_all = ["targets", "output"])]
    pub expiring: Option<Span>,
    /// Make a new key, where none was prepared
    #[arg(long)]
    pub new_key: bool,
    /// Type of the new key [default: that of the old one]
    #[arg(long, value_name = "TYPE", value_parser = key_types(), hide_possible_values = true, requires = "new_key", long_help = KEY_TYPES)]
    pub key_type: Option<String>,
    /// Renew this profile only; needed for persons: user
    #[arg(long, value_name = "PROFILE", value_parser = profiles(), hide_possible_values = true)]
    pub profile: Option<String>,
    /// Validity in days [default: as long as the old one]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36500))]
    pub days: Option<u32>,
    /// Where clients find the CRL
    #[arg(long, value_name = "URL")]
    pub crl_url: Option<String>,
    /// Revoke the old certificate as superseded
    #[arg(long)]
    pub revoke_old: bool,
    /// Write the certificate to this file
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Do not ask before signing
    #[arg(long, short)]
    pub yes: bool,
    /// Mode of the public files [default: 0400]
    #[arg(long, value_name = "MODE", long_help = MODES)]
    pub cert_mode: Option<String>,
    /// The passphrase of the CA's key.
    #[command(flatten)]
    pub passphrase: CaPassphrase,
}

/// Give the CA new dates or a new key
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  mailca rekey-ca --same-key\n  mailca rekey-ca\n  \
    mailca rekey-ca --ca-dir usersCA --cert users-ca\n\n\
    With --same-key the CA gets new dates, and everything that it signed goes on verifying. Without, \
    it gets a new key under the same name: clients need the new certificate before the old one ends, \
    and cross certificates bridge the time until they have it.")]
pub struct RekeyCa {
    /// Keep the key and change the dates only
    #[arg(long)]
    pub same_key: bool,
    /// Validity in days
    #[arg(long, value_name = "N", default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..=36500))]
    pub days: u32,
    /// Type of the new key [default: that of the old one]
    #[arg(long, value_name = "TYPE", value_parser = key_types(), hide_possible_values = true, conflicts_with = "same_key", long_help = KEY_TYPES)]
    pub key_type: Option<String>,
    /// Take this certificate of an intermediate CA, which the CA above it signed
    #[arg(
        long,
        value_name = "FILE",
        num_args = 1..,
        conflicts_with_all = ["same_key", "days", "key_type"],
        long_help = "Take this certificate of an intermediate CA, which the CA above it signed for the \
        key that the CA has. Name those above it too, where they changed, or the folder that all are in."
    )]
    pub cert: Vec<PathBuf>,
    /// Go on although some certificates will not verify any more
    #[arg(long)]
    pub force: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// The passphrase of the CA's key; a new key gets the same one.
    #[command(flatten)]
    pub passphrase: CaPassphrase,
}

/// Pack the CA into one file
#[derive(Args, Debug)]
#[command(after_long_help = "Example:\n  mailca backup /media/stick/mailca-2026-11.tar\n\n\
    The file holds the CA's private key: keep it where nobody else can read it.")]
pub struct Backup {
    /// The archive to write (tar)
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Keep an old archive aside and write the new one
    #[arg(long)]
    pub force: bool,
}

/// Unpack a backup
#[derive(Args, Debug)]
#[command(after_long_help = "Example:\n  mailca restore /media/stick/mailca-2026-11.tar\n\n\
    Restores into the CA's folder, where none may be. `mailca doctor` then takes in what was issued \
    since, as far as it is found.")]
pub struct Restore {
    /// The archive that `mailca backup` wrote
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Find what is wrong with the CA's folder, and repair it
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  mailca doctor\n  mailca doctor --fix\n  \
    mailca doctor --fix --certificate mail.example.com.pem\n  mailca doctor --fix --assume-valid\n  mailca doctor --adopt --ca-dir /etc/ssl/demoCA\n  \
    mailca doctor --settings\n\n\
    Run it where the certificate folders are: what they know is taken in. --fix keeps a copy of \
    whatever it changes, and deletes nothing.\n\nExit status 3: a problem was found, or is left to be \
    done by you; advice alone is 0.")]
pub struct Doctor {
    /// Repair what can be repaired
    #[arg(long)]
    pub fix: bool,
    /// Record certificates as valid of which it is not known whether they were revoked
    #[arg(long, requires = "fix")]
    pub assume_valid: bool,
    /// Say what a folder of CA.pl or easy-rsa lacks to be used with mailca; changes nothing
    #[arg(long, conflicts_with = "fix")]
    pub adopt: bool,
    /// CRLs that were published elsewhere; may be repeated
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    pub crl: Vec<PathBuf>,
    /// Files with certificates of this CA, whatever their names; may be repeated
    #[arg(
        long,
        value_name = "FILE",
        action = ArgAction::Append,
        long_help = "Files with certificates of this CA; may be repeated. In the folders here, cert.pem and \
        *.cert.pem are looked at by themselves."
    )]
    pub certificate: Vec<PathBuf>,
    /// List all settings and where each comes from, and look at nothing else; needs no CA
    #[arg(long, conflicts_with_all = ["fix", "adopt", "crl", "certificate", "ca_passphrase_file"])]
    pub settings: bool,
    /// The passphrase of the CA's key, to see whether it is the certificate's.
    #[command(flatten)]
    pub passphrase: CaPassphrase,
}

/// Print DANE records for a mail host
#[derive(Args, Debug)]
#[command(after_long_help = "Example:\n  mailca tlsa mail.example.com --port 25 --port 587\n\n\
    Prints 2 1 1 for the CA and 3 1 1 for the key of the host, and of its next key where one was \
    prepared.\n\n\
    With --check it connects to the server, with STARTTLS where the port has it, and ends with status 3 \
    when the server presents a key that is in none of the records. The ports of smtp, submission, \
    submissions, imap, imaps, pop3, pop3s and sieve are known; for another one say what is spoken \
    there: mail.example.com:2525/smtp")]
pub struct Tlsa {
    /// The mail host, with a port or not: HOST, HOST:PORT, HOST:PORT/SERVICE
    #[arg(value_name = "HOST[:PORT]")]
    pub host: String,
    /// Folder with its certificate [default: HOST/, else the current folder]
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Port; may be repeated [default: 25]
    #[arg(long, value_name = "N", action = ArgAction::Append, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Vec<u16>,
    /// Connect to the server, and compare what it presents with the records
    #[arg(long)]
    pub check: bool,
    /// Where to connect to, instead of looking the host up
    #[arg(long, value_name = "ADDRESS:PORT", requires = "check")]
    pub connect: Option<SocketAddr>,
    /// How long all of a connection may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10, requires = "check", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
}
