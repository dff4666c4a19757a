//! The threads that make, and the one that writes.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::make::{Made, Work};
use super::person::Person;
use super::progress::Progress;
use super::report::Report;
use super::writer::{Item, Writer};
use crate::env::Env;
use crate::error::Result;
use crate::pki::stack;

/// How many persons are written together: enough that a wait for the disk is nothing for each.
const GROUP: usize = 256;
/// How long the first of a group waits for others: slow keys are not to be lost by the hundred.
const PATIENCE: Duration = Duration::from_secs(2);

type Answer<'p> = (&'p Person, Result<Option<Made>>);

/// Makes and writes what everybody lacks. An error ends the run; what is wrong with one row is in the report.
pub fn run(
    work: &Work<'_>,
    persons: &[Person],
    writer: &mut Writer<'_>,
    report: &mut Report,
    env: &mut Env,
) -> Result<()> {
    let next = AtomicUsize::new(0);
    let threads = thread::available_parallelism().map_or(1, usize::from).min(persons.len().max(1));
    let (sender, receiver) = sync_channel(GROUP);
    thread::scope(|scope| {
        for _ in 0..threads {
            let sender = sender.clone();
            let next = &next;
            thread::Builder::new().spawn_scoped(scope, move || {
                make_all(work, persons, next, &sender);
                stack::wipe();
            })?;
        }
        drop(sender);
        // What ends the writer ends the threads: nobody takes what they make any more.
        let receiver = receiver;
        write_all(&receiver, persons.len(), writer, report, env)
    })
}

fn make_all<'p>(
    work: &Work<'_>,
    persons: &'p [Person],
    next: &AtomicUsize,
    sender: &SyncSender<Answer<'p>>,
) {
    while let Some(person) = persons.get(next.fetch_add(1, Ordering::Relaxed)) {
        if sender.send((person, work.make(person))).is_err() {
            return;
        }
    }
}

fn write_all(
    receiver: &Receiver<Answer<'_>>,
    total: usize,
    writer: &mut Writer<'_>,
    report: &mut Report,
    env: &mut Env,
) -> Result<()> {
    let mut progress = Progress::new(total, env);
    let mut told = HashSet::new();
    let mut items: Vec<Item<'_>> = Vec::with_capacity(GROUP);
    let mut since = Instant::now();
    loop {
        let wait =
            if items.is_empty() { PATIENCE } else { PATIENCE.saturating_sub(since.elapsed()) };
        let (ended, late) = match receiver.recv_timeout(wait) {
            Ok((person, Ok(Some(made)))) => {
                for remark in &made.remarks {
                    if told.insert(remark.clone()) {
                        progress.bar.around(|| env.warn(remark));
                    }
                }
                if items.is_empty() {
                    since = Instant::now();
                }
                items.push(Item { person, made });
                (false, false)
            }
            Ok((_, Ok(None))) => {
                report.there += 1;
                progress.advance(1, env);
                (false, false)
            }
            Ok((person, Err(error))) => {
                progress.bar.around(|| report.fail(person.line, Some(&person.login), error, env));
                progress.advance(1, env);
                (false, false)
            }
            Err(RecvTimeoutError::Timeout) => (false, true),
            Err(RecvTimeoutError::Disconnected) => (true, true),
        };
        if items.len() >= GROUP || (late && !items.is_empty()) {
            let group = std::mem::replace(&mut items, Vec::with_capacity(GROUP));
            let count = group.len();
            let written = progress.bar.around(|| writer.write(group, env))?;
            for one in written {
                match one.outcome {
                    Ok(done) => report.done(done),
                    Err(error) => {
                        let person = one.person;
                        progress
                            .bar
                            .around(|| report.fail(person.line, Some(&person.login), error, env));
                    }
                }
            }
            progress.advance(count, env);
        }
        if ended {
            return writer.finish();
        }
    }
}
