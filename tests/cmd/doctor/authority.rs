//! The CA itself, its list, and what it signed.

use std::fs;

use super::{CA, edit, found, lived, sound};
use crate::support::{Folder, need};

#[test]
fn the_key_of_another_ca_is_told_and_not_touched() {
    need!("openssl");
    let folder = lived();
    folder.mailca("newca --ca-dir other").success();
    folder.replace("demoCA/private/cakey.pem", folder.read("other/private/cakey.pem"));
    folder.chmod("demoCA/private/cakey.pem", 0o400);
    found(&folder, "ca-key-not-of-certificate");
    folder.mailca("doctor --fix").verdict(&["ca-key-not-of-certificate"]);
    folder.replace("demoCA/private/cakey.pem", "nonsense\n");
    folder.chmod("demoCA/private/cakey.pem", 0o400);
    found(&folder, "ca-key-unreadable");
    fs::remove_file(folder.path("demoCA/private/cakey.pem")).unwrap();
    found(&folder, "ca-key-missing");
}

#[test]
fn an_encrypted_key_is_compared_where_the_passphrase_is_given() {
    let folder = Folder::empty();
    folder.write("pass", "ca secret\n");
    folder.write("wrong", "not it\n");
    folder.mailca("newca --encrypt-key --ca-passphrase-file pass").success();
    folder.mailca("doctor").success().says(&["advice", "[ca-key-unchecked]"]);
    let outcome = folder.mailca("doctor --ca-passphrase-file pass").success();
    outcome.says(&["nothing is wrong"]).says_nothing_of(&["advice"]);
    folder.mailca("doctor --ca-passphrase-file wrong").refused(&["passphrase"]);
}

#[test]
fn a_ca_near_its_end_is_told() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mailca("newca --days 60").success();
    found(&folder, "ca-near-its-end").says(&["mailca rekey-ca"]);
    let folder = Folder::empty();
    folder.mailca("newca --days 100").success();
    sound(&folder);
    folder.simple_request("long", "/CN=long.example.com", "DNS:long.example.com");
    folder.openssl(&format!("{CA} -days 400 -in long.csr -out long.pem")).success();
    folder.mailca("doctor").success().says(&["advice", "[certificates-outlive-ca]"]);
}

#[test]
fn a_ca_and_certificates_that_are_weak_are_told() {
    need!("openssl");
    let folder = Folder::empty();
    folder.bash(
        "openssl req -x509 -newkey rsa:1024 -nodes -sha1 -keyout k.pem -out c.pem -subj /CN=Old \
         -days 900 2>/dev/null; mkdir -m 700 -p demoCA demoCA/private demoCA/newcerts; \
         cp c.pem demoCA/cacert.pem; install -m 400 k.pem demoCA/private/cakey.pem; \
         : > demoCA/index.txt; echo 01 > demoCA/serial; echo 01 > demoCA/crlnumber",
    )
    .success();
    found(&folder, "ca-weak").says(&["1024 bits"]);

    let folder = lived();
    folder.foreign_key("weak", "RSA rsa_keygen_bits:1024");
    folder.openssl("req -new -key weak.key -out weak.csr -subj /CN=weak.example.com").success();
    folder.openssl(&format!("{CA} -md sha1 -in weak.csr -out weak.pem")).success();
    found(&folder, "weak-certificates").says(&["weak.example.com", "1024 bits"]);
}

#[test]
fn a_certificate_without_names_is_advice() {
    need!("openssl");
    let folder = lived();
    folder.simple_request("bare", "/CN=bare.example.com", "");
    folder.openssl(&format!("{CA} -in bare.csr -out bare.pem")).success();
    let outcome = folder.mailca("doctor").success();
    outcome.says(&["advice", "[certificates-without-names]", "bare.example.com"]);
}

#[test]
fn the_crl_is_looked_at() {
    need!("openssl");
    let folder = lived();
    let dates = "-crl_lastupdate 20200101000000Z -crl_nextupdate";
    let made = |line: &str| {
        folder.openssl(&format!("{CA} -gencrl -out demoCA/crl.pem {line}")).success();
    };
    made(&format!("{dates} 20200201000000Z"));
    found(&folder, "crl-expired").says(&["2020-02-01", "mailca crl"]);
    made(&format!("{dates} 20270101000000Z"));
    let soon = folder.openssl("crl -noout -nextupdate -in demoCA/crl.pem").success().text();
    let outcome = folder.mailca("doctor").output();
    // Whichever day it is: less than a third of such a time is left, or it is over.
    assert!(outcome.text().contains("[crl-ends-soon]") || outcome.status == Some(3), "{soon}");
    folder.write("demoCA/crl.pem", "nonsense\n");
    found(&folder, "crl-unreadable");
    folder.mailca("newca --ca-dir other --cn Other").success();
    folder.openssl("ca -config other/openssl.cnf -gencrl -out demoCA/crl.pem").success();
    found(&folder, "crl-not-of-this-ca");
    fs::remove_file(folder.path("demoCA/crl.pem")).unwrap();
    found(&folder, "crl-missing");
    made("");
    folder.openssl(&format!("{CA} -revoke joe/cert.pem")).success();
    found(&folder, "crl-incomplete").says(&["joe"]);
    folder.mailca("doctor --fix").verdict(&["crl-incomplete", "mailca crl"]);
    made("");
    sound(&folder);
}

