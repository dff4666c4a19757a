//! `mailca revoke`: what is named, what is refused, what is written.

use std::fs;

use serde_json::Value;

use crate::support::{Certificate, Folder, need};

const REASONS: [&str; 9] = [
    "unspecified",
    "keyCompromise",
    "CACompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "certificateHold",
    "privilegeWithdrawn",
    "AACompromise",
];

/// A CA, and hosts in the folders `a` and `b`.
fn with_hosts() -> Folder {
    let folder = Folder::with_ca();
    for name in ["a", "b"] {
        folder.mailca(&format!("issue --cn {name}.example.com {name}")).success();
    }
    folder
}

fn serial(folder: &Folder, name: &str) -> String {
    Certificate::read(&folder.path(&format!("{name}/cert.pem"))).serial
}

/// The row of a certificate, as its six fields.
fn row(folder: &Folder, serial: &str) -> Vec<String> {
    folder.index().into_iter().find(|row| row[3] == serial).unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn by_folder_by_file_and_by_serial_number() {
    let by_serial = |folder: &Folder| serial(folder, "a");
    let lower = |folder: &Folder| serial(folder, "a").to_lowercase();
    let colons = |folder: &Folder| {
        let serial = serial(folder, "a");
        let pairs: Vec<_> = (0..serial.len() / 2).map(|at| &serial[2 * at..2 * at + 2]).collect();
        pairs.join(":")
    };
    let stored = |folder: &Folder| format!("demoCA/newcerts/{}.pem", serial(folder, "a"));
    let names: [&dyn Fn(&Folder) -> String; 6] =
        [&|_| "a".into(), &|_| "a/cert.pem".into(), &by_serial, &lower, &colons, &stored];
    for name in names {
        let folder = with_hosts();
        let (a, b) = (serial(&folder, "a"), serial(&folder, "b"));
        let before = folder.text("demoCA/index.txt");
        let outcome = folder.mailca("revoke").arg(&name(&folder)).success();
        assert!(outcome.stdout.is_empty(), "{outcome}");
        let outcome = outcome.says(&["a.example.com", &a, "mailca crl"]);
        assert_eq!(row(&folder, &a)[0], "R", "{outcome}");
        assert!(row(&folder, &a)[2].ends_with('Z'), "a reason that nobody gave");
        assert_eq!(row(&folder, &b)[0], "V");
        assert_eq!(folder.text("demoCA/index.txt.old"), before);
        folder.mailca("verify a/cert.pem").verdict(&["revoked"]);
        folder.mailca("verify b/cert.pem").success();
        // A list is made when that is asked for.
        assert!(!folder.exists("demoCA/crl.pem"));
    }
}

#[test]
fn the_files_of_the_folder_remain_and_that_is_said() {
    let folder = with_hosts();
    folder.mailca("revoke a").success().says(&["the files in a remain"]);
    assert!(folder.exists("a/key.pem") && folder.exists("a/cert.pem"));
    folder.mailca("revoke b/cert.pem").success().says(&["b/cert.pem remains"]);
}

#[test]
fn every_reason_of_rfc_5280_in_any_case() {
    for reason in REASONS {
        for spelled in [reason.to_owned(), reason.to_lowercase()] {
            let folder = with_hosts();
            let a = serial(&folder, "a");
            folder.mailca(&format!("revoke a --reason {spelled} --crl")).success();
            let text = folder.mailca("show --json demoCA/crl.pem").success().text();
            assert!(text.contains(&a), "{text}");
            let field = row(&folder, &a)[2].clone();
            let known = !["unspecified", "privilegeWithdrawn", "AACompromise"].contains(&reason);
            assert_eq!(field.ends_with(&format!(",{reason}")), known, "{field}");
            folder.mailca("revoke a").refused(&["already"]);
            if reason != "unspecified" {
                folder.mailca("revoke a").refused(&[reason]);
            }
        }
    }
}

#[test]
fn other_reasons_are_wrong_usage() {
    let folder = with_hosts();
    for reason in ["removeFromCRL", "whim", ""] {
        folder.mailca("revoke a --reason").arg(reason).usage(&["keyCompromise"]);
    }
    folder.mailca("revoke").usage(&["NAME|SERIAL|FILE"]);
}

#[test]
fn since_when() {
    need!("openssl");
    for (at, written) in
        [("2021-11-01", "211101000000Z"), ("2021-11-01T13:00:00.5+01:00", "211101120000Z")]
    {
        let folder = Folder::with_ca();
        // One that began long ago, since a certificate is not revoked before it began.
        old_certificate(&folder);
        folder.mailca("revoke old.pem --reason keyCompromise --at").arg(at).success();
        let row = folder.index().pop().unwrap();
        assert_eq!(row[2], format!("{written},keyCompromise"));
    }
}

/// `old.pem`, which is valid from 2020 to 2040.
fn old_certificate(folder: &Folder) {
    folder.simple_request("old", "/CN=old.example.com", "DNS:old.example.com");
    folder
        .openssl("ca -config demoCA/openssl.cnf -batch -notext -in old.csr -out old.pem")
        .args(&["-startdate", "20200101000000Z", "-enddate", "20400101000000Z"])
        .success();
}

#[test]
fn a_moment_that_makes_no_sense_is_refused() {
    need!("openssl");
    let folder = Folder::with_ca();
    old_certificate(&folder);
    folder.mailca("revoke old.pem --at 2199-01-01").refused(&["2199-01-01", "future"]);
    folder.mailca("revoke old.pem --at 2019-12-31").refused(&["2019-12-31", "2020-01-01", "began"]);
    folder.mailca("revoke old.pem --at yesterday").usage(&["yesterday", "2027-01-31"]);
}

#[test]
fn what_is_revoked_is_not_revoked_again() {
    let folder = with_hosts();
    folder.mailca("revoke a --reason superseded").success();
    folder.mailca("revoke a").refused(&["a.example.com", "already", "on 20", "superseded"]);
    folder.mailca("revoke a --reason keyCompromise --crl").refused(&["already", "superseded"]);
    // With the same reason and --crl it is the rest of a command that was struck in between.
    folder.mailca("revoke a --reason superseded --crl").success().says(&["list lacks it"]);
    folder.mailca("revoke a --reason superseded --crl").refused(&["already", "superseded"]);
}

#[test]
fn an_expired_one_may_be_revoked_with_a_warning() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.simple_request("old", "/CN=old.example.com", "DNS:old.example.com");
    folder
        .openssl("ca -config demoCA/openssl.cnf -batch -notext -in old.csr -out old.pem")
        .args(&["-startdate", "20200101000000Z", "-enddate", "20210101000000Z"])
        .success();
    folder.mailca("revoke old.pem").success().says(&["warning", "2021-01-01"]);
    assert_eq!(folder.index().pop().unwrap()[0], "R");
}

