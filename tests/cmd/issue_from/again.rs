//! The same list again: what is done stays, what is lacking is made.

use std::fs;

use super::{LINE, WITH_P12, serial, two};
use crate::support::{Folder, Snapshot, need};

fn remove(folder: &Folder, names: &[&str]) {
    for name in names {
        fs::remove_file(folder.path(name)).unwrap();
    }
}

#[test]
fn a_second_run_changes_nothing() {
    let folder = two();
    folder.mailca(WITH_P12).success();
    let before = Snapshot::of(folder.root());
    for line in [LINE, WITH_P12, &format!("{WITH_P12} --force")] {
        folder.mailca(line).success().says(&["0 certificates issued, 2 there already"]);
        let changes = Snapshot::of(folder.root()).changes_since(&before);
        assert!(changes.is_empty(), "{line}: {changes}");
    }
}

#[test]
fn new_rows_are_done_and_old_ones_stay() {
    let folder = two();
    folder.mailca(WITH_P12).success();
    let (joe, passwords) = (folder.read("joe.p12"), folder.text("passwords.csv"));
    let list = folder.text("users.csv") + "max,Max,max@example.com\n";
    folder.replace("users.csv", list);
    folder.mailca(WITH_P12).success().says(&["1 certificate issued, 2 there already"]);
    assert_eq!(folder.read("joe.p12"), joe);
    let after = folder.text("passwords.csv");
    assert!(after.starts_with(&passwords) && after.lines().count() == 4, "{after}");
}

#[test]
fn whatever_is_lacking_is_made_without_a_second_certificate() {
    need!("openssl");
    let folder = two();
    folder.mailca(WITH_P12).success();
    let first = serial(&folder, "joe");
    let password = folder.text("passwords.csv");
    for lacking in [
        &["joe.p12"][..],
        &["joe/cert.pem"],
        &["joe/cacert.pem"],
        &["joe/cert.pem", "joe/cacert.pem", "joe.p12"],
    ] {
        remove(&folder, lacking);
        folder.mailca(WITH_P12).success().says(&["0 certificates issued, 1 completed"]);
        assert_eq!(serial(&folder, "joe"), first, "{lacking:?}");
        assert_eq!(folder.text("passwords.csv"), password, "{lacking:?}");
        assert!(lacking.iter().all(|name| folder.exists(name)));
    }
    assert_eq!(folder.index().len(), 3);
    let line = password.lines().find_map(|line| line.strip_prefix("joe,")).unwrap();
    folder.openssl("pkcs12 -noout -in joe.p12 -passin").arg(&format!("pass:{line}")).success();
}

#[test]
fn bundles_are_made_for_those_who_have_certificates() {
    need!("openssl");
    let folder = two();
    folder.mailca(LINE).success();
    let first = serial(&folder, "joe");
    folder.mailca(WITH_P12).success().says(&["2 completed", "2 bundles made"]);
    assert_eq!(serial(&folder, "joe"), first);
    folder.openssl("pkcs12 -noout -in joe.p12 -passin pass:wrong").exits(1);
}

#[test]
fn a_key_or_request_that_is_there_is_gone_on_with() {
    let folder = two();
    folder.mailca("newreq --user joe --email joe@example.com --key-type ecdsa-p256 joe").success();
    folder.mailca("newreq --user ann --email ann@example.com --key-type ecdsa-p256 ann").success();
    remove(&folder, &["ann/req.pem"]);
    let keys = ["joe/key.pem", "ann/key.pem"].map(|name| folder.read(name));
    folder.mailca(LINE).success().says(&["2 certificates issued"]);
    assert_eq!(["joe/key.pem", "ann/key.pem"].map(|name| folder.read(name)), keys);
}

#[test]
fn another_address_or_a_dead_certificate_is_a_bad_row_and_force_keeps_it_aside() {
    let folder = two();
    folder.mailca(LINE).success();
    let old = folder.read("joe/key.pem");
    folder.replace("users.csv", "login,email\njoe,other@example.com\nann,ann@example.com\n");
    folder.mailca(LINE).exits(1).says(&[
        "line 2 (joe)",
        "other@example.com",
        "joe@example.com",
        "--force",
    ]);
    folder.mailca("revoke ann --reason keyCompromise").success();
    folder.mailca(LINE).exits(1).says(&["line 3 (ann)", "revoked"]);
    // Whoever left is not let in again by an option that is meant for others.
    let outcome = folder.mailca(&format!("{LINE} --force")).exits(1);
    outcome.says(&[
        "1 certificate issued",
        "line 3 (ann)",
        "take the row out",
        "mailca issue --user ann",
    ]);
    let kept = fs::read_dir(folder.path("joe")).unwrap().map(|entry| entry.unwrap().path());
    assert!(kept.filter(|path| fs::read(path).unwrap() == old).count() == 1, "the key is lost");
    assert_ne!(folder.read("joe/key.pem"), old);
    folder.mailca("verify joe/cert.pem --email other@example.com").success();
}

#[test]
fn an_expired_certificate_is_a_bad_row_that_names_renew() {
    need!("openssl");
    let folder = two();
    folder.mailca("newreq --user joe --email joe@example.com --key-type ecdsa-p256 joe").success();
    folder.dated("joe", "user_cert", -20, -10);
    let outcome = folder.mailca(LINE).exits(1);
    outcome.says(&["line 2 (joe)", "expired", "mailca renew --profile user joe"]);
    assert!(folder.exists("ann/cert.pem"));
}

#[test]
fn a_certificate_of_another_ca_is_a_bad_row() {
    let folder = two();
    folder.mailca("newca --ca-dir other --cn Other").success();
    folder
        .mailca("issue --ca-dir other --user joe --email joe@example.com --key-type ecdsa-p256 joe")
        .success();
    folder.mailca(LINE).exits(1).says(&["line 2 (joe)", "not by this CA"]);
}

#[test]
fn with_force_an_old_bundle_is_kept_aside() {
    let folder = two();
    folder.write("joe.p12", "an older bundle");
    folder.mailca(WITH_P12).exits(1).says(&["joe.p12"]);
    folder.mailca(&format!("{WITH_P12} --force")).success().says(&["kept as joe.p12.old-"]);
    assert_ne!(folder.read("joe.p12"), b"an older bundle");
}

#[test]
fn another_certificate_of_the_name_is_warned_of_as_when_one_is_issued() {
    let folder = two();
    // Of another letter case, and for another purpose.
    let line = "issue --key-type ecdsa-p256 --user JOE --email jim@example.com other";
    folder.mailca(line).success();
    folder.mailca("newreq --cn ann client").success();
    folder.mailca("sign client --profile client --yes").success();
    let outcome = folder.mailca(LINE).success();
    let (joe, ann) = (serial(&folder, "other"), serial(&folder, "client"));
    outcome.says(&[
        &format!("JOE has a valid certificate already, serial {joe}, that is for jim@example.com"),
        &format!("ann has a valid certificate already, serial {ann}, that is for no mailbox"),
    ]);
    // The one that is made in the place of another is not told of twice.
    fs::rename(folder.path("other"), folder.path("away")).unwrap();
    folder.mailca(&format!("revoke {joe} --yes")).success();
    folder.mailca(&format!("revoke {ann} --yes")).success();
    let old = serial(&folder, "joe");
    fs::remove_dir_all(folder.path("joe")).unwrap();
    let outcome = folder.mailca(&format!("{LINE} --force")).success();
    assert!(outcome.stderr.matches(&old).count() > 0, "{outcome}");
    assert!(!outcome.stderr.contains("JOE"), "{outcome}");
}
