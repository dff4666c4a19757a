//! `openssl verify -x509_strict` and `certtool --verify` on the same files.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use mailca::pki::verify::Purpose;
use time::macros::format_description;

use super::case::Case;
use super::der::pem;

fn write(dir: &Path, name: &str, label: &str, ders: &[&[u8]]) {
    let text: String = ders.iter().map(|der| pem(label, der)).collect();
    fs::write(dir.join(name), text).unwrap();
}

/// The files of a case: leaf.pem, chain.pem (the leaf first), roots.pem, untrusted.pem, lists.pem.
pub fn files(case: &Case, dir: &Path) {
    let ders = |ders: &'_ [Vec<u8>]| -> Vec<Vec<u8>> { ders.to_vec() };
    let all = |name: &str, label: &str, list: &[Vec<u8>]| {
        write(dir, name, label, &list.iter().map(Vec::as_slice).collect::<Vec<_>>());
    };
    all("leaf.pem", "CERTIFICATE", std::slice::from_ref(&case.leaf));
    all("chain.pem", "CERTIFICATE", &[vec![case.leaf.clone()], ders(&case.untrusted)].concat());
    all("roots.pem", "CERTIFICATE", &case.roots);
    all("untrusted.pem", "CERTIFICATE", &case.untrusted);
    all("lists.pem", "X509 CRL", &case.lists);
}

fn answer(output: &Output) -> Result<(), String> {
    let words = [&output.stdout[..], &output.stderr[..]].concat();
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&words).replace(['\n', '\t'], " ");
    Err(text.chars().rev().take(400).collect::<Vec<_>>().into_iter().rev().collect())
}

/// What openssl calls it.
pub fn purpose_of_openssl(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Server => "sslserver",
        Purpose::Client => "sslclient",
        Purpose::Smime => "smimesign",
    }
}

/// `Err` is a refusal in openssl's words.
pub fn openssl(case: &Case, dir: &Path) -> Result<(), String> {
    let mut command = Command::new("openssl");
    command.current_dir(dir).args(["verify", "-x509_strict", "-no-CApath", "-no-CAstore"]);
    command.args(["-attime", &case.at.unix_timestamp().to_string(), "-trusted", "roots.pem"]);
    if !case.untrusted.is_empty() {
        command.args(["-untrusted", "untrusted.pem"]);
    }
    if !case.lists.is_empty() {
        let scope = if case.all_lists { "-crl_check_all" } else { "-crl_check" };
        command.args([scope, "-CRLfile", "lists.pem"]);
    }
    if let Some(purpose) = case.purpose {
        command.args(["-purpose", purpose_of_openssl(purpose)]);
    }
    if let Some(host) = &case.host {
        let is_address = host.parse::<std::net::IpAddr>().is_ok();
        command.args([if is_address { "-verify_ip" } else { "-verify_hostname" }, host]);
    }
    if let Some(email) = &case.email {
        command.args(["-verify_email", email]);
    }
    answer(&command.arg("leaf.pem").output().unwrap())
}

/// `Err` is a refusal in certtool's words.
pub fn certtool(case: &Case, dir: &Path) -> Result<(), String> {
    // certtool has no moment to ask for before 3.8.
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let mut command = Command::new("faketime");
    command.args(["-f", &case.at.format(format).unwrap(), "certtool", "--verify"]).env("TZ", "UTC");
    command.args(["--infile", "chain.pem", "--load-ca-certificate", "roots.pem"]).current_dir(dir);
    if !case.lists.is_empty() {
        command.args(["--load-crl", "lists.pem"]);
    }
    if let Some(purpose) = case.purpose {
        let oid = match purpose {
            Purpose::Server => "1.3.6.1.5.5.7.3.1",
            Purpose::Client => "1.3.6.1.5.5.7.3.2",
            Purpose::Smime => "1.3.6.1.5.5.7.3.4",
        };
        command.args(["--verify-purpose", oid]);
    }
    if let Some(host) = &case.host {
        command.args(["--verify-hostname", host]);
    }
    if let Some(email) = &case.email {
        command.args(["--verify-email", email]);
    }
    answer(&command.output().unwrap())
}
