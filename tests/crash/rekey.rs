//! `rekey-ca`, struck at every system call that changes a file: the CA that is there works, no key is
//! lost, and the same command finishes the work without doing it twice.

use crate::look;
use crate::strike::{Case, Struck};
use crate::support::{Certificate, Folder, Snapshot};

pub const NEW_KEY: &str = "rekey-ca --yes";
pub const SAME_KEY: &str = "rekey-ca --same-key --yes";

fn before() -> Folder {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com old").success();
    folder.mailca("crl").success();
    folder
}

/// The private keys under their final names, through links where there are any. A key under a temporary
/// name has signed nothing yet.
fn keys(folder: &Folder) -> Vec<Vec<u8>> {
    let files = Snapshot::of(folder.root()).files().into_iter();
    files
        .filter(|name| !name.split('/').any(|part| part.starts_with('.')))
        .filter_map(|name| std::fs::read(folder.path(&name)).ok())
        .filter(|bytes| String::from_utf8_lossy(bytes).contains("END PRIVATE KEY"))
        .collect()
}

/// The certificate and the key of the CA fit, as whoever reads them sees it, links and all.
fn pair_fits(folder: &Folder, context: &str) {
    let key = look::key(&folder.path("demoCA/private/cakey.pem"));
    assert_eq!(key, look::certificate(&folder.path("demoCA/cacert.pem")), "{context}");
}

/// With this line it gets a new key, or new dates.
pub fn case(line: &'static str) -> Case {
    Case { line, before, look: Box::new(move |struck| look_and_go_on(line, struck)) }
}

fn look_and_go_on(line: &str, struck: &Struck<'_>) {
    let Struck { before, folder, outcome, context } = struck;
    let first = Certificate::read(&before.path("demoCA/cacert.pem"));
    let known = keys(before);
    let finished = outcome.status == Some(0);
    pair_fits(folder, context);
    let middle = keys(folder);
    let files = Snapshot::of(folder.root()).files();
    let all = known.iter().all(|key| middle.contains(key));
    assert!(all, "{context}: a key is lost: {files:?}\n{outcome}");
    // What is there now works, whoever comes next.
    let is_there = || Certificate::read(&folder.path("demoCA/cacert.pem")).serial != first.serial;
    if !finished {
        folder.mailca("issue --cn mail.example.com between").success();
        folder.mailca("verify between/cert.pem").success();
        folder.mailca("verify old/cert.pem").success();
        let was_done = is_there() && !folder.exists("demoCA/private/next-cakey.pem");
        if !(was_done && struck.context.contains("exit_group")) {
            let outcome = folder.mailca(line).output();
            assert_eq!(outcome.status, Some(0), "{context}: {outcome}");
        }
    }
    let after = keys(folder);
    for key in known.iter().chain(&middle) {
        assert!(after.contains(key), "{context}: a key is lost");
    }
    done(folder, line, &first, context);
}

fn done(folder: &Folder, line: &str, first: &Certificate, context: &str) {
    pair_fits(folder, context);
    let now = Certificate::read(&folder.path("demoCA/cacert.pem"));
    assert_ne!(now.serial, first.serial, "{context}: not done");
    let files = Snapshot::of(folder.root()).files();
    let count = |end: &str| files.iter().filter(|name| name.ends_with(end)).count();
    if line == NEW_KEY {
        assert_ne!(now.spki, first.spki, "{context}: not done");
        assert_eq!(count(".until"), 1, "{context}: done twice: {files:?}");
        assert_eq!(folder.text("demoCA/crl.pem").matches("BEGIN X509 CRL").count(), 2, "{context}");
    } else {
        assert_eq!(now.spki, first.spki, "{context}: another key");
    }
    let left: Vec<_> = files
        .iter()
        .filter(|name| {
            name.contains("/.") || name.contains("/pending/") || name.contains("next-cakey")
        })
        .collect();
    assert!(left.is_empty(), "{context}: left behind: {left:?}");
    folder.mailca("issue --cn mail.example.com after").success();
    for leaf in ["old", "after"] {
        let crl = "verify -crl_check -CRLfile demoCA/crl.pem -CAfile demoCA/cacert.pem";
        folder.openssl(crl).arg(&format!("{leaf}/cert.pem")).success();
    }
    let rows = folder.index();
    let distinct: std::collections::BTreeSet<_> = rows.iter().map(|row| &row[3]).collect();
    assert_eq!(distinct.len(), rows.len(), "{context}: a serial twice");
    for row in rows {
        assert!(folder.exists(&format!("demoCA/newcerts/{}.pem", row[3])), "{context}");
    }
}

/// An intermediate gets the certificate that the CA above it signed anew.
pub fn intermediate() -> Case {
    let line = "rekey-ca --ca-dir users --cert above/users-ca --yes";
    let look = move |struck: &Struck<'_>| {
        let Struck { folder, context, .. } = struck;
        let new = Certificate::read(&folder.path("above/users-ca/cert.pem")).serial;
        let current = || Certificate::read(&folder.path("users/cacert.pem")).serial;
        let is_done = current() == new;
        let issue = |name: &str| {
            let line = format!("issue --ca-dir users --cn {name}.example.com {name}");
            folder.mailca(&line).success();
            let verify = "verify -CAfile above/ca/cacert.pem -untrusted";
            let paths = [format!("{name}/cacert.pem"), format!("{name}/cert.pem")];
            folder.openssl(verify).arg(&paths[0]).arg(&paths[1]).success();
        };
        issue("between");
        let outcome = folder.mailca(line).output();
        assert!(is_done || outcome.status == Some(0), "{context}: {outcome}");
        assert_eq!(current(), new, "{context}: {outcome}");
        issue("after");
        folder.mailca("doctor --ca-dir users").success();
        let files = Snapshot::of(folder.root()).files();
        let left = files.iter().find(|name| name.contains("/."));
        assert_eq!(left, None, "{context}: left behind");
    };
    let before = || {
        let folder = Folder::empty();
        folder.mkdir("above");
        let within = |line: &str| folder.mailca(line).within("above").success();
        within("newca --cn Root --path-len 1 --ca-dir ca");
        within("newreq --profile ca --cn Users users-ca");
        within("sign users-ca --profile ca --ca-dir ca");
        folder.mailca("newca --ca-dir users --from above/users-ca").success();
        within("renew users-ca --profile ca --ca-dir ca");
        folder
    };
    Case { line, before, look: Box::new(look) }
}
