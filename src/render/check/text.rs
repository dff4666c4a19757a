//! A check for a person: a line for each port as it is done, and then what was found on the host, the worst first,
//! each once with its ports. Colour repeats what the words say.

use std::fmt::Write as _;

use super::View;
use crate::mail::check::report::{HostReport, PortReport, advice, worst};
use crate::mail::check::{Issue, Page, Severity, Software};
use crate::net::hello::Version;
use crate::net::service::Protocol;
use crate::net::target::Target;
use crate::pki::certificate::Certificate;
use crate::pki::inspect::text::{count, minute};

/// Where what is said of a finding begins.
const INDENT: &str = "          ";

/// Writes one piece after the other, so that a port is told when it is done. Why something matters and
/// how to mend it is said once.
pub struct Text {
    color: bool,
    fail_on: Severity,
    width: usize,
    /// Whether nothing is told but what counts.
    is_quiet: bool,
    /// Whether anything was written yet: what comes first has no empty line before it.
    has_begun: bool,
    told: Vec<(Issue, String)>,
}

/// A finding with all that was seen of it, and where.
struct Group<'h> {
    issue: Issue,
    severity: Severity,
    /// What was seen, how bad that is, and on which ports; none is the host itself.
    seen: Vec<(&'h str, Severity, Vec<&'h PortReport>)>,
}

impl Text {
    /// With colour, or not; what is worse than this is to be mended; in so many columns.
    pub fn new(color: bool, fail_on: Severity, width: usize) -> Self {
        Self { color, fail_on, width, is_quiet: false, has_begun: false, told: Vec::new() }
    }

    fn wrapped(&self, first: &str, rest: &str, text: &str) -> String {
        wrapped(self.width, first, rest, text)
    }

    /// The same, that says nothing of what need not be mended.
    #[must_use]
    pub fn quiet(mut self, is_quiet: bool) -> Self {
        self.is_quiet = is_quiet;
        self
    }

    /// One port.
    pub fn port(&mut self, port: &PortReport) -> String {
        let worst = worst(&port.findings).filter(|worst| self.counts(*worst));
        self.has_begun = true;
        let (name, paint) = worst.map_or(("ok", "32"), |worst| (worst.name(), color(worst)));
        let mut text = format!("{} ({})", port.target.place(), port.target.service);
        if let Some(software) = port.software {
            let _ = write!(text, ", {}", software.title());
        }
        if !port.versions.is_empty() {
            let versions: Vec<_> = port.versions.iter().copied().map(Version::title).collect();
            let _ = write!(text, ", {}", versions.join(", "));
        }
        if let Some(address) =
            port.address.filter(|address| address.ip().to_string() != port.target.host.to_string())
        {
            let _ = write!(text, ", at {}", address.ip());
        }
        let text = self.wrapped(&format!("{name:<10}"), INDENT, &text);
        text.replacen(name, &self.painted(paint, name), 1)
    }

    /// What there is to say of a host when its ports are told.
    pub fn host(&mut self, host: &HostReport) -> String {
        let mut text = String::new();
        for (own, ports) in certificates(host) {
            text.push_str(&certificate(own, &ports, self.width));
        }
        if !text.is_empty() {
            text.insert(0, '\n');
        }
        let mut groups = groups(host);
        groups.retain(|group| !self.is_quiet || group.severity >= self.fail_on);
        if !groups.is_empty() {
            text.push('\n');
        }
        for group in &groups {
            self.finding(group, host, &mut text);
        }
        if !host.silent.is_empty() && !host.ports.is_empty() {
            // A finding names those of SMTP already, where there is one.
            let is_told = groups.iter().any(|group| group.issue == Issue::PortSilent);
            let of_smtp = |target: &Target| target.service.protocol() == Protocol::Smtp;
            let silent = host.silent.iter().filter(|target| !(is_told && of_smtp(target)));
            let silent: Vec<_> =
                silent.map(|target| format!("{} ({})", target.port, target.service)).collect();
            if !silent.is_empty() {
                let line = format!("{} does not answer on {}", host.host, silent.join(", "));
                text.push('\n');
                text.push_str(&self.wrapped("", "  ", &line));
            }
        }
        text.push('\n');
        if std::mem::replace(&mut self.has_begun, true) {
            return text;
        }
        text.trim_start_matches('\n').to_owned()
    }

