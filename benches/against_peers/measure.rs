//! Rounds of mailca and its peer, and what they amount to.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::cases::Case;
use crate::place::Place;
use crate::program::Program;

/// Rounds that are not counted: they fill the caches, and show what does not work.
const WARM_UP_ROUNDS: usize = 2;

/// What became of a case.
pub enum Outcome {
    /// Both sides, round by round.
    Measured(Pairs),
    /// This peer is not installed.
    Missing(String),
    /// A program did not do what it should, for this reason.
    Failed(String),
}

/// The times of both sides, in the order of the rounds; never empty.
pub struct Pairs {
    pub mailca: Vec<Duration>,
    pub peer: Vec<Duration>,
}

impl Pairs {
    /// How many times faster mailca is, by the medians.
    pub fn ratio(&self) -> f64 {
        median(&self.peer).as_secs_f64() / median(&self.mailca).as_secs_f64()
    }

    /// The least and the greatest ratio within one round.
    pub fn extremes(&self) -> (f64, f64) {
        let ratios = self
            .mailca
            .iter()
            .zip(&self.peer)
            .map(|(mailca, peer)| peer.as_secs_f64() / mailca.as_secs_f64());
        ratios.fold((f64::INFINITY, 0.0), |(least, greatest): (f64, f64), ratio| {
            (least.min(ratio), greatest.max(ratio))
        })
    }
}

/// The middle one of some times, of which there is at least one.
pub fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2 }
}

/// A time as the tables have it.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Measures one case. An error is the bench's own; what the programs do wrong is in the outcome.
pub fn run(case: &Case, rounds: usize, place: &Place) -> io::Result<Outcome> {
    for _ in 0..WARM_UP_ROUNDS {
        for side in [&case.mailca, &case.peer] {
            match warm_up(&place.folder()?, case, side) {
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    return Ok(Outcome::Missing(error.to_string()));
                }
                Err(error) => return Ok(Outcome::Failed(error.to_string())),
                Ok(()) => {}
            }
        }
    }
    let mut pairs = Pairs { mailca: Vec::new(), peer: Vec::new() };
    for _ in 0..rounds {
        for (side, times) in [(&case.mailca, &mut pairs.mailca), (&case.peer, &mut pairs.peer)] {
            match timed(&place.folder()?, case, side) {
                Ok(time) => times.push(time),
                Err(error) => return Ok(Outcome::Failed(error.to_string())),
            }
        }
    }
    Ok(Outcome::Measured(pairs))
}

fn warm_up(folder: &Path, case: &Case, side: &[Program]) -> io::Result<()> {
    case.preparation.iter().chain(side).try_for_each(|program| program.explain(folder))
}

fn timed(folder: &Path, case: &Case, side: &[Program]) -> io::Result<Duration> {
    case.preparation.iter().try_for_each(|program| program.run(folder))?;
    // The file system's journal is shared: what the other side left in it must not be waited for by
    // this one.
    std::fs::File::open(folder)?.sync_all()?;
    let begin = Instant::now();
    side.iter().try_for_each(|program| program.run(folder))?;
    Ok(begin.elapsed())
}
