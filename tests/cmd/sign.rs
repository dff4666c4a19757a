//! `sign`: where requests come from and where certificates go.

use crate::support::{Certificate, Folder, Snapshot, mode, need};

fn with_foreign() -> Folder {
    let folder = Folder::with_ca();
    folder.simple_request("other", "/CN=mail.example.com", "DNS:mail.example.com");
    folder
}

#[test]
fn a_csr_gives_a_certificate_beside_it() {
    need!("openssl");
    let folder = with_foreign();
    folder.mkdir("in");
    std::fs::rename(folder.path("other.csr"), folder.path("in/other.csr")).unwrap();
    folder.mailca("sign in/other.csr --profile server --yes").success();
    assert_eq!(mode(&folder.path("in/other.cert.pem")), 0o400);
    folder.openssl("verify -CAfile demoCA/cacert.pem in/other.cert.pem").success();
}

#[test]
fn several_requests_in_one_command() {
    need!("openssl");
    let folder = with_foreign();
    folder.simple_request("next", "/CN=mx.example.com", "DNS:mx.example.com");
    folder.mailca("newreq --cn own.example.com own").success();
    folder.mailca("sign other.csr next.csr own --profile server --yes").success();
    for file in ["other.cert.pem", "next.cert.pem", "own/cert.pem"] {
        folder.openssl("verify -CAfile demoCA/cacert.pem").arg(file).success();
    }
    assert_eq!(folder.index().len(), 4);
}

#[test]
fn one_bad_request_among_several_is_named() {
    need!("openssl");
    let folder = with_foreign();
    folder.write("bad.csr", "nothing\n");
    let outcome = folder.mailca("sign bad.csr other.csr --profile server --yes").exits(1);
    assert!(outcome.stderr.contains("bad.csr"), "{outcome}");
    assert!(!folder.exists("bad.cert.pem"));
}

#[test]
fn pem_and_der_and_the_old_label_are_read() {
    need!("openssl");
    let folder = with_foreign();
    let pem = folder.text("other.csr");
    folder.openssl("req -in other.csr -outform DER -out der.csr").success();
    folder.write("old.csr", pem.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"));
    folder.write("dos.csr", pem.replace('\n', "\r\n"));
    folder.write("bom.csr", format!("\u{feff}{pem}"));
    folder.write("text.csr", format!("Certificate Request:\n    Data:\n{pem}\ntrailing words\n"));
    for name in ["der", "old", "dos", "bom", "text"] {
        folder.mailca(&format!("sign {name}.csr --profile server --yes")).success();
        folder
            .openssl("verify -CAfile demoCA/cacert.pem")
            .arg(&format!("{name}.cert.pem"))
            .success();
    }
}

#[test]
fn dash_reads_stdin_and_writes_stdout() {
    need!("openssl");
    let folder = with_foreign();
    let request = folder.read("other.csr");
    let outcome = folder.mailca("sign - --profile server --yes").stdin(&request).success();
    let text = outcome.text();
    assert!(text.starts_with("-----BEGIN CERTIFICATE-----"), "{outcome}");
    assert!(text.ends_with("-----END CERTIFICATE-----\n"), "{outcome}");
    folder.write("out.pem", text);
    folder.openssl("verify -CAfile demoCA/cacert.pem out.pem").success();
    folder.mailca("sign - --profile server --yes").stdin("").refused(&["standard input"]);
}

#[test]
fn the_output_file_can_be_chosen() {
    need!("openssl");
    let folder = with_foreign();
    folder.mailca("sign other.csr --profile server --yes -o chosen.pem").success();
    assert!(folder.exists("chosen.pem") && !folder.exists("other.cert.pem"));
    folder.simple_request("next", "/CN=mx.example.com", "");
    folder.mailca("sign other.csr next.csr --profile server --yes -o x.pem").usage(&["-o"]);
}

#[test]
fn days_are_those_asked_for() {
    let folder = Folder::with_request();
    folder.mailca("sign --days 90").success();
    assert_eq!(Certificate::read(&folder.path("cert.pem")).days, 90);
    for days in ["0", "-1", "x", "99999999999"] {
        let before = Snapshot::of(folder.root());
        let outcome = folder.mailca("sign --force").arg(&format!("--days={days}")).output();
        assert!(matches!(outcome.status, Some(1 | 2)), "{days}: {outcome}");
        assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "", "{days}");
    }
}

