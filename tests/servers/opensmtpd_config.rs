//! `mailca config opensmtpd`: OpenSMTPD takes what it prints, and does it.

use crate::check::nothing_to_mend;
use crate::peer::{self, Signed};
use crate::site::{CA, USER, certify};
use crate::support::{Machine, Smtp, Tls, need_machine};
use crate::users::{self, EXPIRED, STRANGER, answer, may_relay};
use crate::{opensmtpd, pages};

/// The files in place, as `install` puts them; and what it wants to send mail with no CA of ours.
const INSTALLED: &str = "
    install -d -m 700 /etc/opensmtpd /etc/opensmtpd/certs &&
    install -m 400 mx/key.pem mx/cacert.pem /etc/opensmtpd/certs &&
    cat mx/cert.pem mx/cacert.pem | install -m 400 /dev/stdin /etc/opensmtpd/certs/cert.pem &&
    : | install -D -m 644 /dev/stdin /etc/ssl/certs/ca-certificates.crt";

const PASSWORD: &str = "AUTH PLAIN AGpvZQBzZWNyZXQ="; // "\0joe\0secret"

fn fresh(machine: &Machine) {
    certify(machine);
    machine.shell(INSTALLED);
}

/// Starts it with what is printed, and with what `more` makes of it.
fn start(machine: &Machine, options: &str, more: impl FnOnce(&str) -> String) {
    let line = format!("mailca config opensmtpd --domain example.com {options}");
    opensmtpd::start(machine, &more(&machine.shell(&line)));
}

/// As it is: every role is accepted and starts.
fn as_printed(text: &str) -> String {
    text.to_owned()
}

/// Sends everything to the other host, since there is no DNS.
fn to_the_peer(text: &str) -> String {
    assert!(text.contains("relay helo \"mx.example.com\""), "{text}");
    text.replace(
        "relay helo \"mx.example.com\"",
        &format!("relay helo \"mx.example.com\" host \"smtp://{}\"", peer::NAME),
    )
}

fn send(machine: &Machine) {
    machine
        .shell("printf 'Subject: test\\n\\ntest\\n' | sendmail -f root@example.com b@example.net");
}

