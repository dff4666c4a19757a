//! What `mailca check` found: for a person, for programs, and for monitoring systems.

pub mod explain;
pub mod json;
pub mod nagios;
pub mod prometheus;
pub mod text;

use time::OffsetDateTime;

use crate::mail::check::Severity;
use crate::mail::check::judge::Trust;
use crate::mail::check::report::HostReport;
use crate::net::service::Protocol;

/// A whole check.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The hosts.
    pub hosts: &'a [HostReport],
    /// From which severity on it is a failure.
    pub fail_on: Severity,
    /// The moment.
    pub now: OffsetDateTime,
    /// Whose roots are trusted.
    pub trust: Trust,
    /// Why these are, where nobody has said so.
    pub note: Option<&'a str>,
    /// Whether relaying was to be asked about.
    pub asks_relaying: bool,
}

impl View<'_> {
    /// What was not looked at, for nobody asked for it, and should not be taken for good.
    pub fn unasked(&self) -> Vec<&'static str> {
        let mut ports = self.hosts.iter().flat_map(|host| &host.ports);
        let has_smtp = ports.any(|port| port.target.service.protocol() == Protocol::Smtp);
        if has_smtp && !self.asks_relaying {
            vec!["relaying (--relay-to ADDRESS)"]
        } else {
            Vec::new()
        }
    }
}
