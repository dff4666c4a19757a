//! Where the answers end before the questions do, nothing is written.

use crate::answers::{HOST, NEWCA, ca_pl, lines, sign, with_request};
use crate::support::Folder;

/// Runs with every beginning of the answers but all of them.
fn every_beginning(folder: &Folder, line: &str, answers: &[&str]) {
    for count in 0..answers.len() {
        ca_pl(folder, line).stdin(lines(&answers[..count])).refused(&["standard input ended"]);
    }
}

#[test]
fn of_newca() {
    every_beginning(&Folder::empty(), "-newca", &NEWCA);
}

#[test]
fn of_requests() {
    let folder = Folder::empty();
    every_beginning(&folder, "-newreq-nodes", &HOST);
    let protected = [&["key secret", "key secret"][..], &HOST].concat();
    every_beginning(&folder, "-newreq", &protected);
    every_beginning(&folder, "-newcert", &protected[..9]);
}

#[test]
fn of_a_signature() {
    let folder = with_request(&HOST);
    for line in ["-sign", "-xsign"] {
        every_beginning(&folder, line, &["y", "y"]);
    }
}

#[test]
fn of_a_signature_where_an_older_one_is_there() {
    let folder = with_request(&HOST);
    sign(&folder, "-sign").success();
    ca_pl(&folder, "-sign").stdin("y\n").refused(&["newcert.pem is from before"]);
}

#[test]
fn of_a_bundle() {
    let folder = with_request(&HOST);
    sign(&folder, "-sign").success();
    every_beginning(&folder, "-pkcs12", &["exported", "exported"]);
}

#[test]
fn a_last_line_without_its_end_counts() {
    let folder = with_request(&HOST);
    ca_pl(&folder, "-sign").stdin("y\r\ny").success();
}
