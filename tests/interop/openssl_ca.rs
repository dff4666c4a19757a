//! `openssl ca` works in a folder that mailca made, with the configuration it finds there.

use crate::support::{Certificate, Folder, KEY_TYPES, need};

const CA: &str = "ca -config demoCA/openssl.cnf -batch";

#[test]
fn openssl_signs_revokes_and_makes_a_crl_in_one_command_each() {
    need!("openssl");
    for key_type in KEY_TYPES {
        let folder = Folder::with_ca_of(key_type);
        folder.simple_request("other", "/O=Example/CN=mail.example.com", "");
        folder.openssl(&format!("{CA} -in other.csr -out other.pem")).success();
        folder.openssl("verify -CAfile demoCA/cacert.pem other.pem").success();
        folder.openssl(&format!("{CA} -revoke other.pem")).success();
        folder.openssl(&format!("{CA} -gencrl -out crl.pem")).success();
        let crl = folder.openssl("crl -noout -text -in crl.pem").success().text();
        assert!(crl.contains(&Certificate::read(&folder.path("other.pem")).serial), "{crl}");
        folder.openssl("crl -noout -CAfile demoCA/cacert.pem -in crl.pem").success();
    }
}

#[test]
fn mailca_and_openssl_take_turns() {
    need!("openssl");
    let folder = Folder::with_ca();
    for round in 0..3 {
        folder.mailca(&format!("issue --cn mail.example.com m{round}")).success();
        folder.simple_request("other", "/CN=mail.example.com", "DNS:mail.example.com");
        folder.openssl(&format!("{CA} -in other.csr -out o{round}.pem")).success();
        folder.openssl(&format!("{CA} -revoke m{round}/cert.pem")).success();
        folder.openssl(&format!("{CA} -gencrl -out crl.pem")).success();
        folder.openssl(&format!("{CA} -updatedb")).success();
    }
    let rows = folder.index();
    assert_eq!(rows.len(), 7);
    let mut serials: Vec<_> = rows.iter().map(|row| row[3].clone()).collect();
    serials.sort();
    serials.dedup();
    assert_eq!(serials.len(), 7, "{rows:?}");
    assert_eq!(rows.iter().filter(|row| row[0] == "R").count(), 3);
    for serial in serials {
        let stored = Certificate::read(&folder.path(&format!("demoCA/newcerts/{serial}.pem")));
        assert_eq!(stored.serial, serial);
    }
}

#[test]
fn the_configuration_works_from_any_folder() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.mkdir("deep/down");
    folder.simple_request("other", "/CN=mail.example.com", "");
    let line = "ca -config ../../demoCA/openssl.cnf -batch -in ../../other.csr -out other.pem";
    folder.openssl(line).within("deep/down").success();
    folder.openssl("verify -CAfile demoCA/cacert.pem deep/down/other.pem").success();
}

#[test]
fn what_openssl_revoked_is_revoked() {
    need!("openssl");
    let folder = Folder::with_user();
    folder.openssl(&format!("{CA} -revoke joeuser/cert.pem")).success();
    folder.openssl(&format!("{CA} -gencrl -out demoCA/crl.pem")).success();
    folder.mailca("verify joeuser/cert.pem --crl demoCA/crl.pem").verdict(&["revoked"]);
}

#[test]
fn an_encrypted_key_is_opened_by_openssl() {
    need!("openssl");
    let folder = Folder::empty();
    folder.write("pass", "ca secret\n");
    folder.mailca("newca --encrypt-key --ca-passphrase-file pass").success();
    folder.simple_request("other", "/CN=mail.example.com", "");
    folder.openssl(&format!("{CA} -passin file:pass -in other.csr -out other.pem")).success();
    for line in ["issue --cn a.example.com a", "issue --user joe --email joe@example.com joe"] {
        folder.mailca(line).refused(&["--ca-passphrase-file"]);
        folder.mailca(line).args(&["--ca-passphrase-file", "pass"]).success();
    }
    folder.mailca("newreq --cn b.example.com b").success();
    folder.mailca("sign b --ca-passphrase-file pass").success();
    folder.openssl("verify -x509_strict -CAfile demoCA/cacert.pem a/cert.pem b/cert.pem").success();
}
