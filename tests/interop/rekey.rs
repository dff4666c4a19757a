//! A CA with new dates or a new key, and intermediate CAs, as other programs see them.

use std::path::Path;

use crate::support::{Certificate, Folder, need};

const OPENSSL_CA: &str = "ca -config demoCA/openssl.cnf -batch";

/// The only file in `previous/` with this ending.
fn previous(folder: &Folder, end: &str) -> String {
    let found: Vec<_> = std::fs::read_dir(folder.path("demoCA/previous"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(end))
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    format!("demoCA/previous/{}", found[0])
}

/// Splits the first certificate of a file off.
fn first_of(folder: &Folder, file: &str, to: &str) {
    folder.openssl("x509 -in").args(&[file, "-out", to]).success();
}

/// A CA that was rolled over, with a good and a revoked host of each key: `old`, `old-revoked`, `new`,
/// `new-revoked`. R1.pem and R2.pem are the roots, crls.pem has the lists of both keys.
fn rolled_over(newca: &str, rekey: &str, more: &str) -> Folder {
    let folder = Folder::empty();
    folder.write("pass", "ca secret\n");
    folder.mailca(&format!("newca --cn Test {newca}")).success();
    let issue = |name: &str| {
        folder.mailca(&format!("issue --cn mail.example.com {name} {more}")).success();
    };
    issue("old");
    issue("old-revoked");
    folder.mailca(&format!("revoke old-revoked --crl --yes {more}")).success();
    first_of(&folder, "demoCA/cacert.pem", "R1.pem");
    folder.mailca(&format!("rekey-ca --yes {rekey} {more}")).success();
    first_of(&folder, "demoCA/cacert.pem", "R2.pem");
    issue("new");
    issue("new-revoked");
    folder.mailca(&format!("revoke new-revoked --crl --yes {more}")).success();
    let chain = folder.text(&previous(&folder, ".chain.pem"));
    for name in ["old", "old-revoked"] {
        folder.replace(&format!("{name}/cacert.pem"), &chain);
    }
    folder
}

/// Each root alone, with each leaf and what is delivered beside it.
fn all_four(folder: &Folder) {
    let crl = "-crl_check -CRLfile demoCA/crl.pem";
    for root in ["R1.pem", "R2.pem"] {
        for leaf in ["old", "new"] {
            let (chain, cert) = (format!("{leaf}/cacert.pem"), format!("{leaf}/cert.pem"));
            let beside = [&chain, &cert];
            folder
                .openssl(&format!("verify -x509_strict {crl} -purpose sslserver -CAfile {root}"))
                .args(&["-untrusted", beside[0], beside[1]])
                .success();
            folder
                .mailca(&format!("verify --crl demoCA/crl.pem --ca {root} --purpose server"))
                .args(&["--host", "mail.example.com", "--untrusted", beside[0], beside[1]])
                .success();
            let revoked = format!("{leaf}-revoked");
            let outcome = folder
                .openssl(&format!("verify {crl} -CAfile {root} -untrusted"))
                .args(&[&format!("{revoked}/cacert.pem"), &format!("{revoked}/cert.pem")])
                .exits(2);
            outcome.says(&["certificate revoked"]);
            folder
                .mailca(&format!("verify --crl demoCA/crl.pem --ca {root} --untrusted"))
                .args(&[&format!("{revoked}/cacert.pem"), &format!("{revoked}/cert.pem")])
                .verdict(&["revoked"]);
        }
    }
    // Sendmail and others take what is delivered for their trusted certificates too; no path there may
    // go in circles, whichever key signed.
    for trusted in ["old/cacert.pem", "new/cacert.pem", "demoCA/cacert.pem"] {
        for leaf in ["old", "new"] {
            folder
                .openssl(&format!("verify -x509_strict {crl} -CAfile {trusted}"))
                .arg(&format!("{leaf}/cert.pem"))
                .success();
        }
    }
    folder.mailca("verify old/cert.pem").success();
    folder.mailca("verify new/cert.pem").success();
}

macro_rules! rolled {
    ($($name:ident: $newca:literal, $rekey:literal, $more:literal;)+) => {
        $(#[test]
        fn $name() {
            need!("openssl");
            all_four(&rolled_over($newca, $rekey, $more));
        })+
    };
}

rolled! {
    both_roots_and_both_leaves_p256: "", "", "";
    both_roots_and_both_leaves_rsa: "--key-type rsa-2048", "", "";
    both_roots_and_both_leaves_of_another_type: "--key-type rsa-2048", "--key-type ecdsa-p384", "";
    both_roots_and_both_leaves_of_a_constrained_ca: "--permit example.com", "", "";
    both_roots_and_both_leaves_of_a_ca_with_intermediates: "--path-len 1", "", "";
}

#[test]
fn without_the_bridge_the_other_root_does_not_verify() {
    need!("openssl");
    let folder = rolled_over("", "", "");
    folder.openssl("verify -CAfile R1.pem new/cert.pem").exits(2);
    folder.openssl("verify -CAfile R2.pem old/cert.pem").exits(2);
    // Nor do the lists of the other key count.
    folder.openssl("crl -in demoCA/crl.pem -out first.pem").success();
    let line = "verify -crl_check -CAfile R1.pem -CRLfile first.pem old/cert.pem";
    folder.openssl(line).exits(2).says(&["unable to get certificate CRL"]);
}

#[test]
fn a_constrained_ca_stays_constrained() {
    need!("openssl");
    let folder = rolled_over("--permit example.com", "", "");
    folder.mailca("issue --cn mail.example.org other").refused(&["example.org"]);
    for file in ["R1.pem", "R2.pem"] {
        let text =
            folder.openssl("x509 -noout -ext nameConstraints -in").arg(file).success().text();
        assert!(text.contains("DNS:example.com"), "{text}");
    }
}

/// An encrypted key stays so, under its passphrase, the old one too.
#[test]
fn both_roots_and_both_leaves_of_an_encrypted_ca() {
    need!("openssl");
    let passphrase = "--ca-passphrase-file pass";
    let folder = rolled_over(&format!("--encrypt-key {passphrase}"), "", passphrase);
    all_four(&folder);
    for key in ["demoCA/private/cakey.pem".to_owned(), previous(&folder, ".key.pem")] {
        assert!(folder.text(&key).contains("BEGIN ENCRYPTED PRIVATE KEY"), "{key}");
        folder.openssl("pkey -noout -passin file:pass -in").arg(&key).success();
    }
}

#[test]
fn hash_folders_hold_the_lists_of_both_keys() {
    need!("openssl");
    let folder = rolled_over("", "", "");
    folder.mkdir("hashed");
    folder.mailca("crl --hash-dir hashed --publish all.pem --publish one.der").success();
    let hash = folder.openssl("x509 -noout -hash -in R2.pem").success().text();
    for (number, root) in [("r0", "R2.pem"), ("r1", "R1.pem")] {
        let file = format!("hashed/{}.{number}", hash.trim());
        assert_eq!(folder.text(&file).matches("BEGIN X509 CRL").count(), 1, "{file}");
        folder.openssl("crl -noout -CAfile").args(&[root, "-in", &file]).success();
    }
    assert_eq!(folder.text("all.pem").matches("BEGIN X509 CRL").count(), 2);
    folder
        .openssl("crl -inform DER -noout -CAfile R2.pem -in one.der")
        .success()
        .says(&["verify OK"]);
    for leaf in ["old", "new"] {
        let cert = format!("{leaf}/cert.pem");
        let hashed = "verify -crl_check -CApath hashed -CAfile demoCA/cacert.pem";
        folder.openssl(hashed).arg(&cert).success();
        folder.openssl(hashed).arg(&format!("{leaf}-revoked/cert.pem")).exits(2);
    }
    // It is written over by the next list, and by nobody's else.
    folder.mailca("crl --publish all.pem").success();
    folder.mailca("crl --if-needed --publish all.pem").success().says(&["no new"]);
}

#[test]
fn openssl_works_on_after_either() {
    need!("openssl");
    for rekey in ["rekey-ca --yes --same-key", "rekey-ca --yes"] {
        let folder = Folder::with_ca();
        folder.mailca("issue --cn a.example.com a").success();
        folder.mailca(rekey).success();
        folder.simple_request("other", "/CN=mail.example.com", "DNS:mail.example.com");
        folder.openssl(&format!("{OPENSSL_CA} -in other.csr -out other.pem")).success();
        folder.openssl("verify -x509_strict -CAfile demoCA/cacert.pem other.pem").success();
        folder.openssl(&format!("{OPENSSL_CA} -revoke a/cert.pem")).success();
        folder.openssl(&format!("{OPENSSL_CA} -gencrl -out crl.pem")).success();
        folder.openssl("crl -noout -CAfile demoCA/cacert.pem -in crl.pem").success();
        folder.mailca("issue --cn b.example.com b").success();
        folder.mailca("verify b/cert.pem").success();
    }
}

#[test]
fn a_bundle_of_a_ca_that_is_rolled_over_is_imported() {
    need!("openssl");
    let folder = rolled_over("", "", "");
    folder.write("pw", "correct horse\n");
    folder.mailca("issue --user joe --email joe@example.com joe").success();
    folder.mailca("export-p12 joe --password-file pw --iterations 2048").success();
    let text = folder.openssl("pkcs12 -nokeys -passin file:pw -in joe.p12").success().text();
    assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 4, "{text}");
    for old in ["old", "new"] {
        folder.mailca(&format!("export-p12 {old} --password-file pw --iterations 2048")).success();
    }
}

