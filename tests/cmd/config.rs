//! `config timer`: units that systemd takes, and commands that do their work without a terminal.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::{Certificate, Folder, MAILCA, Snapshot, mode, need};

/// The value of a setting in a unit.
fn setting<'u>(unit: &'u str, name: &str) -> &'u str {
    let prefix = format!("{name}=");
    let found = unit.lines().find_map(|line| line.strip_prefix(&prefix));
    found.unwrap_or_else(|| panic!("no {name} in {unit}"))
}

/// The units in what was printed, taken apart by the very command that it names.
fn units(folder: &Folder, printed: &str) -> BTreeMap<String, String> {
    folder.write("timer.txt", printed);
    let line = printed.lines().find(|line| line.contains("awk '")).unwrap();
    let awk = &line[line.find("awk '").unwrap()..line.rfind(" <").unwrap()];
    folder.bash(&format!("mkdir units && cd units && {awk} < ../timer.txt")).success();
    let entries = std::fs::read_dir(folder.path("units")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| (name.clone(), folder.text(&format!("units/{name}")))).collect()
}

/// The words of a command line of a unit, as systemd takes them apart.
fn words(command: &str, credentials: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    let mut rest = command.chars();
    while let Some(c) = rest.next() {
        let word = words.last_mut().unwrap();
        match c {
            '"' => quoted = !quoted,
            '\\' => word.extend(rest.next()),
            '%' => match rest.next() {
                Some('%') => word.push('%'),
                Some('d') => word.push_str(credentials),
                other => panic!("a specifier: %{other:?}"),
            },
            '$' => {
                assert_eq!(rest.next(), Some('$'), "a variable in {command}");
                word.push('$');
            }
            ' ' if !quoted => words.push(String::new()),
            c => word.push(c),
        }
    }
    words
}

/// Runs a program as a timer does: no terminal, and an environment with nothing in it.
fn unattended(program: &str, args: &[String], folder: &Path) -> Output {
    let mut command = Command::new("setsid");
    command.arg("--wait").arg(program).args(args).current_dir(folder).env_clear();
    command.env("PATH", "/usr/bin:/bin").stdin(Stdio::null()).output().unwrap()
}

/// In a folder whose name needs every kind of quoting: a CA with an encrypted key, and a host whose
/// certificate is due.
fn with_due_host(outer: &Folder) -> Folder {
    let inner = Folder::empty();
    inner.write("pass", "ca secret\n");
    inner.chmod("pass", 0o400);
    inner.mailca("newca --encrypt-key --ca-passphrase-file pass").success();
    inner.mailca("newreq --cn mail.example.com mail").success();
    inner.openssl("pkey -passin file:pass -in demoCA/private/cakey.pem -out plain.pem").success();
    std::fs::rename(inner.path("demoCA/private/cakey.pem"), inner.path("sealed.pem")).unwrap();
    std::fs::rename(inner.path("plain.pem"), inner.path("demoCA/private/cakey.pem")).unwrap();
    inner.dated("mail", "server_cert", -340, 25);
    std::fs::rename(inner.path("sealed.pem"), inner.path("demoCA/private/cakey.pem")).unwrap();
    outer.mkdir("a $b 5%");
    outer.bash(&format!("cp -a '{}'/. 'a $b 5%'/", inner.root().display())).success();
    inner
}

const PLACE: &str = "a $b 5%";

fn serial(folder: &Folder) -> String {
    Certificate::read(&folder.path(PLACE).join("mail/cert.pem")).serial
}

#[test]
fn the_commands_of_the_units_do_their_work() {
    need!("openssl", "setsid", "awk");
    let folder = Folder::empty();
    let _inner = with_due_host(&folder);
    let line = "config timer --expiring 26d --ca-passphrase-file pass";
    let printed = folder.mailca(line).within(PLACE).success().text();
    let units = units(&folder, &printed);
    let names: Vec<_> = units.keys().map(String::as_str).collect();
    let expected =
        ["mailca-crl.service", "mailca-renew.service", "mailca-status.service", "mailca.timer"];
    assert_eq!(names, expected);

    let place = folder.path(PLACE).display().to_string();
    folder.mkdir("credentials");
    let credentials = folder.path("credentials").display().to_string();
    let old = serial(&folder);
    for name in ["renew", "crl", "status"] {
        let unit = &units[&format!("mailca-{name}.service")];
        let value = setting(unit, "WorkingDirectory");
        assert_eq!(value.replace("%%", "%"), place);
        let args = words(setting(unit, "ExecStart"), &credentials);
        assert_eq!((&args[0][..], &args[1][..]), (MAILCA, name));
        let run = || {
            let output = unattended(MAILCA, &args[1..], Path::new(&place));
            (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
        };
        if name == "status" {
            // Something may be left to be done, such as a backup.
            let before = Snapshot::of(folder.root());
            let (status, said) = run();
            assert!(matches!(status, Some(0 | 3)), "{said}");
            assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "");
            continue;
        }
        let (status, said) = run();
        assert!(status == Some(1) && said.contains("ca-passphrase"), "{name}: {said}");
        let credential = setting(unit, "LoadCredential").trim_matches('"').replace("%%", "%");
        let source = credential.strip_prefix("ca-passphrase:").unwrap();
        assert_eq!(source, format!("{place}/pass"));
        std::fs::copy(source, folder.path("credentials/ca-passphrase")).unwrap();
        let (status, said) = run();
        assert_eq!(status, Some(0), "{name}: {said}");
        std::fs::remove_file(folder.path("credentials/ca-passphrase")).unwrap();
    }
    assert_ne!(serial(&folder), old);
    assert_eq!(folder.text(&format!("{PLACE}/demoCA/index.txt")).lines().count(), 3);
}

