//! `mailca report`.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::status::in_days;
use crate::support::{Folder, mode, need};

/// Two servers, one of them revoked, and a person.
fn with_inventory() -> Folder {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com --san DNS:imap.example.com mail").success();
    folder.mailca("issue --cn old.example.com old").success();
    folder
        .mailca("issue --user joeuser --email joe@example.com --key-type ecdsa-p256 joe")
        .success();
    folder.mailca("revoke old --reason superseded --yes").success();
    folder
}

fn page(folder: &Folder) -> String {
    folder.mailca("report").success().text()
}

fn document(folder: &Folder) -> Value {
    serde_json::from_str(&folder.mailca("report --json").success().text()).unwrap()
}

/// Lines in the form of index.txt.
fn add_rows(folder: &Folder, rows: impl IntoIterator<Item = String>) {
    let text = folder.text("demoCA/index.txt");
    let rows: String = rows.into_iter().collect();
    folder.write("demoCA/index.txt", text + &rows);
}

#[test]
fn the_page_tells_what_was_issued_and_is_complete_in_itself() {
    let folder = with_inventory();
    let page = page(&folder);
    for words in [
        "Test CA ecdsa-p256",
        "mail.example.com",
        "imap.example.com",
        "joeuser",
        "joe@example.com",
        "old.example.com",
        "superseded",
        "there is no revocation list yet",
        "there never was a backup",
        "2 things are to be done",
        "any name: it has no name constraints",
        "a certificate of 365 days can be issued in full",
        "Nothing.",
        concat!("Made by mailca ", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    assert!(page.contains("default-src 'none'; style-src 'unsafe-inline'"), "{page}");
    for alien in ["<script", "src=", "@import", "http:", "https:", "javascript"] {
        assert!(!page.contains(alien), "{alien}");
    }
    let serial = folder.index()[1][3].clone();
    assert!(page.contains(&serial), "{page}");
    assert_eq!(page.matches("role=\"img\"").count(), 3);
}

#[test]
fn what_is_to_be_done_is_told_and_is_no_failure() {
    let folder = with_inventory();
    folder.mailca("status").exits(3);
    assert_eq!(document(&folder)["to_do"].as_array().unwrap().len(), 2);
    folder.mailca("crl").success();
    folder.mailca("backup ca.tar").success();
    assert!(page(&folder).contains("Nothing is to be done"));
    let crl = &document(&folder)["crl"];
    assert_eq!((&crl["number"], &crl["revoked"]), (&"1".into(), &1.into()));
}

#[test]
fn json_has_the_same_facts() {
    let folder = with_inventory();
    let value = document(&folder);
    let status: Value =
        serde_json::from_str(&folder.mailca("status --json").exits(3).text()).unwrap();
    for part in ["crl", "certificates", "backup", "to_do"] {
        assert_eq!(value[part], status[part], "{part}");
    }
    let rows: Vec<_> = value["valid"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| ["kind", "title", "profile"].map(|key| one[key].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(
        rows,
        [["server", "mail.example.com", "server"], ["person", "joeuser", "user"]]
            .map(|row| row.map(str::to_owned))
    );
    assert_eq!(
        value["valid"][0]["names"],
        serde_json::json!(["mail.example.com", "imap.example.com"])
    );
    assert_eq!(value["revoked"][0]["reason"], "superseded");
    assert_eq!(value["revoked"][0]["title"], "old.example.com");
    let months = value["months"].as_array().unwrap();
    let sum = |key: &str| months.iter().map(|month| month[key].as_u64().unwrap()).sum::<u64>();
    assert_eq!(["servers", "people", "others", "ended", "revoked"].map(sum), [1, 1, 0, 0, 1]);
    assert_eq!(value["horizon"]["days"], 365);
    assert!(value["version"].as_str().unwrap().starts_with(env!("CARGO_PKG_VERSION")));
    assert_eq!(value["ca"]["key"], "EC P-256");
    assert_eq!(value["ca"]["sha256"].as_str().unwrap().len(), 95);
}

#[test]
fn the_same_facts_at_the_same_moment_make_the_same_page() {
    let folder = with_inventory();
    // All of a second: only a run that meets the next one differs, and is made again.
    let same = (0..20).any(|_| {
        let [one, other] = [page(&folder), page(&folder)];
        one == other
    });
    assert!(same);
}

#[test]
fn a_file_is_new_and_has_its_mode() {
    let folder = with_inventory();
    let outcome = folder.mailca("report -o ca.html").umask("077").success();
    assert!(outcome.stdout.is_empty(), "{outcome}");
    outcome.says(&["ca.html is the report of Test CA"]);
    assert_eq!(mode(&folder.path("ca.html")), 0o644);
    folder.mailca("report -o ca.html").refused(&["ca.html", "not overwritten", "--force"]);
    folder.replace("ca.html", "old");
    folder.mailca("report -o ca.html --force --mode 0600").success();
    assert_eq!(mode(&folder.path("ca.html")), 0o600);
    assert!(folder.text("ca.html").ends_with("</html>\n"));
    let names = fs::read_dir(folder.root()).unwrap().flatten().map(|entry| entry.file_name());
    let beside = names.filter(|name| name.to_string_lossy().contains("html")).count();
    assert_eq!(beside, 1, "something is left beside it");
    folder.mailca("report --json -o ca.json").success();
    let value: Value = serde_json::from_str(&folder.text("ca.json")).unwrap();
    assert_eq!(value["certificates"]["valid"], 2);
}

#[test]
fn a_wrong_command_line_is_told() {
    let folder = with_inventory();
    folder.mailca("report -o ca.html --mode 0666").usage(&["0666", "0644"]);
    folder.mailca("report -o ca.html --mode 755").usage(&["755"]);
    folder.mailca("report --force").usage(&["--output"]);
    folder.mailca("report --mode 0600").usage(&["--output"]);
    folder.mailca("report --expiring soon").usage(&["30d"]);
    folder.mailca("report -o -").usage(&["standard output"]);
    folder.mailca("report ca.html").usage(&["ca.html"]);
}

#[test]
fn what_is_no_file_of_its_own_is_left_alone() {
    let folder = with_inventory();
    folder.write("other", "other");
    symlink("other", folder.path("link.html")).unwrap();
    folder.mailca("report -o link.html").refused(&["link.html", "not overwritten"]);
    folder.mailca("report -o link.html --force").refused(&["link.html", "not a plain file"]);
    folder.mailca("report -o mail --force").refused(&["mail", "folder"]);
    folder.mailca("report -o missing/ca.html").refused(&["missing", "does not exist"]);
    folder.mailca("report -o demoCA/ca.html").refused(&["in the CA's folder"]);
    folder.mailca("report -o mail/key.pem --force").refused(&["private key"]);
    assert_eq!(folder.text("other"), "other");
}

#[test]
fn without_a_ca_or_its_index_there_is_no_report() {
    let folder = Folder::empty();
    folder.mailca("report -o ca.html").refused(&["there is no CA", "newca"]);
    let folder = with_inventory();
    fs::remove_file(folder.path("demoCA/index.txt")).unwrap();
    folder.mailca("report -o ca.html").refused(&["index.txt is missing", "doctor"]);
    assert!(!folder.exists("ca.html"));
}

#[test]
fn what_ends_soon_is_told_unless_the_span_is_shorter() {
    let folder = with_inventory();
    folder.mailca("issue --cn short.example.com --days 60 short").success();
    let text = page(&folder);
    let soon = text.split("id=\"soon\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(soon.contains("short.example.com") && soon.contains("in 59 days"), "{soon}");
    assert!(!soon.contains("mail.example.com"), "{soon}");
    let text = folder.mailca("report --expiring 2w").success().text();
    assert!(text.contains("Ends within 14 days"), "{text}");
    // A newer one for the same name is told beside it.
    folder.mailca("issue --cn short.example.com newer").success();
    let text = page(&folder);
    let soon = text.split("id=\"soon\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(soon.contains("a newer one ends"), "{soon}");
}

#[test]
fn what_is_not_known_is_told_as_such() {
    let folder = with_inventory();
    let ends = in_days(100);
    add_rows(
        &folder,
        [
            format!("V\t{ends}\t\t0A\tunknown\t/CN=lost.example.com\n"),
            "V\tnonsense\t\t0B\tunknown\t/CN=never.example.com\n".to_owned(),
            "R\t270101000000Z\tnonsense\t0C\tunknown\t/CN=unclear.example.com\n".to_owned(),
            "damaged\n".to_owned(),
        ],
    );
    let text = page(&folder);
    for words in [
        "1 certificate could not be read in newcerts",
        "2 lines of index.txt could not be read",
        "lost.example.com",
        "at an unreadable date",
        "1 others",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let value = document(&folder);
    assert_eq!((&value["missing"], &value["spoiled"]), (&1.into(), &2.into()));
    assert_eq!(value["valid"][2]["not_before"], Value::Null);
}

#[test]
fn a_reason_that_openssl_does_not_know_is_told_too() {
    let folder = with_inventory();
    folder.mailca("revoke mail --reason privilegeWithdrawn --yes").success();
    let text = page(&folder);
    assert!(text.contains("privilegeWithdrawn"), "{text}");
}

#[test]
fn thousands_are_counted_and_told_when_asked_for() {
    let folder = with_inventory();
    let (revoked, ended) = (in_days(-40), in_days(-20));
    add_rows(
        &folder,
        (0..600).map(|number| {
            format!("R\t{ended}\t{revoked}\t{number:08X}\tunknown\t/CN=gone{number}.example.com\n")
        }),
    );
    let text = page(&folder);
    assert!(text.contains("<dt>Revoked</dt><dd class=\"n\">601</dd>"), "{text}");
    let rows = |text: &str| text.matches("would have ended").count();
    assert_eq!(rows(&text), 500);
    assert!(text.contains("And 101 more") && text.contains("mailca list --revoked"), "{text}");
    let all = folder.mailca("report --all").success().text();
    assert_eq!(rows(&all), 601);
    assert!(!all.contains(" more: <code>"), "{all}");
    assert_eq!(document(&folder)["revoked"].as_array().unwrap().len(), 601);
}

#[test]
fn the_cas_own_certificate_is_no_part_of_the_inventory() {
    let folder = Folder::with_ca();
    let value = document(&folder);
    assert_eq!(value["valid"], Value::Array(Vec::new()));
    assert_eq!(value["months"], Value::Array(Vec::new()));
    assert!(page(&folder).contains("Nothing was revoked."));
}

#[test]
fn name_constraints_and_the_horizon_are_told() {
    let folder = Folder::empty();
    folder.mailca("newca --permit example.com --days 500 --leaf-days 400").success();
    let value = document(&folder);
    assert_eq!(value["ca"]["constraints"][0], "permitted DNS:example.com");
    assert_eq!(value["horizon"]["days"], 400);
    let text = page(&folder);
    assert!(text.contains("permitted DNS:example.com"), "{text}");
    assert!(text.contains("a certificate of 400 days can be issued in full"), "{text}");
    // It is less than a year away, and stands in the timeline.
    assert!(text.contains("class=\"note\"") && text.contains("last full 400 days"), "{text}");
    folder.mailca("newca --days 300 --ca-dir short").success();
    let text = folder.mailca("report --ca-dir short").success().text();
    assert!(text.contains("a certificate of 365 days cannot be issued in full"), "{text}");
    assert!(text.contains("the CA ends"), "{text}");
}

#[test]
fn names_are_text_whatever_is_in_them() {
    let folder = with_inventory();
    let subject = "/CN=</title><script>alert(1)</script>\u{202e}moc\u{200b}\\x1B[31m\"'&";
    let (ends, ended) = (in_days(10), in_days(-10));
    add_rows(
        &folder,
        [
            format!("V\t{ends}\t\t0A\tunknown\t{subject}\n"),
            format!("R\t{ends}\t{ended}\t0B\tunknown\t{subject}\n"),
        ],
    );
    let text = page(&folder);
    assert!(!text.contains("<script") && !text.contains("alert(1)</script>"), "{text}");
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
    for hidden in ['\u{202e}', '\u{200b}'] {
        assert!(!text.contains(hidden), "{hidden:?}");
    }
    assert!(text.contains("&lt;script&gt;alert(1)") && text.contains("\\u{202e}moc"), "{text}");
}

#[test]
fn templates_of_ones_own_take_the_place() {
    let folder = with_inventory();
    folder.mkdir("own");
    folder.write("own/report.html", "{{ ca.title }}: {{ counts.valid }} valid\n");
    let line = "report --template-dir own";
    assert_eq!(folder.mailca(line).success().text(), "Test CA ecdsa-p256: 2 valid\n");
    folder.write("own/report.html", "{{ tpyo }}\n");
    folder.mailca(line).refused(&["own/report.html line 1", "a template may use these names"]);
    folder.mailca("report --template-dir nowhere").refused(&["nowhere", "not there"]);
    let settings = folder.text("demoCA/mailca.toml") + "template-dir = \"../own\"\n";
    folder.replace("demoCA/mailca.toml", settings);
    folder.write("own/report.html", "mine\n");
    assert_eq!(page(&folder), "mine\n");
}

#[test]
fn what_openssl_has_signed_is_in_it_too() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.simple_request("b", "/CN=b.example.com", "DNS:b.example.com");
    folder.openssl("ca -config demoCA/openssl.cnf -batch -notext -in b.csr -out b.pem").success();
    assert_eq!(document(&folder)["valid"][0]["title"], "b.example.com");
}
