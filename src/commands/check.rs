//! `mailca check`: say what is wrong with a running mail server, and how to mend it.

mod client;
mod explained;
mod folders;
mod given;
mod look;
mod order;
mod progress;
mod records;
mod run;
mod targets;
mod trust;
mod whole;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::cli::{Check, Format, Global};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::mail::check::judge::Standard;
use crate::mail::check::report::{HostReport, worst};
use crate::mail::check::{Finding, Issue, Severity};
use crate::net::probe::ClientIdentity;
use crate::net::service::Protocol;
use crate::net::starttls::Relay;
use crate::net::survey::SurveyOptions;
use crate::pki::certificate::Certificate;
use crate::pki::inspect::text::count;
use crate::render::check::text::Text;
use crate::render::check::{View, json, nagios, prometheus};
use folders::Folders;
use look::{Common, STEP, patience};
use order::Order;
use progress::Progress;
use run::{Done, Wanted};
use targets::server_name;
use trust::Trusted;

/// Checks servers, or explains a finding.
pub fn run(args: &Check, global: &Global, env: &mut Env) -> Result<()> {
    if let Some(id) = &args.explain {
        return explained::print(id, global, env);
    }
    match check(args, global, env) {
        Err(error) if args.format == Format::Nagios && !is_told(&error) => {
            // Also where it is this line that cannot be printed: another status is another state.
            let _ = env.print_bytes(nagios::unknown(&error.to_string()).as_bytes());
            Err(Error::monitor(nagios::State::Unknown.number()))
        }
        outcome => outcome,
    }
}

fn is_told(error: &Error) -> bool {
    matches!(error.kind(), crate::error::Kind::Monitor(_))
}

fn check(args: &Check, global: &Global, env: &mut Env) -> Result<()> {
    let plan = targets::plan(args)?;
    let fail_on = severity(&args.fail_on);
    let ignored = args.ignore.iter().map(|id| explained::issue(id)).collect::<Result<Vec<_>>>()?;
    let relay = args.relay_to.as_deref();
    let relay = relay.map(|to| Relay::new(args.relay_from.as_deref(), to)).transpose()?;
    if relay.is_some() && !plan.has(Protocol::Smtp) {
        return Err(Error::usage("--relay-to is for SMTP, and no port of it is to be checked")
            .hint("name a port of it: HOST:25, HOST:587"));
    }
    let tlsa = records::read(&args.tlsa, env)?;
    let client = client::load(args, global, env)?;
    let trusted = Trusted::load(args, global, env)?;
    let revoked = Revoked::of(&trusted);
    let folders = Folders::default();
    let now = env.now()?;
    let standard = Standard {
        now,
        expiring: args.expiring.0,
        trust: trusted.trust,
        roots: &trusted.roots,
        system_roots: &trusted.system,
        known: &trusted.known,
        revoked: &|certificate| revoked.ask(certificate),
        folders: &|own, host| folders.find(own, host),
        tlsa: &tlsa,
        client: client.as_ref().map(|client| client.chain.as_slice()).unwrap_or_default(),
        relay_to: args.relay_to.as_deref(),
    };
    let timeout = timeout(args);
    let identity =
        client.as_ref().map(|client| ClientIdentity { chain: &client.chain, key: &client.key });
    let common = Common {
        options: SurveyOptions {
            timeout,
            step: STEP,
            patience: patience(timeout),
            server_name: server_name(plan.name.as_ref()),
            connect: None,
            client: identity,
            relay: relay.as_ref(),
            is_brief: false,
        },
        standard: &standard,
        name: plan.name.as_ref(),
        end: Instant::now() + timeout,
    };
    let family = |address: &SocketAddr| {
        (!args.ipv4 || address.is_ipv4()) && (!args.ipv6 || address.is_ipv6())
    };
    let order = if env.product_on_terminal { Order::AsDone } else { Order::AsAsked };
    let wanted = Wanted { ignored: &ignored, family: &family, order };
    let is_streamed = !global.json && args.format == Format::Text;
    let mut text = Text::new(env.color_stdout, fail_on, env.report_width()).quiet(env.quiet);
    let mut progress = Progress::new(env);
    let hosts = run::run(&plan, &common, &wanted, &mut progress, &mut |done| {
        let piece = match done {
            _ if !is_streamed => return Ok(()),
            Done::Port(port) if is_worth(&port.findings, fail_on, env) => text.port(port),
            Done::Host(host) if is_worth(host.all_findings(), fail_on, env) => text.host(host),
            Done::Port(_) | Done::Host(_) => return Ok(()),
        };
        env.print_bytes(piece.as_bytes())
    })?;
    drop(progress);
    let view = View {
        hosts: &hosts,
        fail_on,
        now,
        trust: trusted.trust,
        note: trusted.note.as_deref(),
        asks_relaying: relay.is_some(),
    };
    report(&view, &text, args, global, env)
}

