//! The records of `tlsa` fit what each server presents, by the reckoning of OpenSSL.

use crate::install::{self, Case, DOVECOT, EXIM, OPENSMTPD, POSTFIX, SENDMAIL};
use crate::site;
use crate::support::{Machine, need_machine};

#[test]
fn of_sendmail() {
    fit(&need_machine!("sendmail", "trixie"), &SENDMAIL);
}

#[test]
fn of_postfix() {
    fit(&need_machine!("postfix", "trixie"), &POSTFIX);
}

#[test]
fn of_exim() {
    fit(&need_machine!("exim", "trixie"), &EXIM);
}

#[test]
fn of_dovecot() {
    fit(&need_machine!("dovecot", "trixie"), &DOVECOT);
}

#[test]
fn of_opensmtpd() {
    fit(&need_machine!("opensmtpd", "trixie"), &OPENSMTPD);
}

fn fit(machine: &Machine, case: &Case) {
    let server = case.server;
    site::certify(machine);
    machine.shell(&format!("mailca install mx --for {server}"));
    install::start(case, machine, "trixie");
    let port = case.port;
    machine.wait_for_port(port);
    let records = |machine: &Machine| {
        let text = machine.shell(&format!("mailca tlsa mx.example.com:{port} mx"));
        let owner = format!("_{port}._tcp.mx.example.com. IN TLSA ");
        let data = text.lines().filter_map(|line| line.strip_prefix(&owner).map(str::to_owned));
        data.collect::<Vec<_>>()
    };
    let printed = records(machine);
    assert_eq!(printed.len(), 2, "one for the CA and one for the key: {printed:?}");
    for record in &printed {
        assert!(is_accepted(case, machine, record), "{record}: {}", machine.told());
    }
    // Of another key and another CA.
    let other = |record: &str| {
        let last = if record.ends_with('0') { "1" } else { "0" };
        record[..record.len() - 1].to_owned() + last
    };
    assert!(printed.iter().all(|record| !is_accepted(case, machine, &other(record))));
    let check = format!("mailca tlsa mx.example.com:{port} mx --check");
    machine.run(&check).success();

    // The record of the next key is printed before it is used, and fits once it is.
    machine.shell("mailca newreq --next-key mx");
    let with_next = records(machine);
    assert_eq!(with_next.len(), 3, "{with_next:?}");
    machine.shell(&format!("mailca install mx --for {server} --reload '{}'", case.reload));
    machine.shell("mailca renew mx");
    machine.wait_until("the next key", || {
        let fitting = with_next.iter().filter(|record| is_accepted(case, machine, record));
        fitting.count() == 2 && !is_accepted(case, machine, &printed[1])
    });
    machine.run(&check).success();
}

/// Whether OpenSSL finds that the server's chain fits a record alone, with no CA trusted.
fn is_accepted(case: &Case, machine: &Machine, record: &str) -> bool {
    let start = match case.protocol {
        "" => String::new(),
        protocol => format!("-starttls {protocol}"),
    };
    let line = format!(
        "openssl s_client -connect mx.example.com:{} {start} -no-CAfile -no-CApath -no-CAstore -brief \
         -verify_return_error -dane_tlsa_domain mx.example.com -dane_tlsa_rrdata '{record}' </dev/null",
        case.port
    );
    let outcome = machine.run(&line).output();
    outcome.status == Some(0) && outcome.stderr.contains("Verification: OK")
}
