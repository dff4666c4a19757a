//! mailca under the name `CA.pl`: the arguments, questions and file names of OpenSSL's script, for
//! those who have it in their fingers and their scripts.
//!
//! What is mended: a request that is not signed ends with status 1, and a newcert.pem from before is not
//! called the signed one; nothing is half made when a question is not answered; an imported CA can sign, and its key is 0400; keys
//! and certificates of before are kept aside; names go into the subjectAltName, and each certificate
//! says what it is for. What cannot be honoured is named in an error.
//!
//! # What is read, and from where
//!
//! Questions are answered on standard input, one line each, in the order of the original. Passphrases
//! come from the terminal of the session, also where standard input is a file or a pipe; where the
//! session has no terminal they are lines of standard input too, at the place where they are asked
//! for. `MAILCA_CA_PASSPHRASE_FILE` names a file with the passphrase of the CA's key, which then is
//! not asked for, neither when the CA is made nor when it signs.
//!
//! - `-newca`: the file of an existing CA or nothing; the new passphrase, twice; country, state, town,
//!   organization, unit, common name, e-mail address; challenge password, company name; the
//!   passphrase again. With a file: its passphrase, where its key has one.
//! - `-newreq`: the new passphrase, twice; the parts of the name; challenge password, company name.
//!   `-newreq-nodes`: the same without the passphrase. `-newcert`: without the last two.
//! - `-sign`, `-signCA`, `-xsign`: the CA's passphrase, where its key has one; sign? commit?
//!   `-signcert`: before that the passphrase of the key in newreq.pem.
//! - `-pkcs12`: the passphrase of newkey.pem, where it has one; the new password, twice.
//! - `-crl`: the CA's passphrase. `-revoke`: the same, since the original wants it.
//!
//! What `-extra-CMD` answers is not asked for: see `extras`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::cli::{Color, Global};
use crate::commands::warn_of_unknown_variables;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::printable::printable;
use crate::store::ca::{CaFolder, is_without_certificate};
use crate::store::layout;

mod arguments;
mod authority;
mod extras;
mod files;
mod passphrase;
mod pkcs12;
mod purpose;
mod request;
mod revocation;
mod sign;
mod subject;
mod verify;

use arguments::Action;
use extras::Extras;

/// The folder of the CA, as the original names it in its messages.
const CA_DIR: &str = "./demoCA";
/// Variables that say which configuration openssl reads. There is none here.
const CONFIGURATIONS: [&str; 3] = ["OPENSSL_CONFIG", "OPENSSL_CONF", "SSLEAY_CONFIG"];

/// Whether the program was called as CA.pl.
pub fn is_its_name(program: &OsStr) -> bool {
    Path::new(program).file_name().is_some_and(|name| name == "CA.pl")
}

/// Does what the arguments after the program's name say.
pub fn run(arguments: &[OsString], env: &mut Env) -> Result<()> {
    let (arguments, given) = extras::take(arguments)?;
    let action = arguments::parse(&arguments)?;
    let extras = Extras::of(given, &action)?;
    if action == Action::Help {
        return env.print(HELP);
    }
    check_environment(env)?;
    let global = Global {
        ca_dir: (env.variable)("MAILCA_DIR")
            .filter(|path| !path.is_empty())
            .map_or_else(|| PathBuf::from(CA_DIR), PathBuf::from),
        // The original takes defaults from the machine's openssl.cnf; these take its place.
        config: (env.variable)("MAILCA_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from),
        no_input: false,
        lock_timeout: None,
        quiet: false,
        json: false,
        color: Color::Auto,
    };
    match action {
        Action::Help => Ok(()),
        Action::NewCa => authority::run(&extras, &global, env),
        Action::NewRequest { protected } => {
            request::new_request(protected, &extras.req, &global, env)
        }
        Action::NewCertificate => request::new_certificate(&extras.req, &global, env),
        Action::Sign(what) => sign::run(what, &extras.ca, &global, env),
        Action::Pkcs12(name) => pkcs12::run(&name, &extras.pkcs12, &global, env),
        Action::Verify(files) => verify::run(&files, &global, env),
        Action::Revoke { file, reason } => {
            revocation::revoke(&file, reason, &extras.ca, &global, env)
        }
        Action::Crl => revocation::crl(&extras.ca, &global, env),
    }
}

/// Opens the CA; where there is none, CA.pl's own words say what to do.
fn open(global: &Global) -> Result<CaFolder> {
    let folder = &global.ca_dir;
    if folder.join(layout::CA_CERTIFICATE.name).symlink_metadata().is_ok()
        || is_without_certificate(folder)
    {
        return CaFolder::open(folder);
    }
    Err(Error::refused(format!("there is no CA in {}", folder.display()))
        .hint("make one, or take one over from a file, with CA.pl -newca")
        .hint("MAILCA_DIR names another folder than ./demoCA"))
}

/// What the original would hand on to openssl, or run in its place.
fn check_environment(env: &mut Env) -> Result<()> {
    warn_of_unknown_variables(env);
    let value = |name: &str| (env.variable)(name).filter(|value| !value.trim().is_empty());
    if let Some(name) = CONFIGURATIONS.iter().find(|name| value(name).is_some()) {
        return Err(Error::refused(format!(
            "{name} cannot be honoured: there is no openssl behind this CA.pl to be configured"
        ))
        .hint("defaults for names, days and key types are in demoCA/mailca.toml, or in variables such as MAILCA_ORGANIZATION")
        .hint(format!("run it without: env -u {name} CA.pl ...")));
    }
    if let Some(program) = value("OPENSSL") {
        env.warn(&format!("OPENSSL={} is not used: no openssl is needed", printable(&program)));
    }
    Ok(())
}

const HELP: &str = "\
CA.pl: a certificate authority with the arguments of OpenSSL's script, by mailca

  CA.pl -newca                   make a CA in demoCA/, or take over one from a file
  CA.pl -newreq                  make a key with a passphrase and a request: newkey.pem, newreq.pem
  CA.pl -newreq-nodes            the same, the key without a passphrase, as mail servers need it
  CA.pl -newcert                 make a key and a self-signed certificate: newkey.pem, newcert.pem
  CA.pl -sign                    sign newreq.pem: newcert.pem
  CA.pl -signCA                  the same, as an intermediate CA
  CA.pl -signcert                sign the self-signed certificate in newreq.pem, which holds its key
  CA.pl -xsign                   sign newreq.pem and print the certificate
  CA.pl -pkcs12 [NAME]           bundle newcert.pem and newkey.pem: newcert.p12
  CA.pl -verify [FILE ...]       verify certificates [newcert.pem] against the CA
  CA.pl -revoke FILE [REASON]    revoke a certificate
  CA.pl -crl                     make the list of revoked certificates: demoCA/crl/crl.pem
  CA.pl -help                    this text

Options for the openssl command behind a step, such as -extra-req '-subj /CN=mail.example.com', are
honoured where they answer what is asked for otherwise, and refused where they do not:
  -extra-req      -subj, -batch, -nodes, -passout file:FILE; with -newcert -days
  -extra-ca       -batch, -passin file:FILE; with -newca and -sign... -days
  -extra-pkcs12   -passin file:FILE, -passout file:FILE

Answers are read from standard input; passphrases from the terminal, or from standard input where
there is none. MAILCA_CA_PASSPHRASE_FILE names a file with the passphrase of the CA's key. What is
there already is kept under another name. Exit status: 0 done, 1 not done.
`mailca --help` has commands that ask less and can do more.";
