//! `newca`: a new CA, its name, its constraints, its passphrase, and one that is adopted.

use std::fs;

use crate::support::{Certificate, Folder, KEY_TYPES, mode, need, subject_of};

fn text(folder: &Folder) -> String {
    folder.openssl("x509 -noout -text -in demoCA/cacert.pem").success().text()
}

#[test]
fn the_default_ca_is_a_p256_root_of_ten_years() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mailca("newca").success();
    let text = text(&folder);
    for word in ["prime256v1", "CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", " Mail CA"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert_eq!(text.matches("critical").count(), 2, "{text}");
    assert!(!text.contains("Name Constraints"), "{text}");
    let certificate = Certificate::read(&folder.path("demoCA/cacert.pem"));
    assert!((3649..=3650).contains(&certificate.days), "{}", certificate.days);
    assert_eq!(certificate.subject, certificate.issuer);
}

#[test]
fn every_part_of_the_name_has_its_option() {
    need!("openssl");
    let folder = Folder::empty();
    folder
        .mailca("newca --country DE --state Hessen --locality Giessen --email ca@example.com")
        .args(&["--org", "Müller & Söhne", "--ou", "One", "--ou", "Two", "--cn", "Our CA"])
        .success();
    let subject = folder
        .openssl("x509 -noout -subject -nameopt RFC2253,-esc_msb,utf8 -in demoCA/cacert.pem")
        .success()
        .text();
    for part in [
        "CN=Our CA",
        "OU=One",
        "OU=Two",
        "O=Müller & Söhne",
        "L=Giessen",
        "ST=Hessen",
        "C=DE",
        "ca@ex",
    ] {
        assert!(subject.contains(part), "{part}: {subject}");
    }
}

#[test]
fn bad_parts_of_the_name_are_refused() {
    let folder = Folder::empty();
    let long = "x".repeat(65);
    for (option, value, word) in [
        ("--country", "Germany", "Germany"),
        ("--country", "D!", "D!"),
        ("--cn", "", "empty"),
        ("--cn", &long, "64"),
        ("--email", "nobody", "nobody"),
        ("--days", "0", "--days"),
        ("--days", "-3", "--days"),
        ("--days", "40000", "--days"),
        ("--leaf-days", "0", "--leaf-days"),
        ("--path-len", "x", "--path-len"),
        ("--permit", "not a domain", "not a domain"),
        ("--permit", "*.example.com", "*.example.com"),
        ("--permit-ip", "192.0.2.0/24", "--permit"),
        ("--permit=example.com --permit-ip", "192.0.2.0/33", "192.0.2.0/33"),
        ("--key-type", "dsa", "dsa"),
        ("--crl-url", "not a url", "not a url"),
    ] {
        let words: Vec<&str> = option.split(' ').collect();
        let (last, first) = words.split_last().unwrap();
        let run = folder.mailca("newca").args(first).arg(&format!("{last}={value}"));
        let outcome = run.output();
        assert!(matches!(outcome.status, Some(1 | 2)), "{option} {value:?}: {outcome}");
        assert!(outcome.stderr.contains(word), "{option}: {outcome}");
        assert!(!folder.exists("demoCA"), "{option} {value:?}");
    }
}

#[test]
fn a_ca_that_exists_is_left_alone() {
    let folder = Folder::with_ca();
    folder.mailca("newca").refused(&["demoCA", "already"]);
    folder.mailca("newca --cn Other --days 10").refused(&["demoCA"]);
}

#[test]
fn the_rest_of_a_ca_is_not_overwritten_either() {
    for left in ["private/cakey.pem", "index.txt", "cacert.pem"] {
        let folder = Folder::with_ca();
        fs::rename(folder.path("demoCA"), folder.path("old")).unwrap();
        folder.mkdir("demoCA/private");
        fs::copy(folder.path("old").join(left), folder.path("demoCA").join(left)).unwrap();
        folder.mailca("newca").refused(&["demoCA"]);
    }
}

