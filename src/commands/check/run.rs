//! All ports of all hosts, several at once. Whoever sits at a terminal is told of each as soon as it is done;
//! elsewhere they are told in their order, so that two reports can be compared.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use super::look::{Common, STEP, Stage, look};
use super::order::{Order, Reports};
use super::progress::{self, Progress};
use super::targets::{Plan, Planned, PlannedHost};
use crate::error::Result;
use crate::mail::check::report::{HostReport, PortReport};
use crate::mail::check::{Finding, Issue};
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

/// Which of its findings are wanted, which families of addresses, and in what order it is told.
pub(super) struct Wanted<'a> {
    pub(super) ignored: &'a [Issue],
    pub(super) family: &'a (dyn Fn(&SocketAddr) -> bool + Sync),
    pub(super) order: Order,
}

/// What a thread has to tell of a port.
enum News {
    Stage(Stage),
    Over(Box<Result<Option<PortReport>>>),
}

/// Looks at everything, and tells of it as it comes.
pub(super) fn run(
    plan: &Plan,
    common: &Common<'_>,
    wanted: &Wanted<'_>,
    progress: &mut Progress,
    tell: &mut dyn FnMut(Done<'_>) -> Result<()>,
) -> Result<Vec<HostReport>> {
    let addresses: Vec<_> = in_parallel(&plan.hosts, |host| addresses(host, plan, common, wanted));
    let hosts = plan.hosts.iter().zip(&addresses);
    let mut reports = Reports::new(hosts, wanted, common);
    let jobs: Vec<(&Planned, &[SocketAddr])> = plan
        .hosts
        .iter()
        .zip(&addresses)
        .filter_map(|(host, known)| Some((host, known.as_deref().ok()?)))
        .flat_map(|(host, known)| host.ports.iter().map(move |port| (port, known)))
        .collect();
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..PORTS_AT_ONCE.min(jobs.len()) {
            let (sender, jobs, next) = (sender.clone(), &jobs, &next);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some((planned, known)) = jobs.get(at) else { break };
                    let stage = |stage| drop(sender.send((at, News::Stage(stage))));
                    stage(Stage::Greeting);
                    let outcome = Box::new(look(planned, known, common, &stage));
                    if sender.send((at, News::Over(outcome))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        progress.bar.around(|| reports.begin(tell))?;
        loop {
            match receiver.recv_timeout(progress::EVERY) {
                Ok((at, News::Stage(stage))) => progress.reaches(at, &jobs[at].0.target, stage),
                Ok((at, News::Over(outcome))) => {
                    progress.ends(at);
                    let outcome = (*outcome)?;
                    progress.bar.around(|| reports.add(at, outcome, tell))?;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            progress.draw(jobs.len());
        }
        Ok(reports.into_all())
    })
}

/// The addresses of a host; why there are none.
fn addresses(
    host: &PlannedHost,
    plan: &Plan,
    common: &Common<'_>,
    wanted: &Wanted<'_>,
) -> std::result::Result<Vec<SocketAddr>, Finding> {
    if !plan.connect.is_empty() {
        return Ok(plan.connect.clone());
    }
    let all = survey::found(&host.host, common.left().min(STEP)).map_err(|missing| {
        let is_unasked = missing.is_unasked;
        let issue = if is_unasked { Issue::LookupFailed } else { Issue::NoAddress };
        Finding::new(issue, missing.why)
    })?;
    let fitting: Vec<_> = all.into_iter().filter(|one| (wanted.family)(one)).collect();
    if fitting.is_empty() {
        let why = "the host has no address of this family";
        return Err(Finding::new(Issue::NoAddress, why));
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
