//! Pages to look at.

use mailca::mail::kit::page::{Account, Files, Page, Security, render};
use time::macros::datetime;

/// Everything that a kit can have.
pub fn full() -> Page {
    Page {
        person: "Zoë Müller-Lüdenscheidt".into(),
        login: "zoe.mueller".into(),
        email: Some("zoe.mueller@mail.example.com".into()),
        friendly_name: "Zoë Müller-Lüdenscheidt".into(),
        files: Files {
            pkcs12: "zoe.mueller.p12".into(),
            pkcs12_apple: "zoe.mueller-apple.p12".into(),
            ca_pem: "cacert.pem".into(),
            ca_der: "cacert.crt".into(),
            mobileconfig: Some("zoe.mueller.mobileconfig".into()),
            autoconfig: Some("autoconfig.xml".into()),
        },
        ca_name: "Example Mail CA".into(),
        ca_sha256: "3fa90c71e2b85d4496d1077ac38f2be6".repeat(2),
        ca_expires: datetime!(2036-11-22 8:52 UTC),
        serial: "4F1C2A9B77E0D3586A11C0FFEE4242AB0918273F".into(),
        expires: datetime!(2027-12-05 23:59 UTC),
        imap: Some(Account { host: "imap.example.com".into(), port: 993, security: Security::Tls }),
        smtp: Some(Account {
            host: "smtp.example.com".into(),
            port: 587,
            security: Security::StartTls,
        }),
        by_certificate: true,
        signs: true,
    }
}

/// The least that it has.
pub fn least() -> Page {
    let mut page = full();
    page.email = None;
    page.files.mobileconfig = None;
    page.files.autoconfig = None;
    page.imap = None;
    page.smtp = None;
    page.by_certificate = false;
    page.signs = false;
    page
}

/// The page as HTML, from mailca's own templates.
pub fn html(page: &Page) -> String {
    render(page, &|_| Ok(None)).unwrap()
}
