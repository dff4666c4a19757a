//! What ends in each month, and what was revoked in it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{LINE, Mark, anchor, axis, range};
use crate::render::report::Report;
use crate::render::report::axis::{Axis, round};
use crate::render::report::month::{Month, MonthCounts};

/// What the highest column may take, what the lowest may, and a certificate at most.
const UP: f64 = 150.0;
const DOWN: f64 = 60.0;
const UNIT: f64 = 16.0;
/// The least that is seen.
const LEAST: f64 = 3.0;

/// Columns of what ends in each month, and below the line of what was revoked in it.
#[derive(Clone, Debug, Serialize)]
pub(in crate::render::report) struct Months {
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

/// The columns of the months around now.
pub(in crate::render::report) fn months(
    report: &Report<'_>,
    counts: &BTreeMap<Month, MonthCounts>,
) -> Months {
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

/// What the drawing of the months shows, in a sentence for whoever does not see it.
pub(in crate::render::report) fn months_in_words(
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
