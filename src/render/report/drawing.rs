//! The drawings of a report, as numbers: the template makes rectangles and words of them.
//!
//! From left to right everything is in per cent ([`Axis`]), from top to bottom in pixels.

use std::collections::BTreeMap;

use serde::Serialize;
use time::{Duration, OffsetDateTime};

use super::axis::{Axis, round};
use super::month::{Month, MonthCounts};
use super::{Kind, Report, Valid};
use crate::render::words;

/// How many months before and after this one are drawn. A certificate of 365 days that is issued today ends in the
/// last of them.
const BEFORE: i32 = 12;
const AFTER: i32 = 12;
/// How many servers have a line of their own: what can be taken in at a glance, and fits a page together with the months.
const LANES: usize = 16;
/// How much of a name has room beside a date on a telephone.
const NAME: usize = 28;

/// What the highest column may take, what the lowest may, and a certificate at most.
const UP: f64 = 150.0;
const DOWN: f64 = 60.0;
const UNIT: f64 = 16.0;
/// The least that is seen.
const LEAST: f64 = 3.0;
/// A line of words.
const LINE: f64 = 16.0;
const LANE: f64 = 27.0;

/// The months that are drawn.
pub(super) fn range(now: OffsetDateTime) -> std::ops::Range<Month> {
    let month = Month::of(now);
    month.plus(-BEFORE)..month.plus(AFTER + 1)
}

/// The axis of those months.
pub(super) fn axis(now: OffsetDateTime) -> Axis {
    let range = range(now);
    // In the years 0 and 9999 there is nothing to be drawn.
    let start = |month: Month| month.start().unwrap_or(now);
    Axis { from: start(range.start), to: start(range.end) }
}

/// Columns of what ends in each month, and below the line of what was revoked in it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Months {
    height: f64,
    /// Where the line is that the columns stand on.
    base: f64,
    /// Where the names of the months are, and of the years.
    names_at: f64,
    years_at: f64,
    columns: Vec<Column>,
    marks: Vec<Mark>,
}

#[derive(Clone, Debug, Serialize)]
struct Column {
    x: f64,
    width: f64,
    middle: f64,
    title: String,
    label: &'static str,
    /// Whether the label is shown where there is little room.
    is_major: bool,
    year: Option<i32>,
    parts: Vec<Part>,
    count: Option<Count>,
    revoked: Option<Count>,
}

#[derive(Clone, Debug, Serialize)]
struct Part {
    class: &'static str,
    y: f64,
    height: f64,
}

#[derive(Clone, Debug, Serialize)]
struct Count {
    text: String,
    y: f64,
}

/// A moment that is marked in all of the height.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Mark {
    class: &'static str,
    x: f64,
    label: String,
    y: f64,
    anchor: &'static str,
}

/// The columns of the months around now.
pub(super) fn months(report: &Report<'_>, counts: &BTreeMap<Month, MonthCounts>) -> Months {
    let (axis, range) = (axis(report.now()), range(report.now()));
    let marks = marks(report, &axis);
    let near = || counts.range(range.clone()).map(|(_, counts)| counts);
    let most = near().map(MonthCounts::ends).max().unwrap_or_default();
    let most_revoked = near().map(|counts| counts.revoked).max().unwrap_or_default();
    let scale = Scale::of(most, most_revoked);
    // The marks' words, and the number above the highest column.
    let top = marks.last().map_or(0.0, |mark| mark.y) + LINE + 8.0;
    let base = top + scale.up(most).max(LINE);
    let below = if most_revoked > 0 { scale.up(most_revoked) + LINE } else { 0.0 };
    let names_at = base + below + LINE;
    let mut columns = Vec::new();
    let mut month = range.start;
    while month < range.end {
        let counts = counts.get(&month).copied().unwrap_or_default();
        columns.push(column(month, counts, &axis, &scale, base, month == range.start));
        month = month.plus(1);
    }
    let years_at = names_at + LINE;
    Months { height: years_at + 6.0, base, names_at, years_at, columns, marks }
}

/// How high so many certificates are.
struct Scale(f64);

impl Scale {
    fn of(most: u64, most_revoked: u64) -> Self {
        let room =
            |height: f64, number: u64| if number == 0 { UNIT } else { height / float(number) };
        Self(UNIT.min(room(UP, most)).min(room(DOWN, most_revoked)))
    }

