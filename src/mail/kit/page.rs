//! The page of a kit: who it is for, what the files are, how to compare the CA's fingerprint, and how each mail
//! program takes them in.
//!
//! One file without a script or anything from elsewhere, so that it can be read from a stick, on a telephone, and on
//! paper. It holds no secret. Whatever a value holds is shown as text: HTML is escaped, and characters that
//! would hide or turn their neighbours round are shown as codes.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::error::{Error, Result};
use crate::mail::template::{self, Own};
use crate::pki::printable::printable;

/// What the page tells.
#[derive(Clone, Debug)]
pub struct Page {
    /// The person's name, as one would write it on a letter; the login where no other is known.
    pub person: String,
    /// The login at the mail servers.
    pub login: String,
    /// The person's mail address.
    pub email: Option<String>,
    /// The name under which programs list the certificate.
    pub friendly_name: String,
    /// The names of the files of the kit.
    pub files: Files,
    /// The CA's name, as programs show it.
    pub ca_name: String,
    /// The SHA-256 fingerprint of the CA's certificate: 64 hexadecimal digits, with any or no separators.
    pub ca_sha256: String,
    /// When the CA's certificate ends.
    pub ca_expires: OffsetDateTime,
    /// The serial number of the person's certificate, as `mailca list` shows it.
    pub serial: String,
    /// When the person's certificate ends.
    pub expires: OffsetDateTime,
    /// The server that mail is read from; without this and [`Page::smtp`] there is no section on accounts.
    pub imap: Option<Account>,
    /// The server that mail is sent through.
    pub smtp: Option<Account>,
    /// Whether one logs in there by the certificate, and is asked for no password.
    pub by_certificate: bool,
    /// Whether the certificate is for S/MIME too, and not for logging in alone.
    pub signs: bool,
}

/// The names of the files beside the page, without a folder.
#[derive(Clone, Debug)]
pub struct Files {
    /// Certificate and key, PKCS#12 with AES-256.
    pub pkcs12: String,
    /// The same with 3DES, for Apple's keychain, Android up to 12, and old Windows.
    pub pkcs12_apple: String,
    /// The CA's certificate, PEM.
    pub ca_pem: String,
    /// The CA's certificate, DER.
    pub ca_der: String,
    /// Apple's configuration profile.
    pub mobileconfig: Option<String>,
    /// Thunderbird's account settings.
    pub autoconfig: Option<String>,
}

/// A mail server, as account settings name it.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its host name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// When TLS begins.
    pub security: Security,
}

/// When TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// With the first byte (RFC 8314): ports 993 and 465.
    Tls,
    /// After a command: ports 143 and 587.
    StartTls,
}

/// The page as HTML, from an administrator's own kit.html and kit-*.html where there are some, else from ours.
pub fn render(page: &Page, own: Own<'_>) -> Result<String> {
    template::fill("kit.html", own, &values(page)?)
}

fn values(page: &Page) -> Result<Value> {
    let files = &page.files;
    Ok(json!({
        "person": printable(&page.person),
        "login": printable(&page.login),
        "email": shown(page.email.as_deref()),
        "friendly_name": printable(&page.friendly_name),
        "pkcs12": printable(&files.pkcs12),
        "pkcs12_apple": printable(&files.pkcs12_apple),
        "ca_pem": printable(&files.ca_pem),
        "ca_der": printable(&files.ca_der),
        "mobileconfig": shown(files.mobileconfig.as_deref()),
        "autoconfig": shown(files.autoconfig.as_deref()),
        "pkcs12_sh": shell_word(&files.pkcs12),
        "pkcs12_apple_sh": shell_word(&files.pkcs12_apple),
        "ca_pem_sh": shell_word(&files.ca_pem),
        "ca_der_sh": shell_word(&files.ca_der),
        "email_sh": shell_word(page.email.as_deref().unwrap_or("you@example.com")),
        "ca_name": printable(&page.ca_name),
        "fingerprint": fingerprint(&page.ca_sha256)?,
        "ca_expires": date(page.ca_expires)?,
        "ca_expires_iso": iso_date(page.ca_expires)?,
        "serial": printable(&page.serial),
        "expires": date(page.expires)?,
        "expires_iso": iso_date(page.expires)?,
        "imap": page.imap.as_ref().map(account),
        "smtp": page.smtp.as_ref().map(account),
        "by_certificate": page.by_certificate,
        "signs": page.signs,
    }))
}