#[test]
fn the_cas_own_certificate_is_refused() {
    let folder = with_hosts();
    let own = Certificate::read(&folder.path("demoCA/cacert.pem")).serial;
    for name in ["demoCA/cacert.pem", &own, "a/cacert.pem"] {
        folder.mailca("revoke").arg(name).refused(&["CA itself", "rekey-ca"]);
    }
    folder.mailca("revoke demoCA").refused(&["CA's folder"]);
    // Not even where its copy is lost.
    fs::remove_file(folder.path(&format!("demoCA/newcerts/{own}.pem"))).unwrap();
    folder.mailca("revoke").arg(&own).refused(&[]);
}

#[test]
fn what_this_ca_does_not_know_is_refused() {
    let folder = with_hosts();
    folder.mkdir("empty");
    folder.write("text", "hello\n");
    folder.mailca("newca --ca-dir other --cn Other").success();
    folder.mailca("issue --ca-dir other --cn c.example.com c").success();
    for (name, words) in [
        ("aa", &["aa", "neither", "a meant?"] as &[&str]),
        ("nobody", &["nobody", "mailca list"]),
        ("123456789A", &["123456789A", "neither"]),
        ("empty", &["cert.pem"]),
        ("text", &["text"]),
        ("a/key.pem", &["a/key.pem"]),
        ("c", &["c.example.com", "--ca-dir"]),
        ("c/cert.pem", &["Other", "--ca-dir"]),
    ] {
        folder.mailca("revoke").arg(name).refused(words);
    }
    folder.mailca("revoke a --ca-dir nowhere").refused(&["nowhere"]);
}

#[test]
fn a_certificate_that_index_txt_lacks_is_a_case_for_doctor() {
    let folder = with_hosts();
    let a = serial(&folder, "a");
    let index = folder.text("demoCA/index.txt");
    let without: Vec<_> = index.lines().filter(|line| !line.contains(&a)).collect();
    folder.write("demoCA/index.txt", without.join("\n") + "\n");
    folder.mailca("revoke a").refused(&[&a, "index.txt", "mailca doctor --fix"]);
}

