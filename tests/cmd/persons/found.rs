//! Who is found by a login or an address: one person, and what was being recorded too.

use std::fs;

use super::{issue, revoked, serial, status, with_people};
use crate::support::Folder;

#[test]
fn several_people_of_one_address_are_told_apart_by_login() {
    let folder = with_people();
    issue(&folder, "joe2", "joe@example.com", "joe2");
    for line in ["revoke --user joe@example.com -y", "revoke --user Joe@EXAMPLE.com -y"] {
        folder.mailca(line).refused(&[
            "is the address of several people: joeuser, joe2",
            "`mailca revoke --user joeuser`, `mailca revoke --user joe2`",
        ]);
    }
    fs::create_dir(folder.path("elsewhere")).unwrap();
    for name in ["joeuser", "joe2"] {
        fs::rename(folder.path(name), folder.path(&format!("elsewhere/{name}"))).unwrap();
    }
    folder.mailca("renew --user joe@example.com").refused(&["`mailca renew --user joe2`"]);
    assert!(revoked(&folder).is_empty());
    folder.mailca("revoke --user joe2").success();
    assert_eq!(revoked(&folder), [serial(&folder, "elsewhere/joe2")]);
    // Whose login is the address is named by serial number.
    issue(&folder, "joe@example.com", "joe@example.com", "third");
    let third = serial(&folder, "third");
    folder.mailca("revoke --user joe@example.com").refused(&[&format!("`mailca revoke {third}`")]);
}

#[test]
fn a_local_part_is_compared_with_its_case_first() {
    let folder = with_people();
    issue(&folder, "joe2", "Joe@example.com", "joe2");
    folder.mailca("revoke --user JOE@example.com").refused(&["several people: joeuser, joe2"]);
    let joe2 = serial(&folder, "joe2");
    folder.mailca("renew --user Joe@EXAMPLE.com").success().says(&["joe2/cert.pem"]);
    folder
        .mailca("revoke --user Joe@EXAMPLE.com")
        .success()
        .says(&[&format!("revoked the certificate of joe2, serial {joe2}")]);
    assert_eq!(revoked(&folder), [joe2, serial(&folder, "joe2")]);
    // Nor does another take the place of who was revoked, or has no folder here.
    folder.mailca("revoke --user Joe@example.com").refused(&["already"]);
    folder.mailca("renew --user Joe@example.com").exits(1).says(&["revoked"]);
    assert_eq!(status(&folder, &serial(&folder, "joeuser")), "V");
}

/// What a command leaves that was killed when the certificate of this name was to be recorded.
fn interrupt(folder: &Folder, name: &str, is_group: bool) -> String {
    let serial = serial(folder, name);
    let pem = folder.text(&format!("demoCA/newcerts/{serial}.pem"));
    if is_group {
        let digest = "0123".repeat(16);
        folder.write(
            &format!("demoCA/pending/{digest}.group"),
            format!("request {digest}\n{pem}").as_bytes(),
        );
    } else {
        folder.write("demoCA/pending/0123.new", pem.as_bytes());
    }
    fs::remove_file(folder.path(&format!("demoCA/newcerts/{serial}.pem"))).unwrap();
    let index = folder.text("demoCA/index.txt");
    let kept: String = index.split_inclusive('\n').filter(|line| !line.contains(&serial)).collect();
    folder.replace("demoCA/index.txt", kept);
    fs::rename(folder.path(name), folder.path("demoCA/away")).unwrap();
    serial
}

#[test]
fn what_was_being_recorded_is_found_too() {
    for is_group in [false, true] {
        for command in ["revoke --user ann", "revoke --user ann@example.com", "revoke"] {
            let folder = with_people();
            let ann = interrupt(&folder, "ann", is_group);
            let mut run = folder.mailca(&format!("{command} -y"));
            if command == "revoke" {
                run = run.arg(&ann);
            }
            run.success().says(&["finished recording", "revoked the certificate of ann"]);
            assert_eq!(revoked(&folder), [ann]);
        }
        let folder = with_people();
        let ann = interrupt(&folder, "ann", is_group);
        folder.mailca("renew --user ann -o new.pem").success().says(&["finished recording"]);
        assert_eq!(status(&folder, &ann), "V");
    }
}
