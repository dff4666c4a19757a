//! The signature of the profile: whose, and whose not.

use super::with_joe;
use crate::support::{Folder, need};

fn is_signed(folder: &Folder, kit: &str) -> bool {
    folder.read(&format!("{kit}/joe.mobileconfig")).first() == Some(&0x30)
}

#[test]
fn nobody_signs_unasked() {
    let folder = with_joe();
    folder.mailca("kit joe --password-out pw").success();
    assert!(!is_signed(&folder, "joe-kit"));
}

#[test]
fn the_ca_signs_with_its_passphrase() {
    let folder = Folder::empty();
    folder.write("ca.pw", "open sesame\n");
    folder.chmod("ca.pw", 0o600);
    folder.mailca("newca --cn Test --encrypt-key --ca-passphrase-file ca.pw").success();
    folder
        .mailca("issue --user joe --email joe@example.com --key-type ecdsa-p256 joe")
        .args(&["--ca-passphrase-file", "ca.pw"])
        .success();
    // Without a signature the CA's key is not needed.
    folder.mailca("kit joe --password-out pw1 -o one").success();
    folder.mailca("kit joe --sign --password-out pw").refused(&["--ca-passphrase-file"]);
    folder.mailca("kit joe --sign --password-out pw --ca-passphrase-file ca.pw").success();
    assert!(is_signed(&folder, "joe-kit"));
}

#[test]
fn a_server_signs_with_the_pair_in_its_folder() {
    let folder = with_joe();
    folder.mailca("issue --cn mail.example.com mail").success();
    let outcome = folder.mailca("kit joe --sign-with mail --password-out pw --json").success();
    assert!(outcome.text().contains("\"signed_by\": \"mail.example.com\""), "{outcome}");
    assert!(is_signed(&folder, "joe-kit"));
}

#[test]
fn who_cannot_sign_is_refused() {
    need!("openssl");
    let folder = with_joe();
    let line = "kit joe --password-out pw";
    folder.mailca(line).args(&["--sign", "--ca-dir", "elsewhere"]).refused(&["no CA in elsewhere"]);
    folder.mailca(line).args(&["--sign-with", "nobody"]).refused(&["--sign-with", "nobody"]);
    folder.mailca(line).args(&["--sign-with", "demoCA"]).refused(&["CA's folder"]);
    folder
        .mailca(line)
        .args(&["--sign", "--sign-with", "joe"])
        .usage(&["does not go together with"]);
    folder.dated_host("old", -20, -10);
    folder.mailca(line).args(&["--sign-with", "old"]).refused(&["--sign-with", "expired"]);
    folder.mailca("issue --cn mail.example.com mail").success();
    folder.mailca("revoke mail --reason superseded --yes").success();
    folder.mailca(line).args(&["--sign-with", "mail"]).refused(&["revoked"]);
    let edwards = Folder::with_ca_of("ed25519");
    edwards.mailca("issue --user joe --email joe@example.com --key-type ecdsa-p256 joe").success();
    edwards.mailca(line).arg("--sign").refused(&["Ed25519", "sign with another pair"]);
}
