//! The drawings of a report, as numbers: the template makes rectangles and words of them.
//!
//! From left to right everything is in per cent ([`Axis`]), from top to bottom in pixels.

mod lanes;
mod life;
mod months;

use serde::Serialize;
use time::OffsetDateTime;

use super::axis::Axis;
use super::month::Month;

pub(super) use lanes::lanes;
pub(super) use life::{horizon_in_words, horizon_is_near, life, life_in_words};
pub(super) use months::{months, months_in_words};

/// How many months before and after this one are drawn. A certificate of 365 days that is issued today ends in the
/// last of them.
const BEFORE: i32 = 12;
const AFTER: i32 = 12;
/// How high a line of words is.
const LINE: f64 = 16.0;

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

/// A moment that is marked in all of the height.
#[derive(Clone, Debug, Serialize)]
struct Mark {
    class: &'static str,
    x: f64,
    label: String,
    y: f64,
    anchor: &'static str,
}

/// Words stay inside the drawing.
fn anchor(x: f64) -> &'static str {
    match x {
        ..25.0 => "start",
        75.0.. => "end",
        _ => "middle",
    }
}
