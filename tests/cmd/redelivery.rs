//! A certificate that was recorded and did not arrive: delivered by the same command, and by no
//! other.
//!
//! That a killed command leaves what is made by hand here is in the tests of crashes.

use std::fmt::Write;
use std::fs;

use aws_lc_rs::digest::{SHA256, digest};

use crate::support::{Certificate, Folder, certificate_der, need};

const LINE: &str = "sign other.csr --yes --profile server";

/// Where the CA keeps the certificate of a request until it has arrived.
fn pending(folder: &Folder, request: &str) -> String {
    let der = certificate_der(&folder.path(request));
    let mut name = String::from("demoCA/pending/");
    for byte in digest(&SHA256, &der).as_ref() {
        let _ = write!(name, "{byte:02X}");
    }
    name + ".pem"
}

/// Takes a delivered certificate back, and returns its serial.
fn take_back(folder: &Folder, request: &str, certificate: &str) -> String {
    let serial = Certificate::read(&folder.path(certificate)).serial;
    folder.mkdir("demoCA/pending");
    folder.write(&pending(folder, request), folder.read(&format!("demoCA/newcerts/{serial}.pem")));
    fs::remove_file(folder.path(certificate)).unwrap();
    serial
}

/// With `other.csr`, for which a certificate was issued that did not arrive; and its serial.
fn undelivered() -> (Folder, String) {
    let folder = Folder::with_ca();
    folder.simple_request("other", "/CN=mail.example.com", "DNS:mail.example.com");
    folder.mailca(LINE).success();
    let serial = take_back(&folder, "other.csr", "other.cert.pem");
    (folder, serial)
}

fn nothing_is_pending(folder: &Folder) {
    let left: Vec<_> = fs::read_dir(folder.path("demoCA/pending")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_same_command_delivers_the_same_certificate() {
    need!("openssl");
    let (folder, serial) = undelivered();
    folder.mailca(LINE).success().says(&["delivering", "did not arrive", &serial]);
    assert_eq!(Certificate::read(&folder.path("other.cert.pem")).serial, serial);
    assert_eq!(folder.index().len(), 2);
    nothing_is_pending(&folder);
}

#[test]
fn a_certificate_folder_gets_the_same_certificate_too() {
    for line in ["sign", "issue --cn mail.example.com"] {
        let folder = Folder::with_request();
        folder.mailca("sign").success();
        let serial = take_back(&folder, "req.pem", "cert.pem");
        folder.mailca(line).success().says(&["delivering"]);
        assert_eq!(Certificate::read(&folder.path("cert.pem")).serial, serial, "{line}");
        assert_eq!(folder.index().len(), 2, "{line}");
        nothing_is_pending(&folder);
        folder.mailca("verify cert.pem --host mail.example.com").success();
    }
}

#[test]
fn other_terms_make_a_new_certificate_and_the_old_one_is_named() {
    need!("openssl");
    for line in [
        "sign other.csr --yes --profile client",
        "sign other.csr --yes --profile server --days 7",
        "sign other.csr --yes --profile server --san DNS:mx.example.com",
    ] {
        let (folder, old) = undelivered();
        let show = format!("mailca show {old} --pem");
        let outcome = folder.mailca(line).success();
        outcome.says(&["warning:", "did not arrive", &show]).says_nothing_of(&["delivering"]);
        let new = Certificate::read(&folder.path("other.cert.pem")).serial;
        assert_ne!(new, old, "{line}");
        let rows = folder.index();
        assert_eq!(rows.len(), 3, "{line}");
        assert_eq!(rows[2][3], new, "{line}");
        nothing_is_pending(&folder);
    }
}

#[test]
fn the_terms_are_those_of_the_settings_too() {
    need!("openssl");
    let (folder, old) = undelivered();
    folder.mailca(LINE).env("MAILCA_LEAF_DAYS", "7").success().says(&[&old]);
    assert_eq!(Certificate::read(&folder.path("other.cert.pem")).days, 7);
}

#[test]
fn a_revoked_certificate_is_not_delivered() {
    need!("openssl");
    let (folder, old) = undelivered();
    folder
        .openssl("ca -config demoCA/openssl.cnf -revoke")
        .arg(&format!("demoCA/newcerts/{old}.pem"))
        .success();
    folder.mailca(LINE).success().says(&["warning:", &old]);
    let new = Certificate::read(&folder.path("other.cert.pem")).serial;
    assert_ne!(new, old);
    folder.mailca("verify other.cert.pem --host mail.example.com").success();
    nothing_is_pending(&folder);
}

#[test]
fn force_makes_a_new_certificate() {
    need!("openssl");
    let (folder, old) = undelivered();
    folder.mailca(&format!("{LINE} --force")).success();
    assert_ne!(Certificate::read(&folder.path("other.cert.pem")).serial, old);
    nothing_is_pending(&folder);
}

#[test]
fn what_is_in_the_way_stays_and_the_certificate_is_kept_for_later() {
    need!("openssl");
    let (folder, serial) = undelivered();
    folder.write("other.cert.pem", "somebody else's\n");
    folder.mailca(LINE).refused(&["other.cert.pem", &serial]);
    fs::remove_file(folder.path("other.cert.pem")).unwrap();
    folder.mailca(LINE).success();
    assert_eq!(Certificate::read(&folder.path("other.cert.pem")).serial, serial);
}

#[test]
fn what_arrived_on_standard_output_is_not_pending() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.simple_request("other", "/CN=mail.example.com", "DNS:mail.example.com");
    for options in ["", "--json"] {
        let line = format!("sign {options} --profile server --yes -");
        let outcome = folder.mailca(&line).stdin(folder.read("other.csr")).success();
        assert!(outcome.text().contains("BEGIN CERTIFICATE"), "{outcome}");
        nothing_is_pending(&folder);
    }
    assert_eq!(folder.index().len(), 3, "each was asked for");
}

#[test]
fn what_did_not_arrive_on_standard_output_is_delivered_by_the_next_try() {
    need!("openssl");
    for options in ["", "--json"] {
        let folder = Folder::with_ca();
        folder.simple_request("other", "/CN=mail.example.com", "DNS:mail.example.com");
        let line = format!("mailca sign {options} --profile server --yes - <other.csr");
        folder.bash(&format!("{line} >/dev/full")).exits(1);
        let serial = folder.index()[1][3].clone();
        assert!(folder.exists(&pending(&folder, "other.csr")), "{options}");
        let text = folder.bash(&line).success().text();
        assert_eq!(folder.index().len(), 2, "{options}");
        assert!(!options.contains("json") || text.contains(&serial), "{text}");
        nothing_is_pending(&folder);
    }
}

#[test]
fn left_out_guard_holds_for_what_is_delivered_again() {
    need!("openssl");
    let (folder, _) = undelivered();
    for file in ["demoCA/private/new.pem", "demoCA/new.pem"] {
        folder.mailca(LINE).args(&["-o", file]).refused(&[file, "in the CA's folder"]);
    }
}

#[test]
fn left_out_another_crl_url_is_another_certificate() {
    need!("openssl");
    let (folder, old) = undelivered();
    let url = "http://pki.example.com/ca.crl";
    folder.mailca(LINE).args(&["--crl-url", url]).success();
    folder.openssl("x509 -noout -text -in other.cert.pem").success().says(&[url]);
    assert_ne!(Certificate::read(&folder.path("other.cert.pem")).serial, old);
}

#[test]
fn left_out_path_len() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mailca("newca --path-len 2").success();
    folder.simple_request("sub", "/O=Example/CN=Sub CA", "");
    folder.mailca("sign sub.csr --yes --profile ca --path-len 1").success();
    take_back(&folder, "sub.csr", "sub.cert.pem");
    folder.mailca("sign sub.csr --yes --profile ca").success();
    folder.openssl("x509 -noout -text -in sub.cert.pem").success().says(&["pathlen:0"]);
}

