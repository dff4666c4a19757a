//! The commands that keep the CA: backup, restore, the repair of a damaged folder, and the report.

use std::fs;

use crate::job::{Job, with_user};
use crate::support::Folder;

pub static JOBS: [Job; 4] = [
    Job { line: "backup ca.tar", before: with_user, done: archive_is_whole },
    Job { line: "restore ca.tar", before: lost, done: ca_is_there },
    Job { line: "doctor --fix --assume-valid", before: damaged, done: ca_is_sound },
    Job { line: "report --force -o page.html", before: with_a_page, done: page_is_whole },
];

/// The page that is there before.
pub const OLD_PAGE: &str = "an old page\n";

fn with_a_page() -> Folder {
    let folder = with_user();
    folder.write("page.html", OLD_PAGE);
    folder
}

fn page_is_whole(folder: &Folder) {
    let page = folder.text("page.html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"), "{page}");
    assert!(page.contains("joeuser"), "{page}");
}

fn lost() -> Folder {
    let folder = with_user();
    folder.mailca("backup ca.tar").success();
    fs::remove_dir_all(folder.path("demoCA")).unwrap();
    folder
}

/// Blank lines, a certificate without a row, a row without a certificate, no numbers, a leftover.
fn damaged() -> Folder {
    let folder = with_user();
    folder.mailca("issue --cn mail.example.com mail").success();
    let rows = folder.index();
    let text = folder.text("demoCA/index.txt");
    let lines: Vec<_> = text.lines().collect();
    folder.write("demoCA/index.txt", format!("{}\n\n{}\nnonsense\n", lines[0], lines[1]));
    fs::remove_file(folder.path(&format!("demoCA/newcerts/{}.pem", rows[1][3]))).unwrap();
    fs::remove_file(folder.path("demoCA/serial")).unwrap();
    fs::remove_file(folder.path("demoCA/crlnumber")).unwrap();
    folder.write("demoCA/.serial.mailca-tmp", "00");
    folder
}

fn archive_is_whole(folder: &Folder) {
    folder.mailca("restore ca.tar --ca-dir probe").success();
    folder.mailca("doctor --fix --ca-dir probe").success();
    folder.mailca("doctor --ca-dir probe").success();
    fs::remove_dir_all(folder.path("probe")).unwrap();
}

fn ca_is_there(folder: &Folder) {
    folder.mailca("doctor").verdict(&["restored"]);
    folder.mailca("doctor --fix").success();
    folder.mailca("doctor").success();
    assert_eq!(folder.index().len(), 2);
    folder.openssl("ca -config demoCA/openssl.cnf -gencrl -out probe.crl").success();
}

fn ca_is_sound(folder: &Folder) {
    folder.mailca("doctor").success().says(&["nothing is wrong"]);
    let rows = folder.text("demoCA/index.txt");
    assert_eq!(rows.lines().filter(|line| line.starts_with('V')).count(), 3, "{rows}");
    folder.openssl("ca -config demoCA/openssl.cnf -gencrl -out probe.crl").success();
}