fn on_its_port(smtp: Smtp<'_>) -> Smtp<'_> {
    smtp.port(2525)
}

#[test]
fn it_receives_over_tls_with_what_is_printed() {
    let machine = need_machine!("opensmtpd", "trixie");
    fresh(&machine);
    start(&machine, "", as_printed);
    nothing_to_mend(&machine, &[25]);
    let outcome = machine.handshake("smtp", 25, CA, "-tls1_2");
    assert_eq!(outcome.text().matches(" s:").count(), 2, "{outcome}");
    for old in ["-tls1", "-tls1_1"] {
        let options = format!("{old} -cipher ALL:@SECLEVEL=0");
        let outcome = machine.try_handshake("smtp", 25, CA, &options);
        assert_ne!(outcome.status, Some(0), "{outcome}");
    }
    assert!(answer(&machine, USER, |smtp| smtp).starts_with("550"), "{}", machine.told());
    for to in ["root@example.com", "root@mx.example.com"] {
        let replies = machine.smtp(CA).send("a@example.org", to);
        assert!(
            replies.iter().all(|r| r.starts_with(['2', '3'])),
            "{replies:?}\n{}",
            machine.told()
        );
    }
}

#[test]
fn users_log_in_under_tls_only() {
    let machine = need_machine!("opensmtpd", "trixie");
    fresh(&machine);
    machine.shell("useradd -m joe && echo joe:secret | chpasswd");
    start(&machine, "--role receive,submission", as_printed);
    nothing_to_mend(&machine, &[25, 587, 465]);
    machine.handshake("smtp", 587, CA, "");
    machine.handshake("", 465, CA, "");
    for port in [25, 587] {
        let replies = machine.smtp(CA).port(port).tls(Tls::None).say(&[
            PASSWORD,
            "MAIL FROM:<joe@example.com>",
            "HELP",
        ]);
        assert!(replies[0].starts_with('5'), "{port}: {replies:?}");
        assert_eq!(replies[1].starts_with("530"), port == 587, "{port}: {replies:?}");
    }
    for (port, tls) in [(587, Tls::Starttls), (465, Tls::Wrapped)] {
        let mail = ["MAIL FROM:<joe@example.com>", "RCPT TO:<b@example.net>"];
        let replies = machine.smtp(CA).port(port).tls(tls).say(&[PASSWORD, mail[0], mail[1]]);
        let codes: Vec<_> = replies.iter().map(|reply| &reply[..3]).collect();
        assert_eq!(codes, ["235", "250", "250"], "{port}: {replies:?}\n{}", machine.told());
        let replies = machine.smtp(CA).port(port).tls(tls).say(&mail);
        assert!(replies[0].starts_with("530"), "{port}: {replies:?}");
    }
}

#[test]
fn whoever_has_a_certificate_relays_and_nobody_else() {
    let machine = need_machine!("opensmtpd", "trixie");
    fresh(&machine);
    users::make(&machine);
    start(&machine, "--role receive,relay-by-cert", as_printed);
    assert!(may_relay(&machine, on_its_port), "{}", machine.told());
    for other in ["", STRANGER, EXPIRED] {
        let answer = answer(&machine, other, on_its_port);
        assert!(answer.starts_with("closed"), "{other}: {answer}\n{}", machine.told());
    }
    let at_25 = answer(&machine, USER, |smtp| smtp);
    assert!(at_25.starts_with("550"), "{at_25}");
}

#[test]
fn a_revoked_certificate_still_relays_as_the_text_says() {
    let machine = need_machine!("opensmtpd", "trixie");
    fresh(&machine);
    machine.shell("useradd -m joe && echo joe:secret | chpasswd");
    let text = machine.shell("mailca config opensmtpd --role relay-by-cert");
    assert!(text.contains("a revoked one still relays"), "{text}");
    start(&machine, "--role receive,relay-by-cert", as_printed);
    users::revoke(&machine);
    opensmtpd::restart(&machine);
    assert!(may_relay(&machine, on_its_port), "{}", machine.told());
    opensmtpd::stop(&machine);
    // The way out that it names: a password besides, which can be taken away.
    let with_auth = |text: &str| text.replace("tag \"CERT\"\n\n", "tag \"CERT\" auth\n\n");
    start(&machine, "--role receive,relay-by-cert", with_auth);
    assert!(machine.read("/etc/smtpd.conf").contains("tag \"CERT\" auth\n"));
    assert!(!may_relay(&machine, on_its_port), "{}", machine.told());
    let mail = ["MAIL FROM:<joe@example.com>", "RCPT TO:<b@example.net>"];
    let say = || machine.smtp(CA).port(2525).certificate(USER).say(&[PASSWORD, mail[0], mail[1]]);
    assert!(say()[2].starts_with("250"), "{:?}\n{}", say(), machine.told());
    machine.shell("usermod -L joe");
    assert!(say()[0].starts_with("535"), "{:?}", say());
}

#[test]
fn our_certificate_is_shown_to_other_servers() {
    for (role, client) in [("client", "mx.example.com".into()), ("receive", ().into())] {
        let machine = need_machine!("opensmtpd", "trixie");
        fresh(&machine);
        peer::start(&machine, &Signed::ByTheCa);
        start(&machine, &format!("--role receive,{role}"), to_the_peer);
        send(&machine);
        let seen = peer::first(&machine);
        assert_eq!((&seen["tls"], &seen["client"]), (&true.into(), &client), "{seen}");
    }
}

#[test]
fn mail_goes_to_verified_servers_only() {
    for (only, wrong) in
        [("", Signed::ByAnother), ("", Signed::Misnamed), ("--peer example.net", Signed::ByAnother)]
    {
        let machine = need_machine!("opensmtpd", "trixie");
        fresh(&machine);
        let wrong = peer::start(&machine, &wrong);
        start(&machine, &format!("--role receive,verify-peers {only}"), to_the_peer);
        send(&machine);
        machine.wait_for_log("result=\"TempFail\"");
        assert!(peer::taken(&machine).is_empty(), "{}", machine.told());
        machine.end(wrong);
        peer::start(&machine, &Signed::ByTheCa);
        opensmtpd::restart(&machine);
        machine.shell("smtpctl schedule all");
        assert_eq!(peer::first(&machine)["tls"], true);
        machine.wait_for_log("mta cert-check result=\"valid\"");
    }
}

#[test]
fn with_peers_named_the_rest_of_the_world_gets_its_mail_as_before() {
    let machine = need_machine!("opensmtpd", "trixie");
    fresh(&machine);
    peer::start(&machine, &Signed::ByAnother);
    start(&machine, "--role receive,verify-peers --peer example.edu", to_the_peer);
    send(&machine);
    assert_eq!(peer::first(&machine)["tls"], true);
}

#[test]
fn every_mixture_of_roles_is_accepted() {
    let machine = need_machine!("opensmtpd", "trixie");
    fresh(&machine);
    let roles = ["receive", "submission", "relay-by-cert", "verify-peers", "client"];
    for set in 1..1 << roles.len() {
        let chosen: Vec<_> =
            (0..roles.len()).filter(|bit| set >> bit & 1 == 1).map(|bit| roles[bit]).collect();
        let chosen = chosen.join(",");
        let peers = if chosen.contains("verify-peers") { "--peer example.net" } else { "" };
        machine.shell(&format!(
            "mailca config opensmtpd --role {chosen} {peers} >/etc/smtpd.conf && smtpd -n"
        ));
    }
}

#[test]
fn an_ed25519_key_does_not_work_and_is_refused() {
    let machine = need_machine!("opensmtpd", "trixie");
    fresh(&machine);
    machine.shell("rm -r mx && mailca issue --no-input --cn mx.example.com --key-type ed25519 mx");
    let text = machine.shell("mailca config opensmtpd --domain example.com");
    machine.shell("rm -r /etc/opensmtpd");
    machine.shell(INSTALLED);
    let outcome = machine.run("mailca config opensmtpd").exits(1);
    assert!(outcome.stderr.contains("no Ed25519"), "{outcome}");
    machine.write("/etc/smtpd.conf", text, 0o644);
    machine.run("smtpd -n").success();
    machine.spawn_daemon("/usr/sbin/smtpd -d");
    machine.wait_for_log("tls_configure: incorrect key type");
    machine.wait_until("the end of smtpd", || !machine.holds("pgrep -x smtpd"));
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let machine = need_machine!("opensmtpd", "trixie");
    fresh(&machine);
    machine.shell("mailca config opensmtpd >/etc/smtpd.conf && smtpd -n");
    machine.shell("chmod 444 /etc/opensmtpd/certs/key.pem");
    machine.run("smtpd -n").exits(1);
}

/// As a service starts it.
pub fn as_services_have_it(machine: &Machine) {
    machine.shell(": | install -D -m 644 /dev/stdin /etc/ssl/certs/ca-certificates.crt");
    pages::systemctl(
        machine,
        &[(
            "restart opensmtpd",
            "pkill -o -x smtpd || :; while pgrep -x smtpd; do sleep 0.1; done
             setsid /usr/sbin/smtpd -d </dev/null >>/var/log/mail.log 2>&1 &
             until ss -Hltn 'sport = :25' | grep -q .; do sleep 0.1; done",
        )],
    );
}

#[test]
fn the_page_leads_there() {
    let machine = need_machine!("opensmtpd", "trixie");
    as_services_have_it(&machine);
    let mut first = String::new();
    let serial = || {
        let outcome = machine.handshake("smtp", 25, CA, "");
        let line = format!("openssl x509 -noout -serial <<'END'\n{}\nEND", outcome.text());
        machine.shell(&line)
    };
    pages::follow(&machine, "opensmtpd.md", |title| match title {
        "Start it" => {
            machine.handshake("smtp", 587, CA, "");
            machine.handshake("", 465, CA, "");
            assert!(answer(&machine, "", on_its_port).starts_with("closed"));
            first = serial();
        }
        "See that it works" => assert!(may_relay(&machine, on_its_port)),
        "Revoke" => assert!(!may_relay(&machine, on_its_port)),
        "Renew" => assert_ne!(serial(), first),
        _ => {}
    });
}
