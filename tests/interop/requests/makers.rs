//! Requests of other programs: Java's keytool, GnuTLS, NSS, Go's crypto/x509 (cfssl), Python's cryptography.

use super::Fate::{Refused, Signed};
use super::{Fate, judge, openssl_reads_the_index, python};
use crate::support::{Folder, need};

const MAIL: &[&str] = &["DNS:mail.example.com"];
const BOTH: &[&str] = &["DNS:mail.example.com", "IP:192.0.2.1"];

/// Options of `keytool -genkeypair`, and of `-certreq`.
const KEYTOOL: [(&str, &str, Fate); 8] = [
    ("-keyalg RSA -keysize 2048", "", Signed("server", MAIL)),
    (
        "-keyalg RSA -keysize 2048 -sigalg SHA512withRSA",
        "-ext SAN=dns:mail.example.com,ip:192.0.2.1",
        Signed("server", BOTH),
    ),
    (
        "-keyalg EC -groupname secp256r1",
        "-ext SAN:critical=dns:mail.example.com",
        Signed("server", MAIL),
    ),
    (
        "-keyalg EC -groupname secp384r1",
        "-ext BC:critical=ca:true -ext KU=keyCertSign -ext EKU=codeSigning",
        Signed("server", MAIL),
    ),
    ("-keyalg Ed25519", "", Signed("server", MAIL)),
    ("-keyalg RSA -keysize 1024", "", Refused(&["1024 bits"])),
    ("-keyalg DSA -keysize 2048", "", Refused(&["do not support"])),
    (
        "-keyalg RSA -keysize 2048",
        "-ext SAN=uri:https://example.com/",
        Refused(&["URI:https://example.com/"]),
    ),
];

#[test]
fn requests_of_keytool() {
    need!("keytool", "openssl");
    let folder = Folder::with_ca();
    for (number, (key, options, fate)) in KEYTOOL.into_iter().enumerate() {
        let name = format!("j{number}");
        folder
            .program("keytool", &format!("-genkeypair {key} -storepass secret -keystore {name}.ks"))
            .args(&["-dname", "CN=mail.example.com, OU=Zwölf, OU=Elf, O=Müller, C=DE"])
            .success();
        folder
            .program(
                "keytool",
                &format!("-certreq {options} -storepass secret -keystore {name}.ks"),
            )
            .args(&["-file", &format!("{name}.csr")])
            .success();
        judge(&folder, &name, fate);
    }
    openssl_reads_the_index(&folder);
}

/// The key, and the template.
const CERTTOOL: [(&str, &str, Fate); 8] = [
    ("--key-type rsa --bits 2048", "", Signed("server", MAIL)),
    (
        "--key-type ecdsa --curve secp256r1",
        "dns_name=mail.example.com\nip_address=192.0.2.1",
        Signed("server", BOTH),
    ),
    (
        "--key-type ecdsa --curve secp521r1",
        "ca\ncert_signing_key\ntls_www_server\npath_len=3",
        Signed("server", MAIL),
    ),
    ("--key-type ed25519", "unit=One\nunit=Two\ndc=com\ndc=example", Signed("server", MAIL)),
    (
        "--key-type rsa --bits 2048",
        "email=joe@example.com",
        Signed("user", &["email:joe@example.com"]),
    ),
    ("--key-type ed448", "", Refused(&["Ed448"])),
    ("--key-type rsa-pss --bits 2048", "", Refused(&["RSA-PSS"])),
    (
        "--key-type ecdsa --curve secp256r1",
        "uri=https://example.com/",
        Refused(&["URI:https://example.com/"]),
    ),
];

#[test]
fn requests_of_certtool() {
    need!("certtool", "openssl");
    let folder = Folder::with_ca();
    for (number, (key, template, fate)) in CERTTOOL.into_iter().enumerate() {
        let name = format!("g{number}");
        folder.write(&format!("{name}.tmpl"), format!("cn=mail.example.com\n{template}\n"));
        folder
            .program("certtool", &format!("--generate-privkey {key} --outfile {name}.key"))
            .success();
        folder
            .program("certtool", "--generate-request")
            .args(&[
                "--load-privkey",
                &format!("{name}.key"),
                "--template",
                &format!("{name}.tmpl"),
            ])
            .args(&["--outfile", &format!("{name}.csr")])
            .success();
        judge(&folder, &name, fate);
    }
    openssl_reads_the_index(&folder);
}

