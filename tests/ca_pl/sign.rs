//! `-sign`, `-signCA`, `-xsign`: what is signed, as what, and what a refusal leaves.

use crate::answers::{HOST, PERSON, ca_pl, kept, lines, sign, with_protected_ca, with_request};
use crate::support::{Certificate, Folder, Snapshot, need};

#[test]
fn a_declined_request_is_a_failure_and_nothing_is_signed() {
    let folder = with_request(&HOST);
    for answers in ["n\n", "y\nn\n", "\n", "no\n", "y\nmaybe\n"] {
        ca_pl(&folder, "-sign").stdin(answers).refused(&["not signed"]);
        ca_pl(&folder, "-xsign").stdin(answers).refused(&["not signed"]);
    }
}

#[test]
fn where_signing_fails_the_certificate_of_before_stays_and_is_said_to_be_that() {
    for what in ["declined", "no CA", "no request", "a broken request", "-signCA", "nothing before"]
    {
        let folder = with_request(&HOST);
        if what != "nothing before" {
            sign(&folder, "-sign").success();
        }
        match what {
            "no CA" => std::fs::rename(folder.path("demoCA"), folder.path("other")).unwrap(),
            "no request" => std::fs::remove_file(folder.path("newreq.pem")).unwrap(),
            "a broken request" => folder.replace("newreq.pem", "not a request\n"),
            _ => {}
        }
        let line = if what == "-signCA" { what } else { "-sign" };
        let outcome = ca_pl(&folder, line).stdin("y\nn\n").refused(&[]);
        let said = outcome.stderr.contains("newcert.pem is from before");
        assert_eq!(said, what != "nothing before", "{what}{outcome}");
    }
    let folder = with_protected_ca();
    ca_pl(&folder, "-newreq-nodes").stdin(lines(&HOST)).success();
    ca_pl(&folder, "-sign").stdin("ca secret\ny\ny\n").success();
    ca_pl(&folder, "-sign").stdin("mistyped\ny\ny\n").refused(&["passphrase", "from before"]);
}

#[test]
fn the_certificate_of_before_is_kept_aside() {
    let folder = with_request(&HOST);
    sign(&folder, "-sign").success();
    let old = folder.read("newcert.pem");
    ca_pl(&folder, "-newreq-nodes").stdin(lines(&PERSON)).success();
    assert_eq!(folder.read("newcert.pem"), old);
    sign(&folder, "-sign").success();
    assert_ne!(folder.read("newcert.pem"), old);
    assert_eq!(folder.read(&kept(&folder, "newcert.pem")[0]), old);
    // The same request again is a new certificate, as a renewal is.
    sign(&folder, "-sign").success();
    assert_eq!(folder.index().len(), 4);
}

#[test]
fn the_names_say_what_it_is_for() {
    need!("openssl");
    let server = "TLS Web Server Authentication, TLS Web Client Authentication";
    let user = "TLS Web Client Authentication, E-mail Protection";
    for (common_name, email, usages, said) in [
        ("mail.example.com", "root@example.com", server, "server"),
        ("joe", "joe@example.com", user, "user"),
        ("mail", "", server, "server"),
        ("Joe User", "", "TLS Web Client Authentication", "client"),
    ] {
        let mut answers = HOST;
        (answers[5], answers[6]) = (common_name, email);
        let folder = with_request(&answers);
        let outcome = sign(&folder, "-sign").success();
        assert!(outcome.stderr.contains(&format!("it becomes a {said} certificate")), "{outcome}");
        let shown =
            folder.openssl("x509 -noout -ext extendedKeyUsage -in newcert.pem").success().text();
        assert_eq!(shown.lines().nth(1).unwrap().trim(), usages, "{common_name}");
    }
}

#[test]
fn a_request_of_openssls_keeps_its_whole_name() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.simple_request("newreq", "/DC=org/DC=example/O=Example/CN=mail.example.com/UID=x", "");
    std::fs::rename(folder.path("newreq.csr"), folder.path("newreq.pem")).unwrap();
    sign(&folder, "-sign").success();
    assert_eq!(
        crate::support::subject_of(&folder.path("newcert.pem")),
        crate::support::subject_of(&folder.path("newreq.pem"))
    );
    let both = "DNS:mail.example.com,email:joe@example.com";
    folder.simple_request("newreq", "/O=Example/CN=joe", both);
    std::fs::rename(folder.path("newreq.csr"), folder.path("newreq.pem")).unwrap();
    let outcome = sign(&folder, "-sign").success();
    assert!(outcome.stderr.contains("client certificate"), "{outcome}");
}

