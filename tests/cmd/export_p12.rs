//! `export-p12`: passwords, strength, and what is refused.

use std::fs;

use crate::support::{Folder, mode, need};

fn with_password() -> Folder {
    let folder = Folder::with_user();
    folder.write("pw", "correct horse\nsecond line\n");
    folder
}

/// `openssl pkcs12 -info` without the keys.
fn info(folder: &Folder, file: &str, password: &str) -> String {
    folder
        .openssl("pkcs12 -info -noout -in")
        .args(&[file, "-passin", &format!("pass:{password}")])
        .success()
        .stderr
}

#[test]
fn the_password_is_the_first_line_of_its_file() {
    need!("openssl");
    for (content, password) in [
        ("correct horse\nsecond line\n", "correct horse"),
        ("no line end", "no line end"),
        ("dos line end\r\n", "dos line end"),
        (" spaces around \n", " spaces around "),
    ] {
        let folder = with_password();
        folder.write("pw", content);
        folder.mailca("export-p12 joeuser --password-file pw -o out.p12").success();
        info(&folder, "out.p12", password);
    }
}

#[test]
fn the_password_can_come_from_stdin() {
    need!("openssl");
    let folder = with_password();
    folder.mailca("export-p12 joeuser --password-stdin -o out.p12").stdin("from stdin\n").success();
    info(&folder, "out.p12", "from stdin");
}

#[test]
fn without_a_terminal_a_missing_password_names_the_options() {
    let folder = with_password();
    folder.mailca("export-p12 joeuser").usage(&["--password-file"]);
    folder.mailca("export-p12 joeuser --no-input").usage(&["--password-file"]);
}

#[test]
fn an_empty_password_needs_its_option() {
    need!("openssl");
    let folder = with_password();
    folder.write("empty", "\n");
    folder.write("nothing", "");
    for line in ["--password-file empty", "--password-file nothing", "--password-stdin"] {
        folder
            .mailca(&format!("export-p12 joeuser {line}"))
            .refused(&["empty", "--allow-empty-password"]);
    }
    folder
        .mailca("export-p12 joeuser --password-file empty --allow-empty-password -o out.p12")
        .success();
    info(&folder, "out.p12", "");
}

#[test]
fn the_password_is_never_an_argument() {
    let folder = with_password();
    folder.mailca("export-p12 joeuser --password secret").usage(&["--password"]);
    folder
        .mailca("export-p12 joeuser")
        .env("MAILCA_PASSWORD", "secret")
        .usage(&["--password-file"]);
}

#[test]
fn a_generated_password_goes_to_a_file_of_its_own() {
    need!("openssl");
    let folder = with_password();
    folder.mailca("export-p12 joeuser --generate-password").usage(&["--password-out"]);
    let outcome = folder
        .mailca("export-p12 joeuser --generate-password --password-out new.pw -o out.p12")
        .success();
    assert_eq!(mode(&folder.path("new.pw")), 0o400);
    let password = folder.text("new.pw").trim_end().to_string();
    assert!(password.len() >= 20, "under 100 bits: {password:?}");
    assert!(!outcome.text().contains(&password) && !outcome.stderr.contains(&password));
    info(&folder, "out.p12", &password);
    folder
        .mailca("export-p12 joeuser --generate-password --password-out second.pw -o b.p12")
        .success();
    assert_ne!(folder.text("second.pw"), folder.text("new.pw"));
}

#[test]
fn a_generated_password_overwrites_nothing() {
    let folder = with_password();
    folder
        .mailca("export-p12 joeuser --generate-password --password-out pw -o out.p12")
        .refused(&["pw"]);
}

#[test]
fn only_one_source_of_a_password() {
    let folder = with_password();
    for line in [
        "--password-file pw --password-stdin",
        "--password-file pw --generate-password",
        "--password-stdin --generate-password",
    ] {
        folder.mailca(&format!("export-p12 joeuser {line}")).usage(&["--password"]);
    }
}

#[test]
fn iterations_follow_the_origin_of_the_password() {
    need!("openssl");
    let folder = with_password();
    for (options, iterations, password) in [
        ("--password-file pw", 600_000, Some("correct horse")),
        ("--generate-password --password-out new.pw", 2048, None),
        ("--password-file pw --iterations 10000", 10_000, Some("correct horse")),
    ] {
        let _ = fs::remove_file(folder.path("out.p12"));
        folder.mailca(&format!("export-p12 joeuser -o out.p12 {options}")).success();
        let password =
            password.map_or_else(|| folder.text("new.pw").trim_end().to_string(), String::from);
        let info = info(&folder, "out.p12", &password);
        let counts: Vec<_> =
            info.match_indices("teration ").map(|(at, _)| &info[at + 9..]).collect();
        assert!(counts.len() >= 3, "{info}");
        for count in counts {
            let number: String = count.chars().take_while(char::is_ascii_digit).collect();
            assert_eq!(number.parse(), Ok(iterations), "{options}: {info}");
        }
    }
    for bad in ["0", "-1", "x", "99999999999"] {
        folder
            .mailca("export-p12 joeuser --password-file pw")
            .arg(&format!("--iterations={bad}"))
            .usage(&["--iterations"]);
    }
}

