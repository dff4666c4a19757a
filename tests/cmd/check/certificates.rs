//! The certificate and its chain.

use rustls::pki_types::CertificateDer;
use serde_json::Value;

use super::{
    Openssl, check, check_files, config, finds, presenting, seen, signed, submissions, with_host,
};
use crate::support::{Folder, need};

const EC: &str = "EC ec_paramgen_curve:P-256";
const BOTH: &str = "extendedKeyUsage=serverAuth,clientAuth\n";
const SAN: &str = "subjectAltName=DNS:mail.example.com\n";

#[test]
fn a_server_in_order_has_nothing_to_mend() {
    let folder = with_host();
    finds(check_files(&folder, "mail/key.pem", &["mail/cert.pem"], ""), &[]);
    // The root may be there, and has to be for DANE-TA.
    finds(check_files(&folder, "mail/key.pem", &["mail/cert.pem", "demoCA/cacert.pem"], ""), &[]);
}

#[test]
fn what_openssl_made_is_judged() {
    need!("openssl");
    let folder = Folder::with_ca();
    for (name, extensions, options, wanted) in [
        ("good", [SAN, BOTH].concat(), "-days 100", &[][..]),
        ("name", BOTH.to_owned(), "-days 100", &["warning san-missing"]),
        (
            "client",
            [SAN, "extendedKeyUsage=clientAuth\n"].concat(),
            "-days 100",
            &["error server-usage-missing"],
        ),
        (
            "server",
            [SAN, "extendedKeyUsage=serverAuth\n"].concat(),
            "-days 100",
            &["info client-usage-missing"],
        ),
        // OpenSSL's clients take that for no server.
        (
            "any",
            [SAN, "extendedKeyUsage=anyExtendedKeyUsage\n"].concat(),
            "-days 100",
            &["error server-usage-missing"],
        ),
        ("long", [SAN, BOTH].concat(), "-days 900", &["warning valid-too-long"]),
        ("weak", [SAN, BOTH].concat(), "-days 100 -sha1", &["error signature-weak"]),
    ] {
        signed(&folder, name, EC, &extensions, options);
        let chain = [&format!("{name}.pem"), "demoCA/cacert.pem"];
        let server = submissions(config(&folder, &format!("{name}.key"), &chain));
        finds(check(&folder, "submissions", server, ""), wanted);
    }
}

#[test]
fn a_short_key_is_found() {
    need!("openssl");
    let folder = Folder::with_ca();
    signed(&folder, "short", "RSA rsa_keygen_bits:1024", &[SAN, BOTH].concat(), "-days 100");
    let arguments = "-key short.key -cert short.pem -cipher DEFAULT@SECLEVEL=0";
    let server = Openssl::start(&folder, arguments);
    let outcome = check(&folder, "submissions", server.1, "").exits(3);
    assert!(seen(&outcome, "key-short").contains("RSA 1024 bits"), "{outcome}");
    assert!(seen(&outcome, "cipher-static-rsa").contains("TLS_RSA_"), "{outcome}");
}

#[test]
fn the_ca_above_a_weak_certificate_is_not_superfluous() {
    need!("openssl");
    let folder = Folder::with_ca();
    signed(&folder, "weak", "RSA rsa_keygen_bits:1024", &[SAN, BOTH].concat(), "-days 900 -sha1");
    let arguments =
        "-key weak.key -cert weak.pem -cert_chain demoCA/cacert.pem -cipher DEFAULT@SECLEVEL=0";
    let server = Openssl::start(&folder, arguments);
    let outcome = check(&folder, "submissions", server.1, "").exits(3);
    let found = super::found(&outcome);
    assert!(found.contains(&"error signature-weak".to_owned()), "{outcome}");
    for id in ["chain-superfluous", "valid-too-long"] {
        assert!(!found.iter().any(|one| one.ends_with(id)), "{id}: {outcome}");
    }
}

#[test]
fn a_self_signed_certificate_is_one_thing_to_mend() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.foreign_key("own", EC);
    folder
        .openssl("req -x509 -new -key own.key -out own.pem -days 3650 -subj /CN=mail.example.com")
        .success();
    finds(check_files(&folder, "own.key", &["own.pem"], ""), &["error self-signed"]);
    // Whoever takes that for good sees what else there is.
    let outcome = check_files(&folder, "own.key", &["own.pem"], "--ignore self-signed").exits(3);
    assert!(super::found(&outcome).contains(&"warning valid-too-long".to_owned()), "{outcome}");
}