#[test]
fn left_out_unseen_in_own_request() {
    let folder = Folder::empty();
    for args in [
        ["--cn", "ma\u{200b}il.example.com", "-q"],
        ["--cn=a.example.com", "--san", "DNS:ma\u{200b}il.example.com"],
    ] {
        let outcome = folder.mailca("newreq").args(&args).output();
        assert!(matches!(outcome.status, Some(1 | 2)), "{outcome}");
        assert!(!folder.exists("key.pem"), "{outcome}");
    }
}

#[test]
fn left_out_verify_names_the_folder() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn a.example.com --days 10 u").success();
    folder.mailca("verify u/cert.pem").success().says(&["`mailca renew u`"]);
}

#[test]
fn left_out_verify_without_index() {
    let folder = Folder::with_user();
    fs::remove_file(folder.path("demoCA/index.txt")).unwrap();
    folder.mailca("verify joeuser/cert.pem").success();
}

#[test]
fn left_out_quickstart_after_a_refusal() {
    let folder = Folder::empty();
    let line = "quickstart --host mail.example.com --dir q";
    folder.mailca(line).env("MAILCA_LEAF_DAYS", "soon").exits(1);
    folder.mailca(line).success();
}

#[test]
fn left_out_password_out_hint() {
    let folder = Folder::with_user();
    folder.write("there", "precious\n");
    let line = "export-p12 joeuser --generate-password -o joe.p12 --password-out there";
    let outcome = folder.mailca(line).refused(&["there", "--password-out"]);
    assert!(!outcome.stderr.contains("with -o"), "{outcome}");
}

#[test]
fn left_out_one_file_under_two_spellings() {
    let folder = Folder::with_user();
    let line = "export-p12 joeuser --generate-password -o out --password-out ./out";
    folder.mailca(line).usage(&["--password-out", "--output"]);
}