    fn up(&self, number: u64) -> f64 {
        if number == 0 { 0.0 } else { round((self.0 * float(number)).max(LEAST)) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "nobody sees one certificate in 2^53")]
fn float(number: u64) -> f64 {
    number as f64
}

fn column(
    month: Month,
    counts: MonthCounts,
    axis: &Axis,
    scale: &Scale,
    base: f64,
    is_first: bool,
) -> Column {
    let [start, end] =
        [month, month.plus(1)].map(|month| axis.place(month.start().unwrap_or(axis.to)));
    // A fifth of it is between the columns.
    let (x, width) = (round(start + (end - start) * 0.1), round((end - start) * 0.8));
    let mut y = base;
    let mut parts = Vec::new();
    for (class, number) in [
        ("ended", counts.ended),
        ("server", counts.servers),
        ("person", counts.people),
        ("other", counts.others),
    ] {
        if number > 0 {
            let height = scale.up(number);
            y = round(y - height);
            parts.push(Part { class, y, height });
        }
    }
    let count =
        (counts.ends() > 0).then(|| Count { text: short(counts.ends()), y: round(y - 4.0) });
    let mut revoked = None;
    if counts.revoked > 0 {
        let height = scale.up(counts.revoked);
        parts.push(Part { class: "revoked", y: base, height });
        revoked = Some(Count { text: short(counts.revoked), y: round(base + height + 12.0) });
    }
    let name = month.name();
    Column {
        x,
        width,
        middle: round(f64::midpoint(start, end)),
        title: told(month, &counts),
        label: &name[..3],
        is_major: month.begins_quarter(),
        year: (is_first && !matches!(name, "November" | "December") || name == "January")
            .then(|| month.year()),
        parts,
        count,
        revoked,
    }
}

/// A month in words, for whoever points at it.
fn told(month: Month, counts: &MonthCounts) -> String {
    let words = [
        (counts.servers, "servers"),
        (counts.people, "people"),
        (counts.others, "others"),
        (counts.ended, "ended"),
        (counts.revoked, "revoked"),
    ];
    let words: Vec<_> = words
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    format!(
        "{}: {}",
        month.title(),
        if words.is_empty() { "nothing".into() } else { words.join(", ") }
    )
}

/// Four digits have room over a column.
fn short(number: u64) -> String {
    if number < 10_000 { number.to_string() } else { format!("{}k", number / 1000) }
}

/// Today, and what happens to the CA itself as far as that is in the axis.
fn marks(report: &Report<'_>, axis: &Axis) -> Vec<Mark> {
    let end = report.certificate.not_after;
    let all = [
        ("today", report.now(), "today".to_owned()),
        ("horizon", report.horizon(), format!("last full {} days", report.leaf_days)),
        ("end", end, "the CA ends".to_owned()),
    ];
    let mut marks: Vec<Mark> = Vec::new();
    for (class, moment, label) in all {
        if axis.holds(moment) {
            let x = axis.place(moment);
            let y = float(marks.len() as u64) * LINE + 12.0;
            marks.push(Mark { class, x, label, y, anchor: anchor(x) });
        }
    }
    marks
}

/// Words stay inside the drawing.
fn anchor(x: f64) -> &'static str {
    match x {
        ..25.0 => "start",
        75.0.. => "end",
        _ => "middle",
    }
}

/// A line for each of the servers that end first, from their first day to their last.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Lanes {
    height: f64,
    rows: Vec<Lane>,
    today: f64,
    /// Where the words below are, and the first of each quarter of a year.
    quarters_at: f64,
    quarters: Vec<Quarter>,
    /// How many servers are not drawn.
    left_out: usize,
}

#[derive(Clone, Debug, Serialize)]
struct Quarter {
    x: f64,
    label: String,
    is_year: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Lane {
    name: String,
    until: String,
    text_at: f64,
    bar_at: f64,
    x: f64,
    width: f64,
    class: &'static str,
    goes_on: bool,
}

/// The lines of servers.
pub(super) fn lanes(report: &Report<'_>) -> Lanes {
    let axis = axis(report.now());
    let mut servers: Vec<&Valid> = report.inventory.of_kind(Kind::Server).collect();
    servers.sort_by_key(|one| one.not_after);
    let soon = report.now().checked_add(report.within).unwrap_or(report.now());
    let mut y = 0.0;
    let rows: Vec<_> = servers
        .iter()
        .take(LANES)
        .map(|one| {
            let from = axis.place(one.not_before.unwrap_or(axis.from));
            let until = axis.place(one.not_after);
            y += LANE;
            Lane {
                name: shortened(&one.title),
                until: one.not_after.date().to_string(),
                text_at: y - LANE + 13.0,
                bar_at: y - LANE + 17.0,
                x: from,
                width: round((until - from).max(0.4)),
                class: match one.renewed_until {
                    Some(_) => "renewed",
                    None if one.not_after <= soon => "soon",
                    None => "server",
                },
                goes_on: !axis.holds(one.not_after),
            }
        })
        .collect();
    Lanes {
        height: y + LINE + 4.0,
        today: axis.place(report.now()),
        quarters_at: y + LINE,
        quarters: quarters(report.now(), &axis),
        left_out: servers.len() - rows.len(),
        rows,
    }
}

/// A quarter that begins at an edge of the drawing has no room for its name.
fn quarters(now: OffsetDateTime, axis: &Axis) -> Vec<Quarter> {
    let range = range(now);
    (1..BEFORE + AFTER)
        .map(|number| range.start.plus(number))
        .filter(|month| month.begins_quarter())
        .filter_map(|month| {
            let is_year = month == Month::january_of(month.year());
            let label = if is_year { month.year().to_string() } else { month.name()[..3].into() };
            Some(Quarter { x: axis.place(month.start()?), label, is_year })
        })
        .collect()
}

/// A name with the middle left out where it is long: hosts differ at the beginning, and their domains tell them apart.
fn shortened(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= NAME {
        return name.to_owned();
    }
    let (head, tail) = (NAME - 12, 11);
    let [start, end] = [&letters[..head], &letters[letters.len() - tail..]].map(String::from_iter);
    format!("{start}…{end}")
}

/// The CA from its first day to its last.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Life {
    /// How much of it is over.
    past: f64,
    /// From where on certificates are cut short.
    horizon: f64,
    today: Mark,
    last_full: Mark,
    ticks: Vec<Tick>,
    from: String,
    until: String,
}

