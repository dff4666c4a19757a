//! The settings of the machine and of a person, below those of the CA; and where each value comes from.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Certificate, Folder, MAILCA, Run, need, skip};

const OTHER: u32 = 65534;
const PERSONAL: &str = "home/.config/mailca/mailca.toml";

/// A folder with a CA, and a home in which there is this personal file.
fn with_home(text: &str) -> Folder {
    let folder = Folder::with_ca();
    folder.mkdir("home/.config/mailca");
    folder.write(PERSONAL, text);
    folder
}

fn at_home(folder: &Folder, line: &str) -> Run {
    folder.mailca(line).at_home(&folder.path("home"))
}

fn days(folder: &Folder, name: &str) -> u64 {
    u64::try_from(Certificate::read(&folder.path(&format!("{name}/cert.pem"))).days).unwrap()
}

/// The octets of the name, of which the ASCII parts can be read.
fn subject(folder: &Folder, name: &str) -> String {
    String::from_utf8_lossy(&Certificate::read(&folder.path(name)).subject).into_owned()
}

fn settings(run: Run) -> Vec<Value> {
    let value: Value = serde_json::from_slice(&run.arg("--json").success().stdout).unwrap();
    value["settings"].as_array().unwrap().clone()
}

/// Whether the machine's own files can be others for a command, without touching them.
fn has_own_etc() -> bool {
    let ran = std::process::Command::new("unshare")
        .args(["--mount", "mount", "--bind", "/tmp", "/etc"])
        .output();
    let can = ran.is_ok_and(|output| output.status.success());
    if !can {
        skip("only root, and not everywhere, can have another /etc");
    }
    can
}

/// With what is in `etc/` of the folder as /etc.
fn with_etc(folder: &Folder, line: &str) -> Run {
    let script = "mount --bind etc /etc; exec \"$0\" \"$@\"";
    Run::new(Path::new("/usr/bin/unshare"), folder.root(), "--mount bash -euc")
        .args(&[script, MAILCA])
        .args(&line.split(' ').collect::<Vec<_>>())
        .at_home(&folder.path("home"))
}

#[test]
fn the_machines_file_holds_below_the_personal_one_and_that_below_the_cas() {
    need!("unshare");
    if !has_own_etc() {
        return;
    }
    let folder = with_home("crl-days = 8\nlocality = \"Home\"\n");
    folder.mkdir("etc");
    folder.write("etc/mailca.toml", "leaf-days = 77\ncrl-days = 9\norganization = \"Machine\"\n");
    with_etc(&folder, "issue --cn a.example.com a").success();
    assert_eq!(days(&folder, "a"), 77);
    let subject = subject(&folder, "a/cert.pem");
    assert!(subject.contains("Home") && subject.contains("Example"), "{subject}");
    let found = settings(with_etc(&folder, "doctor"));
    let of = |key: &str| found.iter().find(|value| value["key"] == key).unwrap().clone();
    assert_eq!(
        of("leaf-days"),
        json!({ "key": "leaf-days", "value": 77, "source": "machine", "file": "/etc/mailca.toml",
                "line": 1, "variable": null })
    );
    assert_eq!(
        (&of("crl-days")["value"], &of("crl-days")["source"]),
        (&json!(8), &json!("personal"))
    );
    assert_eq!(of("organization")["source"], "ca");
    // Named in the place of both.
    folder.write("named.toml", "crl-days = 5");
    let found = settings(with_etc(&folder, "doctor --config named.toml"));
    let sources: Vec<_> = found.iter().map(|value| &value["source"]).collect();
    assert_eq!(sources, ["ca", "config"], "{found:?}");
    with_etc(&folder, "issue --config /dev/null --cn b.example.com b").success();
    assert_eq!(days(&folder, "b"), 365);
    // Wrong, it is named with its line, and without it all goes on.
    folder.write("etc/mailca.toml", "\nleaf-dayz = 1\n");
    with_etc(&folder, "issue --cn c.example.com c")
        .refused(&["/etc/mailca.toml:2: the key \"leaf-dayz\"", "is \"leaf-days\" meant?"]);
    with_etc(&folder, "issue --config /dev/null --cn c.example.com c").success();
    // Nor is one taken that others may write.
    folder.write("etc/mailca.toml", "leaf-days = 1\n");
    folder.chmod("etc/mailca.toml", 0o664);
    with_etc(&folder, "issue --cn d.example.com d").refused(&[
        "/etc/mailca.toml",
        "0664",
        "chmod go-w",
    ]);
    folder.chmod("etc/mailca.toml", 0o644);
    chown(folder.path("etc/mailca.toml"), Some(OTHER), None).unwrap();
    with_etc(&folder, "issue --cn d.example.com d").refused(&[
        "uid 65534",
        "chown root",
        "/dev/null",
    ]);
}

