//! What a request of somebody else's smuggles in: names beside the permitted one, names that are
//! not seen, names without end.

use std::fmt::Write;

use mailca::pki::tlv;

use crate::support::{Folder, Snapshot, need};

const EC: &str = "EC ec_paramgen_curve:P-256";

/// A request with so many names.
fn with_names(folder: &Folder, name: &str, count: usize) {
    let mut config = String::from(
        "[req]\ndistinguished_name=dn\nprompt=no\nreq_extensions=ext\n[dn]\nCN=h0.example.com\n\
         [ext]\nsubjectAltName=@san\n[san]\n",
    );
    for number in 0..count {
        let _ = writeln!(config, "DNS.{number}=h{number}.example.com");
    }
    folder.foreign_request(name, EC, &config);
}

#[test]
fn a_request_with_thousands_of_names_is_refused() {
    need!("openssl");
    let folder = Folder::with_ca();
    with_names(&folder, "big", 3000);
    let line = "sign big.csr --profile server --yes";
    folder.mailca(line).refused(&["big.csr", "bytes", "32768", "TLS"]);
    let stdin = folder.read("big.csr");
    folder.mailca("sign - --profile server --yes").stdin(stdin).refused(&["32768"]);
    std::fs::copy(folder.path("big.csr"), folder.path("req.pem")).unwrap();
    folder.mailca("sign --profile server --yes").refused(&["req.pem", "32768"]);
}

#[test]
fn no_label_of_a_file_reaches_the_terminal() {
    let folder = Folder::with_ca();
    folder.write("bad.pem", "-----BEGIN A\x1b[2J\x07-----\nMAA=\n-----END A\x1b[2J\x07-----\n");
    for line in ["sign bad.pem --profile server --yes", "verify bad.pem", "revoke bad.pem --yes"] {
        let outcome = folder.mailca(line).output();
        assert_ne!(outcome.status, Some(0), "{outcome}");
        assert!(!outcome.stderr.contains(['\x1b', '\x07']), "{outcome}");
        assert!(outcome.stderr.contains("A\\u{1b}[2J\\u{7}"), "{outcome}");
    }
}

#[test]
fn a_subject_that_no_other_program_reads_is_refused() {
    need!("openssl");
    let folder = Folder::with_ca();
    let config = "[req]\ndistinguished_name=dn\nprompt=no\nstring_mask=utf8only\nutf8=yes\n\
                  [dn]\nCN=f\u{fc}nf.example.com\n";
    folder.foreign_request("utf8", EC, config);
    folder.mailca("sign utf8.csr --san DNS:five.example.com --profile server --yes").success();
    // The same length and no UTF-8, signed anew: openssl reads nothing of what has such a subject.
    let der = folder.openssl("req -in utf8.csr -outform der").success().stdout;
    let parts = tlv::elements(&der).unwrap();
    let at = parts[0].windows(2).position(|bytes| bytes == b"\xc3\xbc").unwrap();
    let mut info = parts[0].to_vec();
    info[at] = 0xff;
    folder.write("info", &info);
    let signature = folder.openssl("dgst -sha256 -sign utf8.key info").success().stdout;
    let signature = tlv::bit_string(&signature).unwrap();
    folder.write("bad.der", tlv::sequence(&[&info, parts[1], &signature]).unwrap());
    let line = "sign bad.der --san DNS:five.example.com --profile server --yes";
    folder.mailca(line).refused(&["bad.der", "CN", "not text", "UTF-8"]);
}

#[test]
fn a_request_with_hundreds_of_names_is_signed() {
    need!("openssl");
    let folder = Folder::with_ca();
    with_names(&folder, "large", 500);
    folder.mailca("sign large.csr --profile server --yes").success();
    folder.mailca("verify large.cert.pem --host h499.example.com").success();
}

#[test]
fn a_common_name_outside_the_constraints_is_refused_beside_a_permitted_name() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mailca("newca --permit example.com").success();
    for (number, (name, sign)) in [
        ("mail.example.org", false),
        ("example.com.example.org", false),
        ("192.0.2.1", false),
        ("mail.example.com", true),
        ("Mail Server of Example", true),
    ]
    .into_iter()
    .enumerate()
    {
        let file = format!("r{number}");
        folder.simple_request(&file, &format!("/CN={name}"), "DNS:mail.example.com");
        let run = folder.mailca(&format!("sign {file}.csr --profile server --yes"));
        if sign {
            run.success();
            folder.mailca(&format!("verify {file}.cert.pem --host mail.example.com")).success();
        } else {
            run.refused(&[name, "--permit"]);
        }
    }
}

