//! How far it is: a bar on a terminal, elsewhere a line every few seconds.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::commands::bar::Bar;
use crate::env::Env;

/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);

/// The progress of a run.
pub struct Progress {
    pub(super) bar: Bar,
    total: usize,
    done: usize,
    told: Instant,
}

impl Progress {
    /// Nothing is done yet of so many.
    pub fn new(total: usize, env: &Env) -> Self {
        let bar = Bar::new(total > 1, env, || {
            let bar = ProgressBar::new(total as u64);
            let style = ProgressStyle::with_template("{bar:30} {pos} of {len}, {eta} left");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self { bar, total, done: 0, told: now() }
    }

    /// So many more are done.
    pub fn advance(&mut self, more: usize, env: &mut Env) {
        self.done += more;
        if let Some(bar) = self.bar.shown() {
            bar.inc(more as u64);
        } else if self.told.elapsed() >= EVERY && self.done < self.total {
            self.told = now();
            env.say(&format!("{} of {}", self.done, self.total));
        }
    }
}

fn now() -> Instant {
    Instant::now()
}
