//! The Debian package: made of the program under test, looked through, installed on machines that have
//! nothing else, and removed again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot prepare its files has to fail"
)]

mod support;

#[path = "package/contents.rs"]
mod contents;
#[path = "package/installed.rs"]
mod installed;
#[path = "package/making.rs"]
mod making;
#[path = "package/units.rs"]
mod units;
