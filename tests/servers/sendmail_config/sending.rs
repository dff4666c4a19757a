//! Sendmail as a client: the submission runner and the daemon that sends to others.

use super::{MC, access, another_ca, prepare, start};
use crate::sendmail;
use crate::site::{CA, HOST};
use crate::support::{Machine, need_machine};

#[test]
fn the_submission_runner_verifies_with_trixie() {
    submission_runner(&need_machine!("sendmail", "trixie"));
}

#[test]
fn the_submission_runner_verifies_with_bookworm() {
    submission_runner(&need_machine!("sendmail", "bookworm"));
}

fn submission_runner(machine: &Machine) {
    prepare(machine);
    let config = "mailca config sendmail --submit --merge /etc/mail/submit.mc";
    machine.shell(&format!("{config} >diff && patch /etc/mail/submit.mc <diff"));
    assert_eq!(machine.shell(config), "");
    let made = machine.run("m4 /etc/mail/submit.mc >/etc/mail/submit.cf").success();
    assert_eq!(made.stderr, "");
    // Each of the two files is told from the other.
    let refused = machine.run("mailca config sendmail --merge /etc/mail/submit.mc").exits(1);
    assert!(refused.stderr.contains("add --submit"), "{refused}");
    machine.run(&format!("mailca config sendmail --submit --merge {MC}")).exits(1);

    let submit = |subject: &str| {
        let message = format!("printf 'Subject: {subject}\\n\\ntext\\n'");
        machine.run(&format!("{message} | runuser -u nobody -- sendmail-mta -i root")).output();
    };
    // Nobody takes it yet, so that it is the runner which sends it, as smmsp.
    submit("later");
    start(machine, "--role receive,submission");
    machine.shell("sendmail-mta -Ac -q -v >>/var/log/mail.log 2>&1");
    submit("now");
    machine.wait_until("two messages", || {
        let log = machine.log();
        let sent = |line: &&str| line.contains("mailer=relay") && line.contains("stat=Sent");
        log.lines().filter(sent).count() == 2
    });
    let log = machine.log();
    let verified = log.lines().filter(|line| line.contains("STARTTLS=client, relay=[127.0.0.1]"));
    let verified: Vec<_> = verified.collect();
    assert_eq!(verified.len(), 2, "{log}");
    assert!(verified.iter().all(|line| line.contains("verify=OK")), "{verified:#?}");
    // The key's folder stays closed to it.
    for user in ["nobody", "smmsp"] {
        assert!(!machine.holds(&format!("runuser -u {user} -- cat /etc/mail/certs/cacert.pem")));
        assert!(machine.holds(&format!("runuser -u {user} -- cat /etc/mail/cacerts/cacert.pem")));
    }
}

/// A server on the network of the client, with the certificate in a folder, or without TLS.
struct Peer<'m>(&'m Machine, u32);

impl<'m> Peer<'m> {
    fn start(machine: &'m Machine, folder: &str) -> Self {
        machine.write("/usr/local/lib/sink.py", include_str!("sink.py"), 0o644);
        let line =
            format!("nsenter --net=/run/netns/client python3 /usr/local/lib/sink.py {CA} {folder}");
        let pid = machine.spawn_daemon(&line);
        let listens = "nsenter --net=/run/netns/client ss -Hltn 'sport = :25' | grep -q .";
        machine.wait_until("a server of the other side", || machine.holds(listens));
        Self(machine, pid)
    }
}

impl Drop for Peer<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.0.end(self.1);
        }
    }
}

/// What becomes of a message to the other side: what sendmail says of it.
fn sent(machine: &Machine) -> String {
    let line =
        "printf 'Subject: out\\n\\ntext\\n' | sendmail-mta -Am -i -v -odi u@client.example.org";
    let said = machine
        .run(&format!("{line} 2>&1; rm -f /var/spool/mqueue/* /var/lib/sendmail/host_status/*"));
    said.output().text()
}

#[test]
fn mail_goes_to_verified_servers_only_with_trixie() {
    verified_servers(&need_machine!("sendmail", "trixie"));
}

#[test]
fn mail_goes_to_verified_servers_only_with_bookworm() {
    verified_servers(&need_machine!("sendmail", "bookworm"));
}

fn verified_servers(machine: &Machine) {
    prepare(machine);
    another_ca(machine);
    machine.shell(
        "mailca issue --no-input --cn client.example.org good &&
         (cd other && mailca issue --no-input --cn client.example.org bad)",
    );
    start(machine, "--role verify-peers,client");
    let line = machine.shell("mailca access-map --tls-srv '*' --verify --match-cn");
    access(machine, &line);
    sendmail::reload(machine);
    {
        let _peer = Peer::start(machine, "/root/good");
        let said = sent(machine);
        assert!(said.contains("Sent"), "{said}\n{}", machine.told());
        machine.wait_for_log("the client is mx.example.com");
    }
    // Another CA's, another host's, a person's, none at all.
    for folder in ["/root/other/bad", HOST, "/root/joeuser", ""] {
        let _peer = Peer::start(machine, folder);
        let said = sent(machine);
        assert!(said.contains("Deferred: 4"), "{folder}: {said}\n{}", machine.told());
        assert!(!said.contains("Sent"), "{folder}: {said}");
        if folder.is_empty() {
            // Unless it is excepted.
            access(machine, &format!("{line}TLS_Srv:client.example.org\tNO\n"));
            let said = sent(machine);
            assert!(said.contains("Sent"), "{said}\n{}", machine.told());
        }
    }
}

#[test]
fn without_the_role_no_certificate_is_shown() {
    let machine = need_machine!("sendmail", "trixie");
    prepare(&machine);
    machine.shell("mailca issue --no-input --cn client.example.org good");
    start(&machine, "--role receive");
    let _peer = Peer::start(&machine, "/root/good");
    let said = sent(&machine);
    assert!(said.contains("Sent"), "{said}");
    machine.wait_for_log("the client is nobody");
}
