//! Sendmail. Its configuration is `sendmail.cf`, which m4 makes of `sendmail.mc`.
//!
//! A reload is a HUP, at which it executes itself again by the name it was started with: that has to
//! be a path. What it reads it judges by the modes of every folder above: group or others must write
//! to none. A file it does not like costs STARTTLS, and it says so in the log only, and not always.

use crate::site::{CA, HOST};
use crate::support::Machine;

const PID_FILE: &str = "/run/sendmail/mta/sendmail.pid";

/// The first lines of `sendmail.mc`. No name is looked up in the DNS: there is none. Nor does it matter
/// how busy this computer is.
const HEAD: &str = "\
define(`_USE_ETC_MAIL_')dnl
include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(`debian')dnl
DOMAIN(`debian-mta')dnl
define(`confSERVICE_SWITCH_FILE', `/etc/mail/service.switch-nodns')dnl
define(`confDOMAIN_NAME', `mx.example.com')dnl
define(`confQUEUE_LA', `10000')dnl
define(`confREFUSE_LA', `10000')dnl
FEATURE(`use_cw_file')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Family=inet, Name=MTA, Port=smtp')dnl
";

/// The last ones.
const TAIL: &str = "\
MAILER_DEFINITIONS
MAILER(`local')dnl
MAILER(`smtp')dnl
";

/// STARTTLS with the files of [`crate::site`].
pub fn tls() -> String {
    format!(
        "define(`confCACERT_PATH', `{HOST}')dnl\n\
         define(`confCACERT', `{CA}')dnl\n\
         define(`confSERVER_CERT', `{HOST}/cert.pem')dnl\n\
         define(`confSERVER_KEY', `{HOST}/key.pem')dnl\n\
         define(`confCLIENT_CERT', `{HOST}/cert.pem')dnl\n\
         define(`confCLIENT_KEY', `{HOST}/key.pem')dnl\n"
    )
}

/// Starts it with lines of `sendmail.mc` between the necessary ones.
pub fn start(machine: &Machine, mc: &str) {
    machine.write("/etc/mail/local-host-names", "localhost\nmx.example.com\nexample.com\n", 0o644);
    configure(machine, mc);
    run(machine);
}

/// Starts it with the configuration that is there.
pub fn run(machine: &Machine) {
    machine.spawn_daemon("/usr/sbin/sendmail-mta -bD");
    machine.wait_for_port(25);
    machine
        .wait_until("the number of the process", || machine.holds(&format!("test -s {PID_FILE}")));
}

/// Makes another `sendmail.cf`, which a reload takes up.
pub fn configure(machine: &Machine, mc: &str) {
    machine.write("/etc/mail/sendmail.mc", format!("{HEAD}{mc}{TAIL}"), 0o644);
    machine.shell("m4 /etc/mail/sendmail.mc >/etc/mail/sendmail.cf");
}

/// Makes the access map, for the feature `access_db`; a running sendmail sees the new one at once.
pub fn access(machine: &Machine, lines: &str) {
    machine.write("/etc/mail/access", lines, 0o640);
    machine.shell("makemap hash /etc/mail/access </etc/mail/access");
}

/// It keeps its process number, and says so when it listens again.
pub fn reload(machine: &Machine) {
    let starts = || machine.log().matches("starting daemon").count();
    let before = starts();
    machine.shell(&format!("kill -HUP $(head -n 1 {PID_FILE})"));
    machine.wait_until("another start of the daemon", || starts() > before);
    machine.wait_for_port(25);
}

pub fn stop(machine: &Machine) {
    machine.shell(&format!("kill $(head -n 1 {PID_FILE})"));
    machine.wait_for_no_port(25);
}
