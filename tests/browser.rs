//! The page of a kit, and the report of a CA, in a real browser: that it fits, asks for nothing, prints, and can be used by everybody.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot prepare its files has to fail"
)]

mod support;

#[path = "browser/accessible.rs"]
mod accessible;
#[path = "browser/chromium.rs"]
mod chromium;
#[path = "browser/drawings.rs"]
mod drawings;
#[path = "browser/layout.rs"]
mod layout;
#[path = "browser/paper.rs"]
mod paper;
#[path = "browser/report.rs"]
mod report;
#[path = "browser/report_sample.rs"]
mod report_sample;
#[path = "browser/sample.rs"]
mod sample;
#[path = "browser/untrusted.rs"]
mod untrusted;
