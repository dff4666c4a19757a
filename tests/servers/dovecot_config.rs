//! `mailca config dovecot` beside Debian's conf.d, for 2.3 (bookworm) and 2.4 (trixie).

use crate::check::nothing_to_mend;
use crate::site::{CA, HOST};
use crate::support::{Machine, Outcome, need_machine};
use crate::{dovecot, site, users};

/// Where `config dovecot` and the layout of its files have them.
const CERTS: &str = "/etc/dovecot/certs";
const RELEASES: [&str; 2] = ["trixie", "bookworm"];

/// Accounts, certificates and the files in their places: joeuser and jane may log in, Jane's certificate is
/// written in capitals, gone's is revoked.
pub fn prepare(machine: &Machine) {
    site::certify(machine);
    users::make(machine);
    machine.shell(
        "mailca issue --no-input --user Jane --email jane@example.com jane &&
         mailca issue --no-input --user gone --email gone@example.com gone &&
         mailca issue --no-input --user stray --email stray@example.com stray &&
         mailca revoke --no-input gone &&
         for user in joeuser jane gone olduser; do
           useradd -m $user && echo $user:secret | chpasswd || exit 1
         done",
    );
    // Whoever fails is not kept waiting.
    let hasty = "auth_failure_delay = 0\nservice anvil {\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}\n";
    machine.write("/etc/dovecot/conf.d/98-own.conf", hasty, 0o644);
    deliver(machine);
}

/// The host's files with the modes of Dovecot's layout.
fn deliver(machine: &Machine) {
    machine.shell(&format!(
        "mailca crl && install -d -m 700 {CERTS} && cat {HOST}/cert.pem {CA} >chain.pem &&
         cat {CA} demoCA/crl.pem >cacert-crl.pem && install -m 400 chain.pem {CERTS}/cert.pem &&
         install -m 400 {HOST}/key.pem {CA} demoCA/crl.pem cacert-crl.pem {CERTS}/"
    ));
}

/// Puts the files of some roles into place, as the text says it.
fn set_up(machine: &Machine, roles: &str) -> Outcome {
    machine
        .run(&format!(
            "cd /etc/dovecot/conf.d && rm -f *-mailca*.conf && mailca config dovecot --role {roles} |
             awk '/^# file: /{{f=$3}} f{{print >f}}' && doveconf -n"
        ))
        .success()
}

pub fn start(machine: &Machine, roles: &str) {
    set_up(machine, roles);
    machine.spawn_daemon("/usr/sbin/dovecot -F");
    for (_, port) in dovecot::PORTS {
        machine.wait_for_port(port);
    }
}

/// How a login over IMAP with STARTTLS ends: `EXTERNAL`, or a password, with a user name.
fn login(machine: &Machine, folder: &str, secret: &str, user: &str) -> String {
    machine.write("/root/login.py", include_str!("login.py"), 0o644);
    let line = format!("python3 /root/login.py {CA} '{folder}' '{secret}' '{user}'");
    machine.run_as_client(&line).success().text().trim().to_owned()
}

#[test]
fn every_role_is_accepted() {
    for release in RELEASES {
        let machine = need_machine!("dovecot", release);
        prepare(&machine);
        let version = if release == "trixie" { "2.4" } else { "2.3" };
        for roles in [
            "receive",
            "submission",
            "relay-by-cert",
            "relay-by-cert --require-cert",
            "receive,relay-by-cert --list /etc/dovecot/cert-users",
            "receive,submission,relay-by-cert --crl",
        ] {
            let outcome = set_up(&machine, roles);
            let says = |text: &str| outcome.text().contains(text);
            assert!(says("ssl = required") && says(&format!("{CERTS}/cert.pem")), "{outcome}");
            assert_eq!(says("auth_ssl_username_from_cert = yes"), roles.contains("relay-by-cert"));
            assert_eq!(says("auth_ssl_require_client_cert = yes"), roles.contains("--require"));
            assert_eq!(says("cacert-crl.pem"), roles.contains("--crl"), "{outcome}");
            let said = machine.shell(&format!("mailca config dovecot --role {roles}"));
            let named = format!("mailca config dovecot --version {version} --role {roles}");
            assert_eq!(said, machine.shell(&named), "the version is found");
        }
    }
}

#[test]
fn handshakes_verify_and_no_password_is_asked_for_before_tls() {
    for release in RELEASES {
        let machine = need_machine!("dovecot", release);
        prepare(&machine);
        start(&machine, "receive,submission,relay-by-cert --crl");
        machine.wait_for_port(465);
        nothing_to_mend(&machine, &[587, 465, 143, 993, 110, 995, 4190]);
        for (protocol, port) in dovecot::PORTS.into_iter().chain([("", 465)]) {
            machine.handshake(protocol, port, CA, "");
            machine.handshake(protocol, port, CA, "-cert joeuser/cert.pem -key joeuser/key.pem");
        }
        for (port, ask, end, before, never) in [
            (143, "a CAPABILITY", "b LOGOUT", "LOGINDISABLED", "AUTH="),
            (110, "CAPA", "QUIT", "STLS", "USER"),
            (110, "CAPA", "QUIT", "STLS", "PLAIN"),
            (4190, "CAPABILITY", "LOGOUT", "STARTTLS", "PLAIN"),
            (587, "EHLO x", "QUIT", "STARTTLS", "AUTH"),
        ] {
            let talk = format!(
                "exec 3<>/dev/tcp/10.77.0.1/{port}; printf '{ask}\\r\\n{end}\\r\\n' >&3; cat <&3"
            );
            let said = machine.run_as_client(&format!("bash -c \"{talk}\"")).success().text();
            assert!(said.contains(before) && !said.contains(never), "{release} {port}: {said}");
        }
        let refused = login(&machine, "", "wrong", "joeuser");
        assert!(refused.contains("AUTHENTICATIONFAILED"), "{refused}");
        let said = login(&machine, "", "plain", "joeuser");
        assert!(said.contains("PRIVACYREQUIRED"), "{release}: {said}");
    }
}

