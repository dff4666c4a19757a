//! What a request of somebody else's smuggles in: names beside the permitted one, names that are
//! not seen, names without end.

use std::fmt::Write;

use crate::support::{Folder, need};

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
