//! A list of persons: killed and out of space at every step, and two runs at once.

use std::collections::BTreeSet;
use std::fs;
use std::thread;

use crate::full_disk::at_every_size;
use crate::job::{Job, nothing_is_half_done, run_again, serials};
use crate::look;
use crate::strike::{Blow, Stage, calls, possible, struck};
use crate::support::{Certificate, Folder, mode, need};

const LOGINS: [&str; 2] = ["ann", "joe"];

pub static ONE_FILE: Job = Job {
    line: "issue --from users.csv --p12 --password-out passwords.csv --key-type ecdsa-p256",
    before: with_list,
    done: all_have_theirs,
};
pub static A_FILE_EACH: Job = Job {
    line: "issue --from users.csv --p12 --password-dir secret --key-type ecdsa-p256",
    before: with_list,
    done: all_have_theirs_each,
};
/// Of two, one has all but the bundle.
pub static HALF_THERE: Job = Job {
    line: "issue --from users.csv --p12 --password-out passwords.csv --key-type ecdsa-p256",
    before: with_one,
    done: all_have_theirs,
};

fn with_list() -> Folder {
    let folder = Folder::with_ca();
    folder
        .write("users.csv", "login,name,email\nann,Ann,ann@example.com\njoe,Joe,joe@example.com\n");
    folder
}

fn many(count: usize) -> String {
    let rows: Vec<_> = (0..count).map(|n| format!("u{n},u{n}@example.com")).collect();
    format!("login,email\n{}\n", rows.join("\n"))
}

fn with_one() -> Folder {
    let folder = with_list();
    folder.mailca("issue --user ann --email ann@example.com --key-type ecdsa-p256 ann").success();
    folder
}

fn all_have_theirs(folder: &Folder) {
    let passwords = folder.text("passwords.csv");
    assert_eq!(mode(&folder.path("passwords.csv")), 0o400);
    assert_eq!(passwords.lines().count(), LOGINS.len() + 1, "{passwords}");
    has_theirs(folder, &|login| {
        let line = passwords.lines().find_map(|line| line.strip_prefix(&format!("{login},")));
        line.unwrap_or_else(|| panic!("no password of {login}: {passwords}")).to_string()
    });
}

fn all_have_theirs_each(folder: &Folder) {
    has_theirs(folder, &|login| {
        let name = format!("secret/{login}.password");
        assert_eq!(mode(&folder.path(&name)), 0o400);
        folder.text(&name).trim_end().to_string()
    });
}

