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
#[path = "servers/check.rs"]
mod check;
#[path = "servers/check_verify.rs"]
mod check_verify;
#[path = "servers/clients.rs"]
mod clients;
#[path = "servers/dovecot.rs"]
mod dovecot;
#[path = "servers/dovecot_config.rs"]
mod dovecot_config;
#[path = "servers/exim.rs"]
mod exim;
#[path = "servers/exim_config.rs"]
mod exim_config;
#[path = "servers/help.rs"]
mod help;
#[path = "servers/install.rs"]
mod install;
#[path = "servers/opensmtpd.rs"]
mod opensmtpd;
#[path = "servers/opensmtpd_config.rs"]
mod opensmtpd_config;
#[path = "servers/pages.rs"]
mod pages;
#[path = "servers/peer.rs"]
mod peer;
#[path = "servers/postfix.rs"]
mod postfix;
#[path = "servers/postfix_config.rs"]
mod postfix_config;
#[path = "servers/quickstart.rs"]
mod quickstart;
#[path = "servers/sendmail.rs"]
mod sendmail;
#[path = "servers/sendmail_config.rs"]
mod sendmail_config;
#[path = "servers/site.rs"]
mod site;
#[path = "servers/smoke.rs"]
mod smoke;
#[path = "servers/tlsa.rs"]
mod tlsa;
#[path = "servers/users.rs"]
mod users;
