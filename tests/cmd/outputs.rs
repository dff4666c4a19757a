//! The file that an option names for output: never one of the CA's, never a private key.

use std::os::unix::fs::symlink;

use crate::support::{Folder, need};

/// Every command that writes to a file that it is given, up to the file.
const COMMANDS: [&str; 4] = [
    "sign other.csr --profile server --yes -o",
    "export-p12 joeuser --password-file pw -o",
    "export-p12 joeuser --generate-password -o joe.p12 --password-out",
    "report -o",
];
const FORCE: [&str; 2] = ["", " --force"];

fn prepared() -> Folder {
    let folder = Folder::with_user();
    folder.simple_request("other", "/CN=mail.example.com", "DNS:mail.example.com");
    folder.write("pw", "correct horse\n");
    folder.mkdir("sub");
    symlink("demoCA", folder.path("link")).unwrap();
    symlink("demoCA/newcerts", folder.path("issued")).unwrap();
    folder
}

#[test]
fn nothing_is_written_into_the_folder_of_the_ca() {
    need!("openssl");
    let folder = prepared();
    for file in [
        "demoCA/private/cakey.pem",
        "demoCA/cacert.pem",
        "demoCA/index.txt",
        "demoCA/new.pem",
        "demoCA/newcerts/new.pem",
        "./demoCA/private/new.pem",
        "sub/../demoCA/cacert.pem",
        "link/cacert.pem",
        "link/private/cakey.pem",
        "issued/new.pem",
    ] {
        for (command, force) in COMMANDS.into_iter().flat_map(|c| FORCE.map(|force| (c, force))) {
            let words = [file, "in the CA's folder", "elsewhere"];
            folder.mailca(&format!("{command} {file}{force}")).refused(&words);
        }
    }
}

#[test]
fn the_folder_of_the_ca_is_known_from_within_and_by_its_option() {
    need!("openssl");
    let folder = prepared();
    for file in ["cacert.pem", "private/cakey.pem", "new.pem", "../demoCA/new.pem"] {
        let line = format!("sign ../other.csr --ca-dir . --profile server --yes --force -o {file}");
        folder.mailca(&line).within("demoCA").refused(&["in the CA's folder"]);
    }
    for ca in ["link", "sub/../demoCA"] {
        let line = format!("sign other.csr --ca-dir {ca} --profile server --yes --force -o");
        folder.mailca(&line).arg("demoCA/cacert.pem").refused(&["in the CA's folder"]);
    }
}

#[test]
fn the_certificate_of_a_request_in_the_folder_of_the_ca_is_not_written_beside_it() {
    need!("openssl");
    let folder = prepared();
    std::fs::copy(folder.path("other.csr"), folder.path("demoCA/other.csr")).unwrap();
    let line = "sign demoCA/other.csr --profile server --yes";
    folder.mailca(line).refused(&["demoCA/other.cert.pem", "in the CA's folder"]);
    folder.mailca(&format!("{line} -o other.cert.pem")).success();
}

#[test]
fn a_private_key_does_not_give_way_to_something_else() {
    need!("openssl");
    let folder = prepared();
    folder
        .openssl("pkcs8 -topk8 -in other.key -out locked.pem -passout file:pw -iter 2048")
        .success();
    folder.openssl("genrsa -traditional -out old.key 2048").success();
    folder.write("bundle.pem", [folder.read("other.csr"), folder.read("other.key")].concat());
    for file in ["joeuser/key.pem", "other.key", "locked.pem", "old.key", "bundle.pem"] {
        for command in COMMANDS {
            let words = [file, "holds a private key", "another file"];
            folder.mailca(&format!("{command} {file} --force")).refused(&words);
        }
    }
}

#[test]
fn a_folder_is_no_file() {
    need!("openssl");
    let folder = prepared();
    for file in ["sub", "joeuser", "demoCA", "link"] {
        for command in COMMANDS {
            folder.mailca(&format!("{command} {file}")).refused(&[file]);
            folder.mailca(&format!("{command} {file} --force")).refused(&[file, "is a folder"]);
        }
    }
}

#[test]
fn a_file_that_is_there_is_not_overwritten_and_the_way_out_is_named() {
    need!("openssl");
    let folder = prepared();
    folder.write("there", "precious\n");
    for command in &COMMANDS[..2] {
        let words = ["there", "not overwritten", "hint: name another file with -o", "--force"];
        folder.mailca(&format!("{command} there")).refused(&words);
    }
    folder.mailca(&format!("{} there", COMMANDS[2])).refused(&["there", "not overwritten"]);
    folder.mailca(&format!("{} there --force", COMMANDS[0])).success();
    let names = std::fs::read_dir(folder.root()).unwrap().map(|entry| entry.unwrap().path());
    let kept = names
        .filter(|path| path.is_file())
        .any(|path| path != folder.path("there") && std::fs::read(path).unwrap() == b"precious\n");
    assert!(kept, "the old file is gone");
}

#[test]
fn a_bundle_and_its_password_are_two_files() {
    let folder = Folder::with_user();
    let line = "export-p12 joeuser --generate-password -o out --password-out out";
    folder.mailca(line).usage(&["--password-out", "--output"]);
}

#[test]
fn a_dash_is_no_file() {
    let folder = Folder::with_ca();
    folder.mailca("crl --publish -").usage(&["- is no file", "demoCA/crl.pem"]);
    folder.mailca("crl --hash-dir -").usage(&["- is no file"]);
    folder.mailca("backup -").usage(&["- is no file"]);
    folder.mailca("backup - --force").usage(&["- is no file"]);
}

#[test]
fn a_generated_password_is_not_written_to_a_dash() {
    let folder = Folder::with_user();
    for line in ["kit joeuser", "export-p12 joeuser --generate-password"] {
        let line = format!("{line} --password-out -");
        folder.mailca(&line).usage(&["- is no file", "without --password-out", "terminal"]);
    }
}

#[test]
fn a_link_to_nothing_is_told_as_one() {
    need!("openssl");
    let folder = prepared();
    symlink("nowhere", folder.path("dangling")).unwrap();
    for (command, force) in COMMANDS.into_iter().flat_map(|c| FORCE.map(|force| (c, force))) {
        folder
            .mailca(&format!("{command} dangling{force}"))
            .refused(&["dangling is a symbolic link to nothing", "hint:"]);
    }
    assert!(!folder.path("nowhere").exists());
}
