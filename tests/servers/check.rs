//! `check` of real servers, configured as they should be and wrong in ways of their own.

#[path = "check/certificates.rs"]
mod certificates;
#[path = "check/clients.rs"]
mod clients;
#[path = "check/protocols.rs"]
mod protocols;
#[path = "check/server.rs"]
mod server;
#[path = "check/sessions.rs"]
mod sessions;
#[path = "check/testssl.rs"]
mod testssl;

use serde_json::Value;

use crate::pages;
use crate::support::{Machine, need_machine};
use crate::{dovecot, exim, opensmtpd, postfix, sendmail, site};

/// What `check` says of one port from another machine.
fn port(machine: &Machine, place: &str, words: &str) -> Value {
    let outcome = machine.run_as_client(&format!("mailca check {place} --json {words}")).output();
    let mut document: Value = serde_json::from_slice(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}: {outcome}"));
    let port = document["hosts"][0]["ports"][0].take();
    let is_failure = ids(&port).iter().any(|one| !one.starts_with("info"));
    assert_eq!(outcome.status, Some(if is_failure { 3 } else { 0 }), "{outcome}");
    port
}

/// The findings of a port, as `severity id`.
fn ids(port: &Value) -> Vec<String> {
    let findings = port["findings"].as_array().unwrap_or_else(|| panic!("{port}"));
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    findings.iter().map(|one| text(one, "severity") + " " + &text(one, "id")).collect()
}

/// What is otherwise than that this is all that has to be mended, that what is said for information is among what is
/// found, and that the server is taken for what it is.
fn difference(
    machine: &Machine,
    place: &str,
    words: &str,
    software: &str,
    wanted: &[&str],
) -> Option<String> {
    let port = port(machine, place, words);
    let found = ids(&port);
    let is_info = |one: &str| one.starts_with("info");
    let (infos, to_mend): (Vec<&str>, Vec<&str>) = wanted.iter().partition(|one| is_info(one));
    let found_to_mend = found.iter().map(String::as_str).filter(|one| !is_info(one));
    let is_same = found_to_mend.eq(to_mend)
        && infos.iter().all(|one| found.iter().any(|id| id == one))
        && port["software"].as_str().unwrap_or_default() == software;
    (!is_same).then(|| format!("{place} {words}\nwanted: {wanted:?}\nfound: {found:?}\n{port:#}\n"))
}

/// That there is no difference.
fn finds(machine: &Machine, place: &str, words: &str, software: &str, wanted: &[&str]) {
    if let Some(difference) = difference(machine, place, words, software, wanted) {
        panic!("{difference}{}", machine.told());
    }
}

/// That all usual ports that answer are as they should be, looked at from another machine.
pub fn nothing_to_mend(machine: &Machine, ports: &[u64]) {
    let outcome =
        machine.run_as_client("mailca check mx.example.com --json --ignore port-silent").output();
    assert_eq!(outcome.status, Some(0), "{outcome}\n{}", machine.told());
    let document: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    let found = document["hosts"][0]["ports"].as_array().unwrap();
    let found: Vec<_> = found.iter().map(|port| port["port"].as_u64().unwrap()).collect();
    assert_eq!(found, ports, "{outcome}");
    pages::calm(machine);
}

#[test]
fn sendmail() {
    let machine = need_machine!("sendmail", "trixie");
    site::certify(&machine);
    sendmail::start(&machine, &sendmail::tls());
    finds(&machine, "mx.example.com:25", "", "sendmail", &[]);
    let accepted = ["info client-certificate-accepted"];
    finds(&machine, "mx.example.com:25", "--client joeuser", "sendmail", &accepted);
    // A key that others can read: STARTTLS is left out without a word.
    machine.shell("chmod 0644 mx/key.pem");
    sendmail::reload(&machine);
    finds(&machine, "mx.example.com:25", "", "sendmail", &["error starttls-missing"]);
}

#[test]
fn postfix() {
    let machine = need_machine!("postfix", "trixie");
    site::certify(&machine);
    // By default it takes what others have left behind; what the pages say is what helps.
    postfix::start(&machine, &postfix::tls());
    let old = ["warning tls-1-0", "warning tls-1-1"];
    finds(&machine, "mx.example.com:25", "", "postfix", &old);
    let new = postfix::tls() + "smtpd_tls_protocols = >=TLSv1.2\n";
    let put = |conf: &str| {
        postfix::configure(&machine, conf);
        postfix::reload(&machine);
    };
    put(&new);
    finds(&machine, "mx.example.com:25", "", "postfix", &[]);
    let words = "--client joeuser --relay-to joe@example.org";
    finds(&machine, "mx.example.com:25", words, "postfix", &["error relay-refused"]);
    // Without a request for certificates, there are ciphers without any.
    put(&new.replace("smtpd_tls_ask_ccert = yes\n", ""));
    let wanted = ["warning cipher-anonymous", "warning client-certificate-not-asked"];
    finds(&machine, "mx.example.com:25", "--client joeuser", "postfix", &wanted);
    put(&(new.replace("smtpd_tls_ask_ccert = yes\n", "") + "smtpd_tls_exclude_ciphers = aNULL\n"));
    finds(&machine, "mx.example.com:25", "", "postfix", &[]);
    put("");
    finds(&machine, "mx.example.com:25", "", "postfix", &["error starttls-missing"]);
}

