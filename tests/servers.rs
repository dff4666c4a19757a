//! Real mail servers, each in a machine of its own, do what they are configured to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot prepare its files has to fail"
)]

mod support;

#[path = "servers/access_map.rs"]
mod access_map;
#[path = "servers/dovecot.rs"]
mod dovecot;
#[path = "servers/exim.rs"]
mod exim;
#[path = "servers/install.rs"]
mod install;
#[path = "servers/opensmtpd.rs"]
mod opensmtpd;
#[path = "servers/postfix.rs"]
mod postfix;
#[path = "servers/sendmail.rs"]
mod sendmail;
#[path = "servers/site.rs"]
mod site;
#[path = "servers/smoke.rs"]
mod smoke;
