//! The CA itself, from its first day to its last, and its horizon.

use serde::Serialize;
use time::Duration;

use super::{Mark, anchor};
use crate::render::report::Report;
use crate::render::report::axis::Axis;
use crate::render::report::month::Month;
use crate::render::words;

/// The CA from its first day to its last.
#[derive(Clone, Debug, Serialize)]
pub(in crate::render::report) struct Life {
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
pub(in crate::render::report) fn life(report: &Report<'_>) -> Life {
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

/// What that line shows, in sentences for whoever does not see it.
pub(in crate::render::report) fn life_in_words(report: &Report<'_>) -> String {
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
pub(in crate::render::report) fn horizon_in_words(report: &Report<'_>) -> String {
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
pub(in crate::render::report) fn horizon_is_near(report: &Report<'_>) -> bool {
    report.horizon() - report.now() < Duration::days(365)
}
