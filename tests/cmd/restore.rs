//! `restore`: a CA that was lost is there again, and knows what it can know.

use std::fs;

use crate::support::{Certificate, Folder, Snapshot, mode, need};

const CA: &str = "ca -config demoCA/openssl.cnf -batch";

fn lost(folder: &Folder) {
    fs::remove_dir_all(folder.path("demoCA")).unwrap();
}

fn backed_up() -> Folder {
    let folder = Folder::with_user();
    folder.mailca("backup ca.tar").success();
    lost(&folder);
    folder
}

/// An archive made by tar itself, of a CA's folder that a script has changed.
fn made_by_tar(script: &str) -> Folder {
    let folder = Folder::with_user();
    folder.bash(&format!("{script}; tar -cf ca.tar demoCA; rm -rf demoCA")).success();
    folder
}

fn refused(folder: &Folder, words: &[&str]) {
    folder.mailca("restore ca.tar").refused(words);
    assert!(!folder.exists("demoCA"));
}

#[test]
fn everything_is_there_again_with_the_modes_that_it_must_have() {
    need!("openssl");
    let folder = Folder::with_user();
    let key = folder.read("demoCA/private/cakey.pem");
    let (index, serial) = (folder.text("demoCA/index.txt"), folder.text("demoCA/serial"));
    folder.mailca("backup ca.tar").success();
    lost(&folder);
    folder.mailca("restore ca.tar").umask("000").success().says(&["mailca doctor --fix"]);
    assert_eq!(folder.read("demoCA/private/cakey.pem"), key);
    assert_eq!(folder.text("demoCA/index.txt"), index);
    // openssl may have counted on since.
    assert_ne!(folder.text("demoCA/serial"), serial);
    for (name, expected) in [
        ("demoCA", 0o700),
        ("demoCA/private", 0o700),
        ("demoCA/private/cakey.pem", 0o400),
        ("demoCA/index.txt", 0o644),
        ("ca.tar", 0o400),
    ] {
        assert_eq!(mode(&folder.path(name)), expected, "{name}");
    }
    folder.mailca("doctor").verdict(&["restored"]);
    folder.mailca("doctor --fix").success();
    folder.mailca("doctor").success().says(&["nothing is wrong"]);
    folder.mailca("issue --cn mail.example.com").success();
    folder.openssl(&format!("{CA} -gencrl -out probe.crl")).success();
}

#[test]
fn modes_of_the_archive_count_for_nothing() {
    let folder = made_by_tar("chmod -R 0777 demoCA");
    folder.mailca("restore ca.tar").success();
    assert_eq!(mode(&folder.path("demoCA")), 0o700);
    assert_eq!(mode(&folder.path("demoCA/private/cakey.pem")), 0o400);
    assert_eq!(mode(&folder.path("demoCA/index.txt")), 0o644);
}

#[test]
fn it_may_be_restored_in_another_place() {
    need!("openssl");
    let folder = backed_up();
    folder.mkdir("else/where");
    folder.mailca("restore ca.tar --ca-dir else/where").success();
    let outcome = folder.mailca("restore ca.tar --ca-dir second --json").success();
    let value: serde_json::Value = serde_json::from_str(&outcome.text()).unwrap();
    assert_eq!(value["ca_dir"], "second");
    folder.openssl("ca -config else/where/openssl.cnf -gencrl -out probe.crl").success();
    assert!(folder.text("second/openssl.cnf").contains("second"));
}

