//! A check for a program. docs/check.md describes it.

use serde_json::{Value, json};

use super::View;
use crate::mail::check::report::{HostReport, PortReport, advice, worst};
use crate::mail::check::{Finding, Issue, Page, Severity, Software};
use crate::net::hello::Version;
use crate::render::certificate::summary;

/// The document.
pub fn document(view: &View<'_>) -> Value {
    let worst = worst(view.hosts.iter().flat_map(HostReport::all_findings));
    json!({
        "failed": worst.is_some_and(|worst| worst >= view.fail_on),
        "fail_on": view.fail_on.name(),
        "worst": worst.map(Severity::name),
        "trust": view.trust.name(),
        "not_asked": view.unasked().iter().map(|_| "relaying").collect::<Vec<_>>(),
        "hosts": view.hosts.iter().map(host).collect::<Vec<_>>(),
    })
}

fn host(host: &HostReport) -> Value {
    // A host has no greeting; the ports speak for it where they agree.
    let silent = host
        .silent
        .iter()
        .map(|target| json!({ "port": target.port, "service": target.service.name() }));
    json!({
        "host": host.host,
        "ports": host.ports.iter().map(port).collect::<Vec<_>>(),
        "not_answering": silent.collect::<Vec<_>>(),
        "findings": findings(&host.findings, |issue| advice(issue, &host.host, None, None)),
    })
}

fn port(port: &PortReport) -> Value {
    let folder = |is_presented| {
        let folder = port.folder.as_ref().filter(|folder| folder.is_presented == is_presented);
        folder.map(|folder| &folder.name)
    };
    json!({
        "port": port.target.port,
        "service": port.target.service.name(),
        "address": port.address.map(|address| address.to_string()),
        "software": port.software.map(Software::name),
        "greeting": port.greeting,
        "tls_versions": port.versions.iter().copied().map(Version::title).collect::<Vec<_>>(),
        "cipher_suite": port.cipher_suite,
        "chain": port.chain.iter().map(summary).collect::<Vec<_>>(),
        "asks_client_certificate": port.asks_certificate,
        "folder": folder(true),
        "folder_for_host": folder(false),
        "findings": findings(&port.findings, |issue| port.advice(issue)),
    })
}

fn findings(findings: &[Finding], advice: impl Fn(Issue) -> Option<String>) -> Vec<Value> {
    let one = |finding: &Finding| {
        let page = Page::of(finding.issue);
        json!({
            "id": finding.issue.id(),
            "severity": finding.severity.name(),
            "title": page.title,
            "seen": finding.seen,
            "why": page.why,
            "mend": advice(finding.issue),
        })
    };
    findings.iter().map(one).collect()
}
