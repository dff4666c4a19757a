//! On a telephone and on a desk, by day and by night.

use std::path::Path;

use crate::chromium::Chromium;
use crate::sample::{full, html, least};
use crate::support::need;

/// What sticks out at the right, by its beginning; what can be scrolled by itself may.
pub const TOO_WIDE: &str = r"(() => {
    const width = document.documentElement.clientWidth;
    const out = [...document.body.querySelectorAll('*')].filter(part =>
        part.getBoundingClientRect().right > width + 0.5 && !part.closest('pre') && !part.closest('svg'));
    const all = document.documentElement.scrollWidth > width ? ['the page'] : [];
    return all.concat(out.map(part => part.outerHTML.slice(0, 80)));
})()";

#[test]
fn it_fits_every_width_and_asks_for_nothing_from_elsewhere() {
    need!("chromium");
    let mut browser = Chromium::start();
    for (name, page) in [("full", full()), ("least", least())] {
        browser.show(&html(&page));
        for width in [320, 768, 1280] {
            for scheme in ["light", "dark"] {
                browser.look(width, scheme);
                for folded in [true, false] {
                    if !folded {
                        browser.unfold();
                    }
                    let wide = browser.value(TOO_WIDE);
                    assert_eq!(wide, serde_json::json!([]), "{name} {width} {scheme} {folded}");
                    let state = if folded { "folded" } else { "open" };
                    let name = format!("page/{name}-{width}-{scheme}-{state}.png");
                    browser.photograph(&Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
                }
                browser.value(
                    "document.querySelectorAll('details').forEach(part => part.open = false)",
                );
            }
        }
        assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
    }
}

#[test]
fn every_link_of_the_page_leads_to_a_place_in_it() {
    need!("chromium");
    let mut browser = Chromium::start();
    browser.show(&html(&full()));
    let lost = browser.value(
        "[...document.links].map(link => link.getAttribute('href'))
            .filter(href => !href.startsWith('#') || !document.getElementById(href.slice(1)))",
    );
    assert_eq!(lost, serde_json::json!([]));
    assert!(browser.value("document.links.length").as_u64() > Some(3));
}

#[test]
fn it_is_small_enough_to_go_with_a_mail() {
    let length = html(&full()).len();
    assert!(length < 100_000, "{length}");
}
