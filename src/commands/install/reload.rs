//! Running the command that has a server take up new files.

use std::io::stderr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// How long it may take.
const LONGEST: Duration = Duration::from_secs(120);
/// How often it is looked whether it has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs it in a shell. What it says goes to standard error: standard output is the product's. mailca's own
/// files are made with exact modes, so its umask is 0; a server that is started from here gets the usual one.
pub(super) fn run(command: &str) -> Result<()> {
    let failed = |what: String| {
        Error::refused(format!("the command that reloads the server {what}: {command}"))
            .hint("try it by itself; --reload names another one")
    };
    let mut child = Command::new("/bin/sh")
        .args(["-c", &format!("umask 022\n{command}")])
        .stdin(Stdio::null())
        .stdout(Stdio::from(stderr()))
        .spawn()
        .map_err(|error| failed("cannot be run".to_owned()).caused_by(error))?;
    let end = Instant::now() + LONGEST;
    loop {
        let status = child
            .try_wait()
            .map_err(|error| failed("was lost sight of".to_owned()).caused_by(error))?;
        match status {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(failed(format!("failed ({status})"))),
            None if Instant::now() >= end => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(failed(format!("did not end within {} s", LONGEST.as_secs())));
            }
            None => std::thread::sleep(PAUSE),
        }
    }
}
