//! Looks at one port of a host, at every address that it has.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use crate::error::Result;
use crate::mail::check::judge::{Standard, Subject, judge};
use crate::mail::check::report::{PortReport, sort};
use crate::mail::check::{Finding, Issue, Severity, Software};
use crate::net::service::Service;
use crate::net::survey::{self, Observation, Observations, Obstacle, SurveyOptions};
use crate::net::target::{Host, Target};

use super::targets::{Planned, server_name};

/// The longest that is waited for a connection, and for an answer.
pub(super) const STEP: Duration = Duration::from_secs(10);
/// The longest that is waited for the first greeting, where all the time there is is not much more: Sendmail's
/// `greet_pause` and Postfix's `postscreen` make clients wait for 5 to 30 seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest that is waited for a port to be opened that nobody has named.
const REACH: Duration = Duration::from_secs(4);

/// What holds for every port.
#[derive(Clone, Copy)]
pub(super) struct Common<'a> {
    /// How to look. Timeout and place are each port's own.
    pub(super) options: SurveyOptions<'a>,
    pub(super) standard: &'a Standard<'a>,
    /// Whom every certificate is to be for, instead of its host.
    pub(super) name: Option<&'a Host>,
    /// When everything is over.
    pub(super) end: Instant,
}

impl Common<'_> {
    /// The time that is left.
    pub(super) fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))
    }
}

/// Looks at one port. Nothing comes of one that nobody named and that does not answer.
pub(super) fn look(
    planned: &Planned,
    addresses: &[SocketAddr],
    common: &Common<'_>,
    tell: &dyn Fn(Stage),
) -> Result<Option<PortReport>> {
    let target = &planned.target;
    let subject = Subject {
        host: common.name.unwrap_or(&target.host),
        port: target.port,
        service: target.service,
    };
    let mut closed = Vec::new();
    let on_port = |address: &SocketAddr| match address.port() {
        0 => SocketAddr::new(address.ip(), target.port),
        _ => *address,
    };
    let addresses: Vec<_> = addresses.iter().map(on_port).collect();
    let mut rest = addresses.iter();
    let mut seen: Option<Observations> = None;
    for address in rest.by_ref() {
        // Of eight usual ports some are filtered mostly, and each would be waited for.
        if !planned.is_named
            && let Err(why) = survey::reach(*address, common.left().min(REACH))
        {
            closed.push(why);
            continue;
        }
        let one = survey(target, *address, common, tell)?;
        if let (Some(Obstacle::Unreachable(why)), None) = (&one.obstacle, &one.opened) {
            closed.push(why.clone());
            continue;
        }
        seen = Some(one);
        break;
    }
    let Some(seen) = seen else {
        return Ok(planned.is_named.then(|| unreachable(target, &closed)));
    };
    let mut report = judge(&seen, subject, common.standard);
    if report.address.is_some_and(survey::is_own) {
        let software = report.software;
        report.findings.iter_mut().for_each(|finding| allow_for_itself(finding, software));
    }
    report.findings.extend(closed.iter().map(|why| silent(why)));
    for address in rest {
        compare(&mut report, *address, subject, common)?;
    }
    sort(&mut report.findings);
    Ok(Some(report))
}

/// Dovecot takes a connection from its own address for a safe one, and every server relays for the machine
/// that it is on.
fn allow_for_itself(finding: &mut Finding, software: Option<Software>) {
    finding.severity = match finding.issue {
        Issue::LoginBeforeTls if software == Some(Software::Dovecot) => Severity::Info,
        Issue::RelayOpen => {
            finding.issue = Issue::RelayUnclear;
            Severity::Warning
        }
        _ => return,
    };
    finding.seen.push_str(
        "; to itself the server may offer more than to others: check from another machine",
    );
}

/// Whether it is the usual port of a service that begins with TLS.
fn is_of_tls(port: u16) -> bool {
    Service::by_port(port).is_some_and(Service::is_implicit)
}

/// How far the look at a port is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is not connected yet, or waits for the greeting.
    Greeting,
    /// The server has greeted.
    Questions,
}

