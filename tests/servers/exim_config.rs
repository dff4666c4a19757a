//! `mailca config exim` on Debian's Exim, in one file and split, and with an exim.conf of one's own.

use crate::check::nothing_to_mend;
use crate::site::{CA, HOST, USER};
use crate::support::{Machine, Outcome, Tls, need_machine};
use crate::{exim, peer, users};

/// Where `config exim` and the layout of its files have them.
const CERTS: &str = "/etc/exim4/certs";
const ROLES: [&str; 7] = [
    "receive",
    "submission",
    "relay-by-cert",
    "verify-peers",
    "client",
    "relay-by-cert,verify-peers --crl",
    "receive,submission,relay-by-cert,verify-peers,client --crl --list /etc/exim4/relay_clientcerts",
];
const LIST: &str = "/etc/exim4/relay_clientcerts";

/// A machine with Exim in the form that most Debians have it, or split, that listens to everybody and
/// delivers to example.com; mail to the outside goes to another host. With its files in their places.
fn machine(release: &str, split: bool) -> Option<Machine> {
    let machine = Machine::start("exim", release)?;
    crate::site::certify(&machine);
    users::make(&machine);
    deliver(&machine);
    machine.shell(&format!(
        "sed -i \"s/^dc_eximconfig_configtype=.*/dc_eximconfig_configtype='internet'/
           s/^dc_local_interfaces=.*/dc_local_interfaces=''/
           s/^dc_other_hostnames=.*/dc_other_hostnames='example.com;mx.example.com'/
           s/^dc_use_split_config=.*/dc_use_split_config='{split}'/\" /etc/exim4/update-exim4.conf.conf
         echo 'example.net: {peer} byname' >/etc/exim4/hubbed_hosts
         mkdir -p conf && printf '%s\\n' 'log_file_path = syslog' 'syslog_timestamp = no' \
           'MAIN_LOG_SELECTOR = +tls_peerdn +tls_certificate_verified' 'disable_ipv6 = true' \
           'dns_ipv4_lookup =' 'MAIN_HOST_LOOKUP =' >conf/own
         cp conf/own /etc/exim4/exim4.conf.localmacros && cp conf/own /etc/exim4/conf.d/main/000_own",
        peer = peer::NAME,
    ));
    Some(machine)
}

/// The host's files with the modes of Exim's layout.
fn deliver(machine: &Machine) {
    machine.shell(&format!(
        "install -d -o root -g Debian-exim -m 750 {CERTS} &&
         cat {HOST}/cert.pem {CA} >chain.pem &&
         install -o root -g Debian-exim -m 640 chain.pem {CERTS}/cert.pem &&
         install -o root -g Debian-exim -m 640 {HOST}/key.pem {CA} {CERTS}/ &&
         mailca crl && install -o root -g Debian-exim -m 640 demoCA/crl.pem {CERTS}/"
    ));
}

/// Runs the script for some roles.
fn set_up(machine: &Machine, roles: &str) -> Outcome {
    machine.run(&format!("mailca config exim --role {roles} >exim.sh && sh exim.sh")).output()
}

fn start(machine: &Machine, roles: &str) {
    let outcome = set_up(machine, roles);
    assert_eq!(outcome.status, Some(0), "{outcome}");
    machine.shell("install -d -o Debian-exim -g Debian-exim /run/exim4");
    machine.spawn_daemon("/usr/sbin/exim4 -bdf -q1m -oP /run/exim4/exim.pid");
    machine.wait_for_port(25);
}

#[test]
fn every_role_is_accepted_by_the_exim_of_trixie() {
    every_role_is_accepted("trixie");
}

#[test]
fn every_role_is_accepted_by_the_exim_of_bookworm() {
    every_role_is_accepted("bookworm");
}

