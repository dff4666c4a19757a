//! A program at a terminal: what it shows is read as it comes, and answered.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use super::run::clean_environment;

/// What a terminal sends for Ctrl-C.
pub const CTRL_C: &str = "\x03";

/// Only a program that stands still meets it.
const SILENCE: Duration = Duration::from_secs(60);

/// A program with a terminal of its own.
pub struct Pty {
    child: Child,
    master: File,
    screen: String,
    /// Up to where the screen has been matched.
    seen: usize,
    silent_since: Instant,
    /// Keeps the modes of the terminal readable after the program's end.
    slave: OwnedFd,
}

impl Pty {
    /// Starts a program whose stdin, stdout, stderr and `/dev/tty` are a new terminal.
    pub fn start(program: &Path, folder: &Path, line: &str) -> Self {
        Self::start_with(program, folder, line, &[])
    }

    /// The same, with more arguments, which may hold spaces.
    pub fn start_with(program: &Path, folder: &Path, line: &str, more: &[&str]) -> Self {
        let master =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        // Wide enough for no line to be broken.
        let size = Winsize { ws_row: 50, ws_col: 250, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).unwrap();
        let name = PathBuf::from(ptsname(&master, Vec::new()).unwrap().into_string().unwrap());
        let open =
            || -> OwnedFd { OpenOptions::new().read(true).write(true).open(&name).unwrap().into() };
        let slave = open();
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait"]).arg(program).args(line.split_whitespace()).args(more);
        clean_environment(&mut command);
        command.env("TERM", "xterm-256color").current_dir(folder);
        command.stdin(open()).stdout(open()).stderr(Stdio::from(open()));
        let child = command.spawn().unwrap();
        Self {
            child,
            master: File::from(master),
            screen: String::new(),
            seen: 0,
            silent_since: Instant::now(),
            slave,
        }
    }

    /// Waits until the program shows the words, after those waited for before.
    pub fn expect(&mut self, words: &str) -> &mut Self {
        loop {
            let text = self.screen[self.seen..].to_ascii_lowercase();
            if let Some(at) = text.find(&words.to_ascii_lowercase()) {
                self.seen += at + words.len();
                return self;
            }
            self.read_on(words);
        }
    }

    /// Waits until the program shows the words, or ends without.
    pub fn shows_before_the_end(&mut self, words: &str) -> bool {
        loop {
            if let Some(at) = self.screen[self.seen..].find(words) {
                self.seen += at + words.len();
                return true;
            }
            if self.child.try_wait().unwrap().is_some() && !self.read() {
                return self.screen[self.seen..].contains(words);
            }
            self.read_on("the end");
        }
    }

    /// Waits for a question whose answer is not to be seen: until the echo is off, else what is
    /// typed would be on the screen.
    pub fn expect_hidden(&mut self, words: &str) -> &mut Self {
        self.expect(words);
        while self.echoes() {
            self.read_on("a terminal without echo");
        }
        self
    }

    fn echoes(&self) -> bool {
        tcgetattr(&self.slave).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    pub fn send(&mut self, keys: &str) -> &mut Self {
        self.master.write_all(keys.as_bytes()).unwrap();
        self
    }

    /// Keys and the return key.
    pub fn answer(&mut self, line: &str) -> &mut Self {
        self.send(line).send("\r")
    }

    /// Sends the program a signal. It is the child itself: setsid makes no other of it.
    pub fn signal(&mut self, signal: Signal) -> &mut Self {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        self
    }

    /// Answers every further question that ends in those words, then waits for the end.
    pub fn finish_answering(mut self, question: &str, answer: &str) -> (String, i32) {
        while self.child.try_wait().unwrap().is_none() {
            if let Some(at) = self.screen[self.seen..].find(question) {
                self.seen += at + question.len();
                self.answer(answer);
            }
            self.read_on("the end");
        }
        self.finish()
    }

    /// Waits for the end: everything that was shown, and the exit status. The terminal has to be as
    /// it was: with echo, and with a cursor.
    pub fn finish(mut self) -> (String, i32) {
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            self.read_on("the end");
        };
        while self.read() {}
        assert!(self.echoes(), "the terminal is left without echo:\n{}", self.screen);
        let hidden = self.screen.rfind("\x1b[?25l");
        let shown = self.screen.rfind("\x1b[?25h");
        assert!(hidden <= shown, "the cursor is left hidden:\n{}", self.screen);
        (self.screen, as_shells_count(status))
    }

    /// Takes the terminal away, as a lost connection does, and waits for the end.
    pub fn hang_up(self) -> i32 {
        let Self { mut child, master, slave, .. } = self;
        drop((master, slave));
        as_shells_count(child.wait().unwrap())
    }

    /// Takes what is shown within a moment; gives up on a program that stands still.
    fn read_on(&mut self, wanted: &str) {
        if self.read() {
            self.silent_since = Instant::now();
        } else if self.child.try_wait().unwrap().is_some() && !self.read() && wanted != "the end" {
            panic!("ended before: {wanted:?}\n{}", self.screen);
        } else if self.silent_since.elapsed() > SILENCE {
            let _ = self.child.kill();
            panic!("never came: {wanted:?}\n{}", self.screen);
        }
    }

    /// Whether something was shown within a twentieth of a second.
    fn read(&mut self) -> bool {
        let moment = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
        let mut fds = [PollFd::new(&self.master, PollFlags::IN)];
        if poll(&mut fds, Some(&moment)).unwrap() == 0 {
            return false;
        }
        let mut buffer = [0; 4096];
        // With a handle of our own on the slave, the master never comes to an end.
        let count = self.master.read(&mut buffer).unwrap();
        self.screen.push_str(&String::from_utf8_lossy(&buffer[..count]));
        true
    }
}

/// The exit status as a shell has it: 128 and the signal where one ended the program.
fn as_shells_count(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}
