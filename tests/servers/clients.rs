//! The programs that people send and read mail with use the files of a person's folder as they are, with the settings and
//! commands of docs/users.md: with them, and not without, the real servers relay, until that person is revoked.

use std::path::Path;

use crate::access_map::{self, EXIM_MAP, POSTFIX_MAP, SENDMAIL_MAP};
use crate::support::{Folder, Machine, Outcome, need, need_machine};
use crate::{dovecot_config, site};

const CLIENTS: [Client; 4] = [Client::Msmtp, Client::Swaks, Client::Curl, Client::Mutt];

/// What sends mail.
#[derive(Clone, Copy, Debug)]
enum Client {
    Msmtp,
    Swaks,
    Curl,
    Mutt,
}

/// The page that is followed.
const PAGE: &str = include_str!("../../docs/users.md");

/// The blocks of the page that are fenced by a word, with the names and the port of the machine.
fn block(kind: &str) -> String {
    let fence = format!("```{kind}\n");
    let blocks: Vec<_> =
        PAGE.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!blocks.is_empty(), "the page has no {kind}");
    let text = blocks.concat();
    let text = text.replace("smtp.example.com", "mx.example.com").replace("587", "25");
    text.replace("imap.example.com", "mx.example.com").replace("\\\n", "")
}

/// The command of the page that begins so.
fn command(begin: &str) -> String {
    let commands = block("bash");
    let found = commands.lines().find(|line| line.starts_with(begin));
    found.unwrap_or_else(|| panic!("the page has no {begin}: {commands}")).to_owned()
}

/// Settings or a command without what names the certificate and its key.
fn without_certificate(text: &str) -> String {
    let pair = ["cert ~/joeuser/cert.pem", "key ~/joeuser/key.pem"];
    let is_of_settings = |line: &&str| {
        !["tls_cert", "tls_key", "ssl_client_cert", "smtp_auth"].iter().any(|it| line.contains(it))
    };
    let mut text: String = text
        .lines()
        .filter(is_of_settings)
        .map(|line| line.replace("smtp://joeuser@", "smtp://") + "\n")
        .collect();
    for prefix in ["--tls-", "--"] {
        for option in pair {
            text = text.replace(&format!(" {prefix}{option}"), "");
        }
    }
    text
}

/// A client's home, with the files of joeuser's folder in `joeuser/`, brought from the machine.
struct Home<'m> {
    machine: &'m Machine,
    folder: Folder,
}

impl<'m> Home<'m> {
    fn new(machine: &'m Machine) -> Self {
        let folder = Folder::empty();
        folder.mkdir("joeuser");
        for file in ["key.pem", "cert.pem", "cacert.pem"] {
            let content = machine.read(&format!("{}/{file}", site::USER));
            folder.write(&format!("joeuser/{file}"), content);
            folder.chmod(&format!("joeuser/{file}"), 0o400);
        }
        let pair = folder.text("joeuser/cert.pem") + &folder.text("joeuser/key.pem");
        folder.write("joeuser/pair.pem", pair);
        folder.chmod("joeuser/pair.pem", 0o400);
        folder.write("letter", "Subject: Noon\n\nMeet me at noon.\n");
        Self { machine, folder }
    }

    /// Runs a line of the page.
    fn run(&self, line: &str) -> Outcome {
        self.machine
            .outside_as_client(self.folder.root(), Path::new("/bin/sh"))
            .args(&["-c", line])
            .env("HOME", &self.folder.root().display().to_string())
            .output()
    }

    /// Sends mail to outside as the page says.
    fn send(&self, client: Client, with_certificate: bool) -> Outcome {
        let said = |text: String| if with_certificate { text } else { without_certificate(&text) };
        match client {
            Client::Msmtp => {
                self.folder.write(".msmtprc", said(block("msmtprc")));
                self.folder.chmod(".msmtprc", 0o600);
                self.run(&command("msmtp "))
            }
            Client::Mutt => {
                self.folder.write(".muttrc", said(block("muttrc")));
                self.run(&command("mutt "))
            }
            Client::Swaks => self.run(&said(command("swaks "))),
            Client::Curl => self.run(&said(command("curl --url smtp:"))),
        }
    }