/// A monitor that hears nothing for a minute calls the plugin dead.
fn timeout(args: &Check) -> Duration {
    let usual = if args.format == Format::Nagios { 50 } else { 120 };
    Duration::from_secs(args.timeout.unwrap_or(usual))
}

/// Prints what is not printed yet, and ends as the findings say.
fn report(
    view: &View<'_>,
    text: &Text,
    args: &Check,
    global: &Global,
    env: &mut Env,
) -> Result<()> {
    match args.format {
        _ if global.json => env.print_json(&json::document(view))?,
        Format::Text if env.quiet => {}
        Format::Text => env.print_bytes(text.summary(view).as_bytes())?,
        Format::Prometheus => env.print_bytes(prometheus::text(view).as_bytes())?,
        Format::Nagios => {
            env.print_bytes(nagios::text(view).as_bytes())?;
            return match nagios::State::of(view) {
                nagios::State::Ok => Ok(()),
                state => Err(Error::monitor(state.number())),
            };
        }
    }
    verdict(view)
}

/// Quietly, only what is a failure is told.
fn is_worth<'f>(
    findings: impl IntoIterator<Item = &'f Finding>,
    fail_on: Severity,
    env: &Env,
) -> bool {
    !env.quiet || worst(findings).is_some_and(|worst| worst >= fail_on)
}

fn verdict(view: &View<'_>) -> Result<()> {
    let jobs = view.hosts.iter().flat_map(HostReport::jobs);
    match jobs.filter(|(_, severity)| *severity >= view.fail_on).count() {
        0 => Ok(()),
        number => {
            // What is only told has nothing to mend.
            let words = match view.fail_on {
                Severity::Info => count(number, "finding"),
                _ => format!("{} to mend", count(number, "thing")),
            };
            let error = Error::verdict(words);
            Err(view.hosts.iter().filter_map(elsewhere).fold(error, Error::hint))
        }
    }
}

/// A domain may have its mail on another host, and not a single port of its own.
fn elsewhere(report: &HostReport) -> Option<String> {
    let is_name = report.host.parse::<std::net::IpAddr>().is_err();
    let is_asked = report.findings.iter().all(|one| one.issue != Issue::LookupFailed);
    (report.ports.is_empty() && is_name && is_asked).then(|| {
        format!(
            "where {0} is the domain of mail addresses, its servers are named by `dig +short MX {0}`",
            report.host
        )
    })
}

fn severity(name: &str) -> Severity {
    let named = Severity::ALL.into_iter().find(|severity| severity.name() == name);
    named.unwrap_or(Severity::Warning)
}

/// What the CA here has revoked, and what the lists say that were named. Several threads may ask.
struct Revoked<'a>(&'a Trusted);

impl<'a> Revoked<'a> {
    fn of(trusted: &'a Trusted) -> Self {
        Self(trusted)
    }

    fn ask(&self, certificate: &Certificate) -> std::result::Result<Option<String>, String> {
        if let Some(found) = self.listed(certificate) {
            return found.map(Some);
        }
        let Some(ca) = &self.0.ca else { return Ok(None) };
        let words = |error: Error| error.to_string();
        match ca.revocation(certificate).map_err(words)? {
            Some(found) => Ok(Some(found)),
            None => ca.ignorance(certificate).map_err(words)?.map_or(Ok(None), Err),
        }
    }

    /// What the lists say that came with the CA certificates that were named.
    fn listed(&self, certificate: &Certificate) -> Option<std::result::Result<String, String>> {
        let lists = self.0.lists.iter().filter(|list| list.issuer.same_as(&certificate.issuer));
        lists.filter(|list| self.0.is_signed(list)).find_map(|list| match list.entries() {
            Ok(entries) => {
                let mut entries = entries.into_iter();
                let (_, revocation) = entries.find(|(serial, _)| *serial == certificate.serial)?;
                Some(Ok(format!("{revocation}, says the list of {}", list.issuer)))
            }
            Err(error) => Some(Err(error.to_string())),
        })
    }
}
