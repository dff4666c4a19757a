//! `mailca tlsa --check` with servers that speak TLS.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::with_host;
use crate::support::{Folder, Outcome, need, tls_server};

/// What the servers say before TLS, and what they should hear after it.
const SERVICES: [(&str, &[&str], &str); 8] = [
    ("smtp", &["220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n"], "QUIT\r\n"),
    ("submission", &["220-a\r\n220 b\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n"], "QUIT\r\n"),
    ("submissions", &[], "QUIT\r\n"),
    (
        "imap",
        &["* OK x\r\n", "* CAPABILITY STARTTLS\r\na1 OK x\r\n", "a2 OK go\r\n"],
        "a9 LOGOUT\r\n",
    ),
    ("imaps", &[], "a9 LOGOUT\r\n"),
    ("pop3", &["+OK x\r\n", "+OK\r\nSTLS\r\n.\r\n", "+OK go\r\n"], "QUIT\r\n"),
    ("pop3s", &[], "QUIT\r\n"),
    ("sieve", &["\"STARTTLS\"\r\nOK\r\n", "OK\r\n"], "LOGOUT\r\n"),
];

/// `--check` against a server with these certificates and this key; the words are more arguments.
fn check(folder: &Folder, key: &str, certificates: &[&str], words: &str) -> crate::support::Run {
    let paths: Vec<_> = certificates.iter().map(|name| folder.path(name)).collect();
    let paths: Vec<_> = paths.iter().map(std::path::PathBuf::as_path).collect();
    let (address, _) = tls_server(&[], &folder.path(key), &paths);
    folder.mailca(&format!("tlsa mail.example.com:465 --check --connect {address} {words}"))
}

const KEY: &str = "mail.example.com/key.pem";
const CERTIFICATE: &str = "mail.example.com/cert.pem";
const ROOT: &str = "demoCA/cacert.pem";

fn server(outcome: &Outcome) -> Value {
    let mut json: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    json["servers"][0].take()
}

#[test]
fn every_service_is_spoken_to_and_left_politely() {
    let folder = with_host();
    let paths = [CERTIFICATE, ROOT].map(|name| folder.path(name));
    for (service, words, farewell) in SERVICES {
        let (address, heard) =
            tls_server(words, &folder.path(KEY), &[paths[0].as_path(), paths[1].as_path()]);
        let line = format!("tlsa mail.example.com/{service} --check --json --connect {address}");
        let found = server(&folder.mailca(&line).success());
        assert_eq!(found["service"], service);
        assert_eq!(found["address"], address.to_string());
        assert_eq!(found["tls_version"], "TLS 1.3");
        assert_eq!(found["cipher_suite"], "TLS_AES_256_GCM_SHA384");
        assert_eq!(found["key_proven"], true);
        assert_eq!(found["matches"], serde_json::json!(["ca", "current"]));
        assert_eq!(found["warnings"], serde_json::json!([]));
        assert_eq!(found["chain"].as_array().unwrap().len(), 2);
        assert_eq!(heard.recv().unwrap(), farewell, "{service}");
    }
}

#[test]
fn a_chain_without_the_ca_is_warned_of() {
    let folder = with_host();
    let outcome = check(&folder, KEY, &[CERTIFICATE], "").success();
    let outcome = outcome.says(&["2 1 1 does not work here", "not in the chain", "3 1 1", "fits"]);
    // The records are printed all the same, and nothing else is there.
    assert_eq!(super::records(&outcome.text()).len(), 2);
    let found = server(&check(&folder, KEY, &[CERTIFICATE], "--json").success());
    assert_eq!(found["matches"], serde_json::json!(["current"]));
    assert_eq!(found["warnings"].as_array().unwrap().len(), 1);
    let outcome = check(&folder, KEY, &[CERTIFICATE, ROOT], "").success();
    outcome.says_nothing_of(&["does not work", "does not hold"]);
}

#[test]
fn another_key_is_a_verdict() {
    let folder = with_host();
    folder.mailca("issue --cn mail.example.com other").success();
    let [key, certificate] = ["other/key.pem", "other/cert.pem"];
    check(&folder, key, &[certificate], "").verdict(&["none of the records", "another key"]);
    let outcome = check(&folder, key, &[certificate], "--json").exits(3);
    assert_eq!(server(&outcome)["matches"], serde_json::json!([]));
    // The CA's record lets it in.
    let outcome = check(&folder, key, &[certificate, ROOT], "").success();
    outcome.says(&["3 1 1 does not work here", "2 1 1", "fits"]);
}

