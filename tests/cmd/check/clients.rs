//! Client certificates, relaying, TLSA records, and several ports and addresses.

use std::sync::Arc;

use mailca::net::service::Protocol;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::{check, check_files, config, finds, found, resolver, seen, submissions, with_host};
use crate::support::{Folder, Mail};

/// A server that asks for client certificates of this CA, and lets those without one in.
pub(super) fn asking(folder: &Folder, ca: &str) -> ServerConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.path(ca)).unwrap()).unwrap();
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots));
    let own = CertificateDer::from_pem_file(folder.path("mail/cert.pem")).unwrap();
    ServerConfig::builder()
        .with_client_cert_verifier(verifier.allow_unauthenticated().build().unwrap())
        .with_cert_resolver(resolver(folder, "mail/key.pem", vec![own]))
}

pub(super) fn with_user() -> Folder {
    let folder = with_host();
    folder.mailca("issue --user joeuser --email joe@example.com joeuser").success();
    folder
}

#[test]
fn a_request_for_a_certificate_is_told() {
    let folder = with_user();
    let server = submissions(asking(&folder, "demoCA/cacert.pem"));
    let outcome =
        finds(check(&folder, "submissions", server, ""), &["info client-certificate-asked"]);
    assert!(seen(&outcome, "client-certificate-asked").contains("Test CA"), "{outcome}");
    let port = &super::document(&outcome)["hosts"][0]["ports"][0];
    assert_eq!(port["asks_client_certificate"], true);
}

#[test]
fn our_certificate_is_shown() {
    let folder = with_user();
    let server = submissions(asking(&folder, "demoCA/cacert.pem"));
    let files = "--cert joeuser/cert.pem --key joeuser/key.pem";
    for words in ["--client joeuser", files] {
        finds(check(&folder, "submissions", server, words), &["info client-certificate-accepted"]);
    }
    let run = folder
        .mailca(&format!("check mail.example.com:465 --connect {server} --json --client ."))
        .arg("--ca-dir")
        .arg("../demoCA");
    finds(run.within("joeuser"), &["info client-certificate-accepted"]);
}

#[test]
fn a_server_that_does_not_ask_is_found() {
    let folder = with_user();
    let server = submissions(config(&folder, "mail/key.pem", &["mail/cert.pem"]));
    finds(
        check(&folder, "submissions", server, "--client joeuser"),
        &["warning client-certificate-not-asked"],
    );
}

#[test]
fn a_certificate_that_is_refused_is_found() {
    let folder = with_user();
    folder.mailca("newca --ca-dir other --cn Other").success();
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_file(folder.path("other/cacert.pem")).unwrap();
        roots.add(root).unwrap();
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots));
        let own = CertificateDer::from_pem_file(folder.path("mail/cert.pem")).unwrap();
        let config = ServerConfig::builder_with_protocol_versions(&[version])
            .with_client_cert_verifier(verifier.allow_unauthenticated().build().unwrap())
            .with_cert_resolver(resolver(&folder, "mail/key.pem", vec![own]));
        let outcome = check(&folder, "submissions", submissions(config), "--client joeuser");
        let outcome = outcome.exits(3);
        assert!(seen(&outcome, "client-authority-missing").contains("Test CA"), "{outcome}");
        assert!(!seen(&outcome, "client-certificate-refused").is_empty(), "{outcome}");
    }
}

