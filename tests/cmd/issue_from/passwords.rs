//! Where the passwords of the bundles go.

use std::fs;

use super::{LINE, WITH_P12, two};
use crate::support::{Folder, mode, need};

fn of(folder: &Folder, login: &str) -> String {
    let all = folder.text("passwords.csv");
    all.lines().find_map(|line| line.strip_prefix(&format!("{login},"))).unwrap().to_string()
}

fn opens(folder: &Folder, login: &str, password: &str) {
    let line = format!("pkcs12 -noout -in {login}.p12 -passin");
    folder.openssl(&line).arg(&format!("pass:{password}")).success();
}

#[test]
fn all_passwords_are_in_one_file() {
    need!("openssl");
    let folder = two();
    folder.mailca(WITH_P12).success().says(&["passwords.csv", "on another way"]);
    assert_eq!(mode(&folder.path("passwords.csv")), 0o400);
    assert_eq!(mode(&folder.path("joe.p12")), 0o400);
    assert!(folder.text("passwords.csv").starts_with("login,password\n"));
    for login in ["joe", "ann"] {
        let password = of(&folder, login);
        assert!(password.len() == 29 && password.is_ascii(), "{password}");
        opens(&folder, login, &password);
    }
    assert_ne!(of(&folder, "joe"), of(&folder, "ann"));
}

#[test]
fn or_each_in_a_file_of_its_own() {
    need!("openssl");
    let folder = two();
    let line = format!("{LINE} --p12 --password-dir secret");
    folder.mailca(&line).success();
    assert_eq!(mode(&folder.path("secret")), 0o700);
    for login in ["joe", "ann"] {
        let name = format!("secret/{login}.password");
        assert_eq!(mode(&folder.path(&name)), 0o400);
        opens(&folder, login, folder.text(&name).trim_end());
    }
    // A bundle that is lacking has the password that is there.
    fs::remove_file(folder.path("joe.p12")).unwrap();
    let before = folder.read("secret/joe.password");
    folder.mailca(&line).success();
    assert_eq!(folder.read("secret/joe.password"), before);
    opens(&folder, "joe", folder.text("secret/joe.password").trim_end());
}

#[test]
fn a_file_of_somebody_else_is_not_added_to() {
    let folder = two();
    for content in
        ["", "login,password", "login,password\njoe,secret\n", "name,password\n", "other\n"]
    {
        folder.write("passwords.csv", content);
        folder.chmod("passwords.csv", 0o400);
        folder.mailca(WITH_P12).refused(&["passwords.csv", "not overwritten"]);
        fs::remove_file(folder.path("passwords.csv")).unwrap();
    }
    folder.write("passwords.csv", "login,password\n");
    folder.chmod("passwords.csv", 0o644);
    folder.mailca(WITH_P12).refused(&["passwords.csv", "not overwritten"]);
    folder.mailca(&format!("{WITH_P12} --force")).success().says(&["kept as passwords.csv.old-"]);
    assert_eq!(mode(&folder.path("passwords.csv")), 0o400);
    let line = "issue --from users.csv --p12 --password-out";
    folder.mailca(&format!("{line} demoCA/passwords")).refused(&["in the CA's folder"]);
    folder.mailca(&format!("{line} joe/key.pem")).refused(&["private key"]);
    folder.mailca(&format!("{line} nowhere/passwords")).refused(&["nowhere"]);
    let line = "issue --from users.csv --p12 --password-dir";
    folder.mailca(&format!("{line} demoCA/secret")).refused(&["CA's folder"]);
}

#[test]
fn a_password_file_that_is_none_of_ours_is_a_bad_row() {
    let folder = two();
    folder.mkdir("secret");
    folder.write("secret/joe.password", "hunter2\n");
    let line = format!("{LINE} --p12 --password-dir secret");
    folder.mailca(&line).exits(1).says(&["line 2 (joe)", "secret/joe.password"]);
    assert!(!folder.exists("joe.p12") && folder.exists("ann.p12"));
    folder.mailca(&format!("{line} --force")).success().says(&["kept as secret/joe.password.old-"]);
}

#[test]
fn the_form_is_chosen_with_for() {
    need!("openssl");
    let folder = two();
    folder.mailca(&format!("{WITH_P12} --for apple")).success();
    let line = "pkcs12 -info -noout -in joe.p12 -passin";
    let run = folder.openssl(line).arg(&format!("pass:{}", of(&folder, "joe")));
    run.success().says(&["pbeWithSHA1And3-KeyTripleDES-CBC", "Iteration 2048"]);
}

#[test]
fn passwords_are_nowhere_else() {
    let folder = two();
    let outcome = folder.mailca(&format!("{WITH_P12} --json")).success();
    for login in ["joe", "ann"] {
        let password = of(&folder, login);
        assert!(!outcome.stderr.contains(&password) && !outcome.text().contains(&password));
    }
}
