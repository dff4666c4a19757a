//! Where a certificate is renewed from, and where the new one goes.

use std::fs;

use super::{certificate, pending, with_host};
use crate::support::{Certificate, Folder, Snapshot, certificate_der, mode, need};

const SIGN: &str = "sign other.csr --profile server --yes";

fn with_foreign() -> Folder {
    let folder = Folder::with_ca();
    folder.simple_request("other", "/CN=other.example.com", "DNS:other.example.com");
    folder.mailca(SIGN).success();
    folder
}

#[test]
fn a_file_is_renewed_in_its_place_and_the_old_one_kept() {
    need!("openssl");
    let folder = with_foreign();
    folder.chmod("other.cert.pem", 0o644);
    let old = folder.read("other.cert.pem");
    folder.mailca("renew other.cert.pem").success().says(&["is kept as other.cert.pem.old-"]);
    assert_eq!(mode(&folder.path("other.cert.pem")), 0o644);
    let files = Snapshot::of(folder.root()).files();
    let kept = files.iter().find(|name| name.starts_with("other.cert.pem.old-")).unwrap();
    assert_eq!(folder.read(kept), old);
    folder.mailca("verify other.cert.pem --host other.example.com").success();
    folder.openssl("verify -CAfile demoCA/cacert.pem other.cert.pem").success();
    assert_eq!(pending(&folder), 0);
}

#[test]
fn der_stays_der() {
    need!("openssl");
    let folder = with_foreign();
    folder.write("other.crt", certificate_der(&folder.path("other.cert.pem")));
    folder.mailca("renew other.crt").success();
    assert_eq!(folder.read("other.crt")[0], 0x30);
    assert_eq!(Certificate::read(&folder.path("other.crt")).serial, folder.index()[2][3]);
}

#[test]
fn what_holds_more_than_the_certificate_is_not_replaced() {
    need!("openssl");
    let folder = with_foreign();
    let certificate = folder.text("other.cert.pem");
    folder.write("chain.pem", certificate.clone() + &folder.text("demoCA/cacert.pem"));
    folder.write("both.pem", certificate + &folder.text("other.key"));
    folder.mailca("renew chain.pem").refused(&["more than the certificate", "-o"]);
    folder.mailca("renew both.pem").refused(&["private key", "-o"]);
    let serial = folder.index()[1][3].clone();
    let kept = format!("demoCA/newcerts/{serial}.pem");
    folder.mailca("renew").arg(&kept).refused(&["CA's folder", "-o"]);
    std::os::unix::fs::symlink("other.cert.pem", folder.path("link.pem")).unwrap();
    folder.mailca("renew link.pem").refused(&["link.pem is a symbolic link"]);
    folder.mailca("renew chain.pem -o new.pem").success();
    folder.mailca("renew both.pem -o new.pem").refused(&["new.pem is there already"]);
}

#[test]
fn cert_pem_in_a_folder_with_its_key_stands_for_the_folder() {
    let folder = with_host();
    folder.mailca("newreq --next-key mail").success();
    let next = folder.read("mail/next-key.pem");
    folder.mailca("renew mail/cert.pem").success();
    assert_eq!(folder.read("mail/key.pem"), next);
}

#[test]
fn a_serial_number_is_renewed_to_stdout_or_a_file() {
    let folder = with_host();
    let old = certificate(&folder, "mail");
    let outcome = folder.mailca(&format!("renew {}", old.serial)).success();
    folder.write("out.pem", &outcome.stdout);
    assert_eq!(Certificate::read(&folder.path("out.pem")).spki, old.spki);
    assert_eq!(pending(&folder), 0);
    folder.mailca(&format!("renew {} -o new.pem", old.serial)).success();
    assert_eq!(mode(&folder.path("new.pem")), 0o400);
    assert_eq!(Certificate::read(&folder.path("new.pem")).serial, folder.index()[3][3]);
    folder.mailca(&format!("renew {} -o new.pem", old.serial)).refused(&["new.pem is there"]);
    folder.mailca(&format!("renew {} -o -", old.serial)).success().says(&["BEGIN CERTIFICATE"]);
    assert_eq!(certificate(&folder, "mail").serial, old.serial, "the folder was not named");
    assert_eq!(pending(&folder), 0);
}

#[test]
fn output_goes_with_one_serial_or_file() {
    let folder = with_host();
    folder.mailca("renew mail -o new.pem").usage(&["mail is a certificate folder"]);
    folder.mailca("renew mail mail -o new.pem").usage(&["--output"]);
    folder.mailca("renew --expiring 30d -o new.pem").usage(&["--output"]);
    folder.mailca("renew --expiring 30d mail").usage(&["--expiring"]);
    let serial = certificate(&folder, "mail").serial;
    let line = format!("renew {serial} -o demoCA/cacert.pem");
    folder.mailca(&line).refused(&["CA's folder"]);
    let line = format!("renew {serial} -o mail/key.pem");
    folder.mailca(&line).refused(&["mail/key.pem holds a private key"]);
}

#[test]
fn a_ca_elsewhere_is_named() {
    let folder = with_host();
    fs::rename(folder.path("demoCA"), folder.path("ca")).unwrap();
    folder.mailca("renew mail").refused(&["no CA in demoCA"]);
    folder.mailca("renew mail --ca-dir ca").success();
    let other = Folder::with_ca();
    other.mailca("issue --cn mx.example.com mx").success();
    folder.write("mx.pem", other.read("mx/cert.pem"));
    folder.mailca("renew mx.pem --ca-dir ca").exits(1);
}
