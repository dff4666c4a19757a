//! Distinguished names survive to the byte, in subjects and in issuers.

use crate::support::{Folder, issuer_of, need, subject_of};

const EC: &str = "EC ec_paramgen_curve:P-256";

/// A name of openssl's: the mask of its string types, and its attributes.
struct Name {
    label: &'static str,
    mask: &'static str,
    attributes: &'static str,
}

const NAMES: [Name; 10] = [
    Name { label: "several OUs", mask: "utf8only", attributes: "1.OU=One\n2.OU=Two\n3.OU=Three" },
    Name {
        label: "domain components",
        mask: "utf8only",
        attributes: "1.DC=com\n2.DC=example\n3.DC=mail",
    },
    Name { label: "multi-valued", mask: "utf8only", attributes: "O=Example\nOU=Unit\n+L=Giessen" },
    Name {
        label: "e-mail address",
        mask: "utf8only",
        attributes: "O=Example\nemailAddress=joe@example.com",
    },
    Name { label: "UTF-8", mask: "utf8only", attributes: "O=Müller & Söhne\nOU=株式会社" },
    Name { label: "T61", mask: "MASK:4", attributes: "O=Plain\nOU=Größe" },
    Name { label: "BMP", mask: "MASK:0x800", attributes: "O=Müller\nOU=株式会社" },
    Name { label: "universal", mask: "MASK:0x100", attributes: "O=Müller" },
    Name {
        label: "mixed", mask: "default", attributes: "C=DE\nST=Hessen\n1.OU=Plain\n2.OU=Größe"
    },
    Name {
        label: "separators",
        mask: "utf8only",
        attributes: "O=A/B+C\\, \"D\" \\= E\nOU= \\#1\nUID=joe\nserialNumber=42\nSN=User\nGN=Joe",
    },
];

fn config(name: &Name, common_name: &str) -> String {
    let Name { mask, attributes, .. } = name;
    format!(
        "[req]\ndistinguished_name=dn\nprompt=no\nstring_mask={mask}\nx509_extensions=ca\n\
         [dn]\n{attributes}\nCN={common_name}\n\
         [ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n\
         subjectKeyIdentifier=hash\n"
    )
}

#[test]
fn subjects_of_openssl_requests_survive() {
    need!("openssl");
    for name in &NAMES {
        let folder = Folder::with_ca();
        folder.foreign_request("other", EC, &config(name, "mail.example.com"));
        folder.mailca("sign other.csr --profile server --yes --san DNS:mail.example.com").success();
        let cert = folder.path("other.cert.pem");
        assert_eq!(subject_of(&cert), subject_of(&folder.path("other.csr")), "{}", name.label);
        assert_eq!(
            issuer_of(&cert),
            subject_of(&folder.path("demoCA/cacert.pem")),
            "{}",
            name.label
        );
        folder.openssl("verify -x509_strict -CAfile demoCA/cacert.pem other.cert.pem").success();
        openssl_reads_the_index(&folder);
    }
}

#[test]
fn issuers_of_openssl_ca_certificates_survive() {
    need!("openssl");
    for name in &NAMES {
        let folder = Folder::empty();
        folder.foreign_key("old", EC);
        folder.write("old.cnf", config(name, "Old CA"));
        folder
            .openssl("req -x509 -batch -utf8 -config old.cnf -key old.key -days 900 -out old.pem")
            .success();
        folder.mailca("newca --from old.pem old.key").success();
        folder.mailca("issue --cn mail.example.com").success();
        let subject = subject_of(&folder.path("old.pem"));
        assert_eq!(issuer_of(&folder.path("cert.pem")), subject, "{}", name.label);
        folder.openssl("verify -x509_strict -purpose sslserver -CAfile old.pem cert.pem").success();
        openssl_reads_the_index(&folder);
        folder.openssl("crl -CAfile old.pem -noout -in crl.pem").success();
    }
}

/// `openssl ca` reads the rows that mailca wrote, and makes a CRL of them.
fn openssl_reads_the_index(folder: &Folder) {
    folder.openssl("ca -config demoCA/openssl.cnf -updatedb").success();
    folder.openssl("ca -config demoCA/openssl.cnf -gencrl -out crl.pem").success();
}

/// The row of index.txt is the one that `openssl ca` itself would have written.
#[test]
fn rows_of_the_index_are_spelled_as_openssl_spells_them() {
    need!("openssl");
    for name in &NAMES {
        let folder = Folder::with_ca();
        folder.foreign_request("other", EC, &config(name, "mail.example.com"));
        folder.mailca("sign other.csr --profile server --yes --san DNS:mail.example.com").success();
        folder
            .openssl("ca -config demoCA/openssl.cnf -batch -notext -in other.csr -out second.pem")
            .success();
        let (ours, theirs) = (folder.path("other.cert.pem"), folder.path("second.pem"));
        assert_eq!(subject_of(&ours), subject_of(&theirs), "{}", name.label);
        let rows = folder.index();
        assert_eq!(rows[1][5], rows[2][5], "{}", name.label);
    }
}

