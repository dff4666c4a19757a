//! A folder of its own for every test, empty or with a certificate authority in it.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use tempfile::TempDir;

use super::{MAILCA, Run, Snapshot, peer};

/// Every key type of `--key-type`.
pub const KEY_TYPES: [&str; 6] =
    ["ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-2048", "rsa-3072", "rsa-4096"];

/// A folder that goes away with the test.
pub struct Folder(TempDir);

impl Folder {
    pub fn empty() -> Self {
        Self(TempDir::with_prefix("mailca-test-").unwrap())
    }

    /// One in memory where there is such a place, for tests that fill one very often.
    pub fn in_memory() -> Self {
        let made = TempDir::with_prefix_in("mailca-test-", "/dev/shm");
        made.map_or_else(|_| Self::empty(), Self)
    }

    /// Takes away all that is in it.
    pub fn clear(&self) {
        for entry in fs::read_dir(self.root()).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                fs::remove_dir_all(entry.path()).unwrap();
            } else {
                fs::remove_file(entry.path()).unwrap();
            }
        }
    }

    /// With a P-256 CA in `demoCA/`.
    pub fn with_ca() -> Self {
        Self::with_ca_of("ecdsa-p256")
    }

    /// With a CA of that key type; made once in each test binary, and copied.
    pub fn with_ca_of(key_type: &str) -> Self {
        static MADE: LazyLock<Mutex<HashMap<String, (Snapshot, PathBuf)>>> =
            LazyLock::new(Mutex::default);
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        let (snapshot, place) = made.entry(key_type.to_string()).or_insert_with(|| {
            let original = Self::empty();
            let name = format!("Test CA {key_type}");
            let run = original.mailca("newca --org Example --key-type").arg(key_type);
            run.args(&["--cn", &name]).success();
            (Snapshot::of(original.root()), original.root().to_path_buf())
        });
        let folder = Self::copy_of(snapshot);
        // The copy has to know where it is.
        let [old, new] = [place.as_path(), folder.root()].map(|path| path.display().to_string());
        let configuration = folder.text("demoCA/openssl.cnf").replace(&old, &new);
        folder.write("demoCA/openssl.cnf", configuration);
        folder
    }

    /// With what was in another folder.
    pub fn copy_of(snapshot: &Snapshot) -> Self {
        let folder = Self::empty();
        snapshot.write_to(folder.root());
        folder
    }

    /// With a CA, `key.pem` and `req.pem` of mail.example.com in the folder itself.
    pub fn with_request() -> Self {
        let folder = Self::with_ca();
        folder.mailca("newreq --cn mail.example.com").success();
        folder
    }

    /// With a CA, and joeuser's key, request and certificate in `joeuser/`.
    pub fn with_user() -> Self {
        let folder = Self::with_ca();
        folder.mailca("newreq --user joeuser --email joe@example.com joeuser").success();
        folder.mailca("sign joeuser").success();
        folder
    }

    pub fn root(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// Puts bytes in the place of a file, whatever its mode.
    pub fn replace(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::remove_file(self.path(name)).unwrap();
        self.write(name, bytes);
    }

    pub fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    pub fn exists(&self, name: &str) -> bool {
        fs::symlink_metadata(self.path(name)).is_ok()
    }

    pub fn mkdir(&self, name: &str) {
        fs::create_dir_all(self.path(name)).unwrap();
    }

    /// mailca with the words of a line as its arguments.
    pub fn mailca(&self, line: &str) -> Run {
        Run::new(Path::new(MAILCA), self.root(), line)
    }

    /// openssl, which every test may count on after `need!("openssl")`.
    pub fn openssl(&self, line: &str) -> Run {
        self.program("openssl", line)
    }

    /// Another program, which must be there.
    pub fn program(&self, name: &str, line: &str) -> Run {
        let program = peer(name).unwrap_or_else(|| panic!("{name}: ask need! first"));
        Run::new(&program, self.root(), line)
    }

    /// A shell script, stopped at its first error.
    pub fn bash(&self, script: &str) -> Run {
        let bin = Path::new(MAILCA).parent().unwrap().display().to_string();
        let path = std::env::var("PATH").unwrap_or_default();
        Run::new(Path::new("/bin/bash"), self.root(), "-euo pipefail -c")
            .arg(script)
            .env("PATH", &format!("{bin}:{path}"))
    }

    /// A request made by openssl, with the lines of a configuration of its own, in NAME.csr, and
    /// its key in NAME.key.
    pub fn foreign_request(&self, name: &str, key: &str, config: &str) {
        self.write(&format!("{name}.cnf"), config);
        self.foreign_key(name, key);
        self.openssl("req -new -utf8 -batch")
            .args(&["-config", &format!("{name}.cnf"), "-key", &format!("{name}.key")])
            .args(&["-out", &format!("{name}.csr")])
            .success();
    }

    /// A key made by openssl in NAME.key; the words after the algorithm are its options.
    pub fn foreign_key(&self, name: &str, key: &str) {
        let mut words = key.split_whitespace();
        let run = self.openssl("genpkey -algorithm").arg(words.next().unwrap());
        let run = words.fold(run, |run, option| run.args(&["-pkeyopt", option]));
        run.args(&["-out", &format!("{name}.key")]).success();
    }

    /// A plain request of openssl's for a subject and SANs, in NAME.csr.
    pub fn simple_request(&self, name: &str, subject: &str, sans: &str) {
        self.foreign_key(name, "EC ec_paramgen_curve:P-256");
        let run = self
            .openssl("req -new -batch -utf8")
            .args(&["-key", &format!("{name}.key"), "-out", &format!("{name}.csr")])
            .args(&["-subj", subject]);
        let run = if sans.is_empty() {
            run
        } else {
            run.args(&["-addext", &format!("subjectAltName={sans}")])
        };
        run.success();
    }

    /// Signs the request in a certificate folder with `openssl ca`, which gives any dates: a certificate
    /// that began and ends so many days from now.
    pub fn dated(&self, name: &str, section: &str, from: i64, until: i64) {
        let paths = ["cert.pem", "cacert.pem"].map(|file| self.path(name).join(file));
        for path in &paths {
            let _ = fs::remove_file(path);
        }
        self.openssl("ca -config demoCA/openssl.cnf -batch -notext -extensions")
            .args(&[section, "-startdate", &day(from), "-enddate", &day(until)])
            .args(&["-in", &format!("{name}/req.pem"), "-out", &format!("{name}/cert.pem")])
            .success();
        fs::copy(self.path("demoCA/cacert.pem"), &paths[1]).unwrap();
        for path in &paths {
            fs::set_permissions(path, fs::Permissions::from_mode(0o400)).unwrap();
        }
    }

    /// A host with its key and such a certificate in the folder `NAME/`.
    pub fn dated_host(&self, name: &str, from: i64, until: i64) {
        self.mailca(&format!("newreq --cn {name}.example.com {name}")).success();
        self.dated(name, "server_cert", from, until);
    }

    /// The rows of index.txt, each as its six fields.
    pub fn index(&self) -> Vec<Vec<String>> {
        let text = self.text("demoCA/index.txt");
        assert!(text.is_empty() || text.ends_with('\n'), "unterminated: {text:?}");
        text.lines().map(|line| line.split('\t').map(String::from).collect()).collect()
    }
}

/// So many days from now, as `openssl ca` takes it.
fn day(days: i64) -> String {
    let moment = time::OffsetDateTime::now_utc() + time::Duration::days(days);
    let format = time::macros::format_description!("[year][month][day][hour][minute][second]Z");
    moment.format(&format).unwrap()
}
