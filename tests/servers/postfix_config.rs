//! `mailca config postfix`: Postfix takes what it prints, and does it.

use crate::check::nothing_to_mend;
use crate::peer::{self, Signed};
use crate::site::{CA, USER, certify};
use crate::support::{Machine, Smtp, Tls, need_machine};
use crate::users::{self, EXPIRED, STRANGER, answer, may_relay};
use crate::{pages, postfix};

const RELEASES: [&str; 2] = ["trixie", "bookworm"];
const MAP: &str = "/etc/postfix/relay_clientcerts";
/// The files in place, as `install` puts them.
const INSTALLED: &str = "
    install -d -m 700 /etc/postfix/certs &&
    install -m 400 mx/key.pem mx/cacert.pem /etc/postfix/certs &&
    cat mx/cert.pem mx/cacert.pem | install -m 400 /dev/stdin /etc/postfix/certs/cert.pem";

/// A Postfix as Debian installs it, but for what a machine without DNS needs.
pub fn prepare(machine: &Machine) {
    machine.shell(
        "postconf -e 'inet_protocols = ipv4' 'smtp_dns_support_level = disabled' \
           'smtp_host_lookup = native' 'mynetworks = 127.0.0.0/8' 'local_recipient_maps =' \
           'alias_maps =' 'alias_database =' 'mydestination = mx.example.com, example.com' &&
         postconf -F '*/*/chroot = n'",
    );
}

/// The same, with the certificates in place.
fn fresh(machine: &Machine) {
    certify(machine);
    machine.shell(INSTALLED);
    prepare(machine);
}

/// Runs what is printed, twice, since that must make no difference; Postfix says nothing against it.
fn configure(machine: &Machine, options: &str) {
    let line = format!("mailca config postfix {options} | sh");
    machine.shell(&line);
    let state = || machine.shell("cat /etc/postfix/main.cf /etc/postfix/master.cf");
    let once = state();
    machine.shell(&line);
    assert_eq!(state(), once, "{options}");
    let outcome = machine.run("postfix check; postconf -n >/dev/null").success();
    assert!(!outcome.stderr.contains("warning"), "{options}: {outcome}");
}

pub fn start(machine: &Machine) {
    machine.shell("postfix start >>/var/log/mail.log 2>&1");
    machine.wait_for_port(25);
}

/// The map with these certificates and no other.
fn list(machine: &Machine, folders: &[&str]) {
    machine.shell(&format!(": >{MAP}.new"));
    for folder in folders {
        machine.shell(&format!(
            "openssl x509 -in {folder}/cert.pem -noout -fingerprint -sha256 |
               sed 's/.*=//; s|$| {folder}|' >>{MAP}.new"
        ));
    }
    machine.shell(&format!("mv {MAP}.new {MAP} && postmap {MAP}"));
}

