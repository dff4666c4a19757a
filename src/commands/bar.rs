//! A line on the terminal that is written anew while something lasts, and is gone when it is over.

use indicatif::ProgressBar;

use crate::env::Env;

/// The line; nothing where nobody sees it.
pub(super) struct Bar(Option<ProgressBar>);

impl Bar {
    /// Made only where it is wanted, and the talk goes to a terminal and is not quiet.
    pub(super) fn new(is_wanted: bool, env: &Env, make: impl FnOnce() -> ProgressBar) -> Self {
        Self((is_wanted && env.talk_on_terminal && !env.quiet).then(make))
    }

    /// The line, where there is one.
    pub(super) fn shown(&self) -> Option<&ProgressBar> {
        self.0.as_ref()
    }

    /// Writes something else without spoiling the line.
    pub(super) fn around<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
