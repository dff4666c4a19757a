//! The units in the package: systemd takes them, and they are those of `mailca config timer`.

use std::collections::BTreeSet;

use super::making::SOURCES;
use crate::support::{Folder, need};

const UNITS: [&str; 4] =
    ["mailca-crl.service", "mailca-renew.service", "mailca-status.service", "mailca.timer"];

fn unit(name: &str) -> String {
    std::fs::read_to_string(format!("{SOURCES}/packaging/systemd/{name}")).unwrap()
}

/// The settings of a unit: what is not empty and no comment.
fn settings(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

#[test]
fn systemd_takes_them() {
    need!("systemd-analyze");
    let folder = Folder::empty();
    for name in UNITS {
        // The program is not installed here.
        folder.write(name, unit(name).replace("/usr/bin/mailca", "/bin/true"));
    }
    let paths = UNITS.map(|name| format!("./{name}"));
    let paths: Vec<_> = paths.iter().map(String::as_str).collect();
    let outcome = folder.program("systemd-analyze", "verify --man=no").args(&paths).success();
    assert!(!outcome.stderr.contains("mailca"), "{outcome}");
}

#[test]
fn they_are_those_of_config_timer() {
    let folder = Folder::with_ca();
    let printed = folder.mailca("config timer --json").success();
    let printed: serde_json::Value = serde_json::from_slice(&printed.stdout).unwrap();
    let here = folder.root().canonicalize().unwrap();
    for name in UNITS {
        let tailored = printed["units"][name].as_str().unwrap();
        let tailored = tailored
            // Every test names an empty file of settings, and the units would hand it on.
            .replace(" --config /dev/null", "")
            .replace(crate::support::MAILCA, "/usr/bin/mailca")
            .replace(here.to_str().unwrap(), "/var/lib/mailca");
        let (tailored, packed) = (settings(&tailored), settings(&unit(name)));
        let fewer: Vec<_> = tailored.difference(&packed).map(String::as_str).collect();
        let more: Vec<_> = packed.difference(&tailored).map(String::as_str).collect();
        let mut expected_fewer = Vec::new();
        let mut expected_more = vec!["Documentation=man:mailca(1)"];
        if name != "mailca.timer" {
            expected_more.push("ConditionPathExists=/var/lib/mailca/demoCA/index.txt");
            expected_more.push("EnvironmentFile=-/etc/default/mailca");
            // The folder of a test is in /tmp, which a private one would hide.
            expected_more.push("PrivateTmp=yes");
        }
        if name == "mailca-renew.service" || name == "mailca-crl.service" {
            // Which servers there are is not known to a package: they are reloaded and looked at.
            expected_fewer.push("CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER");
            expected_fewer.push("PrivateNetwork=yes");
            expected_fewer.push("ProtectSystem=strict");
            expected_fewer.push("ReadWritePaths=/var/lib/mailca /var/lib/mailca/demoCA");
            expected_more.push("ProtectSystem=full");
            expected_more.push(
                "ReadWritePaths=/var/lib/mailca -/etc/mail -/etc/postfix -/etc/exim4 -/etc/dovecot \
                 -/etc/opensmtpd",
            );
        }
        expected_more.sort_unstable();
        assert_eq!((fewer, more), (expected_fewer, expected_more), "{name}");
    }
}
