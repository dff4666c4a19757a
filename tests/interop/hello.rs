//! What other people's servers are set to accept is what the survey of them finds.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use mailca::net::hello::Version;
use mailca::net::hello::suites::Weakness;
use mailca::net::service::Service;
use mailca::net::survey::{Observations, SurveyOptions, survey};
use mailca::net::target::Target;

use crate::support::{Folder, need};

use Version::{Tls10, Tls11, Tls12, Tls13};
use Weakness::{Anonymous, Null, Rc4, StaticKey, TripleDes};

/// A server that is ended with its test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn look(port: u16, step: Duration) -> Observations {
    let target = Target::parse(&format!("127.0.0.1:{port}/imaps"), Service::Imaps).unwrap();
    let options = SurveyOptions {
        timeout: Duration::from_secs(120),
        step,
        patience: step,
        server_name: None,
        connect: None,
        client: None,
        relay: None,
        is_brief: false,
    };
    survey(&target, &options, &mut |_| {}).unwrap()
}

/// What is accepted: the versions, and the weaknesses of all of them together.
fn found(seen: &Observations) -> (Vec<Version>, Vec<Weakness>) {
    let spoken = seen.versions.iter().filter(|one| one.is_spoken() == Some(true));
    let versions = spoken.map(|one| one.version).collect();
    let mut weak: Vec<_> =
        seen.versions.iter().flat_map(|one| &one.weak).flat_map(|one| one.weaknesses()).collect();
    weak.sort();
    weak.dedup();
    for one in &seen.versions {
        assert!(one.is_spoken().is_some() && one.unsure.is_none(), "{one:?}");
    }
    (versions, weak)
}

fn with_certificate(key_type: &str) -> Folder {
    let folder = Folder::with_ca();
    folder
        .mailca(&format!("issue --cn mail.example.com --key-type {key_type} mail.example.com"))
        .success();
    folder
}

