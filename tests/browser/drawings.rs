//! What is drawn can be read: nothing is cut off, and no words stand on a colour like their own.

use serde_json::json;

use crate::chromium::Chromium;
use crate::sample::{full, html, least};
use crate::support::need;

/// Words that pass the edge of their drawing, or of the button that they stand on.
const CUT_OFF: &str = r"[...document.querySelectorAll('svg text')].filter(text => {
    const own = text.getBoundingClientRect(), all = text.ownerSVGElement.getBoundingClientRect();
    const before = text.previousElementSibling;
    const button = (text.classList.contains('mid') || text.classList.contains('on-here')) && before && before.tagName === 'rect'
        ? before.getBoundingClientRect() : all;
    return own.right > Math.min(all.right, button.right) || own.left < Math.max(all.left, button.left)
        || own.bottom > all.bottom;
}).map(text => text.ownerSVGElement.querySelector('title').textContent + ': ' + text.textContent)";

/// Words whose contrast with the last thing drawn under them is below 4.5 (WCAG 2.2, 1.4.3).
const PALE: &str = r"(() => {
    const part = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const light = colour => {
        const [red, green, blue] = colour.match(/[\d.]+/g).map(Number).map(part);
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const pale = [];
    for (const text of document.querySelectorAll('svg text')) {
        const own = text.getBoundingClientRect();
        const [x, y] = [(own.left + own.right) / 2, (own.top + own.bottom) / 2];
        let ground = null;
        for (const shape of text.ownerSVGElement.querySelectorAll('rect, circle, path, text')) {
            if (shape === text) break;
            const box = shape.getBoundingClientRect(), fill = getComputedStyle(shape).fill;
            if (shape.tagName !== 'text' && fill !== 'none'
                && box.left <= x && x <= box.right && box.top <= y && y <= box.bottom) ground = fill;
        }
        const [a, b] = [light(getComputedStyle(text).fill), light(ground)].sort((a, b) => b - a);
        const contrast = (a + 0.05) / (b + 0.05);
        if (contrast < 4.5) pale.push(text.textContent + ': ' + contrast);
    }
    return pale;
})()";

/// Drawings without a role, a title, or a description.
const SILENT: &str = r"[...document.querySelectorAll('svg')].filter(svg =>
    svg.getAttribute('role') !== 'img'
    || svg.getAttribute('aria-labelledby') !== svg.querySelector('title').id
    || svg.getAttribute('aria-describedby') !== svg.querySelector('desc').id
    || svg.querySelector('desc').textContent.length < 40).map(svg => svg.outerHTML.slice(0, 80))";

/// Drawings whose numbers are not those of the step that they stand in, or of others of the same program. Steps are
/// counted as the style sheet does: over all lists of one program.
const MISNUMBERED: &str = r"[...document.querySelectorAll('.program')].flatMap(program => {
    const steps = [...program.querySelectorAll('.steps > li')];
    return [...program.querySelectorAll('svg')].flatMap(svg => {
        const own = steps.indexOf(svg.closest('li')) + 1;
        const marks = [...svg.querySelectorAll('.num')].map(mark => mark.textContent);
        const far = marks.filter(mark => mark < 1 || mark > steps.length);
        const fits = marks.length === 0 || marks.includes(String(own)) && far.length === 0;
        return fits ? [] : [program.id + ' ' + own + ': ' + marks];
    });
})";

#[test]
fn the_drawings_can_be_read_and_are_described() {
    need!("chromium");
    let mut browser = Chromium::start();
    browser.show(&html(&full()));
    browser.unfold();
    assert!(browser.value("document.querySelectorAll('svg').length").as_u64() > Some(15));
    for scheme in ["light", "dark"] {
        browser.look(1280, scheme);
        for (what, check) in [("cut off", CUT_OFF), ("pale", PALE), ("silent", SILENT)] {
            assert_eq!(browser.value(check), json!([]), "{what} {scheme}");
        }
    }
}

#[test]
fn every_number_in_a_drawing_is_that_of_the_step_it_belongs_to() {
    need!("chromium");
    let mut browser = Chromium::start();
    for page in [full(), least()] {
        browser.show(&html(&page));
        assert_eq!(browser.value(MISNUMBERED), json!([]));
    }
}
