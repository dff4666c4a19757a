//! Streams and files that are not what they seem, and requests that are not what they should be.

use std::fs;

use crate::support::{Certificate, Folder, certificate_der, need, tlv};

fn with_request() -> Folder {
    let folder = Folder::with_ca();
    folder.simple_request("other", "/CN=mail.example.com", "DNS:mail.example.com");
    folder
}

#[test]
fn nothing_is_issued_for_a_standard_output_that_is_closed() {
    need!("openssl");
    let folder = with_request();
    for line in [
        "sign --profile server --yes - <other.csr >&-",
        "sign --profile server --yes --json - <other.csr >&-",
        "sign --profile server --yes other.csr -o - >&-",
        "sign --profile server --yes - <other.csr >&- 2>/dev/null",
    ] {
        folder.bash(&format!("mailca {line}")).exits(1);
        assert_eq!(folder.index().len(), 1, "{line}");
    }
    let said = folder.bash("mailca sign --profile server --yes - <other.csr >&-").exits(1);
    assert!(said.stderr.contains("closed"), "{said}");
    // Who throws it away on purpose may.
    folder.bash("mailca sign --profile server --yes - <other.csr >/dev/null").success();
    assert_eq!(folder.index().len(), 2);
    folder.mailca("issue --cn a.example.com a").success();
    let serial = Certificate::read(&folder.path("a/cert.pem")).serial;
    fs::rename(folder.path("a"), folder.path("demoCA/a")).unwrap();
    folder.bash(&format!("mailca renew {serial} >&-")).exits(1);
    assert_eq!(folder.index().len(), 3);
    // Nothing is lost where nothing is handed out.
    folder.bash("mailca issue --cn b.example.com b >&-").success();
}

#[test]
fn a_dash_is_standard_output_or_nothing() {
    need!("openssl");
    let folder = with_request();
    let signed = folder.mailca("sign --profile server --yes other.csr -o -").success();
    assert!(signed.text().starts_with("-----BEGIN CERTIFICATE-----"), "{signed}");
    let signed =
        folder.mailca("sign --profile server --yes - -o -").stdin(folder.read("other.csr"));
    assert!(signed.success().text().starts_with("-----BEGIN CERTIFICATE-----"));
    folder.mailca("issue --user joe --email joe@example.com joe").success();
    folder.write("pw", "correct horse\n");
    folder.write("users.csv", "login,email\nann,ann@example.com\n");
    for line in [
        "export-p12 joe --password-file pw -o -",
        "kit joe --imap mail.example.com -o -",
        "access-map --for dovecot --all -o -",
        "issue --from users.csv --p12 --password-out -",
        "issue --from users.csv --p12 --password-dir -",
        "backup -",
    ] {
        folder.mailca(line).usage(&["- is no file"]);
    }
    assert!(!folder.exists("-"));
}

#[test]
fn a_pipe_in_the_place_of_a_lock_is_refused_at_once() {
    need!("mkfifo");
    for (name, line) in [
        ("mailca.lock", "crl"),
        ("mailca.lock", "issue --cn a.example.com a"),
        ("access-map.lock", "access-map --for dovecot --all -o map"),
    ] {
        let folder = Folder::with_ca();
        let _ = fs::remove_file(folder.path(&format!("demoCA/{name}")));
        folder.program("mkfifo", "-m 0600").arg(&format!("demoCA/{name}")).success();
        let outcome = folder.mailca(line).exits(1);
        assert!(outcome.stderr.contains("is not a plain file"), "{outcome}");
    }
}

/// other.csr with another version and subject, signed again.
fn changed(folder: &Folder, version: u8, subject: Option<&[u8]>) {
    let der = certificate_der(&folder.path("other.csr"));
    let parts = tlv::children(&der);
    let info = tlv::children(parts[0]);
    let subject = subject.unwrap_or(info[1]);
    let info = tlv::of(0x30, &[&tlv::element(2, &[version]), subject, info[2], info[3]]);
    folder.write("info", &info);
    folder.openssl("dgst -sha256 -sign other.key -out signature info").success();
    let signature = [&[0][..], &folder.read("signature")].concat();
    let signed = tlv::of(0x30, &[&info, parts[1], &tlv::element(3, &signature)]);
    folder.write("changed.csr", signed);
}

fn name(tag: u8, text: &[u8]) -> Vec<u8> {
    let oid = tlv::element(6, &[0x55, 4, 3]);
    let attribute = tlv::of(0x30, &[&oid, &tlv::element(tag, text)]);
    tlv::of(0x30, &[&tlv::of(0x31, &[&attribute])])
}

#[test]
fn a_request_of_another_version_is_refused() {
    need!("openssl");
    let folder = with_request();
    let line = "sign changed.csr --profile server --yes";
    changed(&folder, 9, None);
    folder.mailca(line).refused(&["malformed request", "version"]);
    changed(&folder, 0, None);
    folder.mailca(line).success();
}

#[test]
fn a_string_with_characters_that_are_none_of_its_is_refused() {
    need!("openssl");
    let line = "sign changed.csr --profile server --yes";
    for text in [&b"mail\x1b[2Jexample.com"[..], b"m\0il"] {
        let folder = with_request();
        changed(&folder, 0, Some(&name(0x13, text)));
        folder.mailca(line).refused(&["malformed subject", "PrintableString"]);
    }
    for text in [&b"mail.example.com"[..], b"*.example.com", b"mail@example.com", b"mail_1"] {
        let folder = with_request();
        changed(&folder, 0, Some(&name(0x13, text)));
        let outcome = folder.mailca(line).output();
        assert!(!outcome.stderr.contains("malformed"), "{outcome}");
    }
}
