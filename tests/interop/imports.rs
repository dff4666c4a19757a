//! Folders of CA.pl, easy-rsa and mkcert, made by these programs: taken over with what their CA did,
//! and looked at by doctor.

use std::fs;

use crate::support::{Certificate, Folder, Run, Snapshot, need, peer};

const CA: &str = "ca -config demoCA/openssl.cnf -batch";

fn easyrsa(folder: &Folder, line: &str) {
    let run = folder.program("easyrsa", &format!("--batch {line}")).env("HOME", &home(folder));
    // Other commands take no name but the one of their arguments.
    let run = if line.contains("build-ca") { run.env("EASYRSA_REQ_CN", "Easy CA") } else { run };
    run.success();
}

fn home(folder: &Folder) -> String {
    folder.root().display().to_string()
}

/// easy-rsa's pki with a server, a person who is revoked, and a CRL.
fn made_by_easy_rsa(build_ca: &str) -> Folder {
    let folder = Folder::empty();
    // Where a file is named for both, openssl takes its second line for the second.
    folder.write("pass", "ca secret\nca secret\n");
    let pass = "--passin=file:pass --passout=file:pass";
    let options = if build_ca == "nopass" { "" } else { pass };
    easyrsa(&folder, "init-pki");
    easyrsa(&folder, &format!("{options} build-ca {build_ca}"));
    for line in [
        "build-server-full mail.example.com nopass",
        "build-client-full joe nopass",
        "revoke joe superseded",
        "gen-crl",
    ] {
        easyrsa(&folder, &format!("{} {line}", options.replace(" --passout=file:pass", "")));
    }
    folder
}

#[test]
fn a_pki_of_easy_rsa_comes_along_with_its_history() {
    need!("openssl", "easyrsa");
    let folder = made_by_easy_rsa("nopass");
    let rows = folder.text("pki/index.txt");
    let before = Snapshot::of(&folder.path("pki"));
    folder.mailca("doctor --adopt --ca-dir pki").success().says(&[
        "easy-rsa",
        "newca --from pki",
        "2 rows (1 revoked)",
    ]);
    folder.mailca("newca --from pki").success().says(&["2 rows"]);
    assert_eq!(Snapshot::of(&folder.path("pki")).changes_since(&before), "");
    let index = folder.text("demoCA/index.txt");
    assert!(index.ends_with(&rows), "{index}");
    assert_eq!(folder.index().len(), 3);
    for row in folder.index() {
        let kept = folder.path(&format!("demoCA/newcerts/{}.pem", row[3]));
        assert_eq!(Certificate::read(&kept).serial, row[3]);
    }
    folder.mailca("doctor").success().says(&["nothing is wrong"]);
    folder.mailca("issue --cn new.example.com new").success();
    folder
        .openssl("verify -CAfile pki/ca.crt new/cert.pem pki/issued/mail.example.com.crt")
        .success();
    folder.openssl(&format!("{CA} -gencrl -out probe.crl")).success();
    let crl = folder.openssl("crl -noout -text -in probe.crl").success().text();
    let joe = folder.index().into_iter().find(|row| row[0] == "R").unwrap()[3].clone();
    assert!(crl.contains(&joe) && crl.contains("Superseded"), "{crl}");
    // The old server certificate can be revoked here.
    folder.openssl(&format!("{CA} -revoke pki/issued/mail.example.com.crt")).success();
}

#[test]
fn a_pki_with_a_passphrase_keeps_it() {
    need!("openssl", "easyrsa");
    let folder = made_by_easy_rsa("");
    folder.mailca("newca --from pki").refused(&["--ca-passphrase-file"]);
    folder.mailca("newca --from pki --ca-passphrase-file pass").success();
    folder.mailca("issue --cn new.example.com new").refused(&["--ca-passphrase-file"]);
    folder.mailca("issue --cn new.example.com new --ca-passphrase-file pass").success();
    folder.openssl("verify -CAfile pki/ca.crt new/cert.pem").success();
    folder.mailca("doctor --ca-passphrase-file pass").success().says(&["nothing is wrong"]);
}

#[test]
fn a_pki_without_its_key_is_refused() {
    need!("openssl", "easyrsa");
    let folder = made_by_easy_rsa("nopass");
    fs::remove_file(folder.path("pki/private/ca.key")).unwrap();
    folder.mailca("newca --from pki").refused(&["pki/private/ca.key is not"]);
}

#[test]
fn the_root_of_mkcert_is_taken_over() {
    need!("openssl", "mkcert");
    let folder = Folder::empty();
    let run: Run = folder.program("mkcert", "old.example.com");
    let root = folder.path("root").display().to_string();
    run.env("HOME", &home(&folder)).env("CAROOT", &root).env("TRUST_STORES", "none").success();
    folder.mailca("doctor --adopt --ca-dir root").success().says(&["mkcert", "newca --from root"]);
    // Its certificate has no cRLSign.
    folder.mailca("newca --from root").success().says(&["cRLSign"]);
    folder.mailca("issue --cn new.example.com new").success();
    folder.openssl("verify -CAfile root/rootCA.pem new/cert.pem old.example.com.pem").success();
    fs::remove_file(folder.path("root/rootCA-key.pem")).unwrap();
    folder.mailca("newca --ca-dir other --from root").refused(&["rootCA-key.pem is not"]);
}

