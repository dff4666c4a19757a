//! What a process leaves of keys and passwords: in its memory when it ends, in a core, in its arguments,
//! its environment, its output, and in files that nobody knows of.
//!
//! A library that is loaded into mailca writes the memory out as the process ends, which is what a core or
//! a page in the swap would hold. What is found there is a copy that was not wiped.

use crate::support::{Folder, Snapshot, need};

#[path = "secrets/jobs.rs"]
mod jobs;
#[path = "secrets/memory.rs"]
mod memory;
#[path = "secrets/secret.rs"]
mod secret;

use jobs::{JOBS, Job};
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
                    if !job.files.contains(&file.as_str()) {
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

/// A key is closed to others from the moment its file is made, whatever the umask; no other file ever has it.
#[test]
fn a_file_with_a_secret_is_made_with_its_mode() {
    need!("strace", "openssl");
    // The same files are made whether the password is typed or not.
    for job in JOBS.iter().filter(|job| job.is_unattended()) {
        let folder = job.prepared();
        let opened = job.traced(&folder);
        let made: Vec<_> = opened.lines().filter(|line| line.contains("O_CREAT")).collect();
        assert!(!made.is_empty(), "{}: {opened}", job.line);
        for line in made {
            let secret = [
                "key.pem",
                "cakey.pem",
                ".p12",
                "/out",
                ".out",
                "passwords.csv",
                ".password",
                "-kit",
            ];
            if !secret.iter().any(|name| line.contains(name)) {
                continue;
            }
            assert!(
                line.contains("O_EXCL")
                    && [", 0400)", ", 0600)"].iter().any(|mode| line.contains(mode)),
                "{}: {line}",
                job.line
            );
        }
        assert!(!opened.contains("chmod("), "{}: {opened}", job.line);
    }
}