/// Debian's files, in both forms, from one set of roles to the next without a trace of the one before.
fn every_role_is_accepted(release: &str) {
    for split in [false, true] {
        let Some(machine) = machine(release, split) else { return };
        for roles in ROLES {
            for _ in 0..2 {
                let outcome = set_up(&machine, roles);
                assert_eq!(outcome.status, Some(0), "{split} {roles}: {outcome}");
            }
            let has = |role| roles.contains(role);
            let told = |line: &str| machine.shell(&format!("exim4 -bP {line}")).contains(CERTS);
            let server = has("receive") || has("submission") || has("relay-by-cert");
            assert_eq!(told("tls_certificate"), server, "{roles}");
            assert_eq!(told("tls_verify_certificates"), has("relay-by-cert"), "{roles}");
            assert_eq!(told("tls_crl"), has("--crl"), "{roles}");
            for transport in ["remote_smtp", "remote_smtp_smarthost"] {
                let sending = machine.shell(&format!("exim4 -bP transport {transport}"));
                let is = |line: &str| sending.contains(&format!("\n{line}\n"));
                assert_eq!(is(&format!("tls_privatekey = {CERTS}/key.pem")), has("client"));
                let verified = format!("tls_verify_certificates = {CERTS}/cacert.pem");
                assert_eq!(is(&verified), has("verify-peers"), "{roles}: {sending}");
                assert_eq!(is("hosts_require_tls = *"), has("verify-peers"), "{roles}");
                let crl = has("verify-peers") && has("--crl");
                assert_eq!(is(&format!("tls_crl = {CERTS}/crl.pem")), crl, "{roles}: {sending}");
            }
            machine.shell(&format!("mailca config exim --plain --role {roles} >conf/plain"));
            machine.shell("exim4 -bV -C /root/conf/plain");
        }
        assert!(machine.holds("cmp conf/own /etc/exim4/conf.d/main/000_own"));
        // All of the own lines are there still, beside ours.
        assert!(machine.holds("! grep -vxFf /etc/exim4/exim4.conf.localmacros conf/own"));
    }
}

#[test]
fn whoever_has_chosen_versions_and_ciphers_keeps_them() {
    for split in [false, true] {
        let Some(machine) = machine("trixie", split) else { return };
        let chosen = |machine: &Machine| {
            assert_eq!(set_up(machine, "receive").status, Some(0));
            machine.shell("exim4 -bP tls_require_ciphers").trim().to_owned()
        };
        assert!(chosen(&machine).contains("-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"));
        machine.shell(
            "for file in exim4.conf.localmacros conf.d/main/000_own; do
               echo 'tls_require_ciphers = SECURE256' >>/etc/exim4/$file
             done",
        );
        assert_eq!(chosen(&machine), "tls_require_ciphers = SECURE256");
    }
}

#[test]
fn what_exim_refuses_is_put_back() {
    let Some(machine) = machine("trixie", true) else { return };
    assert_eq!(set_up(&machine, "receive").status, Some(0));
    machine.shell("echo 'MAIN_TLS_TRY_VERIFY_HOSTS = *' >>/etc/exim4/conf.d/main/000_own");
    let sums = "cd /etc/exim4 && find . -type f ! -path './certs/*' -exec sha256sum {} + | sort";
    let before = machine.shell(sums);
    for roles in ["relay-by-cert", "submission,relay-by-cert,verify-peers,client"] {
        let outcome = set_up(&machine, roles);
        assert_ne!(outcome.status, Some(0), "{outcome}");
        assert!(outcome.stderr.contains("already defined"), "{outcome}");
        assert!(outcome.stderr.contains("Exim was left as it was"), "{outcome}");
        assert_eq!(machine.shell(sums), before);
    }
    machine.shell("update-exim4.conf && exim4 -bV");
    // Debian's files do nothing beside this one.
    machine.shell("sed -i '$d' /etc/exim4/conf.d/main/000_own && touch /etc/exim4/exim4.conf");
    let outcome = set_up(&machine, "relay-by-cert");
    assert_eq!(outcome.status, Some(1), "{outcome}");
    assert!(outcome.stderr.contains("--plain"), "{outcome}");
}

#[test]
fn certificates_relay_and_passwords_need_tls_in_the_exim_of_trixie() {
    relays_and_logs_in("trixie", false);
}

#[test]
fn certificates_relay_and_passwords_need_tls_in_the_exim_of_bookworm() {
    relays_and_logs_in("bookworm", true);
}

