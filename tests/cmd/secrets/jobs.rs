//! Every command that has a key or a password in its hands.

use std::path::Path;

use crate::secrets::secret::Secret;
use crate::support::{Folder, MAILCA, Outcome, Pty, Run, Snapshot};

/// A password and a passphrase, as somebody may choose them.
pub const PASSWORD: &str = "Tr0ub4dor-and-three";
pub const PASSPHRASE: &str = "correct horse battery";

/// The files that hold keys and passwords, each of its own.
pub const FILES: &[&str] = &[
    "demoCA/private/cakey.pem",
    "key.pem",
    "joeuser/key.pem",
    "ann/key.pem",
    "bob/key.pem",
    "carl/key.pem",
    "rsa.key",
    "other.key",
    "ec.key",
    "pass",
    "pw",
    "out",
    "passwords.csv",
    "ca.tar",
    "old.key",
    "demoCA2/private/cakey.pem",
];

/// One command.
pub struct Job {
    /// The arguments.
    pub line: &'static str,
    /// What is typed at a terminal, question by question; without any it runs without one.
    typed: &'static [(&'static str, &'static str)],
    stdin: &'static str,
    prepare: fn(&Folder),
    /// What must not be left.
    pub secrets: fn(&Folder) -> Vec<Secret>,
}

impl Job {
    const fn new(
        line: &'static str,
        prepare: fn(&Folder),
        secrets: fn(&Folder) -> Vec<Secret>,
    ) -> Self {
        Self { line, typed: &[], stdin: "", prepare, secrets }
    }

    const fn typing(self, typed: &'static [(&'static str, &'static str)]) -> Self {
        Self { typed, ..self }
    }

    const fn stdin(self, stdin: &'static str) -> Self {
        Self { stdin, ..self }
    }

    pub fn prepared(&self) -> Folder {
        let folder = Folder::empty();
        (self.prepare)(&folder);
        folder
    }

    /// Runs it with the library in it.
    pub fn run(&self, folder: &Folder, library: &Path, dump: &Path) -> Outcome {
        let variables = [("LD_PRELOAD", library), ("MEMORY_DUMP", dump)]
            .map(|(name, path)| (name, path.to_str().unwrap()));
        if self.typed.is_empty() {
            let run = Run::new(Path::new(MAILCA), folder.root(), self.line).stdin(self.stdin);
            return variables.iter().fold(run, |run, (name, value)| run.env(name, value)).success();
        }
        let words: Vec<_> =
            variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let line = format!("{} {MAILCA} {}", words.join(" "), self.line);
        let mut terminal = Pty::start(Path::new("/usr/bin/env"), folder.root(), &line);
        for (question, answer) in self.typed {
            terminal.expect_hidden(question).answer(answer);
        }
        let (screen, status) = terminal.finish();
        assert_eq!(status, 0, "{}: {screen}", self.line);
        Outcome::of_terminal(self.line, screen, status)
    }
}

impl Job {
    /// Whether it runs without a terminal.
    pub fn is_unattended(&self) -> bool {
        self.typed.is_empty()
    }

    /// Runs it under strace, with nothing taken away by the umask: how files are opened, and their modes
    /// changed.
    pub fn traced(&self, folder: &Folder) -> String {
        let calls = "-f -qq -e trace=openat,chmod,fchmod,fchmodat -o trace";
        let line = format!("{calls} {MAILCA} {}", self.line);
        folder.program("strace", &line).stdin(self.stdin).umask("0000").success();
        folder.text("trace")
    }
}

fn with_ca(folder: &Folder) {
    folder.write("pass", format!("{PASSPHRASE}\n"));
    folder.write("pw", format!("{PASSWORD}\n"));
    folder.chmod("pass", 0o400);
    folder.chmod("pw", 0o400);
    folder.mailca("newca").success();
}

fn with_secret_ca(folder: &Folder) {
    with_passphrase(folder);
    folder.mailca("newca --encrypt-key --ca-passphrase-file pass").success();
}

fn with_passphrase(folder: &Folder) {
    folder.write("pass", format!("{PASSPHRASE}\n"));
    folder.chmod("pass", 0o400);
}

fn with_request(folder: &Folder) {
    with_ca(folder);
    folder.mailca("newreq --cn mail.example.com").success();
}

fn with_host(folder: &Folder) {
    with_ca(folder);
    folder.mailca("issue --cn mail.example.com").success();
}

fn with_user(folder: &Folder) {
    with_ca(folder);
    folder.mailca("issue --user joeuser --email joe@example.com joeuser").success();
}

fn with_people(folder: &Folder) {
    with_ca(folder);
    folder.write(
        "people.csv",
        "login,email\nann,ann@example.com\nbob,bob@example.com\ncarl,carl@example.com\n",
    );
}

fn with_foreign_key(folder: &Folder) {
    with_ca(folder);
    folder.foreign_key("other", "RSA rsa_keygen_bits:2048");
    folder.openssl("rsa -traditional -in other.key -out rsa.key").success();
    folder.chmod("rsa.key", 0o400);
}

fn with_sec1_key(folder: &Folder) {
    with_ca(folder);
    folder.openssl("ecparam -name prime256v1 -genkey -out ec.key").success();
}

fn key(folder: &Folder, name: &str) -> Secret {
    Secret::key(name, &folder.text(name))
}

fn ca_key(folder: &Folder) -> Vec<Secret> {
    vec![key(folder, "demoCA/private/cakey.pem")]
}

