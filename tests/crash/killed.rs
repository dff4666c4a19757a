//! SIGKILL at every system call that changes a file: what else must hold then.

use crate::job::JOBS;
use crate::strike::{Blow, Stage, calls, possible, struck};
use crate::support::need;

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
