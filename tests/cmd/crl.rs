//! `mailca crl`: what is made, where it is put, when it is needed, what is refused.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::support::{Certificate, Folder, Snapshot, mode, need};

/// A CA, a revoked host in `a` and a good one in `b`.
fn with_revoked() -> Folder {
    let folder = Folder::with_ca();
    for name in ["a", "b"] {
        folder.mailca(&format!("issue --cn {name}.example.com {name}")).success();
    }
    folder.mailca("revoke a --reason superseded").success();
    folder
}

fn json(folder: &Folder, line: &str) -> Value {
    let text = folder.mailca(line).arg("--json").success().text();
    serde_json::from_str(&text).unwrap()
}

fn number(folder: &Folder) -> String {
    let text = folder.openssl("crl -noout -crlnumber -in demoCA/crl.pem").success().text();
    text.trim().trim_start_matches("crlNumber=").trim_start_matches("0x").to_owned()
}

fn set(folder: &Folder, lines: &str) {
    let settings = folder.text("demoCA/mailca.toml");
    folder.write("demoCA/mailca.toml", format!("{lines}\n{settings}"));
}

/// What happens to a folder.
type Damage<'d> = &'d dyn Fn(&Folder);

/// The names in a folder, sorted.
fn names(folder: &Folder, name: &str) -> Vec<String> {
    Snapshot::of(&folder.path(name)).files()
}

#[test]
fn a_list_is_made_and_numbered() {
    need!("openssl");
    let folder = with_revoked();
    let outcome = folder.mailca("crl").success();
    assert!(outcome.stdout.is_empty(), "{outcome}");
    outcome.says(&["demoCA/crl.pem", "number 1", "1 revoked certificate"]);
    assert_eq!(mode(&folder.path("demoCA/crl.pem")), 0o644);
    assert_eq!(
        (number(&folder).as_str(), folder.text("demoCA/crlnumber").as_str()),
        ("01", "02\n")
    );
    let value = json(&folder, "crl");
    assert_eq!(value["made"], true);
    assert_eq!(value["number"], "2");
    assert_eq!(value["revoked"], 1);
    assert_eq!(value["file"], "demoCA/crl.pem");
    assert_eq!(number(&folder), "02");
    assert!(!folder.exists("demoCA/crl.der"));
    let outcome = folder.mailca("crl -q").success();
    assert!(outcome.stdout.is_empty() && outcome.stderr.is_empty(), "{outcome}");
}

#[test]
fn days_come_from_the_option_the_setting_or_the_default() {
    let days = |folder: &Folder, line: &str| {
        let value = json(folder, line);
        let day = |name: &str| {
            let text = value[name].as_str().unwrap();
            time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339)
                .unwrap()
        };
        // Dated back five minutes, for clients whose clock is behind, but later than the one before it.
        let span = day("next_update") - day("this_update");
        assert!([4, 5].contains(&(span.whole_minutes() % (24 * 60))), "{span}");
        span.whole_days()
    };
    let folder = with_revoked();
    assert_eq!(days(&folder, "crl"), 30);
    set(&folder, "crl-days = 7");
    assert_eq!(days(&folder, "crl"), 7);
    assert_eq!(days(&folder, "crl --days 3"), 3);
    for bad in ["0", "36501", "soon", "-1"] {
        folder.mailca(&format!("crl --days={bad}")).usage(&["--days"]);
    }
}

#[test]
fn der_is_made_when_asked_for_and_then_kept_current() {
    need!("openssl");
    let folder = with_revoked();
    folder.mailca("crl --der").success();
    assert_eq!(mode(&folder.path("demoCA/crl.der")), 0o644);
    folder.mailca("crl").success();
    folder.openssl("crl -in demoCA/crl.pem -outform DER -out own.der").success();
    assert_eq!(folder.read("own.der"), folder.read("demoCA/crl.der"));
    // Its loss is mended without a new list.
    fs::remove_file(folder.path("demoCA/crl.der")).unwrap();
    let value = json(&folder, "crl --der --if-needed");
    assert_eq!((&value["made"], &value["published"][0]), (&false.into(), &"demoCA/crl.der".into()));
    assert_eq!(folder.read("own.der"), folder.read("demoCA/crl.der"));
}

