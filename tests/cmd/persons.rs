//! `revoke --user` and `renew --user`: whose certificates are meant, what is refused, and that the access maps
//! follow.

use std::fs;

use serde_json::Value;

use crate::support::{Certificate, Folder, need};

#[path = "persons/found.rs"]
mod found;

/// A CA, joeuser and ann in folders of those names, and a host.
fn with_people() -> Folder {
    let folder = Folder::with_ca();
    issue(&folder, "joeuser", "joe@example.com", "joeuser");
    issue(&folder, "ann", "ann@example.com", "ann");
    folder.mailca("issue --cn mx.example.com mx").success();
    folder
}

fn issue(folder: &Folder, login: &str, email: &str, into: &str) {
    folder
        .mailca(&format!("issue --user {login} --email {email} --key-type ecdsa-p256 {into}"))
        .success();
}

fn serial(folder: &Folder, name: &str) -> String {
    Certificate::read(&folder.path(&format!("{name}/cert.pem"))).serial
}

/// The status of a certificate in index.txt.
fn status(folder: &Folder, serial: &str) -> String {
    folder.index().into_iter().find(|row| row[3] == serial).unwrap()[0].clone()
}

/// The serial numbers of those that are revoked, in the order of index.txt.
fn revoked(folder: &Folder) -> Vec<String> {
    folder.index().into_iter().filter(|row| row[0] == "R").map(|row| row[3].clone()).collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_valid_certificate_of_a_person_is_revoked_and_no_other() {
    for who in ["joeuser", "joe@example.com", "Joe@EXAMPLE.com"] {
        let folder = with_people();
        let first = serial(&folder, "joeuser");
        issue(&folder, "joeuser", "joe@example.com", "telephone");
        let second = serial(&folder, "telephone");
        let before = folder.text("demoCA/index.txt");
        let outcome = folder.mailca("revoke --reason superseded --user").arg(who).success();
        assert!(outcome.stdout.is_empty(), "{outcome}");
        outcome.says(&[
            &format!("revoked the certificate of joeuser, serial {first}"),
            &format!("revoked the certificate of joeuser, serial {second}"),
            "mailca crl",
        ]);
        assert_eq!(revoked(&folder), [first.clone(), second]);
        let row = folder.index().into_iter().find(|row| row[3] == first).unwrap();
        assert!(row[2].ends_with(",superseded"), "{row:?}");
        // Written at one moment: what was there before is all in the old one.
        assert_eq!(folder.text("demoCA/index.txt.old"), before);
        folder.mailca("verify joeuser/cert.pem").verdict(&["revoked"]);
        folder.mailca("verify ann/cert.pem").success();
    }
}

#[test]
fn what_is_over_is_left_as_it_is() {
    need!("openssl");
    let folder = with_people();
    folder.mailca("newreq --user joeuser --email joe@example.com old").success();
    folder.dated("old", "user_cert", -30, -1);
    issue(&folder, "joeuser", "joe@example.com", "lost");
    folder.mailca("revoke lost --reason keyCompromise --at 2026-01-01").exits(1);
    folder.mailca("revoke lost --reason keyCompromise").success();
    let row = |name: &str| {
        let wanted = serial(&folder, name);
        folder.index().into_iter().find(|row| row[3] == wanted).unwrap()
    };
    let (old, lost) = (row("old"), row("lost"));
    folder.mailca("revoke --user joeuser --reason superseded").success();
    assert_eq!((row("old"), row("lost")), (old, lost));
    assert_eq!(row("joeuser")[0], "R");
}

#[test]
fn a_certificate_of_a_server_is_never_meant() {
    let folder = with_people();
    // A person with the name of a host.
    issue(&folder, "mx.example.com", "postmaster@example.com", "postmaster");
    folder.mailca("revoke --user mx.example.com").success();
    assert_eq!(revoked(&folder), [serial(&folder, "postmaster")]);
    // The person's is revoked by now; what is left is the server's.
    let folder = with_people();
    let mx = serial(&folder, "mx");
    folder.mailca("revoke --user mx.example.com").refused(&[
        "a server's",
        &mx,
        &format!("`mailca revoke {mx}`"),
    ]);
    // Nor a program's with a person's address.
    folder
        .mailca("issue --cn scanner --san email:ann@example.com --profile client scanner")
        .success();
    let told = format!("serial {} has that name too, is a program's", serial(&folder, "scanner"));
    folder.mailca("revoke --user ann@example.com").success().says(&[&told]);
    assert_eq!(revoked(&folder), [serial(&folder, "ann")]);
}

#[test]
fn nobody_is_told_with_the_nearest_names() {
    let folder = with_people();
    for (wrong, near) in [
        ("joeusr", "is joeuser meant?"),
        ("JoeUser", "is joeuser meant?"),
        ("joe@exmaple.com", "is joe@example.com meant?"),
        ("mx.example.con", "`mailca list`"),
        ("zacharias", "`mailca list`"),
        ("", "`mailca list`"),
    ] {
        for command in ["revoke --user", "renew --user"] {
            folder.mailca(command).arg(wrong).refused(&["nobody", near]);
        }
    }
    issue(&folder, "joeuser1", "joe1@example.com", "joe1");
    folder.mailca("revoke --user joeuser2").refused(&["is joeuser", "joeuser1", " or "]);
}

#[test]
fn whoever_was_revoked_or_has_ended_is_told_so() {
    need!("openssl");
    let folder = with_people();
    let joe = serial(&folder, "joeuser");
    folder.mailca("revoke --user joeuser").success();
    folder.mailca("revoke --user joeuser").refused(&["already", &joe, "mailca crl"]);
    folder.mailca("revoke --user joe@example.com").refused(&["already", &joe]);
    folder.mailca("newreq --user bob --email bob@example.com bob").success();
    folder.dated("bob", "user_cert", -30, -1);
    folder.mailca("revoke --user bob").refused(&["bob has no valid certificate", "ended on"]);
}

#[test]
fn the_list_is_made_with_all_of_them_and_made_up_for() {
    need!("openssl");
    let folder = with_people();
    issue(&folder, "joeuser", "joe@example.com", "telephone");
    let both = [serial(&folder, "joeuser"), serial(&folder, "telephone")];
    let outcome = folder.mailca("revoke --user joeuser --crl --json").success();
    let value = json(&outcome.text());
    assert_eq!(value["user"], "joeuser");
    assert_eq!(value["reason"], "unspecified");
    for (index, serial) in both.iter().enumerate() {
        assert_eq!(value["revoked"][index]["certificate"]["serial"], serial.as_str());
        assert!(value["revoked"][index]["revoked_at"].is_string());
    }
    assert_eq!(value["not_looked_at"], serde_json::json!([]));
    assert!(value["crl"]["file"].is_string(), "{value}");
    let listed = || folder.openssl("crl -noout -text -in demoCA/crl.pem").success().text();
    assert!(both.iter().all(|serial| listed().contains(serial.as_str())));
    folder.mailca("revoke --user joeuser --crl").refused(&["already"]);
    // A list that lacks somebody is made by the same command again.
    folder.mailca("revoke --user ann").success();
    folder.mailca("revoke --user ann --crl").success().says(&["already", "the list lacks"]);
    assert!(listed().contains(&serial(&folder, "ann")));
}

#[test]
fn every_reason_and_since_when() {
    let folder = with_people();
    let begun = || {
        let format =
            time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
        time::OffsetDateTime::now_utc().format(format).unwrap()
    };
    folder
        .mailca("revoke --user joeuser --reason privilegeWithdrawn --at")
        .arg(&begun())
        .success()
        .says(&["since"]);
    let joe = serial(&folder, "joeuser");
    assert_eq!(folder.text("demoCA/reasons.txt").trim(), format!("{joe} privilegeWithdrawn"));
    folder.mailca("revoke --user ann --at 2999-01-01").refused(&["is in the future"]);
    folder.mailca("revoke --user ann --reason nonsense").usage(&["keyCompromise"]);
    // One that began later is revoked since it began.
    folder.mailca("revoke --user ann --at 2001-01-01 --reason keyCompromise").success();
    let ann = Certificate::read(&folder.path("ann/cert.pem"));
    let row = folder.index().into_iter().find(|row| row[3] == ann.serial).unwrap();
    assert!(!row[2].starts_with("01"), "{row:?}");
}

#[test]
fn the_command_line_names_one_thing() {
    let folder = with_people();
    folder.mailca("revoke").usage(&["is missing"]);
    folder.mailca("revoke joeuser --user joeuser").usage(&["does not go together with"]);
    folder.mailca("renew joeuser --user joeuser").usage(&["does not go together with"]);
    folder.mailca("renew --user joeuser --expiring 30d").usage(&["does not go together with"]);
    folder.mailca("renew --user joeuser --profile server").usage(&["does not go together with"]);
}

#[test]
fn other_certificates_of_its_key_are_told_where_it_is_stolen() {
    let folder = with_people();
    // The same key under another address: the person's as well, by login.
    folder.mailca("renew --user joeuser").success();
    let outcome = folder.mailca("revoke --user joeuser --reason keyCompromise --json").success();
    let value = json(&outcome.text());
    assert_eq!(value["revoked"].as_array().unwrap().len(), 2);
    assert_eq!(value["valid_with_same_key"], serde_json::json!([]));
}

#[test]
fn one_that_is_not_in_newcerts_is_left_and_told() {
    let folder = with_people();
    issue(&folder, "joeuser", "joe@example.com", "telephone");
    let (first, second) = (serial(&folder, "joeuser"), serial(&folder, "telephone"));
    fs::remove_file(folder.path(&format!("demoCA/newcerts/{second}.pem"))).unwrap();
    folder.mailca("revoke --user joeuser").exits(1).says(&[
        &format!("serial {second}"),
        "not in newcerts",
        &format!("`mailca revoke {second}`"),
    ]);
    assert_eq!(revoked(&folder), [first]);
    folder.mailca("revoke --user joeuser").refused(&["already"]);
    folder.mailca("revoke").arg(&second).success();
    // By an address nobody can tell whose it is.
    fs::remove_file(folder.path(&format!("demoCA/newcerts/{}.pem", serial(&folder, "mx"))))
        .unwrap();
    folder.mailca("revoke --user ann@example.com").success().says(&["1 valid certificate;"]);
}

#[test]
fn a_certificate_of_ca_pl_without_usages_is_a_persons_by_its_address() {
    need!("openssl");
    let folder = with_people();
    folder.simple_request("old", "/O=Example/CN=Joe User/emailAddress=joe@example.org", "");
    folder.write("ext", "[plain]\nbasicConstraints=CA:FALSE\n");
    folder
        .openssl("ca -config demoCA/openssl.cnf -batch -notext -preserveDN -extfile ext -extensions plain")
        .args(&["-in", "old.csr", "-out", "old.pem"])
        .success();
    let old = Certificate::read(&folder.path("old.pem")).serial;
    folder.mailca("revoke --user joe@example.org").success();
    assert_eq!(status(&folder, &old), "R");
}

#[test]
fn renewing_a_person_needs_no_profile_and_says_what_comes_next() {
    for who in ["joeuser", "joe@example.com"] {
        let folder = with_people();
        let old = serial(&folder, "joeuser");
        folder.mailca("renew --user").arg(who).success().says(&[
            "joeuser/cert.pem",
            "`mailca kit joeuser`",
            "`mailca export-p12 joeuser`",
        ]);
        let new = serial(&folder, "joeuser");
        assert_ne!(old, new);
        folder.mailca("verify joeuser/cert.pem").success();
        assert_eq!(status(&folder, &old), "V", "the old one is good until it ends");
        let outcome = folder.mailca("renew --revoke-old --json --user").arg(who).success();
        assert_eq!(json(&outcome.text())["renewed"][0]["revoked_old"], true);
        assert_eq!(status(&folder, &new), "R");
        assert_eq!(status(&folder, &old), "V");
    }
}

#[test]
fn a_person_is_found_in_whatever_folder() {
    let folder = with_people();
    fs::rename(folder.path("joeuser"), folder.path("people-joe")).unwrap();
    folder.mailca("renew --user joeuser").success().says(&["people-joe/cert.pem"]);
    // The folder of the name may be a server's.
    folder.mailca("issue --cn joeuser.example.com joeuser").success();
    folder.mailca("renew --user joeuser").success().says(&["people-joe/cert.pem"]);
    folder
        .mailca("renew --user joeuser")
        .within("people-joe")
        .env("MAILCA_DIR", "../demoCA")
        .success();
    // One in the folder of the name goes first; two others are one too many.
    let folder = with_people();
    issue(&folder, "joeuser", "joe@example.com", "telephone");
    folder.mailca("renew --user joeuser").success().says(&["joeuser/cert.pem"]);
    folder.mailca("renew --user joe@example.com").refused(&["in joeuser and in telephone"]);
    fs::rename(folder.path("joeuser"), folder.path("laptop")).unwrap();
    folder
        .mailca("renew --user joeuser")
        .refused(&["in laptop and in telephone", "--profile user"]);
}

#[test]
fn a_person_whose_folder_is_elsewhere_gets_the_certificate_alone() {
    let folder = with_people();
    folder.mkdir("elsewhere");
    fs::rename(folder.path("joeuser"), folder.path("elsewhere/joeuser")).unwrap();
    let outcome = folder.mailca("renew --user joeuser").success();
    assert!(outcome.text().starts_with("-----BEGIN CERTIFICATE"), "{outcome}");
    folder.mailca("renew --user joeuser -o new.pem").success();
    folder.mailca("verify new.pem").success();
    folder.mailca("renew --user ann -o new2.pem").usage(&["leave --output out"]);
}

#[test]
fn one_that_ended_is_renewed_in_its_folder() {
    need!("openssl");
    let folder = with_people();
    folder.dated("ann", "user_cert", -400, -100);
    folder.mailca("renew --user ann").success().says(&["ann/cert.pem"]);
    folder.mailca("verify ann/cert.pem").success();
}

#[test]
fn a_server_is_not_renewed_as_a_person() {
    let folder = with_people();
    let mx = serial(&folder, "mx");
    folder
        .mailca("renew --user mx.example.com")
        .refused(&["a server's", &format!("`mailca renew {mx}`")]);
    folder.mailca("revoke --user joeuser").success();
    // As for a name: what was revoked needs a new key first.
    folder.mailca("renew --user joeuser").exits(1).says(&["revoked"]);
}

/// The lines of a map without its comment.
fn entries(text: &str) -> Vec<String> {
    text.lines().filter(|line| !line.starts_with('#')).map(String::from).collect()
}

/// The fingerprint of a certificate as maps have it, without colons, lower case.
fn fingerprint(folder: &Folder, file: &str) -> String {
    let text = folder.openssl("x509 -noout -fingerprint -sha256 -in").arg(file).success().text();
    text.trim().rsplit('=').next().unwrap().replace(':', "").to_lowercase()
}

#[test]
fn the_access_maps_follow() {
    need!("openssl");
    let folder = with_people();
    let settings = folder.text("demoCA/mailca.toml")
        + "access-maps = [\"exim:../exim\", \"dovecot:../dovecot\"]\n";
    folder.replace("demoCA/mailca.toml", settings);
    folder.mailca("crl").success();
    let all = |server: &str| {
        entries(&folder.mailca(&format!("access-map --all --for {server}")).success().text())
    };
    let has = |server: &str, print: &str| {
        all(server).iter().any(|line| line.to_lowercase().replace(':', "").contains(print))
    };
    let old = fingerprint(&folder, "joeuser/cert.pem");
    let agrees = || {
        for server in ["exim", "dovecot"] {
            assert_eq!(entries(&folder.text(server)), all(server), "{server}");
        }
    };
    agrees();
    assert_eq!(all("exim").len(), 2);
    // While the old one is valid, whoever has not brought the new one in yet is let in all the same.
    folder.mailca("renew --user joeuser").success().says(&["exim is made anew"]);
    let new = fingerprint(&folder, "joeuser/cert.pem");
    assert_ne!(old, new);
    for server in ["exim", "postfix"] {
        assert!(has(server, &old) && has(server, &new), "{server}: {:?}", all(server));
    }
    assert_eq!(all("sendmail").iter().filter(|line| line.contains("joeuser")).count(), 1);
    agrees();
    // A renewal that revokes the old one takes it out.
    folder.mailca("renew --user joeuser --revoke-old").success();
    let newest = fingerprint(&folder, "joeuser/cert.pem");
    for server in ["exim", "postfix"] {
        assert!(!has(server, &new) && has(server, &newest), "{server}");
    }
    agrees();
    let outcome = folder.mailca("revoke --user joeuser --json").success();
    assert_eq!(json(&outcome.text())["access_maps"].as_array().unwrap().len(), 2);
    for print in [&old, &new, &newest] {
        assert!(!has("exim", print) && !has("postfix", print));
    }
    for server in ["exim", "dovecot", "sendmail"] {
        assert!(all(server).iter().all(|line| !line.contains("joeuser")), "{server}");
    }
    assert_eq!(all("exim").len(), 1);
    agrees();
}

#[test]
fn a_map_that_cannot_be_made_fails_the_command_and_not_the_revocation() {
    let folder = with_people();
    let settings = folder.text("demoCA/mailca.toml") + "access-maps = [\"exim:../no/map\"]\n";
    folder.replace("demoCA/mailca.toml", settings);
    folder.mailca("revoke --user joeuser").exits(1).says(&["no access map is made"]);
    assert_eq!(revoked(&folder), [serial(&folder, "joeuser")]);
    folder.mkdir("no");
    folder.mailca("revoke --user joeuser").success().says(&["already", "the access maps lack"]);
    assert!(!folder.text("no/map").contains("joeuser"));
}
