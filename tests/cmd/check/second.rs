//! What only some clients see: another certificate, another address, an end where the first ones had none.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mailca::net::service::Protocol;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::{check, config, finds, found, seen, submissions, with_host};
use crate::support::{Folder, Mail, certificate_der, hello, say, serve_at_once};

/// Presents the first that the client can have, and another to who asks for no host name, where there is one.
#[derive(Debug)]
struct Several {
    all: Vec<Arc<CertifiedKey>>,
    nameless: Option<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Several {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if let (Some(other), None) = (&self.nameless, hello.server_name()) {
            return Some(Arc::clone(other));
        }
        let schemes = hello.signature_schemes();
        self.all.iter().find(|one| one.key.choose_scheme(schemes).is_some()).cloned()
    }
}

fn certified(folder: &Folder, name: &str) -> Arc<CertifiedKey> {
    let key = PrivateKeyDer::from_pem_file(folder.path(name).join("key.pem")).unwrap();
    let key = aws_lc_rs::sign::any_supported_type(&key).unwrap();
    let chain = vec![certificate_der(&folder.path(name).join("cert.pem")).into()];
    Arc::new(CertifiedKey::new(chain, key))
}

fn several(folder: &Folder, names: &[&str], nameless: Option<&str>) -> ServerConfig {
    let all = names.iter().map(|name| certified(folder, name)).collect();
    let nameless = nameless.map(|name| certified(folder, name));
    ServerConfig::builder()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Several { all, nameless }))
}

/// A folder with a sound certificate in `mail/`, and one for RSA in `rsa/` that has expired.
fn with_expired_rsa() -> Folder {
    let folder = with_host();
    folder.mailca("issue --cn mail.example.com --key-type rsa-2048 rsa").success();
    folder.dated("rsa", "server_cert", -20, -10);
    folder
}

#[test]
fn both_of_two_certificates_are_judged() {
    let folder = with_host();
    folder.mailca("issue --cn mail.example.com --key-type rsa-2048 sound").success();
    let server = submissions(several(&folder, &["mail", "sound"], None));
    finds(check(&folder, "submissions", server, ""), &[]);
    let record = |name: &str| {
        let script = format!(
            "openssl x509 -noout -pubkey -in {name}/cert.pem | openssl pkey -pubin -outform DER | sha256sum"
        );
        format!("3 1 1 {}\n", &folder.bash(&script).success().text()[..64])
    };
    folder.write("one", record("mail"));
    folder.write("both", record("mail") + &record("sound"));
    finds(check(&folder, "submissions", server, "--tlsa both"), &["info dane-match"]);
    let outcome = check(&folder, "submissions", server, "--tlsa one").exits(3);
    assert_eq!(found(&outcome), ["critical dane-mismatch", "info dane-match"], "{outcome}");

    let folder = with_expired_rsa();
    for names in [["mail", "rsa"], ["rsa", "mail"]] {
        let server = submissions(several(&folder, &names, None));
        let outcome = finds(check(&folder, "submissions", server, ""), &["error expired"]);
        let is_second = seen(&outcome, "expired").starts_with("another certificate, RSA 2048 bits");
        assert_eq!(is_second, names[0] == "mail", "{outcome}");
    }
    let server = submissions(several(&folder, &["mail", "rsa"], None));
    let run = folder
        .mailca(&format!("check mail.example.com:submissions --connect {server} --format nagios"));
    run.exits(2).says(&["days=-1"]);
}

#[test]
fn what_a_client_gets_that_asks_for_no_name_is_judged() {
    let folder = with_expired_rsa();
    folder.mailca("issue --cn other.example.com other").success();
    let smtp =
        |nameless| Mail::new(Protocol::Smtp, several(&folder, &["mail"], Some(nameless))).start();
    let outcome = check(&folder, "smtp", smtp("rsa"), "").exits(3);
    assert_eq!(found(&outcome), ["error expired"], "{outcome}");
    assert!(seen(&outcome, "expired").contains("asks for no host name"), "{outcome}");
    // One of many hosts has to be the first.
    finds(check(&folder, "smtp", smtp("other"), ""), &[]);
}

