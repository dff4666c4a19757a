//! What is remembered, and done again by `install`, `renew`, `crl` and `revoke`.

use std::fs;

use serde_json::Value;

use super::{install, is_pair, names, with_host};
use crate::support::{Certificate, Folder, Snapshot, mode, need};

fn serial(folder: &Folder, name: &str) -> String {
    Certificate::read(&folder.path(name).join("cert.pem")).serial
}

/// What `status` wants done, by name.
pub(super) fn to_do(folder: &Folder) -> Vec<String> {
    let text = folder.mailca("status --json").output().text();
    let value: Value = serde_json::from_str(&text).unwrap();
    let all = value["to_do"].as_array().unwrap();
    all.iter().map(|one| one["id"].as_str().unwrap().to_string()).collect()
}

#[test]
fn without_options_the_remembered_is_done_again() {
    let folder = with_host();
    install(&folder, "mail --for postfix --to etc/pf --reload").arg("echo x >> reloads").success();
    assert_eq!(mode(&folder.path("mail/install.toml")), 0o600);
    assert_eq!(folder.text("reloads"), "x\n");
    folder.mailca("install mail").success().says(&["up to date"]);
    assert_eq!(folder.text("reloads"), "x\n");
    fs::remove_file(folder.path("etc/pf/cert.pem")).unwrap();
    assert!(to_do(&folder).contains(&"not-installed".into()));
    folder.mailca("install mail").success().says(&["installed in"]);
    folder.mailca("install").within("mail").success().says(&["up to date"]);
    assert_eq!(folder.text("reloads"), "x\nx\n");
    assert!(!to_do(&folder).contains(&"not-installed".into()));
    // Other options for the same folder take the place of those that were.
    install(&folder, "mail --for dovecot --to etc/pf").success();
    let remembered = folder.text("mail/install.toml");
    assert!(remembered.contains("dovecot") && !remembered.contains("postfix"), "{remembered}");
}

#[test]
fn a_new_installation_that_fails_is_not_remembered_and_an_old_one_stays() {
    let folder = with_host();
    let before = Snapshot::of(folder.root());
    install(&folder, "mail --for postfix --to etc/pf --reload false")
        .refused(&["failed", "the old files are back"]);
    assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "");
    install(&folder, "mail --for postfix --to etc/pf --reload true").success();
    let remembered = folder.text("mail/install.toml");
    // Full chain or not: another server wants another file.
    install(&folder, "mail --for sendmail --to etc/pf --reload false").exits(1);
    assert_eq!(folder.text("mail/install.toml"), remembered);
    assert_eq!(names(&folder, "etc/pf"), ["cacert.pem", "cert.pem", "key.pem"]);
    assert_eq!(names(&folder, "etc"), ["pf"]);
}

#[test]
fn what_is_forgotten_stays_where_it_is() {
    let folder = with_host();
    for name in ["a", "b", "c"] {
        install(&folder, &format!("mail --for postfix --to etc/{name}")).success();
    }
    let outcome = folder.mailca("install mail --forget --to etc/a --json").success();
    let value: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!(value["forgotten"].as_array().unwrap().len(), 1);
    let text = folder.text("mail/install.toml");
    assert!(!text.contains("/a\"") && text.contains("/b\"") && text.contains("/c\""), "{text}");
    folder.mailca("install mail --forget --to etc/a").refused(&["nothing is remembered"]);
    folder.mailca("install mail --forget --for exim").refused(&["nothing is remembered"]);
    // Also where the certificate is gone.
    fs::remove_file(folder.path("mail/cert.pem")).unwrap();
    folder.mailca("install mail --forget").success();
    assert!(!folder.exists("mail/install.toml"));
    assert!(folder.exists("etc/a/key.pem") && folder.exists("etc/b/key.pem"));
    folder.mailca("install mail --forget").refused(&["nothing is remembered"]);
}

#[test]
fn a_renewed_pair_arrives_and_the_server_is_told() {
    need!("openssl");
    let folder = with_host();
    // At the moment of the reload both are there.
    let look = "openssl pkey -pubout -in etc/pf/key.pem >k && \
                openssl x509 -noout -pubkey -in etc/pf/cert.pem >c && cmp k c && echo x >>reloads";
    install(&folder, "mail --for postfix --to etc/pf --reload").arg(look).success();
    for (line, times) in [("renew mail", 2), ("renew --new-key mail", 3)] {
        folder.mailca(line).success().says(&["installed in"]);
        assert_eq!(folder.text("reloads").lines().count(), times, "{line}");
        assert_eq!(serial(&folder, "etc/pf"), serial(&folder, "mail"), "{line}");
        is_pair(&folder, "etc/pf");
    }
    // The copies are mailca's own: nothing is kept beside them.
    assert_eq!(names(&folder, "etc/pf"), ["cacert.pem", "cert.pem", "key.pem"]);
}