#[test]
fn one_whose_copy_is_lost_is_revoked_by_its_serial() {
    let folder = with_hosts();
    let a = serial(&folder, "a");
    fs::remove_file(folder.path(&format!("demoCA/newcerts/{a}.pem"))).unwrap();
    let text = folder.mailca("revoke --json").arg(&a).success().text();
    assert_eq!(json(&text)["certificate"]["serial"], a.as_str());
    assert_eq!(row(&folder, &a)[0], "R");
}

#[test]
fn with_crl_the_list_is_made_and_put_where_the_settings_say() {
    let folder = with_hosts();
    folder.mkdir("www");
    let settings = folder.text("demoCA/mailca.toml");
    folder.write("demoCA/mailca.toml", format!("crl-publish = [\"../www/crl.pem\"]\n{settings}"));
    let outcome = folder.mailca("revoke a --crl").success();
    outcome.says(&["number 1", "1 revoked certificate", "www/crl.pem", "servers"]);
    assert_eq!(folder.read("www/crl.pem"), folder.read("demoCA/crl.pem"));
    folder.mailca("verify a/cert.pem --crl www/crl.pem").verdict(&["revoked"]);
    folder.mailca("verify b/cert.pem --crl www/crl.pem").success();
    // A place of the settings that is gone does not keep the certificate from being revoked.
    fs::remove_dir_all(folder.path("www")).unwrap();
    folder.mailca("revoke b --crl").exits(1).says(&["www", "number 2"]);
    folder.mailca("verify b/cert.pem --crl demoCA/crl.pem").verdict(&["revoked"]);
}

#[test]
fn with_crl_the_passphrase_comes_before_the_change() {
    let folder = Folder::empty();
    folder.write("pass", "ca secret\n");
    folder.write("wrong", "not it\n");
    folder.mailca("newca --encrypt-key --ca-passphrase-file pass").success();
    folder.mailca("issue --cn a.example.com a --ca-passphrase-file pass").success();
    folder.mailca("revoke a --crl").refused(&["--ca-passphrase-file"]);
    folder.mailca("revoke a --crl --ca-passphrase-file wrong").refused(&["passphrase"]);
    folder.mailca("revoke a --crl --ca-passphrase-file pass").success();
    assert!(folder.exists("demoCA/crl.pem"));
    // Without --crl no key is needed.
    folder.mailca("issue --cn b.example.com b --ca-passphrase-file pass").success();
    folder.mailca("revoke b").success();
}

#[test]
fn a_list_that_cannot_be_made_leaves_the_certificate_revoked_and_says_so() {
    let folder = with_hosts();
    folder.write("demoCA/crlnumber", "soon\n");
    let outcome = folder.mailca("revoke a --crl").exits(1);
    let outcome = outcome.says(&["crlnumber", "is revoked", "mailca crl"]);
    assert_eq!(row(&folder, &serial(&folder, "a"))[0], "R", "{outcome}");
}

#[test]
fn quiet_yes_and_json() {
    let folder = with_hosts();
    let outcome = folder.mailca("revoke a -q --yes").success();
    assert!(outcome.stdout.is_empty() && outcome.stderr.is_empty(), "{outcome}");
    let b = serial(&folder, "b");
    let text = folder.mailca("revoke b --json --crl --reason superseded").success().text();
    let value = json(&text);
    assert_eq!(value["certificate"]["serial"], b.as_str());
    assert_eq!(value["certificate"]["names"][0], "DNS:b.example.com");
    assert_eq!(value["reason"], "superseded");
    assert!(value["revoked_at"].as_str().unwrap().ends_with('Z'), "{text}");
    assert_eq!(value["crl"]["revoked"], 2);
    assert_eq!(value["crl"]["made"], true);
    let value = json(&folder.mailca("revoke b --json").exits(1).text());
    assert!(value["error"].as_str().unwrap().contains("already"));
}

#[test]
fn the_reason_of_a_struck_command_does_not_cling() {
    let folder = with_hosts();
    // As a command leaves it that is struck before it comes to index.txt.
    folder.write("demoCA/reasons.txt", format!("{} AACompromise\n", serial(&folder, "a")));
    folder.mailca("revoke a --crl").success();
    let text = folder.mailca("show --text demoCA/crl.pem").success().text();
    assert!(!text.to_lowercase().contains("compromise"), "{text}");
}

#[test]
fn a_half_line_at_the_end_stays_what_it_was() {
    let folder = with_hosts();
    let text = folder.text("demoCA/index.txt") + "V\t3601010000";
    folder.write("demoCA/index.txt", &text);
    folder.mailca("revoke a --crl").success();
    assert!(folder.text("demoCA/index.txt").ends_with("\nV\t3601010000"));
    assert!(folder.mailca("show demoCA/crl.pem").success().text().contains("1 certificate"));
}

