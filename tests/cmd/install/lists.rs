//! Revocation lists on their way to the servers.

use std::fs;

use super::{install, names, with_host};
use crate::support::{Folder, need};

#[test]
fn crl_and_revoke_bring_the_new_list() {
    need!("openssl");
    let folder = with_host();
    folder.mailca("issue --user joe --email joe@example.com joe").success();
    let told = |name: &str| format!("echo x >>{name}");
    install(&folder, "mail --for dovecot --to etc/dc --reload").arg(&told("dc")).success();
    install(&folder, "mail --for opensmtpd --to etc/os --reload").arg(&told("os")).success();
    install(&folder, "mail --for sendmail --to etc/sm --reload").arg(&told("sm")).success();
    let times = |name: &str| folder.text(name).lines().count();
    folder.mailca("crl").success().says(&["installed in"]);
    for name in ["etc/dc", "etc/sm"] {
        assert_eq!(folder.read(&format!("{name}/crl.pem")), folder.read("demoCA/crl.pem"));
    }
    assert!(!folder.exists("etc/os/crl.pem"));
    assert_eq!([times("dc"), times("sm"), times("os")], [2, 2, 1]);
    folder.mailca("crl --if-needed").success().says_nothing_of(&["installed"]);
    assert_eq!([times("dc"), times("sm"), times("os")], [2, 2, 1]);
    folder.mailca("revoke joe --crl").success();
    assert_eq!([times("dc"), times("sm"), times("os")], [3, 3, 1]);
    for options in ["-CAfile etc/dc/cacert-crl.pem", "-no-CAfile -CApath etc/sm"] {
        let line = format!("verify -crl_check {options} joe/cert.pem");
        folder.openssl(&line).output().says(&["certificate revoked"]);
        folder.openssl(&line.replace("joe/", "mail/")).success();
    }
    // What is missing in a server's folder is brought there by the timer's command.
    fs::remove_file(folder.path("etc/dc/crl.pem")).unwrap();
    folder.mailca("crl --if-needed").success().says(&["installed in"]);
    assert!(folder.exists("etc/dc/crl.pem"));
}

#[test]
fn a_list_arrives_where_the_certificate_is_not_good_any_more() {
    need!("openssl");
    let folder = with_host();
    install(&folder, "mail --for dovecot --to etc/dc").success();
    let key = folder.read("etc/dc/key.pem");
    folder.mailca("revoke mail --crl").success().says(&["revoked"]);
    assert_eq!(folder.read("etc/dc/crl.pem"), folder.read("demoCA/crl.pem"));
    assert_eq!(folder.read("etc/dc/key.pem"), key);
}

#[test]
fn a_list_that_is_out_of_date_is_not_installed() {
    need!("openssl");
    let folder = with_host();
    outdated(&folder);
    install(&folder, "mail --for dovecot --to etc/dc").success().says(&["out of date"]);
    assert!(!folder.exists("etc/dc/crl.pem"));
    folder.mailca("crl").success();
    assert!(folder.exists("etc/dc/crl.pem"));
}

/// A list of the CA's that has ended.
fn outdated(folder: &Folder) {
    let line = "ca -config demoCA/openssl.cnf -gencrl -crl_lastupdate 20200101000000Z \
                -crl_nextupdate 20200201000000Z -out demoCA/crl.pem";
    folder.openssl(line).success();
}

#[test]
fn a_list_from_elsewhere_is_installed_where_the_ca_is_not() {
    need!("openssl");
    let folder = with_host();
    folder.mailca("crl").success();
    let host = Folder::empty();
    host.mkdir("etc");
    host.bash(&format!("cp -a '{}/mail' .", folder.root().display())).success();
    host.write("ca.crl", folder.read("demoCA/crl.pem"));
    install(&host, "mail --for dovecot --to etc/dc --crl ca.crl").success();
    assert_eq!(host.read("etc/dc/crl.pem"), folder.read("demoCA/crl.pem"));
    host.openssl("verify -crl_check -CAfile etc/dc/cacert-crl.pem mail/cert.pem").success();
    // It is remembered, and looked at again.
    folder.mailca("issue --cn other.example.com other").success();
    folder.mailca("revoke other --crl").success();
    folder.openssl("crl -in demoCA/crl.pem -outform DER -out der.crl").success();
    host.write("ca.crl", folder.read("der.crl"));
    host.mailca("install mail").success().says(&["installed in"]);
    assert_eq!(host.read("etc/dc/crl.pem"), folder.read("demoCA/crl.pem"));
    assert_eq!(names(&host, "etc/dc").len(), 5);

    // Neither one of another CA, of the same name too, nor an old one.
    let other = Folder::with_ca();
    let stranger = Folder::empty();
    stranger.mailca("newca --org Example --cn").arg("Test CA ecdsa-p256").success();
    for wrong in [&stranger, &Folder::with_ca_of("ed25519")] {
        wrong.mailca("crl").success();
        host.write("wrong.crl", wrong.read("demoCA/crl.pem"));
        install(&host, "mail --for dovecot --to etc/dc --crl wrong.crl")
            .refused(&["wrong.crl", "none of the CAs"]);
    }
    drop(other);
    outdated(&folder);
    host.write("ca.crl", folder.read("demoCA/crl.pem"));
    host.mailca("install mail").refused(&["out of date since 2020-02-01"]);
    host.write("ca.crl", "nonsense");
    host.mailca("install mail").refused(&["ca.crl"]);
    fs::remove_file(host.path("ca.crl")).unwrap();
    host.mailca("install mail").refused(&["ca.crl"]);
}

#[test]
fn a_list_that_will_not_do_does_not_hold_a_renewal_up() {
    let folder = with_host();
    folder.mailca("crl").success();
    folder.write("ca.crl", folder.read("demoCA/crl.pem"));
    install(&folder, "mail --for dovecot --to etc/dc --crl ca.crl").success();
    folder.write("ca.crl", "nonsense");
    folder.mailca("renew mail").success().says(&["warning", "ca.crl"]);
    assert_eq!(
        folder.text("etc/dc/cert.pem").lines().nth(3),
        folder.text("mail/cert.pem").lines().nth(3)
    );
}

#[test]
fn the_list_of_a_ca_of_the_same_name_is_not_taken() {
    let folder = with_host();
    let stranger = Folder::empty();
    stranger.mailca("newca --org Example --cn").arg("Test CA ecdsa-p256").success();
    stranger.mailca("crl").success();
    stranger.mkdir("etc");
    stranger.bash(&format!("cp -a '{}/mail' .", folder.root().display())).success();
    install(&stranger, "mail --for dovecot --to etc/dc").success();
    assert!(!stranger.exists("etc/dc/crl.pem"));
}
