//! What `check` says that Sendmail has in its log is there.

use serde_json::Value;

use crate::access_map::SENDMAIL_MAP;
use crate::support::{Machine, need_machine};
use crate::{sendmail, site};

/// What was seen of a finding, and what Sendmail has logged behind `verify=` meanwhile, each once.
fn check(machine: &Machine, words: &str, id: &str, wanted: &str) -> (String, Vec<String>) {
    let before = machine.log().len();
    let line = format!("mailca check mx.example.com:25 --json {words}");
    let outcome = machine.run_as_client(&line).output();
    let document: Value = serde_json::from_slice(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}: {outcome}"));
    let findings = document["hosts"][0]["ports"][0]["findings"].as_array().unwrap().clone();
    let found = findings.iter().find(|one| one["id"] == id);
    let found = found.unwrap_or_else(|| panic!("{id}: {outcome}\n{}", machine.told()));
    let logged = || {
        let log = machine.log();
        let words = log[before..].split("verify=").skip(1);
        let words = words.map(|rest| rest.split(',').next().unwrap().to_owned());
        let mut words: Vec<_> = words.collect();
        words.sort();
        words.dedup();
        words
    };
    machine.wait_until(&format!("verify={wanted}"), || logged().contains(&wanted.to_owned()));
    (found["seen"].as_str().unwrap().to_owned(), logged())
}

/// That it names one, and that this is in the log, and of the other three none but that of the connections
/// without a certificate.
fn names(machine: &Machine, words: &str, id: &str, wanted: &str) {
    let (seen, logged) = check(machine, words, id, wanted);
    let named = seen.split("verify=").nth(1).unwrap_or_else(|| panic!("{seen}"));
    assert_eq!(named.split(':').next(), Some(wanted), "{seen}\n{}", machine.told());
    let others: Vec<_> = logged.iter().filter(|one| *one != wanted && *one != "NO").collect();
    assert!(others.is_empty(), "{words}: {logged:?}\n{}", machine.told());
}

#[test]
fn sendmail_of_trixie_logs_what_is_said() {
    sendmail_logs_what_is_said(&need_machine!("sendmail", "trixie"));
}

#[test]
fn sendmail_of_bookworm_logs_what_is_said() {
    sendmail_logs_what_is_said(&need_machine!("sendmail", "bookworm"));
}

fn sendmail_logs_what_is_said(machine: &Machine) {
    site::certify(machine);
    // Of another CA; and of ours, but for mail alone, and for the past.
    machine.shell(
        "mailca newca -q --no-input --ca-dir other --cn Other &&
         mailca issue -q --no-input --ca-dir other --user joeuser --email joe@example.com foreign &&
         openssl req -new -newkey rsa:2048 -nodes -keyout odd.key -out odd.csr -subj /CN=odd 2>req.log &&
         echo extendedKeyUsage=emailProtection >mail.ext &&
         ca='-CA demoCA/cacert.pem -CAkey demoCA/private/cakey.pem' &&
         openssl x509 -req -in odd.csr $ca -set_serial 77 -extfile mail.ext -out mail.pem &&
         past='-not_before 20200101000000Z -not_after 20200201000000Z' &&
         { openssl x509 -req -in odd.csr $ca -set_serial 78 $past -out old.pem ||
           openssl x509 -req -in odd.csr $ca -set_serial 78 -days -1 -out old.pem; }",
    );
    let text = machine.shell("mailca access-map --issuer");
    let lines = text.lines().skip_while(|line| !line.contains("LOCAL_CONFIG"));
    let lines: Vec<_> = lines.take(4).map(|line| line.trim_start_matches(['#', ' '])).collect();
    let mc = format!("{}{}\n", sendmail::tls(), lines.join("\n"));
    sendmail::start(machine, &mc);
    machine.shell(&format!("mailca access-map joeuser -o {SENDMAIL_MAP} --build"));

    names(machine, "", "client-certificate-asked", "NO");
    let accepted = "client-certificate-accepted";
    let relay = "--relay-to b@example.net --relay-from a@example.org";
    names(machine, &format!("--client joeuser {relay}"), accepted, "OK");
    names(machine, &format!("--client foreign {relay}"), accepted, "FAIL");
    names(machine, "--client foreign", accepted, "FAIL");
    names(machine, &format!("--cert mail.pem --key odd.key {relay}"), accepted, "FAIL");
    names(machine, "--cert old.pem --key odd.key", "client-certificate-invalid", "FAIL");
    // Whether it verified, does not show where no right hangs on it; then both are said.
    let (seen, logged) = check(machine, &format!("--client mx {relay}"), accepted, "OK");
    assert!(seen.contains("verify=OK, or verify=FAIL"), "{seen}");
    assert!(!logged.contains(&"FAIL".to_owned()), "{logged:?}");
    let (seen, _) = check(machine, &format!("--client mx {relay}"), "relay-refused", "OK");
    assert!(seen.contains("550"), "{seen}");

    sendmail::configure(machine, &(mc + "define(`confTLS_SRV_OPTIONS', `V')dnl\n"));
    sendmail::reload(machine);
    let (seen, logged) = check(machine, "--client joeuser", "client-certificate-not-asked", "NOT");
    assert!(seen.contains("verify=NOT"), "{seen}");
    assert_eq!(logged, ["NOT"], "{}", machine.told());
}
