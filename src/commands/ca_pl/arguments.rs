//! The command line of CA.pl: one word that says what to do, and what belongs to it.
//!
//! What CA.pl would take and mailca cannot honour is named in an error, and so is what CA.pl would
//! pass over in silence.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::pki::printable::printable;
use crate::pki::revocation::Reason;

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Say what there is.
    Help,
    /// Make a CA, or take one over.
    NewCa,
    /// Make a key and a request.
    NewRequest {
        /// The key gets a passphrase.
        protected: bool,
    },
    /// Make a key and a self-signed certificate.
    NewCertificate,
    /// Sign the request.
    Sign(Signing),
    /// Bundle certificate and key under this name.
    Pkcs12(String),
    /// Make the CRL.
    Crl,
    /// Revoke the certificate in a file.
    Revoke {
        /// The certificate.
        file: PathBuf,
        /// Why.
        reason: Option<Reason>,
    },
    /// Verify the certificates in these files.
    Verify(Vec<PathBuf>),
}

/// What is signed, and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// newreq.pem to newcert.pem.
    Request,
    /// The same, as an intermediate CA.
    Authority,
    /// newreq.pem holds a self-signed certificate and its key.
    SelfSigned,
    /// newreq.pem to standard output.
    ToStdout,
}

/// The friendly name of a bundle that nobody named.
const FRIENDLY_NAME: &str = "My Certificate";
/// What is verified where nothing is named.
const VERIFIED: &str = "newcert.pem";
/// The reasons that CA.pl takes, in its order. `removeFromCRL`, which it takes too, is refused.
const REASONS: [Reason; 7] = [
    Reason::Unspecified,
    Reason::KeyCompromise,
    Reason::CaCompromise,
    Reason::AffiliationChanged,
    Reason::Superseded,
    Reason::CessationOfOperation,
    Reason::CertificateHold,
];

/// Reads the arguments after the program's name, without those of [`super::extras`].
pub fn parse(arguments: &[OsString]) -> Result<Action> {
    let Some((what, rest)) = arguments.split_first() else {
        return Err(Error::usage("nobody said what to do").hint(SEE_HELP));
    };
    let alone = |action| none_more(what, rest).map(|()| action);
    match what.to_str() {
        Some("-?" | "-h" | "-help") => alone(Action::Help),
        Some("-newca") => alone(Action::NewCa),
        Some("-newreq") => alone(Action::NewRequest { protected: true }),
        Some("-newreq-nodes") => alone(Action::NewRequest { protected: false }),
        Some("-newcert") => alone(Action::NewCertificate),
        // Older versions had both words, and most guides have the longer one.
        Some("-sign" | "-signreq") => alone(Action::Sign(Signing::Request)),
        Some("-signCA") => alone(Action::Sign(Signing::Authority)),
        Some("-signcert") => alone(Action::Sign(Signing::SelfSigned)),
        Some("-xsign") => alone(Action::Sign(Signing::ToStdout)),
        Some("-crl") => alone(Action::Crl),
        Some("-pkcs12") => pkcs12(what, rest),
        Some("-revoke") => revoke(what, rest),
        Some("-verify") => Ok(Action::Verify(if rest.is_empty() {
            vec![PathBuf::from(VERIFIED)]
        } else {
            rest.iter().map(PathBuf::from).collect()
        })),
        Some("-precert") => Err(Error::usage(
            "-precert cannot be honoured: mailca makes no precertificates for public logs",
        )
        .hint("-newcert makes a self-signed certificate")),
        _ => Err(Error::usage(format!("unknown argument {}", shown(what))).hint(SEE_HELP)),
    }
}

/// Where to read on.
const SEE_HELP: &str = "-help says what there is";

fn pkcs12(what: &OsStr, rest: &[OsString]) -> Result<Action> {
    let Some((name, more)) = rest.split_first() else {
        return Ok(Action::Pkcs12(FRIENDLY_NAME.to_owned()));
    };
    none_more(what, more).map_err(|error| {
        error.hint("a name of several words is put between quotes: -pkcs12 \"My Certificate\"")
    })?;
    let name = name
        .to_str()
        .filter(|name| !name.is_empty())
        .ok_or_else(|| Error::usage("the name of the certificate is empty or not UTF-8"))?;
    Ok(Action::Pkcs12(name.to_owned()))
}

fn revoke(what: &OsStr, rest: &[OsString]) -> Result<Action> {
    let Some((file, rest)) = rest.split_first() else {
        return Err(
            Error::usage("-revoke needs the file of a certificate").hint("-revoke FILE [REASON]")
        );
    };
    let (reason, more) = match rest.split_first() {
        Some((reason, more)) => (Some(self::reason(reason)?), more),
        None => (None, rest),
    };
    none_more(what, more)?;
    Ok(Action::Revoke { file: PathBuf::from(file), reason })
}

