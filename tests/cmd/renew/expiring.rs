//! `renew --expiring`: what is due, what is passed over, and what goes on when something fails.

use std::fs;

use serde_json::Value;

use super::{certificate, pending};
use crate::support::{Certificate, Folder, Outcome, Snapshot, need};

const LINE: &str = "renew --expiring 30d";

fn report(outcome: &Outcome) -> Value {
    serde_json::from_slice(&outcome.stdout).unwrap_or_else(|_| panic!("{outcome}"))
}

fn titles(report: &Value, kind: &str) -> Vec<String> {
    let entries = report[kind].as_array().unwrap().iter();
    let title = |entry: &Value| match &entry["old"]["names"][0] {
        Value::String(name) => name.clone(),
        _ => entry["title"].as_str().unwrap().to_owned(),
    };
    entries.map(title).collect()
}

fn nothing_is_due(folder: &Folder) {
    let before = Snapshot::of(folder.root());
    let outcome = folder.mailca(LINE).success();
    assert!(outcome.stderr.is_empty() && outcome.stdout.is_empty(), "{outcome}");
    assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "");
}

#[test]
fn what_ends_soon_is_renewed_once_and_the_rest_is_left_alone() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.dated_host("soon", -340, 25);
    folder.dated_host("later", -300, 35);
    folder.dated_host("ended", -375, -10);
    folder.dated_host("long-ago", -465, -100);
    fs::remove_dir_all(folder.path("long-ago")).unwrap();
    let before = certificate(&folder, "later").serial;
    let outcome = folder.mailca(LINE).arg("--json").success();
    let report = report(&outcome);
    assert_eq!(titles(&report, "renewed"), ["DNS:soon.example.com", "DNS:ended.example.com"]);
    assert_eq!(folder.index().len(), 7);
    for name in ["soon", "ended"] {
        assert_eq!(certificate(&folder, name).days, 365);
        folder.mailca(&format!("verify {name}/cert.pem --host {name}.example.com")).success();
    }
    assert_eq!(certificate(&folder, "later").serial, before);
    assert_eq!(pending(&folder), 0);
    nothing_is_due(&folder);
}

/// A timer that was dead for months must not leave anything unnoticed.
#[test]
fn what_lies_here_is_renewed_however_long_ago_it_ended() {
    need!("openssl");
    let folder = Folder::with_ca();
    for name in ["mail", "revoked", "replaced"] {
        folder.dated_host(name, -465, -100);
    }
    folder.mailca("newreq --user joe --email joe@example.com --key-type ecdsa-p256 joe").success();
    folder.dated("joe", "user_cert", -465, -100);
    // Revoked before it ended.
    let index = folder.text("demoCA/index.txt");
    let serial = certificate(&folder, "revoked").serial;
    let row = index.lines().find(|line| line.contains(&serial)).unwrap();
    let mut fields: Vec<_> = row.split('\t').collect();
    (fields[0], fields[2]) = ("R", "20250101000000Z");
    folder.replace("demoCA/index.txt", index.replace(row, &fields.join("\t")));
    folder.mailca("issue --cn replaced.example.com other").success();
    // Of another CA.
    let other = Folder::empty();
    other.mailca("newca").success();
    other.dated_host("foreign", -465, -100);
    folder.bash(&format!("cp -a '{}' .", other.path("foreign").display())).success();

    let outcome = folder.mailca(LINE).arg("--json").success();
    let report = report(&outcome);
    assert_eq!(titles(&report, "renewed"), ["DNS:mail.example.com"]);
    assert_eq!(titles(&report, "skipped"), ["joe"]);
    assert_eq!(report["failed"], serde_json::json!([]));
    folder.mailca("verify mail/cert.pem --host mail.example.com").success();
    assert_eq!(folder.index().len(), 7);
    fs::remove_dir_all(folder.path("joe")).unwrap();
    nothing_is_due(&folder);
}

#[test]
fn the_current_folder_is_looked_at_too() {
    need!("openssl");
    let folder = Folder::with_request();
    folder.dated(".", "server_cert", -340, 25);
    let key = folder.read("key.pem");
    folder.mailca(LINE).success().says(&["mail.example.com is renewed"]);
    folder.mailca("verify cert.pem --host mail.example.com").success();
    assert_eq!(folder.read("key.pem"), key);
    nothing_is_due(&folder);
}

#[test]
fn nothing_to_do_is_silent_and_no_failure() {
    let folder = super::with_host();
    nothing_is_due(&folder);
    let json = folder.mailca(LINE).arg("--json").success();
    let nothing =
        serde_json::json!({ "renewed": [], "failed": [], "skipped": [], "access_maps": [] });
    assert_eq!(report(&json), nothing);
}

