//! What is said of a host as a whole, and how findings are put in order.

use super::look::Common;
use crate::mail::check::report::{HostReport, PortReport, sort};
use crate::mail::check::{Finding, Issue, cause};
use crate::net::service::Protocol;
use crate::pki::tlsa::Published;

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
    let records = common.standard.tlsa;
    let host = |port: &PortReport| common.name.unwrap_or(&port.target.host).to_string();
    let is_compared = report.ports.iter().any(|port| {
        let is_of = |record: &Published| record.is_of(&host(port), port.target.port);
        !port.chain.is_empty() && records.iter().any(is_of)
    });
    if !records.is_empty() && !is_compared {
        let place = |port: &PortReport| format!("_{}._tcp.{}", port.target.port, host(port));
        let places: Vec<_> = report.ports.iter().map(place).collect();
        let first = records.iter().find_map(|one| one.host.as_ref().zip(one.port));
        let first = first.map(|(host, port)| format!("; the first is for _{port}._tcp.{host}"));
        let seen = format!(
            "none of the records was compared with {}{}",
            places.join(", "),
            first.unwrap_or_default()
        );
        found.push(Finding::new(Issue::DaneNotCompared, seen));
    }
    found
}
