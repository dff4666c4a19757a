//! SIGKILL at every system call that changes a file: what else must hold then.

use crate::job::{JOBS, keys, nothing_is_half_done};
use crate::strike::{Blow, Stage, calls, possible, struck};
use crate::support::{Folder, Snapshot, need};

/// `--force` puts new files in the place of old ones: at every moment each key that there was, and
/// each that has been given its name, is in some file.
#[test]
fn force_never_loses_a_key_or_a_certificate() {
    need!("gcc");
    if !possible() {
        return;
    }
    let stage = Stage::of(|| {
        let folder = Folder::with_ca();
        folder.mailca("issue --cn mail.example.com").success();
        folder
    });
    for line in [
        "newreq --cn mail.example.com --force",
        "sign --force",
        "issue --cn mail.example.com --force",
    ] {
        for call in calls(stage.reset(), line) {
            let folder = stage.reset();
            let old: Vec<_> =
                ["key.pem", "req.pem", "cert.pem"].map(|name| folder.read(name)).into();
            let _ = struck(folder, line, &call, Blow::Kill);
            let context = format!("{line} killed at {call}");
            nothing_is_half_done(folder, &context);
            let middle: Vec<_> = keys(folder).into_iter().map(|(_, bytes)| bytes).collect();
            folder.mailca(line).success();
            let files = Snapshot::of(folder.root()).files();
            let kept: Vec<_> = files.iter().map(|name| folder.read(name)).collect();
            for bytes in old.iter().chain(&middle) {
                assert!(
                    kept.contains(bytes),
                    "{context}: lost: {}",
                    String::from_utf8_lossy(bytes)
                );
            }
            if !line.starts_with("newreq") {
                folder.mailca("verify cert.pem --host mail.example.com").success();
            }
        }
    }
}

/// A certificate that is recorded and was not delivered is delivered by the same command.
#[test]
fn a_recorded_certificate_is_delivered_with_its_serial() {
    need!("gcc", "openssl");
    if !possible() {
        return;
    }
    let job = &JOBS[2];
    let mut resumed = 0;
    let stage = Stage::of(job.before);
    for call in calls(stage.reset(), job.line) {
        let folder = stage.reset();
        let _ = struck(folder, job.line, &call, Blow::Kill);
        let rows = crate::job::serials(folder);
        if rows.len() < 2 || folder.exists("cert.pem") {
            continue;
        }
        resumed += 1;
        folder.mailca("sign").success();
        let serial = crate::support::Certificate::read(&folder.path("cert.pem")).serial;
        assert!(rows.contains(&serial), "issued twice: {call}");
        assert_eq!(crate::job::serials(folder), rows);
    }
    assert!(resumed > 0, "no call lies between the record and the delivery");
}

/// The same for a request of somebody else's, whose certificate goes to a file of its own.
#[test]
fn a_foreign_request_is_not_signed_twice_either() {
    need!("gcc", "openssl");
    if !possible() {
        return;
    }
    let line = "sign other.csr --profile server --yes";
    let stage = Stage::of(|| {
        let folder = Folder::with_ca();
        folder.simple_request("other", "/CN=mail.example.com", "DNS:mail.example.com");
        folder
    });
    for call in calls(stage.reset(), line) {
        let folder = stage.reset();
        let _ = struck(folder, line, &call, Blow::Kill);
        let delivered = folder.exists("other.cert.pem");
        let rows = crate::job::serials(folder);
        let outcome = folder.mailca(line).output();
        assert!(delivered || outcome.status == Some(0), "{call}: {outcome}");
        assert_eq!(folder.index().len(), 2, "{call}: {outcome}");
        let serial = crate::support::Certificate::read(&folder.path("other.cert.pem")).serial;
        assert!(rows.len() < 2 || rows.contains(&serial), "{call}: {outcome}");
    }
}