/// `GnuTLS` counts a cross certificate against the path length. Where a CA has room for one, it accepts it.
#[test]
fn gnutls_accepts_what_has_room() {
    need!("openssl", "certtool");
    for (newca, bridged) in [("--path-len 1", 0), ("", 1)] {
        let folder = rolled_over(newca, "", "");
        for (root, leaf, status) in
            [("R1", "old", 0), ("R2", "new", 0), ("R1", "new", bridged), ("R2", "old", bridged)]
        {
            let chain = folder.text(&format!("{leaf}/cert.pem"))
                + &folder.text(&format!("{leaf}/cacert.pem"));
            folder.write("chain.pem", chain);
            folder
                .program("certtool", "--verify --infile chain.pem --load-ca-certificate")
                .arg(&format!("{root}.pem"))
                .exits(status);
        }
    }
}

#[test]
fn new_dates_serve_old_certificates() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com old").success();
    first_of(&folder, "demoCA/cacert.pem", "R1.pem");
    folder.mailca("rekey-ca --same-key --days 5000 --yes").success();
    folder.mailca("issue --cn mail.example.com new").success();
    for root in ["R1.pem", "demoCA/cacert.pem"] {
        for leaf in ["old", "new"] {
            let cert = format!("{leaf}/cert.pem");
            folder.openssl("verify -x509_strict -CAfile").args(&[root, &cert]).success();
        }
    }
    let [before, after] =
        ["R1.pem", "demoCA/cacert.pem"].map(|file| Certificate::read(&folder.path(file)));
    assert_eq!(before.subject, after.subject);
    assert_eq!(before.spki, after.spki);
    assert_eq!(before.extensions, after.extensions);
    assert_ne!(before.serial, after.serial);
    assert_eq!(after.days, 5000);
}

