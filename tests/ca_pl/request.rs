//! `-newreq`, `-newreq-nodes`, `-newcert`: keys, names, defaults, and what was there before.

use crate::answers::{HOST, PERSON, ca_pl, kept, lines, with_request};
use crate::support::{Certificate, Folder, Snapshot, mode, need};

const PASSPHRASE: [&str; 2] = ["key secret", "key secret"];

#[test]
fn newreq_protects_the_key() {
    need!("openssl");
    let folder = Folder::empty();
    ca_pl(&folder, "-newreq").stdin(lines(&[&PASSPHRASE[..], &HOST].concat())).success();
    assert!(folder.text("newkey.pem").starts_with("-----BEGIN ENCRYPTED PRIVATE KEY"));
    assert_eq!(mode(&folder.path("newkey.pem")) & 0o077, 0);
    let key = folder.openssl("pkey -text -noout -in newkey.pem -passin").arg("pass:key secret");
    assert!(key.success().text().contains("2048 bit"));
    let request = folder.openssl("req -noout -verify -text -in newreq.pem").success().text();
    assert!(request.contains("CN = mail.example.com") && request.contains("DNS:mail.example.com"));
}

#[test]
fn a_self_signed_certificate_serves_and_can_be_signed() {
    need!("openssl");
    let folder = Folder::with_ca();
    let answers = [&PASSPHRASE[..], &HOST[..7]].concat();
    let outcome = ca_pl(&folder, "-newcert").stdin(lines(&answers)).success();
    assert_eq!(outcome.text(), "Cert is in newcert.pem, private key is in newkey.pem\n");
    folder.openssl("verify -purpose sslserver -CAfile newcert.pem newcert.pem").success();
    let shown = folder.openssl("x509 -noout -text -in newcert.pem").success().text();
    assert!(shown.contains("CA:FALSE") && shown.contains("DNS:mail.example.com"), "{shown}");
    assert_eq!(Certificate::read(&folder.path("newcert.pem")).days, 365);
    ca_pl(&folder, "-verify").exits(1).says(&["newcert.pem", "self-signed"]);

    folder.bash("cat newcert.pem newkey.pem > newreq.pem").success();
    ca_pl(&folder, "-signcert").stdin("wrong\ny\ny\n").refused(&[
        "newreq.pem",
        "passphrase",
        "newcert.pem is from before",
    ]);
    let outcome = ca_pl(&folder, "-signcert").stdin("key secret\ny\ny\n").success();
    assert_eq!(outcome.text(), "Signed certificate is in newcert.pem\n");
    ca_pl(&folder, "-verify").success();
    assert!(!folder.exists("tmp.pem"));
}

#[test]
fn a_certificate_made_by_openssl_is_signed_too() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder
        .openssl("req -x509 -nodes -newkey rsa:2048 -keyout newreq.pem -out cert.pem -subj")
        .args(&["/O=Example/CN=mail.example.com", "-days", "30"])
        .success();
    folder.bash("cat cert.pem >> newreq.pem").success();
    ca_pl(&folder, "-signcert").stdin("y\ny\n").success();
    folder.openssl("verify -purpose sslserver -CAfile demoCA/cacert.pem newcert.pem").success();
    let other = Folder::with_ca();
    other.openssl("genrsa -out other.pem 2048").success();
    other.write("newreq.pem", [folder.read("cert.pem"), other.read("other.pem")].concat());
    ca_pl(&other, "-signcert").stdin("y\ny\n").refused(&["newreq.pem", "not its certificate's"]);
}

#[test]
fn what_is_there_is_kept_aside() {
    let folder = with_request(&HOST);
    let (key, request) = (folder.read("newkey.pem"), folder.read("newreq.pem"));
    let outcome = ca_pl(&folder, "-newreq-nodes").stdin(lines(&PERSON)).success();
    assert!(outcome.stderr.contains("newkey.pem.old-"), "{outcome}");
    for (name, old) in [("newkey.pem", key), ("newreq.pem", request)] {
        assert_ne!(folder.read(name), old);
        let kept = kept(&folder, name);
        assert_eq!(kept.len(), 1, "{name}: {kept:?}");
        assert_eq!(folder.read(&kept[0]), old, "{name}");
    }
    for _ in 0..2 {
        ca_pl(&folder, "-newreq-nodes").stdin(lines(&PERSON)).success();
    }
    assert_eq!(kept(&folder, "newkey.pem").len(), 3);
    let hidden = Snapshot::of(folder.root()).files().into_iter().find(|name| name.starts_with('.'));
    assert_eq!(hidden, None);
}

