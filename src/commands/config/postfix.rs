//! `mailca config postfix`.

use super::server::Wanted;
use crate::cli::{Global, Role, ServerConfig};
use crate::env::Env;
use crate::error::Result;
use crate::mail::server::Server;

/// The roles of Postfix.
const ROLES: [Role; 5] =
    [Role::Receive, Role::Submission, Role::RelayByCert, Role::VerifyPeers, Role::Client];

/// Prints postconf commands.
pub(super) fn run(args: &ServerConfig, global: &Global, env: &mut Env) -> Result<()> {
    let wanted = Wanted::new(Server::Postfix, &ROLES, args, global, env)?;
    let text = wanted.templates.fill("postfix.sh", &wanted.values())?;
    env.print_bytes(text.as_bytes())
}