#[test]
fn a_common_name_with_what_is_not_seen_does_not_become_a_host_name() {
    need!("openssl");
    let folder = Folder::with_ca();
    for (number, invisible) in
        ["\u{200b}", "\u{ad}", "\u{2060}", "\u{200d}", "\u{feff}"].iter().enumerate()
    {
        let file = format!("r{number}");
        folder.simple_request(&file, &format!("/CN=ma{invisible}il.example.com"), "");
        folder
            .mailca(&format!("sign {file}.csr --profile server --yes"))
            .refused(&["no host name", "--san"]);
        folder.mailca(&format!("sign {file}.csr --yes")).usage(&["--profile"]);
    }
}

#[test]
fn different_names_are_shown_differently() {
    need!("openssl");
    let folder = Folder::with_ca();
    let mut shown = Vec::new();
    for (name, subject, line) in [
        ("two", "/CN=ann/CN=root", "CN=ann, CN=root"),
        ("one", "/CN=ann, CN=root", r"CN=ann\, CN=root"),
        ("literal", r"/CN=jo\\u{202e}e", r"CN=jo\\u{202e}e"),
        ("hidden", "/CN=jo\u{202e}e", r"CN=jo\u{202e}e"),
        ("blank", "/CN=jo\u{a0}e", r"CN=jo\u{a0}e"),
        ("end", "/CN=joe ", r"CN=joe\ "),
    ] {
        folder.simple_request(name, subject, &format!("email:{name}@example.com"));
        let run = folder.mailca(&format!("sign {name}.csr --profile user --yes")).success();
        assert!(run.stderr.contains(&format!("Subject  {line}\n")), "{run}");
        let page = folder.mailca(&format!("show {name}.cert.pem")).success().text();
        assert!(page.contains(line), "{page}");
        let list = folder.mailca("list").success().text();
        assert!(list.contains(line.trim_end()), "{list}");
        shown.push(line);
    }
    shown.sort_unstable();
    shown.dedup();
    assert_eq!(shown.len(), 6);
    // What is looked for is the name, not what is shown of it.
    for name in ["ann, cn", r"ann\, cn", r"jo\u{202E}e"] {
        let found = folder.mailca("list --json --name").args(&[name]).success().text();
        assert!(found.matches("serial").count() >= 1, "{name}: {found}");
    }
}

#[test]
fn names_that_look_like_others_are_warned_of() {
    need!("openssl");
    let folder = Folder::with_ca();
    for (name, subject, told) in [
        ("kelvin", "/CN=\u{212a}en", "looks like Ken"),
        ("dotless", "/CN=adm\u{131}n", "looks like admin"),
        ("cyrillic", "/CN=\u{430}\u{440}\u{440}\u{4cf}\u{435}", "looks like apple"),
        ("hebrew", "/CN=\u{5d0}\u{5d1}/O=Evil", "right to left"),
    ] {
        folder.simple_request(name, subject, &format!("email:{name}@example.com"));
        let run = folder.mailca(&format!("sign {name}.csr --profile user --yes")).success();
        assert!(run.stderr.contains(told), "{name}: {run}");
    }
    folder.simple_request("host", "/O=x", "DNS:xn--80ak6aa92e.com");
    let run = folder.mailca("sign host.csr --profile server --yes").success();
    assert!(run.stderr.contains("looks like apple"), "{run}");
}

#[test]
fn a_name_that_somebody_else_has_already_is_told() {
    need!("openssl");
    let folder = Folder::with_ca();
    let first = folder.mailca("issue --user ann --email ann@example.com ann").success();
    assert!(!first.stderr.contains("already"), "{first}");
    let signed = Snapshot::of(folder.root());
    for (number, (subject, mailbox, told)) in [
        ("/CN=ann", "evil@example.com", "that is for ann@example.com"),
        ("/CN=ANN", "evil@example.com", "that is for ann@example.com"),
        ("/CN=root/CN=ann", "evil@example.com", "that is for ann@example.com"),
        ("/CN=ann", "Ann@example.com", "with another key"),
        ("/CN=anna", "anna@example.com", ""),
    ]
    .into_iter()
    .enumerate()
    {
        let folder = Folder::copy_of(&signed);
        let name = format!("r{number}");
        folder.simple_request(&name, subject, &format!("email:{mailbox}"));
        let run = folder.mailca(&format!("sign {name}.csr --profile user --yes")).success();
        assert_eq!(run.stderr.contains("already"), !told.is_empty(), "{subject}: {run}");
        assert!(run.stderr.contains(told), "{subject}: {run}");
    }
    // A host of that name is nobody's login, and who was revoked is nobody.
    folder.simple_request("host", "/CN=ann", "DNS:ann.example.com");
    let run = folder.mailca("sign host.csr --profile server --yes").success();
    assert!(!run.stderr.contains("already"), "{run}");
    folder.mailca("revoke ann --yes").success();
    folder.simple_request("later", "/CN=ann", "email:evil@example.com");
    let run = folder.mailca("sign later.csr --profile user --yes").success();
    assert!(run.stderr.contains("serial") && !run.stderr.contains("that is for ann@"), "{run}");
}