/// The longest that is waited for the first greeting, in a check of so much time.
pub(super) fn patience(timeout: Duration) -> Duration {
    PATIENCE.max(timeout / 2)
}

fn survey(
    target: &Target,
    address: SocketAddr,
    common: &Common<'_>,
    tell: &dyn Fn(Stage),
) -> Result<Observations> {
    let patience = match target.service {
        // What speaks TLS from the first byte greets nobody before it, however long one waits.
        service if is_of_tls(target.port) && !service.is_implicit() => STEP,
        _ => common.options.patience,
    };
    let options = SurveyOptions {
        timeout: common.left(),
        patience,
        connect: Some(address),
        server_name: common.options.server_name.or(server_name(Some(&target.host))),
        ..common.options
    };
    survey::survey(target, &options, &mut |one| {
        if matches!(one, Observation::Opened(_)) {
            tell(Stage::Questions);
        }
    })
}

/// Of the other addresses, what one connection shows, as far as it is not the same. Versions and ciphers are the
/// program's, which is the same as a rule. A certificate that ends sooner there is the port's first to end.
fn compare(
    report: &mut PortReport,
    address: SocketAddr,
    subject: Subject<'_>,
    common: &Common<'_>,
) -> Result<()> {
    let options = SurveyOptions { is_brief: true, client: None, relay: None, ..common.options };
    let seen = survey(&report.target, address, &Common { options, ..*common }, &|_| {})?;
    let place = address.ip();
    if let (Some(Obstacle::Unreachable(why)), None) = (&seen.obstacle, &seen.opened) {
        report.findings.push(silent(why));
        return Ok(());
    }
    let mut other = judge(&seen, subject, common.standard);
    if survey::is_own(address) {
        let software = other.software;
        other.findings.iter_mut().for_each(|finding| allow_for_itself(finding, software));
    }
    let is_known = |one: &Finding| report.findings.iter().any(|known| known.issue == one.issue);
    let mut found: Vec<_> = other.findings.into_iter().filter(|one| !is_known(one)).collect();
    found.retain(|one| one.severity > Severity::Info);
    for one in &mut found {
        one.seen = format!("at {place}: {}", one.seen);
    }
    if let (Some(own), Some(first)) = (other.chain.first(), report.chain.first())
        && own.as_der() != first.as_der()
    {
        let at = report.address.map(|first| first.ip().to_string()).unwrap_or_default();
        let told = format!(
            "{place} presents that of {} with the serial number {}, and {at} that of {} with the serial \
             number {}",
            own.title(),
            own.serial,
            first.title(),
            first.serial
        );
        found.push(Finding::new(Issue::FamiliesDiffer, told));
    }
    report.findings.extend(found);
    report.ends = report.ends.into_iter().chain(other.ends).min();
    Ok(())
}

/// An address that does not answer. That this machine has no way to it is no fault of the server's.
fn silent(why: &str) -> Finding {
    let finding = Finding::new(Issue::AddressUnreachable, why.to_owned());
    let is_ours =
        [Errno::NETUNREACH, Errno::ADDRNOTAVAIL, Errno::AFNOSUPPORT].into_iter().any(|errno| {
            // The words of the system, in front of its number.
            let said = std::io::Error::from(errno).to_string();
            why.contains(said.split(" (os error").next().unwrap_or(&said))
        });
    if is_ours { finding.as_bad_as(Severity::Info) } else { finding }
}

/// A port that was named and does not answer at all.
pub(super) fn unreachable(target: &Target, whys: &[String]) -> PortReport {
    let why = if whys.is_empty() { "the host has no address".to_owned() } else { whys.join("; ") };
    PortReport {
        target: target.clone(),
        address: None,
        software: None,
        greeting: None,
        versions: Vec::new(),
        cipher_suite: None,
        chain: Vec::new(),
        ends: None,
        asks_certificate: None,
        name: target.host.to_string(),
        folder: None,
        findings: vec![Finding::new(Issue::Unreachable, why)],
    }
}