#[test]
fn a_server_that_nobody_reloads_is_named() {
    let folder = with_host();
    install(&folder, "mail --for postfix --to etc/pf").success();
    folder.mailca("renew mail").success().says(&["has to be reloaded", "systemctl reload postfix"]);
}

#[test]
fn renew_expiring_brings_up_what_did_not_arrive() {
    need!("openssl");
    let folder = with_host();
    let line = "mail --for postfix --to etc/pf --reload";
    install(&folder, line).arg("test ! -e broken").success();
    let old = serial(&folder, "mail");
    folder.write("broken", "");
    folder.mailca("renew mail").exits(1).says(&["not installed in"]);
    assert_ne!(serial(&folder, "mail"), old);
    assert_eq!(serial(&folder, "etc/pf"), old);
    is_pair(&folder, "etc/pf");
    assert!(to_do(&folder).contains(&"not-installed".into()));
    folder.mailca("renew --expiring 20d").exits(1).says(&["not installed in"]);
    assert_eq!(serial(&folder, "etc/pf"), old);
    fs::remove_file(folder.path("broken")).unwrap();
    folder.mailca("renew --expiring 20d").success().says(&["installed in"]);
    assert_eq!(serial(&folder, "etc/pf"), serial(&folder, "mail"));
    assert!(!to_do(&folder).contains(&"not-installed".into()));
    // And then there is nothing to do or to say.
    let outcome = folder.mailca("renew --expiring 20d").success();
    assert_eq!((outcome.text().as_str(), outcome.stderr.as_str()), ("", ""));
}

#[test]
fn what_fails_holds_nothing_else_up() {
    need!("openssl");
    let folder = with_host();
    folder.dated_host("a", -340, 10);
    folder.dated_host("b", -340, 10);
    install(&folder, "a --for postfix --to etc/a --reload").arg("test ! -e broken").success();
    install(&folder, "b --for postfix --to etc/b --reload true").success();
    install(&folder, "mail --for dovecot --to etc/mail").success();
    folder.chmod("mail", 0o777);
    folder.write("broken", "");
    let old = serial(&folder, "a");
    let outcome = folder.mailca("renew --expiring 20d").exits(1);
    outcome.says(&["etc/a", "mail can be written by others"]);
    assert_eq!(serial(&folder, "etc/a"), old);
    assert_eq!(serial(&folder, "etc/b"), serial(&folder, "b"));
    assert_ne!(serial(&folder, "b"), old);
    // The list is made whatever becomes of the installations.
    folder.mailca("revoke b --crl").exits(1);
    folder.openssl("crl -noout -in demoCA/crl.pem").success();
    assert!(folder.exists("etc/b/crl.pem"));
}

#[test]
fn what_others_could_have_written_is_not_run() {
    let folder = with_host();
    install(&folder, "mail --for postfix --to etc/pf --reload").arg("echo x >>reloads").success();
    for (name, open, closed) in [("mail", 0o722, 0o700), ("mail/install.toml", 0o622, 0o600)] {
        folder.chmod(name, open);
        folder.mailca("install mail").refused(&["can be written by others", "chmod go-w"]);
        let renewed = folder.mailca("renew mail").exits(1);
        renewed.says(&["can be written by others"]);
        folder.mailca("status").exits(3).says(&["can be written by others"]);
        folder.chmod(name, closed);
    }
    assert_eq!(folder.text("reloads"), "x\n");
    // Nor is anything remembered in such a folder in the first place.
    folder.mailca("issue --cn other.example.com other").success();
    folder.chmod("other", 0o777);
    install(&folder, "other --for postfix --to etc/other")
        .refused(&["other can be written by others"]);
    for bad in ["nonsense", "[[target]]\nserver = \"postfix\"\n", "[[target]]\nx = 1\n"] {
        folder.write("mail/install.toml", bad);
        folder.mailca("install mail").refused(&["install.toml", "forgotten"]);
    }
}

#[test]
fn one_folder_is_not_filled_from_two() {
    let folder = with_host();
    folder.mailca("issue --cn other.example.com other").success();
    install(&folder, "mail --for postfix --to etc/pf").success();
    install(&folder, "other --for postfix --to etc/pf")
        .refused(&["certificate of mail is installed in", "mailca install mail --forget"]);
    folder.mailca("install mail --forget").success();
    install(&folder, "other --for postfix --to etc/pf").success();
    // The key of the first is in its own folder, but not in this one.
    let kept = names(&folder, "etc/pf").into_iter().filter(|name| name.starts_with("key.pem."));
    assert_eq!(kept.count(), 1);
}

#[test]
fn a_copied_folder_is_installed_without_a_ca() {
    let folder = with_host();
    let host = Folder::empty();
    host.mkdir("etc");
    host.bash(&format!("cp -a '{}/mail' .", folder.root().display())).success();
    install(&host, "mail --for dovecot --to etc/dc").success();
    assert_eq!(names(&host, "etc/dc"), ["cacert.pem", "cert.pem", "key.pem"]);
    // A new one is copied there, and installed by the same command.
    folder.mailca("renew mail").success();
    host.bash(&format!("cp -a '{}/mail/cert.pem' mail/", folder.root().display())).success();
    host.mailca("install mail").success();
    assert_eq!(serial(&host, "etc/dc"), serial(&folder, "mail"));
}

