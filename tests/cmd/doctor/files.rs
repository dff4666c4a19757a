//! The other files of the CA's folder: modes, numbers, settings, leftovers.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{CA, copies, edit, found, lived, repaired, serial, sound, without};
use crate::support::{Folder, Snapshot, mode, need};

#[test]
fn modes_are_narrowed() {
    need!("openssl");
    for (name, wrong, right, id) in [
        ("demoCA/private/cakey.pem", 0o644, 0o400, "key-readable-by-others"),
        ("demoCA/private/cakey.pem", 0o440, 0o400, "key-readable-by-others"),
        ("demoCA/private", 0o777, 0o700, "writable-by-others"),
        ("demoCA", 0o777, 0o700, "writable-by-others"),
        ("demoCA/newcerts", 0o777, 0o755, "writable-by-others"),
        ("demoCA/index.txt", 0o666, 0o644, "writable-by-others"),
    ] {
        let folder = lived();
        folder.chmod(name, wrong);
        repaired(&folder, id).says(&[name]);
        assert_eq!(mode(&folder.path(name)), right, "{name}");
    }
    // openssl's own mode of a key is as good.
    let folder = lived();
    folder.chmod("demoCA/private/cakey.pem", 0o600);
    sound(&folder);
    // Looking into the folder is not reading the key.
    for name in ["demoCA", "demoCA/private"] {
        folder.chmod(name, 0o755);
        let outcome = folder.mailca("doctor").success().says(&["advice", "[folder-open]", name]);
        outcome.says_nothing_of(&["rekey-ca"]);
        folder.mailca("doctor --fix").success().says(&["repaired"]);
        assert_eq!(mode(&folder.path(name)), 0o700);
    }
}

#[test]
fn former_keys_are_looked_at_too() {
    need!("openssl");
    let folder = lived();
    folder.mkdir("demoCA/previous");
    folder.chmod("demoCA/previous", 0o700);
    folder.write("demoCA/previous/AB.key.pem", folder.read("demoCA/private/cakey.pem"));
    folder.chmod("demoCA/previous/AB.key.pem", 0o644);
    repaired(&folder, "key-readable-by-others");
    assert_eq!(mode(&folder.path("demoCA/previous/AB.key.pem")), 0o400);
}

#[test]
fn an_owner_who_is_not_the_folders_is_told_and_changed_by_root() {
    need!("openssl");
    if !rustix::process::geteuid().is_root() {
        return crate::support::skip("only root can give files away");
    }
    let folder = lived();
    std::os::unix::fs::chown(folder.path("demoCA/private/cakey.pem"), Some(4242), None).unwrap();
    std::os::unix::fs::chown(folder.path("demoCA/index.txt"), Some(4242), None).unwrap();
    found(&folder, "wrong-owner").says(&["cakey.pem", "index.txt"]);
    folder.mailca("doctor --fix").success();
    sound(&folder);
}

#[test]
fn a_folder_of_somebody_else_stays_theirs() {
    use std::os::unix::fs::MetadataExt;
    need!("openssl");
    if !rustix::process::geteuid().is_root() {
        return crate::support::skip("only root can give files away");
    }
    let folder = lived();
    for name in Snapshot::of(folder.root()).files() {
        std::os::unix::fs::chown(folder.path(&name), Some(4242), Some(4242)).unwrap();
    }
    for name in ["demoCA", "demoCA/private", "demoCA/newcerts", "demoCA/pending"] {
        std::os::unix::fs::chown(folder.path(name), Some(4242), Some(4242)).unwrap();
    }
    sound(&folder);
    edit(&folder, "demoCA/index.txt", |text| text + "\n");
    folder.mailca("doctor --fix").success();
    assert_eq!(fs::metadata(folder.path("demoCA/index.txt")).unwrap().uid(), 4242);
}

#[test]
fn a_key_behind_a_link_is_told() {
    need!("openssl");
    let folder = lived();
    fs::rename(folder.path("demoCA/private/cakey.pem"), folder.path("stick.pem")).unwrap();
    std::os::unix::fs::symlink(folder.path("stick.pem"), folder.path("demoCA/private/cakey.pem"))
        .unwrap();
    folder.mailca("doctor").success().says(&["advice", "[key-is-a-link]"]);
    folder.mailca("doctor --fix").success().says(&["[key-is-a-link]"]);
}

#[test]
fn the_next_serial_number_is_one_that_is_free() {
    need!("openssl");
    let folder = lived();
    fs::remove_file(folder.path("demoCA/serial")).unwrap();
    repaired(&folder, "serial-missing");

    let folder = lived();
    folder.write("demoCA/serial", "nonsense\n");
    repaired(&folder, "serial-missing");
    assert_eq!(copies(&folder, "demoCA/serial"), [b"nonsense\n"]);

    let folder = lived();
    let joe = serial(&folder, "joe");
    folder.write("demoCA/serial", format!("{joe}\n"));
    repaired(&folder, "serial-used");

    // Known from index.txt alone.
    let folder = lived();
    edit(&folder, "demoCA/index.txt", |text| {
        text + "E\t200101000000Z\t\t0A\tunknown\t/CN=a\nE\t200101000000Z\t\t0B\tunknown\t/CN=b\n"
    });
    folder.write("demoCA/serial", "0A\n");
    found(&folder, "serial-used");
    folder.mailca("doctor --fix").success();
    assert_eq!(folder.text("demoCA/serial"), "0C\n");
}

