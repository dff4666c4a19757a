//! The report of a CA: that it fits, is drawn as the facts are, prints, and can be used by everybody.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use time::{Date, Duration, Month, OffsetDateTime};

use crate::accessible::{RULES, axe};
use crate::chromium::Chromium;
use crate::layout::TOO_WIDE;
use crate::report_sample::Sample;
use crate::support::{Folder, need};

/// Words that pass the edge of their drawing, and words that stand on others.
const ILLEGIBLE: &str = r"[...document.querySelectorAll('svg')].flatMap(svg => {
    const all = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll('text')].filter(text => text.getClientRects().length);
    const boxes = texts.map(text => [text.textContent, text.getBoundingClientRect()]);
    const out = boxes.filter(([, box]) => box.left < all.left - 1 || box.right > all.right + 1 || box.bottom > all.bottom + 1
        || box.top < all.top - 1).map(([text]) => 'out: ' + text);
    const on = boxes.flatMap(([one, a], at) => boxes.slice(at + 1).filter(([, b]) =>
        a.left + 0.5 < b.right && b.left + 0.5 < a.right && a.top + 4 < b.bottom && b.top + 4 < a.bottom)
        .map(([other]) => one + ' on ' + other));
    return out.concat(on);
})";

/// What is drawn in a colour too much like that of the card that it stands on: words below 4.5, shapes below 3 (WCAG
/// 2.2, 1.4.3 and 1.4.11).
const PALE: &str = r"(() => {
    const part = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const light = colour => {
        const [red, green, blue] = colour.match(/[\d.]+/g).map(Number).map(part);
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    return [...document.querySelectorAll('svg text, svg rect:not(.track, .short, .hatch-bg)')].flatMap(shape => {
        const ground = light(getComputedStyle(shape.closest('.card')).backgroundColor);
        const style = getComputedStyle(shape);
        const fill = shape.classList.contains('renewed') ? style.stroke : style.fill;
        const [a, b] = [light(fill), ground].sort((a, b) => b - a);
        const contrast = (a + 0.05) / (b + 0.05), least = shape.tagName === 'text' ? 4.5 : 3;
        return contrast < least ? [shape.getAttribute('class') + ' ' + contrast] : [];
    });
})()";

/// The columns of the months, each with its rectangles: class, left, width, height, all in per cent or pixels.
const COLUMNS: &str = r"[...document.querySelectorAll('g[data-month]')].map(group => [
    group.querySelector('title').textContent.split(':')[0],
    [...group.querySelectorAll('rect')].map(rect => ['x', 'width', 'height'].map(name => parseFloat(rect.getAttribute(name)))
        .concat([rect.getAttribute('class')]))])";

/// Left edge, width, height and class.
type Rectangle = (f64, f64, f64, String);

/// The table of the same: month and numbers. Where there are no others, it has no column for them.
const TABLE: &str = r"[...document.querySelectorAll('table.months tbody tr')].map(row => {
    const numbers = [...row.cells].slice(1).map(cell => Number(cell.textContent));
    if (numbers.length === 4) numbers.splice(2, 0, 0);
    return [row.cells[0].textContent, numbers];
})";

/// Where the lines of servers begin and end, in per cent of the drawing as it is on the screen.
const LANES: &str = r"[...document.querySelectorAll('rect[data-until]')].map(rect => {
    const all = rect.ownerSVGElement.getBoundingClientRect(), own = rect.getBoundingClientRect();
    return [rect.dataset.until, (own.left - all.left) / all.width * 100, (own.right - all.left) / all.width * 100];
})";

fn small() -> Sample {
    Sample::of(3, 2, 1).with_intermediate()
}

fn middle() -> Sample {
    Sample::of(40, 150, 12).due()
}

fn large() -> Sample {
    Sample::of(100, 9500, 400)
}

/// The first moment of the month so many after that of `now`.
fn month(now: OffsetDateTime, after: i32) -> OffsetDateTime {
    let number = now.year() * 12 + i32::from(u8::from(now.month())) - 1 + after;
    let month = Month::try_from(u8::try_from(number.rem_euclid(12) + 1).unwrap()).unwrap();
    let day = Date::from_calendar_date(number.div_euclid(12), month, 1).unwrap();
    day.midnight().assume_utc()
}

