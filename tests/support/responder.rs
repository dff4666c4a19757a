//! Mail servers that many clients talk to at once: agreeable ones of every protocol, which may obey what
//! comes in plain text behind STARTTLS, and those that answer a hello with bytes that are given to them.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use mailca::net::service::Protocol;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A server that does this with every connection, in a thread each. It ends with the test program.
pub fn serve_at_once(handler: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    serve_on(TcpListener::bind("127.0.0.1:0").unwrap(), handler)
}

/// The same on a port that is open already.
pub fn serve_on(
    listener: TcpListener,
    handler: impl Fn(TcpStream) + Send + Sync + 'static,
) -> SocketAddr {
    let address = listener.local_addr().unwrap();
    let handler = Arc::new(handler);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, handler) = (stream.unwrap(), Arc::clone(&handler));
            thread::spawn(move || handler(stream));
        }
    });
    address
}

/// What an agreeable server is like.
#[derive(Clone)]
pub struct Mail {
    pub protocol: Protocol,
    /// None where it offers no TLS.
    pub tls: Option<Arc<ServerConfig>>,
    /// Whether TLS begins with the connection.
    pub implicit: bool,
    /// Whether it obeys what came in plain text behind STARTTLS.
    pub obeys: bool,
    /// Whether it relays for whoever has shown a certificate, to `@trusting.example.org`.
    pub trusts: bool,
    /// What it says of every recipient, whoever that is.
    pub verdict: Option<&'static str>,
}

impl Mail {
    pub fn new(protocol: Protocol, tls: ServerConfig) -> Self {
        let (implicit, obeys, trusts) = (false, false, false);
        Self { protocol, tls: Some(Arc::new(tls)), implicit, obeys, trusts, verdict: None }
    }

    /// Runs it.
    pub fn start(self) -> SocketAddr {
        serve_at_once(move |stream| self.attend_to(stream))
    }

    /// Runs it on a port that is open already.
    pub fn start_on(self, listener: TcpListener) -> SocketAddr {
        serve_on(listener, move |stream| self.attend_to(stream))
    }

    /// Serves one connection.
    pub fn attend_to(&self, stream: TcpStream) {
        let _ = self.attend(stream);
    }

    fn attend(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut rest = Vec::new();
        if !self.implicit {
            stream.write_all(self.greeting(false).as_bytes())?;
            if !self.talk(&mut stream, &mut rest, false)? {
                return Ok(());
            }
            if !self.obeys {
                rest.clear();
            }
        }
        let Some(config) = self.tls.clone() else { return Ok(()) };
        let connection = ServerConnection::new(config).map_err(io::Error::other)?;
        let mut tls = StreamOwned::new(connection, stream);
        if self.implicit || self.protocol == Protocol::Sieve {
            tls.write_all(self.greeting(true).as_bytes())?;
        }
        while tls.conn.is_handshaking() {
            tls.conn.complete_io(&mut tls.sock)?;
        }
        let trusts = tls.conn.peer_certificates().is_some();
        Self { trusts, ..self.clone() }.talk(&mut tls, &mut rest, true)?;
        tls.conn.send_close_notify();
        tls.flush()
    }

