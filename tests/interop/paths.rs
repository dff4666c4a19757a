//! Path validation, case by case, of the kinds that C2SP's x509-limbo has; `openssl verify -x509_strict`
//! and certtool are the referees. Where one of them differs, a list has the reason, and a difference
//! that has gone fails too.
#![allow(clippy::print_stdout, reason = "how many cases there are is part of the outcome")]

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::need;

#[path = "paths/case.rs"]
mod case;
#[path = "paths/command.rs"]
mod command;
#[path = "paths/der.rs"]
mod der;
#[path = "paths/differences.rs"]
mod differences;
#[path = "paths/extension.rs"]
mod extension;
#[path = "paths/key.rs"]
mod key;
#[path = "paths/kinds/mod.rs"]
mod kinds;
#[path = "paths/make.rs"]
mod make;
#[path = "paths/referee.rs"]
pub mod referee;

use case::Case;

/// Processes side by side.
const WORKERS: usize = 4;

/// A program that was asked, and the version that the list of its differences was made with.
struct Referee {
    name: &'static str,
    version: &'static str,
    differences: &'static [differences::Difference],
}

const OPENSSL: Referee =
    Referee { name: "openssl", version: "OpenSSL 3.0.", differences: differences::OPENSSL };
const CERTTOOL: Referee =
    Referee { name: "certtool", version: "certtool 3.7.", differences: differences::CERTTOOL };

impl Referee {
    /// Another version has differences of its own: they are printed, and our verdict alone is asserted.
    fn is_the_listed_one(&self) -> bool {
        let argument = if self.name == "openssl" { "version" } else { "--version" };
        let output = std::process::Command::new(self.name).arg(argument).output().unwrap();
        String::from_utf8_lossy(&output.stdout).starts_with(self.version)
    }
}

fn compare(case: &Case, referee: &Referee, theirs: &Result<(), String>) -> Option<String> {
    let who = referee.name;
    let differs = differences::find(referee.differences, &case.id);
    let agree = theirs.is_ok() == case.refused.is_empty();
    let words = theirs.as_ref().err().map_or("accepted", String::as_str);
    match (agree, differs) {
        (true, None) | (false, Some(_)) => None,
        (false, None) => Some(format!("{}: {who} differs: {words}", case.id)),
        (true, Some(why)) => Some(format!("{}: {who}: the difference is gone: {why}", case.id)),
    }
}

/// What is wrong with our answer, and in what the referees differ from what is listed.
fn ask(case: &Case, dir: &Path) -> (Option<String>, [Option<String>; 2]) {
    let dir = dir.join(case.id.replace(':', "_"));
    std::fs::create_dir(&dir).unwrap();
    referee::files(case, &dir);
    let openssl = compare(case, &OPENSSL, &referee::openssl(case, &dir));
    let certtool = compare(case, &CERTTOOL, &referee::certtool(case, &dir));
    (case.fault(), [openssl, certtool])
}

fn check(cases: &[Case]) {
    let dir = tempfile::tempdir().unwrap();
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    found.lock().unwrap().push(ask(case, dir.path()));
                }
            });
        }
    });
    let strict = [OPENSSL, CERTTOOL].map(|referee| referee.is_the_listed_one());
    let mut faults = Vec::new();
    for (ours, theirs) in found.into_inner().unwrap() {
        faults.extend(ours);
        for (difference, strict) in theirs.into_iter().zip(strict) {
            match difference {
                Some(difference) if strict => faults.push(difference),
                Some(difference) => println!("another version: {difference}"),
                None => {}
            }
        }
    }
    faults.sort();
    assert!(faults.is_empty(), "{} of {} cases:\n{}", faults.len(), cases.len(), faults.join("\n"));
    println!("{} cases", cases.len());
}

macro_rules! kinds {
    ($($kind:ident),* $(,)?) => {
        $(
            #[test]
            fn $kind() {
                need!("openssl", "certtool", "faketime");
                check(&kinds::$kind::cases());
            }
        )*

        /// A name in the lists that no case has is a difference that nobody looks for; one that two have is
        /// looked for once.
        #[test]
        fn every_id_is_one_cases() {
            need!("openssl");
            let cases = [$(kinds::$kind::cases()),*].concat();
            let mut ids: Vec<_> = cases.into_iter().map(|case| case.id).collect();
            ids.sort();
            let count = ids.len();
            println!("{count} cases");
            ids.dedup();
            assert_eq!(count, ids.len());
            let listed = [differences::OPENSSL, differences::CERTTOOL].concat();
            for id in listed.iter().flat_map(|(_, ids)| *ids) {
                assert!(ids.iter().any(|known| known == id), "{id}");
            }
        }
    };
}

kinds!(authority, building, constraints, critical, dates, hosts, lists, signatures, usage);

#[test]
fn hostile() {
    let cases = kinds::hostile::cases();
    let faults: Vec<_> = cases.iter().filter_map(Case::fault).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(kinds::hostile::path_through_mesh(), 4);
    println!("{} cases", cases.len());
}
