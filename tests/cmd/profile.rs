//! The request asks, the CA decides.

use std::collections::BTreeSet;

use crate::support::{Certificate, Folder, need, subject_of};

const DEMANDING: &str = "[req]
distinguished_name=dn
prompt=no
req_extensions=ext
[dn]
O=Example
CN=mail.example.com
[ext]
basicConstraints=critical,CA:TRUE,pathlen:5
keyUsage=critical,keyCertSign,cRLSign,nonRepudiation
extendedKeyUsage=codeSigning,anyExtendedKeyUsage,timeStamping
subjectAltName=DNS:mail.example.com,DNS:mx.example.com
crlDistributionPoints=URI:http://elsewhere.example/x.crl
authorityInfoAccess=OCSP;URI:http://elsewhere.example/ocsp
nameConstraints=permitted;DNS:example.com
certificatePolicies=1.2.3.4
subjectKeyIdentifier=01:02:03:04
1.2.3.4.5.6=critical,ASN1:UTF8String:unknown
";
const EC: &str = "EC ec_paramgen_curve:P-256";

const SKI: &str = "2.5.29.14";
const KEY_USAGE: &str = "2.5.29.15";
const SAN: &str = "2.5.29.17";
const BASIC: &str = "2.5.29.19";
const CRL_POINTS: &str = "2.5.29.31";
const AKI: &str = "2.5.29.35";
const EXTENDED: &str = "2.5.29.37";

fn extensions(folder: &Folder, file: &str) -> BTreeSet<String> {
    let certificate = Certificate::read(&folder.path(file));
    certificate.extensions.into_iter().map(|(oid, ..)| oid).collect()
}

fn set(oids: &[&str]) -> BTreeSet<String> {
    oids.iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_of_what_a_request_demands_is_in_the_certificate() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.foreign_request("other", EC, DEMANDING);
    folder.mailca("sign other.csr --profile server --yes").success();

    let cert = "other.cert.pem";
    assert_eq!(extensions(&folder, cert), set(&[SKI, KEY_USAGE, SAN, BASIC, AKI, EXTENDED]));
    let text = folder.openssl("x509 -noout -text -in").arg(cert).success().text();
    for word in ["CA:TRUE", "Certificate Sign", "Code Signing", "elsewhere", "01:02:03:04"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
    for word in
        ["CA:FALSE", "TLS Web Server Authentication", "TLS Web Client Authentication", "mx.example"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
    let certificate = Certificate::read(&folder.path(cert));
    assert_eq!(certificate.days, 365);
    assert_eq!(certificate.subject, subject_of(&folder.path("other.csr")));
}

#[test]
fn serials_are_random_and_127_bits_long() {
    let folder = Folder::with_request();
    folder.write("demoCA/serial", "01\n");
    let mut serials = BTreeSet::new();
    for number in 0..8 {
        folder.mailca(&format!("issue --cn h{number}.example.com h{number}")).success();
        let certificate = Certificate::read(&folder.path(&format!("h{number}/cert.pem")));
        assert!(certificate.serial.len() > 28, "{}", certificate.serial);
        assert!(certificate.serial.len() <= 32, "{}", certificate.serial);
        serials.insert(certificate.serial);
    }
    assert_eq!(serials.len(), 8);
    assert_eq!(folder.text("demoCA/serial"), "01\n", "the next serial is openssl's alone");
}

#[test]
fn an_extension_that_nobody_knows_is_no_obstacle() {
    need!("openssl");
    let folder = Folder::with_ca();
    for (name, line) in [
        ("own", "1.2.3.4.5.6=ASN1:UTF8String:hello"),
        ("critical", "1.2.3.4.5.6=critical,DER:0500"),
        ("template", "1.3.6.1.4.1.311.20.2=ASN1:BMPString:WebServer"),
        ("ski", "subjectKeyIdentifier=hash"),
        ("must-staple", "tlsfeature=status_request"),
    ] {
        let config = format!(
            "[req]\ndistinguished_name=dn\nprompt=no\nreq_extensions=ext\n[dn]\nCN={name}.example.com\n\
             [ext]\n{line}\nsubjectAltName=DNS:{name}.example.com\n"
        );
        folder.foreign_request(name, EC, &config);
        folder.mailca(&format!("sign {name}.csr --profile server --yes")).success();
        let cert = format!("{name}.cert.pem");
        assert_eq!(extensions(&folder, &cert), set(&[SKI, KEY_USAGE, SAN, BASIC, AKI, EXTENDED]));
    }
}

#[test]
fn keys_of_p521_and_rsa_pss_work_or_say_why_not() {
    need!("openssl");
    let config = "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=mail.example.com\n";
    let folder = Folder::with_ca();
    folder.foreign_request("p521", "EC ec_paramgen_curve:P-521", config);
    folder.mailca("sign p521.csr --profile server --yes").success();
    folder.openssl("verify -x509_strict -CAfile demoCA/cacert.pem p521.cert.pem").success();
    let text = folder.openssl("x509 -noout -text -in p521.cert.pem").success().text();
    assert!(text.contains("(521 bit)") && text.contains("P-521"), "{text}");

    folder.foreign_request("pss", "RSA-PSS rsa_keygen_bits:2048", config);
    folder.mailca("sign pss.csr --profile server --yes").refused(&["RSA-PSS"]);
}

#[test]
fn a_p384_key_signed_with_sha256_stays_a_p384_key() {
    need!("openssl");
    let folder = Folder::with_ca();
    let config =
        "[req]\ndistinguished_name=dn\nprompt=no\ndefault_md=sha256\n[dn]\nCN=a.example.com\n";
    folder.foreign_request("p384", "EC ec_paramgen_curve:P-384", config);
    folder.mailca("sign p384.csr --profile server --yes").success();
    let of_request = folder.openssl("req -in p384.csr -noout -pubkey").success().text();
    let of_cert = folder.openssl("x509 -in p384.cert.pem -noout -pubkey").success().text();
    assert_eq!(of_request, of_cert);
}

#[test]
fn usage_follows_the_profile_and_the_key() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.mailca("issue --cn a.example.com --key-type ecdsa-p256 ec").success();
    folder.mailca("issue --cn a.example.com --key-type rsa-2048 rsa").success();
    folder.mailca("issue --user joe --email joe@example.com --key-type rsa-2048 person").success();
    folder
        .mailca("issue --user joe --email joe@example.com --key-type ecdsa-p256 ecperson")
        .success();
    folder.mailca("issue --cn relay.example.com --profile client relay").success();
    for (name, usage, extended) in [
        ("ec", "Digital Signature", "TLS Web Server Authentication, TLS Web Client Authentication"),
        (
            "rsa",
            "Digital Signature, Key Encipherment",
            "TLS Web Server Authentication, TLS Web Client Authentication",
        ),
        (
            "person",
            "Digital Signature, Key Encipherment",
            "TLS Web Client Authentication, E-mail Protection",
        ),
        ("ecperson", "", "TLS Web Client Authentication, E-mail Protection"),
        ("relay", "Digital Signature", "TLS Web Client Authentication"),
    ] {
        let text = folder
            .openssl("x509 -noout -ext keyUsage,extendedKeyUsage,basicConstraints -in")
            .arg(&format!("{name}/cert.pem"))
            .success()
            .text();
        let value = |title: &str| {
            let mut lines = text.lines().skip_while(|line| !line.contains(title));
            lines.nth(1).unwrap_or_default().trim().to_string()
        };
        assert_eq!(value("X509v3 Key Usage"), usage, "{name}: {text}");
        assert_eq!(value("X509v3 Extended Key Usage"), extended, "{name}: {text}");
        assert!(text.contains("CA:FALSE"), "{name}: {text}");
    }
}

#[test]
fn a_crl_distribution_point_is_there_only_when_the_ca_has_a_url() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mailca("newca --crl-url http://pki.example.com/ca.crl").success();
    folder.mailca("issue --cn a.example.com").success();
    assert!(extensions(&folder, "cert.pem").contains(CRL_POINTS));
    let text = folder.openssl("x509 -noout -ext crlDistributionPoints -in cert.pem").success();
    text.says(&["URI:http://pki.example.com/ca.crl"]);

    let folder = Folder::with_ca();
    folder.mailca("issue --cn a.example.com").success();
    assert!(!extensions(&folder, "cert.pem").contains(CRL_POINTS));
}

