//! pkilint finds no error in a certificate of any profile.

use std::path::Path;

use crate::support::{Folder, KEY_TYPES, Run, need, peers_python};

/// What pkilint reports, under the name of each file; `None` where it is missing.
pub fn lint(folder: &Folder, files: &[String]) -> Option<String> {
    let python = peers_python()?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/lint.py");
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let run = Run::new(&python, folder.root(), "").arg(script.to_str().unwrap());
    Some(run.args(&files).success().text())
}

pub fn without_findings(folder: &Folder, files: &[String]) {
    if let Some(findings) = lint(folder, files) {
        assert_eq!(findings, "");
    }
}

/// Without this, a linter that reads nothing would find nothing.
#[test]
fn the_linter_finds_what_is_wrong() {
    need!("openssl");
    let folder = Folder::empty();
    folder.foreign_key("bad", "EC ec_paramgen_curve:P-256");
    folder.openssl("req -x509 -batch -key bad.key -subj /CN=Bad -days 9 -out bad.pem").success();
    if let Some(findings) = lint(&folder, &["bad.pem".into()]) {
        assert!(findings.contains("ca_certificate_no_ku_extension"), "{findings}");
    }
}

/// One certificate of every profile that the CA in the folder may sign.
fn every_profile(folder: &Folder, key_type: &str) -> Vec<String> {
    let mut files = vec!["demoCA/cacert.pem".to_string()];
    for (name, options) in [
        ("host", "--cn mail.example.com --san DNS:mx.example.com"),
        ("user", "--user joe --email joe@example.com"),
        ("client", "--cn relay.example.com --profile client"),
    ] {
        let name = format!("{name}-{key_type}");
        folder.mailca(&format!("issue {options} --key-type {key_type} {name}")).success();
        files.push(format!("{name}/cert.pem"));
    }
    files
}

#[test]
fn no_error_in_any_profile_with_any_key() {
    for ca in KEY_TYPES {
        let folder = Folder::with_ca_of(ca);
        // Every leaf key under the P-256 CA, and a P-256 leaf under every other.
        let leaves: &[&str] = if ca == "ecdsa-p256" { &KEY_TYPES } else { &["ecdsa-p256"] };
        let files: Vec<_> = leaves.iter().flat_map(|leaf| every_profile(&folder, leaf)).collect();
        without_findings(&folder, &files);
    }
}

#[test]
fn no_error_with_constraints_urls_and_intermediates() {
    need!("openssl");
    for options in [
        "--permit example.com",
        "--permit example.com --permit example.net --permit-ip 192.0.2.0/24",
        "--crl-url http://pki.example.com/ca.crl",
        "--permit example.com --crl-url http://pki.example.com/ca.crl --country DE --org Example",
    ] {
        let folder = Folder::empty();
        folder.mailca(&format!("newca --path-len 1 {options}")).success();
        let mut files = every_profile(&folder, "ecdsa-p256");
        folder.simple_request("sub", "/O=Example/CN=Sub CA", "");
        folder.mailca("sign sub.csr --profile ca --yes").success();
        files.push("sub.cert.pem".into());
        without_findings(&folder, &files);
    }
}

/// What the linter says of names that RFC 5280 does not know and every mail server uses. An entry
/// that is reported no longer fails too.
#[test]
fn the_known_differences_are_these() {
    need!("openssl");
    let folder = Folder::with_ca();
    for (name, subject, sans, finding) in [
        ("wildcard", "/CN=*.example.com", "DNS:*.example.com", "pkix.invalid_domain_name_syntax"),
        (
            "server-mail",
            "/CN=mail.example.com/emailAddress=a@example.com",
            "DNS:mail.example.com",
            "pkix.subject_email_address_not_in_san",
        ),
    ] {
        folder.simple_request(name, subject, sans);
        folder.mailca(&format!("sign {name}.csr --yes --profile server")).success();
        if let Some(findings) = lint(&folder, &[format!("{name}.cert.pem")]) {
            assert_eq!(findings.matches("(ERROR)").count(), 1, "{findings}");
            assert!(findings.contains(finding), "{findings}");
        }
    }
}

#[test]
fn no_error_with_odd_names() {
    need!("openssl");
    let folder = Folder::empty();
    folder
        .mailca("newca --country DE --email ca@example.com")
        .args(&["--org", "Müller & Söhne", "--ou", "One", "--ou", "Two"])
        .success();
    let mut files = vec!["demoCA/cacert.pem".to_string()];
    for (name, subject, sans, profile) in [
        ("address", "/CN=192.0.2.1", "IP:192.0.2.1,IP:2001:db8::1", "server"),
        ("idn", "/CN=xn--mller-kva.example", "", "server"),
        ("dc", "/DC=com/DC=example/OU=A/OU=B/CN=mail.example.com", "", "server"),
        ("mail", "/CN=Joe User/emailAddress=joe@example.com", "", "user"),
        ("empty", "/", "DNS:mail.example.com", "server"),
    ] {
        folder.simple_request(name, subject, sans);
        folder.mailca(&format!("sign {name}.csr --yes --profile {profile}")).success();
        files.push(format!("{name}.cert.pem"));
    }
    without_findings(&folder, &files);
}
