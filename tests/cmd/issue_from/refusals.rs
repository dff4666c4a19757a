//! Rows and options that are refused.

use super::{LINE, WITH_P12, serial, with_list};
use crate::support::{Folder, Snapshot};

#[test]
fn what_does_not_go_together_is_wrong_usage() {
    let folder = with_list("login,email\njoe,joe@example.com\n");
    for options in [
        "--cn mail.example.com",
        "--user joe --email joe@example.com",
        "--san email:x@example.com",
        "--key joe.key",
        "--path-len 0",
        "joe",
        "--password-out p.csv",
        "--password-dir secret",
        "--for apple",
        "--p12",
        "--p12 --password-out p.csv --password-dir secret",
        "--p12 --password-out p.csv --for netscape",
        "--p12 --password-out users.csv",
        "--profile server",
        "--days 0",
    ] {
        let outcome = folder.mailca(&format!("{LINE} {options}")).exits(2);
        assert!(outcome.stderr.contains("error:"), "{outcome}");
        assert!(!folder.exists("joe") && !folder.exists("p.csv"), "{outcome}");
    }
    folder.mailca("issue --p12 --cn mail.example.com").exits(2);
    folder.mailca(&format!("{LINE} --p12")).usage(&["--password-out", "--password-dir"]);
}

#[test]
fn a_bad_row_is_told_with_its_line_and_the_others_are_done() {
    let long = "x".repeat(65);
    let list = format!(
        "login,email,country,days,key_type,san\n\
         joe,joe@example.com,,,,\n\
         ,no@example.com,,,,\n\
         nomail,,,,,\n\
         bad/name,a@example.com,,,,\n\
         .hidden,a@example.com,,,,\n\
         Jörg,a@example.com,,,,\n\
         demoCA,a@example.com,,,,\n\
         mail,notanaddress,,,,\n\
         land,a@example.com,Austria,,,\n\
         days,a@example.com,,0,,\n\
         kind,a@example.com,,,rsa-1024,\n\
         host,a@example.com,,,,DNS:mail.example.com\n\
         odd,a@example.com,,,,nonsense\n\
         {long},a@example.com,,,,\n\
         joe,other@example.com,,,,\n\
         short,a@example.com\n\
         ann,ann@example.com,,,,\n"
    );
    let folder = with_list(&list);
    let outcome = folder.mailca(WITH_P12).exits(1).says(&["2 certificates issued, 15 failed"]);
    for (line, word) in [
        (3, "login"),
        (4, "email"),
        (5, "bad/name"),
        (6, ".hidden"),
        (7, "Jörg"),
        (8, "the CA's folder"),
        (9, "notanaddress"),
        (10, "Austria"),
        (11, "days"),
        (12, "rsa-1024"),
        (13, "mail.example.com"),
        (14, "nonsense"),
        (15, "room for 64"),
        (16, "in line 2 already"),
        (17, "fields"),
    ] {
        let told = outcome.stderr.lines().find(|text| {
            text.contains(&format!("line {line} ")) || text.contains(&format!("line {line}:"))
        });
        assert!(told.is_some_and(|told| told.contains(word)), "line {line}, {word}: {outcome}");
    }
    assert_eq!(folder.index().len(), 3);
    assert!(folder.exists("ann.p12") && !folder.exists("mail") && !folder.exists("host"));
    assert_eq!(folder.text("passwords.csv").lines().count(), 3);
}

#[test]
fn names_outside_the_cas_constraints_are_refused_for_that_row() {
    let folder = Folder::empty();
    folder.mailca("newca --permit example.com").success();
    folder.write("users.csv", "login,email\njoe,joe@example.com\nann,ann@example.org\n");
    folder.mailca(LINE).exits(1).says(&["line 3 (ann)", "ann@example.org"]);
    assert!(folder.exists("joe/cert.pem") && !folder.exists("ann"));
}

