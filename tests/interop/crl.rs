//! Other people's programs read the lists that mailca makes, and mailca and `openssl ca` go on from
//! each other's revocations.

use crate::lint::{lint, without_findings};
use crate::support::{Certificate, Folder, KEY_TYPES, need};

const OPENSSL_CA: &str = "ca -config demoCA/openssl.cnf -batch";

/// The reasons by which mailca revokes, as openssl shows them in a list.
const REASONS: [(&str, &str); 9] = [
    ("unspecified", ""),
    ("keyCompromise", "Key Compromise"),
    ("CACompromise", "CA Compromise"),
    ("affiliationChanged", "Affiliation Changed"),
    ("superseded", "Superseded"),
    ("cessationOfOperation", "Cessation Of Operation"),
    ("certificateHold", "Certificate Hold"),
    ("privilegeWithdrawn", "Privilege Withdrawn"),
    ("AACompromise", "AA Compromise"),
];

/// A CA of that key type, a revoked host in `a` and a good one in `b`, and the list.
fn with_list(key_type: &str) -> Folder {
    let folder = Folder::with_ca_of(key_type);
    for name in ["a", "b"] {
        folder.mailca(&format!("issue --cn {name}.example.com {name}")).success();
    }
    folder.mailca("revoke a --reason keyCompromise --crl").success();
    folder
}

/// What openssl shows of the entries of a list: the lines after the serial number, by that.
fn shown(folder: &Folder, file: &str) -> Vec<(String, String)> {
    let text = folder.openssl("crl -noout -text -in").arg(file).success().text();
    let (entries, _) =
        text.split_once("    Signature Algorithm: ").map_or(("", ""), |(_, rest)| {
            let rest = rest.split_once("Serial Number: ").map_or("", |(_, rest)| rest);
            rest.split_once("    Signature Algorithm: ").unwrap_or((rest, ""))
        });
    let mut found: Vec<_> = entries
        .split("Serial Number: ")
        .filter_map(|entry| entry.split_once('\n'))
        .map(|(serial, rest)| (serial.trim().to_owned(), rest.trim().to_owned()))
        .collect();
    found.sort();
    found
}

#[test]
fn openssl_accepts_the_list_of_every_kind_of_ca() {
    need!("openssl");
    for key_type in KEY_TYPES {
        let folder = with_list(key_type);
        let text = folder.openssl("crl -noout -text -in demoCA/crl.pem").success();
        let serial = Certificate::read(&folder.path("a/cert.pem")).serial;
        text.says(&["Version 2", &serial, "Key Compromise", "CRL Number", "Authority Key"]);
        let checked = folder.openssl("crl -noout -CAfile demoCA/cacert.pem -in demoCA/crl.pem");
        checked.success().says(&["verify OK"]);
        let verify =
            "verify -x509_strict -crl_check -CAfile demoCA/cacert.pem -CRLfile demoCA/crl.pem";
        folder.openssl(verify).arg("b/cert.pem").success();
        let refused = folder.openssl(verify).arg("a/cert.pem").output();
        assert_ne!(refused.status, Some(0), "{key_type}: {refused}");
        refused.says(&["certificate revoked"]);
        // Nobody is refused by the first list, in which there is nobody.
        let empty = Folder::with_ca_of(key_type);
        empty.mailca("issue --cn a.example.com a").success();
        empty.mailca("crl").success();
        empty.openssl(verify).arg("a/cert.pem").success();
    }
}

#[test]
fn gnutls_accepts_the_list_of_every_kind_of_ca() {
    need!("certtool");
    for key_type in KEY_TYPES {
        let folder = with_list(key_type);
        folder.program("certtool", "--crl-info --infile demoCA/crl.pem").success().says(&[
            "Revoked certificates (1)",
            "CRL Number",
            &Certificate::read(&folder.path("a/cert.pem")).serial,
        ]);
        let line = "--verify-crl --load-ca-certificate demoCA/cacert.pem --infile demoCA/crl.pem";
        folder.program("certtool", line).success().says(&["Verified. The certificate is trusted"]);
        let line = "--verify --load-ca-certificate demoCA/cacert.pem --load-crl demoCA/crl.pem";
        folder.program("certtool", line).args(&["--infile", "b/cert.pem"]).success();
        let refused = folder.program("certtool", line).args(&["--infile", "a/cert.pem"]).output();
        assert_ne!(refused.status, Some(0), "{key_type}: {refused}");
        refused.says(&["revoked"]);
    }
}

