//! `issue --from`: certificates for a list of persons.

use std::collections::BTreeSet;
use std::fs;

use crate::support::{Certificate, Folder, Snapshot, mode, need};

#[path = "issue_from/again.rs"]
mod again;
#[path = "issue_from/bundles.rs"]
mod bundles;
#[path = "issue_from/lists.rs"]
mod lists;
#[path = "issue_from/passwords.rs"]
mod passwords;
#[path = "issue_from/refusals.rs"]
mod refusals;

/// Small keys, which tests have time for.
pub const LINE: &str = "issue --from users.csv --key-type ecdsa-p256";
pub const WITH_P12: &str =
    "issue --from users.csv --key-type ecdsa-p256 --p12 --password-out passwords.csv";

/// A CA, and this list in `users.csv`.
pub fn with_list(list: &str) -> Folder {
    let folder = Folder::with_ca();
    folder.write("users.csv", list);
    folder
}

pub fn two() -> Folder {
    with_list("login,name,email\njoe,Joe User,joe@example.com\nann,Ann Ümlaut,ann@example.com\n")
}

pub fn serial(folder: &Folder, login: &str) -> String {
    Certificate::read(&folder.path(&format!("{login}/cert.pem"))).serial
}

#[test]
fn everybody_in_the_list_has_a_certificate_of_a_person() {
    need!("openssl");
    let folder = two();
    let outcome = folder.mailca(LINE).success().says(&["2 certificates issued"]);
    assert!(outcome.stdout.is_empty(), "{outcome}");
    for login in ["joe", "ann"] {
        let cert = format!("{login}/cert.pem");
        let line = "verify -x509_strict -purpose smimesign -CAfile demoCA/cacert.pem";
        folder.openssl(line).arg(&cert).success();
        let line = "verify -x509_strict -purpose sslclient -CAfile demoCA/cacert.pem";
        folder.openssl(line).arg(&cert).success();
        let text = folder.openssl("x509 -noout -subject -ext subjectAltName -in").arg(&cert);
        text.success().says(&[&format!("CN = {login}"), &format!("email:{login}@example.com")]);
        for file in ["key.pem", "req.pem", "cert.pem", "cacert.pem"] {
            assert_eq!(mode(&folder.path(&format!("{login}/{file}"))), 0o400);
        }
        assert_eq!(mode(&folder.path(login)), 0o700);
        assert_eq!(folder.read(&format!("{login}/cacert.pem")), folder.read("demoCA/cacert.pem"));
    }
    assert!(!folder.exists("joe.p12"));
    assert_eq!(folder.index().len(), 3);
    folder.mailca("doctor").success().says(&["nothing is wrong"]);
}

#[test]
fn rows_and_options_say_what_is_in_the_certificates() {
    need!("openssl");
    let folder = with_list(
        "login,email,org,ou,locality,state,country,key_type,days,san\n\
         joe,joe@example.com,\"Söhne, Inc\",Sales,Graz,Styria,AT,ecdsa-p384,30,email:j@example.com email:joe.user@example.com\n\
         ann,ann@example.com,,,,,,,,\n",
    );
    folder
        .mailca("issue --from users.csv --key-type ecdsa-p256 --days 90 --ou Mail --cert-mode 0444 --crl-url http://ca.example.com/crl.der --yes")
        .args(&["--org", "Example Inc"])
        .success();
    let text =
        folder.openssl("x509 -noout -text -nameopt utf8,sep_comma_plus_space -in joe/cert.pem");
    text.success().says(&[
        "C=AT, ST=Styria, L=Graz, O=Söhne, Inc, OU=Sales, CN=joe",
        "email:joe@example.com, email:j@example.com, email:joe.user@example.com",
        "ASN1 OID: secp384r1",
        "URI:http://ca.example.com/crl.der",
    ]);
    let text =
        folder.openssl("x509 -noout -text -nameopt utf8,sep_comma_plus_space -in ann/cert.pem");
    text.success().says(&["O=Example Inc, OU=Mail, CN=ann", "NIST CURVE: P-256"]);
    let lasts = |login: &str, days: u32| {
        let seconds = (days - 1) * 86_400;
        folder.openssl(&format!("x509 -noout -checkend {seconds} -in {login}/cert.pem")).success();
        let seconds = (days + 1) * 86_400;
        folder.openssl(&format!("x509 -noout -checkend {seconds} -in {login}/cert.pem")).exits(1);
    };
    lasts("joe", 30);
    lasts("ann", 90);
    assert_eq!(mode(&folder.path("ann/cert.pem")), 0o444);
    assert_eq!(mode(&folder.path("ann/key.pem")), 0o400);
}

