//! `mailca config opensmtpd`.
//!
//! A whole smtpd.conf: of its lines that match, the first counts, so that a piece of it means nothing by itself.

use serde_json::json;

use super::server::{Wanted, domain};
use crate::cli::{Global, OpensmtpdConfig, Role};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::mail::server::Server;
use crate::pki::certificate::Certificate;
use crate::pki::signature::KeyAlgorithm;
use crate::store::input;

/// The roles of `OpenSMTPD`.
const ROLES: [Role; 5] =
    [Role::Receive, Role::Submission, Role::RelayByCert, Role::VerifyPeers, Role::Client];

/// The ports of the other roles.
const PORTS: [u16; 3] = [25, 465, 587];

/// Prints an smtpd.conf.
pub(super) fn run(args: &OpensmtpdConfig, global: &Global, env: &mut Env) -> Result<()> {
    if args.server.crl {
        return Err(Error::usage("OpenSMTPD looks at no revocation list").hint(
            "leave --crl out; with --role relay-by-cert the text says how a revoked client is kept out",
        ));
    }
    let wanted = Wanted::new(Server::Opensmtpd, &ROLES, &args.server, global, env)?;
    wanted.check_peers(&args.peers)?;
    if PORTS.contains(&args.relay_port) {
        return Err(Error::usage(format!("port {} has a use of its own", args.relay_port))
            .hint("on the port for --role relay-by-cert nobody gets in without a certificate"));
    }
    check_key(&wanted)?;
    let by_certificate = wanted.has(Role::RelayByCert);
    let senders = [
        (true, "from local"),
        (by_certificate, "from any tag \"CERT\""),
        (wanted.has(Role::Submission), "from any auth"),
    ];
    let senders: Vec<_> = senders.iter().filter(|(on, _)| *on).map(|(_, text)| text).collect();
    let client = wanted.has(Role::Client).then(|| format!(" pki \"{}\"", wanted.host));
    let values = wanted.values_and(json!({
        "reload": Server::Opensmtpd.layout().reload,
        "needs_ca": wanted.has_any(&[Role::RelayByCert, Role::VerifyPeers]),
        "relay_port": args.relay_port,
        "client": client.unwrap_or_default(),
        "domains": list(&args.domains)?,
        "peers": list(&args.peers)?,
        "senders": senders,
    }));
    let text = wanted.templates.fill("smtpd.conf", &values)?;
    wanted.print(Server::Opensmtpd, &text, global, env)
}

/// Domains as a list of smtpd.conf.
fn list(domains: &[String]) -> Result<String> {
    let quoted = domains.iter().map(|text| Ok(format!("\"{}\"", domain(text)?)));
    Ok(quoted.collect::<Result<Vec<_>>>()?.join(", "))
}

/// `OpenSMTPD` takes such a configuration (`smtpd -n`), and does not start with it. Who may not read the certificate
/// is not told here; the text says it too.
fn check_key(wanted: &Wanted) -> Result<()> {
    let path = wanted.certs.join("cert.pem");
    let Ok(Some(content)) = input::read_if_there(&path) else {
        return Ok(());
    };
    let certificates = Certificate::from_file_content(&content);
    let certificates = certificates.map_err(|error| error.at(path.display()))?;
    if let Some(first) = certificates.first()
        && let KeyAlgorithm::Ed25519 = KeyAlgorithm::of(&first.public_key)?
    {
        return Err(Error::refused("OpenSMTPD knows no Ed25519 keys")
            .at(path.display())
            .hint("make another with --key-type ecdsa-p256, and install that"));
    }
    Ok(())
}
