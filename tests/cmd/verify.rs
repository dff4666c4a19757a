//! `verify`: yes, or in one sentence why not; exit status 3 for no.

use crate::support::{Folder, need};

fn server_and_user() -> Folder {
    let folder = Folder::with_user();
    folder
        .mailca("issue --cn mail.example.com --san DNS:*.mx.example.com --san IP:192.0.2.1")
        .args(&["--san", "IP:2001:db8::1"])
        .success();
    folder
}

#[test]
fn what_is_right_is_right() {
    let folder = server_and_user();
    for line in [
        "cert.pem",
        "cert.pem --ca demoCA/cacert.pem",
        "cert.pem --host mail.example.com",
        "cert.pem --host MAIL.example.com",
        "cert.pem --host mail.example.com.",
        "cert.pem --host a.mx.example.com",
        "cert.pem --host 192.0.2.1",
        "cert.pem --host 2001:db8:0::1",
        "cert.pem --purpose server",
        "cert.pem --purpose client",
        "joeuser/cert.pem --email joe@example.com",
        "joeuser/cert.pem --email joe@EXAMPLE.com",
        "joeuser/cert.pem --purpose client",
        "joeuser/cert.pem --purpose smime",
        "demoCA/cacert.pem",
    ] {
        folder.mailca(&format!("verify {line}")).success();
    }
}

#[test]
fn what_is_wrong_is_said_with_both_values() {
    let folder = server_and_user();
    for (line, words) in [
        ("cert.pem --host mail.example.org", &["mail.example.org", "mail.example.com"][..]),
        ("cert.pem --host example.com", &["example.com"]),
        ("cert.pem --host a.b.mx.example.com", &["a.b.mx.example.com", "*.mx.example.com"]),
        ("cert.pem --host mx.example.com", &["mx.example.com"]),
        ("cert.pem --host 192.0.2.2", &["192.0.2.2", "192.0.2.1"]),
        ("cert.pem --host 2001:db8::2", &["2001:db8::2"]),
        ("cert.pem --email joe@example.com", &["joe@example.com"]),
        ("cert.pem --purpose smime", &["mail"]),
        ("joeuser/cert.pem --purpose server", &["server"]),
        ("joeuser/cert.pem --email jane@example.com", &["jane@example.com", "joe@example.com"]),
        ("joeuser/cert.pem --email Joe@example.com", &["Joe@example.com"]),
        ("joeuser/cert.pem --host mail.example.com", &["mail.example.com"]),
    ] {
        folder.mailca(&format!("verify {line}")).verdict(words);
        let json = folder.mailca(&format!("verify --json {line}")).verdict(&[]).text();
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert!(value.is_object() || value.is_array(), "{line}: {json}");
    }
}

#[test]
fn a_revoked_certificate_is_not_valid() {
    need!("openssl");
    let folder = server_and_user();
    folder.openssl("ca -config demoCA/openssl.cnf -gencrl -out before.pem").success();
    folder
        .openssl("ca -config demoCA/openssl.cnf -revoke joeuser/cert.pem -crl_reason keyCompromise")
        .success();
    folder.openssl("ca -config demoCA/openssl.cnf -gencrl -out after.pem").success();
    folder.mailca("verify joeuser/cert.pem --crl before.pem").success();
    folder.mailca("verify cert.pem --crl after.pem").success();
    folder.mailca("verify joeuser/cert.pem --crl after.pem").verdict(&["revoked"]);
}

#[test]
fn both_dates_are_in_the_reason() {
    let folder = server_and_user();
    let end = folder.bash("date -u -d '+365 days' +%Y").success().text();
    folder.mailca("verify cert.pem --at 2199-01-01").verdict(&["2199", end.trim()]);
    folder.mailca("verify cert.pem --at 2199-01-01T12:00:00Z").verdict(&["2199"]);
    folder.mailca("verify cert.pem --at 2019-01-01").verdict(&["2019"]);
}

