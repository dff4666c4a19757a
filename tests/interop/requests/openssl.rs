//! Requests of openssl: every kind of key, of signature and of extension.

use super::Fate::{Refused, Signed};
use super::{Fate, judge, openssl_reads_the_index};
use crate::support::{Folder, need};

const MAIL: &[&str] = &["DNS:mail.example.com"];

/// The kind of key, and more options of `openssl req`.
const KEYS: [(&str, &str, Fate); 21] = [
    ("RSA rsa_keygen_bits:2048", "", Signed("server", MAIL)),
    ("RSA rsa_keygen_bits:2048", "-sha384", Signed("server", MAIL)),
    ("RSA rsa_keygen_bits:2048", "-sha512", Signed("server", MAIL)),
    (
        "RSA rsa_keygen_bits:2048",
        "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32",
        Signed("server", MAIL),
    ),
    ("RSA rsa_keygen_bits:2048", "-sha1", Refused(&["SHA-1"])),
    ("RSA rsa_keygen_bits:2048", "-md5", Refused(&["MD5"])),
    ("RSA rsa_keygen_bits:2048", "-sha3-256", Refused(&["SHA3-256", "cannot verify"])),
    ("RSA rsa_keygen_bits:3072", "", Signed("server", MAIL)),
    ("RSA rsa_keygen_bits:2048 rsa_keygen_pubexp:3", "", Signed("server", MAIL)),
    ("RSA rsa_keygen_bits:1024", "", Refused(&["1024 bits", "2048"])),
    ("RSA-PSS rsa_keygen_bits:2048", "", Refused(&["RSA-PSS"])),
    ("EC ec_paramgen_curve:P-256", "", Signed("server", MAIL)),
    ("EC ec_paramgen_curve:P-256", "-sha512", Signed("server", MAIL)),
    ("EC ec_paramgen_curve:P-384", "", Signed("server", MAIL)),
    ("EC ec_paramgen_curve:P-521", "", Signed("server", MAIL)),
    ("EC ec_paramgen_curve:P-224", "", Refused(&["do not support"])),
    ("EC ec_paramgen_curve:secp256k1", "", Refused(&["do not support"])),
    ("EC ec_paramgen_curve:brainpoolP256r1", "", Refused(&["do not support"])),
    ("EC ec_paramgen_curve:P-256 ec_param_enc:explicit", "", Refused(&["explicit"])),
    ("ED25519", "", Signed("server", MAIL)),
    ("ED448", "", Refused(&["Ed448", "do not support"])),
];

#[test]
fn every_kind_of_key() {
    need!("openssl");
    let folder = Folder::with_ca();
    for (number, (key, options, fate)) in KEYS.into_iter().enumerate() {
        let name = format!("k{number}");
        folder.foreign_key(&name, key);
        folder
            .openssl(&format!("req -new -batch -key {name}.key -out {name}.csr {options}"))
            .args(&[
                "-subj",
                "/CN=mail.example.com",
                "-addext",
                "subjectAltName=DNS:mail.example.com",
            ])
            .success();
        judge(&folder, &name, fate);
    }
    openssl_reads_the_index(&folder);
}