#[test]
fn names_can_be_given_by_the_ca() {
    need!("openssl");
    let folder = with_foreign();
    folder.mailca("sign other.csr --profile server --yes --san DNS:new.example.com").success();
    let text = folder.openssl("x509 -noout -ext subjectAltName -in other.cert.pem").success();
    text.says(&["DNS:new.example.com"]);
}

#[test]
fn what_will_be_signed_is_shown() {
    need!("openssl");
    let folder = with_foreign();
    let outcome = folder.mailca("sign other.csr --profile server --yes").success();
    for word in ["mail.example.com", "server"] {
        assert!(outcome.stderr.contains(word), "{word}: {outcome}");
    }
    assert!(outcome.stdout.is_empty(), "{outcome}");
    folder.simple_request("quiet", "/CN=mx.example.com", "DNS:mx.example.com");
    let outcome = folder.mailca("sign quiet.csr --profile server --yes -q").success();
    assert!(outcome.stderr.is_empty() && outcome.stdout.is_empty(), "{outcome}");
}

#[test]
fn a_certificate_that_is_there_is_not_replaced() {
    let folder = Folder::with_request();
    folder.mailca("sign").success();
    let before = Snapshot::of(folder.root());
    let _ = folder.mailca("sign").output();
    assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "");
}

#[test]
fn a_missing_ca_says_how_to_make_one() {
    let folder = Folder::empty();
    folder.mailca("newreq --cn mail.example.com").success();
    folder.mailca("sign").refused(&["demoCA", "newca"]);
    folder.mailca("sign --ca-dir elsewhere").refused(&["elsewhere"]);
}

#[test]
fn a_missing_request_says_how_to_make_one() {
    let folder = Folder::with_ca();
    folder.mailca("sign").refused(&["req.pem", "newreq"]);
    folder.mailca("sign nobody").refused(&["nobody"]);
}

#[test]
fn an_intermediate_is_signed_where_the_path_allows_it() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mailca("newca --path-len 1").success();
    folder.simple_request("sub", "/O=Example/CN=Sub CA", "");
    folder.mailca("sign sub.csr --profile ca --yes").success();
    let text = folder.openssl("x509 -noout -text -in sub.cert.pem").success().text();
    for word in ["CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign"] {
        assert!(text.contains(word), "{word}: {text}");
    }
}

/// What else such a request gets none of is in the tests of the profiles.
#[test]
fn a_request_that_asks_to_be_a_ca_is_told_what_it_becomes() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mailca("newca --path-len 1").success();
    folder.foreign_request(
        "sub",
        "EC ec_paramgen_curve:P-256",
        "[req]\ndistinguished_name=dn\nprompt=no\nreq_extensions=ext\n[dn]\nCN=sub.example.com\n\
         [ext]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n",
    );
    folder.mailca("sign sub.csr --yes").refused(&["--profile ca"]);
    let outcome = folder.mailca("sign sub.csr --profile server --yes").success();
    assert!(outcome.stderr.contains("asks to be a CA"), "not said: {outcome}");
    folder.openssl("x509 -noout -text -in sub.cert.pem").success().says(&["CA:FALSE"]);
}

#[test]
fn the_path_length_goes_with_intermediates_and_gets_shorter() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mailca("newca --path-len 2").success();
    folder.simple_request("sub", "/CN=sub.example.com", "");
    folder.mailca("sign sub.csr --yes --profile server --path-len 1").usage(&["--path-len"]);
    folder.mailca("sign sub.csr --yes --profile ca --path-len 2").refused(&["path"]);
    folder.mailca("sign sub.csr --yes --profile ca --path-len 1").success();
    folder.openssl("x509 -noout -text -in sub.cert.pem").success().says(&["pathlen:1"]);
}
