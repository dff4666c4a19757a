//! Many processes with all kinds of commands on one CA, for as long as `MAILCA_TEST_MIXED_SECONDS` says (10): at the end
//! everything agrees.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::{Folder, Outcome, need};

const PROCESSES: usize = 64;

/// What was told on standard output, and what was seen.
#[derive(Default)]
struct Told {
    /// The serials that some command said it has issued.
    issued: Mutex<BTreeSet<String>>,
    /// How many more were issued for lists, which are told by their number.
    of_lists: AtomicUsize,
    revoked: Mutex<BTreeSet<String>>,
    runs: AtomicUsize,
    refusals: Mutex<Vec<String>>,
}

/// What a refusal may say here: two commands that want the same thing at the same time.
const REFUSALS: [&str; 12] = [
    "another mailca is writing",
    "in the meantime",
    "is there already",
    "was revoked already",
    "was revoked",
    "of this list could not",
    "could not be renewed",
    "could not be issued",
    "is no longer",
    "was replaced",
    "changed while",
    "run the command again",
];

#[test]
fn sixty_four_processes_of_all_kinds_agree_at_the_end() {
    need!("openssl");
    let seconds = std::env::var("MAILCA_TEST_MIXED_SECONDS").ok();
    let seconds = seconds.map_or(10, |text| text.parse().expect("a number of seconds"));
    let folder = Arc::new(Folder::with_ca());
    folder.replace(
        "demoCA/mailca.toml",
        folder.text("demoCA/mailca.toml") + "access-maps = [\"exim:../map\"]\n",
    );
    for number in 0..4 {
        folder.mailca(&format!("issue --cn shared{number}.example.com shared{number}")).success();
    }
    folder.write("pw", "correct horse\n");
    folder.mkdir("csr");
    let told = Arc::new(Told::default());
    let end = Instant::now() + Duration::from_secs(seconds);
    let workers: Vec<_> = (0..PROCESSES)
        .map(|number| {
            let (folder, told) = (Arc::clone(&folder), Arc::clone(&told));
            std::thread::spawn(move || {
                let mut round = 0;
                while round == 0 || Instant::now() < end {
                    work(&folder, &told, number, round);
                    round += 1;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.join().unwrap();
    }
    agree(&folder, &told);
}

fn work(folder: &Folder, told: &Told, number: usize, round: usize) {
    let name = format!("n{number}-{round}");
    let shared = format!("shared{}", (number + round) % 4);
    match number % 16 {
        // Its own request, then signed.
        0..=3 => {
            run(folder, told, &format!("newreq --cn {name}.example.com {name}"));
            issues(folder, told, &format!("sign {name} --json"), "signed");
        }
        4 | 5 => issues(
            folder,
            told,
            &format!("issue --cn {name}.example.com {name} --json"),
            "certificate",
        ),
        6 => {
            // A person, a bundle, and out again.
            let email = format!("{name}@example.com");
            let person =
                format!("issue --user {name} --email {email} --key-type ecdsa-p256 {name}");
            issues(folder, told, &format!("{person} --json"), "certificate");
            run(folder, told, &format!("export-p12 {name} --password-file pw --iterations 2048"));
            revokes(folder, told, &name);
        }
        7 => {
            let rows: Vec<_> =
                (0..5).map(|row| format!("{name}x{row},{name}x{row}@example.com\n")).collect();
            fs::write(
                folder.path(&format!("csr/{name}.csv")),
                format!("login,email\n{}", rows.concat()),
            )
            .unwrap();
            let line = format!("issue --from csr/{name}.csv --key-type ecdsa-p256 --json");
            if outcome(folder, told, &line).status == Some(0) {
                told.of_lists.fetch_add(5, Ordering::Relaxed);
            }
        }
        8 => {
            issues(
                folder,
                told,
                &format!("issue --cn {name}.example.com {name} --json"),
                "certificate",
            );
            revokes(folder, told, &name);
        }
        // Several renew the same ones.
        9 | 10 => issues(folder, told, &format!("renew {shared} --json"), "renewed"),
        11 => issues(folder, told, &format!("renew --new-key {shared} --json"), "renewed"),
        12 => run(folder, told, "crl"),
        13 => run(folder, told, "list --json"),
        14 => run(folder, told, "access-map --for exim --all -o other-map"),
        _ => run(folder, told, "status --json"),
    }
}

fn outcome(folder: &Folder, told: &Told, line: &str) -> Outcome {
    let outcome = folder.mailca(line).output();
    told.runs.fetch_add(1, Ordering::Relaxed);
    match outcome.status {
        Some(0) => {}
        // `status` finds something to do.
        Some(3) if line.starts_with("status") => {}
        Some(1) if REFUSALS.iter().any(|word| outcome.stderr.contains(word)) => {
            told.refusals.lock().unwrap().push(outcome.stderr.clone());
        }
        _ => panic!("{outcome}"),
    }
    outcome
}

fn run(folder: &Folder, told: &Told, line: &str) {
    let _ = outcome(folder, told, line);
}

/// Notes every serial that the document tells of what was issued.
fn issues(folder: &Folder, told: &Told, line: &str, member: &str) {
    let outcome = outcome(folder, told, line);
    if outcome.status != Some(0) {
        return;
    }
    let document: serde_json::Value = serde_json::from_slice(&outcome.stdout).unwrap();
    let mut serials = Vec::new();
    collect(&document[member], &mut serials);
    assert!(!serials.is_empty(), "{outcome}");
    told.issued.lock().unwrap().extend(serials);
}

/// The serials of certificates, but not those of what they were made from.
fn collect(value: &serde_json::Value, serials: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(members) => {
            if let Some(serial) = members.get("serial").and_then(|serial| serial.as_str()) {
                serials.push(serial.to_owned());
            }
            for (name, member) in members {
                if name != "old" {
                    collect(member, serials);
                }
            }
        }
        serde_json::Value::Array(all) => all.iter().for_each(|one| collect(one, serials)),
        _ => {}
    }
}

fn revokes(folder: &Folder, told: &Told, name: &str) {
    let outcome = outcome(folder, told, &format!("revoke {name} --reason superseded --crl --json"));
    if outcome.status == Some(0) {
        let document: serde_json::Value = serde_json::from_slice(&outcome.stdout).unwrap();
        let serial = document["certificate"]["serial"].as_str().unwrap();
        told.revoked.lock().unwrap().insert(serial.to_owned());
    }
}

fn agree(folder: &Folder, told: &Told) {
    let refusals = told.refusals.lock().unwrap();
    let runs = told.runs.load(Ordering::Relaxed);
    let rows = folder.index();
    let known: BTreeSet<_> = rows.iter().map(|row| row[3].clone()).collect();
    assert_eq!(known.len(), rows.len(), "a serial twice");
    let kept = fs::read_dir(folder.path("demoCA/newcerts")).unwrap();
    let kept: BTreeSet<_> = kept
        .map(|entry| {
            entry.unwrap().file_name().to_string_lossy().trim_end_matches(".pem").to_owned()
        })
        .collect();
    assert_eq!(kept, known, "newcerts/ and index.txt differ");
    let issued = told.issued.lock().unwrap();
    let unknown: Vec<_> = issued.difference(&known).collect();
    assert!(unknown.is_empty(), "told and not recorded: {unknown:?}");
    // The CA, and those that were made before.
    let of_lists = told.of_lists.load(Ordering::Relaxed);
    let untold = known.len() - issued.len() - of_lists - 5;
    assert!(
        untold <= refusals.len(),
        "{untold} of {} certificates were told by nobody: {refusals:?}",
        known.len()
    );
    let revoked: BTreeSet<_> =
        rows.iter().filter(|row| row[0] == "R").map(|row| row[3].clone()).collect();
    assert_eq!(revoked, *told.revoked.lock().unwrap());
    folder.mailca("crl").success();
    let list =
        folder.openssl("crl -noout -text -CAfile demoCA/cacert.pem -in demoCA/crl.pem").success();
    assert_eq!(list.text().matches("Serial Number:").count(), revoked.len());
    for number in 0..4 {
        folder.mailca(&format!("verify shared{number}/cert.pem")).success();
    }
    let doctor = folder.mailca("doctor").output();
    assert_eq!(doctor.status, Some(0), "{doctor}{refusals:?}");
    doctor.says(&["nothing is wrong"]);
    folder.openssl("ca -config demoCA/openssl.cnf -updatedb").success();
    assert_eq!(folder.index().len(), rows.len());
    let _ = writeln!(
        std::io::stderr(),
        "{runs} runs of {PROCESSES} at once: {} certificates, {} revoked, {} refusals",
        rows.len(),
        revoked.len(),
        refusals.len()
    );
}
