//! Many at the same time, and one that waits.

use std::collections::BTreeSet;
use std::thread;

use crate::support::{Certificate, Folder, MAILCA, Pty, need};

const MANY: usize = 50;

fn distinct_serials(folder: &Folder, rows: usize) {
    let index = folder.index();
    assert_eq!(index.len(), rows, "{index:?}");
    let serials: BTreeSet<_> = index.iter().map(|row| row[3].clone()).collect();
    assert_eq!(serials.len(), rows);
    for serial in serials {
        let stored = Certificate::read(&folder.path(&format!("demoCA/newcerts/{serial}.pem")));
        assert_eq!(stored.serial, serial);
    }
}

fn all_at_once(folder: &Folder, lines: Vec<String>) {
    let running: Vec<_> = lines
        .into_iter()
        .map(|line| {
            let run = folder.mailca(&line);
            thread::spawn(move || run.output())
        })
        .collect();
    for run in running {
        let outcome = run.join().unwrap();
        assert_eq!(outcome.status, Some(0), "{outcome}");
    }
}

#[test]
fn fifty_signs_at_once_all_succeed() {
    let folder = Folder::with_ca();
    for number in 0..MANY {
        folder.mailca(&format!("newreq --cn h{number}.example.com h{number}")).success();
    }
    all_at_once(&folder, (0..MANY).map(|number| format!("sign h{number}")).collect());
    distinct_serials(&folder, MANY + 1);
    let serials: BTreeSet<_> = (0..MANY)
        .map(|number| Certificate::read(&folder.path(&format!("h{number}/cert.pem"))).serial)
        .collect();
    assert_eq!(serials.len(), MANY);
}

#[test]
fn fifty_issues_at_once_for_the_same_name_in_other_folders() {
    let folder = Folder::with_ca();
    let lines = (0..MANY).map(|number| format!("issue --cn mail.example.com h{number}")).collect();
    all_at_once(&folder, lines);
    distinct_serials(&folder, MANY + 1);
}

#[test]
fn the_same_request_signed_by_many_at_once_is_issued_once() {
    let folder = Folder::with_request();
    let runs: Vec<_> = (0..10)
        .map(|_| {
            let run = folder.mailca("sign");
            thread::spawn(move || run.output())
        })
        .collect();
    let outcomes: Vec<_> = runs.into_iter().map(|run| run.join().unwrap()).collect();
    assert!(outcomes.iter().any(|outcome| outcome.status == Some(0)));
    let rows = folder.index();
    let delivered = Certificate::read(&folder.path("cert.pem")).serial;
    assert_eq!(rows.len(), 2, "issued more than once for one request: {rows:?}");
    assert_eq!(rows[1][3], delivered);
}

#[test]
fn ten_revocations_at_once_all_hold() {
    need!("openssl");
    let folder = Folder::with_ca();
    for number in 0..10 {
        folder.mailca(&format!("issue --cn h{number}.example.com h{number}")).success();
    }
    // Half of them with a list, and lists besides.
    let lines = (0..10).map(|number| {
        let crl = if number % 2 == 0 { " --crl" } else { "" };
        format!("revoke h{number} --reason superseded{crl}")
    });
    all_at_once(&folder, lines.chain((0..5).map(|_| "crl".to_string())).collect());
    let revoked = folder.index().iter().filter(|row| row[0] == "R").count();
    assert_eq!(revoked, 10);
    distinct_serials(&folder, 11);
    // Ten lists were made, each with a number of its own.
    assert_eq!(folder.text("demoCA/crlnumber"), "0B\n");
    folder.mailca("crl").success().says(&["10 revoked certificates"]);
    folder.openssl("crl -noout -CAfile demoCA/cacert.pem -in demoCA/crl.pem").success();
}

#[test]
fn the_same_certificate_is_revoked_once() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn a.example.com a").success();
    let runs: Vec<_> = ["keyCompromise", "superseded", "affiliationChanged"]
        .into_iter()
        .map(|reason| {
            let run = folder.mailca(&format!("revoke a --reason {reason}"));
            thread::spawn(move || run.output())
        })
        .collect();
    let outcomes: Vec<_> = runs.into_iter().map(|run| run.join().unwrap()).collect();
    let done = outcomes.iter().filter(|outcome| outcome.status == Some(0)).count();
    assert_eq!(done, 1, "{}", outcomes.iter().map(ToString::to_string).collect::<String>());
    assert_eq!(folder.index().len(), 2);
}

#[test]
fn many_newcas_at_once_make_one_ca() {
    need!("openssl");
    let folder = Folder::empty();
    let runs: Vec<_> = (0..10)
        .map(|_| {
            let run = folder.mailca("newca");
            thread::spawn(move || run.output())
        })
        .collect();
    let outcomes: Vec<_> = runs.into_iter().map(|run| run.join().unwrap()).collect();
    let made = outcomes.iter().filter(|outcome| outcome.status == Some(0)).count();
    assert_eq!(made, 1, "{}", outcomes.iter().map(ToString::to_string).collect::<String>());
    assert_eq!(folder.index().len(), 1);
    folder.mailca("issue --cn mail.example.com").success();
    folder.openssl("verify -x509_strict -CAfile demoCA/cacert.pem cert.pem").success();
}

#[test]
fn a_sign_that_waits_at_its_question_blocks_nobody() {
    need!("openssl");
    let folder = Folder::with_request();
    folder.simple_request("other", "/CN=mx.example.com", "DNS:mx.example.com");
    let line = "sign other.csr --profile server";
    let mut waiting = Pty::start(MAILCA.as_ref(), folder.root(), line);
    waiting.expect("mx.example.com").expect("?");
    folder.mailca("sign").success();
    folder.mailca("issue --cn third.example.com third").success();
    waiting.answer("y");
    let (screen, status) = waiting.finish();
    assert_eq!(status, 0, "{screen}");
    distinct_serials(&folder, 4);
}

#[test]
fn a_passphrase_question_blocks_nobody() {
    let folder = Folder::empty();
    folder.write("pass", "ca secret\n");
    folder.mailca("newca --encrypt-key --ca-passphrase-file pass").success();
    folder.mailca("newreq --cn mail.example.com").success();
    let mut waiting = Pty::start(MAILCA.as_ref(), folder.root(), "sign");
    waiting.expect("[y/N]").answer("y").expect_hidden("passphrase");
    folder.mailca("issue --cn mx.example.com mx --ca-passphrase-file pass").success();
    waiting.answer("ca secret");
    let (screen, status) = waiting.finish();
    assert_eq!(status, 0, "{screen}");
    distinct_serials(&folder, 3);
}
