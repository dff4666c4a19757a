//! A check in the text format of Prometheus, for the textfile collector of its node exporter.

use std::fmt::Write as _;

use super::View;
use crate::mail::check::report::{HostReport, PortReport};
use crate::mail::check::{Finding, Severity};
use crate::net::target::Target;

/// The report.
pub fn text(view: &View<'_>) -> String {
    let mut text = String::new();
    metric(
        &mut text,
        "up",
        "Whether the port answered.",
        ports(view)
            .map(|(host, port)| (place(host, Some(port)), i64::from(port.address.is_some())))
            .chain(silent(view)),
    );
    metric(
        &mut text,
        "certificate_not_after_seconds",
        "When the server's certificate ends, in Unix time.",
        ports(view).filter_map(|(host, port)| {
            let own = port.chain.first()?;
            Some((place(host, Some(port)), own.not_after.unix_timestamp()))
        }),
    );
    metric(
        &mut text,
        "findings",
        "How many findings there are of each severity.",
        groups(view).flat_map(|(place, findings)| {
            Severity::ALL.map(move |severity| {
                let number = findings.iter().filter(|one| one.severity == severity).count();
                let labels = format!("{place},severity=\"{severity}\"");
                (labels, i64::try_from(number).unwrap_or(i64::MAX))
            })
        }),
    );
    metric(
        &mut text,
        "finding",
        "A finding that is there.",
        groups(view).flat_map(|(place, findings)| {
            findings.iter().map(move |finding| {
                let (id, severity) = (finding.issue.id(), finding.severity);
                (format!("{place},id=\"{id}\",severity=\"{severity}\""), 1)
            })
        }),
    );
    metric(
        &mut text,
        "time_seconds",
        "When the check was made, in Unix time.",
        std::iter::once((String::new(), view.now.unix_timestamp())),
    );
    text
}

fn metric(text: &mut String, name: &str, help: &str, samples: impl Iterator<Item = (String, i64)>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "# HELP mailca_check_{name} {help}\n# TYPE mailca_check_{name} gauge");
    for (labels, value) in samples {
        let labels = if labels.is_empty() { labels } else { format!("{{{labels}}}") };
        let _ = writeln!(text, "mailca_check_{name}{labels} {value}");
    }
}

fn ports<'a>(view: &View<'a>) -> impl Iterator<Item = (&'a HostReport, &'a PortReport)> {
    view.hosts.iter().flat_map(|host| host.ports.iter().map(move |port| (host, port)))
}

/// What did not answer is down, whether it was named or not: a sample that is gone alarms nobody.
fn silent(view: &View<'_>) -> impl Iterator<Item = (String, i64)> {
    view.hosts
        .iter()
        .flat_map(|host| host.silent.iter().map(move |target| (labels(host, Some(target)), 0)))
}

/// The findings of each port and each host, with the labels of the place.
fn groups<'a>(view: &View<'a>) -> impl Iterator<Item = (String, &'a [Finding])> {
    view.hosts.iter().flat_map(|host| {
        let of_ports =
            host.ports.iter().map(move |port| (place(host, Some(port)), port.findings.as_slice()));
        of_ports.chain(std::iter::once((place(host, None), host.findings.as_slice())))
    })
}

fn place(host: &HostReport, port: Option<&PortReport>) -> String {
    labels(host, port.map(|port| &port.target))
}

fn labels(host: &HostReport, target: Option<&Target>) -> String {
    let name = host.host.replace('\\', "\\\\").replace('"', "\\\"");
    match target {
        Some(target) => {
            format!("host=\"{name}\",port=\"{}\",service=\"{}\"", target.port, target.service)
        }
        None => format!("host=\"{name}\""),
    }
}