#[test]
fn users_log_in_by_certificate_under_its_name() {
    for release in RELEASES {
        let machine = need_machine!("dovecot", release);
        prepare(&machine);
        start(&machine, "receive,relay-by-cert --crl");
        let external = |folder, user| login(&machine, folder, "EXTERNAL", user);
        assert_eq!(external("joeuser", ""), "logged in", "{}", machine.told());
        machine.wait_for_log("user=<joeuser>, method=EXTERNAL");
        assert_eq!(external("joeuser", "joeuser"), "logged in");
        // The name in the certificate, in lower case.
        assert_eq!(external("jane", ""), "logged in", "{}", machine.told());
        machine.wait_for_log("user=<jane>, method=EXTERNAL");
        for (folder, user) in [
            ("joeuser", "jane"),
            ("", "joeuser"),
            (users::STRANGER, "joeuser"),
            (users::EXPIRED, "olduser"),
            ("gone", "gone"),
            ("stray", "stray"), // with no account
        ] {
            assert!(external(folder, user).starts_with("refused"), "{release} {folder} {user}");
        }
        // Passwords are worth what they were, and no certificate was taken for a wrong one.
        for folder in ["", "joeuser", users::STRANGER, "gone"] {
            assert_eq!(login(&machine, folder, "secret", "joeuser"), "logged in", "{folder}");
        }
        assert!(!machine.log().contains("pam_unix(dovecot:auth): authentication failure"));
    }
}

#[test]
fn without_a_list_of_the_revoked_a_revoked_user_logs_in() {
    for release in RELEASES {
        let machine = need_machine!("dovecot", release);
        prepare(&machine);
        start(&machine, "relay-by-cert");
        assert_eq!(login(&machine, "gone", "EXTERNAL", ""), "logged in", "{}", machine.told());
        let text = machine.shell("mailca config dovecot --role relay-by-cert");
        assert!(text.contains("Revoked certificates are taken like others"), "{text}");
    }
}

#[test]
fn only_the_users_of_the_list_log_in_by_certificate() {
    for release in RELEASES {
        let machine = need_machine!("dovecot", release);
        prepare(&machine);
        machine.shell("mailca access-map --for dovecot joeuser -o /etc/dovecot/cert-users");
        start(&machine, "relay-by-cert --list /etc/dovecot/cert-users");
        assert_eq!(login(&machine, "joeuser", "EXTERNAL", ""), "logged in", "{}", machine.told());
        assert!(login(&machine, "jane", "EXTERNAL", "").starts_with("refused"));
        assert_eq!(login(&machine, "", "secret", "jane"), "logged in");
        assert!(login(&machine, "", "wrong", "joeuser").starts_with("refused"));
    }
}

#[test]
fn where_a_certificate_is_required_no_password_does_without() {
    for release in RELEASES {
        let machine = need_machine!("dovecot", release);
        prepare(&machine);
        start(&machine, "relay-by-cert --crl --require-cert");
        assert_eq!(login(&machine, "joeuser", "EXTERNAL", ""), "logged in", "{}", machine.told());
        assert_eq!(login(&machine, "joeuser", "secret", "joeuser"), "logged in");
        for folder in ["", users::STRANGER, "gone"] {
            let refused = login(&machine, folder, "secret", "joeuser");
            assert!(refused.starts_with("refused"), "{release} {folder}: {refused}");
        }
    }
}

/// The text says it, and `config` refuses such a list.
#[test]
fn with_a_list_that_is_out_of_date_nobody_logs_in_by_certificate() {
    for release in RELEASES {
        let machine = need_machine!("dovecot", release);
        prepare(&machine);
        start(&machine, "relay-by-cert --crl");
        machine.shell(&format!(
            "openssl ca -config demoCA/openssl.cnf -gencrl -crl_lastupdate 20200101000000Z \
               -crl_nextupdate 20200201000000Z -out old.pem 2>/dev/null &&
             cat {CA} old.pem >{CERTS}/cacert-crl.pem && cat old.pem >{CERTS}/crl.pem"
        ));
        dovecot::stop(&machine);
        machine.spawn_daemon("/usr/sbin/dovecot -F");
        machine.wait_for_port(143);
        assert!(login(&machine, "joeuser", "EXTERNAL", "").starts_with("refused"));
        assert_eq!(login(&machine, "joeuser", "secret", "joeuser"), "logged in");
        let outcome = machine.run("mailca config dovecot --role relay-by-cert --crl").exits(1);
        assert!(outcome.stderr.contains("out of date"), "{outcome}");
    }
}

/// Root's modes are enough: the login processes get the key from the master.
#[test]
fn nobody_but_root_reads_the_key() {
    let machine = need_machine!("dovecot", "trixie");
    prepare(&machine);
    for user in ["dovecot", "dovenull", "nobody"] {
        let line = format!(
            "setpriv --reuid={user} --regid=$(id -g {user}) --clear-groups cat {CERTS}/key.pem"
        );
        assert!(!machine.holds(&line), "{user}");
    }
}
