//! The servers whose certificates end first, from their first day to their last.

use serde::Serialize;
use time::OffsetDateTime;

use super::{AFTER, BEFORE, LINE, axis, range};
use crate::render::report::axis::{Axis, round};
use crate::render::report::month::Month;
use crate::render::report::{Kind, Report, Valid};

/// How many servers have a line of their own: what can be taken in at a glance, and fits a page together with the months.
const LANES: usize = 16;
/// How high such a line is.
const LANE: f64 = 27.0;
/// How much of a name has room beside a date on a telephone.
const NAME: usize = 28;

/// A line for each of the servers that end first, from their first day to their last.
#[derive(Clone, Debug, Serialize)]
pub(in crate::render::report) struct Lanes {
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
pub(in crate::render::report) fn lanes(report: &Report<'_>) -> Lanes {
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
