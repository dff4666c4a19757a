//! What a process leaves of keys and passwords: in its memory when it ends, in a core, in its arguments,
//! its environment, its output, and in files that nobody knows of.
//!
//! A library that is loaded into mailca writes the memory out as the process ends, which is what a core or
//! a page in the swap would hold. What is found there is a copy that was not wiped.

use crate::support::{Folder, MAILCA, Openssl, Run, Snapshot, need};

#[path = "secrets/jobs.rs"]
mod jobs;
#[path = "secrets/memory.rs"]
mod memory;
#[path = "secrets/secret.rs"]
mod secret;

use jobs::{FILES, JOBS, Job};
use memory::Memory;
use secret::Secret;

/// Runs a job to its end: what is in its memory then, and its secrets.
fn run(job: &Job) -> (Folder, Memory, Vec<Secret>) {
    let folder = job.prepared();
    let memory = Memory::of(&folder, job);
    let secrets = (job.secrets)(&folder);
    assert!(!secrets.is_empty(), "{}: nothing to look for", job.line);
    (folder, memory, secrets)
}

#[test]
fn nothing_is_left_of_keys_and_passwords() {
    need!("gcc", "openssl");
    let mut found = Vec::new();
    for job in &JOBS {
        let (folder, memory, secrets) = run(job);
        for secret in &secrets {
            for place in memory.places_of(secret) {
                found.push(format!("{}: {place}", job.line));
            }
            let said = [memory.outcome.stdout.as_slice(), memory.outcome.stderr.as_bytes()];
            for (form, part) in &secret.parts {
                if said.iter().any(|text| text.windows(part.len()).any(|window| window == part)) {
                    found.push(format!("{}: {} as {form}, said", job.line, secret.name));
                }
                for file in holders(&folder, part) {
                    let is_its_own = FILES.contains(&file.as_str()) || file.contains("key.pem");
                    if !is_its_own {
                        found.push(format!("{}: {} as {form}, in {file}", job.line, secret.name));
                    }
                }
            }
        }
        let core =
            memory.limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        let limits: Vec<_> = core.split_whitespace().skip(4).take(2).collect();
        assert_eq!(limits, ["0", "0"], "{}: a core may be written", job.line);
        assert!(!memory.is_dumpable, "{}: others of this user may read its memory", job.line);
    }
    assert!(found.is_empty(), "left:\n{}", found.join("\n"));
}

/// The files that hold these bytes. Each has to be closed to others.
fn holders(folder: &Folder, part: &[u8]) -> Vec<String> {
    let files = Snapshot::of(folder.root()).files();
    let holding = files
        .into_iter()
        .filter(|name| folder.read(name).windows(part.len()).any(|window| window == part));
    holding.collect()
}

/// The library sees what is left: a key that is held to the end is found in every form.
#[test]
fn what_is_left_would_be_found() {
    need!("gcc", "openssl");
    let folder = Folder::with_request();
    let pem = folder.text("key.pem");
    let secret = Secret::key("key.pem", &pem);
    let forms: std::collections::BTreeSet<_> = secret.parts.iter().map(|(form, _)| *form).collect();
    assert_eq!(forms.into_iter().collect::<Vec<_>>(), ["base64", "bytes", "words"]);
    // An argument is in the memory of every process, up to its end.
    let line: String = pem.lines().filter(|line| !line.starts_with("---")).collect();
    let memory = Memory::of_line(&folder, &format!("list --ca-dir {line}"));
    assert!(memory.places_of(&secret).iter().any(|place| place.contains("base64")));
    assert!(Memory::of_line(&folder, "list").places_of(&secret).is_empty());
}

/// Files whose content is nobody else's business.
const SECRET_FILES: [&str; 6] =
    ["key.pem", ".p12", "out.mailca-tmp", "passwords.csv", "ca.tar", "-kit/"];

/// A key is closed to others from the moment its file is made, whatever the umask.
#[test]
fn a_file_with_a_secret_is_made_with_its_mode() {
    need!("strace", "openssl");
    let mut count = 0;
    // The same files are made whether the password is typed or not.
    for job in JOBS.iter().filter(|job| job.is_unattended()) {
        let folder = job.prepared();
        let trace = job.traced(&folder);
        let is_secret = |line: &&str| SECRET_FILES.iter().any(|name| line.contains(name));
        for line in trace.lines().filter(|line| line.contains("O_CREAT")).filter(is_secret) {
            let closed = [", 0400)", ", 0600)"].iter().any(|mode| line.contains(mode));
            assert!(line.contains("O_EXCL") && closed, "{}: {line}", job.line);
            count += 1;
        }
        // A folder gets the mode of the one whose place it takes.
        let is_of_file = |line: &&str| line.contains("chmod") && !line.contains(", 0755)");
        let changed: Vec<_> = trace.lines().filter(is_of_file).collect();
        assert!(changed.is_empty(), "{}: {}", job.line, changed.join("\n"));
    }
    assert!(count >= 20, "only {count} files were seen");
}

/// The key of a client certificate, which the handshake uses.
#[test]
fn nothing_is_left_of_a_key_that_a_server_was_shown() {
    need!("gcc", "openssl");
    let folder = Folder::with_user();
    folder.mailca("issue --cn mail.example.com mail").success();
    let server = Openssl::start(&folder, "-key mail/key.pem -cert mail/cert.pem -verify 1");
    let files = "--cert joeuser/cert.pem --key joeuser/key.pem";
    let line = format!("check mail.example.com:465 --connect {} {files}", server.1);
    let memory = Memory::of_line(&folder, &line);
    let secret = Secret::key("joeuser/key.pem", &folder.text("joeuser/key.pem"));
    let places = memory.places_of(&secret);
    let outcome = memory.outcome.says(&["mail.example.com"]);
    assert!(places.is_empty(), "{}\n{outcome}", places.join("\n"));
}

/// Called as CA.pl, it takes passphrases from standard input too.
#[test]
fn nothing_is_left_of_the_passphrase_that_ca_pl_is_given() {
    need!("gcc", "openssl");
    let folder = Folder::empty();
    std::os::unix::fs::symlink(MAILCA, folder.path("CA.pl")).unwrap();
    let passphrase = "correct horse battery";
    // No file name, the passphrase twice, the parts of the name, and the passphrase to sign with.
    let name = "DE\nHessen\nTown\nExample\nMail\nOld CA\nca@example.com";
    let answers = format!("\n{passphrase}\n{passphrase}\n{name}\n\n\n{passphrase}\n");
    let run = Run::new(&folder.path("CA.pl"), folder.root(), "-newca").stdin(answers);
    let memory = Memory::of_run(run);
    folder.write("pass", passphrase);
    let opened = folder.openssl("pkcs8 -in demoCA/private/cakey.pem -passin file:pass").success();
    let key = Secret::key("cakey.pem", &opened.text());
    for secret in [Secret::password("the passphrase", passphrase), key] {
        assert_eq!(memory.places_of(&secret).join("\n"), "");
    }
}