#[test]
fn published_files_have_the_form_that_their_ending_says() {
    need!("openssl");
    let folder = with_revoked();
    folder.mkdir("www");
    let files = ["www/crl.pem", "www/list", "www/crl.der", "www/ca.crl"];
    let line = files.map(|file| format!("--publish {file}")).join(" ");
    // The second time over the first.
    for _ in 0..2 {
        folder.mailca(&format!("crl {line}")).success().says(&files);
        for file in files {
            assert_eq!(mode(&folder.path(file)), 0o644, "{file}");
        }
        let pem = folder.read("demoCA/crl.pem");
        assert_eq!((folder.read(files[0]), folder.read(files[1])), (pem.clone(), pem));
        folder.openssl("crl -in demoCA/crl.pem -outform DER -out own.der").success();
        let der = folder.read("own.der");
        assert_eq!((folder.read(files[2]), folder.read(files[3])), (der.clone(), der));
    }
    assert_eq!(names(&folder, "www").len(), files.len(), "something is left there");
}

#[test]
fn the_settings_name_places_too_seen_from_the_cas_folder() {
    let folder = with_revoked();
    folder.mkdir("www");
    folder.mkdir("certs");
    folder.mkdir("more");
    set(&folder, "crl-publish = [\"../www/crl.der\"]\ncrl-hash-dir = [\"../certs\"]");
    folder.mailca("crl --publish ../more/crl.pem --ca-dir ../demoCA").within("www").success();
    assert_eq!(names(&folder, "www"), ["crl.der"]);
    assert_eq!(names(&folder, "certs").len(), 2);
    assert_eq!(names(&folder, "more"), ["crl.pem"]);
    // The environment stands for the file.
    let run = folder.mailca("crl").env("MAILCA_CRL_PUBLISH", "../more/a.pem,../more/b.der");
    run.success();
    assert_eq!(names(&folder, "more"), ["a.pem", "b.der", "crl.pem"]);
    // Named twice, it is written once.
    let value = json(&folder, "crl --publish www/crl.der");
    assert_eq!(value["published"].as_array().unwrap().len(), 2, "{value}");
}

#[test]
fn nothing_but_a_list_of_this_ca_is_written_over() {
    need!("openssl");
    let folder = with_revoked();
    folder.mkdir("www");
    folder.mailca("newca --ca-dir other --cn Other").success();
    folder.mailca("crl --ca-dir other --publish other.pem").success();
    folder.mailca("crl").success();
    folder.write("half.pem", &folder.read("demoCA/crl.pem")[..100]);
    let two = folder.text("demoCA/crl.pem") + &folder.text("other/crl.pem");
    folder.write("two.pem", two);
    let both = folder.text("demoCA/cacert.pem") + &folder.text("demoCA/crl.pem");
    folder.write("both.pem", both);
    symlink("www/crl.pem", folder.path("link.pem")).unwrap();
    for (place, words) in [
        ("b/key.pem", &["b/key.pem", "not just a revocation list"] as &[&str]),
        ("b/cert.pem", &["b/cert.pem", "not just a revocation list"]),
        ("half.pem", &["half.pem", "not just a revocation list"]),
        ("two.pem", &["two.pem", "not just a revocation list"]),
        ("both.pem", &["both.pem", "not just a revocation list"]),
        ("other.pem", &["other.pem", "CN=Other"]),
        ("link.pem", &["link.pem", "plain file"]),
        ("/dev/null", &["/dev/null", "plain file"]),
        ("www", &["www", "folder", "--hash-dir"]),
        ("nowhere/crl.pem", &["nowhere", "does not exist"]),
        ("www/..", &["www/.."]),
        ("demoCA/new.pem", &["demoCA/new.pem", "CA's folder"]),
        ("demoCA/crl/crl.pem", &["CA's folder"]),
        ("demoCA/crl.der", &["CA's folder", "in any case"]),
        ("www/../demoCA/private/cakey.pem", &["CA's folder"]),
    ] {
        // The good place before it is not written either, and no number is used up.
        folder.mailca("crl --publish www/good.pem --publish").arg(place).refused(words);
    }
    for (place, words) in [
        ("nowhere", &["nowhere", "does not exist"] as &[&str]),
        ("half.pem", &["half.pem"]),
        ("demoCA/crl", &["CA's folder"]),
    ] {
        folder.mailca("crl --hash-dir").arg(place).refused(words);
    }
    // This one is written anyway.
    folder.mailca("crl --publish demoCA/crl.pem").success();
    // What is empty holds nothing to lose.
    folder.write("empty.pem", "");
    folder.mailca("crl --publish empty.pem").success();
    assert_eq!(folder.read("empty.pem"), folder.read("demoCA/crl.pem"));
}

