//! `mailca list`.

use serde_json::Value;

use crate::support::Folder;

/// With certificates of a host and a person, one that has ended, one that was revoked.
fn with_certificates() -> Folder {
    let folder = Folder::with_ca();
    folder
        .mailca("issue --cn mail.example.com --san DNS:smtp.example.com mail --days 20")
        .success();
    folder.mailca("issue --user joe --email joe@example.com --key-type ecdsa-p256 joe").success();
    let mut index = folder.text("demoCA/index.txt");
    index.push_str("V\t200101000000Z\t\t0A\tunknown\t/O=Old/CN=old.example.com\n");
    index.push_str(
        "R\t490101000000Z\t261101120000Z,superseded\t0B\tunknown\t/CN=gone.example.com\n",
    );
    index.push_str("E\t210101000000Z\t\t0C\tunknown\t/CN=M\\xC3\\xBCller\n");
    folder.write("demoCA/index.txt", index);
    folder
}

/// The subjects that a command line lists, by their ends.
fn listed(folder: &Folder, line: &str) -> Vec<String> {
    let text = folder.mailca(line).success().text();
    let mut lines = text.lines();
    if let Some(heading) = lines.next() {
        assert!(heading.starts_with("STATE"), "{text}");
    }
    lines.map(|line| line.split("CN=").nth(1).unwrap_or(line).to_owned()).collect()
}

#[test]
fn everything_is_listed_in_aligned_columns() {
    let folder = with_certificates();
    let text = folder.mailca("list").success().text();
    let column = text.lines().next().unwrap().find("SUBJECT").unwrap();
    for line in text.lines().skip(1) {
        assert_eq!(line.as_bytes()[column - 1], b' ', "{text}");
        assert!(line[column..].contains("CN="), "{text}");
    }
    assert_eq!(
        listed(&folder, "list"),
        [
            "Test CA ecdsa-p256 (this CA)",
            "mail.example.com",
            "joe",
            "old.example.com",
            "gone.example.com (revoked 2026-11-01, superseded)",
            "Müller"
        ]
    );
}

#[test]
fn each_filter_leaves_what_it_says() {
    let folder = with_certificates();
    for (filters, subjects) in [
        ("--status valid", vec!["Test CA ecdsa-p256 (this CA)", "mail.example.com", "joe"]),
        ("--status expired", vec!["old.example.com", "Müller"]),
        ("--expired", vec!["old.example.com", "Müller"]),
        ("--revoked", vec!["gone.example.com (revoked 2026-11-01, superseded)"]),
        ("--expiring 30d", vec!["mail.example.com"]),
        ("--expiring 10d", vec![]),
        ("--name MÜLLER", vec!["Müller"]),
        ("--name example.com --expired", vec!["old.example.com"]),
        ("--profile server", vec!["mail.example.com"]),
        ("--profile user", vec!["joe"]),
        ("--san SMTP.example.com", vec!["mail.example.com"]),
        ("--san email:joe@example.com", vec!["joe"]),
        ("--san example.com", vec![]),
    ] {
        assert_eq!(listed(&folder, &format!("list {filters}")), subjects, "{filters}");
    }
    let both = listed(&folder, "list --status expired --status revoked");
    assert_eq!(both.len(), 3, "{both:?}");
}

#[test]
fn json_says_the_same_with_stable_names() {
    let folder = with_certificates();
    let value: Value =
        serde_json::from_str(&folder.mailca("list --json").success().text()).unwrap();
    let all = value["certificates"].as_array().unwrap();
    assert_eq!(all.len(), 6);
    assert_eq!(all[0]["is_ca_itself"], true);
    let revoked = &all[4];
    assert_eq!(revoked["state"], "revoked");
    assert_eq!(revoked["serial"], "0B");
    assert_eq!(revoked["subject"], "CN=gone.example.com");
    assert_eq!(revoked["not_after"], "2049-01-01T00:00:00Z");
    assert_eq!(revoked["revoked_at"], "2026-11-01T12:00:00Z");
    assert_eq!(revoked["reason"], "superseded");
    let text = folder.mailca("list --json --profile server").success().text();
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["certificates"][0]["profile"], "server");
    assert_eq!(value["certificates"][0]["names"][1], "DNS:smtp.example.com");
    let empty = folder.mailca("list --json --name nobody").success().text();
    let value: Value = serde_json::from_str(&empty).unwrap();
    assert_eq!(value["certificates"].as_array().unwrap().len(), 0);
}

#[test]
fn certificates_that_cannot_be_opened_are_counted() {
    let folder = with_certificates();
    folder.mailca("list --profile user").success().says(&["3 certificates are not in newcerts"]);
    folder.mailca("list").success().says_nothing_of(&["newcerts"]);
    folder.mailca("list --name nobody").success().says(&["no certificate is listed"]);
}

#[test]
fn a_half_line_and_junk_are_passed_over() {
    let folder = with_certificates();
    let index = folder.text("demoCA/index.txt");
    folder.write("demoCA/index.txt", format!("# note\n\njunk\n{index}V\t2701"));
    assert_eq!(listed(&folder, "list").len(), 6);
}

#[test]
fn wrong_filters_are_refused() {
    let folder = Folder::with_ca();
    folder.mailca("list --expiring 30").usage(&["30d"]);
    folder.mailca("list --expiring 30d --revoked").usage(&["--revoked"]);
    folder.mailca("list --status good").usage(&["good"]);
    folder.mailca("list --profile person").usage(&["person"]);
    Folder::empty().mailca("list").refused(&["no CA"]);
}

#[test]
fn an_index_that_is_no_file_is_refused() {
    let folder = Folder::with_ca();
    std::fs::remove_file(folder.path("demoCA/index.txt")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.path("demoCA/index.txt")).unwrap();
    folder.mailca("list").refused(&["index.txt is not a plain file"]);
    folder.mailca("crl").exits(1);
}
