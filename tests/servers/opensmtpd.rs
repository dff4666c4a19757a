//! OpenSMTPD. With `-d` it stays in the foreground and prints its log.
//!
//! It has no reload: it is ended and started again. It refuses a key that others may read.

use crate::site::{CA, HOST};
use crate::support::Machine;

/// A listener with the files of [`crate::site`], certificates asked for, and mail for here only.
pub fn tls() -> String {
    format!(
        "pki mx.example.com cert \"{HOST}/cert.pem\"\n\
         pki mx.example.com key \"{HOST}/key.pem\"\n\
         ca \"users\" cert \"{CA}\"\n\
         listen on eth0 port 25 tls pki mx.example.com ca \"users\"\n\
         action \"here\" mbox\n\
         match from any for domain \"example.com\" action \"here\"\n"
    )
}

/// Starts it with a whole `smtpd.conf`, which has to listen at port 25.
pub fn start(machine: &Machine, conf: &str) {
    machine.write("/etc/smtpd.conf", conf, 0o644);
    machine.run("smtpd -n").success();
    machine.spawn_daemon("/usr/sbin/smtpd -d");
    machine.wait_for_port(25);
    // The port is open before the queue is.
    machine.wait_until("a running smtpd", || machine.holds("smtpctl show status >/dev/null"));
}

/// Ends it and starts it again, with the configuration as it is then.
pub fn restart(machine: &Machine) {
    stop(machine);
    let conf = machine.read("/etc/smtpd.conf");
    start(machine, &conf);
}

pub fn stop(machine: &Machine) {
    machine.shell("pkill -o -x smtpd");
    machine.wait_until("the end of smtpd", || !machine.holds("pgrep -x smtpd"));
}
