//! Our verdict against `openssl verify -x509_strict`, case by case. Differences are in the table with
//! their reason; one that has gone fails too.

use std::path::Path;
use std::process::Command;

use mailca::pki::identity::Identity;
use mailca::pki::verify::{Options, Purpose, verify};
use time::{Duration, OffsetDateTime};

use crate::paths::referee::purpose_of_openssl;
use crate::support::need;

#[path = "verdicts/cases.rs"]
mod cases;
#[path = "verdicts/pki.rs"]
mod pki;

use pki::der;

/// What openssl and we are asked.
#[derive(Default)]
struct Case {
    leaf: &'static str,
    roots: &'static [&'static str],
    untrusted: &'static [&'static str],
    crls: &'static [&'static str],
    days_later: i64,
    purpose: Option<Purpose>,
    host: Option<&'static str>,
    email: Option<&'static str>,
    /// Empty where we accept, else a part of our sentence.
    refused: &'static str,
    /// Why openssl's verdict is another one.
    differs: Option<&'static str>,
}

fn case(leaf: &'static str, refused: &'static str) -> Case {
    Case { leaf, refused, roots: &["root"], ..Case::default() }
}

fn run(dir: &Path, case: &Case) -> Result<(), String> {
    let at = OffsetDateTime::now_utc() + Duration::seconds(5) + Duration::days(case.days_later);
    let files = |names: &[&str], suffix: &str| -> Vec<Vec<u8>> {
        names.iter().flat_map(|name| der(&dir.join(format!("{name}.{suffix}")))).collect()
    };
    let identity = match (case.host, case.email) {
        (Some(host), _) => Some(Identity::host(host).unwrap()),
        (_, Some(email)) => Some(Identity::email(email).unwrap()),
        _ => None,
    };
    let options = Options {
        roots: &files(case.roots, "pem"),
        intermediates: &files(case.untrusted, "pem"),
        crls: &files(case.crls, "crl"),
        at,
        purpose: case.purpose,
        identity,
    };
    let ours = verify(&files(&[case.leaf], "pem")[0], &options);

    let mut command = Command::new("openssl");
    command.current_dir(dir).args(["verify", "-x509_strict", "-no-CApath", "-no-CAstore"]);
    command.args(["-attime", &at.unix_timestamp().to_string()]);
    for root in case.roots {
        command.args(["-trusted", &format!("{root}.pem")]);
    }
    for other in case.untrusted {
        command.args(["-untrusted", &format!("{other}.pem")]);
    }
    for crl in case.crls {
        command.args(["-crl_check", "-CRLfile", &format!("{crl}.crl")]);
    }
    if let Some(purpose) = case.purpose {
        command.args(["-purpose", purpose_of_openssl(purpose)]);
    }
    if let Some(host) = case.host {
        let option = if host.parse::<std::net::IpAddr>().is_ok() {
            "-verify_ip"
        } else {
            "-verify_hostname"
        };
        command.args([option, host]);
    }
    if let Some(email) = case.email {
        command.args(["-verify_email", email]);
    }
    let output = command.arg(format!("{}.pem", case.leaf)).output().unwrap();
    let theirs = output.status.success();
    let their_words = String::from_utf8_lossy(&output.stderr).replace('\n', " | ");

    let sentence = ours.as_ref().err().map(ToString::to_string).unwrap_or_default();
    if ours.is_ok() != case.refused.is_empty() || !sentence.contains(case.refused) {
        return Err(format!("{}: expected {:?}, got {sentence:?}", case.leaf, case.refused));
    }
    match (ours.is_ok() == theirs, case.differs) {
        (true, None) | (false, Some(_)) => Ok(()),
        (false, None) => {
            Err(format!("{}: openssl differs: ours {sentence:?}, theirs {their_words}", case.leaf))
        }
        (true, Some(reason)) => Err(format!("{}: the difference is gone: {reason}", case.leaf)),
    }
}

#[test]
fn our_verdict_is_openssls() {
    need!("openssl");
    let dir = tempfile::tempdir().unwrap();
    pki::make(dir.path());
    let failures: Vec<_> =
        cases::cases().iter().filter_map(|case| run(dir.path(), case).err()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
