//! Servers that do everything to keep a client, at every step of every protocol: it ends, is no bug, and needs
//! little more memory than for a server in order.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mailca::net::service::Protocol;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{config, with_host};
use crate::support::flights::{record, server_hello};
use crate::support::{Folder, MAILCA, Mail, clean_environment, serve_at_once};

/// Long enough for every slow computer: the check has two seconds.
const HANG: Duration = Duration::from_secs(90);
/// So much more memory it may need than for a server in order, in KiB.
const MORE: u64 = 4 * 1024;
/// So many servers at a time.
const AT_ONCE: usize = 6;

/// When it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Instead of the greeting.
    Greeting,
    /// Instead of the answer to the first command.
    Offer,
    /// Instead of the answer to STARTTLS.
    Go,
    /// Where the handshake should be.
    Handshake,
    /// Inside TLS.
    Inside,
}

/// What is done then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trick {
    Silence,
    Close,
    /// It closes with what the client said unread, which resets the connection.
    Reset,
    /// A byte at a time, each in a while.
    Drip,
    EndlessLine,
    /// Lines of one reply without end.
    EndlessReply,
    /// Replies without end.
    EndlessReplies,
    Garbage,
    PlainText,
    /// A certificate of 16 MB, in the handshake of TLS 1.2.
    LargeCertificate,
    /// Records of the handshake with nothing in them.
    EmptyRecords,
    /// Records with a byte each of a message that is long.
    SmallRecords,
    /// Alerts that are warnings.
    Warnings,
    /// Tens of thousands of tickets.
    Tickets,
}

use Step::{Go, Greeting, Handshake, Inside, Offer};
use Trick::{
    Close, Drip, EmptyRecords, EndlessLine, EndlessReplies, EndlessReply, Garbage,
    LargeCertificate, PlainText, Reset, Silence, SmallRecords, Tickets, Warnings,
};

/// What a server of a protocol says until TLS begins.
struct Script {
    protocol: Protocol,
    implicit: bool,
}

impl Script {
    fn greeting(&self) -> &'static str {
        match self.protocol {
            Protocol::Smtp => "220 mx.example.com ESMTP\r\n",
            Protocol::Imap => "* OK ready\r\n",
            Protocol::Pop3 => "+OK ready\r\n",
            Protocol::Sieve => "\"STARTTLS\"\r\nOK\r\n",
        }
    }

    fn offer(&self, tag: &str) -> String {
        match self.protocol {
            Protocol::Smtp => "250-mx.example.com\r\n250 STARTTLS\r\n".into(),
            Protocol::Imap => {
                format!("* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n{tag} OK\r\n")
            }
            Protocol::Pop3 => "+OK\r\nSTLS\r\n.\r\n".into(),
            Protocol::Sieve => String::new(),
        }
    }

    fn go(&self, tag: &str) -> String {
        match self.protocol {
            Protocol::Smtp => "220 go\r\n".into(),
            Protocol::Imap => format!("{tag} OK\r\n"),
            Protocol::Pop3 => "+OK\r\n".into(),
            Protocol::Sieve => "OK\r\n".into(),
        }
    }

    /// A line after which more of the same reply has to come, as far as the protocol has such.
    fn more(&self) -> &'static str {
        match self.protocol {
            Protocol::Smtp => "250-x\r\n",
            Protocol::Imap => "* CAPABILITY X\r\n",
            Protocol::Pop3 => "X\r\n",
            Protocol::Sieve => "\"X\" \"y\"\r\n",
        }
    }

    /// Does what it has to, and then the trick.
    fn perform(
        &self,
        mut stream: TcpStream,
        (step, trick): (Step, Trick),
        tls: &Arc<ServerConfig>,
    ) -> io::Result<()> {
        if !self.implicit {
            let mut lines = BufReader::new(stream.try_clone()?);
            let mut tag = || {
                let mut line = String::new();
                lines.read_line(&mut line)?;
                io::Result::Ok(line.split(' ').next().unwrap_or_default().to_owned())
            };
            if step == Greeting {
                return self.play(&mut stream, trick);
            }
            stream.write_all(self.greeting().as_bytes())?;
            if self.protocol != Protocol::Sieve {
                let tag = tag()?;
                if step == Offer {
                    return self.play(&mut stream, trick);
                }
                stream.write_all(self.offer(&tag).as_bytes())?;
            }
            let tag = tag()?;
            if matches!(step, Offer | Go) {
                return self.play(&mut stream, trick);
            }
            stream.write_all(self.go(&tag).as_bytes())?;
        }
        if step == Handshake {
            if trick == Reset {
                return stream.peek(&mut [0]).map(drop);
            }
            return self.play(&mut stream, trick);
        }
        let connection = ServerConnection::new(Arc::clone(tls)).map_err(io::Error::other)?;
        let mut tls = StreamOwned::new(connection, stream);
        while tls.conn.is_handshaking() {
            tls.conn.complete_io(&mut tls.sock)?;
        }
        if trick == Reset {
            tls.write_all(self.greeting().as_bytes())?;
            return tls.sock.peek(&mut [0]).map(drop);
        }
        self.play(&mut tls, trick)
    }

    fn play(&self, stream: &mut (impl Read + Write), trick: Trick) -> io::Result<()> {
        let flood = |stream: &mut dyn Write, bytes: &[u8]| {
            let many = bytes.repeat((64 * 1024 / bytes.len()).max(1));
            loop {
                stream.write_all(&many)?;
            }
        };
        let large = |size: usize| {
            let mut messages = server_hello(0x0303, 0xc02f, &[]);
            // A message of kind 11 that says how long it is, and so much of it.
            messages.extend(b"\x0b\xff\xff\xff");
            let mut bytes = record(22, 0x0303, &messages);
            bytes.extend(record(22, 0x0303, &vec![0; size]));
            bytes
        };
        match trick {
            Close | Reset => Ok(()),
            Silence | Tickets => io::copy(stream, &mut io::sink()).map(drop),
            Drip => loop {
                stream.write_all(b"2")?;
                stream.flush()?;
                thread::sleep(Duration::from_millis(30));
            },
            EndlessLine => flood(stream, &[b'2'; 4096]),
            EndlessReply => flood(stream, self.more().as_bytes()),
            EndlessReplies => flood(stream, self.greeting().as_bytes()),
            Garbage => flood(stream, b"\xff\x00\r\n\x80\x16\x03\x01\xff\xff\x07"),
            PlainText => flood(stream, b"500 what is that\r\n"),
            LargeCertificate => {
                stream.write_all(&large(1))?;
                flood(stream, &record(22, 0x0303, &[0; 16 * 1024]))
            }
            SmallRecords => {
                stream.write_all(&large(1))?;
                flood(stream, &record(22, 0x0303, &[0]))
            }
            EmptyRecords => flood(stream, &record(22, 0x0303, &[])),
            Warnings => flood(stream, &record(21, 0x0303, &[1, 112])),
        }
    }
}