#[test]
fn a_key_beside_a_certificate_that_is_not_its_own_is_told() {
    need!("openssl");
    let folder = lived();
    fs::remove_file(folder.path("joe/key.pem")).unwrap();
    fs::copy(folder.path("mx/key.pem"), folder.path("joe/key.pem")).unwrap();
    found(&folder, "key-not-of-certificate").says(&["joe/key.pem"]);
}

#[test]
fn a_ca_that_may_not_sign_lists_is_told() {
    need!("openssl");
    let folder = Folder::empty();
    folder
        .bash(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem \
         -out c.pem -subj /CN=Half -days 900 -addext keyUsage=critical,keyCertSign 2>/dev/null",
        )
        .success();
    folder.mailca("newca --from c.pem k.pem").success().says(&["cRLSign"]);
    folder.mailca("doctor").success().says(&["advice", "[ca-may-not-sign-crls]"]);
}

#[test]
fn adopt_previews_and_changes_nothing() {
    need!("openssl");
    let folder = lived();
    edit(&folder, "demoCA/index.txt.attr", |_| "unique_subject = yes\n".into());
    fs::remove_file(folder.path("demoCA/mailca.toml")).unwrap();
    folder.chmod("demoCA", 0o755);
    let before = crate::support::Snapshot::of(folder.root());
    let outcome = folder.mailca("doctor --adopt").success();
    assert_eq!(crate::support::Snapshot::of(folder.root()).changes_since(&before), "");
    outcome.says(&["[adopt-unique-subject]", "[adopt-no-settings]"]);
    edit(&folder, "demoCA/index.txt", |text| text + "\n");
    folder.mailca("doctor --adopt").verdict(&["[blank-lines]"]);
}

/// Whoever finds no certificate must not make a new CA.
#[test]
fn a_certificate_that_is_lost_is_put_back_from_wherever_it_is() {
    for place in ["newcerts", "folder"] {
        let folder = Folder::with_ca();
        folder.mailca("issue --cn mx.example.com mx").success();
        let before = folder.read("demoCA/cacert.pem");
        fs::remove_file(folder.path("demoCA/cacert.pem")).unwrap();
        if place == "folder" {
            fs::remove_dir_all(folder.path("demoCA/newcerts")).unwrap();
        } else {
            fs::remove_dir_all(folder.path("mx")).unwrap();
        }
        folder.mailca("newca").refused(&["cacert.pem is missing", "mailca doctor --fix"]);
        folder.mailca("list").refused(&["cacert.pem is missing", "mailca doctor --fix"]);
        found(&folder, "ca-certificate-missing").says(&["mailca doctor --fix"]);
        folder.mailca("doctor --fix").output();
        assert_eq!(folder.read("demoCA/cacert.pem"), before, "{place}");
        folder.mailca("issue --cn b.example.com b").success();
    }
}

#[test]
fn a_certificate_that_is_lost_for_good_is_told() {
    let folder = Folder::with_ca();
    fs::remove_file(folder.path("demoCA/cacert.pem")).unwrap();
    fs::remove_dir_all(folder.path("demoCA/newcerts")).unwrap();
    let outcome = folder.mailca("doctor --fix").verdict(&["was not found again", "backup"]);
    assert!(outcome.text().contains("[ca-certificate-missing]"), "{outcome}");

    // Which certificate is the right one, the key tells.
    let folder = Folder::empty();
    folder.write("pass", "correct horse\n");
    folder.mailca("newca --encrypt-key --ca-passphrase-file pass").success();
    fs::remove_file(folder.path("demoCA/cacert.pem")).unwrap();
    folder.mailca("doctor").verdict(&["--ca-passphrase-file"]);
    folder.mailca("doctor --fix --ca-passphrase-file pass").output();
    folder.mailca("issue --cn b.example.com b --ca-passphrase-file pass").success();
}

#[test]
fn the_lost_certificate_of_a_ca_between_two_keys_comes_with_the_old_ones() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mx.example.com mx").success();
    folder.mailca("rekey-ca --yes").success();
    let count = |folder: &Folder| folder.text("demoCA/cacert.pem").matches("BEGIN").count();
    let before = count(&folder);
    fs::remove_file(folder.path("demoCA/cacert.pem")).unwrap();
    folder.mailca("doctor --fix").output();
    assert_eq!(count(&folder), before);
    folder.mailca("verify mx/cert.pem").success();
    folder.mailca("issue --cn b.example.com b").success();
    folder.mailca("verify b/cert.pem").success();
}
