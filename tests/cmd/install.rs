//! `install`: what is put where, and what is refused. [`again`] has what is remembered, [`rollback`] what
//! a running server has to say.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

use crate::support::{Folder, Run, Snapshot, mode, need};

#[path = "install/again.rs"]
mod again;
#[path = "install/lists.rs"]
mod lists;
#[path = "install/rollback.rs"]
mod rollback;

/// Whoever runs the tests, as `--owner` takes it.
fn me() -> String {
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    format!("{}:{}", user.as_raw(), group.as_raw())
}

/// A CA, the certificate of mail.example.com in `mail/`, and an empty `etc/`.
fn with_host() -> Folder {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com mail").success();
    folder.mkdir("etc");
    folder
}

/// `install` for whoever runs the tests.
fn install(folder: &Folder, line: &str) -> Run {
    folder.mailca(&format!("install --owner {} {line}", me()))
}

/// The names in a folder, sorted.
fn names(folder: &Folder, name: &str) -> Vec<String> {
    let entries = fs::read_dir(folder.path(name)).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The key and the certificate in a folder belong together.
fn is_pair(folder: &Folder, name: &str) {
    let key = folder.openssl(&format!("pkey -pubout -in {name}/key.pem")).success().text();
    let line = format!("x509 -noout -pubkey -in {name}/cert.pem");
    assert_eq!(folder.openssl(&line).success().text(), key);
}

#[test]
fn each_server_gets_its_files_with_their_modes() {
    need!("openssl");
    for (server, dir_mode, key_mode, certificates) in [
        ("sendmail", 0o700, 0o400, 1),
        ("postfix", 0o700, 0o400, 2),
        ("exim", 0o750, 0o640, 2),
        ("dovecot", 0o700, 0o400, 2),
        ("opensmtpd", 0o700, 0o400, 2),
    ] {
        let folder = with_host();
        folder.mailca("crl").success();
        let line = format!("mail --for {server} --to etc/certs");
        install(&folder, &line).success().says(&["installed in", "next: systemctl"]);
        assert_eq!(mode(&folder.path("etc/certs")), dir_mode, "{server}");
        let all = names(&folder, "etc/certs");
        for name in &all {
            let path = folder.path("etc/certs").join(name);
            if !path.is_symlink() {
                assert_eq!(mode(&path), key_mode, "{server}: {name}");
                let there = fs::metadata(&path).unwrap();
                assert_eq!(format!("{}:{}", there.uid(), there.gid()), me(), "{server}: {name}");
            }
        }
        let text = folder.text("etc/certs/cert.pem");
        assert_eq!(text.matches("BEGIN CERT").count(), certificates, "{server}");
        assert_eq!(folder.read("etc/certs/key.pem"), folder.read("mail/key.pem"));
        is_pair(&folder, "etc/certs");
        assert_eq!(folder.read("etc/certs/cacert.pem"), folder.read("demoCA/cacert.pem"));
        assert_eq!(all.contains(&"crl.pem".to_string()), server != "opensmtpd", "{all:?}");
        assert_eq!(all.contains(&"cacert-crl.pem".to_string()), server == "dovecot", "{all:?}");
        let hashed = all.iter().filter(|name| folder.path("etc/certs").join(name).is_symlink());
        assert_eq!(hashed.count(), if server == "sendmail" { 2 } else { 0 }, "{all:?}");
        folder.openssl("verify -CAfile etc/certs/cacert.pem etc/certs/cert.pem").success();
        if server == "dovecot" {
            let line = "verify -crl_check -CAfile etc/certs/cacert-crl.pem etc/certs/cert.pem";
            folder.openssl(line).success();
        }
    }
}

#[test]
fn openssl_finds_ca_and_list_by_their_hashes_and_others_read_the_public_ones() {
    need!("openssl");
    let folder = with_host();
    folder.mailca("crl").success();
    install(&folder, "mail --for sendmail --to etc/certs").success().says(&["etc/cacerts"]);
    let verify = "verify -no-CAfile -no-CAstore -CApath";
    folder.openssl(&format!("{verify} etc/certs -crl_check etc/certs/cert.pem")).success();
    folder.openssl(&format!("{verify} etc/cacerts etc/certs/cert.pem")).success();
    assert_eq!(mode(&folder.path("etc/cacerts")), 0o755);
    let public = names(&folder, "etc/cacerts");
    assert_eq!(public.len(), 3, "{public:?}");
    for name in ["cacert.pem", "cert.pem"] {
        assert_eq!(mode(&folder.path("etc/cacerts").join(name)), 0o444);
    }
    // A certificate of another CA with the same name stays, and both are found.
    let other = Folder::with_ca();
    other.mailca("issue --cn other.example.com other").success();
    let again = with_host();
    again.mkdir("etc/certs");
    again.chmod("etc/certs", 0o700);
    again.write("etc/certs/other.pem", other.read("demoCA/cacert.pem"));
    let link = public.iter().find(|name| name.ends_with(".0")).unwrap();
    symlink("other.pem", again.path("etc/certs").join(link)).unwrap();
    install(&again, "mail --for sendmail --to etc/certs").success();
    again.write("other-leaf.pem", other.read("other/cert.pem"));
    for leaf in ["mail/cert.pem", "other-leaf.pem"] {
        again.openssl(&format!("{verify} etc/certs {leaf}")).success();
    }
}

#[test]
fn key_and_certificate_may_be_in_one_file() {
    need!("openssl");
    let folder = with_host();
    install(&folder, "mail --for sendmail --to etc/certs --combined").success();
    let all = names(&folder, "etc/certs");
    assert!(!all.contains(&"key.pem".into()) && !all.contains(&"cert.pem".into()), "{all:?}");
    assert_eq!(mode(&folder.path("etc/certs/sendmail.pem")), 0o400);
    let key = folder.openssl("pkey -pubout -in etc/certs/sendmail.pem").success().text();
    let line = "x509 -noout -pubkey -in etc/certs/sendmail.pem";
    assert_eq!(folder.openssl(line).success().text(), key);
    // What is there is recognised.
    folder.mailca("status --json").output().says_nothing_of(&["not-installed"]);
    folder.mailca("install mail").success().says(&["up to date"]);
}

#[test]
fn json_says_what_was_done() {
    let folder = with_host();
    let report = || {
        let outcome = install(&folder, "mail --for postfix --to etc/pf --reload true --json");
        let value: serde_json::Value = serde_json::from_slice(&outcome.success().stdout).unwrap();
        value["installed"][0].clone()
    };
    let first = report();
    assert_eq!(first["server"], "postfix");
    assert_eq!(first["files"], serde_json::json!(["key.pem", "cert.pem", "cacert.pem"]));
    assert_eq!(
        [&first["changed"], &first["reloaded"], &first["presented"]],
        [&true.into(), &true.into(), &false.into()] as [&serde_json::Value; 3]
    );
    let second = report();
    assert_eq!(second["changed"], false);
    assert_eq!(second["reloaded"], false);
}

#[test]
fn without_a_certificate_or_a_server_there_is_nothing_to_install() {
    let folder = with_host();
    let line = |line: &str| folder.mailca(&format!("install {line}"));
    line("mial --for postfix").refused(&["no certificate", "is mail meant?"]);
    line("other --for postfix").refused(&["no certificate", "mailca issue"]);
    line("--for postfix").refused(&["no certificate", "name its folder"]);
    line("mail").usage(&["--for"]);
    line("mail --to etc/x").usage(&["which server", "--for"]);
    line("mail --for qmail").usage(&["qmail"]);
    line("demoCA --for postfix").refused(&["the CA's folder"]);
    line("../mail --for postfix").usage(&["not a name"]);
    for option in ["--owner x", "--combined", "--public x", "--reload x", "--check x:25", "--crl x"]
    {
        line(&format!("mail {option}")).usage(&["--for"]);
        line(&format!("mail --for postfix --forget {option}")).usage(&["--forget"]);
    }
    line("mail --for postfix --to etc/pf --check :25").usage(&[]);
    line("mail --for postfix --to etc/pf --check x:25 --timeout 0").usage(&["--timeout"]);
    line("mail --for postfix --to etc/pf --reload").arg(" ").usage(&["empty"]);
    line("mail --for postfix --to etc/pf --public etc/pf").usage(&["beside the key"]);
    line("mail --for postfix --to etc/pf --public etc/../etc/pf/").usage(&["beside the key"]);
    line("mail --for opensmtpd --to etc/pf --crl x").usage(&["no revocation list"]);
    folder.mailca("newreq --cn new.example.com new").success();
    line("new --for postfix").refused(&["no certificate"]);
}

#[test]
fn owners_that_are_not_there_are_refused() {
    let folder = with_host();
    for (owner, words) in [
        ("nobody-of-that-name", "no user"),
        ("root:no-such-group", "no group"),
        ("4242", "--owner"),
    ] {
        let line = format!("install mail --for postfix --to etc/pf --owner {owner}");
        let outcome = folder.mailca(&line).output();
        assert!(matches!(outcome.status, Some(1 | 2)), "{outcome}");
        outcome.says(&[if words == "--owner" { "USER:GROUP" } else { words }]);
        assert!(!folder.exists("etc/pf") && !folder.exists("mail/install.toml"));
    }
}

#[test]
fn files_belong_to_the_owner_that_is_named() {
    if !rustix::process::geteuid().is_root() {
        return crate::support::skip("only root gives files away");
    }
    let folder = with_host();
    folder.mailca("install mail --for exim --to etc/ex --owner 4711:4712").success();
    for name in [".", "key.pem", "cert.pem", "cacert.pem"] {
        let there = fs::metadata(folder.path("etc/ex").join(name)).unwrap();
        assert_eq!((there.uid(), there.gid()), (4711, 4712), "{name}");
    }
    // Others still read nothing.
    for name in ["key.pem", "cert.pem"] {
        assert_eq!(mode(&folder.path("etc/ex").join(name)) & 0o007, 0);
    }
}

#[test]
fn what_would_not_work_is_refused() {
    need!("openssl");
    let to = "--for postfix --to etc/pf";
    let folder = with_host();
    folder.mailca("issue --cn other.example.com other").success();
    let refused = |words: &[&str]| {
        install(&folder, &format!("mail {to}")).refused(words);
    };
    let key = folder.read("mail/key.pem");
    folder.replace("mail/key.pem", folder.read("other/key.pem"));
    folder.chmod("mail/key.pem", 0o400);
    refused(&["not the key of"]);
    folder.replace("mail/key.pem", &key);
    folder.chmod("mail/key.pem", 0o644);
    refused(&["others than its owner may know the key", "chmod 0400"]);
    folder.chmod("mail/key.pem", 0o400);
    let chain = folder.read("mail/cacert.pem");
    let stranger = Folder::with_ca_of("ed25519");
    folder.replace("mail/cacert.pem", stranger.read("demoCA/cacert.pem"));
    refused(&["does not verify"]);
    folder.replace("mail/cacert.pem", chain);
    folder.dated_host("old", -400, -10);
    install(&folder, &format!("old {to}")).refused(&["expired", "mailca renew old"]);
    folder.mailca("revoke mail").success();
    refused(&["revoked"]);
}

#[test]
fn an_encrypted_key_is_refused_and_der_becomes_pem() {
    need!("openssl");
    let folder = with_host();
    let key = folder.read("mail/key.pem");
    folder.write("pw", "secret\n");
    folder.openssl("pkcs8 -topk8 -in mail/key.pem -out sealed.pem -passout file:pw").success();
    folder.replace("mail/key.pem", folder.read("sealed.pem"));
    folder.chmod("mail/key.pem", 0o400);
    install(&folder, "mail --for postfix --to etc/pf").refused(&["encrypted", "decrypt it"]);
    folder.replace("mail/key.pem", &key);
    folder.openssl("pkey -in mail/key.pem -outform DER -out key.der").success();
    folder.replace("mail/key.pem", folder.read("key.der"));
    folder.chmod("mail/key.pem", 0o400);
    install(&folder, "mail --for postfix --to etc/pf").success();
    assert_eq!(folder.read("etc/pf/key.pem"), key);
}

#[test]
fn a_folder_where_others_write_is_refused() {
    let folder = with_host();
    folder.mkdir("etc/open/pf");
    folder.chmod("etc/open/pf", 0o700);
    let refused = |to: &str, words: &[&str]| {
        install(&folder, &format!("mail --for postfix --to {to}")).refused(words);
    };
    for (open, closed) in [(0o777, 0o755), (0o757, 0o700)] {
        folder.chmod("etc/open", open);
        refused("etc/open/pf", &["others may write in it", "chmod go-w"]);
        refused("etc/open/new", &["others may write in it"]);
        folder.chmod("etc/open", closed);
        folder.chmod("etc/open/pf", open);
        refused("etc/open/pf", &["others may write in it"]);
        folder.chmod("etc/open/pf", 0o700);
    }
    // Also where only the way leads through it.
    folder.chmod("etc/open", 0o777);
    folder.mkdir("etc/real");
    symlink("../real", folder.path("etc/open/link")).unwrap();
    refused("etc/open/link", &["others may write in it"]);
    // A sticky one may be on the way, and not be the folder itself.
    folder.chmod("etc/open", 0o1777);
    refused("etc/open", &["others may write in it", "--to"]);
    install(&folder, "mail --for postfix --to etc/open/pf").success();
}

#[test]
fn a_folder_of_another_user_is_refused() {
    if !rustix::process::geteuid().is_root() {
        return crate::support::skip("only root gives folders away");
    }
    let folder = with_host();
    folder.mkdir("etc/his/pf");
    std::os::unix::fs::chown(folder.path("etc/his"), Some(4711), Some(4711)).unwrap();
    let line = "mail --for postfix --to etc/his/pf";
    install(&folder, line).refused(&["belongs to another user, uid 4711"]);
    symlink(folder.path("etc/his/pf"), folder.path("etc/link")).unwrap();
    install(&folder, "mail --for postfix --to etc/link").refused(&["uid 4711"]);
    // Nor does a link of his lead anywhere.
    folder.mkdir("etc/pf");
    folder.mkdir("etc/tmp");
    folder.chmod("etc/tmp", 0o1777);
    symlink("../pf", folder.path("etc/tmp/link")).unwrap();
    std::os::unix::fs::lchown(folder.path("etc/tmp/link"), Some(4711), Some(4711)).unwrap();
    install(&folder, "mail --for postfix --to etc/tmp/link").refused(&["uid 4711"]);
    assert!(names(&folder, "etc/pf").is_empty());
    // To the server's own user it may belong.
    folder.mailca("install mail --for exim --to etc/his/pf --owner 4711:4711").success();
}

#[test]
fn places_that_are_none_are_refused() {
    let folder = with_host();
    let refused = |line: &str, words: &[&str]| {
        install(&folder, &format!("mail --for postfix {line}")).refused(words);
    };
    refused("--to etc/a/b/c", &["is not there", "--to"]);
    refused("--to mail", &["the certificate folder itself"]);
    refused("--to demoCA/certs", &["in the CA's folder"]);
    refused("--to etc/pf --public mail", &["the certificate folder itself"]);
    folder.write("etc/file", "");
    refused("--to etc/file", &["not a folder"]);
    // One that the server could not enter.
    folder.mkdir("etc/shut");
    folder.chmod("etc/shut", 0o700);
    if rustix::process::geteuid().is_root() {
        let line = "install mail --for exim --to etc/shut --owner 0:4711";
        folder.mailca(line).refused(&["could not enter", "chmod 0750"]);
    }
}

#[test]
fn nothing_is_written_through_a_link_or_over_a_folder() {
    let folder = with_host();
    folder.mkdir("etc/pf");
    folder.chmod("etc/pf", 0o700);
    folder.write("victim", "victim\n");
    for name in ["key.pem", "cert.pem", "cacert.pem"] {
        let path = folder.path("etc/pf").join(name);
        symlink(folder.path("victim"), &path).unwrap();
        let line = "mail --for postfix --to etc/pf";
        install(&folder, line).refused(&["not a plain file", name]);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        install(&folder, line).refused(&["not a plain file", name]);
        fs::remove_dir(&path).unwrap();
    }
    assert_eq!(folder.text("victim"), "victim\n");
}

#[test]
fn what_somebody_else_put_there_is_kept_aside() {
    let folder = with_host();
    folder.mkdir("etc/pf");
    folder.chmod("etc/pf", 0o700);
    for name in ["key.pem", "cert.pem"] {
        folder.write(&format!("etc/pf/{name}"), format!("foreign {name}\n"));
        folder.chmod(&format!("etc/pf/{name}"), 0o640);
    }
    let kept = |start: &str| -> Vec<String> {
        let all = names(&folder, "etc/pf").into_iter();
        all.filter(|name| name.starts_with(&format!("{start}.old-"))).collect()
    };
    // A failure puts them back, and a second one piles up no copies.
    let before: Vec<_> =
        ["key.pem", "cert.pem"].map(|n| folder.read(&format!("etc/pf/{n}"))).into();
    for _ in 0..2 {
        install(&folder, "mail --for postfix --to etc/pf --reload false").exits(1);
        for (name, content) in ["key.pem", "cert.pem"].iter().zip(&before) {
            let path = folder.path("etc/pf").join(name);
            assert_eq!((&fs::read(&path).unwrap(), mode(&path)), (content, 0o640));
        }
        assert!(!folder.exists("mail/install.toml"));
        assert_eq!(kept("key.pem").len(), 1);
    }
    install(&folder, "mail --for postfix --to etc/pf").success();
    for (name, content) in ["key.pem", "cert.pem"].iter().zip(&before) {
        let kept = kept(name);
        assert_eq!(kept.len(), 1, "{kept:?}");
        assert_eq!(&folder.read(&format!("etc/pf/{}", kept[0])), content);
    }
    // A renewal's old files are in the certificate folder.
    folder.mailca("renew --new-key mail").success();
    assert_eq!(folder.read("etc/pf/key.pem"), folder.read("mail/key.pem"));
    assert_eq!(kept("key.pem").len() + kept("cert.pem").len(), 2);
    // A key that somebody put there since is not lost.
    folder.replace("etc/pf/key.pem", "another one's\n");
    folder.mailca("install mail").success();
    assert_eq!(kept("key.pem").len(), 2);
}

#[test]
fn two_at_once_do_not_get_into_each_others_way() {
    need!("openssl");
    let folder = with_host();
    folder.mkdir("etc/pf");
    folder.chmod("etc/pf", 0o700);
    let start = |line: &str| {
        let mut child = install(&folder, line).command().spawn().unwrap();
        drop(child.stdin.take());
        child
    };
    // The second waits for the first, which takes its time over the reload.
    let lines = ["a", "b", "c"].map(|word| {
        format!(
            "mail --for postfix --to etc/pf --reload sleep${{IFS}}0.3;echo${{IFS}}{word}>>order"
        )
    });
    let children: Vec<_> = lines.iter().map(|line| start(line)).collect();
    let elsewhere = start("mail --for dovecot --to etc/dc");
    for mut child in children.into_iter().chain([elsewhere]) {
        assert!(child.wait().unwrap().success());
    }
    is_pair(&folder, "etc/pf");
    is_pair(&folder, "etc/dc");
    let remembered = folder.text("mail/install.toml");
    assert_eq!(remembered.matches("[[target]]").count(), 2, "{remembered}");
    assert!(!remembered.contains("unfinished"), "{remembered}");
    assert!(Snapshot::of(folder.root()).files().iter().all(|name| !name.contains("/.mailca")));
}
