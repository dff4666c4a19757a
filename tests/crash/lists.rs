//! Lists of revoked certificates under SIGKILL: no number twice, and nobody forgotten.

use crate::job::with_hosts;
use crate::strike::{Blow, Stage, calls, possible, struck};
use crate::support::{Folder, need};

/// Number and content of a list, where there is one.
fn list(folder: &Folder, file: &str) -> Option<(u64, Vec<u8>)> {
    folder.exists(file).then(|| {
        let text = folder.openssl("crl -noout -crlnumber -in").arg(file).success().text();
        let digits = text.trim().trim_start_matches("crlNumber=").trim_start_matches("0x");
        (u64::from_str_radix(digits, 16).unwrap(), folder.read(file))
    })
}

#[test]
fn no_two_lists_have_one_number() {
    need!("gcc", "openssl");
    if !possible() {
        return;
    }
    let line = "crl --publish elsewhere.pem";
    let stage = Stage::of(|| {
        let folder = with_hosts();
        folder.mailca("crl --publish elsewhere.pem").success();
        folder.mailca("revoke a").success();
        folder
    });
    for call in calls(stage.reset(), line) {
        let folder = stage.reset();
        let mut seen = vec![list(folder, "demoCA/crl.pem").unwrap()];
        let _ = struck(folder, line, &call, Blow::Kill);
        for _ in 0..2 {
            seen.extend(list(folder, "demoCA/crl.pem"));
            seen.extend(list(folder, "elsewhere.pem"));
            folder.mailca(line).success();
        }
        seen.extend(list(folder, "demoCA/crl.pem"));
        seen.sort();
        seen.dedup();
        let numbers: Vec<_> = seen.iter().map(|(number, _)| *number).collect();
        let mut distinct = numbers.clone();
        distinct.dedup();
        assert_eq!(numbers, distinct, "killed at {call}");
        let next = u64::from_str_radix(folder.text("demoCA/crlnumber").trim(), 16).unwrap();
        assert!(next > *numbers.last().unwrap(), "killed at {call}: {next}");
    }
}

/// A reason that openssl has no word for is in a file of its own: neither half is lost.
#[test]
fn a_reason_of_its_own_file_arrives_with_the_row() {
    need!("gcc", "openssl");
    if !possible() {
        return;
    }
    let line = "revoke a --reason privilegeWithdrawn --crl";
    let stage = Stage::of(with_hosts);
    for call in calls(stage.reset(), line) {
        let folder = stage.reset();
        let _ = struck(folder, line, &call, Blow::Kill);
        let revoked = folder.index()[1][0] == "R";
        if revoked {
            // Whatever list is made next says why.
            folder.mailca("crl").success();
        } else {
            folder.mailca(line).success();
        }
        let text = folder.openssl("crl -noout -text -in demoCA/crl.pem").success().text();
        assert!(text.contains("Privilege Withdrawn"), "killed at {call}: {text}");
    }
}
