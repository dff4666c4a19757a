//! `mailca rekey-ca`.

use crate::support::{Certificate, Folder, Snapshot, mode, need};

/// The files in `previous/`.
fn previous(folder: &Folder) -> Vec<String> {
    let files = Snapshot::of(folder.root()).files();
    files.into_iter().filter(|name| name.starts_with("demoCA/previous/")).collect()
}

/// The file in `previous/` whose name after the key identifier is this.
fn one_of(folder: &Folder, end: &str) -> String {
    let mut found = previous(folder).into_iter();
    found.find(|name| name.split_once('.').unwrap().1 == end).unwrap()
}

#[test]
fn nobody_is_asked_without_a_terminal() {
    let folder = Folder::with_ca();
    folder.mailca("rekey-ca").usage(&["--yes"]);
    folder.mailca("rekey-ca --same-key").usage(&["--yes"]);
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let folder = Folder::with_ca();
    folder.mailca("rekey-ca --same-key --key-type rsa-2048 --yes").usage(&["--key-type"]);
    folder.mailca("rekey-ca --cert x --days 3 --yes").usage(&["--days"]);
    folder.mailca("rekey-ca --cert x --same-key --yes").usage(&["--same-key"]);
    folder.mailca("rekey-ca --days 0 --yes").usage(&["--days"]);
}

#[test]
fn without_a_ca_there_is_nothing_to_do() {
    Folder::empty().mailca("rekey-ca --yes").refused(&["no CA"]);
}

#[test]
fn new_dates_are_recorded_and_the_old_certificate_kept() {
    let folder = Folder::with_ca();
    let old = folder.read("demoCA/cacert.pem");
    let outcome = folder.mailca("rekey-ca --same-key --days 100 --yes --json").success();
    let json: serde_json::Value = serde_json::from_slice(&outcome.stdout).unwrap();
    let new = Certificate::read(&folder.path("demoCA/cacert.pem"));
    assert_eq!(json["action"], "same-key");
    assert_eq!(json["certificate"]["serial"], new.serial.as_str());
    assert_eq!(new.days, 100);
    let rows = folder.index();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1][3], new.serial);
    assert!(folder.exists(&format!("demoCA/newcerts/{}.pem", new.serial)));
    let files = Snapshot::of(folder.root()).files();
    let kept = files.iter().find(|name| name.starts_with("demoCA/cacert.pem.old-")).unwrap();
    assert_eq!(folder.read(kept), old);
    assert_eq!(mode(&folder.path("demoCA/cacert.pem")), 0o444);
    assert!(previous(&folder).is_empty());
}

#[test]
fn a_new_key_leaves_the_old_one_in_previous() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com old").success();
    let (old_key, old) = (
        folder.read("demoCA/private/cakey.pem"),
        Certificate::read(&folder.path("demoCA/cacert.pem")),
    );
    let outcome = folder.mailca("rekey-ca --yes --json").success();
    let json: serde_json::Value = serde_json::from_slice(&outcome.stdout).unwrap();
    let new = Certificate::read(&folder.path("demoCA/cacert.pem"));
    assert_eq!(new.subject, old.subject);
    assert_ne!(new.spki, old.spki);
    assert_eq!(json["certificate"]["serial"], new.serial.as_str());
    assert_eq!(folder.read(json["previous_key"].as_str().unwrap()), old_key);
    assert_eq!(folder.index().len(), 5, "the root and two cross certificates are recorded");
    for name in previous(&folder) {
        let wanted = match name.split_once('.').unwrap().1 {
            "key.pem" => 0o400,
            "until" => 0o644,
            _ => 0o444,
        };
        assert_eq!(mode(&folder.path(&name)), wanted, "{name}");
    }
    assert_eq!(mode(&folder.path("demoCA/previous")), 0o700);
    assert_eq!(mode(&folder.path("demoCA/private/cakey.pem")), 0o400);
    assert!(!folder.exists("demoCA/private/next-cakey.pem"));
    assert_ne!(folder.read("demoCA/private/cakey.pem"), old_key);
    // The limits are those of the old one.
    let limits = |certificate: &Certificate| certificate.extension("2.5.29.19").map(<[u8]>::to_vec);
    assert_eq!(limits(&new), limits(&old));
}

#[test]
fn the_old_key_signs_lists_while_its_cross_certificate_is_used() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com --days 100 old").success();
    folder.mailca("crl").success();
    folder.mailca("rekey-ca --yes").success().says(&["CRLPath"]);
    let until = one_of(&folder, "until");
    // It ends with the old certificate of the CA.
    assert_eq!(folder.text(&until).trim(), folder.index()[0][1]);
    assert_eq!(folder.text("demoCA/crl.pem").matches("BEGIN X509 CRL").count(), 2);
    folder.replace(&until, "200101000000Z\n");
    folder.mailca("crl").success().says_nothing_of(&["older key"]);
    assert_eq!(folder.text("demoCA/crl.pem").matches("BEGIN X509 CRL").count(), 1);
    // A key that was lost does not hold up the other list.
    let key = one_of(&folder, "key.pem");
    folder.replace(&until, "490101000000Z\n");
    std::fs::rename(folder.path(&key), folder.path("key")).unwrap();
    folder.mailca("crl").success().says(&["missing"]);
}

