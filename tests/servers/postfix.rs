//! Postfix. `postfix start` makes its queue folders and goes into the background by itself.
//!
//! Debian's `smtpd` runs in a chroot, /var/spool/postfix, whose copies of /etc/hosts and the like are
//! made by its init script, which does not run here; `master.cf` is told to do without.

use crate::site::{CA, HOST};
use crate::support::Machine;

/// TLS for everybody who wants it, and certificates asked for. Without the restrictions, relaying is
/// refused with 454, for the time being.
pub fn tls() -> String {
    format!(
        "smtpd_tls_security_level = may\n\
         smtpd_tls_cert_file = {HOST}/cert.pem\n\
         smtpd_tls_key_file = {HOST}/key.pem\n\
         smtpd_tls_CAfile = {CA}\n\
         smtpd_tls_ask_ccert = yes\n\
         smtpd_tls_loglevel = 1\n\
         smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n"
    )
}

/// What every `main.cf` needs here. No name is looked up in the DNS: there is none.
const MAIN: &str = "\
compatibility_level = 3.6
myhostname = mx.example.com
mydestination = mx.example.com, example.com, localhost
mynetworks = 127.0.0.0/8
inet_protocols = ipv4
smtp_dns_support_level = disabled
smtp_host_lookup = native
alias_maps =
alias_database =
local_recipient_maps =
";

/// Starts it with lines of `main.cf` beside the necessary ones.
pub fn start(machine: &Machine, main: &str) {
    configure(machine, main);
    machine.shell("postconf -F '*/*/chroot = n' && postfix start >>/var/log/mail.log 2>&1");
    machine.wait_for_port(25);
}

/// Writes other lines, which a reload takes up.
pub fn configure(machine: &Machine, main: &str) {
    machine.write("/etc/postfix/main.cf", format!("{MAIN}{main}"), 0o644);
}

/// Those that serve by what was there before end when the master tells them, which is after the command.
pub fn reload(machine: &Machine) {
    let before = machine.shell("pgrep -x smtpd || :");
    machine.shell("postfix reload >>/var/log/mail.log 2>&1");
    machine.wait_until("the end of those before", || {
        let now = machine.shell("pgrep -x smtpd || :");
        !now.lines().any(|pid| before.lines().any(|one| one == pid))
    });
}

pub fn stop(machine: &Machine) {
    machine.shell("postfix stop >>/var/log/mail.log 2>&1");
    machine.wait_for_no_port(25);
}