fn relays_and_logs_in(release: &str, split: bool) {
    let Some(machine) = machine(release, split) else { return };
    users::revoke(&machine);
    machine.shell("mailca issue --no-input --user jane --email jane@example.com jane");
    deliver(&machine);
    machine.shell(
        "echo \"joe:$(openssl passwd -6 secret)\" >/etc/exim4/passwd &&
         chgrp Debian-exim /etc/exim4/passwd && chmod 640 /etc/exim4/passwd",
    );
    start(&machine, "receive,submission,relay-by-cert --crl");
    for port in [465, 587] {
        machine.wait_for_port(port);
    }
    nothing_to_mend(&machine, &[25, 587, 465]);
    machine.handshake("smtp", 25, CA, "");
    machine.handshake("smtp", 587, CA, "-cert jane/cert.pem -key jane/key.pem");
    machine.handshake("", 465, CA, "");

    for (port, tls) in [(25, Tls::Starttls), (587, Tls::Starttls), (465, Tls::Wrapped)] {
        let answer = |folder: &str| users::answer(&machine, folder, |s| s.port(port).tls(tls));
        let refusal = if port == 25 { "550 relay not permitted" } else { "550 log in first" };
        assert!(answer("/root/jane").starts_with("250"), "{port} {}", machine.told());
        for folder in ["", users::STRANGER, users::EXPIRED, USER] {
            assert_eq!(answer(folder), refusal, "{port} {folder:?}\n{}", machine.told());
        }
        let login = ["EHLO client.example.org", "AUTH PLAIN AGpvZQBzZWNyZXQ="];
        let replies = machine.smtp(CA).port(port).tls(tls).say(&login);
        assert!(replies[0].contains("AUTH PLAIN LOGIN"), "{replies:?}");
        assert!(replies[1].starts_with("235"), "{replies:?}\n{}", machine.told());
        if tls == Tls::Starttls {
            let replies = machine.smtp(CA).port(port).tls(Tls::None).say(&login);
            assert!(replies[0].contains("STARTTLS") && !replies[0].contains("AUTH"), "{replies:?}");
            assert!(replies[1].starts_with("503"), "{replies:?}");
        }
    }
    // A password opens what a certificate does, and no wrong one.
    let mail = ["MAIL FROM:<joe@example.com>", "RCPT TO:<b@example.net>"];
    let with = |secret: &'static str| {
        let replies = machine.smtp(CA).port(587).say(&[secret, mail[0], mail[1]]);
        replies.last().unwrap().starts_with("250")
    };
    assert!(with("AUTH PLAIN AGpvZQBzZWNyZXQ=") && !with("AUTH PLAIN AGpvZQBzZWNyZXQh"));
    // Mail for this host comes in on 25 from anybody, and the rules of Debian hold for it.
    for (tls, to, expected) in [
        (Tls::None, "root@example.com", "250"),
        (Tls::Starttls, "root@example.com", "250"),
        (Tls::None, "nobody-here@example.com", "550"),
    ] {
        let reply = machine.smtp(CA).tls(tls).offer("a@example.org", to).pop().unwrap();
        assert!(reply.starts_with(expected), "{to}: {reply}\n{}", machine.told());
    }
    let pipe = machine.smtp(CA).certificate("/root/jane").offer("a@example.org", "a|b@example.net");
    assert_eq!(pipe[1], "550 restricted characters in address");
}

#[test]
fn only_the_certificates_of_the_list_relay() {
    let Some(machine) = machine("trixie", false) else { return };
    machine.shell(&format!(
        "mailca issue --no-input --user jane --email jane@example.com jane &&
         mailca access-map --for exim jane -o {LIST}"
    ));
    start(&machine, &format!("relay-by-cert --list {LIST}"));
    let answer = |folder: &str| users::answer(&machine, folder, |s| s);
    assert!(answer("/root/jane").starts_with("250"), "{}", machine.told());
    for folder in ["", USER, users::STRANGER] {
        assert_eq!(answer(folder), "550 relay not permitted", "{folder:?}");
    }
    // Read anew for every recipient; without the list nobody gets through.
    machine.shell(&format!("mailca access-map --for exim jane joeuser -o {LIST}"));
    assert!(answer(USER).starts_with("250"), "{}", machine.told());
    machine.shell(&format!("rm {LIST}"));
    assert!(!answer("/root/jane").starts_with("250"), "{}", machine.told());
}

/// With GnuTLS nobody learns from Exim that its list is out of date: whoever was on it stays refused, and
/// whoever was revoked since is let in. The text says so.
#[test]
fn a_list_that_is_out_of_date_is_taken_without_a_word() {
    let Some(machine) = machine("trixie", false) else { return };
    users::revoke(&machine);
    machine.shell("mailca issue --no-input --user jane --email jane@example.com jane");
    deliver(&machine);
    start(&machine, "relay-by-cert --crl");
    machine.shell(&format!(
        "openssl ca -config demoCA/openssl.cnf -gencrl -crl_lastupdate 20200101000000Z \
           -crl_nextupdate 20200201000000Z -out old.pem 2>/dev/null && cat old.pem >{CERTS}/crl.pem"
    ));
    let answer = |folder: &str| users::answer(&machine, folder, |s| s);
    assert!(answer("/root/jane").starts_with("250"), "{}", machine.told());
    assert_eq!(answer(USER), "550 relay not permitted");
    let text = machine.read("exim.sh");
    assert!(text.contains("out of date without a word"), "{text}");
    // And the next time it is asked for, the list is refused.
    let outcome = machine.run("mailca config exim --role relay-by-cert --crl").exits(1);
    assert!(outcome.stderr.contains("out of date"), "{outcome}");
}

