//! `mailca tlsa --check` with servers that mean no good. That none of them hangs it is asserted by
//! the error about the time, which comes from mailca's own deadline of a second.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use super::with_host;
use crate::support::{Folder, Run, say, serve};

fn check(folder: &Folder, service: &str, address: SocketAddr) -> Run {
    folder
        .mailca(&format!("tlsa mail.example.com/{service} --check --timeout 1 --connect {address}"))
}

/// Keeps the connection until the other side goes.
fn wait(mut stream: TcpStream) {
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
}

#[test]
fn silence_ends_with_the_time() {
    let folder = with_host();
    let silent = serve(wait);
    let late = "within 1 s";
    check(&folder, "smtp", silent).refused(&["its greeting", late, "/submissions"]);
    check(&folder, "imaps", silent).refused(&["its certificate", late]);
    let deaf = serve(|stream| {
        say(&stream, &["220 x\r\n", ""]);
        wait(stream);
    });
    check(&folder, "smtp", deaf).refused(&["its answer to EHLO", late]);
    let mute = serve(|stream| {
        say(&stream, &["220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n"]);
        wait(stream);
    });
    check(&folder, "smtp", mute).refused(&["its certificate", late]);
}

#[test]
fn slowness_ends_with_the_time() {
    let folder = with_host();
    let drip = |bytes: &'static [u8]| {
        serve(move |mut stream| {
            // A new byte before any one read is late.
            for byte in bytes.iter().cycle() {
                if stream.write_all(&[*byte]).is_err() {
                    break;
                }
                thread::sleep(Duration::from_millis(100));
            }
        })
    };
    check(&folder, "smtp", drip(b"220-x\r\n")).refused(&["its greeting", "within 1 s"]);
    // The header of a record of 16 KB, and then its bytes one by one.
    check(&folder, "smtps", drip(b"\x16\x03\x03\x40\0\x02\0\x3f\xfc"))
        .refused(&["its certificate", "within 1 s"]);
}

#[test]
fn floods_are_cut_off() {
    let folder = with_host();
    let flood =
        |words: &'static [u8]| serve(move |mut stream| while stream.write_all(words).is_ok() {});
    check(&folder, "smtp", flood(b"220-welcome\r\n")).refused(&["over 100 lines"]);
    check(&folder, "smtp", flood(b"x")).refused(&["a line of over 4096 bytes"]);
    check(&folder, "sieve", flood(b"\"x\" {9}\r\n123456789")).refused(&["over 4096 bytes"]);
    check(&folder, "imap", flood(b"* OK\r\n* x\r\n")).refused(&["over 100 lines"]);
    check(&folder, "pop3s", flood(b"x")).refused(&["not TLS"]);
}

#[test]
fn garbage_is_shown_harmlessly() {
    let folder = with_host();
    let garbage = serve(|stream| say(&stream, &["\0\u{1b}[2J\u{202e}\u{7}\r\n"]));
    for service in ["smtp", "imap", "pop3", "sieve"] {
        let outcome = check(&folder, service, garbage).refused(&["does not speak", "\\u{1b}[2J"]);
        assert!(!outcome.stderr.contains(['\0', '\u{1b}', '\u{202e}', '\u{7}']), "{outcome}");
    }
    check(&folder, "smtps", garbage).refused(&["not TLS", "/submission"]);
}

#[test]
fn an_end_is_told_wherever_it_comes() {
    let folder = with_host();
    let words = ["220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n"];
    let awaited = ["its greeting", "its answer to EHLO", "its answer to STARTTLS"];
    for (count, awaited) in awaited.iter().enumerate() {
        let address = serve(move |stream| {
            say(&stream, &words[..count]);
            // What was said to it is read, or the end would be a reset.
            let _ = stream.shutdown(std::net::Shutdown::Write);
            wait(stream);
        });
        check(&folder, "smtp", address).refused(&["closed", awaited]);
    }
    let address = serve(move |stream| {
        say(&stream, &words);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        wait(stream);
    });
    check(&folder, "smtp", address).refused(&["no TLS handshake", "closed the connection"]);
    check(&folder, "smtp", serve(drop)).refused(&["mail.example.com:25"]);
}

#[test]
fn words_behind_the_agreement_are_not_taken_for_tls() {
    let folder = with_host();
    let injecting = serve(|stream| {
        say(&stream, &["220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n250 injected\r\n"]);
        wait(stream);
    });
    check(&folder, "smtp", injecting).refused(&["inserting words"]);
    let plain = serve(|mut stream| {
        say(&stream, &["220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n"]);
        // After the first bytes of the handshake, as if it had not agreed to it.
        let _ = stream.read(&mut [0; 64]);
        let _ = stream.write_all(b"250 plain\r\n");
        wait(stream);
    });
    check(&folder, "smtp", plain).refused(&["no TLS handshake", "not TLS"]);
}

#[test]
fn refusals_are_told_in_the_servers_words() {
    let folder = with_host();
    let words = |words: &'static [&'static str]| serve(move |stream| say(&stream, words));
    let refusing =
        words(&["220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "454 TLS not available\r\n", ""]);
    check(&folder, "smtp", refusing).refused(&["refuses STARTTLS: 454 TLS not available"]);
    let without = words(&["220 x\r\n", "250 x\r\n", ""]);
    check(&folder, "smtp", without).refused(&["does not offer STARTTLS", "key"]);
    check(&folder, "smtp", words(&["554 go away\r\n", ""]))
        .refused(&["refuses the connection: 554 go"]);
    // A handshake that the server ends with an alert: handshake_failure.
    let alert = serve(|mut stream| {
        let _ = stream.read(&mut [0; 64]);
        let _ = stream.write_all(b"\x15\x03\x03\0\x02\x02\x28");
        wait(stream);
    });
    check(&folder, "smtps", alert).refused(&["no TLS handshake", "HandshakeFailure"]);
}

#[test]
fn nobody_there_is_told() {
    let folder = with_host();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    check(&folder, "smtp", address).refused(&["no connection", &address.to_string()]);
    folder.mailca("issue --cn mail.invalid mail.invalid").success();
    folder.mailca("tlsa mail.invalid --check --timeout 5").refused(&["address cannot be found"]);
}