#[test]
fn the_linter_finds_nothing_in_any_list() {
    need!("openssl");
    for key_type in KEY_TYPES {
        let folder = with_list(key_type);
        without_findings(&folder, &["demoCA/crl.pem".into()]);
    }
    let folder = every_reason();
    folder.mailca("crl").success();
    without_findings(&folder, &["demoCA/crl.pem".into()]);
    // Without this, a linter that reads nothing would find nothing: an empty extension list.
    folder.write("bad.cnf", "[ca]\ndefault_ca=d\n[d]\ndatabase=demoCA/index.txt\n");
    folder
        .openssl("ca -config bad.cnf -gencrl -crldays 3 -md sha256 -out bad-crl.pem")
        .args(&["-cert", "demoCA/cacert.pem", "-keyfile", "demoCA/private/cakey.pem"])
        .success();
    if let Some(findings) = lint(&folder, &["bad-crl.pem".into()]) {
        assert!(findings.contains("bad-crl.pem"), "{findings}");
    }
}

/// A CA that has revoked one host for every reason, in folders of their names.
fn every_reason() -> Folder {
    let folder = Folder::with_ca();
    for (reason, _) in REASONS {
        folder.mailca(&format!("issue --cn {reason}.example.com {reason}")).success();
        folder.mailca(&format!("revoke {reason} --reason {reason}")).success();
    }
    folder
}

#[test]
fn every_reason_is_shown_by_openssl_and_its_own_list_still_made() {
    need!("openssl");
    let folder = every_reason();
    folder.mailca("crl").success();
    let entries = shown(&folder, "demoCA/crl.pem");
    assert_eq!(entries.len(), REASONS.len());
    for (reason, words) in REASONS {
        let serial = Certificate::read(&folder.path(&format!("{reason}/cert.pem"))).serial;
        let (_, entry) = entries.iter().find(|(found, _)| *found == serial).unwrap();
        assert!(entry.contains(words), "{reason}: {entry}");
        assert_eq!(entry.contains("Reason Code"), !words.is_empty(), "{reason}: {entry}");
    }
    folder.openssl(&format!("{OPENSSL_CA} -gencrl -out openssl.pem")).success();
    let theirs = shown(&folder, "openssl.pem");
    let serials = |list: &[(String, String)]| {
        list.iter().map(|(serial, _)| serial.clone()).collect::<Vec<_>>()
    };
    assert_eq!(serials(&theirs), serials(&entries));
    // And mailca's next number follows openssl's.
    folder.mailca("crl").success();
    let text = folder.openssl("crl -noout -crlnumber -in demoCA/crl.pem").success().text();
    assert!(text.trim().ends_with("03"), "{text}");
}

#[test]
fn what_openssl_revoked_is_listed_as_openssl_lists_it() {
    need!("openssl");
    let folder = Folder::with_ca();
    let options = [
        "",
        "-crl_reason unspecified",
        "-crl_reason keyCompromise",
        "-crl_reason CACompromise",
        "-crl_reason affiliationChanged",
        "-crl_reason superseded",
        "-crl_reason cessationOfOperation",
        "-crl_reason certificateHold",
        "-crl_hold holdInstructionCallIssuer",
        "-crl_hold 1.2.3.4",
        "-crl_compromise 20260101120000Z",
        "-crl_CA_compromise 20260101120000Z",
    ];
    for (number, option) in options.iter().enumerate() {
        folder.mailca(&format!("issue --cn h{number}.example.com h{number}")).success();
        folder.openssl(&format!("{OPENSSL_CA} -revoke h{number}/cert.pem {option}")).success();
    }
    folder.openssl(&format!("{OPENSSL_CA} -gencrl -out openssl.pem")).success();
    folder.mailca("crl").success();
    let entries = shown(&folder, "demoCA/crl.pem");
    assert_eq!(entries.len(), options.len());
    let without_unspecified = |list: Vec<(String, String)>| -> Vec<_> {
        // RFC 5280 5.3.1: the reason "unspecified" should not be written; openssl writes it.
        let unspecified = "X509v3 CRL Reason Code: \n                Unspecified";
        list.into_iter()
            .map(|(serial, entry)| (serial, entry.replace(unspecified, "")))
            .map(|(serial, entry)| (serial, entry.replace("CRL entry extensions:\n", "")))
            .map(|(serial, entry)| (serial, entry.trim().to_owned()))
            .collect()
    };
    let theirs = shown(&folder, "openssl.pem");
    assert_eq!(without_unspecified(entries), without_unspecified(theirs));
    folder.openssl("crl -noout -CAfile demoCA/cacert.pem -in demoCA/crl.pem").success();
}

