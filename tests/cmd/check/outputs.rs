//! Reports for a person and for monitoring systems, and the pages.

use mailca::mail::check::Issue;
use mailca::net::service::Protocol;

use super::{check, config, document, submissions, with_host};
use crate::support::{Folder, MAILCA, Mail};

/// A report for a person, of a server that has two things to mend.
fn report(words: &str) -> (Folder, crate::support::Outcome) {
    let folder = with_host();
    let server = submissions(config(&folder, "mail/key.pem", &["mail/cert.pem"]));
    let line = format!("check imap.example.com:465 --connect {server} --client mail {words}");
    let outcome = folder.mailca(&line).output();
    (folder, outcome)
}

#[test]
fn a_person_reads_the_worst_first() {
    let (_folder, outcome) = report("");
    assert_eq!(outcome.status, Some(3));
    let text = outcome.text();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines[0],
        "error     imap.example.com:465 (submissions), Postfix, TLS 1.3, TLS 1.2, at"
    );
    assert!(text.contains("\n  on port 465; folder mail\n"), "{text}");
    assert!(text.contains("\nnot asked: relaying (--relay-to ADDRESS)\n"), "{text}");
    let at = |words: &str| {
        lines
            .iter()
            .position(|line| line.contains(words))
            .unwrap_or_else(|| panic!("{words}: {text}"))
    };
    assert!(
        at("error     The certificate is for another name [name-mismatch]")
            < at("warning   The server asks for no client certificate")
    );
    // The advice is for the program that the greeting names.
    assert!(text.contains("smtpd_tls_ask_ccert = yes") && !text.contains("tls_try_verify_hosts"));
    assert_eq!(lines.last(), Some(&"1 port: 1 error, 1 warning"));
    // A command is not broken, so that it can be copied.
    let is_short = |line: &&&str| line.chars().count() <= 80 || line.trim_start().starts_with('`');
    assert!(lines.iter().filter(|line| !is_short(line)).count() == 0, "{text}");
    assert!(!text.contains('\u{1b}'));
    let (_folder, colored) = report("--color always");
    assert!(colored.text().contains("\u{1b}[31merror\u{1b}[0m"), "{colored}");
    let (_folder, ignored) =
        report("--ignore name-mismatch --ignore client-certificate-not-asked --quiet");
    assert_eq!((ignored.status, ignored.text()), (Some(0), String::new()));
}

#[test]
fn nagios_is_told_as_it_wants() {
    for (words, status, state) in [
        ("", 2, "MAILCA CRITICAL - imap.example.com:465 The certificate is for another name"),
        ("--ignore name-mismatch", 1, "MAILCA WARNING - "),
        (
            "--ignore name-mismatch --fail-on error",
            0,
            "MAILCA OK - 1 port, nothing to mend; not asked: relaying (--relay-to ADDRESS) |",
        ),
    ] {
        let (_folder, outcome) = report(&format!("--format nagios {words}"));
        assert_eq!(outcome.status, Some(status), "{outcome}");
        let text = outcome.text();
        assert!(text.starts_with(state), "{text}");
        let (_, numbers) = text.lines().next().unwrap().split_once('|').unwrap();
        assert!(numbers.starts_with(" days=36") && numbers.contains(" warning=1 "), "{numbers}");
        assert!(outcome.stderr.is_empty(), "{outcome}");
    }
    let folder = Folder::empty();
    // What nobody can read is an unknown state, and no warning.
    folder.bash("mailca check 127.0.0.1:1/smtp --format nagios > /dev/full").exits(3);
    let outcome = folder.mailca("check a --format nagios --tlsa nothing").exits(3);
    assert!(outcome.text().starts_with("MAILCA UNKNOWN - "), "{outcome}");
}

#[test]
fn prometheus_reads_samples() {
    let (_folder, outcome) = report("--format prometheus");
    assert_eq!(outcome.status, Some(3));
    let text = outcome.text();
    let place = "host=\"imap.example.com\",port=\"465\",service=\"submissions\"";
    for sample in [
        format!("mailca_check_up{{{place}}} 1"),
        format!("mailca_check_findings{{{place},severity=\"error\"}} 1"),
        format!("mailca_check_findings{{{place},severity=\"critical\"}} 0"),
        format!("mailca_check_finding{{{place},id=\"name-mismatch\",severity=\"error\"}} 1"),
        "# TYPE mailca_check_certificate_not_after_seconds gauge".to_owned(),
    ] {
        assert!(text.lines().any(|line| line == sample), "{sample}: {text}");
    }
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (_, value) = line.rsplit_once(' ').unwrap();
        assert!(line.starts_with("mailca_check_") && value.parse::<i64>().is_ok(), "{line}");
    }
}