#[test]
fn relaying_is_asked_and_never_done() {
    let folder = with_user();
    let server = submissions(asking(&folder, "demoCA/cacert.pem"));
    let run = |words: &str| check(&folder, "submissions", server, words);
    // The server takes mail for example.com alone.
    let outcome = finds(
        run("--relay-to joe@example.org"),
        &["info client-certificate-asked", "info relay-refused"],
    );
    assert!(seen(&outcome, "relay-refused").contains("554 5.7.1 Relay access denied"));
    finds(
        run("--relay-to joe@open.example.org --relay-from me@example.com"),
        &["warning relay-unclear", "info client-certificate-asked"],
    );
    // Mail for its own domain every server takes.
    let outcome = finds(
        run("--relay-to joe@example.com"),
        &["warning relay-unclear", "info client-certificate-asked"],
    );
    assert!(seen(&outcome, "relay-unclear").contains("an address of the server's own"));
    // Debian's Postfix puts off what it means to refuse.
    finds(
        run("--relay-to joe@later.example.org"),
        &["info client-certificate-asked", "info relay-refused"],
    );
    finds(
        run("--relay-to joe@later.example.org --client joeuser"),
        &["error relay-refused", "info client-certificate-accepted"],
    );
    let outcome = finds(
        run("--relay-to joe@grey.example.org"),
        &["warning relay-unclear", "info client-certificate-asked"],
    );
    assert!(seen(&outcome, "relay-unclear").contains("450 4.2.0"), "{outcome}");
    finds(
        run("--relay-to joe@example.org --client joeuser"),
        &["error relay-refused", "info client-certificate-accepted"],
    );
    finds(
        run("--relay-to joe@open.example.org --client joeuser"),
        &["warning relay-unclear", "info client-certificate-accepted", "info relay-allowed"],
    );
}

/// A server that lets everybody with a certificate relay, whatever became of that since.
fn relaying_by_certificate(folder: &Folder) -> std::net::SocketAddr {
    let mail =
        Mail { implicit: true, ..Mail::new(Protocol::Smtp, asking(folder, "demoCA/cacert.pem")) };
    mail.start()
}

#[test]
fn rights_of_a_revoked_certificate_are_found() {
    let folder = with_user();
    folder.mailca("revoke joeuser --yes").success();
    let server = relaying_by_certificate(&folder);
    let run = |words: &str| check(&folder, "submissions", server, words);
    let outcome = finds(run("--client joeuser"), &["info client-certificate-invalid"]);
    let told = seen(&outcome, "client-certificate-invalid");
    assert!(told.contains("has revoked the serial number"), "{told}");
    assert!(told.contains("what it may do was not asked (--relay-to)"), "{told}");
    let outcome = finds(
        run("--client joeuser --relay-to joe@trusting.example.org"),
        &["critical client-certificate-invalid"],
    );
    assert!(seen(&outcome, "client-certificate-invalid").contains("mail is relayed"), "{outcome}");
    // That it is refused is right.
    finds(
        run("--client joeuser --relay-to joe@example.net"),
        &["info client-certificate-invalid", "info relay-refused"],
    );
}

/// Whether one can log in with it nobody sees from outside, and IMAP relays nothing: there is nothing to mend.
#[test]
fn what_a_worthless_certificate_may_do_is_no_alarm_where_nobody_can_see_it() {
    let folder = with_user();
    folder.mailca("issue --user old --email old@example.com old").success();
    folder.dated("old", "user_cert", -20, -10);
    folder.mailca("revoke joeuser --yes").success();
    let server = |config| Mail { implicit: true, ..Mail::new(Protocol::Imap, config) }.start();
    // The server may mind the days itself, and is shown the revoked one alone.
    let place = server(asking(&folder, "demoCA/cacert.pem"));
    let run = check(&folder, "imaps", place, "--client joeuser");
    let told =
        seen(&finds(run, &["info client-certificate-invalid"]), "client-certificate-invalid");
    assert!(told.contains("is not seen from outside") && !told.contains("--relay-to"), "{told}");
    let place = server(config(&folder, "mail/key.pem", &["mail/cert.pem"]));
    for name in ["joeuser", "old"] {
        finds(
            check(&folder, "imaps", place, &format!("--client {name}")),
            &["warning client-certificate-not-asked", "info client-certificate-invalid"],
        );
    }
    // An open server is said to be open, and is no matter of the certificate.
    let config = asking(&folder, "demoCA/cacert.pem");
    let open = Mail { verdict: Some("250 2.1.5 ok"), ..Mail::new(Protocol::Smtp, config) }.start();
    finds(
        check(&folder, "smtp", open, "--client joeuser --relay-to joe@example.net"),
        &["warning client-certificate-invalid", "warning relay-unclear"],
    );
}