#[test]
fn exim() {
    let machine = need_machine!("exim", "trixie");
    site::certify(&machine);
    exim::deliver(&machine);
    exim::start(&machine, &exim::tls(), "");
    // Debian's GnuTLS still knows them; what the page says is what helps.
    finds(&machine, "mx.example.com:25", "", "exim", &["warning tls-1-0", "warning tls-1-1"]);
    let priority = "tls_require_ciphers = NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2\n";
    exim::configure(&machine, &(exim::tls() + priority), "");
    exim::reload(&machine);
    finds(&machine, "mx.example.com:25", "", "exim", &[]);
    // A key that Exim cannot read: STARTTLS is offered, and then does not work.
    machine.shell(&format!("chmod 0400 {}/key.pem", exim::TLS_FOLDER));
    exim::reload(&machine);
    finds(&machine, "mx.example.com:25", "", "exim", &["error starttls-refused"]);
}

#[test]
fn dovecot() {
    for release in ["trixie", "bookworm"] {
        let Some(machine) = Machine::start("dovecot", release) else { return };
        site::certify(&machine);
        dovecot::start(&machine, release, &dovecot::tls(release));
        for service in ["imap", "imaps", "pop3", "pop3s", "sieve", "submission"] {
            finds(&machine, &format!("mx.example.com:{service}"), "", "dovecot", &[]);
        }
        let outcome = machine.run("mailca check mx.example.com:imap --json").success();
        assert!(outcome.text().contains("check from another machine"), "{outcome}");
        let open = if release == "bookworm" {
            "disable_plaintext_auth = no\n"
        } else {
            "auth_allow_cleartext = yes\n"
        };
        let conf = dovecot::tls(release).replace("ssl = required", "ssl = yes") + open;
        dovecot::configure(&machine, release, &conf);
        dovecot::reload(&machine);
        for service in ["imap", "pop3", "sieve", "submission"] {
            let place = format!("mx.example.com:{service}");
            finds(&machine, &place, "", "dovecot", &["error login-before-tls"]);
        }
    }
}

#[test]
fn opensmtpd() {
    let machine = need_machine!("opensmtpd", "trixie");
    site::certify(&machine);
    opensmtpd::start(&machine, &opensmtpd::tls());
    finds(&machine, "mx.example.com:25", "", "opensmtpd", &[]);
}

#[test]
fn all_ports_of_a_host_at_once() {
    let machine = need_machine!("dovecot", "trixie");
    site::certify(&machine);
    dovecot::start(&machine, "trixie", &dovecot::tls("trixie"));
    // Whoever has mailboxes alone says so.
    let outcome = machine.run_as_client("mailca check mx.example.com --json").exits(3);
    assert!(outcome.text().contains("\"port-silent\""), "{outcome}");
    let line = "mailca check mx.example.com --json --ignore port-silent";
    let outcome = machine.run_as_client(line).success();
    let document: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    let ports = |name: &str| {
        let list = document["hosts"][0][name].as_array().unwrap();
        list.iter().map(|port| port["service"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        ports("ports"),
        ["submission", "submissions", "imap", "imaps", "pop3", "pop3s", "sieve"]
    );
    assert_eq!(ports("not_answering"), ["smtp"]);
}

#[test]
fn a_submission_that_nobody_can_use_is_found() {
    let machine = need_machine!("postfix", "trixie");
    site::certify(&machine);
    let new = postfix::tls() + "smtpd_tls_protocols = >=TLSv1.2\n";
    postfix::start(&machine, &new);
    machine.shell("postconf -M 'submission/inet=submission inet n - n - - smtpd'");
    let quiet =
        new.replace("smtpd_tls_ask_ccert = yes\n", "") + "smtpd_tls_exclude_ciphers = aNULL\n";
    postfix::configure(&machine, &quiet);
    postfix::reload(&machine);
    machine.wait_for_port(587);
    finds(&machine, "mx.example.com:587", "", "postfix", &["warning login-missing"]);
    // Logins are to be offered, and whoever knows the passwords does not run. Certificates may be asked for, too.
    postfix::configure(&machine, &new);
    machine.shell(
        "postconf -P 'submission/inet/smtpd_sasl_auth_enable=yes' \
           'submission/inet/smtpd_sasl_type=dovecot' \
           'submission/inet/smtpd_sasl_path=private/nobody' \
           'submission/inet/smtpd_tls_auth_only=yes'",
    );
    postfix::stop(&machine);
    machine.shell("postfix start >>/var/log/mail.log 2>&1");
    machine.wait_for_port(587);
    let found = ids(&port(&machine, "mx.example.com:587", ""));
    assert!(found.contains(&"critical session-broken".to_owned()), "{found:?}: {}", machine.told());
    // The master waits for a minute then before it starts another.
    let found = ids(&port(&machine, "mx.example.com:587", "--timeout 4"));
    assert!(found[0].starts_with("critical "), "{found:?}: {}", machine.told());
}