#[test]
fn other_certificates_of_a_compromised_key_are_named() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com mail").success();
    let old = folder.index()[1][3].clone();
    folder.mailca("renew mail").success();
    folder.mailca("revoke mail").success().says_nothing_of(&["the same key"]);
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com mail").success();
    let older = folder.index()[1][3].clone();
    folder.mailca("renew mail").success();
    let outcome = folder.mailca("revoke mail --reason keyCompromise").success();
    outcome.says(&["warning", &older, "the same key"]).says_nothing_of(&[&old]);
}

#[test]
fn a_name_that_is_a_serial_number_too_is_not_guessed_at() {
    let folder = with_hosts();
    let number = serial(&folder, "a");
    folder.bash(&format!("cp -a b {number}")).success();
    folder.mailca(&format!("revoke {number}")).refused(&[&number, "as well", "0x"]);
    folder.mailca(&format!("revoke 0x{number}")).success();
    assert_eq!(row(&folder, &number)[0], "R");
    folder.mailca(&format!("revoke ./{number}")).success();
    assert_eq!(row(&folder, &serial(&folder, "b"))[0], "R");
}

#[test]
fn what_else_is_in_the_file_is_named() {
    let folder = with_hosts();
    let (a, b) = (serial(&folder, "a"), serial(&folder, "b"));
    let text = ["a/cert.pem", "b/cert.pem", "demoCA/cacert.pem"].map(|name| folder.text(name));
    folder.write("both.pem", text.concat());
    folder.write("chain.pem", [text[1].as_str(), &text[2]].concat());
    let outcome = folder.mailca("revoke both.pem -q").success();
    outcome.says(&["b.example.com", &b, "only a.example.com is revoked"]);
    assert_eq!((&*row(&folder, &a)[0], &*row(&folder, &b)[0]), ("R", "V"));
    folder.mailca("revoke chain.pem").success().says_nothing_of(&["holds other certificates"]);
}

#[test]
fn json_names_the_other_certificates_of_the_key() {
    let folder = with_hosts();
    let old = serial(&folder, "a");
    folder.mailca("renew a").success();
    let new = serial(&folder, "a");
    let value = json(&folder.mailca("revoke --json").arg(&old).success().text());
    assert_eq!(value["valid_with_same_key"], serde_json::json!([new]));
    let value = json(&folder.mailca("revoke --json b").success().text());
    assert_eq!(value["valid_with_same_key"], serde_json::json!([]));
}

/// As mkcert leaves them: nothing is recorded, and the file has a name of its own.
#[test]
fn one_that_was_never_recorded_is_taken_in_by_its_file() {
    let folder = with_hosts();
    let a = serial(&folder, "a");
    let index = folder.text("demoCA/index.txt");
    let without: Vec<_> = index.lines().filter(|line| !line.contains(&a)).collect();
    folder.write("demoCA/index.txt", without.join("\n") + "\n");
    fs::remove_file(folder.path(&format!("demoCA/newcerts/{a}.pem"))).unwrap();
    let chain = [folder.text("a/cert.pem"), folder.text("demoCA/cacert.pem")].concat();
    folder.write("a.example.com.pem", chain);
    fs::remove_dir_all(folder.path("a")).unwrap();
    let line = "doctor --fix --assume-valid --certificate a.example.com.pem";
    let hint = format!("mailca {line}");
    folder.mailca("revoke a.example.com.pem").refused(&["index.txt", &hint]);
    folder.mailca("doctor --certificate a.example.com.pem").verdict(&[&a]);
    folder.mailca("doctor --certificate demoCA/cacert.pem").refused(&["holds no certificate"]);
    folder.mailca("doctor --fix --certificate gone.pem").refused(&["gone.pem"]);
    folder.mailca(line).success().says(&["repaired"]);
    assert!(folder.exists(&format!("demoCA/newcerts/{a}.pem")));
    folder.mailca("revoke a.example.com.pem").success();
    assert_eq!(row(&folder, &a)[0], "R");
    folder.mailca(line).exits(3).says(&["crl-missing"]).says_nothing_of(&["repaired"]);
    assert_eq!(folder.index().iter().filter(|row| row[3] == a).count(), 1);
    // Of another key: CAs of one type are copies of one here.
    let stranger = Folder::with_ca_of("ecdsa-p384");
    stranger.mailca("issue --cn a.example.com a").success();
    folder.write("stranger.pem", stranger.read("a/cert.pem"));
    folder.mailca("doctor --fix --certificate stranger.pem").refused(&["stranger.pem holds no"]);
}
