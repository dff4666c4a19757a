//! Called as `CA.pl`: the arguments, questions and files of OpenSSL's script.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot prepare its files has to fail"
)]

mod support;

#[path = "ca_pl/answers.rs"]
mod answers;
#[path = "ca_pl/end_of_input.rs"]
mod end_of_input;
#[path = "ca_pl/extras.rs"]
mod extras;
#[path = "ca_pl/import.rs"]
mod import;
#[path = "ca_pl/refusals.rs"]
mod refusals;
#[path = "ca_pl/request.rs"]
mod request;
#[path = "ca_pl/revocation.rs"]
mod revocation;
#[path = "ca_pl/session.rs"]
mod session;
#[path = "ca_pl/sign.rs"]
mod sign;
#[path = "ca_pl/terminal.rs"]
mod terminal;
#[path = "ca_pl/turns.rs"]
mod turns;