#[test]
fn what_is_in_the_way_is_neither_replaced_nor_used() {
    let folder = with_list(
        "login,email\njoe,joe@example.com\nann,ann@example.com\nmax,max@example.com\neve,eve@example.com\n",
    );
    folder.write("joe", "a file");
    folder.write("ann.p12", "an older bundle");
    folder.mkdir("max");
    folder.write("max/cert.pem", "something");
    folder.mkdir("eve");
    folder.mailca("newreq --cn eve.example.com eve").success();
    let before = Snapshot::of(folder.root());
    let outcome = folder.mailca(WITH_P12).exits(1);
    outcome.says(&[
        "line 2 (joe)",
        "line 3 (ann)",
        "ann.p12",
        "line 4 (max)",
        "line 5 (eve)",
        "--force",
    ]);
    let changes = Snapshot::of(folder.root()).changes_since(&before);
    assert!(
        !changes.contains("joe") && !changes.contains("ann") && !changes.contains("max"),
        "{changes}"
    );
    assert_eq!(folder.index().len(), 1);
}

#[test]
fn a_key_that_others_can_read_is_not_certified() {
    let folder = with_list("login,email\njoe,joe@example.com\n");
    folder.mailca("newreq --user joe --email joe@example.com --key-type ecdsa-p256 joe").success();
    folder.chmod("joe/key.pem", 0o644);
    folder.mailca(LINE).exits(1).says(&["line 2 (joe)", "0644"]);
    assert_eq!(folder.index().len(), 1);
}

#[test]
fn somebody_whose_folder_is_elsewhere_gets_no_second_certificate() {
    let folder = with_list("login,email\njoe,joe@example.com\nmail.example.com,m@example.com\n");
    folder.mailca("issue --cn mail.example.com host").success();
    folder.mailca(LINE).success();
    let first = serial(&folder, "joe");
    std::fs::rename(folder.path("joe"), folder.path("moved")).unwrap();
    folder.mailca(LINE).exits(1).says(&["line 2 (joe)", &first, "mailca revoke", "--force"]);
    assert!(!folder.exists("joe"));
    folder.mailca(&format!("{LINE} --force")).success().says(&["1 certificate issued"]);
    assert_ne!(serial(&folder, "joe"), first);
    // A revoked one is no obstacle.
    let second = serial(&folder, "joe");
    for serial in [first, second] {
        folder.mailca(&format!("revoke {serial} --reason superseded")).success();
    }
    std::fs::rename(folder.path("joe"), folder.path("moved2")).unwrap();
    folder.mailca(LINE).success();
}

#[test]
fn logins_that_differ_in_case_only_are_refused_for_that_row() {
    let folder = with_list(
        "login,email\nsame,a@example.com\nSAME,b@example.com\nDEMOCA,c@example.com\nJoe,d@example.com\n",
    );
    folder.mailca("issue --user joe --email joe@example.com joe").success();
    folder.mailca(LINE).exits(1).says(&[
        "line 3 (SAME): the login is in line 2 already, in other letter case",
        "line 4 (DEMOCA): the folder demoCA is there",
        "line 5 (Joe): the folder joe is there",
    ]);
    assert!(folder.exists("same/cert.pem"));
    for login in ["SAME", "DEMOCA", "Joe"] {
        assert!(!folder.exists(login), "{login}");
    }
    // What is there already under its own name is gone on with.
    folder.replace("users.csv", "login,email\nsame,a@example.com\njoe,joe@example.com\n");
    folder.mailca(LINE).success();
}

#[test]
fn a_member_that_is_given_twice_is_refused_for_that_row() {
    let folder = with_list(
        "{\"login\":\"joe\",\"login\":\"ann\",\"email\":\"a@example.com\"}\n\
         {\"login\":\"eve\",\"mail\":\"\",\"email\":\"e@example.com\"}\n\
         {\"login\":\"bob\",\"email\":\"b@example.com\"}\n",
    );
    folder.mailca(LINE).exits(1).says(&[
        "line 1: login is given twice",
        "line 2: email is given twice",
        "1 certificate issued, 2 failed",
    ]);
    assert!(!folder.exists("joe") && !folder.exists("ann") && !folder.exists("eve"));
}

#[test]
fn a_login_in_other_letters_is_shown_as_such() {
    let folder = with_list("login,email\nаnn,a@example.com\n");
    folder
        .mailca(LINE)
        .exits(1)
        .says(&["line 2 (\\u{430}nn)", "the login \\u{430}nn is not a name"])
        .says_nothing_of(&["аnn"]);
}
