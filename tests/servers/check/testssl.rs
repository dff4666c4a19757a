//! `check` finds what testssl.sh finds of real servers that are wrong: the program of the computer that the tests run
//! on, on the network of the clients.

use serde_json::Value;

use super::server::Server;
use super::{ids, port};
use crate::support::{Folder, Machine, need, peer};

/// What testssl.sh calls it, and what `check` does: one of these.
const SAME: &[(&str, &[&str])] = &[
    ("SSLv2", &["ssl-2"]),
    ("SSLv3", &["ssl-3"]),
    ("TLS1", &["tls-1-0"]),
    ("TLS1_1", &["tls-1-1"]),
    ("cipherlist_NULL", &["cipher-null"]),
    ("cipherlist_aNULL", &["cipher-anonymous"]),
    ("cipherlist_EXPORT", &["cipher-export"]),
    ("cipherlist_LOW", &["cipher-des"]),
    ("cipherlist_3DES_IDEA", &["cipher-3des"]),
    ("cert_chain_of_trust", &["self-signed", "untrusted", "intermediate-missing", "expired"]),
    ("cert_trust", &["name-mismatch"]),
    ("cert_expirationStatus", &["expired", "expires-soon"]),
    ("cert_keySize", &["key-short"]),
    ("cert_signatureAlgorithm", &["signature-weak"]),
];

/// What `check` does not mind: ciphers that are not AEAD, which every client of some years needs, and certificates
/// that do not say where they are revoked; or what it says once.
const OTHERS: &[&str] = &["cipherlist_AVERAGE", "cert_revocation", "cert_notAfter"];

/// What testssl.sh takes for a problem, and what it says of it.
fn problems(machine: &Machine, place: &str, protocol: &str) -> Vec<(String, String)> {
    let folder = Folder::empty();
    let program = peer("testssl").unwrap();
    folder.write("root.pem", machine.read(crate::site::CA));
    let _ = machine
        .outside_as_client(folder.root(), &program)
        .args(&["--quiet", "--color", "0", "--warnings", "batch", "--openssl-timeout", "10"])
        .args(&["--nodns", "none", "--ip", "10.77.0.1", "--add-ca", "root.pem"])
        .args(&["-p", "-s", "-S", "--jsonfile", "report.json", "-t", protocol, place])
        .output();
    let report: Value = serde_json::from_slice(&folder.read("report.json")).unwrap();
    let is_problem = |one: &&Value| {
        matches!(one["severity"].as_str(), Some("LOW" | "MEDIUM" | "HIGH" | "CRITICAL"))
    };
    let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
    let all = report.as_array().unwrap().iter().filter(is_problem);
    all.map(|one| (text(one, "id"), text(one, "finding"))).collect()
}

/// Everything that it says is said by `check`, and these among it.
fn compare(machine: &Machine, server: Server, place: &str, protocol: &str, wanted: &[&str]) {
    let found = ids(&port(machine, server.place(), ""));
    let problems = problems(machine, place, protocol);
    let ours = |wanted: &str| {
        found.iter().any(|one| one.split_once(' ').is_some_and(|(_, id)| id == wanted))
    };
    for (id, finding) in &problems {
        if OTHERS.contains(&id.as_str()) {
            continue;
        }
        let same = SAME.iter().find(|(theirs, _)| theirs == id);
        let (_, same) = same.unwrap_or_else(|| panic!("{id}: {finding} of {problems:?}"));
        assert!(same.iter().any(|one| ours(one)), "{id}: {finding}, and not in {found:?}");
    }
    for id in wanted {
        assert!(problems.iter().any(|(one, _)| one == id), "{id} is not in {problems:?}");
    }
}

/// A server with a certificate of `wrong.sh`, and something in its settings replaced.
fn wrong(server: Server, folder: &str, from: &str, to: &str) -> Option<Machine> {
    let machine = Machine::start(server.name(), "trixie")?;
    super::certificates::make(&machine);
    let settings = server.settings();
    assert!(settings.contains(from), "{settings}");
    server.start(&machine, &settings.replace(from, to));
    server.present(&machine, &format!("/root/wrong/{folder}"));
    Some(machine)
}

#[test]
fn of_postfix() {
    need!("testssl");
    let (from, to) = (">=TLSv1.2\nsmtpd_tls_exclude_ciphers = aNULL", ">=TLSv1");
    let Some(machine) = wrong(Server::Postfix, "self-signed", from, to) else { return };
    let wanted = ["TLS1", "TLS1_1", "cipherlist_aNULL", "cert_chain_of_trust"];
    compare(&machine, Server::Postfix, "mx.example.com:25", "smtp", &wanted);
}

#[test]
fn of_dovecot() {
    need!("testssl");
    let (from, to) =
        ("DEFAULT:@SECLEVEL=0", "ALL:eNULL:!aNULL:@SECLEVEL=0\nssl_min_protocol = TLSv1");
    let Some(machine) = wrong(Server::Dovecot, "expired", from, to) else { return };
    let wanted = ["TLS1", "TLS1_1", "cipherlist_NULL", "cert_expirationStatus"];
    compare(&machine, Server::Dovecot, "mx.example.com:143", "imap", &wanted);
}