#[test]
fn a_demo_ca_comes_along_with_its_history() {
    need!("openssl");
    let folder = Folder::with_user();
    folder.openssl(&format!("{CA} -revoke joeuser/cert.pem")).success();
    for _ in 0..2 {
        folder.openssl(&format!("{CA} -gencrl -out demoCA/crl.pem")).success();
    }
    fs::write(folder.path("demoCA/crlnumber"), "01\n").unwrap();
    let before = Snapshot::of(&folder.path("demoCA"));
    folder.mailca("newca --from demoCA --ca-dir new").success().says(&["2 rows", "the CRL"]);
    assert_eq!(Snapshot::of(&folder.path("demoCA")).changes_since(&before), "");
    assert_eq!(folder.text("new/index.txt"), folder.text("demoCA/index.txt"));
    assert_eq!(folder.text("new/crlnumber"), "03\n");
    folder.mailca("doctor --ca-dir new").success().says(&["nothing is wrong"]);
    folder.openssl("ca -config new/openssl.cnf -gencrl -out probe.crl").success();
}

#[test]
fn what_the_ca_did_not_sign_stays_behind() {
    need!("openssl");
    let folder = Folder::with_user();
    folder.mailca("newca --ca-dir other --cn Other").success();
    folder.mailca("issue --ca-dir other --cn stranger.example.com stranger").success();
    let serial = Certificate::read(&folder.path("stranger/cert.pem")).serial;
    let name = format!("newcerts/{serial}.pem");
    fs::copy(folder.path("stranger/cert.pem"), folder.path(&format!("demoCA/{name}"))).unwrap();
    fs::write(folder.path("demoCA/crl.pem"), "nonsense\n").unwrap();
    folder.write("demoCA/index.txt", folder.text("demoCA/index.txt") + "\nV nonsense\n");
    let outcome = folder.mailca("newca --from demoCA --ca-dir new").success();
    outcome.says(&["1 line of", "crl.pem", "does not come along"]);
    assert!(!folder.exists(&format!("new/{name}")) && !folder.exists("new/crl.pem"));
    folder.mailca("doctor --ca-dir new").success();
}

#[test]
fn a_folder_without_a_ca_says_what_was_looked_for() {
    let folder = Folder::with_ca();
    folder.mkdir("empty");
    folder.mailca("newca --ca-dir new --from empty").refused(&[
        "cacert.pem",
        "ca.crt",
        "rootCA.pem",
    ]);
    folder.mailca("newca --ca-dir new --from demoCA demoCA").refused(&["more than one folder"]);
    folder
        .mailca("newca --ca-dir new --from demoCA demoCA/private/cakey.pem")
        .refused(&["more than one private key"]);
}

/// CA.pl's own folder, damaged, mended by mailca, and used by `openssl ca` again.
#[test]
fn a_folder_of_ca_pl_is_mended_and_goes_on() {
    need!("openssl", "perl", "CA.pl");
    let folder = Folder::empty();
    // Without a terminal CA.pl takes an existing pair: the answer to its one question is the file.
    folder
        .bash(
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 900 \
             -subj '/O=Example/CN=Old CA' 2>/dev/null; cat k.pem c.pem > pair.pem",
        )
        .success();
    let script = peer("CA.pl").unwrap();
    let run = Run::new(&peer("perl").unwrap(), folder.root(), "");
    run.arg(script.to_str().unwrap()).arg("-newca").stdin("pair.pem\n").success();
    // CA.pl leaves the key readable by all, and no serial.
    let outcome = folder.mailca("doctor --adopt").verdict(&["[key-readable-by-others]"]);
    outcome.says(&["[serial-missing]", "[adopt-no-settings]"]);
    folder.mailca("doctor --fix").success();
    folder.mailca("doctor").success();
    folder.simple_request("newreq", "/O=Example/CN=joe", "");
    for name in ["one", "two"] {
        let line = "ca -batch -notext -policy policy_anything -in newreq.csr -out";
        folder.openssl(&format!("{line} {name}.pem")).success();
    }
    folder.mailca("issue --cn mail.example.com").success();
    folder.openssl("ca -batch -gencrl -out demoCA/crl.pem").success();
    fs::remove_file(folder.path("demoCA/index.txt")).unwrap();
    fs::remove_file(folder.path("demoCA/index.txt.old")).unwrap();
    folder.mailca("doctor --fix").success().says(&["repaired", "[index-missing]"]);
    assert_eq!(folder.index().len(), 3);
    folder.openssl("ca -batch -gencrl -out probe.crl").success();
}
