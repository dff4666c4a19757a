//! Other people's programs read what is in a kit: the profile and its signature, Thunderbird's settings, the zip.

use crate::support::{Folder, need};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/kit.py");

/// A name that XML, property lists and people's programs stumble over.
const NAME: &str = "Jöe <O'User> & \"Söhne\" 株式会社";

/// A kit of joe's with an account, in `joe-kit`, its password in `pw`.
fn kit(ca: &str, user: &str, more: &str) -> Folder {
    let folder = Folder::with_ca_of(ca);
    let issue = format!("issue --user joe --email joe@example.com --key-type {user} joe");
    folder.mailca(&issue).success();
    folder.mailca("issue --cn mail.example.com mail").success();
    let servers = "--imap imap.example.com --smtp smtp.example.com:587";
    let line = format!("kit joe --password-out pw {servers} {more}");
    folder.mailca(&line).args(&["--name", NAME]).success();
    folder.mkdir("out");
    folder
}

/// What the script found, as JSON.
fn taken_apart(folder: &Folder, kit: &str) -> String {
    folder.program("python3", "").args(&[SCRIPT, kit, "out"]).success().text()
}

fn is_joes(folder: &Folder, pkcs12: &str, more: &str) {
    let line = format!("pkcs12 -clcerts -nokeys {more} -passin file:pw -in {pkcs12}");
    let pem = folder.openssl(&line).success().text();
    assert!(pem.contains(folder.text("joe/cert.pem").trim()), "another certificate: {pem}");
    let line = format!("pkcs12 -nocerts -nodes {more} -passin file:pw -in {pkcs12}");
    let key = folder.openssl(&line).success().text();
    let public = |key: &str| folder.openssl("pkey -pubout").stdin(key).success().text();
    assert_eq!(public(&key), public(&folder.text("joe/key.pem")));
}