/// A root of openssl's, its certificates naming its serial number.
fn ca_with_serials(folder: &Folder, root: &str) {
    folder.write(
        "root.cnf",
        format!("[req]\nprompt=no\ndistinguished_name=dn\n[dn]\nCN=Old\n[v3]\n{root}"),
    );
    folder.openssl("genrsa -out root.key 2048").success();
    folder
        .openssl("req -new -x509 -sha256 -key root.key -config root.cnf -extensions v3 -days 99 -out root.pem")
        .success();
    folder.mailca("newca --from root.pem root.key").success();
}

#[test]
fn certificates_that_name_the_serial_are_counted() {
    need!("openssl");
    let folder = Folder::empty();
    ca_with_serials(
        &folder,
        "basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n\
         authorityKeyIdentifier=keyid:always,issuer:always\nkeyUsage=keyCertSign\n",
    );
    folder.simple_request("other", "/CN=mail.example.com", "DNS:mail.example.com");
    let configuration = folder.text("demoCA/openssl.cnf");
    let always = configuration.replace("keyid:always", "keyid:always,issuer:always");
    folder.replace("demoCA/openssl.cnf", always);
    folder.openssl(&format!("{OPENSSL_CA} -in other.csr -out other.pem")).success();
    let outcome =
        folder.mailca("rekey-ca --same-key --yes").refused(&["1 valid", "mail.example.com"]);
    outcome.says(&["--force"]);
    folder.mailca("rekey-ca --same-key --yes --force").success().says(&["mail.example.com"]);
    // The new one does not name a serial number that it has not, and may sign lists.
    let text = folder.openssl("x509 -noout -text -in demoCA/cacert.pem").success().text();
    assert!(text.contains("Authority Key Identifier") && !text.contains("DirName"), "{text}");
    assert!(text.contains("Certificate Sign, CRL Sign"), "{text}");
    folder.openssl("verify -CAfile demoCA/cacert.pem demoCA/cacert.pem").success();
    folder.mailca("issue --cn mail.example.com m").success();
    folder.openssl("verify -CAfile demoCA/cacert.pem m/cert.pem").success();
}