#[test]
fn newca_takes_its_defaults_from_beside_and_writes_down_what_is_for_good() {
    let folder = Folder::empty();
    folder.write(
        "c.toml",
        "country = \"DE\"\norganization = \"Beside\"\nca-key-type = \"ecdsa-p384\"\nleaf-days = 90\n\
         crl-url = \"http://ca.example.com/crl.der\"\npermit = [\"example.com\"]\n",
    );
    let outcome = folder.mailca("newca").env("MAILCA_CONFIG", "c.toml").success();
    outcome.says(&["c.toml:6 has it certify nothing but names in example.com"]);
    let subject = subject(&folder, "demoCA/cacert.pem");
    assert!(subject.contains("Beside") && subject.contains("DE"), "{subject}");
    let own: toml::Table = folder.text("demoCA/mailca.toml").parse().unwrap();
    let keys: Vec<_> = own.keys().map(String::as_str).collect();
    assert_eq!(keys, ["country", "crl-url", "organization", "permit"]);
    let shown = folder.mailca("show demoCA/cacert.pem --text").success().text();
    assert!(shown.contains("384"), "{shown}");
    // The rest follows the file, as long as it is there.
    let line = "issue --cn mail.example.com a --config c.toml";
    folder.mailca(line).success();
    assert_eq!(days(&folder, "a"), 90);
    folder.mailca("issue --cn mail.example.net b").refused(&["mail.example.net"]);
    // An option goes before it, and a CA that is taken over has its own limits.
    let line = "newca --ca-dir two --permit example.org --leaf-days 5 --config c.toml";
    folder.mailca(line).success().says_nothing_of(&["certify nothing"]);
    let text = folder.text("two/mailca.toml");
    assert!(
        text.contains("\npermit = [\"example.org\"]") && text.contains("\nleaf-days = 5\n"),
        "{text}"
    );
    folder.mailca("newca --ca-dir plain").success();
    let line =
        "newca --ca-dir three --from plain/cacert.pem plain/private/cakey.pem --config c.toml";
    folder.mailca(line).success().says_nothing_of(&["certify nothing"]);
    assert!(folder.text("three/mailca.toml").contains("\n# permit = "));
}

#[test]
fn what_newca_cannot_use_is_named_by_file_and_line() {
    let folder = Folder::empty();
    folder.write("c.toml", "\npermit = [\"https://example.com\"]\n");
    folder.mailca("newca --config c.toml").refused(&[
        "c.toml:2: ",
        "https://example.com",
        "/dev/null",
    ]);
    folder.write("c.toml", "permit-ip = [\"192.0.2.0/24\"]\n");
    folder.mailca("newca --config c.toml").refused(&["c.toml:1: ", "permit-ip"]);
    folder.mailca("newca --config gone.toml").refused(&["gone.toml is not there", "/dev/null"]);
    folder.mailca("newca").env("MAILCA_CONFIG", "gone.toml").refused(&["gone.toml is not there"]);
    folder.mkdir("some");
    folder.mailca("newca --config some").refused(&["some is a folder"]);
    need!("mkfifo");
    folder.program("mkfifo", "pipe").success();
    folder.mailca("newca --config pipe").exits(1).says(&["pipe is no plain file"]);
}

#[test]
fn what_belongs_to_one_ca_is_refused_elsewhere_with_the_reason() {
    for (line, reason) in [
        ("crl-publish = [\"/tmp/x\"]", "each other's place"),
        ("crl-hash-dir = [\"/tmp\"]", "where mail servers look"),
        ("access-maps = [\"exim:/tmp/x\"]", "shut out the users"),
        ("own-backup = true", "in no backup"),
    ] {
        let folder = with_home(line);
        at_home(&folder, "crl").refused(&[
            "mailca.toml:1: ",
            "belongs to one CA",
            reason,
            "in the folder of its CA",
        ]);
        folder.mailca("crl --config").arg(PERSONAL).refused(&["belongs to one CA"]);
    }
}

