//! `newreq`: keys, names, and going on with a key that is there.

use crate::support::{Folder, KEY_TYPES, mode, need, subject_of};

/// The SAN line of the request in `file`, as openssl prints it.
fn san(folder: &Folder, file: &str) -> String {
    let text = folder.openssl("req -noout -text -in").arg(file).success().text();
    let mut lines = text.lines().skip_while(|line| !line.contains("Subject Alternative Name"));
    lines.nth(1).unwrap_or_default().trim().to_string()
}

#[test]
fn every_key_type_is_made_and_read_by_openssl() {
    need!("openssl");
    let folder = Folder::empty();
    for (key_type, words) in KEY_TYPES.into_iter().zip([
        "prime256v1",
        "secp384r1",
        "ED25519",
        "(2048 bit",
        "(3072 bit",
        "(4096 bit",
    ]) {
        folder
            .mailca(&format!("newreq --cn a.example.com --key-type {key_type} {key_type}"))
            .success();
        let key =
            folder.openssl("pkey -noout -text -in").arg(&format!("{key_type}/key.pem")).success();
        key.says(&[words]);
        folder.openssl("req -verify -noout -in").arg(&format!("{key_type}/req.pem")).success();
    }
}

#[test]
fn hosts_have_p256_keys_and_persons_rsa_2048() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mailca("newreq --cn mail.example.com").success();
    folder.mailca("newreq --user joeuser --email joe@example.com joeuser").success();
    folder.openssl("pkey -noout -text -in key.pem").success().says(&["prime256v1"]);
    folder.openssl("pkey -noout -text -in joeuser/key.pem").success().says(&["(2048 bit"]);
}

#[test]
fn an_unknown_key_type_is_a_wrong_command_line() {
    let folder = Folder::empty();
    folder.mailca("newreq --cn a.example.com --key-type rsa-1024").usage(&["rsa-1024", "rsa-2048"]);
}

#[test]
fn the_name_is_in_the_san_without_being_asked_for() {
    need!("openssl");
    for (options, expected) in [
        ("--cn mail.example.com", "DNS:mail.example.com"),
        ("--cn *.example.com", "DNS:*.example.com"),
        (
            "--cn mail.example.com --san DNS:mx.example.com",
            "DNS:mail.example.com, DNS:mx.example.com",
        ),
        ("--cn mail.example.com --san DNS:mail.example.com", "DNS:mail.example.com"),
        ("--cn mail.example.com --san IP:192.0.2.1", "DNS:mail.example.com, IP Address:192.0.2.1"),
        ("--cn 192.0.2.7", "IP Address:192.0.2.7"),
        ("--cn 2001:db8::7", "IP Address:2001:DB8:0:0:0:0:0:7"),
        ("--cn müller.example", "DNS:xn--mller-kva.example"),
        ("--user joe --email joe@example.com", "email:joe@example.com"),
        (
            "--user joe --email joe@example.com --san email:j@example.com",
            "email:joe@example.com, email:j@example.com",
        ),
    ] {
        let folder = Folder::empty();
        folder.mailca(&format!("newreq {options}")).success();
        assert_eq!(san(&folder, "req.pem"), expected, "{options}");
    }
}

#[test]
fn names_that_cannot_be_are_refused() {
    let folder = Folder::empty();
    for (options, word) in [
        ("--cn mail..example.com", "mail..example.com"),
        ("--cn mail_host!.example.com", "mail_host!"),
        ("--cn mail.example.com --san DNS:-x-.example.com", "-x-.example.com"),
        ("--cn mail.example.com --san IP:300.1.2.3", "300.1.2.3"),
        ("--cn mail.example.com --san URI:http://x", "URI"),
        ("--user joe --email joe", "joe"),
        ("--user joe --email joe@", "joe@"),
        ("--user joe --email @example.com", "@example.com"),
    ] {
        let before = crate::support::Snapshot::of(folder.root());
        let outcome = folder.mailca(&format!("newreq {options}")).output();
        assert!(matches!(outcome.status, Some(1 | 2)), "{options}: {outcome}");
        assert!(outcome.stderr.contains(word), "{options}: {outcome}");
        let after = crate::support::Snapshot::of(folder.root());
        assert_eq!(after.changes_since(&before), "", "{options}");
    }
}

