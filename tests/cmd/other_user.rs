//! Root, working in the CA folder of another user: they can go on with it, and get nothing else by it.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown, lchown, symlink};

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

/// A link of theirs at the CA's certificate or key would have root sign with another CA's key, in their index.
#[test]
fn links_of_theirs_are_no_ca_of_roots() {
    let Some(folder) = theirs() else { return };
    folder.mailca("newca --ca-dir rootca --cn Root").success();
    for name in ["cacert.pem", "private/cakey.pem"] {
        let path = folder.path(&format!("demoCA/{name}"));
        fs::remove_file(&path).unwrap();
        symlink(folder.path(&format!("rootca/{name}")), &path).unwrap();
    }
    let [certificate, key] =
        ["cacert.pem", "private/cakey.pem"].map(|name| folder.path(&format!("demoCA/{name}")));
    let lines = ["crl", "issue --cn a.example.com a", "rekey-ca --yes", "backup b.tar", "list"];
    // Root's own link is followed, theirs is not.
    for (name, owners) in [("cacert.pem", [OTHER, 0]), ("cakey.pem", [0, OTHER])] {
        for (path, owner) in [&certificate, &key].into_iter().zip(owners) {
            lchown(path, Some(owner), None).unwrap();
        }
        for line in lines {
            folder.mailca(line).refused(&[name, "a symbolic link of another user", "uid 65534"]);
        }
        assert!(!folder.exists("demoCA/crl.pem") && !folder.exists("b.tar"));
        assert!(!folder.exists("a/cert.pem"));
    }
    lchown(&key, Some(0), None).unwrap();
    folder.mailca("crl").success();
    // Nor is a lost certificate looked for by the key that theirs leads to.
    fs::remove_file(&certificate).unwrap();
    lchown(&key, Some(OTHER), None).unwrap();
    folder.mailca("doctor --fix").output();
    assert!(!folder.exists("demoCA/cacert.pem"));
}

#[test]
fn a_key_of_roots_is_no_older_key_of_theirs() {
    let Some(folder) = theirs() else { return };
    folder.mailca("issue --cn a.example.com a").success();
    folder.mailca("rekey-ca --yes").success();
    let older = fs::read_dir(folder.path("demoCA/previous")).unwrap();
    let mut older = older.map(|entry| entry.unwrap().path());
    let key = older.find(|path| path.to_string_lossy().ends_with(".key.pem")).unwrap();
    fs::rename(&key, folder.path("key.pem")).unwrap();
    symlink(folder.path("key.pem"), &key).unwrap();
    lchown(&key, Some(OTHER), None).unwrap();
    folder.mailca("crl").refused(&[".key.pem is a symbolic link of another user"]);
}

/// What is half done in their folder is finished by root too.
#[test]
fn links_of_an_interrupted_change_of_theirs_are_followed() {
    let Some(folder) = theirs() else { return };
    folder.mkdir("demoCA/.mailca-old");
    folder.mkdir("demoCA/.mailca-new");
    for name in ["old", "new"] {
        let copy = folder.path(&format!("demoCA/.mailca-{name}/cacert.pem"));
        fs::copy(folder.path("demoCA/cacert.pem"), copy).unwrap();
    }
    fs::remove_file(folder.path("demoCA/cacert.pem")).unwrap();
    for (target, link) in
        [(".mailca-new", ".mailca-live"), (".mailca-live/cacert.pem", "cacert.pem")]
    {
        symlink(target, folder.path(&format!("demoCA/{link}"))).unwrap();
    }
    folder.program("chown", "-hR 65534:65534 demoCA").success();
    folder.mailca("list").success();
    folder.mailca("crl").success();
    assert!(fs::symlink_metadata(folder.path("demoCA/cacert.pem")).unwrap().is_file());
    assert!(!folder.exists("demoCA/.mailca-live"));
}
