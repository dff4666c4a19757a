//! What other people's libraries say is put into words, and every refusal says what to do next.

use crate::support::Folder;

/// Words that an administrator would have to look up, or that are a library's own.
const FOREIGN: [&str; 12] = [
    "os error",
    "base64 decode",
    "incomplete PEM",
    "invalid digit",
    "..=",
    "Nom",
    "EOF while",
    "basic string",
    "expected nothing",
    "CSV error",
    "lookup address information",
    "rfc822Name",
];

fn with_damaged_files() -> Folder {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com mail").success();
    let text = folder.text("mail/cert.pem");
    folder.write("holes.pem", text.replacen("MI", "!I", 1));
    folder.write("half.pem", &text[..200]);
    let lines: Vec<_> = text.lines().collect();
    folder.write("short.pem", format!("{}\n{}\n-----END CERTIFICATE-----\n", lines[0], lines[1]));
    folder.write("list.json", "{\"login\": \"joe\", \"em");
    folder.write("odd.csv", "login,name,email\njoe,\"Joe\n");
    folder
}

#[test]
fn no_library_is_heard() {
    let folder = with_damaged_files();
    for (line, says) in [
        ("verify holes.pem", "not base64"),
        ("verify half.pem", "breaks off"),
        ("verify short.pem", "not a certificate"),
        ("show holes.pem", "not base64"),
        ("show half.pem", "breaks off"),
        ("show short.pem", "damaged"),
        ("verify mail/key.pem", "no certificate is in it"),
        ("verify gone.pem", "No such file or directory"),
        ("sign --profile server --yes holes.pem", "base64"),
        ("newca --ca-dir other --from gone", "No such file"),
        ("issue --from gone.csv", "No such file"),
        ("issue --from list.json", "one line"),
        ("issue --from odd.csv", "row"),
        ("newreq --cn bad_host! x", "a host name"),
        ("newreq --user joe --email joe@[192.0.2.1] joe", "domain after the @"),
        ("check nohost.invalid", "the host's address cannot be found"),
        ("restore mail/cert.pem --ca-dir other", "tar archive"),
        ("issue --days x --cn a.example.com", "a whole number"),
    ] {
        let outcome = folder.mailca(line).output();
        assert!(matches!(outcome.status, Some(1..=3)), "{outcome}");
        let said = outcome.text() + &outcome.stderr;
        assert!(said.contains(says), "{line}: {outcome}");
        for word in FOREIGN {
            assert!(!said.contains(word), "{word}: {outcome}");
        }
    }
}

#[test]
fn a_line_of_the_settings_is_shown_that_cannot_be_read() {
    for (line, says) in [
        ("leaf-days = = 3", "this cannot be read: leaf-days = = 3"),
        ("crl-url = \"http://x", "this cannot be read: crl-url"),
        ("leaf-days = 3\nleaf-days = 4", "leaf-days is there twice"),
    ] {
        let folder = Folder::with_ca();
        folder.replace("demoCA/mailca.toml", line);
        let outcome = folder.mailca("issue --cn mail.example.com").exits(1).says(&[says, "hint: "]);
        assert!(outcome.stderr.contains("demoCA/mailca.toml"), "{outcome}");
        outcome.says_nothing_of(&FOREIGN);
    }
}
