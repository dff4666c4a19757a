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
use crate::mail::check::{Finding, Issue, across};
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
                Ok(_) => collect(host, &mut report, &mut arrived, common, wanted, tell)?,
                Err(why) => report.findings.push(Finding::new(Issue::Unreachable, why.clone())),
            }
            report.findings.retain(|one| !wanted.ignored.contains(&one.issue));
            sort(&mut report.findings);
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
    common: &Common<'_>,
    wanted: &Wanted<'_>,
    tell: &mut dyn FnMut(Done<'_>) -> Result<()>,
) -> Result<()> {
    for planned in &host.ports {
        match arrived.next()? {
            Some(mut port) => {
                port.findings.retain(|one| !wanted.ignored.contains(&one.issue));
                tell(Done::Port(&port))?;
                report.ports.push(port);
            }
            None => report.silent.push(planned.target.clone()),
        }
    }
    if report.ports.is_empty() {
        let why = "none of the usual ports answers";
        report.findings.push(Finding::new(Issue::Unreachable, why));
        // The finding says it.
        report.silent.clear();
    }
    report.findings.extend(across::judge(&report.ports));
    let name = common.name.map_or_else(|| report.host.clone(), ToString::to_string);
    report.findings.extend(across::without_record(&name, &report.ports, common.standard.tlsa));
    Ok(())
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
    let all = survey::addresses(&host.host, 0, common.left().min(STEP))
        .map_err(|error| error.to_string())?;
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
