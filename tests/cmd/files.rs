//! Nothing is overwritten, nothing is written through a link, and modes are final.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::{Folder, Snapshot, mode, need};

#[test]
fn a_key_is_never_overwritten() {
    let folder = Folder::empty();
    folder.mailca("newreq --cn mail.example.com").success();
    folder.mailca("newreq --cn mail.example.com").refused(&["req.pem", "--force"]);
    std::fs::remove_file(folder.path("req.pem")).unwrap();
    let line = "newreq --cn mail.example.com --key-type rsa-2048";
    folder.mailca(line).refused(&["key.pem", "--force"]);
    folder.mailca("issue --cn mail.example.com").refused(&[]);
}

#[test]
fn force_moves_the_old_key_aside() {
    let folder = Folder::empty();
    folder.mailca("newreq --cn mail.example.com").success();
    let old = folder.read("key.pem");
    let outcome = folder.mailca("newreq --cn mail.example.com --force").success();
    let new = folder.read("key.pem");
    assert_ne!(old, new);
    let names: Vec<_> = Snapshot::of(folder.root()).files();
    let aside: Vec<_> = names.iter().filter(|name| folder.read(name) == old).collect();
    assert_eq!(aside.len(), 1, "{names:?}");
    assert_eq!(mode(&folder.path(aside[0])), 0o400);
    assert!(outcome.stderr.contains(aside[0].as_str()), "not said: {outcome}");

    folder.mailca("newreq --cn mail.example.com --force").success();
    let names = Snapshot::of(folder.root()).files();
    for key in [&old, &new] {
        assert!(names.iter().any(|name| folder.read(name) == **key), "a key is lost: {names:?}");
    }
}

#[test]
fn a_key_that_belongs_to_a_certificate_is_not_overwritten() {
    let folder = Folder::with_request();
    folder.mailca("sign").success();
    fs::remove_file(folder.path("req.pem")).unwrap();
    let key = folder.read("key.pem");
    let _ = folder.mailca("newreq --cn mail.example.com").output();
    assert_eq!(folder.read("key.pem"), key);
}

#[test]
fn another_ca_certificate_in_the_way_is_not_overwritten() {
    let folder = Folder::with_request();
    folder.write("cacert.pem", "somebody else's\n");
    folder.mailca("sign").refused(&["cacert.pem"]);
    assert_eq!(folder.index().len(), 1, "issued, although it cannot be delivered");
}

#[test]
fn an_identical_ca_certificate_is_no_conflict() {
    let folder = Folder::with_request();
    fs::copy(folder.path("demoCA/cacert.pem"), folder.path("cacert.pem")).unwrap();
    folder.mailca("sign").success();
}

#[test]
fn another_certificate_in_the_way_is_seen_before_issuing() {
    need!("openssl");
    let folder = Folder::with_request();
    folder.write("cert.pem", "somebody else's\n");
    folder.mailca("sign").refused(&["cert.pem"]);
    folder.simple_request("other", "/CN=a.example.com", "");
    folder.write("other.cert.pem", "somebody else's\n");
    folder.mailca("sign other.csr --profile server --yes").refused(&["other.cert.pem"]);
    folder.write("x.pem", "");
    folder.mailca("sign other.csr --profile server --yes -o x.pem").refused(&["x.pem"]);
    assert_eq!(folder.index().len(), 1, "issued, although it cannot be delivered");
}

#[test]
fn a_destination_that_cannot_be_is_seen_before_issuing() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.simple_request("other", "/CN=a.example.com", "");
    folder.mailca("sign other.csr --profile server --yes -o none/x.pem").refused(&["none"]);
    assert_eq!(folder.index().len(), 1);
}

#[test]
fn a_link_in_the_way_is_not_followed() {
    for (prepare, line, link) in [
        ("", "newreq --cn mail.example.com", "key.pem"),
        ("", "newreq --cn mail.example.com", "req.pem"),
        ("request", "sign", "cert.pem"),
        ("user", "export-p12 joeuser --password-file pw -o out.p12", "out.p12"),
    ] {
        for dangling in [true, false] {
            let folder = match prepare {
                "request" => Folder::with_request(),
                "user" => Folder::with_user(),
                _ => Folder::with_ca(),
            };
            folder.write("pw", "correct horse\n");
            folder.mkdir("victim");
            if !dangling {
                folder.write("victim/target", "precious\n");
            }
            symlink("victim/target", folder.path(link)).unwrap();
            folder.mailca(line).refused(&[link]);
            assert_eq!(folder.exists("victim/target"), !dangling, "{line}");
        }
    }
}

#[test]
fn a_link_in_place_of_the_ca_key_is_not_written_through() {
    let folder = Folder::empty();
    folder.mkdir("demoCA/private");
    symlink("../../victim", folder.path("demoCA/private/cakey.pem")).unwrap();
    folder.mailca("newca").refused(&["demoCA"]);
    assert!(!folder.exists("victim"));
}

#[test]
fn public_files_can_be_readable_by_all() {
    let folder = Folder::empty();
    folder.mailca("newca").env("MAILCA_CERT_MODE", "0444").success();
    folder.mailca("newreq --cn mail.example.com --cert-mode 0444").success();
    folder.mailca("sign --cert-mode 0444").success();
    for (name, expected) in [
        ("cacert.pem", 0o444),
        ("cert.pem", 0o444),
        ("key.pem", 0o400),
        ("demoCA/private/cakey.pem", 0o400),
    ] {
        assert_eq!(mode(&folder.path(name)), expected, "{name}");
    }
    for bad in ["0777", "0666", "9", "rw", "0222", "0000"] {
        folder.mailca(&format!("sign --cert-mode {bad}")).usage(&[bad]);
    }
}

#[test]
fn modes_do_not_depend_on_the_umask() {
    for umask in ["000", "077", "777"] {
        let folder = Folder::empty();
        folder.write("pw", "correct horse\n");
        folder.mailca("newca").umask(umask).success();
        folder.mailca("issue --cn mail.example.com").umask(umask).success();
        folder.mailca("issue --user joe --email joe@example.com joe").umask(umask).success();
        folder.mailca("export-p12 joe --password-file pw -o joe.p12").umask(umask).success();
        for (name, expected) in [
            ("demoCA", 0o700),
            ("demoCA/private", 0o700),
            ("demoCA/private/cakey.pem", 0o400),
            ("key.pem", 0o400),
            ("cert.pem", 0o400),
            ("joe/key.pem", 0o400),
            ("joe.p12", 0o400),
        ] {
            assert_eq!(mode(&folder.path(name)), expected, "{name} under umask {umask}");
        }
    }
}

#[test]
fn no_file_but_those_promised_is_left() {
    let folder = Folder::with_request();
    folder.mailca("sign").success();
    let files = Snapshot::of(folder.root()).files();
    for name in &files {
        assert!(!name.contains("tmp") && !name.contains(".new"), "{files:?}");
    }
}
