//! A check as Nagios' plugins report: a line with the state, one for each finding, and numbers behind a
//! bar. ("Monitoring Plugins Development Guidelines", Plugin Output.)

use std::fmt::Write as _;

use super::View;
use crate::mail::check::report::{HostReport, worst};
use crate::mail::check::{Finding, Issue, Page, Severity};
use crate::pki::inspect::text::count;

/// A state of the plugin interface; its number is the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing at or above `--fail-on`.
    Ok,
    /// Warnings, or less where `--fail-on` says so.
    Warning,
    /// Errors and what is critical.
    Critical,
    /// No check was made.
    Unknown,
}

impl State {
    /// The state of a check.
    pub fn of(view: &View<'_>) -> Self {
        let all = || view.hosts.iter().flat_map(HostReport::all_findings);
        let is_unasked = |one: &&Finding| one.issue == Issue::LookupFailed;
        let worst = worst(all().filter(|one| !is_unasked(one)));
        match worst.filter(|worst| *worst >= view.fail_on) {
            // Of a host that was not looked up nothing is known.
            None | Some(Severity::Info | Severity::Warning)
                if all().any(|one| is_unasked(&one)) =>
            {
                Self::Unknown
            }
            None => Self::Ok,
            Some(Severity::Info | Severity::Warning) => Self::Warning,
            Some(Severity::Error | Severity::Critical) => Self::Critical,
        }
    }

    /// The exit status.
    pub fn number(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// The report.
pub fn text(view: &View<'_>) -> String {
    let mut all = places(view);
    all.retain(|(_, finding)| finding.severity >= view.fail_on);
    all.sort_by_key(|(_, finding)| (std::cmp::Reverse(finding.severity), finding.issue));
    let ports: usize = view.hosts.iter().map(|host| host.ports.len()).sum();
    let head = match all.as_slice() {
        [] => format!("{}, nothing to mend{}", count(ports, "port"), aside(view)),
        [(place, finding)] => line(place, finding),
        [(place, finding), rest @ ..] => {
            format!("{} (and {} more)", line(place, finding), rest.len())
        }
    };
    let mut text = format!("MAILCA {} - {head} |{}\n", State::of(view).name(), numbers(view));
    for (place, finding) in all {
        let _ = writeln!(text, "{}: {}", finding.severity, line(&place, finding));
    }
    if let Some(note) = view.note {
        let _ = writeln!(text, "{}", clean(note));
    }
    text
}

/// What was not looked at: good is only what was.
fn aside(view: &View<'_>) -> String {
    let silent = view.hosts.iter().flat_map(|host| &host.silent);
    let silent: Vec<_> = silent.map(|target| target.place().to_string()).collect();
    let silent = (!silent.is_empty()).then(|| format!("no answer from {}", silent.join(", ")));
    let unasked = view.unasked();
    let unasked = (!unasked.is_empty()).then(|| format!("not asked: {}", unasked.join(", ")));
    let told: Vec<_> = std::iter::once(String::new()).chain(silent).chain(unasked).collect();
    told.join("; ")
}

/// The report where there was no check.
pub fn unknown(why: &str) -> String {
    format!("MAILCA {} - {}\n", State::Unknown.name(), clean(why))
}

fn places<'a>(view: &View<'a>) -> Vec<(String, &'a Finding)> {
    let mut all = Vec::new();
    for host in view.hosts {
        for port in &host.ports {
            let place = port.target.place().to_string();
            all.extend(port.findings.iter().map(|finding| (place.clone(), finding)));
        }
        all.extend(host.findings.iter().map(|finding| (host.host.clone(), finding)));
    }
    all
}

fn line(place: &str, finding: &Finding) -> String {
    let title = Page::of(finding.issue).title;
    clean(&format!("{place} {title}: {} [{}]", finding.seen, finding.issue.id()))
}

/// The bar begins the numbers.
fn clean(text: &str) -> String {
    text.replace(['|', '\n'], " ")
}

/// The days until the first certificate ends, and how many findings there are.
fn numbers(view: &View<'_>) -> String {
    let ports = view.hosts.iter().flat_map(|host| &host.ports);
    let ends = ports.filter_map(|port| port.ends).min();
    let mut text = String::new();
    if let Some(end) = ends {
        let _ = write!(text, " days={}", (end - view.now).whole_days());
    }
    for severity in Severity::ALL {
        let all = view.hosts.iter().flat_map(HostReport::all_findings);
        let number = all.filter(|finding| finding.severity == severity).count();
        let _ = write!(text, " {severity}={number}");
    }
    text
}
