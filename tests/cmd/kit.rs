//! `kit`: what is in it, whose it is, where it goes, and what is refused.

use std::fs;

use crate::support::{Folder, Snapshot, mode, need};

#[path = "kit/account.rs"]
mod account;
#[path = "kit/again.rs"]
mod again;
#[path = "kit/password.rs"]
mod password;
#[path = "kit/signature.rs"]
mod signature;

/// A CA, and joe's certificate in `joe/`.
pub fn with_joe() -> Folder {
    let folder = Folder::with_ca();
    folder.mailca("issue --user joe --email joe@example.com --key-type ecdsa-p256 joe").success();
    folder
}

pub const KIT: &str = "kit joe --password-out joe.password";

/// The names of the files in a folder.
pub fn names(folder: &Folder, below: &str) -> Vec<String> {
    let entries = fs::read_dir(folder.path(below)).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_kit_has_all_that_a_person_needs_and_not_the_password() {
    need!("openssl");
    let folder = with_joe();
    let outcome = folder.mailca(KIT).args(&["--name", "Joe User"]).success();
    assert!(outcome.stdout.is_empty(), "{outcome}");
    assert_eq!(
        names(&folder, "joe-kit"),
        ["cacert.crt", "cacert.pem", "joe-apple.p12", "joe.html", "joe.mobileconfig", "joe.p12"]
    );
    assert_eq!(mode(&folder.path("joe-kit")), 0o700);
    let password = folder.text("joe.password").trim_end().to_owned();
    for name in names(&folder, "joe-kit") {
        let path = format!("joe-kit/{name}");
        assert_eq!(mode(&folder.path(&path)), 0o400, "{name}");
        let content = folder.read(&path);
        let has = content.windows(password.len()).any(|window| window == password.as_bytes());
        assert!(!has, "the password is in {name}");
    }
    for (file, more) in [("joe.p12", ""), ("joe-apple.p12", "-legacy")] {
        let line = format!("pkcs12 -clcerts -nokeys {more} -passin file:joe.password -in joe-kit/");
        let of = folder.openssl(&(line + file)).success().text();
        assert!(of.contains("friendlyName: Joe User"), "{of}");
        assert!(of.contains(folder.text("joe/cert.pem").trim()), "{file}");
    }
    assert_eq!(folder.text("joe-kit/cacert.pem"), folder.text("joe/cacert.pem"));
    let der = folder.openssl("x509 -inform DER -in joe-kit/cacert.crt").success().text();
    assert_eq!(der, folder.text("demoCA/cacert.pem"));
}

#[test]
fn it_ends_by_saying_how_to_hand_it_over() {
    need!("openssl");
    let folder = with_joe();
    let print = "x509 -noout -fingerprint -sha256 -in demoCA/cacert.pem";
    let print = folder.openssl(print).success().text();
    let print = print.trim().split_once('=').unwrap().1.to_owned();
    folder.mailca(KIT).success().says(&[
        "joe-kit is the kit of joe@example.com",
        "the password by telephone or in person",
        "joe.password is the password",
        &print,
    ]);
    let page = folder.text("joe-kit/joe.html");
    assert!(page.contains(&print[..23]), "the page has another fingerprint: {page}");
    let quiet = folder.mailca("kit joe -q --password-out q --force").success();
    assert_eq!(quiet.stderr, "");
}

#[test]
fn json_tells_what_was_made() {
    let folder = with_joe();
    let line =
        "kit joe --json --password-out pw --imap imap.example.com --smtp mail.example.com:587";
    let text = folder.mailca(line).success().text();
    for said in [
        "\"kit\": \"joe-kit\"",
        "\"joe.mobileconfig\"",
        "\"email\": \"joe@example.com\"",
        "\"password_file\": \"pw\"",
        "\"port\": 993",
        "\"security\": \"starttls\"",
        "\"ca_sha256\": ",
        "\"signed_by\": null",
        "\"kept\": null",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains(folder.text("pw").trim()), "{text}");
}

#[test]
fn names_of_all_kinds_are_told_apart() {
    let folder = with_joe();
    folder
        .mailca(KIT)
        .args(&["--name", "Joe <b>&\"User'", "--friendly-name", "Mein Zeug"])
        .success();
    let page = folder.text("joe-kit/joe.html");
    assert!(page.contains("Joe &lt;b&gt;&amp;") && !page.contains("Joe <b>"), "{page}");
    for bad in ["", "  ", "a\nb"] {
        for option in ["--name", "--login"] {
            folder.mailca("kit joe --password-out pw -o out").args(&[option, bad]).usage(&[option]);
        }
    }
    folder
        .mailca("kit joe --password-out pw -o out --friendly-name")
        .arg("")
        .refused(&["friendly name"]);
}

#[test]
fn one_file_holds_the_same_below_one_folder() {
    need!("unzip");
    let folder = with_joe();
    folder.mailca("kit joe --password-out pw -o out.zip").success();
    assert_eq!(mode(&folder.path("out.zip")), 0o400);
    folder.program("unzip", "-q out.zip").success();
    assert_eq!(names(&folder, "joe-kit").len(), 6);
    folder.mailca("kit joe --password-out pw2 -o OTHER.ZIP").success();
    folder.program("unzip", "-t OTHER.ZIP").success().says(&["No errors"]);
}

#[test]
fn a_folder_or_a_file_anywhere() {
    let folder = with_joe();
    folder.mkdir("out");
    folder.mailca("kit joe --password-out pw -o out/for-joe/").success();
    assert!(folder.exists("out/for-joe/joe.p12"));
    // An empty folder is nothing that is in the way.
    folder.mkdir("empty");
    folder.mailca("kit joe --password-out pw2 -o empty").success();
    assert!(folder.exists("empty/joe.p12"));
    let line = "kit joe --password-out pw3 -o";
    folder.mailca(line).arg("missing/kit").refused(&["missing"]);
    folder.mailca(line).arg("missing/kit.zip").refused(&["missing"]);
    folder.mailca(line).arg("demoCA/kit").refused(&["CA's folder"]);
    folder.mailca(line).arg("demoCA/kit.zip").refused(&["CA's folder"]);
    folder.mailca(line).arg("..").usage(&["no name"]);
}

#[test]
fn a_server_gets_no_kit() {
    let folder = with_joe();
    folder.mailca("issue --cn mail.example.com mail").success();
    folder.mailca("kit mail --password-out pw").refused(&["server", "a kit is for a person"]);
    let other = Folder::with_ca();
    other.mailca("issue --cn mail.example.com").success();
    other.mailca("kit joe --password-out pw").refused(&["server", "person"]);
}

#[test]
fn a_certificate_without_an_address_gets_none() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.mkdir("box");
    folder.simple_request("box/it", "/CN=box", "DNS:box.example.com");
    folder.mailca("sign box/it.csr --profile client --yes -o box/cert.pem").success();
    fs::rename(folder.path("box/it.key"), folder.path("box/key.pem")).unwrap();
    fs::copy(folder.path("demoCA/cacert.pem"), folder.path("box/cacert.pem")).unwrap();
    folder.mailca("kit box --password-out pw").refused(&["no mail address", "--email"]);
}

