//! `mailca config exim`: a script for Debian's files, or lines for one exim.conf.

use serde_json::json;

use super::server::{Wanted, check_path};
use crate::cli::{EximConfig, Global, Role};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::mail::server::Server;

/// The roles of Exim.
const ROLES: [Role; 5] =
    [Role::Receive, Role::Submission, Role::RelayByCert, Role::VerifyPeers, Role::Client];

/// Prints the one or the other.
pub(super) fn run(args: &EximConfig, global: &Global, env: &mut Env) -> Result<()> {
    let wanted = Wanted::new(Server::Exim, &ROLES, &args.server, global, env)?;
    let mut values = wanted.values();
    // Server roles need its certificate; the ACL has something to say for two of them.
    let acl = wanted.has(Role::Submission) || wanted.has(Role::RelayByCert);
    values["server"] = json!(acl || wanted.has(Role::Receive));
    values["acl"] = json!(acl);
    values["relay_list"] = json!(null);
    if let Some(list) = &args.relay_list {
        check_path(list)?;
        if !wanted.has(Role::RelayByCert) {
            return Err(Error::usage("--relay-list is for --role relay-by-cert"));
        }
        values["relay_list"] = json!(list);
    }
    for (name, template) in [("rcpt", "exim-rcpt.acl"), ("auth", "exim-auth.conf")] {
        values[name] = json!(wanted.templates.fill(template, &values)?.trim_end());
    }
    let template = if args.plain { "exim.conf" } else { "exim.sh" };
    env.print_bytes(wanted.templates.fill(template, &values)?.as_bytes())
}
