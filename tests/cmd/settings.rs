//! `mailca.toml`, and what goes before it: option, environment, file, built-in default.

use crate::support::{Certificate, Folder, mode, need};

#[test]
fn newca_writes_what_it_was_given() {
    let folder = Folder::empty();
    folder
        .mailca("newca --leaf-days 77 --crl-url http://pki.example.com/ca.crl --permit example.com")
        .args(&["--org", "Müller \"& Söhne\"", "--country", "DE"])
        .success();
    let text = folder.text("demoCA/mailca.toml");
    let settings: toml::Table = text.parse().unwrap();
    for word in ["77", "http://pki.example.com/ca.crl", "example.com"] {
        assert!(format!("{settings:?}").contains(word), "{word}: {text}");
    }
    assert!(format!("{settings:?}").contains("Müller"), "{text}");
}

#[test]
fn an_unknown_key_is_an_error_with_the_nearest_name() {
    let folder = Folder::with_request();
    let text = folder.text("demoCA/mailca.toml");
    folder.write("demoCA/mailca.toml", format!("leaf-dayz = 3\n{text}"));
    folder.mailca("sign").refused(&["mailca.toml", "leaf-dayz", "leaf-days"]);
}

#[test]
fn a_value_that_makes_no_sense_is_an_error_that_names_the_line() {
    let folder = Folder::with_request();
    for bad in ["leaf-days = 0", "leaf-days = \"many\"", "leaf-days = -1", "leaf-days ="] {
        let folder_text = folder.text("demoCA/mailca.toml");
        folder.write("demoCA/mailca.toml", format!("{bad}\n"));
        folder.mailca("sign").refused(&["mailca.toml"]);
        folder.write("demoCA/mailca.toml", folder_text);
    }
    folder.mailca("sign").success();
}

