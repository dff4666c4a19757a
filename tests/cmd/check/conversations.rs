//! What is said before TLS and inside it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use mailca::net::service::Protocol;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{check, config, finds, found, seen, with_host};
use crate::support::{Folder, Mail, Openssl, need, responder, say, serve_at_once};

fn good(folder: &Folder) -> ServerConfig {
    config(folder, "mail/key.pem", &["mail/cert.pem"])
}

/// A server of SMTP with STARTTLS that gives these answers to EHLO.
fn smtp(config: ServerConfig, before: &'static str, inside: &'static str) -> SocketAddr {
    smtp_with(config, before, inside, "221 bye\r\n")
}

/// The same, with its own goodbye.
pub(super) fn smtp_with(
    config: ServerConfig,
    before: &'static str,
    inside: &'static str,
    goodbye: &'static str,
) -> SocketAddr {
    let config = Arc::new(config);
    serve_at_once(move |mut stream| {
        let _ = stream.write_all(b"220 mail.example.com ESMTP Sendmail 8.18.1/8.18.1; now\r\n");
        if let Ok(true) =
            talk(&mut BufReader::new(stream.try_clone().unwrap()), &mut stream, before)
        {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let _ = inside_tls(StreamOwned::new(connection, stream), inside, goodbye);
        }
    })
}

fn inside_tls(
    mut tls: StreamOwned<ServerConnection, TcpStream>,
    ehlo: &'static str,
    goodbye: &'static str,
) -> io::Result<()> {
    loop {
        let mut line = Vec::new();
        let mut byte = [0];
        while !line.ends_with(b"\n") {
            if tls.read(&mut byte)? == 0 {
                return Ok(());
            }
            line.push(byte[0]);
        }
        let reply = if line.starts_with(b"EHLO") { ehlo } else { goodbye };
        tls.write_all(reply.as_bytes())?;
    }
}

/// Whether it came to STARTTLS.
fn talk(lines: &mut impl BufRead, stream: &mut impl Write, ehlo: &str) -> io::Result<bool> {
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(false);
        }
        match line.split_whitespace().next() {
            Some("EHLO") => stream.write_all(ehlo.as_bytes())?,
            Some("STARTTLS") => {
                stream.write_all(b"220 go\r\n")?;
                return Ok(true);
            }
            _ => stream.write_all(b"221 bye\r\n")?,
        }
    }
}

