//! `revoke` asks before it does what cannot be taken back; `crl` asks for a passphrase only where it
//! needs the key.

use crate::support::{CTRL_C, Folder, MAILCA, Pty, Snapshot};

fn with_host() -> Folder {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn a.example.com a").success();
    folder
}

fn with_encrypted_key() -> Folder {
    let folder = Folder::empty();
    folder.write("pass", "ca secret\n");
    folder.mailca("newca --encrypt-key --ca-passphrase-file pass").success();
    folder.mailca("issue --cn a.example.com a --ca-passphrase-file pass").success();
    folder
}

fn start(folder: &Folder, line: &str) -> Pty {
    Pty::start(MAILCA.as_ref(), folder.root(), line)
}

#[test]
fn it_shows_what_it_will_revoke_and_asks() {
    for answer in ["y", "yes", "Y"] {
        let folder = with_host();
        let serial = folder.index().pop().unwrap()[3].clone();
        let mut terminal = start(&folder, "revoke a --reason superseded -q");
        terminal.expect("CN=a.example.com").expect("DNS:a.example.com").expect(&serial);
        terminal.expect("valid").expect("superseded").expect("[y/N]").answer(answer);
        let (screen, status) = terminal.finish();
        assert_eq!(status, 0, "{screen}");
        assert_eq!(folder.index().pop().unwrap()[0], "R");
    }
}

#[test]
fn no_and_interruption_change_nothing() {
    for keys in ["n\r", "no\r", "\r", CTRL_C] {
        let folder = with_host();
        let before = Snapshot::of(folder.root());
        let mut terminal = start(&folder, "revoke a --reason superseded --crl");
        terminal.expect("[y/N]").send(keys);
        let (screen, status) = terminal.finish();
        assert_ne!(status, 0, "{screen}");
        assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "");
    }
    let folder = with_host();
    let before = Snapshot::of(folder.root());
    let mut terminal = start(&folder, "revoke a --reason superseded");
    terminal.expect("[y/N]");
    assert_ne!(terminal.hang_up(), 0);
    assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "");
}

#[test]
fn yes_and_no_input_ask_nothing() {
    for line in ["revoke a --yes", "revoke a -y", "revoke a --no-input"] {
        let folder = with_host();
        let (screen, status) = start(&folder, line).finish();
        assert_eq!(status, 0, "{screen}");
        assert!(!screen.contains("[y/N]"), "{screen}");
        assert_eq!(folder.index().pop().unwrap()[0], "R");
    }
}

#[test]
fn the_passphrase_comes_before_the_change() {
    let folder = with_encrypted_key();
    let before = Snapshot::of(folder.root());
    for (answer, interrupted) in [("wrong", false), (CTRL_C, true)] {
        let mut terminal = start(&folder, "revoke a --reason superseded --crl");
        terminal.expect("[y/N]").answer("y").expect_hidden("passphrase");
        if interrupted {
            terminal.send(answer);
        } else {
            terminal.answer(answer);
        }
        let (screen, status) = terminal.finish();
        assert_ne!(status, 0, "{screen}");
        assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "");
    }
    let mut terminal = start(&folder, "revoke a --reason superseded --crl");
    terminal.expect("[y/N]").answer("y").expect_hidden("passphrase").answer("ca secret");
    let (screen, status) = terminal.finish();
    assert_eq!(status, 0, "{screen}");
    assert!(folder.exists("demoCA/crl.pem"));
}

#[test]
fn what_changed_during_the_question_is_seen() {
    let folder = with_host();
    let mut terminal = start(&folder, "revoke a --reason keyCompromise");
    terminal.expect("[y/N]");
    // The question keeps nobody waiting.
    folder.mailca("revoke a --reason superseded").success();
    terminal.answer("y");
    let (screen, status) = terminal.finish();
    assert_eq!(status, 1, "{screen}");
    assert!(screen.contains("already") && screen.contains("superseded"), "{screen}");
}

#[test]
fn the_passphrase_is_asked_for_where_a_list_is_made_and_only_there() {
    let folder = with_encrypted_key();
    let mut terminal = start(&folder, "crl --if-needed");
    terminal.expect_hidden("passphrase");
    // Another one makes it meanwhile: then nothing is left to do.
    folder.mailca("crl --ca-passphrase-file pass").success();
    let list = folder.read("demoCA/crl.pem");
    terminal.answer("ca secret");
    let (screen, status) = terminal.finish();
    assert_eq!(status, 0, "{screen}");
    assert_eq!(folder.read("demoCA/crl.pem"), list, "{screen}");
    folder.mkdir("www");
    let (screen, status) = start(&folder, "crl --if-needed --publish www/crl.pem").finish();
    assert_eq!(status, 0, "{screen}");
    assert!(!screen.to_lowercase().contains("passphrase"), "{screen}");
    assert_eq!(folder.read("www/crl.pem"), list);
    let mut terminal = start(&folder, "crl");
    terminal.expect_hidden("passphrase").answer("ca secret");
    let (screen, status) = terminal.finish();
    assert_eq!(status, 0, "{screen}");
    assert_ne!(folder.read("demoCA/crl.pem"), list, "{screen}");
}

#[test]
fn the_reason_is_asked_for_where_nobody_gave_it() {
    for (answers, written) in [
        (&["keycompromise"][..], ",keyCompromise"),
        (&[""], "Z"),
        (&["a whim", "superseded"], ",superseded"),
    ] {
        let folder = with_host();
        let mut terminal = start(&folder, "revoke a");
        terminal.expect("cessationOfOperation").expect("Why?");
        for answer in answers {
            terminal.answer(answer);
        }
        terminal.expect("[y/N]").answer("y");
        let (screen, status) = terminal.finish();
        assert_eq!(status, 0, "{screen}");
        let field = folder.index().pop().unwrap()[2].clone();
        assert!(field.ends_with(written), "{field}{screen}");
    }
}

#[test]
fn what_is_revoked_already_is_said_before_the_passphrase_is_asked_for() {
    let folder = with_encrypted_key();
    folder.mailca("revoke a").success();
    let mut terminal = start(&folder, "revoke a --crl");
    terminal.expect("revoked already").expect_hidden("passphrase").answer("ca secret");
    let (screen, status) = terminal.finish();
    assert_eq!(status, 0, "{screen}");
    let (screen, status) = start(&folder, "revoke a --crl").finish();
    assert_eq!(status, 1, "{screen}");
    assert!(!screen.to_lowercase().contains("passphrase"), "{screen}");
}

#[test]
fn all_certificates_of_a_person_are_shown_and_asked_about_once() {
    for (answer, status) in [("y", "R"), ("n", "V")] {
        let folder = Folder::with_user();
        folder.mailca("issue --user joeuser --email joe@example.com telephone").success();
        let serials: Vec<_> = folder.index()[1..].iter().map(|row| row[3].clone()).collect();
        let mut terminal = start(&folder, "revoke --user joeuser -q");
        for serial in &serials {
            terminal.expect("CN=joeuser").expect(serial);
        }
        terminal.expect("Why?").answer("keyCompromise");
        terminal.expect("Revoke these 2?").expect("[y/N]").answer(answer);
        let (screen, code) = terminal.finish();
        assert_eq!(code, i32::from(answer == "n"), "{screen}");
        for row in &folder.index()[1..] {
            assert_eq!(row[0], status);
            assert_eq!(row[2].ends_with(",keyCompromise"), status == "R", "{row:?}");
        }
    }
}