#[test]
fn every_name_in_json_is_documented() {
    let folder = with_host();
    let server = submissions(config(&folder, "mail/key.pem", &["mail/cert.pem"]));
    let outcome = check(&folder, "submissions", server, "--client mail").exits(3);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/check.md");
    let page = std::fs::read_to_string(path).unwrap();
    let document = document(&outcome);
    let port = &document["hosts"][0]["ports"][0];
    for object in [&document, &document["hosts"][0], port, &port["findings"][0], &port["chain"][0]]
    {
        for name in object.as_object().unwrap().keys() {
            assert!(
                page.contains(&format!("`{name}`")) || page.contains(&format!("].{name}`")),
                "{name}"
            );
        }
    }
}

#[test]
fn every_finding_is_explained() {
    let folder = Folder::empty();
    let list = folder.mailca("check --explain list").success().text();
    assert!(list.lines().all(|line| line.chars().count() <= 80), "{list}");
    let lines: Vec<_> = list.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(lines.len(), Issue::ALL.len());
    for line in lines.into_iter().step_by(7) {
        let id = line.split_whitespace().next().unwrap();
        let text = folder.mailca(&format!("check --explain {id}")).success().text();
        assert!(text.contains(id) && text.contains("How to mend it:"), "{text}");
        let outcome = folder.mailca(&format!("check --explain {id} --json")).success();
        let page: serde_json::Value = serde_json::from_slice(&outcome.stdout).unwrap();
        assert_eq!(page["id"], id);
        assert!(page["mend"]["any"].is_string(), "{page}");
    }
    let outcome = folder.mailca("check --explain list --json").success();
    let all: serde_json::Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!(all.as_array().unwrap().len(), Issue::ALL.len());
}

#[test]
fn the_reader_may_go_away() {
    let folder = Folder::empty();
    folder.bash(&format!("{MAILCA} check --explain list | head -1")).success();
}

/// Several ports of one host, with this certificate.
fn ports(folder: &Folder, name: &str) -> String {
    let [key, own] = ["key.pem", "cert.pem"].map(|file| format!("{name}/{file}"));
    [
        (Protocol::Smtp, "smtp", false),
        (Protocol::Smtp, "submission", false),
        (Protocol::Smtp, "submissions", true),
        (Protocol::Imap, "imap", false),
        (Protocol::Imap, "imaps", true),
    ]
    .map(|(protocol, service, implicit)| {
        let server =
            Mail { implicit, ..Mail::new(protocol, config(folder, &key, &[&own])) }.start();
        format!("{server}/{service}")
    })
    .join(" ")
}

#[test]
fn a_server_in_order_fits_a_screen() {
    let folder = with_host();
    let line = format!("check --host mail.example.com {}", ports(&folder, "mail"));
    let text = folder.mailca(&line).success().text();
    assert!(text.lines().count() <= 24, "{text}");
    assert_eq!(text.matches("certificate of mail.example.com").count(), 1, "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("ok  ")).count(), 5, "{text}");
    assert!(text.ends_with("\n5 ports: nothing to mend\n"), "{text}");
}

#[test]
fn what_is_on_several_ports_is_told_and_counted_once() {
    let folder = with_host();
    folder.dated_host("soon", -10, 10);
    let line = format!("check --host soon.example.com {}", ports(&folder, "soon"));
    let outcome = folder.mailca(&line).exits(3);
    let text = outcome.text();
    assert_eq!(text.matches("[expires-soon]").count(), 1, "{text}");
    assert_eq!(text.matches("why: ").count(), 1, "{text}");
    // The servers are two, and each has its way.
    assert!(text.contains("mend Postfix: ") && text.contains("mend Dovecot: "), "{text}");
    assert!(text.ends_with("\n5 ports: 1 warning\n"), "{text}");
    assert!(outcome.stderr.contains("error: 1 thing to mend"), "{outcome}");
    let outcome = folder.mailca(&format!("{line} --json")).exits(3);
    assert_eq!(super::found(&outcome).len(), 5, "{outcome}");
}
