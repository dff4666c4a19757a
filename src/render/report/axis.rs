//! Where a moment is in a drawing: from left to right, in per cent of its width, so that a drawing fits a telephone and
//! a sheet of paper without its words becoming larger or smaller.

use time::OffsetDateTime;

/// A span of time from the left edge of a drawing to its right one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) from: OffsetDateTime,
    pub(super) to: OffsetDateTime,
}

impl Axis {
    /// Where a moment is, rounded to a thousandth of a per cent. What is outside is at the edge.
    pub(super) fn place(&self, moment: OffsetDateTime) -> f64 {
        let length = (self.to - self.from).as_seconds_f64();
        let at = (moment - self.from).as_seconds_f64();
        if length <= 0.0 { 0.0 } else { round((at / length).clamp(0.0, 1.0) * 100.0) }
    }

    /// Whether a moment is in it.
    pub(super) fn holds(&self, moment: OffsetDateTime) -> bool {
        (self.from..=self.to).contains(&moment)
    }
}

/// Three digits after the point are a hundredth of a pixel.
pub(super) fn round(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_moment_is_where_it_belongs_and_never_outside() {
        let axis =
            Axis { from: datetime!(2026-01-01 0:00 UTC), to: datetime!(2026-01-11 0:00 UTC) };
        for (moment, place) in [
            (datetime!(2026-01-01 0:00 UTC), 0.0),
            (datetime!(2026-01-03 12:00 UTC), 25.0),
            (datetime!(2026-01-11 0:00 UTC), 100.0),
            (datetime!(2025-01-01 0:00 UTC), 0.0),
            (datetime!(2030-01-01 0:00 UTC), 100.0),
        ] {
            assert!((axis.place(moment) - place).abs() < 1e-9, "{moment}");
        }
        assert!(axis.holds(axis.to) && !axis.holds(datetime!(2026-01-12 0:00 UTC)));
    }
}
