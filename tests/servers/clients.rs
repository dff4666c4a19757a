//! The programs that people send and read mail with use the files of a person's folder as they are: with them, and not
//! without, the real servers relay, until that person is revoked.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::access_map::{self, EXIM_MAP, POSTFIX_MAP, SENDMAIL_MAP};
use crate::support::{Folder, Machine, Outcome, need, need_machine, peer};
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
            folder
                .write(&format!("joeuser/{file}"), machine.read(&format!("{}/{file}", site::USER)));
            // msmtp and mutt look at this.
            folder.chmod(&format!("joeuser/{file}"), 0o400);
        }
        folder.write("mail", "From: a@example.org\nTo: b@example.net\nSubject: noon\n\nCome.\n");
        Self { machine, folder }
    }

    fn run(&self, name: &str, words: &[&str], stdin: &str) -> Outcome {
        let program: PathBuf = peer(name).unwrap();
        self.machine
            .outside_as_client(self.folder.root(), &program)
            .args(words)
            .stdin(stdin)
            .env("HOME", &self.folder.root().display().to_string())
            .output()
    }

    /// Sends mail from outside to outside.
    fn send(&self, client: Client, with_certificate: bool) -> Outcome {
        match client {
            Client::Msmtp => self.msmtp(with_certificate),
            Client::Swaks => self.swaks(with_certificate),
            Client::Curl => self.curl(with_certificate),
            Client::Mutt => self.mutt(with_certificate),
        }
    }

    fn msmtp(&self, with_certificate: bool) -> Outcome {
        let mut settings =
            "account default\nhost mx.example.com\nport 25\nfrom a@example.org\nauth off\n\
             tls on\ntls_starttls on\ntls_trust_file joeuser/cacert.pem\n"
                .to_owned();
        if with_certificate {
            settings += "tls_cert_file joeuser/cert.pem\ntls_key_file joeuser/key.pem\n";
        }
        self.folder.write("msmtprc", settings);
        self.folder.chmod("msmtprc", 0o600);
        self.run("msmtp", &["-C", "msmtprc", "b@example.net"], &self.folder.text("mail"))
    }

    fn swaks(&self, with_certificate: bool) -> Outcome {
        let mut words = vec![
            "--server",
            "mx.example.com",
            "--from",
            "a@example.org",
            "--to",
            "b@example.net",
            "--tls",
            "--tls-verify",
            "--tls-ca-path",
            "joeuser/cacert.pem",
        ];
        if with_certificate {
            words.extend(["--tls-cert", "joeuser/cert.pem", "--tls-key", "joeuser/key.pem"]);
        }
        self.run("swaks", &words, "")
    }

    fn curl(&self, with_certificate: bool) -> Outcome {
        let mut words = vec![
            "--silent",
            "--show-error",
            "--url",
            "smtp://mx.example.com/client.example.org",
            "--ssl-reqd",
            "--cacert",
            "joeuser/cacert.pem",
            "--mail-from",
            "a@example.org",
            "--mail-rcpt",
            "b@example.net",
            "--crlf",
            "--upload-file",
            "mail",
        ];
        if with_certificate {
            words.extend(["--cert", "joeuser/cert.pem", "--key", "joeuser/key.pem"]);
        }
        self.run("curl", &words, "")
    }

    /// mutt wants certificate and key in one file; with it, it logs in wherever a server offers that, for which it
    /// wants a name.
    fn mutt(&self, with_certificate: bool) -> Outcome {
        let root = self.folder.root().display();
        let login = if with_certificate { "joeuser@" } else { "" };
        let mut settings = format!(
            "set from = a@example.org\nset smtp_url = smtp://{login}mx.example.com:25/\nset ssl_force_tls = yes\n\
             set ssl_starttls = yes\nset certificate_file = {root}/joeuser/cacert.pem\n\
             set ssl_ca_certificates_file = {root}/joeuser/cacert.pem\nset copy = no\n"
        );
        if with_certificate {
            let pair = self.folder.text("joeuser/cert.pem") + &self.folder.text("joeuser/key.pem");
            self.folder.write("pair.pem", pair);
            self.folder.chmod("pair.pem", 0o600);
            let _ = write!(
                settings,
                "set ssl_client_cert = {root}/pair.pem\nset smtp_authenticators = external\n"
            );
        }
        self.folder.write("muttrc", settings);
        self.run("mutt", &["-F", "muttrc", "-s", "noon", "b@example.net"], "Come.\n")
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
        let outcome = home.swaks(true);
        assert_eq!(outcome.status, Some(0), "{outcome}\n{}", machine.told());
    }
    let serial = machine.shell("cat joeuser/cert.pem.old-* | openssl x509 -noout -serial");
    let serial = serial.trim().rsplit('=').next().unwrap().to_owned();
    machine.shell(&format!("mailca revoke {serial} --reason superseded"));
    old.is_refused(Client::Swaks, true);
    let outcome = new.swaks(true);
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
        let read = |words: &[&str]| {
            let all = [
                &["--silent", "--show-error", "--ssl-reqd", "--cacert", "joeuser/cacert.pem"][..],
                &["--login-options", "AUTH=EXTERNAL", "--user", "joeuser:"],
                words,
                &["imap://mx.example.com/"],
            ];
            home.run("curl", &all.concat(), "")
        };
        let outcome = read(&["--cert", "joeuser/cert.pem", "--key", "joeuser/key.pem"]);
        assert_eq!(outcome.status, Some(0), "{release} {outcome}\n{}", machine.told());
        outcome.says(&["INBOX"]);
        machine.wait_for_log("user=<joeuser>, method=EXTERNAL");
        let outcome = read(&[]);
        assert_ne!(outcome.status, Some(0), "{release} {outcome}\n{}", machine.told());
    }
}