#[test]
fn the_cas_own_file_is_replaced_whatever_it_was_but_no_link() {
    let folder = with_revoked();
    folder.write("demoCA/crl.pem", "nonsense\n");
    folder.mailca("crl").success();
    folder.mailca("show demoCA/crl.pem").success().says(&["revocation list"]);
    fs::remove_file(folder.path("demoCA/crl.pem")).unwrap();
    symlink("../elsewhere.pem", folder.path("demoCA/crl.pem")).unwrap();
    folder.mailca("crl").refused(&["crl.pem", "plain file"]);
}

#[test]
fn one_place_that_fails_does_not_keep_the_others_from_theirs() {
    need!("unshare");
    let folder = with_revoked();
    folder.mkdir("one");
    folder.mkdir("full");
    folder.mkdir("two");
    // A full disk is found out only when it is written.
    let line = "crl --publish one/crl.pem --publish full/crl.pem --publish two/crl.pem";
    let outcome = |option: &str| {
        let script = format!(
            "mount -t tmpfs -o size=4k tmpfs full && echo > full/filler || exit 77
             mailca {line} {option}"
        );
        folder.bash(&format!("unshare -r -m bash -c '{script}'")).output()
    };
    let failed = outcome("");
    if failed.status == Some(77) {
        return crate::support::skip("no mount namespace may be made here");
    }
    assert_eq!(failed.status, Some(1), "{failed}");
    failed.says(&["full/crl.pem", "No space left", "--if-needed"]);
    for name in ["one", "two"] {
        assert_eq!(folder.read(&format!("{name}/crl.pem")), folder.read("demoCA/crl.pem"));
    }
    let failed = outcome("--json");
    assert_eq!(failed.status, Some(1));
    let value: Value = serde_json::from_str(&failed.text()).unwrap();
    assert_eq!(value["failed"][0]["file"], "full/crl.pem", "{value}");
    assert_eq!(value["published"].as_array().unwrap().len(), 2, "{value}");
}

#[test]
fn a_hash_folder_has_the_file_and_the_link_that_openssl_follows() {
    need!("openssl");
    let folder = with_revoked();
    folder.mkdir("certs");
    let hash = folder.openssl("x509 -noout -subject_hash -in demoCA/cacert.pem").success().text();
    let hash = hash.trim();
    for _ in 0..2 {
        folder.mailca("crl --hash-dir certs").success();
        let files = names(&folder, "certs");
        let [link, file] = files.as_slice() else { panic!("{files:?}") };
        assert_eq!(*link, format!("{hash}.r0"));
        assert_eq!(fs::read_link(folder.path("certs").join(link)).unwrap().to_str(), Some(&**file));
        assert_eq!(folder.read(&format!("certs/{file}")), folder.read("demoCA/crl.pem"));
        assert_eq!(mode(&folder.path("certs").join(file)), 0o644);
    }
}

