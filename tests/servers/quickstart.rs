//! `quickstart` ends with what the mail server that it finds installed needs.

use crate::support::need_machine;

#[test]
fn of_sendmail() {
    names(&need_machine!("sendmail", "trixie"), "Sendmail", "/etc/mail/certs");
}

#[test]
fn of_postfix() {
    names(&need_machine!("postfix", "trixie"), "Postfix", "/etc/postfix/certs");
}

#[test]
fn of_exim() {
    names(&need_machine!("exim", "trixie"), "Exim", "/etc/exim4/certs");
}

#[test]
fn of_dovecot() {
    names(&need_machine!("dovecot", "trixie"), "Dovecot", "/etc/dovecot/certs");
}

#[test]
fn of_opensmtpd() {
    names(&need_machine!("opensmtpd", "trixie"), "OpenSMTPD", "/etc/opensmtpd/certs");
}

fn names(machine: &crate::support::Machine, title: &str, certs: &str) {
    let run = machine.run("mailca quickstart --host mx.example.com --dir /root/quick");
    let name = title.to_lowercase();
    let outcome = run.success();
    let said = outcome.text();
    let (advice, snippet) = said
        .split_once(&format!("{title} is installed here"))
        .unwrap_or_else(|| panic!("{title} is not found: {outcome}"));
    assert!(advice.contains("The CA:"), "{outcome}");
    assert!(snippet.contains(&format!("mailca install mx.example.com --for {name}")), "{outcome}");
    assert!(snippet.contains(certs), "no configuration: {outcome}");
    let others = ["Sendmail", "Postfix", "Exim", "Dovecot", "OpenSMTPD"];
    for other in others.iter().filter(|other| **other != title) {
        assert!(!said.contains(&format!("{other} is installed here")), "{outcome}");
    }
    let json = machine.run("mailca quickstart --json --host mx.example.com --dir /root/again");
    let report: serde_json::Value = serde_json::from_slice(&json.success().stdout).unwrap();
    assert_eq!(report["mail_servers"], serde_json::json!([name]));
}
