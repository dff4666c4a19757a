//! The four commands, word for word, in an empty folder and without a terminal.

use crate::support::{Certificate, Folder, Snapshot, mode, need};

/// The files of the folder itself, without those of the CA.
fn own_files(folder: &Folder) -> Vec<String> {
    let files = Snapshot::of(folder.root()).files();
    files.into_iter().filter(|name| !name.starts_with("demoCA/")).collect()
}

#[test]
fn the_four_commands_in_an_empty_folder() {
    let folder = Folder::empty();
    folder.write("pw", "correct horse\n");
    folder.mailca("newca").success();
    folder.mailca("newreq --cn mail.example.com").success();
    folder.mailca("sign").success();
    folder.mailca("export-p12 joeuser --password-file pw").success();

    let expected = ["cacert.pem", "cert.pem", "joeuser.p12", "key.pem", "pw", "req.pem"];
    assert_eq!(own_files(&folder), expected);
    for name in ["cacert.pem", "cert.pem", "key.pem", "req.pem", "joeuser.p12"] {
        assert_eq!(mode(&folder.path(name)), 0o400, "{name}");
    }
    let key = folder.text("key.pem");
    assert!(key.starts_with("-----BEGIN PRIVATE KEY-----"), "not an unencrypted key");
    assert_eq!(folder.text("cacert.pem").matches("BEGIN CERTIFICATE").count(), 1);
}

#[test]
fn the_ca_folder_is_laid_out_as_openssl_lays_it_out() {
    let folder = Folder::empty();
    folder.mailca("newca").success();
    for (name, expected) in [
        ("", 0o700),
        ("private", 0o700),
        ("private/cakey.pem", 0o400),
        ("careq.pem", 0o444),
        ("cacert.pem", 0o444),
        ("index.txt", 0o644),
        ("mailca.toml", 0o644),
    ] {
        assert_eq!(mode(&folder.path("demoCA").join(name)), expected, "{name}");
    }
    for name in ["newcerts", "certs", "crl"] {
        assert!(folder.path("demoCA").join(name).is_dir(), "{name}");
    }
    assert_eq!(folder.text("demoCA/index.txt.attr"), "unique_subject = no\n");
    assert_eq!(folder.text("demoCA/crlnumber").trim().len() % 2, 0);
    let next = folder.text("demoCA/serial");
    assert!(next.ends_with('\n') && next.trim().len().is_multiple_of(2), "{next:?}");
    assert!(next.trim().bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_lowercase()));
    folder.read("demoCA/openssl.cnf");
    folder.read("demoCA/mailca.toml");
}

#[test]
fn every_certificate_is_a_row_and_a_file() {
    let folder = Folder::with_request();
    folder.mailca("sign").success();
    let rows = folder.index();
    assert_eq!(rows.len(), 2, "the CA's own row, then the server's");
    for (row, file) in rows.iter().zip(["demoCA/cacert.pem", "cert.pem"]) {
        let certificate = Certificate::read(&folder.path(file));
        let [state, expiry, revoked, serial, place, _subject] = &row[..] else { panic!("{row:?}") };
        assert_eq!((state.as_str(), revoked.as_str(), place.as_str()), ("V", "", "unknown"));
        assert!(expiry.len() == 13 && expiry.ends_with('Z'), "{expiry}");
        assert_eq!(*serial, certificate.serial);
        let stored = Certificate::read(&folder.path(&format!("demoCA/newcerts/{serial}.pem")));
        assert_eq!(stored.serial, certificate.serial);
    }
    assert!(rows[1][5].ends_with("/CN=mail.example.com"), "{:?}", rows[1]);
}

#[test]
fn a_person_has_a_folder_of_their_own() {
    let folder = Folder::empty();
    folder.write("pw", "correct horse\n");
    folder.mailca("newca").success();
    folder.mailca("newreq --user joeuser --email joe@example.com joeuser").success();
    folder.mailca("sign joeuser").success();
    folder.mailca("export-p12 joeuser --password-file pw").success();

    let files = own_files(&folder);
    for name in ["cacert.pem", "cert.pem", "key.pem", "req.pem"] {
        let name = format!("joeuser/{name}");
        assert_eq!(mode(&folder.path(&name)), 0o400, "{name}");
        assert!(files.contains(&name), "{files:?}");
    }
    let p12: Vec<_> = files.iter().filter(|name| name.ends_with("joeuser.p12")).collect();
    assert_eq!(p12.len(), 1, "{files:?}");
    assert!(!files.contains(&"key.pem".to_string()), "{files:?}");
}

#[test]
fn issue_is_newreq_and_sign_in_one_step() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com").success();
    folder.mailca("issue --user ann --email ann@example.com ann").success();
    for name in ["", "ann/"] {
        for file in ["cacert.pem", "cert.pem", "key.pem", "req.pem"] {
            assert_eq!(mode(&folder.path(&format!("{name}{file}"))), 0o400, "{name}{file}");
        }
        folder
            .openssl("verify -x509_strict -CAfile demoCA/cacert.pem")
            .arg(&format!("{name}cert.pem"))
            .success();
    }
    assert_eq!(folder.index().len(), 3);
}
