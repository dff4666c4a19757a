//! The classic session, from scripts without a terminal.

use crate::answers::{
    HOST, NEWCA, PERSON, ca_pl, lines, script, sign, with_protected_ca, with_request,
};
use crate::support::{Certificate, Folder, mode, need};

#[test]
fn newca_answers_newreq_sign_and_the_bundle() {
    need!("openssl");
    let folder = Folder::empty();
    folder.write("ca.answers", lines(&NEWCA));
    folder.write("host.answers", lines(&HOST));
    let outcome = script(
        &folder,
        "CA.pl -newca < ca.answers
         CA.pl -newreq-nodes < host.answers
         printf '%s\\n' 'ca secret' y y | CA.pl -sign
         printf '%s\\n' exported exported | CA.pl -pkcs12 'Our mail host'
         CA.pl -verify
         CA.pl -verify newcert.pem demoCA/cacert.pem",
    )
    .success();
    let said = outcome.text();
    for line in [
        "CA certificate is in ./demoCA/cacert.pem",
        "Request is in newreq.pem, private key is in newkey.pem",
        "Signed certificate is in newcert.pem",
        "PKCS#12 file is in newcert.p12",
        "newcert.pem: OK",
        "demoCA/cacert.pem: OK",
    ] {
        assert!(said.lines().any(|said| said == line), "{line}{outcome}");
    }
    assert!(
        !outcome.stderr.contains("secret") && !outcome.stderr.contains("exported"),
        "{outcome}"
    );

    folder.openssl("verify -purpose sslserver -CAfile demoCA/cacert.pem newcert.pem").success();
    folder.openssl("verify -purpose sslclient -CAfile demoCA/cacert.pem newcert.pem").success();
    folder.openssl("req -noout -verify -in newreq.pem").success();
    let shown =
        folder.openssl("x509 -noout -subject -ext subjectAltName -in newcert.pem").success();
    assert!(
        shown
            .text()
            .contains("subject=C = DE, ST = Hessen, O = Example, OU = Mail, CN = mail.example.com")
    );
    assert!(shown.text().contains("DNS:mail.example.com"), "{shown}");
    assert_eq!(Certificate::read(&folder.path("newcert.pem")).days, 365);
    let bundle = folder.openssl("pkcs12 -nokeys -passin pass:exported -in newcert.p12").success();
    assert!(bundle.text().contains("friendlyName: Our mail host"), "{bundle}");
    assert_eq!(bundle.text().matches("-----BEGIN CERTIFICATE").count(), 2, "{bundle}");
    for (name, wanted) in [
        ("newkey.pem", 0o400),
        ("newreq.pem", 0o644),
        ("newcert.pem", 0o644),
        ("newcert.p12", 0o400),
        ("demoCA", 0o700),
        ("demoCA/private/cakey.pem", 0o400),
    ] {
        assert_eq!(mode(&folder.path(name)), wanted, "{name}");
    }
    assert_eq!(folder.index().len(), 2);
}

#[test]
fn the_ca_is_what_ca_pl_makes_and_more() {
    need!("openssl");
    let folder = with_protected_ca();
    let shown = folder.openssl("x509 -noout -text -in demoCA/cacert.pem").success().text();
    for words in [
        "C = DE, ST = Hessen, L = Gie",
        "O = Example, OU = Mail, CN = Old CA, emailAddress = ca@example.com",
        "(2048 bit)",
        "rsaEncryption",
        "CA:TRUE, pathlen:1",
        "Certificate Sign, CRL Sign",
    ] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    assert_eq!(Certificate::read(&folder.path("demoCA/cacert.pem")).days, 1095);
    assert!(
        folder.text("demoCA/private/cakey.pem").starts_with("-----BEGIN ENCRYPTED PRIVATE KEY")
    );
    folder
        .openssl("pkey -noout -in demoCA/private/cakey.pem -passin")
        .arg("pass:ca secret")
        .success();
    folder.openssl("req -noout -verify -in demoCA/careq.pem").success();
    let settings = folder.text("demoCA/mailca.toml");
    assert!(settings.contains("organization = \"Example\"\n"), "{settings}");
    folder.mailca("issue --cn mx.example.com").refused(&["encrypted"]);
    folder.write("pass", "ca secret\n");
    folder.mailca("issue --cn mx.example.com --ca-passphrase-file pass").success();
}

