//! `show`: every kind is told by its content, and printed for a person.

use crate::support::{Certificate, Folder, need};

fn every_kind() -> Folder {
    let folder = Folder::with_user();
    folder.mailca("issue --cn mail.example.com --san IP:192.0.2.1").success();
    folder.write("pw", "correct horse\n");
    folder.mailca("export-p12 joeuser --password-file pw -o joe.p12").success();
    folder.openssl("ca -config demoCA/openssl.cnf -gencrl -out crl.pem").success();
    folder.openssl("crl -in crl.pem -outform DER -out crl.der").success();
    folder.openssl("x509 -in cert.pem -outform DER -out cert.der").success();
    folder.openssl("req -in req.pem -outform DER -out req.der").success();
    folder.openssl("pkey -in key.pem -outform DER -out key.der").success();
    folder.openssl("pkey -in key.pem -pubout -out public.pem").success();
    folder
        .openssl("pkcs8 -topk8 -in key.pem -out locked.pem -passout file:pw -iter 2048")
        .success();
    let bundle = [folder.read("key.pem"), folder.read("cert.pem"), folder.read("cacert.pem")];
    folder.write("bundle.pem", bundle.concat());
    folder
}

#[test]
fn every_kind_is_told_by_its_content() {
    need!("openssl");
    let folder = every_kind();
    for (file, words) in [
        ("cert.pem", &["certificate", "mail.example.com", "192.0.2.1", "expires in"][..]),
        ("cert.der", &["certificate", "mail.example.com"]),
        ("demoCA/cacert.pem", &["certificate", "Test CA ecdsa-p256"]),
        ("req.pem", &["request", "mail.example.com"]),
        ("req.der", &["request", "mail.example.com"]),
        ("crl.pem", &["revocation", "Test CA ecdsa-p256"]),
        ("crl.der", &["revocation", "Test CA ecdsa-p256"]),
        ("key.pem", &["key", "P-256"]),
        ("key.der", &["key", "P-256"]),
        ("bundle.pem", &["key", "mail.example.com", "Test CA ecdsa-p256"]),
        ("joe.p12 --password-file pw", &["joe@example.com", "Test CA ecdsa-p256", "key"]),
        ("locked.pem --password-file pw", &["key", "P-256"]),
    ] {
        let outcome = folder.mailca(&format!("show {file}")).success();
        let text = outcome.text().to_lowercase();
        for word in words {
            assert!(text.contains(&word.to_lowercase()), "{file}: {word}: {outcome}");
        }
        let plain = file.split(' ').next().unwrap();
        if !plain.contains("p12") {
            // Its name says nothing: only the content does.
            folder.write("noname", folder.read(plain));
            let again = folder.mailca(&format!("show {}", file.replace(plain, "noname"))).success();
            assert_eq!(again.text().replace("noname", plain), outcome.text(), "{file}");
            std::fs::remove_file(folder.path("noname")).unwrap();
        }
    }
}

#[test]
fn a_private_key_never_leaves_the_file() {
    need!("openssl");
    let folder = every_kind();
    let key = folder.openssl("pkey -noout -text -in key.pem").success().text();
    let mut lines = key.lines().skip_while(|line| !line.starts_with("priv:")).skip(1);
    let secret: String = lines.next().unwrap().trim().chars().take(30).collect();
    let body: String = folder.text("key.pem").lines().nth(1).unwrap().to_string();
    for file in ["key.pem", "bundle.pem", "key.pem --text", "key.pem --json"] {
        let text = folder.mailca(&format!("show {file}")).success().text().to_lowercase();
        assert!(
            !text.contains(&secret) && !text.contains(&secret.replace(':', "")),
            "{file}: {text}"
        );
        assert!(!text.contains(&body.to_lowercase()), "{file}: {text}");
    }
}

#[test]
fn fingerprints_are_those_of_openssl() {
    need!("openssl");
    let folder = every_kind();
    let printed = folder.openssl("x509 -noout -fingerprint -sha256 -in cert.pem").success().text();
    let fingerprint = printed.trim().split_once('=').unwrap().1.to_string();
    let shown = folder.mailca("show cert.pem").success().text().to_uppercase();
    let bare = fingerprint.replace(':', "");
    assert!(shown.contains(&fingerprint) || shown.replace(':', "").contains(&bare), "{shown}");
}

#[test]
fn sendmails_forms_of_the_names_are_shown() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.simple_request(
        "other",
        "/O=Example Org/CN=darth\\+cert@example.com",
        "email:darth+cert@example.com",
    );
    folder.mailca("sign other.csr --profile user --yes").success();
    let shown = folder.mailca("show other.cert.pem").success().text();
    assert!(shown.contains("/O=Example+20Org/CN=darth+5C+2Bcert@example.com"), "{shown}");
    assert!(shown.contains("/O=Example/CN=Test+20CA+20ecdsa-p256"), "{shown}");
}

