//! The mail account of a kit: which servers, which login, which address.

use super::{names, with_joe};
use crate::support::{Folder, need};

fn settings(folder: &Folder, lines: &str) {
    let text = folder.text("demoCA/mailca.toml") + lines;
    folder.replace("demoCA/mailca.toml", text);
}

const BOTH: &str = "kit joe --password-out pw --imap imap.example.com --smtp smtp.example.com";

#[test]
fn two_servers_make_an_account() {
    let folder = with_joe();
    folder.mailca(BOTH).success();
    assert_eq!(names(&folder, "joe-kit").len(), 7);
    let profile = folder.text("joe-kit/joe.mobileconfig");
    let settings = folder.text("joe-kit/autoconfig.xml");
    for host in ["imap.example.com", "smtp.example.com"] {
        assert!(profile.contains(&format!("<string>{host}</string>")), "{profile}");
        assert!(settings.contains(&format!("<hostname>{host}</hostname>")), "{settings}");
    }
    for port in [993, 465] {
        assert!(profile.contains(&format!("<integer>{port}</integer>")), "{profile}");
        assert!(settings.contains(&format!("<port>{port}</port>")), "{settings}");
    }
    assert_eq!(settings.matches("<socketType>SSL<").count(), 2);
    assert_eq!(settings.matches("<authentication>password-cleartext<").count(), 2);
    assert_eq!(profile.matches("EmailAuthPassword").count(), 2);
}

#[test]
fn ports_say_when_tls_begins() {
    let folder = with_joe();
    for (more, expected) in [
        ("--imap h.example:143 --smtp h.example:587", "STARTTLS STARTTLS"),
        ("--imap h.example:993 --smtp h.example:465", "SSL SSL"),
        ("--imap h.example:1993/imaps --smtp h.example:1587/submission", "SSL STARTTLS"),
        ("--imap h.example:imap --smtp 192.0.2.1:submissions", "STARTTLS SSL"),
    ] {
        let line = format!("kit joe --password-out pw --force {more}");
        folder.mailca(&line).success();
        let text = folder.text("joe-kit/autoconfig.xml");
        let found: Vec<_> =
            text.lines().filter_map(|line| line.trim().strip_prefix("<socketType>")).collect();
        let found: Vec<_> = found.iter().map(|line| line.split('<').next().unwrap()).collect();
        assert_eq!(found.join(" "), expected, "{more}");
    }
}

#[test]
fn a_server_that_is_none_is_refused() {
    let folder = with_joe();
    let kit = |option: &str, value: &str| {
        folder.mailca("kit joe --password-out pw").args(&[option, value])
    };
    kit("--imap", "imap.example.com:0").usage(&["port"]);
    kit("--imap", "imap.example.com:70000").usage(&["port"]);
    kit("--imap", "imap.example.com:1993").usage(&["1993", "/SERVICE"]);
    kit("--imap", "imap.example.com:465").usage(&["465", "IMAP"]);
    kit("--smtp", "smtp.example.com:993").usage(&["993", "SMTP"]);
    kit("--smtp", "https://smtp.example.com/").usage(&["smtp.example.com"]);
    kit("--imap", "a b").usage(&["a b"]);
    kit("--imap", "").usage(&[]);
    kit("--auth", "kerberos").usage(&["kerberos"]);
}

#[test]
fn one_server_alone_is_on_the_page_only() {
    for (option, missing) in [("--imap", "--smtp"), ("--smtp", "--imap")] {
        let folder = with_joe();
        let run = folder.mailca("kit joe --password-out pw").args(&[option, "mail.example.com"]);
        run.success().says(&["warning", missing]);
        assert!(!folder.exists("joe-kit/autoconfig.xml"));
        assert!(!folder.text("joe-kit/joe.mobileconfig").contains("com.apple.mail.managed"));
        assert!(folder.text("joe-kit/joe.html").contains("mail.example.com"));
    }
}

#[test]
fn the_settings_know_the_servers_too() {
    let folder = with_joe();
    settings(&folder, "imap = \"a.example\"\nsmtp = \"b.example:587\"\n");
    folder.mailca("kit joe --password-out pw").success();
    let text = folder.text("joe-kit/autoconfig.xml");
    assert!(text.contains(">a.example<") && text.contains(">b.example<"), "{text}");
    let run = folder.mailca("kit joe --password-out pw --force").env("MAILCA_IMAP", "c.example");
    run.success();
    assert!(folder.text("joe-kit/autoconfig.xml").contains(">c.example<"));
    let run = folder.mailca("kit joe --password-out pw --force --imap d.example");
    run.env("MAILCA_IMAP", "c.example").success();
    assert!(folder.text("joe-kit/autoconfig.xml").contains(">d.example<"));
    settings(&folder, "");
    let text = folder.text("demoCA/mailca.toml").replace("a.example", "a.example:1");
    folder.replace("demoCA/mailca.toml", text);
    folder.mailca("kit joe --password-out pw -o x").refused(&["setting imap", "port 1"]);
}

#[test]
fn a_login_is_the_certificates_or_the_one_that_is_said() {
    let folder = with_joe();
    folder.mailca(BOTH).success();
    assert!(folder.text("joe-kit/autoconfig.xml").contains("%EMAILLOCALPART%"));
    assert!(folder.text("joe-kit/joe.mobileconfig").contains("com.example.mailca.joe<"));
    let full = "--force --login joe@example.com";
    folder.mailca(&format!("{BOTH} {full}")).success();
    assert!(folder.text("joe-kit/autoconfig.xml").contains("%EMAILADDRESS%"));
    folder.mailca(&format!("{BOTH} --force --login j<o")).success();
    assert!(folder.text("joe-kit/autoconfig.xml").contains("<username>j&lt;o</username>"));
    assert!(folder.text("joe-kit/joe.mobileconfig").contains("<string>j&lt;o</string>"));
}

#[test]
fn an_address_must_be_the_certificates() {
    let folder = Folder::with_ca();
    let issue = "issue --user joe --email joe@example.com --san email:j.user@example.org \
         --key-type ecdsa-p256 joe";
    folder.mailca(issue).success();
    folder
        .mailca("kit joe --password-out pw --email eve@example.com")
        .refused(&["not for eve@example.com", "joe@example.com, j.user@example.org"]);
    folder.mailca("kit joe --password-out pw --email nobody").usage(&["nobody"]);
    folder
        .mailca("kit joe --password-out pw --email j.user@EXAMPLE.org")
        .success()
        .says(&["kit of j.user@example.org"]);
    let profile = folder.text("joe-kit/joe.mobileconfig");
    assert!(profile.contains("org.example.mailca.joe<"), "{profile}");
}

#[test]
fn who_logs_in_by_certificate_is_asked_for_no_password() {
    let folder = with_joe();
    folder.mailca(&format!("{BOTH} --auth certificate")).success();
    assert_eq!(folder.text("joe-kit/autoconfig.xml").matches(">TLS-client-cert<").count(), 2);
    assert_eq!(folder.text("joe-kit/joe.mobileconfig").matches("EmailAuthNone").count(), 2);
}

#[test]
fn a_certificate_that_signs_no_mail_is_not_told_to() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.mailca("newreq --user joe --email joe@example.com --key-type ecdsa-p256 joe").success();
    folder.mailca("sign joe --profile client --yes").success();
    folder.mailca(BOTH).success();
    let profile = folder.text("joe-kit/joe.mobileconfig");
    assert!(profile.contains("com.apple.mail.managed") && !profile.contains("SMIME"), "{profile}");
}
