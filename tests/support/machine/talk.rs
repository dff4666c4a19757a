//! Conversations of a client with the server of a machine.

use serde_json::{from_slice, json};

use super::Machine;
use crate::support::Outcome;

/// How an SMTP conversation is encrypted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    None,
    Starttls,
    /// From the first byte, as on port 465.
    Wrapped,
}

/// An SMTP conversation that starts when something is said. The server's certificate is verified,
/// with the name mx.example.com.
#[must_use = "the conversation starts when something is said"]
pub struct Smtp<'machine> {
    machine: &'machine Machine,
    ca: String,
    port: u16,
    tls: Tls,
    certificate: Option<[String; 2]>,
    local: bool,
}

impl Machine {
    /// A conversation of 10.77.0.2 with port 25 through STARTTLS, without a certificate.
    pub fn smtp(&self, ca: &str) -> Smtp<'_> {
        let (ca, tls) = (ca.to_string(), Tls::Starttls);
        Smtp { machine: self, ca, port: 25, tls, certificate: None, local: false }
    }

    /// A TLS handshake of 10.77.0.2 with `openssl s_client`: over STARTTLS of `protocol`, or at once
    /// where that is empty. More options may follow, as `-cert` and `-key`. It has to verify
    /// against the CA, with the name mx.example.com.
    ///
    /// With TLS 1.3 the client is done before the server has judged its certificate.
    pub fn handshake(&self, protocol: &str, port: u16, ca: &str, options: &str) -> Outcome {
        let outcome = self.try_handshake(protocol, port, ca, options);
        // "Verification: OK" is also said where there was no certificate at all.
        assert_eq!(outcome.status, Some(0), "{outcome}\n{}", self.told());
        let text = outcome.text();
        for words in ["Verification: OK", "Verified peername: mx.example.com", ", Cipher is "] {
            assert!(text.contains(words), "not said: {words:?}\n{outcome}\n{}", self.told());
        }
        assert!(!text.contains("Cipher is (NONE)"), "{outcome}\n{}", self.told());
        outcome
    }

    /// The same, however it ends.
    pub fn try_handshake(&self, protocol: &str, port: u16, ca: &str, options: &str) -> Outcome {
        let starttls =
            if protocol.is_empty() { String::new() } else { format!("-starttls {protocol}") };
        self.run_as_client(&format!(
            "openssl s_client -connect mx.example.com:{port} {starttls} -CAfile {ca} \
             -verify_return_error -verify_hostname mx.example.com {options} </dev/null"
        ))
        .output()
    }
}

impl Smtp<'_> {
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = tls;
        self
    }

    /// With the client certificate in `FOLDER/cert.pem` and its key in `FOLDER/key.pem`.
    pub fn certificate(mut self, folder: &str) -> Self {
        self.certificate = Some(["cert.pem", "key.pem"].map(|name| format!("{folder}/{name}")));
        self
    }

    /// From the machine itself, at 127.0.0.1.
    pub fn local(mut self) -> Self {
        self.local = true;
        self
    }

    /// Says the commands, whatever is answered, and gives each one's reply. A connection that ends
    /// early is the last entry: `closed: WHY`.
    pub fn say(self, commands: &[&str]) -> Vec<String> {
        let [certificate, key] = self.certificate.unwrap_or_default();
        let tls = match self.tls {
            Tls::None => "",
            Tls::Starttls => "starttls",
            Tls::Wrapped => "wrapped",
        };
        let talk = json!({
            "address": if self.local { "127.0.0.1" } else { "10.77.0.1" },
            "port": self.port, "name": "mx.example.com", "tls": tls, "ca": self.ca,
            "certificate": certificate, "key": key, "commands": commands,
        });
        let line = "python3 /usr/local/lib/smtp.py";
        let run =
            if self.local { self.machine.run(line) } else { self.machine.run_as_client(line) };
        from_slice(&run.stdin(talk.to_string()).success().stdout).unwrap()
    }

    /// Offers a message from one mailbox to another: the replies to MAIL and RCPT, or how the
    /// connection ended before.
    pub fn offer(self, from: &str, to: &str) -> Vec<String> {
        self.say(&[&format!("MAIL FROM:<{from}>"), &format!("RCPT TO:<{to}>")])
    }

    /// Sends a message; all replies.
    pub fn send(self, from: &str, to: &str) -> Vec<String> {
        let message = format!("From: <{from}>\r\nTo: <{to}>\r\nSubject: test\r\n\r\ntest\r\n.");
        let [mail, rcpt] = [format!("MAIL FROM:<{from}>"), format!("RCPT TO:<{to}>")];
        self.say(&[&mail, &rcpt, "DATA", &message])
    }
}
