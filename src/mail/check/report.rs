//! What came of a check: ports with their findings, and hosts with their ports.

use std::net::SocketAddr;

use time::OffsetDateTime;

use super::{Finding, Severity, Software};
use crate::net::hello::Version;
use crate::net::target::Target;
use crate::pki::certificate::Certificate;

/// What came of one port.
#[derive(Clone, Debug)]
pub struct PortReport {
    /// Which.
    pub target: Target,
    /// Where it was found; `None` where nothing answered.
    pub address: Option<SocketAddr>,
    /// What the server is, as far as its greeting says.
    pub software: Option<Software>,
    /// The first line of its greeting, printable.
    pub greeting: Option<String>,
    /// The versions that it accepts, newest first.
    pub versions: Vec<Version>,
    /// The cipher suite of the best of them.
    pub cipher_suite: Option<String>,
    /// Its certificate and those that it sends along, as far as they could be read.
    pub chain: Vec<Certificate>,
    /// When the first of its certificates ends, or the way up to a root from it.
    pub ends: Option<OffsetDateTime>,
    /// Whether it asks for a client certificate, where that was seen.
    pub asks_certificate: Option<bool>,
    /// What was found, worst first.
    pub findings: Vec<Finding>,
}

/// What came of one host.
#[derive(Clone, Debug)]
pub struct HostReport {
    /// The host as it was named.
    pub host: String,
    /// Its ports that were looked at.
    pub ports: Vec<PortReport>,
    /// The usual ports that do not answer, where none was named.
    pub silent: Vec<Target>,
    /// What was found when the ports were compared.
    pub findings: Vec<Finding>,
}

/// Sorts findings: the worst first, and then as a connection meets them.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.issue));
}

/// The worst of some findings.
pub fn worst<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Option<Severity> {
    findings.into_iter().map(|finding| finding.severity).max()
}

impl HostReport {
    /// Every finding, of the ports and of the host.
    pub fn all_findings(&self) -> impl Iterator<Item = &Finding> {
        self.ports.iter().flat_map(|port| &port.findings).chain(&self.findings)
    }
}
