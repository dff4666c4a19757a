//! For which key a certificate is renewed.

use std::fs;

use super::{certificate, kept, with_host};
use crate::support::{Folder, need, skip};

/// The key, request and certificate of a folder are of one key, as openssl sees it.
fn fits(folder: &Folder, name: &str) {
    let public = |line: &str| folder.openssl(line).success().text();
    let key = public(&format!("pkey -pubout -in {name}/key.pem"));
    assert_eq!(key, public(&format!("x509 -noout -pubkey -in {name}/cert.pem")));
    assert_eq!(key, public(&format!("req -verify -noout -pubkey -in {name}/req.pem")));
}

#[test]
fn a_new_key_is_of_the_same_type_and_has_its_request() {
    need!("openssl");
    for (key_type, words) in [("ecdsa-p384", "secp384r1"), ("rsa-2048", "(2048 bit")] {
        let folder = Folder::with_ca();
        folder.mailca(&format!("issue --cn mail.example.com --key-type {key_type} mail")).success();
        let (old, old_key) = (certificate(&folder, "mail"), folder.read("mail/key.pem"));
        folder.mailca("renew --new-key mail").success().says(&["a new key", "TLSA 3 1 1", " -> "]);
        let new = certificate(&folder, "mail");
        assert_ne!(new.spki, old.spki);
        assert_eq!((&new.subject, new.days), (&old.subject, old.days));
        assert_ne!(new.extension(super::SKI), old.extension(super::SKI));
        assert_eq!(new.extension(super::SAN), old.extension(super::SAN));
        folder.openssl("pkey -noout -text -in mail/key.pem").success().says(&[words]);
        fits(&folder, "mail");
        assert!(!folder.exists("mail/next-key.pem"));
        let kept = kept(&folder, "mail", "key.pem");
        assert_eq!(kept.len(), 1);
        assert_eq!(folder.read(&format!("mail/{}", kept[0])), old_key);
    }
}

#[test]
fn a_new_key_may_be_of_another_type() {
    need!("openssl");
    let folder = with_host();
    folder.mailca("renew --new-key --key-type ed25519 mail").success().says(&["OpenSMTPD"]);
    folder.openssl("pkey -noout -text -in mail/key.pem").success().says(&["ED25519"]);
    fits(&folder, "mail");
    folder.mailca("renew --key-type ed25519 mail").usage(&["--new-key"]);
}

#[test]
fn the_next_key_is_taken_up_where_there_is_one() {
    need!("openssl");
    let folder = with_host();
    folder.mailca("newreq --next-key mail").success();
    let next = folder.read("mail/next-key.pem");
    folder.mailca("renew mail").success().says(&["next key", " -> "]);
    assert_eq!(folder.read("mail/key.pem"), next);
    assert!(!folder.exists("mail/next-key.pem"));
    fits(&folder, "mail");
}

/// `--new-key` goes on with what an interrupted run has made.
#[test]
fn a_new_key_is_not_made_where_one_was_prepared() {
    let folder = with_host();
    folder.mailca("newreq --next-key mail").success();
    let next = folder.read("mail/next-key.pem");
    folder
        .mailca("renew --new-key --key-type rsa-2048 mail")
        .refused(&["mail/next-key.pem", "not rsa-2048"]);
    folder.mailca("renew --new-key mail").success();
    assert_eq!(folder.read("mail/key.pem"), next);
}

#[test]
fn a_next_key_that_others_know_is_refused() {
    let folder = with_host();
    folder.mailca("newreq --next-key mail").success();
    folder.chmod("mail/next-key.pem", 0o644);
    folder.mailca("renew mail").refused(&["next-key.pem has the mode 0644"]);
}

#[test]
fn a_key_that_is_another_ones_is_refused() {
    let folder = with_host();
    folder.mailca("issue --cn mx.example.com mx").success();
    folder.replace("mail/key.pem", folder.read("mx/key.pem"));
    folder.mailca("renew mail").refused(&[
        "mail/key.pem is not the key of mail/cert.pem",
        "`mailca sign --force mail`",
        "`mailca renew --new-key mail`",
    ]);
}

#[test]
fn without_its_key_the_stored_public_key_is_signed() {
    let folder = with_host();
    let old = certificate(&folder, "mail");
    fs::remove_file(folder.path("mail/key.pem")).unwrap();
    folder.mailca("renew --new-key mail").refused(&["the key of mail.example.com is not here"]);
    folder.mailca("renew mail").success().says(&["not here"]);
    assert_eq!(certificate(&folder, "mail").spki, old.spki);
    assert!(!folder.exists("mail/key.pem"));
}

#[test]
fn an_encrypted_key_stays_as_it_is() {
    need!("openssl");
    let folder = with_host();
    let old = certificate(&folder, "mail");
    folder.openssl("pkcs8 -topk8 -passout pass:secret -in mail/key.pem -out sealed.pem").success();
    folder.replace("mail/key.pem", folder.read("sealed.pem"));
    folder.mailca("renew mail").success().says(&["mail/key.pem is encrypted"]);
    assert_eq!(certificate(&folder, "mail").spki, old.spki);
    assert_eq!(folder.read("mail/key.pem"), folder.read("sealed.pem"));
}

/// A key file is its owner's alone; where the old one was not, the administrator hears of it.
#[test]
fn a_new_key_is_closed_to_others_and_that_is_said() {
    let folder = with_host();
    folder.chmod("mail/key.pem", 0o440);
    folder.mailca("renew --new-key mail").success().says(&["warning:", "0440", "0400"]);
    assert_eq!(crate::support::mode(&folder.path("mail/key.pem")), 0o400);
}

#[test]
fn a_key_that_is_not_made_here_needs_its_type_named() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.foreign_key("other", "EC ec_paramgen_curve:P-521");
    folder.chmod("other.key", 0o400);
    folder.mailca("newreq --cn mail.example.com --key other.key mail").success();
    if folder.mailca("sign mail").output().status != Some(0) {
        return skip("P-521 is not signed here");
    }
    folder.mailca("renew mail").success();
    folder.mailca("renew --new-key mail").refused(&["P-521", "--key-type"]);
    folder.mailca("renew --new-key --key-type ecdsa-p384 mail").success();
}