#[test]
fn a_profile_is_a_property_list_with_the_same_certificate() {
    need!("openssl", "python3", "plistutil");
    for (ca, user) in [("ecdsa-p256", "rsa-2048"), ("rsa-2048", "ecdsa-p256")] {
        let folder = kit(ca, user, "");
        // There and back: to the binary form, and to XML again.
        let profile = "joe-kit/joe.mobileconfig";
        folder.program("plistutil", &format!("-i {profile} -o binary")).success();
        assert!(folder.read("binary").starts_with(b"bplist00"));
        folder.program("plistutil", "-i binary -o again").success();
        assert!(folder.text("again").contains("com.apple.mail.managed"));
        let text = taken_apart(&folder, "joe-kit");
        let ca_der = "x509 -outform DER -in demoCA/cacert.pem -out ca.der";
        folder.openssl(ca_der).success();
        assert_eq!(folder.read("out/payload0"), folder.read("ca.der"));
        assert_eq!(folder.read("out/payload0"), folder.read("joe-kit/cacert.crt"));
        assert_eq!(folder.read("out/payload1"), folder.read("joe-kit/joe-apple.p12"));
        is_joes(&folder, "out/payload1", "-legacy");
        is_joes(&folder, "joe-kit/joe.p12", "");
        let name = "J\\u00f6e <O'User> & \\\"S\\u00f6hne\\\" \\u682a\\u5f0f\\u4f1a\\u793e";
        for said in [
            "\"PayloadType\": \"Configuration\"",
            "\"PayloadType\": \"com.apple.security.root\"",
            "\"PayloadType\": \"com.apple.security.pkcs12\"",
            "\"PayloadType\": \"com.apple.mail.managed\"",
            "\"PayloadIdentifier\": \"com.example.mailca.joe\"",
            "\"EmailAccountType\": \"EmailTypeIMAP\"",
            "\"IncomingMailServerPortNumber\": 993",
            "\"OutgoingMailServerPortNumber\": 587",
            "\"SMIMESigningEnabled\": true",
            "\"SMIMEEncryptByDefault\": false",
            &format!("\"EmailAccountName\": \"{name}\""),
        ] {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert!(!text.contains("\"Password\"") && !text.contains("\"IncomingPassword\""), "{text}");
        // The account names the payload with the pair: the UUID three times.
        let uuid = text.split("SMIMESigningCertificateUUID\": \"").nth(1).unwrap();
        assert_eq!(text.matches(&uuid[..36]).count(), 3, "{text}");
    }
}

#[test]
fn the_form_for_everybody_else_is_in_the_kit_too() {
    need!("openssl");
    let folder = kit("ecdsa-p256", "ecdsa-p256", "");
    let info = "pkcs12 -info -noout -passin file:pw -in joe-kit/joe.p12";
    folder.openssl(info).success().says(&["AES-256-CBC", "hmacWithSHA256"]);
    let info = "pkcs12 -info -noout -legacy -passin file:pw -in joe-kit/joe-apple.p12";
    folder.openssl(info).success().says(&["pbeWithSHA1And3-KeyTripleDES-CBC"]);
}

#[test]
fn thunderbirds_settings_are_xml() {
    need!("openssl", "python3");
    let folder = kit("ecdsa-p256", "ecdsa-p256", "--login j<&>\"o --auth certificate");
    let text = taken_apart(&folder, "joe-kit");
    for said in [
        "\"kind\": \"imap\"",
        "\"hostname\": \"imap.example.com\"",
        "\"socketType\": \"SSL\"",
        "\"kind\": \"smtp\"",
        "\"socketType\": \"STARTTLS\"",
        "\"authentication\": \"TLS-client-cert\"",
        "\"username\": \"j<&>\\\"o\"",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn a_zip_is_read_by_others() {
    need!("openssl", "python3", "unzip");
    let folder = kit("ecdsa-p256", "ecdsa-p256", "-o joe.zip");
    folder.program("unzip", "-t joe.zip").success().says(&["No errors", "joe-kit/joe.html"]);
    taken_apart(&folder, "joe.zip");
    assert_eq!(folder.read("out/payload1"), folder.read("out/joe-kit/joe-apple.p12"));
    is_joes(&folder, "out/joe-kit/joe.p12", "");
}

/// A CA's certificate and a server's have no emailProtection, so OpenSSL has to be told that any purpose will do.
#[test]
fn a_signed_profile_verifies() {
    need!("openssl", "python3");
    for (ca, more) in [
        ("ecdsa-p256", "--sign"),
        ("ecdsa-p384", "--sign"),
        ("rsa-2048", "--sign"),
        ("rsa-3072", "--sign-with mail"),
        ("ecdsa-p256", "--sign-with mail"),
        ("rsa-2048", "--sign-with joe"),
    ] {
        let folder = kit(ca, "rsa-2048", more);
        for program in ["smime", "cms"] {
            let line =
                format!("{program} -verify -binary -inform DER -in joe-kit/joe.mobileconfig");
            let against = format!("{line} -CAfile demoCA/cacert.pem -out out/content");
            folder.openssl(&format!("{against} -purpose any")).success().says(&["successful"]);
            // A person's certificate is for this purpose, and needs no such word.
            let signs_mail = more.ends_with("joe");
            folder.openssl(&against).exits(if signs_mail { 0 } else { 4 });
            let other = Folder::with_ca_of("ecdsa-p256");
            other.mailca("newca --cn Other --ca-dir other").success();
            folder.write("other.pem", other.read("other/cacert.pem"));
            folder.openssl(&format!("{line} -CAfile other.pem -purpose any")).exits(4);
        }
        let broken = String::from_utf8_lossy(&folder.read("joe-kit/joe.mobileconfig")).into_owned();
        assert!(broken.contains("imap.example.com"));
        let mut bytes = folder.read("joe-kit/joe.mobileconfig");
        let at = bytes.windows(4).position(|window| window == b"imap").unwrap();
        bytes[at] = b'j';
        folder.write("broken", bytes);
        folder
            .openssl("smime -verify -binary -inform DER -in broken -CAfile demoCA/cacert.pem -purpose any")
            .exits(4);
        folder
            .openssl("smime -verify -binary -inform DER -in joe-kit/joe.mobileconfig -purpose any")
            .args(&["-CAfile", "demoCA/cacert.pem", "-out", "out/content"])
            .success();
        let text = taken_apart(&folder, "joe-kit");
        assert!(text.contains("com.apple.mail.managed"), "{text}");
    }
}

#[test]
fn intermediate_cas_are_in_the_kit_and_in_the_signature() {
    need!("openssl", "python3");
    let folder = Folder::empty();
    folder.mailca("newca --cn Root --path-len 1").success();
    folder.mailca("newreq --profile ca --cn Middle middle").success();
    folder.mailca("sign middle --profile ca --yes").success();
    folder.mailca("newca --ca-dir below --from middle").success();
    let issue = "issue --user joe --email joe@example.com --key-type ecdsa-p256 joe --ca-dir below";
    folder.mailca(issue).success();
    folder.mailca("kit joe --password-out pw --sign --ca-dir below").success();
    folder.mkdir("out");
    folder
        .openssl("smime -verify -binary -inform DER -in joe-kit/joe.mobileconfig -purpose any")
        .args(&["-CAfile", "demoCA/cacert.pem", "-out", "out/content"])
        .success();
    let text = taken_apart(&folder, "joe-kit");
    let at = |kind: &str| text.find(kind).unwrap_or_else(|| panic!("{kind}: {text}"));
    assert!(at("com.apple.security.pkcs1\"") < at("com.apple.security.root"), "{text}");
    let subject = "x509 -noout -subject -inform DER -in joe-kit/cacert.crt";
    folder.openssl(subject).success().says(&["CN = Root"]);
    assert_eq!(folder.text("joe-kit/cacert.pem").matches("BEGIN CERTIFICATE").count(), 2);
}
