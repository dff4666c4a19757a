//! Options and refusals.

use std::io::{BufRead, BufReader};

use super::{check, config, finds, found, submissions, with_host};
use crate::support::{Folder, need, say, serve_at_once};

#[test]
fn what_is_wrong_on_the_command_line_is_wrong_usage() {
    let folder = with_host();
    for (line, words) in [
        ("check", &["is missing"][..]),
        ("check mail:2525", &["not the usual one of any mail service", "mail:2525/SERVICE"]),
        ("check mail:https", &["not a mail service"]),
        ("check --connect mail.example.com:25", &["is not ADDRESS:PORT"]),
        ("check --connect 127.0.0.1", &["is not ADDRESS:PORT"]),
        ("check --connect 127.0.0.1:2525", &["not the usual one"]),
        ("check a b --connect 127.0.0.1:25", &["--connect is for one server"]),
        ("check a:imap --connect 127.0.0.1:1/pop3", &["names another service"]),
        (
            "check --connect 127.0.0.1:25 --connect 127.0.0.1:143",
            &["is for imap, and the --connect before it for smtp"],
        ),
        ("check 127.0.0.1:imap --relay-to a@example.net", &["--relay-to is for SMTP"]),
        ("check --connect 127.0.0.1:25 --ipv6", &["is of the other family"]),
        ("check --connect [::1]:25 --ipv4", &["is of the other family"]),
        ("check a --ipv4 --ipv6", &["does not go together with"]),
        ("check a --host b:25", &["--host is for a name alone"]),
        ("check a --host *.example.com", &["pattern"]),
        ("check a --cert mail/cert.pem", &["--key"]),
        ("check a --key mail/key.pem", &["--cert"]),
        ("check a --client mail --cert a --key b", &["does not go together with"]),
        ("check a --relay-from a@example.com", &["--relay-to"]),
        ("check a --relay-to joe", &["is not a mailbox"]),
        ("check a --fail-on never", &["never is nothing that --fail-on can be"]),
        ("check a --ignore tls-1.0", &["is not a finding", "is tls-1-0 meant?"]),
        ("check a --explain tls-1-0", &["does not go together with"]),
        ("check --explain xyzzy", &["is not a finding", "--explain list"]),
        ("check a --timeout 0", &["--timeout 0: it has to be a number from"]),
        ("check a --expiring soon", &["30d"]),
        ("check a --format xml", &["xml is nothing that --format can be"]),
        ("check a --ca demoCA/cacert.pem --system-roots", &["does not go together with"]),
    ] {
        folder.mailca(line).usage(words);
    }
    let outcome = folder.mailca("check a --format nagios --json").exits(2);
    outcome.says(&["does not go together with"]);
    folder.mailca("check a --tlsa").arg("3 1 1 xyz").usage(&["is no TLSA record"]);
}

#[test]
fn files_that_do_not_serve_are_refused() {
    let folder = with_host();
    folder.mailca("issue --cn other.example.com other").success();
    folder.write("empty", "\n");
    for (line, words) in [
        ("--client nobody", &["there is no certificate", "--cert and --key"][..]),
        ("--cert mail/cert.pem --key other/key.pem", &["is not the key of the client certificate"]),
        ("--cert nothing --key mail/key.pem", &["nothing"]),
        ("--ca nothing", &["nothing"]),
        ("--ca mail/key.pem", &["mail/key.pem"]),
        ("--tlsa nothing", &["nothing", "'3 1 1 HASH'"]),
        ("--tlsa empty", &["no TLSA record is in empty", "dig +short TLSA _25._tcp.HOST"]),
        ("--tlsa -", &["no TLSA record is in standard input", "--tlsa -"]),
        ("--tlsa mail/req.pem", &["mail/req.pem"]),
    ] {
        folder.mailca(&format!("check 127.0.0.1:25 {line}")).refused(words);
    }
    let empty = Folder::empty();
    let run = empty.mailca("check 127.0.0.1:25").env("SSL_CERT_FILE", "/nonexistent");
    run.refused(&["/nonexistent", "--ca FILE", "there is no CA in demoCA"]);
}

