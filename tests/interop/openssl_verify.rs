//! `openssl verify -x509_strict` accepts every key type on both sides, for what it is meant.

use crate::support::{Folder, KEY_TYPES, need};

fn every_leaf_under(ca: &str) {
    need!("openssl");
    let folder = Folder::with_ca_of(ca);
    for leaf in KEY_TYPES {
        let (host, user) = (format!("host-{leaf}"), format!("user-{leaf}"));
        folder.mailca(&format!("issue --cn mail.example.com --key-type {leaf} {host}")).success();
        folder
            .mailca(&format!("issue --user joe --email joe@example.com --key-type {leaf} {user}"))
            .success();
        for (name, purpose, check) in [
            (&host, "sslserver", "-verify_hostname mail.example.com"),
            (&host, "sslclient", ""),
            (&user, "smimesign", "-verify_email joe@example.com"),
            (&user, "smimeencrypt", ""),
            (&user, "sslclient", ""),
        ] {
            folder
                .openssl(&format!("verify -x509_strict -purpose {purpose} {check}"))
                .args(&["-CAfile", "demoCA/cacert.pem", &format!("{name}/cert.pem")])
                .success();
        }
        // What a profile is not meant for is refused, else the purposes above say nothing.
        folder
            .openssl("verify -purpose sslserver -CAfile demoCA/cacert.pem")
            .arg(&format!("{user}/cert.pem"))
            .exits(2);
        folder
            .openssl("verify -purpose smimesign -CAfile demoCA/cacert.pem")
            .arg(&format!("{host}/cert.pem"))
            .exits(2);
    }
}

macro_rules! under {
    ($($name:ident: $key_type:literal,)+) => {
        $(#[test]
        fn $name() {
            every_leaf_under($key_type);
        })+
    };
}

under! {
    every_leaf_under_a_p256_ca: "ecdsa-p256",
    every_leaf_under_a_p384_ca: "ecdsa-p384",
    every_leaf_under_an_ed25519_ca: "ed25519",
    every_leaf_under_an_rsa_2048_ca: "rsa-2048",
    every_leaf_under_an_rsa_3072_ca: "rsa-3072",
    every_leaf_under_an_rsa_4096_ca: "rsa-4096",
}

#[test]
fn a_chain_through_an_intermediate() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mailca("newca --ca-dir root --path-len 1 --cn Root").success();
    folder.simple_request("sub", "/O=Example/CN=Sub CA", "");
    folder.mailca("sign --ca-dir root sub.csr --profile ca --yes -o sub.pem").success();
    folder.mailca("newca --ca-dir sub --from sub.pem sub.key").success();
    folder.mailca("issue --ca-dir sub --cn mail.example.com leaf").success();
    folder
        .openssl("verify -x509_strict -purpose sslserver -CAfile root/cacert.pem")
        .args(&["-untrusted", "sub.pem", "leaf/cert.pem"])
        .success();
}

#[test]
fn mail_signed_and_encrypted_by_openssl_comes_back() {
    need!("openssl");
    let folder = Folder::with_ca();
    for key_type in ["rsa-2048", "ecdsa-p256"] {
        folder
            .mailca(&format!(
                "issue --user joe --email joe@example.com --key-type {key_type} {key_type}"
            ))
            .success();
        folder.write("mail", "Hello\n");
        let (cert, key) = (format!("{key_type}/cert.pem"), format!("{key_type}/key.pem"));
        folder
            .openssl("cms -sign -in mail -out signed -signer")
            .args(&[&cert, "-inkey", &key])
            .success();
        folder
            .openssl("cms -verify -purpose smimesign -CAfile demoCA/cacert.pem -in signed -out out")
            .success();
        folder.openssl("cms -encrypt -aes256 -in mail -out secret").arg(&cert).success();
        folder
            .openssl("cms -decrypt -in secret -out plain")
            .args(&["-recip", &cert, "-inkey", &key])
            .success();
        assert_eq!(folder.text("plain").replace('\r', ""), "Hello\n");
    }
}