#[test]
fn two_cas_of_one_name_share_a_hash_folder() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mkdir("certs");
    for ca in ["one", "two"] {
        folder.mailca(&format!("newca --ca-dir {ca} --cn Same")).success();
    }
    let hash = folder.openssl("x509 -noout -subject_hash -in one/cacert.pem").success().text();
    let hash = hash.trim();
    for ca in ["one", "two", "one", "two"] {
        folder.mailca(&format!("crl --ca-dir {ca} --hash-dir certs")).success();
    }
    assert_eq!(names(&folder, "certs").len(), 4);
    for (ca, link) in [("one", "r0"), ("two", "r1")] {
        let published = folder.read(&format!("certs/{hash}.{link}"));
        assert_eq!(published, folder.read(&format!("{ca}/crl.pem")), "{ca}");
    }
    // `openssl rehash` finds both files and makes links to both.
    folder.openssl("rehash certs").success();
    for ca in ["one", "two"] {
        let value = json(&folder, &format!("crl --if-needed --ca-dir {ca} --hash-dir certs"));
        assert_eq!(value["published"].as_array().unwrap().len(), 0, "{value}");
    }
}

#[test]
fn if_needed_does_nothing_where_all_is_good() {
    let folder = with_revoked();
    folder.mkdir("certs");
    let line = "crl --if-needed --publish certs/crl.der --hash-dir certs";
    assert_eq!(json(&folder, line)["made"], true);
    let before = Snapshot::of(folder.root());
    let outcome = folder.mailca(line).success().says(&["no new revocation list is needed"]);
    assert!(outcome.stdout.is_empty(), "{outcome}");
    let outcome = folder.mailca(line).arg("-q").success();
    assert!(outcome.stdout.is_empty() && outcome.stderr.is_empty(), "{outcome}");
    let value = json(&folder, line);
    assert_eq!((&value["made"], &value["number"]), (&false.into(), &"1".into()));
    assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "");
}

#[test]
fn if_needed_publishes_again_without_the_key() {
    let folder = Folder::empty();
    folder.write("pass", "ca secret\n");
    folder.mailca("newca --encrypt-key --ca-passphrase-file pass").success();
    folder.mkdir("certs");
    let line = "crl --if-needed --publish certs/crl.pem --hash-dir certs";
    folder.mailca(line).refused(&["--ca-passphrase-file"]);
    folder.mailca("crl --ca-passphrase-file pass").success();
    let list = folder.read("demoCA/crl.pem");
    let damages: [Damage; 4] = [
        &|_| {},
        &|folder| fs::remove_file(folder.path("certs/crl.pem")).unwrap(),
        &|folder| folder.write("certs/crl.pem", ""),
        &|folder| {
            for name in names(folder, "certs").iter().filter(|name| *name != "crl.pem") {
                fs::remove_file(folder.path("certs").join(name)).unwrap();
            }
        },
    ];
    for damage in damages {
        damage(&folder);
        assert_eq!(json(&folder, line)["made"], false);
        assert_eq!(folder.read("certs/crl.pem"), list);
        assert_eq!(names(&folder, "certs").len(), 3);
    }
    assert_eq!(folder.read("demoCA/crl.pem"), list);
    // What is no list is not written over here either.
    folder.write("certs/crl.pem", "mine\n");
    folder.mailca(line).refused(&["certs/crl.pem", "not just a revocation list"]);
}

