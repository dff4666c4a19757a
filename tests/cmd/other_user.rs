//! Root, working in the CA folder of another user: they can go on with it, and get nothing else by it.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown, symlink};

use crate::support::{Folder, need, skip};

const OTHER: u32 = 65534;

/// A CA of the other user, in a folder of theirs.
fn theirs() -> Option<Folder> {
    if !rustix::process::geteuid().is_root() {
        skip("only root can give a folder to another user");
        return None;
    }
    let folder = Folder::with_ca();
    folder.program("chown", "-R 65534:65534 demoCA").success();
    folder.program("chmod", "0755 .").success();
    Some(folder)
}

fn owner(folder: &Folder, name: &str) -> u32 {
    fs::symlink_metadata(folder.path(name)).unwrap().uid()
}

#[test]
fn what_root_makes_there_is_theirs_to_go_on_with() {
    let Some(folder) = theirs() else { return };
    folder.mailca("issue --cn a.example.com a").success();
    folder.mailca("revoke a --yes --crl").success();
    folder.mailca("rekey-ca --yes").success();
    let mut names = vec!["index.txt".to_owned(), "mailca.lock".into(), "previous".into()];
    for entry in fs::read_dir(folder.path("demoCA/previous")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        names.extend((!name.ends_with(".chain.pem")).then(|| format!("previous/{name}")));
    }
    for name in names {
        assert_eq!(owner(&folder, &format!("demoCA/{name}")), OTHER, "{name}");
    }
}

#[test]
fn links_of_theirs_lead_root_nowhere() {
    for name in ["private", "pending", "newcerts", "previous"] {
        let Some(folder) = theirs() else { return };
        folder.mkdir("victim");
        folder.write("victim/key.pem", "secret");
        folder.chmod("victim/key.pem", 0o400);
        if folder.exists(&format!("demoCA/{name}")) {
            fs::rename(folder.path(&format!("demoCA/{name}")), folder.path("away")).unwrap();
        }
        symlink(folder.path("victim"), folder.path(&format!("demoCA/{name}"))).unwrap();
        for line in ["crl", "issue --cn a.example.com a", "doctor --fix", "backup b.tar"] {
            folder.mailca(line).output();
            assert_eq!(
                (owner(&folder, "victim"), owner(&folder, "victim/key.pem")),
                (0, 0),
                "{line}"
            );
            assert_eq!(fs::read_dir(folder.path("victim")).unwrap().count(), 1, "{line}");
        }
    }
}

#[test]
fn their_settings_have_root_write_nowhere_else() {
    for key in [
        "crl-publish = [\"/tmp/x\"]",
        "access-maps = [\"dovecot:/tmp/x\"]",
        "template-dir = \"/tmp\"",
    ] {
        let Some(folder) = theirs() else { return };
        folder.write("demoCA/mailca.toml", format!("{key}\n"));
        chown(folder.path("demoCA/mailca.toml"), Some(OTHER), None).unwrap();
        folder.mailca("crl").refused(&["mailca.toml", "another user"]);
        folder.mailca("config postfix --host a.example.com").refused(&["another user"]);
        chown(folder.path("demoCA/mailca.toml"), Some(0), None).unwrap();
        folder.mailca("list").success();
        folder.chmod("demoCA/mailca.toml", 0o666);
        folder.mailca("crl").refused(&["mailca.toml", "0666"]);
    }
    let Some(folder) = theirs() else { return };
    need!("chown");
    folder.mailca("issue --cn a.example.com a").success();
}