#[test]
fn renewed_twice_and_rolled_over_twice() {
    let folder = Folder::with_ca();
    for round in 0..2 {
        folder.mailca(&format!("issue --cn mail.example.com a{round}")).success();
        folder.mailca("rekey-ca --same-key --yes").success();
        folder.mailca(&format!("issue --cn mail.example.com b{round}")).success();
        folder.mailca("rekey-ca --yes").success();
        folder.mailca(&format!("issue --cn mail.example.com c{round}")).success();
    }
    for name in ["a0", "b0", "c0", "a1", "b1", "c1"] {
        folder.mailca(&format!("verify {name}/cert.pem --host mail.example.com")).success();
    }
    assert_eq!(previous(&folder).iter().filter(|name| name.ends_with(".key.pem")).count(), 2);
}

#[test]
fn the_type_of_the_new_key_is_that_of_the_old_one_or_as_asked() {
    let folder = Folder::with_ca_of("ecdsa-p384");
    let algorithm = || folder.mailca("show demoCA/cacert.pem").success().text();
    folder.mailca("rekey-ca --yes").success();
    assert!(algorithm().contains("P-384"));
    folder.mailca("rekey-ca --yes --key-type ed25519").success().says(&["Thunderbird"]);
    assert!(algorithm().contains("Ed25519"));
}

#[test]
fn a_key_of_the_ca_is_signed_by_neither() {
    let folder = Folder::with_ca();
    folder.write("old.key", folder.read("demoCA/private/cakey.pem"));
    folder.chmod("old.key", 0o400);
    folder.mailca("rekey-ca --yes").success();
    folder.mailca("newreq --cn mail.example.com --key old.key").success();
    folder.mailca("sign").refused(&["key of the CA itself"]);
}

#[test]
fn a_link_in_the_place_of_the_key_is_not_written_through() {
    let folder = Folder::with_ca();
    std::fs::rename(folder.path("demoCA/private/cakey.pem"), folder.path("stick.pem")).unwrap();
    std::os::unix::fs::symlink(folder.path("stick.pem"), folder.path("demoCA/private/cakey.pem"))
        .unwrap();
    folder.mailca("rekey-ca --yes").refused(&["not a plain file"]);
    folder.mailca("rekey-ca --same-key --yes").success();
}

#[test]
fn an_intermediate_is_sent_to_the_ca_above() {
    let folder = Folder::empty();
    folder.mailca("newca --path-len 1 --cn Root").success();
    folder.mailca("newreq --profile ca --cn Users users-ca").success();
    folder.mailca("sign users-ca --profile ca").success();
    folder.mailca("newca --ca-dir users --from users-ca").success();
    for line in ["rekey-ca --ca-dir users --yes", "rekey-ca --ca-dir users --same-key --yes"] {
        folder.mailca(line).refused(&["intermediate", "--cert"]);
    }
    let bring_in = "rekey-ca --ca-dir users --yes --cert";
    folder.mailca(bring_in).arg("users-ca").refused(&["has already"]);
    folder.mailca(bring_in).arg("demoCA/cacert.pem").refused(&["none of the certificates"]);
    folder.mailca(bring_in).arg("nowhere.pem").refused(&["nowhere.pem"]);
    folder.mailca("sign users-ca --profile client --yes --force").success();
    folder.mailca(bring_in).arg("users-ca/cert.pem").refused(&["not the certificate of a CA"]);
}

#[test]
fn a_ca_that_cannot_be_told_apart_is_refused() {
    need!("openssl");
    let folder = Folder::empty();
    folder.write(
        "cnf",
        "[req]\nprompt=no\ndistinguished_name=dn\n[dn]\nCN=Old\n[v3]\nbasicConstraints=CA:TRUE\n",
    );
    folder.foreign_key("ca", "EC ec_paramgen_curve:P-256");
    let make = |extensions: &str, out: &str| {
        folder
            .openssl("req -new -x509 -key ca.key -config cnf -days 99")
            .args(&["-out", out, "-extensions", extensions])
            .success();
    };
    folder.write("none.cnf", "subjectKeyIdentifier=none\nbasicConstraints=CA:TRUE\n");
    make("v3", "ca.pem");
    folder.openssl("x509 -x509toreq -in ca.pem -signkey ca.key -out ca.csr").success();
    folder
        .openssl("x509 -req -in ca.csr -signkey ca.key -days 99 -extfile none.cnf -out no-id.pem")
        .success();
    folder.mailca("newca --from no-id.pem ca.key").success();
    folder.mailca("rekey-ca --yes").refused(&["subject key identifier", "--force"]);
    folder.mailca("rekey-ca --yes --same-key").success();
    folder.mailca("rekey-ca --yes --force").success();
}

#[test]
fn an_encrypted_key_needs_its_passphrase() {
    let folder = Folder::empty();
    folder.write("pass", "ca secret\n");
    folder.mailca("newca --encrypt-key --ca-passphrase-file pass").success();
    for line in ["rekey-ca --yes", "rekey-ca --yes --same-key"] {
        folder.mailca(line).refused(&["--ca-passphrase-file"]);
    }
}