#[test]
fn the_next_crl_number_is_beyond_every_list() {
    need!("openssl");
    let folder = lived();
    fs::remove_file(folder.path("demoCA/crlnumber")).unwrap();
    repaired(&folder, "crlnumber-missing");

    for place in ["demoCA/crl.der", "published.pem", "hashed", "demoCA/previous/AB.crl.pem"] {
        let folder = lived();
        folder.mkdir("demoCA/previous");
        folder.chmod("demoCA/previous", 0o700);
        folder.mkdir("hashed");
        edit(&folder, "demoCA/mailca.toml", |text| {
            text + "crl-publish = [\"../published.pem\", \"../nowhere/crl.pem\"]\ncrl-hash-dir = [\"../hashed\"]\n"
        });
        folder.write("demoCA/crlnumber", "FF\n");
        folder.openssl(&format!("{CA} -gencrl -out high.crl")).success();
        let hash = folder.openssl("crl -noout -hash -in high.crl").success().text();
        let place =
            if place == "hashed" { format!("hashed/{}.r1", hash.trim()) } else { place.into() };
        fs::rename(folder.path("high.crl"), folder.path(&place)).unwrap();
        folder.write("demoCA/crlnumber", "02\n");
        repaired(&folder, "crlnumber-behind");
        let text = folder.openssl("crl -noout -crlnumber -in probe.crl").success().text();
        assert!(text.contains("0100"), "{place}: {text}");
    }
}

#[test]
fn a_list_that_is_named_must_be_this_cas() {
    need!("openssl");
    let folder = lived();
    folder.mailca("newca --ca-dir other --cn Other").success();
    folder.openssl("ca -config other/openssl.cnf -gencrl -out other.crl").success();
    folder.mailca("doctor --crl other.crl").refused(&["other.crl"]);
    folder.mailca("doctor --crl absent.crl").refused(&["absent.crl"]);
    folder.mailca("doctor --crl mx/cert.pem").refused(&["mx/cert.pem"]);
}

#[test]
fn subjects_may_be_shared() {
    need!("openssl");
    let folder = lived();
    folder.mailca("issue --cn mx.example.com mx2").success();
    folder.write("demoCA/index.txt.attr", "unique_subject = yes\n");
    repaired(&folder, "shared-subjects");
    assert_eq!(folder.text("demoCA/index.txt.attr"), "unique_subject = no\n");
    assert_eq!(copies(&folder, "demoCA/index.txt.attr"), [b"unique_subject = yes\n"]);

    // With different subjects it does no harm, and without the file neither.
    let folder = lived();
    folder.write("demoCA/index.txt.attr", "unique_subject = yes\n");
    sound(&folder);
    fs::remove_file(folder.path("demoCA/index.txt.attr")).unwrap();
    folder.mailca("doctor").success().says(&["advice", "[attributes-missing]"]);
    folder.mailca("doctor --fix").success();
    sound(&folder);
}

#[test]
fn openssl_cnf_follows_the_folder() {
    need!("openssl");
    let folder = lived();
    fs::rename(folder.path("demoCA"), folder.path("moved")).unwrap();
    let line = "doctor --ca-dir moved";
    folder.mailca(line).verdict(&["[openssl-cnf-elsewhere]"]);
    folder.mailca(&format!("{line} --fix")).success();
    folder.openssl("ca -config moved/openssl.cnf -gencrl -out probe.crl").success();

    fs::remove_file(folder.path("moved/openssl.cnf")).unwrap();
    folder.mailca(line).success().says(&["advice", "[openssl-cnf-missing]"]);
    folder.mailca(&format!("{line} --fix")).success();
    folder.openssl("ca -config moved/openssl.cnf -gencrl -out probe.crl").success();
}

#[test]
fn a_recording_that_was_interrupted_is_finished() {
    need!("openssl");
    let folder = lived();
    folder.mailca("newreq --cn new.example.com new").success();
    folder.mailca("sign new").success();
    let new = serial(&folder, "new");
    fs::rename(folder.path("new/cert.pem"), folder.path("demoCA/pending/0123.new")).unwrap();
    fs::remove_file(folder.path(&format!("demoCA/newcerts/{new}.pem"))).unwrap();
    edit(&folder, "demoCA/index.txt", |text| without(&text, &new));
    found(&folder, "recording-interrupted");
    let outcome = folder.mailca("doctor --fix").success();
    assert!(folder.text("demoCA/index.txt").contains(&new), "{outcome}");
    // It was never delivered, and only the administrator knows whether it is wanted.
    outcome.says(&["advice", "[undelivered]", "mailca show SERIAL --pem", &new]);
}

