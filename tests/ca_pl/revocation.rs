//! `-revoke` and `-crl`.

use crate::answers::{HOST, ca_pl, lines, sign, with_protected_ca, with_request};
use crate::support::{Certificate, Folder, need};

fn signed() -> Folder {
    let folder = with_request(&HOST);
    sign(&folder, "-sign").success();
    folder
}

fn crl(folder: &Folder, name: &str) -> String {
    folder.openssl("crl -noout -text -in").arg(name).success().text()
}

#[test]
fn a_revoked_certificate_is_in_the_list_and_does_not_verify() {
    need!("openssl");
    let folder = signed();
    ca_pl(&folder, "-revoke newcert.pem keyCompromise").success();
    assert!(folder.index()[1][2].ends_with(",keyCompromise"));
    let outcome = ca_pl(&folder, "-crl").success();
    assert_eq!(outcome.text(), "Generated CRL is in ./demoCA/crl/crl.pem\n");
    let list = crl(&folder, "demoCA/crl/crl.pem");
    assert!(list.contains(&Certificate::read(&folder.path("newcert.pem")).serial), "{list}");
    assert!(list.contains("Key Compromise"), "{list}");
    assert_eq!(folder.read("demoCA/crl.pem"), folder.read("demoCA/crl/crl.pem"));
    let check =
        "verify -crl_check -CAfile demoCA/cacert.pem -CRLfile demoCA/crl/crl.pem newcert.pem";
    let outcome = folder.openssl(check).output();
    assert!(outcome.stderr.contains("certificate revoked"), "{outcome}");
    ca_pl(&folder, "-verify").exits(1).says(&["revoked"]);
    ca_pl(&folder, "-revoke newcert.pem").refused(&["revoked already"]);
    ca_pl(&folder, "-revoke newcert.pem superseded").refused(&["revoked already"]);
    ca_pl(&folder, "-pkcs12").stdin("x\nx\n").refused(&["revoked"]);
}

#[test]
fn every_reason_of_ca_pl() {
    for reason in [
        "unspecified",
        "keyCompromise",
        "CACompromise",
        "affiliationChanged",
        "superseded",
        "cessationOfOperation",
        "certificateHold",
    ] {
        let folder = signed();
        ca_pl(&folder, &format!("-revoke newcert.pem {reason}")).success();
        assert_eq!(folder.index()[1][0], "R", "{reason}");
    }
    let folder = signed();
    ca_pl(&folder, "-revoke newcert.pem").success();
    assert_eq!(folder.index()[1][0], "R");
}

#[test]
fn the_list_of_ca_pl_is_kept_current_by_mailca_too() {
    need!("openssl");
    let folder = signed();
    folder.mailca("crl").success();
    assert!(!folder.exists("demoCA/crl/crl.pem"));
    ca_pl(&folder, "-crl").success();
    folder
        .mailca("revoke --yes --crl")
        .arg(&Certificate::read(&folder.path("newcert.pem")).serial)
        .success();
    assert_eq!(folder.read("demoCA/crl.pem"), folder.read("demoCA/crl/crl.pem"));
    assert!(crl(&folder, "demoCA/crl/crl.pem").contains("Serial Number"));
}

#[test]
fn only_a_file_is_revoked() {
    let folder = signed();
    let serial = Certificate::read(&folder.path("newcert.pem")).serial;
    for (target, words) in [
        ("missing.pem", "not the file of a certificate"),
        (serial.as_str(), "not the file of a certificate"),
        (".", "not the file of a certificate"),
        ("newreq.pem", "no certificate"),
        ("demoCA/cacert.pem", "the CA itself"),
    ] {
        ca_pl(&folder, "-revoke").arg(target).refused(&[words]);
    }
}

#[test]
fn the_passphrase_is_needed() {
    let folder = with_protected_ca();
    ca_pl(&folder, "-newreq-nodes").stdin(lines(&HOST)).success();
    ca_pl(&folder, "-sign").stdin("ca secret\ny\ny\n").success();
    for line in ["-revoke newcert.pem", "-crl"] {
        ca_pl(&folder, line).refused(&["standard input ended"]);
        ca_pl(&folder, line).stdin("wrong\n").refused(&["passphrase"]);
        let outcome = ca_pl(&folder, line).stdin("ca secret\n").success();
        assert!(outcome.stderr.contains("Enter pass phrase for ./demoCA/private/cakey.pem:"));
    }
}

#[test]
fn what_an_older_key_of_the_ca_signed_verifies_too() {
    need!("openssl");
    let folder = signed();
    folder.mailca("rekey-ca --yes").success();
    folder.openssl("verify -CAfile demoCA/cacert.pem newcert.pem").success();
    assert_eq!(ca_pl(&folder, "-verify").success().text(), "newcert.pem: OK\n");
    ca_pl(&folder, "-pkcs12").stdin("x\nx\n").success();
}

#[test]
fn an_index_that_lost_its_rows_is_warned_of() {
    let folder = signed();
    folder.write("demoCA/index.txt", "");
    ca_pl(&folder, "-crl").success().says(&["index.txt lacks what was issued", "mailca doctor"]);
}
