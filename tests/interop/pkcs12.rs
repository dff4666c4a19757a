//! PKCS#12 files are imported by everybody, at the first try.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::support::{Folder, Run, Snapshot, need, peers_python};

const NAME: &str = "Joe User's Personal Certificate";
const ASCII: &str = "correct horse";
const NON_ASCII: &str = "Schlüssel für 株式会社";

/// Every combination that matters: key type, form, password, more options.
type Case = (&'static str, &'static str, &'static str, &'static str);
const CASES: [Case; 8] = [
    ("rsa-2048", "modern", ASCII, ""),
    ("rsa-2048", "modern", NON_ASCII, "--iterations 2048"),
    ("rsa-2048", "apple", ASCII, "--iterations 2048"),
    ("rsa-2048", "android", NON_ASCII, "--iterations 2048"),
    ("ecdsa-p256", "modern", ASCII, "--iterations 2048"),
    ("ecdsa-p256", "modern", NON_ASCII, "--iterations 2048"),
    ("ecdsa-p256", "apple", ASCII, ""),
    ("ecdsa-p384", "thunderbird", ASCII, "--iterations 2048"),
];

/// `joe.p12` in a folder of its own, with its password in `pw`, and what mailca said.
fn exported(case: &Case) -> (Folder, String) {
    static MADE: LazyLock<Mutex<HashMap<Case, (Snapshot, String)>>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let (snapshot, said) = made.entry(*case).or_insert_with(|| {
        let (key_type, form, password, more) = case;
        let folder = Folder::with_ca();
        folder
            .mailca(&format!("issue --user joe --email joe@example.com --key-type {key_type} joe"))
            .success();
        folder.write("pw", format!("{password}\n"));
        let line =
            format!("export-p12 joe --password-file pw --for {form} -o joe.p12 {more} --name");
        let outcome = folder.mailca(&line).arg(NAME).success();
        (Snapshot::of(folder.root()), outcome.stderr)
    });
    (Folder::copy_of(snapshot), said.clone())
}

/// The bags as openssl prints them, in the spelling of its newer versions.
fn bags(folder: &Folder) -> String {
    let run = folder.openssl("pkcs12 -info -nodes -passin file:pw -in joe.p12");
    let text = run.success().text().replace(" = ", "=");
    // What a failing test prints holds no keys.
    let telling = text.lines().filter(|line| line.contains([' ', '=']) && !line.ends_with('='));
    telling.fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

#[test]
fn bags_are_in_order_and_tied_together() {
    need!("openssl");
    for case in &CASES {
        let (folder, _) = exported(case);
        let text = bags(&folder);
        let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}: {text}"));
        let ca = at("subject=O=Example, CN=Test CA ecdsa-p256");
        let user = at("CN=joe\n");
        let key = at("-----BEGIN PRIVATE KEY-----");
        assert!(ca < user && user < key, "{text}");
        assert_eq!(text.matches(&format!("friendlyName: {NAME}\n")).count(), 2, "{text}");
        let ids: Vec<_> = text.lines().filter(|line| line.contains("localKeyID:")).collect();
        assert_eq!(ids.len(), 2, "{text}");
        assert_eq!(ids[0].trim(), ids[1].trim());
        assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 2, "{text}");
    }
}

#[test]
fn openssl_gives_back_the_same_key_and_certificate() {
    need!("openssl");
    for case in &CASES {
        let (folder, _) = exported(case);
        folder.openssl("pkcs12 -nodes -nocerts -passin file:pw -in joe.p12 -out key").success();
        folder.openssl("pkcs12 -nokeys -clcerts -passin file:pw -in joe.p12 -out cert").success();
        for (made, original, show) in
            [("key", "joe/key.pem", "pkey"), ("cert", "joe/cert.pem", "x509")]
        {
            let of = |file: &str| folder.openssl(show).args(&["-in", file]).success().text();
            assert_eq!(of(made), of(original), "{case:?}");
        }
        folder.write("wrong", "wrong\n");
        folder.openssl("pkcs12 -noout -passin file:wrong -in joe.p12").exits(1);
    }
}

#[test]
fn nss_lists_the_user_as_a_user() {
    need!("certutil", "pk12util");
    for case in &CASES {
        let (folder, _) = exported(case);
        folder.mkdir("db");
        folder.program("certutil", "-N -d sql:db --empty-password").success();
        folder.program("pk12util", "-i joe.p12 -d sql:db -w pw").success();
        let list = folder.program("certutil", "-L -d sql:db").success().text();
        let of = |name: &str| list.lines().find(|line| line.starts_with(name)).map(str::to_string);
        let user = of(NAME).unwrap_or_else(|| panic!("{case:?}: {list}"));
        assert!(user.trim_end().ends_with("u,u,u"), "{list}");
        assert_eq!(list.matches(",,").count(), 1, "the CA is missing: {list}");
        // With the CA trusted, NSS verifies the certificate for signing mail.
        let ca = list.lines().find(|line| line.trim_end().ends_with(",,")).unwrap();
        let ca = ca.trim_end().trim_end_matches(',').trim().to_string();
        folder.program("certutil", "-M -d sql:db -t CT,C,C -n").arg(&ca).success();
        folder.program("certutil", "-V -d sql:db -u S -n").arg(NAME).success();
        folder.program("certutil", "-V -d sql:db -u C -n").arg(NAME).success();
    }
}