#[test]
fn openssl_finds_the_list_in_a_hash_folder() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mkdir("certs");
    // Two CAs of one name, whose lists share a hash.
    for ca in ["one", "two"] {
        folder.mailca(&format!("newca --ca-dir {ca} --cn Same --org Example")).success();
        std::fs::copy(
            folder.path(&format!("{ca}/cacert.pem")),
            folder.path(&format!("certs/{ca}.pem")),
        )
        .unwrap();
        for host in ["good", "bad"] {
            let line = format!("issue --ca-dir {ca} --cn {host}.example.com {ca}-{host}");
            folder.mailca(&line).success();
        }
        folder.mailca(&format!("revoke --ca-dir {ca} {ca}-bad")).success();
        folder.mailca(&format!("crl --ca-dir {ca} --hash-dir certs")).success();
    }
    let check = |context: &str| {
        for ca in ["one", "two"] {
            let verify = "verify -crl_check -CApath certs";
            folder.openssl(verify).arg(&format!("{ca}-good/cert.pem")).success();
            let refused = folder.openssl(verify).arg(&format!("{ca}-bad/cert.pem")).output();
            assert_ne!(refused.status, Some(0), "{context}, {ca}: {refused}");
            refused.says(&["certificate revoked"]);
        }
    };
    folder.openssl("rehash certs").success();
    check("after openssl rehash");
    for ca in ["two", "one"] {
        folder.mailca(&format!("crl --ca-dir {ca} --hash-dir certs")).success();
    }
    check("after new lists");
}

#[test]
fn the_list_of_an_intermediate_is_its_own() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mailca("newca --path-len 1 --cn Root").success();
    folder.foreign_key("sub", "EC ec_paramgen_curve:P-256");
    let request = "req -new -batch -key sub.key -subj /CN=Sub -out sub.csr";
    folder.openssl(request).success();
    folder.mailca("sign sub.csr --profile ca --yes").success();
    folder.mailca("newca --ca-dir sub --from sub.cert.pem --from sub.key").success();
    for host in ["good", "bad"] {
        folder.mailca(&format!("issue --ca-dir sub --cn {host}.example.com {host}")).success();
    }
    folder.mailca("revoke --ca-dir sub bad").success();
    folder.mkdir("lists");
    folder.mailca("crl --ca-dir sub --publish lists/sub.pem").success();
    folder.mailca("crl --publish lists/root.pem").success();
    let both = folder.text("lists/sub.pem") + &folder.text("lists/root.pem");
    folder.write("both.pem", both);
    let verify = "verify -crl_check_all -CAfile demoCA/cacert.pem -untrusted sub.cert.pem \
                  -CRLfile both.pem";
    folder.openssl(verify).arg("good/cert.pem").success();
    let refused = folder.openssl(verify).arg("bad/cert.pem").output();
    assert_ne!(refused.status, Some(0), "{refused}");
    refused.says(&["certificate revoked"]);
    // The root revokes the intermediate, and all below it falls.
    folder.mailca("revoke sub.cert.pem --reason CACompromise").success();
    folder.mailca("crl --publish lists/root.pem").success();
    folder.write("both.pem", folder.text("lists/sub.pem") + &folder.text("lists/root.pem"));
    let refused = folder.openssl(verify).arg("good/cert.pem").output();
    assert_ne!(refused.status, Some(0), "{refused}");
}
