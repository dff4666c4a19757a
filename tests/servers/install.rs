//! `install` for real servers, into their usual places and under their feet: renewed by hand, by the timer's
//! own commands, and taken back where a server does not take it.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::{Machine, need_machine};
use crate::{dovecot, exim, opensmtpd, postfix, sendmail, site};

/// A server, and how it is told here, where no systemd is.
pub struct Case {
    pub server: &'static str,
    /// Its folder.
    dir: &'static str,
    /// The user and the group that it opens the files of each connection as.
    daemon: [&'static str; 2],
    /// Which of key.pem and the others that user opens.
    opens: bool,
    pub reload: &'static str,
    check: &'static str,
    /// The protocol of `openssl s_client`, and the port.
    pub protocol: &'static str,
    pub port: u16,
}

/// Starts it with a configuration that names the files in its folder.
pub fn start(case: &Case, machine: &Machine, release: &str) {
    let dir = case.dir;
    match case.server {
        "sendmail" => sendmail::start(
            machine,
            &sendmail::tls()
                .replace(site::HOST, dir)
                .replace(site::CA, &format!("{dir}/cacert.pem")),
        ),
        "postfix" => postfix::start(
            machine,
            &postfix::tls()
                .replace(site::HOST, dir)
                .replace(site::CA, &format!("{dir}/cacert.pem")),
        ),
        "exim" => exim::start(machine, &exim::tls().replace(exim::TLS_FOLDER, dir), ""),
        "dovecot" => dovecot::start(
            machine,
            release,
            &dovecot::tls(release)
                .replace(site::HOST, dir)
                .replace(site::CA, &format!("{dir}/cacert.pem")),
        ),
        _ => opensmtpd::start(
            machine,
            &opensmtpd::tls()
                .replace(site::HOST, dir)
                .replace(site::CA, &format!("{dir}/cacert.pem")),
        ),
    }
}

/// The serial number of what the server presents, whose handshake verifies.
fn presented(case: &Case, machine: &Machine) -> String {
    let text = machine.handshake(case.protocol, case.port, site::CA, "").text();
    let line = "openssl x509 -noout -serial";
    machine.run(line).stdin(text).success().text().trim().to_string()
}

fn serial(machine: &Machine, file: &str) -> String {
    machine.shell(&format!("openssl x509 -noout -serial -in {file}")).trim().to_string()
}

/// The command line of a unit, as a shell takes it.
fn command(machine: &Machine, unit: &str) -> String {
    let text = machine.shell("mailca config timer --expiring 30d --json");
    let value: Value = serde_json::from_str(&text).unwrap();
    let text = value["units"][unit].as_str().unwrap();
    let setting = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).to_string()
    };
    format!("cd {} && {}", setting("WorkingDirectory"), setting("ExecStart"))
}

/// A certificate that ends soon, in the place of the one in mx/, installed without a word to the server.
fn make_due(machine: &Machine) {
    let mut script = String::from("cd /root && rm -f mx/cert.pem && ");
    let _ = write!(
        script,
        "openssl ca -config demoCA/openssl.cnf -batch -notext -extensions server_cert \
         -startdate \"$(date -u -d '-340 days' +%Y%m%d%H%M%SZ)\" \
         -enddate \"$(date -u -d '+20 days' +%Y%m%d%H%M%SZ)\" -in mx/req.pem -out mx/cert.pem \
         2>/dev/null && chmod 0400 mx/cert.pem"
    );
    machine.shell(&script);
}

fn follows_renewals(case: &Case, release: &str, machine: &Machine) {
    site::certify(machine);
    machine.shell("mailca crl");
    // First the files, then the server that reads them.
    machine.shell(&format!("mailca install mx --for {}", case.server));
    opens_what_it_needs(case, machine);
    start(case, machine, release);
    let Case { server, reload, check, dir, .. } = case;
    let options = format!("--check {check} --timeout 20");
    machine.shell(&format!("mailca install mx --for {server} {options} --reload '{reload}'"));
    let first = presented(case, machine);
    assert_eq!(first, serial(machine, "mx/cert.pem"));

    for line in ["mailca renew mx", "mailca renew --new-key mx"] {
        let before = serial(machine, "mx/cert.pem");
        machine.run(line).success().says(&["installed, and presented"]);
        let now = presented(case, machine);
        assert_ne!(now, before, "{line}");
        assert_eq!(now, serial(machine, "mx/cert.pem"), "{line}\n{}", machine.told());
    }
    opens_what_it_needs(case, machine);

    // The timer's own commands.
    make_due(machine);
    let due = serial(machine, "mx/cert.pem");
    let line = command(machine, "mailca-renew.service");
    machine.run(&line).success().says(&["installed, and presented"]);
    let renewed = presented(case, machine);
    assert_ne!(renewed, due);
    assert_eq!(renewed, serial(machine, "mx/cert.pem"));
    if *server != "opensmtpd" {
        machine.shell("mailca issue --no-input --cn gone.example.com gone && mailca revoke gone");
        machine.shell(&command(machine, "mailca-crl.service"));
        machine.shell(&format!("cmp demoCA/crl.pem {dir}/crl.pem"));
        presented(case, machine);
    }

    // What the server does not hear of is taken back.
    let files = machine.shell(&format!("cd {dir} && sha256sum *.pem"));
    for wrong in ["false", "true"] {
        if wrong == "true" && case.opens {
            continue; // It opens its files anew for each connection, whatever it is told.
        }
        let wrong = format!("--check {check} --timeout 2 --reload {wrong}");
        machine.run("mailca install mx --forget").output();
        machine.shell("mailca renew --new-key mx");
        let outcome = machine.run(&format!("mailca install mx --for {server} {wrong}")).exits(1);
        outcome.says(&["the old files are back"]);
        assert_eq!(machine.shell(&format!("cd {dir} && sha256sum *.pem")), files);
        assert_eq!(presented(case, machine), renewed, "{}", machine.told());
    }
}