#[test]
fn if_needed_makes_a_new_one_where_the_old_one_will_not_do() {
    need!("openssl");
    let openssl = "ca -config demoCA/openssl.cnf -gencrl -out demoCA/crl.pem";
    let dated = |folder: &Folder, from: &str, to: &str| {
        let run = folder.openssl(openssl);
        run.args(&["-crl_lastupdate", from, "-crl_nextupdate", to]).success();
    };
    let cases: [(Damage, &str); 8] = [
        (&|folder| fs::remove_file(folder.path("demoCA/crl.pem")).unwrap(), "not there"),
        (&|folder| folder.write("demoCA/crl.pem", "nonsense\n"), "not a revocation list"),
        (&|folder| folder.write("demoCA/crl.pem", [0x30, 0x03, 1, 1, 0]), "malformed"),
        (&|folder| dated(folder, "20200101000000Z", "20200201000000Z"), "out of date"),
        (&|folder| dated(folder, "20200101000000Z", "20280101000000Z"), "a third"),
        (&|folder| dated(folder, "20300101000000Z", "20310101000000Z"), "future"),
        (&|folder| _ = folder.mailca("revoke b").success(), "revoked"),
        (
            &|folder| {
                folder.mailca("newca --ca-dir other --cn Other").success();
                folder.openssl("ca -config other/openssl.cnf -gencrl -out other.pem").success();
                fs::copy(folder.path("other.pem"), folder.path("demoCA/crl.pem")).unwrap();
                // As many entries as there are revoked rows.
                let index = folder.text("demoCA/index.txt");
                let valid: Vec<_> = index.lines().filter(|line| !line.starts_with('R')).collect();
                folder.write("demoCA/index.txt", valid.join("\n") + "\n");
            },
            "this CA",
        ),
    ];
    for (damage, word) in cases {
        let folder = with_revoked();
        folder.mailca("crl").success();
        damage(&folder);
        let old = fs::read(folder.path("demoCA/crl.pem")).unwrap_or_default();
        let outcome = folder.mailca("crl --if-needed").success().says(&["needed", word]);
        assert_ne!(folder.read("demoCA/crl.pem"), old, "{outcome}");
        assert_eq!(json(&folder, "crl --if-needed")["made"], false);
    }
}

#[test]
fn a_fresh_list_of_openssl_will_do() {
    need!("openssl");
    let folder = with_revoked();
    folder.openssl("ca -config demoCA/openssl.cnf -gencrl -out demoCA/crl.pem").success();
    assert_eq!(json(&folder, "crl --if-needed")["made"], false);
}

#[test]
fn a_number_is_never_used_twice() {
    need!("openssl");
    let folder = with_revoked();
    for (noted, made, next) in [
        ("0A\n", "0A", "0B\n"),
        // As after a restored backup: the list that is there has a greater one.
        ("03\n", "0B", "0C\n"),
        ("00\n", "0C", "0D\n"),
        ("FF", "FF", "0100\n"),
        ("0fff\n", "0FFF", "1000\n"),
    ] {
        folder.write("demoCA/crlnumber", noted);
        folder.mailca("crl").success();
        assert_eq!((number(&folder).as_str(), &*folder.text("demoCA/crlnumber")), (made, next));
    }
    // A list that was published elsewhere counts.
    folder.mailca("crl --publish elsewhere.pem").success();
    let newest = number(&folder);
    fs::remove_file(folder.path("demoCA/crl.pem")).unwrap();
    folder.write("demoCA/crlnumber", "01\n");
    folder.mailca("crl --publish elsewhere.pem").success();
    assert!(number(&folder) > newest, "{newest}");
    // Folders of other programs may lack the file.
    fs::remove_file(folder.path("demoCA/crlnumber")).unwrap();
    fs::remove_file(folder.path("demoCA/crl.pem")).unwrap();
    folder.mailca("crl").success();
    assert_eq!((number(&folder).as_str(), &*folder.text("demoCA/crlnumber")), ("01", "02\n"));
}

#[test]
fn a_number_that_makes_no_sense_is_refused() {
    let folder = with_revoked();
    for bad in ["", "soon\n", "-1\n", "01\n02\n", &"F".repeat(41)] {
        folder.write("demoCA/crlnumber", bad);
        folder.mailca("crl").refused(&["crlnumber"]).says(&["number"]);
    }
}

#[test]
fn a_revoked_row_that_is_unreadable_is_never_left_out() {
    let folder = with_revoked();
    let index = folder.text("demoCA/index.txt");
    for (row, word) in [
        ("R\t360101000000Z\tyesterday\t4242\tunknown\t/CN=x", "4242"),
        ("R\t360101000000Z\t\t4242\tunknown\t/CN=x", "4242"),
        ("R\t360101000000Z\t260101000000Z,whim\t4242\tunknown\t/CN=x", "4242"),
        ("R\t360101000000Z\t260101000000Z,holdInstruction,x\t4242\tunknown\t/CN=x", "4242"),
        ("R\t360101000000Z\t260101000000Z\tnone\tunknown\t/CN=x", "none"),
        ("R\t360101000000Z\t260101000000Z", "byte"),
    ] {
        folder.write("demoCA/index.txt", format!("{index}{row}\n"));
        folder.mailca("crl").refused(&[word, "index.txt", "mailca doctor"]);
    }
    // One without its newline is whole: no command writes half a row that is revoked.
    let row = "R\t360101000000Z\t260101000000Z\t4242\tunknown\t/CN=x";
    folder.write("demoCA/index.txt", format!("{index}{row}"));
    assert_eq!(json(&folder, "crl")["revoked"], 2);
    folder.write("demoCA/reasons.txt", "4242 whim\n");
    folder.mailca("crl").refused(&["reasons.txt", "4242 whim"]);
}