#[test]
fn a_personal_file_of_another_user_is_left_out_with_one_warning() {
    if !rustix::process::geteuid().is_root() {
        skip("only root can give a file to another user");
        return;
    }
    let folder = with_home("leaf-days = 3\n");
    let left_out = |folder: &Folder, name: &str| {
        let outcome = at_home(folder, &format!("issue --cn {name}.example.com {name}")).success();
        assert_eq!(outcome.stderr.matches("are left out").count(), 1, "{outcome}");
        assert!(outcome.stderr.contains("uid 65534"), "{outcome}");
        assert_eq!(days(folder, name), 365);
    };
    at_home(&folder, "issue --cn own.example.com own").success().says_nothing_of(&["left out"]);
    assert_eq!(days(&folder, "own"), 3);
    chown(folder.path(PERSONAL), Some(OTHER), None).unwrap();
    left_out(&folder, "a");
    let outcome = at_home(&folder, "revoke a --yes --crl").success();
    assert_eq!(outcome.stderr.matches("are left out").count(), 1, "{outcome}");
    // Theirs is the folder, and what they put there is a file or link of root's.
    chown(folder.path(PERSONAL), Some(0), None).unwrap();
    chown(folder.path("home/.config"), Some(OTHER), None).unwrap();
    left_out(&folder, "b");
    chown(folder.path("home/.config"), Some(0), None).unwrap();
    fs::rename(folder.path(PERSONAL), folder.path("file.toml")).unwrap();
    symlink(folder.path("file.toml"), folder.path(PERSONAL)).unwrap();
    chown(folder.path("home/.config/mailca"), Some(OTHER), None).unwrap();
    left_out(&folder, "c");
    let xdg = folder.path("home/.config").display().to_string();
    let run = at_home(&folder, "issue --cn d.example.com d").env("XDG_CONFIG_HOME", &xdg);
    run.env("HOME", "/nowhere").success().says(&["are left out"]);
    // Who names the file means it, and then it has to be nobody else's.
    chown(folder.path("file.toml"), Some(OTHER), None).unwrap();
    folder
        .mailca("issue --cn e.example.com e --config file.toml")
        .refused(&["uid 65534", "file.toml"]);
}

#[test]
fn what_another_user_put_in_the_place_of_a_personal_file_stops_nobody() {
    if !rustix::process::geteuid().is_root() {
        skip("only root can give a file to another user");
        return;
    }
    need!("mkfifo");
    let folder = with_home("");
    folder.write("file", "leaf-days = 3\n");
    let own = "home/.config/mailca";
    let xdg = folder.path("home/.config").display().to_string();
    let left_out = |what: &str| {
        let by_variable = at_home(&folder, "crl").env("HOME", "/nowhere");
        for run in [at_home(&folder, "crl"), by_variable.env("XDG_CONFIG_HOME", &xdg)] {
            let outcome = run.success();
            assert_eq!(outcome.stderr.matches("are left out").count(), 1, "{what}: {outcome}");
            assert!(outcome.stderr.contains("uid 65534"), "{what}: {outcome}");
        }
    };
    // In a folder of theirs, and where only the link or the pipe is.
    for owner in [OTHER, 0] {
        for place in ["home", "home/.config", own] {
            chown(folder.path(place), Some(owner), None).unwrap();
        }
        for target in ["/dev/zero", "/dev/tty", "mailca.toml", "../../../file", "/etc"] {
            fs::remove_file(folder.path(PERSONAL)).unwrap();
            symlink(target, folder.path(PERSONAL)).unwrap();
            lchown(folder.path(PERSONAL), Some(OTHER), None).unwrap();
            left_out(target);
        }
        fs::remove_file(folder.path(PERSONAL)).unwrap();
        folder.program("mkfifo", PERSONAL).success();
        chown(folder.path(PERSONAL), Some(OTHER), None).unwrap();
        left_out("pipe");
    }
    // A link that leads nowhere is no file, whosever it is.
    fs::remove_file(folder.path(PERSONAL)).unwrap();
    symlink("nothing", folder.path(PERSONAL)).unwrap();
    lchown(folder.path(PERSONAL), Some(OTHER), None).unwrap();
    at_home(&folder, "crl").success().says_nothing_of(&["left out"]);
    // What is root's own in its place is for root to mend.
    fs::remove_file(folder.path(PERSONAL)).unwrap();
    folder.program("mkfifo", PERSONAL).success();
    at_home(&folder, "crl").exits(1).says(&["is no plain file", "/dev/null"]);
    // A file in the place of the folder, theirs and one's own.
    fs::remove_dir_all(folder.path(own)).unwrap();
    folder.write(own, "leaf-days = 3\n");
    at_home(&folder, "crl").success().says_nothing_of(&["left out"]);
    chown(folder.path(own), Some(OTHER), None).unwrap();
    chown(folder.path("home"), Some(OTHER), None).unwrap();
    left_out("a file");
}

