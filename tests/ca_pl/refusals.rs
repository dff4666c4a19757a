//! What cannot be honoured is named, and nothing is done.

use crate::answers::{HOST, NEWCA, ca_pl, lines, sign, with_request};
use crate::support::{Folder, need};

#[test]
fn arguments_that_are_unknown_too_many_or_cannot_be_honoured() {
    let folder = with_request(&HOST);
    for (line, words) in [
        ("", "nobody said what to do"),
        ("-newCA", "unknown argument \"-newCA\""),
        ("newca", "unknown argument \"newca\""),
        ("--help", "unknown argument \"--help\""),
        ("-precert", "-precert cannot be honoured"),
        (
            "-verify newcert.pem -extra-verify -x509_strict",
            "\"-x509_strict\" in -extra-verify cannot",
        ),
        ("-newreq mail.example.com", "\"mail.example.com\" is one argument too many"),
        ("-sign other.pem", "\"other.pem\" is one argument too many"),
        ("-crl x", "\"x\" is one argument too many"),
        ("-pkcs12 My Certificate", "\"Certificate\" is one argument too many"),
        ("-revoke", "needs the file"),
        ("-revoke newcert.pem because", "\"because\" is not a reason"),
        ("-revoke newcert.pem removeFromCRL", "removeFromCRL cannot be honoured"),
        ("-revoke newcert.pem superseded now", "\"now\" is one argument too many"),
    ] {
        ca_pl(&folder, line).stdin("y\ny\n").refused(&[words]);
    }
}

#[test]
fn configurations_of_openssl_cannot_be_honoured() {
    let folder = with_request(&HOST);
    for name in ["OPENSSL_CONFIG", "OPENSSL_CONF", "SSLEAY_CONFIG"] {
        let run = sign(&folder, "-sign").env(name, "-config /etc/ssl/other.cnf");
        run.refused(&[&format!("{name} cannot be honoured")]);
    }
    let outcome = sign(&folder, "-sign").env("OPENSSL_CONFIG", " ").env("OPENSSL", "openssl3");
    assert!(outcome.success().stderr.contains("OPENSSL=openssl3 is not used"));
}

#[test]
fn a_second_ca_in_the_same_place() {
    let folder = Folder::with_ca();
    let outcome =
        ca_pl(&folder, "-newca").stdin(lines(&NEWCA)).refused(&["there is a CA in ./demoCA"]);
    assert!(!outcome.stderr.contains("--ca-dir"), "{outcome}");
    let other = Folder::empty();
    other.mkdir("demoCA/private");
    ca_pl(&other, "-newca").stdin(lines(&NEWCA)).refused(&["not empty"]);
}

#[test]
fn advice_is_in_ca_pls_words() {
    need!("openssl");
    let folder = Folder::empty();
    for line in ["-verify", "-crl", "-revoke a.pem"] {
        folder.write("a.pem", "");
        folder.write("newreq.pem", "");
        let outcome = ca_pl(&folder, line).refused(&["no CA in ./demoCA", "CA.pl -newca"]);
        let outcome = outcome.says_nothing_of(&["--ca-dir"]);
        assert!(!outcome.stderr.contains("mailca newca"), "{outcome}");
    }
    folder
        .openssl("req -x509 -nodes -newkey rsa:2048 -keyout a.key -out a.pem -subj /CN=x")
        .success();
    let outcome =
        ca_pl(&folder, "-newca").stdin("a.pem\n").refused(&["no private key is in the file"]);
    assert!(!outcome.stderr.contains("given to --from"), "{outcome}");
}

#[test]
fn a_ca_without_a_name_or_with_differing_passphrases() {
    let folder = Folder::empty();
    for (position, answer, words) in [
        (2, "another", "differ"),
        (8, ".", "no common name"),
        (12, "another", "not the passphrase of before"),
        (9, "no address", "no @"),
    ] {
        let mut answers = NEWCA;
        answers[position] = answer;
        ca_pl(&folder, "-newca").stdin(lines(&answers)).refused(&[words]);
    }
}

#[test]
fn another_folder_of_the_ca_is_a_setting() {
    let folder = Folder::with_ca();
    std::fs::rename(folder.path("demoCA"), folder.path("ca")).unwrap();
    ca_pl(&folder, "-newreq-nodes").stdin(lines(&HOST)).success();
    sign(&folder, "-sign").exits(1).says(&["no CA in ./demoCA"]);
    sign(&folder, "-sign").env("MAILCA_DIR", "ca").success();
    sign(&folder, "-sign").env("MAILCA_DIRR", "ca").exits(1).says(&["MAILCA_DIRR"]);
}

#[test]
fn bundles_that_nobody_could_use() {
    need!("openssl");
    let folder = with_request(&HOST);
    ca_pl(&folder, "-pkcs12").stdin("x\nx\n").refused(&["newcert.pem"]);
    sign(&folder, "-sign").success();
    ca_pl(&folder, "-pkcs12").stdin("one\nother\n").refused(&["differ"]);
    ca_pl(&folder, "-pkcs12").stdin("\n\n").refused(&["empty"]);
    ca_pl(&folder, "-pkcs12").arg("").stdin("x\nx\n").refused(&["name", "empty"]);
    ca_pl(&folder, "-newreq-nodes").stdin(lines(&HOST)).success();
    ca_pl(&folder, "-pkcs12").stdin("x\nx\n").refused(&["newkey.pem is not the key"]);
    std::fs::remove_file(folder.path("newkey.pem")).unwrap();
    ca_pl(&folder, "-pkcs12").stdin("x\nx\n").refused(&["newkey.pem"]);
    std::fs::rename(folder.path("demoCA"), folder.path("other")).unwrap();
    ca_pl(&folder, "-pkcs12").stdin("x\nx\n").refused(&["no CA"]);
}

#[test]
fn a_bundle_of_a_protected_key_takes_the_place_of_an_older_one() {
    need!("openssl");
    let folder = Folder::with_ca();
    let answers = [&["key secret", "key secret"][..], &HOST].concat();
    ca_pl(&folder, "-newreq").stdin(lines(&answers)).success();
    sign(&folder, "-sign").success();
    folder.write("newcert.p12", "of before\n");
    ca_pl(&folder, "-pkcs12").stdin("wrong\nx\nx\n").refused(&["newkey.pem", "passphrase"]);
    ca_pl(&folder, "-pkcs12").stdin("key secret\nx\nx\n").success();
    let bundle = folder.openssl("pkcs12 -nokeys -passin pass:x -in newcert.p12").success().text();
    assert!(bundle.contains("friendlyName: My Certificate"), "{bundle}");
    let kept = crate::answers::kept(&folder, "newcert.p12");
    assert_eq!(folder.text(&kept[0]), "of before\n");
}

#[test]
fn what_does_not_verify_fails_and_the_others_are_still_looked_at() {
    let folder = with_request(&HOST);
    ca_pl(&folder, "-verify").refused(&["newcert.pem"]);
    sign(&folder, "-sign").success();
    let outcome = ca_pl(&folder, "-verify missing.pem newreq.pem newcert.pem").exits(1);
    assert_eq!(outcome.text(), "newcert.pem: OK\n", "{outcome}");
    outcome.says(&["missing.pem", "newreq.pem: no certificate", "2 of 3"]);
    let stranger = with_request(&HOST);
    sign(&stranger, "-sign").success();
    folder.mailca("newca --ca-dir other").success();
    ca_pl(&folder, "-verify").env("MAILCA_DIR", "other").exits(1).says(&["newcert.pem"]);
}