    /// Every client relays with the certificate and none without; and none at all once the person is revoked.
    fn relays_by_certificate(&self) {
        for client in CLIENTS {
            let outcome = self.send(client, true);
            assert_eq!(outcome.status, Some(0), "{client:?} {outcome}\n{}", self.machine.told());
            self.is_refused(client, false);
        }
        self.machine.shell("mailca revoke --user joe@example.com");
        for client in CLIENTS {
            self.is_refused(client, true);
        }
    }

    fn is_refused(&self, client: Client, with_certificate: bool) {
        let outcome = self.send(client, with_certificate);
        assert_ne!(outcome.status, Some(0), "{client:?} {outcome}\n{}", self.machine.told());
        // For this reason, and no other. curl tells the number only.
        let said = format!("{}{}", outcome.text(), outcome.stderr).to_lowercase();
        let is_relaying = said.contains("relay") || said.contains("55");
        assert!(is_relaying, "{client:?} {outcome}\n{}", self.machine.told());
    }
}

#[test]
fn every_client_relays_through_sendmail() {
    need!("msmtp", "swaks", "curl", "mutt");
    let machine = need_machine!("sendmail", "trixie");
    site::certify(&machine);
    access_map::sendmail_with_map(&machine, "");
    access_map::follow(&machine, &format!("sendmail:{SENDMAIL_MAP}"));
    Home::new(&machine).relays_by_certificate();
}

#[test]
fn every_client_relays_through_postfix() {
    need!("msmtp", "swaks", "curl", "mutt");
    let machine = need_machine!("postfix", "trixie");
    site::certify(&machine);
    machine.shell(&format!("mailca access-map --all --for postfix -o {POSTFIX_MAP} --build"));
    access_map::postfix_with_map(&machine, "");
    access_map::follow(&machine, &format!("postfix:{POSTFIX_MAP}"));
    Home::new(&machine).relays_by_certificate();
}

#[test]
fn every_client_relays_through_exim() {
    need!("msmtp", "swaks", "curl", "mutt");
    let machine = need_machine!("exim", "trixie");
    site::certify(&machine);
    access_map::exim_with_map(&machine);
    access_map::follow(&machine, &format!("exim:{EXIM_MAP}"));
    Home::new(&machine).relays_by_certificate();
}

#[test]
fn a_renewed_person_relays_with_the_old_certificate_until_it_is_revoked() {
    need!("swaks");
    let machine = need_machine!("exim", "bookworm");
    site::certify(&machine);
    access_map::exim_with_map(&machine);
    access_map::follow(&machine, &format!("exim:{EXIM_MAP}"));
    let old = Home::new(&machine);
    machine.shell("mailca renew --no-input --user joeuser --new-key");
    let new = Home::new(&machine);
    assert_ne!(old.folder.text("joeuser/key.pem"), new.folder.text("joeuser/key.pem"));
    for home in [&old, &new] {
        let outcome = home.send(Client::Swaks, true);
        assert_eq!(outcome.status, Some(0), "{outcome}\n{}", machine.told());
    }
    let serial = machine.shell("cat joeuser/cert.pem.old-* | openssl x509 -noout -serial");
    let serial = serial.trim().rsplit('=').next().unwrap().to_owned();
    machine.shell(&format!("mailca revoke {serial} --reason superseded"));
    old.is_refused(Client::Swaks, true);
    let outcome = new.send(Client::Swaks, true);
    assert_eq!(outcome.status, Some(0), "{outcome}\n{}", machine.told());
}

#[test]
fn curl_reads_mail_at_dovecot_by_certificate_without_a_password() {
    need!("curl");
    for release in ["trixie", "bookworm"] {
        let machine = need_machine!("dovecot", release);
        dovecot_config::prepare(&machine);
        dovecot_config::start(&machine, "receive,relay-by-cert --crl");
        let home = Home::new(&machine);
        let read = command("curl --url imap:");
        let outcome = home.run(&read);
        assert_eq!(outcome.status, Some(0), "{release} {outcome}\n{}", machine.told());
        outcome.says(&["INBOX"]);
        machine.wait_for_log("user=<joeuser>, method=EXTERNAL");
        let without = without_certificate(&read);
        assert_ne!(without.trim(), read.trim());
        let outcome = home.run(&without);
        assert_ne!(outcome.status, Some(0), "{release} {outcome}\n{}", machine.told());
    }
}
