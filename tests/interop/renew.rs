//! Renewed certificates, as other programs see them, and renewals of what other programs made.

use crate::support::{Certificate, Folder, need, subject_of};

fn public_key(folder: &Folder, file: &str) -> String {
    folder.openssl("x509 -noout -pubkey -in").arg(file).success().text()
}

#[test]
fn every_key_type_verifies_and_keeps_its_key() {
    need!("openssl");
    let folder = Folder::with_ca();
    for key_type in crate::support::KEY_TYPES {
        folder.mailca(&format!("issue --cn mail.example.com --key-type {key_type} h")).success();
        folder
            .mailca(&format!("issue --user joe --email joe@example.com --key-type {key_type} p"))
            .success();
        let before = ["h", "p"].map(|name| public_key(&folder, &format!("{name}/cert.pem")));
        folder.mailca("renew h").success();
        folder.mailca("renew --profile user p").success();
        let after = ["h", "p"].map(|name| public_key(&folder, &format!("{name}/cert.pem")));
        assert_eq!(before, after, "{key_type}");
        for line in [
            "-purpose sslserver -verify_hostname mail.example.com h/cert.pem",
            "-purpose sslclient h/cert.pem",
            "-purpose smimesign -verify_email joe@example.com p/cert.pem",
            "-purpose smimeencrypt p/cert.pem",
        ] {
            folder
                .openssl(&format!("verify -x509_strict -CAfile demoCA/cacert.pem {line}"))
                .success();
        }
        folder.bash("rm -r h p").success();
    }
}

#[test]
fn gnutls_verifies_a_renewed_certificate() {
    need!("openssl", "certtool");
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com mail").success();
    folder.mailca("renew --new-key mail").success();
    folder
        .program("certtool", "--verify --load-ca-certificate demoCA/cacert.pem")
        .args(&["--infile", "mail/cert.pem", "--verify-hostname", "mail.example.com"])
        .success();
}

/// Attributes in any order, of any string type, several in one RDN, twice, and unknown ones.
#[test]
fn odd_names_stay_as_they_are() {
    need!("openssl");
    let folder = Folder::with_ca();
    let config = "[req]\nprompt=no\ndistinguished_name=dn\nstring_mask=default\nutf8=yes\n\
        req_extensions=ext\n[dn]\n0.DC=com\n1.DC=example\nO=Exämple/Inc+Söhne\n0.OU=Mail\n1.OU=Mail\n\
        CN=mail.example.com\n+UID=mail\n1.2.3.4.5=odd\nemailAddress=a@example.com\n\
        [ext]\nsubjectAltName=DNS:mail.example.com,IP:2001:db8::1,DNS:*.example.com\n";
    folder.foreign_request("odd", "EC ec_paramgen_curve:P-256", config);
    folder.mailca("sign odd.csr --profile server --yes").success();
    let old = Certificate::read(&folder.path("odd.cert.pem"));
    assert_eq!(old.subject, subject_of(&folder.path("odd.csr")));
    folder.mailca("renew odd.cert.pem").success();
    let new = Certificate::read(&folder.path("odd.cert.pem"));
    assert_eq!((new.subject, new.spki, new.extensions), (old.subject, old.spki, old.extensions));
    assert_ne!(new.serial, old.serial);
    let rows = folder.index();
    assert_eq!(rows[1][5], rows[2][5]);
    folder.openssl("verify -x509_strict -CAfile demoCA/cacert.pem odd.cert.pem").success();
    // With a new key, its request has the same name.
    folder.mkdir("odd");
    folder
        .bash("cp odd.cert.pem odd/cert.pem; cp odd.key odd/key.pem; chmod 400 odd/key.pem")
        .success();
    folder.mailca("renew --new-key odd").success();
    assert_eq!(subject_of(&folder.path("odd/req.pem")), subject_of(&folder.path("odd.csr")));
}

/// What `openssl ca` signs by default says not what it is for, has no names, and the CA in its key
/// identifier by issuer and serial.
#[test]
fn a_plain_certificate_of_openssl_gets_what_servers_need() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.write("plain.ext", "basicConstraints=CA:FALSE\n");
    for (name, subject) in [
        ("host", "/O=Example/CN=mail.example.com"),
        ("person", "/O=Example/CN=Joe User/emailAddress=joe@example.com"),
        ("neither", "/O=Example/CN=Mail Department"),
    ] {
        folder.simple_request(name, subject, "");
        folder
            .openssl("ca -config demoCA/openssl.cnf -batch -notext -extfile plain.ext -days 100")
            .args(&["-in", &format!("{name}.csr"), "-out", &format!("{name}.pem")])
            .success();
    }
    let outcome = folder.mailca("renew host.pem").success();
    outcome.says(&["the common name is added", "DNS:mail.example.com"]);
    assert_eq!(Certificate::read(&folder.path("host.pem")).days, 100);
    folder
        .openssl("verify -x509_strict -purpose sslserver -verify_hostname mail.example.com")
        .args(&["-CAfile", "demoCA/cacert.pem", "host.pem"])
        .success();
    folder.mailca("renew person.pem").refused(&["Joe User is a person", "--profile user"]);
    folder.mailca("renew person.pem --profile user").success();
    folder
        .openssl("verify -purpose smimesign -verify_email joe@example.com")
        .args(&["-CAfile", "demoCA/cacert.pem", "person.pem"])
        .success();
    folder.mailca("renew neither.pem").refused(&["does not say what it is for", "--profile"]);
    folder.mailca("renew neither.pem --profile client").success();
}

#[test]
fn the_old_one_is_on_the_list_and_the_new_one_is_not() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com mail").success();
    folder.bash("cp mail/cert.pem old.pem").success();
    folder.mailca("renew --revoke-old mail").success();
    folder.mailca("crl").success();
    let verify = "verify -crl_check -CAfile demoCA/cacert.pem -CRLfile demoCA/crl.pem";
    folder.openssl(&format!("{verify} mail/cert.pem")).success();
    folder.openssl(&format!("{verify} old.pem")).exits(2);
}