/// A certificate of the same names that came later takes the place of the old one; one for other names
/// does not, and neither does one that was revoked, nor one that came before.
#[test]
fn a_newer_certificate_for_the_same_names_is_enough() {
    need!("openssl");
    for (later, due) in [
        ("issue --cn mail.example.com copy", false),
        ("issue --cn mail.example.com --san DNS:more.example.com copy", false),
        ("issue --cn mail.example.com --org Other copy", true),
    ] {
        let folder = Folder::with_ca();
        folder.dated_host("mail", -340, 25);
        fs::remove_dir_all(folder.path("mail")).unwrap();
        folder.mailca(later).success();
        let outcome = folder.mailca(LINE).arg("--json").success();
        assert_eq!(titles(&report(&outcome), "renewed").len(), usize::from(due), "{later}");
    }
    let folder = Folder::with_ca();
    folder.mailca("newreq --cn mail.example.com --san DNS:b.example.com mail").success();
    folder.dated("mail", "server_cert", -340, 25);
    folder.mailca("issue --cn mail.example.com copy").success();
    folder.mailca(LINE).success().says(&["mail.example.com is renewed"]);

    let folder = Folder::with_ca();
    folder.dated_host("mail", -340, 25);
    folder.mailca("issue --cn mail.example.com copy").success();
    folder.mailca("revoke copy --yes").success();
    folder.mailca(LINE).success().says(&["mail.example.com is renewed"]);

    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com before").success();
    folder.dated_host("mail", -340, 25);
    folder.mailca(LINE).success().says(&["mail.example.com is renewed"]);
}

/// Two machines may share a name, one server may have a key of each kind, and one request may be signed
/// for both sides: what lies in a folder here is in use until its own key has a newer certificate.
#[test]
fn what_lies_here_is_due_whatever_else_has_its_names() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.dated_host("mail", -340, 25);
    for more in ["rsa --key-type rsa-2048", "client --profile client --key mail/key.pem"] {
        folder.mailca(&format!("issue --cn mail.example.com {more}")).success();
    }
    folder.mailca("status").exits(3).says(&["mailca renew mail"]);
    folder.mailca(LINE).success().says(&["mail.example.com is renewed"]);
    nothing_is_due(&folder);

    // The same key, the same names: it was renewed into another file.
    let folder = Folder::with_ca();
    folder.dated_host("mail", -340, 25);
    let serial = certificate(&folder, "mail").serial;
    folder.mkdir("elsewhere");
    let line = format!("renew {serial} -o new.pem --ca-dir ../demoCA");
    folder.mailca(&line).within("elsewhere").success();
    nothing_is_due(&folder);
}

/// With a span longer than their validity, certificates would be renewed every day.
#[test]
fn a_short_one_is_not_due_in_the_first_half_of_its_time() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.mailca("issue --cn young.example.com --days 7 young").success();
    nothing_is_due(&folder);
    folder.dated_host("old", -4, 3);
    folder.mailca(LINE).success().says(&["old.example.com is renewed"]);
    assert_eq!(certificate(&folder, "old").days, 7);
    nothing_is_due(&folder);
    for command in ["renew", "status"] {
        let help = folder.mailca(&format!("{command} --help")).success().text();
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains("only after half of its life"), "{help}");
    }
}

#[test]
fn persons_and_intermediates_are_named_and_passed_over() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mailca("newca --path-len 1").success();
    folder.mailca("newreq --user joe --email joe@example.com --key-type ecdsa-p256 joe").success();
    folder.dated("joe", "user_cert", -340, 25);
    let outcome = folder.mailca(LINE).success();
    outcome.says(&["warning: joe", "passed over", "`mailca renew --profile user joe`"]);
    assert_eq!(folder.index().len(), 2);
    folder.dated_host("mail", -340, 25);
    let outcome = folder.mailca(&format!("{LINE} --profile user --json")).success();
    assert_eq!(titles(&report(&outcome), "renewed"), ["email:joe@example.com"]);
    let outcome = folder.mailca(&format!("{LINE} --json")).success();
    assert_eq!(titles(&report(&outcome), "renewed"), ["DNS:mail.example.com"]);
    folder.mailca(&format!("{LINE} --profile ca")).usage(&["intermediate"]);
    // An intermediate, which openssl dated.
    folder.simple_request("sub", "/CN=Sub CA", "");
    folder.write("ca.ext", "basicConstraints=critical,CA:TRUE,pathlen:0\n");
    folder
        .openssl("ca -config demoCA/openssl.cnf -batch -notext -days 20 -extfile ca.ext")
        .args(&["-startdate", "20260101000000Z", "-in", "sub.csr", "-out", "sub.pem"])
        .success();
    let outcome = folder.mailca("renew --expiring 2000d").success();
    outcome.says(&["warning: Sub CA", "an intermediate CA"]);
}