#[test]
fn a_folder_elsewhere_by_option_and_by_environment() {
    let folder = Folder::empty();
    folder.mailca("newca --ca-dir one").success();
    folder.mailca("newca").env("MAILCA_DIR", "two").success();
    folder.mailca("newca --ca-dir three").env("MAILCA_DIR", "four").success();
    for name in ["one", "two", "three"] {
        assert!(folder.exists(&format!("{name}/private/cakey.pem")), "{name}");
    }
    assert!(!folder.exists("four") && !folder.exists("demoCA"));
}

#[test]
fn key_types_and_days_are_those_asked_for() {
    need!("openssl");
    let words = ["prime256v1", "secp384r1", "ED25519", "(2048 bit", "(3072 bit", "(4096 bit"];
    for (key_type, word) in KEY_TYPES.into_iter().zip(words) {
        let folder = Folder::with_ca_of(key_type);
        folder.openssl("pkey -noout -text -in demoCA/private/cakey.pem").success().says(&[word]);
    }
    let folder = Folder::empty();
    folder.mailca("newca --days 100 --leaf-days 30").success();
    assert_eq!(Certificate::read(&folder.path("demoCA/cacert.pem")).days, 100);
    folder.mailca("issue --cn mail.example.com").success();
    assert_eq!(Certificate::read(&folder.path("cert.pem")).days, 30);
}

#[test]
fn permitted_domains_are_critical_constraints_and_bind_addresses() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mailca("newca --permit example.com --permit example.net").success();
    let constraints =
        folder.openssl("x509 -noout -ext nameConstraints -in demoCA/cacert.pem").success().text();
    for word in [
        "critical",
        "DNS:example.com",
        "DNS:example.net",
        "email:example.com",
        "email:.example.com",
        "IP:0.0.0.0/0.0.0.0",
        "IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0",
    ] {
        assert!(constraints.contains(word), "{word}: {constraints}");
    }
    let (permitted, excluded) = constraints.split_once("Excluded").unwrap();
    assert!(permitted.contains("email:.example.net") && !permitted.contains("IP:"));
    assert!(excluded.contains("IP:"));

    folder.mailca("issue --cn mail.example.com").success();
    folder.mailca("issue --user joe --email joe@mx.example.com joe").success();
    folder.openssl("verify -x509_strict -CAfile demoCA/cacert.pem cert.pem joe/cert.pem").success();
    folder.mailca("verify joe/cert.pem --email joe@mx.example.com").success();
}

#[test]
fn permitted_addresses() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mailca("newca --permit example.com --permit-ip 192.0.2.0/24").success();
    let constraints =
        folder.openssl("x509 -noout -ext nameConstraints -in demoCA/cacert.pem").success().text();
    assert!(constraints.contains("IP:192.0.2.0/255.255.255.0"), "{constraints}");
    folder.mailca("issue --cn mail.example.com --san IP:192.0.2.9").success();
    folder.openssl("verify -x509_strict -CAfile demoCA/cacert.pem cert.pem").success();
    folder.mailca("issue --cn mail.example.com --san IP:198.51.100.1 x").refused(&["198.51.100.1"]);
}