#[test]
fn unfinished_files_get_another_name_and_living_ones_do_not() {
    need!("openssl");
    let folder = lived();
    let left = ["demoCA/.serial.mailca-tmp", "joe/.key.pem.mailca-tmp", ".x.mailca-tmp"];
    for name in left {
        folder.write(name, "half");
    }
    folder.write("demoCA/pending/tmp", "half");
    let living = fs::File::create(folder.path("mx/.cert.pem.mailca-tmp")).unwrap();
    living.lock().unwrap();
    folder
        .mailca("doctor")
        .success()
        .says(&["[unfinished-files]", "[unfinished-files-in-folders]"]);
    folder.mailca("doctor --fix").success().says(&["2 repaired"]);
    for name in left {
        assert!(!folder.exists(name), "{name}");
    }
    for name in ["demoCA/serial", "joe/key.pem", "x", "demoCA/pending/tmp"] {
        assert_eq!(folder.text(&format!("{name}.unfinished")), "half");
    }
    assert!(folder.exists("mx/.cert.pem.mailca-tmp"));
    sound(&folder);
}

#[test]
fn an_exchange_of_files_that_was_interrupted_is_ended() {
    need!("openssl");
    for (place, id) in [("demoCA", "exchange-interrupted"), ("joe", "folder-exchange-interrupted")]
    {
        let folder = lived();
        for part in [".mailca-old", ".mailca-new"] {
            folder.mkdir(&format!("{place}/{part}"));
        }
        std::os::unix::fs::symlink(".mailca-old", folder.path(&format!("{place}/.mailca-live")))
            .unwrap();
        repaired(&folder, id);
        assert!(!folder.exists(&format!("{place}/.mailca-live")));
    }
}

#[test]
fn json_has_every_finding() {
    need!("openssl");
    let folder = lived();
    let read = |line: &str, status| {
        let text = folder.mailca(line).exits(status).text();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        value["findings"].as_array().unwrap().clone()
    };
    assert_eq!(read("doctor --json", 0), Vec::<serde_json::Value>::new());
    edit(&folder, "demoCA/index.txt", |text| text + "\n");
    folder.chmod("demoCA", 0o755);
    let findings = read("doctor --json", 3);
    assert_eq!(findings[0]["id"], "blank-lines");
    assert_eq!(findings[0]["severity"], "problem");
    assert_eq!(findings[0]["repaired"], false);
    assert!(findings[0]["what"].is_string() && findings[0]["mend"].is_string());
    assert_eq!(findings[1]["severity"], "advice");
    let findings = read("doctor --fix --json", 0);
    assert!(findings.iter().all(|finding| finding["repaired"] == true));
    assert_eq!(findings.len(), 2);
}

#[test]
fn fix_twice_is_fix_once_and_nothing_is_deleted() {
    need!("openssl");
    let folder = lived();
    edit(&folder, "demoCA/index.txt", |text| text + "\nnonsense\nV\t36");
    fs::remove_file(folder.path("demoCA/crlnumber")).unwrap();
    folder.write("demoCA/serial", "x\n");
    let before = Snapshot::of(folder.root());
    let contents: Vec<_> = before.files().iter().map(|name| folder.read(name)).collect();
    folder.mailca("doctor --fix").success();
    let once = Snapshot::of(folder.root());
    let after: Vec<_> = once.files().iter().map(|name| folder.read(name)).collect();
    for content in contents {
        assert!(after.contains(&content), "lost: {}", String::from_utf8_lossy(&content));
    }
    folder.mailca("doctor --fix").success().says(&["nothing is wrong"]);
    assert_eq!(Snapshot::of(folder.root()).changes_since(&once), "");
}

#[test]
fn what_cannot_go_together_is_refused() {
    let folder = Folder::empty();
    folder.mailca("doctor").refused(&["no CA"]);
    folder.mailca("doctor --fix --adopt").usage(&["--adopt"]);
}

#[test]
fn a_key_that_others_may_read_is_told() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mx.example.com mx").success();
    for (of_folder, of_key, told) in [
        (0o755, 0o444, "problem"),
        (0o755, 0o420, "problem"),
        (0o750, 0o440, "advice"),
        (0o755, 0o400, ""),
        (0o700, 0o444, ""),
    ] {
        set_mode(&folder, "mx", of_folder);
        set_mode(&folder, "mx/key.pem", of_key);
        let outcome = folder.mailca("doctor").output();
        assert_eq!(outcome.status, Some(if told == "problem" { 3 } else { 0 }), "{outcome}");
        let outcome = if told.is_empty() {
            outcome.says_nothing_of(&["mx/key.pem"])
        } else {
            outcome.says(&[told, "mx/key.pem has the mode", "chmod 0400 "])
        };
        drop(outcome);
    }
}

fn set_mode(folder: &Folder, name: &str, mode: u32) {
    fs::set_permissions(folder.path(name), fs::Permissions::from_mode(mode)).unwrap();
}
