//! Files that were named: a pipe among them is waited for, and that is said.
//!
//! What a shell puts in the place of `<(command)` is a pipe whose other end is open already; one of `mkfifo` may have
//! nobody who ever writes, and a command that says nothing looks like a server that does not answer.

use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::printable::printable;
use crate::pki::stack;
use crate::store::input;

/// What has come by then needs no word.
const MOMENT: Duration = Duration::from_secs(1);

/// Reads a file or a pipe to its end.
pub(super) fn read(path: &Path, env: &mut Env) -> Result<Zeroizing<Vec<u8>>> {
    let is_pipe = std::fs::metadata(path).is_ok_and(|there| there.file_type().is_fifo());
    if !is_pipe {
        return input::read(path);
    }
    let (sender, receiver) = channel();
    thread::scope(|scope| {
        thread::Builder::new().spawn_scoped(scope, || {
            let _ = sender.send(input::read(path));
            stack::wipe();
        })?;
        let read = match receiver.recv_timeout(MOMENT) {
            Err(RecvTimeoutError::Timeout) => {
                env.say(&format!(
                    "{} is a pipe: waiting for somebody to write into it",
                    printable(&path.display().to_string())
                ));
                receiver.recv().ok()
            }
            read => read.ok(),
        };
        read.unwrap_or_else(|| Err(Error::bug("a file was not read to its end")))
    })
}
