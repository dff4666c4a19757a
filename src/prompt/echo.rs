//! A terminal that echoes again, whatever ends a question for a password.
//!
//! While a password is typed the terminal does not echo. A signal that ends the process in between
//! (Ctrl-C, a lost connection, `kill`) would leave it so, since nothing is put right then.

use std::fs::File;
use std::thread::JoinHandle;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};

use crate::error::{Error, Result};

/// While this lives, a signal that ends the process restores the terminal first.
pub struct EchoGuard {
    signals: Handle,
    watcher: Option<JoinHandle<()>>,
}

impl EchoGuard {
    /// Remembers the terminal as it is and begins to watch.
    pub fn new() -> Result<Self> {
        let failed = |error: std::io::Error| {
            Error::refused("the terminal cannot be watched").caused_by(error)
        };
        let terminal = fs_err::File::open("/dev/tty")?.into_parts().0;
        let before = tcgetattr(&terminal).map_err(|error| failed(error.into()))?;
        let mut signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM]).map_err(failed)?;
        let handle = signals.handle();
        let watcher = std::thread::spawn(move || {
            if let Some(signal) = signals.forever().next() {
                restore(&terminal, &before);
                // Ends the process as if nobody had watched.
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
        });
        Ok(Self { signals: handle, watcher: Some(watcher) })
    }

    /// Waits for the signal that interrupted a question to end the process.
    pub fn wait_for_the_end(mut self) {
        if let Some(watcher) = self.watcher.take() {
            let _ = watcher.join();
        }
    }
}

impl Drop for EchoGuard {
    fn drop(&mut self) {
        self.signals.close();
        if let Some(watcher) = self.watcher.take() {
            let _ = watcher.join();
        }
    }
}

fn restore(terminal: &File, before: &Termios) {
    // A terminal that is gone needs nothing.
    let _ = tcsetattr(terminal, OptionalActions::Now, before);
}
