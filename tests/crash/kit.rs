//! `kit`, struck at every step: a whole kit or none, the kit that was there somewhere, and the password beside it.

use std::fs;

use mailca::pki::certificate::Certificate as X509;

use crate::full_disk::at_every_size;
use crate::look;
use crate::strike::{self, Struck};
use crate::support::{Folder, Outcome, Snapshot, mode, need};

struct Case {
    line: &'static str,
    before: fn() -> Folder,
    /// The kit.
    place: &'static str,
    /// Where a kit was before.
    had_one: bool,
}

static CASES: [Case; 4] = [
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
    let _ = look::certificate(&folder.path(&format!("{kit}/cacert.crt")));
    let _ = look::certificate(&folder.path(&format!("{kit}/cacert.pem")));
    if kit == name {
        for entry in fs::read_dir(folder.path(name)).unwrap() {
            assert_eq!(mode(&entry.unwrap().path()), 0o400, "{context}: {name}");
        }
    }
    let opened = ["joe.pw", "new.pw", "old.pw"].iter().find_map(|name| {
        let password = folder.exists(name).then(|| folder.text(name))?;
        mailca::pki::pkcs12::read(&folder.read(&format!("{kit}/joe.p12")), password.trim_end()).ok()
    });
    let contents = opened.unwrap_or_else(|| panic!("{context}: {name}: its password is nowhere"));
    let _ = fs::remove_dir_all(folder.path(".unpacked"));
    let certificates = contents.certificates.iter();
    let certificates = certificates.map(|it| X509::from_der(&it.der).unwrap());
    let own = certificates.filter(|it| it.subject.oneline().ends_with("CN=joe"));
    own.map(|it| it.serial.to_string()).next().unwrap()
}

fn look_and_go_on(case: &Case, folder: &Folder, outcome: &Outcome, context: &str) {
    let context = &format!("{context}: {outcome}");
    let newest = look::certificates(&folder.path("joe/cert.pem"))[0].serial.to_string();
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

/// One of the kits, as a case of the table.
pub fn case(number: usize) -> strike::Case {
    let case = &CASES[number];
    let look =
        |struck: &Struck<'_>| look_and_go_on(case, struck.folder, struck.outcome, struck.context);
    strike::Case { line: case.line, before: case.before, look: Box::new(look) }
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
