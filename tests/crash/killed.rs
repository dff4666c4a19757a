//! SIGKILL at every system call that changes a file.

use crate::job::{JOBS, Job, keys, nothing_is_half_done, run_again};
use crate::support::{Folder, Snapshot, need};
use crate::trace::{Call, changing_calls, struck};

/// An error at a call that only tidies up may be passed over; at any other it is the end.
pub fn only_tidies_up(call: &Call) -> bool {
    ["unlink", "unlinkat", "rmdir"].contains(&call.name.as_str())
}

pub fn struck_everywhere(job: &Job, by: &str, status: i32) {
    let calls = changing_calls(&(job.before)(), job.line);
    for call in &calls {
        let folder = (job.before)();
        let context = format!("{} struck by {by} at {} {}", job.line, call.name, call.line);
        let outcome = struck(&folder, job.line, call, by);
        let passed_over = status == 1 && only_tidies_up(call) && outcome.status == Some(0);
        assert!(passed_over || outcome.status == Some(status), "{context}: {outcome}");
        assert!(outcome.status != Some(1) || outcome.stderr.contains("error:"), "{context}");
        nothing_is_half_done(&folder, &context);
        run_again(job, &folder, &context);
    }
}

macro_rules! at_every_step {
    ($($name:ident: $job:literal,)+) => {
        mod killed {
            $(#[test]
            fn $name() {
                crate::support::need!("strace", "openssl");
                super::struck_everywhere(&super::JOBS[$job], "signal=KILL", 137);
            })+
        }
        mod no_space {
            $(#[test]
            fn $name() {
                crate::support::need!("strace", "openssl");
                super::struck_everywhere(&super::JOBS[$job], "error=ENOSPC", 1);
            })+
        }
    };
}

at_every_step! {
    newca: 0,
    newreq: 1,
    sign: 2,
    issue: 3,
    issue_for_a_person: 4,
    export_p12: 5,
    revoke: 6,
    crl: 7,
    revoke_with_a_map: 8,
    revoke_a_person: 9,
}

/// `--force` puts new files in the place of old ones: at every moment each key that there was, and
/// each that has been given its name, is in some file.
#[test]
fn force_never_loses_a_key_or_a_certificate() {
    need!("strace");
    let before = || {
        let folder = Folder::with_ca();
        folder.mailca("issue --cn mail.example.com").success();
        folder
    };
    for line in [
        "newreq --cn mail.example.com --force",
        "sign --force",
        "issue --cn mail.example.com --force",
    ] {
        for call in changing_calls(&before(), line) {
            let folder = before();
            let old: Vec<_> =
                ["key.pem", "req.pem", "cert.pem"].map(|name| folder.read(name)).into();
            let _ = struck(&folder, line, &call, "signal=KILL");
            let context = format!("{line} killed at {}", call.line);
            nothing_is_half_done(&folder, &context);
            let middle: Vec<_> = keys(&folder).into_iter().map(|(_, bytes)| bytes).collect();
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
    need!("strace", "openssl");
    let job = &JOBS[2];
    let mut resumed = 0;
    for call in changing_calls(&(job.before)(), job.line) {
        let folder = (job.before)();
        let _ = struck(&folder, job.line, &call, "signal=KILL");
        let rows = crate::job::serials(&folder);
        if rows.len() < 2 || folder.exists("cert.pem") {
            continue;
        }
        resumed += 1;
        folder.mailca("sign").success();
        let serial = crate::support::Certificate::read(&folder.path("cert.pem")).serial;
        assert!(rows.contains(&serial), "issued twice: {}", call.line);
        assert_eq!(crate::job::serials(&folder), rows);
    }
    assert!(resumed > 0, "no call lies between the record and the delivery");
}

/// The same for a request of somebody else's, whose certificate goes to a file of its own.
#[test]
fn a_foreign_request_is_not_signed_twice_either() {
    need!("strace", "openssl");
    let line = "sign other.csr --profile server --yes";
    let before = || {
        let folder = crate::support::Folder::with_ca();
        folder.simple_request("other", "/CN=mail.example.com", "DNS:mail.example.com");
        folder
    };
    for call in changing_calls(&before(), line) {
        let folder = before();
        let _ = struck(&folder, line, &call, "signal=KILL");
        let delivered = folder.exists("other.cert.pem");
        let rows = crate::job::serials(&folder);
        let outcome = folder.mailca(line).output();
        assert!(delivered || outcome.status == Some(0), "{}: {outcome}", call.line);
        assert_eq!(folder.index().len(), 2, "{}: {outcome}", call.line);
        let serial = crate::support::Certificate::read(&folder.path("other.cert.pem")).serial;
        assert!(rows.len() < 2 || rows.contains(&serial), "{}: {outcome}", call.line);
    }
}