#[derive(Clone, Debug, Serialize)]
struct Tick {
    x: f64,
    label: i32,
    is_major: bool,
}

/// The line of the CA itself.
pub(super) fn life(report: &Report<'_>) -> Life {
    let certificate = report.certificate;
    let axis = Axis { from: certificate.not_before, to: certificate.not_after };
    let mark = |class, moment, label: &str, y| {
        let x = axis.place(moment);
        Mark { class, x, label: label.to_owned(), y, anchor: anchor(x) }
    };
    Life {
        past: axis.place(report.now()),
        horizon: axis.place(report.horizon()),
        today: mark("today", report.now(), "today", 12.0),
        last_full: mark("horizon", report.horizon(), "certificates are cut short", 28.0),
        ticks: ticks(&axis),
        from: certificate.not_before.date().to_string(),
        until: certificate.not_after.date().to_string(),
    }
}

/// The beginnings of years, not more than twelve of them.
fn ticks(axis: &Axis) -> Vec<Tick> {
    let (first, last) = (axis.from.year() + 1, axis.to.year());
    let steps = [1, 2, 5, 10, 20, 50, 100, 200, 500];
    let step = steps.into_iter().find(|step| (last - first) / step < 12).unwrap_or(1000);
    let years = (first..=last).filter(|year| year % step == 0);
    years
        .filter_map(|year| Some((year, Month::january_of(year).start()?)))
        .map(|(year, moment)| Tick {
            x: axis.place(moment),
            label: year,
            is_major: year / step % 2 == 0,
        })
        // A label at the edge would be cut off.
        .filter(|tick| (4.0..96.0).contains(&tick.x))
        .collect()
}

/// What the drawing of the months shows, in a sentence for whoever does not see it.
pub(super) fn months_in_words(
    report: &Report<'_>,
    counts: &BTreeMap<Month, MonthCounts>,
) -> String {
    let range = range(report.now());
    let this = Month::of(report.now());
    let mut coming = MonthCounts::default();
    let mut before = MonthCounts::default();
    let mut fullest: Option<(Month, u64)> = None;
    for (month, counts) in counts.range(range.clone()) {
        coming.servers += counts.servers;
        coming.people += counts.people;
        coming.others += counts.others;
        before.ended += counts.ended;
        before.revoked += counts.revoked;
        let to_come = counts.ends() - counts.ended;
        if *month >= this && to_come > fullest.map_or(0, |(_, most)| most) {
            fullest = Some((*month, to_come));
        }
    }
    let last = range.end.plus(-1).title();
    let most = fullest
        .map(|(month, most)| format!(", most of them ({most}) in {}", month.title()))
        .unwrap_or_default();
    format!(
        "Columns for the months from {} to {last}. Until then {} certificates end: {} of servers, {} of people, {} others{most}. \
         Since {} {} have ended by themselves and {} were revoked.",
        range.start.title(),
        coming.ends(),
        coming.servers,
        coming.people,
        coming.others,
        range.start.title(),
        before.ended,
        before.revoked,
    )
}

/// The same for the CA's own line.
pub(super) fn life_in_words(report: &Report<'_>) -> String {
    let (now, certificate) = (report.now(), report.certificate);
    let validity = words::validity(now, certificate.not_before, certificate.not_after);
    format!(
        "The CA's own certificate from {} to {}: {validity}. {}",
        certificate.not_before.date(),
        certificate.not_after.date(),
        horizon_in_words(report)
    )
}

/// Until when certificates of the usual validity are issued in full.
pub(super) fn horizon_in_words(report: &Report<'_>) -> String {
    let (now, days, horizon) = (report.now(), report.leaf_days, report.horizon());
    if now > report.certificate.not_after {
        "It has ended, and nothing can be issued any more.".to_owned()
    } else if now > horizon {
        format!(
            "Since {} a certificate of {days} days cannot be issued in full: none outlives the CA.",
            horizon.date()
        )
    } else {
        format!(
            "Until {}, for {} more, a certificate of {days} days can be issued in full; after that it ends with the CA.",
            horizon.date(),
            words::span(now, horizon)
        )
    }
}

/// Whether the CA's end is near enough to plan for: less than a year of full certificates.
pub(super) fn horizon_is_near(report: &Report<'_>) -> bool {
    report.horizon() - report.now() < Duration::days(365)
}