#[test]
fn a_missing_index_is_no_empty_one() {
    let folder = with_revoked();
    folder.mailca("crl").success();
    fs::remove_file(folder.path("demoCA/index.txt")).unwrap();
    folder.mailca("crl").refused(&["index.txt", "missing"]);
    folder.mailca("crl --if-needed").refused(&["index.txt", "missing"]);
}

#[test]
fn without_a_ca_or_its_key_nothing_is_made() {
    let folder = Folder::empty();
    folder.mailca("crl").refused(&["no CA", "newca"]);
    let folder = with_revoked();
    folder.mailca("newca --ca-dir other").success();
    fs::remove_file(folder.path("demoCA/private/cakey.pem")).unwrap();
    folder.mailca("crl").refused(&["cakey.pem"]);
    fs::copy(folder.path("other/private/cakey.pem"), folder.path("demoCA/private/cakey.pem"))
        .unwrap();
    folder.mailca("crl").refused(&["cakey.pem", "not the key"]);
}

#[test]
fn a_ca_that_may_not_sign_lists_signs_none() {
    need!("openssl");
    let folder = Folder::empty();
    folder.foreign_key("old", "EC ec_paramgen_curve:P-256");
    folder
        .openssl("req -x509 -new -batch -key old.key -out old.pem -subj /CN=Old")
        .args(&["-addext", "keyUsage=critical,keyCertSign"])
        .success();
    folder.mailca("newca --from old.pem --from old.key").success();
    folder.mailca("issue --cn a.example.com a").success();
    folder.mailca("crl").refused(&["Old", "revocation lists", "cRLSign", "rekey-ca --same-key"]);
    folder.mailca("revoke a --crl").refused(&["Old", "revocation lists", "rekey-ca --same-key"]);
    folder.mailca("revoke a").success();
    folder.mailca("rekey-ca --same-key --yes").success();
    folder.mailca("crl").success();
}

#[test]
fn a_ca_that_has_ended_is_said() {
    need!("openssl");
    let folder = with_revoked();
    folder.write("ca.ext", "basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n");
    folder
        .openssl("ca -config demoCA/openssl.cnf -extfile ca.ext -batch -notext -selfsign -in demoCA/careq.pem")
        .args(&["-out", "ended.pem", "-startdate", "20200101000000Z"])
        .args(&["-enddate", "20210101000000Z"])
        .success();
    folder.replace("demoCA/cacert.pem", folder.read("ended.pem"));
    folder.mailca("crl").success().says(&["warning", "ended on 2021-01-01"]);
}

/// A CA with a published list that revokes joe, whose folder is then the one from before that.
fn with_a_folder_from_before() -> Folder {
    let folder = Folder::with_ca();
    let configuration = folder.text("demoCA/mailca.toml");
    folder
        .replace("demoCA/mailca.toml", format!("{configuration}crl-publish = [\"../pub.pem\"]\n"));
    folder.mailca("issue --user joe --email joe@example.com --key-type ecdsa-p256 joe").success();
    folder.mailca("crl").success();
    folder.mailca("backup ca.tar").success();
    folder.mailca("revoke joe --reason keyCompromise --crl").success();
    std::fs::rename(folder.path("demoCA"), folder.path("lost")).unwrap();
    folder.mailca("restore ca.tar").success();
    // Without that note it is as where the folder of before was put back by hand.
    std::fs::remove_file(folder.path("demoCA/restored.txt")).unwrap();
    folder
}

