//! A server that runs: it is reloaded, looked at, and where it does not take the new certificate, has its
//! old files again.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::again::to_do;
use super::{install, with_host};
use crate::support::{Certificate, Folder, Snapshot, chain, mode, say, serve, tls_server};

const STARTTLS: &[&str] = &["220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n"];

/// A server that presents what is in a folder at the moment of each connection; its address.
fn server_of(folder: &Path) -> String {
    let folder = folder.to_path_buf();
    let address = serve(move |stream| {
        say(&stream, STARTTLS);
        let Ok(key) = PrivateKeyDer::from_pem_file(folder.join("key.pem")) else { return };
        let certificates = chain(&[&folder.join("cert.pem")]);
        let config =
            ServerConfig::builder().with_no_client_auth().with_single_cert(certificates, key);
        let Ok(config) = config else { return };
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut tls = StreamOwned::new(connection, stream);
        let _ = std::io::Read::read(&mut tls, &mut [0; 64]);
    });
    format!("{address}/smtp")
}

fn serial(folder: &Folder, name: &str) -> String {
    Certificate::read(&folder.path(name).join("cert.pem")).serial
}

/// A reload copies what is installed to where the server reads it, unless it is broken.
const RELOAD: &str = "echo x >>reloads; test ! -e broken || exit 0; rm -rf live; cp -r etc/pf live";

fn reloads(folder: &Folder) -> usize {
    folder.text("reloads").lines().count()
}

#[test]
fn the_running_server_has_to_present_it() {
    let folder = with_host();
    let check = server_of(&folder.path("live"));
    let line = format!("mail --for postfix --to etc/pf --check {check} --timeout 20 --reload");
    let outcome = install(&folder, &line).arg(RELOAD).args(&["--json"]).success();
    let value: serde_json::Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!(value["installed"][0]["presented"], true);
    assert_eq!(serial(&folder, "live"), serial(&folder, "mail"));
    folder.mailca("renew mail").success().says(&["installed, and presented"]);
    folder.mailca("renew --new-key mail").success();
    assert_eq!(serial(&folder, "live"), serial(&folder, "mail"));
    assert_eq!(reloads(&folder), 3);
    folder.mailca("install mail").success().says(&["up to date", "presents it"]);
    assert_eq!(reloads(&folder), 3);
    // Up to date, and yet not presented.
    std::fs::remove_dir_all(folder.path("live")).unwrap();
    let quick = format!("mail --for postfix --to etc/pf --check {check} --timeout 1");
    let before = Snapshot::of(&folder.path("etc"));
    install(&folder, &quick).exits(1).says(&["does not present"]);
    assert_eq!(Snapshot::of(&folder.path("etc")).changes_since(&before), "");
}

#[test]
fn where_it_does_not_the_old_files_are_back() {
    let folder = with_host();
    let check = server_of(&folder.path("live"));
    let line = format!("mail --for postfix --to etc/pf --check {check} --timeout 5 --reload");
    install(&folder, &line).arg(RELOAD).success();
    let before = Snapshot::of(&folder.path("etc"));
    let remembered = folder.text("mail/install.toml").replace("timeout = 5", "timeout = 1");
    folder.write("mail/install.toml", &remembered);
    let old = serial(&folder, "mail");
    folder.write("broken", "");
    let outcome = folder.mailca("renew --new-key mail").exits(1);
    outcome.says(&[
        "does not present the new certificate within 1 s",
        "another certificate, serial",
        "the old files are back",
        "the server was reloaded with them",
        "not installed in",
    ]);
    assert_eq!(Snapshot::of(&folder.path("etc")).changes_since(&before), "");
    assert_eq!(reloads(&folder), 3);
    assert_ne!(serial(&folder, "mail"), old);
    assert!(to_do(&folder).contains(&"not-installed".into()));
    std::fs::remove_file(folder.path("broken")).unwrap();
    folder.mailca("renew --expiring 10d").success().says(&["installed, and presented"]);
    assert_eq!(serial(&folder, "live"), serial(&folder, "mail"));
    assert!(!to_do(&folder).contains(&"not-installed".into()));
}

#[test]
fn where_there_was_nothing_there_is_nothing_again() {
    let folder = with_host();
    folder.mailca("crl").success();
    folder.mailca("issue --cn other.example.com other").success();
    let (address, _lines) =
        tls_server(STARTTLS, &folder.path("other/key.pem"), &[&folder.path("other/cert.pem")]);
    let before = Snapshot::of(folder.root());
    let line = format!("mail --for sendmail --to etc/certs --check {address}/smtp --timeout 1");
    install(&folder, &line).args(&["--reload", "true"]).exits(1).says(&["other.example.com"]);
    assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "");
    // In part.
    folder.mkdir("etc/certs");
    folder.chmod("etc/certs", 0o700);
    folder.write("etc/certs/cacert.pem", "old\n");
    folder.chmod("etc/certs/cacert.pem", 0o644);
    install(&folder, &line).args(&["--reload", "true"]).exits(1);
    assert_eq!(folder.text("etc/certs/cacert.pem"), "old\n");
    assert_eq!(mode(&folder.path("etc/certs/cacert.pem")), 0o644);
    let names = super::names(&folder, "etc/certs");
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[1].starts_with("cacert.pem.old-"), "{names:?}");
}

#[test]
fn a_server_that_is_not_there_or_has_no_tls_is_told_apart() {
    let folder = with_host();
    let check = |address: &str| {
        let line = format!("mail --for postfix --to etc/pf --timeout 1 --check {address}");
        install(&folder, &line).refused(&["does not present", "the old files are back"])
    };
    let plain = serve(|stream| say(&stream, &["220 x\r\n", "250 x\r\n"]));
    check(&format!("{plain}/smtp")).says(&["STARTTLS"]);
    let mute = serve(|stream| {
        std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_secs(30));
            drop(stream);
        });
    });
    check(&format!("{mute}/smtp")).says(&["did not send"]);
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    check(&format!("{gone}/smtp"));
}

#[test]
fn a_reload_that_fails_or_hangs_is_undone() {
    let folder = with_host();
    let refused = |command: &str, words: &[&str]| {
        let line = "mail --for postfix --to etc/pf --timeout 1 --reload";
        install(&folder, line).arg(command).refused(words);
    };
    refused("exit 3", &["failed", "exit status: 3", "exit 3", "--reload"]);
    refused("no-such-program", &["failed", "127"]);
    refused("kill -9 $$", &["failed", "signal"]);
    // With all that it has started.
    let marker = format!("sleep 97.{}", std::process::id());
    refused(&format!("{marker} & {marker}"), &["did not end within 1 s"]);
    let left = folder.bash(&format!("pgrep -fx '{marker}' || true")).success().text();
    assert_eq!(left, "");
}

#[test]
fn a_reload_runs_as_an_administrator_would_run_it() {
    let folder = with_host();
    let line = "mail --for postfix --to etc/pf --json --reload";
    let command = "umask >mask; echo loud; cat >input; test -z \"$MAILCA_X\"";
    let outcome = install(&folder, line).arg(command).umask("077").success();
    assert_eq!(folder.text("mask").trim(), "0022");
    assert_eq!(folder.text("input"), "");
    // Standard output is the product's.
    serde_json::from_slice::<serde_json::Value>(&outcome.stdout).unwrap();
    assert!(outcome.stderr.contains("loud"), "{outcome}");
}
