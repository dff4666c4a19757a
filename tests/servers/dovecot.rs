//! Dovecot, 2.3 of Debian 12 and 2.4 of Debian 13, whose settings have other names.
//!
//! Its configuration is a `dovecot.conf` of the test's alone, without Debian's `conf.d`. It reads key
//! and certificates as root. A reload is `doveadm reload`; each login process that is
//! there keeps what it has.

use crate::site::{CA, HOST};
use crate::support::Machine;

/// Its ports and the protocols that `openssl s_client` knows them by: empty where TLS comes first.
pub const PORTS: [(&str, u16); 6] =
    [("imap", 143), ("", 993), ("pop3", 110), ("", 995), ("sieve", 4190), ("smtp", 587)];

/// What every `dovecot.conf` needs here: one user `joeuser` whose password is `secret`, and mail in
/// /home/NAME/mail. The relay of `submission` is not there: it is asked after the login only.
fn head(release: &str) -> String {
    let common = "protocols = imap pop3 lmtp sieve submission\nlisten = *\n\
                  first_valid_uid = 8\nsubmission_relay_host = 127.0.0.1\n";
    let own = if release == "bookworm" {
        "mail_location = maildir:/home/%u/mail\n\
         passdb {\n  driver = passwd-file\n  args = /etc/dovecot/users\n}\n\
         userdb {\n  driver = static\n  args = uid=mail gid=mail home=/home/%u\n}\n"
    } else {
        "mail_driver = maildir\nmail_path = /home/%{user}/mail\n\
         passdb passwd-file {\n  passwd_file_path = /etc/dovecot/users\n}\n\
         userdb static {\n  fields {\n    uid = mail\n    gid = mail\n    home = /home/%{user}\n  }\n}\n"
    };
    // The version comes first in the file.
    let version = if release == "bookworm" {
        ""
    } else {
        "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"
    };
    format!("{version}{common}{own}")
}

/// TLS with the files of [`crate::site`], and no login without; certificates asked for.
pub fn tls(release: &str) -> String {
    if release == "bookworm" {
        format!(
            "ssl = required\nssl_cert = <{HOST}/cert.pem\nssl_key = <{HOST}/key.pem\n\
             ssl_ca = <{CA}\nssl_require_crl = no\nssl_verify_client_cert = yes\n"
        )
    } else {
        format!(
            "ssl = required\nssl_server_cert_file = {HOST}/cert.pem\n\
             ssl_server_key_file = {HOST}/key.pem\nssl_server_ca_file = {CA}\n\
             ssl_server_require_crl = no\nssl_server_request_client_cert = yes\n"
        )
    }
}

/// Starts it with lines of `dovecot.conf` beside the necessary ones.
pub fn start(machine: &Machine, release: &str, conf: &str) {
    machine.write("/etc/dovecot/users", "joeuser:{PLAIN}secret\n", 0o644);
    configure(machine, release, conf);
    machine.spawn_daemon("/usr/sbin/dovecot -F");
    for (_, port) in PORTS {
        machine.wait_for_port(port);
    }
}

/// Writes other lines, which a reload takes up.
pub fn configure(machine: &Machine, release: &str, conf: &str) {
    let text = format!("{}{conf}", head(release));
    machine.write("/etc/dovecot/dovecot.conf", text, 0o644);
    machine.shell("doveconf -n >/dev/null");
}

pub fn reload(machine: &Machine) {
    machine.shell("doveadm reload");
}

pub fn stop(machine: &Machine) {
    machine.shell("doveadm stop");
    machine.wait_for_no_port(143);
}