/// How a check ended, and the most memory that it had, in KiB.
struct Ended {
    status: Option<i32>,
    stderr: String,
    peak: u64,
}

/// Runs a check and asks the kernel all the time how much memory it has had.
fn watch(folder: &Folder, service: &str, address: SocketAddr) -> Ended {
    let mut command = Command::new(MAILCA);
    clean_environment(&mut command);
    let mut child = command
        .args(["check", &format!("mail.example.com:{service}"), "--connect", &address.to_string()])
        .args(["--timeout", "2", "--json"])
        .current_dir(folder.root())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let (start, mut peak) = (Instant::now(), 0);
    let ended = loop {
        let told = fs::read_to_string(&status).unwrap_or_default();
        // For a moment it is still the test program, with the memory of that.
        let told = if told.starts_with("Name:\tmailca\n") { told } else { String::new() };
        let line = told.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        peak = number.unwrap_or(0).max(peak);
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        if start.elapsed() > HANG {
            let _ = child.kill();
            panic!("{service}: it hangs");
        }
        thread::sleep(Duration::from_millis(3));
    };
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    Ended { status: ended.code(), stderr, peak }
}

/// Everything at every step of a service; and a server in order, to compare with.
#[expect(clippy::print_stdout, reason = "the numbers are seen with --nocapture")]
fn endure(protocol: Protocol, service: &str, implicit: bool) {
    let folder = with_host();
    let tls = || config(&folder, "mail/key.pem", &["mail/cert.pem"]);
    let server = Mail { implicit, ..Mail::new(protocol, tls()) }.start();
    let usual = watch(&folder, service, server);
    assert_eq!(usual.status, Some(0), "{}", usual.stderr);
    let anywhere = [Silence, Close, Drip, EndlessLine, EndlessReply, EndlessReplies, Garbage];
    let mut all: Vec<(Step, Trick)> = Vec::new();
    for step in [Greeting, Offer, Go, Handshake, Inside] {
        if !implicit || matches!(step, Handshake | Inside) {
            all.extend(anywhere.map(|trick| (step, trick)));
        }
    }
    let records = [PlainText, LargeCertificate, SmallRecords, EmptyRecords, Warnings, Reset];
    all.extend(records.map(|trick| (Handshake, trick)));
    all.extend([Reset, Tickets].map(|trick| (Inside, trick)));
    let plain = Arc::new(tls());
    let mut generous = tls();
    generous.send_tls13_tickets = 20_000;
    let generous = Arc::new(generous);
    let most = AtomicU64::new(0);
    for some in all.chunks(AT_ONCE) {
        thread::scope(|scope| {
            for (step, trick) in some.iter().copied() {
                let tls = Arc::clone(if trick == Tickets { &generous } else { &plain });
                let (folder, most) = (&folder, &most);
                scope.spawn(move || {
                    let script = Script { protocol, implicit };
                    let server = serve_at_once(move |stream| {
                        let _ = script.perform(stream, (step, trick), &tls);
                    });
                    let Ended { status, stderr, peak } = watch(folder, service, server);
                    let what = format!("{service} {step:?} {trick:?}: {status:?} {stderr}");
                    assert!(matches!(status, Some(0 | 3)), "{what}");
                    assert!(!stderr.contains("panicked"), "{what}");
                    let more = peak.saturating_sub(usual.peak);
                    most.fetch_max(more, Ordering::Relaxed);
                    assert!(more < MORE, "{what} {more} KiB more than {}", usual.peak);
                });
            }
        });
    }
    println!("{service}: {} KiB, and at most {most:?} more; {} servers", usual.peak, all.len());
}

#[test]
fn hostile_servers_of_smtp_are_endured() {
    endure(Protocol::Smtp, "smtp", false);
}

#[test]
fn hostile_servers_of_imap_are_endured() {
    endure(Protocol::Imap, "imap", false);
}

#[test]
fn hostile_servers_of_pop3_are_endured() {
    endure(Protocol::Pop3, "pop3", false);
}

#[test]
fn hostile_servers_of_sieve_are_endured() {
    endure(Protocol::Sieve, "sieve", false);
}

#[test]
fn hostile_servers_with_tls_first_are_endured() {
    endure(Protocol::Imap, "imaps", true);
}
