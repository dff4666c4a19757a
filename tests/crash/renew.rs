//! `renew`, struck at every step: a server finds the old pair or the new one, no key is lost, and the same
//! command brings it to its end with one new certificate.

use std::fs;

use crate::full_disk::at_every_size;
use crate::look;
use crate::strike::{self, Struck};
use crate::support::{Certificate, Folder, Snapshot, need};

/// A renewal.
struct Case {
    line: &'static str,
    /// The folder of the certificate.
    name: &'static str,
    before: fn() -> Folder,
}

static CASES: [Case; 6] = [
    Case { line: "renew mail", name: "mail", before: with_host },
    Case { line: "renew --new-key mail", name: "mail", before: with_host },
    Case { line: "renew mail", name: "mail", before: with_next_key },
    Case { line: "renew --new-key", name: ".", before: in_current_folder },
    Case { line: "renew --revoke-old mail", name: "mail", before: with_host },
    Case { line: "renew --expiring 30d", name: "mail", before: with_due_host },
];

fn with_host() -> Folder {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com mail").success();
    folder
}

fn with_next_key() -> Folder {
    let folder = with_host();
    folder.mailca("newreq --next-key mail").success();
    folder
}

fn in_current_folder() -> Folder {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com").success();
    folder
}

fn with_due_host() -> Folder {
    let folder = Folder::with_ca();
    folder.dated_host("mail", -340, 25);
    folder
}

fn serial(folder: &Folder, name: &str) -> String {
    Certificate::read(&folder.path(name).join("cert.pem")).serial
}

fn is_noted(folder: &Folder) -> bool {
    let pending = fs::read_dir(folder.path("demoCA/pending"));
    pending.is_ok_and(|mut entries| entries.next().is_some())
}

/// The private keys in a folder, under whatever name but that of a file that is only being written.
fn keys(folder: &Folder) -> Vec<Vec<u8>> {
    let files = Snapshot::of(folder.root()).files().into_iter();
    let files = files.filter(|name| !name.ends_with(".mailca-tmp"));
    let contents = files.filter_map(|name| fs::read(folder.path(&name)).ok());
    contents.filter(|content| content.starts_with(b"-----BEGIN PRIVATE KEY")).collect()
}

/// What must hold at every moment, whoever reads the folder.
fn is_sound(folder: &Folder, name: &str, context: &str) {
    let path = |file: &str| folder.path(name).join(file);
    let key = look::key(&path("key.pem"));
    let certificate = look::certificate(&path("cert.pem"));
    assert_eq!(key, certificate, "{context}: key.pem and cert.pem are no pair");
    assert_eq!(key, look::request(&path("req.pem")), "{context}");
    assert!(look::is_issued_by(&path("cert.pem"), &folder.path("demoCA/cacert.pem")), "{context}");
    let serial = serial(folder, name);
    assert!(crate::job::serials(folder).contains(&serial), "{context}: not in index.txt");
    for file in ["key.pem", "next-key.pem", "req.pem", "cert.pem", "cacert.pem"] {
        use std::os::unix::fs::PermissionsExt;
        if let Ok(there) = fs::metadata(path(file)) {
            assert_eq!(there.permissions().mode() & 0o7777, 0o400, "{context}: {file}");
            assert!(fs::read(path(file)).unwrap().ends_with(b"-----\n"), "{context}: half {file}");
        }
    }
}

/// Looks at a folder in which the renewal was struck, and brings it to its end.
fn look_and_go_on(case: &Case, struck: &Struck<'_>) {
    let Case { line, name, .. } = case;
    let Struck { before, folder, outcome, context } = struck;
    let context = &format!("{context}: {outcome}");
    is_sound(folder, name, context);
    let known: Vec<_> = keys(before).into_iter().chain(keys(folder)).collect();
    let old = serial(before, name);
    // Where it came to its end, it is not done a second time.
    let is_over = serial(folder, name) != old && !is_noted(folder);
    assert!(outcome.status != Some(0) || is_over, "{context}: not at its end");
    let mut words = String::new();
    if !is_over {
        let again = folder.mailca(line).output();
        assert_eq!(again.status, Some(0), "{context}\nand then {again}");
        words = again.to_string();
    }
    let context = &format!("{context}\nand then {words}");
    is_sound(folder, name, context);
    let rows = folder.index();
    assert_eq!(rows.len(), 3, "{context}: {rows:?}");
    assert_eq!(rows[2][3], serial(folder, name), "{context}");
    assert_ne!(rows[2][3], old, "{context}");
    let revoked = line.contains("--revoke-old");
    assert_eq!(rows[1][0], if revoked { "R" } else { "V" }, "{context}");
    assert!(!is_noted(folder), "{context}");
    assert!(fs::symlink_metadata(folder.path(name).join("next-key.pem")).is_err(), "{context}");
    let left = keys(folder);
    assert!(known.iter().all(|key| left.contains(key)), "{context}: a key is lost");
    let files = Snapshot::of(folder.root()).files();
    let hidden = |name: &&String| name.split('/').any(|part| part.starts_with('.'));
    let hidden: Vec<_> = files.iter().filter(hidden).filter(|name| *name != ".filler").collect();
    assert!(hidden.is_empty(), "{context}: left behind: {hidden:?}");
}

/// One of the renewals, as a case of the table.
pub fn case(number: usize) -> strike::Case {
    let case = &CASES[number];
    let look = |struck: &Struck<'_>| look_and_go_on(case, struck);
    strike::Case { line: case.line, before: case.before, look: Box::new(look) }
}

#[test]
fn a_full_disk_leaves_the_old_pair_or_the_new_one() {
    need!("unshare", "openssl");
    for case in [&CASES[0], &CASES[1]] {
        at_every_size(case.before, case.line, |after, outcome, context| {
            is_sound(after, case.name, context);
            let rows = after.index().len();
            if outcome.status == Some(0) || (rows == 3 && !is_noted(after)) {
                return;
            }
            let known = keys(after);
            let again = after.mailca(case.line).output();
            assert_eq!(again.status, Some(0), "{context}\nand then {again}");
            is_sound(after, case.name, context);
            assert_eq!(after.index().len(), 3, "{context}\nand then {again}");
            let left = keys(after);
            assert!(known.iter().all(|key| left.contains(key)), "{context}: a key is lost");
        });
    }
}

/// Two at once: one new certificate for each that says it made one, and a pair in the end.
#[test]
fn two_at_once_leave_a_pair() {
    need!("openssl");
    for line in ["renew mail", "renew --new-key mail"] {
        let folder = with_host();
        let runs: Vec<_> = (0..6)
            .map(|_| {
                let run = folder.mailca(line);
                std::thread::spawn(move || run.output())
            })
            .collect();
        let outcomes: Vec<_> = runs.into_iter().map(|run| run.join().unwrap()).collect();
        let text: String = outcomes.iter().map(ToString::to_string).collect();
        assert!(outcomes.iter().all(|outcome| matches!(outcome.status, Some(0 | 1))), "{text}");
        assert!(outcomes.iter().any(|outcome| outcome.status == Some(0)), "{text}");
        is_sound(&folder, "mail", &text);
        let serials: std::collections::BTreeSet<_> =
            folder.index().iter().map(|row| row[3].clone()).collect();
        assert_eq!(serials.len(), folder.index().len(), "{text}");
        folder.mailca(line).success();
        is_sound(&folder, "mail", &text);
    }
}