fn shown(text: Option<&str>) -> Option<String> {
    text.map(printable)
}

/// A word of a command, for a Bourne shell and for `PowerShell` where it holds no apostrophe. One that begins
/// with a hyphen must not be taken for an option.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@.,:+=/-".contains(c);
    let text = printable(text);
    let text = if text.starts_with('-') { format!("./{text}") } else { text };
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

fn account(account: &Account) -> Value {
    let security = match account.security {
        Security::Tls => "SSL/TLS",
        Security::StartTls => "STARTTLS",
    };
    json!({
        "host": printable(&account.host),
        "port": account.port,
        "security": security,
        "starttls": account.security == Security::StartTls,
    })
}

/// Lines of eight pairs, as long as one remembers while reading aloud; with colons, as `mailca show` and most programs
/// have them.
fn fingerprint(text: &str) -> Result<Vec<String>> {
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    if digits.len() != 64 {
        return Err(Error::bug("a SHA-256 fingerprint has 64 hexadecimal digits"));
    }
    let digits = digits.to_ascii_uppercase();
    let pairs: Vec<_> = (0..32).filter_map(|pair| digits.get(2 * pair..2 * pair + 2)).collect();
    Ok(pairs.chunks(8).map(|line| line.join(":")).collect())
}

fn date(moment: OffsetDateTime) -> Result<String> {
    let form = format_description!("[day padding:none] [month repr:long] [year]");
    moment.format(form).map_err(|error| Error::bug("a date cannot be written").caused_by(error))
}

