//! What holds of every command: help, exit status, streams.

use crate::support::Folder;

const COMMANDS: [&str; 23] = [
    "access-map",
    "newca",
    "newreq",
    "sign",
    "issue",
    "install",
    "export-p12",
    "show",
    "verify",
    "list",
    "status",
    "report",
    "renew",
    "revoke",
    "crl",
    "rekey-ca",
    "backup",
    "restore",
    "doctor",
    "tlsa",
    "config timer",
    "quickstart",
    "completions",
];

#[test]
fn every_command_has_a_short_help_and_a_long_one_with_an_example() {
    let folder = Folder::empty();
    for command in COMMANDS {
        let short = folder.mailca(command).arg("-h").success().text();
        let long = folder.mailca(command).arg("--help").success().text();
        assert!(short.contains("Usage: mailca"), "{short}");
        assert!(long.len() > short.len(), "{command}");
        assert!(long.contains(&format!("mailca {command}")), "no example: {long}");
        assert!(long.contains("xample"), "no example: {long}");
        for line in short.lines().filter(|line| line.trim_start().starts_with("--")) {
            assert!(line.trim().contains("  "), "{command}: an option without a word: {line}");
        }
    }
}

/// The options of a command are made when it is called; what it is for is said in the list before that.
#[test]
fn the_list_of_commands_and_the_help_of_each_say_the_same() {
    let folder = Folder::empty();
    let list = folder.mailca("-h").success().text();
    let lines = list.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    assert!(commands.len() > 20, "{list}");
    for line in commands {
        let (name, about) = line.trim().split_once(' ').unwrap();
        {
            let help = folder.mailca(name).arg("-h").success().text();
            assert_eq!(help.lines().next(), Some(about.trim()), "{name}");
        }
    }
}

#[test]
fn wrong_command_lines_exit_2() {
    let folder = Folder::with_request();
    for line in ["", "nonsense", "newca --nonsense", "sign --days", "show", "verify", "newca extra"]
    {
        let outcome = folder.mailca(line).output();
        assert_eq!(outcome.status, Some(2), "{line:?}: {outcome}");
        assert!(outcome.stdout.is_empty(), "{line:?}: {outcome}");
    }
    folder.mailca("newca --nonsens").usage(&["--nonsens"]);
    folder.mailca("sgin").usage(&["sign"]);
}

#[test]
fn errors_have_their_form() {
    let folder = Folder::empty();
    let outcome = folder.mailca("sign").refused(&[]);
    let error = outcome.stderr.lines().find(|line| line.starts_with("error: ")).unwrap();
    assert!(!error.ends_with('.'), "{error}");
    assert!(outcome.stderr.lines().any(|line| line.starts_with("hint: ")), "{outcome}");
    assert!(!outcome.stderr.contains('\x1b'), "colour without a terminal: {outcome}");
}

#[test]
fn colour_comes_when_asked_for_and_never_otherwise() {
    let folder = Folder::empty();
    let colours = |run: crate::support::Run| run.exits(1).stderr.contains("\x1b[");
    assert!(!colours(folder.mailca("sign")));
    assert!(!colours(folder.mailca("sign --color never")));
    assert!(colours(folder.mailca("sign --color always")));
    assert!(!colours(folder.mailca("sign --color auto").env("NO_COLOR", "1")));
    assert_eq!(folder.mailca("sign --color green").output().status, Some(2));
}

#[test]
fn quiet_says_nothing_but_errors() {
    let folder = Folder::empty();
    folder.write("pw", "correct horse\n");
    for line in [
        "newca -q",
        "newreq --cn mail.example.com -q",
        "sign -q",
        "issue -q --user joe --email joe@example.com joe",
        "export-p12 joe --password-file pw -q",
        "renew -q",
        "backup -q ca.tar",
        "restore -q ca.tar --ca-dir other",
        "status -q",
        "report -q -o ca.html",
        "doctor -q --fix",
        "revoke -q joe --crl",
        "crl -q",
        "rekey-ca -q --yes",
    ] {
        let outcome = folder.mailca(line).success();
        assert!(outcome.stderr.is_empty() && outcome.stdout.is_empty(), "{outcome}");
    }
    folder.mailca("sign nobody -q").refused(&["nobody"]);
}

#[test]
fn json_is_one_document() {
    let folder = Folder::with_user();
    folder.write("pw", "correct horse\n");
    for line in [
        "newca --json --ca-dir other",
        "newreq --json --cn mail.example.com",
        "sign --json",
        "issue --json --cn mx.example.com mx",
        "export-p12 --json joeuser --password-file pw",
        "show --json joeuser/cert.pem",
        "verify --json joeuser/cert.pem",
        "list --json",
        "renew --json mx",
        "tlsa --json mx.example.com mx",
        "access-map --json --all",
        "backup --json ca.tar",
        "status --json",
        "report --json",
        "restore --json ca.tar --ca-dir restored",
        "doctor --json",
        "revoke --json mx --crl",
        "crl --json",
        "rekey-ca --json --same-key --yes",
    ] {
        let text = folder.mailca(line).success().text();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(value.is_object() || value.is_array(), "{line}: {text}");
    }
}

#[test]
fn a_closed_stdout_is_no_panic() {
    let folder = Folder::with_user();
    for line in
        ["mailca show --text joeuser/cert.pem >&-", "mailca show --text joeuser/cert.pem | true"]
    {
        let outcome = folder.bash(line).output();
        assert!(!outcome.stderr.contains("panick"), "{outcome}");
        assert_ne!(outcome.status, Some(70), "{outcome}");
    }
    let outcome = folder.bash("mailca show --text joeuser/cert.pem >/dev/full").output();
    assert_eq!(outcome.status, Some(1), "{outcome}");
}
