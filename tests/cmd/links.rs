//! What another user put in the way of root: links, and folders where everybody may write.

use std::fs;
use std::os::unix::fs::{chown, lchown, symlink};

use crate::support::{Folder, Snapshot, need, skip};

const OTHER: u32 = 65534;

/// A CA of root's with somebody's certificate, in a folder where everybody may write; `target` is where links
/// lead.
fn shared() -> Option<Folder> {
    if !rustix::process::geteuid().is_root() {
        skip("only root can give a folder to another user");
        return None;
    }
    let folder = Folder::with_ca();
    folder.mailca("issue --user joe --email joe@example.com joe").success();
    folder.write("pw", "correct horse\n");
    folder.mkdir("target");
    folder.write("users.csv", "login,email\nann,ann@example.com\n");
    folder.chmod(".", 0o1777);
    Some(folder)
}

fn link(folder: &Folder, name: &str, owner: u32) {
    symlink("target", folder.path(name)).unwrap();
    lchown(folder.path(name), Some(owner), Some(owner)).unwrap();
}

/// Every way to write into `place`.
const PRIVATE: [&str; 9] = [
    "issue --user ann --email ann@example.com place",
    "issue --user ann --email ann@example.com place --force",
    "newreq --cn a.example.com place",
    "export-p12 joe --password-file pw -o place/joe.p12",
    "export-p12 joe -o joe.p12 --generate-password --password-out place/pw",
    "backup place/ca.tar",
    "issue --from users.csv --p12 --password-dir place",
    "issue --from users.csv --p12 --password-out place/passwords.csv",
    "access-map --for dovecot --all -o place/map",
];
const PUBLIC: [&str; 2] = ["crl --publish place/crl.pem", "crl --hash-dir place"];

#[test]
fn a_link_of_another_user_is_not_followed() {
    let Some(folder) = shared() else { return };
    link(&folder, "place", OTHER);
    for line in PRIVATE.iter().chain(&PUBLIC) {
        folder.mailca(line).refused(&["place is a symbolic link of another user", "uid 65534"]);
        assert_eq!(fs::read_dir(folder.path("target")).unwrap().count(), 0, "{line}");
    }
}

#[test]
fn nor_is_one_further_up() {
    let Some(folder) = shared() else { return };
    link(&folder, "place", OTHER);
    folder.mkdir("target/in");
    for line in PRIVATE.iter().chain(&PUBLIC).filter(|line| line.contains("place/")) {
        let line = line.replace("place/", "place/in/");
        folder.mailca(&line).refused(&["place is a symbolic link of another user"]);
    }
    symlink("place/in", folder.path("mine")).unwrap();
    folder.mailca("backup mine/ca.tar").refused(&["place is a symbolic link of another user"]);
    folder.mailca("newca --cn Other --ca-dir place/ca").refused(&["place is a symbolic link"]);
}

#[test]
fn renewing_through_one_is_refused() {
    let Some(folder) = shared() else { return };
    fs::rename(folder.path("joe"), folder.path("target/joe")).unwrap();
    symlink("target/joe", folder.path("joe")).unwrap();
    folder.mailca("renew joe --profile user").success();
    lchown(folder.path("joe"), Some(OTHER), None).unwrap();
    for options in ["", " --new-key"] {
        folder
            .mailca(&format!("renew joe --profile user{options}"))
            .refused(&["joe is a symbolic link of another user"]);
    }
}

#[test]
fn a_row_of_a_list_is_refused_alone() {
    let Some(folder) = shared() else { return };
    folder.replace("users.csv", "login,email\nann,ann@example.com\neve,eve@example.com\n");
    folder.mkdir("ann");
    chown(folder.path("ann"), Some(OTHER), None).unwrap();
    folder.mailca("issue --from users.csv").exits(1).says(&["line 2", "another user"]);
    assert!(folder.exists("eve/key.pem"));
    assert_eq!(fs::read_dir(folder.path("ann")).unwrap().count(), 0);
}

#[test]
fn a_folder_of_another_user_is_refused_where_everybody_may_write() {
    let Some(folder) = shared() else { return };
    folder.mkdir("place");
    chown(folder.path("place"), Some(OTHER), None).unwrap();
    for line in PRIVATE {
        folder.mailca(line).refused(&["place belongs to another user", "everybody may write"]);
    }
    // From within it too.
    folder
        .mailca("issue --cn a.example.com --ca-dir ../demoCA")
        .within("place")
        .refused(&["place belongs to another user"]);
    // What everybody may read is its owner's to exchange.
    for line in PUBLIC {
        folder.mailca(line).success();
    }
}

#[test]
fn elsewhere_only_root_or_the_owner_can_have_put_it_there() {
    let Some(folder) = shared() else { return };
    folder.chmod(".", 0o755);
    folder.mkdir("home/place");
    for owner in ["home", "home/place"] {
        chown(folder.path(owner), Some(OTHER), Some(OTHER)).unwrap();
    }
    for line in
        ["issue --cn a.example.com place", "issue --cn a.example.com", "backup place/ca.tar"]
    {
        folder.mailca(&format!("{line} --ca-dir ../demoCA")).within("home").success();
    }
    folder
        .mailca("issue --cn a.example.com --ca-dir ../../demoCA ann")
        .within("home/place")
        .success();
}

#[test]
fn ones_own_links_are_ones_own_business() {
    let Some(folder) = shared() else { return };
    link(&folder, "place", 0);
    folder.mailca("issue --user ann --email ann@example.com place").success();
    assert!(folder.exists("target/key.pem"));
    for line in ["backup place/ca.tar", "crl --publish place/crl.pem"] {
        folder.mailca(line).success();
    }
}

#[test]
fn another_user_may_use_a_link_of_roots() {
    let Some(folder) = shared() else { return };
    need!("setpriv");
    link(&folder, "place", 0);
    chown(folder.path("target"), Some(OTHER), None).unwrap();
    folder.chmod("demoCA", 0o755);
    let program = env!("CARGO_BIN_EXE_mailca");
    if folder
        .program("setpriv", "--reuid 65534 --clear-groups")
        .arg(program)
        .arg("--version")
        .output()
        .status
        != Some(0)
    {
        skip("the program is where another user cannot run it");
        return;
    }
    let run = folder.program("setpriv", "--reuid 65534 --clear-groups").arg(program);
    run.args(&["newreq", "--cn", "a.example.com", "place"]).success();
    assert!(folder.exists("target/key.pem"));
}

#[test]
fn the_ca_is_not_reached_through_one() {
    let Some(folder) = shared() else { return };
    fs::rename(folder.path("demoCA"), folder.path("target/demoCA")).unwrap();
    symlink("target/demoCA", folder.path("demoCA")).unwrap();
    folder.mailca("crl").success();
    lchown(folder.path("demoCA"), Some(OTHER), None).unwrap();
    let before = Snapshot::of(folder.root());
    folder.mailca("crl").exits(1).says(&["demoCA is a symbolic link of another user"]);
    assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "");
}
