//! Time in words.

use time::OffsetDateTime;

use crate::pki::inspect::text::{count, minute};

/// RFC 5280 4.1.2.5: "no well-defined expiration date".
const NEVER_YEAR: i32 = 9999;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Where a moment lies in a period of validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Inside it; both ends belong to it (RFC 5280 4.1.2.5).
    Valid,
    /// After it.
    Expired,
    /// Before it.
    NotYetValid,
    /// The period ends before it begins.
    Never,
}

impl State {
    /// The state of a period at a moment.
    pub fn at(now: OffsetDateTime, not_before: OffsetDateTime, not_after: OffsetDateTime) -> Self {
        if not_after < not_before {
            Self::Never
        } else if now < not_before {
            Self::NotYetValid
        } else if now > not_after {
            Self::Expired
        } else {
            Self::Valid
        }
    }

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Never => "never_valid",
        }
    }
}

/// A period of validity at a moment: `valid, expires in 12 days (2026-12-04 10:00 UTC)`.
pub fn validity(
    now: OffsetDateTime,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
) -> String {
    let end = minute(not_after);
    match State::at(now, not_before, not_after) {
        State::Valid if not_after.year() >= NEVER_YEAR => "valid, never expires".into(),
        State::Valid => format!("valid, expires in {} ({end})", span(now, not_after)),
        State::Expired => format!("expired {} ago ({end})", span(not_after, now)),
        State::NotYetValid => format!(
            "not yet valid: not valid before {}, in {}",
            minute(not_before),
            span(now, not_before)
        ),
        State::Never => format!("never valid: it ends ({end}) before it begins"),
    }
}

/// How fresh a CRL is: `current, next update in 29 days (2026-12-21 10:00 UTC)`.
pub fn freshness(
    now: OffsetDateTime,
    this_update: OffsetDateTime,
    next_update: Option<OffsetDateTime>,
) -> String {
    if now < this_update {
        return format!("not yet valid: it begins {}", minute(this_update));
    }
    match next_update {
        None => "no next update is named; clients may refuse it".into(),
        Some(next) if next < now => {
            format!(
                "out of date: the next update was due {} ago ({})",
                span(next, now),
                minute(next)
            )
        }
        Some(next) => format!("current, next update in {} ({})", span(now, next), minute(next)),
    }
}

/// The time between two moments in its largest unit up to days, rounded down: a certificate that
/// expires in 12 days has at least 12 times 24 hours left.
pub fn span(from: OffsetDateTime, to: OffsetDateTime) -> String {
    let seconds = (to - from).whole_seconds().max(0);
    let (number, unit) = match seconds {
        0..MINUTE => return "less than a minute".into(),
        MINUTE..HOUR => (seconds / MINUTE, "minute"),
        HOUR..DAY => (seconds / HOUR, "hour"),
        _ => (seconds / DAY, "day"),
    };
    count(usize::try_from(number).unwrap_or(usize::MAX), unit)
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 10:00 UTC);

    #[test]
    fn spans_are_rounded_down_and_in_the_right_number() {
        for (seconds, words) in [
            (0, "less than a minute"),
            (59, "less than a minute"),
            (60, "1 minute"),
            (119, "1 minute"),
            (120, "2 minutes"),
            (3599, "59 minutes"),
            (3600, "1 hour"),
            (7199, "1 hour"),
            (7200, "2 hours"),
            (86_399, "23 hours"),
            (86_400, "1 day"),
            (172_799, "1 day"),
            (172_800, "2 days"),
            (86_400 * 3650, "3650 days"),
        ] {
            assert_eq!(span(NOW, NOW + Duration::seconds(seconds)), words, "{seconds}");
        }
    }

    #[test]
    fn validity_is_said_in_words() {
        let begin = datetime!(2026-01-01 00:00 UTC);
        for (not_before, not_after, words) in [
            (
                begin,
                datetime!(2026-12-04 10:00 UTC),
                "valid, expires in 12 days (2026-12-04 10:00 UTC)",
            ),
            (
                begin,
                datetime!(2026-11-23 09:59:59 UTC),
                "valid, expires in 23 hours (2026-11-23 09:59 UTC)",
            ),
            (begin, NOW, "valid, expires in less than a minute (2026-11-22 10:00 UTC)"),
            (
                begin,
                datetime!(2026-11-22 9:59:59 UTC),
                "expired less than a minute ago (2026-11-22 09:59 UTC)",
            ),
            (begin, datetime!(2026-11-21 10:00 UTC), "expired 1 day ago (2026-11-21 10:00 UTC)"),
            (begin, datetime!(2026-11-19 10:00 UTC), "expired 3 days ago (2026-11-19 10:00 UTC)"),
            (begin, datetime!(9999-12-31 23:59:59 UTC), "valid, never expires"),
            (
                datetime!(2026-11-23 10:00 UTC),
                datetime!(2027-01-01 00:00 UTC),
                "not yet valid: not valid before 2026-11-23 10:00 UTC, in 1 day",
            ),
            (
                datetime!(2027-01-01 00:00 UTC),
                begin,
                "never valid: it ends (2026-01-01 00:00 UTC) before it begins",
            ),
            (
                NOW,
                datetime!(2026-11-23 10:00 UTC),
                "valid, expires in 1 day (2026-11-23 10:00 UTC)",
            ),
        ] {
            assert_eq!(validity(NOW, not_before, not_after), words);
        }
    }

    #[test]
    fn a_crl_is_current_or_not() {
        let begin = datetime!(2026-11-01 00:00 UTC);
        for (this_update, next_update, words) in [
            (
                begin,
                Some(datetime!(2026-12-21 10:00 UTC)),
                "current, next update in 29 days (2026-12-21 10:00 UTC)",
            ),
            (begin, Some(NOW), "current, next update in less than a minute (2026-11-22 10:00 UTC)"),
            (
                begin,
                Some(datetime!(2026-11-19 09:00 UTC)),
                "out of date: the next update was due 3 days ago (2026-11-19 09:00 UTC)",
            ),
            (begin, None, "no next update is named; clients may refuse it"),
            (
                datetime!(2026-12-01 00:00 UTC),
                None,
                "not yet valid: it begins 2026-12-01 00:00 UTC",
            ),
        ] {
            assert_eq!(freshness(NOW, this_update, next_update), words);
        }
    }
}
