//! `backup`: one file with everything in it.

use std::fs;

use crate::support::{Folder, mode, need};

#[test]
fn the_archive_holds_the_folder_and_is_private() {
    let folder = Folder::with_user();
    folder
        .bash("umask 000; mailca backup ca.tar")
        .success()
        .says(&["private key", "without a passphrase"]);
    assert_eq!(mode(&folder.path("ca.tar")), 0o400);
    folder
        .bash("mkdir out; tar -xf ca.tar -C out; rm -f demoCA/backup.txt demoCA/mailca.lock")
        .success();
    folder.bash("diff -r demoCA out/demoCA || [ ! -e out/demoCA/pending ]").success();
    for name in ["cacert.pem", "private/cakey.pem", "index.txt", "mailca.toml", "openssl.cnf"] {
        let (before, after) = (format!("demoCA/{name}"), format!("out/demoCA/{name}"));
        assert_eq!(folder.read(&before), folder.read(&after), "{name}");
        assert_eq!(mode(&folder.path(&before)), mode(&folder.path(&after)), "{name}");
    }
    let names = folder.bash("tar -tf ca.tar").success().text();
    assert!(!names.contains("lock") && !names.contains("backup.txt"), "{names}");
    let mut sorted: Vec<_> = names.lines().collect();
    sorted.sort_unstable();
    assert_eq!(sorted, names.lines().collect::<Vec<_>>(), "in a fixed order");
}

#[test]
fn the_same_folder_makes_the_same_archive() {
    let folder = Folder::with_user();
    folder.mailca("backup one.tar").success();
    folder.mailca("backup two.tar").success();
    assert_eq!(folder.read("one.tar"), folder.read("two.tar"));
    // What is there already is no conflict, unless others can read it.
    folder.mailca("backup one.tar").success();
    folder.chmod("one.tar", 0o444);
    folder.mailca("backup one.tar").refused(&["there already"]);
}

#[test]
fn it_is_recorded_with_the_number_of_rows() {
    let folder = Folder::with_user();
    folder.mailca("backup ca.tar").success();
    let text = folder.text("demoCA/backup.txt");
    let words: Vec<_> = text.split_whitespace().collect();
    assert_eq!(words[1], "2", "{text}");
    assert_eq!(words[2], folder.index()[0][3], "{text}");
}

#[test]
fn what_is_there_stays_and_force_keeps_it_aside() {
    let folder = Folder::with_user();
    folder.write("ca.tar", "something else");
    folder.mailca("backup ca.tar").refused(&["there already", "--force"]);
    folder.mailca("backup ca.tar --force").success().says(&["kept as"]);
    let kept = fs::read_dir(folder.root()).unwrap().flatten().any(|entry| {
        entry.file_name().to_string_lossy().starts_with("ca.tar.old-")
            && fs::read(entry.path()).unwrap() == b"something else"
    });
    assert!(kept);
    assert_eq!(mode(&folder.path("ca.tar")), 0o400);
}

#[test]
fn places_that_make_no_sense_are_refused() {
    let folder = Folder::with_user();
    folder.mkdir("out");
    std::os::unix::fs::symlink("demoCA", folder.path("link")).unwrap();
    folder.mailca("backup demoCA/ca.tar").refused(&["in the CA's folder"]);
    folder.mailca("backup demoCA/private/ca.tar").refused(&["in the CA's folder"]);
    folder.mailca("backup link/ca.tar").refused(&["in the CA's folder"]);
    folder.mailca("backup out").refused(&["out is a folder", "out/mailca.tar"]);
    folder.mailca("backup nowhere/ca.tar").refused(&["nowhere"]);
    std::os::unix::fs::symlink("out/x", folder.path("dangling")).unwrap();
    folder.mailca("backup dangling --force").refused(&["not a plain file"]);
    Folder::empty().mailca("backup ca.tar").refused(&["no CA"]);
    folder.mailca("backup").usage(&["FILE"]);
}

#[test]
fn a_folder_without_its_key_makes_no_backup() {
    let folder = Folder::with_user();
    fs::rename(folder.path("demoCA/private/cakey.pem"), folder.path("stick.pem")).unwrap();
    folder.mailca("backup ca.tar").exits(1).says(&["cakey.pem"]);
    std::os::unix::fs::symlink("../../stick.pem", folder.path("demoCA/private/cakey.pem")).unwrap();
    folder.mailca("backup ca.tar").exits(1).says(&["cakey.pem"]);
    assert!(!folder.exists("ca.tar"));
}

#[test]
fn links_are_left_out_and_named_and_leftovers_are_not_packed() {
    let folder = Folder::with_user();
    std::os::unix::fs::symlink("/etc/hostname", folder.path("demoCA/certs/link")).unwrap();
    folder.write("demoCA/.serial.mailca-tmp", "half");
    folder.write("demoCA/pending/tmp", "half");
    folder.mailca("backup ca.tar").success().says(&["demoCA/certs/link", "not in the backup"]);
    let names = folder.bash("tar -tf ca.tar").success().text();
    assert!(!names.contains("link") && !names.contains("tmp"), "{names}");
}

#[test]
fn json_and_quiet() {
    let folder = Folder::empty();
    folder.write("pass", "ca secret\n");
    folder.mailca("newca --encrypt-key --ca-passphrase-file pass").success();
    let outcome = folder.mailca("backup ca.tar --json").success();
    let value: serde_json::Value = serde_json::from_str(&outcome.text()).unwrap();
    assert_eq!(value["file"], "ca.tar");
    assert_eq!(value["rows"], 1);
    assert_eq!(value["key_encrypted"], true);
    assert!(value["files"].as_u64().unwrap() > 7);
    assert!(outcome.stderr.contains("under its passphrase"), "{outcome}");
    let outcome = folder.mailca("backup other.tar -q").success();
    assert!(outcome.stderr.is_empty() && outcome.stdout.is_empty(), "{outcome}");
}

#[test]
fn a_folder_of_ca_pls_is_packed_as_well() {
    need!("openssl");
    let folder = Folder::with_ca();
    for name in ["mailca.toml", "openssl.cnf"] {
        fs::remove_file(folder.path("demoCA").join(name)).unwrap();
    }
    folder.mailca("backup ca.tar").success();
    fs::rename(folder.path("demoCA"), folder.path("lost")).unwrap();
    folder.mailca("restore ca.tar").success();
    folder.mailca("issue --cn mail.example.com").success();
}

#[test]
fn only_a_backup_gives_way_to_a_backup() {
    let folder = Folder::with_user();
    folder.mailca("backup --force joeuser/key.pem").refused(&["holds a private key"]);
    folder.mailca("backup ca.tar").success();
    folder.mailca("issue --cn mail.example.com mail").success();
    folder.mailca("backup --force ca.tar").success();
}