#[test]
fn what_would_not_work_is_not_sent() {
    need!("openssl");
    let folder = with_joe();
    folder.mailca("revoke joe --reason superseded --yes").success();
    folder.mailca("kit joe --password-out pw").refused(&["revoked"]);
    let folder = with_joe();
    folder.dated("joe", "user_cert", -20, -10);
    folder.mailca("kit joe --password-out pw").refused(&["expired", "renew"]);
    let folder = with_joe();
    folder.mailca("issue --user ann --email ann@example.com --key-type ecdsa-p256 ann").success();
    folder.replace("joe/key.pem", folder.read("ann/key.pem"));
    folder.mailca("kit joe --password-out pw").refused(&["not the key"]);
    folder.mailca("kit jo --password-out pw").refused(&["jo", "is joe meant"]);
    folder.mailca("kit a/b --password-out pw").usage(&["a/b"]);
    folder.mailca("newreq --user eve --email eve@example.com --key-type ecdsa-p256 eve").success();
    folder.mailca("kit eve --password-out pw").refused(&["no certificate", "mailca sign eve"]);
}

#[test]
fn the_pair_can_be_elsewhere() {
    let folder = with_joe();
    folder.mailca("kit other --from joe --password-out pw").success();
    assert!(folder.exists("other-kit/other.p12") && folder.exists("other-kit/other.mobileconfig"));
    let alone = Folder::with_ca();
    alone.mailca("issue --user joe --email joe@example.com --key-type ecdsa-p256").success();
    alone.mailca("kit joe --password-out pw").success().says(&["no folder joe", "CN=joe"]);
    assert!(alone.exists("joe-kit/joe.p12"));
}

#[test]
fn a_template_of_ones_own_makes_the_page() {
    let folder = with_joe();
    folder.mkdir("own");
    folder.write("own/kit.html", "<p>{{ person }} {{ email }}</p>\n");
    folder.mailca("kit joe --password-out pw --template-dir own").success();
    assert_eq!(folder.text("joe-kit/joe.html"), "<p>joe joe@example.com</p>\n");
    folder.write("own/kit.html", "{{ tpyo }}\n");
    folder
        .mailca("kit joe --password-out pw2 --template-dir own -o x")
        .refused(&["own/kit.html line 1", "undefined"]);
    folder
        .mailca("kit joe --password-out pw2 --template-dir no -o x")
        .refused(&["no is not there"]);
}

#[test]
fn nothing_else_is_left_behind() {
    let folder = with_joe();
    let before = Snapshot::of(folder.root()).files().len();
    folder.mailca(KIT).success();
    assert_eq!(Snapshot::of(folder.root()).files().len(), before + 7);
}