#[test]
fn one_file_answers_several_commands() {
    let folder = Folder::with_ca();
    let answers = [&HOST[..], &["y", "y"], &PERSON, &["y", "y"]].concat();
    folder.write("answers", lines(&answers));
    let commands = "CA.pl -newreq-nodes; CA.pl -sign; mv newcert.pem host.pem; \
                    CA.pl -newreq-nodes; CA.pl -sign";
    script(&folder, &format!("{{ {commands}; }} < answers; CA.pl -verify host.pem newcert.pem"))
        .success();
    script(&folder, &format!("cat answers | {{ {commands}; }}")).success();
    assert_eq!(folder.index().len(), 5);
}

#[test]
fn the_passphrase_of_the_ca_may_be_in_a_file_and_is_not_asked_for_then() {
    let folder = Folder::empty();
    folder.write("pass", "ca secret\n");
    let file = |line| ca_pl(&folder, line).env("MAILCA_CA_PASSPHRASE_FILE", "pass");
    let unasked: Vec<_> = NEWCA.into_iter().filter(|answer| *answer != "ca secret").collect();
    let outcome = file("-newca").stdin(lines(&unasked)).success();
    assert!(!outcome.stderr.contains("pass phrase"), "{outcome}");
    ca_pl(&folder, "-newreq-nodes").stdin(lines(&HOST)).success();
    file("-sign").stdin("y\ny\n").success();
    file("-revoke newcert.pem").success();
    file("-crl").success();
    folder.write("pass", "abc\n");
    let other = Folder::empty();
    other.write("pass", "abc\n");
    let short = ca_pl(&other, "-newca").env("MAILCA_CA_PASSPHRASE_FILE", "pass");
    short.stdin(lines(&unasked)).refused(&["pass", "shorter than 4"]);
}

/// The way of the articles: the CA's certificate, the user's and the key in one file, for openssl.
#[test]
fn what_guides_do_with_the_files_works() {
    need!("openssl");
    let folder = with_request(&PERSON);
    sign(&folder, "-signreq").success();
    folder
        .bash(
            "cat demoCA/cacert.pem newcert.pem newkey.pem > input.pem
             openssl pkcs12 -export -in input.pem -out joe.p12 -passout pass:x -name \"Joe's\"
             openssl pkcs12 -noout -in joe.p12 -passin pass:x",
        )
        .success();
    folder.openssl("verify -purpose smimesign -CAfile demoCA/cacert.pem newcert.pem").success();
    // A passphrase is taken off in place.
    let answers = [&["key secret", "key secret"][..], &HOST].concat();
    ca_pl(&folder, "-newreq").stdin(lines(&answers)).success();
    folder.openssl("rsa -in newkey.pem -out newkey.pem -passin").arg("pass:key secret").success();
    folder.openssl("pkey -noout -in newkey.pem").success();
}

#[test]
fn help_and_other_names() {
    let folder = Folder::empty();
    for word in ["-help", "-h", "-?"] {
        let help = ca_pl(&folder, word).env("OPENSSL_CONFIG", "-config x").success().text();
        for argument in [
            "-newca",
            "-newreq-nodes",
            "-newcert",
            "-signCA",
            "-signcert",
            "-xsign",
            "-pkcs12",
            "-crl",
            "-revoke",
            "-verify",
        ] {
            assert!(help.contains(argument), "{argument}\n{help}");
        }
    }
    std::os::unix::fs::symlink(crate::support::MAILCA, folder.path("CA.sh")).unwrap();
    crate::support::Run::new(&folder.path("CA.sh"), folder.root(), "-newca").exits(2);
}
