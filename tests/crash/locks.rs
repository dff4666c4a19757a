//! Who waits for a lock says so, may give up, and is let in when the one who holds it dies.

use std::io::Read;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Folder, Outcome, need};

/// A process that holds a lock of the CA: the one that `flock` was told to hold, and that does nothing.
struct Holder(Child);

impl Holder {
    /// It has the lock when this returns.
    fn of(folder: &Folder, file: &str) -> Self {
        let script = "echo locked; exec sleep 1000";
        let mut command = std::process::Command::new("flock");
        command.args(["--no-fork", file, "bash", "-c", script]).current_dir(folder.root());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut word = [0; 6];
        child.stdout.as_mut().unwrap().read_exact(&mut word).unwrap();
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const FILE: &str = "demoCA/mailca.lock";

/// A CA whose lock file is there.
fn with_user() -> Folder {
    let folder = Folder::with_user();
    folder.mailca("crl").success();
    folder
}

fn given_up(outcome: &Outcome) {
    assert_eq!(outcome.status, Some(1), "{outcome}");
    for word in ["error:", "is locked by", "hint:", "--lock-timeout", "no file to remove"] {
        assert!(outcome.stderr.contains(word), "not said: {word}{outcome}");
    }
}

#[test]
fn a_limit_ends_the_wait_and_changes_nothing() {
    need!("flock");
    let folder = with_user();
    folder.mailca("newreq --cn mail.example.com").success();
    let held = Holder::of(&folder, FILE);
    let before = crate::support::Snapshot::of(folder.root());
    for line in ["sign", "crl", "revoke joeuser", "backup ca.tar", "rekey-ca --same-key --yes"] {
        let outcome = folder.mailca(line).args(&["--lock-timeout", "1"]).output();
        given_up(&outcome);
        outcome.says(&["waiting for process", "given up after 1 second"]);
        let outcome = folder.mailca(line).args(&["--lock-timeout", "0"]).output();
        given_up(&outcome);
        outcome.says_nothing_of(&["waiting for", "given up after"]);
    }
    let outcome = folder.mailca("sign --lock-timeout 1 -q").output();
    given_up(&outcome);
    outcome.says_nothing_of(&["waiting for"]);
    let changes = crate::support::Snapshot::of(folder.root()).changes_since(&before);
    assert_eq!(changes, "");
    drop(held);
    folder.mailca("sign --lock-timeout 0").success();
}

/// Every other lock as well.
#[test]
fn each_lock_has_its_limit() {
    need!("flock");
    let folder = with_user();
    folder.write("users.csv", "login,email\nann,ann@example.com\n");
    folder.write("demoCA/issue-list.lock", "");
    let held = Holder::of(&folder, "demoCA/issue-list.lock");
    let line = "issue --from users.csv --key-type ecdsa-p256 --lock-timeout 0";
    given_up(&folder.mailca(line).output());
    folder.mailca("issue --cn mail.example.com mail --lock-timeout 0").success();
    drop(held);
    folder.mailca(line).success();
    // A certificate folder, while another one changes it.
    let held = Holder::of(&folder, "mail");
    let outcome = folder.mailca("renew --new-key mail --lock-timeout 1").output();
    assert_eq!(outcome.status, Some(1), "{outcome}");
    outcome.says(&["waiting for process", "mail is locked by"]);
    drop(held);
    folder.mailca("renew --new-key mail --lock-timeout 0").success();
    // The CA, joeuser, ann, mail, and the new one of mail: once, though it was begun twice.
    assert_eq!(folder.index().len(), 5);
}

#[test]
fn a_wait_ends_when_the_holder_is_killed() {
    need!("flock", "openssl");
    let folder = with_user();
    folder.mailca("newreq --cn mail.example.com").success();
    let held = Holder::of(&folder, FILE);
    let run = folder.mailca("sign");
    let waiting = thread::spawn(move || run.output());
    // It is in the queue, which only the kernel tells.
    wait_for_another_at(&folder);
    drop(held);
    let outcome = waiting.join().unwrap();
    assert_eq!(outcome.status, Some(0), "{outcome}");
}

/// One that was stopped and not killed holds its lock: whoever waits is told which process that is.
#[test]
fn a_stopped_holder_is_named() {
    need!("flock", "strace");
    let folder = with_user();
    folder.mailca("newreq --cn mail.example.com").success();
    // mailca itself, which strace stops in the middle.
    let index = folder.path("demoCA/index.txt").display().to_string();
    let inject = "inject=write:signal=STOP:when=1";
    let options = ["-o", "/dev/null", "-P", &index, "-e", "trace=write", "-e", inject];
    let run = crate::trace::strace(&folder, &options, "issue --cn mx.example.com mx");
    let holder = thread::spawn(move || run.output());
    let process = stopped_holder(&folder);
    let outcome = folder.mailca("sign --lock-timeout 2").output();
    given_up(&outcome);
    outcome.says(&[&format!("waiting for process {process} (mailca)"), "mailca.lock"]);
    kill_process(Pid::from_raw(process).unwrap(), Signal::KILL).unwrap();
    assert_ne!(holder.join().unwrap().status, Some(0));
    folder.mailca("sign").success();
    folder.mailca("doctor").success();
}

/// The lines of /proc/locks about the CA's lock.
fn lines(folder: &Folder) -> Vec<String> {
    use std::os::unix::fs::MetadataExt;
    let Ok(there) = std::fs::metadata(folder.path(FILE)) else { return Vec::new() };
    let number = format!(":{} ", there.ino());
    let all = std::fs::read_to_string("/proc/locks").unwrap();
    all.lines().filter(|line| line.contains(&number)).map(String::from).collect()
}

fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..3000 {
        if let Some(found) = look() {
            return found;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("it does not come")
}

fn wait_for_another_at(folder: &Folder) {
    until(|| lines(folder).iter().any(|line| line.contains("->")).then_some(()));
}

/// The process that holds the lock and is stopped.
fn stopped_holder(folder: &Folder) -> i32 {
    until(|| {
        let held = lines(folder).into_iter().find(|line| !line.contains("->"))?;
        let process: i32 = held.split_whitespace().nth(4)?.parse().ok()?;
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let state = status.lines().find(|line| line.starts_with("State:"))?;
        state.to_lowercase().contains("stop").then_some(process)
    })
}
