//! Going on with what is there already, where that is what was asked for, and only there.

use std::fs;

use crate::support::{Folder, need};

#[test]
fn issue_goes_on_with_a_request_for_the_same_name() {
    let folder = Folder::with_request();
    let (key, request) = (folder.read("key.pem"), folder.read("req.pem"));
    folder.mailca("issue --cn mail.example.com").success();
    assert_eq!(folder.read("key.pem"), key);
    assert_eq!(folder.read("req.pem"), request);
    folder.mailca("verify cert.pem --host mail.example.com").success();
}

#[test]
fn issue_does_not_go_on_with_a_request_for_another_name() {
    for line in [
        "issue --cn mx.example.com",
        "issue --user joe --email joe@example.com",
        "issue --cn mail.example.com --san DNS:mx.example.com",
        "issue --cn mail.example.com --key-type rsa-2048",
        "issue --cn mail.example.com --org Other",
    ] {
        let folder = Folder::with_request();
        folder.mailca(line).refused(&[]);
    }
}

#[test]
fn issue_where_a_certificate_is_changes_nothing() {
    let folder = Folder::with_request();
    folder.mailca("sign").success();
    folder.mailca("issue --cn mail.example.com").refused(&["--force"]);
}

#[test]
fn newreq_with_a_key_that_is_there_and_a_type_goes_on_where_they_agree() {
    let folder = Folder::empty();
    let line = "newreq --cn mail.example.com --key-type ecdsa-p384";
    folder.mailca(line).success();
    let key = folder.read("key.pem");
    fs::remove_file(folder.path("req.pem")).unwrap();
    folder.mailca(line).success();
    assert_eq!(folder.read("key.pem"), key);
    fs::remove_file(folder.path("req.pem")).unwrap();
    folder.mailca("newreq --cn mail.example.com --key-type rsa-2048").refused(&["key.pem"]);
}

#[test]
fn a_key_of_another_request_is_seen() {
    let folder = Folder::with_request();
    folder.mailca("newreq --cn mx.example.com mx").success();
    fs::remove_file(folder.path("key.pem")).unwrap();
    fs::copy(folder.path("mx/key.pem"), folder.path("key.pem")).unwrap();
    folder.mailca("sign").refused(&["key.pem"]);
}

#[test]
fn the_profile_of_an_own_request_is_known() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.mailca("newreq --cn mail.example.com host").success();
    folder.mailca("newreq --user joe --email joe@example.com person").success();
    folder.mailca("sign host person").success();
    for (name, words) in [("host", "TLS Web Server"), ("person", "E-mail Protection")] {
        let cert = format!("{name}/cert.pem");
        folder.openssl("x509 -noout -text -in").arg(&cert).success().says(&[words]);
    }
}

#[test]
fn force_signs_again_and_keeps_the_old_certificate() {
    let folder = Folder::with_request();
    folder.mailca("sign").success();
    let old = folder.read("cert.pem");
    folder.mailca("sign --force").success();
    assert_ne!(folder.read("cert.pem"), old);
    let names = fs::read_dir(folder.root()).unwrap().map(|entry| entry.unwrap().path());
    let kept = names.filter(|path| path.is_file()).any(|path| fs::read(path).unwrap() == old);
    assert!(kept, "the old certificate is gone");
    assert_eq!(folder.index().len(), 3);
}