fn secret_ca_key(folder: &Folder) -> Vec<Secret> {
    let line = "pkcs8 -in demoCA/private/cakey.pem -passin file:pass";
    let plain = folder.openssl(line).success().text();
    vec![Secret::key("cakey.pem", &plain), Secret::password("the passphrase", PASSPHRASE)]
}

fn host_key(folder: &Folder) -> Vec<Secret> {
    vec![key(folder, "key.pem")]
}

fn host_and_ca(folder: &Folder) -> Vec<Secret> {
    [host_key(folder), ca_key(folder)].concat()
}

/// The key in the file of that name, in whatever form, as PKCS#8.
fn converted(folder: &Folder, name: &str) -> Vec<Secret> {
    let plain = folder.openssl("pkcs8 -topk8 -nocrypt -in").arg(name).success().text();
    vec![Secret::key(name, &plain)]
}

fn user_key(folder: &Folder) -> Vec<Secret> {
    vec![key(folder, "joeuser/key.pem"), Secret::password("the password", PASSWORD)]
}

fn user_key_with_file(folder: &Folder, name: &str) -> Vec<Secret> {
    vec![
        key(folder, "joeuser/key.pem"),
        Secret::password("the password", folder.text(name).trim_end()),
    ]
}

/// A CA of openssl's and its key in `old.pem` and `old.key`.
fn with_old_ca(folder: &Folder) {
    folder.foreign_key("old", "RSA rsa_keygen_bits:2048");
    folder.openssl("req -x509 -batch -key old.key -days 900 -subj /CN=Old -out old.pem").success();
}

fn with_backup(folder: &Folder) {
    with_ca(folder);
    folder.mailca("backup ca.tar").success();
}

fn with_bundle(folder: &Folder) {
    with_user(folder);
    folder.mailca("export-p12 joeuser --password-file pw").success();
}

fn both_ca_keys(folder: &Folder) -> Vec<Secret> {
    let files = Snapshot::of(folder.root()).files();
    let keys = files.iter().filter(|name| name.starts_with("demoCA/private/"));
    keys.map(|name| key(folder, name)).collect()
}

fn people(folder: &Folder) -> Vec<Secret> {
    let mut secrets = ca_key(folder);
    for login in ["ann", "bob", "carl"] {
        secrets.push(key(folder, &format!("{login}/key.pem")));
    }
    for line in folder.text("passwords.csv").lines().skip(1) {
        let (login, password) = line.split_once(',').unwrap();
        secrets.push(Secret::password(&format!("the password of {login}"), password));
    }
    secrets
}

/// The commands of which nothing may be left.
pub const JOBS: [Job; 27] = [
    Job::new("newca", |_| {}, ca_key),
    Job::new("newca --key-type rsa-2048", |_| {}, ca_key),
    Job::new("newca --encrypt-key --ca-passphrase-file pass", with_passphrase, secret_ca_key),
    Job::new("crl", with_secret_ca, secret_ca_key).typing(&[("passphrase", PASSPHRASE)]),
    Job::new("newreq --cn mail.example.com", |_| {}, host_key),
    Job::new("newreq --cn mail.example.com --key-type rsa-2048", |_| {}, host_key),
    Job::new("newreq --cn mail.example.com --key-type ed25519", |_| {}, host_key),
    Job::new("newreq --cn mail.example.com --key rsa.key", with_foreign_key, |folder| {
        converted(folder, "rsa.key")
    }),
    Job::new("newreq --cn mail.example.com --key ec.key", with_sec1_key, |folder| {
        converted(folder, "ec.key")
    }),
    Job::new("sign", with_request, host_and_ca),
    Job::new("issue --cn mail.example.com", with_ca, host_and_ca),
    Job::new("crl --ca-passphrase-file pass", with_secret_ca, secret_ca_key),
    Job::new("export-p12 joeuser --password-file pw", with_user, user_key),
    Job::new("export-p12 joeuser --password-stdin", with_user, user_key)
        .stdin("Tr0ub4dor-and-three\n"),
    Job::new("export-p12 joeuser", with_user, user_key)
        .typing(&[("password", PASSWORD), ("again", PASSWORD)]),
    Job::new("export-p12 joeuser --generate-password --password-out out", with_user, |folder| {
        user_key_with_file(folder, "out")
    }),
    Job::new("kit joeuser --password-out out", with_user, |folder| {
        user_key_with_file(folder, "out")
    }),
    Job::new("issue --from people.csv --p12 --password-out passwords.csv", with_people, people),
    Job::new("export-p12 joeuser --for apple --password-file pw", with_user, user_key),
    Job::new("show joeuser.p12 --password-file pw", with_bundle, user_key),
    Job::new("show --json joeuser/key.pem", with_user, |folder| {
        vec![key(folder, "joeuser/key.pem")]
    }),
    Job::new("newca --from old.pem old.key", with_old_ca, ca_key),
    Job::new("renew . --new-key", with_host, host_and_ca),
    Job::new("rekey-ca --yes", with_ca, both_ca_keys),
    Job::new("backup ca.tar", with_ca, ca_key),
    Job::new("restore ca.tar --ca-dir demoCA2", with_backup, ca_key),
    Job::new("issue --user joeuser --email joe@example.com joeuser", with_ca, |folder| {
        vec![key(folder, "joeuser/key.pem")]
    }),
];
