//! `config sendmail`: what it prints is put into Debian's own files, and Sendmail does what it says.

use crate::check::nothing_to_mend;
use crate::site::{self, CA, HOST, USER};
use crate::support::{Machine, Tls, need_machine};
use crate::{pages, sendmail};

#[path = "sendmail_config/lists.rs"]
mod lists;
#[path = "sendmail_config/sending.rs"]
mod sending;

const MC: &str = "/etc/mail/sendmail.mc";
const ALL_ROLES: &str = "receive,submission,relay-by-cert,verify-peers,client";

/// The files where `config` looks for them, and a `sendmail.mc` for a machine without DNS.
fn prepare(machine: &Machine) {
    site::certify(machine);
    deliver(machine);
    without_dns(machine);
    machine.shell(&format!("cp {MC} /root/base.mc"));
    access(machine, "");
    machine.shell("mailca access-map --all -o /etc/mail/mailca.access --build");
}

/// Debian's file, but for what needs the DNS, and without limits to what one client may do.
fn without_dns(machine: &Machine) {
    machine.shell("chown root:root /etc/mail && chmod g-s /etc/mail");
    machine.write("/etc/mail/local-host-names", "localhost\nmx.example.com\nexample.com\n", 0o644);
    machine.shell(&format!(
        "sed -i -e '/greet_pause/d' -e '/conncontrol/d' -e '/ratecontrol/d' \
             -e \"s|^FEATURE(.use_cw_file')dnl|&\\n\
             define(\\`confSERVICE_SWITCH_FILE', \\`/etc/mail/service.switch-nodns')dnl\\n\
             define(\\`confDOMAIN_NAME', \\`mx.example.com')dnl\\n\
             define(\\`confQUEUE_LA', \\`10000')dnl\\n\
             define(\\`confREFUSE_LA', \\`10000')dnl\\n\
             FEATURE(\\`accept_unresolvable_domains')dnl|\" {MC}"
    ));
}

/// What `install` does.
fn deliver(machine: &Machine) {
    machine.shell(&format!(
        "mkdir -p -m 700 /etc/mail/certs && mkdir -p -m 755 /etc/mail/cacerts &&
         for file in key.pem cert.pem cacert.pem; do
           install -m 400 {HOST}/$file /etc/mail/certs/$file || exit 1
         done && install -m 444 {HOST}/cacert.pem /etc/mail/cacerts/cacert.pem"
    ));
}

fn access(machine: &Machine, lines: &str) {
    sendmail::access(machine, &format!("Connect:127\tRELAY\n{lines}"));
}

/// Takes the lines in, in the way that the text itself names.
fn configure(machine: &Machine, options: &str) {
    let config = format!("mailca config sendmail {options} --merge {MC}");
    machine
        .shell(&format!("cp /root/base.mc {MC} && {config} >/root/diff && patch {MC} </root/diff"));
    assert_eq!(machine.shell(&config), "", "a second time nothing is changed");
    make(machine);
}

/// `sendmail.cf`, with which m4 and sendmail itself have no quarrel.
fn make(machine: &Machine) {
    let outcome = machine.run(&format!("m4 {MC} >/etc/mail/sendmail.cf")).success();
    assert_eq!(outcome.stderr, "");
    let outcome = machine.run("sendmail-mta -bt -C /etc/mail/sendmail.cf </dev/null").success();
    assert_eq!(outcome.stderr, "");
}

fn start(machine: &Machine, options: &str) {
    configure(machine, options);
    sendmail::run(machine);
}

fn may_relay(machine: &Machine, port: u16, folder: Option<&str>) -> bool {
    let mut talk = machine.smtp(CA).port(port);
    if port == 465 {
        talk = talk.tls(Tls::Wrapped);
    }
    if let Some(folder) = folder {
        talk = talk.certificate(folder);
    }
    let replies = talk.offer("a@example.org", "b@example.net");
    let last = replies.last().unwrap();
    // Without the log-in that is demanded it is over with the first.
    let is_refused = last.starts_with("550 5.7.1") || replies[0].starts_with("530");
    assert!(last.starts_with("250") || is_refused, "{replies:?}\n{}", machine.told());
    last.starts_with("250")
}

#[test]
fn every_role_is_accepted_by_trixie() {
    every_role(&need_machine!("sendmail", "trixie"));
}

#[test]
fn every_role_is_accepted_by_bookworm() {
    every_role(&need_machine!("sendmail", "bookworm"));
}

