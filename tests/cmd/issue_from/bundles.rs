//! Bundles that are there already: of this certificate, with the password that is stored, or said not to be.

use std::fs;

use super::{LINE, WITH_P12, two, with_list};
use crate::support::{Folder, mode, need};

fn password(folder: &Folder, login: &str) -> String {
    let text = folder.text("passwords.csv");
    let found: Vec<_> =
        text.lines().filter_map(|line| line.strip_prefix(&format!("{login},"))).collect();
    assert_eq!(found.len(), 1, "{text}");
    found[0].to_owned()
}

fn opens(folder: &Folder, bundle: &str, password: &str) -> bool {
    folder.write("try", password);
    let line = format!("pkcs12 -in {bundle} -passin file:try -nokeys -clcerts");
    let opened = folder.openssl(&line).output().status == Some(0);
    fs::remove_file(folder.path("try")).unwrap();
    opened
}

#[test]
fn a_bundle_of_an_older_certificate_is_a_bad_row_and_force_makes_it_anew() {
    need!("openssl");
    let folder = two();
    folder.mailca(WITH_P12).success();
    let (old, before) = (folder.read("joe.p12"), password(&folder, "joe"));
    folder.mailca("renew --user joe").success();
    folder.mailca(WITH_P12).exits(1).says(&["line 2 (joe)", "another certificate", "--force"]);
    assert_eq!(folder.read("joe.p12"), old);
    let line = format!("{WITH_P12} --force");
    folder.mailca(&line).success().says(&["0 certificates issued", "1 bundle made", "kept"]);
    // Whoever can open the old bundle cannot open the new one.
    assert_ne!(password(&folder, "joe"), before);
    assert!(!opens(&folder, "joe.p12", &before));
    assert!(opens(&folder, "joe.p12", &password(&folder, "joe")));
    assert_eq!(mode(&folder.path("passwords.csv")), 0o400);
    folder.mailca(WITH_P12).success().says(&["2 there already"]);
}

#[test]
fn what_stands_in_the_place_of_a_bundle_is_not_taken_for_one() {
    let folder = two();
    folder.mailca(LINE).success();
    folder.write("joe.p12", "junk");
    folder.mkdir("ann.p12");
    let outcome = folder.mailca(WITH_P12).exits(1);
    outcome.says(&["line 2 (joe)", "no bundle", "line 3 (ann)", "not a plain file"]);
    fs::remove_dir(folder.path("ann.p12")).unwrap();
    folder.mailca(&format!("{WITH_P12} --force")).success().says(&["2 bundles made"]);
}

#[test]
fn a_lost_password_is_said_and_a_wrong_one_is_a_bad_row() {
    let folder = two();
    folder.mailca(WITH_P12).success();
    let passwords = folder.text("passwords.csv");
    fs::remove_file(folder.path("passwords.csv")).unwrap();
    let outcome = folder.mailca(WITH_P12).success();
    outcome.says(&["2 there already", "2 bundles there already without a password"]);
    let swapped: String = passwords
        .lines()
        .map(|line| match line.split_once(',') {
            Some(("joe", password)) => format!("ann,{password}\n"),
            Some(("ann", password)) => format!("joe,{password}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    folder.write("passwords.csv", swapped);
    folder.chmod("passwords.csv", 0o400);
    folder.mailca(WITH_P12).exits(1).says(&["line 2 (joe)", "does not open", "line 3 (ann)"]);
    fs::remove_file(folder.path("passwords.csv")).unwrap();
    fs::remove_file(folder.path("joe.p12")).unwrap();
    folder.mailca(WITH_P12).success().says(&["1 bundle made"]);
    assert_eq!(folder.text("passwords.csv").lines().count(), 2);
}

#[test]
fn passwords_do_not_go_where_somebodys_files_belong() {
    let folder = two();
    for name in ["joe.p12", "ann"] {
        let line = format!("{LINE} --p12 --password-out {name}");
        folder.mailca(&line).usage(&["--password-out names", name]);
    }
    assert!(!folder.exists("joe"));
}

#[test]
fn a_row_with_something_in_its_way_does_not_hold_up_the_others() {
    let folder = two();
    folder.mkdir("joe");
    folder.chmod("joe", 0o700);
    std::os::unix::fs::symlink("/etc/passwd", folder.path("joe/.key.pem.mailca-tmp")).unwrap();
    folder.mkdir(".ann.p12.mailca-tmp");
    let outcome = folder.mailca(WITH_P12).exits(1);
    outcome.says(&["line 2 (joe)", "in the way", "line 3 (ann)", "was issued", "2 of 2 rows"]);
    fs::remove_file(folder.path("joe/.key.pem.mailca-tmp")).unwrap();
    fs::remove_dir(folder.path(".ann.p12.mailca-tmp")).unwrap();
    folder.mailca(WITH_P12).success().says(&["1 certificate issued", "1 completed"]);
    assert_eq!(folder.index().len(), 3);
}

#[test]
fn a_quote_that_is_not_closed_is_a_bad_row() {
    let folder =
        with_list("login,email,name\njoe,joe@example.com,\"Joe\nann,ann@example.com,Ann\n");
    folder.mailca(LINE).exits(1).says(&["line 2", "next line", "double quote"]);
    assert_eq!(folder.index().len(), 1);
}

#[test]
fn another_name_is_a_bad_row_and_an_older_certificate_that_stays_valid_is_said() {
    let folder = with_list("login,email,san\njoe,joe@example.com,email:j@example.com\n");
    folder.mailca(LINE).success();
    folder.replace("users.csv", "login,email,san\njoe,joe@example.com,email:k@example.com\n");
    folder.mailca(LINE).exits(1).says(&["k@example.com", "--force"]);
    let outcome = folder.mailca(&format!("{LINE} --force")).success();
    outcome.says(&["1 certificate issued", "stays valid", "mailca revoke"]);
}
