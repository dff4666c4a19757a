//! `mailca config postfix`.
//!
//! A script of postconf commands, since postconf changes main.cf and master.cf without losing what else is in
//! them; or the same as lines of these files, for who writes them with other tools.

use serde_json::json;

use super::server::{Wanted, domain};
use crate::cli::{Global, PostfixConfig, PostfixForm, Role};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::mail::server::Server;
use crate::pki::printable::printable;

/// The roles of Postfix.
const ROLES: [Role; 5] =
    [Role::Receive, Role::Submission, Role::RelayByCert, Role::VerifyPeers, Role::Client];

/// The fingerprints of those who may relay. Not among the certificates, since it is no secret.
const MAP: &str = "/etc/postfix/relay_clientcerts";

/// The domains that peers are verified for.
const PEERS_MAP: &str = "/etc/postfix/verified_peers";

/// Postfix before 3.6 does not know `>=TLSv1.2`; the later ones know both.
const PROTOCOLS: &str = "!SSLv2, !SSLv3, !TLSv1, !TLSv1.1";

/// Prints commands or lines.
pub(super) fn run(args: &PostfixConfig, global: &Global, env: &mut Env) -> Result<()> {
    if args.server.crl {
        return Err(Error::usage("Postfix looks at no revocation list").hint(
            "with --role relay-by-cert it relays for those in its map alone: make that anew after `mailca revoke`",
        ));
    }
    let wanted = Wanted::new(Server::Postfix, &ROLES, &args.server, global, env)?;
    wanted.check_peers(&args.peers)?;
    let peers = args.peers.iter().map(|text| destination(text)).collect::<Result<Vec<_>>>()?;
    let template = match args.form {
        PostfixForm::Commands => "postfix.sh",
        PostfixForm::Main => "postfix-main.cf",
        PostfixForm::Master if wanted.has(Role::Submission) => "postfix-master.cf",
        PostfixForm::Master => {
            return Err(Error::usage("only the role submission needs lines of master.cf")
                .hint("add --role submission"));
        }
    };
    let text = wanted.templates.fill(template, &values(&wanted, &peers))?;
    wanted.print(Server::Postfix, &text, global, env)
}

fn values(wanted: &Wanted, peers: &[String]) -> serde_json::Value {
    let incoming = wanted.has_any(&[Role::Receive, Role::Submission, Role::RelayByCert]);
    let outgoing = wanted.has_any(&[Role::VerifyPeers, Role::Client]);
    let file = |name: &str| wanted.certs.join(name).display().to_string();
    let mut needed = Vec::new();
    if incoming || wanted.has(Role::Client) {
        needed.extend([file("key.pem"), file("cert.pem")]);
    }
    if wanted.has_any(&[Role::RelayByCert, Role::VerifyPeers]) {
        needed.push(file("cacert.pem"));
    }
    let by_certificate = if wanted.has(Role::RelayByCert) { "permit_tls_clientcerts," } else { "" };
    wanted.values_and(json!({
        "incoming": incoming,
        "outgoing": outgoing,
        "needed_files": needed.join(" "),
        "protocols": PROTOCOLS,
        "map": MAP,
        "peers": peers,
        "peers_map": PEERS_MAP,
        "submission_restrictions": format!("{by_certificate}permit_sasl_authenticated,reject"),
    }))
}

/// A destination of a TLS policy: a domain, or `[HOST]` or `[HOST]:PORT` as in `relayhost`.
fn destination(text: &str) -> Result<String> {
    let Some((host, rest)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) else {
        return domain(text);
    };
    let port = rest.strip_prefix(':').map(str::parse::<u16>);
    if !rest.is_empty() && !matches!(port, Some(Ok(1..))) {
        return Err(Error::usage(format!("{} is no relayhost", printable(text)))
            .hint("it is written as [HOST] or [HOST]:PORT"));
    }
    Ok(format!("[{}]{rest}", domain(host)?))
}