/// What the lines of the crontab run, as cron hands it to the shell.
fn cron_lines(printed: &str) -> Vec<String> {
    let jobs = printed.lines().filter_map(|line| line.strip_prefix('#'));
    jobs.filter(|line| line.starts_with(|c: char| c.is_ascii_digit()))
        .map(|line| {
            let command = line.splitn(7, ' ').nth(6).unwrap();
            assert!(!command.replace("\\%", "").contains('%'), "cron ends the line: {command}");
            command.replace("\\%", "%")
        })
        .collect()
}

#[test]
fn the_lines_for_cron_do_their_work() {
    need!("openssl", "setsid");
    let folder = Folder::empty();
    let _inner = with_due_host(&folder);
    let run = folder.mailca("config timer").env("MAILCA_CA_PASSPHRASE_FILE", "pass");
    let printed = run.within(PLACE).success().text();
    let old = serial(&folder);
    let lines = cron_lines(&printed);
    assert_eq!(lines.len(), 3, "{printed}");
    for (line, word) in lines.iter().zip([" renew ", " crl ", " status "]) {
        assert!(line.contains(word), "{line}");
        let output = unattended("/bin/sh", &["-c".into(), line.clone()], Path::new("/"));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let expected: &[i32] = if word == " status " { &[0, 3, 70] } else { &[0] };
        assert!(expected.contains(&output.status.code().unwrap()), "{line}: {said}");
    }
    assert_ne!(serial(&folder), old);
    // On the next day there is nothing to renew, and nothing is said.
    for line in &lines[..2] {
        let output = unattended("/bin/sh", &["-c".into(), line.clone()], Path::new("/"));
        assert_eq!(output.status.code(), Some(0));
        assert!(output.stderr.is_empty() && output.stdout.is_empty(), "{output:?}");
    }
}