#[test]
fn a_stranger_is_named_beside_whom_it_should_be() {
    need!("openssl");
    let folder = server_and_user();
    folder.mailca("newca --ca-dir other --cn Stranger").success();
    folder.openssl("ca -config other/openssl.cnf -gencrl -out foreign.pem").success();
    folder.mailca("verify cert.pem --ca other/cacert.pem").verdict(&["Test CA", "Stranger"]);
    folder.mailca("verify cert.pem --crl foreign.pem").verdict(&["Test CA", "Stranger"]);
}

#[test]
fn an_expired_crl_is_no_assurance() {
    need!("openssl");
    let folder = server_and_user();
    folder.openssl("ca -config demoCA/openssl.cnf -gencrl -crldays 5 -out crl.pem").success();
    folder.mailca("verify cert.pem --crl crl.pem").success();
    let in_ten_days = folder.bash("date -u -d '+10 days' +%F").success().text();
    folder.mailca("verify cert.pem --crl crl.pem --at").arg(in_ten_days.trim()).verdict(&["crl"]);
}

#[test]
fn a_key_beside_it_has_to_match() {
    let folder = server_and_user();
    folder.mailca("newreq --cn a.example.com a").success();
    std::fs::remove_file(folder.path("key.pem")).unwrap();
    std::fs::copy(folder.path("a/key.pem"), folder.path("key.pem")).unwrap();
    folder.mailca("verify cert.pem").verdict(&["key.pem"]);
}

#[test]
fn a_changed_certificate_is_not_valid() {
    need!("openssl");
    let folder = server_and_user();
    folder.openssl("x509 -in cert.pem -outform DER -out cert.der").success();
    let mut der = folder.read("cert.der");
    let at = der.windows(4).rposition(|part| part == b"mail").unwrap();
    der[at..at + 4].copy_from_slice(b"evil");
    folder.write("evil.der", der);
    folder.mailca("verify evil.der").verdict(&["signature"]);
}

#[test]
fn an_intermediate_comes_as_untrusted_or_in_the_file() {
    need!("openssl");
    let folder = intermediate();
    folder.mailca("verify leaf.pem --ca root.pem --host mail.example.com").verdict(&["Sub CA"]);
    folder
        .mailca("verify leaf.pem --ca root.pem --untrusted sub.pem --host mail.example.com")
        .success();
    folder.write("chain.pem", [folder.read("leaf.pem"), folder.read("sub.pem")].concat());
    folder.mailca("verify chain.pem --ca root.pem").success();
}

/// `leaf.pem` signed by `sub.pem` signed by `root.pem`.
fn intermediate() -> Folder {
    let folder = Folder::empty();
    folder.mailca("newca --ca-dir root --path-len 1 --cn Root").success();
    folder.simple_request("sub", "/O=Example/CN=Sub CA", "");
    folder.mailca("sign --ca-dir root sub.csr --profile ca --yes -o sub.pem").success();
    folder.mailca("newca --ca-dir sub --from sub.pem sub.key").success();
    folder.mailca("issue --ca-dir sub --cn mail.example.com leaf").success();
    std::fs::copy(folder.path("root/cacert.pem"), folder.path("root.pem")).unwrap();
    std::fs::copy(folder.path("leaf/cert.pem"), folder.path("leaf.pem")).unwrap();
    folder
}

#[test]
fn what_cannot_be_read_is_an_error_and_no_verdict() {
    let folder = server_and_user();
    for (line, word) in [
        ("gone.pem", "gone.pem"),
        ("req.pem", "request"),
        ("key.pem", "key"),
        ("cert.pem --ca gone.pem", "gone.pem"),
        ("cert.pem --crl cert.pem", "cert.pem"),
    ] {
        folder.mailca(&format!("verify {line}")).refused(&[word]);
    }
    folder.mailca("verify cert.pem --at yesterday").usage(&["yesterday"]);
    folder.mailca("verify cert.pem --purpose dance").usage(&["smime"]);
    folder.mailca("verify cert.pem --host a.example.com --email a@example.com").usage(&["--email"]);
}