/// What is asked for beside the common name: lines of the request's extensions.
const EXTENSIONS: [(&str, Fate); 32] = [
    ("", Signed("server", MAIL)),
    (
        "subjectAltName=DNS:mail.example.com,DNS:*.example.com",
        Signed("server", &["DNS:mail.example.com", "DNS:*.example.com"]),
    ),
    ("subjectAltName=critical,DNS:smtp.example.com", Signed("server", &["DNS:smtp.example.com"])),
    ("subjectAltName=DNS:Mail.Example.COM.", Signed("server", MAIL)),
    (
        "subjectAltName=IP:192.0.2.1,IP:2001:db8::1,DNS:mail.example.com",
        Signed("server", &["IP:192.0.2.1", "IP:2001:db8::1", "DNS:mail.example.com"]),
    ),
    ("subjectAltName=email:joe@example.com", Signed("user", &["email:joe@example.com"])),
    (
        "subjectAltName=email:joe@example.com",
        Refused(&["e-mail address in a server's certificate"]),
    ),
    (
        "subjectAltName=URI:https://example.com/",
        Refused(&["URI:https://example.com/", "only DNS, IP and email"]),
    ),
    ("subjectAltName=RID:1.2.3.4", Refused(&["registeredID", "only DNS, IP and email"])),
    (
        "subjectAltName=otherName:1.3.6.1.4.1.311.20.2.3;UTF8:joe@example.com",
        Refused(&["otherName", "only DNS, IP and email"]),
    ),
    ("subjectAltName=dirName:dn", Refused(&["dirName", "only DNS, IP and email"])),
    ("subjectAltName=DNS:bad_host!.example.com", Refused(&["bad_host!.example.com"])),
    ("subjectAltName=DNS:*.*.example.com", Refused(&["*.*.example.com"])),
    ("subjectAltName=DNS:*", Refused(&["*"])),
    ("basicConstraints=CA:FALSE", Signed("server", MAIL)),
    ("basicConstraints=critical,CA:TRUE,pathlen:5", Signed("server", MAIL)),
    ("keyUsage=critical,keyCertSign,cRLSign,digitalSignature", Signed("server", MAIL)),
    ("extendedKeyUsage=codeSigning,anyExtendedKeyUsage,1.2.3.4", Signed("server", MAIL)),
    ("extendedKeyUsage=serverAuth", Signed("server", MAIL)),
    (
        "subjectKeyIdentifier=DER:04:14:00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10:11:12:13",
        Signed("server", MAIL),
    ),
    ("certificatePolicies=1.2.3.4,2.5.29.32.0", Signed("server", MAIL)),
    ("policyConstraints=requireExplicitPolicy:0", Signed("server", MAIL)),
    ("inhibitAnyPolicy=0", Signed("server", MAIL)),
    ("nameConstraints=critical,permitted;DNS:example.org", Signed("server", MAIL)),
    ("tlsfeature=status_request", Signed("server", MAIL)),
    ("authorityInfoAccess=OCSP;URI:http://evil.example.net/", Signed("server", MAIL)),
    ("crlDistributionPoints=URI:http://evil.example.net/x.crl", Signed("server", MAIL)),
    ("nsCertType=objsign,sslCA\nnsComment=a comment", Signed("server", MAIL)),
    ("issuerAltName=email:ca@evil.example.net", Signed("server", MAIL)),
    (
        "noCheck=ignored\nsubjectInfoAccess=caRepository;URI:http://evil.example.net/",
        Signed("server", MAIL),
    ),
    ("1.2.3.4=critical,DER:05:00\n1.2.3.5=ASN1:UTF8String:anything", Signed("server", MAIL)),
    ("2.5.29.17=DER:30:03:82:05:61", Refused(&["subjectAltName", "malformed"])),
];

fn config(extensions: &str, attributes: &str) -> String {
    let some = if extensions.is_empty() { "" } else { "req_extensions=ext\n" };
    format!(
        "[req]\ndistinguished_name=dn\nprompt=no\n{some}attributes=attr\n[dn]\nCN=mail.example.com\n\
         [attr]\n{attributes}\n[ext]\n{extensions}\n"
    )
}

#[test]
fn every_kind_of_extension() {
    need!("openssl");
    let folder = Folder::with_ca();
    for (number, (extensions, fate)) in EXTENSIONS.into_iter().enumerate() {
        let name = format!("x{number}");
        folder.foreign_request(&name, "EC ec_paramgen_curve:P-256", &config(extensions, ""));
        judge(&folder, &name, fate);
    }
    openssl_reads_the_index(&folder);
}

#[test]
fn a_password_in_a_request_goes_nowhere() {
    need!("openssl");
    let folder = Folder::with_ca();
    let attributes = "challengePassword=Tr0ub4dor\nunstructuredName=anything at all";
    folder.foreign_request("r", "EC ec_paramgen_curve:P-256", &config("", attributes));
    judge(&folder, "r", Signed("server", MAIL));
    let shown = folder.mailca("show --text r.csr").success();
    assert!(!shown.text().contains("Tr0ub4dor") && !shown.stderr.contains("Tr0ub4dor"), "{shown}");
}

/// DER, text before the block, the other label, CRLF.
#[test]
fn every_form_of_a_file() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.simple_request("plain", "/CN=mail.example.com", "");
    let pem = folder.text("plain.csr");
    folder.openssl("req -in plain.csr -outform DER -out der.csr").success();
    folder.openssl("req -in plain.csr -text -out text.csr").success();
    folder.write("new.csr", pem.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"));
    folder.write("crlf.csr", pem.replace('\n', "\r\n"));
    for name in ["plain", "der", "text", "new", "crlf"] {
        judge(&folder, name, Signed("server", MAIL));
    }
    for (name, content) in [
        ("empty", String::new()),
        ("cut", pem[..200].to_owned()),
        ("two", format!("{pem}{pem}")),
        ("text", "hello\n".to_owned()),
    ] {
        folder.write(&format!("bad-{name}.csr"), content);
        judge(&folder, &format!("bad-{name}"), Refused(&["bad-"]));
    }
}
