//! What is said when something is not as it should be: the folder, the nearest name, the key.

use serde_json::Value;

use crate::support::Folder;

#[test]
fn hints_name_the_folder() {
    let folder = Folder::with_ca();
    folder.write("pw", "correct horse\n");
    folder.mailca("issue --cn a.example.com u").success();
    folder.mailca("newreq --cn b.example.com w").success();
    for (line, words) in [
        ("issue --cn a.example.com u", ["u/req.pem", "`mailca renew u`"]),
        ("newreq --cn a.example.com u", ["u/req.pem", "`mailca renew u`"]),
        ("newreq --cn b.example.com w", ["w/req.pem", "`mailca sign w`"]),
        ("export-p12 w --password-file pw", ["w/cert.pem", "`mailca sign w`"]),
        ("sign v/", ["v/", "newreq"]),
    ] {
        folder.mailca(line).refused(&words);
    }
    folder.mailca("renew u").success();
    folder.mailca("sign w").success();
}

#[test]
fn hints_name_no_folder_where_there_is_none() {
    let folder = Folder::with_request();
    folder.mailca("newreq --cn mail.example.com").refused(&["`mailca sign`"]);
    folder.mailca("sign").success();
    for line in ["newreq --cn mail.example.com", "issue --cn mail.example.com"] {
        folder.mailca(line).refused(&["`mailca renew`", "NAME"]);
    }
}

#[test]
fn the_nearest_folder_is_suggested() {
    let folder = Folder::with_ca();
    folder.mailca("newreq --user joe --email joe@example.com joe").success();
    folder.mailca("newreq --cn mail.example.com mail.example.com").success();
    folder.mailca("sign jo").refused(&["jo is neither", "is joe meant?"]);
    folder.mailca("sign mail.example.con").refused(&["is mail.example.com meant?"]);
    folder.mailca("sign zzz").refused(&["zzz", "newreq"]);
}

#[test]
fn a_mistyped_variable_is_warned_of_with_the_nearest_name() {
    let folder = Folder::with_user();
    let line = "show joeuser/cert.pem";
    for (variable, near) in [
        ("MAILCA_LEAF_DAY", "MAILCA_LEAF_DAYS"),
        ("MAILCA_ORGANISATION", "MAILCA_ORGANIZATION"),
        ("MAILCA_CRL", "MAILCA_CRL_"),
    ] {
        let outcome = folder.mailca(line).env(variable, "3").success();
        let words = [&format!("warning: the environment variable {variable}"), near, "meant"];
        outcome.says(&words.map(|word| word as &str));
    }
    folder.mailca(line).env("MAILCA_QQQ", "3").success().says(&["MAILCA_QQQ"]);
    for known in ["MAILCA_DIR", "MAILCA_CA_PASSPHRASE_FILE", "MAILCA_LEAF_DAYS"] {
        let outcome = folder.mailca(line).env(known, "3").success();
        assert!(outcome.stderr.is_empty(), "{outcome}");
    }
}

#[test]
fn a_value_of_the_wrong_kind_is_named_with_its_key_and_what_it_must_be() {
    let folder = Folder::with_request();
    for (line, words) in [
        ("leaf-days = \"30\"", ["leaf-days", "number without quotes"]),
        ("leaf-days = 1.5", ["leaf-days", "number without quotes"]),
        ("organizational-unit = \"Mail\"", ["organizational-unit", "list of strings"]),
        ("permit = \"example.com\"", ["permit", "list of strings"]),
        ("permit-ip = [1]", ["permit-ip", "list of strings"]),
        ("country = 49", ["country", "string between quotes"]),
        ("cert-mode = 0o400", ["cert-mode", "string between quotes"]),
        ("country = \"Germany\"", ["country Germany", "two letters"]),
    ] {
        folder.replace("demoCA/mailca.toml", format!("{line}\n"));
        let outcome = folder.mailca("sign").refused(&["demoCA/mailca.toml"]);
        outcome.says(&words);
    }
}

