//! What signs has to be a CA for whoever verifies; and what is said of one that is.

use std::fs;

use crate::support::{Folder, need};

const EC: &str = "EC ec_paramgen_curve:P-256";

#[test]
fn a_certificate_that_is_no_ca_signs_nothing() {
    let folder = Folder::with_request();
    folder.mailca("issue --cn leaf.example.com leaf").success();
    folder.replace("demoCA/cacert.pem", folder.read("leaf/cert.pem"));
    folder.replace("demoCA/private/cakey.pem", folder.read("leaf/key.pem"));
    for line in ["sign", "issue --cn a.example.com a"] {
        folder.mailca(line).refused(&["leaf.example.com", "CA:TRUE", "newca"]);
    }
}

#[test]
fn a_ca_for_another_purpose_signs_nothing() {
    need!("openssl");
    let folder = Folder::empty();
    folder.foreign_key("old", EC);
    folder
        .openssl("req -x509 -batch -key old.key -out old.pem -days 900 -subj")
        .args(&["/CN=Code CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign"])
        .args(&["-addext", "extendedKeyUsage=codeSigning"])
        .success();
    folder.mailca("newca --from old.pem old.key").success();
    folder.mailca("newreq --cn mail.example.com").success();
    folder.mailca("newreq --user joe --email joe@example.com joe").success();
    for line in ["sign", "sign joe"] {
        let outcome = folder.mailca(line).exits(1);
        outcome.says(&["error:", "Code CA", "codeSigning"]);
        assert_eq!(folder.index().len(), 1, "recorded, although nobody accepts it");
        assert_eq!(fs::read_dir(folder.path("demoCA/newcerts")).unwrap().count(), 1);
    }
    assert!(!folder.exists("cert.pem") && !folder.exists("joe/cert.pem"));
}

#[test]
fn a_stranger_behind_the_certificate_of_the_ca_is_no_part_of_its_chain() {
    let folder = Folder::with_request();
    folder.mailca("newca --ca-dir other --cn Stranger").success();
    let own = folder.read("demoCA/cacert.pem");
    let stranger = folder.read("other/cacert.pem");
    folder.replace("demoCA/cacert.pem", [own.clone(), stranger].concat());
    folder.mailca("sign").success();
    assert_eq!(folder.read("cacert.pem"), own);
    folder.mailca("verify cert.pem --host mail.example.com").success();
    folder.mailca("issue --user joe --email joe@example.com joe").success();
    folder.write("pw", "correct horse\n");
    folder.mailca("export-p12 joe --password-file pw").success();
    folder
        .mailca("show joe.p12 --password-file pw")
        .success()
        .says(&["Test CA ecdsa-p256"])
        .says_nothing_of(&["Stranger"]);
}

#[test]
fn an_intermediate_that_is_adopted_without_its_root_is_warned_of() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mailca("newca --ca-dir root --path-len 1 --cn Root").success();
    folder.simple_request("sub", "/O=Example/CN=Sub CA", "");
    folder.mailca("sign --ca-dir root sub.csr --profile ca --yes -o sub.pem").success();
    let outcome = folder.mailca("newca --ca-dir alone --from sub.pem sub.key").success();
    outcome.says(&["warning:", "CN=Root", "Sub CA", "--from"]);
    for files in ["sub.pem root/cacert.pem sub.key", "root/cacert.pem sub.key sub.pem"] {
        let line = format!("newca --ca-dir whole --from {files}");
        folder.mailca(&line).success().says_nothing_of(&["warning"]);
        let chain = folder.text("whole/cacert.pem");
        assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 2, "{files}");
        fs::remove_dir_all(folder.path("whole")).unwrap();
    }
}

#[test]
fn show_says_what_a_ca_is_for() {
    let folder = Folder::empty();
    folder.mailca("newca --permit example.com --permit example.net").success();
    let text = folder.mailca("show demoCA/cacert.pem").success().text();
    let (_, after) = text.split_once("Only for").unwrap_or_else(|| panic!("{text}"));
    for word in ["example.com", "example.net"] {
        assert!(after.contains(word), "{word}: {text}");
    }
    let folder = Folder::with_ca();
    folder.mailca("show demoCA/cacert.pem").success().says_nothing_of(&["Only for"]);
}

#[test]
fn a_file_that_may_not_be_read_is_there_all_the_same() {
    let root = rustix::process::geteuid().is_root();
    let folder = Folder::with_request();
    // As root every file can be read: another user looks at it.
    let show = if root {
        crate::support::need!("setpriv");
        folder.chmod("", 0o755);
        fs::copy(crate::support::MAILCA, folder.path("mailca")).unwrap();
        folder.program("setpriv", "--reuid=65534 --regid=65534 --clear-groups ./mailca show")
    } else {
        folder.chmod("key.pem", 0);
        folder.mailca("show")
    };
    let outcome = show.arg("key.pem").exits(1);
    outcome.says(&["key.pem", "permission denied"]).says_nothing_of(&["no file"]);
}

#[test]
fn a_ca_that_has_ended_signs_nothing_before_it_has_new_dates() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.mailca("issue --cn a.example.com a").success();
    folder.write("ca.ext", "basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n");
    folder
        .openssl("ca -config demoCA/openssl.cnf -extfile ca.ext -batch -notext -selfsign -in demoCA/careq.pem")
        .args(&["-out", "ended.pem", "-startdate", "20200101000000Z"])
        .args(&["-enddate", "20210101000000Z"])
        .success();
    folder.replace("demoCA/cacert.pem", folder.read("ended.pem"));
    for line in ["issue --cn b.example.com b", "renew a"] {
        let outcome =
            folder.mailca(line).refused(&["expired on 2021-01-01", "rekey-ca --same-key"]);
        assert!(!outcome.stderr.contains("newca"), "{outcome}");
    }
    folder.mailca("rekey-ca --same-key --yes").success();
    folder.mailca("issue --cn b.example.com b").success();
}

#[test]
fn a_key_that_is_lost_is_said_to_be_missing() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn a.example.com a").success();
    folder.mailca("backup ca.tar").success();
    fs::rename(folder.path("demoCA/private/cakey.pem"), folder.path("away.pem")).unwrap();
    for line in [
        "crl",
        "issue --cn b.example.com b",
        "renew a",
        "revoke a --crl",
        "rekey-ca --same-key --yes",
    ] {
        let words = ["demoCA/private/cakey.pem is missing", "backup", "mailca restore"];
        let outcome = folder.mailca(line).refused(&words);
        assert!(!outcome.stderr.contains("metadata"), "{outcome}");
    }
    // What needs no key goes on.
    folder.mailca("revoke a").success();
    folder.mailca("restore ca.tar --ca-dir elsewhere").success();
    fs::rename(folder.path("elsewhere/private/cakey.pem"), folder.path("demoCA/private/cakey.pem"))
        .unwrap();
    folder.mailca("crl").success();
}