#[test]
fn an_encrypted_key_is_opened_with_its_passphrase() {
    need!("openssl");
    let folder = with_host();
    folder.write("passphrase", "secret\n");
    folder.chmod("passphrase", 0o600);
    folder
        .openssl("pkcs8 -topk8 -in mail/key.pem -out locked.pem -passout file:passphrase")
        .success();
    let line = "check 127.0.0.1:25 --cert mail/cert.pem --key locked.pem";
    folder.mailca(line).refused(&["locked.pem", "encrypted"]);
    let server = submissions(config(&folder, "mail/key.pem", &["mail/cert.pem"]));
    let words = "--cert mail/cert.pem --key locked.pem --ca-passphrase-file passphrase";
    finds(check(&folder, "submissions", server, words), &["warning client-certificate-not-asked"]);
}

#[test]
fn severities_decide_the_end() {
    let folder = with_host();
    let server = submissions(config(&folder, "mail/key.pem", &["mail/cert.pem"]));
    let run = |words: &str| check(&folder, "submissions", server, words);
    // Not asked for: a warning.
    for (severity, status) in [("info", 3), ("warning", 3), ("error", 0), ("critical", 0)] {
        let outcome = run(&format!("--client mail --fail-on {severity}")).exits(status);
        let document = super::document(&outcome);
        assert_eq!(document["failed"], status == 3, "{severity}");
        assert_eq!(
            (&document["fail_on"], &document["worst"]),
            (&severity.into(), &"warning".into())
        );
    }
    finds(run("--client mail --ignore client-certificate-not-asked"), &[]);
    let outcome = run("--client mail").exits(3);
    assert!(outcome.stderr.contains("error: 1 thing to mend"), "{outcome}");
    // What is only told has nothing to mend.
    let told = submissions(config(&folder, "mail/key.pem", &["mail/cert.pem"]));
    let line = format!("check mail.example.com:465 --connect {told} --tlsa");
    let record = folder.mailca("tlsa mail.example.com mail --port 465").success().text();
    folder.write(
        "zone",
        record.lines().filter(|line| line.contains("TLSA 3 1 1 ")).collect::<String>(),
    );
    let outcome = folder.mailca(&format!("{line} zone --fail-on info")).exits(3);
    assert!(outcome.text().starts_with("info "), "{outcome}");
    assert!(outcome.text().ends_with("1 port: 1 info\n"), "{outcome}");
    assert!(outcome.stderr.contains("error: 1 finding\n"), "{outcome}");
    let outcome = folder.mailca(&format!("{line} zone --json")).success();
    let finding = &super::findings(&super::document(&outcome))[0];
    assert_eq!(finding["mend"], serde_json::Value::Null, "{finding}");
    // Several may be left out at once.
    let words =
        "--client mail --host a.example.com --ignore name-mismatch,client-certificate-not-asked";
    finds(run(words), &[]);
}

#[test]
fn a_folder_of_a_ca_that_is_named_and_missing_is_refused() {
    let folder = with_host();
    let run = folder.mailca("check 127.0.0.1:25 --ca-dir demoCa");
    run.refused(&["demoCa: there is no such folder of a CA", "leave --ca-dir and MAILCA_DIR out"]);
    let run = folder.mailca("check 127.0.0.1:25 --system-roots").env("MAILCA_DIR", "/root/none");
    run.refused(&["/root/none"]);
}

#[test]
fn without_a_port_the_usual_ones_are_looked_for() {
    let folder = with_host();
    // Nothing listens there, it is to be hoped, on any usual port of this address.
    let outcome = folder.mailca("check 127.77.77.77 --json").exits(3);
    assert_eq!(found(&outcome), ["critical unreachable"]);
    let document = super::document(&outcome);
    assert_eq!(document["hosts"][0]["ports"], serde_json::json!([]));
    let outcome = folder.mailca("check 127.77.77.77:25 127.77.77.78:imap --json").exits(3);
    assert_eq!(found(&outcome), ["critical unreachable", "critical unreachable"]);
    let hosts = super::document(&outcome)["hosts"].as_array().unwrap().clone();
    assert_eq!(hosts[1]["ports"][0]["service"], "imap");
}

