//! `renew` shows what it will do and asks once; what was declined is not done.

use crate::support::{CTRL_C, Folder, MAILCA, Pty, Snapshot, need};

fn with_two_due_hosts() -> Folder {
    let folder = Folder::with_ca();
    folder.dated_host("a", -340, 20);
    folder.dated_host("b", -340, 25);
    folder
}

fn start(folder: &Folder, line: &str) -> Pty {
    Pty::start(MAILCA.as_ref(), folder.root(), line)
}

#[test]
fn one_question_is_asked_for_all() {
    need!("openssl");
    let folder = with_two_due_hosts();
    let mut terminal = start(&folder, "renew --expiring 30d");
    terminal.expect("a.example.com: ends on").expect("b.example.com: ends on");
    terminal.expect("Renew these 2? [y/N]").answer("y");
    let (screen, status) = terminal.finish();
    assert_eq!(status, 0, "{screen}");
    assert_eq!(folder.index().len(), 5);
    let (screen, status) = start(&folder, "renew --expiring 30d").finish();
    assert_eq!((status, screen.contains("nothing is due")), (0, true), "{screen}");
}

#[test]
fn no_and_ctrl_c_leave_everything_as_it_was() {
    need!("openssl");
    let folder = with_two_due_hosts();
    let before = Snapshot::of(folder.root());
    for (line, answer) in [
        ("renew --expiring 30d", "n\r"),
        ("renew --new-key a", "\r"),
        ("renew --quiet a", "no\r"),
        ("renew a b", CTRL_C),
    ] {
        let mut terminal = start(&folder, line);
        terminal.expect("a.example.com: ends on").expect("[y/N]").send(answer);
        let (screen, status) = terminal.finish();
        assert_ne!(status, 0, "{line}: {screen}");
        let changes = Snapshot::of(folder.root()).changes_since(&before);
        assert_eq!(changes, "", "{line}: {screen}");
    }
}

#[test]
fn yes_and_no_input_ask_nothing() {
    need!("openssl");
    let folder = with_two_due_hosts();
    for line in ["renew --yes a", "renew --no-input b"] {
        let (screen, status) = start(&folder, line).finish();
        assert_eq!((status, screen.contains("[y/N]")), (0, false), "{screen}");
    }
}
