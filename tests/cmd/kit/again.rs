//! A kit where one is already: none is lost.

use super::{KIT, names, with_joe};
use crate::support::{Folder, need};

/// The folder or file that was moved aside.
fn aside(folder: &Folder, stem: &str) -> Vec<String> {
    let all = names(folder, ".");
    all.into_iter().filter(|name| name.starts_with(&format!("{stem}.old-"))).collect()
}

#[test]
fn the_same_is_not_made_twice() {
    let folder = with_joe();
    for (place, more) in
        [("joe-kit", ""), ("out.zip", "-o out.zip"), ("signed", "--sign -o signed")]
    {
        folder.mailca(&format!("kit joe --password-out {place}.pw {more}")).success();
        folder.mailca(&format!("kit joe --password-out again {more}")).refused(&[
            place,
            "of this certificate",
            "made on 20",
            "--force",
        ]);
        let old = folder.text(&format!("{place}.pw"));
        let forced = format!("kit joe --force --password-out {place}.pw {more}");
        folder.mailca(&forced).success().says(&["kept as", place]);
        assert_eq!(aside(&folder, place).len(), 1, "{place}");
        assert_ne!(folder.text(&format!("{place}.pw")), old, "the old password again");
        assert_eq!(aside(&folder, &format!("{place}.pw")).len(), 1);
    }
}

#[test]
fn a_renewed_certificate_gets_a_new_kit_and_the_old_one_is_kept() {
    need!("openssl");
    let folder = with_joe();
    folder.mailca("issue --cn mail.example.com mail").success();
    for (place, more) in
        [("joe-kit", ""), ("out.zip", "-o out.zip"), ("signed", "--sign-with mail -o signed")]
    {
        folder.mailca(&format!("kit joe --password-out {place}.pw {more}")).success();
        folder.mailca("renew joe --profile user").success();
        folder
            .mailca(&format!("kit joe --password-out {place}.new {more}"))
            .success()
            .says(&["the kit that was there is kept as", place]);
        let [kept] = &aside(&folder, place)[..] else { panic!("{place} is gone") };
        if place != "out.zip" {
            let serial = |file: &str, password: &str| {
                let line =
                    format!("pkcs12 -clcerts -nokeys -passin file:{password} -in {file}/joe.p12");
                let pem = folder.openssl(&line).success().text();
                folder.openssl("x509 -noout -serial").stdin(pem).success().text()
            };
            let old = serial(kept, &format!("{place}.pw"));
            let new = serial(place, &format!("{place}.new"));
            assert_ne!(old, new);
            let now = folder.openssl("x509 -noout -serial -in joe/cert.pem").success().text();
            assert_eq!(new, now);
        }
    }
}

/// The same command as a year ago, with the same name for the password: the person knows it already.
#[test]
fn a_password_of_the_same_person_is_gone_on_with() {
    need!("openssl");
    let folder = with_joe();
    for (place, more) in [("joe-kit", ""), ("joe.zip", "-o joe.zip")] {
        let line = format!("kit joe --password-out {place}.pw {more}");
        folder.mailca(&line).success();
        let password = folder.text(&format!("{place}.pw"));
        folder.mailca("renew joe --profile user").success();
        folder.mailca(&line).success().says(&["going on with the password in", place]);
        assert_eq!(folder.text(&format!("{place}.pw")), password);
    }
    let line = "pkcs12 -noout -passin file:joe-kit.pw -in joe-kit/joe.p12";
    folder.openssl(line).success();
}

/// In a loop over people with one name for the password, all would know each other's.
#[test]
fn the_password_of_somebody_else_is_not() {
    let folder = with_joe();
    folder.mailca("issue --user ann --email ann@example.com --key-type ecdsa-p256 ann").success();
    folder.mailca("kit joe --password-out pw").success();
    let password = folder.text("pw");
    folder.mailca("kit ann --password-out pw").refused(&["pw is there already"]);
    folder.mailca("kit ann --password-out pw -o ann.zip").refused(&["pw is there already"]);
    folder.mailca("kit joe --password-out pw -o two").refused(&["pw is there already"]);
    folder.mailca("kit ann --password-out pw --force").success().says(&["kept as pw.old-"]);
    assert_ne!(folder.text("pw"), password);
}

#[test]
fn a_profile_keeps_its_identifier_over_a_renewal() {
    let folder = with_joe();
    let strings = |name: &str| -> Vec<String> {
        let text = folder.text(&format!("{name}/joe.mobileconfig"));
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        let of = |key: &str| {
            let key = format!("<key>{key}</key>");
            let at = lines.iter().enumerate().filter(|(_, line)| **line == key);
            at.map(|(at, _)| lines[at + 1].to_owned()).collect::<Vec<_>>()
        };
        [of("PayloadIdentifier"), of("PayloadUUID")].concat()
    };
    folder.mailca(KIT).success();
    folder.mailca("kit joe --password-out pw2 -o two").success();
    let (one, two) = (strings("joe-kit"), strings("two"));
    // Profile, CA, pair. The profile's own UUID follows from the password too.
    assert_eq!(one.len(), 6);
    assert_eq!((&one[..3], &one[4..]), (&two[..3], &two[4..]));
    folder.mailca("renew joe --profile user").success();
    folder.mailca("kit joe --password-out pw3 -o three").success();
    let three = strings("three");
    assert_eq!(one[..3], three[..3], "the identifiers");
    assert_ne!(one[5], three[5], "the UUID of the pair");
}

#[test]
fn the_kit_of_somebody_else_stays() {
    let folder = with_joe();
    folder
        .mailca("issue --user joe2 --email joe2@example.com --key-type ecdsa-p256 joe2")
        .success();
    for place in ["out", "out.zip"] {
        folder.mailca(&format!("kit joe2 --password-out {place}.pw -o {place}")).success();
        folder.mailca(&format!("kit joe --password-out x -o {place}")).refused(&[
            place,
            "not a kit of joe@example.com",
            "--force",
        ]);
        folder.mailca(&format!("kit joe --password-out {place}.2 -o {place} --force")).success();
        assert_eq!(aside(&folder, place).len(), 1);
    }
}

#[test]
fn what_is_no_kit_stays_whatever_is_said() {
    let folder = with_joe();
    folder.write("file", "text");
    std::os::unix::fs::symlink("nowhere", folder.path("link")).unwrap();
    for place in ["joe", "file", "link"] {
        for force in ["", "--force"] {
            let line = format!("kit joe --password-out x -o {place} {force}");
            folder.mailca(&line).refused(&[place, "not a kit"]);
        }
    }
    folder.write("key.zip", folder.read("joe/key.pem"));
    folder.mailca("kit joe --password-out x -o key.zip --force").refused(&["private key"]);
    folder.write("other.zip", "no archive");
    folder.mailca("kit joe --password-out x -o other.zip").refused(&["other.zip"]);
    folder.mkdir("folder.zip");
    folder.mailca("kit joe --password-out x -o folder.zip").refused(&["folder"]);
}