#[test]
fn every_connection_counts() {
    let folder = with_expired_rsa();
    let (good, bad) = (several(&folder, &["mail"], None), several(&folder, &["rsa"], None));
    let good = Mail { implicit: true, ..Mail::new(Protocol::Smtp, good) };
    let bad = Mail { implicit: true, ..Mail::new(Protocol::Smtp, bad) };
    let count = AtomicUsize::new(0);
    let server = serve_at_once(move |stream| match count.fetch_add(1, Ordering::SeqCst) {
        0 => good.attend_to(stream),
        _ => bad.attend_to(stream),
    });
    let outcome = check(&folder, "submissions", server, "").exits(3);
    assert_eq!(found(&outcome), ["error expired"], "{outcome}");
}

/// A server that agrees to STARTTLS, and after so many handshakes ends every other in silence.
fn banning(folder: &Folder, after: usize) -> std::net::SocketAddr {
    let mail = Mail::new(Protocol::Smtp, config(folder, "mail/key.pem", &["mail/cert.pem"]));
    let count = AtomicUsize::new(0);
    serve_at_once(move |stream| {
        if count.fetch_add(1, Ordering::SeqCst) < after {
            return mail.attend_to(stream);
        }
        let words = [
            "220 mx.example.com ESMTP Postfix\r\n",
            "250-mx.example.com\r\n250 STARTTLS\r\n",
            "220 2.0.0 go\r\n",
        ];
        say(&stream, &words);
        let _ = hello(&stream);
    })
}

#[test]
fn who_is_shut_out_takes_no_end_for_an_answer() {
    let folder = with_host();
    for after in [1, 3, 6] {
        let outcome = check(&folder, "smtp", banning(&folder, after), "").exits(3);
        let all = found(&outcome);
        assert!(all.contains(&"warning incomplete".to_owned()), "{after}: {outcome}");
        assert!(seen(&outcome, "incomplete").contains("shut this client out"), "{outcome}");
        assert!(!all.iter().any(|one| one.contains("missing")), "{after}: {outcome}");
    }
}

#[test]
fn a_server_with_room_for_one_is_gone_through() {
    let folder = with_host();
    let mail = Mail::new(Protocol::Smtp, config(&folder, "mail/key.pem", &["mail/cert.pem"]));
    let busy = Arc::new(std::sync::Mutex::new(()));
    let server = serve_at_once(move |mut stream| match busy.try_lock() {
        Ok(_busy) => {
            mail.attend_to(stream);
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(_) => drop(stream.write_all(b"421 4.7.0 one at a time\r\n")),
    });
    finds(check(&folder, "smtp", server, ""), &[]);
}

#[test]
fn the_second_address_is_judged_too() {
    let folder = with_expired_rsa();
    folder.mailca("issue --cn mail.example.com again").success();
    folder.mailca("issue --cn other.example.com other").success();
    let first = Mail::new(Protocol::Smtp, several(&folder, &["mail"], None)).start();
    let run = |second: std::net::SocketAddr| {
        check(&folder, "smtp", first, &format!("--connect {second}"))
    };
    let with = |name: &str| Mail::new(Protocol::Smtp, several(&folder, &[name], None)).start();
    finds(run(with("again")), &["info families-differ"]);
    let outcome = run(with("rsa")).exits(3);
    let wanted = ["error expired", "info families-differ"];
    assert_eq!(found(&outcome), wanted, "{outcome}");
    assert!(seen(&outcome, "expired").starts_with("at 127.0.0.1: "), "{outcome}");
    // The first to end is of both.
    let line = format!("--connect {} --format nagios", with("rsa"));
    let line = format!("check mail.example.com:smtp --connect {first} {line}");
    folder.mailca(&line).exits(2).says(&["days=-1"]);
    let outcome = run(with("other")).exits(3);
    assert!(found(&outcome).contains(&"error name-mismatch".to_owned()), "{outcome}");
    let plain = serve_at_once(|stream| {
        say(
            &stream,
            &["220 mx.example.com\r\n", "250-mx.example.com\r\n250 AUTH PLAIN\r\n", "221\r\n"],
        );
    });
    let outcome = run(plain).exits(3);
    let all = found(&outcome);
    for wanted in ["error starttls-missing", "error login-before-tls"] {
        assert!(all.contains(&wanted.to_owned()), "{outcome}");
    }
}
