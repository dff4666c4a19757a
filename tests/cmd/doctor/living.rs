//! What a living command is about is no leftover of a killed one.

use std::fs::File;
use std::os::unix::fs::symlink;

use crate::support::Folder;

fn with_joe() -> Folder {
    let folder = Folder::with_ca();
    folder.mailca("issue --user joe --email joe@example.com joe").success();
    folder
}

/// Somebody who holds this lock until it is dropped.
fn held(folder: &Folder, name: &str) -> File {
    let path = folder.path(name);
    let file = if path.is_dir() { File::open(path) } else { File::create(path) }.unwrap();
    file.lock().unwrap();
    file
}

#[test]
fn nothing_is_judged_or_mended_while_somebody_is_at_work() {
    for lock in ["demoCA/issue-list.lock", "demoCA/mailca.lock"] {
        let folder = with_joe();
        let living = held(&folder, lock);
        folder.write("joe/.key.pem.mailca-tmp", "key");
        folder.write("demoCA/pending/tmp-0", "certificate");
        folder.mkdir("joe/.mailca-new");
        // Half a line, as it may be seen while it is written.
        let index = folder.text("demoCA/index.txt");
        folder.write("demoCA/index.txt", format!("{index}V\t3601"));
        let outcome = folder.mailca("doctor").success().says(&["advice", "[in-work]", "process"]);
        outcome.says_nothing_of(&["unfinished", "interrupted", "torn", "lost"]);
        folder.mailca("status").output().says_nothing_of(&["unfinished", "interrupted"]);
        folder.mailca("doctor --fix --lock-timeout 0").exits(1).says(&["is locked by", lock]);
        for name in ["joe/.key.pem.mailca-tmp", "demoCA/pending/tmp-0", "joe/.mailca-new"] {
            assert!(folder.exists(name), "{lock}: {name}");
        }
        drop(living);
        folder.mailca("doctor").verdict(&[
            "[unfinished-files]",
            "[unfinished-files-in-folders]",
            "[folder-exchange-interrupted]",
            "[torn-last-line]",
        ]);
        folder.mailca("doctor --fix").success().says(&["joe/key.pem.unfinished"]);
        assert!(!folder.exists("joe/.mailca-new"));
    }
}

#[test]
fn files_that_are_exchanged_belong_to_whoever_has_locked_their_folder() {
    let folder = with_joe();
    let living = held(&folder, "joe");
    folder.mkdir("joe/.mailca-new");
    symlink(".mailca-live/cert.pem", folder.path("joe/.cert.pem.mailca-tmp")).unwrap();
    folder.write("joe/.req.pem.mailca-tmp", "a second name of a file");
    folder.mailca("doctor").success().says(&["nothing is wrong"]);
    folder.mailca("doctor --fix --lock-timeout 0").success().says(&["nothing is wrong"]);
    assert!(folder.exists("joe/.mailca-new") && folder.exists("joe/.req.pem.mailca-tmp"));
    drop(living);
    folder.mailca("doctor").verdict(&["[folder-exchange-interrupted]", "joe"]);
    folder.mailca("doctor --fix").success();
    folder.mailca("doctor").success().says(&["nothing is wrong"]);
}

#[test]
fn a_file_that_somebody_has_locked_is_being_written() {
    let folder = with_joe();
    let living = held(&folder, "joe/.next-key.pem.mailca-tmp");
    folder.mailca("doctor --fix").success().says(&["nothing is wrong"]);
    assert!(folder.exists("joe/.next-key.pem.mailca-tmp"));
    drop(living);
    folder.mailca("doctor --fix").success().says(&["joe/next-key.pem.unfinished"]);
}
