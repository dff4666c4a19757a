//! `mailca tlsa`.

#[path = "tlsa/hostile.rs"]
mod hostile;
#[path = "tlsa/live.rs"]
mod live;

use crate::support::{Folder, need};

fn with_host() -> Folder {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com mail.example.com").success();
    folder
}

/// The records, without the comments.
fn records(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with(';')).collect()
}

/// The hash of the public key of a certificate, by openssl.
fn hash(folder: &Folder, certificate: &str) -> String {
    let script = format!(
        "openssl x509 -noout -pubkey -in {certificate} | openssl pkey -pubin -outform DER | sha256sum"
    );
    folder.bash(&script).success().text()[..64].to_owned()
}

#[test]
fn the_records_hold_the_hashes_of_the_keys() {
    need!("openssl");
    let folder = with_host();
    let ca = hash(&folder, "demoCA/cacert.pem");
    let own = hash(&folder, "mail.example.com/cert.pem");
    let text = folder.mailca("tlsa mail.example.com").success().text();
    let name = "_25._tcp.mail.example.com. IN TLSA";
    assert_eq!(records(&text), [format!("{name} 2 1 1 {ca}"), format!("{name} 3 1 1 {own}")]);
    assert!(text.contains("; 2 1 1"), "{text}");
}

#[test]
fn every_port_has_its_records() {
    let folder = with_host();
    let text = folder.mailca("tlsa Mail.Example.COM. --port 25 --port 587").success().text();
    let names: Vec<_> = records(&text).iter().map(|line| line.split(' ').next().unwrap()).collect();
    let [smtp, submission] = ["_25._tcp.mail.example.com.", "_587._tcp.mail.example.com."];
    assert_eq!(names, [smtp, smtp, submission, submission]);
}

#[test]
fn the_next_key_and_both_keys_of_a_ca_are_named() {
    need!("openssl");
    let folder = with_host();
    let old = hash(&folder, "demoCA/cacert.pem");
    folder.mailca("rekey-ca --yes").success();
    let new = hash(&folder, "demoCA/cacert.pem");
    folder.openssl("ecparam -name prime256v1 -genkey -noout -out key").success();
    folder.openssl("pkcs8 -topk8 -nocrypt -in key -out mail.example.com/next-key.pem").success();
    let script = "openssl pkey -in mail.example.com/next-key.pem -pubout -outform DER | sha256sum";
    let next = folder.bash(script).success().text()[..64].to_owned();
    let own = hash(&folder, "mail.example.com/cert.pem");
    let outcome = folder.mailca("tlsa mail.example.com --json").success();
    let json: serde_json::Value = serde_json::from_slice(&outcome.stdout).unwrap();
    let records: Vec<_> = json["records"].as_array().unwrap().iter().collect();
    let wanted =
        [("ca", 2, &new), ("previous-ca", 2, &old), ("current", 3, &own), ("next", 3, &next)];
    assert_eq!(records.len(), wanted.len());
    for (record, (key, usage, data)) in records.iter().zip(wanted) {
        assert_eq!(record["key"], key);
        assert_eq!(record["usage"], usage);
        assert_eq!(record["data"], data.as_str());
        assert_eq!((&record["selector"], &record["matching_type"]), (&1.into(), &1.into()));
    }
    // On the host itself there is no CA, and its chain says the same.
    folder.mailca("sign mail.example.com --force").success();
    let here = folder.mailca("tlsa mail.example.com").success().text();
    let there = folder.mailca("tlsa mail.example.com --ca-dir nowhere").success().text();
    assert_eq!(here, there);
}

#[test]
fn another_hosts_certificate_is_refused() {
    let folder = with_host();
    folder.mailca("issue --cn other.example.com other").success();
    folder.mailca("tlsa mail.example.com other").refused(&["other.example.com", "other/cert.pem"]);
    folder.mailca("tlsa other.example.com other").success();
    folder.mailca("tlsa third.example.com").refused(&["no certificate", "NAME"]);
    folder.mailca("tlsa mail.example.com ../x").usage(&["not a name"]);
    folder.mailca("tlsa 192.0.2.1").usage(&["address"]);
    folder.mailca("tlsa *.example.com").usage(&["pattern"]);
}

#[test]
fn a_pattern_in_the_certificate_stands_for_its_hosts() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn *.example.com wild").success();
    folder.mailca("tlsa mail.example.com wild").success();
    folder.mailca("tlsa a.b.example.com wild").refused(&["a.b.example.com"]);
}

#[test]
fn there_is_no_port_0() {
    Folder::with_ca().mailca("tlsa mail.example.com --port 0").usage(&["--port"]);
}

#[test]
fn the_port_can_stand_behind_the_host() {
    let folder = with_host();
    for (place, port) in [
        ("mail.example.com:465", 465),
        ("mail.example.com:submission", 587),
        ("mail.example.com:2525/smtp", 2525),
        ("mail.example.com:2525", 2525),
        ("mail.example.com/imap", 143),
    ] {
        let text = folder.mailca(&format!("tlsa {place}")).success().text();
        assert!(
            text.contains(&format!("\n_{port}._tcp.mail.example.com. IN TLSA 2 1 1")),
            "{text}"
        );
    }
    folder.mailca("tlsa mail.example.com:25 --port 587").usage(&["twice"]);
    folder.mailca("tlsa mail.example.com:0").usage(&["not a port"]);
    folder.mailca("tlsa mail.example.com:https").usage(&["not a mail service", "imaps"]);
    folder.mailca("tlsa https://mail.example.com/").usage(&["URL"]);
}

#[test]
fn it_says_that_the_server_has_to_send_the_cas_certificate() {
    let folder = with_host();
    let line = "mail.example.com/cert.pem does not hold the CA's certificate";
    folder.mailca("tlsa mail.example.com").success().says(&[line, "--check"]);
    let chain = folder.text("mail.example.com/cert.pem") + &folder.text("demoCA/cacert.pem");
    folder.replace("mail.example.com/cert.pem", chain);
    folder.mailca("tlsa mail.example.com").success().says_nothing_of(&["does not hold"]);
}

#[test]
fn the_options_of_a_check_need_it() {
    let folder = with_host();
    let line = "tlsa mail.example.com";
    folder.mailca(&format!("{line} --connect 127.0.0.1:25")).usage(&["--check"]);
    folder.mailca(&format!("{line} --timeout 3")).usage(&["--check"]);
    let line = format!("{line} --check");
    folder.mailca(&format!("{line} --timeout 0")).usage(&["--timeout"]);
    folder.mailca(&format!("{line} --connect localhost:25")).usage(&["--connect"]);
    folder
        .mailca(&format!("{line} --port 25 --port 587 --connect 127.0.0.1:25"))
        .usage(&["one port"]);
    folder.mailca(&format!("{line} --port 2525")).usage(&["2525", "mail.example.com:2525/SERVICE"]);
}