    /// Answers lines, to the end or to the beginning of TLS, which is true. What came behind it is left.
    fn talk(
        &self,
        stream: &mut (impl Read + Write),
        rest: &mut Vec<u8>,
        inside: bool,
    ) -> io::Result<bool> {
        let mut bytes = [0; 1024];
        loop {
            let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
                match stream.read(&mut bytes)? {
                    0 => return Ok(false),
                    count => rest.extend(&bytes[..count]),
                }
                continue;
            };
            let line: Vec<u8> = rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            stream.write_all(self.reply(&line, inside).as_bytes())?;
            let line = line.to_uppercase();
            if ["QUIT", "LOGOUT"].iter().any(|word| line.ends_with(word)) {
                return Ok(false);
            }
            if line.ends_with("STARTTLS") || line == "STLS" {
                return Ok(true);
            }
        }
    }

    fn greeting(&self, inside: bool) -> String {
        match self.protocol {
            Protocol::Smtp => "220 mx.example.com ESMTP Postfix\r\n".into(),
            Protocol::Imap => "* OK Dovecot ready.\r\n".into(),
            Protocol::Pop3 => "+OK Dovecot ready.\r\n".into(),
            Protocol::Sieve => {
                let more = if inside {
                    "\"SASL\" \"PLAIN\"\r\n"
                } else {
                    "\"SASL\" \"\"\r\n\"STARTTLS\"\r\n"
                };
                format!("\"IMPLEMENTATION\" \"Dovecot Pigeonhole\"\r\n{more}OK \"ready\"\r\n")
            }
        }
    }

    fn reply(&self, line: &str, inside: bool) -> String {
        let offer = |yes: bool, text: &str| if yes { text.to_owned() } else { String::new() };
        let offers_tls = !inside && self.tls.is_some();
        match (self.protocol, line.split(' ').next().unwrap_or_default()) {
            (Protocol::Smtp, "EHLO") => format!(
                "250-mx.example.com\r\n{}{}250 SIZE 1000\r\n",
                offer(offers_tls, "250-STARTTLS\r\n"),
                offer(inside, "250-AUTH PLAIN LOGIN\r\n")
            ),
            (Protocol::Smtp, "QUIT") => "221 2.0.0 bye\r\n".into(),
            (Protocol::Smtp, "STARTTLS") => "220 2.0.0 go\r\n".into(),
            (Protocol::Smtp, "RCPT") if self.verdict.is_some() => {
                format!("{}\r\n", self.verdict.unwrap_or_default())
            }
            (Protocol::Smtp, "RCPT") if self.trusts && line.contains("@trusting.") => {
                "250 2.1.5 ok\r\n".into()
            }
            (Protocol::Smtp, "RCPT") if line.contains("@later.") => {
                "454 4.7.1 <a@example.org>: Relay access denied\r\n".into()
            }
            (Protocol::Smtp, "RCPT") if line.contains("@grey.") => {
                "450 4.2.0 <a@example.org>: Recipient address rejected: Greylisted\r\n".into()
            }
            (Protocol::Smtp, "RCPT")
                if !["@example.com>", "@open."].iter().any(|one| line.contains(one)) =>
            {
                "554 5.7.1 Relay access denied\r\n".into()
            }
            (Protocol::Smtp, "NOOP" | "MAIL" | "RCPT" | "RSET") => "250 2.0.0 ok\r\n".into(),
            (Protocol::Smtp, _) => "502 5.5.2 what\r\n".into(),
            (Protocol::Imap, tag) => {
                let words = match line.strip_prefix(tag).unwrap_or_default().trim() {
                    "CAPABILITY" => format!(
                        "* CAPABILITY IMAP4rev1{}{}\r\n",
                        offer(offers_tls, " STARTTLS LOGINDISABLED"),
                        offer(inside, " AUTH=PLAIN")
                    ),
                    "LOGOUT" => "* BYE\r\n".into(),
                    _ => String::new(),
                };
                format!("{words}{tag} OK done\r\n")
            }
            (Protocol::Pop3, "CAPA") => format!(
                "+OK\r\nTOP\r\n{}{}.\r\n",
                offer(offers_tls, "STLS\r\n"),
                offer(inside, "USER\r\n")
            ),
            (Protocol::Pop3, "STLS" | "QUIT") => "+OK\r\n".into(),
            (Protocol::Pop3, _) => "-ERR what\r\n".into(),
            (Protocol::Sieve, "NOOP") => {
                format!("OK (TAG {}) \"done\"\r\n", line.trim_start_matches("NOOP "))
            }
            (Protocol::Sieve, _) => "OK\r\n".into(),
        }
    }
}

/// Answers each hello with what the function makes of it, after these words, and closes; and counts the
/// hellos.
pub fn responder(
    words: &'static [&'static str],
    answer: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static,
) -> (SocketAddr, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let address = serve_at_once(move |stream| {
        super::say(&stream, words);
        if let Ok(hello) = hello(&stream) {
            counter.fetch_add(1, Ordering::SeqCst);
            let _ = (&stream).write_all(&answer(&hello));
            // Who closes with bytes unread resets the connection, and what was sent may be lost.
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            let _ = io::copy(&mut (&stream).take(64 * 1024), &mut io::sink());
        }
    });
    (address, count)
}

/// Reads one record with a hello, of SSL 2 or later.
pub fn hello(mut stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut record = vec![0; 2];
    stream.read_exact(&mut record)?;
    let rest = if record[0] & 0x80 == 0 {
        let mut head = [0; 3];
        stream.read_exact(&mut head)?;
        record.extend(head);
        usize::from(u16::from_be_bytes([head[1], head[2]]))
    } else {
        usize::from(u16::from_be_bytes([record[0] & 0x7f, record[1]]))
    };
    let start = record.len();
    record.resize(start + rest, 0);
    stream.read_exact(&mut record[start..])?;
    Ok(record)
}

/// Reads a line from a client, without its end.
pub fn line(stream: &TcpStream) -> String {
    let mut line = String::new();
    let _ = BufReader::new(stream).read_line(&mut line);
    line.trim_end().to_owned()
}
