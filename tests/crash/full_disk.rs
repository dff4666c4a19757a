//! A disk that is full at one page after the other.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::job::{JOBS, nothing_is_half_done, run_again};
use crate::keeping;
use crate::support::{Folder, MAILCA, Outcome, Run, need, skip};

/// How to get a mount namespace of one's own here: as root, or as root of a user namespace.
fn unshare() -> Option<&'static str> {
    let works = |options: &str| {
        let script = "mount -t tmpfs -o size=64k tmpfs /tmp";
        let mut command = Command::new("unshare");
        let output = command.args(options.split(' ')).args(["sh", "-c", script]).output();
        output.is_ok_and(|output| output.status.success())
    };
    ["-m", "-r -m"].into_iter().find(|options| works(options))
}

/// Copies the folder onto a tmpfs of `pages` pages beyond what it holds, runs the command there,
/// and copies what is left back into `after`.
const SCRIPT: &str = r"
pages=$1 line=$2 mailca=$3
mkdir disk
mount -t tmpfs -o size=16m tmpfs disk
cp -a before/. disk/
echo > disk/.filler # a size of 0 would mean no limit
used=$(df --output=used -B4096 disk | tail -1)
mount -o remount,size=$(( (used + pages) * 4096 )) disk
cd disk
status=0
$mailca $line || status=$?
cp -a . ../after/
exit $status
";

#[test]
fn no_half_file_at_any_size_of_the_disk() {
    need!("unshare", "openssl");
    for job in JOBS.iter().chain(&keeping::JOBS) {
        at_every_size(job.before, job.line, |after, outcome, context| {
            nothing_is_half_done(after, context);
            if outcome.status == Some(0) {
                (job.done)(after);
            } else {
                run_again(job, after, context);
            }
        });
    }
}

/// Runs a command on disks that are larger and larger, until one is large enough, and hands what is left
/// on each to `check`.
pub fn at_every_size(
    before: fn() -> Folder,
    line: &str,
    mut check: impl FnMut(&Folder, &Outcome, &str),
) {
    let Some(options) = unshare() else {
        return skip("no mount namespace may be made here");
    };
    let mut failed = 0;
    for pages in 0..200 {
        let before = before();
        let folder = Folder::empty();
        folder.mkdir("after");
        fs::rename(before.root(), folder.path("before")).unwrap();
        let outcome = Run::new("/usr/bin/unshare".as_ref(), folder.root(), options)
            .args(&["bash", "-euc", SCRIPT, "sh", &pages.to_string(), line, MAILCA])
            .output();
        let context = format!("{line} with {pages} pages: {outcome}");
        let after = Folder::empty();
        let status = Command::new("cp")
            .args(["-a", "after/.", after.root().to_str().unwrap()])
            .current_dir(folder.root())
            .status();
        assert!(status.unwrap().success());
        moved(&after, &folder.path("disk"));
        if outcome.status != Some(0) {
            assert_eq!(outcome.status, Some(1), "{context}");
            assert!(outcome.stderr.contains("No space left on device"), "{context}");
            failed += 1;
        }
        check(&after, &outcome, &context);
        if outcome.status == Some(0) {
            break;
        }
    }
    assert!(failed > 0, "{line}: the disk was never full");
}

/// The configuration for openssl holds the place of the CA.
fn moved(after: &Folder, from: &Path) {
    if after.exists("demoCA/openssl.cnf") {
        let [old, new] = [from, after.root()].map(|path| path.display().to_string());
        let text = after.text("demoCA/openssl.cnf").replace(&old, &new);
        after.write("demoCA/openssl.cnf", text);
    }
}

/// A device that takes nothing is no success.
#[test]
fn a_product_that_cannot_be_written_is_a_failure() {
    need!("openssl");
    let folder = Folder::with_user();
    folder.simple_request("other", "/CN=mail.example.com", "DNS:mail.example.com");
    for line in [
        "mailca show joeuser/cert.pem",
        "mailca show --json joeuser/cert.pem",
        "mailca verify --json joeuser/cert.pem",
        "mailca sign - --profile server --yes < other.csr",
        "mailca sign - --profile server --yes --json < other.csr",
        "mailca list",
        "mailca status",
        "mailca --help",
        "mailca --version",
        "mailca sign --help",
    ] {
        let outcome = folder.bash(&format!("{line} > /dev/full")).exits(1);
        assert!(outcome.stderr.contains("error:"), "{outcome}");
        folder.bash(&format!("{line} > /dev/full 2> /dev/full")).exits(1);
    }
}

/// What was to go to a reader who has gone is not delivered, and the same command delivers it. A report may be read
/// in part.
#[test]
fn a_reader_who_has_gone_has_not_got_it() {
    let folder = Folder::with_user();
    folder.mailca("newreq --cn mail.example.com mail").success();
    fs::copy(folder.path("mail/req.pem"), folder.path("other.csr")).unwrap();
    let line = "sign - --profile server --yes";
    for line in [line, &format!("{line} --json")] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = folder.mailca(line).command();
        command.stdin(fs::File::open(folder.path("other.csr")).unwrap()).stdout(writer);
        let output = command.output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert!(words.contains("error:") && words.contains("the same command"), "{words}");
    }
    assert_eq!(folder.index().len(), 3);
    let outcome = folder.mailca(line).stdin(folder.read("other.csr")).success();
    folder.write("cert.pem", &outcome.stdout);
    let serial = crate::support::Certificate::read(&folder.path("cert.pem")).serial;
    assert_eq!(folder.index()[2][3], serial);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = folder.mailca("list").command();
    assert!(command.stdout(writer).status().unwrap().success());
}
