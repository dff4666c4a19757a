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
    folder.mkdir("host");
    fs::rename(folder.path("mail"), folder.path("host/mail")).unwrap();
    let outcome = folder.mailca(&format!("renew {}", old.serial)).success();
    folder.write("out.pem", &outcome.stdout);
    assert_eq!(Certificate::read(&folder.path("out.pem")).spki, old.spki);
    assert_eq!(pending(&folder), 0);
    folder.mailca(&format!("renew {} -o new.pem", old.serial)).success();
    assert_eq!(mode(&folder.path("new.pem")), 0o400);
    assert_eq!(Certificate::read(&folder.path("new.pem")).serial, folder.index()[3][3]);
    folder.mailca(&format!("renew {} -o new.pem", old.serial)).refused(&["new.pem is there"]);
    folder.mailca(&format!("renew {} -o -", old.serial)).success().says(&["BEGIN CERTIFICATE"]);
    assert_eq!(certificate(&folder, "host/mail").serial, old.serial, "the folder is not here");
    assert_eq!(pending(&folder), 0);
}

/// Its key is here, and so it is renewed in its place; nothing is printed for somebody to carry.
#[test]
fn a_serial_number_of_a_folder_here_stands_for_the_folder() {
    let folder = with_host();
    let old = certificate(&folder, "mail");
    folder.mailca("newreq --next-key mail").success();
    let next = folder.read("mail/next-key.pem");
    let line = format!("renew {}", old.serial);
    folder.mailca(&format!("{line} -o new.pem")).usage(&["mail is a certificate folder"]);
    folder.mailca(&format!("{line} mail")).usage(&["named before"]);
    assert_eq!(folder.index().len(), 2);
    let outcome = folder.mailca(&line).success();
    assert!(outcome.stdout.is_empty(), "{outcome}");
    outcome.says(&[&format!("serial {} is in mail", old.serial), "written to mail/cert.pem"]);
    let new = certificate(&folder, "mail");
    assert_eq!(new.serial, folder.index()[2][3]);
    assert_eq!((folder.read("mail/key.pem"), pending(&folder)), (next, 0));
    folder.mailca("verify mail/cert.pem --host mail.example.com").success();
    // Two folders with it: one of them is not in use.
    folder.bash("cp -a mail mail.bak").success();
    let line = format!("renew {}", new.serial);
    folder.mailca(&line).refused(&["it is in mail and in mail.bak"]);
    // The current folder.
    folder.mailca(&format!("{line} --ca-dir ../demoCA")).within("mail").success();
    assert_ne!(certificate(&folder, "mail").serial, new.serial);
}

#[test]
fn a_serial_number_whose_key_has_a_newer_certificate_here_is_refused() {
    let folder = with_host();
    let old = certificate(&folder, "mail").serial;
    folder.mailca("renew mail").success();
    let new = certificate(&folder, "mail").serial;
    let outcome = folder.mailca(&format!("renew {old}"));
    outcome.refused(&[&format!("serial {new}"), "an old certificate", "`mailca renew mail`"]);
    assert_eq!(folder.index().len(), 3);
    folder.mailca(&format!("renew {old} -o new.pem")).success();
}

#[test]
fn an_old_copy_is_not_renewed() {
    let folder = with_host();
    folder.mailca("renew mail").success();
    let kept = super::kept(&folder, "mail", "cert.pem").remove(0);
    for output in ["", " -o new.pem"] {
        let outcome = folder.mailca(&format!("renew mail/{kept}{output}"));
        outcome.refused(&["an old copy that was kept aside", "`mailca renew mail`"]);
    }
    folder.write(&format!("new.pem{}", kept.trim_start_matches("cert.pem")), "");
    let line = format!("renew new.pem{}", kept.trim_start_matches("cert.pem"));
    folder.mailca(&line).refused(&["an old copy", "`mailca renew new.pem`"]);
    assert_eq!(folder.index().len(), 3);
}

#[test]
fn output_goes_with_one_serial_or_file() {
    let folder = with_host();
    folder.mailca("renew mail -o new.pem").usage(&["mail is a certificate folder"]);
    folder.mailca("renew mail mail -o new.pem").usage(&["--output"]);
    folder.mailca("renew --expiring 30d -o new.pem").usage(&["--output"]);
    folder.mailca("renew --expiring 30d mail").usage(&["--expiring"]);
    let serial = certificate(&folder, "mail").serial;
    folder.mkdir("host");
    fs::rename(folder.path("mail"), folder.path("host/mail")).unwrap();
    let line = format!("renew {serial} -o demoCA/cacert.pem");
    folder.mailca(&line).refused(&["CA's folder"]);
    let line = format!("renew {serial} -o host/mail/key.pem");
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