fn iso_date(moment: OffsetDateTime) -> Result<String> {
    let form = format_description!("[year]-[month]-[day]");
    moment.format(form).map_err(|error| Error::bug("a date cannot be written").caused_by(error))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::mail::template::Text;

    fn page() -> Page {
        Page {
            person: "Joe User".into(),
            login: "joe".into(),
            email: Some("joe@example.com".into()),
            friendly_name: "Joe at Example".into(),
            files: Files {
                pkcs12: "joe.p12".into(),
                pkcs12_apple: "joe-apple.p12".into(),
                ca_pem: "cacert.pem".into(),
                ca_der: "cacert.crt".into(),
                mobileconfig: Some("joe.mobileconfig".into()),
                autoconfig: Some("autoconfig.xml".into()),
            },
            ca_name: "Example Mail CA".into(),
            ca_sha256: "0123456789abcdef".repeat(4),
            ca_expires: datetime!(2036-11-22 8:52 UTC),
            serial: "4F00A1".into(),
            expires: datetime!(2027-03-05 23:59 UTC),
            imap: Some(Account {
                host: "imap.example.com".into(),
                port: 993,
                security: Security::Tls,
            }),
            smtp: Some(Account {
                host: "smtp.example.com".into(),
                port: 587,
                security: Security::StartTls,
            }),
            by_certificate: false,
            signs: true,
        }
    }

    fn rendered(page: &Page) -> String {
        render(page, &|_| Ok(None)).unwrap()
    }

    #[test]
    fn the_page_tells_who_it_is_for_and_what_to_compare() {
        let text = rendered(&page());
        for needed in [
            "Joe User",
            "joe@example.com",
            "joe.p12",
            "joe-apple.p12",
            "cacert.pem",
            "cacert.crt",
            "joe.mobileconfig",
            "autoconfig.xml",
            "Example Mail CA",
            "5 March 2027",
            "22 November 2036",
            "01:23:45:67:89:AB:CD:EF",
            "imap.example.com",
            "smtp.example.com",
        ] {
            assert!(text.contains(needed), "{needed}");
        }
    }

    #[test]
    fn a_fingerprint_that_is_none_is_refused() {
        let page = Page { ca_sha256: "ab:cd".into(), ..page() };
        assert!(render(&page, &|_| Ok(None)).is_err());
    }

    #[test]
    fn what_a_value_holds_is_shown_and_not_obeyed() {
        let evil = "<script>alert(1)</script> \"'&\u{202e}ü";
        let page = Page {
            person: evil.into(),
            ca_name: evil.into(),
            serial: evil.into(),
            email: Some(evil.into()),
            ..page()
        };
        let text = rendered(&page);
        assert!(!text.contains("<script"));
        assert!(!text.contains('\u{202e}'));
        assert!(
            text.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt; &quot;&#x27;&amp;\\u{202e}ü")
        );
    }

    #[test]
    fn what_is_not_there_is_not_spoken_of() {
        let mut page = page();
        for part in ["Account settings</h2>", "joe.mobileconfig", "autoconfig.xml", "joe@"] {
            assert!(rendered(&page).contains(part), "{part}");
        }
        let smtp = page.smtp.take();
        let imap = page.imap.take();
        page.files.mobileconfig = None;
        page.files.autoconfig = None;
        page.email = None;
        let text = rendered(&page);
        for part in ["Account settings</h2>", "mobileconfig", "autoconfig", "joe@", "profile has"] {
            assert!(!text.contains(part), "{part}");
        }
        for (imap, smtp) in [(imap, None), (None, smtp)] {
            let text = rendered(&Page { imap, smtp, ..page.clone() });
            assert!(text.contains("Account settings</h2>"));
            assert_eq!(text.matches("Connection security").count(), 1);
        }
    }

    #[test]
    fn what_it_is_good_for_follows_the_certificate_and_the_servers() {
        let condition = "if your administrator has set the mail server up for it";
        let text = rendered(&page());
        assert!(text.contains(condition) && text.contains("Password of the account"));
        assert!(text.contains("Reading encrypted mail") && !text.contains("Leave out"));
        let text = rendered(&Page { by_certificate: true, signs: false, ..page() });
        assert!(!text.contains(condition) && text.contains("Certificate, no password"));
        assert!(!text.contains("Reading encrypted mail") && text.contains("Leave out"));
    }

    #[test]
    fn names_in_commands_are_one_word_each() {
        for (name, word) in [
            ("joe.p12", "joe.p12"),
            ("joe user.p12", "'joe user.p12'"),
            ("o'neill.p12", "'o'\\''neill.p12'"),
            ("-joe.p12", "./-joe.p12"),
            ("$(reboot).p12", "'$(reboot).p12'"),
            ("", "''"),
        ] {
            assert_eq!(shell_word(name), word);
        }
        let mut page = page();
        page.files.pkcs12 = "joe user.p12".into();
        assert!(rendered(&page).contains("-in &#x27;joe user.p12&#x27; -clcerts"));
    }

    #[test]
    fn an_administrator_may_rewrite_the_steps_of_one_program() {
        let mine = |name: &str, text: &'static str| {
            let called = "my/kit-mutt.html".to_owned();
            Ok((name == "kit-mutt.html").then(|| Text { called, text: text.into() }))
        };
        let error = render(&page(), &|name| mine(name, "{{ login }}\n{{ tpyo }}")).unwrap_err();
        assert!(error.to_string().starts_with("my/kit-mutt.html line 2"), "{error}");
        let text = render(&page(), &|name| mine(name, "Ask {{ login }} about it.")).unwrap();
        assert!(text.contains("Ask joe about it.") && text.contains("Thunderbird"));
        assert!(!text.contains("NeoMutt"));
    }
}