fn reason(text: &OsStr) -> Result<Reason> {
    if text == "removeFromCRL" {
        return Err(Error::usage(
            "removeFromCRL cannot be honoured: it stands in delta CRLs only (RFC 5280 5.3.1)",
        ));
    }
    REASONS.into_iter().find(|reason| text == reason.name()).ok_or_else(|| {
        Error::usage(format!("{} is not a reason for a revocation", shown(text)))
            .hint(format!("it is one of {}", REASONS.map(Reason::name).join(", ")))
    })
}

fn none_more(what: &OsStr, rest: &[OsString]) -> Result<()> {
    match rest.first() {
        None => Ok(()),
        Some(superfluous) => Err(Error::usage(format!(
            "{} is one argument too many for {}",
            shown(superfluous),
            shown(what)
        ))
        .hint(SEE_HELP)),
    }
}

/// An argument, for a message.
pub(super) fn shown(argument: &OsStr) -> String {
    format!("\"{}\"", printable(&argument.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &[&str]) -> Result<Action> {
        parse(&line.iter().map(OsString::from).collect::<Vec<_>>())
    }

    fn refused(line: &[&str]) -> String {
        parsed(line).unwrap_err().to_string()
    }

    #[test]
    fn every_word_says_what_to_do() {
        for (line, action) in [
            (&["-?"][..], Action::Help),
            (&["-h"], Action::Help),
            (&["-help"], Action::Help),
            (&["-newca"], Action::NewCa),
            (&["-newreq"], Action::NewRequest { protected: true }),
            (&["-newreq-nodes"], Action::NewRequest { protected: false }),
            (&["-newcert"], Action::NewCertificate),
            (&["-sign"], Action::Sign(Signing::Request)),
            (&["-signreq"], Action::Sign(Signing::Request)),
            (&["-signCA"], Action::Sign(Signing::Authority)),
            (&["-signcert"], Action::Sign(Signing::SelfSigned)),
            (&["-xsign"], Action::Sign(Signing::ToStdout)),
            (&["-crl"], Action::Crl),
            (&["-pkcs12"], Action::Pkcs12("My Certificate".into())),
            (&["-pkcs12", "Joe User's"], Action::Pkcs12("Joe User's".into())),
            (&["-verify"], Action::Verify(vec!["newcert.pem".into()])),
            (
                &["-verify", "a.pem", "b c.pem"],
                Action::Verify(vec!["a.pem".into(), "b c.pem".into()]),
            ),
            (&["-revoke", "a.pem"], Action::Revoke { file: "a.pem".into(), reason: None }),
            (
                &["-revoke", "a.pem", "CACompromise"],
                Action::Revoke { file: "a.pem".into(), reason: Some(Reason::CaCompromise) },
            ),
        ] {
            assert_eq!(parsed(line).unwrap(), action, "{line:?}");
        }
    }

    #[test]
    fn what_is_unknown_or_too_much_is_named() {
        for word in ["-newCA", "newca", "--newca", "-signca", "--help", "sign", ""] {
            assert!(refused(&[word]).contains(&format!("unknown argument \"{word}\"")), "{word}");
        }
        for word in [
            "-newca",
            "-newreq",
            "-newreq-nodes",
            "-newcert",
            "-sign",
            "-signCA",
            "-signcert",
            "-xsign",
            "-crl",
            "-help",
        ] {
            let error = refused(&[word, "more"]);
            assert!(error.contains("\"more\"") && error.contains(word), "{error}");
        }
        assert!(refused(&["-pkcs12", "My", "Certificate"]).contains("\"Certificate\""));
        assert!(refused(&["-pkcs12", ""]).contains("empty"));
        assert!(refused(&["-revoke"]).contains("needs the file"));
        assert!(refused(&["-revoke", "a", "superseded", "b"]).contains("\"b\""));
        assert!(refused(&[]).contains("nobody said"));
    }

    #[test]
    fn what_cannot_be_honoured_is_named() {
        assert!(refused(&["-precert"]).contains("-precert"));
        assert!(refused(&["-revoke", "a.pem", "removeFromCRL"]).contains("delta"));
    }

    #[test]
    fn reasons_are_spelled_as_ca_pl_spells_them() {
        for reason in ["keycompromise", "privilegeWithdrawn", "AACompromise", "because", ""] {
            assert!(refused(&["-revoke", "a.pem", reason]).contains("not a reason"), "{reason}");
        }
    }
}
