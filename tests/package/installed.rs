//! The package on a machine that has nothing else: installed, used, upgraded, removed.

use std::fs;
use std::path::Path;

use super::making::need_package;
use crate::support::{Folder, Machine, need_machine};

const DEB: &str = "/root/mailca.deb";
/// All files of the machine, but those in which dpkg keeps account.
const FILES: &str = "find / -xdev \\( -path /proc -o -path /dev -o -path /root -o -path /tmp \
                     -o -path /var/lib/dpkg -o -path /var/log -o -path /var/cache \\) -prune -o -print | sort";
/// What belongs to the CA, with modes, owners and contents.
const CA: &str = "cd /var/lib/mailca && find . -printf '%P %M %U %G\\n' | sort \
                  && find . -type f | sort | xargs sha256sum";

/// A machine with the package at [`DEB`], and no other mailca.
fn bring(machine: &Machine, package: &Path) {
    machine.write(DEB, fs::read(package).unwrap(), 0o644);
    machine.run("umount /usr/local/bin/mailca").output();
    machine.shell("rm /usr/local/bin/mailca");
    // The machines have no documentation, but this one is to have all that is in the package.
    machine.shell("rm -f $(grep -l path-exclude /etc/dpkg/dpkg.cfg.d/*)");
}

/// Installs it. Where its C library is older than the program's, dpkg has to say so: then it is not
/// installed.
fn install(machine: &Machine) -> bool {
    let outcome = machine.run(&format!("dpkg --install {DEB}")).output();
    if outcome.status == Some(0) {
        return true;
    }
    assert!(outcome.stderr.contains("mailca depends on libc6"), "{outcome}");
    assert!(!machine.holds("/usr/bin/mailca --version"), "it runs, though dpkg says no: {outcome}");
    false
}

#[test]
fn does_its_job_on_trixie() {
    let package = need_package!();
    does_its_job(&need_machine!("base", "trixie"), package);
}

#[test]
fn does_its_job_on_bookworm() {
    let package = need_package!();
    does_its_job(&need_machine!("base", "bookworm"), package);
}

fn does_its_job(machine: &Machine, package: &Path) {
    bring(machine, package);
    let before = machine.shell(FILES);
    if !install(machine) {
        return;
    }
    assert_eq!(machine.shell("command -v mailca"), "/usr/bin/mailca\n");
    let version = Folder::empty().mailca("--version").success().text();
    assert_eq!(machine.shell("mailca --version"), version);
    assert_eq!(machine.shell("dpkg --verify mailca"), "");
    // Nothing is started or enabled.
    assert!(machine.holds("test -f /usr/lib/systemd/system/mailca.timer"));
    assert_eq!(
        machine.shell("find /etc/systemd /run/systemd -name '*mailca*' 2>/dev/null || :"),
        ""
    );

    // The main job, in an empty folder.
    machine.shell(
        "mkdir job && cd job && mailca newca && mailca newreq --cn mail.example.com && mailca sign \
         && mailca verify cert.pem --host mail.example.com \
         && openssl verify -CAfile cacert.pem -purpose sslserver cert.pem \
         && openssl verify -CAfile cacert.pem -purpose sslclient cert.pem",
    );

    looks_after_a_ca(machine);
    let kept = machine.shell(CA);
    assert!(kept.contains("demoCA/private/cakey.pem -r--------"), "{kept}");

    // An upgrade, or the same once more, keeps what the administrator has changed.
    machine.shell("echo MAILCA_LEAF_DAYS=90 >>/etc/default/mailca");
    assert!(install(machine));
    assert!(machine.read("/etc/default/mailca").ends_with("MAILCA_LEAF_DAYS=90\n"));

    machine.shell("dpkg --remove mailca");
    assert_eq!(machine.shell(CA), kept);
    assert!(machine.holds("test -f /etc/default/mailca && test ! -e /usr/bin/mailca"));
    machine.shell("dpkg --purge mailca");
    assert_eq!(machine.shell(CA), kept);
    machine.shell("rm -rf /var/lib/mailca");
    assert_eq!(machine.shell(FILES), before);
}

/// The services' commands on a CA at the place that the package has for it, in the order in which
/// the timer has them run.
fn looks_after_a_ca(machine: &Machine) {
    machine.shell(
        "cd /var/lib/mailca && mailca newca --cn 'Example Mail CA' \
         && mailca issue --cn mail.example.com mail.example.com && mailca backup /root/backup.tar",
    );
    for service in ["renew", "crl", "status"] {
        let unit = machine.read(&format!("/usr/lib/systemd/system/mailca-{service}.service"));
        let setting = |name: &str| {
            let mut lines =
                unit.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            lines.next_back().unwrap_or_else(|| panic!("{name} is not in {unit}")).to_owned()
        };
        assert!(machine.holds(&format!("test -e {}", setting("ConditionPathExists"))));
        let (folder, file) = (setting("WorkingDirectory"), setting("EnvironmentFile"));
        machine.shell(&format!(
            "set -a && . {} && cd {folder} && {}",
            file.strip_prefix('-').unwrap(),
            setting("ExecStart")
        ));
    }
    assert!(machine.holds("test -s /var/lib/mailca/demoCA/crl.pem"));
}

#[test]
fn removed_without_a_ca_leaves_nothing() {
    let package = need_package!();
    let machine = need_machine!("base", "trixie");
    bring(&machine, package);
    let before = machine.shell(FILES);
    if install(&machine) {
        machine.shell("dpkg --purge mailca");
        assert_eq!(machine.shell(FILES), before);
    }
}