#[test]
fn an_old_signature_becomes_a_new_one() {
    need!("openssl");
    let folder = Folder::empty();
    ca_with_serials(&folder, "basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n");
    folder
        .openssl(
            "x509 -sha1 -in root.pem -signkey root.key -days 99 -extfile root.cnf -extensions v3",
        )
        .args(&["-out", "weak.pem"])
        .success();
    folder.mailca("newca --ca-dir weak --from weak.pem root.key").success();
    folder.mailca("rekey-ca --ca-dir weak --same-key --yes").success();
    let text = folder.openssl("x509 -noout -text -in weak/cacert.pem").success().text();
    assert!(text.contains("sha256WithRSAEncryption") && !text.contains("sha1"), "{text}");
}

#[test]
fn three_keys_bridge_from_the_first_to_the_last() {
    need!("openssl");
    let folder = Folder::with_ca();
    let keys = ["one", "two", "three"];
    for (at, name) in keys.iter().enumerate() {
        if at > 0 {
            folder.mailca("rekey-ca --yes").success();
        }
        first_of(&folder, "demoCA/cacert.pem", &format!("R-{name}.pem"));
        folder.mailca(&format!("issue --cn mail.example.com {name}")).success();
        folder.mailca("crl").success();
    }
    for entry in std::fs::read_dir(folder.path("demoCA/previous")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_str().unwrap();
        let Some(stem) = name.strip_suffix(".chain.pem") else { continue };
        let root = Certificate::read(Path::new(&format!("{stem}.cert.pem"))).spki;
        let is_root =
            |name: &&&str| Certificate::read(&folder.path(&format!("R-{name}.pem"))).spki == root;
        let leaf = keys.iter().find(is_root).unwrap();
        folder.replace(&format!("{leaf}/cacert.pem"), std::fs::read(&path).unwrap());
    }
    assert_eq!(folder.text("demoCA/crl.pem").matches("BEGIN X509 CRL").count(), 3);
    for root in keys {
        for leaf in keys {
            // OpenSSL follows one way only, and that of an older key leads to the newest root.
            if (root, leaf) == ("one", "two") {
                continue;
            }
            folder
                .openssl("verify -x509_strict -crl_check -CRLfile demoCA/crl.pem -CAfile")
                .args(&[&format!("R-{root}.pem"), "-untrusted", &format!("{leaf}/cacert.pem")])
                .arg(&format!("{leaf}/cert.pem"))
                .success();
        }
        for trusted in ["one/cacert.pem", "two/cacert.pem", "three/cacert.pem", "demoCA/cacert.pem"]
        {
            folder
                .openssl("verify -x509_strict -CAfile")
                .args(&[trusted, &format!("{root}/cert.pem")])
                .success();
        }
    }
}