#[test]
fn every_protocol_is_spoken() {
    let folder = with_host();
    for (protocol, service, implicit) in [
        (Protocol::Smtp, "smtp", false),
        (Protocol::Smtp, "submission", false),
        (Protocol::Smtp, "submissions", true),
        (Protocol::Imap, "imap", false),
        (Protocol::Imap, "imaps", true),
        (Protocol::Pop3, "pop3", false),
        (Protocol::Pop3, "pop3s", true),
        (Protocol::Sieve, "sieve", false),
    ] {
        let server = Mail { implicit, ..Mail::new(protocol, good(&folder)) }.start();
        let outcome = check(&folder, service, server, "").success();
        // That AUTH comes and STARTTLS goes is as it should be.
        assert_eq!(found(&outcome), [""; 0], "{service}: {outcome}");
        let document = super::document(&outcome);
        let port = &document["hosts"][0]["ports"][0];
        assert_eq!(port["service"], service);
        assert_eq!(port["address"], server.to_string());
        let software = if protocol == Protocol::Smtp { "postfix" } else { "dovecot" };
        assert_eq!(port["software"], software, "{service}");
        assert_eq!(port["tls_versions"], serde_json::json!(["TLS 1.3", "TLS 1.2"]));
        assert_eq!(port["cipher_suite"], "TLS_AES_256_GCM_SHA384");
        assert_eq!(port["asks_client_certificate"], false);
        assert_eq!(port["chain"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn starttls_that_is_not_offered_is_found() {
    let folder = with_host();
    for (protocol, service, wanted) in [
        (Protocol::Smtp, "smtp", "error starttls-missing"),
        (Protocol::Smtp, "submission", "critical starttls-missing"),
        (Protocol::Pop3, "pop3", "critical starttls-missing"),
    ] {
        let server = Mail { tls: None, ..Mail::new(protocol, good(&folder)) }.start();
        finds(check(&folder, service, server, ""), &[wanted]);
    }
    // IMAP's LOGIN is there unless it is said that it is not.
    let server = Mail { tls: None, ..Mail::new(Protocol::Imap, good(&folder)) }.start();
    // Dovecot does not say it to the machine that it is on.
    let wanted = &["critical starttls-missing", "info login-before-tls"];
    let outcome = finds(check(&folder, "imap", server, ""), wanted);
    assert!(seen(&outcome, "login-before-tls").contains("check from another machine"));
}

#[test]
fn starttls_that_is_refused_is_found() {
    let folder = with_host();
    let server = serve_at_once(|stream| {
        let words = [
            "220 mail.example.com ESMTP Exim 4.96\r\n",
            "250-mail.example.com\r\n250 STARTTLS\r\n",
            "454 TLS currently unavailable\r\n",
            "221 bye\r\n",
        ];
        say(&stream, &words);
    });
    let outcome = finds(check(&folder, "smtp", server, ""), &["error starttls-refused"]);
    assert!(seen(&outcome, "starttls-refused").contains("454 TLS currently unavailable"));
    // The advice is for the program that the greeting names.
    let document = super::document(&outcome);
    let mend = document["hosts"][0]["ports"][0]["findings"][0]["mend"].as_str().unwrap().to_owned();
    assert!(mend.contains("Debian-exim"), "{mend}");
}

#[test]
fn a_server_whose_tls_does_not_work_is_no_injection() {
    let folder = with_host();
    for (goodbye, wanted) in [
        ("\x15\x03\x01\0\x02\x02P", "with an alert at once"),
        ("454 TLS not available\r\n", "not TLS: \"454 TLS not available\""),
    ] {
        let behind = format!("220 go\r\n{goodbye}");
        // With the agreement, and after it.
        for at_once in [true, false] {
            let behind = behind.clone();
            let server = serve_at_once(move |stream| {
                say(&stream, &["220 mx ESMTP\r\n", "250-mx\r\n250 STARTTLS\r\n"]);
                if at_once {
                    say(&stream, &[&behind]);
                } else {
                    say(&stream, &["220 go\r\n"]);
                    std::thread::sleep(std::time::Duration::from_millis(50));
                    let _ = (&stream).write_all(goodbye.as_bytes());
                }
            });
            let outcome = check(&folder, "smtp", server, "").exits(3);
            let found = found(&outcome);
            assert!(found.contains(&"error handshake-failed".to_owned()), "{outcome}");
            assert!(found.iter().all(|one| !one.contains("injection")), "{outcome}");
            assert!(found.iter().all(|one| !one.contains("incomplete")), "{outcome}");
            if at_once || goodbye.starts_with('4') {
                assert!(seen(&outcome, "handshake-failed").contains(wanted), "{outcome}");
            }
        }
    }
}

#[test]
fn something_else_is_found() {
    let folder = with_host();
    for (words, wanted) in [
        ("* OK imap\r\n", "critical wrong-protocol"),
        ("554 go away\r\n", "critical turned-away"),
        ("421 4.7.0 too many connections\r\n", "critical turned-away"),
        ("", "critical no-greeting"),
    ] {
        let server = serve_at_once(move |stream| say(&stream, &[words]));
        let outcome = finds(check(&folder, "smtp", server, ""), &[wanted]);
        assert!(outcome.text().contains(words.trim_end()), "{outcome}");
    }
}

#[test]
fn who_shakes_hands_and_never_greets_is_no_mail_server() {
    need!("openssl");
    let folder = with_host();
    let server = Openssl::start(&folder, "-key mail/key.pem -cert mail/cert.pem");
    for service in ["submissions", "imaps", "pop3s"] {
        let outcome = finds(check(&folder, service, server.1, ""), &["critical session-broken"]);
        assert!(seen(&outcome, "session-broken").starts_with("inside TLS: "), "{outcome}");
    }
}

#[test]
fn a_server_that_dies_inside_tls_is_found() {
    let folder = with_host();
    // As Postfix does without anybody to ask for passwords: after EHLO inside TLS it is gone.
    for inside in ["", "421 4.3.0 oops\r\n"] {
        let ehlo = "250-mail.example.com\r\n250 STARTTLS\r\n";
        let server = smtp(good(&folder), ehlo, inside);
        for service in ["smtp", "submission"] {
            // The server is asked about relaying, which it does not come to: one cause is one job.
            let run = check(&folder, service, server, "--relay-to joe@example.net");
            finds(run, &["critical session-broken"]);
        }
    }
    // A capability that is refused is no capability.
    let tls = Arc::new(good(&folder));
    let server = serve_at_once(move |stream| {
        let connection = ServerConnection::new(Arc::clone(&tls)).unwrap();
        let mut tls = StreamOwned::new(connection, stream);
        let _ = tls.write_all(b"* OK ready\r\n* BYE auth process broken\r\n");
        let _ = tls.read(&mut [0; 1024]);
        tls.conn.send_close_notify();
        let _ = tls.flush();
    });
    finds(check(&folder, "imaps", server, ""), &["critical session-broken"]);
}

#[test]
fn a_server_of_pop3_that_refuses_everything_is_found() {
    let folder = with_host();
    for (goodbye, is_broken) in [("-ERR internal error\r\n", true), ("+OK bye\r\n", false)] {
        let tls = Arc::new(good(&folder));
        let server = serve_at_once(move |stream| {
            let connection = ServerConnection::new(Arc::clone(&tls)).unwrap();
            let mut tls = StreamOwned::new(connection, stream);
            let _ = tls.write_all(b"+OK ready\r\n");
            // CAPA, and then QUIT.
            for reply in ["-ERR internal error\r\n", goodbye] {
                if tls.read(&mut [0; 1024]).is_ok_and(|count| count > 0) {
                    let _ = tls.write_all(reply.as_bytes());
                }
            }
            tls.conn.send_close_notify();
            let _ = tls.flush();
        });
        if is_broken {
            let outcome = finds(check(&folder, "pop3s", server, ""), &["critical session-broken"]);
            let told = seen(&outcome, "session-broken");
            assert!(told.contains("refuses CAPA and QUIT: -ERR internal error"), "{told}");
        } else {
            finds(check(&folder, "pop3s", server, ""), &[]);
        }
    }
}

#[test]
fn a_server_that_agrees_to_tls_and_gives_up_is_no_attack() {
    let folder = with_host();
    // In one piece with the agreement, and after the hello.
    let words: [&[&str]; 2] = [
        &["* OK Dovecot\r\n", "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK\r\n"],
        &["* OK Dovecot\r\n", "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK\r\n"],
    ];
    for (at, words) in words.into_iter().enumerate() {
        let server = serve_at_once(move |mut stream| {
            let gone = "* BYE TLS initialization failed.\r\n";
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let _ = stream.write_all(words[0].as_bytes());
            let _ = lines.next();
            let _ = stream.write_all(words[1].as_bytes());
            let Some(Ok(line)) = lines.next() else { return };
            let tag = line.split(' ').next().unwrap_or_default().to_owned();
            let ok = format!("{tag} OK begin\r\n");
            if at == 0 {
                let _ = stream.write_all((ok + gone).as_bytes());
                return;
            }
            let _ = stream.write_all(ok.as_bytes());
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(gone.as_bytes());
        });
        let outcome = finds(check(&folder, "imap", server, ""), &["error handshake-failed"]);
        let told = seen(&outcome, "handshake-failed");
        assert!(told.contains("TLS initialization failed"), "{told}");
        assert!(outcome.text().contains("mailca show CERT KEY"), "{outcome}");
    }
}

#[test]
fn plain_text_where_tls_comes_first_is_told_as_such() {
    let folder = with_host();
    for (protocol, service, wanted) in [
        (Protocol::Imap, "imaps", "it speaks IMAP in plain text"),
        (Protocol::Pop3, "pop3s", "it speaks POP3 in plain text"),
        (Protocol::Smtp, "submissions", "it speaks SMTP in plain text"),
    ] {
        let server = Mail::new(protocol, good(&folder)).start();
        let outcome = finds(check(&folder, service, server, ""), &["critical wrong-protocol"]);
        assert!(seen(&outcome, "wrong-protocol").contains(wanted), "{outcome}");
    }
}

/// A port for TLS from the first byte behind which there is none: the server takes the hello for commands.
#[test]
fn plain_text_in_the_place_of_tls_is_known_by_its_complaint() {
    let folder = with_host();
    for words in [
        "554 5.5.0 Error: SMTP protocol synchronization\r\n",
        "521 5.5.1 Protocol error\r\n",
        "500 5.5.1 Command unrecognized\r\n",
    ] {
        let (server, _) = responder(&[], move |_| words.into());
        let outcome = finds(check(&folder, "465", server, ""), &["critical wrong-protocol"]);
        let told = seen(&outcome, "wrong-protocol");
        assert!(told.contains("smtpd_tls_wrappermode=yes"), "{told}");
        let outcome = finds(check(&folder, "25/smtps", server, ""), &["critical wrong-protocol"]);
        let told = seen(&outcome, "wrong-protocol");
        assert!(told.ends_with("check mail.example.com:25/smtp"), "{told}");
    }
    // Who has no room, or wants nothing of this client, may speak TLS with others.
    let (server, _) = responder(&[], |_| b"421 4.3.2 too many connections\r\n".to_vec());
    finds(check(&folder, "465", server, ""), &["error handshake-failed"]);
}

#[test]
fn another_protocol_inside_tls_is_told_as_such() {
    let folder = with_host();
    for (protocol, service, wanted) in [
        (Protocol::Pop3, "995/imaps", "check mail.example.com:995/pop3s"),
        (Protocol::Imap, "993/pop3s", "check mail.example.com:993/imaps"),
        (Protocol::Smtp, "465/imaps", "check mail.example.com:465/submissions"),
        (Protocol::Imap, "993/submissions", "check mail.example.com:993/imaps"),
    ] {
        let mail = Mail { implicit: true, ..Mail::new(protocol, good(&folder)) };
        let run = check(&folder, service, mail.start(), "");
        let told = seen(&finds(run, &["critical wrong-protocol"]), "wrong-protocol");
        assert!(told.ends_with(wanted), "{told}");
    }
}

#[test]
fn a_server_that_waits_for_tls_is_not_said_to_be_slow() {
    let folder = with_host();
    for (protocol, service, wanted) in [
        (Protocol::Smtp, "465/smtp", "check mail.example.com:465/submissions"),
        (Protocol::Imap, "993/imap", "check mail.example.com:993/imaps"),
    ] {
        let server = Mail { implicit: true, ..Mail::new(protocol, good(&folder)) }.start();
        let run = check(&folder, service, server, "--timeout 2");
        let told = seen(&finds(run, &["critical no-greeting"]), "no-greeting");
        assert!(told.ends_with(wanted) && !told.contains("--timeout"), "{told}");
    }
}

#[test]
fn injected_commands_are_found() {
    let folder = with_host();
    for (protocol, service) in [
        (Protocol::Smtp, "smtp"),
        (Protocol::Imap, "imap"),
        (Protocol::Pop3, "pop3"),
        (Protocol::Sieve, "sieve"),
    ] {
        let server = Mail { obeys: true, ..Mail::new(protocol, good(&folder)) }.start();
        let outcome = check(&folder, service, server, "").exits(3);
        assert_eq!(found(&outcome)[0], "critical command-injection", "{service}: {outcome}");
    }
}

#[test]
fn injected_replies_are_found() {
    let folder = with_host();
    let server = serve_at_once(|stream| {
        say(
            &stream,
            &["220 x\r\n", "250-x.example.com\r\n250 STARTTLS\r\n", "220 go\r\n250 x\r\n"],
        );
    });
    finds(check(&folder, "smtp", server, ""), &["critical response-injection"]);
}

#[test]
fn logins_before_tls_are_found() {
    let folder = with_host();
    let server = smtp(
        good(&folder),
        "250-mail.example.com\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n",
        "250-mail.example.com\r\n250 AUTH PLAIN LOGIN\r\n",
    );
    let outcome = finds(check(&folder, "submission", server, ""), &["error login-before-tls"]);
    assert!(seen(&outcome, "login-before-tls").contains("PLAIN, LOGIN"));
    let server = smtp(
        good(&folder),
        "250-mail.example.com\r\n250-AUTH GSSAPI\r\n250 STARTTLS\r\n",
        "250-mail.example.com\r\n250 AUTH GSSAPI\r\n",
    );
    finds(check(&folder, "submission", server, ""), &[]);
}

#[test]
fn what_is_odd_inside_tls_is_found() {
    let folder = with_host();
    let server = smtp(
        good(&folder),
        "250-localhost\r\n250-SIZE 10\r\n250 STARTTLS\r\n",
        "250-localhost\r\n250-SIZE 20\r\n250 STARTTLS\r\n",
    );
    let wanted = [
        "warning starttls-inside-tls",
        "warning login-missing",
        "warning ehlo-name",
        "info ehlo-changes",
    ];
    let outcome = finds(check(&folder, "submission", server, ""), &wanted);
    assert!(seen(&outcome, "ehlo-name").contains("\"localhost\""));
    assert_eq!(seen(&outcome, "ehlo-changes"), "gone inside TLS: SIZE 10; new: SIZE 20");
    // Nobody logs in on port 25.
    let ehlo = "250-[192.0.2.1]\r\n250 STARTTLS\r\n";
    let server = smtp(good(&folder), ehlo, ehlo);
    finds(check(&folder, "smtp", server, ""), &["warning starttls-inside-tls"]);
}

/// As Postfix does with `smtpd_tls_req_ccert`.
#[test]
fn a_certificate_that_is_refused_after_the_handshake_is_found() {
    let folder = super::clients::with_user();
    let before = "250-mail.example.com\r\n250 STARTTLS\r\n";
    let no = "550 5.7.1 Client certificate not trusted\r\n";
    let server = smtp(super::clients::asking(&folder, "demoCA/cacert.pem"), before, no);
    let run = check(&folder, "smtp", server, "--client joeuser");
    let outcome = finds(run, &["error client-certificate-refused"]);
    assert!(seen(&outcome, "client-certificate-refused").contains(no.trim_end()), "{outcome}");
    let outcome = finds(check(&folder, "smtp", server, ""), &["error client-certificate-required"]);
    assert!(seen(&outcome, "client-certificate-required").contains(no.trim_end()), "{outcome}");
}

#[test]
fn a_handshake_that_fails_is_found() {
    let folder = with_host();
    let (server, _) = responder(&[], |_| vec![0x15, 3, 1, 0, 2, 2, 40]);
    // It may be the key: nothing is said of its versions.
    let outcome = finds(check(&folder, "imaps", server, ""), &["error handshake-failed"]);
    assert!(seen(&outcome, "handshake-failed").contains("HandshakeFailure"), "{outcome}");
    let (server, _) = responder(&[], |_| b"220 no TLS here\r\n".to_vec());
    let outcome = check(&folder, "imaps", server, "").exits(3);
    assert!(seen(&outcome, "handshake-failed").contains("not TLS"), "{outcome}");
}

#[test]
fn a_port_that_is_closed_is_found() {
    let folder = with_host();
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let outcome = finds(check(&folder, "smtp", server, ""), &["critical unreachable"]);
    let port = &super::document(&outcome)["hosts"][0]["ports"][0];
    assert_eq!(
        (&port["address"], &port["chain"]),
        (&serde_json::json!(null), &serde_json::json!([]))
    );
}

#[test]
fn questions_without_an_answer_are_found() {
    let folder = with_host();
    let tls = Arc::new(good(&folder));
    // A limit on connections: after the first, nothing more is said.
    let mail = Mail { tls: Some(tls), implicit: true, ..Mail::new(Protocol::Imap, good(&folder)) };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut streams = listener.incoming().map(Result::unwrap);
        let first = streams.next().unwrap();
        std::thread::spawn(move || mail.attend_to(first));
        // They stay open as long as this thread lives, which is as long as the test.
        let _silent: Vec<_> = streams.collect();
    });
    let outcome = finds(check(&folder, "imaps", server, "--timeout 2"), &["warning incomplete"]);
    // One reason is said once, for all versions.
    let told = seen(&outcome, "incomplete");
    assert_eq!(told.matches("the server did not answer in time").count(), 1, "{told}");
    assert!(told.contains("TLS 1.0, TLS 1.1, TLS 1.2: the server did not"), "{told}");
}
