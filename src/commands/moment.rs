//! Moments on the command line.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use crate::error::{Error, Result};

/// A day, which begins at midnight UTC, or a moment as RFC 3339 has it.
pub(super) fn moment(text: &str) -> Result<OffsetDateTime> {
    if let Ok(day) = Date::parse(text, format_description!("[year]-[month]-[day]")) {
        return Ok(day.midnight().assume_utc());
    }
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
        Error::usage(format!("{text:?} is not a time"))
            .hint("for example 2027-01-31, or 2027-01-31T12:00:00Z")
    })
}
