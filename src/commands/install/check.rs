//! Waiting until a running server presents a certificate.

use std::time::{Duration, Instant};

use crate::env::Env;
use crate::error::{Error, Result};
use crate::net::probe::{ProbeOptions, presented};
use crate::net::service::Service;
use crate::net::target::Target;
use crate::pki::certificate::Certificate;

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
    let end = Instant::now() + Duration::from_secs(timeout);
    let mut told = false;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let options = ProbeOptions {
            timeout: left.min(LOOK).max(Duration::from_millis(100)),
            server_name: None,
            client: None,
            connect: None,
        };
        let seen = match presented(&target, &options) {
            Ok(presented)
                if presented.chain.first().is_some_and(|leaf| leaf == certificate.as_der()) =>
            {
                return Ok(());
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
