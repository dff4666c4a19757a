//! What a CA with `--permit` is for: where its key is stolen, other people's programs believe none of what is signed
//! with it for other names, although it is a root.

use crate::support::{Folder, need};

/// A certificate for a bank, which the thief of the key has signed with openssl.
fn stolen() -> Folder {
    let folder = Folder::empty();
    folder.mailca("newca --cn Permitted --permit example.com").success();
    folder.mailca("issue --cn mail.example.com mail").success();
    folder.simple_request("bank", "/CN=www.bank.example", "DNS:www.bank.example");
    folder
        .write("extensions", "subjectAltName=DNS:www.bank.example\nextendedKeyUsage=serverAuth\n");
    folder
        .openssl("x509 -req -in bank.csr -days 30 -out bank.pem -extfile extensions")
        .args(&["-CA", "demoCA/cacert.pem", "-CAkey", "demoCA/private/cakey.pem"])
        .success();
    folder
}

#[test]
fn openssl_and_gnutls_believe_it_for_its_own_names_only() {
    need!("openssl", "certtool");
    let folder = stolen();
    folder.mailca("verify bank.pem").verdict(&["www.bank.example", "example.com"]);
    for (program, line) in [
        ("openssl", "verify -CAfile demoCA/cacert.pem"),
        ("certtool", "--verify --load-ca-certificate demoCA/cacert.pem --infile"),
    ] {
        folder.program(program, &format!("{line} mail/cert.pem")).success();
        let outcome = folder.program(program, &format!("{line} bank.pem")).output();
        assert_ne!(outcome.status, Some(0), "{outcome}");
        let why = if program == "openssl" { "permitted subtree violation" } else { "constraints" };
        outcome.says(&[why]);
    }
}

#[test]
fn nss_believes_it_for_its_own_names_only() {
    need!("openssl", "certutil");
    let folder = stolen();
    folder.mkdir("db");
    folder.program("certutil", "-N -d db --empty-password").success();
    folder.program("certutil", "-A -d db -n ca -t C,C,C -i demoCA/cacert.pem").success();
    for (name, file) in [("mail", "mail/cert.pem"), ("bank", "bank.pem")] {
        folder.program("certutil", &format!("-A -d db -n {name} -t ,, -i {file}")).success();
    }
    folder.program("certutil", "-V -d db -n mail -u V").success();
    let outcome = folder.program("certutil", "-V -d db -n bank -u V").output();
    assert_ne!(outcome.status, Some(0), "{outcome}");
    outcome.says(&["not permitted to issue a certificate with this name"]);
}
