//! The page of each server in docs/ is followed, block by block, on a machine with that server.
//!
//! Blocks fenced `sh` are run in order, as root, and those fenced `sh client` on the network of the client; of
//! those fenced `console`, the lines after `$ ` are, with the lines that continue them. Both begin in /root, and
//! each goes on in the folder in which the one before has ended, as it does for somebody who types it. Before the
//! next section a test looks at what this one has come to.

use crate::support::{Machine, need_machine, page};
use crate::{dovecot, peer};

/// Gives the machine a `systemctl` that runs these lines of shell for `VERB UNIT`: nothing in it starts
/// services.
pub fn systemctl(machine: &Machine, knows: &[(&str, &str)]) {
    let cases: Vec<_> =
        knows.iter().map(|(words, line)| format!("  '{words}') {line} ;;\n")).collect();
    let script = format!(
        "#!/bin/sh\nset -e\ncase $* in\n{}  *) echo \"systemctl $*: unknown\" >&2; exit 1 ;;\nesac\n",
        cases.concat()
    );
    machine.write("/usr/local/bin/systemctl", script, 0o755);
}

/// Follows a page. `look` is told the title of every section that has been done.
pub fn follow(machine: &Machine, name: &str, mut look: impl FnMut(&str)) {
    let path = format!("docs/{name}");
    let blocks = page::blocks(&path);
    machine.shell("rm -f /var/tmp/*-is-in");
    let mut ran = 0;
    for title in page::headings(&path) {
        for block in blocks.iter().filter(|block| block.section == title) {
            let is_clients = match block.kind.as_str() {
                "sh" | "console" => false,
                "sh client" => true,
                "text" => continue,
                other => panic!("{path}: {other:?} is no kind of block"),
            };
            let here = if is_clients { "/var/tmp/client-is-in" } else { "/var/tmp/root-is-in" };
            for step in steps(&block.script()) {
                if step.starts_with("mailca check") {
                    calm(machine);
                }
                let script = format!(
                    "test ! -e {here} || cd \"$(cat {here})\"; trap 'pwd >{here}' EXIT; set -e\n{step}"
                );
                let run =
                    if is_clients { machine.run_as_client(&script) } else { machine.run(&script) };
                let outcome = run.output();
                let context = format!("{path}, {title}:\n{step}");
                assert_eq!(outcome.status, Some(0), "{context}{outcome}\n{}", machine.told());
            }
            ran += 1;
        }
        look(&title);
    }
    assert!(ran > 1, "{path} has hardly a command");
}

/// A script in pieces, so that each check of a server is one: nobody types two within a second.
fn steps(script: &str) -> Vec<String> {
    let mut steps = vec![String::new()];
    for line in script.lines() {
        if line.starts_with("mailca check") {
            steps.push(String::new());
        }
        let step = steps.last_mut().unwrap();
        step.push_str(line);
        step.push('\n');
    }
    steps.retain(|step| !step.trim().is_empty());
    steps
}

/// Exim takes twenty connections at a time, and counts them by its processes, which end a moment later.
pub fn calm(machine: &Machine) {
    let connections = "ss -Htn state established state close-wait";
    let others = "ps -C exim4 -o pid= | tail -n +2";
    machine.wait_until("the end of the connections", || {
        let is_none = |line: &str| machine.run(line).success().text().is_empty();
        is_none(connections) && is_none(others)
    });
}

/// Who knows one page finds his way on the others.
#[test]
fn all_pages_have_one_shape() {
    for (page, name) in [
        ("sendmail", "Sendmail"),
        ("postfix", "Postfix"),
        ("exim", "Exim"),
        ("dovecot", "Dovecot"),
        ("opensmtpd", "OpenSMTPD"),
    ] {
        let configure = format!("Configure {name}");
        let does = if page == "dovecot" { "Let users log in" } else { "Let users relay" };
        let mut headings = page::headings(&format!("docs/{page}.md")).into_iter();
        for wanted in [
            name,
            "Before you begin",
            "Make a CA and the host's certificate",
            "Put the files in place",
            &configure,
            does,
            "Start it",
            "See that it works",
            "Revoke",
            "Renew",
            "What to look for in the log",
            "Where to go on",
        ] {
            assert!(
                headings.any(|heading| heading == wanted),
                "{page}.md: no {wanted:?}, or not there"
            );
        }
    }
}

const RELEASES: [&str; 2] = ["trixie", "bookworm"];

/// Exim as a service starts and reloads it, and the one host that mail goes to.
pub fn as_exim_has_it(machine: &Machine) {
    // There is no DNS.
    machine.shell(&format!(
        "printf '%s\\n' 'disable_ipv6 = true' 'MAIN_HOST_LOOKUP =' >/etc/exim4/exim4.conf.localmacros
         echo 'example.net: {} byname' >/etc/exim4/hubbed_hosts
         install -d -o Debian-exim -g Debian-exim /run/exim4",
        peer::NAME
    ));
    let pid = "/run/exim4/exim.pid";
    let quiet = "exec </dev/null >>/var/log/mail.log 2>&1;";
    let restart = format!(
        "test ! -e {pid} || kill $(cat {pid}); sleep 1; update-exim4.conf && \
             /usr/sbin/exim4 -bd -q1m -oP {pid} && sleep 1"
    );
    let reload = format!("kill -HUP $(cat {pid}); sleep 1");
    let (restart, reload) = (format!("{quiet} {restart}"), format!("{quiet} {reload}"));
    systemctl(machine, &[("restart exim4", &restart), ("reload exim4", &reload)]);
}

/// The same for Dovecot.
pub fn as_dovecot_has_it(machine: &Machine) {
    let quiet = "exec </dev/null >>/var/log/mail.log 2>&1;";
    let restart = format!("{quiet} doveadm stop || :; sleep 1; /usr/sbin/dovecot");
    let reload = format!("{quiet} doveadm reload; sleep 1");
    systemctl(machine, &[("restart dovecot", &restart), ("reload dovecot", &reload)]);
}

#[test]
fn exim() {
    for release in RELEASES {
        let machine = need_machine!("exim", release);
        as_exim_has_it(&machine);
        follow(&machine, "exim.md", |_| ());
        for port in [25, 465, 587] {
            machine.wait_for_port(port);
        }
        let protocol = [("smtp", 25), ("", 465), ("smtp", 587)];
        for (protocol, port) in protocol {
            machine.handshake(protocol, port, crate::site::CA, "");
        }
        let log = machine.read("/var/log/exim4/mainlog");
        for words in [
            "CV=yes DN=\"O=Example Inc,CN=joeuser\"",
            "CV=no DN=\"O=Example Inc,CN=joeuser\" F=<joe@example.com> rejected RCPT \
             <friend@example.net>: relay not permitted",
        ] {
            assert!(log.contains(words), "{words}: {log}");
        }
    }
}

#[test]
fn dovecot() {
    for release in RELEASES {
        let machine = need_machine!("dovecot", release);
        as_dovecot_has_it(&machine);
        follow(&machine, "dovecot.md", |_| ());
        for (protocol, port) in dovecot::PORTS {
            machine.handshake(protocol, port, crate::site::CA, "");
        }
        let log = machine.log();
        for words in ["user=<joeuser>, method=EXTERNAL", "user=<>, method=EXTERNAL"] {
            assert!(log.contains(words), "{words}: {log}");
        }
    }
}