/// Backup, then more is issued, revoked and published, then the folder is lost.
#[test]
fn what_happened_since_the_backup_is_taken_in() {
    need!("openssl");
    let folder = Folder::with_user();
    folder.mailca("backup ca.tar").success();
    folder.mailca("issue --cn new.example.com new").success();
    folder.mailca("issue --cn gone.example.com gone").success();
    folder.openssl(&format!("{CA} -revoke joeuser/cert.pem -crl_reason keyCompromise")).success();
    folder.openssl(&format!("{CA} -revoke gone/cert.pem -crl_reason superseded")).success();
    for _ in 0..3 {
        folder.openssl(&format!("{CA} -gencrl -out published.crl")).success();
    }
    let serial = |name: &str| Certificate::read(&folder.path(&format!("{name}/cert.pem"))).serial;
    let (new, gone, joe) = (serial("new"), serial("gone"), serial("joeuser"));
    lost(&folder);
    fs::remove_dir_all(folder.path("gone")).unwrap();

    folder.mailca("restore ca.tar").success();
    folder.mailca("doctor --crl published.crl").verdict(&[
        "restored",
        "revocation-unknown",
        "revocations-missing",
        "revocations-unknown",
    ]);
    folder.mailca("doctor --fix --crl published.crl").exits(3);
    folder.mailca("doctor --fix --assume-valid").exits(3).says(&["crl-missing"]);
    let rows = folder.index();
    let status = |serial: &str| rows.iter().find(|row| row[3] == serial).unwrap()[0].clone();
    assert_eq!([status(&new), status(&gone), status(&joe)], ["V", "R", "R"]);
    assert!(folder.exists(&format!("demoCA/newcerts/{new}.pem")));
    folder.openssl(&format!("{CA} -gencrl -out demoCA/crl.pem")).success();
    let text = folder.openssl("crl -noout -text -in demoCA/crl.pem").success().text();
    assert!(text.contains(&gone) && text.contains(&joe), "{text}");
    folder.mailca("doctor").success().says(&["nothing is wrong"]);
}

/// What a server was given tells what was revoked since the backup, and no list is made before that is taken in.
#[test]
fn what_a_server_has_is_not_forgotten() {
    let folder = Folder::with_user();
    folder.mailca("issue --cn mail.example.com mail").success();
    folder.mkdir("etc");
    folder.mailca("install mail --for postfix --to etc/certs").success();
    folder.mailca("install mail --for dovecot --to etc/dovecot").success();
    folder.mailca("backup ca.tar").success();
    folder.mailca("revoke joeuser --reason keyCompromise --crl").success();
    let installed = folder.read("etc/dovecot/cacert-crl.pem");
    lost(&folder);
    folder.mailca("restore ca.tar").success();
    for line in ["crl", "crl --if-needed", "revoke mail --crl"] {
        folder.mailca(line).refused(&["restored from a backup", "doctor --fix"]);
    }
    folder.mailca("status").verdict(&["restored", "crl.pem holds a newer list"]);
    folder.mailca("doctor").verdict(&["restored", "revocations-missing", "joeuser"]);
    // Somebody takes the note away.
    fs::remove_file(folder.path("demoCA/restored.txt")).unwrap();
    folder.write("demoCA/mailca.lock", "");
    folder.mailca("crl").refused(&["crl.pem revokes", "index.txt does not"]);
    assert_eq!(folder.read("etc/dovecot/cacert-crl.pem"), installed);
    folder.mailca("doctor --fix").exits(3).says(&["crl-missing"]);
    folder.mailca("crl").success();
    folder.mailca("verify joeuser/cert.pem").verdict(&["revoked"]);
    folder.mailca("doctor").success();
}

#[test]
fn where_something_is_nothing_is_restored() {
    let folder = backed_up();
    folder.mkdir("demoCA");
    folder.write("demoCA/x", "");
    folder.mailca("restore ca.tar").refused(&["not empty"]);
    folder.mailca("newca --ca-dir other").success();
    folder.mailca("restore ca.tar --ca-dir other").refused(&["a CA in other already"]);
    folder.mailca("restore ca.tar --ca-dir no/where").refused(&["does not exist"]);
    folder.mailca("restore absent.tar --ca-dir new").refused(&["absent.tar"]);
    folder.mailca("restore . --ca-dir new").refused(&["not a file"]);
    folder.mailca("restore").usage(&["FILE"]);
}

#[test]
fn an_archive_that_is_cut_off_anywhere_leaves_nothing() {
    let folder = backed_up();
    let whole = folder.read("ca.tar");
    for length in (0..whole.len()).step_by(512).chain([100, 1000, whole.len() - 1]) {
        folder.write("cut.tar", &whole[..length]);
        folder.mailca("restore cut.tar").refused(&["cut.tar"]);
        fs::remove_file(folder.path("cut.tar")).unwrap();
    }
}

#[test]
fn what_is_no_backup_is_refused() {
    let folder = Folder::with_user();
    folder
        .bash("gzip -k demoCA/cacert.pem; mv demoCA/cacert.pem.gz ca.tar; rm -rf demoCA")
        .success();
    refused(&folder, &["tar archive"]);
    refused(&made_by_tar("rm demoCA/cacert.pem"), &["no backup of a CA"]);
    refused(&made_by_tar("rm demoCA/private/cakey.pem"), &["no backup of a CA"]);
    let stranger = "mailca newca -q --ca-dir other; \
        cp --remove-destination other/private/cakey.pem demoCA/private/cakey.pem; rm -rf other";
    refused(&made_by_tar(stranger), &["not the key"]);
    let broken = "rm demoCA/private/cakey.pem; echo > demoCA/private/cakey.pem";
    refused(&made_by_tar(broken), &["cakey.pem"]);
}

