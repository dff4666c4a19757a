//! A private key that others may know is not gone on with, and a CA's is warned of.

use std::fs;
use std::os::unix::fs::chown;

use crate::support::{Folder, skip};

/// What goes on with a key.pem that is there, and whether the request is there too.
const RESUMED: [(&str, bool); 3] = [
    ("newreq --cn mail.example.com", false),
    ("issue --cn mail.example.com", false),
    ("issue --cn mail.example.com", true),
];

fn interrupted(with_request: bool) -> Folder {
    let folder = Folder::with_request();
    if !with_request {
        fs::remove_file(folder.path("req.pem")).unwrap();
    }
    folder
}

#[test]
fn a_key_that_others_can_read_is_not_gone_on_with() {
    for (line, with_request) in RESUMED {
        let folder = interrupted(with_request);
        let key = folder.read("key.pem");
        for (mode, word) in [(0o644, "0644"), (0o640, "0640"), (0o604, "0604"), (0o620, "0620")] {
            folder.chmod("key.pem", mode);
            folder.mailca(line).refused(&["key.pem", word, "hint: ", "chmod 0400 key.pem"]);
        }
        folder.chmod("key.pem", 0o600);
        folder.mailca(line).success().says(&["going on with"]);
        assert_eq!(folder.read("key.pem"), key, "{line}");
    }
}

#[test]
fn the_way_out_works() {
    for (line, with_request) in RESUMED {
        let folder = interrupted(with_request);
        folder.chmod("key.pem", 0o644);
        folder.bash("chmod 0400 key.pem").success();
        folder.mailca(line).success();

        let folder = interrupted(with_request);
        let key = folder.read("key.pem");
        folder.chmod("key.pem", 0o644);
        folder.mailca(line).refused(&["--force"]);
        folder.mailca(&format!("{line} --force")).success();
        assert_ne!(folder.read("key.pem"), key, "{line}");
    }
}

#[test]
fn the_folder_is_in_the_advice() {
    let folder = Folder::with_ca();
    folder.mailca("newreq --cn mail.example.com host").success();
    folder.chmod("host/key.pem", 0o644);
    folder.mailca("issue --cn mail.example.com host").refused(&["chmod 0400 host/key.pem"]);
}

#[test]
fn a_key_of_another_user_is_not_gone_on_with() {
    if !rustix::process::geteuid().is_root() {
        return skip("only root can give a file to another user");
    }
    for (line, with_request) in RESUMED {
        let folder = interrupted(with_request);
        chown(folder.path("key.pem"), Some(65534), None).unwrap();
        folder.mailca(line).refused(&["key.pem", "another user", "65534"]);
        chown(folder.path("key.pem"), Some(0), None).unwrap();
        folder.mailca(line).success();
    }
}

#[test]
fn a_ca_key_that_others_can_read_is_warned_of() {
    for (ca, private, key, warned) in [
        (0o755, 0o755, 0o644, true),
        (0o755, 0o755, 0o640, true),
        (0o755, 0o711, 0o644, true),
        (0o755, 0o755, 0o400, false),
        (0o755, 0o700, 0o644, false),
        (0o700, 0o755, 0o644, false),
    ] {
        let folder = Folder::with_request();
        folder.chmod("demoCA", ca);
        folder.chmod("demoCA/private", private);
        folder.chmod("demoCA/private/cakey.pem", key);
        let outcome = folder.mailca("sign -q").success();
        let said = outcome.stderr.contains("warning: demoCA/private/cakey.pem can be read")
            && outcome.stderr.contains("chmod 0400 demoCA/private/cakey.pem");
        assert_eq!(said, warned, "{ca:o} {private:o} {key:o}: {outcome}");
        assert_eq!(outcome.stderr.is_empty(), !warned, "{outcome}");
    }
}
