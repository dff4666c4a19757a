//! Running the command that has a server take up new files.

use std::io::stderr;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::error::{Error, Result};

/// How often it is looked whether it has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs it in a shell, for so many seconds. What it says goes to standard error: standard output is the
/// product's. mailca's own files are made with exact modes, so its umask is 0; a server that is started from
/// here gets the usual one.
pub(super) fn run(command: &str, timeout: u64) -> Result<()> {
    let failed = |what: String| {
        Error::refused(format!("the command that reloads the server {what}: {command}"))
            .hint("try it by itself; --reload names another one")
    };
    // In a group of its own, which can be ended with all that it has started.
    let mut child = Command::new("/bin/sh")
        .args(["-c", &format!("umask 022\n{command}")])
        .stdin(Stdio::null())
        .stdout(Stdio::from(stderr()))
        .process_group(0)
        .spawn()
        .map_err(|error| failed("cannot be run".to_owned()).caused_by(error))?;
    let end = Instant::now() + Duration::from_secs(timeout);
    loop {
        let status = child
            .try_wait()
            .map_err(|error| failed("was lost sight of".to_owned()).caused_by(error))?;
        match status {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(failed(format!("failed ({status})"))),
            None if Instant::now() >= end => {
                end_all(&mut child);
                return Err(failed(format!("did not end within {timeout} s")));
            }
            None => std::thread::sleep(PAUSE),
        }
    }
}

fn end_all(child: &mut Child) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(pid, Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}
