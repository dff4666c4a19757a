//! More commands that write: those that take over, hand out and keep aside, and the maps.

use std::fs;

use crate::job::{Job, keys, nothing_is_half_done, serials, with_hosts, with_user};
use crate::look;
use crate::strike::{Case, Struck};
use crate::support::{Certificate, Folder, Snapshot, mode};

pub static JOBS: [Job; 9] = [
    Job {
        line: "newca --from old/cacert.pem old/private/cakey.pem",
        before: with_old_ca,
        done: old_ca_works,
    },
    Job { line: "newca --from old/users", before: with_intermediate, done: intermediate_works },
    Job { line: "newreq --next-key a", before: with_hosts, done: next_key_is_whole },
    Job {
        line: "export-p12 joeuser --generate-password --password-out joeuser.password",
        before: with_user,
        done: bundle_opens,
    },
    Job { line: "access-map --for exim --all -o map", before: with_user, done: map_is_whole },
    Job {
        line: "quickstart --host mail.example.com --user joe --email joe@example.com --dir new",
        before: Folder::empty,
        done: all_is_there,
    },
    Job { line: "install mail --forget", before: with_installed, done: it_is_forgotten },
    Job { line: "doctor --fix", before: without_certificate, done: certificate_is_back },
    Job { line: "man pages", before: Folder::empty, done: pages_are_there },
];

fn with_old_ca() -> Folder {
    let folder = Folder::with_ca();
    fs::rename(folder.path("demoCA"), folder.path("old")).unwrap();
    folder
}

fn with_intermediate() -> Folder {
    let folder = Folder::empty();
    folder.mkdir("old");
    folder.mailca("newca --cn Root --path-len 1 --ca-dir old/ca").success();
    let within = |line: &str| folder.mailca(line).within("old").success();
    within("newreq --profile ca --cn Users users");
    within("sign users --profile ca --ca-dir ca");
    folder
}

fn with_installed() -> Folder {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com mail").success();
    folder.mkdir("etc");
    folder.mailca("install mail --for dovecot --to etc/pf").success();
    folder
}

fn without_certificate() -> Folder {
    let folder = with_user();
    fs::remove_file(folder.path("demoCA/cacert.pem")).unwrap();
    folder
}

fn works(folder: &Folder) {
    folder.mailca("issue --cn probe.example.com probe").success();
    folder.mailca("verify probe/cert.pem").success();
    folder.mailca("doctor").success();
}

fn old_ca_works(folder: &Folder) {
    for name in ["cacert.pem", "private/cakey.pem"] {
        let [old, new] = ["old", "demoCA"].map(|ca| folder.path(ca).join(name));
        if name == "cacert.pem" {
            assert_eq!(look::certificate(&old), look::certificate(&new));
        } else {
            assert_eq!(look::key(&old), look::key(&new));
        }
    }
    works(folder);
}

fn intermediate_works(folder: &Folder) {
    let [key, own] = ["old/users/key.pem", "demoCA/private/cakey.pem"];
    assert_eq!(look::key(&folder.path(key)), look::key(&folder.path(own)));
    works(folder);
}

fn next_key_is_whole(folder: &Folder) {
    let _ = look::key(&folder.path("a/next-key.pem"));
    assert_eq!(mode(&folder.path("a/next-key.pem")), 0o400);
    folder.mailca("renew a").success();
}

fn bundle_opens(folder: &Folder) {
    let password = folder.text("joeuser.password");
    assert!(look::opens(&folder.path("joeuser.p12"), password.trim_end()));
}

fn map_is_whole(folder: &Folder) {
    let map = folder.text("map");
    assert!(map.starts_with('#') && map.ends_with('\n') && map.contains("joeuser"), "{map}");
}

fn all_is_there(folder: &Folder) {
    let password = Snapshot::of(folder.root()).files();
    let password = password.iter().find(|name| name.ends_with("password")).unwrap();
    let text = folder.text(password);
    assert!(look::opens(&folder.path("new/joe.p12"), text.trim_end()));
    let verify = "verify mail.example.com/cert.pem --host mail.example.com";
    folder.mailca(verify).within("new").success();
    // What was delivered and is not noted as recorded to the end is finished by whoever takes the lock next.
    folder.mailca("doctor --fix").within("new").success();
    folder.mailca("doctor").within("new").success();
    let rows = fs::read_to_string(folder.path("new/demoCA/index.txt")).unwrap();
    assert_eq!(rows.lines().count(), 3, "{rows}");
}

