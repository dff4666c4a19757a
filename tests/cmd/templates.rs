//! Templates of one's own: nobody else decides what is in them, and no key gets out through one.

use std::fs;
use std::os::unix::fs::{chown, lchown, symlink};

use crate::support::{Folder, MAILCA, Snapshot, need, skip};

const OTHER: u32 = 65534;

/// Every product that has templates, and the name of one of them.
const PRODUCTS: [(&str, &str); 5] = [
    ("report -o page.html", "report.html"),
    ("kit joe --password-out kit-pw", "kit-mutt.html"),
    ("config postfix --host a.example.com", "postfix.sh"),
    ("config timer", "timer.txt"),
    ("config timer", "hardening.txt"),
];

/// A CA with a person, and a folder with a template for each product.
fn with_templates() -> Folder {
    let folder = Folder::with_ca();
    folder.mailca("issue --user joe --email joe@example.com joe").success();
    folder.mkdir("up/own");
    for (_, name) in PRODUCTS {
        folder.write(&format!("up/own/{name}"), "mine\n");
    }
    folder
}

/// All products are refused, with nothing written.
fn refused(folder: &Folder, words: &[&str]) {
    let before = Snapshot::of(folder.root());
    for (line, _) in PRODUCTS {
        let run = folder.mailca(line).args(&["--template-dir", "up/own"]);
        let outcome = run.exits(1).says(words);
        assert!(outcome.stdout.is_empty(), "{outcome}");
        assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "", "{line}");
    }
}

#[test]
fn what_others_may_write_is_refused() {
    let folder = with_templates();
    for place in ["up", "up/own"] {
        for mode in [0o757, 0o775, 0o777] {
            folder.chmod(place, mode);
            // A group of one's own is nobody else, but for root.
            if mode == 0o775 && !rustix::process::geteuid().is_root() {
                continue;
            }
            refused(&folder, &[place, &format!("{mode:04o}"), "another user may write it"]);
        }
        folder.chmod(place, 0o755);
    }
    // In a sticky folder nobody takes away what is another's, but anybody can add to it.
    folder.chmod("up", 0o1777);
    folder.mailca("report --template-dir up/own").success();
    folder.chmod("up", 0o755);
    folder.chmod("up/own", 0o1777);
    refused(&folder, &["up/own", "1777", "a folder of your own"]);
    folder.chmod("up/own", 0o755);
    for (_, name) in PRODUCTS {
        folder.chmod(&format!("up/own/{name}"), 0o646);
    }
    refused(&folder, &["0646", "another user may write it", "chmod go-w"]);
}

#[test]
fn what_belongs_to_another_user_is_refused() {
    if !rustix::process::geteuid().is_root() {
        skip("only root can give a file to another user");
        return;
    }
    let folder = with_templates();
    for place in ["up", "up/own"] {
        chown(folder.path(place), Some(OTHER), None).unwrap();
        refused(&folder, &[place, "belongs to another user, uid 65534", "a folder of your own"]);
        chown(folder.path(place), Some(0), None).unwrap();
    }
    for (_, name) in PRODUCTS {
        chown(folder.path(&format!("up/own/{name}")), Some(OTHER), None).unwrap();
    }
    refused(&folder, &["/up/own/", "belongs to another user, uid 65534", "chown root"]);
    // The setting names the same folder.
    let settings = folder.text("demoCA/mailca.toml") + "template-dir = \"../up/own\"\n";
    folder.replace("demoCA/mailca.toml", settings);
    folder.mailca("report").exits(1).says(&["report.html belongs to another user, uid 65534"]);
}

#[test]
fn a_link_of_another_user_is_refused() {
    if !rustix::process::geteuid().is_root() {
        skip("only root can give a link to another user");
        return;
    }
    let folder = with_templates();
    let words = ["is a symbolic link of another user, uid 65534", "make the link yourself"];
    for (_, name) in PRODUCTS {
        let path = folder.path(&format!("up/own/{name}"));
        fs::rename(&path, folder.path(name)).unwrap();
        symlink(folder.path(name), &path).unwrap();
    }
    // One's own are one's own business, as long as they lead to what is.
    folder.mailca("report --template-dir up/own").success();
    for (_, name) in PRODUCTS {
        lchown(folder.path(&format!("up/own/{name}")), Some(OTHER), None).unwrap();
    }
    refused(&folder, &words);
    for (_, name) in PRODUCTS {
        lchown(folder.path(&format!("up/own/{name}")), Some(0), None).unwrap();
        chown(folder.path(name), Some(OTHER), None).unwrap();
    }
    refused(&folder, &["belongs to another user, uid 65534"]);
    fs::rename(folder.path("up"), folder.path("elsewhere")).unwrap();
    symlink("elsewhere", folder.path("up")).unwrap();
    lchown(folder.path("up"), Some(OTHER), None).unwrap();
    refused(&folder, &words);
}

#[test]
fn a_private_key_gets_out_through_none() {
    let folder = with_templates();
    for (_, name) in PRODUCTS {
        let path = folder.path(&format!("up/own/{name}"));
        fs::remove_file(&path).unwrap();
        symlink(folder.path("demoCA/private/cakey.pem"), &path).unwrap();
    }
    refused(&folder, &["a private key", "up/own/"]);
}

#[test]
fn what_is_no_plain_file_is_not_waited_for() {
    need!("mkfifo");
    let folder = with_templates();
    for (_, name) in PRODUCTS {
        fs::remove_file(folder.path(&format!("up/own/{name}"))).ok();
        folder.program("mkfifo", &format!("up/own/{name}")).success();
    }
    for (line, _) in PRODUCTS {
        let run = folder.mailca(line).args(&["--template-dir", "up/own"]);
        run.exits(1).says(&["is not a plain file"]);
    }
}

#[test]
fn another_user_takes_those_of_root() {
    if !rustix::process::geteuid().is_root() {
        skip("only root can be another user");
        return;
    }
    need!("setpriv");
    let folder = with_templates();
    folder.chmod(".", 0o755);
    let other = |gid: u32, line: &str| {
        let options = format!("--reuid 65534 --regid {gid} --clear-groups");
        let words: Vec<_> = line.split(' ').collect();
        folder.program("setpriv", &options).args(&[MAILCA]).args(&words)
    };
    if other(OTHER, "--version").output().status != Some(0) {
        skip("the program is where another user cannot run it");
        return;
    }
    let line = "config postfix --host a.example.com --ca-dir none --template-dir up/own";
    assert_eq!(other(OTHER, line).success().text(), "mine\n");
    // Nor is a group of their own another.
    for name in ["up/own", "up/own/postfix.sh"] {
        chown(folder.path(name), Some(OTHER), Some(OTHER)).unwrap();
        folder.chmod(name, 0o775);
    }
    assert_eq!(other(OTHER, line).success().text(), "mine\n");
    other(1, line).exits(1).says(&["up/own", "0775", "another user may write it"]);
}
