//! What a server offers before TLS, which certificate has which port, and what it calls itself.

use serde_json::Value;

use super::server::Server;
use super::{finds, ids};
use crate::support::{Machine, need_machine};
use crate::{postfix, site};

/// A server that has started with something in its settings replaced.
fn started(server: Server, from: &str, to: &str) -> Option<Machine> {
    let machine = Machine::start(server.name(), "trixie")?;
    site::certify(&machine);
    let settings = server.settings();
    assert!(settings.contains(from), "{from:?} is not in {settings}");
    server.start(&machine, &if from.is_empty() { settings } else { settings.replace(from, to) });
    Some(machine)
}

#[test]
fn without_starttls() {
    for (server, from, to, wanted) in [
        (Server::Sendmail, "confSERVER_CERT", "confNONE", &["error starttls-missing"][..]),
        (
            Server::Postfix,
            "security_level = may",
            "security_level = none",
            &["error starttls-missing"],
        ),
        (
            Server::Exim,
            "tls_advertise_hosts = *",
            "tls_advertise_hosts =",
            &["error starttls-missing"],
        ),
        (Server::Opensmtpd, "tls pki mx.example.com", "", &["error starttls-missing"]),
        (
            Server::Dovecot,
            "ssl = required",
            "ssl = no\nauth_allow_cleartext = yes",
            &["critical starttls-missing", "error login-before-tls"],
        ),
    ] {
        // Dovecot does not open all of its ports without.
        let Some(machine) = started(server, "", "") else { return };
        server.configure(&machine, &server.settings().replace(from, to));
        finds(&machine, server.place(), "", server.name(), wanted);
    }
}

/// Sendmail and OpenSMTPD look at their files when they start: the one offers nothing, the other does not start.
#[test]
fn with_the_key_of_another_certificate() {
    for (server, wanted) in [
        (Server::Sendmail, "error starttls-missing"),
        (Server::Postfix, "error starttls-refused"),
        (Server::Exim, "error starttls-refused"),
        (Server::Dovecot, "error handshake-failed"),
    ] {
        let Some(machine) = started(server, "", "") else { return };
        machine.shell(
            "mailca issue --no-input --cn mx.example.com other &&
             install -m 400 other/key.pem mx/key.pem",
        );
        server.reload(&machine);
        finds(&machine, server.place(), "", server.name(), &[wanted]);
        if server == Server::Dovecot {
            for service in ["pop3", "sieve", "submission"] {
                let place = format!("mx.example.com:{service}");
                finds(&machine, &place, "", server.name(), &[wanted]);
            }
            // There it says nothing, and may be anything.
            let ids = super::ids(&super::port(&machine, "mx.example.com:imaps", ""));
            assert_eq!(ids, [wanted]);
        }
    }
}

/// OpenSMTPD offers AUTH inside TLS only, whatever it is told; for Dovecot see the test of its own.
#[test]
fn passwords_before_tls() {
    let wanted = &["error login-before-tls"];
    let plain = "begin authenticators\nplain:\n  driver = plaintext\n  public_name = PLAIN\n  \
                 server_prompts = :\n  server_condition = false\n";
    for (server, from, to) in [
        (
            Server::Sendmail,
            "define(`confTLS_SRV",
            "define(`confAUTH_OPTIONS', `A')dnl\nTRUST_AUTH_MECH(`LOGIN PLAIN')dnl\ndefine(`confAUTH_MECHANISMS', `LOGIN PLAIN')dnl\ndefine(`confTLS_SRV",
        ),
        (Server::Postfix, "smtpd_tls_exclude", "smtpd_sasl_auth_enable = yes\nsmtpd_tls_exclude"),
        (Server::Exim, "tls_advertise_hosts = *\n", "tls_advertise_hosts = *\nPLAIN"),
    ] {
        let Some(machine) = Machine::start(server.name(), "trixie") else { return };
        site::certify(&machine);
        machine.write(
            "/etc/postfix/sasl/smtpd.conf",
            "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN\n",
            0o644,
        );
        let mut settings = server.settings().replace(from, to).replace("PLAIN\n", "");
        if server == Server::Exim {
            settings = server.settings() + plain;
        }
        server.start(&machine, &settings);
        finds(&machine, server.place(), "", server.name(), wanted);
    }
}

#[test]
fn a_name_that_is_none() {
    for (server, from, to) in [
        (
            Server::Sendmail,
            "define(`confTLS_SRV",
            "define(`confDOMAIN_NAME', `mx')dnl\ndefine(`confTLS_SRV",
        ),
        (Server::Postfix, "smtpd_tls_exclude", "myhostname = mx\nsmtpd_tls_exclude"),
        (Server::Exim, "tls_advertise", "smtp_active_hostname = mx\ntls_advertise"),
        (
            Server::Opensmtpd,
            "port 25 tls pki mx.example.com",
            "port 25 tls pki mx.example.com hostname \"mx\"",
        ),
        (Server::Dovecot, "ssl = required", "ssl = required\nhostname = mx"),
    ] {
        let Some(machine) = started(server, from, to) else { return };
        let place =
            if server == Server::Dovecot { "mx.example.com:submission" } else { server.place() };
        finds(&machine, place, "", server.name(), &["warning ehlo-name"]);
    }
}

/// Port 25 has the certificate of one CA, and port 465 that of another, or none that works.
#[test]
fn ports_that_differ() {
    let machine = need_machine!("postfix", "trixie");
    site::certify(&machine);
    machine.shell(
        "mailca newca --no-input --ca-dir otherCA --cn 'Another CA' &&
         mailca issue --no-input --ca-dir otherCA --cn mx.example.com other &&
         postconf -M 'submissions/inet=submissions inet n - n - - smtpd' &&
         postconf -P submissions/inet/smtpd_tls_wrappermode=yes \
           submissions/inet/smtpd_tls_cert_file=/root/other/cert.pem \
           submissions/inet/smtpd_tls_key_file=/root/other/key.pem",
    );
    let settings = Server::Postfix.settings() + "smtpd_tls_mandatory_protocols = >=TLSv1.2\n";
    postfix::start(&machine, &settings);
    machine.wait_for_port(465);
    let line = "mailca check mx.example.com --json";
    let outcome = machine.run_as_client(line).exits(3);
    let document: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    let host = &document["hosts"][0];
    assert_eq!(ids(host), ["info certificates-differ"], "{outcome}");
    let seen = host["findings"][0]["seen"].as_str().unwrap();
    assert!(seen.contains("25 (smtp)") && seen.contains("465 (submissions)"), "{seen}");
    let found: Vec<_> = host["ports"].as_array().unwrap().iter().map(ids).collect();
    assert_eq!(found[0], [""; 0], "{outcome}");
    assert_eq!(found[1], ["error untrusted", "warning login-missing"], "{outcome}");
}
