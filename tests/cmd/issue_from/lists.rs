//! The forms of a list.

use super::{LINE, with_list};
use crate::support::{Folder, need};

fn names(folder: &Folder, login: &str) -> String {
    let line = format!("x509 -noout -subject -ext subjectAltName -in {login}/cert.pem");
    folder.openssl(&line).success().text()
}

#[test]
fn every_dialect_of_csv_is_read() {
    need!("openssl");
    for list in [
        "login,name,email\njoe,\"User, Joe\",joe@example.com\n",
        "\u{feff}Login;Name;E-Mail\r\njoe;User, Joe;joe@example.com\r\n",
        "email\tname\tlogin\njoe@example.com\tJoe \"the\" User\tjoe",
        "login , email\n joe , joe@example.com \n\n\n",
    ] {
        let folder = with_list(list);
        folder.mailca(LINE).success().says(&["1 certificate issued"]);
        assert!(names(&folder, "joe").contains("email:joe@example.com"), "{list:?}");
    }
}

#[test]
fn json_lines_are_read() {
    need!("openssl");
    let folder = with_list(
        "{\"login\": \"joe\", \"email\": \"joe@example.com\", \"days\": 30, \"ou\": \"Säle\"}\n\n\
         {\"login\": \"ann\", \"email\": \"ann@example.com\", \"san\": [\"email:a@example.com\"], \"name\": null}\n",
    );
    folder.mailca(LINE).success();
    assert!(names(&folder, "ann").contains("email:ann@example.com, email:a@example.com"));
    folder.openssl("x509 -noout -checkend 2764800 -in joe/cert.pem").exits(1);
}

#[test]
fn one_bad_line_of_json_is_one_bad_row() {
    let folder = with_list(
        "{\"login\": \"joe\", \"email\": \"joe@example.com\"}\n{\"login\": \"ann\",\n\
         {\"logn\": \"max\", \"email\": \"max@example.com\"}\n",
    );
    let outcome = folder.mailca(LINE).exits(1);
    outcome.says(&[
        "line 2",
        "line 3",
        "logn",
        "is login meant?",
        "1 certificate issued, 2 failed",
    ]);
    assert!(folder.exists("joe/cert.pem"));
}

#[test]
fn a_list_comes_from_standard_input_too() {
    let folder = Folder::with_ca();
    let run = folder.mailca("issue --from - --key-type ecdsa-p256");
    run.stdin("login,email\njoe,joe@example.com\n").success();
    assert!(folder.exists("joe/cert.pem"));
}

#[test]
fn names_with_spaces_and_umlauts_are_friendly_names() {
    need!("openssl");
    let folder = with_list(
        "login,name,email,friendly_name\njoe,\"Jörg Müller, Dr.\",joe@example.com,\n\
         ann,Ann,ann@example.com,Anns Post\nmax,,max@example.com,\n",
    );
    folder.mailca(super::WITH_P12).success();
    for (login, name) in [("joe", "Jörg Müller, Dr."), ("ann", "Anns Post"), ("max", "max")] {
        let passwords = folder.text("passwords.csv");
        let line = passwords.lines().find_map(|line| line.strip_prefix(&format!("{login},")));
        let shown = folder
            .mailca("show --json")
            .arg(&format!("{login}.p12"))
            .args(&["--password-file", "pw"]);
        let _ = std::fs::remove_file(folder.path("pw"));
        folder.write("pw", line.unwrap());
        folder.chmod("pw", 0o600);
        assert!(shown.success().text().contains(name), "{login}");
    }
}

#[test]
fn lists_that_cannot_be_read_are_refused_as_a_whole() {
    for (list, words) in [
        (&b""[..], &["no column login"][..]),
        (b"login,email\n", &["nobody"]),
        (b"login,emial\njoe,joe@example.com\n", &["emial", "is email meant?"]),
        (b"login,name\njoe,Joe\n", &["no column email", "login,name,email"]),
        (b"joe,joe@example.com\n", &["column", "joe"]),
        (b"login,email,login\njoe,joe@example.com,x\n", &["column login twice"]),
        (b"login,email,name\njoe,joe@example.com,J\xf6rg\n", &["line 2", "UTF-8", "iconv"]),
        (b"\xff\xfel\0o\0g\0", &["UTF-16", "iconv"]),
        (b"[{\"login\": \"joe\"}]", &["jq -c"]),
    ] {
        let folder = Folder::with_ca();
        folder.write("users.csv", list);
        folder.mailca(LINE).refused(words);
    }
    Folder::with_ca().mailca(LINE).refused(&["users.csv"]);
}