#[test]
fn an_empty_list_of_names_is_no_limit() {
    need!("unshare");
    if !has_own_etc() {
        return;
    }
    let folder = with_home("permit = []\n");
    folder.mkdir("etc");
    folder.write("etc/mailca.toml", "\npermit = [\"example.com\"]\n");
    with_etc(&folder, "newca --ca-dir free")
        .success()
        .says_nothing_of(&["certify nothing"])
        .says(&["mailca.toml:1 takes away the limit to names of /etc/mailca.toml:2"]);
    with_etc(&folder, "issue --ca-dir free --cn a.example.net a").success();
    with_etc(&folder, "newca --ca-dir told --permit example.org")
        .success()
        .says_nothing_of(&["takes away", "certify nothing"]);
    folder.replace("etc/mailca.toml", "leaf-days = 9\n");
    with_etc(&folder, "newca --ca-dir two")
        .success()
        .says_nothing_of(&["takes away", "certify nothing"]);
}

#[test]
fn a_personal_file_that_others_may_write_is_refused() {
    let folder = with_home("leaf-days = 3\n");
    folder.chmod(PERSONAL, 0o646);
    at_home(&folder, "issue --cn a.example.com a").refused(&["0646", "another user may write it"]);
}

#[test]
fn where_one_may_not_look_there_is_no_personal_file() {
    if !rustix::process::geteuid().is_root() {
        skip("only root can be another user");
        return;
    }
    need!("setpriv");
    let folder = with_home("leaf-days = 3\n");
    folder.program("chown", "-R 65534:65534 demoCA").success();
    fs::set_permissions(folder.root(), fs::Permissions::from_mode(0o755)).unwrap();
    folder.chmod("home", 0o700);
    let other = |line: &str| {
        let run = folder.program("setpriv", "--reuid 65534 --regid 65534 --clear-groups");
        run.args(&[MAILCA]).args(&line.split(' ').collect::<Vec<_>>()).at_home(&folder.path("home"))
    };
    if other("--version").output().status != Some(0) {
        skip("the program is where another user cannot run it");
        return;
    }
    other("crl").success().says_nothing_of(&["left out", "home"]);
    // Seen and not readable: root's own business.
    folder.chmod("home", 0o755);
    folder.chmod(PERSONAL, 0o600);
    other("crl").refused(&["mailca.toml", "denied", "/dev/null"]);
    chown(folder.path(PERSONAL), Some(1), None).unwrap();
    other("crl").success();
}

#[test]
fn doctor_says_where_each_value_comes_from() {
    let folder = with_home("# mine\nleaf-days = 3\n");
    let outcome = at_home(&folder, "doctor").env("MAILCA_SMTP", "mx.example.com").success();
    let text = outcome.text();
    let line = |key: &str| text.lines().find(|line| line.trim().starts_with(key)).unwrap();
    assert!(line("leaf-days = 3 ").ends_with("/home/.config/mailca/mailca.toml:2"), "{text}");
    assert!(line("smtp = \"mx.example.com\" ").ends_with(" MAILCA_SMTP"), "{text}");
    assert!(line("organization = ").contains(" demoCA/mailca.toml:"), "{text}");
    assert!(!text.contains("crl-days") && text.ends_with("nothing is wrong\n"), "{text}");
    let quiet = at_home(&folder, "doctor -q").success();
    assert_eq!(quiet.text(), "");
    let found = settings(at_home(&folder, "doctor").env("MAILCA_SMTP", "mx.example.com"));
    let names: Vec<_> = found.iter().map(|value| value["key"].as_str().unwrap()).collect();
    assert_eq!(names, ["organization", "leaf-days", "smtp"]);
    assert_eq!(found[2]["variable"], "MAILCA_SMTP");
    let damaged = Folder::with_ca();
    fs::remove_file(damaged.path("demoCA/index.txt")).unwrap();
    damaged.mailca("doctor").verdict(&["organization", "index.txt"]);
}