/// Where a moment has to be drawn, in per cent.
fn place(now: OffsetDateTime, moment: OffsetDateTime) -> f64 {
    let (from, to) = (month(now, -12), month(now, 13));
    ((moment - from) / (to - from) * 100.0).clamp(0.0, 100.0)
}

#[test]
fn it_fits_every_width_and_asks_for_nothing_from_elsewhere() {
    need!("chromium");
    let mut browser = Chromium::start();
    for (name, sample) in [("small", small()), ("middle", middle()), ("large", large())] {
        browser.show(&sample.html());
        // 640 is a desk at 200 per cent.
        for width in [320, 640, 768, 1280] {
            for scheme in ["light", "dark"] {
                browser.look(width, scheme);
                let context = format!("{name} {width} {scheme}");
                for (what, check) in [("wide", TOO_WIDE), ("illegible", ILLEGIBLE), ("pale", PALE)]
                {
                    assert_eq!(browser.value(check), json!([]), "{what}: {context}");
                }
                if name != "large" {
                    browser.unfold();
                    assert_eq!(browser.value(TOO_WIDE), json!([]), "unfolded: {context}");
                    let name = format!("report/{name}-{width}-{scheme}.png");
                    browser.photograph(&Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
                }
            }
        }
        assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
    }
}

#[test]
fn there_is_no_script_and_nothing_that_would_need_one() {
    need!("chromium");
    let mut browser = Chromium::start();
    browser.show(&middle().html());
    let scripts = r"document.scripts.length + [...document.querySelectorAll('*')].filter(part =>
        part.getAttributeNames().some(name => name.startsWith('on') || name === 'style' || name === 'src')).length";
    assert_eq!(browser.value(scripts), json!(0));
    // What is folded opens by the browser itself, and can be reached by the keyboard.
    let folded = r"[...document.querySelectorAll('details')].every(part => {
        const summary = part.querySelector(':scope > summary'), was = part.open;
        summary.focus();
        const has = document.activeElement === summary;
        summary.click();
        return has && part.open !== was;
    })";
    assert_eq!(browser.value(folded), json!(true));
}

#[test]
fn the_columns_are_as_high_as_the_table_says() {
    need!("chromium");
    let mut browser = Chromium::start();
    for sample in [small(), middle(), large()] {
        browser.show(&sample.html());
        let table: Vec<(String, Vec<u64>)> = serde_json::from_value(browser.value(TABLE)).unwrap();
        let table: HashMap<_, _> = table.into_iter().collect();
        let columns: Vec<(String, Vec<Rectangle>)> =
            serde_json::from_value(browser.value(COLUMNS)).unwrap();
        assert_eq!(columns.len(), 25);
        let number = |title: &str, class: &str| {
            let order = ["server", "person", "other", "ended", "revoked"];
            let at = order.iter().position(|one| *one == class).unwrap();
            table.get(title).map_or(0, |numbers| numbers[at])
        };
        let all =
            || columns.iter().flat_map(|(title, rects)| rects.iter().map(move |it| (title, it)));
        #[allow(clippy::cast_precision_loss, reason = "a few thousand")]
        let scale = |(title, (_, _, height, class)): (&String, &Rectangle)| {
            height / number(title, class) as f64
        };
        // The least that is seen is higher than its number; the highest tells the scale.
        let unit = all().map(scale).fold(f64::INFINITY, f64::min);
        for (title, (x, width, height, class)) in all() {
            #[allow(clippy::cast_precision_loss, reason = "a few thousand")]
            let wanted = (unit * number(title, class) as f64).max(3.0);
            assert!((height - wanted).abs() < 0.1, "{title} {class}: {height}, not {wanted}");
            let at = columns.iter().position(|(one, _)| one == title).unwrap();
            let at = i32::try_from(at).unwrap() - 12;
            let from = place(sample.now, month(sample.now, at));
            let to = place(sample.now, month(sample.now, at + 1));
            assert!(*x > from && x + width < to, "{title}: {x} and {width} in {from} to {to}");
        }
        let drawn = columns.iter().map(|(title, rects)| (title, rects.len()));
        for (title, rects) in drawn {
            let numbers =
                table.get(title).map_or(0, |row| row.iter().filter(|it| **it > 0).count());
            assert_eq!(rects, numbers, "{title}");
        }
        // Nothing is missing from the table.
        let total: u64 = table.values().flatten().sum();
        let ended: u64 = sample.inventory.ended.values().sum();
        let held = sample.inventory.valid.len() + sample.inventory.revoked.len();
        assert_eq!(total, held as u64 + ended);
    }
}