/// Options of `certutil -R`.
const CERTUTIL: [(&str, Fate); 7] = [
    ("-k rsa -g 2048", Signed("server", MAIL)),
    (
        "-k rsa -g 2048 -8 mail.example.com,smtp.example.com",
        Signed("server", &["DNS:mail.example.com", "DNS:smtp.example.com"]),
    ),
    ("-k ec -q nistp256 --extSAN dns:mail.example.com,ip:192.0.2.1", Signed("server", BOTH)),
    (
        "-k ec -q nistp384 --keyUsage certSigning,critical --extKeyUsage codeSigning",
        Signed("server", MAIL),
    ),
    ("-k rsa -g 2048 -7 joe@example.com", Signed("user", &["email:joe@example.com"])),
    ("-k rsa -g 2048 -a -Z SHA512", Signed("server", MAIL)),
    ("-k rsa -g 1024", Refused(&["1024 bits"])),
];

#[test]
fn requests_of_nss() {
    need!("certutil", "openssl");
    let folder = Folder::with_ca();
    folder.mkdir("nss");
    folder.write("noise", [7; 64]);
    folder.program("certutil", "-N -d nss --empty-password").success();
    for (number, (options, fate)) in CERTUTIL.into_iter().enumerate() {
        let name = format!("n{number}");
        folder
            .program("certutil", &format!("-R -d nss -z noise {options} -o {name}.csr"))
            .args(&["-s", "CN=mail.example.com,OU=One,OU=Two,O=Müller,DC=example,DC=com"])
            .success();
        judge(&folder, &name, fate);
    }
    openssl_reads_the_index(&folder);
}

/// The key and the hosts of cfssl, which is written in Go: these requests are those of crypto/x509.
const GO: [(&str, &str, Fate); 6] = [
    (r#""algo":"ecdsa","size":256"#, "", Signed("server", MAIL)),
    (r#""algo":"ecdsa","size":384"#, r#""mail.example.com","192.0.2.1""#, Signed("server", BOTH)),
    (r#""algo":"ecdsa","size":521"#, r#""mail.example.com""#, Signed("server", MAIL)),
    (r#""algo":"rsa","size":2048"#, r#""mail.example.com""#, Signed("server", MAIL)),
    (
        r#""algo":"rsa","size":2048"#,
        r#""joe@example.com""#,
        Signed("user", &["email:joe@example.com"]),
    ),
    (
        r#""algo":"ecdsa","size":256"#,
        r#""mail.example.com", "not a host""#,
        Refused(&["not a host"]),
    ),
];

#[test]
fn requests_of_go() {
    need!("cfssl", "openssl");
    let folder = Folder::with_ca();
    for (number, (key, hosts, fate)) in GO.into_iter().enumerate() {
        let name = format!("c{number}");
        folder.write(
            &format!("{name}.json"),
            format!(
                r#"{{"CN":"mail.example.com","hosts":[{hosts}],"key":{{{key}}},"names":[{{"C":"DE","O":"Müller","OU":"Mail"}}]}}"#
            ),
        );
        let made = folder.program("cfssl", &format!("genkey -loglevel 5 {name}.json")).success();
        let answer: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
        folder.write(&format!("{name}.csr"), answer["csr"].as_str().unwrap());
        judge(&folder, &name, fate);
    }
    openssl_reads_the_index(&folder);
}

/// What the script makes.
const PYTHON: [(&str, Fate); 8] = [
    ("rsa-2048", Signed("server", MAIL)),
    ("p256", Signed("server", MAIL)),
    ("p521-sha256", Signed("server", MAIL)),
    ("ed25519", Signed("server", MAIL)),
    ("pss", Signed("server", MAIL)),
    ("many", Signed("server", BOTH)),
    ("dsa", Refused(&["do not support"])),
    ("ed448", Refused(&["Ed448"])),
];

#[test]
fn requests_of_python() {
    need!("openssl");
    let folder = Folder::with_ca();
    for (kind, fate) in PYTHON {
        let Some(()) = python(&folder, &[kind]) else { return };
        judge(&folder, kind, fate);
    }
    openssl_reads_the_index(&folder);
}