/// Everybody has one certificate, which the CA knows, a key to it, and a bundle that opens; and nothing is
/// left over.
fn has_theirs(folder: &Folder, password: &dyn Fn(&str) -> String) {
    let rows = folder.index();
    assert_eq!(rows.len(), LOGINS.len() + 1, "issued twice, or not recorded: {rows:?}");
    let kept: BTreeSet<_> = fs::read_dir(folder.path("demoCA/newcerts"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let known: BTreeSet<_> = rows.iter().map(|row| format!("{}.pem", row[3])).collect();
    assert_eq!(kept, known, "newcerts/ and index.txt differ");
    for login in LOGINS {
        let cert = format!("{login}/cert.pem");
        assert!(look::is_issued_by(&folder.path(&cert), &folder.path("demoCA/cacert.pem")));
        let serial = Certificate::read(&folder.path(&cert)).serial;
        let row = rows.iter().find(|row| row[3] == serial).expect("not in index.txt");
        assert!(row[5].ends_with(&format!("/CN={login}")), "{row:?}");
        let key = look::key(&folder.path(&format!("{login}/key.pem")));
        assert_eq!(key, look::certificate(&folder.path(&cert)));
        assert!(look::opens(&folder.path(&format!("{login}.p12")), &password(login)));
    }
    assert_eq!(fs::read_dir(folder.path("demoCA/pending")).unwrap().count(), 0, "not noted");
    folder.mailca("doctor").success().says(&["nothing is wrong"]);
}

#[test]
fn no_half_file_at_any_size_of_the_disk() {
    need!("unshare", "openssl");
    at_every_size(ONE_FILE.before, ONE_FILE.line, |after, outcome, context| {
        // The configuration for openssl still names the folder that this one is a copy of.
        let text = after.text("demoCA/openssl.cnf");
        let place =
            text.split("/demoCA").next().and_then(|before| before.rsplit([' ', '"']).next());
        let here = after.root().display().to_string();
        after.replace("demoCA/openssl.cnf", text.replace(place.unwrap(), &here));
        nothing_is_half_done(after, context);
        if outcome.status == Some(0) {
            (ONE_FILE.done)(after);
        } else {
            run_again(&ONE_FILE, after, context);
        }
    });
}

/// What a killed run recorded, another command finishes, and the next run delivers.
#[test]
fn any_command_finishes_what_a_killed_run_recorded() {
    need!("gcc", "openssl");
    if !possible() {
        return;
    }
    let mut finished = 0;
    let stage = Stage::of(with_list);
    for call in calls(stage.reset(), ONE_FILE.line) {
        let folder = stage.reset();
        let _ = struck(folder, ONE_FILE.line, &call, Blow::Kill);
        let pending = fs::read_dir(folder.path("demoCA/pending")).unwrap();
        let mut paths = pending.map(|entry| entry.unwrap().path());
        if !paths.any(|path| path.extension().is_some_and(|end| end == "group")) {
            continue;
        }
        finished += 1;
        let context = format!("killed at {call}");
        folder.mailca("issue --cn mail.example.com mail").success();
        let known = serials(folder);
        assert_eq!(known.len(), LOGINS.len() + 2, "{context}");
        let outcome = folder.mailca(ONE_FILE.line).success();
        assert_eq!(serials(folder), known, "{context}: {outcome}");
        for login in LOGINS {
            let serial = Certificate::read(&folder.path(&format!("{login}/cert.pem"))).serial;
            assert!(known.contains(&serial), "{context}: {outcome}");
        }
        folder.mailca("doctor").success().says(&["nothing is wrong"]);
    }
    assert!(finished > 4, "{finished} kills lie between the intent and the delivery");
}

#[test]
fn two_runs_of_one_list_give_nobody_two_certificates() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.write("users.csv", many(40));
    let runs: Vec<_> = (0..4)
        .map(|_| {
            let run = folder.mailca(ONE_FILE.line);
            thread::spawn(move || run.output())
        })
        .collect();
    let outcomes: Vec<_> = runs.into_iter().map(|run| run.join().unwrap()).collect();
    assert!(outcomes.iter().any(|outcome| outcome.status == Some(0)));
    for outcome in &outcomes {
        assert!(matches!(outcome.status, Some(0 | 1)), "{outcome}");
    }
    assert_eq!(folder.index().len(), 41);
    folder.mailca(ONE_FILE.line).success().says(&["40 there already"]);
    folder.mailca("doctor").success().says(&["nothing is wrong"]);
    let passwords = folder.text("passwords.csv");
    assert_eq!(passwords.lines().count(), 41, "{passwords}");
    for line in passwords.lines().skip(1) {
        let (login, password) = line.split_once(',').unwrap();
        let _ = fs::remove_file(folder.path("pw"));
        folder.write("pw", password);
        folder.openssl("pkcs12 -noout -passin file:pw -in").arg(&format!("{login}.p12")).success();
    }
}

/// Single commands of other hands in the middle of a run: one of the two is told, nobody is issued for twice.
#[test]
fn others_may_sign_while_a_list_is_being_done() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.write("users.csv", many(60));
    let run = folder.mailca("issue --from users.csv --key-type ecdsa-p256");
    let list = thread::spawn(move || run.output());
    for number in 0..10 {
        folder.mailca(&format!("issue --cn h{number}.example.com h{number}")).success();
        let _ = folder.mailca(&format!("sign u{number}")).output();
    }
    let outcome = list.join().unwrap();
    assert!(matches!(outcome.status, Some(0 | 1)), "{outcome}");
    folder.mailca("issue --from users.csv --key-type ecdsa-p256").success();
    assert_eq!(folder.index().len(), 71);
    folder.mailca("doctor").success().says(&["nothing is wrong"]);
}
