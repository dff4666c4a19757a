//! `install`, struck at every step: the server finds the old pair or the new one, no key is lost, and the same
//! command, or the timer's, brings it to its end.

use std::fs;

use crate::full_disk::at_every_size;
use crate::look;
use crate::strike::{self, Struck};
use crate::support::{Folder, Outcome, Snapshot, need};

/// An installation, or what brings one about.
struct Case {
    line: &'static str,
    before: fn() -> Folder,
    /// The command that brings it to its end.
    again: &'static str,
}

/// The owner is left to whoever runs it.
const TO: &str = "etc/pf";

static CASES: [Case; 5] = [
    // A first one, over the pair of somebody else.
    Case { line: "install mail --for dovecot --to etc/pf", before: with_foreign_pair, again: SAME },
    // A first one into nothing.
    Case { line: "install mail --for sendmail --to etc/pf", before: with_host, again: SAME },
    // One whose folder has another key now.
    Case { line: "install mail", before: with_new_key, again: "renew --expiring 5d" },
    Case { line: "renew --new-key mail", before: with_installed, again: "renew --expiring 5d" },
    // One that the server does not take.
    Case { line: "install mail", before: with_refusing_server, again: "install mail" },
];

/// The same command once more.
const SAME: &str = "";

fn with_host() -> Folder {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com mail").success();
    folder.mailca("crl").success();
    folder.mkdir("etc");
    folder
}

fn with_foreign_pair() -> Folder {
    let folder = with_host();
    let other = Folder::with_ca_of("ed25519");
    other.mailca("issue --cn mail.example.com mail").success();
    folder.mkdir(TO);
    folder.chmod(TO, 0o700);
    for name in ["key.pem", "cert.pem", "cacert.pem"] {
        folder.write(&format!("{TO}/{name}"), other.read(&format!("mail/{name}")));
        folder.chmod(&format!("{TO}/{name}"), 0o400);
    }
    folder
}

fn with_installed() -> Folder {
    let folder = with_host();
    folder.mailca("install mail --for dovecot --to etc/pf --reload true").success();
    folder
}

fn with_new_key() -> Folder {
    let folder = with_installed();
    fs::rename(folder.path("mail/install.toml"), folder.path("aside")).unwrap();
    folder.mailca("renew --new-key mail").success();
    fs::rename(folder.path("aside"), folder.path("mail/install.toml")).unwrap();
    folder
}

fn with_refusing_server() -> Folder {
    let folder = with_new_key();
    let text = folder.text("mail/install.toml").replace("\"true\"", "\"test -e works\"");
    folder.write("mail/install.toml", text);
    folder
}

/// All private keys that some file holds.
fn keys(folder: &Folder) -> Vec<Vec<u8>> {
    let files = Snapshot::of(folder.root()).files().into_iter();
    let files = files.filter(|name| !name.ends_with(".mailca-tmp"));
    let contents = files.filter_map(|name| fs::read(folder.path(&name)).ok());
    contents.filter(|content| content.starts_with(b"-----BEGIN PRIVATE KEY")).collect()
}

/// The public key of the pair in the server's folder, where there is one; never half of it.
fn pair(folder: &Folder, context: &str) -> Option<Vec<u8>> {
    let has = |name: &str| folder.path(TO).join(name).exists();
    if !has("key.pem") && !has("cert.pem") {
        return None;
    }
    let path = |name: &str| folder.path(TO).join(name);
    let key = look::key(&path("key.pem"));
    let certificate = look::certificate(&path("cert.pem"));
    assert_eq!(key, certificate, "{context}: key.pem and cert.pem are no pair");
    assert!(look::is_issued_by(&path("cert.pem"), &path("cacert.pem")), "{context}");
    for name in ["key.pem", "cert.pem", "cacert.pem"] {
        use std::os::unix::fs::PermissionsExt;
        let there = fs::metadata(folder.path(TO).join(name)).unwrap();
        assert_eq!(there.permissions().mode() & 0o7777, 0o400, "{context}: {name}");
    }
    Some(key)
}

fn look_and_go_on(case: &Case, before: &Folder, folder: &Folder, outcome: &Outcome, context: &str) {
    let context = &format!("{context}: {outcome}");
    let old = pair(before, context);
    let now = pair(folder, context);
    let new = look::certificate(&folder.path("mail/cert.pem"));
    assert!(now == old || now.as_ref() == Some(&new), "{context}: a third pair");
    let known: Vec<_> = keys(before).into_iter().chain(keys(folder)).collect();
    folder.write("works", "");
    let again = if case.again == SAME { case.line } else { case.again };
    // What was renewed is not renewed twice; one that never came to that is.
    let is_renewal = case.line.starts_with("renew");
    let line =
        if is_renewal && now == old && Some(&new) == old.as_ref() { case.line } else { again };
    let second = folder.mailca(line).output();
    assert_eq!(second.status, Some(0), "{context}\nand then {second}");
    let context = &format!("{context}\nand then {second}");
    let new = look::certificate(&folder.path("mail/cert.pem"));
    assert_eq!(pair(folder, context).as_ref(), Some(&new), "{context}");
    let left = keys(folder);
    assert!(known.iter().all(|key| left.contains(key)), "{context}: a key is lost");
    let remembered = folder.text("mail/install.toml");
    assert!(!remembered.contains("unfinished"), "{context}: {remembered}");
    assert_eq!(remembered.matches("[[target]]").count(), 1, "{context}: {remembered}");
    let files = Snapshot::of(folder.root()).files();
    let hidden = |name: &&String| name.split('/').any(|part| part.starts_with('.'));
    let hidden: Vec<_> = files.iter().filter(hidden).filter(|name| *name != ".filler").collect();
    assert!(hidden.is_empty(), "{context}: left behind: {hidden:?}");
    let kept = files.iter().filter(|name| name.starts_with("etc/pf/key.pem.")).count();
    assert!(kept <= 1, "{context}: the same key is kept {kept} times");
}

/// One of the installations, as a case of the table.
pub fn case(number: usize) -> strike::Case {
    let case = &CASES[number];
    let look = |struck: &Struck<'_>| {
        look_and_go_on(case, struck.before, struck.folder, struck.outcome, struck.context);
    };
    strike::Case { line: case.line, before: case.before, look: Box::new(look) }
}

#[test]
fn a_full_disk_leaves_the_old_pair_or_the_new_one() {
    need!("unshare", "openssl");
    let case = &CASES[0];
    at_every_size(case.before, case.line, |after, outcome, context| {
        // Whichever it is, it is a pair.
        let now = pair(after, context);
        assert!(now.is_some(), "{context}: the old pair is gone");
        let new = look::certificate(&after.path("mail/cert.pem"));
        let is_new = now.as_ref() == Some(&new);
        assert!(outcome.status != Some(0) || is_new, "{context}");
        let known = keys(after);
        if after.exists("mail/install.toml") {
            fs::remove_file(after.path("mail/install.toml")).unwrap();
        }
        after.mailca(case.line).success();
        let left = keys(after);
        assert!(known.iter().all(|key| left.contains(key)), "{context}: a key is lost");
        assert_eq!(pair(after, context), Some(new), "{context}");
    });
}