#[test]
fn advice_names_the_folder() {
    let folder = Folder::with_ca();
    folder.dated_host("soon", -10, 10);
    let run = check_files(&folder, "soon/key.pem", &["soon/cert.pem"], "--host soon.example.com");
    let text = run.exits(3).text();
    for words in
        ["`mailca renew soon`", "`mailca install soon --for postfix`", "\"folder\": \"soon\""]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_folder_is_named_only_for_its_own_certificate() {
    need!("openssl");
    let folder = with_host();
    folder.dated_host("old", -20, -10);
    folder.foreign_key("own", EC);
    let line = format!(
        "req -x509 -new -key own.key -subj /CN=mail.example.com -days 3650 -out own.pem -addext {}",
        SAN.trim()
    );
    folder.openssl(&line).success();
    // A folder of another CA, whose certificate lasts longest, is not what the server should have.
    folder.mkdir("snake");
    folder.bash("cp own.pem snake/cert.pem; cp own.key snake/key.pem").success();
    folder.foreign_key("other", EC);
    folder.openssl(&line.replace("own.", "other.")).success();

    let server = submissions(config(&folder, "other.key", &["other.pem"]));
    let outcome = check(&folder, "submissions", server, "").exits(3);
    let port = &super::document(&outcome)["hosts"][0]["ports"][0];
    assert!(port["folder"].is_null(), "{outcome}");
    assert_eq!(port["folder_for_host"], "mail", "{outcome}");
    let line = format!("check mail.example.com:submissions --connect {server}");
    let outcome = folder.mailca(&line).exits(3);
    let outcome = outcome
        .says(&["there is a folder for this host: mail\n", "`mailca install mail --for postfix`"]);
    outcome.says_nothing_of(&["; folder ", "mailca issue", "mailca renew", "snake"]);

    // The very certificate is named, whoever it is from.
    let server = submissions(config(&folder, "own.key", &["own.pem"]));
    let outcome = check(&folder, "submissions", server, "").exits(3);
    let port = &super::document(&outcome)["hosts"][0]["ports"][0];
    assert_eq!((&port["folder"], &port["folder_for_host"]), (&"snake".into(), &Value::Null));
}

#[test]
fn advice_is_for_the_name_that_was_given() {
    let folder = with_host();
    let server = submissions(config(&folder, "mail/key.pem", &["mail/cert.pem"]));
    let run = folder.mailca(&format!(
        "check other.example.com:submissions --connect {server} --host imap.example.com"
    ));
    let outcome = run.exits(3).says(&["mailca issue --cn imap.example.com --san"]);
    outcome.says_nothing_of(&["--cn other.example.com"]);
}

#[test]
fn dates_are_looked_at() {
    need!("openssl");
    let folder = Folder::with_ca();
    for (name, from, until, wanted) in [
        ("old", -20, -10, "error expired"),
        ("new", 10, 20, "error not-yet-valid"),
        ("soon", -10, 10, "warning expires-soon"),
    ] {
        folder.dated_host(name, from, until);
        let [key, own] = ["key.pem", "cert.pem"].map(|file| format!("{name}/{file}"));
        let host = format!("--host {name}.example.com");
        finds(check_files(&folder, &key, &[&own], &host), &[wanted]);
    }
    let outcome =
        check_files(&folder, "soon/key.pem", &["soon/cert.pem"], "--host soon.example.com");
    assert!(seen(&outcome.exits(3), "expires-soon").ends_with(" days"));
    let words = "--host soon.example.com --expiring 5d";
    finds(check_files(&folder, "soon/key.pem", &["soon/cert.pem"], words), &[]);
}

#[test]
fn another_name_is_found() {
    let folder = with_host();
    let server = submissions(config(&folder, "mail/key.pem", &["mail/cert.pem"]));
    let outcome = finds(
        check(&folder, "submissions", server, "--host imap.example.com"),
        &["error name-mismatch"],
    );
    assert!(seen(&outcome, "name-mismatch").contains("DNS:mail.example.com"));
    // Without a name, the address has to be in the certificate.
    let run = folder.mailca(&format!("check --connect {server}/submissions --json"));
    finds(run, &["error name-mismatch"]);
}

#[test]
fn a_revoked_certificate_is_found() {
    let folder = with_host();
    folder.mailca("revoke mail --yes").success();
    let run = check_files(&folder, "mail/key.pem", &["mail/cert.pem"], "");
    finds(run, &["critical revoked"]);
}

#[test]
fn a_self_signed_certificate_is_found() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.foreign_key("own", EC);
    folder
        .openssl("req -x509 -new -key own.key -out own.pem -days 100 -subj /CN=mail.example.com")
        .args(&["-addext", "subjectAltName=DNS:mail.example.com"])
        .success();
    finds(check_files(&folder, "own.key", &["own.pem"], ""), &["error self-signed"]);
    // It is trusted where it is named.
    finds(check_files(&folder, "own.key", &["own.pem"], "--ca own.pem"), &[]);
}