fn every_role(machine: &Machine) {
    prepare(machine);
    machine.shell("mailca crl --publish /etc/mail/certs/crl.pem --hash-dir /etc/mail/certs");
    for role in ALL_ROLES.split(',').chain([ALL_ROLES]) {
        let looks = role.contains("relay-by-cert") || role.contains("verify-peers");
        let role = format!("{role}{}", if looks { " --crl" } else { "" });
        configure(machine, &format!("--role {role}"));
        // The lines pasted are accepted as well as those merged.
        let pasted = format!(
            "sed -e '/^DAEMON_OPTIONS/d' -e '/^FEATURE(.access_db/d' -e '/^FEATURE(.delay_checks/d' -e '/^MAILER_DEF/,$d' /root/base.mc >{MC} &&
             mailca config sendmail --role {role} >>{MC} && sed -n '/^MAILER_DEF/,$p' /root/base.mc >>{MC}"
        );
        machine.shell(&pasted);
        make(machine);
    }
    let said = machine.run("mailca config sendmail").success();
    assert!(said.stderr.contains("built with STARTTLS and with SASLv2"), "{said}");
    assert!(said.text().contains("built with STARTTLS and with SASLv2"), "{said}");
}

#[test]
fn users_submit_with_trixie() {
    users_submit(&need_machine!("sendmail", "trixie"));
}

#[test]
fn users_submit_with_bookworm() {
    users_submit(&need_machine!("sendmail", "bookworm"));
}

/// joeuser's password is "secret".
const LOG_IN: &str = "AUTH PLAIN AGpvZXVzZXIAc2VjcmV0";

fn log_ins(machine: &Machine) {
    machine.shell(
        "useradd joeuser && echo joeuser:secret | chpasswd && mkdir -p /run/saslauthd &&
         saslauthd -a shadow -m /run/saslauthd >>/var/log/mail.log 2>&1",
    );
}

fn users_submit(machine: &Machine) {
    prepare(machine);
    log_ins(machine);
    start(machine, "--role receive,submission");
    nothing_to_mend(machine, &[25, 587, 465]);
    for port in [25, 587, 465] {
        let protocol = if port == 465 { "" } else { "smtp" };
        machine.handshake(protocol, port, CA, "");
        let old = machine.try_handshake(protocol, port, CA, "-tls1_1 -cipher ALL:@SECLEVEL=0");
        assert_ne!(old.status, Some(0), "{old}");
        // Nobody is asked for a certificate.
        let outcome = machine.handshake(protocol, port, CA, "");
        assert!(outcome.text().contains("No client certificate CA names sent"), "{outcome}");
        assert!(!may_relay(machine, port, None), "port {port}");
    }
    for port in [25, 587] {
        let replies = machine.smtp(CA).port(port).tls(Tls::None).say(&["EHLO c", LOG_IN]);
        assert!(replies[0].contains("STARTTLS") && !replies[0].contains("AUTH"), "{replies:?}");
        assert!(replies[1].starts_with('5'), "{replies:?}");
    }
    for (port, tls) in [(587, Tls::Starttls), (465, Tls::Wrapped)] {
        let mail = ["EHLO c", LOG_IN, "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>"];
        let replies = machine.smtp(CA).port(port).tls(tls).say(&mail);
        assert!(replies[0].contains("AUTH LOGIN PLAIN"), "{replies:?}\n{}", machine.told());
        assert!(replies[1].starts_with("235"), "{replies:?}\n{}", machine.told());
        assert!(replies[3].starts_with("250"), "{replies:?}\n{}", machine.told());
        // Without a log-in not even mail for the own domain.
        let replies =
            machine.smtp(CA).port(port).tls(tls).offer("a@example.org", "root@example.com");
        assert!(replies[0].starts_with("530"), "{replies:?}\n{}", machine.told());
    }
}

#[test]
fn a_certificate_relays_with_trixie() {
    a_certificate_relays(&need_machine!("sendmail", "trixie"));
}

#[test]
fn a_certificate_relays_with_bookworm() {
    a_certificate_relays(&need_machine!("sendmail", "bookworm"));
}

/// Another CA of the same name, and a user of it with the same name.
fn another_ca(machine: &Machine) {
    machine.shell(
        "mkdir other && cd other && mailca newca --no-input --org 'Example Inc' --cn 'Example Mail CA' &&
         mailca issue --no-input --user joeuser --email joe@example.com joeuser",
    );
}

