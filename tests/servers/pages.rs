//! The page of each server in docs/ is followed, block by block, on a machine with that server.
//!
//! Blocks fenced `sh` are run in order, as root in /root, and those fenced `sh client` on the network of the
//! client; of those fenced `console`, the lines after `$ ` are, with the lines that continue them. After each
//! section a test looks at what it has come to.

use crate::support::{Machine, need_machine};
use crate::{dovecot, peer};

/// A part of a page that has a heading.
struct Section {
    title: String,
    blocks: Vec<Block>,
}

/// What is run at once.
struct Block {
    is_clients: bool,
    script: String,
}

fn sections(page: &str) -> Vec<Section> {
    let path = format!("{}/docs/{page}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let mut sections: Vec<Section> = Vec::new();
    let mut fence: Option<&str> = None;
    let mut continues = false;
    for line in text.lines() {
        if let Some(kind) = line.strip_prefix("```") {
            fence = if fence.is_some() { None } else { Some(kind) };
            let known = matches!(fence, None | Some("sh" | "sh client" | "console" | "text"));
            assert!(known, "{page}: {line}");
            if let (Some(kind), Some(section)) = (fence, sections.last_mut()) {
                let is_clients = kind == "sh client";
                section.blocks.push(Block { is_clients, script: String::new() });
            }
        } else if fence.is_none() && line.starts_with('#') {
            let title = line.trim_start_matches('#').trim().to_owned();
            sections.push(Section { title, blocks: Vec::new() });
        } else if let Some(block) =
            sections.last_mut().and_then(|section| section.blocks.last_mut())
        {
            let command = match fence {
                Some("sh" | "sh client") => Some(line),
                Some("console") if continues => Some(line),
                Some("console") => line.strip_prefix("$ "),
                _ => None,
            };
            block.script.extend(command.map(|command| format!("{command}\n")));
            continues = command.is_some_and(|command| command.ends_with('\\'));
        }
    }
    assert!(fence.is_none(), "a block of {page} is not closed");
    sections
}

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
pub fn follow(machine: &Machine, page: &str, mut look: impl FnMut(&str)) {
    let mut ran = 0;
    for section in sections(page) {
        for block in section.blocks.iter().filter(|block| !block.script.is_empty()) {
            let script = format!("set -e\n{}", block.script);
            let run = if block.is_clients {
                machine.run_as_client(&script)
            } else {
                machine.run(&script)
            };
            let outcome = run.output();
            let context = format!("docs/{page}, {}:\n{}", section.title, block.script);
            assert_eq!(outcome.status, Some(0), "{context}{outcome}\n{}", machine.told());
            ran += 1;
        }
        look(&section.title);
    }
    assert!(ran > 3, "docs/{page} has hardly a command");
}

const RELEASES: [&str; 2] = ["trixie", "bookworm"];

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
        let quiet = "exec </dev/null >>/var/log/mail.log 2>&1;";
        let restart = format!(
            "test ! -e {pid} || kill $(cat {pid}); sleep 1; update-exim4.conf && \
                 /usr/sbin/exim4 -bd -q1m -oP {pid} && sleep 1"
        );
        let reload = format!("kill -HUP $(cat {pid}); sleep 1");
        let (restart, reload) = (format!("{quiet} {restart}"), format!("{quiet} {reload}"));
        systemctl(&machine, &[("restart exim4", &restart), ("reload exim4", &reload)]);
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
        let quiet = "exec </dev/null >>/var/log/mail.log 2>&1;";
        let restart = format!("{quiet} doveadm stop || :; sleep 1; /usr/sbin/dovecot");
        let reload = format!("{quiet} doveadm reload; sleep 1");
        systemctl(&machine, &[("restart dovecot", &restart), ("reload dovecot", &reload)]);
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
