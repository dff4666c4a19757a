//! Every way in which a certificate can be wrong, presented by every server. The certificates are made by
//! `wrong.sh`.

use super::difference;
use super::server::Server;
use crate::support::Machine;

/// A folder of `wrong.sh`, what is said to `check`, and what it finds.
type Row = (&'static str, &'static str, &'static [&'static str]);

const ROWS: &[Row] = &[
    ("right", "", &[]),
    ("right", "--tlsa wrong/root.tlsa", &["info dane-match"]),
    ("right", "--tlsa wrong/root-whole.tlsa", &["info dane-match"]),
    ("right", "--tlsa wrong/own.tlsa", &["info dane-match"]),
    ("of-an-intermediate", "--tlsa wrong/root.tlsa", &["info dane-match"]),
    ("of-an-intermediate", "--tlsa wrong/own.tlsa", &["critical dane-mismatch"]),
    // Nothing says whose it may be; then it is known, by the file, or by what the certificate says.
    ("intermediate-missing", "", &["error untrusted"]),
    ("intermediate-missing", KNOWN, &["error intermediate-missing"]),
    ("intermediate-to-be-fetched", "", &["error intermediate-missing"]),
    ("wrong-order", "", &["warning chain-order"]),
    ("root-missing", "", &[]),
    ("root-missing", "--tlsa wrong/root.tlsa", NO_ANCHOR),
    ("root-missing", "--tlsa wrong/root-whole.tlsa", NO_ANCHOR),
    ("superfluous", "", &["info chain-superfluous"]),
    ("twice", "", &["info chain-superfluous"]),
    ("self-signed", "", &["error self-signed"]),
    ("public-ca", "", &["warning foreign-ca"]),
    ("public-ca", "--system-roots", &[]),
    ("another-ca", "", &["error untrusted"]),
    ("name-mismatch", "", &["error name-mismatch"]),
    ("no-san", "", &["warning san-missing"]),
    ("not-for-servers", "", &["error server-usage-missing"]),
    ("not-for-clients", "", &["info client-usage-missing"]),
    ("not-yet-valid", "", &["error not-yet-valid"]),
    ("expired", "", &["error expired"]),
    ("expires-soon", "", &["warning expires-soon"]),
    ("valid-too-long", "", &["warning valid-too-long"]),
    ("revoked", "", &["critical revoked"]),
    ("sha-1", "", &["error signature-weak"]),
    ("rsa-1024", "", &["error key-short"]),
];

const KNOWN: &str = "--ca wrong/root.pem --ca wrong/intermediate.pem";
const NO_ANCHOR: &[&str] = &["critical dane-mismatch", "error dane-anchor-missing"];

/// OpenSMTPD does not start with a key as short.
const IMPOSSIBLE: (Server, &str) = (Server::Opensmtpd, "rsa-1024");

/// What a server cannot be brought to, and what is found in its place.
fn exception(server: Server, folder: &str) -> Option<&'static [&'static str]> {
    match (server, folder) {
        // It reads its key before its list of ciphers, which would allow one as short.
        (Server::Sendmail, "rsa-1024") => Some(&["error starttls-missing"]),
        // GnuTLS takes the first signature that the client knows, for which the key is too short.
        (Server::Exim, "rsa-1024") => Some(&["error key-short", "warning handshake-uncommon"]),
        // OpenSSL makes its primes as short as the key.
        (Server::Postfix, "rsa-1024") => Some(&["error key-short", "warning diffie-hellman-short"]),
        // OpenSSL puts Sendmail's chain together of the file of the CAs, in order, and GnuTLS sorts what Exim has
        // read. Mail is not sent from Dovecot, and only the programs of users mind how long a certificate lasts.
        (Server::Sendmail | Server::Exim, "wrong-order" | "superfluous" | "twice")
        | (Server::Dovecot, "not-for-clients")
        | (
            Server::Sendmail | Server::Postfix | Server::Exim | Server::Opensmtpd,
            "valid-too-long",
        ) => Some(&[]),
        _ => None,
    }
}

/// Makes a CA, and the folders.
pub(super) fn make(machine: &Machine) {
    machine.shell(
        "mailca newca --no-input --path-len 1 --org 'Example Inc' --cn 'Example Mail CA' &&
         mailca issue --no-input --cn mx.example.com mx",
    );
    machine.write("/root/wrong.sh", include_str!("wrong.sh"), 0o644);
    machine.shell("sh wrong.sh");
}

fn every_certificate(server: Server) {
    let Some(machine) = Machine::start(server.name(), "trixie") else { return };
    make(&machine);
    server.start(&machine, &server.settings());
    let mut differences = Vec::new();
    let mut before = "";
    for (folder, words, wanted) in ROWS {
        if (server, *folder) == IMPOSSIBLE {
            continue;
        }
        if before != *folder {
            server.present(&machine, &format!("/root/wrong/{folder}"));
            before = folder;
        }
        let wanted = exception(server, folder).unwrap_or(wanted);
        let found = difference(&machine, server.place(), words, server.name(), wanted);
        differences.extend(found.map(|found| format!("{folder}: {found}")));
    }
    assert!(differences.is_empty(), "{}{}", differences.concat(), machine.told());
}

#[test]
fn of_sendmail() {
    every_certificate(Server::Sendmail);
}

#[test]
fn of_postfix() {
    every_certificate(Server::Postfix);
}

#[test]
fn of_exim() {
    every_certificate(Server::Exim);
}

#[test]
fn of_dovecot() {
    every_certificate(Server::Dovecot);
}

#[test]
fn of_opensmtpd() {
    every_certificate(Server::Opensmtpd);
}
