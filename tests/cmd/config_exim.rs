//! `config exim` and `config dovecot`: what they refuse, and what their options do. The servers themselves are
//! asked in tests/servers.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::Folder;

#[test]
fn no_ca_is_needed_to_print() {
    let folder = Folder::empty();
    for line in ["exim", "exim --plain", "dovecot --version 2.3", "dovecot --version 2.4"] {
        let text = folder.mailca(&format!("config {line} --host mx.example.com")).success().text();
        assert!(text.starts_with("# TLS for ") && text.contains("/certs/key.pem"), "{text}");
        assert!(!text.contains("{{") && !text.contains("{%"), "{text}");
        let outcome = folder.mailca(&format!("config {line} --json --host mx.example.com"));
        let report: Value = serde_json::from_slice(&outcome.success().stdout).unwrap();
        assert_eq!((&report["text"], &report["roles"][0]), (&text.into(), &"receive".into()));
    }
}

#[test]
fn options_that_go_with_another_role_are_usage_errors() {
    let folder = Folder::empty();
    let refused = |line: &str, words: &[&str]| {
        folder.mailca(&format!("config {line}")).usage(words);
    };
    for server in ["exim", "dovecot"] {
        refused(&format!("{server} --list /etc/list"), &["--list is for --role relay-by-cert"]);
        let list = format!("{server} --role relay-by-cert --list");
        refused(&format!("{list} here"), &["here", "absolute path"]);
        refused(&format!("{list} /etc/a}}b"), &["/etc/a}b", "absolute path"]);
        refused(&format!("{server} --certs certs"), &["absolute path"]);
    }
    refused("exim --peer mx.example.com", &["--peer", "add --role verify-peers"]);
    for name in ["*.example.com", "a..b", "a:b", "192.0.2.1"] {
        refused(&format!("exim --role verify-peers --peer {name}"), &[name]);
    }
    refused("dovecot --require-cert", &["--require-cert is for --role relay-by-cert"]);
    refused("dovecot --version 2.2", &["2.2", "2.3", "2.4"]);
    for role in ["verify-peers", "client"] {
        refused(
            &format!("dovecot --role {role}"),
            &[
                &format!("Dovecot has no role {role}"),
                "its roles are receive, submission, relay-by-cert",
            ],
        );
    }
}

#[test]
fn a_list_that_nothing_looks_at_is_refused() {
    let folder = Folder::with_ca();
    folder.mailca("crl").success();
    for (line, words) in [
        ("dovecot", "--crl is for --role relay-by-cert"),
        ("dovecot --role receive,submission", "--crl is for --role relay-by-cert"),
        ("exim", "--crl is for --role relay-by-cert or verify-peers"),
        ("exim --role receive,client", "--crl is for --role relay-by-cert or verify-peers"),
        ("sendmail --role submission", "--crl is for --role relay-by-cert or verify-peers"),
    ] {
        let outcome = folder.mailca(&format!("config {line} --crl --certs /nowhere")).usage(&[
            words,
            "takes the place",
            "--role receive,relay-by-cert --crl",
        ]);
        assert!(outcome.stdout.is_empty(), "{outcome}");
    }
    for line in ["exim --role verify-peers", "dovecot --role receive,relay-by-cert"] {
        folder.mailca(&format!("config {line} --crl --certs /nowhere")).success();
    }
}

#[test]
fn the_revoked_are_refused_only_with_a_list_that_is_fresh() {
    let folder = Folder::with_ca();
    for server in ["exim", "dovecot"] {
        let line = format!("config {server} --role relay-by-cert --crl");
        folder.mailca(&line).refused(&["no revocation list", "crl --if-needed --publish"]);
    }
    folder.mailca("crl").success();
    for (server, words) in [
        ("exim", "tls_crl = /etc/exim4/certs/crl.pem"),
        ("exim --plain", "tls_crl = /etc/exim4/certs/crl.pem"),
        ("dovecot --version 2.3", "ssl_require_crl = yes"),
        ("dovecot --version 2.4", "ssl_server_require_crl = yes"),
    ] {
        let line = format!("config {server} --role relay-by-cert");
        let with = folder.mailca(&format!("{line} --crl")).success().text();
        assert!(with.contains(words) && with.contains("mailca crl --if-needed"), "{with}");
        let without = folder.mailca(&line).success().text();
        assert!(!without.contains(words), "{without}");
        assert!(without.contains("Revoked certificates are taken like others"), "{without}");
    }
}

#[test]
fn the_installed_dovecot_says_its_version() {
    let folder = Folder::empty();
    folder.mkdir("bin");
    for (said, setting) in [
        ("2.3.19.1 (9b53102964)", "ssl_cert = <"),
        ("2.4.1-4 (7d8c0e5759)", "ssl_server_cert_file = "),
    ] {
        let _ = std::fs::remove_file(folder.path("bin/dovecot"));
        folder.write("bin/dovecot", format!("#!/bin/sh\necho '{said}'\n"));
        folder.chmod("bin/dovecot", 0o755);
        assert_eq!(
            folder.path("bin/dovecot").metadata().unwrap().permissions().mode() & 0o111,
            0o111
        );
        let bin = folder.path("bin").display().to_string();
        let path = format!("{bin}:/usr/bin:/bin");
        let text = folder.mailca("config dovecot").env("PATH", &path).success().text();
        assert!(text.contains(&format!("\n{setting}")), "{text}");
        // What is said goes before what is there.
        let text =
            folder.mailca("config dovecot --version 2.3").env("PATH", &path).success().text();
        assert!(text.contains("\nssl_cert = <"), "{text}");
    }
}

#[test]
fn templates_of_ones_own_take_the_place_of_parts() {
    let folder = Folder::empty();
    folder.mkdir("own");
    folder.write("own/exim-auth.conf", "mine:\n  driver = dovecot\n");
    let line = "config exim --template-dir own --role submission";
    let text = folder.mailca(line).success().text();
    assert!(text.contains("\nmine:\n  driver = dovecot\nEND\n"), "{text}");
    folder.write("own/exim-auth.conf", "{{ passwords }}");
    folder.mailca(line).refused(&["exim-auth.conf line 1", "a template may use these names"]);
}