#[test]
fn the_end_of_the_ca_is_the_end_of_its_certificates() {
    let folder = Folder::empty();
    folder.mailca("newca --days 30").success();
    let outcome = folder.mailca("issue --cn a.example.com --days 365").success();
    let days = Certificate::read(&folder.path("cert.pem")).days;
    assert!((29..=30).contains(&days), "{days}: {outcome}");
}

#[test]
fn the_same_subject_again_is_no_error() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.simple_request("other", "/CN=mail.example.com", "DNS:mail.example.com");
    folder.mailca("sign other.csr --profile server --yes").success();
    folder.mailca("sign other.csr --profile server --yes -o second.pem").success();
    assert_eq!(folder.index().len(), 3);
}

#[test]
fn names_missing_from_the_san_are_put_there_and_said() {
    need!("openssl");
    for (subject, profile, expected) in [
        ("/CN=mail.example.com", "server", "DNS:mail.example.com"),
        ("/CN=MAIL.Example.com", "server", "DNS:mail.example.com"),
        ("/CN=joe/emailAddress=joe@example.com", "user", "email:joe@example.com"),
    ] {
        let folder = Folder::with_ca();
        folder.simple_request("other", subject, "");
        let outcome = folder.mailca(&format!("sign other.csr --yes --profile {profile}")).success();
        let (_, name) = expected.split_once(':').unwrap();
        assert!(outcome.stderr.to_lowercase().contains(name), "not said: {outcome}");
        let text = folder.openssl("x509 -noout -ext subjectAltName -in other.cert.pem").success();
        assert!(text.text().to_lowercase().contains(&expected.to_lowercase()), "{subject} {text}");
    }
}
