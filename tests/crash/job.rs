//! The commands that write, what must hold of a folder in which one was struck, and at its end.

use std::collections::BTreeSet;
use std::fs;

use crate::keeping::OLD_PAGE;
use crate::look;
use crate::strike::{Case, Struck};
use crate::support::{Certificate, Folder, Snapshot, mode};

/// A command that writes files, and that one may give again.
pub struct Job {
    pub line: &'static str,
    /// The folder before it.
    pub before: fn() -> Folder,
    /// What must hold when it has done its work, at whichever try.
    pub done: fn(&Folder),
}

impl Job {
    /// The same as a case of the table.
    pub fn case(&'static self) -> Case {
        let look = |struck: &Struck<'_>| {
            nothing_is_half_done(struck.folder, struck.context);
            run_again(self, struck.folder, struck.context);
        };
        Case { line: self.line, before: self.before, look: Box::new(look) }
    }
}

/// The commands of the main job, and those that revoke.
pub static JOBS: [Job; 10] = [
    Job { line: "newca --cn Test", before: Folder::empty, done: ca_is_whole },
    Job { line: "newreq --cn mail.example.com", before: Folder::with_ca, done: request_is_whole },
    Job { line: "sign", before: Folder::with_request, done: certificate_is_whole },
    Job {
        line: "issue --cn mail.example.com",
        before: Folder::with_ca,
        done: certificate_is_whole,
    },
    Job {
        line: "issue --user joe --email joe@example.com --key-type ecdsa-p256 joe",
        before: Folder::with_ca,
        done: person_is_whole,
    },
    Job {
        line: "export-p12 joeuser --password-file pw --iterations 2048 -o joe.p12",
        before: user_with_password,
        done: p12_is_whole,
    },
    Job {
        line: "revoke a --reason superseded --crl",
        before: with_hosts,
        done: revocation_is_whole,
    },
    Job {
        line: "crl --der --publish www/crl.pem --hash-dir www",
        before: with_list,
        done: lists_are_whole,
    },
    Job {
        line: "revoke joeuser --reason superseded --crl",
        before: user_in_a_map,
        done: map_is_whole,
    },
    Job {
        line: "revoke --user joeuser --reason privilegeWithdrawn --crl",
        before: user_twice_in_a_map,
        done: person_is_out,
    },
];

/// A CA, and hosts in the folders `a` and `b`.
pub fn with_hosts() -> Folder {
    let folder = Folder::with_ca();
    for name in ["a", "b"] {
        folder.mailca(&format!("issue --cn {name}.example.com {name}")).success();
    }
    folder
}

/// The same with `a` revoked, and a list from before that everywhere but in the hash folder.
fn with_list() -> Folder {
    let folder = with_hosts();
    folder.mkdir("www");
    folder.mailca("crl --der --publish www/crl.pem").success();
    folder.mailca("revoke a --reason superseded").success();
    folder
}

/// A CA, and a person in the folder `joeuser`.
pub fn with_user() -> Folder {
    let folder = Folder::with_ca();
    folder
        .mailca("issue --user joeuser --email joe@example.com --key-type ecdsa-p256 joeuser")
        .success();
    folder
}

fn user_with_password() -> Folder {
    let folder = with_user();
    folder.write("pw", "correct horse\n");
    folder
}

/// With an access map that follows, in which joeuser is.
fn user_in_a_map() -> Folder {
    let folder = user_with_password();
    let settings = folder.text("demoCA/mailca.toml") + "access-maps = [\"exim:../map\"]\n";
    folder.replace("demoCA/mailca.toml", settings);
    folder.mailca("crl").success();
    assert!(folder.text("map").contains("joeuser"));
    folder
}

/// The same with two certificates, which are revoked at one moment.
fn user_twice_in_a_map() -> Folder {
    let folder = user_in_a_map();
    folder
        .mailca("issue --user joeuser --email joe@example.com --key-type ecdsa-p256 telephone")
        .success();
    assert_eq!(folder.text("map").matches("joeuser").count(), 2);
    folder
}

fn person_is_out(folder: &Folder) {
    let states: Vec<_> = folder.index().iter().map(|row| row[0].clone()).collect();
    assert_eq!(states, ["V", "R", "R"]);
    let list = revoked(folder, "demoCA/crl.pem");
    assert_eq!(
        list.iter().map(|(_, reason)| *reason).collect::<Vec<_>>(),
        ["privilegeWithdrawn"; 2]
    );
    let map = folder.text("map");
    assert!(map.starts_with('#') && map.ends_with('\n') && !map.contains("joeuser"), "{map}");
    assert!(!folder.exists("demoCA/access-maps.due"));
}

