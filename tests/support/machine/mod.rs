//! A machine of a test's own: a Debian with one mail server, in private namespaces on an overlay of
//! the folders that `tests/machines` makes. It is mx.example.com at 10.77.0.1, mailca is on its
//! PATH, and its clients come from 10.77.0.2 on a network of their own. Nothing of it outlives the
//! test, not even when that is killed, and nothing of it reaches a real network.

mod talk;

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{MAILCA, Outcome, Run, skip};

pub use talk::{Smtp, Tls};

/// Only what never happens takes as long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running machine; dropped, it is gone.
pub struct Machine {
    /// `unshare`, which lives as long as the machine's process 1, whose stdin is ours.
    child: Child,
    /// Process 1, as the outside counts.
    pid: String,
    /// Where the root is mounted, for the machine alone; an empty folder to everybody else.
    folder: TempDir,
}

/// Starts a machine, or ends the test where there is none: a failure under CI, a counted skip
/// elsewhere.
macro_rules! need_machine {
    ($server:expr, $release:expr) => {
        match $crate::support::Machine::start($server, $release) {
            Some(machine) => machine,
            None => return,
        }
    };
}
pub(crate) use need_machine;

impl Machine {
    /// A machine with a server of a Debian release; the server does not run yet.
    pub fn start(server: &str, release: &str) -> Option<Self> {
        let machines = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("machines");
        if !machines.join(release).join(server).is_dir() {
            skip(&format!(
                "there is no machine with {server} of {release}; tests/machines makes it"
            ));
            return None;
        }
        let folder = TempDir::with_prefix("mailca-machine-").unwrap();
        let mut command = as_root("unshare");
        command.args(["--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child"]);
        command.args(["sh", "-c", include_str!("set_up.sh"), "sh"]).arg(folder.path());
        command.args([server, MAILCA, include_str!("init.py"), include_str!("smtp.py")]);
        command.current_dir(machines.join(release));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let pid = lines.next().and_then(Result::ok).unwrap_or_default();
        let told: Vec<String> = lines.map_while(Result::ok).take_while(|l| l != "ready").collect();
        let machine = Self { child, pid, folder };
        if !machine.is_alive() {
            let mut errors = told.join("\n");
            drop(machine.into_errors().read_to_string(&mut errors));
            skip(&format!("no machine can be started here: {errors}"));
            return None;
        }
        Some(machine)
    }

    /// Whether process 1 has said that it is ready, which it does last.
    fn is_alive(&self) -> bool {
        self.run("test -S /dev/log").output().status == Some(0)
    }

    /// What the start said on stderr.
    fn into_errors(mut self) -> impl Read {
        drop(self.child.stdin.take());
        self.child.stderr.take().unwrap()
    }

    /// A line of shell, as root in `/root`. What it leaves running must not keep its stdout or
    /// stderr, else there is no end to wait for: see [`Self::spawn_daemon`].
    pub fn run(&self, line: &str) -> Run {
        self.enter(&[], line)
    }

    /// The same on the network of the client, 10.77.0.2.
    pub fn run_as_client(&self, line: &str) -> Run {
        self.enter(&["nsenter", "--net=/run/netns/client"], line)
    }

    /// A program of the computer that the tests run on, in a folder of its own, on the network of the client. It
    /// knows the machine by name, from a copy of the machine's `/etc/hosts` in its folder: what is mounted
    /// in other namespaces cannot be mounted here.
    pub fn outside_as_client(&self, folder: &Path, program: &Path) -> Run {
        let enter = as_root("nsenter");
        let words: Vec<&str> = enter.get_args().map(|word| word.to_str().unwrap()).collect();
        let inside = format!("/proc/{}/root", self.pid);
        Run::new(enter.get_program().as_ref(), folder, "")
            .args(&words)
            .arg(&format!("--net={inside}/run/netns/client"))
            .args(&["unshare", "--mount", "sh", "-c"])
            .arg(&format!(
                "cp {inside}/etc/hosts hosts && mount --bind hosts /etc/hosts && exec \"$@\""
            ))
            .args(&["sh", &program.display().to_string()])
    }

    fn enter(&self, before: &[&str], line: &str) -> Run {
        let enter = as_root("nsenter");
        let words: Vec<&str> = enter.get_args().map(|word| word.to_str().unwrap()).collect();
        Run::new(enter.get_program().as_ref(), self.folder.path(), "")
            .args(&words)
            .args(&["--target", &self.pid, "--mount", "--net", "--uts", "--ipc", "--pid"])
            .args(&["/usr/bin/env", "--ignore-environment", "--chdir=/root", "HOME=/root"])
            .args(&["LC_ALL=C.UTF-8", "LOGNAME=root", "USER=root", "SHELL=/bin/sh"])
            .args(&["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"])
            .args(before)
            .args(&["sh", "-c", line])
    }

    /// A line of shell that has to succeed; what it prints.
    pub fn shell(&self, line: &str) -> String {
        self.run(line).success().text()
    }

    /// Starts a program that stays, in a session of its own, and gives its process number. What it
    /// prints goes into the log.
    pub fn spawn_daemon(&self, line: &str) -> u32 {
        let line = format!("setsid {line} </dev/null >>/var/log/mail.log 2>&1 & echo $!");
        self.shell(&line).trim().parse().unwrap()
    }

    /// Ends a process and waits until it is gone.
    pub fn end(&self, pid: u32) {
        self.shell(&format!("kill {pid}"));
        self.wait_until("the end of a process", || !self.holds(&format!("kill -0 {pid}")));
    }

    /// Whether a line of shell succeeds.
    pub fn holds(&self, line: &str) -> bool {
        self.run(line).output().status == Some(0)
    }

    /// Writes a file, and the folders above it where they are missing.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>, mode: u32) {
        self.run(&format!("install -D -m {mode:o} /dev/stdin '{path}'")).stdin(bytes).success();
    }

    pub fn read(&self, path: &str) -> String {
        self.shell(&format!("cat '{path}'"))
    }

    /// What was logged until now, through syslog or by a daemon that prints.
    pub fn log(&self) -> String {
        self.read("/var/log/mail.log")
    }

    /// Waits until the words are in the log.
    pub fn wait_for_log(&self, words: &str) {
        self.wait_until(&format!("{words:?} in the log"), || self.log().contains(words));
    }

    /// Waits until something listens at a TCP port, without connecting to it.
    pub fn wait_for_port(&self, port: u16) {
        let line = format!("test -n \"$(ss -Hltn 'sport = :{port}')\"");
        self.wait_until(&format!("a server at port {port}"), || self.holds(&line));
    }

    /// Waits until nothing listens at a TCP port.
    pub fn wait_for_no_port(&self, port: u16) {
        let line = format!("test -z \"$(ss -Hltn 'sport = :{port}')\"");
        self.wait_until(&format!("no server at port {port}"), || self.holds(&line));
    }

    /// Waits until it is so; fails, with the log, if it never is.
    pub fn wait_until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < PATIENCE, "never came: {what}\n{}", self.told());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The log and the processes, for the message of a failure.
    pub fn told(&self) -> String {
        let mut told = self.log();
        for line in ["ps axo pid,ppid,user:14,args", "ss -ltnp"] {
            let _ = write!(told, "{}", self.run(line).output());
        }
        told
    }
}

impl Drop for Machine {
    /// Process 1 ends with its stdin, and with it everything in its namespaces.
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// A program that root has to run.
fn as_root(program: &str) -> Command {
    if rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["-n", program]);
    command
}
