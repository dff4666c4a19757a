//! Exim, Debian's with GnuTLS. `/etc/exim4/exim4.conf`, where it exists, goes before the one that
//! Debian assembles.
//!
//! It opens key and certificates as Debian-exim, after the handshake has begun: with a key that only
//! root reads, STARTTLS is offered and fails. A reload is a HUP, at which it executes itself again.

use crate::site;
use crate::support::Machine;

/// Where its copies of the host's files are.
pub const TLS_FOLDER: &str = "/etc/exim4/tls";

const PID_FILE: &str = "/run/exim4/exim.pid";

/// The main section. No name is looked up in the DNS: there is none.
const MAIN: &str = "\
primary_hostname = mx.example.com
domainlist local_domains = example.com : mx.example.com
acl_smtp_rcpt = recipient
dns_ipv4_lookup =
disable_ipv6 = true
host_lookup =
keep_environment =
log_file_path = syslog
syslog_timestamp = no
log_selector = +tls_peerdn +tls_certificate_verified
never_users = root
";

/// The other sections, round the access control list of recipients: whoever it neither accepts nor
/// denies may write to our domain only.
const SECTIONS: [&str; 2] = [
    "\
begin acl
recipient:
  accept hosts = :
",
    "  accept domains = +local_domains
  deny message = relay not permitted
begin routers
here:
  driver = accept
  domains = +local_domains
  transport = file
begin transports
file:
  driver = appendfile
  file = /var/mail/$local_part_data
  user = mail
  group = mail
",
];

/// STARTTLS with the files in [`TLS_FOLDER`], and certificates asked for.
pub fn tls() -> String {
    format!(
        "tls_advertise_hosts = *\n\
         tls_certificate = {TLS_FOLDER}/cert.pem\n\
         tls_privatekey = {TLS_FOLDER}/key.pem\n\
         tls_verify_certificates = {TLS_FOLDER}/cacert.pem\n\
         tls_try_verify_hosts = *\n"
    )
}

/// Copies the host's files to where Exim reads them.
pub fn deliver(machine: &Machine) {
    site::deliver(machine, TLS_FOLDER, "root:Debian-exim", 0o640);
}

/// Starts it with lines of the main section, and lines of the access control list of recipients.
pub fn start(machine: &Machine, main: &str, recipient: &str) {
    configure(machine, main, recipient);
    machine.shell("install -d -o Debian-exim -g Debian-exim /run/exim4");
    machine.spawn_daemon(&format!("/usr/sbin/exim4 -bdf -oP {PID_FILE}"));
    machine.wait_for_port(25);
}

/// Writes another configuration, which a reload takes up.
pub fn configure(machine: &Machine, main: &str, recipient: &str) {
    let [before, after] = SECTIONS;
    let text = format!("{MAIN}{main}{before}{recipient}{after}");
    machine.write("/etc/exim4/exim4.conf", text, 0o644);
    machine.shell("exim4 -bV >/dev/null");
}

pub fn reload(machine: &Machine) {
    let starts = || machine.log().matches("daemon started").count();
    let before = starts();
    machine.shell(&format!("kill -HUP $(cat {PID_FILE})"));
    machine.wait_until("another start of the daemon", || starts() > before);
    machine.wait_for_port(25);
}

pub fn stop(machine: &Machine) {
    machine.shell(&format!("kill $(cat {PID_FILE})"));
    machine.wait_for_no_port(25);
}
