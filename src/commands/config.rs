//! `mailca config`: print configuration for other programs.

use crate::cli::{Config, Global, Topic};
use crate::env::Env;
use crate::error::Result;

mod dovecot;
mod exim;
mod opensmtpd;
mod postfix;
mod quote;
mod sendmail;
mod server;
pub(super) mod templates;
mod timer;

/// Prints what a topic asks for.
pub fn run(args: &Config, global: &Global, env: &mut Env) -> Result<()> {
    match &args.topic {
        Topic::Dovecot(args) => dovecot::run(args, global, env),
        Topic::Exim(args) => exim::run(args, global, env),
        Topic::Opensmtpd(args) => opensmtpd::run(args, global, env),
        Topic::Postfix(args) => postfix::run(args, global, env),
        Topic::Sendmail(args) => sendmail::run(args, global, env),
        Topic::Timer(args) => timer::run(args, global, env),
    }
}