#[test]
fn one_that_fails_does_not_stop_the_others() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.dated_host("a", -340, 20);
    folder.dated_host("b", -340, 25);
    folder.replace("a/key.pem", folder.read("b/key.pem"));
    let outcome = folder.mailca(&format!("{LINE} --json")).exits(1);
    let report = report(&outcome);
    assert_eq!(titles(&report, "renewed"), ["DNS:b.example.com"]);
    assert_eq!(titles(&report, "failed"), ["a.example.com"]);
    assert!(report["failed"][0]["error"].as_str().unwrap().contains("is not the key of"));
    outcome.says(&["error: a.example.com (serial", "1 of 2 could not be renewed"]);
    folder.mailca("verify b/cert.pem").success();
    // It goes on being said.
    folder.mailca(LINE).exits(1).says(&["1 of 1"]);
}

#[test]
fn one_whose_folder_is_not_here_waits_to_be_fetched() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.dated_host("mail", -340, 25);
    let old = certificate(&folder, "mail");
    fs::rename(folder.path("mail"), folder.path("demoCA/away")).unwrap();
    let outcome = folder.mailca(&format!("{LINE} --revoke-old")).success();
    outcome.says(&["warning:", &format!("`mailca renew {} -o FILE`", old.serial)]);
    assert_eq!(folder.index().len(), 3);
    assert_eq!(folder.index()[1][0], "V", "revoked before the new one has arrived");
    assert_eq!(pending(&folder), 1);
    nothing_is_due(&folder);

    // By the serial of the old one, by that of the new one, or into the folder that came back.
    let snapshot = Snapshot::of(folder.root());
    let new = folder.index()[2][3].clone();
    for serial in [&old.serial, &new] {
        let copy = Folder::copy_of(&snapshot);
        copy.mailca(&format!("renew {serial} -o new.pem")).success();
        let fetched = Certificate::read(&copy.path("new.pem"));
        assert_eq!((fetched.serial, &fetched.spki), (new.clone(), &old.spki));
        assert_eq!((copy.index().len(), pending(&copy)), (3, 0));
    }
    fs::rename(folder.path("demoCA/away"), folder.path("mail")).unwrap();
    for serial in [&old.serial, &new] {
        let copy = Folder::copy_of(&Snapshot::of(folder.root()));
        copy.mailca(&format!("renew {serial}")).success().says(&["is in mail"]);
        assert_eq!(certificate(&copy, "mail").serial, new);
        assert_eq!((copy.index().len(), pending(&copy)), (3, 0));
    }
    folder.mailca(LINE).success().says(&["did not arrive", "mail.example.com is renewed"]);
    assert_eq!(certificate(&folder, "mail").serial, new);
    assert_eq!((folder.index().len(), pending(&folder)), (3, 0));
}

#[test]
fn one_that_has_ended_is_not_renewed_where_nobody_keeps_it() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.dated_host("mail", -375, -10);
    fs::remove_dir_all(folder.path("mail")).unwrap();
    folder.mailca(LINE).success().says(&["mail.example.com", "has ended", "still in use?"]);
    assert_eq!(folder.index().len(), 2);
}

#[test]
fn a_copy_of_a_folder_is_a_failure_that_names_both() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.dated_host("mail", -340, 25);
    folder.bash("cp -a mail mail.bak").success();
    folder.mailca(LINE).refused(&["it is in mail and in mail.bak"]);
}

/// Near the CA's end a new certificate would end with the old one, and would be made every day anew.
#[test]
fn nothing_is_renewed_that_would_end_no_later() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.dated_host("mail", -340, 25);
    let outcome = folder.mailca(&format!("{LINE} --days 20")).success();
    outcome.says(&["warning: mail.example.com", "end no later", "rekey-ca"]);
    assert_eq!(folder.index().len(), 2);
    folder.mailca(&format!("{LINE} --days 30")).success().says(&["is renewed"]);
}

#[test]
fn what_newcerts_has_lost_is_found_in_its_folder() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.dated_host("mail", -340, 25);
    folder.dated_host("gone", -340, 25);
    for name in ["mail", "gone"] {
        let serial = certificate(&folder, name).serial;
        fs::remove_file(folder.path(&format!("demoCA/newcerts/{serial}.pem"))).unwrap();
    }
    fs::remove_dir_all(folder.path("gone")).unwrap();
    let outcome = folder.mailca(LINE).exits(1);
    outcome.says(&["mail.example.com is renewed", "error: gone.example.com", "newcerts/"]);
}

#[test]
fn a_span_is_a_number_and_a_unit() {
    let folder = Folder::with_ca();
    folder.mailca("renew --expiring 30").usage(&["30d"]);
}