fn it_is_forgotten(folder: &Folder) {
    let left = fs::read_to_string(folder.path("mail/install.toml")).unwrap_or_default();
    assert!(!left.contains("[[target]]"), "{left}");
    assert!(folder.exists("etc/pf/key.pem"));
}

fn pages_are_there(folder: &Folder) {
    static FIRST: std::sync::LazyLock<Vec<Vec<u8>>> = std::sync::LazyLock::new(|| {
        let folder = Folder::empty();
        folder.mailca("man pages").success();
        contents(&folder)
    });
    assert!(FIRST.len() > 20 && contents(folder) == *FIRST, "pages are lost or half");
}

fn certificate_is_back(folder: &Folder) {
    works(folder);
}

/// `--force` puts new files in the place of old ones: at every moment each key that there was, and
/// each that has been given its name, is in some file.
pub fn forced(line: &'static str) -> Case {
    let look = move |struck: &Struck<'_>| {
        let Struck { before, folder, context, .. } = struck;
        nothing_is_half_done(folder, context);
        let old = ["key.pem", "req.pem", "cert.pem"].map(|name| before.read(name));
        let middle = keys(folder);
        folder.mailca(line).success();
        let kept = contents(folder);
        for bytes in old.iter().chain(middle.iter().map(|(_, bytes)| bytes)) {
            assert!(kept.contains(bytes), "{context}: lost: {}", String::from_utf8_lossy(bytes));
        }
        if !line.starts_with("newreq") {
            folder.mailca("verify cert.pem --host mail.example.com").success();
        }
        let files = Snapshot::of(folder.root()).files();
        let hidden = |name: &&String| name.split('/').any(|part| part.starts_with('.'));
        assert_eq!(files.iter().find(hidden), None, "{context}: left behind");
    };
    Case { line, before: with_issued, look: Box::new(look) }
}

fn with_issued() -> Folder {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com").success();
    folder
}

pub fn contents(folder: &Folder) -> Vec<Vec<u8>> {
    let files = Snapshot::of(folder.root()).files();
    files.iter().filter_map(|name| fs::read(folder.path(name)).ok()).collect()
}

/// So it is with the renewal of a certificate that is in a file of its own.
pub fn renewal_in_a_file() -> Case {
    let line = "renew other.cert.pem -o new.pem";
    let look = move |struck: &Struck<'_>| {
        let Struck { before, folder, context, .. } = struck;
        nothing_is_half_done(folder, context);
        let delivered = folder.exists("new.pem");
        let rows = serials(folder);
        let outcome = folder.mailca(line).output();
        assert!(delivered || outcome.status == Some(0), "{context}: {outcome}");
        assert_eq!(folder.index().len(), 3, "{context}: {outcome}");
        let new = Certificate::read(&folder.path("new.pem"));
        assert!(rows.len() < 3 || rows.contains(&new.serial), "{context}: {outcome}");
        let old = before.read("other.cert.pem");
        assert_eq!(folder.read("other.cert.pem"), old, "{context}: {outcome}");
        assert_eq!(new.spki, Certificate::read(&before.path("other.cert.pem")).spki, "{context}");
    };
    let before = || {
        let folder = Folder::with_ca();
        folder.simple_request("other", "/CN=mail.example.com", "DNS:mail.example.com");
        folder.mailca("sign other.csr --profile server --yes").success();
        folder
    };
    Case { line, before, look: Box::new(look) }
}

/// A request of somebody else's, whose certificate goes to a file of its own, is not signed twice either.
pub fn foreign() -> Case {
    let line = "sign other.csr --profile server --yes";
    let look = move |struck: &Struck<'_>| {
        let Struck { folder, context, .. } = struck;
        let delivered = folder.exists("other.cert.pem");
        let rows = serials(folder);
        let outcome = folder.mailca(line).output();
        assert!(delivered || outcome.status == Some(0), "{context}: {outcome}");
        assert_eq!(folder.index().len(), 2, "{context}: {outcome}");
        let serial = Certificate::read(&folder.path("other.cert.pem")).serial;
        assert!(rows.len() < 2 || rows.contains(&serial), "{context}: {outcome}");
    };
    let before = || {
        let folder = Folder::with_ca();
        folder.simple_request("other", "/CN=mail.example.com", "DNS:mail.example.com");
        folder
    };
    Case { line, before, look: Box::new(look) }
}