#[test]
fn defaults_stand_in_brackets_and_enter_takes_them() {
    need!("openssl");
    let folder = Folder::with_ca();
    let defaults = "country = \"DE\"\norganization = \"Example\"\n\
                    organizational-unit = [\"One\", \"Two\"]\nhost-key-type = \"ecdsa-p384\"\n\
                    leaf-days = 90\ncert-mode = \"0400\"\n";
    folder.replace("demoCA/mailca.toml", defaults);
    let answers = ["", "", "", "", "", "mail.example.com", "", "", ""];
    let outcome = ca_pl(&folder, "-newreq-nodes").stdin(lines(&answers)).success();
    for question in [
        "Country Name (2 letter code) [DE]:",
        "Organization Name (eg, company) [Example]:",
        "Organizational Unit Name (eg, section) [One, Two]:",
        "Locality Name (eg, city) []:",
    ] {
        assert!(outcome.stderr.contains(question), "{question}{outcome}");
    }
    let shown = folder.openssl("req -noout -text -in newreq.pem").success().text();
    assert!(
        shown.contains("C = DE, O = Example, OU = One, OU = Two, CN = mail.example.com"),
        "{shown}"
    );
    assert!(shown.contains("(384 bit)"), "{shown}");
    assert_eq!(mode(&folder.path("newreq.pem")), 0o400);
    ca_pl(&folder, "-sign").stdin("y\ny\n").success();
    assert_eq!(Certificate::read(&folder.path("newcert.pem")).days, 90);
    let answers = [".", "", "", ".", ".", "mail.example.com", "", "", ""];
    let run = ca_pl(&folder, "-newreq-nodes").env("MAILCA_STATE", "Hessen");
    run.stdin(lines(&answers)).success();
    let shown = folder.openssl("req -noout -subject -in newreq.pem").success().text();
    assert_eq!(shown.trim(), "subject=ST = Hessen, CN = mail.example.com");
}

#[test]
fn defaults_are_taken_from_the_settings_beside_the_ca_too() {
    need!("openssl");
    let folder = Folder::empty();
    folder.write("c.toml", "country = \"DE\"\nhost-key-type = \"ecdsa-p256\"\n");
    let answers = ["", "", "", "", "", "mail.example.com", "", "", ""];
    let run = ca_pl(&folder, "-newreq-nodes").env("MAILCA_CONFIG", "c.toml");
    run.stdin(lines(&answers)).success();
    let shown = folder.openssl("req -noout -text -in newreq.pem").success().text();
    assert!(shown.contains("C = DE, CN = mail.example.com"), "{shown}");
    assert!(shown.contains("(256 bit)"), "{shown}");
    let run = ca_pl(&folder, "-newreq-nodes").env("MAILCA_CONFIG", "gone.toml");
    run.stdin(lines(&answers)).exits(1).says(&["gone.toml is not there"]);
}

#[test]
fn attributes_are_asked_for_and_said_to_be_left_out() {
    need!("openssl");
    let folder = Folder::empty();
    let answers = [&HOST[..7], &["challenge", "Example Inc"]].concat();
    let outcome = ca_pl(&folder, "-newreq-nodes").stdin(lines(&answers)).success();
    assert!(outcome.stderr.contains("challenge password is left out"), "{outcome}");
    assert!(outcome.stderr.contains("company name is left out"), "{outcome}");
    assert!(
        !folder.openssl("req -noout -text -in newreq.pem").success().text().contains("challenge")
    );
}

#[test]
fn answers_that_no_name_has_room_for_are_refused() {
    let folder = Folder::empty();
    for (position, answer, words) in [
        (0, "DEU", "two letters"),
        (5, &"x".repeat(65)[..], "64"),
        (6, "no address", "@"),
        (6, "jörg@example.com", "ASCII"),
    ] {
        let mut answers = HOST;
        answers[position] = answer;
        ca_pl(&folder, "-newreq-nodes").stdin(lines(&answers)).refused(&[words]);
    }
    ca_pl(&folder, "-newreq-nodes").stdin("\n".repeat(9)).refused(&["no part at all"]);
    ca_pl(&folder, "-newreq-nodes").stdin(b"DE\n\xFF\xFE\n").refused(&["UTF-8"]);
    ca_pl(&folder, "-newreq-nodes").stdin("x".repeat(100_000)).refused(&["longer"]);
}

#[test]
fn passphrases_must_agree_and_have_four_characters() {
    let folder = Folder::empty();
    for line in ["-newreq", "-newcert"] {
        let answers = |first: &str, second: &str| lines(&[&[first, second][..], &HOST].concat());
        ca_pl(&folder, line).stdin(answers("key secret", "key secreT")).refused(&["differ"]);
        ca_pl(&folder, line).stdin(answers("abc", "abc")).refused(&["shorter than 4"]);
        ca_pl(&folder, line).stdin(answers("", "")).refused(&["shorter than 4"]);
    }
}

#[test]
fn a_link_or_folder_is_not_written_over() {
    for (line, name) in [
        ("-newreq-nodes", "newkey.pem"),
        ("-newreq-nodes", "newreq.pem"),
        ("-newcert", "newcert.pem"),
    ] {
        let folder = Folder::empty();
        std::os::unix::fs::symlink("/etc/hostname", folder.path(name)).unwrap();
        ca_pl(&folder, line).stdin(lines(&HOST)).refused(&[name, "not a plain file"]);
        std::fs::remove_file(folder.path(name)).unwrap();
        folder.mkdir(name);
        ca_pl(&folder, line).stdin(lines(&HOST)).refused(&[name, "not a plain file"]);
    }
}
