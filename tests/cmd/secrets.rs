//! What a process leaves of keys and passwords: in its memory when it ends, in a core, in its arguments,
//! its environment, its output, and in files that nobody knows of.
//!
//! A library that is loaded into mailca writes the memory out as the process ends, which is what a core or
//! a page in the swap would hold. What is found there is a copy that was not wiped.

use crate::support::{Folder, need};

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
fn no_key_and_no_password_is_left_in_memory() {
    need!("gcc", "openssl");
    let mut found = Vec::new();
    for job in &JOBS {
        let (_folder, memory, secrets) = run(job);
        for secret in &secrets {
            for place in memory.places_of(secret) {
                found.push(format!("{}: {place}", job.line));
            }
        }
    }
    assert!(found.is_empty(), "left in memory:\n{}", found.join("\n"));
}