#[test]
fn the_lines_of_servers_end_when_their_certificates_do() {
    need!("chromium");
    let sample = middle();
    let mut browser = Chromium::start();
    browser.show(&sample.html());
    let mut wanted: Vec<_> = sample.inventory.valid.iter().collect();
    wanted.retain(|one| one.profile == Some("server"));
    wanted.sort_by_key(|one| one.not_after);
    for width in [320, 1280] {
        browser.look(width, "light");
        let lanes: Vec<(String, f64, f64)> = serde_json::from_value(browser.value(LANES)).unwrap();
        assert_eq!(lanes.len(), 16);
        for ((until, from, to), one) in lanes.iter().zip(&wanted) {
            assert_eq!(*until, one.not_after.date().to_string());
            let ends = [one.not_before.unwrap(), one.not_after].map(|it| place(sample.now, it));
            let off = (from - ends[0]).abs().max((to - ends[1]).abs());
            assert!(off < 0.3, "{until} at {width}: {from} to {to}, not {ends:?}");
        }
    }
}

#[test]
fn axe_has_nothing_to_say() {
    need!("chromium");
    let Some(axe) = axe() else { return };
    let mut browser = Chromium::start();
    for (name, sample) in [("small", small()), ("middle", middle())] {
        browser.show(&sample.html());
        browser.value(&axe);
        browser.unfold();
        for width in [320, 1280] {
            for scheme in ["light", "dark"] {
                browser.look(width, scheme);
                assert_eq!(browser.value(RULES), json!([]), "{name} {width} {scheme}");
            }
        }
    }
}

#[test]
fn whoever_hears_the_page_is_told_the_same() {
    need!("chromium");
    let mut browser = Chromium::start();
    browser.show(&middle().html());
    // Narrow tables must not turn into heaps of words.
    for width in [1280, 320] {
        browser.look(width, "light");
        let told = browser.told();
        let has = |role: &str, name: &str| {
            told.iter().any(|(its_role, its)| its_role == role && its.starts_with(name))
        };
        for (role, name) in [
            ("heading", "9 things are to be done"),
            ("heading", "What ends when"),
            ("image", "What ends, and what was revoked, month by month"),
            ("image", "The certificates of servers, from their first day to their last"),
            ("image", "The CA from its first day to its last"),
            ("columnheader", "Serial number"),
            ("rowheader", "mail0.example.com"),
        ] {
            assert!(has(role, name), "{role} {name} at {width}: {told:?}");
        }
    }
    let described = browser.value("document.getElementById('months-desc').textContent");
    let described = described.as_str().unwrap();
    for words in ["40 of servers", "150 of people"] {
        // Those that end after the last month are not drawn.
        let number: u64 = words.split(' ').next().unwrap().parse().unwrap();
        let drawn: Vec<u64> = described.split(' ').filter_map(|word| word.parse().ok()).collect();
        assert!(drawn.iter().any(|it| *it <= number && *it > number / 2), "{described}");
    }
}