#[test]
fn what_a_published_list_revokes_is_never_let_in_again() {
    need!("openssl");
    let folder = with_a_folder_from_before();
    let serial = Certificate::read(&folder.path("joe/cert.pem")).serial;
    for line in ["crl --if-needed", "crl", "crl --days 3"] {
        let lists = [folder.read("pub.pem"), folder.read("demoCA/crl.pem")];
        let outcome = folder.mailca(line).exits(1);
        outcome.says(&["pub.pem revokes", &serial, "mailca doctor --fix"]);
        assert_eq!([folder.read("pub.pem"), folder.read("demoCA/crl.pem")], lists, "{line}");
    }
    let outcome = folder.mailca("status").exits(3);
    outcome.says(&["index.txt is old", "pub.pem holds a newer list", "mailca doctor --fix"]);
    folder.mailca("doctor --fix").output();
    folder.mailca("crl --if-needed").success();
    folder
        .openssl("verify -crl_check -CAfile demoCA/cacert.pem -CRLfile pub.pem joe/cert.pem")
        .exits(2)
        .says(&["certificate revoked"]);
    folder.mailca("status").success();
}

#[test]
fn an_emptied_index_makes_no_emptier_list() {
    let folder = Folder::with_user();
    folder.mailca("revoke joeuser --crl").success();
    let index = folder.text("demoCA/index.txt");
    folder.write("demoCA/index.txt", "");
    folder.mailca("crl --if-needed").refused(&["crl.pem revokes", "mailca doctor --fix"]);
    folder.mailca("status").exits(3).says(&["index.txt is old"]);
    folder.write("demoCA/index.txt", index);
    folder.mailca("crl").success();
}

#[test]
fn the_list_of_another_ca_of_the_same_name_is_not_written_over() {
    let folder = Folder::with_user();
    folder.mailca("newca --ca-dir other --org Example --cn").arg("Test CA ecdsa-p256").success();
    folder.mailca("crl --ca-dir other").success();
    folder.write("pub.pem", folder.read("other/crl.pem"));
    folder.mailca("crl --publish pub.pem").refused(&["another CA", "pub.pem"]);
    // That of an older key of this CA is.
    folder.mailca("crl --publish own.pem").success();
    folder.mailca("rekey-ca --yes").success();
    folder.mailca("crl --publish own.pem").success();
}

#[test]
fn a_configured_place_that_is_gone_holds_up_nothing_else() {
    let folder = Folder::with_user();
    folder.mkdir("good");
    let configuration = folder.text("demoCA/mailca.toml");
    let places = "crl-publish = [\"../gone/crl.pem\", \"../good/crl.pem\"]\n";
    folder.replace("demoCA/mailca.toml", format!("{configuration}{places}"));
    let outcome = folder.mailca("revoke joeuser --reason keyCompromise --crl").exits(1);
    assert!(outcome.stderr.contains("gone"), "{outcome}");
    assert_eq!(folder.index().last().unwrap()[0], "R");
    assert_eq!(folder.read("good/crl.pem"), folder.read("demoCA/crl.pem"));
    // What is named now is looked at first.
    folder.mailca("crl --publish gone/crl.pem -q").exits(1);
    folder.mailca("crl --publish nowhere/crl.pem").refused(&["nowhere"]);
}

#[test]
fn an_index_that_lost_its_rows_is_warned_of() {
    let folder = with_revoked();
    folder.mailca("crl").success().says_nothing_of(&["doctor"]);
    let text = folder.text("demoCA/index.txt");
    let own = text.split_inclusive('\n').next().unwrap();
    for left in ["", own] {
        // The list of before would tell, and is refused to be replaced.
        let _ = fs::remove_file(folder.path("demoCA/crl.pem"));
        folder.write("demoCA/index.txt", left);
        let outcome = folder.mailca("crl --quiet").success();
        let words = ["warning: demoCA/index.txt lacks what was issued", "`mailca doctor`"];
        outcome.says(&words);
    }
    // A CA that has issued nothing lacks nothing.
    Folder::with_ca().mailca("crl").success().says_nothing_of(&["doctor"]);
}
