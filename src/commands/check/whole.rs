//! What is said of a host as a whole, and how findings are put in order.

use super::look::Common;
use crate::mail::check::report::{HostReport, PortReport, sort};
use crate::mail::check::{Finding, Issue, cause};
use crate::net::service::Protocol;

/// Without what is not wanted, each cause once, the worst first.
pub(super) fn tidy(findings: &mut Vec<Finding>, ignored: &[Issue]) {
    findings.retain(|one| !ignored.contains(&one.issue));
    cause::one_each(findings);
    sort(findings);
}

/// What was to be looked at and could not be on any port.
pub(super) fn unasked(report: &HostReport, common: &Common<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if report.ports.is_empty() {
        return found;
    }
    let is_smtp = |port: &&PortReport| port.target.service.protocol() == Protocol::Smtp;
    if let Some(to) = common.standard.relay_to
        && !report.ports.iter().any(|port| is_smtp(&port))
    {
        let seen = format!("whether it relays to {to} was not asked: no port of SMTP answers");
        found.push(Finding::new(Issue::RelayUnclear, seen));
    }
    let is_compared = report.ports.iter().any(|port| {
        let host = common.name.unwrap_or(&port.target.host).to_string();
        let mut records = common.standard.tlsa.iter();
        !port.chain.is_empty() && records.any(|record| record.is_of(&host, port.target.port))
    });
    if !common.standard.tlsa.is_empty() && !is_compared {
        let places: Vec<_> =
            report.ports.iter().map(|port| port.target.place().to_string()).collect();
        let seen = format!("none of the records was compared with {}", places.join(", "));
        found.push(Finding::new(Issue::DaneNotCompared, seen));
    }
    found
}