/// What an open relay says, too, is no proof that it is none.
#[test]
fn a_refusal_of_something_else_than_relaying_says_nothing_of_relaying() {
    let folder = with_host();
    let run = |verdict: &'static str, service: &str, to: &str| {
        let config = config(&folder, "mail/key.pem", &["mail/cert.pem"]);
        let implicit = service == "submissions";
        let mail = Mail { implicit, verdict: Some(verdict), ..Mail::new(Protocol::Smtp, config) };
        check(&folder, service, mail.start(), &format!("--relay-to {to}"))
    };
    let closed = "554 5.7.1 <x.example[192.0.2.1]>: Client host rejected: Access denied";
    for verdict in [
        "550 5.1.1 <a@b>: Recipient address rejected: User unknown in local recipient table",
        "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using relays.example.org",
        closed,
        "554 5.7.1 <>: Sender address rejected: not logged in",
        "550 5.7.1 HELO denied",
        "450 4.7.1 <joe@example.net>: Recipient address rejected: Access denied",
        "550 5.7.1 go away",
    ] {
        let outcome = finds(run(verdict, "smtp", "joe@example.net"), &["warning relay-unclear"]);
        assert!(seen(&outcome, "relay-unclear").contains(verdict), "{outcome}");
    }
    for verdict in [
        "554 5.7.1 <joe@example.net>: Relay access denied",
        "550 5.7.1 <joe@example.net>... Relaying denied. IP name lookup failed [192.0.2.1]",
        "550 relay not permitted",
        "550 Invalid recipient: <joe@example.net>",
        "530 5.7.0 Authentication required",
    ] {
        finds(run(verdict, "smtp", "joe@example.net"), &["info relay-refused"]);
    }
    // Where everybody has to log in, that is what it means; and of an own address it need not.
    finds(run(closed, "submissions", "joe@example.net"), &["info relay-refused"]);
    let unknown = "550 Invalid recipient: <nosuch@mail.example.com>";
    finds(run(unknown, "smtp", "nosuch@mail.example.com"), &["warning relay-unclear"]);
}

#[test]
fn a_server_that_insists_on_a_certificate_was_not_looked_at() {
    let folder = with_user();
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(folder.path("demoCA/cacert.pem")).unwrap())
            .unwrap();
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
        let own = CertificateDer::from_pem_file(folder.path("mail/cert.pem")).unwrap();
        let config = ServerConfig::builder_with_protocol_versions(&[version])
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(resolver(&folder, "mail/key.pem", vec![own]));
        let server = submissions(config);
        let outcome = check(&folder, "submissions", server, "").exits(3);
        // The alert may be lost where the connection is reset behind it.
        let found = found(&outcome);
        let is_told = |wanted: &str| found.iter().any(|one| one == wanted);
        assert!(
            is_told("warning client-certificate-required")
                || is_told("critical session-broken")
                    && version.version == rustls::ProtocolVersion::TLSv1_3,
            "{outcome}"
        );
        let outcome = check(&folder, "submissions", server, "--client joeuser").output();
        assert!(!outcome.text().contains("certificate-required"), "{outcome}");
    }
}

#[test]
fn a_question_about_relaying_without_an_answer_is_told() {
    let folder = with_user();
    let run =
        check_files(&folder, "mail/key.pem", &["mail/cert.pem"], "--relay-to joe@example.org");
    assert!(found(&run.success()).contains(&"info relay-refused".to_owned()));
    // Other protocols relay nothing, so that there is nobody to ask.
    let line = "check mail.example.com:pop3 --relay-to joe@example.org";
    folder.mailca(line).usage(&["--relay-to is for SMTP"]);
}

