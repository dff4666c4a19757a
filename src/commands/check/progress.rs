//! What is waited for, in a line on the terminal, when it takes more than a moment.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::look::Stage;
use crate::commands::bar::Bar;
use crate::env::Env;
use crate::net::target::Target;

/// How often the line is written anew.
pub(super) const EVERY: Duration = Duration::from_millis(250);
/// What is over by then needs no line.
const MOMENT: Duration = Duration::from_secs(1);

/// How far a check is.
pub(super) struct Progress {
    pub(super) bar: Bar,
    begun: Instant,
    /// The ports that are looked at, by their numbers.
    current: BTreeMap<usize, (String, Stage)>,
    done: usize,
}

impl Progress {
    /// Nothing is done yet. Only on a terminal there will be a line.
    pub(super) fn new(env: &Env) -> Self {
        let bar = Bar::new(true, env, || {
            let style = ProgressStyle::with_template("{wide_msg}");
            ProgressBar::no_length()
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
        });
        Self { bar, begun: Instant::now(), current: BTreeMap::new(), done: 0 }
    }

    /// A port has come so far.
    pub(super) fn reaches(&mut self, at: usize, target: &Target, stage: Stage) {
        if self.bar.shown().is_some() {
            let name = format!("{} ({})", target.place(), target.service);
            self.current.insert(at, (name, stage));
        }
    }

    /// A port is done.
    pub(super) fn ends(&mut self, at: usize) {
        self.current.remove(&at);
        self.done += 1;
        if let (Some(bar), true) = (self.bar.shown(), self.current.is_empty()) {
            bar.set_message(String::new());
        }
    }

    /// Writes the line, of so many ports.
    pub(super) fn draw(&self, total: usize) {
        let (Some(bar), elapsed) = (self.bar.shown(), self.begun.elapsed()) else { return };
        if elapsed < MOMENT {
            return;
        }
        let Some((name, stage)) = self.current.values().next() else { return };
        let what = match stage {
            Stage::Greeting => format!("waiting for {name} to answer"),
            Stage::Questions => format!("asking {name}"),
        };
        let others = match self.current.len() - 1 {
            0 => String::new(),
            others => format!(" and {others} more"),
        };
        let done = self.done;
        bar.set_message(format!("{what}{others}; {done} of {total} done, {} s", elapsed.as_secs()));
    }
}
