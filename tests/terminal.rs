//! At a terminal: what is asked, what Ctrl-C leaves, and passwords.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot prepare its files has to fail"
)]

mod support;

#[path = "terminal/check.rs"]
mod check;
#[path = "terminal/passwords.rs"]
mod passwords;
#[path = "terminal/questions.rs"]
mod questions;
#[path = "terminal/rekey.rs"]
mod rekey;
#[path = "terminal/renew.rs"]
mod renew;
#[path = "terminal/revoke.rs"]
mod revoke;
#[path = "terminal/widths.rs"]
mod widths;
