//! What is compared.

use std::io;
use std::path::PathBuf;
use std::process::Command;

use crate::program::Program;

/// A new P-256 key for `openssl req`, unencrypted.
const NEW_KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
/// The subjects; `policy_match` of openssl's configuration wants the CA's to have these parts.
const CA_SUBJECT: &str = "-subj /C=US/ST=Oregon/O=Example/CN=Example-CA";
const HOST_SUBJECT: &str = "-subj /C=US/ST=Oregon/O=Example/CN=mail.example.com";
/// Debian's easy-rsa, which is on no PATH.
const EASY_RSA: &str = "/usr/share/easy-rsa/easyrsa";
/// The password of the PKCS#12 files.
const PASSWORD_FILE: &str = "password";

/// mailca and a peer, doing the same.
pub struct Case {
    /// What it is chosen by.
    pub name: String,
    /// Rounds, unless another number is asked for.
    pub rounds: usize,
    /// Run in every fresh folder of either side, outside of the measured time.
    pub preparation: Vec<Program>,
    /// Measured.
    pub mailca: Vec<Program>,
    /// Measured.
    pub peer: Vec<Program>,
}

/// Every case, in the order of the table.
pub fn all() -> io::Result<Vec<Case>> {
    Ok(vec![
        workflow("CA.pl", ca_pl()?),
        workflow("easy-rsa", easy_rsa()),
        workflow("certtool", certtool()),
        workflow("openssl", bare_openssl()),
        workflow("mkcert", mkcert()),
        start(),
        sign(),
        export_p12(2_048, 30),
        export_p12(600_000, 8),
        show(),
        verify(),
    ])
}

fn workflow(peer_name: &str, peer: Vec<Program>) -> Case {
    Case {
        name: format!("workflow, {peer_name}"),
        rounds: 30,
        preparation: certtool_templates(),
        mailca: made_ready(),
        peer,
    }
}

/// The three steps to a signed certificate.
fn made_ready() -> Vec<Program> {
    [requested(), vec![Program::mailca("sign")]].concat()
}

/// The two steps to a request that can be signed.
fn requested() -> Vec<Program> {
    vec![
        Program::mailca("newca --country US --state Oregon --org Example --cn Example-CA"),
        Program::mailca("newreq --cn mail.example.com"),
    ]
}

fn bare_openssl() -> Vec<Program> {
    vec![
        Program::openssl(&format!(
            "req -x509 {NEW_KEY} -keyout cakey.pem -out cacert.pem -days 3650 {CA_SUBJECT}"
        )),
        Program::openssl(&format!(
            "req -new {NEW_KEY} -keyout key.pem -out req.pem {HOST_SUBJECT}"
        )),
        Program::openssl(
            "x509 -req -in req.pem -CA cacert.pem -CAkey cakey.pem -CAcreateserial -days 365 \
             -out cert.pem",
        ),
    ]
}

fn ca_pl() -> io::Result<Vec<Program>> {
    let script = ca_pl_path()?;
    let step = |name: &str| {
        Program::script("perl", script.clone()).with(name).variable("OPENSSL_CONFIG", "-batch")
    };
    let request = |subject: &str| format!("{NEW_KEY} {subject}");
    Ok(vec![
        step("-newca").with("-extra-req").with(&request(CA_SUBJECT)),
        step("-newreq-nodes").with("-extra-req").with(&request(HOST_SUBJECT)),
        step("-sign"),
    ])
}

fn easy_rsa() -> Vec<Program> {
    let step = |words: &str| {
        Program::script("sh", EASY_RSA)
            .with_words(words)
            .variable("EASYRSA_BATCH", "1")
            .variable("EASYRSA_PKI", "pki")
            .variable("EASYRSA_ALGO", "ec")
            .variable("EASYRSA_CURVE", "prime256v1")
    };
    vec![
        step("init-pki"),
        step("build-ca nopass").variable("EASYRSA_REQ_CN", "Example-CA"),
        step("gen-req mail nopass").variable("EASYRSA_REQ_CN", "mail.example.com"),
        step("sign-req server mail"),
    ]
}

