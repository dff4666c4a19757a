//! All ports of all hosts, several at once; told in their order, each as soon as it and those before it
//! are done.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use super::look::{Common, STEP, look};
use super::targets::{Plan, Planned, PlannedHost};
use crate::error::Result;
use crate::mail::check::report::{HostReport, PortReport, sort};
use crate::mail::check::{Finding, Issue, across, cause};
use crate::net::service::Protocol;
use crate::net::survey;

/// So many ports are looked at at a time. Each gets several connections.
const PORTS_AT_ONCE: usize = 8;

/// Something that is done.
pub(super) enum Done<'r> {
    /// A port.
    Port(&'r PortReport),
    /// All ports of a host.
    Host(&'r HostReport),
}

/// Which of its findings are wanted, and which families of addresses.
pub(super) struct Wanted<'a> {
    pub(super) ignored: &'a [Issue],
    pub(super) family: &'a (dyn Fn(&SocketAddr) -> bool + Sync),
}

type Outcome = Result<Option<PortReport>>;

/// Looks at everything, and tells of it as it comes.
pub(super) fn run(
    plan: &Plan,
    common: &Common<'_>,
    wanted: &Wanted<'_>,
    tell: &mut dyn FnMut(Done<'_>) -> Result<()>,
) -> Result<Vec<HostReport>> {
    let addresses: Vec<_> = in_parallel(&plan.hosts, |host| addresses(host, plan, common, wanted));
    let jobs: Vec<(usize, &Planned)> = plan
        .hosts
        .iter()
        .enumerate()
        .filter(|(at, _)| addresses[*at].is_ok())
        .flat_map(|(at, host)| host.ports.iter().map(move |port| (at, port)))
        .collect();
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..PORTS_AT_ONCE.min(jobs.len()) {
            let (sender, jobs, next, addresses) = (sender.clone(), &jobs, &next, &addresses);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some((host, planned)) = jobs.get(at) else { break };
                    let known = addresses[*host].as_deref().unwrap_or_default();
                    let outcome = look(planned, known, common);
                    if sender.send((at, outcome)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut arrived = Arrived { receiver, early: BTreeMap::new(), next: 0 };
        let mut reports = Vec::new();
        for (host, addresses) in plan.hosts.iter().zip(&addresses) {
            let mut report = HostReport {
                host: host.host.to_string(),
                ports: Vec::new(),
                silent: Vec::new(),
                findings: Vec::new(),
            };
            match addresses {
                Ok(_) => collect(host, &mut report, &mut arrived, wanted, tell)?,
                Err(why) => {
                    report.findings.push(Finding::new(Issue::NoAddress, why.clone()));
                    report.silent = host.ports.iter().map(|port| port.target.clone()).collect();
                }
            }
            report.findings.extend(unasked(&report, common));
            tidy(&mut report.findings, wanted);
            tell(Done::Host(&report))?;
            reports.push(report);
        }
        Ok(reports)
    })
}

/// The outcomes in the order of the jobs.
struct Arrived {
    receiver: mpsc::Receiver<(usize, Outcome)>,
    early: BTreeMap<usize, Outcome>,
    next: usize,
}

impl Arrived {
    fn next(&mut self) -> Outcome {
        let wanted = self.next;
        self.next += 1;
        while !self.early.contains_key(&wanted) {
            let Ok((at, outcome)) = self.receiver.recv() else { break };
            self.early.insert(at, outcome);
        }
        self.early.remove(&wanted).unwrap_or(Ok(None))
    }
}

fn collect(
    host: &PlannedHost,
    report: &mut HostReport,
    arrived: &mut Arrived,
    wanted: &Wanted<'_>,
    tell: &mut dyn FnMut(Done<'_>) -> Result<()>,
) -> Result<()> {
    for planned in &host.ports {
        match arrived.next()? {
            Some(mut port) => {
                tidy(&mut port.findings, wanted);
                tell(Done::Port(&port))?;
                report.ports.push(port);
            }
            None => report.silent.push(planned.target.clone()),
        }
    }
    if report.ports.is_empty() {
        let why = "none of the usual ports answers";
        report.findings.push(Finding::new(Issue::Unreachable, why));
    } else {
        report.findings.extend(across::silent(&report.silent));
    }
    report.findings.extend(across::judge(&report.ports));
    Ok(())
}

/// Without what is not wanted, each cause once, the worst first.
fn tidy(findings: &mut Vec<Finding>, wanted: &Wanted<'_>) {
    findings.retain(|one| !wanted.ignored.contains(&one.issue));
    cause::one_each(findings);
    sort(findings);
}

/// What was to be looked at and could not be on any port.
fn unasked(report: &HostReport, common: &Common<'_>) -> Vec<Finding> {
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

/// The addresses of a host; why there are none, in words.
fn addresses(
    host: &PlannedHost,
    plan: &Plan,
    common: &Common<'_>,
    wanted: &Wanted<'_>,
) -> std::result::Result<Vec<SocketAddr>, String> {
    if !plan.connect.is_empty() {
        return Ok(plan.connect.clone());
    }
    let all = survey::found(&host.host, common.left().min(STEP))?;
    let fitting: Vec<_> = all.into_iter().filter(|one| (wanted.family)(one)).collect();
    if fitting.is_empty() {
        return Err("the host has no address of this family".to_owned());
    }
    Ok(fitting)
}

fn in_parallel<T: Sync, R: Send>(items: &[T], run: impl Fn(&T) -> R + Sync) -> Vec<R> {
    thread::scope(|scope| {
        let run = &run;
        let handles: Vec<_> = items.iter().map(|item| scope.spawn(move || run(item))).collect();
        let done = handles.into_iter().map(thread::ScopedJoinHandle::join);
        done.map(|one| one.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}