#[test]
fn a_person_has_rsa_by_default() {
    need!("openssl");
    let folder = with_list("login,email\njoe,joe@example.com\n");
    folder.mailca("issue --from users.csv").success();
    folder.openssl("x509 -noout -text -in joe/cert.pem").success().says(&["(2048 bit)"]);
}

#[test]
fn json_says_what_became_of_every_row() {
    let folder = with_list("login,email\njoe,joe@example.com\nbad,nowhere\nann,ann@example.com\n");
    let outcome = folder.mailca(&format!("{WITH_P12} --json")).exits(1);
    let document: serde_json::Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!(document["rows"], 3, "{outcome}");
    assert_eq!(document["issued"], 2);
    assert_eq!(document["bundles"], 2);
    assert_eq!(document["already_there"], 0);
    assert_eq!(document["password_file"], "passwords.csv");
    assert_eq!(document["failed"][0]["line"], 3);
    assert_eq!(document["failed"][0]["login"], "bad");
    assert!(document["failed"][0]["error"].as_str().unwrap().contains("nowhere"));
    let outcome = folder.mailca(&format!("{WITH_P12} --json")).exits(1);
    let document: serde_json::Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!((&document["issued"], &document["already_there"]), (&0.into(), &2.into()));
}

#[test]
fn quiet_says_nothing_but_what_is_wrong() {
    let folder = two();
    let outcome = folder.mailca(&format!("{WITH_P12} -q")).success();
    assert!(outcome.stderr.is_empty() && outcome.stdout.is_empty(), "{outcome}");
    folder.replace("users.csv", "login,email\nmax,nowhere\n");
    folder.mailca(&format!("{LINE} -q")).exits(1).says(&["line 2 (max)", "nowhere"]);
}

/// More than one group, and more rows than threads.
#[test]
fn three_hundred_persons() {
    need!("openssl");
    let rows: Vec<_> = (0..300).map(|n| format!("u{n},User {n},u{n}@example.com")).collect();
    let folder = with_list(&format!("login,name,email\n{}\n", rows.join("\n")));
    let outcome = folder.mailca(WITH_P12).success();
    assert!(!outcome.stderr.contains("warning"), "{outcome}");
    outcome.says(&["300 certificates issued", "300 bundles made"]);
    let rows = folder.index();
    assert_eq!(rows.len(), 301);
    let serials: BTreeSet<_> = rows.iter().map(|row| row[3].clone()).collect();
    assert_eq!(serials.len(), 301);
    for number in [0, 17, 299] {
        assert!(serials.contains(&serial(&folder, &format!("u{number}"))));
    }
    let passwords = folder.text("passwords.csv");
    let distinct: BTreeSet<_> =
        passwords.lines().map(|line| line.split_once(',').unwrap().1).collect();
    assert_eq!(distinct.len(), 301, "a password was given to two");
    let before = Snapshot::of(folder.root());
    folder.mailca(WITH_P12).success().says(&["0 certificates issued, 300 there already"]);
    assert!(Snapshot::of(folder.root()).changes_since(&before).is_empty());
    folder.mailca("doctor").success().says(&["nothing is wrong"]);
    assert_eq!(fs::read_dir(folder.path("demoCA/pending")).unwrap().count(), 0);
}

#[test]
fn an_encrypted_ca_signs_with_its_passphrase() {
    let folder = Folder::empty();
    folder.write("pass", "ca secret\n");
    folder.chmod("pass", 0o600);
    folder.mailca("newca --encrypt-key --ca-passphrase-file pass").success();
    folder.write("users.csv", "login,email\njoe,joe@example.com\n");
    folder.mailca(LINE).refused(&["passphrase", "--ca-passphrase-file"]);
    folder.mailca(&format!("{LINE} --ca-passphrase-file pass")).success();
}

#[test]
fn access_maps_follow() {
    let folder = two();
    let settings = folder.text("demoCA/mailca.toml") + "access-maps = [\"exim:../map\"]\n";
    folder.replace("demoCA/mailca.toml", settings);
    folder.mailca(LINE).success();
    let map = folder.text("map");
    assert!(map.contains("joe") && map.contains("ann"), "{map}");
    assert!(!folder.exists("demoCA/access-maps.due"));
}