fn map_is_whole(folder: &Folder) {
    assert_eq!(folder.index()[1][0], "R");
    let map = folder.text("map");
    assert!(map.starts_with('#') && map.ends_with('\n') && !map.contains("joeuser"), "{map}");
    assert!(!folder.exists("demoCA/access-maps.due"));
}

/// The serials in a list of the CA's, with their reasons.
fn revoked(folder: &Folder, name: &str) -> Vec<(String, &'static str)> {
    let list = look::list(&folder.path(name), &folder.path("demoCA/cacert.pem"));
    let entries = list.entries().unwrap().into_iter();
    entries.map(|(serial, it)| (serial.to_string(), it.reason.name())).collect()
}

fn ca_is_whole(folder: &Folder) {
    let certificate = folder.path("demoCA/cacert.pem");
    assert!(look::is_issued_by(&certificate, &certificate));
    let key = look::key(&folder.path("demoCA/private/cakey.pem"));
    assert_eq!(key, look::certificate(&certificate));
    assert_eq!(folder.index().len(), 1);
    folder.mailca("issue --cn probe.example.com probe").success();
    folder.openssl("ca -config demoCA/openssl.cnf -gencrl -out probe.crl").success();
}

fn request_is_whole(folder: &Folder) {
    assert_eq!(look::key(&folder.path("key.pem")), look::request(&folder.path("req.pem")));
}

fn certificate_is_whole(folder: &Folder) {
    delivered(folder, ".");
}

fn person_is_whole(folder: &Folder) {
    delivered(folder, "joe");
}

fn delivered(folder: &Folder, name: &str) {
    let cert = format!("{name}/cert.pem");
    let key = look::key(&folder.path(&format!("{name}/key.pem")));
    assert_eq!(key, look::certificate(&folder.path(&cert)));
    assert!(look::is_issued_by(&folder.path(&cert), &folder.path("demoCA/cacert.pem")));
    assert_eq!(folder.read(&format!("{name}/cacert.pem")), folder.read("demoCA/cacert.pem"));
    let rows = folder.index();
    assert_eq!(rows.len(), 2, "issued twice, or not recorded: {rows:?}");
    assert_eq!(rows[1][3], Certificate::read(&folder.path(&cert)).serial);
}

fn p12_is_whole(folder: &Folder) {
    assert!(look::opens(&folder.path("joe.p12"), folder.text("pw").trim_end()));
}

fn revocation_is_whole(folder: &Folder) {
    let states: Vec<_> = folder.index().iter().map(|row| row[0].clone()).collect();
    assert_eq!(states, ["V", "R", "V"]);
    let serial = Certificate::read(&folder.path("a/cert.pem")).serial;
    assert_eq!(revoked(folder, "demoCA/crl.pem"), [(serial, "superseded")]);
}

fn lists_are_whole(folder: &Folder) {
    revocation_is_whole(folder);
    let list = folder.read("demoCA/crl.pem");
    let issuers = folder.path("demoCA/cacert.pem");
    let in_der = look::list(&folder.path("demoCA/crl.der"), &issuers);
    assert_eq!(in_der.as_der(), look::list(&folder.path("demoCA/crl.pem"), &issuers).as_der());
    assert_eq!(folder.read("www/crl.pem"), list);
    let hashed = |name: &&String| name.strip_prefix("www/").is_some_and(|it| it.contains(".r"));
    let files = Snapshot::of(folder.root()).files();
    let hashed: Vec<_> = files.iter().filter(hashed).collect();
    assert_eq!(hashed.len(), 1, "{files:?}");
    assert_eq!(folder.read(hashed[0]), list);
}

