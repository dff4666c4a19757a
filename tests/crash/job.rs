//! The commands that write, what must hold of a folder in which one was struck, and at its end.

use std::collections::BTreeSet;
use std::fs;

use crate::support::{Certificate, Folder, Snapshot, mode};

/// A command that writes files.
pub struct Job {
    pub line: &'static str,
    /// The folder before it.
    pub before: fn() -> Folder,
    /// What must hold when it has done its work, at whichever try.
    pub done: fn(&Folder),
}

/// The commands of the main job, and those that revoke.
pub const JOBS: [Job; 10] = [
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

fn user_with_password() -> Folder {
    let folder = Folder::with_ca();
    folder
        .mailca("issue --user joeuser --email joe@example.com --key-type ecdsa-p256 joeuser")
        .success();
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
    let list = folder.openssl("crl -noout -text -in demoCA/crl.pem").success().text();
    assert_eq!(list.matches("Serial Number:").count(), 2, "{list}");
    assert_eq!(list.matches("Privilege Withdrawn").count(), 2, "{list}");
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

fn ca_is_whole(folder: &Folder) {
    folder.openssl("verify -x509_strict -CAfile demoCA/cacert.pem demoCA/cacert.pem").success();
    let of_key = folder.openssl("pkey -pubout -in demoCA/private/cakey.pem").success().text();
    let of_cert = folder.openssl("x509 -noout -pubkey -in demoCA/cacert.pem").success().text();
    assert_eq!(of_key, of_cert);
    assert_eq!(folder.index().len(), 1);
    folder.mailca("issue --cn probe.example.com probe").success();
    folder.openssl("ca -config demoCA/openssl.cnf -gencrl -out probe.crl").success();
}

fn request_is_whole(folder: &Folder) {
    let of_key = folder.openssl("pkey -pubout -in key.pem").success().text();
    let of_request = folder.openssl("req -verify -noout -pubkey -in req.pem").success().text();
    assert_eq!(of_key, of_request);
}

fn certificate_is_whole(folder: &Folder) {
    delivered(folder, ".");
}

fn person_is_whole(folder: &Folder) {
    delivered(folder, "joe");
}

fn delivered(folder: &Folder, name: &str) {
    let cert = format!("{name}/cert.pem");
    let of_key =
        folder.openssl("pkey -pubout -in").arg(&format!("{name}/key.pem")).success().text();
    let of_cert = folder.openssl("x509 -noout -pubkey -in").arg(&cert).success().text();
    assert_eq!(of_key, of_cert);
    folder.openssl("verify -x509_strict -CAfile demoCA/cacert.pem").arg(&cert).success();
    assert_eq!(folder.read(&format!("{name}/cacert.pem")), folder.read("demoCA/cacert.pem"));
    let rows = folder.index();
    assert_eq!(rows.len(), 2, "issued twice, or not recorded: {rows:?}");
    assert_eq!(rows[1][3], Certificate::read(&folder.path(&cert)).serial);
}

fn p12_is_whole(folder: &Folder) {
    folder.openssl("pkcs12 -noout -passin file:pw -in joe.p12").success();
}

fn revocation_is_whole(folder: &Folder) {
    let states: Vec<_> = folder.index().iter().map(|row| row[0].clone()).collect();
    assert_eq!(states, ["V", "R", "V"]);
    let verify = "verify -crl_check -CAfile demoCA/cacert.pem -CRLfile demoCA/crl.pem";
    folder.openssl(verify).arg("b/cert.pem").success();
    let refused = folder.openssl(verify).arg("a/cert.pem").output();
    refused.says(&["certificate revoked"]);
}

fn lists_are_whole(folder: &Folder) {
    revocation_is_whole(folder);
    let list = folder.read("demoCA/crl.pem");
    folder.openssl("crl -inform DER -in demoCA/crl.der -out again.crl").success();
    assert_eq!(folder.read("again.crl"), list);
    assert_eq!(folder.read("www/crl.pem"), list);
    let hash = folder.openssl("crl -noout -hash -in demoCA/crl.pem").success().text();
    assert_eq!(folder.read(&format!("www/{}.r0", hash.trim())), list);
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
                let line = "crl -noout -CAfile demoCA/cacert.pem -in";
                folder.openssl(line).arg(&name).success().says(&["verify OK"]);
            }
            let secret = !list && !name.starts_with("demoCA/") || base == "cakey.pem";
            assert!(!secret || mode(&folder.path(&name)) == 0o400, "{context}: {name}");
        } else if base == "crl.der" {
            folder.openssl("crl -noout -inform DER -in").arg(&name).success();
        } else if base == "ca.tar" {
            assert!(bytes.ends_with(&[0; 1024]), "{context}: half: {name}");
            assert_eq!(mode(&folder.path(&name)), 0o400, "{context}: {name}");
        } else if base.contains(".p12") && !folder.exists("pw") {
            // A bundle of a list: its password is there before it is.
            let login = base.trim_end_matches(".p12");
            let one = format!("secret/{login}.password");
            let password = if folder.exists(&one) {
                folder.text(&one).trim_end().to_string()
            } else {
                let all = folder.text("passwords.csv");
                let of = |line: &str| line.strip_prefix(&format!("{login},")).map(String::from);
                all.lines().find_map(of).unwrap_or_else(|| panic!("{context}: lost: {login}"))
            };
            folder
                .openssl("pkcs12 -noout -in")
                .args(&[&name, "-passin", &format!("pass:{password}")])
                .success();
        } else if base == "joe.p12" {
            folder.openssl("pkcs12 -noout -passin file:pw -in").arg(&name).success();
        } else if !["index.txt", "pw"].contains(&base) && !base.contains("lock") {
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
