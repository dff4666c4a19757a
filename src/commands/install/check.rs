//! Waiting until a running server presents a certificate.

use std::time::{Duration, Instant};

use crate::env::Env;
use crate::error::{Error, Result};
use crate::net::probe::{ProbeOptions, presented};
use crate::net::service::Service;
use crate::net::target::{Host, Target};
use crate::pki::certificate::Certificate;
use crate::pki::general_name::GeneralName;

/// How long one look may take.
const LOOK: Duration = Duration::from_secs(10);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(250);

/// Waits until the server at `address` presents this certificate, for so many seconds.
pub(super) fn wait_for(
    address: &str,
    certificate: &Certificate,
    timeout: u64,
    env: &mut Env,
) -> Result<()> {
    let target = Target::parse(address, Service::Smtp)?;
    let name = name_to_ask_for(certificate, &target);
    let end = Instant::now() + Duration::from_secs(timeout);
    let mut told = false;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let options = ProbeOptions {
            timeout: left.min(LOOK).max(Duration::from_millis(100)),
            server_name: name,
            client: None,
            connect: None,
        };
        let seen = match presented(&target, &options) {
            Ok(presented)
                if presented.chain.first().is_some_and(|leaf| leaf == certificate.as_der()) =>
            {
                if presented.is_key_proven {
                    return Ok(());
                }
                let why = presented.notes.join("; ");
                Error::refused(format!("it presents it without showing that it has the key: {why}"))
            }
            Ok(presented) => {
                let other = presented.chain.first().and_then(|der| Certificate::from_der(der).ok());
                Error::refused(match other {
                    Some(other) => format!(
                        "it presents another certificate, serial {} of {}",
                        other.serial,
                        other.title()
                    ),
                    None => "it presents another certificate".to_owned(),
                })
            }
            Err(error) => error,
        };
        if Instant::now() + PAUSE >= end {
            return Err(Error::refused(format!(
                "{address} does not present the new certificate within {timeout} s: {seen}"
            ))
            .hint("look into the server's log, and at its configuration: `mailca config`"));
        }
        if !told {
            env.say(&format!("waiting for {address} to present the new certificate"));
            told = true;
        }
        std::thread::sleep(PAUSE);
    }
}

/// The name that a server with several certificates goes by: the certificate's own, where it is not valid for
/// the host that is connected to, which may be `localhost`.
fn name_to_ask_for<'c>(certificate: &'c Certificate, target: &Target) -> Option<&'c str> {
    let names = certificate.alternative_names.iter().filter_map(|name| match name {
        GeneralName::Dns(host) => Some(host.as_str()),
        _ => None,
    });
    let mut names = names;
    if let Host::Name(host) = &target.host
        && names.clone().any(|name| name.eq_ignore_ascii_case(host))
    {
        return None;
    }
    names.find(|name| !name.starts_with('*'))
}
