//! A demoCA made by the real CA.pl, with its encrypted key, is used as it is.

use std::path::Path;

use crate::support::{Certificate, Folder, Pty, Snapshot, issuer_of, need, peer, subject_of};

/// A folder in which CA.pl made its CA, and an administrator answered its questions.
fn made_by_ca_pl() -> Option<Folder> {
    let script = peer("CA.pl")?;
    let perl = peer("perl")?;
    let folder = Folder::empty();
    folder.write("pass", "ca secret\n");
    let mut terminal = Pty::start_with(&perl, folder.root(), "", &[path(&script), "-newca"]);
    terminal.expect("CA certificate filename").answer("");
    terminal.expect_hidden("Enter PEM pass phrase:").answer("ca secret");
    terminal.expect_hidden("Verifying - Enter PEM pass phrase:").answer("ca secret");
    for (question, answer) in [
        ("Country Name", "DE"),
        ("State or Province Name", "Hessen"),
        ("Locality Name", "Gießen"),
        ("Organization Name", "Example"),
        ("Organizational Unit Name", "Mail"),
        ("Common Name", "Old CA"),
        ("Email Address", "ca@example.com"),
        ("A challenge password", ""),
        ("An optional company name", ""),
    ] {
        terminal.expect(question).expect("]:").answer(answer);
    }
    terminal.expect_hidden("Enter pass phrase for").answer("ca secret");
    let (screen, status) = terminal.finish();
    assert_eq!(status, 0, "{screen}");
    assert!(screen.contains("CA certificate is in"), "{screen}");
    Some(folder)
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Like `openssl ca` in a folder of CA.pl, without a terminal.
fn openssl_ca(folder: &Folder, line: &str) {
    folder.openssl(&format!("ca -batch -notext -passin file:pass {line}")).success();
}

#[test]
fn the_folder_of_ca_pl_signs() {
    need!("openssl");
    let Some(folder) = made_by_ca_pl() else { return };
    let key = folder.read("demoCA/private/cakey.pem");
    let certificate = folder.read("demoCA/cacert.pem");

    folder.mailca("newreq --cn mail.example.com").success();
    folder.mailca("sign").refused(&["--ca-passphrase-file"]);
    folder.write("wrong", "not it\n");
    folder.mailca("sign --ca-passphrase-file wrong").refused(&["passphrase"]);
    folder.mailca("sign --ca-passphrase-file pass").success();
    folder.openssl("verify -purpose sslserver -CAfile demoCA/cacert.pem cert.pem").success();
    assert_eq!(issuer_of(&folder.path("cert.pem")), subject_of(&folder.path("demoCA/cacert.pem")));

    folder
        .mailca("issue --user joe --email joe@example.com joe --ca-passphrase-file pass")
        .success();
    folder.openssl("verify -purpose smimesign -CAfile demoCA/cacert.pem joe/cert.pem").success();
    assert_eq!(folder.read("demoCA/private/cakey.pem"), key);
    assert_eq!(folder.read("demoCA/cacert.pem"), certificate);
    assert_eq!(folder.index().len(), 3);

    folder.write("pw", "correct horse\n");
    folder.mailca("export-p12 joe --password-file pw").success();
    folder.mailca("verify cert.pem --host mail.example.com").success();
}

#[test]
fn unique_subjects_are_given_up_once_with_the_old_file_kept() {
    need!("openssl");
    let Some(folder) = made_by_ca_pl() else { return };
    assert_eq!(folder.text("demoCA/index.txt.attr").trim(), "unique_subject = yes");
    folder.mailca("newreq --cn mail.example.com").success();
    let outcome = folder.mailca("sign --ca-passphrase-file pass").success();
    assert!(outcome.stderr.contains("unique_subject"), "not said: {outcome}");
    assert_eq!(folder.text("demoCA/index.txt.attr").trim(), "unique_subject = no");
    let kept = Snapshot::of(folder.root()).files().into_iter().any(|name| {
        name.starts_with("demoCA/index.txt.attr.")
            && folder.text(&name).trim() == "unique_subject = yes"
    });
    assert!(kept, "the old index.txt.attr is gone");
    let outcome = folder.mailca("sign --force --ca-passphrase-file pass").output();
    assert!(!outcome.stderr.contains("unique_subject"), "said twice: {outcome}");
}

#[test]
fn openssl_and_ca_pl_go_on_afterwards() {
    need!("openssl");
    let Some(folder) = made_by_ca_pl() else { return };
    let next = folder.text("demoCA/serial");
    folder.mailca("issue --cn mail.example.com --ca-passphrase-file pass").success();
    assert_eq!(folder.text("demoCA/serial"), next);
    folder.simple_request("newreq", "/O=Example/CN=mail.example.com", "");
    openssl_ca(&folder, "-policy policy_anything -in newreq.csr -out second.pem");
    assert_eq!(Certificate::read(&folder.path("second.pem")).serial, next.trim());
    // The same subject twice: what openssl refuses with unique_subject = yes.
    openssl_ca(&folder, "-policy policy_anything -in newreq.csr -out third.pem");
    openssl_ca(&folder, "-revoke cert.pem -crl_reason superseded");
    openssl_ca(&folder, "-gencrl -out crl.pem");
    let crl = folder.openssl("crl -noout -text -in crl.pem").success().text();
    assert!(crl.contains(&Certificate::read(&folder.path("cert.pem")).serial), "{crl}");
    folder.mailca("issue --cn mx.example.com --ca-passphrase-file pass mx").success();
    assert_eq!(folder.index().len(), 5);
    folder.mailca("verify cert.pem --crl crl.pem").verdict(&["revoked", "superseded"]);
}

#[test]
fn ca_pl_itself_signs_after_mailca() {
    need!("openssl", "perl");
    let Some(folder) = made_by_ca_pl() else { return };
    folder.mailca("issue --cn mail.example.com --ca-passphrase-file pass").success();
    folder.simple_request("newreq", "/O=Example/CN=joe", "");
    std::fs::rename(folder.path("newreq.csr"), folder.path("newreq.pem")).unwrap();
    let script = peer("CA.pl").unwrap();
    let perl = peer("perl").unwrap();
    let mut terminal = Pty::start_with(&perl, folder.root(), "", &[path(&script), "-sign"]);
    terminal.expect_hidden("Enter pass phrase for").answer("ca secret");
    terminal.expect("Sign the certificate?").answer("y");
    terminal.expect("commit?").answer("y");
    let (screen, _) = terminal.finish();
    assert!(screen.contains("Signed certificate is in newcert.pem"), "{screen}");
    folder.openssl("verify -CAfile demoCA/cacert.pem newcert.pem").success();
    assert_eq!(folder.index().len(), 3);
}

#[test]
fn an_unencrypted_key_of_openssls_older_forms_is_used_too() {
    need!("openssl");
    let Some(folder) = made_by_ca_pl() else { return };
    folder
        .openssl("rsa -traditional -passin file:pass -in demoCA/private/cakey.pem -out plain.pem")
        .success();
    std::fs::remove_file(folder.path("demoCA/private/cakey.pem")).unwrap();
    std::fs::rename(folder.path("plain.pem"), folder.path("demoCA/private/cakey.pem")).unwrap();
    folder.mailca("issue --cn mail.example.com").success();
    folder.openssl("verify -CAfile demoCA/cacert.pem cert.pem").success();
}

#[test]
fn a_demo_ca_is_adopted_whole_by_from() {
    need!("openssl");
    let Some(folder) = made_by_ca_pl() else { return };
    folder
        .mailca("newca --ca-dir new --from demoCA/cacert.pem demoCA/private/cakey.pem")
        .args(&["--ca-passphrase-file", "pass"])
        .success();
    folder.mailca("issue --ca-dir new --cn mail.example.com --ca-passphrase-file pass").success();
    folder.openssl("verify -CAfile demoCA/cacert.pem cert.pem").success();
}

/// What `CA.pl -sign` left: newkey.pem, newreq.pem, newcert.pem, moved into a folder, with no extended
/// key usage and no names.
#[test]
fn a_certificate_of_ca_pl_is_renewed() {
    need!("openssl");
    let Some(folder) = made_by_ca_pl() else { return };
    folder.mkdir("mail");
    folder.simple_request("new", "/C=DE/ST=Hessen/O=Example/CN=mail.example.com", "");
    openssl_ca(&folder, "-in new.csr -out mail/cert.pem");
    folder.bash("cp new.key mail/key.pem; cp new.csr mail/req.pem; chmod 400 mail/*").success();
    let old = Certificate::read(&folder.path("mail/cert.pem"));
    folder.mailca("renew mail").refused(&["--ca-passphrase-file"]);
    let outcome = folder.mailca("renew mail --ca-passphrase-file pass").success();
    outcome.says(&["DNS:mail.example.com", "TLSA 3 1 1 unchanged"]);
    let new = Certificate::read(&folder.path("mail/cert.pem"));
    assert_eq!((&new.subject, &new.spki), (&old.subject, &old.spki));
    assert_eq!(new.days, 365);
    folder
        .openssl("verify -purpose sslserver -verify_hostname mail.example.com")
        .args(&["-CAfile", "demoCA/cacert.pem", "mail/cert.pem"])
        .success();
    assert_eq!(folder.index().len(), 3);
    openssl_ca(&folder, "-revoke mail/cert.pem");
}
