//! What `mailca check` found: for a person, for programs, and for monitoring systems.

pub mod explain;
pub mod json;
pub mod nagios;
pub mod prometheus;
pub mod text;

use time::OffsetDateTime;

use crate::mail::check::Severity;
use crate::mail::check::report::HostReport;

/// A whole check.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The hosts.
    pub hosts: &'a [HostReport],
    /// From which severity on it is a failure.
    pub fail_on: Severity,
    /// The moment.
    pub now: OffsetDateTime,
}
