//! The manual pages, for those who read them: mandoc, groff and man.

use crate::support::{Folder, need};

fn pages() -> (Folder, Vec<String>) {
    let folder = Folder::empty();
    folder.mailca("man .").success();
    let entries = std::fs::read_dir(folder.root()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names: Vec<_> = names.collect();
    assert!(names.len() > 30, "{names:?}");
    (folder, names)
}

#[test]
fn mandoc_has_nothing_to_say_against_them() {
    need!("mandoc");
    let (folder, names) = pages();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let outcome = folder.program("mandoc", "-T lint -W warning").args(&names).success();
    assert!(outcome.stdout.is_empty() && outcome.stderr.is_empty(), "{outcome}");
    // Of what is a matter of style, long lines in the source are ours.
    let outcome = folder.program("mandoc", "-T lint -W style").args(&names).output();
    let others: Vec<_> = outcome
        .text()
        .lines()
        .filter(|line| !line.contains("longer than 80"))
        .map(String::from)
        .collect();
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn groff_and_man_set_them_without_a_warning() {
    need!("groff", "man");
    let (folder, names) = pages();
    for name in &names {
        let outcome = folder.program("groff", "-man -ww -Tutf8 -z").arg(name).success();
        assert!(outcome.stderr.is_empty(), "{name}: {outcome}");
        let run = folder.program("man", "--warnings -l").arg(&format!("./{name}"));
        let run = run.env("MANWIDTH", "80").env("MANPAGER", "cat").env("LC_ALL", "C.UTF-8");
        let outcome = run.success();
        assert!(outcome.stderr.is_empty(), "{name}: {outcome}");
        let text = outcome.text();
        assert!(text.contains("NAME") && text.contains("SEE ALSO"), "{text}");
    }
    // What has to be typed can be copied from the page.
    let run = folder.program("man", "-l ./mailca-install.1").env("MANWIDTH", "120");
    let text = run.env("MANPAGER", "cat").success().text();
    let command =
        "mailca install mail.example.com --for postfix --reload 'systemctl reload postfix' \\";
    assert!(text.contains(command), "{text}");
}
