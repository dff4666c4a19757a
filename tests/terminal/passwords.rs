//! Passwords and passphrases: asked for without echo, new ones twice.

use rustix::process::Signal;

use crate::support::{CTRL_C, Folder, MAILCA, Pty, Snapshot, need};

const EXPORT: &str = "export-p12 joeuser -o joe.p12";

fn start(folder: &Folder, line: &str) -> Pty {
    Pty::start(MAILCA.as_ref(), folder.root(), line)
}

#[test]
fn export_asks_twice_without_echo() {
    need!("openssl");
    let folder = Folder::with_user();
    let mut terminal = start(&folder, EXPORT);
    terminal.expect_hidden("password").answer("correct horse");
    terminal.expect_hidden("again").answer("correct horse");
    let (screen, status) = terminal.finish();
    assert_eq!(status, 0, "{screen}");
    assert!(!screen.contains("correct"), "the password is on the screen: {screen}");
    folder.openssl("pkcs12 -noout -in joe.p12 -passin").arg("pass:correct horse").success();
}

#[test]
fn a_mismatch_writes_nothing() {
    let folder = Folder::with_user();
    let before = Snapshot::of(folder.root());
    let mut terminal = start(&folder, EXPORT);
    for _ in 0..3 {
        terminal.expect_hidden("Password for the file").answer("correct horse");
        terminal.expect_hidden("again").answer("battery staple");
    }
    let (screen, status) = terminal.finish();
    assert_eq!(status, 1, "{screen}");
    assert!(screen.contains("differ"), "{screen}");
    assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "");
}

#[test]
fn an_empty_answer_is_refused() {
    let folder = Folder::with_user();
    let before = Snapshot::of(folder.root());
    let mut terminal = start(&folder, EXPORT);
    terminal.expect_hidden("password").answer("");
    let (screen, status) = terminal.finish_answering(": ", "");
    assert_eq!(status, 1, "{screen}");
    assert!(screen.contains("--allow-empty-password"), "{screen}");
    assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "");
}

#[test]
fn ctrl_c_at_a_password_leaves_nothing_and_an_echoing_terminal() {
    for answered in [0, 1] {
        let folder = Folder::with_user();
        let before = Snapshot::of(folder.root());
        let mut terminal = start(&folder, EXPORT);
        terminal.expect_hidden("password");
        if answered == 1 {
            terminal.answer("correct horse").expect_hidden("again");
        }
        terminal.send(CTRL_C);
        let (screen, status) = terminal.finish();
        assert_ne!(status, 0, "{screen}");
        assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "", "{screen}");
    }
}

#[test]
fn a_generated_password_is_shown_on_a_terminal() {
    need!("openssl");
    let folder = Folder::with_user();
    let (screen, status) = start(&folder, &format!("{EXPORT} --generate-password")).finish();
    assert_eq!(status, 0, "{screen}");
    let opens = screen.split_whitespace().filter(|word| word.len() >= 16).any(|word| {
        let run = folder.openssl("pkcs12 -noout -in joe.p12 -passin");
        run.arg(&format!("pass:{word}")).output().status == Some(0)
    });
    assert!(opens, "no word on the screen opens the file: {screen}");
}

#[test]
fn the_passphrase_of_a_new_ca_key_is_asked_for_twice() {
    need!("openssl");
    let folder = Folder::empty();
    let mut terminal = start(&folder, "newca --encrypt-key");
    for question in ["Organization", "Unit", "Town", "State", "Country", "Name of the CA", "E-mail"]
    {
        terminal.expect(question).answer("");
    }
    terminal.expect_hidden("passphrase").answer("ca secret");
    terminal.expect_hidden("again").answer("ca secret");
    let (screen, status) = terminal.finish();
    assert_eq!(status, 0, "{screen}");
    assert!(!screen.contains("secret"), "{screen}");
    folder
        .openssl("pkey -noout -in demoCA/private/cakey.pem -passin")
        .arg("pass:ca secret")
        .success();

    folder.mailca("newreq --cn mail.example.com").success();
    let before = Snapshot::of(folder.root());
    let mut terminal = start(&folder, "sign --yes");
    terminal.expect_hidden("passphrase").send(CTRL_C);
    let (screen, status) = terminal.finish();
    assert_ne!(status, 0, "{screen}");
    assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "");

    let mut terminal = start(&folder, "sign --yes");
    terminal.expect("passphrase").expect_hidden("demoCA/private/cakey.pem").answer("ca secret");
    let (screen, status) = terminal.finish();
    assert_eq!(status, 0, "{screen}");
    folder.openssl("verify -CAfile demoCA/cacert.pem cert.pem").success();
}

#[test]
fn show_asks_for_the_password_of_what_is_encrypted() {
    let folder = Folder::with_user();
    folder.write("pw", "correct horse\n");
    folder.mailca("export-p12 joeuser --password-file pw -o joe.p12").success();
    let mut terminal = start(&folder, "show joe.p12");
    terminal.expect_hidden("password").answer("correct horse");
    let (screen, status) = terminal.finish();
    assert_eq!(status, 0, "{screen}");
    assert!(screen.contains("joe@example.com"), "{screen}");
}

/// With a CA whose key has a passphrase, and a request.
fn protected() -> Folder {
    let folder = Folder::empty();
    folder.write("pass", "ca secret\n");
    folder.mailca("newca --encrypt-key --ca-passphrase-file pass").success();
    folder.mailca("newreq --cn mail.example.com").success();
    folder
}

fn with_bundle() -> Folder {
    let folder = Folder::with_user();
    folder.write("pw", "correct horse\n");
    folder.mailca("export-p12 joeuser --password-file pw -o joe.p12").success();
    folder
}

#[test]
fn a_signal_at_a_password_leaves_nothing_and_an_echoing_terminal() {
    for (line, folder, question) in [
        (EXPORT, Folder::with_user(), "password"),
        ("sign --yes", protected(), "passphrase"),
        ("show joe.p12", with_bundle(), "password"),
    ] {
        for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
            let before = Snapshot::of(folder.root());
            let mut terminal = start(&folder, line);
            terminal.expect_hidden(question).signal(signal);
            // That the terminal echoes again is part of it.
            let (screen, status) = terminal.finish();
            assert_eq!(status, 128 + signal.as_raw(), "{line}: {screen}");
            assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "", "{line}: {screen}");
        }
    }
}

#[test]
fn ctrl_c_at_every_password_leaves_an_echoing_terminal() {
    for (line, folder) in [("sign --yes", protected()), ("show joe.p12", with_bundle())] {
        let before = Snapshot::of(folder.root());
        let mut terminal = start(&folder, line);
        terminal.expect_hidden("pass").send(CTRL_C);
        let (screen, status) = terminal.finish();
        assert_eq!(status, 130, "{line}: {screen}");
        assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "", "{line}: {screen}");
    }
}

#[test]
fn a_kit_shows_the_password_that_it_made() {
    need!("openssl");
    let folder = Folder::with_user();
    let (screen, status) = start(&folder, "kit joeuser").finish();
    assert_eq!(status, 0, "{screen}");
    let password = screen.split("the password is: ").nth(1).unwrap().lines().next().unwrap().trim();
    assert_eq!(password.len(), 29, "{screen}");
    let line = "pkcs12 -noout -in joeuser-kit/joeuser.p12 -passin";
    folder.openssl(line).arg(&format!("pass:{password}")).success();
}
