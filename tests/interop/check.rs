//! `check` finds what testssl.sh finds of the same server.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Folder, Openssl, need, peer};

/// What testssl.sh calls it, and what `check` does; where testssl.sh says OK or INFO, `check` must not
/// say it.
const SAME: [(&str, &str); 9] = [
    ("SSLv2", "ssl-2"),
    ("SSLv3", "ssl-3"),
    ("TLS1", "tls-1-0"),
    ("TLS1_1", "tls-1-1"),
    ("cipherlist_NULL", "cipher-null"),
    ("cipherlist_aNULL", "cipher-anonymous"),
    ("cipherlist_EXPORT", "cipher-export"),
    ("cipherlist_LOW", "cipher-des"),
    ("cert_trust", "name-mismatch"),
];

#[test]
fn of_testssl() {
    need!("openssl", "testssl");
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com --key-type rsa-2048 mail").success();
    let strong = "-tls1_2";
    let weak = "-min_protocol TLSv1 -cipher ALL:COMPLEMENTOFALL@SECLEVEL=0";
    for (report, arguments, wanted) in [
        ("strong.json", strong, &["name-mismatch"][..]),
        (
            "weak.json",
            weak,
            &["tls-1-0", "tls-1-1", "cipher-null", "cipher-anonymous", "name-mismatch"],
        ),
    ] {
        let pair = "-key mail/key.pem -cert mail/cert.pem";
        let server = Openssl::start(&folder, &format!("{pair} {arguments}"));
        let place = server.1;
        let line = format!("check --connect {place}/imaps --json");
        let ours: Value = serde_json::from_slice(&folder.mailca(&line).exits(3).stdout).unwrap();
        let program = peer("testssl").unwrap();
        let status = Command::new(program)
            .args(["--quiet", "--color", "0", "--warnings", "batch", "--openssl-timeout", "10"])
            .args(["-p", "-s", "-S", "--jsonfile", report, &place.to_string()])
            .current_dir(folder.root())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.unwrap();
        let theirs: Value = serde_json::from_slice(&folder.read(report)).unwrap();
        let findings = ours["hosts"][0]["ports"][0]["findings"].as_array().unwrap();
        let ours = |id: &str| findings.iter().any(|one| one["id"] == id);
        for (their_id, id) in SAME {
            let mut all = theirs.as_array().unwrap().iter();
            let found =
                all.find(|one| one["id"] == their_id).unwrap_or_else(|| panic!("{their_id}"));
            let is_bad = !matches!(found["severity"].as_str(), Some("OK" | "INFO"));
            assert_eq!(is_bad, wanted.contains(&id), "{arguments} {their_id}: {found}");
            assert_eq!(ours(id), is_bad, "{arguments} {id}: {findings:?}");
        }
    }
}
