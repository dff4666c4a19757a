//! On paper everything is unfolded, whatever is open on the screen.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::chromium::Chromium;
use crate::sample::{full, html};
use crate::support::need;

/// Words of the first and of the last steps of every program.
const STEPS: [&str; 20] = [
    "Manage Certificates",
    "Authentication method: TLS Certificate",
    "Certificate Import Wizard",
    "Trust Center Settings",
    "Double-click the profile",
    "Edit SMTP Server List",
    "Your Certificates",
    "S/MIME Sign",
    "Open Kleopatra",
    "Cryptographic Message Format",
    "Profile Downloaded",
    "Certificate Trust Settings",
    "Encrypt by Default",
    "VPN & app user certificate",
    "FairEmail",
    "smime_keys add_p12 zoe.mueller.p12",
    "set crypt_autosign = yes",
    "umask 077",
    "tls_key_file ~/.config/mail-cert/key.pem",
    "msmtp --serverinfo -a mail",
];

#[test]
fn printing_prints_the_steps_of_all_programs() {
    need!("chromium", "pdftotext");
    let mut browser = Chromium::start();
    browser.look(1280, "dark");
    browser.show(&html(&full()));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("printed.pdf");
    fs::write(&path, browser.print()).unwrap();
    let output = Command::new("pdftotext").args(["-layout"]).arg(&path).arg("-").output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for step in STEPS {
        assert!(words.contains(step), "{step} is not in: {text}");
    }
    for line in ["3F:A9:0C:71:E2:B8:5D:44", "96:D1:07:7A:C3:8F:2B:E6"] {
        assert_eq!(words.matches(line).count(), 2, "{line}: {text}");
    }
}