#[test]
fn a_strangers_certificate_is_found() {
    let folder = Folder::with_ca();
    folder.mailca("newca --ca-dir other --cn Other").success();
    folder.mailca("issue --ca-dir other --cn mail.example.com mail").success();
    folder.write("none.pem", "");
    folder.mkdir("mail-elsewhere");
    let run = |words: &str, system: &str| {
        let path = folder.path(system).display().to_string();
        check_files(&folder, "mail/key.pem", &["mail/cert.pem"], words).env("SSL_CERT_FILE", &path)
    };
    let outcome = finds(run("", "demoCA/cacert.pem"), &["error untrusted"]);
    assert!(seen(&outcome, "untrusted").contains("not the CA here"), "{outcome}");
    finds(run("--ca other/cacert.pem", "demoCA/cacert.pem"), &[]);
    finds(run("--ca-dir other", "demoCA/cacert.pem"), &[]);
    finds(run("", "other/cacert.pem"), &["warning foreign-ca"]);
    finds(run("--system-roots", "other/cacert.pem"), &[]);
    let outcome =
        finds(run("", "demoCA/cacert.pem").within("mail-elsewhere"), &["error untrusted"]);
    outcome.says(&["there is no CA in demoCA; the system's CAs are trusted"]);
}

#[test]
fn a_ca_of_the_same_name_with_another_key_is_found() {
    let folder = with_host();
    folder
        .mailca("newca --ca-dir other --org Example")
        .args(&["--cn", "Test CA ecdsa-p256"])
        .success();
    let run = check_files(&folder, "mail/key.pem", &["mail/cert.pem"], "--ca-dir other");
    let outcome = finds(run, &["error chain-invalid"]);
    assert!(seen(&outcome, "chain-invalid").contains("another key"), "{outcome}");
}

/// A root in `root/`, an intermediate in `sub/`, and a certificate of that in `mail/`.
fn with_intermediate() -> Folder {
    let folder = Folder::empty();
    folder.mailca("newca --ca-dir root --cn Root --path-len 1").success();
    folder.mailca("newreq --profile ca --cn Sub sub-ca").success();
    folder.mailca("sign --ca-dir root sub-ca --profile ca --yes").success();
    folder.bash("cat sub-ca/cert.pem sub-ca/cacert.pem > sub.pem").success();
    folder.mailca("newca --ca-dir sub --from sub.pem sub-ca/key.pem").success();
    folder.mailca("issue --ca-dir sub --cn mail.example.com mail").success();
    folder
}

#[test]
fn the_chain_is_judged_as_it_was_sent() {
    let folder = with_intermediate();
    folder.mailca("newca --ca-dir other --cn Other").success();
    let (own, sub, root) = ("mail/cert.pem", "sub-ca/cert.pem", "root/cacert.pem");
    for (sent, wanted) in [
        (&[own, sub][..], &[][..]),
        (&[own, sub, root], &[]),
        (&[own], &["error intermediate-missing"]),
        (&[own, root], &["error intermediate-missing", "info chain-superfluous"]),
        (&[own, root, sub], &["warning chain-order"]),
        (&[own, sub, "other/cacert.pem"], &["info chain-superfluous"]),
        (&[own, sub, sub], &["info chain-superfluous"]),
    ] {
        finds(check_files(&folder, "mail/key.pem", sent, "--ca-dir sub"), wanted);
    }
    // Whoever knows the root alone cannot tell what is missing, and is told both.
    let run = check_files(&folder, "mail/key.pem", &[own], "--ca root/cacert.pem");
    let outcome = finds(run, &["error untrusted"]);
    assert!(seen(&outcome, "untrusted").contains("does not send its certificate, and should"));
    assert!(outcome.text().contains("followed by the intermediates"), "{outcome}");
    // The CA's folder knows what is above it, whoever is trusted.
    let words = "--ca root/cacert.pem --ca-dir sub";
    finds(check_files(&folder, "mail/key.pem", &[own], words), &["error intermediate-missing"]);
}

#[test]
fn a_ca_that_is_rolled_over_sends_nothing_superfluous() {
    let folder = Folder::with_ca();
    folder.mailca("rekey-ca --yes").success();
    folder.mailca("issue --cn mail.example.com mail").success();
    let text = folder.text("mail/cert.pem") + &folder.text("mail/cacert.pem");
    let blocks: Vec<_> = text.split_inclusive("-----END CERTIFICATE-----\n").collect();
    assert!(blocks.len() > 2, "{text}");
    let names: Vec<_> = (0..blocks.len()).map(|at| format!("{at}.pem")).collect();
    for (name, block) in names.iter().zip(&blocks) {
        folder.write(name, block);
    }
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    finds(check_files(&folder, "mail/key.pem", &names, ""), &[]);
}

#[test]
fn what_is_no_certificate_is_found() {
    let folder = with_host();
    let server =
        submissions(presenting(&folder, "mail/key.pem", vec![CertificateDer::from(vec![1, 2, 3])]));
    let outcome = check(&folder, "submissions", server, "").exits(3);
    assert!(seen(&outcome, "certificate-unreadable").contains("malformed"));
}

#[test]
fn a_certificate_without_its_key_is_found() {
    let folder = with_host();
    folder.mailca("issue --cn other.example.com other").success();
    let server = submissions(config(&folder, "other/key.pem", &["mail/cert.pem"]));
    let outcome = check(&folder, "submissions", server, "").exits(3);
    assert!(!seen(&outcome, "key-unproven").is_empty(), "{outcome}");
}