    /// The last lines: what was not looked at, and how many of which.
    pub fn summary(&self, view: &View<'_>) -> String {
        let jobs: Vec<_> = view.hosts.iter().flat_map(HostReport::jobs).collect();
        let ports = view.hosts.iter().map(|host| host.ports.len()).sum();
        let number = |severity| jobs.iter().filter(|(_, one)| *one == severity).count();
        let kinds: Vec<_> = Severity::ALL
            .into_iter()
            .rev()
            .filter(|severity| self.counts(*severity) && number(*severity) > 0)
            .map(|severity| match severity {
                Severity::Critical | Severity::Info => format!("{} {severity}", number(severity)),
                severity => count(number(severity), severity.name()),
            })
            .collect();
        let what = if kinds.is_empty() { "nothing to mend".to_owned() } else { kinds.join(", ") };
        let color = jobs.iter().map(|(_, severity)| *severity).max().map_or("32", color);
        let mut text = String::new();
        let unasked = view.unasked();
        if !unasked.is_empty() {
            text.push_str(&self.wrapped("", "  ", &format!("not asked: {}", unasked.join(", "))));
        }
        let _ = writeln!(text, "{}: {}", count(ports, "port"), self.painted(color, &what));
        text
    }

    fn counts(&self, severity: Severity) -> bool {
        severity > Severity::Info || severity >= self.fail_on
    }

