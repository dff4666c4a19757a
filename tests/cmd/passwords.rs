//! Passwords of interrupted runs, and passphrases that nobody would use.

use std::fs;

use crate::support::{Folder, mode, need};

const LINE: &str = "export-p12 joeuser --generate-password --password-out joe.password";

#[test]
fn an_interrupted_export_goes_on_with_its_password() {
    need!("openssl");
    let folder = Folder::with_user();
    folder.mailca(LINE).success();
    let password = folder.read("joe.password");
    fs::remove_file(folder.path("joeuser.p12")).unwrap();
    folder.mailca(LINE).success().says(&["going on with the password in joe.password"]);
    assert_eq!(folder.read("joe.password"), password);
    assert_eq!(mode(&folder.path("joe.password")), 0o400);
    folder.openssl("pkcs12 -noout -in joeuser.p12 -passin file:joe.password").success();
    folder.mailca(LINE).refused(&["joeuser.p12"]);
}

#[test]
fn a_file_that_is_no_password_of_ours_is_not_gone_on_with() {
    let folder = Folder::with_user();
    folder.mailca(LINE).success();
    let password = folder.text("joe.password");
    fs::remove_file(folder.path("joeuser.p12")).unwrap();
    let other = password.to_uppercase();
    let two = format!("{password}{password}");
    for content in ["", "\n", "secret\n", password.trim_end(), &other, &two, &password[5..]] {
        folder.replace("joe.password", content);
        folder.chmod("joe.password", 0o400);
        folder.mailca(LINE).refused(&["joe.password", "not overwritten"]);
    }
    folder.replace("joe.password", &password);
    for others in [0o600, 0o640, 0o444] {
        folder.chmod("joe.password", others);
        folder.mailca(LINE).refused(&["joe.password", "not overwritten"]);
    }
    fs::rename(folder.path("joe.password"), folder.path("real")).unwrap();
    folder.chmod("real", 0o400);
    std::os::unix::fs::symlink("real", folder.path("joe.password")).unwrap();
    folder.mailca(LINE).refused(&["joe.password", "not overwritten"]);
}

#[test]
fn force_makes_a_new_password_and_keeps_the_old_one() {
    need!("openssl");
    let folder = Folder::with_user();
    folder.mailca(LINE).success();
    let old = folder.read("joe.password");
    folder.mailca(&format!("{LINE} --force")).success();
    assert_ne!(folder.read("joe.password"), old);
    folder.openssl("pkcs12 -noout -in joeuser.p12 -passin file:joe.password").success();
    let names = fs::read_dir(folder.root()).unwrap().map(|entry| entry.unwrap().path());
    assert!(names.filter(|path| path.is_file()).any(|path| fs::read(path).unwrap() == old));
}

#[test]
fn a_passphrase_for_a_key_that_is_not_to_be_protected_is_no_silent_wish() {
    let folder = Folder::empty();
    folder.write("pass", "ca secret\n");
    folder.mailca("newca --ca-passphrase-file pass").usage(&["passphrase", "--encrypt-key"]);
    folder
        .mailca("newca")
        .env("MAILCA_CA_PASSPHRASE_FILE", "pass")
        .usage(&["--encrypt-key", "MAILCA_CA_PASSPHRASE_FILE"]);
    folder.mailca("newca --encrypt-key --ca-passphrase-file pass").success();
}

#[test]
fn a_pem_file_is_no_password() {
    let folder = Folder::with_user();
    for line in ["export-p12 joeuser", "kit joeuser"] {
        let line = format!("{line} --password-file joeuser/key.pem");
        folder.mailca(&line).refused(&["joeuser/key.pem is a PEM file and no password", "hint:"]);
    }
    folder.write("passwords.csv", "login,password\nann,abcd-efgh\n");
    folder
        .mailca("export-p12 joeuser --password-file passwords.csv")
        .refused(&["passwords.csv is a list of passwords", "hint:"]);
    assert!(!folder.path("joeuser.p12").exists() && !folder.path("joeuser-kit").exists());
}