#[test]
fn the_timer_may_write_to_the_servers_folders_and_reload() {
    let folder = with_host();
    let units = || {
        let text = folder.mailca("config timer --json").success().text();
        let value: Value = serde_json::from_str(&text).unwrap();
        let unit = |name: &str| value["units"][name].as_str().unwrap().to_string();
        ["mailca-renew.service", "mailca-crl.service", "mailca-status.service"].map(unit)
    };
    let has = |unit: &str, line: &str| unit.lines().any(|it| it.starts_with(line));
    let strict = |unit: &str| {
        has(unit, "ProtectSystem=strict")
            && has(unit, "PrivateNetwork=yes")
            && has(unit, "CapabilityBoundingSet=CAP_CHOWN")
    };
    assert!(units().iter().all(|unit| strict(unit)));
    install(&folder, "mail --for sendmail --to etc/certs").success();
    let folders = ["etc/certs", "etc/cacerts"].map(|name| folder.path(name).display().to_string());
    let [renew, crl, status] = units();
    for unit in [&renew, &crl] {
        assert!(strict(unit), "{unit}");
        let written = unit.lines().find(|line| line.starts_with("ReadWritePaths=")).unwrap();
        assert!(folders.iter().all(|path| written.contains(&format!("-{path}"))), "{written}");
    }
    assert!(!folders.iter().any(|path| status.contains(path)));
    install(&folder, "mail --for sendmail --to etc/certs --reload true").success();
    let [renew, crl, status] = units();
    for unit in [&renew, &crl] {
        assert!(has(unit, "ProtectSystem=full") && has(unit, "PrivateNetwork=yes"), "{unit}");
        assert!(!unit.contains("CapabilityBoundingSet"), "{unit}");
    }
    assert!(strict(&status));
    let text = folder.text("mail/install.toml") + "check = \"localhost:25\"\n";
    folder.write("mail/install.toml", text);
    let [renew, crl, status] = units();
    for unit in [&renew, &crl] {
        assert!(!unit.contains("PrivateNetwork"), "{unit}");
    }
    assert!(strict(&status));
    if crate::support::peer("systemd-analyze").is_some() {
        let value = folder.mailca("config timer --json").success().text();
        let value: Value = serde_json::from_str(&value).unwrap();
        folder.mkdir("units");
        for (name, text) in value["units"].as_object().unwrap() {
            folder.write(&format!("units/{name}"), text.as_str().unwrap());
        }
        folder.bash("systemd-analyze verify --man=no $PWD/units/*").success();
    }
}

/// A command that nobody has run yet may be mistyped; found out at the next renewal, it is found out too late.
#[test]
fn a_new_reload_command_is_tried_before_it_is_remembered() {
    let folder = with_host();
    install(&folder, "mail --for postfix --to etc/pf --reload true").success();
    let remembered = folder.text("mail/install.toml");
    install(&folder, "mail --for postfix --to etc/pf --reload false").exits(1).says(&["failed"]);
    assert_eq!(folder.text("mail/install.toml"), remembered);
    // Where one place is remembered, it is the one that is meant.
    folder.mailca("install mail --reload false").exits(1);
    assert_eq!(folder.text("mail/install.toml"), remembered);
    folder.mailca("install mail --reload").arg("echo x >>reloads").success();
    assert_eq!(folder.text("reloads"), "x\n");
    folder.mailca("install mail").success();
    assert_eq!(folder.text("reloads"), "x\n", "once known, it is run when something has changed");
    folder.mailca("install mail --public other").usage(&["--for"]);
}

/// An older list in the place of a newer one would let revoked people in again.
#[test]
fn a_new_list_stays_where_the_server_does_not_take_it_up() {
    let folder = with_host();
    folder.mailca("crl").success();
    folder.write("up", "");
    install(&folder, "mail --for dovecot --to etc/dc --reload").arg("test -e up").success();
    fs::remove_file(folder.path("up")).unwrap();
    folder.mailca("issue --user joe --email joe@example.com joe --key-type ecdsa-p256").success();
    folder
        .mailca("revoke joe --crl")
        .exits(1)
        .says(&["the new revocation list stays", "crl --if-needed"]);
    assert_eq!(folder.read("etc/dc/crl.pem"), folder.read("demoCA/crl.pem"));
    let text = folder.mailca("status").exits(3).text();
    assert!(text.contains("was not seen to take up what is there"), "{text}");
    folder.mailca("crl --if-needed").exits(1);
    folder.write("up", "");
    folder.mailca("crl --if-needed").success();
    assert!(!to_do(&folder).contains(&"not-installed".into()));
}
