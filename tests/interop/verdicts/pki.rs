//! The certificates that both are asked about, made by openssl.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const CA: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n\
                  subjectKeyIdentifier=hash\n";
const CA0: &str = "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n\
                   subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
const SUB: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n\
                   subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
const LEAF: &str = "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";

pub struct Pki {
    dir: PathBuf,
    serial: u32,
}

impl Pki {
    fn openssl(&self, arguments: &[&str]) {
        let output =
            Command::new("openssl").current_dir(&self.dir).args(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "openssl {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn key(&self, name: &str, curve: &str) {
        let file = format!("{name}.key");
        if self.dir.join(&file).exists() {
            return;
        }
        let option = format!("ec_paramgen_curve:{curve}");
        self.openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", &option, "-out", &file]);
    }

    /// `name.pem` for `subject` from the key `key`, signed by `issuer` (itself where that is `name`).
    fn issue(
        &mut self,
        name: &str,
        key: &str,
        subject: &str,
        issuer: &str,
        extensions: &str,
        days: &str,
    ) {
        self.key(key, "P-256");
        self.serial += 1;
        let (pem, request, serial) =
            (format!("{name}.pem"), format!("{name}.csr"), self.serial.to_string());
        fs::write(self.dir.join("v3.cnf"), extensions).unwrap();
        fs::write(
            self.dir.join("req.cnf"),
            "[req]\ndistinguished_name=dn\nstring_mask=utf8only\n[dn]\n",
        )
        .unwrap();
        let key = format!("{key}.key");
        let request_line = [
            "req", "-new", "-config", "req.cnf", "-utf8", "-key", &key, "-subj", subject, "-out",
            &request,
        ];
        self.openssl(&request_line);
        let mut line = vec!["x509", "-req", "-in", &request, "-out", &pem, "-days", days];
        line.extend(["-set_serial", &serial]);
        if !extensions.is_empty() {
            line.extend(["-extfile", "v3.cnf"]);
        }
        let (ca, ca_key) = (format!("{issuer}.pem"), format!("{issuer}.key"));
        if issuer == name {
            line.extend(["-signkey", &key]);
        } else {
            line.extend(["-CA", &ca, "-CAkey", &ca_key]);
        }
        self.openssl(&line);
    }

    fn crl(&self, ca: &str, name: &str, rows: &str) {
        fs::write(self.dir.join("index.txt"), rows).unwrap();
        let config = "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ndefault_md=sha256\n\
                      crl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n";
        fs::write(self.dir.join("ca.cnf"), config).unwrap();
        let (cert, key, out) = (format!("{ca}.pem"), format!("{ca}.key"), format!("{name}.crl"));
        let line = [
            "ca", "-gencrl", "-config", "ca.cnf", "-crldays", "30", "-cert", &cert, "-keyfile",
            &key,
        ];
        self.openssl(&[&line[..], &["-out", &out]].concat());
    }
}

pub fn der(path: &Path) -> Vec<Vec<u8>> {
    let text = fs::read(path).unwrap();
    x509_parser::pem::Pem::iter_from_buffer(&text).map(|pem| pem.unwrap().contents).collect()
}

#[allow(clippy::too_many_lines, reason = "a table")]
pub fn make(dir: &Path) {
    let mut pki = Pki { dir: dir.into(), serial: 1000 };
    pki.issue("root", "root", "/O=Example/CN=Root", "root", CA, "3650");
    pki.issue("other", "other", "/O=Example/CN=Root", "other", CA, "3650");
    pki.issue("sub", "sub", "/O=Example/CN=Sub", "root", CA0, "3650");
    pki.issue("subsub", "subsub", "/CN=Sub Sub", "sub", SUB, "3650");
    pki.issue("deep", "leaf", "/CN=deep.example.com", "subsub", LEAF, "365");
    let host =
        format!("{LEAF}subjectAltName=DNS:mail.example.com,DNS:*.example.net,IP:192.0.2.1\n");
    pki.issue("good", "leaf", "/CN=mail.example.com", "root", &host, "90");
    pki.issue("undersub", "leaf", "/CN=mail.example.com", "sub", &host, "90");
    pki.issue("cnonly", "leaf", "/CN=mail.example.com", "root", LEAF, "90");
    pki.issue("self", "leaf", "/CN=self.example.com", "self", "subjectAltName=DNS:a.b\n", "90");
    pki.issue(
        "noaki",
        "leaf",
        "/CN=mail.example.com",
        "root",
        "authorityKeyIdentifier=none\nsubjectAltName=DNS:a.b\n",
        "90",
    );
    let usage = [
        ("serveronly", "extendedKeyUsage=serverAuth\nkeyUsage=digitalSignature\n"),
        ("both", "extendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature\n"),
        ("encipher", "extendedKeyUsage=serverAuth,clientAuth\nkeyUsage=keyEncipherment\n"),
        ("mail", "extendedKeyUsage=emailProtection\nsubjectAltName=email:Joe@example.com\n"),
        ("anyeku", "extendedKeyUsage=anyExtendedKeyUsage\n"),
        ("certsignku", "extendedKeyUsage=emailProtection\nkeyUsage=cRLSign\n"),
        ("nscert", "nsCertType=client\n"),
        ("critical", "1.2.3.4=critical,ASN1:NULL\n"),
        ("noncritical", "1.2.3.4=ASN1:NULL\n"),
        ("policy", "certificatePolicies=critical,1.2.3.4\n"),
        ("leafca", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"),
    ];
    for (name, extensions) in usage {
        pki.issue(name, "leaf", "/CN=x.example.com", "root", &format!("{LEAF}{extensions}"), "90");
    }
    // CA certificates that may not issue, each with a leaf `name-leaf`.
    let limited = [
        ("notca", "basicConstraints=critical,CA:FALSE\n".to_owned() + LEAF),
        ("noku", format!("basicConstraints=critical,CA:TRUE\n{LEAF}")),
        ("nosign", format!("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\n{LEAF}")),
        ("v1", String::new()),
        ("clientca", format!("{SUB}extendedKeyUsage=clientAuth\n")),
        ("permitdns", format!("{SUB}nameConstraints=critical,permitted;DNS:example.com\n")),
        ("permitdotdns", format!("{SUB}nameConstraints=critical,permitted;DNS:.example.com\n")),
        ("excludedns", format!("{SUB}nameConstraints=critical,excluded;DNS:secret.example.com\n")),
        (
            "permitmail",
            format!(
                "{SUB}nameConstraints=critical,permitted;email:example.com,permitted;email:.example.com\n"
            ),
        ),
        (
            "permitip",
            format!("{SUB}nameConstraints=critical,permitted;IP:192.0.2.0/255.255.255.0\n"),
        ),
        (
            "noip",
            format!(
                "{SUB}nameConstraints=critical,excluded;IP:0.0.0.0/0.0.0.0,excluded;IP:::/::\n"
            ),
        ),
        ("permituri", format!("{SUB}nameConstraints=critical,permitted;URI:.example.com\n")),
        (
            "permitdir",
            format!("{SUB}nameConstraints=critical,permitted;dirName:dn\n[dn]\nO=Example\n"),
        ),
        ("permitrid", format!("{SUB}nameConstraints=critical,permitted;RID:1.2.3\n")),
    ];
    for (name, extensions) in &limited {
        pki.issue(name, name, &format!("/CN={name}"), "root", extensions, "3650");
        let extensions = if *name == "v1" { "subjectKeyIdentifier=hash\n" } else { LEAF };
        pki.issue(&format!("{name}-leaf"), "leaf", "/O=Leaf", name, extensions, "90");
    }
    let constrained = [
        ("dns-in", "permitdns", "/CN=a", "DNS:mail.example.com"),
        ("dns-out", "permitdns", "/CN=a", "DNS:mail.example.com,DNS:mail.evil.com"),
        ("dns-suffix", "permitdns", "/CN=a", "DNS:badexample.com"),
        ("dns-cn", "permitdns", "/CN=mail.evil.com", ""),
        ("dns-cnwild", "permitdns", "/CN=*.evil.com", ""),
        ("dns-person", "permitdns", "/CN=Joe User", "email:joe@evil.com"),
        ("dot-host", "permitdotdns", "/CN=a", "DNS:mail.example.com"),
        ("dot-self", "permitdotdns", "/CN=a", "DNS:example.com"),
        ("ex-in", "excludedns", "/CN=a", "DNS:x.secret.example.com"),
        ("ex-out", "excludedns", "/CN=a", "DNS:mail.example.com"),
        ("ex-wild", "excludedns", "/CN=a", "DNS:*.example.com"),
        ("mail-in", "permitmail", "/CN=Joe", "email:joe@example.com,email:joe@sub.example.com"),
        ("mail-out", "permitmail", "/CN=Joe", "email:joe@evil.com"),
        ("mail-subject", "permitmail", "/CN=Joe/emailAddress=joe@evil.com", ""),
        ("mail-subjin", "permitmail", "/CN=Joe/emailAddress=joe@example.com", ""),
        ("ip-in", "permitip", "/CN=a", "IP:192.0.2.9"),
        ("ip-out", "permitip", "/CN=a", "IP:198.51.100.1"),
        ("ip-v6", "permitip", "/CN=a", "IP:2001:db8::1"),
        ("noip-4", "noip", "/CN=a", "IP:192.0.2.9"),
        ("noip-6", "noip", "/CN=a", "IP:2001:db8::1"),
        ("noip-dns", "noip", "/CN=a", "DNS:mail.example.com"),
        ("uri-in", "permituri", "/CN=a", "URI:https://www.example.com/x"),
        ("uri-out", "permituri", "/CN=a", "URI:https://example.com/x"),
        ("dir-in", "permitdir", "/O=EXAMPLE/CN=a", "DNS:a.b"),
        ("dir-out", "permitdir", "/O=Evil/CN=a", "DNS:a.b"),
        ("rid", "permitrid", "/CN=a", "RID:1.2.3.4"),
        ("rid-dns", "permitrid", "/CN=a", "DNS:a.b"),
    ];
    for (name, ca, subject, names) in constrained {
        let names =
            if names.is_empty() { String::new() } else { format!("subjectAltName={names}\n") };
        pki.issue(name, "leaf", subject, ca, &format!("{LEAF}{names}"), "90");
    }
    // The same key and name as `sub`, certified by another root; a root with constraints; a name in
    // another spelling.
    pki.issue("root2", "root2", "/CN=Root 2", "root2", CA, "3650");
    pki.issue("cross", "sub", "/O=Example/CN=Sub", "root2", CA0, "3650");
    let constrained_root = format!("{CA}nameConstraints=critical,permitted;DNS:example.com\n");
    pki.issue("ncroot", "ncroot", "/CN=NC Root", "ncroot", &constrained_root, "3650");
    pki.issue(
        "ncroot-in",
        "leaf",
        "/CN=a",
        "ncroot",
        &format!("{LEAF}subjectAltName=DNS:a.example.com\n"),
        "90",
    );
    pki.issue(
        "ncroot-out",
        "leaf",
        "/CN=a",
        "ncroot",
        &format!("{LEAF}subjectAltName=DNS:a.evil.com\n"),
        "90",
    );
    pki.issue("spelled", "root", "/O=EXAMPLE/CN= root ", "spelled", CA, "3650");
    pki.issue("rolled", "rolled", "/O=Example/CN=Root", "rolled", CA, "3650");
    pki.issue("v1root", "v1root", "/CN=V1 Root", "v1root", "", "3650");
    pki.issue("v1root-leaf", "leaf", "/CN=a", "v1root", "subjectAltName=DNS:a.b\n", "90");
    pki.issue("v1leaf", "leaf", "/CN=a", "root", "", "90");
    // A root without identifiers, and another of its name and another key.
    let bare = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n\
                subjectKeyIdentifier=none\nauthorityKeyIdentifier=none\n";
    pki.issue("bare", "bare", "/CN=Bare", "bare", bare, "3650");
    pki.issue("bare2", "bare2", "/CN=Bare", "bare2", bare, "3650");
    pki.issue(
        "bare-leaf",
        "leaf",
        "/CN=a",
        "bare",
        "authorityKeyIdentifier=none\nsubjectAltName=DNS:a.b\n",
        "90",
    );

    let serial = |name: &str| {
        let der = der(&dir.join(format!("{name}.pem"))).remove(0);
        let (_, parsed) = x509_parser::parse_x509_certificate(&der).unwrap();
        let text = format!("{:X}", parsed.tbs_certificate.serial);
        if text.len() % 2 == 1 { format!("0{text}") } else { text }
    };
    pki.crl("root", "empty", "");
    let row = |reason: &str| {
        format!("R\t350101000000Z\t250101000000Z{reason}\t{}\tunknown\t/CN=x\n", serial("good"))
    };
    pki.crl("root", "revoked", &row(",keyCompromise"));
    pki.crl("root", "plain", &row(""));
    pki.crl("other", "forged", &row(""));
    pki.crl("root2", "foreign", "");
    let sub = format!("R\t350101000000Z\t250101000000Z\t{}\tunknown\t/CN=x\n", serial("sub"));
    pki.crl("root", "subrevoked", &sub);
    pki.crl("sub", "subempty", "");
}