#[test]
fn without_a_ca_there_is_nothing_to_verify_against() {
    let folder = Folder::with_user();
    std::fs::rename(folder.path("demoCA"), folder.path("away")).unwrap();
    std::fs::rename(folder.path("joeuser/cert.pem"), folder.path("alone.pem")).unwrap();
    folder.mailca("verify alone.pem").refused(&["--ca"]);
}

#[test]
fn the_index_of_the_ca_says_what_it_revoked() {
    need!("openssl");
    for (options, word) in [("", ""), ("-crl_reason keyCompromise", "keyCompromise")] {
        let folder = server_and_user();
        folder.write("pw", "correct horse\n");
        let line = format!("ca -config demoCA/openssl.cnf -revoke joeuser/cert.pem {options}");
        folder.openssl(&line).success();
        let date = folder.index()[1][2].clone();
        let day = format!("20{}-{}-{}", &date[..2], &date[2..4], &date[4..6]);
        let words = ["joeuser", "revoked", &day, word];
        folder.mailca("verify joeuser/cert.pem").verdict(&words);
        folder.mailca("verify --json joeuser/cert.pem").verdict(&["\"valid\": false", &day]);
        folder.mailca("export-p12 joeuser --password-file pw").refused(&words);
        folder.mailca("verify cert.pem").success();
        // What others say is not asked of the index.
        folder.mailca("verify joeuser/cert.pem --ca demoCA/cacert.pem").success();
    }
}

#[test]
fn the_certificate_beside_it_is_trusted_with_a_warning_only() {
    let folder = Folder::with_user();
    let line = "verify cert.pem --email joe@example.com";
    let outcome = folder.mailca(line).within("joeuser").success();
    outcome.says(&["warning:", "no CA here", "trusting", "cacert.pem"]);
    folder
        .mailca(line)
        .args(&["--ca", "../demoCA/cacert.pem"])
        .within("joeuser")
        .success()
        .says_nothing_of(&["warning"]);
    let outcome = folder.mailca("verify joeuser/cert.pem").success();
    assert!(outcome.stderr.is_empty(), "{outcome}");
}

#[test]
fn a_certificate_that_ends_soon_is_warned_of() {
    let folder = Folder::with_ca();
    for (days, warned) in [(10, true), (29, true), (40, false)] {
        folder.mailca(&format!("issue --cn a.example.com --days {days} d{days}")).success();
        let outcome = folder.mailca(&format!("verify d{days}/cert.pem")).success();
        let expires = format!("warning: a.example.com expires in {} days", days - 1);
        assert_eq!(outcome.stderr.contains(&expires), warned, "{outcome}");
        assert_eq!(outcome.stderr.is_empty(), !warned, "{outcome}");
    }
}

#[test]
fn quiet_leaves_the_exit_status_to_say_it() {
    let folder = Folder::with_user();
    let outcome = folder.mailca("verify -q joeuser/cert.pem").success();
    assert!(outcome.stdout.is_empty() && outcome.stderr.is_empty(), "{outcome}");
    let outcome = folder.mailca("verify -q joeuser/cert.pem --host a.example.com").verdict(&[]);
    assert!(outcome.stdout.is_empty() && outcome.stderr.starts_with("error:"), "{outcome}");
}

/// A list tells what was revoked when it was made, and nothing of what was revoked after it.
#[test]
fn without_an_index_it_is_not_known_what_was_revoked_though_there_is_a_list() {
    let folder = server_and_user();
    folder.mailca("revoke joeuser --crl").success();
    let unknown = "not known whether it was revoked";
    std::fs::remove_file(folder.path("demoCA/index.txt")).unwrap();
    folder.mailca("verify joeuser/cert.pem").verdict(&["revoked", "crl.pem"]);
    let folder = server_and_user();
    folder.mailca("crl").success();
    folder.mailca("revoke joeuser").success();
    std::fs::remove_file(folder.path("demoCA/index.txt")).unwrap();
    for name in ["joeuser/cert.pem", "cert.pem"] {
        let outcome = folder.mailca(&format!("verify {name}")).success();
        outcome.says(&[unknown, "index.txt is missing", "mailca doctor"]);
    }
    folder.mailca("verify demoCA/cacert.pem").success().says_nothing_of(&[unknown]);
}