/// A key of mailca.toml, an option, and how to see in a certificate which of them won.
struct Setting {
    key: &'static str,
    option: &'static str,
    /// Values for the file, the environment and the option.
    values: [&'static str; 3],
    default: &'static str,
    line: &'static str,
    seen: fn(&Folder) -> String,
}

fn days(folder: &Folder) -> String {
    Certificate::read(&folder.path("x/cert.pem")).days.to_string()
}

fn key(folder: &Folder) -> String {
    let text = folder.openssl("pkey -noout -text -in x/key.pem").success().text();
    let known = [("256 bit", "ecdsa-p256"), ("384 bit", "ecdsa-p384"), ("2048 bit", "rsa-2048")];
    let found = known.iter().find(|(words, _)| text.contains(words));
    found.map_or_else(|| "ed25519".into(), |(_, name)| (*name).to_string())
}

fn crl_url(folder: &Folder) -> String {
    let text = folder.openssl("x509 -noout -text -in x/cert.pem").success().text();
    let after = text.split_once("URI:").map_or("", |(_, rest)| rest);
    after.lines().next().unwrap_or_default().trim().to_string()
}

fn part(folder: &Folder, name: &str) -> String {
    let run = folder.openssl("x509 -noout -subject -nameopt multiline -in x/cert.pem");
    let text = run.success().text();
    let lines = text.lines().filter_map(|line| line.split_once('='));
    let values = lines.filter(|(attribute, _)| attribute.trim() == name);
    values.map(|(_, value)| value.trim()).collect::<Vec<_>>().join(",")
}

fn cert_mode(folder: &Folder) -> String {
    format!("{:04o}", mode(&folder.path("x/cert.pem")))
}

const HOST: &str = "issue --cn a.example.com x";
const SETTINGS: [Setting; 9] = [
    Setting {
        key: "leaf-days",
        option: "--days",
        values: ["77", "88", "99"],
        default: "365",
        line: HOST,
        seen: days,
    },
    Setting {
        key: "host-key-type",
        option: "--key-type",
        values: ["ecdsa-p384", "ed25519", "rsa-2048"],
        default: "ecdsa-p256",
        line: HOST,
        seen: key,
    },
    Setting {
        key: "user-key-type",
        option: "--key-type",
        values: ["ecdsa-p384", "ed25519", "ecdsa-p256"],
        default: "rsa-2048",
        line: "issue --user joe --email joe@example.com x",
        seen: key,
    },
    Setting {
        key: "crl-url",
        option: "--crl-url",
        values: ["http://file.example/", "http://environment.example/", "http://option.example/"],
        default: "",
        line: HOST,
        seen: crl_url,
    },
    Setting {
        key: "cert-mode",
        option: "--cert-mode",
        values: ["0440", "0644", "0444"],
        default: "0400",
        line: HOST,
        seen: cert_mode,
    },
    Setting {
        key: "country",
        option: "--country",
        values: ["DE", "AT", "CH"],
        default: "",
        line: HOST,
        seen: |folder| part(folder, "countryName"),
    },
    Setting {
        key: "state",
        option: "--state",
        values: ["File", "Environment", "Option"],
        default: "",
        line: HOST,
        seen: |folder| part(folder, "stateOrProvinceName"),
    },
    Setting {
        key: "locality",
        option: "--locality",
        values: ["File", "Environment", "Option"],
        default: "",
        line: HOST,
        seen: |folder| part(folder, "localityName"),
    },
    Setting {
        key: "organization",
        option: "--org",
        values: ["File", "Environment", "Option"],
        default: "Example",
        line: HOST,
        seen: |folder| part(folder, "organizationName"),
    },
];

#[test]
fn option_goes_before_environment_before_file_before_default() {
    need!("openssl");
    for setting in &SETTINGS {
        let Setting { key, option, values: [file, environment, given], default, line, seen } =
            setting;
        let variable = format!("MAILCA_{}", key.to_uppercase().replace('-', "_"));
        for (sources, expected) in [(0, default), (1, file), (2, environment), (3, given)] {
            let folder = Folder::with_ca();
            let mut run = folder.mailca(line);
            if sources >= 1 {
                let value = if *key == "leaf-days" { (*file).into() } else { format!("{file:?}") };
                set(&folder, key, &value);
            }
            if sources >= 2 {
                run = run.env(&variable, environment);
            }
            if sources >= 3 {
                run = run.args(&[option, given]);
            }
            run.success();
            assert_eq!(seen(&folder), *expected, "{key} from {sources} sources");
        }
    }
}

#[test]
fn an_environment_variable_that_makes_no_sense_is_named() {
    let folder = Folder::with_request();
    folder.mailca("sign").env("MAILCA_LEAF_DAYS", "soon").refused(&["MAILCA_LEAF_DAYS", "soon"]);
    folder.mailca("sign").env("MAILCA_CERT_MODE", "0777").refused(&["MAILCA_CERT_MODE", "0777"]);
    folder.mailca("sign").env("MAILCA_LEAF_DAYS", "").success();
}

#[test]
fn the_passphrase_file_can_be_named_in_the_environment() {
    let folder = Folder::empty();
    folder.write("pass", "ca secret\n");
    folder.write("wrong", "wrong\n");
    folder.mailca("newca --encrypt-key").env("MAILCA_CA_PASSPHRASE_FILE", "pass").success();
    let issue = "issue --cn mail.example.com";
    folder.mailca(issue).env("MAILCA_CA_PASSPHRASE_FILE", "wrong").refused(&["passphrase"]);
    folder
        .mailca(issue)
        .args(&["--ca-passphrase-file", "pass"])
        .env("MAILCA_CA_PASSPHRASE_FILE", "wrong")
        .success();
}

/// Replaces the line of a key, or the commented line, or puts it in front.
fn set(folder: &Folder, key: &str, value: &str) {
    let text = folder.text("demoCA/mailca.toml");
    let line = format!("{key} = {value}");
    let mut found = false;
    let mut lines: Vec<String> = text
        .lines()
        .map(|old| {
            let bare = old.trim_start_matches(['#', ' ']);
            if !found && bare.split('=').next().unwrap_or_default().trim() == key {
                found = true;
                return line.clone();
            }
            old.to_string()
        })
        .collect();
    if !found {
        lines.insert(0, line);
    }
    folder.write("demoCA/mailca.toml", lines.join("\n") + "\n");
}
