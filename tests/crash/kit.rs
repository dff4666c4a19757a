//! `kit`, struck at every step: a whole kit or none, the kit that was there somewhere, and the password beside it.

use std::fs;

use crate::full_disk::at_every_size;
use crate::killed::only_tidies_up;
use crate::support::{Folder, Outcome, Snapshot, mode, need};
use crate::trace::{changing_calls, struck};

struct Case {
    line: &'static str,
    before: fn() -> Folder,
    /// The kit.
    place: &'static str,
    /// Where a kit was before.
    had_one: bool,
}

const CASES: [Case; 4] = [
    Case {
        line: "kit joe --password-out joe.pw --imap a.example --smtp b.example",
        before: with_joe,
        place: "joe-kit",
        had_one: false,
    },
    // For a renewed certificate, signed.
    Case {
        line: "kit joe --password-out new.pw --sign",
        before: renewed,
        place: "joe-kit",
        had_one: true,
    },
    Case {
        line: "kit joe --password-out joe.pw -o joe.zip",
        before: with_joe,
        place: "joe.zip",
        had_one: false,
    },
    Case {
        line: "kit joe --password-out new.pw -o joe.zip",
        before: renewed_in_a_file,
        place: "joe.zip",
        had_one: true,
    },
];

fn with_joe() -> Folder {
    let folder = Folder::with_ca();
    folder.mailca("issue --user joe --email joe@example.com --key-type ecdsa-p256 joe").success();
    folder
}

fn renewed() -> Folder {
    let folder = with_joe();
    folder.mailca("kit joe --password-out old.pw").success();
    folder.mailca("renew joe --profile user").success();
    folder
}

fn renewed_in_a_file() -> Folder {
    let folder = with_joe();
    folder.mailca("kit joe --password-out old.pw -o joe.zip").success();
    folder.mailca("renew joe --profile user").success();
    folder
}

/// The kits under final names, each with the serial number of its certificate; every one is whole, and opens with one
/// of the passwords.
fn kits(folder: &Folder, context: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder.root()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names = names.filter(|name| name.starts_with("joe-kit") || name.starts_with("joe.zip"));
    names.map(|name| (name.clone(), serial(folder, &name, context))).collect()
}

fn serial(folder: &Folder, name: &str, context: &str) -> String {
    let kit = if folder.path(name).is_dir() {
        assert_eq!(mode(&folder.path(name)), 0o700, "{context}: {name}");
        name
    } else {
        assert_eq!(mode(&folder.path(name)), 0o400, "{context}: {name}");
        let _ = fs::remove_dir_all(folder.path(".unpacked"));
        let outcome = folder.program("unzip", "-q -d .unpacked").arg(name).output();
        assert_eq!(outcome.status, Some(0), "{context}: {outcome}");
        ".unpacked/joe-kit"
    };
    let text = |file: &str| folder.read(&format!("{kit}/{file}"));
    assert!(text("joe.html").trim_ascii_end().ends_with(b"</html>"), "{context}: half a page");
    let profile = text("joe.mobileconfig");
    assert!(profile.windows(8).any(|window| window == b"</plist>"), "{context}: half a profile");
    folder.openssl(&format!("x509 -noout -inform DER -in {kit}/cacert.crt")).success();
    folder.openssl(&format!("x509 -noout -in {kit}/cacert.pem")).success();
    if kit == name {
        for entry in fs::read_dir(folder.path(name)).unwrap() {
            assert_eq!(mode(&entry.unwrap().path()), 0o400, "{context}: {name}");
        }
    }
    let line = format!("pkcs12 -clcerts -nokeys -in {kit}/joe.p12 -passin");
    let opened = ["joe.pw", "new.pw", "old.pw"].iter().find_map(|password| {
        let outcome = folder.openssl(&line).arg(&format!("file:{password}")).output();
        (outcome.status == Some(0)).then(|| outcome.text())
    });
    let pem = opened.unwrap_or_else(|| panic!("{context}: {name}: its password is nowhere"));
    let _ = fs::remove_dir_all(folder.path(".unpacked"));
    folder.openssl("x509 -noout -serial").stdin(pem).success().text()
}

fn look_and_go_on(case: &Case, folder: &Folder, outcome: &Outcome, context: &str) {
    let context = &format!("{context}: {outcome}");
    let newest = folder.openssl("x509 -noout -serial -in joe/cert.pem").success().text();
    let there = kits(folder, context);
    // A file that was to give way may have both of its names for now, or the other one twice.
    let old_is_there = |kits: &[(String, String)]| kits.iter().any(|kit| kit.1 != newest);
    assert_eq!(old_is_there(&there), case.had_one, "{context}: the old kit is gone");
    let second = folder.mailca(case.line).output();
    let done = there.contains(&(case.place.to_owned(), newest.clone()));
    assert_eq!(second.status, Some(i32::from(done)), "{context}\nand then {second}");
    let there = kits(folder, context);
    assert!(there.contains(&(case.place.to_owned(), newest.clone())), "{context}: {there:?}");
    assert_eq!(old_is_there(&there), case.had_one, "{context}: the old kit is gone");
    assert_eq!(there.iter().filter(|kit| kit.1 == newest).count(), 1, "{context}: {there:?}");
    let files = Snapshot::of(folder.root()).files();
    let hidden = |name: &&String| name.split('/').any(|part| part.starts_with('.'));
    let hidden: Vec<_> = files.iter().filter(hidden).filter(|name| *name != ".filler").collect();
    assert!(hidden.is_empty() || done, "{context}: left behind: {hidden:?}");
}

fn struck_everywhere(case: &Case, by: &str, status: i32) {
    let before = (case.before)();
    let start = Snapshot::of(before.root());
    let copy = || Folder::copy_of(&start);
    for call in changing_calls(&copy(), case.line) {
        let folder = copy();
        let outcome = struck(&folder, case.line, &call, by);
        let context = format!("{} struck by {by} at {} {}", case.line, call.name, call.line);
        let passed_over = status == 1 && only_tidies_up(&call) && outcome.status == Some(0);
        assert!(passed_over || outcome.status == Some(status), "{context}: {outcome}");
        look_and_go_on(case, &folder, &outcome, &context);
    }
}

macro_rules! at_every_step {
    ($($name:ident: $number:literal,)+) => {
        mod killed {
            $(#[test]
            fn $name() {
                crate::support::need!("strace", "openssl", "unzip");
                super::struck_everywhere(&super::CASES[$number], "signal=KILL", 137);
            })+
        }
        mod no_space {
            $(#[test]
            fn $name() {
                crate::support::need!("strace", "openssl", "unzip");
                super::struck_everywhere(&super::CASES[$number], "error=ENOSPC", 1);
            })+
        }
    };
}

at_every_step! {
    a_first_folder: 0,
    a_folder_after_a_renewal: 1,
    a_first_file: 2,
    a_file_after_a_renewal: 3,
}

#[test]
fn a_full_disk_leaves_a_whole_kit_or_none() {
    need!("unshare", "openssl", "unzip");
    for case in &CASES {
        at_every_size(case.before, case.line, |after, outcome, context| {
            look_and_go_on(case, after, outcome, context);
        });
    }
}