/// The daemon's user opens what it has to, and nobody else anything.
fn opens_what_it_needs(case: &Case, machine: &Machine) {
    let opens = |user: &str, group: &str, path: &str| {
        machine.holds(&format!(
            "setpriv --reuid={user} --regid={group} --clear-groups cat {path} >/dev/null"
        ))
    };
    let [user, group] = case.daemon;
    for name in ["key.pem", "cert.pem", "cacert.pem"] {
        let path = format!("{}/{name}", case.dir);
        assert_eq!(opens(user, group, &path), case.opens, "{user} {path}");
        assert!(opens("root", "root", &path), "{path}");
        assert!(!opens("nobody", "nogroup", &path), "{path}");
    }
    if case.server == "sendmail" {
        // The queue runner of submissions.
        for name in ["cert.pem", "cacert.pem"] {
            assert!(opens("smmsp", "smmsp", &format!("/etc/mail/cacerts/{name}")), "{name}");
        }
        machine.shell("openssl verify -no-CAfile -CApath /etc/mail/cacerts mx/cert.pem");
    }
}

pub const SENDMAIL: Case = Case {
    server: "sendmail",
    dir: "/etc/mail/certs",
    daemon: ["smmta", "smmta"],
    opens: false,
    reload: "kill -HUP $(head -n 1 /run/sendmail/mta/sendmail.pid)",
    check: "mx.example.com:25",
    protocol: "smtp",
    port: 25,
};

pub const POSTFIX: Case = Case {
    server: "postfix",
    dir: "/etc/postfix/certs",
    daemon: ["postfix", "postfix"],
    opens: false,
    reload: "postfix reload",
    check: "localhost:25",
    protocol: "smtp",
    port: 25,
};

pub const EXIM: Case = Case {
    server: "exim",
    dir: "/etc/exim4/certs",
    daemon: ["Debian-exim", "Debian-exim"],
    opens: true,
    reload: "kill -HUP $(cat /run/exim4/exim.pid)",
    check: "mx.example.com:25",
    protocol: "smtp",
    port: 25,
};

pub const DOVECOT: Case = Case {
    server: "dovecot",
    dir: "/etc/dovecot/certs",
    daemon: ["dovenull", "dovenull"],
    opens: false,
    reload: "doveadm reload",
    check: "mx.example.com:993",
    protocol: "",
    port: 993,
};

pub const OPENSMTPD: Case = Case {
    server: "opensmtpd",
    dir: "/etc/opensmtpd/certs",
    daemon: ["opensmtpd", "opensmtpd"],
    opens: false,
    reload: "pkill -o -x smtpd; while pgrep -x smtpd; do sleep 0.1; done; \
             setsid smtpd -d >>/var/log/mail.log 2>&1 &",
    check: "mx.example.com:25",
    protocol: "smtp",
    port: 25,
};

macro_rules! servers {
    ($($name:ident: $case:ident, $release:literal;)+) => {
        $(#[test]
        fn $name() {
            let machine = need_machine!($case.server, $release);
            follows_renewals(&$case, $release, &machine);
        })+
    };
}

servers! {
    sendmail_of_trixie: SENDMAIL, "trixie";
    postfix_of_trixie: POSTFIX, "trixie";
    exim_of_trixie: EXIM, "trixie";
    dovecot_of_trixie: DOVECOT, "trixie";
    opensmtpd_of_trixie: OPENSMTPD, "trixie";
    sendmail_of_bookworm: SENDMAIL, "bookworm";
    postfix_of_bookworm: POSTFIX, "bookworm";
    exim_of_bookworm: EXIM, "bookworm";
    dovecot_of_bookworm: DOVECOT, "bookworm";
}