#[test]
fn the_cas_certificate_is_no_good_beside_a_strangers() {
    let folder = with_host();
    folder.mailca("newca --ca-dir strangers --org Stranger").success();
    folder.mailca("issue --ca-dir strangers --cn mail.example.com other").success();
    let run = check(&folder, "other/key.pem", &["other/cert.pem", ROOT], "");
    run.verdict(&["none of the records", "2 1 1 does not work here"]);
}

#[test]
fn another_hosts_certificate_is_no_good_for_the_ca() {
    let folder = with_host();
    folder.mailca("issue --cn other.example.com other").success();
    let run = check(&folder, "other/key.pem", &["other/cert.pem", ROOT], "");
    run.verdict(&["none of the records", "other.example.com"]);
}

#[test]
fn a_server_that_was_not_reloaded_is_told() {
    let folder = with_host();
    std::fs::copy(folder.path(CERTIFICATE), folder.path("old.pem")).unwrap();
    folder.mailca("renew mail.example.com").success();
    let outcome = check(&folder, KEY, &["old.pem", ROOT], "").success();
    outcome.says(&["another certificate for this key", "reloaded"]);
}

#[test]
fn an_intermediates_key_is_an_anchor_too() {
    let folder = Folder::empty();
    folder.mailca("newca --ca-dir root --cn Root --path-len 1").success();
    folder.mailca("newreq --profile ca --cn Sub sub-ca").success();
    folder.mailca("sign --ca-dir root sub-ca --profile ca --yes").success();
    folder.bash("cat sub-ca/cert.pem sub-ca/cacert.pem > sub.pem").success();
    folder.mailca("newca --ca-dir sub --from sub.pem sub-ca/key.pem").success();
    folder.mailca("issue --ca-dir sub --cn mail.example.com mail.example.com").success();
    let run = check(&folder, KEY, &[CERTIFICATE, "sub/cacert.pem"], "--ca-dir sub --json");
    assert_eq!(server(&run.success())["matches"], serde_json::json!(["ca", "current"]));
}

/// `openssl s_server` with these arguments, until the guard goes; and its port.
struct Peer(std::process::Child, u16);

impl Peer {
    fn start(folder: &Folder, arguments: &str) -> Self {
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-naccept", "1"])
            .args(arguments.split_whitespace())
            .current_dir(folder.root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            line.strip_prefix("ACCEPT 127.0.0.1:").map(|port| port.parse().unwrap())
        });
        Self(child, port.unwrap())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn odd_certificates_are_seen() {
    need!("openssl");
    let folder = with_host();
    let both = &["-tls1_2", "-tls1_3"][..];
    for (key, proven, versions) in [
        ("RSA -pkeyopt rsa_keygen_bits:1024", false, both),
        // For these keys rustls knows no scheme in TLS 1.2.
        ("RSA-PSS -pkeyopt rsa_keygen_bits:2048", false, &both[..1]),
        ("RSA-PSS -pkeyopt rsa_keygen_bits:2048", true, &both[1..]),
        ("ED448", false, both),
        // In TLS 1.2 the curves of the key exchange hold for certificates too (RFC 8422 5.1.1).
        ("EC -pkeyopt ec_paramgen_curve:P-521", true, &both[1..]),
        ("RSA -pkeyopt rsa_keygen_bits:2048", true, both),
    ] {
        folder.openssl(&format!("genpkey -out odd.key -algorithm {key}")).success();
        // Of version 1, without any extension.
        folder.openssl("req -new -batch -subj /CN=odd -key odd.key -out odd.csr").success();
        folder.openssl("x509 -req -in odd.csr -signkey odd.key -out odd.pem").success();
        for version in versions {
            let arguments =
                format!("-key odd.key -cert odd.pem -cipher DEFAULT@SECLEVEL=0 {version}");
            let peer = Peer::start(&folder, &arguments);
            let line = format!("--check --json --connect 127.0.0.1:{}", peer.1);
            let outcome = folder.mailca(&format!("tlsa mail.example.com:465 {line}")).output();
            assert_eq!(outcome.status, Some(3), "{key} {version}: {outcome}");
            let found = server(&outcome);
            assert_eq!(found["chain"][0]["subject"], "CN=odd", "{key} {version}");
            assert_eq!(found["key_proven"], proven, "{key} {version}: {found}");
        }
    }
}

#[test]
fn a_server_that_wants_a_client_certificate_is_seen() {
    need!("openssl");
    let folder = with_host();
    for version in ["-tls1_2", "-tls1_3"] {
        let arguments =
            format!("-key {KEY} -cert {CERTIFICATE} -CAfile {ROOT} -Verify 1 {version}");
        let peer = Peer::start(&folder, &arguments);
        let line =
            format!("tlsa mail.example.com:465 --check --json --connect 127.0.0.1:{}", peer.1);
        let found = server(&folder.mailca(&line).success());
        assert_eq!(found["key_proven"], true, "{version}");
    }
}
