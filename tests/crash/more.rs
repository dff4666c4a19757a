//! More commands that write: those that take over, hand out and keep aside, the maps, and the calls of CA.pl.

use std::fs;

use crate::job::{Job, keys, nothing_is_half_done, serials, with_hosts, with_user};
use crate::look;
use crate::strike::{Case, Struck, plain};
use crate::support::{Certificate, Folder, Snapshot, mode};

pub static JOBS: [Job; 8] = [
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

fn contents(folder: &Folder) -> Vec<Vec<u8>> {
    let files = Snapshot::of(folder.root()).files();
    files.iter().filter_map(|name| fs::read(folder.path(name)).ok()).collect()
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

/// A call of CA.pl. It puts new files in the place of old ones as well, and keeps those.
pub fn ca_pl(line: &'static str, before: fn() -> Folder, done: fn(&Folder)) -> Case {
    let look = move |struck: &Struck<'_>| {
        let Struck { folder, context, .. } = struck;
        let is_key = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).contains("END PRIVATE KEY");
        let files = Snapshot::of(folder.root()).files();
        let named = files.iter().filter(|name| !name.split('/').any(|it| it.starts_with('.')));
        let known = named.filter_map(|name| fs::read(folder.path(name)).ok()).filter(is_key);
        let known: Vec<_> = known.collect();
        let recorded = serials(folder);
        let outcome = plain(folder, line);
        assert!(matches!(outcome.status, Some(0 | 1)), "{context}: {outcome}");
        let kept = contents(folder);
        assert!(known.iter().all(|key| kept.contains(key)), "{context}: a key is lost: {outcome}");
        assert!(recorded.is_subset(&serials(folder)), "{context}: a row is lost: {outcome}");
        let files = Snapshot::of(folder.root()).files();
        let hidden = |name: &&String| name.split('/').any(|part| part.starts_with('.'));
        assert_eq!(files.iter().find(hidden), None, "{context}: left behind: {outcome}");
        done(folder);
        let outcome = plain(folder, "CA.pl -crl");
        assert_eq!(outcome.status, Some(0), "{context}: {outcome}");
        folder.mailca("doctor").success();
    };
    Case { line, before, look: Box::new(look) }
}

const ANSWERS: &str = "DE\n\n.\nExample\n\nmail.example.com\n\n\n\n";

pub fn with_answers() -> Folder {
    let folder = Folder::with_ca();
    folder.write("answers", ANSWERS);
    folder.write("yes", "y\ny\n");
    folder
}

pub fn with_ca_pl_request() -> Folder {
    let folder = with_answers();
    let outcome = plain(&folder, "CA.pl -newreq-nodes < answers");
    assert_eq!(outcome.status, Some(0), "{outcome}");
    folder
}

pub fn with_ca_pl_certificate() -> Folder {
    let folder = with_ca_pl_request();
    let outcome = plain(&folder, "CA.pl -sign < yes");
    assert_eq!(outcome.status, Some(0), "{outcome}");
    folder
}

pub fn ca_pl_request_is_whole(folder: &Folder) {
    assert_eq!(look::key(&folder.path("newkey.pem")), look::request(&folder.path("newreq.pem")));
}

pub fn ca_pl_certificate_is_whole(folder: &Folder) {
    assert_eq!(
        look::key(&folder.path("newkey.pem")),
        look::certificate(&folder.path("newcert.pem"))
    );
    let serial = Certificate::read(&folder.path("newcert.pem")).serial;
    assert!(serials(folder).contains(&serial));
}

pub fn ca_pl_revocation_is_whole(folder: &Folder) {
    let serial = Certificate::read(&folder.path("newcert.pem")).serial;
    let row = folder.index().into_iter().find(|row| row[3] == serial).unwrap();
    assert_eq!(row[0], "R");
}

pub fn ca_pl_list_is_whole(folder: &Folder) {
    let _ = look::list(&folder.path("demoCA/crl/crl.pem"), &folder.path("demoCA/cacert.pem"));
}
