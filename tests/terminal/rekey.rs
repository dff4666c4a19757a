//! `rekey-ca` asks before it changes what clients trust.

use crate::support::{CTRL_C, Folder, MAILCA, Pty, Snapshot};

#[test]
fn it_says_what_it_will_do_and_asks() {
    for (line, words) in
        [("rekey-ca -q", "gets a new key"), ("rekey-ca --same-key -q", "for the same key")]
    {
        let folder = Folder::with_ca();
        let before = Snapshot::of(folder.root());
        for keys in ["n\r", "\r", CTRL_C] {
            let mut terminal = Pty::start(MAILCA.as_ref(), folder.root(), line);
            terminal.expect(words).expect("[y/N]").send(keys);
            let (screen, status) = terminal.finish();
            assert_ne!(status, 0, "{screen}");
            assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "");
        }
        let mut terminal = Pty::start(MAILCA.as_ref(), folder.root(), line);
        terminal.expect(words).expect("[y/N]").answer("y");
        let (screen, status) = terminal.finish();
        assert_eq!(status, 0, "{screen}");
        folder.mailca("issue --cn mail.example.com after").success();
    }
}