#[test]
fn an_error_is_in_the_json_with_its_hints() {
    let folder = Folder::with_user();
    for (line, status, error, hint) in [
        ("sign joe", 1, "joe is neither", "is joeuser meant?"),
        ("newca", 1, "demoCA", "--ca-dir"),
        ("newreq", 2, "nobody said", "--cn"),
        ("issue", 2, "nobody said", "--cn"),
        ("export-p12 joeuser", 2, "password", "--password-file"),
        ("show gone", 1, "gone", "serial"),
        ("verify gone.pem", 1, "gone.pem", ""),
        ("quickstart --ca-dir x", 2, "quickstart", "--dir"),
    ] {
        let plain = folder.mailca(line).exits(status);
        let outcome = folder.mailca(line).arg("--json").exits(status);
        assert_eq!(outcome.stderr, plain.stderr, "{line}");
        let value: Value = serde_json::from_str(&outcome.text()).unwrap();
        let said = value["error"].as_str().unwrap();
        assert!(said.contains(error), "{line}: {outcome}");
        assert!(plain.stderr.contains(&format!("error: {said}\n")), "{line}: {outcome}");
        let hints: Vec<_> = value["hints"].as_array().unwrap().iter().collect();
        let found = hints.iter().any(|text| text.as_str().unwrap().contains(hint));
        assert!(found || hint.is_empty(), "{line}: {outcome}");
        assert_eq!(plain.stderr.matches("hint: ").count(), hints.len(), "{line}: {outcome}");
    }
}

#[test]
fn a_wrong_command_line_is_in_the_json_too() {
    let folder = Folder::empty();
    for (line, error, hint) in [
        ("newca --nonsens", "there is no option --nonsens", "`mailca newca -h`"),
        ("newca --encrypt-ky", "no option --encrypt-ky", "is --encrypt-key meant?"),
        ("show", "FILE|SERIAL is missing", "`mailca show -h`"),
        ("sgin", "there is no command sgin", "is sign meant?"),
        ("lst", "there is no command lst", "is list meant?"),
        ("stat", "there is no command stat", "is status meant?"),
        ("revok", "there is no command revok", "is revoke meant?"),
        ("issue --days 0", "--days 0: it has to be a number from 1 to 36500", ""),
        ("issue --days x", "--days x: it has to be a whole number", "`mailca issue -h`"),
        ("--ca-dir x config posfix", "there is no command posfix", "`mailca config -h`"),
        ("help nothing-there", "neither a command nor a topic", "`mailca help`"),
        ("newreq --cn", "--cn needs a value: --cn HOST", "`mailca newreq -h`"),
        ("newreq --user joe", "--email ADDRESS is missing", ""),
        ("list a", "a is one word too many", ""),
        ("config opensmtpd --relay-port 0", "--relay-port 0: ", "`mailca config opensmtpd -h`"),
        ("newca --cn a --cn b", "--cn is there twice", ""),
        ("revoke joe --user joe", "NAME|SERIAL|FILE does not go together with --user", ""),
        (
            "newca --key-type rsa-248",
            "rsa-248 is nothing that --key-type can be",
            "is rsa-2048 meant?",
        ),
        ("", "", ""),
    ] {
        let plain = folder.mailca(line).exits(2);
        let outcome = folder.mailca(line).arg("--json").exits(2);
        assert!(plain.stdout.is_empty(), "{plain}");
        let value: Value = serde_json::from_str(&outcome.text()).unwrap();
        let said = value["error"].as_str().unwrap();
        assert!(said.contains(error) && !said.is_empty() && !said.contains("Usage"), "{outcome}");
        let hints = value["hints"].as_array().unwrap();
        let found = hints.iter().any(|text| text.as_str().unwrap().contains(hint));
        assert!(found || hint.is_empty(), "{outcome}");
    }
    // After --, it is no option.
    assert!(folder.mailca("show --nonsens -- --json").exits(2).stdout.is_empty());
    for line in ["--json --help", "newca --json -h", "--json --version"] {
        let text = folder.mailca(line).success().text();
        assert!(!text.starts_with('{'), "{text}");
    }
}

#[test]
fn a_host_has_no_mailbox() {
    let folder = Folder::with_ca();
    for command in ["issue", "newreq"] {
        folder.mailca(&format!("{command} --cn a --email b@c")).usage(&["--cn", "--email"]);
        folder.mailca(&format!("{command} --cn a --user b --email b@c")).usage(&["--cn"]);
    }
}

#[test]
fn a_key_type_that_mail_programs_do_not_know_is_warned_of() {
    let folder = Folder::empty();
    for (line, warned) in [
        ("newca --key-type ed25519", true),
        ("newreq --cn a.example.com --key-type ed25519 a", true),
        ("issue --cn b.example.com --key-type ed25519 b", true),
        ("newreq --cn c.example.com c", false),
        ("newca --ca-dir other", false),
    ] {
        let outcome = folder.mailca(&format!("{line} -q")).success();
        let said = ["warning:", "Ed25519", "Thunderbird"];
        let said = said.iter().all(|word| outcome.stderr.contains(word));
        assert_eq!(said, warned, "{outcome}");
        assert_eq!(outcome.stderr.is_empty(), !warned, "{outcome}");
    }
}