#[test]
fn gnutls_reads_key_and_certificates() {
    need!("certtool");
    for case in &CASES {
        let (folder, _) = exported(case);
        let text = folder
            .program("certtool", "--p12-info --inder --infile joe.p12 --password")
            .arg(case.2)
            .success()
            .text();
        assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 2, "{text}");
        assert!(text.contains(NAME), "{text}");
        let begin =
            text.find("-----BEGIN ENCRYPTED PRIVATE KEY").unwrap_or_else(|| panic!("{text}"));
        folder.write("key", &text[begin..]);
        folder
            .program("certtool", "--key-info --pkcs8 --infile key --password")
            .arg(case.2)
            .success()
            .says(&["PRIVATE KEY"]);
    }
}

#[test]
fn java_reads_ascii_passwords_and_others_are_warned_of() {
    need!("keytool");
    for case in &CASES {
        let (folder, said) = exported(case);
        let password = case.2;
        assert_eq!(said.contains("Java"), password == NON_ASCII, "{case:?}: {said}");
        if password == NON_ASCII || case.1 == "thunderbird" {
            continue;
        }
        let text = folder
            .program("keytool", "-list -v -storetype PKCS12 -keystore joe.p12 -storepass")
            .arg(password)
            .success()
            .text();
        assert!(text.contains("Entry type: PrivateKeyEntry"), "{text}");
        assert!(text.contains("Certificate chain length: 2"), "{text}");
        assert!(text.contains(&format!("Alias name: {}", NAME.to_lowercase())), "{text}");
        // Reading the key itself takes its password too.
        folder
            .program(
                "keytool",
                "-importkeystore -noprompt -srckeystore joe.p12 -destkeystore out.p12",
            )
            .args(&["-srcstoretype", "PKCS12", "-deststoretype", "PKCS12"])
            .args(&["-srcstorepass", password, "-deststorepass", password])
            .success();
    }
}

#[test]
fn python_cryptography_reads_everything() {
    let Some(python) = peers_python() else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/load_p12.py");
    for case in &CASES {
        let (folder, _) = exported(case);
        let outcome = Run::new(&python, folder.root(), "")
            .args(&[script.to_str().unwrap(), "joe.p12", "pw"])
            .success();
        let text = outcome.text();
        assert_eq!(text, format!("{NAME}\nkey matches\n1 CA certificate\n"), "{outcome}");
    }
}

#[test]
fn a_name_outside_ascii() {
    need!("openssl", "certutil", "pk12util");
    let folder = Folder::with_user();
    folder.write("pw", "correct horse\n");
    let name = "Jörg Müller 株式会社";
    folder.mailca("export-p12 joeuser --password-file pw -o joe.p12 --name").arg(name).success();
    folder.mkdir("db");
    folder.program("certutil", "-N -d sql:db --empty-password").success();
    folder.program("pk12util", "-i joe.p12 -d sql:db -w pw").success();
    let list = folder.program("certutil", "-L -d sql:db").success().text();
    let line = list.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{list}"));
    assert!(line.trim_end().ends_with("u,u,u"), "{list}");
}

#[test]
fn an_intermediate_is_in_the_file_before_the_user() {
    need!("openssl", "certutil", "pk12util", "certtool");
    let folder = Folder::empty();
    folder.write("pw", "correct horse\n");
    folder.mailca("newca --ca-dir root --path-len 1 --cn Root").success();
    folder.simple_request("sub", "/O=Example/CN=Sub CA", "");
    folder.mailca("sign --ca-dir root sub.csr --profile ca --yes -o sub.pem").success();
    folder.write("chain.pem", [folder.read("sub.pem"), folder.read("root/cacert.pem")].concat());
    folder.mailca("newca --ca-dir sub --from chain.pem sub.key").success();
    folder.mailca("issue --ca-dir sub --user joe --email joe@example.com joe").success();
    let chain = folder.text("joe/cacert.pem");
    assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 2, "issuer first, root last: {chain}");

    folder.mailca("export-p12 joe --password-file pw -o joe.p12").success();
    let text = bags(&folder);
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}: {text}"));
    let user = at("CN=joe\n");
    assert!(at("subject=O=Example, CN=Sub CA") < user, "{text}");
    assert!(at("subject=CN=Root") < user && user < at("BEGIN PRIVATE KEY"), "{text}");
    folder.mkdir("db");
    folder.program("certutil", "-N -d sql:db --empty-password").success();
    folder.program("pk12util", "-i joe.p12 -d sql:db -w pw").success();
    let list = folder.program("certutil", "-L -d sql:db").success().text();
    assert_eq!(list.matches("u,u,u").count(), 1, "{list}");
    assert_eq!(list.matches(",,   ").count() + list.matches(",,\n").count(), 2, "{list}");
}
