//! What `sign` refuses: each with its reason, and nothing written.

use std::fs;

use crate::support::{Folder, need};

const SERVER: &str = "--profile server --yes";
const USER: &str = "--profile user --yes";
const EC: &str = "EC ec_paramgen_curve:P-256";

fn request(subject: &str, sans: &str) -> Folder {
    let folder = Folder::with_ca();
    folder.simple_request("other", subject, sans);
    folder
}

fn sign_refused(folder: &Folder, options: &str, words: &[&str]) {
    folder.mailca("sign other.csr").args(&options.split(' ').collect::<Vec<_>>()).refused(words);
}

#[test]
fn a_request_with_a_bad_signature() {
    need!("openssl");
    let folder = request("/CN=mail.example.com", "DNS:mail.example.com");
    folder.openssl("req -in other.csr -outform DER -out other.der").success();
    let mut der = folder.read("other.der");
    *der.last_mut().unwrap() ^= 1;
    folder.write("other.csr", der);
    sign_refused(&folder, SERVER, &["signature", "other.csr"]);
}

#[test]
fn a_request_changed_after_it_was_signed() {
    need!("openssl");
    let folder = request("/CN=mail.example.com", "DNS:mail.example.com");
    folder.openssl("req -in other.csr -outform DER -out other.der").success();
    let der = folder.read("other.der");
    let at = der.windows(4).position(|part| part == b"mail").unwrap();
    let mut forged = der.clone();
    forged[at..at + 4].copy_from_slice(b"evil");
    folder.write("other.csr", forged);
    sign_refused(&folder, SERVER, &["signature"]);
}

#[test]
fn an_rsa_key_under_2048_bits() {
    need!("openssl");
    let folder = Folder::with_ca();
    let config = "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=mail.example.com\n";
    folder.foreign_request("other", "RSA rsa_keygen_bits:1024", config);
    sign_refused(&folder, SERVER, &["RSA", "1024", "2048"]);
}

#[test]
fn the_key_of_the_ca_itself() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder
        .openssl("req -new -batch -key demoCA/private/cakey.pem -out other.csr -subj")
        .arg("/CN=mail.example.com")
        .success();
    sign_refused(&folder, SERVER, &["key", "CA"]);
}

#[test]
fn the_subject_of_the_ca_itself() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.foreign_key("other", EC);
    // -x509toreq takes the subject of the CA byte for byte, and signs with the other key.
    folder
        .openssl("req -new -batch -key other.key -out other.csr -subj")
        .args(&["/O=Example/CN=Test CA ecdsa-p256", "-addext", "subjectAltName=DNS:a.example.com"])
        .success();
    sign_refused(&folder, SERVER, &["the CA's own name", "Test CA ecdsa-p256"]);
}

#[test]
fn no_usable_name() {
    need!("openssl");
    for (subject, options) in [
        ("/O=Example", SERVER),
        ("/", SERVER),
        ("/CN=Mail Server of Example", SERVER),
        ("/CN=Joe User", USER),
        ("/", USER),
    ] {
        sign_refused(&request(subject, ""), options, &["name"]);
    }
}

#[test]
fn san_types_that_no_mail_program_reads() {
    need!("openssl");
    for (san, word) in [
        ("URI:https://example.com/", "URI"),
        ("RID:1.2.3.4", "registered"),
        ("otherName:1.3.6.1.4.1.311.20.2.3;UTF8:joe@example.com", "other"),
    ] {
        let sans = format!("DNS:mail.example.com,{san}");
        sign_refused(&request("/CN=mail.example.com", &sans), SERVER, &[word]);
    }
}

#[test]
fn a_directory_name_in_the_san() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.foreign_request(
        "other",
        EC,
        "[req]\ndistinguished_name=dn\nprompt=no\nreq_extensions=ext\n[dn]\nCN=mail.example.com\n\
         [ext]\nsubjectAltName=DNS:mail.example.com,dirName:dir\n[dir]\nCN=Somebody\n",
    );
    sign_refused(&folder, SERVER, &["dirName"]);
}

#[test]
fn names_that_do_not_belong_into_the_profile() {
    need!("openssl");
    for (sans, options, word) in [
        ("email:joe@example.com,DNS:mail.example.com", USER, "mail.example.com"),
        ("email:joe@example.com,IP:192.0.2.1", USER, "192.0.2.1"),
        ("email:joe@example.com,IP:2001:db8::1", USER, "2001:db8::1"),
        ("DNS:mail.example.com,email:joe@example.com", SERVER, "joe@example.com"),
    ] {
        sign_refused(&request("/CN=somebody", sans), options, &[word]);
    }
}

