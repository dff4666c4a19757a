//! What came of the ports, put together to hosts, and told in one order or the other.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;

use super::look::Common;
use super::run::{Done, Wanted};
use super::targets::PlannedHost;
use super::whole::{tidy, unasked};
use crate::error::Result;
use crate::mail::check::report::{HostReport, PortReport};
use crate::mail::check::{Finding, Issue, across};

/// When a port is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// As soon as it is done.
    AsDone,
    /// When all those before it are told.
    AsAsked,
}

/// One host, as far as it has come.
struct OneHost<'p> {
    planned: &'p PlannedHost,
    /// The numbers of its ports among all.
    numbers: Range<usize>,
    /// Why it has no address.
    obstacle: Option<Finding>,
    report: Option<HostReport>,
}

/// The reports while they come.
pub(super) struct Reports<'p> {
    hosts: Vec<OneHost<'p>>,
    ignored: &'p [Issue],
    order: Order,
    common: &'p Common<'p>,
    /// Ports of hosts that are not whole, by their numbers; nothing for one that does not answer.
    ports: BTreeMap<usize, Option<PortReport>>,
    /// The first that is not told.
    next: usize,
}

type Tell<'t> = &'t mut dyn FnMut(Done<'_>) -> Result<()>;

impl<'p> Reports<'p> {
    /// Of hosts, each with its addresses or why it has none. A host without has no ports.
    pub(super) fn new<'a>(
        hosts: impl Iterator<
            Item = (&'p PlannedHost, &'a std::result::Result<Vec<SocketAddr>, Finding>),
        >,
        wanted: &Wanted<'p>,
        common: &'p Common<'p>,
    ) -> Self {
        let mut start = 0;
        let hosts = hosts.map(|(planned, addresses)| {
            let obstacle = addresses.as_ref().err().cloned();
            let count = if obstacle.is_none() { planned.ports.len() } else { 0 };
            let numbers = start..start + count;
            start += count;
            OneHost { planned, numbers, obstacle, report: None }
        });
        let hosts = hosts.collect();
        let (ignored, order) = (wanted.ignored, wanted.order);
        Self { hosts, ignored, order, common, ports: BTreeMap::new(), next: 0 }
    }

    /// Tells what is known before anything is done.
    pub(super) fn begin(&mut self, tell: Tell<'_>) -> Result<()> {
        self.finish(tell)
    }

    /// Takes what came of a port.
    pub(super) fn add(
        &mut self,
        at: usize,
        mut port: Option<PortReport>,
        tell: Tell<'_>,
    ) -> Result<()> {
        if let Some(port) = &mut port {
            tidy(&mut port.findings, self.ignored);
            if self.order == Order::AsDone {
                tell(Done::Port(port))?;
            }
        }
        self.ports.insert(at, port);
        self.finish(tell)
    }

    /// Tells what is in turn, and every host that is whole.
    fn finish(&mut self, tell: Tell<'_>) -> Result<()> {
        for at in 0..self.hosts.len() {
            let numbers = self.hosts[at].numbers.clone();
            if self.order == Order::AsAsked {
                while numbers.contains(&self.next)
                    && let Some(port) = self.ports.get(&self.next)
                {
                    port.iter().try_for_each(|port| tell(Done::Port(port)))?;
                    self.next += 1;
                }
            }
            let is_whole = numbers.clone().all(|number| self.ports.contains_key(&number));
            if self.hosts[at].report.is_none() {
                if is_whole {
                    let report = self.report(at);
                    tell(Done::Host(&report))?;
                    self.hosts[at].report = Some(report);
                } else if self.order == Order::AsAsked {
                    break;
                }
            }
        }
        Ok(())
    }

    fn report(&mut self, at: usize) -> HostReport {
        let OneHost { planned, numbers, obstacle, .. } = &self.hosts[at];
        let mut report = HostReport {
            host: planned.host.to_string(),
            ports: Vec::new(),
            silent: Vec::new(),
            findings: Vec::new(),
        };
        for (planned, number) in planned.ports.iter().zip(numbers.clone()) {
            match self.ports.remove(&number).flatten() {
                Some(port) => report.ports.push(port),
                None => report.silent.push(planned.target.clone()),
            }
        }
        if let Some(finding) = obstacle {
            report.findings.push(finding.clone());
            report.silent = planned.ports.iter().map(|port| port.target.clone()).collect();
        } else if report.ports.is_empty() {
            let why = "none of the usual ports answers";
            report.findings.push(Finding::new(Issue::Unreachable, why));
        } else {
            report.findings.extend(across::silent(&report.silent));
        }
        report.findings.extend(across::judge(&report.ports));
        report.findings.extend(unasked(&report, self.common));
        tidy(&mut report.findings, self.ignored);
        report
    }

    /// All of them, in the order of the hosts.
    pub(super) fn into_all(self) -> Vec<HostReport> {
        self.hosts.into_iter().filter_map(|host| host.report).collect()
    }
}