#[test]
fn sign_makes_no_ca_and_sign_ca_does() {
    need!("openssl");
    let folder = with_protected_ca();
    folder.write(
        "ca.cnf",
        "[req]\ndistinguished_name=dn\nreq_extensions=ext\n[dn]\n[ext]\nbasicConstraints=CA:TRUE\n",
    );
    folder
        .openssl("req -new -nodes -newkey rsa:2048 -config ca.cnf -keyout newkey.pem -out newreq.pem -subj")
        .arg("/O=Example/CN=Users CA")
        .success();
    let outcome = ca_pl(&folder, "-sign").stdin("ca secret\ny\ny\n").success();
    assert!(outcome.stderr.contains("asks to be a CA"), "{outcome}");
    let shown =
        folder.openssl("x509 -noout -ext basicConstraints -in newcert.pem").success().text();
    assert!(shown.contains("CA:FALSE"), "{shown}");
    let outcome = ca_pl(&folder, "-signCA").stdin("ca secret\ny\ny\n").success();
    assert_eq!(outcome.text(), "Signed CA certificate is in newcert.pem\n");
    let shown =
        folder.openssl("x509 -noout -ext basicConstraints -in newcert.pem").success().text();
    assert!(shown.contains("CA:TRUE, pathlen:0"), "{shown}");
    folder.openssl("verify -CAfile demoCA/cacert.pem newcert.pem").success();

    // mailca's own CAs sign no intermediates unless that is wanted.
    let other = with_request(&["", "", "", "Example", "", "Users CA", "", "", ""]);
    sign(&other, "-signCA").refused(&["path length is 0"]);
}

#[test]
fn xsign_prints_the_certificate_and_nothing_else() {
    need!("openssl");
    let folder = with_request(&HOST);
    folder.write("newcert.pem", "of before\n");
    let outcome = sign(&folder, "-xsign").success();
    let text = outcome.text();
    assert!(text.starts_with("-----BEGIN CERTIFICATE-----\n"), "{outcome}");
    assert!(text.ends_with("-----END CERTIFICATE-----\n"), "{outcome}");
    folder.write("printed.pem", &text);
    folder.openssl("verify -CAfile demoCA/cacert.pem printed.pem").success();
    assert_eq!(folder.text("newcert.pem"), "of before\n");
    assert_eq!(folder.index().len(), 2);
}

#[test]
fn the_passphrase_is_asked_for_before_the_questions() {
    let folder = with_protected_ca();
    ca_pl(&folder, "-newreq-nodes").stdin(lines(&HOST)).success();
    let outcome = ca_pl(&folder, "-sign").stdin("wrong\ny\ny\n").refused(&["passphrase"]);
    assert!(
        outcome.stderr.contains("Enter pass phrase for ./demoCA/private/cakey.pem:"),
        "{outcome}"
    );
    assert!(!outcome.stderr.contains("[y/n]"), "{outcome}");
    ca_pl(&folder, "-sign").refused(&["standard input ended"]);
}

#[test]
fn what_was_issued_and_did_not_arrive_is_delivered() {
    let folder = with_request(&HOST);
    // As if the process had been killed between recording and writing the file.
    folder.mailca("sign newreq.pem --profile server --yes -o first.pem").success();
    let serial = Certificate::read(&folder.path("first.pem")).serial;
    folder.mkdir("demoCA/pending");
    let request =
        mailca::pki::request::Request::from_file_content(&folder.read("newreq.pem")).unwrap();
    let digest = mailca::pki::digest::hex(&mailca::pki::digest::sha256(request.as_der()));
    folder.write(&format!("demoCA/pending/{digest}.pem"), folder.read("first.pem"));
    let outcome = sign(&folder, "-sign").success();
    assert!(outcome.stderr.contains("did not arrive"), "{outcome}");
    assert_eq!(Certificate::read(&folder.path("newcert.pem")).serial, serial);
    assert_eq!(folder.index().len(), 2, "it was issued twice");
    sign(&folder, "-sign").success();
    assert_eq!(folder.index().len(), 3);
}

#[test]
fn a_link_in_the_place_of_the_certificate_is_seen_before_signing() {
    let folder = with_request(&HOST);
    let before = Snapshot::of(&folder.path("demoCA"));
    std::os::unix::fs::symlink("/etc/hostname", folder.path("newcert.pem")).unwrap();
    sign(&folder, "-sign").exits(1).says(&["newcert.pem", "not a plain file"]);
    assert_eq!(Snapshot::of(&folder.path("demoCA")).changes_since(&before), "");
}

#[test]
fn what_the_ca_refuses_is_refused_here_too() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder
        .openssl("req -new -nodes -newkey rsa:1024 -keyout weak.key -out newreq.pem -subj /CN=a.example.com")
        .success();
    sign(&folder, "-sign").refused(&["1024"]);
    let answers = ["", "", "", "", "", "Test CA ecdsa-p256", "", "", ""];
    ca_pl(&folder, "-newreq-nodes").stdin(lines(&answers)).success();
    let same = folder.text("demoCA/mailca.toml").contains("organization = \"Example\"");
    assert!(same, "the name would be another one");
    sign(&folder, "-sign").refused(&["the CA's own name"]);
}