fn plain(smtp: Smtp<'_>) -> Smtp<'_> {
    smtp
}

#[test]
fn it_receives_over_tls_with_what_is_printed() {
    for release in RELEASES {
        let machine = need_machine!("postfix", release);
        fresh(&machine);
        configure(&machine, "");
        start(&machine);
        let outcome = machine.handshake("smtp", 25, CA, "-tls1_2");
        // The whole chain, the root too, for DANE-TA.
        assert_eq!(outcome.text().matches(" s:").count(), 2, "{outcome}");
        assert!(answer(&machine, USER, plain).starts_with("454"), "{}", machine.told());
        let replies = machine.smtp(CA).send("a@example.org", "root@example.com");
        assert!(
            replies.iter().all(|r| r.starts_with(['2', '3'])),
            "{replies:?}\n{}",
            machine.told()
        );
        assert!(!machine.log().contains("warning: "), "{}", machine.log());
        for old in ["-tls1", "-tls1_1"] {
            let outcome =
                machine.try_handshake("smtp", 25, CA, &format!("{old} -cipher ALL:@SECLEVEL=0"));
            assert_ne!(outcome.status, Some(0), "{outcome}");
        }
        nothing_to_mend(&machine, &[25]);
        postfix::stop(&machine);
    }
}

#[test]
fn users_log_in_under_tls_only() {
    for release in RELEASES {
        let machine = need_machine!("postfix", release);
        fresh(&machine);
        machine.write(
            "/etc/postfix/sasl/smtpd.conf",
            "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN\n",
            0o644,
        );
        machine.shell(
            "postconf -e 'cyrus_sasl_config_path = /etc/postfix/sasl' &&
             echo secret | saslpasswd2 -p -c -u mx.example.com joe && chmod 644 /etc/sasldb2",
        );
        configure(&machine, "--role receive,submission");
        assert_eq!(machine.shell("postconf -n smtpd_sasl_type"), "");
        start(&machine);
        machine.handshake("smtp", 587, CA, "");
        machine.handshake("", 465, CA, "");

        // "\0joe\0secret"
        let login = "AUTH PLAIN AGpvZQBzZWNyZXQ=";
        let commands = ["EHLO a", login, "MAIL FROM:<joe@example.com>"];
        for port in [25, 587] {
            let replies = machine.smtp(CA).port(port).tls(Tls::None).say(&commands);
            assert!(!replies[0].contains("AUTH"), "{port}: {replies:?}");
            assert!(replies[1].starts_with('5'), "{port}: {replies:?}");
            assert_eq!(replies[2].starts_with("530"), port == 587, "{port}: {replies:?}");
        }
        for (port, tls) in [(587, Tls::Starttls), (465, Tls::Wrapped)] {
            let replies = machine.smtp(CA).port(port).tls(tls).say(&[
                "EHLO a",
                login,
                "MAIL FROM:<joe@example.com>",
                "RCPT TO:<b@example.net>",
            ]);
            assert!(replies[0].contains("AUTH PLAIN"), "{port}: {replies:?}");
            let codes: Vec<_> = replies[1..].iter().map(|reply| &reply[..3]).collect();
            assert_eq!(codes, ["235", "250", "250"], "{port}: {replies:?}\n{}", machine.told());
            // Nobody else gets anything through, not even to here.
            let replies =
                machine.smtp(CA).port(port).tls(tls).offer("a@example.org", "root@example.com");
            assert!(replies[1].starts_with("554"), "{port}: {replies:?}");
        }
        let log = machine.log();
        assert!(log.contains("postfix/submission/smtpd") && !log.contains("warning: "), "{log}");
        nothing_to_mend(&machine, &[25, 587, 465]);
        postfix::stop(&machine);
    }
}

#[test]
fn dovecot_is_asked_for_passwords_where_nothing_else_is_set_up() {
    let machine = need_machine!("postfix", "trixie");
    fresh(&machine);
    configure(&machine, "--role submission");
    let set = machine.shell("postconf -h smtpd_sasl_type smtpd_sasl_path");
    assert_eq!(set, "dovecot\nprivate/auth\n");
    machine.shell("postconf -e 'smtpd_sasl_path = inet:127.0.0.1:12345'");
    configure(&machine, "--role submission");
    assert_eq!(machine.shell("postconf -h smtpd_sasl_path"), "inet:127.0.0.1:12345\n");
}

#[test]
fn services_and_settings_that_are_there_are_kept() {
    let machine = need_machine!("postfix", "bookworm");
    fresh(&machine);
    machine.shell(
        "postconf -M 'smtps/inet=smtps inet n - n - 7 smtpd' &&
         postconf -P 'smtps/inet/smtpd_client_restrictions=reject_unknown_client_hostname' &&
         postconf -e 'smtpd_tls_security_level = encrypt' 'smtp_tls_security_level = dane' \
           'smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination' \
           'smtp_tls_policy_maps = inline:{example.com=may}'",
    );
    let roles = "receive,submission,relay-by-cert,verify-peers,client";
    configure(
        &machine,
        &format!("--role {roles} --peer example.net --peer [relay.example.net]:587"),
    );
    let services = machine.shell("postconf -M");
    assert!(services.contains("smtps      inet  n       -       n       -       7 "), "{services}");
    assert!(!services.contains("submissions"), "{services}");
    let set = |name: &str| machine.shell(&format!("postconf -h {name}")).trim_end().to_owned();
    assert_eq!(set("smtpd_tls_security_level"), "encrypt");
    assert_eq!(set("smtp_tls_security_level"), "dane");
    assert_eq!(
        set("smtpd_recipient_restrictions"),
        "permit_tls_clientcerts, permit_mynetworks, reject_unauth_destination"
    );
    assert!(set("smtp_tls_policy_maps").ends_with("/verified_peers, inline:{example.com=may}"));
    assert_eq!(
        machine.shell("postconf -hP smtps/inet/smtpd_client_restrictions").trim_end(),
        "reject_unknown_client_hostname"
    );
    let main = machine.read("/etc/postfix/main.cf");
    assert!(main.contains("#smtpd_tls_cert_file=/etc/ssl/certs/ssl-cert-snakeoil.pem"), "{main}");
    let found = machine.shell("postmap -q '[relay.example.net]:587' /etc/postfix/verified_peers");
    assert_eq!(found.trim_end(), "secure");
}

#[test]
fn nothing_is_changed_where_files_are_missing() {
    let machine = need_machine!("postfix", "trixie");
    fresh(&machine);
    machine.shell("rm -f /etc/postfix/certs/cert.pem");
    let before = machine.shell("cat /etc/postfix/main.cf /etc/postfix/master.cf");
    let outcome = machine.run("mailca config postfix --role receive,submission | sh").exits(1);
    assert!(outcome.stderr.contains("cert.pem is not there"), "{outcome}");
    assert_eq!(machine.shell("cat /etc/postfix/main.cf /etc/postfix/master.cf"), before);
}

#[test]
fn those_in_the_map_relay_and_nobody_else() {
    for release in RELEASES {
        let machine = need_machine!("postfix", release);
        fresh(&machine);
        users::make(&machine);
        configure(&machine, "--role relay-by-cert");
        start(&machine);
        // The map is there, and empty.
        assert!(!may_relay(&machine, plain), "{}", machine.told());
        machine.shell(&format!("mailca access-map --for postfix --all -o {MAP} --build"));
        machine.wait_until("the new map", || may_relay(&machine, plain));
        for other in ["", STRANGER, EXPIRED] {
            let answer = answer(&machine, other, plain);
            assert!(answer.starts_with("454"), "{other}: {answer}\n{}", machine.told());
        }
        // Postfix sees no revocation: the map made anew is it.
        users::revoke(&machine);
        assert!(may_relay(&machine, plain), "{}", machine.told());
        machine.shell(&format!("mailca access-map --for postfix --all -o {MAP} --build"));
        machine.wait_until("the map without the revoked one", || !may_relay(&machine, plain));
        // Nor does it see the end of a certificate.
        list(&machine, &[EXPIRED]);
        machine.wait_until("the expired one in the map", || {
            answer(&machine, EXPIRED, plain).starts_with("250")
        });
        postfix::stop(&machine);
    }
}

#[test]
fn those_in_the_map_relay_on_the_ports_of_users_too() {
    let machine = need_machine!("postfix", "trixie");
    fresh(&machine);
    machine.write("/etc/postfix/sasl/smtpd.conf", "mech_list: PLAIN\n", 0o644);
    configure(&machine, "--role submission,relay-by-cert");
    list(&machine, &[USER]);
    start(&machine);
    for (port, tls) in [(587, Tls::Starttls), (465, Tls::Wrapped)] {
        assert!(may_relay(&machine, |smtp| smtp.port(port).tls(tls)), "{port}\n{}", machine.told());
        let answer = answer(&machine, "", |smtp| smtp.port(port).tls(tls));
        assert!(answer.starts_with("554"), "{port}: {answer}\n{}", machine.told());
    }
}

/// Mail from here to another host.
fn send(machine: &Machine) {
    machine
        .shell("printf 'Subject: test\\n\\ntest\\n' | sendmail -f root@example.com b@example.net");
}

#[test]
fn our_certificate_is_shown_to_other_servers() {
    for release in RELEASES {
        let machine = need_machine!("postfix", release);
        fresh(&machine);
        machine.shell(&format!("postconf -e 'relayhost = [{}]'", peer::NAME));
        peer::start(&machine, &Signed::ByTheCa);
        configure(&machine, "--role client");
        start(&machine);
        send(&machine);
        let seen = peer::first(&machine);
        assert_eq!(
            (&seen["tls"], &seen["client"]),
            (&true.into(), &"mx.example.com".into()),
            "{seen}"
        );
    }
}

#[test]
fn mail_goes_to_verified_servers_only() {
    for release in RELEASES {
        for (only, wrong) in [
            ("", Signed::ByAnother),
            ("", Signed::Misnamed),
            ("--peer [client.example.org]", Signed::ByAnother),
        ] {
            let machine = need_machine!("postfix", release);
            fresh(&machine);
            machine.shell(&format!("postconf -e 'relayhost = [{}]'", peer::NAME));
            configure(&machine, &format!("--role verify-peers {only}"));
            start(&machine);
            let wrong = peer::start(&machine, &wrong);
            send(&machine);
            machine.wait_for_log("status=deferred (Server certificate not verified)");
            assert!(peer::taken(&machine).is_empty(), "{}", machine.told());
            machine.end(wrong);
            peer::start(&machine, &Signed::ByTheCa);
            machine.shell("postqueue -f");
            let seen = peer::first(&machine);
            assert_eq!((&seen["tls"], &seen["client"]), (&true.into(), &().into()), "{seen}");
            machine.wait_for_log("Verified TLS connection established");
        }
    }
}

#[test]
fn with_peers_named_the_rest_of_the_world_gets_its_mail_as_before() {
    let machine = need_machine!("postfix", "trixie");
    fresh(&machine);
    machine.shell(&format!("postconf -e 'relayhost = [{}]'", peer::NAME));
    configure(&machine, "--role verify-peers --peer example.com");
    start(&machine);
    peer::start(&machine, &Signed::ByAnother);
    send(&machine);
    assert_eq!(peer::first(&machine)["tls"], true);
}

#[test]
fn the_lines_of_main_cf_and_master_cf_do_the_same() {
    for release in RELEASES {
        let machine = need_machine!("postfix", release);
        let roles =
            "--role receive,submission,relay-by-cert,client,verify-peers --peer example.com";
        fresh(&machine);
        machine.shell(&format!(
            "cp -a /etc/postfix /root/before && : >{MAP} && postmap {MAP} &&
             postconf -# smtpd_tls_cert_file smtpd_tls_key_file smtpd_tls_security_level \
               smtp_tls_CApath smtp_tls_security_level smtpd_relay_restrictions &&
             mailca config postfix {roles} --as main.cf >>/etc/postfix/main.cf &&
             mailca config postfix {roles} --as master.cf >>/etc/postfix/master.cf"
        ));
        let outcome = machine.run("postfix check; postconf -n >/dev/null").success();
        assert!(!outcome.stderr.contains("warning"), "{outcome}");
        // The service's place in a chroot is Debian's affair, and peers are in a file of their own.
        let settings = "postconf -n | grep -v smtp_tls_policy_maps; postconf -P | sort";
        let by_lines = machine.shell(settings).replace(",\n    ", ", ");
        let found =
            machine.shell("postmap -q example.com \"$(postconf -hx smtp_tls_policy_maps)\"");
        assert_eq!(found.trim_end(), "secure");
        machine.shell("rm -r /etc/postfix && mv /root/before /etc/postfix");
        configure(&machine, roles);
        let by_commands = machine.shell(settings);
        let tidy = |text: &str| {
            let mut lines: Vec<_> = text.lines().map(|line| line.replace(", ", " ")).collect();
            lines.sort();
            lines
        };
        assert_eq!(tidy(&by_lines), tidy(&by_commands));
    }
}

#[test]
fn the_page_leads_there() {
    for release in RELEASES {
        let machine = need_machine!("postfix", release);
        prepare(&machine);
        machine.write("/etc/postfix/sasl/smtpd.conf", "mech_list: PLAIN\n", 0o644);
        start(&machine);
        let serial = || {
            let outcome = machine.handshake("smtp", 25, CA, "");
            let line = format!("openssl x509 -noout -serial <<'END'\n{}\nEND", outcome.text());
            machine.shell(&line)
        };
        let mut first = String::new();
        pages::follow(&machine, "postfix.md", |title| match title {
            "Start it" => {
                machine.handshake("smtp", 587, CA, "");
                machine.handshake("", 465, CA, "");
                machine.wait_until("the map", || may_relay(&machine, plain));
                assert!(answer(&machine, "", plain).starts_with("454"));
                first = serial();
            }
            "See that it works" => machine.wait_for_log("to=<friend@example.net>"),
            "Revoke" => machine.wait_until("the new map", || !may_relay(&machine, plain)),
            "Renew" => machine.wait_until("the new certificate", || serial() != first),
            _ => {}
        });
        machine.shell("mkdir -p /var/lib/prometheus/node-exporter");
        pages::follow(&machine, "check.md", |_| ());
        let samples = machine.read("/var/lib/prometheus/node-exporter/mailca.prom");
        assert!(
            samples.contains("mailca_check_up{host=\"mx.example.com\",port=\"587\""),
            "{samples}"
        );
    }
}

#[test]
fn a_revocation_makes_the_map_that_the_settings_name() {
    let machine = need_machine!("postfix", "trixie");
    fresh(&machine);
    configure(&machine, "--role relay-by-cert");
    start(&machine);
    machine.shell(&format!(
        "echo 'access-maps = [\"postfix:{MAP}\"]' >>demoCA/mailca.toml &&
         mailca access-map --for postfix --all -o {MAP} --build"
    ));
    machine.wait_until("the map", || may_relay(&machine, plain));
    users::revoke(&machine);
    machine.wait_until("the map without the revoked one", || !may_relay(&machine, plain));
}
