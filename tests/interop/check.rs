//! `check` finds what testssl.sh and sslyze find of the same servers, in less time. Neither of them may find
//! something that nobody has thought of: what `check` leaves out stands in a list, with the reason.

#[path = "check/known.rs"]
mod known;
#[path = "check/programs.rs"]
mod programs;

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::support::{Folder, Openssl, need, peer};
use known::{
    NOT_OF_SSLYZE, NOT_OF_TESTSSL, NOT_WEAK, OLD, SAME, SSLYZE, TESTSSL, WEAK, find, is_told,
};
use programs::{front, mailca, sslyze, sslyze_program, testssl};

/// Protocols, categories of ciphers, forward secrecy, and the three attacks that are ciphers or versions.
const CIPHERS: &str = "-p -s -f -W -4 -A";
/// The certificate.
const CERTIFICATE: &str = "-S";

/// A server, and what is wrong with it.
struct Case {
    name: &'static str,
    /// Arguments of `openssl s_server`.
    server: String,
    /// What is spoken before TLS.
    starttls: Option<&'static str>,
    host: &'static str,
    /// What testssl.sh is asked.
    asked: &'static str,
    /// What `check` has to find at least.
    wanted: &'static [&'static str],
}

impl Case {
    fn new(name: &'static str, server: &str, wanted: &'static [&'static str]) -> Self {
        let host = "mail.example.com";
        let server = server.to_owned();
        Self { name, server, starttls: None, host, asked: CIPHERS, wanted }
    }

    /// Of a certificate in NAME.pem with its key in NAME.key.
    fn certificate(name: &'static str, wanted: &'static [&'static str]) -> Self {
        let server =
            format!("-key {name}.key -cert {name}.pem -tls1_2 -cipher ECDHE+AESGCM@SECLEVEL=0");
        Self { asked: CERTIFICATE, ..Self::new(name, &server, wanted) }
    }
}

/// A root, an intermediate in `sub/`, and certificates that are wrong in one way each.
fn prepare() -> Folder {
    let folder = Folder::empty();
    for line in [
        "newca --cn Root --path-len 1",
        "issue --cn mail.example.com --key-type rsa-2048 mail",
        "newreq --profile ca --cn Sub sub-ca",
        "sign sub-ca --profile ca --yes",
    ] {
        folder.mailca(line).success();
    }
    folder.bash("cat sub-ca/cert.pem demoCA/cacert.pem > sub.pem").success();
    folder.mailca("newca --ca-dir sub --from sub.pem sub-ca/key.pem").success();
    folder.mailca("issue --ca-dir sub --cn mail.example.com below").success();
    folder.bash("cp below/cert.pem below.pem; cp below/key.pem below.key").success();
    folder.bash("cat demoCA/cacert.pem sub-ca/cert.pem > disorder.chain").success();
    folder.dated_host("old", -20, -10);
    folder.dated_host("new", 10, 300);
    for name in ["old", "new"] {
        folder
            .bash(&format!("cp {name}/cert.pem {name}.pem; cp {name}/key.pem {name}.key"))
            .success();
    }
    let san = "subjectAltName=DNS:mail.example.com\n";
    let usages = "extendedKeyUsage=serverAuth,clientAuth\n";
    for (name, bits, extensions, options) in [
        ("sha1", 2048, [san, usages].concat(), "-sha1"),
        ("short", 1024, [san, usages].concat(), "-sha256"),
        ("nameless", 2048, usages.to_owned(), "-sha256"),
        ("usage", 2048, [san, "extendedKeyUsage=clientAuth\n"].concat(), "-sha256"),
        ("other", 2048, ["subjectAltName=DNS:other.example.com\n", usages].concat(), "-sha256"),
    ] {
        folder.foreign_key(name, &format!("RSA rsa_keygen_bits:{bits}"));
        let subject = if name == "other" { "other.example.com" } else { "mail.example.com" };
        folder
            .openssl(&format!("req -new -key {name}.key -out {name}.csr -subj /CN={subject}"))
            .success();
        folder.write(&format!("{name}.ext"), extensions);
        folder
            .openssl(&format!(
                "x509 -req -in {name}.csr -CA demoCA/cacert.pem -CAkey demoCA/private/cakey.pem \
                 -set_serial 4711 -days 300 -extfile {name}.ext -out {name}.pem {options}"
            ))
            .success();
    }
    folder.foreign_key("own", "RSA rsa_keygen_bits:2048");
    folder
        .openssl("req -x509 -new -key own.key -out own.pem -days 300 -subj /CN=mail.example.com")
        .args(&["-addext", "subjectAltName=DNS:mail.example.com"])
        .success();
    folder
}

fn cases() -> Vec<Case> {
    let pair = "-key mail/key.pem -cert mail/cert.pem";
    let all = format!("{pair} -min_protocol TLSv1 -cipher ALL:COMPLEMENTOFALL@SECLEVEL=0");
    let everything =
        &["tls-1-0", "tls-1-1", "cipher-null", "cipher-anonymous", "cipher-static-rsa"];
    let behind = |name, protocol| Case {
        starttls: Some(protocol),
        ..Case::new(
            name,
            &format!("{pair} -min_protocol TLSv1 -cipher kRSA@SECLEVEL=0"),
            &["tls-1-0", "tls-1-1", "cipher-static-rsa"],
        )
    };
    let mut all = vec![
        Case::new("everything", &all, everything),
        Case::new(
            "static",
            &format!("{pair} -tls1_2 -cipher kRSA+AES@SECLEVEL=0"),
            &["cipher-static-rsa", "tls-1-3-missing"],
        ),
        behind("smtp", "smtp"),
        behind("imap", "imap"),
        behind("pop3", "pop3"),
        Case::certificate("sha1", &["signature-weak"]),
        Case::certificate("short", &["key-short"]),
        Case::certificate("nameless", &["san-missing"]),
        Case::certificate("usage", &["server-usage-missing"]),
        Case::certificate("other", &["name-mismatch"]),
        Case::certificate("own", &["self-signed"]),
        // Nobody who knows the root alone can tell that it is a certificate between that is missing.
        Case::certificate("below", &["untrusted"]),
        Case {
            server: "-key below.key -cert below.pem -cert_chain disorder.chain -tls1_2".into(),
            ..Case::certificate("disorder", &["chain-order"])
        },
    ];
    for (name, host, wanted) in
        [("old", "old.example.com", &["expired"]), ("new", "new.example.com", &["not-yet-valid"])]
    {
        all.push(Case { host, ..Case::certificate(name, wanted) });
    }
    all
}

#[test]
fn of_testssl_and_sslyze() {
    need!("openssl", "testssl");
    if sslyze_program().is_none() {
        return;
    }
    let folder = prepare();
    // Two at a time: testssl.sh is a shell script, and its time is the processor's.
    for two in cases().chunks(2) {
        thread::scope(|scope| {
            for case in two {
                let folder = &folder;
                scope.spawn(move || {
                    let server = Openssl::start(folder, &case.server);
                    compare(folder, case, server.1);
                });
            }
        });
    }
}

#[test]
fn of_old_ciphers_of_gnutls() {
    need!("gnutls-serv", "testssl");
    if sslyze_program().is_none() {
        return;
    }
    let folder = prepare();
    let wanted = &["cipher-3des", "cipher-rc4", "tls-1-0", "tls-1-1"];
    let case = Case::new("gnutls", "", wanted);
    let server = Gnutls::start(&folder);
    compare(&folder, &case, server.1);
}

/// Asks all three, and compares.
fn compare(folder: &Folder, case: &Case, place: SocketAddr) {
    let Case { name, starttls, host, wanted, .. } = case;
    let place = starttls.map_or(place, |protocol| front(place, protocol));
    let (service, of_testssl, of_sslyze) = match starttls {
        Some(protocol) => {
            (*protocol, format!("-t {protocol} {}", case.asked), format!("--starttls {protocol}"))
        }
        None => ("imaps", case.asked.to_owned(), String::new()),
    };
    let (ours, _) = mailca(folder, host, service, place);
    let missing = wanted.iter().filter(|id| !ours.iter().any(|one| one == *id));
    let mut problems: Vec<_> = missing.map(|id| format!("{id} is not found")).collect();
    let (theirs, _) = sslyze(folder, &of_sslyze, host, place);
    problems.extend(beyond_ours_in_sslyze(&ours, &theirs));
    let (theirs, _) = testssl(folder, name, &of_testssl, host, place);
    assert!(theirs.len() > 5, "{name}: {theirs:?}");
    problems.extend(beyond_ours_in_testssl(&ours, &theirs));
    assert!(problems.is_empty(), "{name}: {ours:?}:\n{}", problems.join("\n"));
}

/// What testssl.sh finds and we do not, and the other way round.
fn beyond_ours_in_testssl(ours: &[String], theirs: &[(String, String, String)]) -> Vec<String> {
    let problem = |(id, severity, words): &(String, String, String)| {
        let told = format!("{id} of testssl.sh: {severity} {words}");
        let is_bad = !matches!(severity.as_str(), "OK" | "INFO" | "DEBUG");
        match find(&TESTSSL, id) {
            Some(same) if is_bad => (!is_told(ours, same)).then(|| format!("not found: {told}")),
            None if is_bad => {
                find(&NOT_OF_TESTSSL, id).is_none().then(|| format!("nobody knows {told}"))
            }
            Some(same) if severity == "OK" && SAME.contains(&id.as_str()) => {
                is_told(ours, same).then(|| format!("found too much: {told}"))
            }
            _ => None,
        }
    };
    theirs.iter().filter_map(problem).collect()
}

/// What sslyze finds and we do not.
fn beyond_ours_in_sslyze(ours: &[String], theirs: &[(String, String)]) -> Vec<String> {
    let mut problems = Vec::new();
    for (id, words) in theirs {
        match find(&SSLYZE, id) {
            Some(same) if is_told(ours, same) => {}
            Some(_) => problems.push(format!("not found: {id} of sslyze: {words}")),
            None if find(&NOT_OF_SSLYZE, id).is_some() => {}
            None => problems.push(format!("nobody knows {id} of sslyze: {words}")),
        }
        let quoted = words.split('\'').skip(1).step_by(2);
        for name in quoted.filter(|_| id.starts_with("cipher") || id == "tls_versions") {
            let old = OLD.iter().filter(|(version, _)| name == *version);
            let same: Vec<_> =
                old.chain(WEAK.iter().filter(|(part, _)| name.contains(part))).collect();
            let missing = same.iter().filter(|(_, same)| !is_told(ours, &[same]));
            problems
                .extend(missing.map(|(_, same)| format!("not found: {same}: {name} of sslyze")));
            if same.is_empty() && !NOT_WEAK.iter().any(|part| name.contains(part)) {
                problems.push(format!("nobody knows {name} of sslyze: {words}"));
            }
        }
    }
    problems
}

/// All that each has to say of one port, and how long it takes.
#[test]
fn a_full_check_of_a_port_in_order() {
    need!("openssl", "testssl");
    if sslyze_program().is_none() {
        return;
    }
    let folder = prepare();
    let pair = "-key mail/key.pem -cert mail/cert.pem";
    let server =
        Openssl::start(&folder, &format!("{pair} -min_protocol TLSv1.2 -cipher ECDHE+AESGCM"));
    let place = front(server.1, "smtp");
    let host = "mail.example.com";
    let (ours, own_time) = mailca(&folder, host, "smtp", place);
    assert!(ours.iter().all(|id| id == "ehlo-changes" || id == "incomplete"), "{ours:?}");
    let (theirs, their_time) = testssl(&folder, "full", "-t smtp", host, place);
    let mut problems = beyond_ours_in_testssl(&ours, &theirs);
    let (theirs, time_of_sslyze) = sslyze(&folder, "--starttls smtp", host, place);
    problems.extend(beyond_ours_in_sslyze(&ours, &theirs));
    assert!(problems.is_empty(), "{ours:?}:\n{}", problems.join("\n"));
    // Past the capture of the test runner.
    let times = |time: Duration| time.as_secs_f64() / own_time.as_secs_f64();
    let line = format!(
        "a full check of one port: mailca {} ms, testssl.sh {} ms ({:.0} times as long), sslyze {} ms \
         ({:.0} times)\n",
        own_time.as_millis(),
        their_time.as_millis(),
        times(their_time),
        time_of_sslyze.as_millis(),
        times(time_of_sslyze),
    );
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// `gnutls-serv` with ciphers that OpenSSL has no longer.
struct Gnutls(Child, SocketAddr);

impl Gnutls {
    fn start(folder: &Folder) -> Self {
        let place = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let priority =
            "NORMAL:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.1:+VERS-TLS1.0:+3DES-CBC:+ARCFOUR-128:+MD5";
        let child = Command::new(peer("gnutls-serv").unwrap())
            .args([
                "--echo",
                "--quiet",
                "--port",
                &place.port().to_string(),
                "--priority",
                priority,
            ])
            .args(["--x509certfile", "mail/cert.pem", "--x509keyfile", "mail/key.pem"])
            .current_dir(folder.root())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self(child, place);
        while TcpStream::connect(place).is_err() {
            thread::sleep(Duration::from_millis(10));
        }
        server
    }
}

impl Drop for Gnutls {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