#[test]
fn all_settings_are_listed_without_a_ca() {
    let folder = Folder::empty();
    let text = folder.mailca("doctor --settings").success().text();
    assert!(text.contains("leaf-days = 365 ") && text.contains("crl-url is not set\n"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let found =
        settings(folder.mailca("doctor --settings").env("MAILCA_PERMIT", "a.example,b.example"));
    assert_eq!(
        found[8],
        json!({ "key": "leaf-days", "value": 365, "source": "default", "file": null,
                                 "line": null, "variable": null })
    );
    assert_eq!(found[19]["value"], json!(["a.example", "b.example"]));
    for other in ["--fix", "--adopt", "--crl x", "--certificate x", "--ca-passphrase-file x"] {
        folder.mailca(&format!("doctor --settings {other}")).usage(&["--settings"]);
    }
    folder.write("c.toml", "smtp = 3\n");
    folder.mailca("doctor --settings --config c.toml").refused(&["c.toml:1: smtp = 3"]);
}

#[test]
fn the_page_of_the_settings_has_every_key_its_default_and_its_place() {
    let page =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/settings.md")).unwrap();
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').map(|cell| cell.trim().trim_matches('`')).collect())
        .collect();
    let found = settings(Folder::empty().mailca("doctor --settings"));
    assert_eq!(rows.len(), found.len());
    for (row, value) in rows.iter().zip(&found) {
        let key = value["key"].as_str().unwrap();
        let default =
            if value["value"].is_null() { String::new() } else { value["value"].to_string() };
        assert_eq!((row[1], row[2]), (key, default.as_str()));
        let folder = Folder::empty();
        let sample = match key {
            "organizational-unit"
            | "crl-publish"
            | "crl-hash-dir"
            | "access-maps"
            | "permit"
            | "permit-ip" => "[\"exim:x\"]",
            "crl-url" => "\"http://a.example/\"",
            "country" => "\"DE\"",
            "state" | "locality" | "organization" | "template-dir" | "imap" | "smtp" => "\"x\"",
            _ => &default,
        };
        folder.write("c.toml", format!("{key} = {sample}\n"));
        let outcome = folder.mailca("doctor --settings --config c.toml").output();
        let status = i32::from(row[3] != "everywhere");
        assert_eq!(outcome.status, Some(status), "{key}: {outcome}");
    }
}

#[test]
fn quickstart_finds_the_named_file_from_its_own_folder() {
    let folder = Folder::empty();
    folder.write("c.toml", "leaf-days = 44\n");
    folder.mailca("quickstart --host mail.example.com --config c.toml").success();
    assert_eq!(days(&folder, "mailca/mail.example.com"), 44);
}

#[test]
fn services_read_the_named_file_and_are_not_said_to_see_what_they_do_not() {
    let folder = with_home("leaf-days = 3\n");
    let outcome = at_home(&folder, "config timer").env("MAILCA_SMTP", "mx.example.com").success();
    let text = outcome.text();
    assert!(!text.contains("--config"), "{text}");
    outcome.says(&["the services do not see leaf-days", "mailca.toml:1), smtp (MAILCA_SMTP)"]);
    let outcome = folder.mailca("config timer --config").arg(PERSONAL).success();
    let text = outcome.text();
    let place = folder.path(PERSONAL).canonicalize().unwrap();
    let words = format!(" --config {}", place.display());
    assert_eq!(text.matches(&words).count(), 6, "{text}");
    outcome.says_nothing_of(&["do not see"]);
}

#[test]
fn a_relative_folder_of_templates_begins_where_its_file_is() {
    let folder = with_home("template-dir = \"own\"\n");
    folder.mkdir("home/.config/mailca/own");
    folder.write("home/.config/mailca/own/smtpd.conf", "mine\n");
    let line = "config opensmtpd --host a.example.com";
    let text = at_home(&folder, line).success().text();
    assert!(text.contains("mine"), "{text}");
}