#[test]
fn without_a_terminal_a_missing_name_is_an_error_that_names_the_option() {
    let folder = Folder::empty();
    for line in ["newreq", "newreq joeuser", "newreq --no-input"] {
        let outcome = folder.mailca(line).output();
        assert!(matches!(outcome.status, Some(1 | 2)), "{outcome}");
        assert!(outcome.stderr.contains("--cn"), "{outcome}");
    }
    let outcome = folder.mailca("newreq --user joeuser").output();
    assert!(matches!(outcome.status, Some(1 | 2)), "{outcome}");
    assert!(outcome.stderr.contains("--email"), "{outcome}");
    assert!(std::fs::read_dir(folder.root()).unwrap().next().is_none());
}

#[test]
fn a_key_without_a_request_is_resumed() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mailca("newreq --cn mail.example.com").success();
    let key = folder.read("key.pem");
    let request = folder.read("req.pem");
    std::fs::remove_file(folder.path("req.pem")).unwrap();
    folder.mailca("newreq --cn mx.example.com").success();
    assert_eq!(folder.read("key.pem"), key);
    assert_ne!(folder.read("req.pem"), request);
    let of_key = folder.openssl("pkey -in key.pem -pubout").success().text();
    let of_request = folder.openssl("req -in req.pem -noout -pubkey").success().text();
    assert_eq!(of_key, of_request);
}

#[test]
fn a_key_from_elsewhere_is_used() {
    need!("openssl");
    for key in [
        "EC ec_paramgen_curve:P-256",
        "EC ec_paramgen_curve:P-384",
        "RSA rsa_keygen_bits:2048",
        "ED25519",
    ] {
        let folder = Folder::empty();
        folder.foreign_key("mine", key);
        folder.mailca("newreq --cn mail.example.com --key mine.key").success();
        let of_key = folder.openssl("pkey -in mine.key -pubout").success().text();
        let of_request = folder.openssl("req -in req.pem -noout -pubkey").success().text();
        assert_eq!(of_key, of_request, "{key}");
        let copied = folder.openssl("pkey -in key.pem -pubout").success().text();
        assert_eq!(of_key, copied, "{key}");
        assert_eq!(mode(&folder.path("key.pem")), 0o400);
    }
}

#[test]
fn keys_in_the_older_forms_are_used() {
    need!("openssl");
    for (make, pass) in [
        ("ecparam -name prime256v1 -genkey -out mine.key", false),
        ("genrsa -traditional -out mine.key 2048", false),
        ("genpkey -algorithm RSA -out mine.key -outform DER", false),
        ("genrsa -traditional -aes128 -passout pass:secret -out mine.key 2048", true),
    ] {
        let folder = Folder::empty();
        folder.openssl(make).success();
        let run = folder.mailca("newreq --cn mail.example.com --key mine.key");
        if pass {
            run.refused(&["openssl pkcs8 -topk8"]);
        } else {
            run.success();
            folder.openssl("req -verify -noout -in req.pem").success();
        }
    }
}

#[test]
fn a_key_that_is_too_weak_or_none_is_refused() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.foreign_key("weak", "RSA rsa_keygen_bits:1024");
    folder.write("words.key", "no key\n");
    for (key, word) in [
        ("weak.key", "2048"),
        ("words.key", "words.key"),
        ("demoCA/cacert.pem", "certificate"),
        ("no", "no"),
    ] {
        folder.mailca(&format!("newreq --cn a.example.com --key {key}")).refused(&[word]);
    }
}

#[test]
fn every_part_of_the_subject_has_its_option() {
    need!("openssl");
    let folder = Folder::empty();
    folder
        .mailca("newreq --cn mail.example.com --country DE --state Hessen --locality Giessen")
        .args(&["--org", "Müller & Söhne", "--ou", "One", "--ou", "Two"])
        .success();
    let text = folder
        .openssl("req -noout -subject -nameopt RFC2253,-esc_msb,utf8 -in req.pem")
        .success()
        .text();
    for part in [
        "CN=mail.example.com",
        "OU=One",
        "OU=Two",
        "O=Müller & Söhne",
        "L=Giessen",
        "ST=Hessen",
        "C=DE",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!subject_of(&folder.path("req.pem")).is_empty());
}

