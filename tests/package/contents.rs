//! What is in the package: in its places, well formed, and nothing that lintian knows better.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::making::{SOURCES, need_package};
use crate::support::{Folder, MAILCA, Run, need};

/// The package's files, in a folder.
fn unpacked(package: &Path) -> Folder {
    let folder = Folder::empty();
    folder.program("dpkg-deb", "--extract").args(&[package.to_str().unwrap(), "."]).success();
    folder
}

/// The names in a folder of the package.
fn names(folder: &Folder, path: &str) -> Vec<String> {
    let entries = fs::read_dir(folder.path(path)).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn lintian_finds_nothing() {
    need!("lintian");
    let package = need_package!();
    let folder = Folder::empty();
    // Root is as good as anybody for looking.
    let outcome = folder.program("lintian", "--allow-root").arg(package.to_str().unwrap()).output();
    assert_eq!(outcome.status, Some(0), "{outcome}");
    assert!(!outcome.text().contains("mailca"), "{outcome}");
}

#[test]
fn every_command_has_a_page_that_can_be_read() {
    need!("mandoc", "gunzip");
    let folder = unpacked(need_package!());
    let help = folder.mailca("--help").success().text();
    let listed = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands = listed.lines().filter_map(|line| line.split_whitespace().next());
    let commands: Vec<_> = commands.filter(|word| *word != "help").collect();
    assert!(commands.len() > 20, "{commands:?}\n{help}");
    let pages = names(&folder, "usr/share/man/man1");
    assert!(pages.contains(&"mailca.1.gz".to_owned()), "{pages:?}");
    for command in commands {
        assert!(pages.contains(&format!("mailca-{command}.1.gz")), "{command} of {pages:?}");
    }
    assert_eq!(names(&folder, "usr/share/man/man5"), ["mailca.toml.5.gz"]);
    let page =
        folder.bash("gunzip < usr/share/man/man1/mailca-renew.1.gz | mandoc -T utf8 | col -b");
    page.success().says(&["NAME", "mailca-renew", "--expiring", "EXAMPLES"]);
}

#[test]
fn the_shells_find_their_completions() {
    let folder = unpacked(need_package!());
    for (shell, path) in [
        ("bash", "usr/share/bash-completion/completions/mailca"),
        ("zsh", "usr/share/zsh/vendor-completions/_mailca"),
        ("fish", "usr/share/fish/vendor_completions.d/mailca.fish"),
    ] {
        let printed = folder.mailca(&format!("completions {shell}")).success().text();
        assert!(printed.contains("mailca") && folder.text(path) == printed, "{shell}");
    }
    assert!(folder.text("usr/share/zsh/vendor-completions/_mailca").starts_with("#compdef mailca"));
}

#[test]
fn the_templates_are_those_that_the_program_has() {
    let folder = unpacked(need_package!());
    let templates = "usr/share/mailca/templates";
    let packed = names(&folder, templates);
    for expected in ["timer.txt", "kit.html", "sendmail.mc", "dovecot-2.4.conf", "postfix-main.cf"]
    {
        assert!(packed.iter().any(|name| name == expected), "{expected} of {packed:?}");
    }
    // Put in the place of the program's own, they change nothing.
    folder.mailca("newca").success();
    for line in ["timer", "postfix --role receive,submission --host mail.example.com"] {
        let own = folder.mailca(&format!("config {line} --template-dir {templates}")).success();
        assert_eq!(own.text(), folder.mailca(&format!("config {line}")).success().text());
    }
}

#[test]
fn what_is_linked_in_is_named_with_its_licence() {
    need!("gunzip");
    let folder = unpacked(need_package!());
    let doc = "usr/share/doc/mailca";
    let notices = folder.bash(&format!("gunzip < {doc}/licences.gz")).success().text();
    // Of all that is linked in, and of nothing that only builds or tests.
    for (name, linked) in [("rustls", true), ("aws-lc-sys", true), ("tempfile", false)] {
        let named = notices.lines().any(|line| line.starts_with(&format!("{name} ")));
        assert_eq!(named, linked, "{name}");
    }
    assert!(folder.text(&format!("{doc}/copyright")).contains("licences.gz"));
    let example = folder.text(&format!("{doc}/examples/mailca.toml"));
    assert_eq!(example, fs::read_to_string(format!("{SOURCES}/templates/mailca.toml")).unwrap());
}

#[test]
fn the_program_is_the_one_that_was_given() {
    let folder = unpacked(need_package!());
    let packed = folder.path("usr/bin/mailca");
    assert_eq!(fs::metadata(&packed).unwrap().permissions().mode() & 0o7777, 0o755);
    let version = |program: &Path| Run::new(program, folder.root(), "--version").success().text();
    assert_eq!(version(&packed), version(Path::new(MAILCA)));
}