#[test]
fn validity_is_in_words() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.mailca("issue --cn a.example.com --days 12").success();
    folder.mailca("show cert.pem").success().says(&["expires in 1"]);
    folder
        .openssl("ca -config demoCA/openssl.cnf -batch -notext -in req.pem -out old.pem")
        .args(&["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"])
        .success();
    folder.mailca("show old.pem").success().says(&["expired", "2020"]);
    folder
        .openssl("ca -config demoCA/openssl.cnf -batch -notext -in req.pem -out new.pem")
        .args(&["-startdate", "20480101000000Z", "-enddate", "20490201000000Z"])
        .success();
    folder.mailca("show new.pem").success().says(&["not yet valid", "2048"]);
}

#[test]
fn a_serial_is_shown_from_the_ca() {
    let folder = Folder::with_user();
    let serial = Certificate::read(&folder.path("joeuser/cert.pem")).serial;
    for form in [serial.clone(), serial.to_lowercase()] {
        folder.mailca(&format!("show {form}")).success().says(&["joe@example.com"]);
    }
    let pem = folder.mailca(&format!("show {serial} --pem")).success().text();
    assert_eq!(pem, folder.text("joeuser/cert.pem"));
    folder.mailca("show 0123456789ABCDEF").refused(&["0123456789ABCDEF"]);
}

#[test]
fn stdin_is_shown_too() {
    let folder = Folder::with_user();
    let bytes = folder.read("joeuser/cert.pem");
    folder.mailca("show -").stdin(bytes).success().says(&["joe@example.com"]);
}

#[test]
fn text_shows_everything() {
    need!("openssl");
    let folder = every_kind();
    let text = folder.mailca("show --text cert.pem").success().text();
    let lower = text.to_lowercase();
    for word in
        ["serial", "subject key identifier", "authority key identifier", "ecdsa", "ca:false"]
    {
        assert!(lower.contains(word), "{word}: {text}");
    }
    let serial = Certificate::read(&folder.path("cert.pem")).serial.to_lowercase();
    assert!(lower.replace(':', "").contains(&serial), "{text}");
}

#[test]
fn json_is_there_for_every_kind() {
    need!("openssl");
    let folder = every_kind();
    for file in [
        "cert.pem",
        "req.pem",
        "crl.pem",
        "key.pem",
        "bundle.pem",
        "joe.p12 --password-file pw",
        "cert.pem req.pem",
    ] {
        let text = folder.mailca(&format!("show --json {file}")).success().text();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(!value.as_object().is_some_and(serde_json::Map::is_empty), "{file}: {text}");
    }
}

#[test]
fn what_is_encrypted_needs_a_password() {
    need!("openssl");
    let folder = every_kind();
    folder.write("wrong", "wrong\n");
    for file in ["joe.p12", "locked.pem"] {
        folder.mailca(&format!("show {file}")).refused(&["--password-file", file]);
        folder.mailca(&format!("show {file} --password-file wrong")).refused(&["password", file]);
    }
}

#[test]
fn what_is_none_of_these_says_what_it_is_not() {
    let folder = Folder::empty();
    folder.write("words", "just words\n");
    folder.write("empty", "");
    folder.write("noise", [0x30, 0x82, 0xff, 0xff, 0, 1, 2, 3]);
    folder.write("odd.pem", "-----BEGIN POEM-----\nAAAA\n-----END POEM-----\n");
    for (file, word) in [
        ("words", "words"),
        ("empty", "empty"),
        ("noise", "noise"),
        ("odd.pem", "POEM"),
        ("gone", "gone"),
    ] {
        folder.mailca(&format!("show {file}")).refused(&[word, file]);
    }
}

#[test]
fn a_key_beside_the_certificate_that_is_another_ones_is_told() {
    let folder = Folder::with_user();
    folder.mailca("issue --cn mail.example.com mail").success();
    let words = ["mail/key.pem is not the key of the certificate beside it"];
    for line in ["show mail", "show mail/cert.pem", "show mail/cacert.pem", "show mail --json"] {
        folder.mailca(line).success().says_nothing_of(&words);
    }
    folder.replace("mail/key.pem", folder.read("joeuser/key.pem"));
    folder.mailca("show mail/cert.pem").success().says(&words);
    folder.mailca("show mail").success().says(&words);
    let outcome = folder.mailca("show joeuser/cert.pem mail/cert.pem --json").success();
    assert_eq!(outcome.stderr.matches("is not the key").count(), 1, "{outcome}");
    // Of the CA's certificates in the folder it is no key anyway, and a request has none to compare.
    for line in ["show mail/cacert.pem", "show mail/req.pem"] {
        folder.mailca(line).success().says_nothing_of(&["is not the key"]);
    }
}
