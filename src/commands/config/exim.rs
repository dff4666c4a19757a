//! `mailca config exim`: a script for Debian's files, or lines for one exim.conf.

use serde_json::json;

use super::server::{Sign, Wanted, domain, warn_of_lost};
use crate::cli::{EximConfig, Global, Role};
use crate::env::Env;
use crate::error::Result;
use crate::mail::server::Server;

/// The roles of Exim.
const ROLES: [Role; 5] =
    [Role::Receive, Role::Submission, Role::RelayByCert, Role::VerifyPeers, Role::Client];

/// The files that the script writes anew.
const FILES: [&str; 2] = ["/etc/exim4/conf.d/main/000_mailca", "/etc/exim4/mailca-rcpt"];
/// What they have.
const SIGNS: [Sign; 6] = [
    ("--role receive", &["MAIN_TLS_ENABLE ="]),
    ("--role submission", &["daemon_smtp_ports ="]),
    ("--role relay-by-cert", &["MAIN_TLS_TRY_VERIFY_HOSTS ="]),
    ("--role verify-peers", &["MAILCA_VERIFY_HOSTS ="]),
    ("--role client", &["REMOTE_SMTP_TLS_CERTIFICATE ="]),
    ("--crl", &["tls_crl ="]),
];

/// TLS 1.2 and 1.3 for an Exim with GnuTLS, as Debian's is.
const PRIORITIES: &str = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

/// Prints the one or the other.
pub(super) fn run(args: &EximConfig, global: &Global, env: &mut Env) -> Result<()> {
    let wanted = Wanted::new(Server::Exim, &ROLES, &args.server, global, env)?;
    let mut values = wanted.values();
    // Server roles need its certificate; the ACL has something to say for two of them.
    let acl = wanted.has_any(&[Role::Submission, Role::RelayByCert]);
    values["server"] = json!(acl || wanted.has(Role::Receive));
    values["acl"] = json!(acl);
    values["priorities"] = json!(PRIORITIES);
    values["list"] = json!(wanted.list(args.list.as_deref())?);
    values["peers"] = json!(peers(&args.peers, &wanted)?);
    for (name, template) in [("rcpt", "exim-rcpt.acl"), ("auth", "exim-auth.conf")] {
        values[name] = json!(wanted.templates.fill(template, &values)?.trim_end());
    }
    let template = if args.plain { "exim.conf" } else { "exim.sh" };
    let text = wanted.templates.fill(template, &values)?;
    if !args.plain {
        warn_of_lost(&FILES, &text, &SIGNS, env);
    }
    wanted.print(Server::Exim, &text, global, env)
}

/// The hosts whose certificate is verified, as one of Exim's lists. Names in such a list would be looked up in
/// the DNS, and taken for others where that fails: the name of the server is compared in their place.
fn peers(names: &[String], wanted: &Wanted) -> Result<String> {
    wanted.check_peers(names)?;
    if names.is_empty() {
        return Ok("*".to_owned());
    }
    let hosts = names.iter().map(|name| domain(name)).collect::<Result<Vec<_>>>()?;
    Ok(format!("${{if inlisti{{$host}}{{{}}}{{*}}{{}}}}", hosts.join(":")))
}
