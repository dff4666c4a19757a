//! At a terminal: the same dialogue as with the original, passphrases without echo.

use std::path::Path;

use crate::answers::{HOST, bin, lines, link};
use crate::support::{CTRL_C, Folder, Pty, Snapshot, need};

fn start(folder: &Folder, line: &str) -> Pty {
    Pty::start(&link(), folder.root(), line)
}

/// A shell at the terminal, whose CA.pl is ours.
fn shell(folder: &Folder, command: &str) -> Pty {
    let command = format!("PATH={}:$PATH; {command}", bin().display());
    Pty::start_with(Path::new("/bin/sh"), folder.root(), "-c", &[&command])
}

#[test]
fn passphrases_are_hidden_and_come_from_the_terminal_also_where_answers_are_piped() {
    need!("openssl");
    let folder = Folder::empty();
    folder.write("answers", lines(&HOST));
    for command in ["CA.pl -newreq < answers", "cat answers | CA.pl -newreq"] {
        let mut terminal = shell(&folder, command);
        terminal.expect_hidden("Enter PEM pass phrase:").answer("key secret");
        terminal.expect_hidden("Verifying - Enter PEM pass phrase:").answer("key secret");
        let (screen, status) = terminal.finish();
        assert_eq!(status, 0, "{screen}");
        assert!(!screen.contains("secret"), "{screen}");
        folder.openssl("pkey -noout -in newkey.pem -passin").arg("pass:key secret").success();
    }
}

#[test]
fn what_no_name_has_room_for_is_asked_again() {
    let folder = Folder::empty();
    let mut terminal = start(&folder, "-newreq-nodes");
    terminal.expect("Country Name").expect("]:").answer("Germany");
    terminal.expect("two letters").expect("Country Name").expect("]:").answer("DE");
    for answer in &HOST[1..] {
        terminal.expect("]:").answer(answer);
    }
    let (screen, status) = terminal.finish();
    assert_eq!(status, 0, "{screen}");
    assert!(folder.exists("newreq.pem"));
}

#[test]
fn an_interrupted_dialogue_leaves_nothing() {
    let folder = Folder::empty();
    let before = Snapshot::of(folder.root());
    let mut terminal = start(&folder, "-newca");
    terminal.expect("CA certificate filename").answer("");
    terminal.expect_hidden("Enter PEM pass phrase:").send(CTRL_C);
    let (screen, status) = terminal.finish();
    assert_ne!(status, 0, "{screen}");
    let mut terminal = start(&folder, "-newreq-nodes");
    // Ctrl-D: the end of the input.
    terminal.expect("Country Name").expect("]:").send("\x04");
    let (screen, status) = terminal.finish();
    assert_eq!(status, 1, "{screen}");
    assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "");
}
