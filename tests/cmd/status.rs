//! `mailca status`.

use serde_json::Value;

use crate::support::{Folder, Outcome, need};

/// A CA in which nothing is to be done.
fn sound() -> Folder {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com mail").success();
    folder.mailca("backup ca.tar").success();
    folder
}

fn to_do(outcome: &Outcome) -> Vec<(String, String)> {
    let value: Value = serde_json::from_str(&outcome.text()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = value["to_do"].as_array().unwrap();
    items.iter().map(|item| (text(&item["id"]), text(&item["mend"]))).collect()
}

fn ids(folder: &Folder) -> Vec<String> {
    let outcome = folder.mailca("status --json").exits(3);
    to_do(&outcome).into_iter().map(|(id, _)| id).collect()
}

#[test]
fn a_sound_ca_is_one_screen_and_exit_status_0() {
    let folder = sound();
    let text = folder.mailca("status").success().says(&["Nothing is to be done"]).text();
    assert!(text.lines().count() <= 10, "{text}");
    for words in
        ["Test CA ecdsa-p256", "CRL          none", "1 valid, 0 expired, 0 revoked", "0 issued"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    let quiet = folder.mailca("status -q").success();
    assert!(quiet.text().is_empty() && quiet.stderr.is_empty(), "{quiet}");
    let value: Value =
        serde_json::from_str(&folder.mailca("status --json").success().text()).unwrap();
    assert_eq!(value["certificates"]["valid"], 1);
    assert_eq!(value["crl"], Value::Null);
    assert_eq!(value["backup"]["issued_since"], 0);
    assert_eq!(value["to_do"].as_array().unwrap().len(), 0);
}

#[test]
fn a_certificate_that_ends_is_named_until_there_is_a_newer_one() {
    let folder = sound();
    // More than half of its time is to come: only later it is due.
    folder.mailca("issue --cn mx.example.com mx --days 20").success();
    folder.mailca("status").success();
    let certificate = folder.text("demoCA/index.txt");
    let row = |days, serial, name| {
        format!("V\t{}\t\t{serial}\tunknown\t/CN={name}.example.com\n", in_days(days))
    };
    let (ending, ended) = (row(3, "0A", "soon"), row(-3, "0B", "late"));
    folder.write("demoCA/index.txt", format!("{certificate}{ending}{ended}"));
    let outcome = folder.mailca("status").verdict(&[
        "soon.example.com ends in",
        "late.example.com ended",
        "mailca renew 0A",
    ]);
    assert!(outcome.stderr.contains("to be done"), "{outcome}");
    assert!(ids(&folder).contains(&"certificate-ends".to_owned()));
    assert!(ids(&folder).contains(&"certificate-ended".to_owned()));
    folder.mailca("status --expiring 1d").success();
    // A newer one for the same subject.
    let newer = row(300, "0C", "soon");
    folder.write("demoCA/index.txt", format!("{certificate}{ending}{newer}"));
    folder.mailca("status").success();
}

/// A moment so many days from now, as index.txt has it.
pub fn in_days(days: i64) -> String {
    let moment = time::OffsetDateTime::now_utc() + time::Duration::days(days);
    let format = time::macros::format_description!(
        "[year repr:last_two][month][day][hour][minute][second]Z"
    );
    moment.format(format).unwrap()
}

#[test]
fn the_command_that_renews_names_the_folder() {
    need!("openssl");
    let folder = sound();
    folder.mkdir("mx");
    folder.simple_request("mx/req", "/CN=mx.example.com", "DNS:mx.example.com");
    folder
        .openssl("ca -config demoCA/openssl.cnf -batch -notext -startdate 20260101000000Z")
        .args(&["-enddate", &format!("20{}", in_days(3)), "-in", "mx/req.csr"])
        .args(&["-out", "mx/cert.pem"])
        .success();
    let found = to_do(&folder.mailca("status --json").exits(3));
    assert_eq!(found, [("certificate-ends".to_owned(), "mailca renew mx".to_owned())]);
}

#[test]
fn revocation_lists_are_watched() {
    let folder = sound();
    folder.mailca("revoke mail --yes").success();
    let value = to_do(&folder.mailca("status --json").exits(3));
    assert_eq!(value, [("crl-missing".to_owned(), "mailca crl --if-needed".to_owned())]);
    folder.mailca("crl").success();
    let text = folder.mailca("status").success().text();
    assert!(text.contains("number 1, 1 revoked"), "{text}");
    // One more is revoked than the list has.
    folder.mailca("issue --cn mx.example.com mx").success();
    folder.mailca("revoke mx --yes").success();
    assert_eq!(ids(&folder), ["crl-needed"]);
    folder.mailca("crl").success();
    let mut configuration = folder.text("demoCA/mailca.toml");
    configuration.push_str("crl-publish = [\"../crl.pem\"]\n");
    folder.replace("demoCA/mailca.toml", configuration);
    assert_eq!(ids(&folder), ["crl-unpublished"]);
    folder.mailca("crl --if-needed").success();
    folder.mailca("status").success();
}

#[test]
fn a_list_is_wanted_where_certificates_name_one() {
    let folder = Folder::empty();
    folder.mailca("newca --crl-url http://ca.example.com/crl.der").success();
    folder.mailca("backup ca.tar").success();
    assert_eq!(ids(&folder), ["crl-missing"]);
}

#[test]
fn backups_are_asked_for() {
    let folder = Folder::with_ca();
    assert_eq!(ids(&folder), ["backup-missing"]);
    folder.mailca("status").verdict(&["mailca backup"]);
    folder.mailca("backup ca.tar").success();
    folder.mailca("status").success();
    let mut index = folder.text("demoCA/index.txt");
    let rows = (0x10..0x60)
        .map(|number| format!("V\t490101000000Z\t\t{number:X}\tunknown\t/CN=h{number}\n"));
    index.extend(rows);
    folder.write("demoCA/index.txt", index);
    assert!(ids(&folder).contains(&"backup-old".to_owned()));
    let mut configuration = folder.text("demoCA/mailca.toml");
    configuration.push_str("own-backup = true\n");
    folder.replace("demoCA/mailca.toml", configuration);
    let outcome = folder.mailca("status").output();
    assert!(!outcome.text().contains("backup FILE"), "{outcome}");
}

#[test]
fn what_doctor_sees_at_a_glance_is_to_be_done() {
    let folder = sound();
    let index = folder.text("demoCA/index.txt");
    folder.write("demoCA/index.txt", format!("{index}\n{}V\t2701", ""));
    let found = ids(&folder);
    for id in ["blank-lines", "torn-last-line"] {
        assert!(found.contains(&id.to_owned()), "{found:?}");
    }
    folder.mailca("status").verdict(&["mailca doctor --fix"]);
}

#[test]
fn what_has_not_arrived_is_named() {
    let folder = sound();
    folder.mailca("newreq --cn mx.example.com mx").success();
    // The folder takes no file, so the certificate stays behind.
    folder.mkdir("mx/.cert.pem.mailca-tmp");
    folder.mailca("sign mx").exits(1);
    assert_eq!(ids(&folder), ["certificate-undelivered"]);
    std::fs::remove_dir(folder.path("mx/.cert.pem.mailca-tmp")).unwrap();
    folder.mailca("sign mx").success();
    folder.mailca("status").success();
}

#[test]
fn a_folder_without_a_ca_is_refused() {
    Folder::empty().mailca("status").refused(&["no CA"]);
    Folder::with_ca().mailca("status --expiring soon").usage(&["30d"]);
}

#[test]
fn a_lost_key_and_a_lost_index_are_seen() {
    let folder = sound();
    std::fs::rename(folder.path("demoCA/private/cakey.pem"), folder.path("key")).unwrap();
    folder.mailca("status").exits(3).says(&["cakey.pem is missing"]);
    std::fs::copy(folder.path("mail/key.pem"), folder.path("demoCA/private/cakey.pem")).unwrap();
    folder.mailca("status").exits(3).says(&["cakey.pem is not the key"]);
    std::fs::rename(folder.path("key"), folder.path("demoCA/private/cakey.pem")).unwrap();
    std::fs::remove_file(folder.path("demoCA/index.txt")).unwrap();
    folder.mailca("status").exits(3).says(&["index.txt is missing", "mailca doctor --fix"]);
    folder.mailca("list").refused(&["index.txt is missing", "mailca doctor --fix"]);
}

#[test]
fn what_ended_long_ago_and_lies_here_is_not_forgotten() {
    need!("openssl");
    let folder = sound();
    folder.mkdir("mx");
    folder.simple_request("mx/req", "/CN=mx.example.com", "DNS:mx.example.com");
    folder
        .openssl("ca -config demoCA/openssl.cnf -batch -notext -startdate 20200101000000Z")
        .args(&["-enddate", "20210101000000Z", "-in", "mx/req.csr", "-out", "mx/cert.pem"])
        .success();
    let found = to_do(&folder.mailca("status --json").exits(3));
    assert_eq!(found, [("certificate-ended".to_owned(), "mailca renew mx".to_owned())]);
    folder.mailca("revoke mx").success();
    folder.mailca("crl").success();
    folder.mailca("status").success();
}

#[test]
fn a_list_where_ca_pl_has_it_is_seen_and_comes_along() {
    let folder = sound();
    for name in ["a", "b"] {
        folder.mailca(&format!("issue --cn {name}.example.com {name}")).success();
    }
    folder.mailca("revoke a --crl").success();
    std::fs::rename(folder.path("demoCA/crl.pem"), folder.path("demoCA/crl/crl.pem")).unwrap();
    folder.mailca("status").success().says(&["CRL", "number 1, 1 revoked"]);
    folder.mailca("doctor").success().says(&["nothing is wrong"]);
    let outcome = folder.mailca("newca --from demoCA --ca-dir taken").success();
    outcome.says(&["and the CRL"]);
    assert_eq!(folder.read("taken/crl.pem"), folder.read("demoCA/crl/crl.pem"));
    assert_eq!(folder.text("taken/crlnumber"), "02\n");
    folder.mailca("revoke b").success();
    assert_eq!(ids(&folder), ["crl-needed"]);
    folder.mailca("crl --if-needed").success();
    folder.mailca("status").success();
}

#[test]
fn the_number_of_a_list_is_decimal_everywhere() {
    let folder = sound();
    folder.write("demoCA/crlnumber", "010006\n");
    let json = |line: &str| {
        let text = folder.mailca(line).output().text();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    assert_eq!(json("crl --json")["number"], "65542");
    assert_eq!(json("status --json")["crl"]["number"], "65542");
    folder.mailca("show demoCA/crl.pem").success().says(&["65542"]);
    folder.mailca("status").success().says(&["number 65542"]);
    folder.write("demoCA/crlnumber", "010006\n");
    folder.mailca("doctor").verdict(&["would have the number 65542, and one with 65542"]);
}