#[test]
fn the_forms_differ_in_strength_and_the_weak_one_warns() {
    need!("openssl");
    let folder = with_password();
    for (form, weak) in [
        ("modern", false),
        ("windows", false),
        ("thunderbird", false),
        ("apple", true),
        ("android", true),
    ] {
        let out = format!("{form}.p12");
        let outcome = folder
            .mailca(&format!("export-p12 joeuser --password-file pw --for {form} -o {out}"))
            .success();
        let info = info(&folder, &out, "correct horse");
        assert_eq!(info.contains("pbeWithSHA1And3-KeyTripleDES-CBC"), weak, "{form}: {info}");
        assert_eq!(
            info.contains("AES-256-CBC") && info.contains("hmacWithSHA256"),
            !weak,
            "{info}"
        );
        assert!(!info.contains("RC2"), "{info}");
        assert_eq!(outcome.stderr.to_lowercase().contains("3des"), weak, "{form}: {outcome}");
    }
    folder.mailca("export-p12 joeuser --password-file pw --for dos").usage(&["modern", "apple"]);
}

#[test]
fn a_generated_password_needs_no_warning_of_the_weak_form() {
    let folder = with_password();
    let outcome = folder
        .mailca("export-p12 joeuser --for apple --generate-password --password-out new.pw -o o.p12")
        .success();
    assert!(!outcome.stderr.contains("warning"), "{outcome}");
}

#[test]
fn the_friendly_name_is_the_name_unless_given() {
    need!("openssl");
    let folder = with_password();
    folder.mailca("export-p12 joeuser --password-file pw -o a.p12").success();
    folder
        .mailca("export-p12 joeuser --password-file pw -o b.p12 --name")
        .arg("Joe User's Personal Certificate")
        .success();
    for (file, name) in [("a.p12", "joeuser"), ("b.p12", "Joe User's Personal Certificate")] {
        let text = folder
            .openssl("pkcs12 -nodes -passin")
            .args(&["pass:correct horse", "-in", file])
            .success()
            .text();
        assert_eq!(text.matches(&format!("friendlyName: {name}\n")).count(), 2, "{text}");
    }
}

#[test]
fn an_existing_file_is_not_overwritten() {
    let folder = with_password();
    folder.write("out.p12", "precious\n");
    folder
        .mailca("export-p12 joeuser --password-file pw -o out.p12")
        .refused(&["out.p12", "--force"]);
    folder.mailca("export-p12 joeuser --password-file pw -o out.p12 --force").success();
    assert_eq!(mode(&folder.path("out.p12")), 0o400);
    folder.mailca("export-p12 joeuser --password-file pw -o none/out.p12").refused(&["none"]);
}

#[test]
fn what_is_missing_is_named() {
    for file in ["key.pem", "cert.pem", "cacert.pem"] {
        let folder = with_password();
        fs::remove_file(folder.path("joeuser").join(file)).unwrap();
        folder.mailca("export-p12 joeuser --password-file pw").refused(&[file]);
    }
    let folder = Folder::empty();
    folder.write("pw", "x\n");
    folder.mailca("export-p12 joeuser --password-file pw").refused(&["joeuser"]);
    let folder = with_password();
    folder.mailca("export-p12 joeuser --password-file none").refused(&["none"]);
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let folder = with_password();
    folder.mailca("newreq --user ann --email ann@example.com ann").success();
    fs::remove_file(folder.path("joeuser/key.pem")).unwrap();
    fs::copy(folder.path("ann/key.pem"), folder.path("joeuser/key.pem")).unwrap();
    folder.mailca("export-p12 joeuser --password-file pw").refused(&["key"]);
}

#[test]
fn a_chain_that_does_not_verify_is_refused() {
    let folder = with_password();
    folder.mailca("newca --ca-dir other --cn Other").success();
    fs::remove_file(folder.path("joeuser/cacert.pem")).unwrap();
    fs::copy(folder.path("other/cacert.pem"), folder.path("joeuser/cacert.pem")).unwrap();
    folder.mailca("export-p12 joeuser --password-file pw").refused(&["chain"]);
}

#[test]
fn an_expired_certificate_is_refused() {
    need!("openssl");
    let folder = with_password();
    folder
        .openssl("ca -config demoCA/openssl.cnf -batch -notext -in joeuser/req.pem -out old.pem")
        .args(&["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"])
        .success();
    fs::remove_file(folder.path("joeuser/cert.pem")).unwrap();
    fs::rename(folder.path("old.pem"), folder.path("joeuser/cert.pem")).unwrap();
    folder.mailca("export-p12 joeuser --password-file pw").refused(&["expired", "2020"]);
}
