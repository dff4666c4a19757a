//! `-extra-CMD`: what answers a question is honoured, the rest is named.

use crate::answers::{HOST, ca_pl, kept, lines, with_protected_ca, with_request};
use crate::support::{Certificate, Folder, need};

#[test]
fn a_whole_life_without_a_question() {
    need!("openssl");
    let folder = Folder::empty();
    folder.write("pass", "ca secret\n");
    folder.write("key pass", "key secret\n");
    folder.write("out", "exported\n");
    for name in ["pass", "key pass", "out"] {
        folder.chmod(name, 0o600);
    }
    ca_pl(&folder, "-newca -extra-req")
        .arg("-subj '/O=Example Inc/CN=Old CA' -batch -passout file:pass")
        .args(&["-extra-ca", "-days 2000 -passin file:pass"])
        .stdin("\n")
        .success();
    assert_eq!(Certificate::read(&folder.path("demoCA/cacert.pem")).days, 2000);
    assert!(folder.text("demoCA/private/cakey.pem").contains("ENCRYPTED"));
    let line = "-batch -subj \"/C=DE/O=Ex\\/ample/OU=a/OU=b/CN=mail.example.com\" -passout 'file:key pass'";
    ca_pl(&folder, "-newreq -extra-req").arg(line).success();
    let shown = folder.openssl("req -noout -subject -in newreq.pem").success().text();
    assert!(
        shown.contains("C = DE, O = Ex/ample, OU = a, OU = b, CN = mail.example.com"),
        "{shown}"
    );
    let outcome =
        ca_pl(&folder, "-sign -extra-ca").arg("-batch -days 20 -passin file:pass").success();
    assert!(!outcome.stderr.contains("[y/n]"), "{outcome}");
    assert_eq!(Certificate::read(&folder.path("newcert.pem")).days, 20);
    let line = "-passin 'file:key pass' -passout file:out";
    ca_pl(&folder, "-pkcs12 Joe -extra-pkcs12").arg(line).success();
    folder.openssl("pkcs12 -noout -passin pass:exported -in newcert.p12").success();
    ca_pl(&folder, "-revoke newcert.pem superseded -extra-ca").arg("-passin file:pass").success();
    ca_pl(&folder, "-crl -extra-ca").arg("-passin file:pass").success();
    ca_pl(&folder, "-newcert -extra-req").arg("-nodes -days 7 -subj /CN=a.example.com").success();
    assert_eq!(Certificate::read(&folder.path("newcert.pem")).days, 7);
    assert!(!folder.text("newkey.pem").contains("ENCRYPTED"));
    assert_eq!(kept(&folder, "newcert.pem").len(), 1);
}

#[test]
fn a_key_without_a_passphrase_and_the_name_of_the_machine() {
    let folder = Folder::empty();
    ca_pl(&folder, "-newca -extra-req").arg("-batch -noenc").stdin("\n").success();
    assert!(!folder.text("demoCA/private/cakey.pem").contains("ENCRYPTED"));
    ca_pl(&folder, "-newreq -extra-req").arg("-batch").refused(&["common name", "-subj"]);
    ca_pl(&folder, "-newreq -extra-req").arg("-nodes -subj /CN=a.example.com").success();
    ca_pl(&folder, "-sign -extra-ca -batch").success();
    ca_pl(&folder, "-xsign -extra-ca -batch").success();
}

#[test]
fn what_cannot_be_honoured_is_named_and_nothing_is_done() {
    let folder = with_request(&HOST);
    for (line, options, words) in [
        ("-newreq -extra-req", "-newkey rsa:4096", "\"-newkey\" in -extra-req cannot be honoured"),
        ("-newreq -extra-req", "-subj", "-subj needs a value"),
        ("-newreq -extra-req", "-subj CN=x", "begin with /"),
        ("-newreq -extra-req", "-subj /DC=org/CN=x", "\"DC\" is not a part"),
        ("-newreq -extra-req", "-days 30", "\"-days\" in -extra-req"),
        ("-newreq -extra-req", "-subj /CN=$HOST", "no shell"),
        ("-newreq -extra-req", "-subj '/CN=x", "has no end"),
        ("-newreq -extra-ca", "-days 30", "\"-days\" in -extra-ca"),
        ("-sign -extra-ca", "-days many", "not a number of days"),
        ("-sign -extra-ca", "-extensions v3_ca", "\"-extensions\" in -extra-ca"),
        ("-sign -extra-ca", "-subj /CN=x", "\"-subj\" in -extra-ca"),
        ("-sign -extra-ca", "-passin env:PASS", "from a file only"),
        ("-signcert -extra-x509", "-days 3", "\"-days\" in -extra-x509"),
        ("-verify -extra-verify", "-x509_strict", "\"-x509_strict\" in -extra-verify"),
        ("-sign -extra-engine", "-x", "unknown argument \"-extra-engine\""),
    ] {
        ca_pl(&folder, line).arg(options).stdin("y\ny\n").refused(&[words]);
    }
    ca_pl(&folder, "-sign -extra-ca").stdin("y\ny\n").refused(&["needs the options"]);
    let outcome = ca_pl(&folder, "-sign -extra-ca").arg("-passin pass:open_sesame").output();
    assert_eq!(outcome.status, Some(1), "{outcome}");
    assert!(
        outcome.stderr.contains("every user") && !outcome.stderr.contains("sesame"),
        "{outcome}"
    );
    let other = Folder::empty();
    other.write("old.pem", "");
    let run = ca_pl(&other, "-newca -extra-req").arg("-subj /CN=x");
    run.stdin("old.pem\n").refused(&["taken over"]);
}

#[test]
fn a_wrong_passphrase_in_the_file_is_refused() {
    let folder = with_protected_ca();
    ca_pl(&folder, "-newreq-nodes").stdin(lines(&HOST)).success();
    folder.write("wrong", "mistyped\n");
    ca_pl(&folder, "-sign -extra-ca").arg("-batch -passin file:wrong").refused(&["passphrase"]);
    ca_pl(&folder, "-sign -extra-ca").arg("-batch -passin file:gone").refused(&["gone"]);
}

#[test]
fn the_help_says_what_is_honoured() {
    let text = ca_pl(&Folder::empty(), "-help").success().text();
    for option in ["-extra-req", "-extra-ca", "-extra-pkcs12", "-subj", "-passin file:"] {
        assert!(text.contains(option), "{option}");
    }
}