#[test]
fn records_are_compared() {
    let folder = with_host();
    folder.mailca("issue --cn other.example.com other").success();
    let records = folder.mailca("tlsa mail.example.com mail --port 465").success().text();
    folder.write("zone", &records);
    let line = |number: &str| {
        let line = records.lines().find(|line| line.contains(&format!("TLSA {number} ")));
        line.unwrap().split("TLSA ").nth(1).unwrap().to_owned()
    };
    let (anchor, key) = (line("2"), line("3"));
    let chain = &["mail/cert.pem", "demoCA/cacert.pem"][..];
    let run = |sent: &[&str], record: &str| {
        check_files(&folder, "mail/key.pem", sent, "").args(&["--tlsa", record])
    };
    finds(run(chain, "zone"), &["info dane-match"]);
    finds(run(chain, &anchor), &["info dane-match"]);
    finds(run(&chain[..1], &key), &["info dane-match"]);
    finds(run(&chain[..1], "zone"), &["error dane-anchor-missing", "info dane-match"]);
    finds(run(&chain[..1], &anchor), &["critical dane-mismatch", "error dane-anchor-missing"]);
    let other = format!("3 1 1 {}", "00".repeat(32));
    finds(run(chain, &other), &["critical dane-mismatch"]);
    // Where one of several fits, all is well.
    finds(run(chain, &other).args(&["--tlsa", &key]), &["info dane-match"]);
    let public = key.replacen('3', "1", 1);
    finds(run(chain, &public), &["warning dane-record-unusable"]);
    // The record of another port is none of this one's, and then nothing was compared.
    folder.replace("zone", records.replace("_465.", "_25."));
    finds(run(chain, "zone"), &["warning dane-not-compared"]);
    finds(run(chain, "zone").args(&["--tlsa", &key]), &["info dane-match"]);
    // DANE-TA wants the name; DANE-EE does not.
    let server = || submissions(config(&folder, "other/key.pem", &["other/cert.pem", chain[1]]));
    let run = check(&folder, "submissions", server(), "").args(&["--tlsa", &anchor]);
    finds(run, &["critical dane-mismatch", "error name-mismatch"]);
}

#[test]
fn ports_with_different_certificates_are_told() {
    let folder = with_host();
    folder.mailca("issue --cn mail.example.com other").success();
    let start = |name: &str, protocol| {
        let [key, own] = ["key.pem", "cert.pem"].map(|file| format!("{name}/{file}"));
        Mail { implicit: true, ..Mail::new(protocol, config(&folder, &key, &[&own])) }.start()
    };
    let first = start("mail", Protocol::Smtp);
    let second = start("other", Protocol::Imap);
    let third = start("mail", Protocol::Pop3);
    let line = format!("check --json --host mail.example.com {first}/submissions {third}/pop3s");
    finds(folder.mailca(&line), &[]);
    let outcome =
        finds(folder.mailca(&format!("{line} {second}/imaps")), &["info certificates-differ"]);
    let told = seen(&outcome, "certificates-differ");
    assert!(
        told.contains(&format!("{} (submissions), {} (pop3s);", first.port(), third.port())),
        "{told}"
    );
    assert_eq!(super::document(&outcome)["hosts"].as_array().unwrap().len(), 1);
}

#[test]
fn addresses_are_compared() {
    let folder = with_host();
    folder.mailca("issue --cn mail.example.com other").success();
    let first = submissions(config(&folder, "mail/key.pem", &["mail/cert.pem"]));
    let same = submissions(config(&folder, "mail/key.pem", &["mail/cert.pem"]));
    let other = submissions(config(&folder, "other/key.pem", &["other/cert.pem"]));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let run = |more: &str| check(&folder, "submissions", first, more);
    finds(run(&format!("--connect {same}")), &[]);
    let outcome = finds(run(&format!("--connect {other}")), &["info families-differ"]);
    assert!(seen(&outcome, "families-differ").contains("with the serial number"));
    finds(run(&format!("--connect {closed}")), &["warning address-unreachable"]);
    let line = format!("check mail.example.com:465 --connect {closed} --connect {first} --json");
    finds(folder.mailca(&line), &["warning address-unreachable"]);
}
