//! `man`: which pages are written, and over what. tests/interop has those who read them.

use std::fs;

use crate::support::{Folder, mode};

fn names(folder: &Folder, dir: &str) -> Vec<String> {
    let entries = fs::read_dir(folder.path(dir)).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn every_command_has_a_page_and_so_has_the_file_of_settings() {
    let folder = Folder::empty();
    folder.mailca("man pages").success();
    let names = names(&folder, "pages");
    let list = folder.mailca("-h").success().text();
    let lines = list.lines().skip_while(|line| *line != "Commands:").skip(1);
    let mut wanted = vec!["mailca.1".to_owned(), "mailca.toml.5".to_owned()];
    for line in lines.take_while(|line| !line.is_empty()) {
        wanted.push(format!("mailca-{}.1", line.split_whitespace().next().unwrap()));
    }
    for server in ["dovecot", "exim", "opensmtpd", "postfix", "sendmail", "timer"] {
        wanted.push(format!("mailca-config-{server}.1"));
    }
    wanted.sort();
    assert_eq!(names, wanted);
    for name in names {
        assert_eq!(mode(&folder.path("pages").join(name)), 0o644);
    }
    assert_eq!(mode(&folder.path("pages")), 0o755);
}

#[test]
fn a_page_has_what_the_help_has_and_what_stands_beside_it() {
    let folder = Folder::empty();
    folder.mailca("man .").success();
    let page = folder.text("mailca-renew.1").replace("\\-", "-");
    for words in [
        ".SH NAME\nmailca-renew - Make certificates anew before they end\n",
        "\\fBmailca renew\\fR [OPTIONS] [NAME|SERIAL|FILE]...\n",
        "\\fB--revoke-old\\fR",
        ".SH EXAMPLES",
        "mailca renew --expiring 30d\n",
        "The key stays the same, so that TLSA records",
        "NAME/install.toml",
        ".SH \"EXIT STATUS\"",
        ".SH SECURITY",
        "\\fBmailca-status\\fR(1)",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    // Only what can say no has a status for it.
    let has_verdict = |name: &str| folder.text(&format!("{name}.1")).contains("\\fB3\\fR");
    for name in
        ["mailca", "mailca-verify", "mailca-check", "mailca-status", "mailca-doctor", "mailca-tlsa"]
    {
        assert!(has_verdict(name), "{name}");
    }
    assert!(!has_verdict("mailca-sign") && !has_verdict("mailca-renew"));
    let settings = folder.text("mailca.toml.5").replace("\\-", "-");
    for words in ["\\fBcrl-days = 30\\fR", "/etc/mailca.toml", "access-maps (another CA would"] {
        assert!(settings.contains(words), "{words}: {settings}");
    }
}

#[test]
fn other_files_stay_unless_they_are_meant() {
    let folder = Folder::empty();
    folder.mkdir("pages");
    folder.write("pages/mailca-sign.1", "another\n");
    folder.mailca("man pages").refused(&["mailca-sign.1", "there already", "--force"]);
    assert_eq!(names(&folder, "pages"), ["mailca-sign.1"]);
    folder.mailca("man pages --force").success();
    assert!(folder.text("pages/mailca-sign.1").contains(".TH"));
    // Again there is nothing to do, and everything is the same.
    let before = folder.read("pages/mailca.1");
    let report = folder.mailca("man pages --json").success().text();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert!(report["pages"].as_array().unwrap().iter().any(|name| name == "mailca.toml.5"));
    assert_eq!(folder.read("pages/mailca.1"), before);
    folder.mailca("man pages/mailca.1").refused(&["mailca.1"]);
    folder.mailca("man none/pages").refused(&["none/pages"]);
    folder.mailca("man").usage(&["DIR"]);
}

#[test]
fn it_is_for_packagers_and_not_in_the_list() {
    let folder = Folder::empty();
    let list = folder.mailca("--help").success().text();
    assert!(!list.contains("\n  man "), "{list}");
    folder.mailca("man --help").success().says(&["mailca man /usr", "SOURCE_DATE_EPOCH"]);
}
