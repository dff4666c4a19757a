//! `quickstart`: the whole job for a host and a user, in a new folder.

use std::fs;

use crate::support::{Folder, Snapshot, mode, need};

const LINE: &str = "quickstart --host mail.example.com --user ann --email ann@example.com --dir q";

#[test]
fn a_host_and_a_user_have_all_they_need() {
    need!("openssl");
    let folder = Folder::empty();
    let outcome = folder.mailca(LINE).success();
    assert_eq!(mode(&folder.path("q")), 0o700);
    for name in ["mail.example.com", "ann"] {
        for file in ["key.pem", "cert.pem", "cacert.pem"] {
            assert_eq!(mode(&folder.path(&format!("q/{name}/{file}"))), 0o400, "{name}/{file}");
        }
    }
    folder
        .openssl("verify -x509_strict -purpose sslserver -CAfile q/demoCA/cacert.pem")
        .args(&["-verify_hostname", "mail.example.com", "q/mail.example.com/cert.pem"])
        .success();
    folder
        .openssl("verify -x509_strict -purpose smimesign -CAfile q/demoCA/cacert.pem")
        .args(&["-verify_email", "ann@example.com", "q/ann/cert.pem"])
        .success();
    assert_eq!(mode(&folder.path("q/ann.password")), 0o400);
    folder.openssl("pkcs12 -noout -in q/ann.p12 -passin file:q/ann.password").success();
    for word in ["q/ann.p12", "q/ann.password", "q/demoCA", "mailca issue"] {
        assert!(outcome.text().contains(word), "{word}: {outcome}");
    }
}

#[test]
fn nothing_has_to_be_given() {
    let folder = Folder::empty();
    folder.mailca("quickstart").success();
    assert!(folder.exists("mailca/demoCA/private/cakey.pem"));
    assert!(folder.exists("mailca/joeuser.p12"));
}

#[test]
fn what_is_said_next_works() {
    let folder = Folder::empty();
    folder.mailca(LINE).success();
    folder.mailca("verify mail.example.com/cert.pem --host mail.example.com").within("q").success();
    folder.mailca("issue --user bob --email bob@example.com bob").within("q").success();
}

#[test]
fn a_folder_that_is_there_is_left_alone() {
    let folder = Folder::empty();
    folder.mkdir("q");
    folder.write("q/notes", "mine");
    folder.mailca(LINE).refused(&["q", "--dir"]);
    folder.mailca("quickstart --dir none/q").refused(&["none/q"]);
}

#[test]
fn bad_names_are_refused_before_anything_is_made() {
    let folder = Folder::empty();
    for (options, word) in [
        ("--host bad..name", "bad..name"),
        ("--host mail.example.com --email nobody", "nobody"),
        ("--host mail.example.com --user ../x", "../x"),
    ] {
        let before = Snapshot::of(folder.root());
        let outcome = folder.mailca(&format!("quickstart {options}")).output();
        assert!(matches!(outcome.status, Some(1 | 2)), "{outcome}");
        assert!(outcome.stderr.contains(word), "{outcome}");
        assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "");
    }
}

#[test]
fn its_ca_is_in_its_own_folder() {
    let folder = Folder::empty();
    folder.mailca(&format!("{LINE} --ca-dir other")).usage(&["--ca-dir", "MAILCA_DIR", "--dir"]);
    folder.mailca(LINE).env("MAILCA_DIR", "other").usage(&["MAILCA_DIR"]);
}

#[test]
fn json_is_one_document_that_names_the_files() {
    let folder = Folder::empty();
    let text = folder.mailca(&format!("{LINE} --json")).success().text();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    for place in [
        &value["dir"],
        &value["ca_dir"],
        &value["host"]["folder"],
        &value["user"]["folder"],
        &value["user"]["p12"],
        &value["user"]["password_file"],
    ] {
        assert!(folder.exists(place.as_str().unwrap()), "{place}: {text}");
    }
    assert_eq!(value["host"]["name"], "mail.example.com");
    assert_eq!(value["user"]["email"], "ann@example.com");
    let password = folder.text("q/ann.password");
    assert!(!text.contains(password.trim_end()), "{text}");
}

#[test]
fn quiet_says_nothing() {
    let folder = Folder::empty();
    let outcome = folder.mailca(&format!("{LINE} -q")).success();
    assert!(outcome.stdout.is_empty() && outcome.stderr.is_empty(), "{outcome}");
    assert!(folder.exists("q/ann.p12"));
}

#[test]
fn a_host_name_without_a_domain_is_warned_of() {
    let folder = Folder::empty();
    let outcome = folder.mailca("quickstart --host mail").success();
    outcome.says(&["warning: mail is not a full host name", "--host"]);
    folder.mailca(LINE).success().says_nothing_of(&["warning"]);
}

#[test]
fn an_interrupted_run_is_gone_on_with_and_a_finished_one_is_not() {
    need!("openssl");
    for gone in [
        &["ann.p12"][..],
        &["ann.p12", "ann.password"],
        &["ann.p12", "ann.password", "ann/cert.pem"],
        &["ann.p12", "ann.password", "ann/cert.pem", "ann/cacert.pem", "ann/req.pem"],
    ] {
        let folder = Folder::empty();
        folder.mailca(LINE).success();
        for file in gone {
            fs::remove_file(folder.path("q").join(file)).unwrap();
        }
        let kept = ["demoCA/private/cakey.pem", "mail.example.com/cert.pem", "ann/key.pem"];
        let kept = kept.map(|file| (file, folder.read(&format!("q/{file}"))));
        folder.mailca(LINE).success().says(&["q/ann.p12", "mailca issue"]);
        for (file, bytes) in kept {
            assert_eq!(folder.read(&format!("q/{file}")), bytes, "{file} without {gone:?}");
        }
        folder.openssl("pkcs12 -noout -in q/ann.p12 -passin file:q/ann.password").success();
        folder.mailca(LINE).refused(&["q is there already", "mailca issue", "--dir"]);
    }
}
