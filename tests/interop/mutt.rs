//! mutt signs mail with the files of a person's folder, and tells a reader that the signature is good.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::{Folder, Pty, need, peer};

/// What joe writes into muttrc, beside what Debian's has: the files are named themselves, and no key is asked for.
fn muttrc(root: &Path) -> String {
    let root = root.display();
    format!(
        "set from = joe@example.com
set crypt_use_gpgme = no
set smime_is_default = yes
set crypt_autosign = yes
set crypt_verify_sig = yes
set smime_default_key = \"joe\"
set smime_ca_location = \"{root}/joe/cacert.pem\"
set smime_sign_command = \"openssl smime -sign -md sha256 -signer {root}/joe/cert.pem \
         -inkey {root}/joe/key.pem -certfile {root}/joe/cacert.pem -in %f -outform DER\"
set smime_decrypt_command = \"openssl cms -decrypt -inform DER -in %f -recip {root}/joe/cert.pem \
         -inkey {root}/joe/key.pem\"
set sendmail = \"{root}/sendmail.sh\"
set folder = \"{root}\"
set spoolfile = \"{root}/inbox\"
set copy = no
set editor = true
set abort_unmodified = no
"
    )
}

/// With what mutt needs; what is sent arrives in `sent`.
fn with_mutt() -> Folder {
    let folder = Folder::with_ca();
    folder.mailca("issue --user joe --email joe@example.com joe").success();
    let root = folder.root().display();
    folder.write("sendmail.sh", format!("#!/bin/sh\nexec cat >'{root}/sent'\n"));
    fs::set_permissions(folder.path("sendmail.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    folder.write("muttrc", muttrc(folder.root()));
    folder.write("mail", "Meet me at noon.\n");
    folder.write("inbox", "");
    folder
}

fn start(folder: &Folder, more: &[&str]) -> Pty {
    Pty::start_with(&peer("mutt").unwrap(), folder.root(), "-F muttrc", more)
}

/// What is in the inbox, as mutt shows it.
fn read(folder: &Folder, mail: &str, words: &[&str]) {
    folder.write("inbox", format!("From joe Wed Nov 25 09:10:38 2026\n{mail}\n"));
    let mut terminal = start(folder, &[]);
    terminal.expect("at noon, joe").send("\r");
    for words in words {
        terminal.expect(words);
    }
    terminal.send("qx");
    let (screen, _) = terminal.finish();
    assert!(!screen.contains("Verification failure"), "{screen}");
}

#[test]
fn mutt_signs_and_verifies() {
    need!("openssl", "mutt");
    let folder = with_mutt();
    let mut terminal = start(&folder, &["-s", "at noon, joe", "-i", "mail", "ann@example.com"]);
    terminal.expect("To:").send("\r");
    terminal.expect("Subject:").send("\r");
    terminal.expect("Security: Sign").expect("Compose").send("y");
    // It asks although the key has none.
    terminal.expect("passphrase").send("\r");
    terminal.expect("Mail sent");
    terminal.finish();
    let sent = folder.text("sent");
    assert!(sent.contains("multipart/signed"), "{sent}");
    folder
        .openssl("smime -verify -purpose smimesign -in sent -CAfile demoCA/cacert.pem")
        .success()
        .says(&["Meet me at noon.", "successful"]);
    read(&folder, &sent, &["Verification successful", "Meet me at noon."]);
}