#[test]
fn requests_of_keytool_are_signed() {
    need!("keytool", "openssl");
    let folder = Folder::with_ca();
    for (file, name) in [
        (
            "many",
            "CN=mail.example.com, OU=One, OU=Zwölf, O=Müller & Söhne, C=DE, DC=example, DC=com",
        ),
        ("multi", "EMAILADDRESS=joe@example.com, CN=mail.example.com+OU=Unit, O=Example"),
    ] {
        folder
            .program(
                "keytool",
                "-genkeypair -keyalg RSA -keysize 2048 -storepass secret -validity 9",
            )
            .args(&["-keystore", &format!("{file}.ks"), "-dname", name])
            .success();
        folder
            .program("keytool", "-certreq -storepass secret -ext SAN=dns:mail.example.com")
            .args(&["-keystore", &format!("{file}.ks"), "-file", &format!("{file}.csr")])
            .success();
        folder.mailca(&format!("sign {file}.csr --profile server --yes")).success();
        let cert = folder.path(&format!("{file}.cert.pem"));
        assert_eq!(subject_of(&cert), subject_of(&folder.path(&format!("{file}.csr"))), "{name}");
        folder
            .openssl("verify -x509_strict -CAfile demoCA/cacert.pem")
            .arg(cert.to_str().unwrap())
            .success();
        if file != "many" {
            continue;
        }
        // And back: the answer belongs to the key in the keystore.
        folder
            .program("keytool", "-importcert -noprompt -storepass secret -alias ca")
            .args(&["-keystore", &format!("{file}.ks"), "-file", "demoCA/cacert.pem"])
            .success();
        folder
            .program("keytool", "-importcert -noprompt -storepass secret")
            .args(&["-keystore", &format!("{file}.ks"), "-file", &format!("{file}.cert.pem")])
            .success();
    }
}

#[test]
fn requests_of_certtool_are_signed() {
    need!("certtool", "openssl");
    let folder = Folder::with_ca();
    for (file, key, template) in [
        ("ous", "--key-type rsa --bits 2048", "dc=com\ndc=example\nunit=One\nunit=Two\n"),
        ("utf", "--key-type ecdsa --curve secp256r1", "organization=\"Müller und Söhne\"\n"),
        ("ed", "--key-type ed25519", "organization=Example\nemail=joe@example.com\n"),
        ("usage", "--key-type rsa --bits 3072", "ca\ncert_signing_key\ntls_www_server\n"),
    ] {
        folder.write(
            &format!("{file}.tmpl"),
            format!("{template}cn=mail.example.com\ndns_name=mail.example.com\n"),
        );
        folder
            .program("certtool", &format!("--generate-privkey {key} --outfile {file}.key"))
            .success();
        folder
            .program("certtool", "--generate-request")
            .args(&[
                "--load-privkey",
                &format!("{file}.key"),
                "--template",
                &format!("{file}.tmpl"),
            ])
            .args(&["--outfile", &format!("{file}.csr")])
            .success();
        if file == "usage" || file == "ed" {
            continue; // what they ask for is the matter of the profile tests
        }
        folder.mailca(&format!("sign {file}.csr --profile server --yes")).success();
        let cert = format!("{file}.cert.pem");
        let subject = subject_of(&folder.path(&format!("{file}.csr")));
        assert_eq!(subject_of(&folder.path(&cert)), subject, "{file}");
        folder
            .program("certtool", "--verify --load-ca-certificate demoCA/cacert.pem --infile")
            .arg(&cert)
            .success();
    }
}

#[test]
fn names_of_a_third_program_chain_in_gnutls_too() {
    need!("certtool", "openssl");
    for name in NAMES.iter().filter(|name| name.label != "universal") {
        let folder = Folder::empty();
        folder.foreign_key("old", EC);
        folder.write("old.cnf", config(name, "Old CA"));
        folder
            .openssl("req -x509 -batch -utf8 -config old.cnf -key old.key -days 900 -out old.pem")
            .success();
        folder.mailca("newca --from old.pem old.key").success();
        folder.mailca("issue --cn mail.example.com").success();
        folder
            .program("certtool", "--verify --load-ca-certificate old.pem --infile cert.pem")
            .args(&["--verify-hostname", "mail.example.com"])
            .success();
    }
}