/// A root that signs one CA below it, and that CA at work in `users/`.
fn with_intermediate() -> Folder {
    let folder = Folder::empty();
    folder.mailca("newca --cn Root --path-len 1").success();
    folder.mailca("newreq --profile ca users-ca --cn").arg("Example Users CA").success();
    folder.mailca("sign users-ca --profile ca --path-len 0 --days 900").success();
    folder.mailca("newca --ca-dir users --from users-ca").success();
    folder
}

#[test]
fn an_intermediate_ca_signs_and_its_chain_goes_along() {
    need!("openssl", "certtool");
    let folder = with_intermediate();
    folder.mailca("issue --ca-dir users --user joe --email joe@example.com joe").success();
    let chain = folder.text("joe/cacert.pem");
    assert_eq!(chain, folder.text("users/cacert.pem"));
    let both = folder.text("users-ca/cert.pem") + &folder.text("demoCA/cacert.pem");
    assert_eq!(chain, both, "issuer first, root last");
    folder
        .openssl("verify -x509_strict -purpose smimesign -CAfile demoCA/cacert.pem -untrusted")
        .args(&["joe/cacert.pem", "joe/cert.pem"])
        .success();
    folder.write("chain.pem", folder.text("joe/cert.pem") + &chain);
    folder
        .program("certtool", "--verify --infile chain.pem --load-ca-certificate demoCA/cacert.pem")
        .success();
    folder.write("pw", "correct horse\n");
    folder
        .mailca("export-p12 joe --password-file pw --iterations 2048")
        .env("MAILCA_DIR", "users")
        .success();
    let text = folder.openssl("pkcs12 -nokeys -passin file:pw -in joe.p12").success().text();
    let subjects: Vec<_> = text.lines().filter(|line| line.starts_with("subject=")).collect();
    assert_eq!(subjects.len(), 3, "{text}");
    assert!(subjects[0].contains("Users CA") && subjects[1].contains("Root"), "{text}");
    folder.openssl("crl -noout -in users/crl.pem").exits(1);
    folder.mailca("crl --ca-dir users").success();
    folder.openssl("crl -noout -CAfile users/cacert.pem -in users/crl.pem").success();
}

/// Below a root with a new key, what an intermediate signs bridges too.
#[test]
fn an_intermediate_below_a_root_that_is_rolled_over() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mailca("newca --cn Root --path-len 1").success();
    first_of(&folder, "demoCA/cacert.pem", "R1.pem");
    folder.mailca("rekey-ca --yes").success();
    first_of(&folder, "demoCA/cacert.pem", "R2.pem");
    folder.mailca("newreq --profile ca --cn Users users-ca").success();
    folder.mailca("sign users-ca --profile ca").success();
    folder.mailca("newca --ca-dir users --from users-ca").success();
    folder.mailca("issue --ca-dir users --cn mail.example.com leaf").success();
    for root in ["R1.pem", "R2.pem"] {
        folder
            .openssl("verify -x509_strict -CAfile")
            .args(&[root, "-untrusted", "leaf/cacert.pem", "leaf/cert.pem"])
            .success();
    }
    folder.openssl("verify -x509_strict -CAfile leaf/cacert.pem leaf/cert.pem").success();
}

#[test]
fn an_intermediate_gets_a_new_certificate_from_above() {
    need!("openssl");
    let folder = with_intermediate();
    folder.mailca("issue --ca-dir users --cn mail.example.com leaf").success();
    folder.mailca("sign users-ca --profile ca --days 2000 --force").success();
    folder.mailca("rekey-ca --ca-dir users --yes --cert users-ca").success();
    assert_eq!(Certificate::read(&folder.path("users/cacert.pem")).days, 2000);
    folder.mailca("issue --ca-dir users --cn mail.example.com later").success();
    for leaf in ["leaf", "later"] {
        folder
            .openssl("verify -x509_strict -CAfile demoCA/cacert.pem -untrusted users/cacert.pem")
            .arg(&format!("{leaf}/cert.pem"))
            .success();
    }
    let request = folder.text("users/careq.pem");
    assert_eq!(request, folder.text("users-ca/req.pem"));
}