#[test]
fn the_private_key_can_have_a_passphrase() {
    need!("openssl");
    let folder = Folder::empty();
    folder.write("pass", "ca secret\n");
    folder.mailca("newca --encrypt-key --ca-passphrase-file pass").success();
    let key = folder.text("demoCA/private/cakey.pem");
    assert!(key.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"), "{key}");
    assert_eq!(mode(&folder.path("demoCA/private/cakey.pem")), 0o400);
    folder.openssl("pkey -noout -in demoCA/private/cakey.pem -passin file:pass").success();
    let structure = folder.openssl("asn1parse -in demoCA/private/cakey.pem").success();
    structure.says(&["PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc"]);
}

#[test]
fn a_passphrase_is_needed_without_a_terminal_and_may_not_be_empty() {
    let folder = Folder::empty();
    folder.mailca("newca --encrypt-key").usage(&["--ca-passphrase-file"]);
    folder.write("empty", "\n");
    folder.mailca("newca --encrypt-key --ca-passphrase-file empty").refused(&["empty"]);
    folder.mailca("newca --encrypt-key --ca-passphrase-file none").refused(&["none"]);
}

#[test]
fn a_short_passphrase_is_refused_and_an_open_file_warned_of() {
    let folder = Folder::empty();
    for short in ["abc", "1234567", "ääääääa"] {
        folder.write("pass", format!("{short}\n"));
        let line = "newca --encrypt-key --ca-passphrase-file pass";
        folder.mailca(line).refused(&["shorter than 8 characters"]);
    }
    folder.write("pass", "12345678\n");
    folder.chmod("pass", 0o640);
    let warning = "pass holds the passphrase of the CA's key and can be read by others";
    folder.mailca("newca --encrypt-key --ca-passphrase-file pass").success().says(&[warning]);
    let line = "issue --cn a.example.com --ca-passphrase-file pass";
    folder.mailca(line).arg("a").success().says(&[warning, "chmod 0600 pass"]);
    folder.chmod("pass", 0o400);
    folder.mailca(line).arg("b").success().says_nothing_of(&["can be read by others"]);
}

#[test]
fn a_ca_is_adopted_from_its_certificate_and_key() {
    need!("openssl");
    for key in ["EC ec_paramgen_curve:P-256", "RSA rsa_keygen_bits:2048", "ED25519"] {
        let folder = Folder::empty();
        folder.foreign_key("old", key);
        folder
            .openssl("req -x509 -batch -key old.key -out old.pem -days 900 -subj")
            .args(&["/O=Example/CN=Old CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign"])
            .success();
        folder.mailca("newca --from old.pem old.key").success();
        assert_eq!(
            subject_of(&folder.path("demoCA/cacert.pem")),
            subject_of(&folder.path("old.pem"))
        );
        assert_eq!(mode(&folder.path("demoCA/private/cakey.pem")), 0o400);
        folder.mailca("issue --cn mail.example.com").success();
        folder.openssl("verify -x509_strict -CAfile old.pem cert.pem").success();
    }
}

#[test]
fn a_ca_is_adopted_from_pkcs12_and_from_one_file() {
    need!("openssl");
    let folder = Folder::empty();
    folder.write("pass", "secret\n");
    folder.foreign_key("old", "EC ec_paramgen_curve:P-256");
    folder
        .openssl("req -x509 -batch -key old.key -out old.pem -days 900 -subj")
        .args(&["/CN=Old CA"])
        .success();
    folder
        .openssl("pkcs12 -export -in old.pem -inkey old.key -out old.p12 -passout file:pass")
        .success();
    folder.mailca("newca --ca-dir a --from old.p12 --from-password-file pass").success();
    folder.write("both.pem", [folder.read("old.key"), folder.read("old.pem")].concat());
    folder.mailca("newca --ca-dir b --from both.pem").success();
    for ca in ["a", "b"] {
        folder.mailca(&format!("issue --ca-dir {ca} --cn mail.example.com of-{ca}")).success();
        folder.openssl("verify -CAfile old.pem").arg(&format!("of-{ca}/cert.pem")).success();
    }
}

#[test]
fn what_cannot_be_a_ca_is_not_adopted() {
    need!("openssl");
    let folder = Folder::empty();
    folder.foreign_key("old", "EC ec_paramgen_curve:P-256");
    folder.foreign_key("other", "EC ec_paramgen_curve:P-256");
    let make = |name: &str, extra: &[&str]| {
        folder
            .openssl("req -x509 -batch -key old.key -days 900 -subj /CN=Old")
            .args(&["-out", name])
            .args(extra)
            .success();
    };
    make("old.pem", &[]);
    make("leaf.pem", &["-addext", "basicConstraints=critical,CA:FALSE"]);
    make("nosign.pem", &["-addext", "keyUsage=critical,digitalSignature"]);
    folder.mailca("newca --from old.pem other.key").refused(&["key"]);
    folder.mailca("newca --from old.pem").refused(&["key"]);
    folder.mailca("newca --from old.key").refused(&["certificate"]);
    folder.mailca("newca --from leaf.pem old.key").refused(&["CA"]);
    folder.mailca("newca --from nosign.pem old.key").refused(&["sign"]);
    folder.mailca("newca --from nothing.pem old.key").refused(&["nothing.pem"]);
}