#[test]
fn an_archive_that_reaches_outside_is_refused() {
    for (script, word) in [
        ("ln -s /etc/passwd demoCA/link", "neither a file nor a folder"),
        ("ln demoCA/index.txt demoCA/hard", "neither a file nor a folder"),
        ("mkfifo demoCA/pipe", "neither a file nor a folder"),
    ] {
        refused(&made_by_tar(script), &[word]);
    }
    for options in [
        "--transform s,demoCA/index.txt,demoCA/../../evil,",
        "--transform s,demoCA/index.txt,/tmp/mailca-evil, -P",
        "--transform s,demoCA/index.txt,other/index.txt,",
    ] {
        let folder = Folder::with_user();
        folder.bash(&format!("tar -P -cf ca.tar {options} demoCA; rm -rf demoCA")).success();
        let before = Snapshot::of(folder.root());
        folder.mailca("restore ca.tar").refused(&["no name of a file in a backup"]);
        assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "");
    }
    // The same name twice: the second one would win over the first.
    let folder = Folder::with_user();
    folder
        .bash("tar -cf ca.tar demoCA demoCA/index.txt --hard-dereference; rm -rf demoCA")
        .success();
    refused(&folder, &["ca.tar"]);
}

#[test]
fn an_encrypted_key_is_restored_as_it_is() {
    let folder = Folder::empty();
    folder.write("pass", "ca secret\n");
    folder.mailca("newca --encrypt-key --ca-passphrase-file pass").success();
    folder.mailca("backup ca.tar").success();
    lost(&folder);
    folder.mailca("restore ca.tar").success().says(&["passphrase", "not compared"]);
    folder.mailca("issue --cn mail.example.com --ca-passphrase-file pass").success();
}

#[test]
fn the_numbers_of_lists_go_on_beyond_those_that_are_not_known() {
    let folder = Folder::with_user();
    folder.mailca("backup ca.tar").success();
    for _ in 0..3 {
        folder.mailca("crl").success();
    }
    let number = || {
        let text = folder.text("demoCA/crlnumber");
        i64::from_str_radix(text.trim(), 16).unwrap()
    };
    assert_eq!(number(), 4);
    lost(&folder);
    let now: i64 = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis().try_into().unwrap();
    let mut last: i64 = now / 1000 * 1000;
    // The same one again goes on beyond what was made in between.
    for _ in 0..2 {
        folder.mailca("restore ca.tar").success();
        assert!(number() >= last, "{} after {last}", number());
        folder.mailca("crl").refused(&["restored from a backup"]);
        folder.mailca("doctor --fix").success();
        for _ in 0..2 {
            folder.mailca("crl").success();
        }
        last = number();
        // The number is the time, in whole seconds.
        std::thread::sleep(std::time::Duration::from_millis(1100));
        assert!(last < now + 1_000_000);
        lost(&folder);
    }
}

#[test]
fn a_pipe_is_no_archive() {
    let folder = Folder::empty();
    folder.program("mkfifo", "pipe").success();
    // A snapshot of the folder would wait for the pipe.
    folder.mailca("restore pipe").exits(1).says(&["not a file"]);
}

#[test]
fn the_archive_counts_as_the_last_backup() {
    let folder = backed_up();
    folder.bash("touch -d '2026-01-02 03:04:05 UTC' ca.tar").success();
    folder.mailca("restore ca.tar").success();
    let text = folder.text("demoCA/backup.txt");
    let words: Vec<_> = text.split_whitespace().collect();
    let rows = folder.index().len().to_string();
    assert_eq!(words[..2], ["2026-01-02T03:04:05Z", &rows], "{text}");
    folder.mailca("status").output().says_nothing_of(&["never was a backup"]);
    // An archive from a clock that was ahead is of today at the latest.
    lost(&folder);
    folder.bash("touch -d '2091-01-02 UTC' ca.tar").success();
    folder.mailca("restore ca.tar").success();
    assert!(!folder.text("demoCA/backup.txt").starts_with("2091"));
    folder.mailca("backup again.tar").success();
}