#[test]
fn paper_has_every_row_whole_and_a_heading_on_every_page() {
    need!("chromium", "pdftotext");
    let sample = middle();
    let mut browser = Chromium::start();
    browser.look(1280, "dark");
    browser.show(&sample.html());
    let pages = printed(&mut browser, "middle");
    assert!((4..=14).contains(&pages.len()), "{}", pages.len());
    for one in sample.inventory.valid.iter().filter(|one| one.profile == Some("server")) {
        let holder = pages.iter().find(|page| {
            page.contains(&one.serial) && page.contains(&one.not_after.date().to_string())
        });
        let holder = holder.unwrap_or_else(|| panic!("{} is not in one piece", one.title));
        // A long name is broken after a hyphen, with the other columns between its lines.
        let end = one.title.rsplit('-').next().unwrap();
        assert!(holder.contains(end), "{}: {holder}", one.title);
        assert!(holder.contains("Serial number"), "no heading over {}: {holder}", one.title);
    }
    let all = pages.concat();
    // What is folded on the screen is on paper.
    for words in ["user149@example.com", "The months as a table", "gone11.example.com"] {
        assert!(all.contains(words), "{words}: {all}");
    }
    assert!(pages[1].contains(&format!("2 / {}", pages.len())), "{}", pages[1]);
    browser.show(&large().html());
    let pages = printed(&mut browser, "large").len();
    assert!(pages <= 80, "{pages}");
}

fn printed(browser: &mut Chromium, name: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}.pdf"));
    fs::write(&path, browser.print()).unwrap();
    let output = Command::new("pdftotext").arg("-layout").arg(&path).arg("-").output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim_end_matches('\u{c}').split('\u{c}').map(str::to_owned).collect()
}

#[test]
fn ten_thousand_certificates_make_a_page_that_can_be_opened() {
    let length = large().html().len();
    assert!(length < 1_000_000, "{length}");
}

#[test]
fn a_name_stays_a_name() {
    need!("chromium");
    let evil = "</title><script>alert(1)</script><img src=http:\\/\\/127.0.0.1:9\\/x onerror=alert(1)>\
                \"'><svg onload=alert(1)> Jürgen \u{202e}live\u{202c}";
    let moment = OffsetDateTime::now_utc() + Duration::days(20);
    let format = time::macros::format_description!(
        "[year repr:last_two][month][day][hour][minute][second]Z"
    );
    let ends = moment.format(format).unwrap();
    let page = |name: &str| {
        let folder = Folder::with_ca();
        let rows = format!(
            "V\t{ends}\t\t0A\tunknown\t/CN={name}\nR\t{ends}\t260101000000Z\t0B\tunknown\t/CN={name}\n"
        );
        folder.write("demoCA/index.txt", folder.text("demoCA/index.txt") + &rows);
        folder.mailca("report").success().text()
    };
    let mut browser = Chromium::start();
    let elements = "document.querySelectorAll('*').length";
    browser.show(&page("plain"));
    let plain = browser.value(elements);
    browser.show(&page(evil));
    browser.look(320, "light");
    assert_eq!(browser.value(elements), plain);
    assert_eq!(browser.value("document.scripts.length + document.images.length"), json!(0));
    let shown = browser.value("document.querySelector('#revoked ~ table bdi').textContent");
    let expected = evil.replace("\\/", "/");
    let expected = expected.replace('\u{202e}', "\\u{202e}").replace('\u{202c}', "\\u{202c}");
    // A long one is cut in sight.
    let shown = shown.as_str().unwrap();
    assert!(expected.starts_with(shown.trim_end_matches('…')), "{shown}");
    assert_eq!(browser.value(TOO_WIDE), json!([]));
    assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
}

#[test]
fn every_link_and_label_leads_to_a_place_in_the_page() {
    need!("chromium");
    let mut browser = Chromium::start();
    browser.show(&middle().html());
    let lost = browser.value(
        r"['aria-labelledby', 'aria-describedby'].flatMap(name => [...document.querySelectorAll(`[${name}]`)]
            .map(part => part.getAttribute(name)).filter(id => !document.getElementById(id)))",
    );
    assert_eq!(lost, Value::Array(Vec::new()));
    let twice = r"[...document.querySelectorAll('[id]')].map(part => part.id)
        .filter((id, at, all) => all.indexOf(id) !== at)";
    assert_eq!(browser.value(twice), json!([]));
}
