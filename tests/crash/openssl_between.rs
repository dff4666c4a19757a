//! `openssl ca` knows no lock: what it replaces while mailca appends must not be lost.

use std::thread;
use std::time::Duration;

use crate::support::{Certificate, Folder, need};
use crate::trace::{strace, traced};

#[test]
fn a_row_appended_to_a_file_that_openssl_replaced_is_appended_again() {
    need!("strace", "openssl");
    let probe = Folder::with_request();
    let run = |options: &[&str]| strace(&probe, options, "sign").success();
    let calls = traced(run, "write");
    let append = calls.iter().find(|call| call.line.contains("V\\t")).expect("a row is written");

    let folder = Folder::with_request();
    folder.simple_request("other", "/CN=mx.example.com", "");
    // mailca stands before its append for three seconds, with index.txt open.
    let inject = format!("inject=write:delay_enter=3000000:when={}", append.number);
    let options = ["-o", "/dev/null", "-e", "trace=write", "-e", &inject];
    let signing = strace(&folder, &options, "sign");
    let signing = thread::spawn(move || signing.output());
    while std::fs::read_dir(folder.path("demoCA/newcerts")).unwrap().count() < 2 {
        thread::sleep(Duration::from_millis(20));
    }
    thread::sleep(Duration::from_millis(500));
    folder
        .openssl("ca -config demoCA/openssl.cnf -batch -notext -in other.csr -out other.pem")
        .success();
    let outcome = signing.join().unwrap();
    assert_eq!(outcome.status, Some(0), "{outcome}");

    let serials: Vec<_> = folder.index().iter().map(|row| row[3].clone()).collect();
    for file in ["demoCA/cacert.pem", "other.pem", "cert.pem"] {
        let serial = Certificate::read(&folder.path(file)).serial;
        assert_eq!(serials.iter().filter(|s| **s == serial).count(), 1, "{file}: {serials:?}");
    }
    assert_eq!(serials.len(), 3);
}