#[test]
fn exim_alone_reads_its_key() {
    let Some(machine) = machine("trixie", false) else { return };
    let reads = |user: &str, file: &str| {
        let options = "--clear-groups --no-new-privs";
        machine.holds(&format!(
            "setpriv --reuid={user} --regid=$(id -g {user}) {options} cat {CERTS}/{file}"
        ))
    };
    for file in ["key.pem", "cert.pem", "cacert.pem", "crl.pem"] {
        assert!(reads("Debian-exim", file) && !reads("nobody", file), "{file}");
    }
}

#[test]
fn an_exim_conf_of_ones_own_relays_for_certificates() {
    let machine = need_machine!("exim", "trixie");
    crate::site::certify(&machine);
    users::make(&machine);
    users::revoke(&machine);
    machine.shell("mailca issue --no-input --user jane --email jane@example.com jane");
    deliver(&machine);
    machine.shell("mailca config exim --plain --role submission,relay-by-cert,client --crl >plain");
    machine.shell(
        "{ printf '%s\\n' 'primary_hostname = mx.example.com' 'log_file_path = syslog' \
           'keep_environment =' 'disable_ipv6 = true' 'host_lookup ='; cat plain; } >/etc/exim4/exim4.conf
         exim4 -bV && install -d -o Debian-exim -g Debian-exim /run/exim4",
    );
    machine.spawn_daemon("/usr/sbin/exim4 -bdf -oP /run/exim4/exim.pid");
    for port in [25, 587, 465] {
        machine.wait_for_port(port);
    }
    nothing_to_mend(&machine, &[25, 587, 465]);
    machine.handshake("smtp", 25, CA, "");
    let answer = |folder: &str| users::answer(&machine, folder, |s| s);
    assert!(answer("/root/jane").starts_with("250"), "{}", machine.told());
    for folder in ["", users::STRANGER, USER] {
        assert!(answer(folder).starts_with("550"), "{folder:?}");
    }
    exim::stop(&machine);
}

#[test]
fn mail_goes_out_with_a_certificate_and_to_verified_servers_only() {
    for release in ["trixie", "bookworm"] {
        let Some(machine) = machine(release, release == "trixie") else { return };
        let pid = peer::start(&machine, &peer::Signed::ByAnother);
        start(&machine, "receive,verify-peers,client --crl");
        let send = "printf 'Subject: x\\n\\nx\\n' | exim4 -odf -f root@example.com b@example.net";
        machine.shell(send);
        assert!(peer::taken(&machine).is_empty(), "{}", machine.told());
        machine.wait_for_log("certificate");
        machine.end(pid);
        peer::start(&machine, &peer::Signed::ByTheCa);
        machine.shell("exim4 -qff");
        let first = peer::first(&machine);
        assert_eq!(
            (&first["client"], &first["to"]),
            (&"mx.example.com".into(), &"b@example.net".into())
        );
    }
}

#[test]
fn a_host_that_is_no_peer_is_sent_to_unverified() {
    let Some(machine) = machine("trixie", false) else { return };
    peer::start(&machine, &peer::Signed::ByAnother);
    start(&machine, "client,verify-peers --peer mail.example.org --peer relay.example.org");
    machine.shell("printf 'Subject: x\\n\\nx\\n' | exim4 -odf -f root@example.com b@example.net");
    assert_eq!(peer::first(&machine)["tls"], true);
    // Once it is one, it gets nothing.
    assert_eq!(
        set_up(&machine, "client,verify-peers --peer mail.example.org --peer client.example.org")
            .status,
        Some(0)
    );
    machine.shell("printf 'Subject: x\\n\\nx\\n' | exim4 -odf -f root@example.com c@example.net");
    assert_eq!(peer::taken(&machine).len(), 1, "{}", machine.told());
    let told = machine.shell("exim4 -bP transport remote_smtp");
    assert!(told.contains("tls_verify_hosts = ${if inlisti{$host}{mail.example.org:"), "{told}");
}
