//! A check for a person: port by port, the worst first. Colour repeats what the words say.

use std::fmt::Write as _;

use super::View;
use crate::mail::check::report::{HostReport, PortReport, worst};
use crate::mail::check::{Finding, Issue, Page, Severity, Software};
use crate::net::hello::Version;
use crate::pki::inspect::text::{count, minute};

const WIDTH: usize = 80;
/// Where what is said of a finding begins.
const INDENT: &str = "            ";

/// Writes one piece after the other, so that a port is told when it is done. Why something matters and
/// how to mend it is said once.
pub struct Text {
    color: bool,
    told: Vec<(Issue, Option<Software>)>,
}

impl Text {
    /// With colour, or not.
    pub fn new(color: bool) -> Self {
        Self { color, told: Vec::new() }
    }

    /// One port.
    pub fn port(&mut self, port: &PortReport) -> String {
        let mut text = format!("{} ({})", port.target.place(), port.target.service);
        if let Some(software) = port.software {
            let _ = write!(text, ", {}", software.title());
        }
        if let Some(address) =
            port.address.filter(|address| address.ip().to_string() != port.target.host.to_string())
        {
            let _ = write!(text, ", at {}", address.ip());
        }
        let mut text = self.painted("1", &text);
        text.push('\n');
        for line in facts(port) {
            text.push_str(&wrapped("  ", "  ", &line));
        }
        self.findings(&port.findings, port.software, &mut text);
        text.push('\n');
        text
    }

    /// What there is to say of a host when its ports are told.
    pub fn host(&mut self, host: &HostReport) -> String {
        let mut text = String::new();
        if !host.findings.is_empty() {
            text.push_str(&self.painted("1", &host.host));
            text.push('\n');
            self.findings(&host.findings, None, &mut text);
            text.push('\n');
        }
        if !host.silent.is_empty() {
            let silent = host.silent.iter();
            let silent: Vec<_> =
                silent.map(|target| format!("{} ({})", target.port, target.service)).collect();
            let line = format!("{} does not answer on {}", host.host, silent.join(", "));
            text.push_str(&wrapped("", "  ", &line));
            text.push('\n');
        }
        text
    }

    /// The last line: how many of which.
    pub fn summary(&self, view: &View<'_>) -> String {
        let all: Vec<_> = view.hosts.iter().flat_map(HostReport::all_findings).collect();
        let ports = view.hosts.iter().map(|host| host.ports.len()).sum();
        let number = |severity| all.iter().filter(|finding| finding.severity == severity).count();
        let kinds: Vec<_> = Severity::ALL
            .into_iter()
            .rev()
            .filter(|severity| *severity > Severity::Info && number(*severity) > 0)
            .map(|severity| match severity {
                Severity::Critical => format!("{} critical", number(severity)),
                severity => count(number(severity), severity.name()),
            })
            .collect();
        let what = if kinds.is_empty() { "nothing to mend".to_owned() } else { kinds.join(", ") };
        let color = worst(all.iter().copied()).map_or("32", color);
        format!("{}: {}\n", count(ports, "port"), self.painted(color, &what))
    }

    fn findings(&mut self, findings: &[Finding], software: Option<Software>, text: &mut String) {
        if findings.iter().all(|finding| finding.severity == Severity::Info) {
            let _ = writeln!(text, "  {}        nothing to mend", self.painted("32", "ok"));
        }
        for finding in findings {
            let page = Page::of(finding.issue);
            let name = finding.severity.name();
            let head = format!("{} [{}]", page.title, finding.issue.id());
            let head = wrapped(&format!("  {name:<10}"), INDENT, &head);
            text.push_str(&head.replacen(name, &self.painted(color(finding.severity), name), 1));
            text.push_str(&wrapped(INDENT, INDENT, &finding.seen));
            if finding.severity == Severity::Info || self.told.contains(&(finding.issue, software))
            {
                continue;
            }
            self.told.push((finding.issue, software));
            text.push_str(&wrapped(&format!("{INDENT}why: "), INDENT, &page.why));
            text.push_str(&wrapped(&format!("{INDENT}mend: "), INDENT, page.mend(software)));
        }
    }

    fn painted(&self, color: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{color}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

fn color(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "36",
        Severity::Warning => "33",
        Severity::Error => "31",
        Severity::Critical => "1;31",
    }
}

/// What was seen of TLS and the certificate, where there was any.
fn facts(port: &PortReport) -> Vec<String> {
    let mut lines = Vec::new();
    if !port.versions.is_empty() {
        let versions: Vec<_> = port.versions.iter().copied().map(Version::title).collect();
        let suite = port.cipher_suite.as_ref().map(|suite| format!("; {suite}"));
        lines.push(format!("{}{}", versions.join(", "), suite.unwrap_or_default()));
    }
    if let Some(own) = port.chain.first() {
        lines.push(format!(
            "certificate of {}, from {}, until {}",
            own.title(),
            own.issuer,
            minute(own.not_after)
        ));
    }
    lines
}

/// Text broken at spaces, with one indent before its first line and another before the others.
pub(super) fn wrapped(first: &str, rest: &str, text: &str) -> String {
    let mut lines = String::new();
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in text.split(' ') {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push_str(&line);
            lines.push('\n');
            rest.clone_into(&mut line);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines + &line + "\n"
}