    fn finding(&mut self, group: &Group<'_>, host: &HostReport, text: &mut String) {
        let page = Page::of(group.issue);
        let name = group.severity.name();
        let head = format!("{} [{}]", page.title, group.issue.id());
        let head = self.wrapped(&format!("{name:<10}"), INDENT, &head);
        text.push_str(&head.replacen(name, &self.painted(color(group.severity), name), 1));
        for (seen, severity, ports) in &group.seen {
            let mut line = String::new();
            if host.ports.len() > 1 && !ports.is_empty() {
                line = places(ports);
                if *severity != group.severity {
                    let _ = write!(line, " ({severity})");
                }
                line.push_str(": ");
            }
            text.push_str(&self.wrapped(INDENT, INDENT, &format!("{line}{seen}")));
        }
        if group.severity == Severity::Info {
            return;
        }
        let mends = mends(group, host);
        let is_new = |mend: &(Vec<Software>, String)| {
            !self.told.iter().any(|(issue, told)| *issue == group.issue && *told == mend.1)
        };
        let new: Vec<_> = mends.iter().filter(|mend| is_new(mend)).collect();
        if new.is_empty() {
            return;
        }
        text.push_str(&self.wrapped(&format!("{INDENT}why: "), INDENT, &page.why));
        for (software, mend) in &new {
            let of: Vec<_> = software.iter().map(|one| one.title()).collect();
            let of = if mends.len() < 2 || of.is_empty() {
                String::new()
            } else {
                format!(" {}", of.join(", "))
            };
            text.push_str(&self.wrapped(&format!("{INDENT}mend{of}: "), INDENT, mend));
        }
        let new: Vec<_> = new.into_iter().map(|(_, mend)| (group.issue, mend.clone())).collect();
        self.told.extend(new);
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

fn places(ports: &[&PortReport]) -> String {
    ports.iter().map(|port| port.target.port.to_string()).collect::<Vec<_>>().join(", ")
}

/// The certificates of the ports, each once.
fn certificates(host: &HostReport) -> Vec<(&Certificate, Vec<&PortReport>)> {
    let mut all: Vec<(&Certificate, Vec<&PortReport>)> = Vec::new();
    for port in &host.ports {
        let Some(own) = port.chain.first() else { continue };
        match all.iter_mut().find(|(known, _)| known.as_der() == own.as_der()) {
            Some((_, ports)) => ports.push(port),
            None => all.push((own, vec![port])),
        }
    }
    all
}

fn certificate(own: &Certificate, ports: &[&PortReport], width: usize) -> String {
    let first = format!(
        "certificate of {}, from {}, until {}",
        own.title(),
        own.issuer,
        minute(own.not_after)
    );
    let which = if ports.len() > 1 { "ports" } else { "port" };
    let mut second = format!("on {which} {}", places(ports));
    if let Some(folder) = ports.iter().find_map(|port| port.folder.as_ref()) {
        let name = &folder.name;
        let _ = match (folder.is_presented, folder.is_sound) {
            (true, _) => write!(second, "; folder {name}"),
            (false, true) => write!(second, "; there is a folder for this host: {name}"),
            (false, false) => {
                write!(second, "; there is a folder for this host, not in order either: {name}")
            }
        };
    }
    wrapped(width, "", "  ", &first) + &wrapped(width, "  ", "  ", &second)
}

/// What was found, each issue once, the worst first, and in the order in which a connection meets it.
fn groups(host: &HostReport) -> Vec<Group<'_>> {
    let of_ports = host
        .ports
        .iter()
        .flat_map(|port| port.findings.iter().map(move |finding| (finding, Some(port))));
    let of_host = host.findings.iter().map(|finding| (finding, None));
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (finding, port) in of_ports.chain(of_host) {
        let (issue, severity) = (finding.issue, finding.severity);
        let known = groups.iter().position(|group| group.issue == issue);
        let at = known.unwrap_or_else(|| {
            groups.push(Group { issue, severity, seen: Vec::new() });
            groups.len() - 1
        });
        groups[at].severity = groups[at].severity.max(severity);
        let seen = &mut groups[at].seen;
        match seen.iter_mut().find(|one| one.0 == finding.seen && one.1 == severity) {
            Some((_, _, ports)) => ports.extend(port),
            None => seen.push((&finding.seen, severity, port.into_iter().collect())),
        }
    }
    groups.sort_by_key(|group| (std::cmp::Reverse(group.severity), group.issue));
    groups
}

/// How it is mended: for each program that is there in its way.
fn mends(group: &Group<'_>, host: &HostReport) -> Vec<(Vec<Software>, String)> {
    let mut all: Vec<(Vec<Software>, String)> = Vec::new();
    let mut add = |software: Option<Software>, mend: Option<String>| {
        let Some(mend) = mend else { return };
        match all.iter_mut().find(|(_, known)| *known == mend) {
            Some((known, _)) => {
                known.extend(software.filter(|software| !known.contains(software)));
            }
            None => all.push((software.into_iter().collect(), mend)),
        }
    };
    for (_, severity, ports) in &group.seen {
        for port in ports.iter().filter(|_| *severity > Severity::Info) {
            add(port.software, port.advice(group.issue));
        }
        if ports.is_empty() {
            add(None, advice(group.issue, &host.host, None, None));
        }
    }
    renew_once(&mut all);
    all
}

/// Of a certificate that several servers have, the renewal is said once: done twice, it would be renewed twice.
fn renew_once(all: &mut [(Vec<Software>, String)]) {
    let Some(((_, first), others)) = all.split_first_mut() else { return };
    let Some(start) = first.find("`mailca renew ") else { return };
    let Some(length) = first[start + 1..].find('`') else { return };
    let command = format!("{}, ", &first[start..start + length + 2]);
    for (_, mend) in others {
        *mend = mend.replacen(&command, "", 1);
    }
}

/// Text broken at spaces, with one indent before its first line and another before the others. A command in
/// backticks stays on one line, however long: what is copied has to be the whole of it.
pub(super) fn wrapped(width: usize, first: &str, rest: &str, text: &str) -> String {
    let mut lines = String::new();
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in words(text) {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > width {
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

/// Between spaces, but for those of a command.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    loop {
        let quoted = rest.trim_start_matches('(').strip_prefix('`');
        // A backtick of m4 has no other.
        let inside = quoted.and_then(|quoted| Some(rest.len() - quoted.len() + quoted.find('`')?));
        let inside = inside.filter(|end| !rest[..*end].ends_with([' ', '(']));
        let from = inside.unwrap_or_default();
        let Some(space) = rest[from..].find(' ') else { break };
        words.push(&rest[..from + space]);
        rest = &rest[from + space + 1..];
    }
    words.push(rest);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_stays_on_one_line() {
        let told =
            words("do (`mailca install mx`), then `a 'b c'` and define(`x', `A p y') so `q r`.");
        let wanted =
            ["do", "(`mailca install mx`),", "then", "`a 'b c'`", "and", "define(`x',", "`A", "p"];
        assert_eq!(told[..8], wanted);
        assert_eq!(told.last(), Some(&"`q r`."));
    }

    #[test]
    fn a_renewal_is_said_once() {
        let of = |name: &str| format!("`mailca renew mx`, `mailca install mx --for {name}`.");
        let mut all = [(Vec::new(), of("postfix")), (Vec::new(), of("dovecot"))];
        renew_once(&mut all);
        assert_eq!(all[0].1, of("postfix"));
        assert_eq!(all[1].1, "`mailca install mx --for dovecot`.");
    }
}