/// What certtool is told in a file, since it has no options for it.
fn certtool_templates() -> Vec<Program> {
    let file = |name: &str, lines: &str| {
        Program::new("sh", "-c").with(&format!("printf '%s\\n' {lines} > {name}"))
    };
    vec![
        file("ca.tmpl", "cn=Example-CA expiration_days=3650 ca cert_signing_key crl_signing_key"),
        file(
            "host.tmpl",
            "cn=mail.example.com dns_name=mail.example.com expiration_days=365 tls_www_server \
             tls_www_client signing_key",
        ),
    ]
}

fn certtool() -> Vec<Program> {
    let run = |words: &str| Program::new("certtool", words);
    vec![
        run("--generate-privkey --key-type ecdsa --curve secp256r1 --outfile cakey.pem"),
        run(
            "--generate-self-signed --load-privkey cakey.pem --template ca.tmpl --outfile cacert.pem",
        ),
        run("--generate-privkey --key-type ecdsa --curve secp256r1 --outfile key.pem"),
        run("--generate-request --load-privkey key.pem --template host.tmpl --outfile req.pem"),
        run("--generate-certificate --load-request req.pem --load-ca-certificate cacert.pem \
             --load-ca-privkey cakey.pem --template host.tmpl --outfile cert.pem"),
    ]
}

fn mkcert() -> Vec<Program> {
    let words = "-ecdsa -cert-file cert.pem -key-file key.pem mail.example.com";
    // It looks for stores to install into, and is to find none.
    vec![Program::new("mkcert", words).variable("CAROOT", "ca").variable("TRUST_STORES", "none")]
}

/// What any command waits for before it begins.
fn start() -> Case {
    Case {
        name: "--version".to_owned(),
        rounds: 100,
        preparation: Vec::new(),
        mailca: vec![Program::mailca("--version").that_prints()],
        peer: vec![Program::openssl("version")],
    }
}

/// Where this openssl has its CA.pl; `misc/CA.pl` alone where there is no openssl to ask.
fn ca_pl_path() -> io::Result<PathBuf> {
    let answer = match Command::new("openssl").args(["version", "-d"]).output() {
        Ok(output) => output.stdout,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    // OPENSSLDIR: "/usr/lib/ssl"
    let answer = String::from_utf8_lossy(&answer);
    let folder = answer.split('"').nth(1).unwrap_or_default();
    Ok([folder, "misc", "CA.pl"].iter().collect())
}

fn sign() -> Case {
    Case {
        name: "sign".to_owned(),
        rounds: 50,
        preparation: requested(),
        mailca: vec![Program::mailca("sign")],
        peer: vec![Program::openssl(
            "ca -batch -notext -config demoCA/openssl.cnf -in req.pem -out cert.pem",
        )],
    }
}

fn export_p12(iterations: u32, rounds: usize) -> Case {
    Case {
        name: format!("export-p12, {iterations}"),
        rounds,
        preparation: [
            vec![
                Program::mailca("newca"),
                Program::mailca(
                    "newreq --user joeuser --email joe@example.com --key-type ecdsa-p256 joeuser",
                ),
                Program::mailca("sign joeuser"),
            ],
            vec![Program::openssl(&format!("rand -hex -out {PASSWORD_FILE} 12"))],
        ]
        .concat(),
        mailca: vec![Program::mailca(&format!(
            "export-p12 joeuser --password-file {PASSWORD_FILE} --iterations {iterations}"
        ))],
        peer: vec![Program::openssl(&format!(
            "pkcs12 -export -inkey joeuser/key.pem -in joeuser/cert.pem \
             -certfile joeuser/cacert.pem -name joeuser -iter {iterations} \
             -passout file:{PASSWORD_FILE} -out joeuser.p12"
        ))],
    }
}

fn show() -> Case {
    Case {
        name: "show --text".to_owned(),
        rounds: 50,
        preparation: made_ready(),
        mailca: vec![Program::mailca("show --text cert.pem").that_prints()],
        peer: vec![Program::openssl("x509 -text -noout -in cert.pem")],
    }
}

fn verify() -> Case {
    Case {
        name: "verify".to_owned(),
        rounds: 50,
        preparation: made_ready(),
        mailca: vec![Program::mailca(
            "verify cert.pem --ca cacert.pem --purpose server --host mail.example.com",
        )],
        peer: vec![Program::openssl(
            "verify -CAfile cacert.pem -purpose sslserver -verify_hostname mail.example.com cert.pem",
        )],
    }
}
