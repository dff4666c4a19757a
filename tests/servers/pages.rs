//! The pages of docs/, followed to the letter: each block of `sh` is run by root in /root, and each of
//! `sh client` on the network of the client.

use crate::support::{Machine, need_machine};
use crate::{dovecot, peer};

const RELEASES: [&str; 2] = ["trixie", "bookworm"];

/// Runs all blocks of a page.
pub fn follow(machine: &Machine, page: &str) {
    let mut block = None;
    for line in page.lines() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(kind)) => block = Some((kind.to_owned(), "set -e\n".to_owned())),
            (Some((kind, script)), Some(_)) => {
                let outcome = match kind.as_str() {
                    "sh" => machine.run(script).output(),
                    "sh client" => machine.run_as_client(script).output(),
                    other => panic!("what is a block of {other:?}?"),
                };
                assert_eq!(outcome.status, Some(0), "{outcome}\n{}", machine.told());
                block = None;
            }
            (Some((_, script)), None) => {
                // In the console, what is typed comes after a prompt.
                script.push_str(line.strip_prefix("$ ").unwrap_or(line));
                script.push('\n');
            }
            (None, None) => (),
        }
    }
    assert!(block.is_none(), "a block does not end");
}

/// A `systemctl` for one server, whose verbs are lines of shell. What they leave running keeps no output of
/// ours.
pub fn systemctl(machine: &Machine, service: &str, restart: &str, reload: &str) {
    let script = format!(
        "#!/bin/sh\nexec </dev/null >>/var/log/mail.log 2>&1\ncase \"$*\" in\n'restart {service}') {restart} ;;\n'reload {service}') {reload} ;;\n\
         *) exit 1 ;;\nesac\n"
    );
    machine.write("/usr/local/bin/systemctl", script, 0o755);
}

#[test]
fn exim() {
    for release in RELEASES {
        let machine = need_machine!("exim", release);
        // There is no DNS.
        machine.shell(&format!(
            "printf '%s\\n' 'disable_ipv6 = true' 'MAIN_HOST_LOOKUP =' >/etc/exim4/exim4.conf.localmacros
             echo 'example.net: {} byname' >/etc/exim4/hubbed_hosts
             install -d -o Debian-exim -g Debian-exim /run/exim4",
            peer::NAME
        ));
        let pid = "/run/exim4/exim.pid";
        systemctl(
            &machine,
            "exim4",
            &format!(
                "test ! -e {pid} || kill $(cat {pid}); sleep 1; update-exim4.conf && \
                 /usr/sbin/exim4 -bd -q1m -oP {pid} && sleep 1"
            ),
            &format!("kill -HUP $(cat {pid}); sleep 1"),
        );
        follow(&machine, include_str!("../../docs/exim.md"));
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
        let restart = "doveadm stop 2>/dev/null; sleep 1; /usr/sbin/dovecot";
        systemctl(&machine, "dovecot", restart, "doveadm reload; sleep 1");
        follow(&machine, include_str!("../../docs/dovecot.md"));
        for (protocol, port) in dovecot::PORTS {
            machine.handshake(protocol, port, crate::site::CA, "");
        }
        let log = machine.log();
        for words in ["user=<joeuser>, method=EXTERNAL", "user=<>, method=EXTERNAL"] {
            assert!(log.contains(words), "{words}: {log}");
        }
    }
}