#[test]
fn the_request_of_a_ca_has_a_free_name_and_no_alternative_ones() {
    need!("openssl");
    let folder = Folder::with_ca();
    let newreq = || folder.mailca("newreq --profile ca");
    newreq().usage(&["--cn"]);
    newreq().args(&["--cn", "Users CA", "--san", "DNS:a.example.com"]).usage(&["--san"]);
    newreq().args(&["--user", "joe", "--email", "joe@example.com"]).usage(&["--user"]);
    newreq().args(&["--cn", "Example Users CA", "users-ca"]).success().says(&["--profile ca"]);
    let text = folder.openssl("req -noout -text -in users-ca/req.pem").success().text();
    assert!(text.contains("CN = Example Users CA") && text.contains("CA:TRUE"), "{text}");
    assert!(!text.contains("Alternative"), "{text}");
    // Its key is of the type of CAs.
    folder
        .mailca("newreq --profile ca --cn Users rsa")
        .env("MAILCA_CA_KEY_TYPE", "rsa-2048")
        .success();
    folder.openssl("rsa -noout -in rsa/key.pem").success();
    // A CA of path length 0 signs none.
    folder.mailca("sign users-ca --profile ca").refused(&["path length is 0"]);
    folder.mailca("sign users-ca").refused(&["--profile ca"]);
}

#[test]
fn a_profile_must_fit_the_names() {
    let folder = Folder::with_ca();
    folder.mailca("newreq --profile user --cn mail.example.com").usage(&["--user"]);
    let person = "--user joe --email joe@example.com";
    folder.mailca(&format!("newreq --profile server {person}")).usage(&["--cn"]);
    folder.mailca("newreq --profile server --cn mail.example.com").success();
    folder.mailca(&format!("newreq --profile user {person} joe")).success();
}

#[test]
fn the_next_key_lies_beside_the_current_one() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com --key-type rsa-2048 mail").success();
    let before =
        ["key.pem", "req.pem", "cert.pem"].map(|file| folder.read(&format!("mail/{file}")));
    let outcome = folder.mailca("newreq --next-key mail").success();
    outcome.says(&["mail/next-key.pem", "TLSA 3 1 1", "`mailca tlsa`", "`mailca renew mail`"]);
    let after = ["key.pem", "req.pem", "cert.pem"].map(|file| folder.read(&format!("mail/{file}")));
    assert_eq!(before, after);
    assert_eq!(mode(&folder.path("mail/next-key.pem")), 0o400);
    let next = folder.openssl("pkey -noout -text -in mail/next-key.pem").success();
    next.says(&["(2048 bit"]);
    assert_ne!(folder.read("mail/next-key.pem"), folder.read("mail/key.pem"));
    folder.mailca("newreq --next-key mail").refused(&["mail/next-key.pem", "mailca renew mail"]);
}

#[test]
fn the_next_key_may_be_of_another_type_and_json_tells_of_it() {
    need!("openssl");
    let folder = Folder::with_request();
    let outcome = folder.mailca("newreq --next-key --key-type ecdsa-p384 --json").success();
    let report: serde_json::Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!(report["next_key"], "next-key.pem");
    assert_eq!(report["key_type"], "ecdsa-p384");
    let der =
        folder.bash("openssl pkey -pubout -outform DER -in next-key.pem | sha256sum").success();
    let tlsa = report["tlsa_3_1_1"].as_str().unwrap();
    assert!(der.text().starts_with(tlsa), "{tlsa}");
}

#[test]
fn a_next_key_is_refused_where_no_key_is_or_names_are_given() {
    let folder = Folder::with_ca();
    folder.mailca("newreq --next-key").refused(&["key.pem is missing", "newreq --cn HOST"]);
    folder.mailca("newreq --next-key mail").refused(&["mail/key.pem is missing"]);
    for more in ["--cn a.example.com", "--force", "--profile ca", "--san DNS:b.example.com"] {
        folder.mailca(&format!("newreq --next-key {more}")).usage(&["--next-key"]);
    }
    folder.write("key.pem", "nonsense\n");
    folder.mailca("newreq --next-key").refused(&["key.pem"]);
    folder.mailca("newreq --next-key demoCA").refused(&["the CA's folder"]);
}

#[test]
fn the_type_of_an_encrypted_key_must_be_named() {
    need!("openssl");
    let folder = Folder::with_request();
    folder.openssl("pkcs8 -topk8 -passout pass:secret -in key.pem -out sealed.pem").success();
    folder.replace("key.pem", folder.read("sealed.pem"));
    folder.mailca("newreq --next-key").refused(&["key.pem is encrypted", "--key-type"]);
    folder.mailca("newreq --next-key --key-type ecdsa-p256").success();
}