#[test]
fn systemd_takes_the_units() {
    need!("systemd-analyze", "awk");
    for (name, more) in [("plain", ""), ("a $b 5%", " --ca-passphrase-file /etc/hostname")] {
        let folder = Folder::empty();
        folder.mkdir(name);
        folder.mailca("newca").within(name).success();
        let printed = folder.mailca(&format!("config timer{more}")).within(name).success().text();
        let units = units(&folder, &printed);
        let outcome = folder.program("systemd-analyze", "verify").within("units");
        let names: Vec<_> = units.keys().map(|name| format!("./{name}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let outcome = outcome.args(&names).success();
        assert!(!outcome.stderr.contains("mailca"), "{outcome}");
        let calendar = setting(&units["mailca.timer"], "OnCalendar");
        folder.program("systemd-analyze", "calendar").arg(calendar).success();
    }
}

#[test]
fn a_failing_renewal_keeps_nothing_else_from_running() {
    let folder = Folder::with_ca();
    let outcome = folder.mailca("config timer --json").success();
    let report: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    let unit = |name: &str| report["units"][name].as_str().unwrap().to_owned();
    assert_eq!(report["units"].as_object().unwrap().len(), 4);
    assert_eq!(report["cron"].as_array().unwrap().len(), 3);
    assert_eq!(setting(&unit("mailca.timer"), "Unit"), "mailca-status.service");
    let status = unit("mailca-status.service");
    for name in ["Wants", "After"] {
        assert_eq!(setting(&status, name), "mailca-renew.service mailca-crl.service");
    }
    assert!(!status.contains("Requires"), "{status}");
    // Nothing hides the exit status from systemd.
    for name in ["mailca-renew.service", "mailca-crl.service", "mailca-status.service"] {
        assert!(setting(&unit(name), "ExecStart").starts_with(MAILCA), "{name}");
        assert!(!unit(name).contains("SuccessExitStatus"), "{name}");
    }
    assert!(!unit("mailca.timer").contains("cron"), "{report}");
}

#[test]
fn a_key_with_a_passphrase_gets_a_credential_and_one_without_gets_none() {
    let folder = Folder::with_ca();
    let plain = folder.mailca("config timer").success().text();
    assert!(!plain.contains("assphrase") && !plain.contains("LoadCredential"), "{plain}");
    let folder = Folder::empty();
    folder.write("pass", "ca secret\n");
    folder.mailca("newca --encrypt-key --ca-passphrase-file pass").success();
    let outcome = folder.mailca("config timer").success();
    outcome.says(&[
        "LoadCredential=ca-passphrase:/etc/mailca/ca-passphrase",
        "--ca-passphrase-file %d/ca-passphrase",
        "is not there yet",
    ]);
    let outcome = folder.mailca("config timer --ca-passphrase-file pass").success();
    outcome.says_nothing_of(&["ca secret", "is not there yet"]);
    assert_eq!(mode(&folder.path("pass")), 0o644);
}

#[test]
fn the_places_of_the_list_may_be_written_to() {
    let folder = Folder::with_ca();
    let outcome = folder
        .mailca("config timer --json")
        .env("MAILCA_CRL_PUBLISH", "/var/www/html/crl.der")
        .env("MAILCA_CRL_HASH_DIR", "/etc/mail/certs")
        .success();
    let report: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    let unit = |name: &str| report["units"][name].as_str().unwrap().to_owned();
    let crl = unit("mailca-crl.service");
    let paths = setting(&crl, "ReadWritePaths").to_owned();
    assert!(paths.ends_with(" -/etc/mail/certs -/var/www/html"), "{paths}");
    let renew = unit("mailca-renew.service");
    let paths = setting(&renew, "ReadWritePaths").to_owned();
    assert!(!paths.contains("/etc"), "{paths}");
    // The folder is in /tmp, which must not be hidden.
    assert!(!folder.root().starts_with("/tmp") || !renew.contains("PrivateTmp"), "{renew}");
}

/// Maps of who may relay follow every renewal and every list.
#[test]
fn the_access_maps_may_be_written_to() {
    let folder = Folder::with_ca();
    let maps = "postfix:/etc/postfix/relay_clientcerts,sendmail:maps/access";
    let outcome = folder.mailca("config timer --json").env("MAILCA_ACCESS_MAPS", maps).success();
    let report: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    for name in ["mailca-renew.service", "mailca-crl.service"] {
        let paths = setting(report["units"][name].as_str().unwrap(), "ReadWritePaths");
        assert!(paths.contains(" -/etc/postfix") && paths.contains("/demoCA/maps"), "{paths}");
    }
}

#[test]
fn without_a_ca_or_with_a_wrong_span_nothing_is_printed() {
    Folder::empty().mailca("config timer").refused(&["no CA", "newca"]);
    Folder::with_ca().mailca("config timer --expiring 30").usage(&["30d"]);
    Folder::empty().mailca("config").exits(2);
}

#[test]
fn a_folder_that_no_unit_can_name_is_refused() {
    let folder = Folder::empty();
    folder.mkdir("a\nb");
    folder.mailca("newca").within("a\nb").success();
    folder.mailca("config timer").within("a\nb").refused(&["no path that can be written"]);
}

/// A timer in a folder that holds nothing would never find anything, and one in / could write anywhere.
#[test]
fn the_services_work_where_the_certificate_folders_are() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com mail").success();
    folder.mkdir("empty");
    folder.mkdir("other");
    folder.bash("cp -a mail other/mail").success();
    let root = folder.path(".").canonicalize().unwrap();
    let ca_dir = root.join("demoCA").display().to_string();
    let other = root.join("other");
    for (within, expected) in
        [("empty", &root), ("/", &root), ("demoCA", &root), (".", &root), ("other", &other)]
    {
        let outcome = folder
            .mailca("config timer --json")
            .args(&["--ca-dir", &ca_dir])
            .within(within)
            .success();
        let moved = outcome.stderr.contains("no certificate folder is in");
        assert_eq!(moved, !matches!(within, "." | "other"), "{outcome}");
        let report: Value = serde_json::from_slice(&outcome.stdout).unwrap();
        let unit = report["units"]["mailca-renew.service"].as_str().unwrap();
        assert_eq!(setting(unit, "WorkingDirectory"), expected.display().to_string(), "{within}");
        let written = format!("{} {ca_dir}", expected.display());
        assert_eq!(setting(unit, "ReadWritePaths"), written, "{within}");
        let cron = report["cron"][0].as_str().unwrap();
        assert!(cron.contains(&format!("cd {} &&", expected.display())), "{cron}");
    }
}