/// What must hold whenever a command was struck: every file under a final name is complete, with
/// its final mode, and nothing has left the CA that it does not know.
pub fn nothing_is_half_done(folder: &Folder, context: &str) {
    for name in Snapshot::of(folder.root()).files() {
        // The hash links, too, lead to files that are looked at themselves.
        if name.split('/').any(|part| part.starts_with('.')) || folder.path(&name).is_symlink() {
            continue; // a temporary file is under no final name
        }
        let base = name.rsplit('/').next().unwrap();
        let bytes = folder.read(&name);
        if std::path::Path::new(base).extension().is_some_and(|end| end == "pem") {
            let text = String::from_utf8(bytes).unwrap();
            assert!(
                text.ends_with("-----\n") && text.contains("-----END "),
                "{context}: half: {name}"
            );
            let list = text.starts_with("-----BEGIN X509 CRL");
            if list {
                let _ = look::list(&folder.path(&name), &folder.path("demoCA/cacert.pem"));
            }
            let secret = !list && !name.contains("demoCA/") && !name.starts_with("old/")
                || base == "cakey.pem";
            assert!(!secret || mode(&folder.path(&name)) == 0o400, "{context}: {name}");
        } else if base == "crl.der" {
            let _ = look::list(&folder.path(&name), &folder.path("demoCA/cacert.pem"));
        } else if base == "page.html" {
            let text = String::from_utf8(bytes).unwrap();
            let is_whole = text == OLD_PAGE || text.ends_with("</html>\n");
            assert!(is_whole, "{context}: half: {name}");
        } else if base == "ca.tar" {
            assert!(bytes.ends_with(&[0; 1024]), "{context}: half: {name}");
            assert_eq!(mode(&folder.path(&name)), 0o400, "{context}: {name}");
        } else if base.contains(".p12") && !folder.exists("pw") {
            // A bundle of a list: its password is there before it is.
            let login = base.trim_end_matches(".p12");
            let beside = name.replace(".p12", ".password");
            let one = format!("secret/{login}.password");
            let one = if folder.exists(&beside) { beside } else { one };
            let password = if folder.exists(&one) {
                folder.text(&one).trim_end().to_string()
            } else {
                let all = folder.text("passwords.csv");
                let of = |line: &str| line.strip_prefix(&format!("{login},")).map(String::from);
                all.lines().find_map(of).unwrap_or_else(|| panic!("{context}: lost: {login}"))
            };
            assert!(look::opens(&folder.path(&name), &password), "{context}: {name}");
        } else if base == "joe.p12" {
            let password = folder.text("pw");
            assert!(look::opens(&folder.path(&name), password.trim_end()), "{context}: {name}");
        } else if !["index.txt", "reasons.txt", "pw"].contains(&base) && !base.contains("lock") {
            assert!(bytes.is_empty() || bytes.ends_with(b"\n"), "{context}: half: {name}");
        }
    }
    for file in ["cert.pem", "joe/cert.pem", "ann/cert.pem"] {
        if folder.exists(file) {
            let serial = Certificate::read(&folder.path(file)).serial;
            assert!(serials(folder).contains(&serial), "{context}: not in index.txt");
            assert!(folder.exists(&format!("demoCA/newcerts/{serial}.pem")), "{context}");
        }
    }
}

/// The serials of the complete rows of index.txt.
pub fn serials(folder: &Folder) -> BTreeSet<String> {
    let text = fs::read_to_string(folder.path("demoCA/index.txt")).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let rows = whole.lines().filter_map(|line| line.split('\t').nth(3));
    rows.map(String::from).collect()
}

/// The private keys under their final names.
pub fn keys(folder: &Folder) -> Vec<(String, Vec<u8>)> {
    let files = Snapshot::of(folder.root()).files().into_iter();
    let keys = files.filter(|name| {
        let final_name = !name.split('/').any(|part| part.starts_with('.'));
        final_name && (name.ends_with("/key.pem") || name.ends_with("cakey.pem"))
    });
    let root = folder.exists("key.pem").then(|| "key.pem".to_string());
    keys.chain(root).map(|name| (name.clone(), folder.read(&name))).collect()
}

/// Runs the command again, now to its end, and looks whether all is as it must be.
pub fn run_again(job: &Job, folder: &Folder, context: &str) {
    let kept = keys(folder);
    let recorded = serials(folder);
    let outcome = folder.mailca(job.line).output();
    // Where the first run came to its very end, the second says that all is there.
    assert!(matches!(outcome.status, Some(0 | 1)), "{context}: {outcome}");
    for (name, bytes) in kept {
        assert!(folder.exists(&name), "{context}: lost: {name}{outcome}");
        assert_eq!(folder.read(&name), bytes, "{context}: replaced: {name}{outcome}");
    }
    let after = serials(folder);
    assert!(recorded.is_subset(&after), "{context}: a row is gone{outcome}");
    let files = Snapshot::of(folder.root()).files();
    let left: Vec<_> =
        files.iter().filter(|name| name.contains("/.") || name.starts_with('.')).collect();
    let left: Vec<_> = left.iter().filter(|name| !name.ends_with(".filler")).collect();
    assert!(left.is_empty(), "{context}: the second run leaves behind {left:?}{outcome}");
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (job.done)(folder)));
    assert!(result.is_ok(), "{context}: the second run leaves it undone: {outcome}");
}