/// Starts a server on a free port of its own, which is lost to another program at times.
fn start(command: impl Fn(u16) -> Command) -> (Server, u16) {
    for _ in 0..10 {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = command(port);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = Server(command.spawn().unwrap());
        while server.0.try_wait().unwrap().is_none() {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return (server, port);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
    panic!("the server does not start");
}

/// `openssl s_server` with these options. It serves one client at a time, and at the end of its input ends
/// the connection, where it is quiet.
fn s_server(folder: &Folder, options: &str) -> (Server, u16) {
    start(|port| {
        let mut command = Command::new("openssl");
        command
            .args(["s_server", "-quiet", "-accept", &format!("127.0.0.1:{port}")])
            .args(["-cert", "mail.example.com/cert.pem", "-key", "mail.example.com/key.pem"])
            .args(options.split_ascii_whitespace())
            .current_dir(folder.path("."))
            // The system's own file may forbid what is asked for here.
            .env("OPENSSL_CONF", "/dev/null");
        command
    })
}

/// `gnutls-serv` with these priorities.
fn gnutls(folder: &Folder, priorities: &str) -> (Server, u16) {
    start(|port| {
        let mut command = Command::new("gnutls-serv");
        command
            .args(["--echo", "--port", &port.to_string(), "--priority", priorities])
            .args(["--x509certfile", "mail.example.com/cert.pem"])
            .args(["--x509keyfile", "mail.example.com/key.pem"])
            .env("GNUTLS_SYSTEM_PRIORITY_FILE", "/dev/null")
            .current_dir(folder.path("."));
        command
    })
}

#[test]
fn what_openssl_is_set_to_accept_is_found() {
    need!("openssl");
    let rsa = with_certificate("rsa-2048");
    let ecdsa = with_certificate("ecdsa-p256");
    for (folder, options, versions, weak) in [
        (&rsa, "-tls1 -cipher DEFAULT@SECLEVEL=0", &[Tls10][..], &[StaticKey][..]),
        (&rsa, "-tls1_1 -cipher ECDHE+AES:@SECLEVEL=0", &[Tls11], &[]),
        (&rsa, "-tls1_2 -cipher ECDHE+AESGCM", &[Tls12], &[]),
        (&rsa, "-tls1_2 -cipher AES128-SHA", &[Tls12], &[StaticKey]),
        (&rsa, "-tls1_2 -cipher eNULL@SECLEVEL=0", &[Tls12], &[Null, Anonymous, StaticKey]),
        (&rsa, "-tls1_2 -cipher NULL-SHA256@SECLEVEL=0", &[Tls12], &[Null, StaticKey]),
        (&rsa, "-tls1_2 -cipher AECDH@SECLEVEL=0", &[Tls12], &[Null, Anonymous]),
        (&rsa, "-tls1_2 -cipher ADH-AES256-SHA256@SECLEVEL=0", &[Tls12], &[Anonymous]),
        (&rsa, "-tls1_3", &[Tls13], &[]),
        // It wants another key share first.
        (&rsa, "-tls1_3 -groups P-384", &[Tls13], &[]),
        (&ecdsa, "-tls1_3 -groups ffdhe3072:P-521", &[Tls13], &[]),
        (&ecdsa, "", &[Tls12, Tls13], &[]),
        (&ecdsa, "-cipher ALL@SECLEVEL=0", &[Tls10, Tls11, Tls12, Tls13], &[Anonymous]),
    ] {
        let (_server, port) = s_server(folder, options);
        let seen = look(port, Duration::from_secs(60));
        let (found_versions, found_weak) = found(&seen);
        assert_eq!(found_versions, versions, "{options}: {seen:?}");
        assert_eq!(found_weak, weak, "{options}");
        // Nobody has a certificate without one; and our own TLS does not know the last group.
        let shows_none = ["eNULL", "ADH", "AECDH", "P-521"].iter().any(|one| options.contains(one));
        assert!(shows_none || seen.chain().len() == 1, "{options}: {seen:?}");
    }
}

#[test]
fn what_openssl_asks_a_client_for_is_found() {
    need!("openssl");
    let folder = with_certificate("ecdsa-p256");
    for (options, asks) in [("-Verify 1 -CAfile demoCA/cacert.pem", true), ("", false)] {
        for version in ["-tls1_2", "-tls1_3"] {
            let (_server, port) = s_server(&folder, &format!("{options} {version}"));
            let seen = look(port, Duration::from_secs(60));
            let presented = seen.presented().unwrap();
            let names = presented.request.as_ref().map(|request| request.authorities.len());
            assert_eq!(names, asks.then_some(1), "{options} {version}");
            assert_eq!(presented.is_finished, !asks || version == "-tls1_3");
        }
    }
}

#[test]
fn what_gnutls_is_set_to_accept_is_found() {
    need!("gnutls-serv");
    let folder = with_certificate("rsa-2048");
    for (priorities, versions, weak) in [
        (
            "NONE:+VERS-TLS1.2:+ECDHE-RSA:+ARCFOUR-128:+SHA1:+SIGN-ALL:+GROUP-ALL:+COMP-NULL",
            &[Tls12][..],
            &[Rc4][..],
        ),
        (
            "NONE:+VERS-TLS1.0:+RSA:+ARCFOUR-128:+3DES-CBC:+SHA1:+MD5:+SIGN-ALL:+COMP-NULL",
            &[Tls10],
            &[Rc4, TripleDes, StaticKey],
        ),
        ("NORMAL:-VERS-ALL:+VERS-TLS1.1:+3DES-CBC:-RSA", &[Tls11], &[TripleDes]),
        ("NORMAL:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3:-RSA", &[Tls12, Tls13], &[]),
        ("NORMAL:-VERS-ALL:+VERS-TLS1.2:+NULL:-RSA", &[Tls12], &[Null]),
    ] {
        let (_server, port) = gnutls(&folder, priorities);
        // It greets nobody, and keeps the connection.
        let seen = look(port, Duration::from_secs(2));
        let (found_versions, found_weak) = found(&seen);
        assert_eq!(
            (found_versions.as_slice(), found_weak.as_slice()),
            (versions, weak),
            "{priorities}"
        );
        assert_eq!(seen.chain().len(), 1);
    }
}