fn a_certificate_relays(machine: &Machine) {
    prepare(machine);
    another_ca(machine);
    machine.shell("mailca issue --no-input --user ann --email ann@example.com ann");
    start(machine, "--role receive,submission,relay-by-cert");
    for port in [25, 587, 465] {
        assert!(may_relay(machine, port, Some(USER)), "port {port}\n{}", machine.told());
        assert!(!may_relay(machine, port, None), "port {port}");
        assert!(!may_relay(machine, port, Some("/root/other/joeuser")), "port {port}");
        // Not yet in the map.
        assert!(!may_relay(machine, port, Some("/root/ann")), "port {port}");
        let replies = machine.smtp(CA).port(port).certificate("/root/ann");
        let replies = if port == 465 { replies.tls(Tls::Wrapped) } else { replies };
        // Nor does the log-in by certificate go past the map.
        let replies = replies.say(&[
            "EHLO c",
            "AUTH EXTERNAL =",
            "MAIL FROM:<a@example.org>",
            "RCPT TO:<b@example.net>",
        ]);
        if port != 25 {
            assert!(replies[0].contains("EXTERNAL"), "{replies:?}");
            assert!(replies[1].starts_with("235"), "{replies:?}\n{}", machine.told());
        }
        assert!(replies[3].starts_with("550 5.7.1"), "{replies:?}\n{}", machine.told());
    }
    // A running daemon takes the new map.
    machine.shell("mailca access-map --all -o /etc/mail/mailca.access --build");
    assert!(may_relay(machine, 25, Some("/root/ann")));
}

#[test]
fn its_page_is_true_with_trixie() {
    its_page(&need_machine!("sendmail", "trixie"));
}

#[test]
fn its_page_is_true_with_bookworm() {
    its_page(&need_machine!("sendmail", "bookworm"));
}

/// As Debian starts and reloads it, without the DNS.
pub fn as_services_have_it(machine: &Machine) {
    without_dns(machine);
    machine.shell("ln -sf sendmail-mta /usr/sbin/sendmail");
    let pid = "$(head -n 1 /run/sendmail/mta/sendmail.pid)";
    let start = "setsid /usr/sbin/sendmail-mta -bD </dev/null >>/var/log/mail.log 2>&1 &
         until test -s /run/sendmail/mta/sendmail.pid; do sleep 0.1; done";
    pages::systemctl(
        machine,
        &[("restart sendmail", start), ("reload sendmail", &format!("kill -HUP {pid}"))],
    );
}

fn its_page(machine: &Machine) {
    as_services_have_it(machine);
    pages::follow(machine, "sendmail.md", |title| match title {
        "Start it" => {
            for port in [25, 587, 465] {
                machine.wait_for_port(port);
                assert!(may_relay(machine, port, Some(USER)), "{}", machine.told());
                assert!(!may_relay(machine, port, None), "{}", machine.told());
            }
            machine.shell("cp -r joeuser old");
        }
        "Revoke" => assert!(!may_relay(machine, 25, Some("/root/old")), "{}", machine.told()),
        "Renew" => {
            machine.wait_for_log("restarting");
            machine.wait_for_port(25);
            machine.handshake("smtp", 25, CA, "");
        }
        _ => {}
    });
}

/// Red Hat's file has its lines commented out.
#[test]
fn the_lines_of_red_hat_are_taken_in() {
    let machine = need_machine!("sendmail", "trixie");
    prepare(&machine);
    machine.write("/root/base.mc", include_str!("sendmail_config/redhat.mc"), 0o644);
    machine.shell(
        "chown root:root /run/sendmail /run/sendmail/mta && chmod 755 /run/sendmail/mta &&
         mailca crl --publish /etc/mail/certs/crl.pem && cd /etc/mail/certs &&
         cat key.pem cert.pem >sendmail.pem && chmod 400 sendmail.pem && rm key.pem cert.pem",
    );
    start(&machine, &format!("--role {ALL_ROLES} --combined --crl"));
    let text = machine.read(MC);
    // Each is said once, where it stood.
    for words in ["`confSERVER_KEY'", "`confAUTH_MECHANISMS'", "Port=smtps", "TRUST_AUTH_MECH"] {
        let active = |line: &&str| line.contains(words) && !line.starts_with("dnl");
        assert_eq!(text.lines().filter(active).count(), 1, "{words}: {text}");
    }
    assert!(!text.contains("dnl define(`confSERVER_KEY'"), "{text}");
    for (port, protocol) in [(25, "smtp"), (587, "smtp"), (465, "")] {
        machine.handshake(protocol, port, CA, "");
        assert!(may_relay(&machine, port, Some(USER)), "{}", machine.told());
    }
}