#[test]
fn a_name_without_an_address_is_found() {
    let folder = with_host();
    let outcome = folder.mailca("check no-such-host.invalid:25 --json").exits(3);
    assert_eq!(found(&outcome), ["critical no-address"]);
    // A domain may have its mail elsewhere.
    assert!(outcome.stderr.contains("`dig +short MX no-such-host.invalid`"), "{outcome}");
    let outcome = folder.mailca("check 127.77.77.77 --json").exits(3);
    assert!(!outcome.stderr.contains("hint:"), "{outcome}");
    // An alarm on mailca_check_up goes off.
    let words = "check no-such-host.invalid:25 --format prometheus";
    let text = folder.mailca(words).exits(3).text();
    let sample = "mailca_check_up{host=\"no-such-host.invalid\",port=\"25\",service=\"smtp\"} 0";
    assert!(text.lines().any(|line| line == sample), "{text}");
    let text = folder.mailca("check 127.77.77.77 --format prometheus").exits(3).text();
    assert_eq!(text.matches("service=\"smtp\"} 0").count(), 1, "{text}");
    let outcome = folder.mailca("check 127.0.0.1:25 --ipv6 --json").exits(3);
    assert!(super::seen(&outcome, "no-address").contains("no address of this family"));
}

#[test]
fn records_come_from_standard_input() {
    let folder = with_host();
    let server = submissions(config(&folder, "mail/key.pem", &["mail/cert.pem"]));
    let records = folder.mailca("tlsa mail.example.com mail --port 465").success().text();
    // As `dig +short` prints it: the data alone, the hash broken by a space.
    let (_, data) = records.lines().find_map(|line| line.split_once("TLSA 3 ")).unwrap();
    let (start, end) = data.trim().split_at(40);
    let run = check(&folder, "submissions", server, "--tlsa -").stdin(format!("3 {start} {end}\n"));
    finds(run, &["info dane-match"]);
    let other = format!("3 1 1 {}\n", "00".repeat(32));
    let run = check(&folder, "submissions", server, "--tlsa -").stdin(other);
    finds(run, &["critical dane-mismatch"]);
    folder
        .mailca("check mail.example.com:465 --tlsa -")
        .stdin("nonsense\n")
        .refused(&["standard input"]);
}

#[test]
fn ports_are_told_as_they_were_asked_for() {
    let folder = with_host();
    let quick = submissions(config(&folder, "mail/key.pem", &["mail/cert.pem"]));
    let slow = serve_at_once(|stream| {
        std::thread::sleep(std::time::Duration::from_secs(1));
        say(&stream, &["554 no\r\n"]);
    });
    let line = format!("check {slow}/smtp {quick}/submissions");
    let text = folder.mailca(&line).exits(3).text();
    let at = |words: String| text.find(&words).unwrap_or_else(|| panic!("{words}: {text}"));
    assert!(at(format!("{slow} (smtp)")) < at(format!("{quick} (submissions)")), "{text}");
}

#[test]
fn a_pipe_that_nobody_writes_into_is_said_to_be_waited_for() {
    need!("mkfifo");
    let folder = with_host();
    let key = folder.read("mail/key.pem");
    for (option, file, content) in [
        ("--ca", "pipe", folder.read("demoCA/cacert.pem")),
        ("--cert", "pipe --key mail/key.pem", folder.read("mail/cert.pem")),
        ("--key", "pipe --cert mail/cert.pem", key),
        ("--tlsa", "pipe", b"3 1 1 00".to_vec()),
    ] {
        let _ = std::fs::remove_file(folder.path("pipe"));
        folder.program("mkfifo", "pipe").success();
        let line = format!("check --connect 127.0.0.1:1/smtp {option} {file}");
        let mut child = folder.mailca(&line).command().spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let said = lines.next().unwrap().unwrap();
        assert_eq!(said, "pipe is a pipe: waiting for somebody to write into it");
        std::fs::write(folder.path("pipe"), content).unwrap();
        assert!(child.wait().unwrap().code().is_some_and(|status| [1, 3].contains(&status)));
    }
}

#[test]
fn what_a_shell_puts_in_the_place_of_a_command_is_read() {
    need!("openssl");
    let folder = with_host();
    let script = "mailca check --connect 127.0.0.1:1/smtp --ca <(cat demoCA/cacert.pem) \
        --cert <(cat mail/cert.pem) --key <(cat mail/key.pem)";
    let outcome = folder.bash(script).exits(3);
    outcome.says(&["unreachable"]);
}
