//! Values that want to be more than text.

use serde_json::json;

use crate::chromium::Chromium;
use crate::sample::{full, html};
use crate::support::need;

#[test]
fn a_name_stays_a_name() {
    need!("chromium");
    let evil = "</title><script>alert(1)</script><img src=http://127.0.0.1:9/x onerror=alert(1)>\
                \"'><svg onload=alert(1)> Jürgen ß \u{202e}live\u{202c}\0";
    let mut page = full();
    for value in [&mut page.person, &mut page.login, &mut page.friendly_name, &mut page.ca_name] {
        *value = evil.into();
    }
    page.serial = evil.into();
    page.email = Some(evil.into());
    page.files.pkcs12 = evil.into();
    page.files.pkcs12_apple = evil.into();
    page.files.ca_pem = evil.into();
    page.files.ca_der = evil.into();
    page.files.mobileconfig = Some(evil.into());
    page.files.autoconfig = Some(evil.into());
    for account in [&mut page.imap, &mut page.smtp] {
        account.as_mut().unwrap().host = evil.into();
    }
    let html = html(&page);
    let mut browser = Chromium::start();
    let plain = {
        browser.show(&crate::sample::html(&full()));
        browser.value("document.querySelectorAll('*').length")
    };
    browser.show(&html);
    browser.unfold();
    browser.look(320, "light");
    assert_eq!(browser.value("document.scripts.length + document.images.length"), json!(0));
    let elements = browser.value("document.querySelectorAll('*').length");
    assert_eq!(elements, plain);
    let shown = browser.value("document.querySelector('.lead strong').textContent");
    let expected = evil.replace('\u{202e}', "\\u{202e}").replace('\u{202c}', "\\u{202c}");
    assert_eq!(shown, json!(expected.replace('\0', "\\u{0}")));
    let root = "document.documentElement";
    let sticks_out = browser.value(&format!("{root}.scrollWidth - {root}.clientWidth"));
    assert_eq!(sticks_out, json!(0));
    assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
}