#[test]
fn names_that_cannot_be_host_names() {
    need!("openssl");
    for san in [
        "DNS:mail example.com",
        "DNS:-bad-.example.com",
        "DNS:a..example.com",
        "DNS:*.*.example.com",
        "DNS:mail.*.example.com",
        "DNS:.example.com",
    ] {
        let name = san.trim_start_matches("DNS:");
        sign_refused(&request("/CN=x.example.com", san), SERVER, &[name]);
    }
}

#[test]
fn an_intermediate_of_a_ca_that_signs_none() {
    need!("openssl");
    let folder = request("/O=Example/CN=Sub CA", "");
    sign_refused(&folder, "--profile ca --yes", &["path length"]);
}

#[test]
fn names_outside_the_constraints_of_the_ca() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mailca("newca --permit example.com").success();
    for (subject, sans, options, word) in [
        ("/CN=a.example.org", "DNS:a.example.org", SERVER, "a.example.org"),
        ("/CN=notexample.com", "DNS:notexample.com", SERVER, "notexample.com"),
        ("/CN=a.example.com", "DNS:a.example.com,IP:192.0.2.1", SERVER, "192.0.2.1"),
        ("/CN=joe", "email:joe@example.org", USER, "joe@example.org"),
        ("/CN=joe/emailAddress=joe@example.org", "email:joe@example.com", USER, "joe@example.org"),
    ] {
        folder.simple_request("other", subject, sans);
        sign_refused(&folder, options, &[word, "Mail CA"]);
        fs::remove_file(folder.path("other.csr")).unwrap();
        fs::remove_file(folder.path("other.key")).unwrap();
    }
}

#[test]
fn an_expired_ca() {
    need!("openssl");
    let folder = Folder::empty();
    for name in ["demoCA", "demoCA/private", "demoCA/newcerts"] {
        folder.mkdir(name);
    }
    folder.write("demoCA/index.txt", "");
    folder.write("demoCA/serial", "01\n");
    folder.foreign_key("demoCA/private/cakey", EC);
    fs::rename(folder.path("demoCA/private/cakey.key"), folder.path("demoCA/private/cakey.pem"))
        .unwrap();
    folder
        .openssl(
            "req -new -batch -key demoCA/private/cakey.pem -out demoCA/careq.pem -subj /CN=Old",
        )
        .success();
    folder
        .openssl("ca -batch -notext -selfsign -in demoCA/careq.pem -out demoCA/cacert.pem")
        .args(&["-keyfile", "demoCA/private/cakey.pem", "-extensions", "v3_ca"])
        .args(&["-startdate", "20200101000000Z", "-enddate", "20210101000000Z"])
        .args(&["-policy", "policy_anything"])
        .success();
    folder.simple_request("other", "/CN=mail.example.com", "DNS:mail.example.com");
    sign_refused(&folder, SERVER, &["expired", "2021"]);
}

#[test]
fn a_foreign_request_without_a_profile_and_a_yes() {
    need!("openssl");
    let folder = request("/CN=mail.example.com", "DNS:mail.example.com");
    folder.mailca("sign other.csr").usage(&["--profile", "--yes"]);
    folder.mailca("sign other.csr --profile server").usage(&["--yes"]);
    folder.mailca("sign other.csr --yes").usage(&["--profile"]);
}

#[test]
fn what_is_not_a_request() {
    need!("openssl");
    let folder = request("/CN=mail.example.com", "DNS:mail.example.com");
    folder.write("empty.csr", "");
    folder.write("words.csr", "this is not a request\n");
    for (file, word) in [
        ("demoCA/cacert.pem", "certificate"),
        ("other.key", "key"),
        ("empty.csr", "empty"),
        ("words.csr", "words.csr"),
        ("nothere.csr", "nothere.csr"),
    ] {
        folder.mailca(&format!("sign {file} {SERVER}")).refused(&[word, file]);
    }
    let half = folder.read("other.csr");
    folder.write("half.csr", &half[..half.len() / 2]);
    folder.mailca(&format!("sign half.csr {SERVER}")).refused(&["half.csr"]);
}
